"""Points of a case (rules E5, E6, E8): normal ones, those far from their group's mean by five variants, those whose group has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.codes import SCHEMES, TIERS
from model.payment.protocol import CaseTable, Floats

VARIANTS = ("national_1", "hubei", "jining", "taian", "draft_3")
"""Who writes the outlier rule: version 1.0 of the national specification, production code of Hubei cities, of Jining (济宁) and of
Tai'an (泰安), the draft of version 3.0."""
_NATIONAL_1, _HUBEI, _JINING, _TAIAN, _DRAFT_3 = range(len(VARIANTS))
TESTS: Mapping[str, tuple[str, str]] = {
    "national_1": ("<", ">"),
    "hubei": ("<=", ">="),
    "jining": ("<=", ">"),
    "taian": ("<=", ">"),
    "draft_3": ("<", ">"),
}
"""How each variant draws its lower and its upper line."""
BRANCHES = ("cheap", "normal", "dear", "very dear")
"""What a case is by its ratio."""
LEAST_POINTS = 1e-4
"""Points are kept to four decimals."""
AGE_SUBTYPES = (1, 7, 18, 65)
"""First years of age of the subtypes: below a year, 1–6, 7–17, then those who are no subtype, then 65 and more (E4; the first 28 days
of life cannot be told from whole years)."""
N_AGE_SUBTYPES = len(AGE_SUBTYPES) + 1


@dataclass(frozen=True)
class Lines:
    """Where a case becomes an outlier: ratios x of its cost, and whether a case on a line is one.

    Attributes:
        low: below it a case is cheap.
        high: above it a case is dear.
        very_high: above it a case gets no more than normal points (Jining).
        low_closed: a case at ``low`` is cheap.
        high_closed: a case at ``high`` is dear.
    """

    low: float = 0.5
    high: float = 2.0
    very_high: float = 5.0
    low_closed: bool = False
    high_closed: bool = False

    @classmethod
    def of(cls, variant: str, low: float = 0.5, high: float = 2.0, very_high: float = 5.0, tests: tuple[str, str] | None = None) -> Lines:
        """The lines of a variant, drawn as it draws them unless told otherwise."""
        below, above = tests or TESTS[variant]
        return cls(low, high, very_high, below == "<=", above == ">=")


@nb.njit(cache=True)
def payment_standard(points: float, coefficient: float, auxiliary: float, value: float) -> float:
    """RW·h·aux·value: what the draft of version 3.0 holds a case's cost against, in the money ``value`` is in (rules E6)."""
    return points * coefficient * auxiliary * value


def case_points(
    variant: str,
    ratio: ArrayLike,
    points: ArrayLike,
    coefficient: ArrayLike = 1.0,
    auxiliary: ArrayLike = 1.0,
    lines: Lines | None = None,
) -> Floats:
    """Points of cases that have a group, to four decimals (rules E6).

    With x the ``ratio`` and the standard lines:

    ========== ============ ========= ===================== ===================
    variant    cheap        normal    dear                  very dear (x > 5)
    ========== ============ ========= ===================== ===================
    national_1 RW·x         RW·h·aux  RW·((x − 2) + 1)      the same
    hubei      RW·x·h·aux   RW·h·aux  RW·((x − 2) + 1)·h·aux the same
    jining     RW·x·aux     RW·h·aux  RW·((x − 2) + h)·aux  RW·h·aux
    taian      RW·x·aux     RW·h·aux  RW·((x − 2) + h)·aux  the same
    draft_3    RW·h·aux·x   RW·h·aux  RW·h·aux              the same
    ========== ============ ========= ===================== ===================

    Args:
        variant: one of ``VARIANTS``.
        ratio: cost over the mean cost of the group (and level); for ``draft_3`` over :func:`payment_standard`, so that a cheap case has
            cost / value points.
        points: base points RW.
        coefficient: institution coefficient h.
        auxiliary: auxiliary coefficient.
        lines: where outliers begin; the variant's own unless given.
    """
    x, rw, h, aux = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(part, dtype=np.float64)) for part in (ratio, points, coefficient, auxiliary))
    )
    at = lines or Lines.of(variant)
    found: Floats = _case_points(VARIANTS.index(variant), x.copy(), rw.copy(), h.copy(), aux.copy(), _drawn(at))
    return found


