"""A study that fits conduct: which parameters may move, which published effects are aimed at, read strictly from its TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.conduct_measures import MEASURES
from model.errors import InputError, nearest
from model.payment import get_mode

BOUNDS: Mapping[str, tuple[float, float]] = {
    "scale": (0, 1),
    "seeds": (1, 100),
    "burn_in": (0, 240),
    "months": (12, 240),
    "trials": (1, 1000),
    "first_step": (0.01, 1),
    "longest_step": (0.01, 3),
    "prior": (0.01, 100),
}
"""Numbers of the study, and from where to where they may go."""
_WHOLE = ("seeds", "burn_in", "months", "trials")


@dataclass(frozen=True)
class Parameter:
    """Values of the behaviour file that one factor moves; the first is ``expected`` to be so much, and bounded by ``low`` and ``high``."""

    name: str
    paths: tuple[str, ...]
    expected: float
    low: float
    high: float


@dataclass(frozen=True)
class Target:
    """A published effect aimed at: ``value``; met from ``low`` to ``high``; a miss by ``tolerance`` costs one."""

    id: str
    measure: str
    value: float
    low: float
    high: float
    tolerance: float

    def met(self, found: float) -> bool:
        """Whether a simulated effect lies in the range."""
        return self.low <= found <= self.high


@dataclass(frozen=True)
class ConductStudy:
    """How conduct is fitted (see studies/conduct.toml)."""

    city: str
    variant: str
    scale: float
    seeds: int
    burn_in: int
    months: int
    trials: int
    first_step: float
    longest_step: float
    prior: float
    parameters: tuple[Parameter, ...]
    targets: tuple[Target, ...]


def variants() -> tuple[str, ...]:
    """Rules for cases far from their group's mean, by name, as payment by points declares them."""
    choices: tuple[str, ...] = get_mode("dip").PARAMETERS["outlier"].choices
    return choices


def checked_variant(name: str, file: Path | None = None, path: str = "--variant") -> str:
    """The variant, or a refusal of one that is not there."""
    if name not in variants():
        raise InputError("unknown variant", file=file, path=path, found=name, allowed=variants(), nearest=nearest(name, variants()))
    return name


def read_conduct_study(file: Path) -> ConductStudy:
    """Read a study of conduct, strictly.

    Raises:
        InputError: it cannot be read, a key is unknown, missing or out of range, or a name means nothing.
    """
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"the study cannot be read: {error}", file=file) from None
    reader = _Reader(file)
    reader.keys(raw, ("kind", "city", "variant", *BOUNDS, "parameter", "target"), "")
    numbers = {key: reader.number(raw, key, "", *BOUNDS[key], whole=key in _WHOLE) for key in BOUNDS}
    checked_variant(reader.text(raw, "variant", ""), file, "variant")
    return ConductStudy(
        city=reader.text(raw, "city", ""),
        variant=raw["variant"],
        **numbers,
        parameters=tuple(reader.parameter(row, f"parameter[{i}].") for i, row in enumerate(reader.rows(raw, "parameter"))),
        targets=tuple(reader.target(row, f"target[{i}].") for i, row in enumerate(reader.rows(raw, "target"))),
    )


@dataclass(frozen=True)
class _Reader:
    """Takes values out of the parsed file; complains with file and place."""

    file: Path

    def wrong(self, what: str, path: str, found: object = None, allowed: object = None, near: str | None = None) -> InputError:
        return InputError(what, file=self.file, path=path, found=found, allowed=allowed, nearest=near)

    def keys(self, raw: Mapping[str, Any], known: Collection[str], at: str) -> None:
        """Every key is known and none is missing."""
        for key in raw:
            if key not in known:
                raise self.wrong("unknown key", at + key, key, list(known), nearest(key, list(known)))
        for key in known:
            if key not in raw:
                raise self.wrong(f"missing key: {key}", at + key)

    def number(self, raw: Mapping[str, Any], key: str, at: str, low: float, high: float, *, whole: bool = False) -> Any:
        value = raw[key]
        right = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not right or not low <= value <= high:
            kind = "whole number" if whole else "number"
            raise self.wrong("out of range", at + key, value, f"a {kind} from {low:g} to {high:g}")
        return value

    def text(self, raw: Mapping[str, Any], key: str, at: str) -> str:
        if not isinstance(raw[key], str) or not raw[key]:
            raise self.wrong("not a name", at + key, raw[key], "a text")
        return str(raw[key])

    def rows(self, raw: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
        rows = raw[key]
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            raise self.wrong("not a list of tables", key, allowed=f"[[{key}]]")
        return rows

    def parameter(self, row: dict[str, Any], at: str) -> Parameter:
        self.keys(row, ("name", "paths", "expected", "low", "high"), at)
        paths = row["paths"]
        if not isinstance(paths, list) or not paths or not all(isinstance(path, str) for path in paths):
            raise self.wrong("not a list of paths", at + "paths", paths, "dotted paths of the behaviour file")
        low = float(self.number(row, "low", at, 1e-9, 1e9))
        high = float(self.number(row, "high", at, low, 1e9))
        expected = float(self.number(row, "expected", at, low, high))
        return Parameter(self.text(row, "name", at), tuple(paths), expected, low, high)

    def target(self, row: dict[str, Any], at: str) -> Target:
        self.keys(row, ("id", "measure", "value", "low", "high", "tolerance"), at)
        measure = self.text(row, "measure", at)
        if measure not in MEASURES:
            raise self.wrong("unknown measure", at + "measure", measure, list(MEASURES), nearest(measure, list(MEASURES)))
        low = float(self.number(row, "low", at, -1e6, 1e6))
        high = float(self.number(row, "high", at, low, 1e6))
        value = float(self.number(row, "value", at, low, high))
        return Target(self.text(row, "id", at), measure, value, low, high, float(self.number(row, "tolerance", at, 1e-9, 1e6)))
