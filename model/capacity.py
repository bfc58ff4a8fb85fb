"""What one more service costs a house by how full it is: idle beds and staff cost nothing more, a full house turns others away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FULLEST = 1.5
"""Occupancy beyond which scarcity rises no further: so much demand is not served anyway."""


@dataclass(frozen=True)
class CapacityRules:
    """Cost of services that hangs on room (sources: the behaviour file).

    ``room``: part of variable cost that is time of beds and staff; ``usual[tier]``: occupancy at which that time costs its usual.
    """

    room: float
    usual: Floats


def scarcity(rules: CapacityRules, occupancy: Floats, tier: NDArray[np.int8], local: NDArray[np.bool_]) -> Floats:
    """Worth of time of beds and staff over its usual worth: ``(occupancy / usual)²``, nothing in an empty house, one in a usual one.

    Convex, since the last bed is dearer to lose than the first. Institutions outside the city have room for everybody: one.
    """
    fullness = np.minimum(occupancy, FULLEST) / rules.usual[tier]
    return np.where(local, fullness**2, 1.0)


def crowding(rules: CapacityRules, scarce: Floats) -> Floats:
    """Factor on variable cost at a scarcity of room."""
    factor: Floats = 1 - rules.room + rules.room * scarce
    return factor


def bed_cost(daily_share: float, scarce: Floats) -> Floats:
    """What all usual days of a stay cost beyond their usual cost, over the variable cost of a usual case: a day is all bed and nursing."""
    cost: Floats = daily_share * (scarce - 1)
    return cost
