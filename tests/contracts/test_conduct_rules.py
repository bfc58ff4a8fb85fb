"""What every conduct rule must keep to, whoever wrote it: each check runs over every rule that is listed."""

from __future__ import annotations

import copy
import re
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from agents.conduct import ConductRule, Remembering, Situation, get_conduct, list_conducts, memory_size
from model.care import HIGHEST, LOWEST
from tests.small_market import A_NIGHT

Floats = NDArray[np.float64]
DECIDERS, CHANNELS = 7, len(LOWEST)
STEP, REACH = 0.05, 0.12
SEEDS = st.integers(0, 2**32 - 1)

every_rule = pytest.mark.parametrize("name", list_conducts())
rules_that_read_the_quote = pytest.mark.parametrize("name", ["best_response", "steady"])
"""Rules that never move against the quote; the others learn from peers or from trials."""


def any_situation(seed: int, **given: Any) -> tuple[Situation, Floats, Floats]:
    """Deciders anywhere within the bounds, corners included, on parabolas with tops anywhere; the tops and how bent they are."""
    rng = np.random.default_rng(seed)
    conduct = LOWEST + (HIGHEST - LOWEST) * np.clip(rng.uniform(-0.3, 1.3, (DECIDERS, CHANNELS)), 0, 1)
    top = (LOWEST + (HIGHEST - LOWEST) * rng.uniform(-0.5, 1.5, (DECIDERS, CHANNELS))).T
    bend = 10 ** rng.uniform(-3, 2, (CHANNELS, DECIDERS))
    centre = np.clip(conduct, LOWEST + STEP, HIGHEST - STEP).T
    level = np.stack([centre - STEP, centre, centre + STEP], axis=1)
    standard: dict[str, Any] = {
        "conduct": conduct,
        "level": level,
        "utility": -bend[:, None] * (level - top[:, None]) ** 2,
        "lowest": LOWEST.copy(),
        "highest": HIGHEST.copy(),
        "peer_group": rng.integers(0, 3, DECIDERS),
        "inertia": 0.4,
        "reach": REACH,
        "error": rng.standard_normal((DECIDERS, CHANNELS)),
        "noise": 0.0,
        "payoff": rng.standard_normal(DECIDERS),
        "memory": np.zeros((DECIDERS, CHANNELS, 0)),
    }
    return Situation(**(standard | given)), top, bend


def lived(name: str, seed: int, **given: Any) -> Situation:
    """A situation with the memory of a few decisions behind it."""
    rule = get_conduct(name)
    memory = np.zeros((DECIDERS, CHANNELS, memory_size(rule)))
    for month in range(4):
        situation = any_situation(seed + month, memory=memory, **given)[0]
        if isinstance(rule, Remembering):
            memory = rule.remember(situation, rule.revise(situation))
    return situation


@every_rule
def test_it_introduces_itself(name: str) -> None:
    rule = get_conduct(name)
    assert isinstance(rule, ConductRule)
    assert rule.name == name
    assert re.search(r"[\u4e00-\u9fff]", rule.label_zh)
    assert re.fullmatch(r"[\x20-\x7e]+", rule.label_en)
    assert rule.summary


@every_rule
@A_NIGHT
@given(seed=SEEDS, noise=st.sampled_from([0.0, 0.01, 5.0]))
def test_conduct_stays_within_the_bounds(name: str, seed: int, noise: float) -> None:
    situation = lived(name, seed, noise=noise)
    moved = get_conduct(name).revise(situation)
    assert moved.shape == situation.conduct.shape
    assert moved.dtype == np.float64
    assert np.isfinite(moved).all()
    assert (moved >= LOWEST).all()
    assert (moved <= HIGHEST).all()


