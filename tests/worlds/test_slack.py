"""Room invites services: the same city with a third more beds, on paired seeds (target T39, Shen et al. 2023)."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from numpy.typing import NDArray

from model.care import Q_MILD, Q_SEVERE, STAY
from model.city import City
from tests.worlds.test_emergence import assert_above

SEEDS = (1, 2, 3)
MORE = 4 / 3


@pytest.fixture(scope="module")
def more_beds() -> NDArray[np.float64]:
    """What a third more beds change ``[seed, what]``: services, days over usual days, occupancy; means of local hospitals."""
    changes = []
    for seed in SEEDS:
        history = City.load("yuncheng", "ffs", scale=0.01, seed=seed, burn_in=6)
        seen = []
        for factor in (1.0, MORE):
            city = copy.deepcopy(history)
            city.bed_days_available = city.bed_days_available * factor
            city.run_for(18)
            local = city.geography.providers.local & (city.geography.providers.tier > 0)
            conduct = city.staff.conduct[local]
            seen.append([conduct[:, Q_MILD : Q_SEVERE + 1].mean(), conduct[:, STAY].mean(), city.occupancy[local].mean()])
        changes.append(np.subtract(seen[1], seen[0]))
    return np.array(changes)


def test_slack_raises_services(more_beds: NDArray[np.float64]) -> None:
    assert_above(more_beds[:, 0])


def test_slack_lengthens_stays(more_beds: NDArray[np.float64]) -> None:
    assert_above(more_beds[:, 1])


def test_more_beds_are_emptier_beds(more_beds: NDArray[np.float64]) -> None:
    assert_above(-more_beds[:, 2])
