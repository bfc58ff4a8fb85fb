"""The funds' arithmetic, pure and in whole fen: income, personal accounts, budgets and their parts, reserve, gaps (rules A1 to A6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from model.errors import InputError
from model.units import PPM, apportion, ratio_to_ppm, share_of

__all__ = [
    "METHODS",
    "MONTHS",
    "PARTS",
    "BudgetRule",
    "Income",
    "Insured",
    "Part",
    "Rates",
    "Statement",
    "account_credit",
    "advance_gate",
    "budget_parts",
    "expected_income",
    "gap_shares",
    "grown",
    "income_of",
    "indexed_premium",
    "interest",
    "reserve_months",
    "rise_in_year",
    "statement",
    "sub_budgets",
    "usable",
]

METHODS = ("growth", "income", "ratio")
"""Three ways to set a year's money: last final accounts grown, item by item within expected income, or inpatient care a ratio of it."""


class Part(IntEnum):
    """Sub-budgets of a fund: ``OFFSITE`` is care outside the city and paper claims, ``OTHER`` the modes that are set apart."""

    INPATIENT = 0
    OUTPATIENT = 1
    CHRONIC = 2
    OFFSITE = 3
    OTHER = 4


PARTS = tuple(part.name.lower() for part in Part)
"""Names of the sub-budgets; all but the first may be given a share of the usable money."""


MONTHS = 12
"""Months of a settlement year."""


@dataclass(frozen=True)
class Rates:
    """What is paid in one month; money in fen, rates in millionths (rules A2 to A4).

    Attributes:
        wage: mean contribution base of a month; ``floor`` and ``cap`` bound a person's own, as parts of it.
        unit, own: premium rates of employer and employee; ``relief``: what the employer really pays of his.
        account: part of the employer's premium that goes to the active employee's account.
        retired: a month's credit to the account of a retired person, who pays nothing.
        premium, subsidy: a resident's own, and the government's for him, a year.
        layer: from a pooled fund to its second layer, a head and year, by scheme.
    """

    wage: int
    floor: float
    cap: float
    unit: int
    own: int
    relief: int
    account: int
    retired: int
    premium: int
    subsidy: int
    layer: tuple[int, int]

    @property
    def account_rate(self) -> int:
        """What of an active employee's base his account is credited: the own premium and the employer's part, millionths (rules A3)."""
        return self.own + int(share_of(self.unit, self.account))


@dataclass(frozen=True)
class Insured:
    """The insured of a month: heads, and the active employees' contribution bases in fen."""

    active: int
    retired: int
    residents: int
    bases: int

    @property
    def heads(self) -> tuple[int, int]:
        """Heads by scheme."""
        return self.active + self.retired, self.residents


@dataclass(frozen=True)
class Income:
    """One month's flows, fen: employees' ``own`` premiums and the ``employer``'s part, both to accounts; what is ``pooled`` of the
    employers' premiums (negative: the fund adds to accounts); residents' ``premium`` and ``subsidy``; ``layer`` by scheme."""

    own: int
    employer: int
    pooled: int
    premium: int
    subsidy: int
    layer: tuple[int, int]

    @property
    def pools(self) -> NDArray[np.int64]:
        """What stays in each scheme's pooled fund, to pay care with."""
        return np.array([self.pooled - self.layer[0], self.premium + self.subsidy - self.layer[1]], dtype=np.int64)


def indexed_premium(income_per_head: float, share: float, subsidy_ratio: float) -> tuple[float, float]:
    """A resident's premium that follows income, and the subsidy in a fixed ratio to it; money in the unit of the income (rules A4)."""
    premium = share * income_per_head
    return premium, subsidy_ratio * premium


def account_credit(base: int, rates: Rates) -> int:
    """What an active employee's personal account is credited on a contribution base, fen (rules A3)."""
    return int(share_of(base, rates.account_rate))


def income_of(rates: Rates, insured: Insured, credited: int) -> Income:
    """A month's income, given what was credited to all personal accounts (rules A2 to A4).

    Relief halves what employers pay, not what accounts are credited (assumption), so the pool bears it. The credit of the retired is
    taken off the employers' premiums.
    """
    own = min(int(share_of(insured.bases, rates.own)), credited)
    paid = int(share_of(insured.bases, int(share_of(rates.unit, rates.relief))))
    return Income(
        own=own,
        employer=credited - own,
        pooled=paid - (credited - own),
        premium=_twelfth(insured.residents * rates.premium),
        subsidy=_twelfth(insured.residents * rates.subsidy),
        layer=(_twelfth(insured.heads[0] * rates.layer[0]), _twelfth(insured.heads[1] * rates.layer[1])),
    )


def expected_income(year: Sequence[Rates], insured: Insured) -> NDArray[np.int64]:
    """What twelve months' rates bring to each scheme's pooled fund if the insured stay as they are, fen (rules A1).

    The bases are those counted under the first month's rates, and move with the mean wage.
    """
    total = np.zeros(2, dtype=np.int64)
    for rates in year:
        bases = insured.bases * rates.wage // max(year[0].wage, 1)
        then = replace(insured, bases=bases)
        credited = account_credit(bases, rates) + insured.retired * rates.retired
        total += income_of(rates, then, credited).pools
    return total


def _twelfth(yearly: int) -> int:
    return (2 * yearly + MONTHS) // (2 * MONTHS)


