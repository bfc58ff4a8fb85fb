"""Capitation (按人头付费): so much a head a year to the institution people are assigned to, for the care it gives them (rules F3, F4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.errors import InputError
from model.payment.explanation import Step
from model.payment.parameters import parameters
from model.payment.protocol import RECORDED, CaseTable, Floats, History, Ints, Traits
from model.policy.leaf import LeafSpec
from model.units import FEN


@dataclass(frozen=True)
class CapitationTerms:
    """``money[holder, scheme]``: rate × heads, fen a year; ``fees``: the part of it that is the fund's part of contract fees."""

    money: Floats
    fees: Floats


@dataclass(frozen=True)
class Capitation:
    """Entitlement = rate × heads, whatever care is given; heads' care elsewhere is another mode's and not deducted.

    The rate is one of three: what the care cost a head in the budget base, by tier; what was raised a head less what is kept back
    (``raised``); or an agreed quota of those who signed (``head_quotas``). A family doctor's fee comes on top, its fund's part only: the
    other parts are public health's and the patients'.
    """

    raised: tuple[float, ...] = ()
    risk_share: float = 0.0
    second_share: float = 0.0
    carried: float = 0.0
    adjustment: float = 0.0
    head_quotas: tuple[float, ...] = ()
    signed_share: float = 1.0
    contract_fee: tuple[float, ...] = (0.0, 0.0, 0.0)
    contract_fee_key: tuple[float, ...] = (0.0, 0.0, 0.0)
    key_share: float = 0.0
    name: ClassVar[str] = "capitation"
    label_zh: ClassVar[str] = "按人头付费"
    label_en: ClassVar[str] = "Capitation"
    summary: ClassVar[str] = "a sum a head to the assigned institution for the care given there"
    color: ClassVar[str] = "#007A5A"
    PARAMETERS: ClassVar[Mapping[str, LeafSpec]] = parameters(
        "raised",
        "risk_share",
        "second_share",
        "carried",
        "adjustment",
        "head_quotas",
        "signed_share",
        "contract_fee",
        "contract_fee_key",
        "key_share",
    )
    traits: ClassVar[Traits] = Traits(heads="institution")

    def __post_init__(self) -> None:
        if self.raised and self.head_quotas:
            found = ", ".join(("raised", "head_quotas"))
            raise InputError("two rates a head", path="parameters.head_quotas", found=found, allowed="one of them, or neither")
        if self.risk_share + self.second_share > 1:
            found = f"{self.risk_share + self.second_share:g}"
            raise InputError("more is kept back than was raised", path="parameters.second_share", found=found, allowed="together at most 1")

    def post(self, history: History) -> CapitationTerms:
        """Money of each holder's heads by the rate in use, and the fund's part of the fees of those who signed."""
        heads = history.heads
        if self.head_quotas:
            money = np.array(self.head_quotas) * FEN * heads * self.signed_share
        elif self.raised:
            carried, adjustment = self.carried * FEN, self.adjustment * FEN
            rate = self.area_rate(np.array(self.raised) * FEN, self.risk_share, self.second_share, carried, adjustment, 1.0)
            money = np.maximum(rate, 0.0) * heads
        else:
            money = _by_tier(history) * history.factor
        signed = heads * self.signed_share
        fees = self.contract_fees((1 - self.key_share) * signed, self.key_share * signed)[0] * FEN
        return CapitationTerms(money + fees, fees)

    @staticmethod
    def area_rate(raised: Floats, risk: float, second: float, carried: float, adjustment: float, heads: float) -> Floats:
        """Money a head of an area: raised, less risk fund and second layer, plus the old surplus, less adjustments (rules F3)."""
        return (raised - (risk + second) * raised + carried - adjustment) / heads

    def contract_fees(self, general: Floats, key: Floats) -> tuple[Floats, Floats, Floats]:
        """Fees of so many signed people in general and of key groups, by who pays: fund, public health, patients (rules F4)."""
        fund, public_health, own = (a * general + b * key for a, b in zip(self.contract_fee, self.contract_fee_key, strict=True))
        return fund, public_health, own

    def tariff(self, cases: CaseTable, terms: CapitationTerms) -> Floats:
        """Cases count for nothing."""
        return np.zeros(len(cases))

    def entitlement(self, own: Floats, pool: Floats, holder: Ints, terms: CapitationTerms, fraction: float) -> Floats:
        """The elapsed part of the head money."""
        return np.broadcast_to(terms.money[holder] * fraction, own.shape[:-1])

    def explain(self, case: CaseTable, pool: Floats, terms: CapitationTerms, fraction: float) -> list[Step]:
        """The head money of the institution, to which a case adds nothing."""
        at = case.holder[0], case.scheme[0]
        return [
            Step("记账金额（不另付）", "recorded money of the case, not paid by itself", float(case.recorded[0]), "fen", "F3"),
            Step("本机构年度人头费", "head money of the institution for the year", float(terms.money[at]), "fen", "F3"),
            Step("其中家庭医生签约服务费", "of which fees for family doctors", float(terms.fees[at]), "fen", "F4"),
            Step("截至目前的人头费", "head money so far", float(terms.money[at]) * fraction, "fen", "F3"),
            Step("本病例增加的应付", "added by this case", 0.0, "fen", "F3"),
        ]


def _by_tier(history: History) -> Floats:
    """What care cost in the budget base, the same a head for all holders of a tier, fen a year."""
    money = history.base[..., RECORDED]
    due = np.zeros_like(money)
    for tier in np.unique(history.holders.tier):
        peers = history.holders.tier == tier
        heads = history.heads[peers].sum(axis=0)
        rate = np.divide(money[peers].sum(axis=0), heads, out=np.zeros_like(heads), where=heads > 0)
        due[peers] = rate * history.heads[peers]
    return due


MODE = Capitation
