"""What a case file may hold: quantities with units as a clerk writes them, read strictly, and expectations with their printed digits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from experiments.toml_lines import Place
from model.calendar import parse_month
from model.errors import InputError, nearest

Form = Literal["yuan", "price", "share", "factor", "point", "count", "day", "year", "score", "flag", "name", "month", "bands", "steps"]
Shape = Literal["one", "list", "table", "groups"]

UNITS: Mapping[str, Mapping[str, Decimal]] = {
    "yuan": {"yuan": Decimal(100), "元": Decimal(100), "万元": Decimal(10**6), "亿元": Decimal(10**10)},
    "share": {"%": Decimal("0.01"), "‰": Decimal("0.001")},
    "point": {"point": Decimal(1), "points": Decimal(1), "分": Decimal(1), "点": Decimal(1)},
    "day": {"day": Decimal(1), "days": Decimal(1), "天": Decimal(1), "日": Decimal(1)},
    "year": {"years": Decimal(1), "岁": Decimal(1)},
    "count": {"cases": Decimal(1), "人次": Decimal(1), "例": Decimal(1)},
    "factor": {},
    "score": {},
}
"""Units by form, with what one of them is in the form's own measure; money is kept in fen."""
OWN: Mapping[str, Decimal] = {"yuan": Decimal(100)}
"""What a number without a unit is worth, where that is not one."""
WRITTEN: Mapping[str, str] = {
    "yuan": '1234.56, "1,234.56 yuan", "21465.05 万元" or "11.74 亿元"',
    "share": '0.63 or "63 %"',
    "factor": "a number, such as 1.2",
    "point": "a number of points",
    "count": "a whole number",
    "day": "a number of days",
    "year": "an age in years",
    "score": "a score",
    "flag": "true or false",
    "name": "a text",
    "month": '"YYYY-MM", such as "2021-07"',
    "bands": '["400-1500: 63 %", "1500-: 83 %"], in yuan',
    "steps": '["0-5 %: 60 %", "5-10 %: 50 %"]',
}
_QUANTITY = re.compile(r"\s*([-+−]?[0-9][0-9,]*(?:\.[0-9]+)?)\s*(\D*?)\s*")
_BAND = re.compile(r"\s*([0-9.,]+)\s*(%?)\s*(?:-|–|~|至)\s*([0-9.,]*)\s*(%?)\s*[:：]\s*([0-9.]+)\s*%\s*")


class CaseError(Exception):
    """Something wrong at a place of a case file; the reader of the file adds file and line."""

    def __init__(self, what: str, place: Place, *, found: object = None, allowed: object = None, near: str | None = None) -> None:
        super().__init__(what)
        self.what, self.place, self.found, self.allowed, self.near = what, place, found, allowed, near


@dataclass(frozen=True)
class Field:
    """One key of a case file.

    Attributes:
        form: what it holds; ``price`` is money that need not be whole fen (a mean, the value of a point).
        doc: its meaning in English.
        optional: whether it may be absent.
        shape: one value, a list of them, a table of them by any names, or a list of tables with ``inside``.
        choices: the names allowed; of a table, its keys.
        low, high: bounds of a number in the unit of the form (yuan, one, points …).
        inside: keys of each table of a list.
        length: entries a list must have.
    """

    form: Form
    doc: str
    optional: bool = False
    shape: Shape = "one"
    choices: tuple[str, ...] = ()
    low: float | None = 0
    high: float | None = None
    inside: Mapping[str, Field] | None = None
    length: int | None = None


def read_table(raw: object, fields: Mapping[str, Field], place: Place) -> dict[str, Any]:
    """A table's values in the forms' own measure (money: int fen, or float fen for a price; shares: floats; months: index).

    Keys that are absent are left out.

    Raises:
        CaseError: not a table, an unknown or missing key, a wrong unit or value.
    """
    table = checked_keys(raw, {key: field.optional for key, field in fields.items()}, place)
    return {key: read_value(value, fields[key], (*place, key)) for key, value in table.items()}


