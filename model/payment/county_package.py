"""County-group package (县域医共体总额打包): a sum to the group, care anywhere deducted, surplus and overrun shared (rules F5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.errors import InputError
from model.payment.explanation import Step
from model.payment.parameters import optional, parameters
from model.payment.protocol import OUTFLOW, RECORDED, CaseTable, Floats, History, Ints, Traits
from model.payment.sharing import shared
from model.policy.leaf import LeafSpec


@dataclass(frozen=True)
class PackageTerms:
    """``money[holder, scheme]``: the package, fen a year, before outflow."""

    money: Floats


@dataclass(frozen=True)
class CountyPackage:
    """Entitlement = package × (1 − withheld) − what the fund pays elsewhere for the group's heads, with shares of surplus and overrun.

    Spent is what was recorded inside the group and elsewhere for its heads. Of what is left the group keeps ``surplus_share``; of an
    overrun the fund bears ``overrun_share`` up to ``overrun_limit`` of the package, which stands for its reasonable part.
    """

    withheld_share: float = 0.0
    risk_share: float = 0.0
    second_share: float = 0.0
    aid_share: float = 0.0
    surplus_share: float = 1.0
    overrun_share: float = 0.0
    overrun_limit: float = 0.1
    name: ClassVar[str] = "county_package"
    label_zh: ClassVar[str] = "县域医共体总额打包"
    label_en: ClassVar[str] = "County-group package"
    summary: ClassVar[str] = "a sum a head to the county group, care elsewhere deducted"
    color: ClassVar[str] = "#A3173F"
    PARAMETERS: ClassVar[Mapping[str, LeafSpec]] = {
        **parameters("withheld_share", "risk_share", "second_share", "aid_share"),
        **optional("surplus_share", "overrun_share", "overrun_limit"),
    }
    traits: ClassVar[Traits] = Traits(held_by="group", heads="group", outflow=True)

    def __post_init__(self) -> None:
        if self.withheld > 1:
            found = f"{self.withheld:g}"
            raise InputError("more is withheld than there is", path="parameters.withheld_share", found=found, allowed="together at most 1")

    @property
    def withheld(self) -> float:
        """Part of the package kept back, for whatever purpose."""
        return self.withheld_share + self.risk_share + self.second_share + self.aid_share

    def post(self, history: History) -> PackageTerms:
        """Each group's own base, inside and outside care together, grown."""
        base = history.base[..., RECORDED] + history.base[..., OUTFLOW]
        return PackageTerms(base * (1 - self.withheld) * history.factor)

    def tariff(self, cases: CaseTable, terms: PackageTerms) -> Floats:
        """Care inside the group counts for nothing."""
        return np.zeros(len(cases))

    def entitlement(self, own: Floats, pool: Floats, holder: Ints, terms: PackageTerms, fraction: float) -> Floats:
        """The elapsed package, settled, less outflow; may be negative, then the group owes."""
        return self.settled(own[..., RECORDED] + own[..., OUTFLOW], terms.money[holder] * fraction) - own[..., OUTFLOW]

    def settled(self, spent: Floats, package: Floats) -> Floats:
        """The package after shares of surplus and overrun, fen ``[..., scheme]`` (rules F5)."""
        surplus = np.maximum(package - spent, 0.0)
        overrun = shared(spent - package, package, ((0.0, self.overrun_limit, self.overrun_share),))
        return package - (surplus - self.surplus_share * surplus) + overrun

    def explain(self, case: CaseTable, pool: Floats, terms: PackageTerms, fraction: float) -> list[Step]:
        """The package of the group, out of which a case is paid."""
        money = float(terms.money[case.holder[0], case.scheme[0]])
        return [
            Step("记账金额（在包内）", "recorded money of the case, inside the package", float(case.recorded[0]), "fen", "F5"),
            Step("扣留比例", "part withheld", self.withheld, "share", "F5"),
            Step("医共体年度打包总额", "package of the group for the year", money, "fen", "F5"),
            Step("截至目前的打包总额", "package so far, before care elsewhere is deducted", money * fraction, "fen", "F5"),
            Step("结余留用比例", "part of a surplus that is kept", self.surplus_share, "share", "F5"),
            Step("合理超支分担比例", "part of an overrun the fund bears", self.overrun_share, "share", "F5"),
        ]


MODE = CountyPackage