@dataclass(frozen=True)
class Review:
    """Special-case review (特例单议, rules E7) as a case meets it.

    Attributes:
        share: part of a case's loss at the opening value that is made good: 1 pays it per item, less adjusts its points; 0: no review.
        least: in-scope cost over the payment standard from which a case may be reviewed.
        days: stay from which a case may be reviewed whatever it cost; 0: no such stay.
        line: fen of loss from which a case is thought to be accepted: that at which last year's quota was full.
    """

    share: float = 0.0
    least: float = 2.0
    days: float = 0.0
    line: float = np.inf


@dataclass(frozen=True)
class PointTable:
    """What the points of a case are read from.

    Attributes:
        points: RW ``[group]``; 0 for a group without points.
        coefficient: h ``[tier]`` or ``[scheme, tier]``.
        bonus: what is added to h ``[scheme, holder]``; without rows: nothing.
        own_coefficient: h ``[group, tier]`` of groups that have their own, NaN elsewhere; without rows: no group has.
        mean_cost: fen a point, the yardstick of x: RW times this is the group's mean cost.
        opening: fen of in-scope money a point at the start of the year, by scheme.
        by_severity, by_age: auxiliary coefficients ``[group, subtype]``, NaN where none was made; without rows: no such coefficients.
        by_level: x is measured against the mean of the case's level, so that RW·h stands for RW and 1 for h in the variant's formula.
        ungrouped: factor on cost in points for cases whose group has no points; 0: such cases are paid per item.
        variant: code of the variant.
        lines: where outliers begin.
        review: what special-case review gives, and to whom.
        day_points: points of a day ``[group]`` of stays that are paid by their days; 0 for all others.
        factor: on the points of a short stay ``[group]``.
        short: days up to which a stay is short.
    """

    points: Floats
    coefficient: Floats
    bonus: Floats
    own_coefficient: Floats
    mean_cost: float
    opening: Floats
    by_severity: Floats
    by_age: Floats
    by_level: bool
    ungrouped: float
    variant: int
    lines: Lines
    review: Review
    day_points: Floats
    factor: Floats
    short: float

    def of(self, cases: CaseTable) -> Floats:
        """Points of cases ``[n]``, to four decimals."""
        return self._points(cases, np.empty((0, 4)))

    def parts(self, cases: CaseTable) -> Floats:
        """RW, h, aux and x of each case ``[n, 4]``; 0, h, 1 and 1 where the group has no points."""
        found = np.empty((len(cases), 4))
        self._points(cases, found)
        return found

    def branch(self, ratio: float) -> str:
        """Name in ``BRANCHES`` of what a case of ratio x is."""
        return BRANCHES[_side(ratio, self._drawn)]

    @property
    def _drawn(self) -> tuple[float, float, float, bool, bool]:
        return _drawn(self.lines)

    def _points(self, cases: CaseTable, parts: Floats) -> Floats:
        found: Floats = _table_points(
            self.variant,
            _column(cases.group, np.int16),
            _column(cases.tier, np.int8),
            _column(cases.scheme, np.int8),
            _column(cases.holder, np.int64),
            _column(cases.severity, np.int8),
            _column(cases.age, np.int16),
            _column(cases.charge, np.float64),
            _column(cases.in_scope, np.float64),
            _column(cases.stay, np.float64),
            _column(self.points, np.float64),
            _column(np.broadcast_to(self.coefficient, (len(SCHEMES), len(TIERS))), np.float64),
            _column(self.bonus, np.float64),
            _column(self.own_coefficient, np.float64),
            float(self.mean_cost),
            _column(self.opening, np.float64),
            _column(self.by_severity, np.float64),
            _column(self.by_age, np.float64),
            self.by_level,
            float(self.ungrouped),
            self._drawn,
            (float(self.review.share), float(self.review.least), float(self.review.days), float(self.review.line)),
            _column(self.day_points, np.float64),
            _column(self.factor, np.float64),
            float(self.short),
            parts,
        )
        return found