@every_rule
@A_NIGHT
@given(seed=SEEDS)
def test_what_is_seen_is_left_alone(name: str, seed: int) -> None:
    situation = lived(name, seed, noise=0.01)
    before, rule = copy.deepcopy(situation), get_conduct(name)
    moved = rule.revise(situation)
    if isinstance(rule, Remembering):
        rule.remember(situation, moved)
    for field in fields(Situation):
        assert np.array_equal(getattr(situation, field.name), getattr(before, field.name)), field.name
    moved[:] = -1.0
    assert np.array_equal(situation.conduct, before.conduct)


@every_rule
@A_NIGHT
@given(seed=SEEDS)
def test_the_same_situation_has_the_same_answer(name: str, seed: int) -> None:
    situation, rule = lived(name, seed, noise=0.01), get_conduct(name)
    first = rule.revise(situation)
    assert np.array_equal(first, rule.revise(situation))
    assert np.array_equal(first, get_conduct(name).revise(situation))
    if isinstance(rule, Remembering):
        known = rule.remember(situation, first)
        assert known.shape == situation.memory.shape
        assert np.array_equal(known, rule.remember(situation, first))


@every_rule
@A_NIGHT
@given(seed=SEEDS)
def test_nobody_moves_where_nothing_is_to_be_gained(name: str, seed: int) -> None:
    situation = lived(name, seed)
    flat = replace(situation, utility=np.full_like(situation.utility, 3.25), payoff=np.full(DECIDERS, 0.5))
    np.testing.assert_allclose(get_conduct(name).revise(flat), situation.conduct, rtol=0, atol=1e-12)


@every_rule
@A_NIGHT
@given(seed=SEEDS)
def test_no_step_is_longer_than_the_reach(name: str, seed: int) -> None:
    situation = lived(name, seed)
    step = np.abs(get_conduct(name).revise(situation) - situation.conduct)
    assert step.max() <= REACH + 1e-12


@rules_that_read_the_quote
@A_NIGHT
@given(seed=SEEDS)
def test_moves_go_uphill(name: str, seed: int) -> None:
    """On every parabola the new place is at least as good as the old one."""
    situation, top, bend = any_situation(seed)
    moved = get_conduct(name).revise(situation)
    before, after = (-bend * (at.T - top) ** 2 for at in (situation.conduct, moved))
    assert (after >= before - 1e-12).all()


@every_rule
@given(seed=SEEDS)
def test_the_order_of_deciders_means_nothing(name: str, seed: int) -> None:
    situation = lived(name, seed, noise=0.01)
    order = np.random.default_rng(seed).permutation(DECIDERS)
    turned = replace(
        situation,
        conduct=situation.conduct[order],
        level=situation.level[:, :, order],
        utility=situation.utility[:, :, order],
        peer_group=situation.peer_group[order],
        error=situation.error[order],
        payoff=situation.payoff[order],
        memory=situation.memory[order],
    )
    rule = get_conduct(name)
    np.testing.assert_allclose(rule.revise(turned), rule.revise(situation)[order], rtol=0, atol=1e-12)


@every_rule
@A_NIGHT
@given(seed=SEEDS)
def test_the_unit_utility_is_counted_in_means_nothing(name: str, seed: int) -> None:
    situation = lived(name, seed)
    other = replace(situation, utility=7.0 * situation.utility, payoff=7.0 * situation.payoff)
    rule = get_conduct(name)
    np.testing.assert_allclose(rule.revise(other), rule.revise(situation), rtol=0, atol=1e-6)


@every_rule
def test_one_decider_is_enough_and_none_is_no_error(name: str) -> None:
    situation = lived(name, 1)
    for n in (1, 0):
        some = replace(
            situation,
            conduct=situation.conduct[:n],
            level=situation.level[:, :, :n],
            utility=situation.utility[:, :, :n],
            peer_group=situation.peer_group[:n],
            error=situation.error[:n],
            payoff=situation.payoff[:n],
            memory=situation.memory[:n],
        )
        assert get_conduct(name).revise(some).shape == (n, CHANNELS)