def checked_keys(raw: object, keys: Mapping[str, bool], place: Place) -> dict[str, Any]:
    """A table whose keys are among those named; a key that may not be absent (False) must be there."""
    if not isinstance(raw, dict):
        raise CaseError("a table is expected", place, found=raw, allowed=tuple(keys))
    for key in raw:
        if key not in keys:
            raise CaseError("unknown key", (*place, key), found=key, allowed=tuple(keys) or "no key", near=nearest(key, keys))
    for key, optional in keys.items():
        if key not in raw and not optional:
            raise CaseError(f"missing key: {key}", place, allowed=tuple(keys))
    return raw


def read_value(raw: object, field: Field, place: Place) -> Any:
    """One key's value, of whatever shape."""
    if field.shape == "one":
        return _read_one(raw, field, place)
    if field.shape == "table":
        if not isinstance(raw, dict) or not raw:
            raise CaseError("a table of names and values is expected", place, found=raw)
        return {key: _read_one(value, field, (*place, key)) for key, value in raw.items()}
    if not isinstance(raw, list) or not raw:
        raise CaseError("a list is expected", place, found=raw, allowed=f"a list; each entry {WRITTEN[_written(field)]}")
    if field.shape == "groups":
        return [read_table(entry, field.inside or {}, (*place, i)) for i, entry in enumerate(raw)]
    return [_read_one(entry, field, (*place, i)) for i, entry in enumerate(raw)]


def _written(field: Field) -> str:
    return "yuan" if field.form == "price" else field.form


def _read_one(raw: object, field: Field, place: Place) -> Any:
    if field.form == "flag":
        return _checked(raw, bool, field, place)
    if field.form == "name":
        return _read_name(_checked(raw, str, field, place), field, place)
    if field.form == "month":
        try:
            return parse_month(raw)
        except InputError as error:
            raise CaseError("wrong date", place, found=raw, allowed=error.allowed) from None
    if field.form in ("bands", "steps"):
        return _read_bands(raw, field, place)
    return _in_measure(quantity(raw, field, place)[0], raw, field, place)


def _checked(raw: object, kind: type, field: Field, place: Place) -> Any:
    if not isinstance(raw, kind):
        what = "a text is expected" if kind is str else "true or false is expected"
        raise CaseError(what, place, found=_plain(raw), allowed=field.choices or None)
    return raw


def _read_name(text: str, field: Field, place: Place) -> str:
    if field.choices and text not in field.choices:
        raise CaseError("unknown name", place, found=text, allowed=field.choices, near=nearest(text, field.choices))
    return text


def _in_measure(value: Decimal, raw: object, field: Field, place: Place) -> int | float:
    """A quantity within its bounds, whole where it must be."""
    form = _written(field)
    low, high = field.low, 1 if field.high is None and form == "share" else field.high
    one = OWN.get(form, Decimal(1))
    if (low is not None and value < one * Decimal(str(low))) or (high is not None and value > one * Decimal(str(high))):
        ends = f"at least {low:g}" if high is None else f"{low or 0:g} to {high:g}"
        raise CaseError("out of range", place, found=_plain(raw), allowed=f"{ends}; written as {WRITTEN[form]}")
    if field.form not in ("yuan", "count"):
        return float(value)
    if value != value.to_integral_value():
        what = "an amount in whole fen is expected" if field.form == "yuan" else "a whole number is expected"
        raise CaseError(what, place, found=_plain(raw), allowed=WRITTEN[form])
    return int(value)


