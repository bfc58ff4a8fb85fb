"""DRG (按疾病诊断相关分组付费): weight × rate × coefficient, the rate fixed before the year, the fund pays the rest (rules D2, D3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from model.payment.explanation import Step
from model.payment.group_costs import group_means, spread, tier_coefficient
from model.payment.parameters import parameters
from model.payment.protocol import CASES, CHARGE, IN_SCOPE, OWN_PAY, RESIDUAL, UNITS, CaseTable, Floats, History, Ints, Traits
from model.policy.leaf import LeafSpec


@dataclass(frozen=True)
class DrgTerms:
    """Terms of one settlement year.

    Attributes:
        weight: relative weight of each group; last year's cases have one on average.
        coefficient: institution coefficient by tier code.
        rate: fen a weight by scheme.
    """

    weight: Floats
    coefficient: Floats
    rate: Floats


@dataclass(frozen=True)
class Drg:
    """Entitlement = Σ standards − what patients and other layers paid; negative differences are taken back.

    The standard P of a case covers the whole bill where ``own_pay`` counts; then moving charges outside the catalogue brings a hospital
    nothing. With ``own_pay`` apart, P covers the in-scope part only. Cases far below P are paid what they cost, cases far above it P and a
    share of what exceeds the upper line. With a ``split_ratio`` other than 1 the prices of a family's splits lie farther apart, or nearer
    together, than their costs; the rate then spends the same budget.
    """

    own_pay: str = "counts"
    low_line: float = 0.4
    high_line: float = 3.0
    high_share: float = 0.8
    prior_cases: float = 15.0
    split_ratio: float = 1.0
    name: ClassVar[str] = "drg"
    label_zh: ClassVar[str] = "按疾病诊断相关分组付费（DRG）"
    label_en: ClassVar[str] = "DRG"
    summary: ClassVar[str] = "weight × a rate fixed before the year"
    color: ClassVar[str] = "#5B3FB5"
    PARAMETERS: ClassVar[Mapping[str, LeafSpec]] = parameters(
        "own_pay", "low_line", "high_line", "high_share", "prior_cases", "split_ratio"
    )
    traits: ClassVar[Traits] = Traits()

    @property
    def _whole_bill(self) -> bool:
        return self.own_pay == "counts"

    def post(self, history: History) -> DrgTerms:
        """Weights from three years' means, coefficients by tier, and the rate that the budget leaves for last year's cases."""
        mean = group_means(history, self.prior_cases)
        if self.split_ratio != 1:
            mean = spread(mean, history.groups, self.split_ratio)
        cases = history.cases
        average = mean[cases.group].mean() if len(cases) else max(float(mean.mean()), 1.0)
        weight, coefficient = mean / average, tier_coefficient(cases, mean)
        base = history.base.sum(axis=0)
        money = base[:, CHARGE if self._whole_bill else IN_SCOPE] * history.factor
        return DrgTerms(weight, coefficient, _rate(money, base[:, CASES], weight[cases.group] * coefficient[cases.tier], history))

    def tariff(self, cases: CaseTable, terms: DrgTerms) -> Floats:
        """The standard of each case in fen, outliers settled."""
        price = self.standard(terms.weight[cases.group], terms.rate[cases.scheme], terms.coefficient[cases.tier])
        return self.settled(price, cases.charge if self._whole_bill else cases.in_scope)

    def settled(self, price: Floats, cost: NDArray[np.floating]) -> Floats:
        """P between the lines; the cost itself below the lower; P and a share of what exceeds the upper line above it."""
        above = self.high_share * np.maximum(cost - self.high_line * price, 0.0)
        paid: Floats = np.where(cost < self.low_line * price, cost, price + above)
        return paid

    def entitlement(self, own: Floats, pool: Floats, holder: Ints, terms: DrgTerms, fraction: float) -> Floats:
        """Standards less what patients and other layers paid (rules D3)."""
        own_pay = own[..., OWN_PAY] if self._whole_bill else 0.0
        return self.difference(own[..., UNITS], own[..., RESIDUAL] + own_pay)

    @staticmethod
    def standard(weight: Floats, rate: Floats, coefficient: Floats) -> Floats:
        """P = weight × rate × coefficient, in the unit of ``rate`` (rules D2)."""
        return weight * rate * coefficient

    @staticmethod
    def difference(price: Floats, paid_by_others: Floats) -> Floats:
        """What the pooled fund pays: the standard less what patients and other layers paid; may be negative (rules D3)."""
        return price - paid_by_others

    def explain(self, case: CaseTable, pool: Floats, terms: DrgTerms, fraction: float) -> list[Step]:
        """Weight, rate and coefficient of a case, its standard, and who pays it."""
        weight, rate, coefficient = terms.weight[case.group[0]], terms.rate[case.scheme[0]], terms.coefficient[case.tier[0]]
        price = self.standard(weight, rate, coefficient)
        cost = float((case.charge if self._whole_bill else case.in_scope)[0])
        paid = float(self.tariff(case, terms)[0])
        patient = float(case.residual[0] + (case.own_pay[0] if self._whole_bill else 0.0))
        return [
            Step("病组权重", "weight of the group", float(weight), "factor", "D2"),
            Step("费率", "rate", float(rate), "fen", "D2"),
            Step("机构系数", "institution coefficient", float(coefficient), "factor", "D2"),
            Step("支付标准", "standard: weight × rate × coefficient", float(price), "fen", "D2"),
            Step("费用与标准之比", "cost over standard", cost / float(price) if price else 0.0, "factor", "D4"),
            Step("按偏差规则结算", "after the rule for outliers", paid, "fen", "D4"),
            Step("患者及其他渠道支付", "paid by patient and other layers", patient, "fen", "D3"),
            Step("统筹基金应付", "due from the pooled fund", paid - patient, "fen", "D3"),
        ]


def _rate(money: Floats, base_cases: Floats, weights: Floats, history: History) -> Floats:
    """Fen a weight by scheme: the budget over the weights of a year of such cases (the base's in the first year, then last year's)."""
    scheme = history.cases.scheme
    seen = np.bincount(scheme, minlength=len(money)).astype("float64")
    total = np.bincount(scheme, weights=weights, minlength=len(money))
    mean = np.divide(total, seen, out=np.ones(len(money)), where=seen > 0)
    volume = mean * (base_cases if history.years == 0 else seen)
    rate: Floats = np.divide(money, volume, out=np.zeros_like(money), where=volume > 0)
    return rate


MODE = Drg
