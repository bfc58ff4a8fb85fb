"""Each law is broken on purpose, and caught by name, phase and amount."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from model.invariants import Bills, InvariantError, check_after_phase
from model.ledger import AccountKind, Ledger, Memo


@dataclass(frozen=True)
class Paid:
    """Who pays what of each bill."""

    basic: NDArray[np.int64]
    second: NDArray[np.int64]
    supplement: NDArray[np.int64]
    aid: NDArray[np.int64]
    account: NDArray[np.int64]
    patient: NDArray[np.int64]


def parts() -> Paid:
    """Two bills of 100 and 50 fen."""
    columns = {
        "basic": [60, 10],
        "second": [5, 0],
        "supplement": [2, 0],
        "aid": [3, 0],
        "account": [0, 15],
        "patient": [30, 25],
    }
    return Paid(**{name: np.array(column, dtype=np.int64) for name, column in columns.items()})


def bills(**changed: list[int]) -> Bills:
    """The two bills, with some parts replaced."""
    return Bills("stays", np.array([100, 50]), replace(parts(), **{name: np.array(column) for name, column in changed.items()}))


@pytest.fixture
def book() -> Ledger:
    """A book in which the two bills are booked."""
    book, paid = Ledger(2, 1), parts()
    book.post(AccountKind.GOVERNMENT, AccountKind.ACCOUNTS_EMPLOYEE, 40, Memo.OPENING)
    book.post(AccountKind.HOUSEHOLDS, book.provider([0, 1]), paid.patient, Memo.PATIENT_PAY)
    book.post(AccountKind.ACCOUNTS_EMPLOYEE, book.provider([0, 1]), paid.account, Memo.ACCOUNT_PAY)
    book.post(AccountKind.CATASTROPHIC, book.provider([0, 1]), paid.second, Memo.SECOND_LAYER)
    book.post(AccountKind.SUPPLEMENT, book.provider([0, 1]), paid.supplement, Memo.SUPPLEMENT_PAY)
    book.post(AccountKind.AID, book.provider([0, 1]), paid.aid, Memo.AID_PAY)
    return book


def test_a_sound_month_passes(book: Ledger) -> None:
    check_after_phase(
        "benefit",
        book,
        bills=[bills()],
        bills_are_booked=True,
        booked={Memo.FUND_MONTHLY: 0},
        personal_accounts=np.array([20, 5], dtype=np.int32),
        not_negative={"occupancy": np.array([0.0, 1.2]), "nobody": np.array([])},
    )


def _unbalance(book: Ledger) -> None:
    book._balances[3] += 7


def _one_sided(book: Ledger) -> None:
    book._paid[Memo.FINE, 0] += 7


def _overdraw_accounts(book: Ledger) -> None:
    book.post(AccountKind.ACCOUNTS_EMPLOYEE, AccountKind.HOUSEHOLDS, 32, Memo.ACCOUNT_PAY)


def _overdraw_deposit(book: Ledger) -> None:
    book.post(book.deposit(1, 0), book.provider(1), 7, Memo.DEPOSIT_RELEASED)


@pytest.mark.parametrize(
    ("breaking", "law", "by"),
    [
        (_unbalance, "the accounts do not sum to zero", 7),
        (_one_sided, "FINE paid and received differ", 7),
        (_overdraw_accounts, "balance of ACCOUNTS_EMPLOYEE is negative", -7),
        (_overdraw_deposit, "balance of DEPOSIT is negative, first at row 2", -7),
    ],
)
def test_a_broken_book_is_caught(book: Ledger, breaking: Callable[[Ledger], None], law: str, by: int) -> None:
    breaking(book)
    with pytest.raises(InvariantError, match=rf"^after phase settle: {law}.* \(off by {by}\)$") as caught:
        check_after_phase("settle", book)
    assert (caught.value.phase, caught.value.by) == ("settle", by)


@pytest.mark.parametrize(
    ("changed", "law", "by"),
    [
        ({"patient": [30, 26]}, "the parts of stays do not sum to the charge, first at row 1", 1),
        ({"basic": [90, 10], "patient": [0, 25], "second": [5, 0], "aid": [2, 0]}, "the parts of stays do not sum", -1),
        ({"patient": [-1, 25], "basic": [91, 10]}, "patient part of stays is negative, first at row 0", -1),
        ({"account": [0, -2], "basic": [60, 27]}, "account part of stays is negative, first at row 1", -2),
    ],
)
def test_a_broken_bill_is_caught(book: Ledger, changed: dict[str, list[int]], law: str, by: int) -> None:
    with pytest.raises(InvariantError, match=law) as caught:
        check_after_phase("benefit", book, bills=[bills(**changed)])
    assert caught.value.by == by


@pytest.mark.parametrize(
    ("part", "memo"),
    [
        ("second", "SECOND_LAYER"),
        ("supplement", "SUPPLEMENT_PAY"),
        ("aid", "AID_PAY"),
        ("account", "ACCOUNT_PAY"),
        ("patient", "PATIENT_PAY"),
    ],
)
def test_a_part_that_the_book_does_not_show_is_caught(book: Ledger, part: str, memo: str) -> None:
    column = getattr(parts(), part) + np.array([1, 0])
    wrong = bills(**{part: column.tolist(), "basic": [59, 10]})
    with pytest.raises(InvariantError, match=rf"the book shows \d+ fen of {memo}, the bills \d+") as caught:
        check_after_phase("benefit", book, bills=[wrong], bills_are_booked=True)
    assert caught.value.by == -1


def test_a_total_that_the_book_does_not_show_is_caught(book: Ledger) -> None:
    book.post(book.fund(1), book.provider(0), 70, Memo.FUND_MONTHLY)
    check_after_phase("settle", book, booked={Memo.FUND_MONTHLY: 70})
    with pytest.raises(InvariantError, match="70 fen of FUND_MONTHLY, the bills 71"):
        check_after_phase("settle", book, booked={Memo.FUND_MONTHLY: 71})


def test_peoples_accounts_that_differ_from_the_book_are_caught(book: Ledger) -> None:
    with pytest.raises(InvariantError, match=r"people's accounts do not sum to the book's \(off by -1\)"):
        check_after_phase("benefit", book, personal_accounts=np.array([20, 4], dtype=np.int32))


def test_a_negative_column_is_caught(book: Ledger) -> None:
    with pytest.raises(InvariantError, match="stay is negative, first at row 1"):
        check_after_phase("treat", book, not_negative={"stay": np.array([1, -3])})


def test_the_basic_part_is_not_booked_bill_by_bill(book: Ledger) -> None:
    """It is owed through the payment mode, so a month may book none of it."""
    check_after_phase("benefit", book, bills=[bills()], bills_are_booked=True)
    assert book.booked(Memo.FUND_MONTHLY) == 0
