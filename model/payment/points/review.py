"""Who is accepted in special-case review (特例单议, rules E7): the greatest losses, until the region's quota is full."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from model.payment.protocol import CaseTable, Floats, Ints

PERIODS: Mapping[str, int] = {"month": 1, "quarter": 3}
"""Months of discharges that experts look at together."""
_SLACK = 1e-9
"""So that a share of a number of cases that is whole is not taken for less."""


def quota_of(discharges: float, share: float) -> int:
    """Cases of a region that may be accepted: the whole part of a share of its discharges."""
    return int(np.floor(discharges * share + _SLACK))


def places_left(before: float, now: float, share: float) -> int:
    """Places of a period's quota: those of all discharges so far less those of the discharges ``before`` it; unused ones lapse."""
    return quota_of(before + now, share) - quota_of(before, share)


def accepted(loss: Floats, cases: CaseTable, places: int) -> Ints:
    """Positions of the cases with the greatest losses above nothing, at most so many; of equal ones the cheaper, then by provider."""
    order = np.lexsort((cases.provider, cases.charge, -loss))[: max(places, 0)]
    return order[loss[order] > 0]


def line_of(loss: Floats, places: int) -> float:
    """The least loss that is accepted where so many places are given; infinite where there are none."""
    if places <= 0:
        return float("inf")
    losses = np.sort(loss[loss > 0])[::-1]
    return float(losses[places - 1]) if len(losses) >= places else 0.0
