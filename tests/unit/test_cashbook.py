"""One hospital's book by hand: what months pay and hold, what waits, what is lost, what is owed back."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from model.cashbook import Cashbook, Owed, Payment
from model.cycle import Cycle, advance_of, assessment, released, score_of
from model.errors import InputError

ONE = (1, 1)
FUJIAN = Cycle(release_from=80, release_loss=0.03, release_least=60)


def fen(amount: int) -> NDArray[np.int64]:
    return np.full(ONE, amount, dtype=np.int64)


def owed(entitled: int, granted: int | None = None, deposit: int = 0, forfeited: int = 0) -> Owed:
    return Owed(fen(entitled), fen(entitled if granted is None else granted), fen(deposit), fen(forfeited))


def parts(payment: Payment) -> list[int]:
    """Monthly, clearing, held, released, forfeited."""
    return [int(getattr(payment, name)[0, 0]) for name in ("monthly", "clearing", "held", "released", "forfeited")]


def test_a_month_pays_its_share_and_holds_another() -> None:
    book, cycle = Cashbook(ONE), Cycle(monthly_share=0.9, deposit_share=0.05)
    assert parts(book.pay(owed(1000, deposit=50), cycle, clearing=False)) == [900, 0, 50, 0, 0]
    assert parts(book.pay(owed(3000, deposit=150), cycle, clearing=False)) == [1800, 0, 100, 0, 0]
    assert book.held.item() == 150


def test_a_clearing_pays_the_rest_and_returns_what_the_score_leaves_of_the_deposit() -> None:
    book, cycle = Cashbook(ONE), Cycle(monthly_share=0.9, deposit_share=0.05)
    book.pay(owed(1000, deposit=50), cycle, clearing=False)
    moved = book.pay(owed(1000, deposit=50, forfeited=12), cycle, clearing=True)
    assert parts(moved) == [0, 50, 0, 38, 12]
    assert moved.cash.item() == 88
    assert moved.fund.item() == 38
    assert book.paid.item() == 988
    assert not book.held.any()


def test_a_clearing_that_waits_is_paid_after_its_months_beside_the_new_year_s() -> None:
    book, cycle = Cashbook(ONE), Cycle(monthly_share=0.9, deposit_share=0.05, clearing_lag=2)
    assert parts(book.pay(owed(1000, deposit=50, forfeited=10), cycle, clearing=True)) == [900, 0, 50, 0, 0]
    assert book.to_come.item() == 50 + 40
    book.open_year()
    assert parts(book.pay(owed(200, deposit=10), cycle, clearing=False)) == [180, 0, 10, 0, 0]
    assert book.held.item() == 60
    assert parts(book.pay(owed(200, deposit=10), cycle, clearing=False)) == [0, 50, 0, 40, 10]
    assert book.held.item() == 10
    assert not book.to_come.any()


def test_what_a_clearing_takes_back_is_taken_from_the_next_months() -> None:
    book, cycle = Cashbook(ONE), Cycle(monthly_share=1.0, claw_back="next_months")
    book.pay(owed(1000), cycle, clearing=False)
    assert parts(book.pay(owed(1000, granted=700), cycle, clearing=True)) == [0, 0, 0, 0, 0]
    assert book.debt.item() == 300
    book.open_year()
    assert [book.pay(owed(due), cycle, clearing=False).cash.item() for due in (200, 400, 500)] == [0, 100, 100]
    assert not book.debt.any()


def test_what_a_clearing_takes_back_is_paid_at_once_where_nothing_is_said() -> None:
    book = Cashbook(ONE)
    book.pay(owed(1000), Cycle(), clearing=False)
    assert parts(book.pay(owed(1000, granted=700), Cycle(), clearing=True)) == [0, -300, 0, 0, 0]


def test_a_book_that_is_wound_up_owes_nothing_and_is_owed_nothing() -> None:
    """A clearing of 50 and a deposit of 50 wait, 20 are still owed back, and 300 of the new year are entitled, of which 200 are paid."""
    book, cycle = Cashbook(ONE), Cycle(monthly_share=0.9, deposit_share=0.05, clearing_lag=5, claw_back="next_months")
    book.pay(owed(1000, deposit=50), cycle, clearing=True)
    book.open_year()
    book.debt = fen(200)
    book.pay(owed(200, deposit=10), cycle, clearing=False)
    assert book.debt.item() == 20
    moved = book.wind_up(owed(300, deposit=15, forfeited=3))
    assert parts(moved) == [0, 50 + (300 - 180 - 15) - 20, 5, 50 + 12, 3]
    assert not book.held.any()
    assert not book.to_come.any()


def test_what_audits_take_comes_off_the_next_months_or_off_the_clearing() -> None:
    monthly, yearly, cycle = Cashbook(ONE), Cashbook(ONE), Cycle(monthly_share=0.9)
    monthly.deduct(fen(1000), at_clearing=False)
    yearly.deduct(fen(1000), at_clearing=True)
    assert monthly.to_come.item() == yearly.to_come.item() == -1000
    assert [monthly.pay(owed(due), cycle, clearing=False).cash.item() for due in (1000, 2000)] == [0, 800]
    assert [yearly.pay(owed(due), cycle, clearing=False).cash.item() for due in (1000, 2000)] == [900, 900]
    assert monthly.pay(owed(2000), cycle, clearing=True).cash.item() == 200
    assert yearly.pay(owed(2000), cycle, clearing=True).cash.item() == -800
    yearly.deduct(fen(5), at_clearing=True)
    assert yearly.wind_up(owed(2000)).cash.item() == -5


def test_an_advance_is_lent_until_the_clearing_even_if_that_waits() -> None:
    book, cycle = Cashbook(ONE), Cycle(monthly_share=0.9, clearing_lag=3)
    lent = book.advance(fen(80))
    assert lent.advanced.item() == 80
    assert not lent.cash.any()
    assert not book.pay(owed(500), cycle, clearing=False).returned.any()
    assert book.pay(owed(1000), cycle, clearing=True).returned.item() == 80
    assert not book.advanced.any()
    book.open_year()
    book.advance(fen(70))
    assert book.wind_up(owed(0)).returned.item() == 70


@pytest.mark.parametrize(("spent", "score", "lent"), [(12_000, 100, 1500), (12_000, 60, 900), (-12_000, 100, 0), (13, 100, 1)])
def test_an_advance_is_so_many_months_of_last_year_times_credit(spent: int, score: float, lent: int) -> None:
    assert advance_of(np.array([spent]), np.array([score]), Cycle(advance_months=1.5)).item() == lent


@pytest.mark.parametrize(("score", "part"), [(100, 1.0), (80, 1.0), (79, 0.97), (60, 0.4), (59.9, 0.0), (0, 0.0)])
def test_a_deposit_is_released_by_score(score: float, part: float) -> None:
    assert released(np.array([score]), FUJIAN).item() == pytest.approx(part)


def test_without_rules_nothing_depends_on_a_score() -> None:
    assert not Cycle().assesses
    assert not Cycle(deposit_share=0.05, monthly_share=0.9).assesses
    assert released(np.array([0.0]), Cycle()).item() == 1
    assert assessment(np.array([0.0]), Cycle()).item() == 1


def test_a_score_falls_with_the_share_of_cases_found_distorted() -> None:
    cases, found = np.array([100.0, 100.0, 0.0, 10.0]), np.array([0.0, 3.0, 0.0, 10.0])
    assert score_of(cases, found, Cycle()).tolist() == [100, 97, 100, 0]
    assert score_of(cases, found, Cycle(score_points=5)).tolist() == [100, 85, 100, 0]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (
            {"monthly_share": 0.95, "deposit_share": 0.1},
            "cycle.deposit_share: months and deposit are more than the whole: found 0.1",
        ),
        ({"release_from": 60, "release_least": 80}, "cycle.release_from"),
    ],
)
def test_rules_that_cannot_hold_together_are_refused(rules: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Cycle(**rules)  # type: ignore[arg-type]


def test_ninety_five_and_five_hundredths_are_the_whole() -> None:
    assert Cycle(monthly_share=0.95, deposit_share=0.05).deposit_share == 0.05
