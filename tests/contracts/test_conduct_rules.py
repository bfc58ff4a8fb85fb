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

from agents.conduct import ConductRule, Situation, get_conduct, list_conducts
from model.care import HIGHEST, LOWEST
from tests.small_market import A_NIGHT

Floats = NDArray[np.float64]
DECIDERS, CHANNELS = 7, len(LOWEST)
STEP, REACH = 0.05, 0.12
SEEDS = st.integers(0, 2**32 - 1)

pytestmark = pytest.mark.parametrize("name", list_conducts())


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
    }
    return Situation(**(standard | given)), top, bend


def test_it_introduces_itself(name: str) -> None:
    rule = get_conduct(name)
    assert isinstance(rule, ConductRule)
    assert rule.name == name
    assert re.search(r"[\u4e00-\u9fff]", rule.label_zh)
    assert re.fullmatch(r"[\x20-\x7e]+", rule.label_en)
    assert rule.summary


@A_NIGHT
@given(seed=SEEDS, noise=st.sampled_from([0.0, 0.01, 5.0]))
def test_conduct_stays_within_the_bounds(name: str, seed: int, noise: float) -> None:
    situation, _, _ = any_situation(seed, noise=noise)
    moved = get_conduct(name).revise(situation)
    assert moved.shape == situation.conduct.shape
    assert moved.dtype == np.float64
    assert np.isfinite(moved).all()
    assert (moved >= LOWEST).all()
    assert (moved <= HIGHEST).all()


@A_NIGHT
@given(seed=SEEDS)
def test_what_is_seen_is_left_alone(name: str, seed: int) -> None:
    situation, _, _ = any_situation(seed, noise=0.01)
    before = copy.deepcopy(situation)
    moved = get_conduct(name).revise(situation)
    for field in fields(Situation):
        assert np.array_equal(getattr(situation, field.name), getattr(before, field.name)), field.name
    moved[:] = -1.0
    assert np.array_equal(situation.conduct, before.conduct)


@A_NIGHT
@given(seed=SEEDS)
def test_the_same_situation_has_the_same_answer(name: str, seed: int) -> None:
    situation, _, _ = any_situation(seed, noise=0.01)
    assert np.array_equal(get_conduct(name).revise(situation), get_conduct(name).revise(situation))


@A_NIGHT
@given(seed=SEEDS)
def test_nobody_moves_where_nothing_is_to_be_gained(name: str, seed: int) -> None:
    situation, _, _ = any_situation(seed)
    flat = replace(situation, utility=np.full_like(situation.utility, 3.25))
    np.testing.assert_allclose(get_conduct(name).revise(flat), situation.conduct, rtol=0, atol=1e-12)


@A_NIGHT
@given(seed=SEEDS)
def test_no_step_is_longer_than_the_reach(name: str, seed: int) -> None:
    situation, _, _ = any_situation(seed)
    step = np.abs(get_conduct(name).revise(situation) - situation.conduct)
    assert step.max() <= REACH + 1e-12


@A_NIGHT
@given(seed=SEEDS)
def test_moves_go_uphill(name: str, seed: int) -> None:
    """On every parabola the new place is at least as good as the old one."""
    situation, top, bend = any_situation(seed)
    moved = get_conduct(name).revise(situation)
    before, after = (-bend * (at.T - top) ** 2 for at in (situation.conduct, moved))
    assert (after >= before - 1e-12).all()


@given(seed=SEEDS)
def test_the_order_of_deciders_means_nothing(name: str, seed: int) -> None:
    situation, _, _ = any_situation(seed, noise=0.01)
    order = np.random.default_rng(seed).permutation(DECIDERS)
    turned = replace(
        situation,
        conduct=situation.conduct[order],
        level=situation.level[:, :, order],
        utility=situation.utility[:, :, order],
        peer_group=situation.peer_group[order],
        error=situation.error[order],
    )
    rule = get_conduct(name)
    np.testing.assert_allclose(rule.revise(turned), rule.revise(situation)[order], rtol=0, atol=1e-12)


@A_NIGHT
@given(seed=SEEDS)
def test_the_unit_utility_is_counted_in_means_nothing(name: str, seed: int) -> None:
    situation, _, _ = any_situation(seed)
    other = replace(situation, utility=7.0 * situation.utility)
    rule = get_conduct(name)
    np.testing.assert_allclose(rule.revise(other), rule.revise(situation), rtol=0, atol=1e-6)


def test_one_decider_is_enough_and_none_is_no_error(name: str) -> None:
    situation, _, _ = any_situation(1)
    for n in (1, 0):
        some = replace(
            situation,
            conduct=situation.conduct[:n],
            level=situation.level[:, :, :n],
            utility=situation.utility[:, :, :n],
            peer_group=situation.peer_group[:n],
            error=situation.error[:n],
        )
        assert get_conduct(name).revise(some).shape == (n, CHANNELS)
