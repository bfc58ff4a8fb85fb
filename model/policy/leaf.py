"""A leaf: one dated, sourced value of a settings file, and the rule that says what it may hold."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from model.calendar import format_month, parse_month
from model.errors import InputError, nearest

__all__ = ["Dated", "Form", "Leaf", "LeafSpec", "leaf", "problem", "source_problem"]

Form = Literal["number", "integer", "vector", "bands", "text", "names", "any"]

LEAF_KEYS = ("value", "unit", "from", "source")
LARGEST = 2**63 - 1
"""Whole numbers beyond this have no place in any column."""
FREE_SOURCES = ("assumption", "fitted")
"""Words that may open a source in place of a key of the file's `[sources]` table."""


@dataclass(frozen=True, slots=True)
class Dated:
    """One value with the month index it holds from (`None`: from the beginning) and its source."""

    value: Any
    start: int | None
    source: str


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value in time: unit, and its history in order of date.

    Values are a number, a text, a tuple of numbers or texts, or a tuple of bands `(from, to, ratio)`.
    """

    unit: str
    history: tuple[Dated, ...]

    def at(self, month: int) -> Any:
        """Value in force in a month (index); before the first date the first value holds."""
        return self.entry_at(month).value

    def source_at(self, month: int) -> str:
        """Source of the value in force in a month (index)."""
        return self.entry_at(month).source

    def entry_at(self, month: int) -> Dated:
        """The dated entry in force in a month (index)."""
        current = self.history[0]
        for entry in self.history[1:]:
            if entry.start is not None and entry.start <= month:
                current = entry
        return current

    @classmethod
    def constant(cls, value: Any, unit: str, source: str) -> "Leaf":
        """A leaf that holds one value for ever."""
        return cls(unit, (Dated(value, None, source),))


def problem(
    what: str,
    *,
    at: str = "",
    found: object = None,
    allowed: object = None,
    near: str | None = None,
) -> PydanticCustomError:
    """A schema complaint that the loader turns into one `InputError`.

    `at` is the place below the value under check, e.g. `".unit"` or `"[1].from"`.
    """
    context = {"what": what, "at": at, "found": found, "allowed": allowed, "nearest": near}
    return PydanticCustomError("settings", "{what}", context)


@dataclass(frozen=True, slots=True)
class LeafSpec:
    """What one leaf may hold: unit, bounds (inclusive), form, length, its meaning in words, and whether it may be absent."""

    unit: str | None = None
    low: float | None = None
    high: float | None = None
    doc: str = ""
    form: Form = "number"
    length: int | None = None
    total: float | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.parse)

    def parse(self, raw: object) -> Leaf:
        """Read `{value, unit, from?, source}` or a list of such into a `Leaf`."""
        if isinstance(raw, Leaf):
            return raw
        if isinstance(raw, list):
            return self._parse_history(raw)
        return Leaf(self._unit_of(raw, ""), (self._parse_entry(raw, ""),))

    def _parse_history(self, raw: list[object]) -> Leaf:
        if not raw:
            raise problem("an empty list of dated values", allowed="at least one value")
        entries = tuple(self._parse_entry(item, f"[{i}]") for i, item in enumerate(raw))
        for i, (before, after) in enumerate(pairwise(entries), start=1):
            if after.start is None:
                raise problem("missing key: from", at=f"[{i}].from", allowed="YYYY-MM")
            if before.start is not None and after.start <= before.start:
                raise problem(
                    "dates must increase",
                    at=f"[{i}].from",
                    found=format_month(after.start),
                    allowed=f"later than {format_month(before.start)}",
                )
        units = [self._unit_of(item, f"[{i}]") for i, item in enumerate(raw)]
        for i, unit in enumerate(units):
            if unit != units[0]:
                raise problem("the unit changes", at=f"[{i}].unit", found=unit, allowed=units[0])
        return Leaf(units[0], entries)

    def _parse_entry(self, raw: object, at: str) -> Dated:
        table = _table(raw, at)
        self._unit_of(table, at)
        source = table["source"]
        if not isinstance(source, str) or not source.strip():
            raise problem(
                "a value without a source",
                at=f"{at}.source",
                found=source,
                allowed="a key of [sources], or 'assumption: why'",
            )
        return Dated(self.check_value(table["value"], f"{at}.value"), _start(table, at), source)

    def _unit_of(self, raw: object, at: str) -> str:
        unit = _table(raw, at)["unit"]
        if not isinstance(unit, str) or (self.unit is not None and unit != self.unit):
            raise problem("wrong unit", at=f"{at}.unit", found=unit, allowed=self.unit or "text")
        return unit

    def check_value(self, value: object, at: str = "") -> Any:
        """The value in its final form, or a complaint that names form or bounds."""
        if self.form == "text":
            return self._text(value, at)
        if self.form == "vector":
            return self._vector(value, at)
        if self.form == "bands":
            return self._bands(value, at)
        if self.form == "any" and isinstance(value, str | bool):
            return value
        if self.form == "names":
            return self._names(value, at)
        if self.form == "any" and isinstance(value, list):
            return tuple(self.check_value(v, f"{at}[{i}]") for i, v in enumerate(value))
        return self._number(value, at)

    def read(self, value: object) -> Any:
        """A value that was read in any form, in the form that is declared here."""
        return self.check_value(_as_lists(value), ".value")

    def _names(self, value: object, at: str) -> tuple[str, ...]:
        if not isinstance(value, list) or not value:
            raise problem("a list of names is expected", at=at, found=value)
        return tuple(self._text(name, f"{at}[{i}]") for i, name in enumerate(value))

    def _text(self, value: object, at: str) -> str:
        if not isinstance(value, str):
            raise problem("a text is expected", at=at, found=value)
        if self.choices and value not in self.choices:
            near = nearest(value, self.choices)
            raise problem("unknown name", at=at, found=value, allowed=self.choices, near=near)
        return value

    def _number(self, value: object, at: str) -> float | int:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise problem("a number is expected", at=at, found=value, allowed=self.range_text())
        if isinstance(value, int) and abs(value) > LARGEST:
            raise problem("out of range", at=at, found=value, allowed=self.range_text())
        if not math.isfinite(value):
            raise problem("not a finite number", at=at, found=value, allowed=self.range_text())
        if self.form == "integer" and value != int(value):
            raise problem("a whole number is expected", at=at, found=value)
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        if not low <= value <= high:
            raise problem("out of range", at=at, found=value, allowed=self.range_text())
        return value

    def _vector(self, value: object, at: str) -> tuple[float, ...]:
        if not isinstance(value, list):
            raise problem("a list of numbers is expected", at=at, found=value)
        if self.length is not None and len(value) != self.length:
            raise problem("wrong length", at=at, found=len(value), allowed=self.length)
        numbers = tuple(float(self._number(v, f"{at}[{i}]")) for i, v in enumerate(value))
        if self.total is not None and abs(math.fsum(numbers) - self.total) > 1e-6:
            total = round(math.fsum(numbers), 9)
            raise problem("the numbers must sum to the total", at=at, found=total, allowed=self.total)
        return numbers

    def _bands(self, value: object, at: str) -> tuple[tuple[float, float, float], ...]:
        if not isinstance(value, list) or not value:
            raise problem("a list of [from, to, ratio] is expected", at=at, found=value)
        bands = tuple(_band(item, f"{at}[{i}]") for i, item in enumerate(value))
        for i, (before, after) in enumerate(pairwise(bands), start=1):
            if after[0] != before[1]:
                raise problem(
                    "bands must follow each other without gap",
                    at=f"{at}[{i}][0]",
                    found=after[0],
                    allowed=before[1],
                )
        return bands

    def range_text(self) -> str:
        """The allowed range in words."""
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}"
        if self.low is not None:
            return f"at least {self.low:g}"
        return "any number" if self.high is None else f"at most {self.high:g}"


def leaf(
    unit: str | None,
    low: float | None = None,
    high: float | None = None,
    doc: str = "",
    *,
    form: Form = "number",
    length: int | None = None,
    total: float | None = None,
    choices: tuple[str, ...] = (),
    optional: bool = False,
) -> LeafSpec:
    """Declare a leaf: `persons: Annotated[Leaf, leaf("person", 0, 2e7, "insured persons")]`."""
    return LeafSpec(unit, low, high, doc, form, length, total, choices, optional)


def source_problem(source: str, known: Mapping[str, str]) -> tuple[str, str, str | None] | None:
    """What is wrong with a source, if anything: the complaint, what is allowed, the nearest key.

    A source is a key of the file's `[sources]` table, alone or followed by `: where` or
    `; remark`, or one of the words `assumption: why` and `fitted: how`.
    """
    match = re.match(r"\s*([A-Za-z0-9_]+)\s*([:;]?)\s*(.*)", source, re.DOTALL)
    word = match.group(1) if match else source
    if match and word in FREE_SOURCES:
        if match.group(2) == ":" and match.group(3):
            return None
        return f"{word} without a reason", f"'{word}: why'", None
    if match and word in known and (match.group(2) or not match.group(3)):
        return None
    allowed = "a key of [sources], 'assumption: why' or 'fitted: how'"
    return "unknown source", allowed, nearest(word, (*known, *FREE_SOURCES))


def _as_lists(value: object) -> object:
    return [_as_lists(part) for part in value] if isinstance(value, tuple) else value


def _table(raw: object, at: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise problem("a bare value", at=at, found=raw, allowed="{value = …, unit = …, source = …}")
    for key in raw:
        if key not in LEAF_KEYS:
            near = nearest(key, LEAF_KEYS)
            raise problem("unknown key", at=f"{at}.{key}", found=key, allowed=LEAF_KEYS, near=near)
    for key in ("value", "unit", "source"):
        if key not in raw:
            raise problem(f"missing key: {key}", at=f"{at}.{key}")
    return raw


def _start(table: dict[str, Any], at: str) -> int | None:
    if "from" not in table:
        return None
    text = table["from"]
    if not isinstance(text, str):
        raise problem("wrong date", at=f"{at}.from", found=text, allowed="a month 'YYYY-MM'")
    try:
        return parse_month(text)
    except InputError as error:
        raise problem("wrong date", at=f"{at}.from", found=text, allowed="a month 'YYYY-MM'") from error


def _band(item: object, at: str) -> tuple[float, float, float]:
    if not isinstance(item, list) or len(item) != 3:
        raise problem("a band is [from, to, ratio]", at=at, found=item)
    low, high, ratio = (math.inf if part == "inf" else part for part in item)
    for i, part in enumerate((low, high, ratio)):
        if isinstance(part, bool) or not isinstance(part, int | float) or part != part:
            raise problem("a number is expected", at=f"{at}[{i}]", found=part)
        if isinstance(part, int) and abs(part) > LARGEST:
            raise problem("out of range", at=f"{at}[{i}]", found=part, allowed="a number of 64 bits")
    if not 0 <= low < high or math.isinf(low):
        raise problem("a band must run upwards from 0 or more", at=at, found=item)
    if not 0 <= ratio <= 1:
        raise problem("out of range", at=f"{at}[2]", found=ratio, allowed="0 to 1")
    return float(low), float(high), float(ratio)