def quantity(raw: object, field: Field, place: Place) -> tuple[Decimal, Decimal, int]:
    """A quantity in the form's measure, the measure of the unit it was written in, and the decimals written."""
    form = _written(field)
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal | str):
        raise CaseError("a quantity is expected", place, found=_plain(raw), allowed=WRITTEN[form])
    if not isinstance(raw, str):
        number, scale = Decimal(raw), OWN.get(form, Decimal(1))
        if not number.is_finite() or abs(number) > 10**15:
            raise CaseError("not a number that can be used", place, found=str(raw)[:40], allowed=WRITTEN[form])
        return number * scale, scale, _decimals(number)
    match = _QUANTITY.fullmatch(raw)
    if match is None or match[2] not in UNITS[form]:
        unit = match[2] if match else raw
        units = tuple(UNITS[form])
        raise CaseError("wrong unit", place, found=raw, allowed=units or WRITTEN[form], near=nearest(unit, units) if match else None)
    number, scale = Decimal(match[1].replace(",", "").replace("−", "-")), UNITS[form][match[2]]
    return number * scale, scale, _decimals(number)


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _read_bands(raw: object, field: Field, place: Place) -> tuple[tuple[float, float, float], ...]:
    """Bands ``(from, to, ratio)`` that follow each other: ends in fen (``bands``) or as shares (``steps``)."""
    if not isinstance(raw, list) or not raw:
        raise CaseError("a list of bands is expected", place, found=_plain(raw), allowed=WRITTEN[field.form])
    bands: list[tuple[float, float, float]] = []
    for i, text in enumerate(raw):
        match = _BAND.fullmatch(text) if isinstance(text, str) else None
        shares = match is not None and "%" in (match[2], match[4])
        if match is None or shares != (field.form == "steps"):
            raise CaseError("not a band", (*place, i), found=_plain(text), allowed=WRITTEN[field.form])
        scale = Decimal("0.01") if shares else Decimal(100)
        low = float(Decimal(match[1].replace(",", "")) * scale)
        high = float(Decimal(match[3].replace(",", "")) * scale) if match[3] else float("inf")
        ratio = float(Decimal(match[5]) / 100)
        if not low < high or ratio > 1 or (bands and bands[-1][1] != low):
            raise CaseError("bands must run upwards without gap, with ratios up to 100 %", (*place, i), found=text)
        bands.append((low, high, ratio))
    return tuple(bands)


def _plain(raw: object) -> object:
    """What was found, as it was written: tomllib's decimals are numbers to a reader."""
    return float(raw) if isinstance(raw, Decimal) else raw


# Expectations


@dataclass(frozen=True)
class Expected:
    """What a case file says should come out.

    Attributes:
        written: as the file has it.
        value: in the form's own measure, a text or a truth.
        step: the last printed digit, in the same measure; nothing for texts and truths.
    """

    written: str
    value: Decimal | str | bool
    step: Decimal | None = None


def read_expected(raw: object, field: Field, place: Place) -> Expected:
    """One expectation, with the digits it is printed with: yuan to the fen at least, anything else to its last printed digit."""
    if field.form in ("name", "flag"):
        value: str | bool = _read_one(raw, field, place)
        return Expected(str(raw).lower() if isinstance(raw, bool) else str(raw), value)
    number, scale, decimals = quantity(raw, field, place)
    digits = max(decimals, 2) if _written(field) == "yuan" and scale == OWN["yuan"] else decimals
    return Expected(str(raw), number, scale.scaleb(-digits))


def difference(expected: Expected, computed: Any) -> Decimal | None:
    """How far what was computed is from the expectation, in the form's measure: nothing where they agree to the printed digit.

    Raises:
        TypeError: a text is compared with a number.
    """
    if isinstance(expected.value, str | bool):
        return None if computed == expected.value else Decimal("nan")
    exact = computed if isinstance(computed, Decimal) else Decimal(repr(float(computed)) if not isinstance(computed, int) else computed)
    gap = exact - expected.value
    # a float on the edge of a half may lie a hair on the wrong side of it
    slack = abs(expected.value) * Decimal("1e-12")
    return None if abs(gap) <= (expected.step or Decimal(0)) / 2 + slack else gap


def shown(value: Any, field: Field, expected: Expected | None = None) -> str:
    """A computed value as it would be printed: with the digits of the expectation, or the form's usual ones."""
    if isinstance(value, str | bool) or field.form in ("name", "flag", "month"):
        return str(value).lower() if isinstance(value, bool) else str(value)
    exact = Decimal(repr(float(value))) if not isinstance(value, int) else Decimal(value)
    if field.form == "share":
        return f"{_rounded(exact * 100, 2)} %"
    if _written(field) == "yuan":
        return f"{_rounded(exact / 100, 2 if field.form == 'yuan' or abs(exact) >= 10**5 else 4):,}"
    return f"{_rounded(exact, 0 if isinstance(value, int) else 4):,}"


def told(value: Any, field: Field) -> str:
    """A value in a sentence: money with its sign."""
    return f"¥{shown(value, field)}" if _written(field) == "yuan" else shown(value, field)


def _rounded(exact: Decimal, digits: int) -> Decimal:
    return exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
