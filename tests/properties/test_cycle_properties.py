"""Laws of the settlement cycle on arbitrary rules and months: nothing is lost, no claw-back is cash, the quote sees what is cleared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from model.cycle import Cycle, cleared
from model.payment import CASES, MEASURES, RECORDED, RESIDUAL, UNITS
from model.settlement import Settlement
from tests.small_market import A_NIGHT, GROUP, N_GROUPS, TIER, market, opened, totals

N = len(TIER)
MODES = ("ffs", "dip", "global_budget", "county_package")
SHARES = st.floats(0, 1).map(lambda share: round(share, 3))


@st.composite
def cycles(draw: st.DrawFn) -> Cycle:
    """Any rules that may stand together."""
    monthly = draw(SHARES)
    low, high = sorted([draw(st.floats(0, 1)), draw(st.floats(0, 1.2))])
    least, full = sorted([draw(st.floats(0, 100)), draw(st.floats(0, 100))])
    return Cycle(
        monthly_share=monthly,
        deposit_share=round((1 - monthly) * draw(SHARES), 6),
        score_points=draw(st.floats(0, 20)),
        assessment_low=low,
        assessment_high=high,
        release_from=full,
        release_loss=draw(st.floats(0, 0.1)),
        release_least=least,
        clearing_lag=draw(st.integers(0, 11)),
        claw_back=draw(st.sampled_from(("at_once", "next_months"))),
        retention_from=draw(SHARES),
        overrun_to=draw(st.floats(1, 2)),
        overrun_share=draw(SHARES),
        overrun_reserve=draw(SHARES),
    )


MONTHS = st.lists(arrays(np.int64, (N, 2), elements=st.one_of(st.just(0), st.integers(0, 10**8))), min_size=1, max_size=14)


def month_of(money: NDArray[np.int64], books: Settlement) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Totals and recorded money of a month in which each provider's cases record ``money[provider, scheme]``."""
    month, holder = totals(N + N_GROUPS), books.instances[0].holder_of(GROUP)
    for provider in np.flatnonzero(holder >= 0):
        own = month[holder[provider]]
        own[:, UNITS] += money[provider]
        own[:, CASES] += 1
        own[:, RECORDED] += money[provider]
        own[:, RESIDUAL] += np.floor(money[provider] / 3)
    return month, np.where(holder[:, None] >= 0, money, 0.0)


@pytest.mark.parametrize("mode", MODES)
@A_NIGHT
@given(cycle=cycles(), months=MONTHS, found=arrays(np.int64, N, elements=st.integers(0, 20)))
def test_what_is_paid_held_and_waiting_is_what_is_owed(mode: str, cycle: Cycle, months: list[Any], found: NDArray[np.int64]) -> None:
    """Every month, for every provider, over years that begin anew; and in the end, when the books are wound up, paid is owed."""
    books = opened(market(mode, cycle=cycle))
    instance = books.instances[0]
    owed, cash, fund = (np.zeros((N, 2), dtype=np.int64) for _ in range(3))
    for index, money in enumerate(months):
        books.assess(np.full(N, 20.0), found.astype(float) * (index + 1) / len(months))
        month, recorded = month_of(money, books)
        owed += books.accrue([month], [recorded])[0]
        (moved,) = books.pay_month(books.elapsed == 12)
        cash += moved.cash
        fund += moved.fund
        open_year = np.zeros_like(owed) if instance.book.cleared else instance.due.net - instance.book.paid
        unpaid_deposit = np.zeros_like(owed) if instance.book.cleared else instance.book.deposit
        assert np.array_equal(cash + instance.book.to_come + open_year, owed)
        assert np.array_equal(fund, cash + instance.book.held)
        assert (instance.book.held >= unpaid_deposit).all()
        assert (moved.monthly >= 0).all()
        if cycle.claws_back_later:
            assert (moved.cash >= 0).all()
        if books.elapsed == 12:
            opened(books)
    (moved,) = books.wind_up()
    assert np.array_equal(cash + moved.cash, owed)
    assert np.array_equal(fund + moved.fund, owed)
    assert not instance.book.held.any()
    assert not instance.book.to_come.any()


@A_NIGHT
@given(months=MONTHS, rules=cycles())
def test_without_bands_and_coefficients_a_budget_is_exhausted_to_the_fen(months: list[Any], rules: Cycle) -> None:
    """Whatever is paid when: deposit, lag and claw-back move money in time only."""
    cycle = Cycle(
        monthly_share=rules.monthly_share, deposit_share=rules.deposit_share, clearing_lag=rules.clearing_lag, claw_back=rules.claw_back
    )
    books = opened(market("dip", cycle=cycle))
    cash = np.zeros((N, 2), dtype=np.int64)
    for money in (months * 12)[:12]:
        month, recorded = month_of(money + 1, books)
        books.accrue([month], [recorded])
        cash += books.pay_month(books.elapsed == 12)[0].cash
    cash += books.wind_up()[0].cash
    assert np.array_equal(cash.sum(axis=0), np.rint(books.instances[0].terms.budget))


@A_NIGHT
@given(cycle=cycles(), payable=st.integers(1, 10**9), ratio=st.floats(0, 3), step=st.floats(0, 1e-6))
def test_between_the_lines_a_clearing_has_no_jumps(cycle: Cycle, payable: int, ratio: float, step: float) -> None:
    """A step of recorded money moves what is cleared by no more than itself, but for the one jump at the lower line."""
    a, b = ratio * payable, (ratio + step) * payable
    low, high = (float(cleared(np.array([float(payable)]), np.array([x]), cycle)[0]) for x in (a, b))
    assert high >= low - 1e-6
    if not (a < cycle.retention_from * payable <= b):
        assert high - low <= b - a + 1e-6
    else:
        assert high >= payable - 1e-6


@pytest.mark.parametrize("mode", MODES)
@A_NIGHT
@given(cycle=cycles(), money=arrays(np.int64, (N, 2), elements=st.integers(1, 10**8)), step=st.integers(1, 10**5))
def test_a_quote_is_the_difference_that_a_clearing_would_make(mode: str, cycle: Cycle, money: NDArray[np.int64], step: int) -> None:
    """Quoted for one holder's changed totals = cleared for them, less what is lost of the deposit, everybody else as posted.

    Where a reserve is shared out, others' overruns are those posted; so with a floating value the two agree only to its second order.
    """
    books = opened(market(mode, cycle=cycle))
    instance = books.instances[0]
    books.assess(np.full(N, 100.0), np.array([0.0, 4.0, 9.0, 30.0]))
    posted, recorded = month_of(money, books)
    books.post([posted])
    holder = int(instance.holder_of(GROUP)[1])
    change = np.zeros((1, 2, len(MEASURES)))
    change[0, 0, [UNITS, CASES, RECORDED]] = step
    quoted = float(books.quoted(0, np.array([holder]), change)[0])
    instance.year_totals, instance.recorded = posted.copy(), recorded
    instance.year_totals[holder] += change[0]
    books.elapsed = 12
    members = instance.holder_of(GROUP) == holder
    settled = books.due(instance).net[members].sum()
    loose = 0.02 if mode == "dip" and cycle.shares_overruns else 0.0
    assert settled == pytest.approx(quoted, abs=8 + loose * abs(quoted), rel=1e-9)
