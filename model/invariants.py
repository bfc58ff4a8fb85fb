"""What must hold after every phase, whatever policy and conduct: conservation of money, and signs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from model.ledger import AccountKind, Ledger, Memo

__all__ = ["NEVER_NEGATIVE", "Bills", "InvariantError", "Parts", "check_after_phase"]

Ints = NDArray[np.int64]

NEVER_NEGATIVE = (AccountKind.ACCOUNTS_EMPLOYEE, AccountKind.DEPOSIT)
"""Accounts that hold other people's money, so may not be overdrawn; a fund may, and providers may owe after a clearing."""

PART_MEMOS = {
    "second": Memo.SECOND_LAYER,
    "supplement": Memo.SUPPLEMENT_PAY,
    "aid": Memo.AID_PAY,
    "account": Memo.ACCOUNT_PAY,
    "patient": Memo.PATIENT_PAY,
}
"""Parts of a claim that are paid bill by bill, and what they are booked as. The basic part is owed through the payment mode."""


class InvariantError(RuntimeError):
    """The model broke one of its own laws: a defect of the program, not of its input.

    Attributes:
        phase: the phase after which it was found.
        what: the law.
        by: how much is wrong, in fen, or rows where it is no sum.
    """

    def __init__(self, phase: str, what: str, by: int) -> None:
        super().__init__(phase, what, by)
        self.phase, self.what, self.by = phase, what, by

    def __str__(self) -> str:
        return f"after phase {self.phase}: {self.what} (off by {self.by})"


class Parts(Protocol):
    """Who pays what of each bill, int64 fen: ``benefits.ClaimParts``, or any table with these columns."""

    @property
    def basic(self) -> Ints:
        """Basic insurance."""

    @property
    def second(self) -> Ints:
        """Second layer."""

    @property
    def supplement(self) -> Ints:
        """Supplements."""

    @property
    def aid(self) -> Ints:
        """Medical assistance."""

    @property
    def account(self) -> Ints:
        """Personal account."""

    @property
    def patient(self) -> Ints:
        """Patient."""


@dataclass(frozen=True, eq=False)
class Bills:
    """Some of the month's bills, under a name for messages: their ``charge`` and who pays what of it."""

    name: str
    charge: Ints
    parts: Parts


def check_after_phase(
    phase: str,
    ledger: Ledger,
    *,
    bills: Iterable[Bills] = (),
    bills_are_booked: bool = False,
    booked: Mapping[Memo, int] | None = None,
    personal_accounts: NDArray[Any] | None = None,
    not_negative: Mapping[str, NDArray[Any]] | None = None,
    never_negative: tuple[AccountKind, ...] = NEVER_NEGATIVE,
) -> None:
    """Raises ``InvariantError`` unless all that is given to it is in order.

    Args:
        phase: name of the phase that has just run.
        ledger: the book; always checked: sum zero, both sides of the month's flows equal, no overdrawn account of ``never_negative``.
        bills: tables of bills; parts must not be negative and sum to the charge, bill by bill.
        bills_are_booked: whether ``bills`` are all of the month's and already booked, so that the book must agree with their parts.
        booked: totals that the book must show this month under a memo.
        personal_accounts: balances of all people, which must sum to the book's.
        not_negative: further columns by name.
        never_negative: kinds of account that may not be overdrawn.
    """
    tables = list(bills)
    _check_book(phase, ledger, never_negative)
    for table in tables:
        _check_bills(phase, table)
    totals = dict(booked or {})
    if bills_are_booked:
        totals |= {memo: sum(int(getattr(t.parts, part).sum()) for t in tables) for part, memo in PART_MEMOS.items()}
    for memo, total in totals.items():
        _equal(phase, f"the book shows {ledger.booked(memo)} fen of {memo.name}, the bills {total}", ledger.booked(memo), total)
    if personal_accounts is not None:
        held = int(personal_accounts.sum(dtype=np.int64))
        _equal(phase, "people's accounts do not sum to the book's", held, ledger.balance(AccountKind.ACCOUNTS_EMPLOYEE))
    for name, column in (not_negative or {}).items():
        _check_sign(phase, name, column)


def _equal(phase: str, what: str, found: int, wanted: int) -> None:
    if found != wanted:
        raise InvariantError(phase, what, found - wanted)


def _check_sign(phase: str, name: str, column: NDArray[Any]) -> None:
    """No entry below zero; reports the first and the depth of the worst."""
    if column.size and column.min() < 0:
        row = int(np.argmax(column < 0))
        raise InvariantError(phase, f"{name} is negative, first at row {row}", int(column.min()))


def _check_book(phase: str, ledger: Ledger, never_negative: tuple[AccountKind, ...]) -> None:
    _equal(phase, "the accounts do not sum to zero", ledger.trial_balance(), 0)
    gap = ledger.paid.sum(axis=1) - ledger.received.sum(axis=1)
    if gap.any():
        memo = Memo(int(np.argmax(gap != 0)))
        raise InvariantError(phase, f"{memo.name} paid and received differ", int(gap[memo]))
    for kind in never_negative:
        _check_sign(phase, f"balance of {kind.name}", ledger.balances[ledger.accounts_of(kind)])


def _check_bills(phase: str, bills: Bills) -> None:
    for part in ("basic", *PART_MEMOS):
        _check_sign(phase, f"{part} part of {bills.name}", getattr(bills.parts, part))
    _check_sign(phase, f"charge of {bills.name}", bills.charge)
    parts = bills.parts
    gap = parts.basic + parts.second + parts.supplement + parts.aid + parts.account + parts.patient - bills.charge
    if gap.any():
        row = int(np.argmax(gap != 0))
        raise InvariantError(phase, f"the parts of {bills.name} do not sum to the charge, first at row {row}", int(gap[row]))
