"""What one month produces on its way through the phases: needs, visits, cases, claims. Emptied when the next month begins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.benefits import BenefitRules, ClaimParts
from model.cases import CaseTruth, Claims


def _none(dtype: Any) -> Any:
    return field(default_factory=lambda: np.zeros(0, dtype=dtype))


@dataclass
class Visits:
    """Outpatient visits made, in person order: ``row`` of the person, ``kind``, ``provider``, money in fen."""

    row: NDArray[np.int32] = _none(np.int32)
    kind: NDArray[np.uint8] = _none(np.uint8)
    provider: NDArray[np.int16] = _none(np.int16)
    charge: NDArray[np.int64] = _none(np.int64)
    in_scope: NDArray[np.int64] = _none(np.int64)
    parts: ClaimParts | None = None
    cells: NDArray[np.int64] = _none(np.int64)

    def __len__(self) -> int:
        return len(self.row)


@dataclass
class Needs:
    """Needs for a stay, in person order, with where they were taken (``provider`` -1: not sought)."""

    row: NDArray[np.int32] = _none(np.int32)
    group: NDArray[np.int16] = _none(np.int16)
    severity: NDArray[np.int8] = _none(np.int8)
    emergency: NDArray[np.bool_] = _none(np.bool_)
    provider: NDArray[np.int16] = _none(np.int16)
    referred: NDArray[np.bool_] = _none(np.bool_)
    readmission: NDArray[np.bool_] = _none(np.bool_)


@dataclass
class Month:
    """The month under way."""

    index: int
    benefits: BenefitRules
    price_index: float
    needs: Needs = field(default_factory=Needs)
    visit_row: NDArray[np.int32] = _none(np.int32)
    visit_kind: NDArray[np.uint8] = _none(np.uint8)
    visits: Visits = field(default_factory=Visits)
    truth: CaseTruth | None = None
    truth_row: NDArray[np.int32] = _none(np.int32)
    claims: Claims | None = None
    unmet_row: NDArray[np.int32] = _none(np.int32)
    settled: list[NDArray[np.int64]] = field(default_factory=list)
    paid: list[NDArray[np.int64]] = field(default_factory=list)
    clearing: bool = False
    deaths: NDArray[np.int32] = _none(np.int32)
    quality_lost: float = 0.0
    tallies: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    """Counts by provider that no claim shows: refused, waiting, audited …"""
