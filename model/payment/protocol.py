"""The seam every payment mode fills: what it sees, and the three pure questions it answers.

A mode never sees a person, a random number, a provider's conduct or another mode. It answers

1. ``post(history)``: the terms fixed before the year (budgets, weights, quotas, rates), from what the insurer has on its books;
2. ``tariff(cases, terms)``: how much each case counts for (points, admissions, recorded yuan …);
3. ``entitlement(own, pool, holder, terms, fraction)``: what the fund owes each holder for totals of such cases.

The third is used twice with the same code: to pay providers on what they did, and as the *quote* that tells a provider what slightly
different totals would have brought, everybody else being as last posted. So a mode written today is met with strategy today.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MEASURES = ("units", "cases", "charge", "in_scope", "recorded", "residual", "own_pay", "outflow", "days")
"""Last axis of every table of totals. Money in fen.

``units``: what :meth:`PaymentMode.tariff` gave, summed. ``recorded`` (记账金额): what the pooled fund would pay item by item.
``residual``: the in-scope part that patients and the layers above the fund pay. ``own_pay``: outside the catalogue. ``outflow``:
recorded money of the holder's own heads treated elsewhere. ``days``: days in bed.
"""
UNITS, CASES, CHARGE, IN_SCOPE, RECORDED, RESIDUAL, OWN_PAY, OUTFLOW, DAYS = range(len(MEASURES))


YEARS_KEPT = 3
"""Years of which weights and points are made (rules E2)."""


@dataclass(frozen=True)
class CaseTable:
    """Cases in columns, as the insurer sees them (the coded group, never the true one). Arrays of one length.

    ``holder`` and ``provider`` index accounts, ``scheme``, ``tier``, ``group``, ``kind`` of care and recorded ``severity`` are codes; money
    in fen; ``stay`` in days; ``age`` in whole years. ``readmission``: the person was discharged from the same group within the
    month or the month before.
    """

    provider: NDArray[Any]
    holder: NDArray[Any]
    scheme: NDArray[Any]
    tier: NDArray[Any]
    group: NDArray[Any]
    charge: NDArray[Any]
    in_scope: NDArray[Any]
    recorded: NDArray[Any]
    residual: NDArray[Any]
    own_pay: NDArray[Any]
    stay: NDArray[Any]
    kind: NDArray[Any]
    severity: NDArray[Any]
    age: NDArray[Any]
    emergency: NDArray[Any]
    readmission: NDArray[Any]

    def __len__(self) -> int:
        return len(self.provider)

    def take(self, index: NDArray[Any]) -> CaseTable:
        """The rows at ``index`` (positions or a mask)."""
        at = np.flatnonzero(index) if np.asarray(index).dtype == bool else index
        return CaseTable(**{f.name: getattr(self, f.name).take(at) for f in fields(self)})

    @classmethod
    def join(cls, parts: list[CaseTable]) -> CaseTable:
        """The rows of all parts, one below the other."""
        return cls(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)})

    def measures(self, units: Floats) -> dict[int, NDArray[Any]]:
        """What each case of so many ``units`` adds to totals, by measure; outflow is for those who know whose heads the patients are."""
        return {
            UNITS: units,
            CASES: np.ones(len(self)),
            DAYS: self.stay,
            CHARGE: self.charge,
            IN_SCOPE: self.in_scope,
            RECORDED: self.recorded,
            RESIDUAL: self.residual,
            OWN_PAY: self.own_pay,
        }

    def part(self, first: int, last: int) -> CaseTable:
        """The rows from ``first`` to before ``last``, which share memory."""
        return CaseTable(**{f.name: getattr(self, f.name)[first:last] for f in fields(self)})


@dataclass(frozen=True)
class GroupFacts:
    """What is published of each disease group: arrays in the order of the catalogue.

    ``code``; ``weight`` relative to the mean and ``stay`` in days, for groups with few cases; ``kind`` of care its stays are; ``basic``:
    simple enough for every level; ``operative``: a procedure defines it; ``family``: a number that groups of one disease treated in one way
    share.
    """

    code: tuple[str, ...]
    weight: Floats
    stay: Floats
    kind: NDArray[np.int8]
    basic: NDArray[np.bool_]
    operative: NDArray[np.bool_]
    family: NDArray[np.int64]


@dataclass(frozen=True)
class GroupYear:
    """What a past year's stays cost, a row a group, ``provider`` (of a ``tier``) and scheme: ``cases`` counted, ``charge``
    in fen, ``days`` in bed."""

    group: NDArray[np.int64]
    provider: NDArray[np.int64]
    tier: NDArray[np.int8]
    scheme: NDArray[np.int64]
    cases: Floats
    charge: Floats
    days: Floats


@dataclass(frozen=True)
class HolderFacts:
    """What is known of each account holder, providers first, then groups.

    ``tier``; ``specialty`` (code of ``PROVIDER_KINDS``); ``private``; ``local``: in the city; open ``beds``.
    """

    tier: NDArray[np.int8]
    specialty: NDArray[np.int8]
    private: NDArray[np.bool_]
    local: NDArray[np.bool_]
    beds: Floats


_SLACK = 1e-9
"""So that a count that reaches a line exactly is not taken for less."""


@dataclass(frozen=True)
class History:
    """What the insurer has on its books when it fixes the terms of a year.

    Attributes:
        cases: the last twelve months' cases the mode would have covered.
        earlier: the years before those, the latest first, of at most :data:`YEARS_KEPT` years; as far as they have been lived through.
        base: totals ``[holder, scheme, measure]`` of the budget base, the twelve months before the policy began (fen).
        factor: ``[scheme]`` money of the coming year over that of the budget base.
        heads: insured people assigned to each holder by scheme, ``[holder, scheme]``.
        holders: facts of the account holders.
        groups: facts of the disease groups.
        years: full years since the policy began (0 in its first year).
        scale: part of the city's people whose cases are on these books; 1 where the books are the city's own.
    """

    cases: CaseTable
    earlier: tuple[GroupYear, ...]
    base: Floats
    factor: Floats
    heads: Floats
    holders: HolderFacts
    groups: GroupFacts
    years: int
    scale: float = 1.0

    def standing_for(self, cases: float) -> float:
        """Cases on these books that stand for so many of the whole city: what a count is held against where a rule names a least one."""
        return cases * self.scale * (1.0 - _SLACK)


@dataclass(frozen=True)
class Traits:
    """What is declared about a mode, and checked by the contract suite.

    Attributes:
        held_by: who is owed: the ``provider`` itself or its medical ``group``.
        heads: whose people count as own: nobody in particular (``none``), people assigned to the ``institution``, or to the ``group``.
        exhausts_budget: the fund pays exactly the posted budget, to the fen.
        outflow: own heads' care elsewhere is taken off the holder's money.
    """

    held_by: Literal["provider", "group"] = "provider"
    heads: Literal["none", "institution", "group"] = "none"
    exhausts_budget: bool = False
    outflow: bool = False


@runtime_checkable
class Revising(Protocol):
    """A mode that looks at its terms again when half of the settlement year has passed."""

    def revise(self, terms: Any, own: Floats, fraction: float) -> Any:
        """Terms of the rest of the year, from those posted and what all holders did so far.

        Args:
            terms: as posted; they are left as they are.
            own: totals ``[holder, scheme, measure]`` of the year so far.
            fraction: elapsed part of the settlement year.
        """


@runtime_checkable
class PaymentMode(Protocol):
    """One payment mode with its parameters. See the module's text for the three questions."""

    name: str
    label_zh: str
    label_en: str
    summary: str
    color: str
    traits: Traits

    def post(self, history: History) -> Any:
        """Terms of the coming year, from the insurer's books."""

    def tariff(self, cases: CaseTable, terms: Any) -> Floats:
        """Units each case counts for, ``float64[n]``."""

    def entitlement(self, own: Floats, pool: Floats, holder: Ints, terms: Any, fraction: float) -> Floats:
        """Fen owed by the fund for ``own`` totals ``[..., row, scheme, measure]``, given the ``pool`` totals those rows share.

        ``holder`` names the account of each row; ``fraction`` is the elapsed part of the settlement year.
        """


