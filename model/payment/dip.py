"""DIP (按病种分值付费): points from lagged costs, a floating value that exhausts the regional budget of each scheme (rules E1–E9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.errors import InputError, nearest
from model.payment.parameters import parameters
from model.payment.protocol import RECORDED, RESIDUAL, UNITS, CaseTable, Floats, History, Ints, Traits
from model.policy.leaf import LeafSpec

POINTS_OF_MEAN = 1000.0
"""A case of the city's mean cost has a thousand points (E2, average-cost method)."""
OUTLIER_VARIANTS = ("national_1",)


@dataclass(frozen=True)
class DipTerms:
    """Terms of one settlement year.

    Attributes:
        points: base points RW of each disease group.
        coefficient: institution coefficient h by tier code.
        mean_cost: fen of one point's worth of charge, the yardstick of the outlier ratio x.
        budget: fen by scheme for the covered cases of the year.
    """

    points: Floats
    coefficient: Floats
    mean_cost: float
    budget: Floats


@dataclass(frozen=True)
class Dip:
    """Entitlement = points × value − residual; value = (budget + Σ residual) / Σ points, so the budget is exhausted exactly."""

    outlier: str = "national_1"
    tier_coefficient: str = "estimated"
    prior_cases: float = 15.0
    name: ClassVar[str] = "dip"
    label_zh: ClassVar[str] = "按病种分值付费（DIP）"
    label_en: ClassVar[str] = "DIP"
    summary: ClassVar[str] = "points under a regional budget with a floating value"
    color: ClassVar[str] = "#C04F00"
    PARAMETERS: ClassVar[Mapping[str, LeafSpec]] = parameters("outlier", "tier_coefficient", "prior_cases")
    traits: ClassVar[Traits] = Traits(exhausts_budget=True)

    def __post_init__(self) -> None:
        if self.outlier not in OUTLIER_VARIANTS:
            raise InputError(
                "unknown outlier variant",
                path="parameters.outlier",
                found=self.outlier,
                allowed=OUTLIER_VARIANTS,
                nearest=nearest(self.outlier, OUTLIER_VARIANTS),
            )

    def post(self, history: History) -> DipTerms:
        """Group means of the last twelve months, shrunk to the catalogue's weight where cases are few; tier coefficients; budget."""
        cases, prior = history.cases, history.groups.weight
        charge = cases.charge.astype("float64")
        mean = charge.mean() if len(cases) else 1.0
        count = np.bincount(cases.group, minlength=len(prior)).astype("float64")
        cost = np.bincount(cases.group, weights=charge, minlength=len(prior))
        level = charge.sum() / max(prior[cases.group].sum(), 1e-9) if len(cases) else mean
        leaning = count + self.prior_cases
        group_mean = np.divide(cost + self.prior_cases * prior * level, leaning, out=prior * level, where=leaning > 0)
        coefficient = _tier_coefficient(cases, group_mean)
        budget = history.base[..., RECORDED].sum(axis=0) * history.factor
        return DipTerms(group_mean / mean * POINTS_OF_MEAN, coefficient, float(mean / POINTS_OF_MEAN), budget)

    def tariff(self, cases: CaseTable, terms: DipTerms) -> Floats:
        """Points of each case by the variant ``national_1``: x < .5 RW·x; x > 2 RW·(x − 1); else RW (E6).

        x is measured against the mean of the same group *and level*, so RW stands for the level's points RW·h in all three branches; with
        h = 1 these are the printed examples.
        """
        base = terms.points[cases.group]
        coefficient = terms.coefficient[cases.tier]
        ratio = cases.charge / (base * coefficient * terms.mean_cost)
        points = base * coefficient
        points = np.where(ratio < 0.5, base * coefficient * ratio, points)
        points = np.where(ratio > 2.0, base * coefficient * (ratio - 1.0), points)
        rounded: Floats = np.round(points, 4)
        return rounded

    def entitlement(self, own: Floats, pool: Floats, holder: Ints, terms: DipTerms, fraction: float) -> Floats:
        """Points × the floating value of the scheme's pool, less what patients and other layers paid in scope."""
        return own[..., UNITS] * self.value(pool, terms, fraction) - own[..., RESIDUAL]

    def value(self, pool: Floats, terms: DipTerms, fraction: float) -> Floats:
        """Fen a point: (budget elapsed + in-scope money of patients) / points (``conduct.md`` 7)."""
        units = pool[..., UNITS]
        money = terms.budget * fraction + pool[..., RESIDUAL]
        return np.divide(money, units, out=np.zeros_like(units), where=units > 0)


def _tier_coefficient(cases: CaseTable, group_mean: Floats) -> Floats:
    """h by tier: charges over what the groups cost on average in the city (E3, national method on case-mix adjusted costs)."""
    if not len(cases):
        return np.ones(3)
    expected = np.bincount(cases.tier, weights=group_mean[cases.group], minlength=3)
    actual = np.bincount(cases.tier, weights=cases.charge.astype("float64"), minlength=3)
    return np.divide(actual, expected, out=np.ones(3), where=expected > 0)


MODE = Dip
