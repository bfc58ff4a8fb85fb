"""Base points of disease groups (rules E1, E2): which groups stand for themselves, what they cost, and points by three methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.errors import InputError, nearest
from model.payment.group_costs import city_mean, group_means
from model.payment.protocol import CaseTable, Floats, GroupFacts, GroupYear, History, Ints

POINTS_OF: Mapping[str, float] = {"average_cost": 1000.0, "reference": 1000.0, "quota": 1.0}
"""Points of a group that costs as much as the yardstick: the city's mean, a reference disease (基准病种), a standard quota."""
TRIMS = ("none", "percentiles", "iqr")
"""Cases left out of means: nobody, those outside 2.5–97.5 % of their group, those beyond one and a half ranges of its quartiles."""
_PERCENTILES = (0.025, 0.975)
_RANGES = 1.5


@dataclass(frozen=True)
class GroupPoints:
    """Points of the groups, and what they rest on.

    Attributes:
        points: RW ``[group]``.
        mean: mean charge of each group ``[group]``, fen.
        mean_cost: fen a point: points times this is the group's mean.
        cases: cases on the books ``[group]``, all years; of groups that stand together, all of them.
    """

    points: Floats
    mean: Floats
    mean_cost: float
    cases: Floats


@dataclass(frozen=True)
class GroupRule:
    """How base points follow from the books.

    Attributes:
        method: key of ``POINTS_OF``.
        reference_group: code of the reference disease.
        quota: fen of the standard quota.
        trim: one of ``TRIMS``; earlier years are on the books as sums and are not trimmed.
        core_cases: the city's cases a year from which a group is a core group; those below share their family's mean (综合病种).
        split_gate: least rise of the mean over the family's base group for a group of its own.
        year_weights: weights of the last three years, latest first.
        prior_cases: cases on the books the catalogue's weight counts for.
        keeps_sum: points are scaled so that last year's cases have as many as without all of this.
    """

    method: str
    reference_group: str
    quota: float
    trim: str
    core_cases: float
    split_gate: float
    year_weights: tuple[float, ...]
    prior_cases: float
    keeps_sum: bool

    def of(self, history: History) -> GroupPoints:
        """Points and means of all groups.

        Raises:
            InputError: the reference group is not in the catalogue.
        """
        stand_in = self.stand_in(history)
        seen = _counts(history.cases, len(stand_in)), *(np.bincount(y.group, y.cases, len(stand_in)) for y in history.earlier)
        used = together(self._trimmed(history, stand_in), stand_in)
        mean = group_means(used, self.prior_cases, self.year_weights)[stand_in]
        yardstick = self._yardstick(mean, used)
        points = points_of(mean, yardstick, self.method)
        if self.keeps_sum:
            plain = group_means(replace(history, earlier=()), 0.0, self.year_weights[:1])
            points = points * keeping_sum(points, points_of(plain, yardstick, self.method), seen[0])
        return GroupPoints(
            points, mean, float(yardstick / POINTS_OF[self.method]), pooled(sum(seen, np.zeros(len(mean))), stand_in)[stand_in]
        )

    def stand_in(self, history: History) -> Ints:
        """The group whose mean each group has, ``[group]``: its own where it is a core group with a mean of its own."""
        groups, n = history.groups, len(history.groups.weight)
        count = _counts(history.cases, n)
        found = np.arange(n)
        if self.split_gate > 0:
            cost = np.bincount(history.cases.group, weights=history.cases.charge, minlength=n)
            found = merged(np.divide(cost, count, out=np.zeros(n), where=count > 0), groups, self.split_gate)
        if self.core_cases > 0:
            found = comprehensive(pooled(count, found)[found], groups, history.standing_for(self.core_cases), found)
        return found

    def _trimmed(self, history: History, stand_in: Ints) -> History:
        if self.trim == "none":
            return history
        kept = within(stand_in[history.cases.group], history.cases.charge.astype(float), self.trim)
        return replace(history, cases=history.cases.take(kept))

    def _yardstick(self, mean: Floats, history: History) -> float:
        """Fen of what has ``POINTS_OF`` points."""
        if self.method == "quota":
            return self.quota
        if self.method == "average_cost":
            return city_mean(history, self.year_weights)
        code = history.groups.code
        if self.reference_group not in code:
            near = nearest(self.reference_group, code)
            raise InputError("no such group", path="parameters.reference_group", found=self.reference_group, nearest=near)
        return float(mean[code.index(self.reference_group)])


def points_of(mean: ArrayLike, yardstick: float, method: str) -> Floats:
    """RW = m / M × 1000 by ``average_cost`` (M the city's mean) and ``reference`` (M the reference disease's), m / M by ``quota``."""
    points: Floats = np.asarray(mean, dtype=float) / yardstick * POINTS_OF[method]
    return points


