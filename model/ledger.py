"""The city's double-entry book in integer fen: every yuan leaves one account and reaches another."""

from __future__ import annotations

from enum import IntEnum, auto
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.codes import SCHEMES

__all__ = ["AccountKind", "Ledger", "Memo"]

Ints = NDArray[np.int64]
N_SCHEMES = len(SCHEMES)


class AccountKind(IntEnum):
    """Kinds of account. Those before ``PROVIDER`` are one account each, whose number is the code itself; the rest are many."""

    FUND_EMPLOYEE = 0
    FUND_RESIDENT = 1
    ACCOUNTS_EMPLOYEE = 2
    CATASTROPHIC = 3
    AID = 4
    GOVERNMENT = 5
    EMPLOYERS = 6
    HOUSEHOLDS = 7
    COUNTY_GOVERNMENTS = 8
    SUPPLEMENT = 9
    PROVIDER = 10
    GROUP = 11
    DEPOSIT = 12
    ADVANCE = 13


class Memo(IntEnum):
    """Why money moved, with the way it usually takes."""

    OPENING = 0
    """Balances from before the book was opened."""
    PREMIUM = auto()
    """Employers, households → fund."""
    SUBSIDY = auto()
    """Government → fund."""
    ACCOUNT_CREDIT = auto()
    """Households or fund → personal accounts."""
    PATIENT_PAY = auto()
    """Households → provider."""
    ACCOUNT_PAY = auto()
    """Personal accounts → provider."""
    SECOND_LAYER = auto()
    """Catastrophic or large-expense insurer → provider."""
    SUPPLEMENT_PAY = auto()
    """Payers of the supplements (civil servants', the poor's, fourth reimbursement) → provider."""
    AID_PAY = auto()
    """Medical assistance → provider."""
    FUND_MONTHLY = auto()
    """Fund → provider, the month's payment."""
    FUND_CLEARING = auto()
    """Fund ↔ provider, the year's clearing."""
    PACKAGE_TO_GROUP = auto()
    """Fund → medical group, per head."""
    GROUP_TO_MEMBER = auto()
    """Medical group → provider."""
    GROUP_CLEARING = auto()
    """Fund ↔ medical group, the year's clearing."""
    RECOVERY = auto()
    """Provider → fund, after audit."""
    FINE = auto()
    """Provider → government, or fund where the rule says so."""
    CATASTROPHIC_PREMIUM = auto()
    """Fund → catastrophic insurer."""
    SUPPLEMENT_BUDGET = auto()
    """Government → payers of the supplements, what they have paid."""
    AID_BUDGET = auto()
    """Government → medical assistance."""
    INTEREST = auto()
    """Government → fund (banks are not modelled)."""
    DEPOSIT_HELD = auto()
    """Fund → deposit: owed to a provider, kept back."""
    DEPOSIT_RELEASED = auto()
    """Deposit → provider, or back to the fund where forfeited."""
    ADVANCE_PAID = auto()
    """Advance → provider, lent in January; the advance account then stands below zero by what providers owe."""
    ADVANCE_RETURNED = auto()
    """Provider → advance, at the year's end."""
    REWARD = auto()
    """Fund → provider or group, for quality."""
    EPIDEMIC_ADVANCE = auto()
    """Fund → provider in an epidemic, outside of settlement, and back."""
    GAP = auto()
    """Government and county governments → fund, for the gap of a year."""
    COMPLAINT_REWARD = auto()
    """Government → households, for complaints that were true."""
    CLAIM_HELD = auto()
    """Provider → fund: what claims that fail a rule before payment would have brought this month."""
    CLAIM_RELEASED = auto()
    """Fund → provider: what was held, once the claims are reviewed."""