@runtime_checkable
class Reviewing(Protocol):
    """A mode that looks at a month's cases together once more: some of them, by a quota, count for more (特例单议, rules E7).

    What it gives in expectation belongs into ``tariff``, which the quote asks too; a review holds the quota. ``reviews`` says whether the
    mode has such a review under its parameters.
    """

    @property
    def reviews(self) -> bool:
        """Whether anything is reviewed."""

    def review(self, cases: CaseTable, terms: Any, before: float) -> Floats:
        """Units after review, ``float64[n]``.

        Args:
            cases: all cases of the month, or of the months reviewed together, that the mode covers.
            terms: terms of the settlement year.
            before: cases counted in the settlement year before them.
        """


@runtime_checkable
class ReviewingLater(Reviewing, Protocol):
    """A mode whose review may look at several months' cases together, at the end of the last of them.

    The settlement year is divided into spells of ``review_months``; one that the year's end cuts short is reviewed then, one that is cut
    short by the policy's end is not. What earlier months' cases gain counts in the month of the review.
    """

    @property
    def review_months(self) -> int:
        """Months reviewed together; 1 reviews every month by itself."""

    def unreviewed(self, cases: CaseTable, terms: Any) -> Floats:
        """Units that cases count for until they are reviewed, ``float64[n]``."""


@runtime_checkable
class Pointed(Protocol):
    """A mode that pays by points: what they are worth is told, whoever pays it (点值, rules D4, E9)."""

    def worth(self, pool: Floats, terms: Any, fraction: float) -> Floats:
        """Fen that all points of a ``pool`` ``[..., scheme, measure]`` are worth together, by scheme, patients' part included."""


@runtime_checkable
class OnAccount(Protocol):
    """A mode that can pay months at a value known before the year, whatever will be settled (rules E9, E10)."""

    def on_account(self, own: Floats, terms: Any) -> Floats:
        """Fen for ``own`` totals ``[..., scheme, measure]`` at the value of the year's start."""
