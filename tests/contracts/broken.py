"""What is asserted of every contract whose plug-ins are broken on purpose, and how its command is called."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.cli import run_command
from experiments.contract import Contract, Result
from experiments.texts import Language, say, table


def needed(contract: Contract[Any], name: str) -> set[str]:
    """All that a check rests on."""
    needs = contract.checks[name].needs
    return {*needs, *(deep for need in needs for deep in needed(contract, need))}


def assert_fails_only(contract: Contract[Any], check: str, results: list[Result]) -> None:
    """One check fails, and only checks that rest on it are not asked."""
    assert {result.name for result in results if result.verdict == "failed"} == {check}
    for result in results:
        if result.verdict == "not_checked":
            assert check in needed(contract, result.name), result.name


def assert_can_be_told(contract: Contract[Any], results: list[Result], lang: Language) -> None:
    """Every clause has its texts, and the one finding fills its blanks."""
    assert {key for name in contract.checks for key in (f"{contract.prefix}_{name}", f"{contract.prefix}_{name}_why")} <= set(table())
    (finding,) = (result.finding for result in results if result.finding)
    assert "{" not in say(finding.key, lang, **finding.values)


def checked(capsys: pytest.CaptureFixture[str], kind: str, *arguments: str) -> tuple[int, str]:
    """Exit code of ``check KIND`` and what is printed."""
    code = run_command(["check", kind, *arguments])
    caught = capsys.readouterr()
    return code, caught.out + caught.err