@dataclass(frozen=True)
class BudgetRule:
    """How one scheme's money of a year is found (rules A1).

    Attributes:
        method: one of :data:`METHODS`.
        growth: growth of the budget base a year (``growth`` only).
        reserve: share of expected income kept back.
        ratio: inpatient care's share of expected income (``ratio`` only).
        shares: named parts, each with its share of the usable money; a part without a share draws on the rest.
    """

    method: str
    growth: float
    reserve: float
    ratio: float
    shares: tuple[tuple[str, float], ...] = ()


def usable(income: int, reserve: float) -> int:
    """Expected income less the reserve: what may be spent, fen (以收定支, rules A1)."""
    return income - int(share_of(income, ratio_to_ppm(reserve)))


def grown(final: int, growth: float) -> int:
    """Last year's final accounts grown, fen; they hold retained surplus, not shared overrun nor epidemic advances (rules A1, D4)."""
    return int(share_of(final, PPM + ratio_to_ppm(growth)))


def sub_budgets(money: int, shares: Sequence[float]) -> NDArray[np.int64]:
    """Usable money divided by shares of it; the last entry is what the shares leave. The parts sum to the money to the fen.

    Raises:
        InputError: shares of more than the whole.

    >>> sub_budgets(100, [0.1, 0.25]).tolist()
    [10, 25, 65]
    """
    weights = [ratio_to_ppm(share) for share in shares]
    left = PPM - sum(weights)
    if left < 0:
        raise InputError("the sub-budgets are more than there is", found=sum(shares), allowed="at most 1")
    return apportion(money, [*weights, left])


def budget_parts(rule: BudgetRule, income: int, spent: NDArray[np.int64], years: int) -> NDArray[np.int64]:
    """Money of each of :data:`PARTS` for the coming year, fen.

    Args:
        rule: how the money is found.
        income: expected income of the year, less what goes before (the second layer's premium, last year's overspending).
        spent: spending of the budget base by part.
        years: full years since the policy began.

    Raises:
        InputError: the inpatient ratio and the named parts take more than is usable.
    """
    if rule.method == "growth":
        return np.rint(spent * (1 + rule.growth) ** (years + 1)).astype(np.int64)
    parts = np.zeros(len(PARTS), dtype=np.int64)
    money = usable(max(income, 0), rule.reserve)
    named = [PARTS.index(name) for name, _ in rule.shares]
    divided = sub_budgets(money, [share for _, share in rule.shares])
    parts[named], left = divided[:-1], int(divided[-1])
    open_parts = [i for i in range(len(PARTS)) if i not in named]
    if rule.method == "ratio":
        parts[Part.INPATIENT] = share_of(max(income, 0), ratio_to_ppm(rule.ratio))
        left -= int(parts[Part.INPATIENT])
        open_parts.remove(Part.INPATIENT)
        if left < 0:
            raise InputError(
                "inpatient ratio, sub-budgets and reserve take more than the expected income",
                path="budget.inpatient_ratio",
                found=rule.ratio,
                allowed=f"at most {rule.ratio + left / max(income, 1):.4f} beside the others",
            )
    weights = spent[open_parts]
    if weights.any():
        parts[open_parts] = apportion(left, weights)
    else:
        parts[Part.INPATIENT if rule.method == "income" else Part.OTHER] += left
    return parts


def interest(balance: int, rate: float) -> int:
    """A month's interest on a balance at a yearly rate, fen; a fund below zero earns and owes none (rules A1)."""
    return _twelfth(int(share_of(max(balance, 0), ratio_to_ppm(rate))))


def rise_in_year(budget: int, recorded: int, elapsed: int, trigger: float, most: float) -> float:
    """By how much a year's budget is revised when ``elapsed`` months are over, as a share of it (rules A1).

    Nothing unless what was recorded is above the elapsed part of the budget by more than ``trigger``; then by that excess,
    at most ``most``.

    >>> rise_in_year(1200, 660, 6, 0.05, 0.2), rise_in_year(1200, 620, 6, 0.05, 0.2)
    (0.1, 0.0)
    """
    due = budget * elapsed
    excess = (recorded * MONTHS - due) / due if due > 0 else 0.0
    return min(excess, most) if excess > trigger else 0.0


def reserve_months(balance: float, spent: float, months: int) -> float:
    """Months that a balance lasts at the mean spending of so many months (可支付月数, rules A5).

    >>> reserve_months(600.0, 1000.0, 10)
    6.0
    """
    return balance * months / spent if spent > 0 else float("inf")


def advance_gate(reserve: float, least: float, deficit: bool = False, deficit_expected: bool = False) -> bool:
    """Whether a fund may advance money to hospitals: reserve months not below the gate, no deficit last year, none expected (rules G1)."""
    return reserve >= least and not deficit and not deficit_expected


def gap_shares(gap: int, city_share: float) -> tuple[int, int]:
    """What city and counties pay of a fund's gap, fen; together they pay all of it (rules A6)."""
    city = int(share_of(gap, ratio_to_ppm(city_share)))
    return city, gap - city


@dataclass(frozen=True)
class Statement:
    """A scheme's year against its budget, fen.

    ``over`` by part: spending beyond the sub-budget; ``from_reserve``: what of it the reserve bears; ``carried``: the rest, which next
    year's income bears.
    """

    over: NDArray[np.int64]
    from_reserve: int
    carried: int


def statement(budget: NDArray[np.int64], spent: NDArray[np.int64], reserve: int) -> Statement:
    """What a year's overspending of its sub-budgets falls upon: the reserve, then next year, never another part or scheme (rules A1)."""
    over = np.maximum(spent - budget, 0)
    total = int(over.sum())
    from_reserve = min(total, max(reserve, 0))
    return Statement(over, from_reserve, total - from_reserve)
