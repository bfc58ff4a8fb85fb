"""DRG points (DRG 点数法): points of a stay by group, hospital and cost, a floating value that exhausts the region's budget (rules D4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from model.codes import PSYCHIATRIC, SPECIALTY_PSYCHIATRIC
from model.payment.explanation import Step
from model.payment.group_costs import city_mean, group_means, tier_coefficient
from model.payment.parameters import optional, parameters
from model.payment.points.bed_days import day_points
from model.payment.protocol import OWN_PAY, RECORDED, RESIDUAL, UNITS, CaseTable, Floats, History, Ints, Traits
from model.policy.leaf import LeafSpec

POINTS_OF_MEAN = 100.0
"""A case of the city's mean cost has a hundred points."""
UNDER_USE = 0.2
"""What the rule of 2025 adds to the ratio of a case that cost less than its standard, up to the whole."""


@dataclass(frozen=True)
class DrgPointsTerms:
    """Terms of one settlement year.

    Attributes:
        mean: mean cost of each group, fen; above nothing.
        city_mean: mean cost of a case, fen.
        coefficient: difference coefficient of each holder; above nothing.
        day_points: points of a day in bed by tier code, for stays paid by the day.
        by_day: holders all of whose stays are paid by the day.
        budget: fen by scheme for the covered cases of the year.
    """

    mean: Floats
    city_mean: float
    coefficient: Floats
    day_points: Floats
    by_day: NDArray[np.bool_]
    budget: Floats


