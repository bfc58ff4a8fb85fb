"""Institution coefficients (机构系数, rules E3): by level from costs or a list, bonuses on top, groups with coefficients of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.codes import SCHEMES, SPECIALTY_TCM, TIERS
from model.payment.group_costs import tier_coefficient
from model.payment.protocol import CaseTable, Floats, History, HolderFacts

SOURCES = ("estimated", "estimated_by_scheme", "fixed")
"""Where a level's coefficient is from: its costs beside the city's for the same groups, the same within each scheme, a list."""
BONUS = 0.01
"""One step of every bonus (Xiamen 2024)."""
BONUS_STEPS = (0.05, 0.10, 0.20)
"""Excess over the peers that earns one step: of case mix, of children's share, of old people's share (Xiamen 2024)."""
CHILD, OLD = 6, 70
"""Children are at most, old people at least so many years of age."""


@dataclass(frozen=True)
class InstitutionRule:
    """How coefficients are set.

    Attributes:
        source: one of ``SOURCES``.
        values: coefficient by tier, of the list.
        employee_values: the same for employees' cases, where they differ; empty where not.
        cmi_caps, children_caps, elderly_caps: most that each bonus gives, by tier; 0 for no bonus.
        steps: excess over the peers that earns one step of each.
        tcm_share: what a hospital of Chinese medicine has more, as a share of its level's coefficient.
        per_group: operative groups with enough cases at a level have a coefficient of that level of their own.
        least_cases: cases of a group at a level, in the whole city, that are enough.
        one_price: basic groups have the coefficient 1 at every level.
        basic_cv: largest coefficient of variation of a basic group.
    """

    source: str
    values: tuple[float, ...]
    employee_values: tuple[float, ...]
    cmi_caps: tuple[float, ...]
    children_caps: tuple[float, ...]
    elderly_caps: tuple[float, ...]
    steps: tuple[float, ...]
    tcm_share: float
    per_group: bool
    least_cases: float
    one_price: bool
    basic_cv: float

    def levels(self, cases: CaseTable, group_mean: Floats) -> Floats:
        """Coefficient ``[tier]`` or ``[scheme, tier]``."""
        if self.source == "estimated":
            return tier_coefficient(cases, group_mean)
        if self.source == "estimated_by_scheme":
            return np.array([tier_coefficient(cases.take(cases.scheme == s), group_mean) for s in range(len(SCHEMES))])
        return np.array([self.employee_values or self.values, self.values])

    def bonuses(self, cases: CaseTable, points: Floats, holders: HolderFacts, levels: Floats) -> Floats:
        """What is added to the coefficient ``levels`` of each holder ``[scheme, holder]``; without rows where no bonus is given."""
        if not any((*self.cmi_caps, *self.children_caps, *self.elderly_caps, self.tcm_share)):
            return np.empty((0, 0))
        total = np.zeros(len(holders.tier))
        marks = points[cases.group], cases.age <= CHILD, cases.age >= OLD
        caps = self.cmi_caps, self.children_caps, self.elderly_caps
        for mark, cap, step, first in zip(marks, caps, self.steps, (0.0, 0.0, 1.0), strict=True):
            above = excess(cases, np.asarray(mark, dtype=float), holders)
            total += bonus(above, step, np.array(cap)[holders.tier], first)
        level = np.broadcast_to(levels, (len(SCHEMES), len(TIERS)))[:, holders.tier]
        return total + np.where(holders.specialty == SPECIALTY_TCM, self.tcm_share, 0.0) * level

    def own(self, history: History, group_mean: Floats) -> Floats:
        """Coefficients ``[group, tier]`` of groups that have their own, NaN elsewhere; without rows where no group has.

        Conservative and basic groups are left out of coefficients by disease.
        """
        if not (self.per_group or self.one_price):
            return np.empty((0, 0))
        cases, groups, n = history.cases, history.groups, len(group_mean)
        found = np.full((n, len(TIERS)), np.nan)
        charge = cases.charge.astype(float)
        if self.per_group:
            cell = cases.group.astype(np.int64) * len(TIERS) + cases.tier
            count, cost = (np.bincount(cell, weights=w, minlength=found.size).reshape(found.shape) for w in (None, charge))
            enough = (
                (count >= max(history.standing_for(self.least_cases), 1.0))
                & (group_mean[:, None] > 0)
                & (groups.operative & ~groups.basic)[:, None]
            )
            np.divide(cost, count * group_mean[:, None], out=found, where=enough)
        if self.one_price:
            number = np.bincount(cases.group, minlength=n)
            mean, square = (_mean(np.bincount(cases.group, weights=w, minlength=n), number) for w in (charge, charge * charge))
            spread = np.sqrt(np.maximum(square - mean**2, 0.0))
            found[groups.basic & (spread <= self.basic_cv * mean)] = 1.0
        return found


def excess(cases: CaseTable, mark: Floats, holders: HolderFacts) -> Floats:
    """By what share each holder's mean of a mark lies above that of all cases of its level ``[holder]``; 0 where there is none."""
    n = len(holders.tier)
    own = _mean(np.bincount(cases.holder, weights=mark, minlength=n), np.bincount(cases.holder, minlength=n))
    level = _mean(np.bincount(cases.tier, weights=mark, minlength=len(TIERS)), np.bincount(cases.tier, minlength=len(TIERS)))
    peers = level[holders.tier]
    above: Floats = np.divide(own, peers, out=np.ones(n), where=peers > 0) - 1.0
    return above


def bonus(above: Floats, step: float, cap: Floats, first: float = 0.0) -> Floats:
    """A hundredth for each full step above the peers, and ``first`` hundredths for being above them at all, up to the cap (rules E3)."""
    steps = np.where(above > 0, first + np.floor(np.maximum(above, 0.0) / step + 1e-9), 0.0)
    return np.minimum(BONUS * steps, cap)


def _mean(total: NDArray[Any], count: NDArray[Any]) -> Floats:
    mean: Floats = np.divide(total, count, out=np.zeros(len(count)), where=count > 0)
    return mean
