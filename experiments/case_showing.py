"""Case tables and explanations on the terminal, in Chinese or English."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from experiments.cases import Case, Outcome, case_files, explain_case, load_cases, run_case
from experiments.terminal import plain_table
from experiments.texts import Language, say
from model.errors import InputError, nearest

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

PASSED, FAILED = 0, 1


def check_cases(paths: Sequence[Path], console: Console, lang: Language) -> int:
    """Run all cases of files and folders, and print what is not as expected.

    Returns:
        0 where everything is as expected, else 1.

    Raises:
        InputError: a file is wrong, or a case cannot be computed.
    """
    files = case_files(paths)
    outcomes = [(file, [run_case(case) for case in load_cases(file)]) for file in files]
    failed = [outcome for _, found in outcomes for outcome in found if outcome.fails]
    console.print(_files_table(outcomes, lang))
    if not failed:
        console.print(say("cases_pass", lang, count=sum(len(found) for _, found in outcomes)))
        return PASSED
    console.print(_difference_table(failed, lang))
    for outcome in failed:
        if outcome.case.caveat:
            console.print(f"{outcome.case.id}: {outcome.case.caveat}", style="dim")
    console.print(say("cases_fail", lang, count=len(failed)), style="bold red")
    return FAILED


def show_cases(file: Path, wanted: str | None, console: Console, lang: Language) -> None:
    """Print the whole way of a file's cases, or of the one with the id that is wanted.

    Raises:
        InputError: the file is wrong, has no such case, or a case cannot be computed.
    """
    cases = load_cases(file)
    ids = [case.id for case in cases]
    if wanted is not None and wanted not in ids:
        raise InputError("no such case", file=file, path="--id", found=wanted, allowed=ids, nearest=nearest(wanted, ids))
    for case in cases:
        if wanted in (None, case.id):
            _show_case(case, console, lang)


def list_rules(console: Console, lang: Language) -> None:
    """Print every rule that a case of kind ``rule`` may name, with its inputs and outputs."""
    from experiments.case_rule import all_rules

    view = _table(
        (("rule_name", "left"), ("rule_code", "left"), ("rule_does", "left"), ("rule_given", "left"), ("rule_gives", "left")), lang
    )
    for name, rule in all_rules().items():
        given = ", ".join(f"{key}{'?' if field.optional else ''} ({field.form})" for key, field in rule.given.items())
        gives = ", ".join(f"{key} ({field.form})" for key, field in rule.gives.items())
        view.add_row(name, rule.code, rule.zh if lang == "zh" else rule.en, given, gives)
    console.print(view)


def _show_case(case: Case, console: Console, lang: Language) -> None:
    from rich.text import Text

    console.print(Text(f"{case.id}  {case.title}", style="bold"))
    view = _table((("step", "left"), ("value", "right"), ("by_rule", "left")), lang)
    for line in explain_case(case):
        view.add_row(line.label_zh if lang == "zh" else line.label_en, line.value, line.rule)
    console.print(view)
    console.print(say("case_source", lang, source=case.source), style="dim")
    if case.caveat:
        console.print(say("case_caveat", lang, caveat=case.caveat), style="dim")


def _files_table(outcomes: Sequence[tuple[Path, Sequence[Outcome]]], lang: Language) -> Table:
    view = _table((("case_file", "left"), ("case_count", "right"), ("case_values", "right"), ("case_wrong", "right")), lang)
    for file, found in outcomes:
        values = sum(len(outcome.rows) for outcome in found)
        view.add_row(str(file), str(len(found)), str(values), str(sum(outcome.fails for outcome in found)))
    return view


def _difference_table(failed: Sequence[Outcome], lang: Language) -> Table:
    columns: tuple[tuple[str, Literal["left", "right"]], ...] = (
        ("case", "left"),
        ("what", "left"),
        ("expected", "right"),
        ("computed", "right"),
        ("difference", "right"),
    )
    view = _table(columns, lang)
    for outcome in failed:
        for row in outcome.rows:
            if row.gap is not None:
                view.add_row(f"{outcome.case.id}\n{outcome.case.where}", row.what, row.expected, row.computed, row.gap)
    return view


def _table(columns: Sequence[tuple[str, Literal["left", "right"]]], lang: Language) -> Table:
    return plain_table([(say(key, lang), side) for key, side in columns])