def age_subtype(age: NDArray[Any]) -> NDArray[np.int64]:
    """Subtype of age of each case, as ``AGE_SUBTYPES`` divides them."""
    return np.searchsorted(AGE_SUBTYPES, age, side="right")


def _drawn(lines: Lines) -> tuple[float, float, float, bool, bool]:
    """The lines as a kernel takes them."""
    return float(lines.low), float(lines.high), float(lines.very_high), lines.low_closed, lines.high_closed


def _column(values: NDArray[Any], kind: type) -> NDArray[Any]:
    """The kernel is compiled for one type of each column."""
    return np.ascontiguousarray(values, dtype=kind)


@nb.njit(cache=True)
def _side(x: float, lines: tuple[float, float, float, bool, bool]) -> int:
    """Which branch a case of ratio x takes, a position in ``BRANCHES``."""
    low, high, very_high, low_closed, high_closed = lines
    if x < low or (low_closed and x == low):
        return 0
    if x > high or (high_closed and x == high):
        return 3 if x > very_high else 2
    return 1


@nb.njit(cache=True)
def _outlier(variant: int, x: float, rw: float, h: float, aux: float, lines: tuple[float, float, float, bool, bool]) -> float:
    """Points of one case to four decimals: the table of :func:`case_points`."""
    side, high, points = _side(x, lines), lines[1], rw * h * aux
    if side == 0:
        if variant == _NATIONAL_1:
            points = rw * x
        elif variant in (_JINING, _TAIAN):
            points = rw * x * aux
        else:
            points = rw * x * h * aux
    elif side >= 2:
        if variant == _NATIONAL_1:
            points = rw * ((x - high) + 1.0)
        elif variant == _HUBEI:
            points = rw * ((x - high) + 1.0) * h * aux
        elif variant == _TAIAN or (variant == _JINING and side == 2):
            points = rw * ((x - high) + h) * aux
    return _rounded(points)


@nb.njit(cache=True)
def _rounded(points: float) -> float:
    return float(np.rint(points * 1e4) / 1e4)


@nb.njit(cache=True)
def _case_points(variant: int, x: Floats, rw: Floats, h: Floats, aux: Floats, lines: tuple[float, float, float, bool, bool]) -> Floats:
    out = np.empty(len(x))
    for i in range(len(x)):
        out[i] = _outlier(variant, x[i], rw[i], h[i], aux[i], lines)
    return out


@nb.njit(cache=True)
def highest(by_severity: Floats, by_age: Floats, g: int, severity: int, age: int) -> float:
    """The auxiliary coefficient of a case: of several that hit the highest, not their product; 1 if none hits (E5)."""
    found = np.nan
    if len(by_severity):
        found = by_severity[g, severity]
    if len(by_age):
        subtype = 0
        for first in AGE_SUBTYPES:
            if age >= first:
                subtype += 1
        other = by_age[g, subtype]
        if other == other and not (found >= other):
            found = other
    return found if found == found else 1.0


@nb.njit(cache=True)
def points_without_group(charge: float, in_scope: float, mean_cost: float, value: float, ungrouped: float) -> float:
    """Points of a case whose group has none (rules E8): RW·x·factor, which is the factor on its cost in points whatever RW may be, or,
    without a factor, the points that pay its in-scope cost at the value of a point."""
    if ungrouped > 0.0:
        return _rounded(charge / mean_cost * ungrouped)
    return _rounded(in_scope / value) if value > 0.0 else 0.0


