"""Single-disease price (单病种付费): a fixed price for the cases of a group, whatever they cost (rules F2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from model.codes import SEVERE
from model.errors import InputError, nearest
from model.payment.explanation import Step
from model.payment.group_costs import group_means, tier_coefficient
from model.payment.parameters import optional, parameters
from model.payment.protocol import OWN_PAY, RESIDUAL, UNITS, CaseTable, Floats, History, Ints, Traits
from model.policy.leaf import LeafSpec
from model.units import FEN

_SEVERITY = ("轻症 (mild)", "中等 (moderate)", "重症 (severe)")


@dataclass(frozen=True)
class SingleDiseaseTerms:
    """``price[group]`` fen a case, whole bill, 0 where a group has none; ``level``: factor on it by tier code."""

    price: Floats
    level: Floats


@dataclass(frozen=True)
class SingleDisease:
    """The fund pays its share of the price, or what others have not paid of it; a case without a price or beyond it is paid per item.

    Without ``prices`` a group's price is its mean cost over the years on the books.
    """

    groups: tuple[str, ...] = ()
    prices: tuple[float, ...] = ()
    level_factors: tuple[float, ...] = ()
    price_growth: float = 0.0
    fund_share: float | None = None
    exit_multiple: float | None = None
    severe: str = "stays"
    prior_cases: float = 15.0
    name: ClassVar[str] = "single_disease"
    label_zh: ClassVar[str] = "单病种定额付费"
    label_en: ClassVar[str] = "Single-disease price"
    summary: ClassVar[str] = "a fixed price for the cases of a group"
    color: ClassVar[str] = "#B03A8C"
    PARAMETERS: ClassVar[Mapping[str, LeafSpec]] = {
        **parameters("groups", "prices", "level_factors", "price_growth", "fund_share", "exit_multiple", "severe"),
        **optional("prior_cases"),
    }
    traits: ClassVar[Traits] = Traits()

    def __post_init__(self) -> None:
        if self.prices and len(self.prices) != len(self.groups):
            raise InputError(
                "as many prices as groups are expected", path="parameters.prices", found=len(self.prices), allowed=len(self.groups)
            )

    def post(self, history: History) -> SingleDiseaseTerms:
        """Prices given, or the means of past years; by level as costs were, unless factors are given."""
        mean = group_means(history, self.prior_cases)
        level = np.ones(3) if self.prices else tier_coefficient(history.cases, mean)
        if self.level_factors:
            level = np.array(self.level_factors)
        mean = mean * (1 + self.price_growth)
        if not self.groups:
            return SingleDiseaseTerms(mean, level)
        named = np.array([_place(code, history.groups.code) for code in self.groups])
        price = np.zeros_like(mean)
        price[named] = np.array(self.prices) * FEN if self.prices else mean[named]
        return SingleDiseaseTerms(price, level)

    def tariff(self, cases: CaseTable, terms: SingleDiseaseTerms) -> Floats:
        """Units are the money of each case in fen: what the fund owes, or before what others paid of it."""
        price = terms.price[cases.group] * terms.level[cases.tier]
        per_item = cases.charge if self.fund_share is None else cases.recorded
        return np.where(self.has_price(price, cases), self.fund_part(price), per_item)

    def has_price(self, price: Floats, cases: CaseTable) -> NDArray[np.bool_]:
        """Cases that are paid their price: their group has one, and they do not leave it by cost or severity."""
        stays = price > 0
        if self.exit_multiple is not None:
            stays &= cases.charge <= self.exit_multiple * price
        if self.severe == "leaves":
            stays &= cases.severity != SEVERE
        return stays

    def fund_part(self, price: Floats) -> Floats:
        """The fund's share of a price; all of it where the fund pays what others have not."""
        return price if self.fund_share is None else price * self.fund_share

    def entitlement(self, own: Floats, pool: Floats, holder: Ints, terms: SingleDiseaseTerms, fraction: float) -> Floats:
        """The units, less what patients and other layers paid where the fund pays the rest."""
        if self.fund_share is not None:
            return own[..., UNITS]
        return own[..., UNITS] - own[..., RESIDUAL] - own[..., OWN_PAY]

    def explain(self, case: CaseTable, pool: Floats, terms: SingleDiseaseTerms, fraction: float) -> list[Step]:
        """Price of the group at the level, whether the case keeps to it, and the fund's part."""
        price = terms.price[case.group] * terms.level[case.tier]
        priced, units = bool(self.has_price(price, case)[0]), float(self.tariff(case, terms)[0])
        steps = [
            Step("病种定额", "price of the group", float(terms.price[case.group[0]]), "fen", "F2"),
            Step("级别系数", "factor of the level", float(terms.level[case.tier[0]]), "factor", "F2"),
            Step("本院定额", "price at this level", float(price[0]), "fen", "F2"),
        ]
        if self.exit_multiple is not None and price[0] > 0:
            steps.append(Step("费用与定额之比", "cost over price", float(case.charge[0] / price[0]), "factor", "F2"))
        if self.severe == "leaves":
            steps.append(Step("病情", "recorded severity", _SEVERITY[case.severity[0]], "name", "F2"))
        steps.append(Step("付费方式", "paid", "按定额 (its price)" if priced else "按项目 (per item)", "name", "F2"))
        if self.fund_share is None:
            paid = float(case.residual[0] + case.own_pay[0])
            steps.append(Step("患者及其他渠道支付", "paid by patient and other layers", paid, "fen", "F2"))
            return [*steps, Step("统筹基金应付", "due from the pooled fund", units - paid, "fen", "F2")]
        if priced:
            steps.append(Step("基金支付比例", "share of the fund", self.fund_share, "share", "F2"))
        return [*steps, Step("统筹基金应付", "due from the pooled fund", units, "fen", "F2")]


def _place(code: str, known: tuple[str, ...]) -> int:
    """Position of a named group.

    Raises:
        InputError: the catalogue has no such group.
    """
    if code not in known:
        raise InputError(
            "unknown disease group", path="parameters.groups", found=code, allowed="a group's code", nearest=nearest(code, known)
        )
    return known.index(code)


MODE = SingleDisease
