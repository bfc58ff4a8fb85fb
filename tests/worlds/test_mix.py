"""A margin that is taken from one item goes to others (T29): drugs with and without the mark-up of earlier years, on paired seeds.

As in ``test_emergence`` every seed has one history, forked into arms; a sign counts when the 95 % interval of the mean excludes zero.
Asserted is the mix. The reform of T29 also raised the fees of services, so that these rose in yuan: study T29 has both.
"""

from __future__ import annotations

import copy
import gc

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from numpy.typing import NDArray

from experiments.worlds import with_values
from model.care import MIX
from model.city import City
from tests.worlds.test_emergence import assert_above

SEEDS = (1, 2, 3, 4)
SCALE = 0.01
MONTHS = 24
NONE, MARK_UP = "none", "mark-up"
Values = NDArray[np.float64]


def arms_of(seed: int) -> dict[str, dict[str, float]]:
    """What the last year shows of bills with and without the mark-up, and the mix of all local hospitals' own cases at the end."""
    history = City.load("yuncheng", "ffs", scale=SCALE, seed=seed)
    seen = {}
    for name in (NONE, MARK_UP):
        city = copy.deepcopy(history)
        if name == MARK_UP:
            city.settings = with_values(city.settings, {"prices.margin.drug": 0.15 / 1.15})
        city.run_for(MONTHS)
        yearly = city.tables.yearly
        last = yearly[(yearly["period"] == yearly["period"].max()) & (yearly["unit_type"] == "city")].set_index("indicator")["value"]
        volume = np.where(city.geography.providers.local, city.monthly_admissions, 0.0)
        tilts = np.average(city.staff.conduct[:, MIX], axis=0, weights=volume)
        names = ("drug_per_admission", "service_per_admission", "cost_per_admission")
        seen[name] = {key: float(last[key]) for key in names} | {"drug": tilts[0], "consumable": tilts[1], "test": tilts[2]}
        del city
        gc.collect()  # a model is a reference cycle
    return seen


@pytest.fixture(scope="module")
def worlds() -> list[dict[str, dict[str, float]]]:
    """All arms of all seeds, simulated once."""
    with parallel_config(backend="loky", inner_max_num_threads=1):
        found: list[dict[str, dict[str, float]]] = Parallel(n_jobs=2)(delayed(arms_of)(seed) for seed in SEEDS)
    return found


def change(worlds: list[dict[str, dict[str, float]]], name: str) -> Values:
    """What taking the mark-up away changes, a number a seed."""
    return np.array([seen[NONE][name] - seen[MARK_UP][name] for seen in worlds])


def test_drugs_fall_when_their_margin_goes(worlds: list[dict[str, dict[str, float]]]) -> None:
    assert_above(-change(worlds, "drug"))
    assert_above(-change(worlds, "drug_per_admission"))


def test_the_other_items_take_over(worlds: list[dict[str, dict[str, float]]]) -> None:
    assert_above(change(worlds, "consumable"))
    assert_above(change(worlds, "test"))
    services = {arm: np.array([w[arm]["service_per_admission"] / w[arm]["cost_per_admission"] for w in worlds]) for arm in (NONE, MARK_UP)}
    assert_above(services[NONE] - services[MARK_UP])


def test_the_total_moves_by_a_smaller_part_than_drugs(worlds: list[dict[str, dict[str, float]]]) -> None:
    part = {name: change(worlds, name) / [w[MARK_UP][name] for w in worlds] for name in ("drug_per_admission", "cost_per_admission")}
    assert_above(np.abs(part["drug_per_admission"]) - np.abs(part["cost_per_admission"]))
