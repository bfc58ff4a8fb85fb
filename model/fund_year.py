"""The funds' settlement year: the base every budget starts from, the year's money by part, and what has been spent of it (rules A1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.codes import SCHEMES
from model.financing import MONTHS, PARTS, BudgetRule, Part, Statement, budget_parts, statement
from model.units import apportion, ratio_to_ppm, share_of

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class FundYear:
    """Budgets and spending of both schemes, apart from each other.

    Args:
        base: money recorded in the twelve months before the policy began, ``[mode, scheme, part]``, fen. Its sum over modes is what every
            policy that begins from the same history starts from, whatever its modes.

    Attributes:
        income: expected income of the year by scheme; ``budget`` of the year, ``recorded`` and ``spent`` so far ``[scheme, part]``;
            ``reserve`` kept back; ``carried``: last year's overspending that the year bears; ``opening``:
            the balance the year began with; ``deficit``: whether the year
            before ended with less than it began with. Fen.
    """

    def __init__(self, base: Ints) -> None:
        self.base = base
        self.income = np.zeros(len(SCHEMES), dtype=np.int64)
        self.reserve = np.zeros(len(SCHEMES), dtype=np.int64)
        self.carried = np.zeros(len(SCHEMES), dtype=np.int64)
        self.budget = np.zeros((len(SCHEMES), len(PARTS)), dtype=np.int64)
        self.recorded = np.zeros_like(self.budget)
        self.spent = np.zeros_like(self.budget)
        self.opening = np.zeros(len(SCHEMES), dtype=np.int64)
        self.deficit = np.zeros(len(SCHEMES), dtype=bool)
        self._growth = np.full(len(SCHEMES), np.nan)

    def open(self, rules: Sequence[BudgetRule], income: Ints, years: int, balance: Ints) -> None:
        """Fixes the year's money by scheme from its rule and expected income.

        ``years``: full years since the policy began; ``balance``: of each pooled fund at the year's beginning.

        Raises:
            InputError: a rule that divides more than there is.
        """
        whole = self.base.sum(axis=0)
        self.deficit = balance < self.opening
        self.income, self.opening = income, balance
        for s, rule in enumerate(rules):
            to_divide = int(income[s] - self.carried[s])
            self.budget[s] = budget_parts(rule, to_divide, whole[s], years)
            by_growth = rule.method == "growth"
            self.reserve[s] = 0 if by_growth else max(to_divide - int(self.budget[s].sum()), 0)
            self._growth[s] = (1 + rule.growth) ** (years + 1) if by_growth else np.nan
        self.recorded[:] = 0
        self.spent[:] = 0

    def factor(self, mode: int) -> Floats:
        """Money of the year over the budget base for the care a mode covers, by scheme: the mean of its parts, weighted by its base."""
        whole = self.base.sum(axis=0)
        by_part = np.divide(self.budget, whole, out=np.zeros(whole.shape), where=whole > 0)
        mine = self.base[mode].astype(np.float64)
        money, base = (mine * by_part).sum(axis=1), mine.sum(axis=1)
        everybody = np.divide(self.budget.sum(axis=1), whole.sum(axis=1), out=np.ones(len(whole)), where=whole.sum(axis=1) > 0)
        by_income = np.divide(money, base, out=everybody, where=base > 0)
        return np.where(np.isnan(self._growth), by_income, self._growth)

    def spend(self, settled: Sequence[Ints], recorded: Ints) -> None:
        """Books one month's debts by mode and scheme, divided by what each mode recorded in each part, ``[mode, scheme, part]``.

        What a mode owes without having recorded anything falls where its base lies, else to inpatient care.
        """
        self.recorded += recorded.sum(axis=0)
        for mode, owed in enumerate(settled):
            for s, money in enumerate(np.asarray(owed).tolist()):
                weights = recorded[mode, s] if recorded[mode, s].any() else self.base[mode, s]
                if weights.any():
                    self.spent[s] += apportion(money, weights)
                else:
                    self.spent[s, Part.INPATIENT] += money

    def revise(self, rise: Sequence[float]) -> None:
        """Raises the year's budget of each scheme by a share of it, all parts alike; the reserve bears it as far as it goes (rules A1)."""
        for s, share in enumerate(rise):
            before = int(self.budget[s].sum())
            self.budget[s] += share_of(self.budget[s], ratio_to_ppm(share))
            self.reserve[s] = max(int(self.reserve[s]) + before - int(self.budget[s].sum()), 0)
            self._growth[s] *= 1 + share

    @property
    def deficit_expected(self) -> NDArray[np.bool_]:
        """Whether each scheme's budget is more than its expected income."""
        expected: NDArray[np.bool_] = self.budget.sum(axis=1) > self.income
        return expected

    @property
    def monthly(self) -> Floats:
        """A month's part of the year's money by scheme."""
        return np.asarray(self.budget.sum(axis=1) / MONTHS, dtype=np.float64)

    def gap(self, balance: Ints, after_balance: Sequence[bool]) -> Ints:
        """What each scheme's year leaves to be filled: its deficit, or what of it its balance could not bear (rules A6)."""
        deficit = np.maximum(self.opening - balance, 0)
        left: Ints = np.where(after_balance, np.minimum(deficit, np.maximum(-balance, 0)), deficit)
        return left

    def close(self) -> list[Statement]:
        """Ends the year: what was overspent falls to each scheme's reserve, the rest to next year."""
        statements = [statement(self.budget[s], self.spent[s], int(self.reserve[s])) for s in range(len(SCHEMES))]
        self.carried = np.array([year.carried for year in statements], dtype=np.int64)
        return statements
