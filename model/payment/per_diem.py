"""Per-diem (按床日付费): so much a day in bed by level and kind of hospital, less for later days of a stay (rules F1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from model.errors import InputError
from model.payment.explanation import Step
from model.payment.parameters import parameters
from model.payment.points.bed_days import priced_days
from model.payment.protocol import DAYS, RECORDED, RESIDUAL, UNITS, CaseTable, Floats, History, HolderFacts, Ints, Traits
from model.policy.leaf import LeafSpec
from model.units import FEN


@dataclass(frozen=True)
class PerDiemTerms:
    """``price[holder, scheme]``: fen a day, the in-scope money of the fund and of patients together."""

    price: Floats


@dataclass(frozen=True)
class PerDiem:
    """Entitlement = price × days less what patients paid, or the fund's share of it; at most so much of what was recorded.

    Without ``day_prices`` a day's price is the in-scope cost of a day by level, kind of hospital and scheme: in the budget base, grown as
    the budget, or over the last three years together, raised by ``price_growth``.
    """

    day_prices: tuple[float, ...] = ()
    day_basis: str = "base"
    price_growth: float = 0.0
    segments: tuple[tuple[float, float, float], ...] = ()
    fund_share: float | None = None
    advance_cap: float | None = None
    name: ClassVar[str] = "per_diem"
    label_zh: ClassVar[str] = "按床日付费"
    label_en: ClassVar[str] = "Per diem"
    summary: ClassVar[str] = "so much a day in bed by level and kind of hospital"
    color: ClassVar[str] = "#1B7FA8"
    PARAMETERS: ClassVar[Mapping[str, LeafSpec]] = parameters(
        "day_prices", "day_basis", "price_growth", "segments", "fund_share", "advance_cap"
    )
    traits: ClassVar[Traits] = Traits()

    def __post_init__(self) -> None:
        if self.segments and self.segments[0][0] != 0:
            raise InputError("segments begin with the first day", path="parameters.segments", found=self.segments[0][0], allowed=0)

    def post(self, history: History) -> PerDiemTerms:
        """The prices given, by level; else the mean in-scope cost of a day among peers, grown."""
        if self.day_prices:
            of_tier = np.array(self.day_prices) * FEN
            return PerDiemTerms(np.repeat(of_tier[history.holders.tier][:, None], history.base.shape[1], axis=1))
        if self.day_basis == "three_years":
            return PerDiemTerms(_cost_a_day(_three_years(history), history.holders) * (1 + self.price_growth))
        return PerDiemTerms(_cost_a_day(history.base, history.holders) * history.factor)

    def tariff(self, cases: CaseTable, terms: PerDiemTerms) -> Floats:
        """Units are the price of each stay in fen, its days counted by segment."""
        return self.due(terms.price[cases.holder, cases.scheme], cases.stay)

    def due(self, price: Floats, stay: NDArray[np.floating]) -> Floats:
        """Price of each stay, in the unit of the price of a day."""
        return price * priced_days(stay, self.segments)

    def entitlement(self, own: Floats, pool: Floats, holder: Ints, terms: PerDiemTerms, fraction: float) -> Floats:
        """The fund's part of the price of all stays, capped."""
        return self.capped(self.fund_part(own[..., UNITS], own[..., RESIDUAL]), own[..., RECORDED])

    def fund_part(self, due: Floats, paid_by_others: Floats) -> Floats:
        """The fund's share of the price, or what others have not paid of it."""
        return due - paid_by_others if self.fund_share is None else due * self.fund_share

    def capped(self, due: Floats, recorded: Floats) -> Floats:
        """At most ``advance_cap`` times what the fund would have paid item by item."""
        return due if self.advance_cap is None else np.minimum(due, self.advance_cap * recorded)

    def explain(self, case: CaseTable, pool: Floats, terms: PerDiemTerms, fraction: float) -> list[Step]:
        """From the price of a day to the fund's part of a stay; the cap holds for all stays of the year together."""
        price = float(terms.price[case.holder[0], case.scheme[0]])
        due = self.tariff(case, terms)
        steps = [
            Step("床日支付标准", "price of a day", price, "fen", "F1"),
            Step("住院床日", "days in bed", float(case.stay[0]), "day", "F1"),
            Step("按段折算的床日", "days counted by segment", float(priced_days(case.stay, self.segments)[0]), "day", "F1"),
            Step("床日费用", "price of the stay", float(due[0]), "fen", "F1"),
        ]
        if self.fund_share is None:
            steps.append(Step("政策范围内其他支付", "paid in scope by patient and other layers", float(case.residual[0]), "fen", "F1"))
        else:
            steps.append(Step("基金支付比例", "share of the fund", self.fund_share, "share", "F1"))
        steps.append(
            Step("统筹基金应付", "due from the pooled fund", float(self.fund_part(due, case.residual.astype("float64"))[0]), "fen", "F1")
        )
        if self.advance_cap is not None:
            steps.append(
                Step("年度支付上限（与记账金额之比）", "cap on the year, over the recorded money", self.advance_cap, "factor", "F1")
            )
        return steps


def _three_years(history: History) -> Floats:
    """Days and in-scope money of stays over the years on the books, as totals of one year are held.

    Of earlier years the whole charge is remembered; the part in scope is taken to be last year's, by scheme.
    """
    cases, book = history.cases, np.zeros_like(history.base)
    n = history.base.shape[1]
    np.add.at(book[..., DAYS], (cases.holder, cases.scheme), cases.stay)
    np.add.at(book[..., RECORDED], (cases.holder, cases.scheme), cases.in_scope)
    charge = np.bincount(cases.scheme, weights=cases.charge, minlength=n)
    in_scope = np.bincount(cases.scheme, weights=cases.in_scope, minlength=n)
    part = np.divide(in_scope, charge, out=np.ones(n), where=charge > 0)
    for year in history.earlier:
        np.add.at(book[..., DAYS], (year.provider, year.scheme), year.days)
        np.add.at(book[..., RECORDED], (year.provider, year.scheme), year.charge * part[year.scheme])
    return book


def _cost_a_day(base: Floats, holders: HolderFacts) -> Floats:
    """In-scope fen a day ``[holder, scheme]`` of holders of one level and kind; where they had no days, of the level, then of all."""
    price = np.zeros(base.shape[:2])
    price[:] = _mean(base)
    for tier in np.unique(holders.tier):
        level = holders.tier == tier
        price[level] = _or_else(_mean(base[level]), price[level][0])
        for specialty in np.unique(holders.specialty[level]):
            peers = level & (holders.specialty == specialty)
            price[peers] = _or_else(_mean(base[peers]), price[peers][0])
    return price


def _or_else(mean: Floats, otherwise: Floats) -> Floats:
    return np.where(mean > 0, mean, otherwise)


def _mean(base: Floats) -> Floats:
    days = base[..., DAYS].sum(axis=0)
    money = (base[..., RECORDED] + base[..., RESIDUAL]).sum(axis=0)
    return np.divide(money, days, out=np.zeros_like(money), where=days > 0)


MODE = PerDiem