@nb.njit(cache=True)
def points_by_day(day_points: float, coefficient: float, stay: float) -> float:
    """Points of a stay that is paid by its days (床日分值, rules E5, F1): days × points of a day × h."""
    return _rounded(day_points * coefficient * stay)


@nb.njit(cache=True)
def reviewed_points(
    points: float, normal: float, in_scope: float, value: float, stay: float, review: tuple[float, float, float, float]
) -> float:
    """Points of a case after review (rules E7): its loss at the opening ``value`` made good, if it may be reviewed and reaches the line.

    Args:
        points: its points without review.
        normal: points of a normal case of its group there, RW·h·aux.
        in_scope: its in-scope cost, fen.
        value: fen a point at the start of the year.
        stay: its days.
        review: share, least ratio, days and line of :class:`Review`.
    """
    share, least, days, line = review
    loss = in_scope - points * value
    may = in_scope >= least * payment_standard(normal, 1.0, 1.0, value) or (days > 0.0 and stay >= days)
    if value <= 0.0 or not may or loss <= 0.0 or loss < line:
        return points
    return _rounded(points + share * loss / value)


@nb.njit(cache=True)
def _ratio(
    variant: int, rw: float, h: float, aux: float, charge: float, in_scope: float, mean_cost: float, value: float, by_level: bool
) -> float:
    """x of a case: cost over the mean of its group (and level), or over the payment standard."""
    if variant == _DRAFT_3:
        standard = payment_standard(rw, h, aux, value)
        return in_scope / standard if standard > 0.0 else 1.0
    return charge / (rw * h * mean_cost) if by_level else charge / (rw * mean_cost)


@nb.njit(cache=True)
def _table_points(
    variant: int,
    group: NDArray[np.int16],
    tier: NDArray[np.int8],
    scheme: NDArray[np.int8],
    holder: NDArray[np.int64],
    severity: NDArray[np.int8],
    age: NDArray[np.int16],
    charge: Floats,
    in_scope: Floats,
    stay: Floats,
    points: Floats,
    coefficient: Floats,
    bonus: Floats,
    own_coefficient: Floats,
    mean_cost: float,
    opening: Floats,
    by_severity: Floats,
    by_age: Floats,
    by_level: bool,
    ungrouped: float,
    lines: tuple[float, float, float, bool, bool],
    review: tuple[float, float, float, float],
    day_points: Floats,
    factor: Floats,
    short: float,
    parts: Floats,
) -> Floats:
    """Points of cases from the table; where ``parts`` has rows, RW, h, aux and x of each are written into them."""
    out = np.empty(len(group))
    for i in range(len(group)):
        g, value = group[i], opening[scheme[i]]
        rw, aux, x = points[g], 1.0, 1.0
        h = own_coefficient[g, tier[i]] if len(own_coefficient) else np.nan
        if h != h:
            h = coefficient[scheme[i], tier[i]] + (bonus[scheme[i], holder[i]] if len(bonus) else 0.0)
        if len(day_points) and day_points[g] > 0.0:
            out[i] = points_by_day(day_points[g], h, stay[i])
        elif rw > 0.0:
            aux = highest(by_severity, by_age, g, severity[i], age[i])
            x = _ratio(variant, rw, h, aux, charge[i], in_scope[i], mean_cost, value, by_level)
            if by_level and variant != _DRAFT_3:
                out[i] = _outlier(variant, x, rw * h, 1.0, aux, lines)
            else:
                out[i] = _outlier(variant, x, rw, h, aux, lines)
            if len(factor) and stay[i] <= short:
                out[i] = _rounded(out[i] * factor[g])
            if review[0] > 0.0:
                out[i] = reviewed_points(out[i], rw * h * aux, in_scope[i], value, stay[i], review)
        else:
            out[i] = points_without_group(charge[i], in_scope[i], mean_cost, value, ungrouped)
        if len(parts):
            parts[i, 0], parts[i, 1], parts[i, 2], parts[i, 3] = rw, h, aux, x
    return out
