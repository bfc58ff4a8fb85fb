"""Capitation (按人头付费): so much a head a year to the institution people are assigned to, for the care it gives them (rules F3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.payment.protocol import RECORDED, CaseTable, Floats, History, Ints, Traits
from model.policy.leaf import LeafSpec


@dataclass(frozen=True)
class CapitationTerms:
    """``money[holder, scheme]``: rate × heads, fen a year."""

    money: Floats


@dataclass(frozen=True)
class Capitation:
    """Entitlement = rate × heads, whatever care is given; heads' care elsewhere is another mode's and not deducted."""

    name: ClassVar[str] = "capitation"
    label_zh: ClassVar[str] = "按人头付费"
    label_en: ClassVar[str] = "Capitation"
    summary: ClassVar[str] = "a sum a head to the assigned institution for the care given there"
    color: ClassVar[str] = "#007A5A"
    PARAMETERS: ClassVar[Mapping[str, LeafSpec]] = {}
    traits: ClassVar[Traits] = Traits(heads="institution")

    def post(self, history: History) -> CapitationTerms:
        """Rate by tier and scheme from the budget base over heads, grown; the same a head for all holders of a tier."""
        money = history.base[..., RECORDED]
        due = np.zeros_like(money)
        for tier in np.unique(history.holders.tier):
            peers = history.holders.tier == tier
            heads = history.heads[peers].sum(axis=0)
            rate = np.divide(money[peers].sum(axis=0), heads, out=np.zeros_like(heads), where=heads > 0)
            due[peers] = rate * history.heads[peers]
        return CapitationTerms(due * history.factor)

    def tariff(self, cases: CaseTable, terms: CapitationTerms) -> Floats:
        """Cases count for nothing."""
        return np.zeros(len(cases))

    def entitlement(self, own: Floats, pool: Floats, holder: Ints, terms: CapitationTerms, fraction: float) -> Floats:
        """The elapsed part of the head money."""
        return np.broadcast_to(terms.money[holder] * fraction, own.shape[:-1])


MODE = Capitation
