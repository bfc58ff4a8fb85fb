"""Per-admission quota (人次定额): so much an admission by tier and scheme, overrun shared in bands (rules C3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.payment.parameters import parameters
from model.payment.protocol import CASES, RECORDED, RESIDUAL, CaseTable, Floats, History, Ints, Traits
from model.policy.leaf import LeafSpec


@dataclass(frozen=True)
class QuotaTerms:
    """``quota[holder, scheme]``: fen an admission, the in-scope money of the fund and of patients together."""

    quota: Floats


@dataclass(frozen=True)
class PerAdmissionQuota:
    """Entitlement = quota × admissions − what patients and other layers paid in scope, plus a share of a bounded overrun."""

    overrun_share: float = 0.0
    overrun_limit: float = 0.05
    name: ClassVar[str] = "per_admission_quota"
    label_zh: ClassVar[str] = "人次定额付费"
    label_en: ClassVar[str] = "Per-admission quota"
    summary: ClassVar[str] = "a fixed sum an admission by tier and scheme"
    color: ClassVar[str] = "#8A6A00"
    PARAMETERS: ClassVar[Mapping[str, LeafSpec]] = parameters("overrun_share", "overrun_limit")
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
        """Quota money less the in-scope money already paid, plus the shared overrun."""
        due = own[..., CASES] * terms.quota[holder] - own[..., RESIDUAL]
        over = np.clip(own[..., RECORDED] - due, 0.0, self.overrun_limit * np.maximum(due, 0.0))
        return due + self.overrun_share * over


def _mean_in_scope(base: Floats) -> Floats:
    cases = base[..., CASES].sum(axis=0)
    money = (base[..., RECORDED] + base[..., RESIDUAL]).sum(axis=0)
    return np.divide(money, cases, out=np.zeros_like(money), where=cases > 0)


MODE = PerAdmissionQuota
