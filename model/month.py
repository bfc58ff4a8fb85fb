"""What one month produces on its way through the phases: needs, visits, cases, claims. Emptied when the next month begins."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.benefits import BenefitRules, ClaimParts
from model.cases import CaseTruth, Claims
from model.codes import SCHEMES, SEVERITIES
from model.supervision import Findings


def _persons() -> NDArray[np.int32]:
    return np.zeros(0, dtype=np.int32)


def _codes() -> NDArray[np.int8]:
    return np.zeros(0, dtype=np.int8)


def _kinds() -> NDArray[np.uint8]:
    return np.zeros(0, dtype=np.uint8)


def _numbers() -> NDArray[np.int16]:
    return np.zeros(0, dtype=np.int16)


def _counts() -> NDArray[np.int16]:
    return np.zeros(0, dtype=np.int16)


def _flags() -> NDArray[np.bool_]:
    return np.zeros(0, dtype=np.bool_)


def _money() -> NDArray[np.int64]:
    return np.zeros(0, dtype=np.int64)


def _by_severity() -> NDArray[np.int64]:
    return np.zeros(len(SEVERITIES), dtype=np.int64)


@dataclass
class Visits:
    """Outpatient visits made, in person order: ``row`` of the person, ``kind``, ``provider``, money in fen.

    ``count`` is how many visits a row stands for: one, and of dialysis the month's sessions, which are one bill.
    """

    row: NDArray[np.int32] = field(default_factory=_persons)
    kind: NDArray[np.uint8] = field(default_factory=_kinds)
    provider: NDArray[np.int16] = field(default_factory=_numbers)
    count: NDArray[np.int16] = field(default_factory=_counts)
    charge: NDArray[np.int64] = field(default_factory=_money)
    in_scope: NDArray[np.int64] = field(default_factory=_money)
    parts: ClaimParts | None = None
    cells: NDArray[np.int64] = field(default_factory=_money)
    by_fifth: NDArray[np.int64] = field(default_factory=_money)

    def __len__(self) -> int:
        return len(self.row)


@dataclass
class Needs:
    """Needs for a stay, in person order, with where they were taken (``provider`` -1: not sought)."""

    row: NDArray[np.int32] = field(default_factory=_persons)
    group: NDArray[np.int16] = field(default_factory=_numbers)
    severity: NDArray[np.int8] = field(default_factory=_codes)
    emergency: NDArray[np.bool_] = field(default_factory=_flags)
    provider: NDArray[np.int16] = field(default_factory=_numbers)
    referred: NDArray[np.bool_] = field(default_factory=_flags)
    readmission: NDArray[np.bool_] = field(default_factory=_flags)
    delayed: NDArray[np.bool_] = field(default_factory=_flags)


@dataclass
class Month:
    """The month under way."""

    index: int
    benefits: BenefitRules
    price_index: float
    needs: Needs = field(default_factory=Needs)
    visit_row: NDArray[np.int32] = field(default_factory=_persons)
    visit_kind: NDArray[np.uint8] = field(default_factory=_kinds)
    session_row: NDArray[np.int32] = field(default_factory=_persons)
    session_count: NDArray[np.int16] = field(default_factory=_counts)
    """People on dialysis and the sessions they need."""
    visits: Visits = field(default_factory=Visits)
    truth: CaseTruth | None = None
    truth_row: NDArray[np.int32] = field(default_factory=_persons)
    claims: Claims | None = None
    conduct: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))
    """What the month's cases are treated with, whatever is decided at its end."""
    unmet_row: NDArray[np.int32] = field(default_factory=_persons)
    settled: list[NDArray[np.int64]] = field(default_factory=list)
    paid: list[NDArray[np.int64]] = field(default_factory=list)
    budget: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(SCHEMES)))
    clearing: bool = False
    deaths: NDArray[np.int32] = field(default_factory=_persons)
    quality_lost: float = 0.0
    """Quality-adjusted life years lost by the month's care and the want of it, without those of the dead."""
    findings: Findings | None = None
    tallies: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    """Counts by provider that no claim shows: refused, waiting, audited …"""
    refused_by_severity: NDArray[np.int64] = field(default_factory=_by_severity)
    needs_by_severity: NDArray[np.int64] = field(default_factory=_by_severity)
    """Stays brought to a provider and those of them turned away, by severity."""
