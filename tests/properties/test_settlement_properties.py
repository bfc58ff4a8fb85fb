"""Laws of settlement on arbitrary totals and months: money is exact, no month takes money back, the year pays what is owed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from model.payment import CASES, CHARGE, IN_SCOPE, MEASURES, OUTFLOW, RECORDED, RESIDUAL, UNITS, list_modes
from model.payment.dip import Dip, DipTerms
from model.settlement import Settlement, round_to_total
from tests.small_market import A_NIGHT, GROUP, N_GROUPS, TIER, market, opened, totals

N = len(TIER)
HOLDERS = N + N_GROUPS
MOST = 10**12
"""Fen a provider and month: ten billion yuan."""


def amounts(*shape: int, most: int = MOST) -> st.SearchStrategy[NDArray[np.float64]]:
    """Whole amounts, as totals hold them."""
    return arrays(np.int64, shape, elements=st.one_of(st.just(0), st.integers(0, 100), st.integers(0, most))).map(lambda a: a.astype(float))


def month_of(mode: str, money: NDArray[np.float64], books: Settlement) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Totals and recorded money of a month in which each provider's cases record ``money[provider, scheme]``."""
    month = totals(HOLDERS)
    holder = books.instances[0].holder_of(GROUP)
    for provider in np.flatnonzero(holder >= 0):
        own = month[holder[provider]]
        own[:, UNITS] += money[provider] / 7 if mode == "dip" else money[provider]
        own[:, CASES] += np.ceil(money[provider] / 1e6)
        own[:, RECORDED] += money[provider]
        own[:, RESIDUAL] += np.floor(money[provider] / 3)
        own[:, IN_SCOPE] += money[provider] + np.floor(money[provider] / 3)
        own[:, CHARGE] += 2 * money[provider]
    month[N:, :, OUTFLOW] = month[:N, :, RECORDED].mean(axis=0)
    return month, np.where(holder[:, None] >= 0, money, 0.0)


@A_NIGHT
@given(amounts(5, most=10**14), st.integers(1, 10**6))
def test_rounding_keeps_the_sum_and_moves_nobody_by_a_fen(whole: NDArray[np.float64], parts: int) -> None:
    exact = whole / parts
    rounded = round_to_total(exact)
    assert rounded.dtype == np.int64
    assert rounded.sum() == np.rint(exact.sum())
    assert (np.abs(rounded - exact) < 1).all()


@A_NIGHT
@given(amounts(5))
def test_whole_amounts_are_left_as_they_are(whole: NDArray[np.float64]) -> None:
    assert np.array_equal(round_to_total(whole), whole)
    assert np.array_equal(round_to_total(-whole), -whole)


@A_NIGHT
@given(amounts(HOLDERS, 2), amounts(HOLDERS, 2), st.tuples(st.integers(0, MOST), st.integers(0, MOST)))
def test_a_floating_value_pays_out_the_budget_to_the_fen(points: Any, residual: Any, budget: tuple[int, int]) -> None:
    books = market(Dip())
    instance = books.instances[0]
    instance.terms = DipTerms(points=np.ones(1), coefficient=np.ones(3), mean_cost=1.0, budget=np.array(budget, dtype=float))
    points[N:] = residual[N:] = 0.0  # groups are nobody under this mode
    points[:, :] += (residual > 0) * 1.0
    instance.year_totals = totals(HOLDERS, units=points, residual=residual)
    books.elapsed = 12
    owed = books.owed(instance)
    for scheme in range(2):
        if points[:, scheme].sum() > 0:
            assert owed[:, scheme].sum() == budget[scheme]
        else:
            assert not owed[:, scheme].any()


@A_NIGHT
@given(amounts(HOLDERS, 2, most=10**9), st.integers(1, 12))
def test_part_of_a_year_pays_out_that_part_of_the_budget(points: Any, elapsed: int) -> None:
    books = market(Dip())
    instance = books.instances[0]
    instance.terms = DipTerms(points=np.ones(1), coefficient=np.ones(3), mean_cost=1.0, budget=np.array([120.0, 12e11]))
    points[0] += 1.0
    points[N:] = 0.0  # groups are nobody under this mode
    instance.year_totals = totals(HOLDERS, units=points)
    books.elapsed = elapsed
    assert books.owed(instance).sum(axis=0).tolist() == [10 * elapsed, 10**11 * elapsed]


@pytest.mark.parametrize("mode", list_modes())
@A_NIGHT
@given(months=st.lists(amounts(N, 2), min_size=1, max_size=12))
def test_months_never_take_back_and_the_year_sums_to_what_is_owed(mode: str, months: list[NDArray[np.float64]]) -> None:
    books = opened(market(mode))
    instance = books.instances[0]
    accrued, paid = np.zeros((N, 2), dtype=np.int64), np.zeros((N, 2), dtype=np.int64)
    for index, money in enumerate(months):
        month, recorded = month_of(mode, money, books)
        (added,) = books.accrue([month], [recorded])
        accrued += added
        last = index == len(months) - 1
        due = books.pay_month(last)[0].cash
        assert due.dtype == added.dtype == np.int64
        assert last or (due >= 0).all()
        paid += due
    owed = books.due(instance).net
    assert np.array_equal(paid, owed)
    assert np.array_equal(accrued, owed)
    assert np.array_equal(paid, instance.book.paid)


@pytest.mark.parametrize("mode", list_modes())
@A_NIGHT
@given(money=amounts(N, 2), elapsed=st.integers(1, 12))
def test_what_providers_are_owed_is_what_their_holders_are_owed(mode: str, money: NDArray[np.float64], elapsed: int) -> None:
    books = opened(market(mode))
    instance = books.instances[0]
    instance.year_totals, instance.recorded = month_of(mode, money, books)
    books.elapsed = elapsed
    owed, shared = books.owed(instance), books.due(instance).net
    if not instance.by_group:
        assert np.array_equal(shared, owed[:N])
        return
    for group in range(N_GROUPS):
        assert np.array_equal(shared[group == GROUP].sum(axis=0), owed[N + group])
    assert not shared[GROUP < 0].any()


@pytest.mark.parametrize("mode", list_modes())
@A_NIGHT
@given(money=amounts(N, 2, most=10**9), step=st.integers(1, 10**6))
def test_a_quote_is_the_difference_that_settlement_would_make(mode: str, money: NDArray[np.float64], step: int) -> None:
    """Quoted for changed totals of one holder = settled for them, everybody else as posted."""
    books = opened(market(mode))
    instance = books.instances[0]
    posted, _ = month_of(mode, money + 1000.0, books)
    books.post([posted])
    holder = int(instance.holder_of(GROUP)[1])
    change = np.zeros((1, 2, len(MEASURES)))
    change[0, 0, [UNITS, CASES, RECORDED]] = step
    quoted = books.quoted(0, np.array([holder]), change)[0]
    instance.year_totals = posted.copy()
    instance.year_totals[holder] += change[0]
    books.elapsed = 12
    assert books.owed(instance)[holder].sum() == pytest.approx(quoted, abs=2, rel=1e-9)
