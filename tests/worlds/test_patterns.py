"""Patterns that no table gives: what must show when providers meet one rule more or less, with everything else the same.

As in ``test_emergence`` every seed has one history, forked into arms; differences are paired by seed, and the 95 % interval of the mean
must exclude zero. Every test prints the whole vector of channels of both arms, since a channel never moves alone.
"""

from __future__ import annotations

import copy
import gc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from numpy.typing import NDArray

from experiments.worlds import with_parameters, with_values
from model.care import CHANNELS
from model.cases import FLAG_LOW_THRESHOLD, FLAG_SPLIT
from model.city import City
from model.codes import SCHEMES
from model.policy import PolicyFile, load_policy
from tests.worlds.test_emergence import assert_above

SEEDS = (1, 2, 3, 4, 5, 6)
SCALE = 0.02
MONTHS = 24
Seen = dict[str, Any]
Values = NDArray[np.float64]


def dip(**given: float | str) -> Callable[[], PolicyFile]:
    """Payment by points with other parameters."""
    return lambda: with_parameters(load_policy("dip"), given)


def dearer_start(city: City) -> None:
    """The catastrophic layer of residents starts half as high again."""
    city.settings = with_values(city.settings, {"benefits.resident.catastrophic.deductible": lambda start: 1.5 * start})


ARMS: dict[str, tuple[Callable[[], PolicyFile], Callable[[City], None] | None]] = {
    "dip": (dip(), None),
    "no lower line": (dip(low_line=0.0), None),
    "price by severity": (dip(outlier="draft_3"), None),
    "price blind to severity": (dip(outlier="draft_3", core_cases=1e6), None),
    "fees": (lambda: load_policy("ffs"), None),
    "fees, dearer start": (lambda: load_policy("ffs"), dearer_start),
}
"""Policy of each arm, and what else changes at the switch. A group below the core shares its family's mean: with a million cases all do."""


def seen_in(city: City) -> Seen:
    """What the last year of an arm shows."""
    providers = city.geography.providers
    volume = np.where(providers.local, city.monthly_admissions, 0.0)
    yearly = city.tables.yearly
    last = yearly[yearly["period"] == yearly["period"].max()]
    severity = last[last["unit_type"] == "severity"].set_index(["indicator", "unit"])["value"]
    whole = last[last["unit_type"] == "city"].set_index("indicator")["value"]
    people = city.people
    insured = (people.alive == 1) & (people.scheme == SCHEMES.index("resident"))
    return {
        "channels": np.average(city.staff.conduct, axis=0, weights=volume),
        "refused severe": severity["refusal_share", "severe"],
        "reaching": float((people.ytd_cii[insured] > 0).mean()),
        "own share": whole["oop_share"],
        "beyond the line": beyond_the_line(city),
    }


def beyond_the_line(city: City) -> float:
    """Log of stays a tenth above half of their group's mean over stays a tenth below it; no number where no points are given."""
    claims, points = city.recent_claims(), city.settlement.instances[0].terms
    if not hasattr(points, "mean_cost"):
        return float("nan")
    mine = (claims.instance == 0) & ~claims.has(FLAG_LOW_THRESHOLD) & ~claims.has(FLAG_SPLIT)
    whole = points.points[claims.group_coded] * points.coefficient[claims.tier] * points.mean_cost
    ratio = claims.charge[mine] / np.maximum(whole[mine], 1.0)
    above, below = (int(((ratio >= low) & (ratio < low + 0.05)).sum()) for low in (0.5, 0.45))
    return float(np.log(above / below))


def arms_of(seed: int) -> dict[str, Seen]:
    """All arms of one seed."""
    history = City.load("yuncheng", scale=SCALE, seed=seed, burn_in=12)
    history.run_for(12)
    found = {}
    for name, (policy, change) in ARMS.items():
        city = copy.deepcopy(history)
        if change is not None:
            change(city)
        city.switch_policy(policy())
        city.run_for(MONTHS)
        found[name] = seen_in(city)
        del city
        gc.collect()  # a model is a reference cycle
    return found


class Worlds:
    """What all arms of all seeds show."""

    def __init__(self, found: list[dict[str, Seen]]) -> None:
        self._found = found

    def of(self, arm: str, what: str) -> Values:
        """One number a seed, or a row."""
        return np.array([seed[arm][what] for seed in self._found])

    def show(self, *arms: str) -> None:
        """Prints the whole vector of channels."""
        print("channel", *arms, sep="  ")
        for channel, values in zip(CHANNELS, np.stack([self.of(arm, "channels").mean(axis=0) for arm in arms], axis=1), strict=True):
            print(channel, *values.round(3).tolist(), sep="  ")


@pytest.fixture(scope="module")
def worlds() -> Iterator[Worlds]:
    """All arms of all seeds, simulated once."""
    with parallel_config(backend="loky", inner_max_num_threads=1):
        yield Worlds(Parallel(n_jobs=2)(delayed(arms_of)(seed) for seed in SEEDS))


def test_charges_bunch_at_the_lower_line_when_and_only_when_there_is_one(worlds: Worlds) -> None:
    """Below half of its group's mean a case earns what it cost, above it the whole price: charges gather just above the line."""
    worlds.show("dip", "no lower line")
    assert_above(worlds.of("dip", "beyond the line") - worlds.of("no lower line", "beyond the line"))


def test_a_price_blind_to_severity_turns_severe_cases_away(worlds: Worlds) -> None:
    """One price for all severities of a disease makes the severe ones lose money: they are refused more often."""
    worlds.show("price blind to severity", "price by severity")
    assert_above(worlds.of("price blind to severity", "refused severe") - worlds.of("price by severity", "refused severe"))


def test_a_higher_deductible_is_reached_by_fewer_and_leaves_more_to_people(worlds: Worlds) -> None:
    worlds.show("fees, dearer start", "fees")
    assert_above(worlds.of("fees", "reaching") - worlds.of("fees, dearer start", "reaching"))
    assert_above(worlds.of("fees, dearer start", "own share") - worlds.of("fees", "own share"))