def keeping_sum(points: Floats, before: Floats, cases: Floats) -> float:
    """Factor on adjusted points that leaves Σ n·RW as it was before (rules E2)."""
    now = float(cases @ points)
    return float(cases @ before) / now if now > 0 else 1.0


def rise(mean: ArrayLike, base: ArrayLike) -> Floats:
    """By what share a mean lies above its base's: a related operation has a group of its own if this reaches the gate (rules E1)."""
    base = np.asarray(base, dtype=float)
    mean = np.broadcast_to(np.asarray(mean, dtype=float), base.shape)
    above: Floats = np.divide(mean, base, out=np.ones(base.shape), where=base > 0) - 1.0
    return above


def merged(mean: Floats, groups: GroupFacts, gate: float) -> Ints:
    """Groups of a family whose mean does not rise above that of its base stand with the base: the lightest with cases."""
    n = len(mean)
    order = np.lexsort((np.arange(n), groups.weight, mean <= 0, groups.family))
    first = order[np.unique(groups.family[order], return_index=True)[1]]
    base = first[np.unique(groups.family, return_inverse=True)[1]]
    own = (mean <= 0) | (rise(mean, mean[base]) >= gate)
    return np.where(own, np.arange(n), base)


def comprehensive(cases: Floats, groups: GroupFacts, least: float, stand_in: Ints) -> Ints:
    """Groups with fewer cases than ``least`` stand together with the others of their family that have too few (综合病种, rules E1)."""
    few = np.flatnonzero(cases < least)
    _, first, place = np.unique(groups.family[few], return_index=True, return_inverse=True)
    found = stand_in.copy()
    found[few] = few[first][place]
    return found


def pooled(values: Floats, stand_in: Ints, cases: Floats | None = None) -> Floats:
    """Sums over the groups that stand together, at the place of the one they stand with; with ``cases``, means by case."""
    if cases is None:
        return np.bincount(stand_in, weights=values, minlength=len(stand_in))
    total = np.bincount(stand_in, weights=values * cases, minlength=len(stand_in))
    count = np.bincount(stand_in, weights=cases, minlength=len(stand_in))
    each = np.bincount(stand_in, minlength=len(stand_in))
    plain = np.bincount(stand_in, weights=values, minlength=len(stand_in)) / np.maximum(each, 1)
    means: Floats = np.divide(total, count, out=plain, where=count > 0)
    return means


def together(history: History, stand_in: Ints) -> History:
    """The books as if every case were of the group that stands for its own."""
    if np.array_equal(stand_in, np.arange(len(stand_in))):
        return history
    weight = pooled(history.groups.weight, stand_in, _counts(history.cases, len(stand_in)))
    earlier: tuple[GroupYear, ...] = tuple(replace(year, group=stand_in[year.group]) for year in history.earlier)
    cases = replace(history.cases, group=stand_in[history.cases.group])
    return replace(history, cases=cases, earlier=earlier, groups=replace(history.groups, weight=weight))


def within(group: NDArray[Any], charge: Floats, trim: str) -> NDArray[np.bool_]:
    """Which cases are neither far too cheap nor far too dear for their group, as ``trim`` draws the lines (rules E2)."""
    order = np.lexsort((charge, group))
    ordered, sorted_group = charge[order], group[order]
    start = np.flatnonzero(np.r_[True, sorted_group[1:] != sorted_group[:-1]]) if len(group) else np.zeros(0, dtype=np.int64)
    size = np.diff(np.r_[start, len(group)])

    def quantile(q: float) -> Floats:
        at = start + q * (size - 1)
        low = np.floor(at).astype(np.int64)
        high = np.minimum(low + 1, start + size - 1)
        between: Floats = ordered[low] + (at - low) * (ordered[high] - ordered[low])
        return between

    if trim == "percentiles":
        # the next case outwards, so that a small group keeps all of its cases
        low = ordered[start + np.floor(_PERCENTILES[0] * (size - 1)).astype(np.int64)]
        high = ordered[start + np.ceil(_PERCENTILES[1] * (size - 1)).astype(np.int64)]
    else:
        quarter, three = quantile(0.25), quantile(0.75)
        low, high = quarter - _RANGES * (three - quarter), three + _RANGES * (three - quarter)
    kept = np.zeros(len(group), dtype=bool)
    kept[order] = (ordered >= np.repeat(low, size)) & (ordered <= np.repeat(high, size))
    return kept


def _counts(cases: CaseTable, n: int) -> Floats:
    return np.bincount(cases.group, minlength=n).astype(float)
