"""How numbers are written, in one place, so that page, report and figures always agree."""

from __future__ import annotations

import math

from viz.labels import Language, text, unit

MINUS = "−"
PER_CENT = "share"
DIGITS = {
    "yuan": 0,
    "yuan/person": 0,
    "yuan/person/year": 0,
    "yuan/point": 3,
    "ratio": 3,
    "weight": 3,
    "index": 3,
    "days": 2,
    "months": 1,
    "visits/person/year": 2,
    "per 100 persons/year": 2,
    "per 100 admissions": 2,
    "per 1000 persons/year": 2,
    "per 1000 admissions": 2,
    "QALY/person/year": 4,
}
"""Decimals by unit of the registry; shares are written in per cent with one."""
SMALL_SHARE = 0.0005
"""Below this, a difference of shares has two decimals."""
SMALL_YUAN = 100
"""Below this, yuan have one decimal."""


def number(x: float, digits: int = 0, signed: bool = False) -> str:
    """Return a number with thousands separators, a true minus, and its sign if asked for.

    >>> number(1234.5), number(-0.04, 1), number(2.5, 1, signed=True)
    ('1,234', '0.0', '+2.5')
    """
    if not math.isfinite(x):
        return "—"
    written = f"{x:{'+' if signed else ''},.{digits}f}"
    if not any(figure in written for figure in "123456789"):
        written = f"{0:,.{digits}f}"
    return written.replace("-", MINUS)


def percent(share: float, digits: int = 1, signed: bool = False) -> str:
    """Return a share (0.123) in per cent.

    >>> percent(0.1234), percent(-0.05, signed=True)
    ('12.3%', '−5.0%')
    """
    written = number(100 * share, digits, signed)
    return written if written == "—" else f"{written}%"


def money(yuan: float, lang: Language) -> str:
    """Return a sum of yuan, in 万元 or 亿元, million or billion yuan where it is large.

    >>> money(1234567, "zh"), money(1234567, "en"), money(321, "en")
    ('123.5 万元', '1.2 million yuan', '321 yuan')
    """
    middle, large = (1e4, 1e8) if lang == "zh" else (1e6, 1e9)
    if abs(yuan) >= large:
        return text("money.large", lang, x=number(yuan / large, 2))
    if abs(yuan) >= middle:
        return text("money.middle", lang, x=number(yuan / middle, 1))
    return text("money.yuan", lang, x=number(yuan))


def plain(x: float, unit_name: str, signed: bool = False) -> str:
    """Return a value of a unit of the registry, without the unit's name (but with % where that is the unit).

    >>> plain(0.123, "share"), plain(3120.4, "yuan/person/year"), plain(12.34, "yuan")
    ('12.3%', '3,120', '12.3')
    """
    if unit_name == PER_CENT:
        return percent(x, signed=signed)
    digits = DIGITS.get(unit_name, 2)
    if unit_name.startswith("yuan") and digits == 0 and abs(x) < SMALL_YUAN:
        digits = 1
    return number(x, digits, signed)


def value(x: float, unit_name: str, lang: Language) -> str:
    """Return a value with its unit.

    >>> value(9.87, "days", "zh"), value(0.5, "ratio", "en")
    ('9.87 天', '0.500')
    """
    written = plain(x, unit_name)
    if not math.isfinite(x) or unit_name in (PER_CENT, "ratio", "index", "weight"):
        return written
    return f"{written} {unit(unit_name, lang)}"


def bare_difference(x: float, unit_name: str) -> str:
    """Return a difference with its sign and no unit; of shares, in percentage points.

    >>> bare_difference(-0.021, "share"), bare_difference(0.0002, "share"), bare_difference(120, "yuan")
    ('−2.1', '+0.02', '+120')
    """
    if unit_name != PER_CENT:
        return plain(x, unit_name, signed=True)
    return number(100 * x, 1 if abs(x) >= SMALL_SHARE or x == 0 else 2, signed=True)


def difference(x: float, unit_name: str, lang: Language) -> str:
    """Return a difference with its sign and unit; of shares, in percentage points.

    >>> difference(-0.021, "share", "en"), difference(120, "yuan", "zh")
    ('−2.1 pp', '+120 元')
    """
    written = bare_difference(x, unit_name)
    if written == "—" or unit_name in ("ratio", "index", "weight"):
        return written
    return text("money.points", lang, x=written) if unit_name == PER_CENT else f"{written} {unit(unit_name, lang)}"


def relative(per_cent: float) -> str:
    """Return a relative change given in per cent, with its sign.

    >>> relative(-6.24)
    '−6.2%'
    """
    written = number(per_cent, 1, signed=True)
    return written if written == "—" else f"{written}%"


def bare_interval(low: float, high: float, unit_name: str, lang: Language) -> str:
    """Return the ends of an interval of differences without their unit, or that it has none, or no width.

    >>> bare_interval(-0.03, -0.01, "share", "en"), bare_interval(2, 2, "days", "en")
    ('−3.0 to −1.0', 'the same every time')
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return "—"
    if low == high:
        return text("interval.same", lang)
    return text("interval.range", lang, low=bare_difference(low, unit_name), high=bare_difference(high, unit_name))


def interval(low: float, high: float, unit_name: str, lang: Language) -> str:
    """Return the same with percentage points named where the unit is a share.

    >>> interval(-0.03, -0.01, "share", "en")
    '−3.0 to −1.0 pp'
    """
    written = bare_interval(low, high, unit_name, lang)
    has_ends = math.isfinite(low) and math.isfinite(high) and low != high
    return text("money.points", lang, x=written) if unit_name == PER_CENT and has_ends else written


def relative_interval(low: float, high: float, lang: Language) -> str:
    """Return the ends of an interval of relative changes, given in per cent."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return "—"
    if low == high:
        return text("interval.same", lang)
    return text("interval.range", lang, low=relative(low), high=relative(high))


def interval_note(n: int, lang: Language) -> str:
    """Return how an interval is to be read: 95 %, over how many simulations.

    >>> interval_note(4, "zh")
    '95% 区间（n=4 次模拟）'
    """
    return text("interval.level", lang, n=n) if n > 1 else text("interval.single", lang)
