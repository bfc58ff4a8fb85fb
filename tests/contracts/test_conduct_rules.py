"""What every conduct rule must keep to, and what more is true of the shipped ones, whatever the situation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from agents.conduct import get_conduct, get_conduct_class, list_conducts
from agents.conduct.best_response import BestResponse
from experiments.conduct_contract import CONTRACT, REACH, Subject, draw_situation
from experiments.contract import Check
from experiments.texts import say
from model.care import HIGHEST, LOWEST
from tests.small_market import A_NIGHT

Floats = NDArray[np.float64]
SEEDS = st.integers(0, 2**32 - 1)

every_rule = pytest.mark.parametrize("name", list_conducts())


@every_rule
@pytest.mark.parametrize("check", CONTRACT.checks.values(), ids=list(CONTRACT.checks))
def test_the_contract_is_kept(name: str, check: Check[Subject]) -> None:
    """In as many random situations as the profile asks for, of hospitals and of groups."""
    subject = Subject(get_conduct_class(name), name)
    for seed in range(A_NIGHT.max_examples if check.draws > 2 else check.draws):
        found = check.find(subject, seed)
        assert found is None, f"situation {seed}: {say(found.key, 'en', **found.values)}"


# What is true of the shipped rules beyond the contract


@every_rule
@A_NIGHT
@given(seed=SEEDS)
def test_nobody_moves_where_nothing_is_to_be_gained(name: str, seed: int) -> None:
    """Not at a corner and not elsewhere."""
    situation = Subject(get_conduct_class(name)).situation(seed, noise=0.0)
    flat = replace(situation, utility=np.full_like(situation.utility, 3.25), payoff=np.full(len(situation.payoff), 0.5))
    np.testing.assert_allclose(get_conduct(name).revise(flat), situation.conduct, rtol=0, atol=1e-12)


@every_rule
@A_NIGHT
@given(seed=SEEDS)
def test_no_step_is_longer_than_the_reach(name: str, seed: int) -> None:
    situation = Subject(get_conduct_class(name)).situation(seed, noise=0.0)
    step = np.abs(get_conduct(name).revise(situation) - situation.conduct)
    assert step.max() <= REACH + 1e-12


@every_rule
@A_NIGHT
@given(seed=SEEDS)
def test_the_unit_utility_is_counted_in_means_nothing(name: str, seed: int) -> None:
    situation = Subject(get_conduct_class(name)).situation(seed, noise=0.0)
    other = replace(situation, utility=7.0 * situation.utility, payoff=7.0 * situation.payoff)
    rule = get_conduct(name)
    np.testing.assert_allclose(rule.revise(other), rule.revise(situation), rtol=0, atol=1e-6)


@A_NIGHT
@given(seed=SEEDS)
def test_the_best_response_goes_uphill(seed: int) -> None:
    """On every parabola the new place is at least as good as the old one."""
    situation = draw_situation(np.random.default_rng(seed), 7, (LOWEST, HIGHEST), np.zeros((7, len(LOWEST), 0)), 0.0)
    shape = np.stack([np.polyfit(x, y, 2) for x, y in zip(_points(situation.level), _points(situation.utility), strict=True)])
    before, after = (_worth(shape, at) for at in (situation.conduct, BestResponse().revise(situation)))
    assert (after >= before - 1e-9 * np.maximum(np.abs(before), 1)).all()


def _points(three: Floats) -> Floats:
    """One row a decider and channel, three points in it."""
    points: Floats = three.transpose(2, 0, 1).reshape(-1, 3)
    return points


def _worth(shape: Floats, at: Floats) -> Floats:
    x = at.reshape(-1)
    return shape[:, 0] * x**2 + shape[:, 1] * x + shape[:, 2]