class Ledger:
    """All accounts of a city, their balances, and the month's flows by memo.

    A balance is what an account has received less what it has paid, so that all balances sum to zero. Accounts are numbered: the single
    ones by ``AccountKind``, then providers, medical groups, and one held deposit and one advance a provider and scheme.

    Args:
        n_providers: number of institutions.
        n_groups: number of medical groups.
    """

    def __init__(self, n_providers: int, n_groups: int) -> None:
        if n_providers < 0 or n_groups < 0:
            raise ValueError(f"a book of {n_providers} providers and {n_groups} groups cannot be opened")
        self.n_providers = n_providers
        self.n_groups = n_groups
        self._first_group = int(AccountKind.PROVIDER) + n_providers
        self._first_deposit = self._first_group + n_groups
        self._first_advance = self._first_deposit + n_providers * N_SCHEMES
        self.n_accounts = self._first_advance + n_providers * N_SCHEMES
        self._balances = np.zeros(self.n_accounts, dtype=np.int64)
        self._paid = np.zeros((len(Memo), self.n_accounts), dtype=np.int64)
        self._received = np.zeros((len(Memo), self.n_accounts), dtype=np.int64)

    # Numbers of accounts

    def fund(self, scheme: ArrayLike) -> Ints:
        """Pooled fund of each scheme code."""
        return _numbers(scheme, N_SCHEMES, "scheme") + int(AccountKind.FUND_EMPLOYEE)

    def provider(self, provider: ArrayLike) -> Ints:
        """Account of each provider."""
        return _numbers(provider, self.n_providers, "provider") + int(AccountKind.PROVIDER)

    def group(self, group: ArrayLike) -> Ints:
        """Account of each medical group."""
        return _numbers(group, self.n_groups, "group") + self._first_group

    def deposit(self, provider: ArrayLike, scheme: ArrayLike) -> Ints:
        """Account of what is held back from each provider in each scheme."""
        return self._place(provider, scheme) + self._first_deposit

    def advance(self, provider: ArrayLike, scheme: ArrayLike) -> Ints:
        """Account of what each provider has been lent in advance in each scheme: the fund's claim, below zero while it is out."""
        return self._place(provider, scheme) + self._first_advance

    def _place(self, provider: ArrayLike, scheme: ArrayLike) -> Ints:
        return _numbers(provider, self.n_providers, "provider") * N_SCHEMES + _numbers(scheme, N_SCHEMES, "scheme")

    def accounts_of(self, kind: AccountKind) -> Ints:
        """Numbers of all accounts of one kind."""
        first = {
            AccountKind.GROUP: self._first_group,
            AccountKind.DEPOSIT: self._first_deposit,
            AccountKind.ADVANCE: self._first_advance,
        }
        many = {
            AccountKind.PROVIDER: self.n_providers,
            AccountKind.GROUP: self.n_groups,
            AccountKind.DEPOSIT: self.n_providers * N_SCHEMES,
            AccountKind.ADVANCE: self.n_providers * N_SCHEMES,
        }
        start = first.get(kind, int(kind))
        return np.arange(start, start + many.get(kind, 1), dtype=np.int64)

    # Booking

    def post(self, debit: ArrayLike, credit: ArrayLike, amounts: ArrayLike, memo: Memo) -> None:
        """Moves each amount (fen, not negative) from its debited account, which pays, to its credited account, which receives.

        ``debit`` and ``credit`` are account numbers, one for all amounts or one each. A posting that is refused books nothing.
        """
        why = Memo(memo)
        amount = _amounts(amounts)
        payer = self._accounts(debit, amount.size, "debit")
        payee = self._accounts(credit, amount.size, "credit")
        for accounts, sign, flows in ((payer, -1, self._paid[why]), (payee, 1, self._received[why])):
            if accounts.ndim == 0:
                total = amount.sum()
                self._balances[accounts] += sign * total
                flows[accounts] += total
            else:
                np.add.at(self._balances, accounts, sign * amount)
                np.add.at(flows, accounts, amount)

    def start_month(self) -> None:
        """Forgets the flows of the month that ends; balances stay."""
        self._paid[:] = 0
        self._received[:] = 0

    # Reading

    @property
    def balances(self) -> Ints:
        """Balance of each account, to read."""
        return _read_only(self._balances)

    @property
    def paid(self) -> Ints:
        """What each account paid this month, ``[memo, account]``, to read."""
        return _read_only(self._paid)

    @property
    def received(self) -> Ints:
        """What each account received this month, ``[memo, account]``, to read."""
        return _read_only(self._received)

    def balance(self, accounts: ArrayLike) -> int:
        """Joint balance of some accounts."""
        return int(self._balances[np.asarray(accounts)].sum())

    def spent(self, accounts: ArrayLike, *memos: Memo) -> int:
        """What some accounts paid this month, for the memos named or for all."""
        return _flow(self._paid, accounts, memos)

    def income(self, accounts: ArrayLike, *memos: Memo) -> int:
        """What some accounts received this month, for the memos named or for all."""
        return _flow(self._received, accounts, memos)

    def booked(self, memo: Memo) -> int:
        """All that was moved this month under a memo."""
        return int(self._received[memo].sum())

    def trial_balance(self) -> int:
        """Sum of all balances: zero, or the book is broken."""
        return int(self._balances.sum())

    def by_kind(self) -> dict[AccountKind, int]:
        """Joint balance of each kind of account."""
        return {kind: self.balance(self.accounts_of(kind)) for kind in AccountKind}

    def _accounts(self, accounts: ArrayLike, n: int, side: str) -> Ints:
        """Account numbers of one side of a posting: a scalar, or one an amount."""
        number = _numbers(accounts, self.n_accounts, f"{side} account")
        if number.ndim and number.shape != (n,):
            raise ValueError(f"{side} accounts have shape {number.shape}; one for all or one for each of {n} amounts is needed")
        return number


def _numbers(numbers: ArrayLike, limit: int, what: str) -> Ints:
    """Integers from 0 to before ``limit``."""
    array = np.asarray(numbers)
    if array.size == 0 and array.ndim == 1:
        return np.zeros(0, dtype=np.int64)
    if array.dtype.kind not in "iu" or array.ndim > 1:
        raise ValueError(f"{what} must be an integer or a row of integers, not {array.dtype} {array.shape}")
    if array.min() < 0 or array.max() >= limit:
        raise ValueError(f"{what} must lie in 0..{limit - 1}, not {array.min()}..{array.max()}")
    return array.astype(np.int64)


def _amounts(amounts: ArrayLike) -> Ints:
    """Whole fen, none negative, as a row."""
    array = np.atleast_1d(np.asarray(amounts))
    if array.size == 0 and array.ndim == 1:
        return np.zeros(0, dtype=np.int64)
    if array.dtype.kind not in "iu" or array.ndim != 1:
        raise ValueError(f"amounts must be a row of whole fen, not {array.dtype} {array.shape}")
    if array.min() < 0 or array.max() > np.iinfo(np.int64).max:
        worst = array.min() if array.min() < 0 else array.max()
        raise ValueError(f"amounts must lie in 0..{np.iinfo(np.int64).max} fen, not {worst}: to take money back, swap the accounts")
    return array.astype(np.int64)


def _read_only(array: Ints) -> Ints:
    view = array.view()
    view.setflags(write=False)
    return view


def _flow(flows: NDArray[Any], accounts: ArrayLike, memos: tuple[Memo, ...]) -> int:
    rows = np.array(memos or tuple(Memo), dtype=np.int64)
    return int(flows[np.ix_(rows, np.atleast_1d(np.asarray(accounts)))].sum())