@dataclass(frozen=True)
class DrgPoints:
    """Entitlement = points × value − what others paid; value = (budget + what others paid) / Σ points.

    The rule halves the *earlier* stay's points where a patient comes back to the same group without a reason. Bills are final when they
    are written, and the flag stands on the later stay, so the later one is cut: for two stays of one group at one hospital the sum is the
    same. Where the hospitals differ, the wrong one is cut.
    """

    year_weights: tuple[float, ...] = (0.5, 0.3, 0.2)
    prior_cases: float = 15.0
    own_pay: str = "counts"
    blend: tuple[float, ...] = (0.67, 0.3, 0.03)
    cheap_rule: str = "2025"
    low_line: float = 0.4
    high_line: float = 3.0
    high_share: float = 0.8
    bed_day_from: float = 60.0
    psychiatric: str = "by_day"
    readmission_part: float = 0.5
    name: ClassVar[str] = "drg_points"
    label_zh: ClassVar[str] = "DRG点数法付费"
    label_en: ClassVar[str] = "DRG points"
    summary: ClassVar[str] = "points by group and hospital under a regional budget with a floating value"
    color: ClassVar[str] = "#3B4CC0"
    PARAMETERS: ClassVar[Mapping[str, LeafSpec]] = {
        **optional("prior_cases", "own_pay", "low_line", "high_line", "high_share"),
        **parameters("year_weights", "blend", "cheap_rule", "bed_day_from", "psychiatric", "readmission_part"),
    }
    traits: ClassVar[Traits] = Traits(exhausts_budget=True)

    def post(self, history: History) -> DrgPointsTerms:
        """Three years' means, coefficients of hospitals, points of a day, and the budget: the base grown."""
        average = city_mean(history, self.year_weights)
        mean = group_means(history, self.prior_cases, self.year_weights)
        mean = np.where(mean > 0, mean, average)
        holders = history.holders
        by_day = (holders.specialty == SPECIALTY_PSYCHIATRIC) & (self.psychiatric == "by_day")
        day = _points_of_a_day(history.cases, self._paid_by_day(history.cases, by_day), average)
        budget = history.base[..., RECORDED].sum(axis=0) * history.factor
        return DrgPointsTerms(mean, average, self._coefficients(history, mean), day, by_day, budget)

    def _coefficients(self, history: History, mean: Floats) -> Floats:
        """The blend of level, own history and case mix, ``[holder]``; who had no cases has its level's."""
        cases, tier = history.cases, history.holders.tier
        n = len(tier)
        expected = np.bincount(cases.holder, weights=mean[cases.group], minlength=n).astype("float64")
        actual = np.bincount(cases.holder, weights=cases.charge.astype("float64"), minlength=n).astype("float64")
        level = tier_coefficient(cases, mean)[tier]
        own = np.divide(actual, expected, out=level.copy(), where=expected > 0)
        mix = _case_mix(expected, np.bincount(cases.holder, minlength=n).astype("float64"), tier)
        coefficient = np.array(self.blend) @ np.stack([level, own, mix])
        return np.where(coefficient > 0, coefficient, 1.0)

    def tariff(self, cases: CaseTable, terms: DrgPointsTerms) -> Floats:
        """Points of each stay by group, cost and hospital, or by its days; fewer where the patient has returned."""
        mean, coefficient = terms.mean[cases.group], terms.coefficient[cases.holder]
        points = self.points(self.base(mean, terms.city_mean), coefficient, cases.charge.astype("float64"), mean)
        by_day = np.flatnonzero(self._paid_by_day(cases, terms.by_day))
        points[by_day] = terms.day_points[cases.tier[by_day]] * cases.stay[by_day]
        points[np.flatnonzero(cases.readmission)] *= self.readmission_part
        rounded: Floats = np.round(points, 4)
        return rounded

    def _paid_by_day(self, cases: CaseTable, by_day: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Long stays and, where the parameter says so, psychiatric ones, in hospitals ``by_day`` or elsewhere."""
        paid: NDArray[np.bool_] = by_day[cases.holder] | (cases.stay > self.bed_day_from)
        return paid | (cases.kind == PSYCHIATRIC) if self.psychiatric == "by_day" else paid

    @staticmethod
    def base(mean: Floats, average: float) -> Floats:
        """Base points of groups: mean cost over the city's × 100 (rules D4)."""
        return mean / average * POINTS_OF_MEAN

    def points(self, base: Floats, coefficient: Floats, cost: Floats, mean: Floats) -> Floats:
        """Points of cases by cost over their standard, the group's mean at the hospital's coefficient.

        2019: a stay below the lower line is incomplete, its points are in proportion to cost and never above the base. 2025: below the
        line in proportion, above it a fifth of the full points more than in proportion, up to the full points. Above the upper line a
        share of what exceeds it is added (assumption: no multiple of Zhejiang's was found).
        """
        full = base * coefficient
        ratio = cost / (mean * coefficient)
        if self.cheap_rule == "2019":
            part = np.where(ratio < self.low_line, self.incomplete(base, coefficient, cost, mean), full)
        else:
            part = self.under_used(ratio) * full
        return part + full * self.high_share * np.maximum(ratio - self.high_line, 0.0)

    @staticmethod
    def incomplete(base: Floats, coefficient: Floats, cost: Floats, mean: Floats) -> Floats:
        """Points of an incomplete stay: in proportion to cost, at most the base points (2019)."""
        least: Floats = np.minimum(base, base * coefficient * cost / mean)
        return least

    def under_used(self, ratio: Floats) -> Floats:
        """Part of the full points for cost over standard (2025)."""
        return ratio + (ratio > self.low_line) * np.minimum(UNDER_USE, 1.0 - ratio)

    def entitlement(self, own: Floats, pool: Floats, holder: Ints, terms: DrgPointsTerms, fraction: float) -> Floats:
        """Points × the floating value of the scheme's pool, less what patients and other layers paid."""
        return own[..., UNITS] * self.value(pool, terms, fraction) - self._paid_by_others(own)

    def value(self, pool: Floats, terms: DrgPointsTerms, fraction: float) -> Floats:
        """Fen a point: the elapsed budget and what others paid, over all points."""
        units = pool[..., UNITS]
        money = terms.budget * fraction + self._paid_by_others(pool)
        return np.divide(money, units, out=np.zeros_like(units), where=units > 0)

    def worth(self, pool: Floats, terms: DrgPointsTerms, fraction: float) -> Floats:
        """All points at their value, as :class:`model.payment.protocol.Pointed` says."""
        return pool[..., UNITS] * self.value(pool, terms, fraction)

    def _paid_by_others(self, totals: Floats) -> Floats:
        return totals[..., RESIDUAL] + (totals[..., OWN_PAY] if self.own_pay == "counts" else 0.0)

    def explain(self, case: CaseTable, pool: Floats, terms: DrgPointsTerms, fraction: float) -> list[Step]:
        """From the group's points to what the fund owes for the stay."""
        mean, coefficient = terms.mean[case.group], float(terms.coefficient[case.holder[0]])
        points = float(self.tariff(case, terms)[0])
        value = float(self.value(pool, terms, fraction)[..., int(case.scheme[0])].ravel()[0])
        paid = float(case.residual[0]) + (float(case.own_pay[0]) if self.own_pay == "counts" else 0.0)
        if self._paid_by_day(case, terms.by_day)[0]:
            way = [
                Step("床日点数", "points of a day in bed", float(terms.day_points[case.tier[0]]), "point", "D4"),
                Step("住院床日", "days in bed", float(case.stay[0]), "day", "D4"),
            ]
        else:
            standard = float(mean[0]) * coefficient
            way = [
                Step("病组基准点数", "base points of the group", float(self.base(mean, terms.city_mean)[0]), "point", "D4"),
                Step("差异系数", "difference coefficient of the hospital", coefficient, "factor", "D4"),
                Step("费用与标准之比", "cost over standard", float(case.charge[0]) / standard, "factor", "D4"),
            ]
        if case.readmission[0]:
            way.append(Step("同病组再入院保留", "part left after a return in the same group", self.readmission_part, "share", "D4"))
        return [
            *way,
            Step("病例点数", "points of the stay", points, "point", "D4"),
            Step("点值", "value of a point", value, "fen", "D4"),
            Step("患者及其他渠道支付", "paid by patient and other layers", paid, "fen", "D4"),
            Step("统筹基金应付", "due from the pooled fund", points * value - paid, "fen", "D4"),
        ]


def _case_mix(expected: Floats, cases: Floats, tier: NDArray[np.int8]) -> Floats:
    """What a holder's cases cost on average in the city, over the same of its level; one where there are none."""
    level_expected, level_cases = (np.bincount(tier, weights=part, minlength=3)[tier] for part in (expected, cases))
    own = np.divide(expected, cases, out=np.ones_like(expected), where=cases > 0)
    peers = np.divide(level_expected, level_cases, out=np.ones_like(expected), where=level_cases > 0)
    return np.divide(own, peers, out=np.ones_like(expected), where=(cases > 0) & (peers > 0))


def _points_of_a_day(cases: CaseTable, paid: NDArray[np.bool_], average: float) -> Floats:
    """Points of a day by tier: mean cost of a day of the stays so paid last year, else of all levels' such stays, else of all stays."""
    charge, stay = cases.charge.astype("float64"), cases.stay.astype("float64")
    days, cost = (np.bincount(cases.tier[paid], weights=part[paid], minlength=3).astype("float64") for part in (stay, charge))
    whole = cost.sum() / days.sum() if days.sum() > 0 else charge.sum() / max(float(stay.sum()), 1.0)
    mean = np.divide(cost, days, out=np.full(3, whole), where=days > 0)
    return np.asarray(day_points(mean, 1.0, average, POINTS_OF_MEAN))


MODE = DrgPoints
