"""What each act of conduct reaches and does, on columns of cases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.care import (
    CHANNELS,
    HIGHEST,
    LOWEST,
    MIX,
    NEUTRAL,
    Q_MILD,
    Q_MODERATE,
    Q_OUT,
    Q_SEVERE,
    STAY,
    draw_need,
    eligible,
    intensity_of,
    stay_charge,
    stay_days,
)
from model.catalogue import load_catalogue
from model.items import CHOSEN
from tests.small_market import care_rules, coded_group, truth


def test_neutral_conduct_lies_within_the_bounds() -> None:
    assert len(CHANNELS) == len(NEUTRAL) == len(LOWEST) == len(HIGHEST)
    assert (NEUTRAL >= LOWEST).all()
    assert (NEUTRAL < HIGHEST).all()
    around = np.isin(np.arange(len(CHANNELS)), [Q_OUT, Q_MILD, Q_MODERATE, Q_SEVERE, STAY])
    assert (NEUTRAL[around] == 1).all()
    assert (NEUTRAL[~around] == 0).all()
    assert (LOWEST[around] < 1).all()
    assert (LOWEST[MIX] == -HIGHEST[MIX]).all()
    around[MIX] = True
    assert (NEUTRAL[~around] == LOWEST[~around]).all()
    assert tuple(CHANNELS)[MIX] == CHOSEN


def test_shares_of_eligible_cases_are_as_the_rules_say_by_severity() -> None:
    n = 30_000
    u = (np.arange(n) + 0.5) / n
    rules = care_rules(eligible_code=np.array([0.25, 0.4, 0.55]), eligible_split=0.3, finish_share=0.2)
    severity = np.arange(n) % 3
    able = eligible(truth(n, u_code=u, u_split=u[::-1], severity=severity), rules, load_catalogue())
    assert [able.code[severity == s].mean() for s in range(3)] == pytest.approx([0.25, 0.4, 0.55], abs=1e-3)
    assert able.split.mean() == pytest.approx(0.3, abs=1e-3)
    assert able.finish.mean() == pytest.approx(0.2, abs=1e-3)
    assert not (able.finish & able.split).any()


def test_only_groups_with_a_dearer_neighbour_can_be_written_or_treated_up() -> None:
    groups = load_catalogue()
    every = np.arange(len(groups))
    able = eligible(truth(len(groups), group=every, u_code=0.0), care_rules(), groups)
    assert (able.code == (groups.code_up >= 0)).all()
    able = eligible(truth(len(groups), group=every, u_treat=0.0), care_rules(), groups)
    assert (able.treat == (groups.treat_up >= 0)).all()
    assert 0 < able.treat.sum() < len(groups)


def test_a_case_that_can_be_treated_up_is_not_also_written_up() -> None:
    able = eligible(truth(2, u_code=0.0, u_treat=[0.1, 0.9]), care_rules(eligible_treat=0.2), load_catalogue())
    assert able.treat.tolist() == [True, False]
    assert able.code.tolist() == [False, True]


def test_costly_cases_are_seen_as_such_by_what_staff_see_and_never_in_emergencies() -> None:
    cases = truth(4, need=[9.0, 0.1, 0.1, 1.0], noisy_need=[1.0, 2.0, 2.0, 1.3], emergency=[False, False, True, False])
    assert eligible(cases, care_rules(costly=1.3), load_catalogue()).select.tolist() == [False, True, False, False]


def test_nothing_can_be_done_to_cases_that_lend_themselves_to_nothing() -> None:
    able = eligible(truth(3), care_rules(), load_catalogue())
    assert not any(mask.any() for mask in (able.code, able.treat, able.split, able.select, able.finish))
    assert load_catalogue().code_up[coded_group()] >= 0


def test_services_follow_provider_and_severity() -> None:
    conduct = np.tile(NEUTRAL, (2, 1))
    conduct[0, Q_OUT], conduct[1, Q_MILD : Q_MILD + 3] = 9.0, [1.3, 1.2, 1.1]
    found = intensity_of(conduct, np.array([0, 1, 1, 1], dtype=np.int16), np.array([2, 0, 1, 2], dtype=np.int8))
    assert found.tolist() == [1.0, 1.3, 1.2, 1.1]


def test_days_move_with_services_and_are_one_at_least() -> None:
    days = stay_days(np.array([10.0, 10.0, 10.0, 1.0], dtype=np.float32), np.array([1.0, 1.2, 0.8, 0.5]), 0.5)
    assert days.tolist() == pytest.approx([10.0, 11.0, 9.0, 1.0])
    assert stay_days(np.array([7.0]), np.array([1.5]), 0.0).tolist() == [7.0]
    kept = stay_days(np.array([10.0, 10.0, 1.0]), np.array([1.0, 1.2, 1.0]), 0.5, np.array([0.8, 1.5, 0.6]))
    assert kept.tolist() == pytest.approx([8.0, 16.5, 1.0])


def test_only_what_is_charged_by_the_day_follows_the_days() -> None:
    rules = care_rules(daily_share=0.25)
    assert stay_charge(np.array([1.0, 0.8, 1.4]), rules).tolist() == pytest.approx([1.0, 0.95, 1.1])


def test_need_is_lognormal_of_mean_one_and_the_noise_independent() -> None:
    u = np.random.default_rng(5).random((200_000, 4))
    need, noisy = draw_need(u, care_rules(need_sd=0.4, noise_sd=0.3))
    assert need.mean() == pytest.approx(1.0, abs=0.005)
    assert np.log(need).std() == pytest.approx(0.4, abs=0.003)
    error = np.log(noisy) - np.log(need)
    assert error.std() == pytest.approx(0.3, abs=0.003)
    assert abs(np.corrcoef(error, np.log(need))[0, 1]) < 0.01
    assert noisy.mean() == pytest.approx(1.0, abs=0.005)


def test_without_spread_every_case_needs_its_group_s_mean() -> None:
    u = np.random.default_rng(5).random((10, 4))
    u[0] = 0.0  # the corner of the unit square has a finite need too
    need, noisy = draw_need(u, replace(care_rules(), need_sd=0.0, noise_sd=0.0))
    assert need.tolist() == noisy.tolist() == [1.0] * 10
    assert np.isfinite(draw_need(u, care_rules())[0]).all()
