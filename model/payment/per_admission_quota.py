"""Per-admission quota (人次定额): so much an admission by tier and scheme, surplus and overrun shared by steps (rules C3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.payment.explanation import Step
from model.payment.parameters import optional, parameters
from model.payment.protocol import CASES, RECORDED, RESIDUAL, CaseTable, Floats, History, Ints, Traits
from model.payment.sharing import Steps, shared
from model.policy.leaf import LeafSpec


@dataclass(frozen=True)
class QuotaTerms:
    """``quota[holder, scheme]``: fen an admission, the in-scope money of the fund and of patients together."""

    quota: Floats


@dataclass(frozen=True)
class PerAdmissionQuota:
    """Entitlement = quota × admissions − what patients and other layers paid in scope, plus a share of a bounded overrun.

    Of a surplus the hospital keeps ``surplus_share``, at most ``surplus_limit`` of the quota money; the rest stays with the fund.
    """

    overrun_share: float = 0.0
    overrun_limit: float = 0.05
    overrun_steps: tuple[tuple[float, float, float], ...] = ()
    surplus_share: float = 1.0
    surplus_limit: float | None = None
    name: ClassVar[str] = "per_admission_quota"
    label_zh: ClassVar[str] = "人次定额付费"
    label_en: ClassVar[str] = "Per-admission quota"
    summary: ClassVar[str] = "a fixed sum an admission by tier and scheme"
    color: ClassVar[str] = "#8A6A00"
    PARAMETERS: ClassVar[Mapping[str, LeafSpec]] = {
        **optional("overrun_share", "overrun_limit", "surplus_share"),
        **parameters("overrun_steps", "surplus_limit"),
    }
    traits: ClassVar[Traits] = Traits()

    def post(self, history: History) -> QuotaTerms:
        """Mean in-scope money an admission by tier and scheme in the budget base, grown."""
        base = history.base
        quota = np.zeros(base.shape[:2])
        whole = _mean_in_scope(base)
        for tier in np.unique(history.holders.tier):
            peers = history.holders.tier == tier
            mean = _mean_in_scope(base[peers])
            quota[peers] = np.where(mean > 0, mean, whole)
        return QuotaTerms(quota * history.factor)

    def tariff(self, cases: CaseTable, terms: QuotaTerms) -> Floats:
        """Units are the quota of each admission, in fen."""
        quota: Floats = terms.quota[cases.holder, cases.scheme]
        return quota

    def entitlement(self, own: Floats, pool: Floats, holder: Ints, terms: QuotaTerms, fraction: float) -> Floats:
        """Quota money less the in-scope money already paid, surplus and overrun shared."""
        return self.settled(own[..., RECORDED], own[..., CASES] * terms.quota[holder] - own[..., RESIDUAL])

    def settled(self, recorded: Floats, due: Floats) -> Floats:
        """What is paid for recorded money under quota money ``due``, fen ``[..., scheme]``."""
        surplus = np.maximum(due - recorded, 0.0)
        kept = self.surplus_share * surplus
        if self.surplus_limit is not None:
            kept = np.minimum(kept, self.surplus_limit * np.maximum(due, 0.0))
        return due - (surplus - kept) + shared(recorded - due, due, self._overrun)

    @property
    def _overrun(self) -> Steps:
        return self.overrun_steps or ((0.0, self.overrun_limit, self.overrun_share),)

    def explain(self, case: CaseTable, pool: Floats, terms: QuotaTerms, fraction: float) -> list[Step]:
        """The quota, what of it is due from the fund, and the difference that counts in the year's surplus or overrun."""
        quota, residual, recorded = float(self.tariff(case, terms)[0]), float(case.residual[0]), float(case.recorded[0])
        return [
            Step("人次定额", "quota of an admission", quota, "fen", "C3"),
            Step("政策范围内其他支付", "paid in scope by patient and other layers", residual, "fen", "C3"),
            Step("统筹基金应付", "due from the pooled fund", quota - residual, "fen", "C3"),
            Step("记账金额", "recorded money", recorded, "fen", "C3"),
            Step(
                "结余（负为超支），年终合并分担",
                "surplus (below zero: overrun), shared over the year",
                quota - residual - recorded,
                "fen",
                "C3",
            ),
        ]


def _mean_in_scope(base: Floats) -> Floats:
    cases = base[..., CASES].sum(axis=0)
    money = (base[..., RECORDED] + base[..., RESIDUAL]).sum(axis=0)
    return np.divide(money, cases, out=np.zeros_like(money), where=cases > 0)


MODE = PerAdmissionQuota
