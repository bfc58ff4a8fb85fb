"""A payment mode held against the contract, as a table on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from experiments.mode_contract import Result, Subject, examine
from experiments.terminal import plain_table
from experiments.texts import Language, say
from model.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

PASSED, FAILED = 0, 1


def check_mode(name: str, console: Console, lang: Language) -> int:
    """Ask a mode, by its name or the path of its file, all that the contract asks, and print how it stands.

    Returns:
        0 where it keeps the contract, else 1.

    Raises:
        InputError: no such mode, or the file does not run or defines none.
    """
    from model.payment import get_mode

    kind = get_mode(name)
    if not isinstance(kind, type):
        raise InputError("MODE is not a class", file=name, path="MODE", found=type(kind).__name__, allowed="the class of a payment mode")
    results = examine(Subject(kind, None if name.endswith(".py") else name))
    failed = [result for result in results if result.verdict == "failed"]
    console.print(_table(results, lang))
    shown = Path(name).name
    if failed:
        told = {"failed": len(failed), "checks": len(results)}
        console.print(say("contract_broken", lang, mode=shown, **told), style="bold red")
        return FAILED
    console.print(say("contract_kept", lang, mode=shown, checks=len(results)))
    return PASSED


def _table(results: list[Result], lang: Language) -> Table:
    """One line a clause; what was found and why it matters where it failed, what is missing where it was not checked."""
    heads = ("contract_check", "contract_verdict", "contract_found", "contract_why")
    view = plain_table([(say(head, lang), "left") for head in heads])
    for result in results:
        title = say(f"contract_{result.check.name}", lang)
        found = why = ""
        if result.finding is not None:
            found = say(result.finding.key, lang, **result.finding.values)
            why = say(f"contract_{result.check.name}_why", lang)
        elif result.missing is not None:
            found = say("contract_needs", lang, check=say(f"contract_{result.missing}", lang))
        style = {"failed": "bold red", "not_checked": "dim", "passed": ""}[result.verdict]
        view.add_row(title, say(f"contract_{result.verdict}", lang), found, why, style=style)
    return view
