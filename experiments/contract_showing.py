"""A plug-in held against its contract, as a table on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from experiments.contract import Result
from experiments.terminal import plain_table
from experiments.texts import Language, say
from model.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

PASSED, FAILED = 0, 1


def check_mode(name: str, console: Console, lang: Language) -> int:
    """Ask a payment mode, by its name or the path of its file, all that the contract asks, and print how it stands.

    Returns:
        0 where it keeps the contract, else 1.

    Raises:
        InputError: no such mode, or the file does not run or defines none.
    """
    from experiments.mode_contract import CONTRACT, Subject
    from model.payment import get_mode

    kind = get_mode(name)
    if not isinstance(kind, type):
        raise InputError("MODE is not a class", file=name, path="MODE", found=type(kind).__name__, allowed="the class of a payment mode")
    results = CONTRACT.examine(Subject(kind, None if name.endswith(".py") else name))
    return _show(results, CONTRACT.prefix, name, console, lang)


def check_conduct(name: str, console: Console, lang: Language) -> int:
    """Ask a conduct rule, by its name or the path of its file, all that the contract asks, and print how it stands.

    Returns:
        0 where it keeps the contract, else 1.

    Raises:
        InputError: no such rule, or the file does not run or defines none.
    """
    from agents.conduct import get_conduct_class
    from experiments.conduct_contract import CONTRACT, Subject

    kind = get_conduct_class(name)
    if not isinstance(kind, type):
        raise InputError("RULE is not a class", file=name, path="RULE", found=type(kind).__name__, allowed="the class of a conduct rule")
    results = CONTRACT.examine(Subject(kind, None if name.endswith(".py") else name))
    return _show(results, CONTRACT.prefix, name, console, lang)


def _show(results: list[Result], prefix: str, name: str, console: Console, lang: Language) -> int:
    """Print the table and what it comes to; the exit code."""
    failed = [result for result in results if result.verdict == "failed"]
    console.print(_table(results, prefix, lang))
    shown = Path(name).name
    if failed:
        console.print(say("contract_broken", lang, name=shown, failed=len(failed), checks=len(results)), style="bold red")
        return FAILED
    console.print(say("contract_kept", lang, name=shown, checks=len(results)))
    return PASSED


def _table(results: list[Result], prefix: str, lang: Language) -> Table:
    """One line a clause; what was found and why it matters where it failed, what is missing where it was not checked."""
    heads = ("contract_check", "contract_verdict", "contract_found", "contract_why")
    view = plain_table([(say(head, lang), "left") for head in heads])
    for result in results:
        title = say(f"{prefix}_{result.name}", lang)
        found = why = ""
        if result.finding is not None:
            found = say(result.finding.key, lang, **result.finding.values)
            why = say(f"{prefix}_{result.name}_why", lang)
        elif result.missing is not None:
            found = say("contract_needs", lang, check=say(f"{prefix}_{result.missing}", lang))
        style = {"failed": "bold red", "not_checked": "dim", "passed": ""}[result.verdict]
        view.add_row(title, say(f"contract_{result.verdict}", lang), found, why, style=style)
    return view
