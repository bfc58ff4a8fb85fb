"""The book: numbering of accounts, posting, what is refused, reading back."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from model.ledger import AccountKind, Ledger, Memo


@pytest.fixture
def book() -> Ledger:
    """Three providers, two groups."""
    return Ledger(3, 2)


def test_every_account_has_one_number(book: Ledger) -> None:
    numbers = np.concatenate([book.accounts_of(kind) for kind in AccountKind])
    assert sorted(numbers) == list(range(book.n_accounts))
    assert book.n_accounts == 10 + 3 + 2 + 2 * 3 * 2
    assert book.fund([0, 1]).tolist() == [AccountKind.FUND_EMPLOYEE, AccountKind.FUND_RESIDENT]
    assert book.accounts_of(AccountKind.PROVIDER).tolist() == book.provider([0, 1, 2]).tolist()
    assert book.accounts_of(AccountKind.GROUP).tolist() == book.group([0, 1]).tolist()
    assert book.accounts_of(AccountKind.ADVANCE).tolist() == book.advance([0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1]).tolist()
    assert book.accounts_of(AccountKind.DEPOSIT).tolist() == book.deposit([0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1]).tolist()


def test_money_leaves_the_debited_and_reaches_the_credited(book: Ledger) -> None:
    book.post(book.fund(1), book.provider([0, 2, 0]), np.array([100, 50, 7]), Memo.FUND_MONTHLY)
    assert book.balances[book.provider([0, 1, 2])].tolist() == [107, 0, 50]
    assert book.balance(book.fund(1)) == -157
    assert book.spent(book.fund(1)) == book.spent(book.fund(1), Memo.FUND_MONTHLY) == 157
    assert book.spent(book.fund(1), Memo.RECOVERY) == 0
    assert book.income(book.provider(0), Memo.FUND_MONTHLY, Memo.FUND_CLEARING) == 107
    assert book.booked(Memo.FUND_MONTHLY) == 157
    assert book.trial_balance() == 0


def test_both_sides_may_be_rows(book: Ledger) -> None:
    book.post(book.fund([0, 1, 1]), book.deposit([0, 0, 1], [0, 1, 1]), [1, 2, 3], Memo.DEPOSIT_HELD)
    assert book.balances[book.fund([0, 1])].tolist() == [-1, -5]
    assert book.by_kind()[AccountKind.DEPOSIT] == 6
    assert sum(book.by_kind().values()) == 0


def test_a_scalar_amount_and_an_empty_posting(book: Ledger) -> None:
    book.post(AccountKind.GOVERNMENT, AccountKind.AID, 5, Memo.AID_BUDGET)
    book.post(book.fund(0), np.array([], dtype=np.int64), np.array([], dtype=np.int64), Memo.FUND_MONTHLY)
    book.post([], [], [], Memo.FUND_MONTHLY)
    assert book.balance(AccountKind.AID) == 5
    assert book.booked(Memo.FUND_MONTHLY) == 0


@pytest.mark.parametrize("amounts", [[-1], [1, -1], [1.0], [float("nan")], [True], [[1]], ["1"], np.array([2**63], dtype=np.uint64)])
def test_wrong_amounts_are_refused(book: Ledger, amounts: Any) -> None:
    before = book.balances.copy()
    with pytest.raises(ValueError, match="amounts"):
        book.post(book.fund(0), book.provider(0), amounts, Memo.FINE)
    assert np.array_equal(book.balances, before)


@pytest.mark.parametrize("credit", [[8], [8, 9, 10], [[8, 9]], [8, 99], [8, -1], [8.0, 9.0], 27])
def test_wrong_accounts_are_refused_and_nothing_is_booked(book: Ledger, credit: Any) -> None:
    with pytest.raises(ValueError, match="account"):
        book.post(book.fund(0), credit, [1, 2], Memo.FINE)
    assert not book.balances.any()


def test_codes_outside_their_lists_are_refused(book: Ledger) -> None:
    with pytest.raises(ValueError, match="scheme must lie in 0..1"):
        book.fund(2)
    with pytest.raises(ValueError, match="provider must lie in 0..2"):
        book.provider([0, 3])
    with pytest.raises(ValueError, match="group must lie in 0..1"):
        book.group(-1)
    with pytest.raises(ValueError, match="99 is not a valid Memo"):
        book.post(0, 1, [1], 99)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="cannot be opened"):
        Ledger(-1, 0)


def test_a_new_month_forgets_flows_and_keeps_balances(book: Ledger) -> None:
    book.post(AccountKind.HOUSEHOLDS, book.fund(1), [10], Memo.PREMIUM)
    book.start_month()
    assert not book.paid.any()
    assert not book.received.any()
    assert book.balance(book.fund(1)) == 10


@pytest.mark.parametrize("name", ["balances", "paid", "received"])
def test_the_book_is_written_by_posting_only(book: Ledger, name: str) -> None:
    with pytest.raises(ValueError, match="read-only"):
        getattr(book, name)[...] = 1


def test_it_pickles(book: Ledger) -> None:
    book.post(AccountKind.HOUSEHOLDS, book.fund(1), [10], Memo.PREMIUM)
    twin = pickle.loads(pickle.dumps(book))
    twin.post(AccountKind.HOUSEHOLDS, twin.fund(1), [1], Memo.PREMIUM)
    assert (book.balance(book.fund(1)), twin.balance(twin.fund(1))) == (10, 11)
    assert twin.booked(Memo.PREMIUM) == 11
