"""What holds of budgets for any income, reserve, shares and spending: nothing is lost, nothing moves between schemes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.financing import PARTS, BudgetRule, Insured, Rates, budget_parts, income_of, statement, sub_budgets, usable
from model.fund_year import FundYear

MONEY = st.integers(0, 10**14)
SHARE = st.integers(0, 10**6).map(lambda ppm: ppm / 1e6)


@st.composite
def shares(draw: st.DrawFn, most: int = 10**6) -> list[float]:
    """Shares of the named parts that together are no more than one."""
    cuts = sorted(draw(st.lists(st.integers(0, most), min_size=len(PARTS) - 1, max_size=len(PARTS) - 1)))
    return [float(width) / 1e6 for width in np.diff([0, *cuts])]


@given(MONEY, shares())
def test_sub_budgets_sum_to_the_usable_money(money: int, given_shares: list[float]) -> None:
    parts = sub_budgets(money, given_shares)
    assert parts.sum() == money
    exact = np.array([*given_shares, 1 - sum(given_shares)]) * money
    assert (np.abs(parts - exact) < 1 + 1e-9 * money).all()
    assert parts.min() >= 0


@given(MONEY, SHARE)
def test_usable_and_reserve_are_the_income(income: int, reserve: float) -> None:
    assert 0 <= usable(income, reserve) <= income
    assert abs(income - usable(income, reserve) - income * reserve) <= 0.5 + 1e-9 * income


@given(MONEY, SHARE, shares(), st.sets(st.sampled_from(PARTS[1:])), st.lists(st.integers(0, 10**12), min_size=5, max_size=5))
def test_a_year_by_income_gives_out_exactly_what_is_usable(
    income: int, reserve: float, widths: list[float], names: set[str], spent: list[int]
) -> None:
    chosen = tuple((name, width) for name, width in zip(PARTS[1:], widths, strict=True) if name in names)
    parts = budget_parts(BudgetRule("income", 0.0, reserve, 0.0, chosen), income, np.array(spent), 0)
    assert parts.sum() == usable(income, reserve)
    assert parts.min() >= 0


@given(st.lists(MONEY, min_size=5, max_size=5), st.lists(MONEY, min_size=5, max_size=5), MONEY)
def test_overspending_falls_on_the_reserve_and_then_on_next_year(budget: list[int], spent: list[int], reserve: int) -> None:
    year = statement(np.array(budget), np.array(spent), reserve)
    assert year.from_reserve + year.carried == year.over.sum() == sum(max(s - b, 0) for b, s in zip(budget, spent, strict=True))
    assert 0 <= year.from_reserve <= reserve
    assert year.carried == 0 or year.from_reserve == reserve


@given(st.lists(st.integers(0, 10**12), min_size=20, max_size=20), MONEY, MONEY, SHARE)
def test_modes_together_get_the_usable_money_of_their_scheme(base: list[int], one: int, other: int, reserve: float) -> None:
    """Whatever the modes, budgets are each scheme's own income: modes' bases times their factors sum to it."""
    books = FundYear(np.array(base).reshape(2, 2, 5))
    rules = [BudgetRule("income", 0.0, reserve, 0.0)] * 2
    books.open(rules, np.array([one, other]), 0, np.zeros(2, dtype=np.int64))
    money = sum(books.base[mode].sum(axis=1) * books.factor(mode) for mode in range(2))
    for scheme, income in enumerate((one, other)):
        if books.base[:, scheme].any():
            np.testing.assert_allclose(money[scheme], usable(income, reserve), rtol=1e-9, atol=1e-6)
        assert books.reserve[scheme] == income - usable(income, reserve)


@given(st.lists(st.integers(-(10**10), 10**12), min_size=4, max_size=4), st.lists(st.integers(0, 10**12), min_size=20, max_size=20))
def test_spending_is_divided_among_parts_without_loss(settled: list[int], recorded: list[int]) -> None:
    books = FundYear(np.zeros((2, 2, 5), dtype=np.int64))
    owed = np.array(settled).reshape(2, 2)
    books.spend(list(owed), np.array(recorded).reshape(2, 2, 5))
    assert books.spent.sum(axis=1).tolist() == owed.sum(axis=0).tolist()


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**12), st.integers(0, 10**6))
def test_every_fen_of_a_month_s_premiums_goes_to_an_account_or_to_the_pool(
    unit: int, own: int, account: int, bases: int, retired: int
) -> None:
    rates = Rates(1, 1.0, 1.0, unit, own, 10**6, account, 100, 28_000, 58_000, (7000, 7000))
    insured = Insured(10, retired, 30, bases)
    credited = bases * rates.account_rate // 10**6 + retired * 100
    month = income_of(rates, insured, credited)
    assert month.own + month.employer == credited
    assert month.employer + month.pooled == (bases * unit + 500_000) // 10**6
    assert month.pools[1] == month.premium + month.subsidy - month.layer[1]
