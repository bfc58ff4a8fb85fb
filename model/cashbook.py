"""Which part of what a mode owes moves when: months, deposits, clearings that wait, debts of providers (rules E10, E12, E13, G1).

Everything is whole fen by provider and scheme. Whatever the rules of the cycle, what providers have received, what is held for them and
what waits to be cleared, less what they owe back, is what they are owed less what audits have taken.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import NDArray

from model.cycle import Cycle

Fen = NDArray[np.int64]


@dataclass(frozen=True)
class Payment:
    """What moves under one mode in a month, fen ``[provider, scheme]``.

    ``monthly`` fund → provider, never less than nothing; ``clearing`` fund ↔ provider, taken back where negative; ``held`` fund →
    deposit; ``released`` deposit → provider; ``forfeited`` deposit → fund; ``advanced`` lent to providers and ``returned`` by them.
    """

    monthly: Fen
    clearing: Fen
    held: Fen
    released: Fen
    forfeited: Fen
    advanced: Fen
    returned: Fen

    @classmethod
    def none(cls, shape: tuple[int, int], **parts: Fen) -> Payment:
        """Nothing, but the ``parts`` given."""
        return cls(**({f.name: np.zeros(shape, dtype=np.int64) for f in fields(cls)} | parts))

    @property
    def cash(self) -> Fen:
        """What providers receive of what they are owed, net of what is taken back; advances are not theirs."""
        return self.monthly + self.clearing + self.released

    @property
    def fund(self) -> Fen:
        """What leaves the fund, net of what comes back."""
        return self.monthly + self.clearing + self.held - self.forfeited

    def __add__(self, other: Payment) -> Payment:
        return Payment(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})


@dataclass(frozen=True)
class Owed:
    """What a mode owes for the settlement year so far, fen ``[provider, scheme]``.

    ``entitled``: by the mode alone, as settled or at the value of the year's start, of which months pay a share; ``granted``: by the
    clearing's rules; ``deposit``: to be held by now; ``forfeited``: of the deposit, at the score so far.
    """

    entitled: Fen
    granted: Fen
    deposit: Fen
    forfeited: Fen

    @property
    def net(self) -> Fen:
        """What providers will have had of the year when all is paid."""
        return self.granted - self.forfeited


@dataclass
class Waiting:
    """A clearing that is settled and waits ``months`` to be paid."""

    months: int
    payment: Payment


@dataclass
class Cashbook:
    """The money side of one mode: what was paid and held of this year, clearings that wait, debts that will be netted.

    Attributes:
        shape: providers and schemes.
        paid: of the open year, debts netted included; after the clearing all that the year brings, paid or waiting.
        deposit: held of the open year.
        advanced: lent to providers until the year's clearing (rules G1).
        debt: owed back by providers, taken from their next payments.
        audits: found by audits, taken at the next clearing.
        waiting: clearings not yet paid, the oldest first.
        cleared: whether the year has been cleared, so that only what waits still moves.
    """

    shape: tuple[int, int] = (0, 2)
    paid: Fen = field(init=False)
    deposit: Fen = field(init=False)
    advanced: Fen = field(init=False)
    debt: Fen = field(init=False)
    audits: Fen = field(init=False)
    waiting: list[Waiting] = field(default_factory=list)
    cleared: bool = False

    def __post_init__(self) -> None:
        nothing = np.zeros(self.shape, dtype=np.int64)
        self.paid, self.deposit, self.advanced, self.debt, self.audits = (nothing.copy() for _ in range(5))

    def open_year(self) -> None:
        """Begins a settlement year; debts and waiting clearings stay."""
        self.paid, self.deposit = np.zeros_like(self.paid), np.zeros_like(self.deposit)
        self.cleared = False

    @property
    def held(self) -> Fen:
        """All that lies on deposit accounts, for this year and for clearings that wait."""
        return self.deposit + sum((one.payment.released + one.payment.forfeited for one in self.waiting), np.zeros_like(self.deposit))

    @property
    def to_come(self) -> Fen:
        """What waiting clearings will bring providers, less what these owe back."""
        return sum((one.payment.cash for one in self.waiting), np.zeros_like(self.debt)) - self.debt - self.audits

    def advance(self, amounts: Fen) -> Payment:
        """Lends money to providers until the year is cleared."""
        self.advanced = self.advanced + amounts
        return self._payment(advanced=amounts)

    def deduct(self, amounts: Fen, at_clearing: bool) -> None:
        """Notes what audits take: from the next months' payments, or from the clearing (rules E10, E13)."""
        if at_clearing:
            self.audits = self.audits + amounts
        else:
            self.debt = self.debt + amounts

    def pay(self, owed: Owed, cycle: Cycle, clearing: bool) -> Payment:
        """A month: what waited and is due, the monthly share, and with ``clearing`` the end of the year, at once or to wait.

        A month pays the share of what is entitled and not yet paid, never less than nothing, and holds its part as a deposit. A clearing
        pays or takes back the rest, releases the deposit or forfeits it; advances are returned then, even if it is paid later (rules E13).
        """
        moved = self._due()
        if not self.cleared:
            moved += self._month(owed, cycle)
            if clearing:
                moved += self._clear(owed, cycle.clearing_lag) + self._return()
        return self._netted(moved, cycle.claws_back_later)

    def wind_up(self, owed: Owed) -> Payment:
        """Ends the book: the open year is cleared, nothing waits any more, debts are collected."""
        moved = self._due(everything=True)
        if not self.cleared:
            moved += self._hold(owed) + self._clear(owed, lag=0) + self._return()
        collected, self.debt, self.audits = self.debt + self.audits, np.zeros_like(self.debt), np.zeros_like(self.audits)
        return moved + self._payment(clearing=-collected)

    def _payment(self, **parts: Fen) -> Payment:
        return Payment.none(self.shape, **parts)

    def _due(self, everything: bool = False) -> Payment:
        """What waiting clearings pay now."""
        moved = self._payment()
        for one in self.waiting:
            one.months -= 1
            if everything or one.months <= 0:
                moved += one.payment
        self.waiting = [] if everything else [one for one in self.waiting if one.months > 0]
        return moved

    def _month(self, owed: Owed, cycle: Cycle) -> Payment:
        due = np.maximum(np.floor(owed.entitled * cycle.monthly_share).astype(np.int64) - self.paid, 0)
        self.paid = self.paid + due
        return self._payment(monthly=due) + self._hold(owed)

    def _hold(self, owed: Owed) -> Payment:
        held = owed.deposit - self.deposit
        self.deposit = owed.deposit.copy()
        return self._payment(held=held)

    def _clear(self, owed: Owed, lag: int) -> Payment:
        """Settles the year; pays at once, or lets it wait."""
        due, forfeited = owed.granted - self.paid - self.deposit - self.audits, owed.forfeited
        self.audits = np.zeros_like(self.audits)
        settled = self._payment(clearing=due, released=self.deposit - forfeited, forfeited=forfeited)
        self.paid, self.deposit, self.cleared = owed.net.copy(), np.zeros_like(self.deposit), True
        if lag == 0:
            return settled
        self.waiting.append(Waiting(lag, settled))
        return self._payment()

    def _return(self) -> Payment:
        returned, self.advanced = self.advanced, np.zeros_like(self.advanced)
        return self._payment(returned=returned)

    def _netted(self, moved: Payment, later: bool) -> Payment:
        """Takes debts from what is paid; where the rule says so, what a clearing would take back becomes a debt."""
        from_month = np.minimum(self.debt, moved.monthly)
        from_clearing = np.minimum(self.debt - from_month, np.maximum(moved.clearing, 0))
        new_debt = np.maximum(-moved.clearing, 0) if later else np.zeros_like(self.debt)
        self.debt = self.debt - from_month - from_clearing + new_debt
        return replace(moved, monthly=moved.monthly - from_month, clearing=moved.clearing - from_clearing + new_debt)
