"""A plug-in held against its contract, as a table on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

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

    kind = _class(get_mode(name), name, "MODE", "the class of a payment mode")
    return _show(CONTRACT.examine(Subject(kind, _listed(name))), CONTRACT.prefix, name, console, lang)


def check_conduct(name: str, console: Console, lang: Language) -> int:
    """Ask a conduct rule, by its name or the path of its file, all that the contract asks; otherwise as :func:`check_mode`."""
    from agents.conduct import get_conduct_class
    from experiments.conduct_contract import CONTRACT, Subject

    kind = _class(get_conduct_class(name), name, "RULE", "the class of a conduct rule")
    return _show(CONTRACT.examine(Subject(kind, _listed(name))), CONTRACT.prefix, name, console, lang)


def _class(found: object, name: str, what: str, allowed: str) -> type[Any]:
    """What a plug-in's file defines, if it is a class."""
    if not isinstance(found, type):
        raise InputError(f"{what} is not a class", file=name, path=what, found=type(found).__name__, allowed=allowed)
    return found


def _listed(name: str) -> str | None:
    """The name under which a plug-in is listed; a file has none."""
    return None if name.endswith(".py") else name


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
