"""County-group package (县域医共体总额打包): a sum a head to the group, care anywhere deducted, surplus retained (rules F5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.payment.parameters import parameters
from model.payment.protocol import OUTFLOW, RECORDED, CaseTable, Floats, History, Ints, Traits
from model.policy.leaf import LeafSpec


@dataclass(frozen=True)
class PackageTerms:
    """``money[holder, scheme]``: the package, fen a year, before outflow."""

    money: Floats


@dataclass(frozen=True)
class CountyPackage:
    """Entitlement = rate × heads × (1 − withheld) − what the fund pays elsewhere for the group's heads."""

    withheld_share: float = 0.0
    name: ClassVar[str] = "county_package"
    label_zh: ClassVar[str] = "县域医共体总额打包"
    label_en: ClassVar[str] = "County-group package"
    summary: ClassVar[str] = "a sum a head to the county group, care elsewhere deducted"
    color: ClassVar[str] = "#A3173F"
    PARAMETERS: ClassVar[Mapping[str, LeafSpec]] = parameters("withheld_share")
    traits: ClassVar[Traits] = Traits(held_by="group", heads="group", outflow=True)

    def post(self, history: History) -> PackageTerms:
        """Each group's own base, inside and outside care together, grown."""
        base = history.base[..., RECORDED] + history.base[..., OUTFLOW]
        return PackageTerms(base * (1 - self.withheld_share) * history.factor)

    def tariff(self, cases: CaseTable, terms: PackageTerms) -> Floats:
        """Care inside the group counts for nothing."""
        return np.zeros(len(cases))

    def entitlement(self, own: Floats, pool: Floats, holder: Ints, terms: PackageTerms, fraction: float) -> Floats:
        """The elapsed package less outflow; may be negative, then the group owes."""
        return terms.money[holder] * fraction - own[..., OUTFLOW]


MODE = CountyPackage
