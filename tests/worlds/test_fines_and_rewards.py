"""A fine moves misconduct more than a reward of the same size, since a loss weighs more than a gain; without that it does not.

One history a seed, forked into arms that differ in what supervision pays or takes; differences are paired by seed.
"""

from __future__ import annotations

import copy
import gc
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from numpy.typing import NDArray

from model.care import CHANNELS, CODING
from model.cases import FLAG_UPCODED
from model.city import City
from model.policy.leaf import Leaf
from tests.worlds.test_emergence import assert_above

SEEDS = tuple(range(1, 8))
SCALE = 0.01
MONTHS = 12
SIZE = 2.0
"""Of fine and reward, as a multiple of what writing a case up gains."""
Values = NDArray[np.float64]


def by_auditors_alone(city: City) -> None:
    """Nobody but auditors finds anything, and they look at eight claims in a hundred: fine and reward then hang on the same chance."""
    none = dict.fromkeys(city.insurer.audit.review, 0.0)
    city.insurer.audit = replace(city.insurer.audit, rate=0.08, review=none)
    rules = city.behaviour.sanction
    assert rules is not None
    alone = rules.model_copy(update={"inspection": None, "complaint": None, "credit": None, "suspension": None})
    city.behaviour = city.behaviour.model_copy(update={"sanction": alone})


def fined(city: City) -> None:
    """The fine is higher by ``SIZE``; without a record of credit it is the same for all."""
    audit = city.insurer.audit
    city.insurer.audit = replace(audit, fine={channel: least + SIZE for channel, least in audit.fine.items()})


def rewarded(city: City) -> None:
    """A clean audited claim is paid ``SIZE`` times the mean gain of writing a case up."""
    claims = city.recent_claims()
    up = claims.has(FLAG_UPCODED)
    bonus = SIZE * float(np.maximum(claims.gain[up], 0.0).sum() / claims.charge[up].sum())
    rules = city.behaviour.sanction
    assert rules is not None
    with_bonus = rules.model_copy(update={"bonus": Leaf.constant(bonus, "share", "assumption: a world of a test")})
    city.behaviour = city.behaviour.model_copy(update={"sanction": with_bonus})


def indifferent(change: Callable[[City], None] | None) -> Callable[[City], None]:
    """The same among providers to whom a loss weighs no more than a gain."""

    def changed(city: City) -> None:
        city.loss_aversion = 1.0
        if change is not None:
            change(city)

    return changed


ARMS: dict[str, Callable[[City], None] | None] = {
    "as it is": None,
    "fine": fined,
    "reward": rewarded,
    "as it is, indifferent": indifferent(None),
    "fine, indifferent": indifferent(fined),
    "reward, indifferent": indifferent(rewarded),
}


def arms_of(seed: int) -> dict[str, Values]:
    """Channels of every arm of one seed, means over local admissions."""
    history = City.load("yuncheng", "drg", scale=SCALE, seed=seed, burn_in=12)
    history.run_for(3)
    by_auditors_alone(history)
    found = {}
    for name, change in ARMS.items():
        city = copy.deepcopy(history)
        if change is not None:
            change(city)
        city.run_for(MONTHS)
        volume = np.where(city.geography.providers.local, city.monthly_admissions, 0.0)
        found[name] = np.average(city.staff.conduct, axis=0, weights=volume)
        del city
        gc.collect()  # a model is a reference cycle
    return found


@pytest.fixture(scope="module")
def channels() -> Callable[[str], Values]:
    """Channels ``[seed, channel]`` of an arm, all arms simulated once."""
    with parallel_config(backend="loky", inner_max_num_threads=1):
        found = Parallel(n_jobs=2)(delayed(arms_of)(seed) for seed in SEEDS)
    return lambda arm: np.array([seed[arm] for seed in found])


def show(channels: Callable[[str], Values], *arms: str) -> None:
    """Prints the whole vector, a row a channel."""
    print("channel", *arms, sep="  ")
    for row, channel in enumerate(CHANNELS):
        print(channel, *(round(float(channels(arm)[:, row].mean()), 4) for arm in arms), sep="  ")


def test_a_fine_moves_misconduct_more_than_a_reward_of_the_same_size(channels: Callable[[str], Values]) -> None:
    show(channels, "as it is", "fine", "reward")
    coding = {arm: channels(arm)[:, CODING] for arm in ("as it is", "fine", "reward")}
    assert_above(coding["as it is"] - coding["fine"])
    assert_above(coding["reward"] - coding["fine"])


def test_it_is_aversion_to_losses_that_makes_the_fine_the_stronger(channels: Callable[[str], Values]) -> None:
    """Without it the reward is: the same for every case, it outweighs what the least gainful ones bring, which a fine on gains does not."""
    show(channels, "as it is, indifferent", "fine, indifferent", "reward, indifferent")
    gap = {kind: channels(f"reward{kind}")[:, CODING] - channels(f"fine{kind}")[:, CODING] for kind in ("", ", indifferent")}
    assert_above(gap[""] - gap[", indifferent"])
