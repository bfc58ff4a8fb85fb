"""A contract that plug-ins of one kind keep: named checks, each asked in random worlds, and how a plug-in stands with them."""

from __future__ import annotations

import inspect
import traceback
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

Verdict = Literal["passed", "failed", "not_checked"]

DRAWS = 40
"""Random worlds that each check looks at."""


class Subject(Protocol):
    """A plug-in under check."""

    @property
    def kind(self) -> type[Any]:
        """Its class."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found wrong: the key of a text, and what fills its blanks."""

    key: str
    values: Mapping[str, object]


@dataclass(frozen=True)
class Check[S: Subject]:
    """One clause of a contract.

    Attributes:
        name: of the clause; its texts begin with its contract's prefix.
        look: asks the plug-in in the random world of a seed; returns what is wrong, or nothing.
        needs: clauses without which this one says nothing.
        draws: random worlds it looks at.
    """

    name: str
    look: Callable[[S, int], Finding | None]
    needs: tuple[str, ...]
    draws: int

    def find(self, subject: S, seed: int) -> Finding | None:
        """What is wrong in one world; an exception or a warning of the plug-in is wrong too."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                return self.look(subject, seed)
        except Exception as error:  # whatever a user's plug-in raises is told, with its place
            return Finding("contract_raises", {"error": f"{type(error).__name__}: {error}", **_place(error, subject)})

    def first(self, subject: S) -> Finding | None:
        """What is wrong in the first world where something is."""
        return next((found for seed in range(self.draws) if (found := self.find(subject, seed)) is not None), None)


@dataclass(frozen=True)
class Result:
    """How a plug-in stands with one clause; ``finding`` where it failed, ``missing`` where a clause it rests on did."""

    name: str
    finding: Finding | None = None
    missing: str | None = None

    @property
    def verdict(self) -> Verdict:
        """The outcome in a word."""
        return "failed" if self.finding else "not_checked" if self.missing else "passed"


@dataclass(frozen=True)
class Contract[S: Subject]:
    """All clauses, those that others rest on first.

    The texts of a clause are ``<prefix>_<name>`` (what is checked) and ``<prefix>_<name>_why`` (why it matters).
    """

    prefix: str
    checks: dict[str, Check[S]] = field(default_factory=dict)

    def check(self, *needs: str, draws: int = DRAWS) -> Callable[[Callable[[S, int], Finding | None]], Callable[[S, int], Finding | None]]:
        """Enter a function as a clause under its name."""

        def enter(look: Callable[[S, int], Finding | None]) -> Callable[[S, int], Finding | None]:
            name = look.__name__
            self.checks[name] = Check(name, look, needs, draws)
            return look

        return enter

    def examine(self, subject: S) -> list[Result]:
        """Ask a plug-in everything; a clause that rests on one that failed is not asked, since it could only repeat it."""
        results: dict[str, Result] = {}
        for name, clause in self.checks.items():
            missing = next((need for need in clause.needs if results[need].verdict != "passed"), None)
            results[name] = Result(name, None if missing else clause.first(subject), missing)
        return list(results.values())


def _place(error: Exception, subject: Subject) -> dict[str, object]:
    """File and line of an exception: the last ones of the plug-in's own file, if it came through there."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename == inspect.getfile(subject.kind)]
    last = (own or frames)[-1]
    return {"file": Path(last.filename).name, "line": last.lineno}
