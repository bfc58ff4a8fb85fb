"""Conduct rules and what they stand on: preferences, staff, the parabola through three quoted points."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from agents.conduct import Remembering, Situation, get_conduct, list_conducts, memory_size
from agents.conduct.best_response import quoted_optimum
from agents.staff import hire
from agents.utility import benefit_of_intensity, harm_of_intensity, moral_cost
from model.care import CODING, NEUTRAL, Q_MILD, Q_OUT, SHIFT, SPLITTING
from model.errors import InputError
from tests.small_staff import utility_rules

REACH = 0.12


def optimum(top: float, now: float = 0.5, bend: float = -1.0, step: float = 0.05, reach: float = REACH) -> float:
    """Where one decider goes on a parabola with this top."""
    level = np.array([[[now - step], [now], [now + step]]])
    utility = 0.5 * bend * (level - top) ** 2
    return float(quoted_optimum(np.array([[now]]), level, utility, reach)[0, 0])


# The parabola


@pytest.mark.parametrize("top", [0.4, 0.47, 0.5, 0.53, 0.6])
def test_a_top_within_reach_is_found_exactly(top: float) -> None:
    assert optimum(top) == pytest.approx(top)


def test_a_small_share_near_its_bound_is_found_too() -> None:
    """Levels are moved inside the bounds, so that the best of the three may be the bound itself; the top still lies above it."""
    level = np.array([[[0.0], [0.05], [0.1]]])
    for now in (0.0, 0.01, 0.03):
        found = quoted_optimum(np.array([[now]]), level, -((level - 0.02) ** 2), REACH)
        assert found[0, 0] == pytest.approx(0.02)


def test_farther_tops_are_approached_by_the_reach() -> None:
    assert optimum(0.9) == pytest.approx(0.5 + REACH)
    assert optimum(-2.0) == pytest.approx(0.5 - REACH)


def test_a_slope_without_a_top_is_climbed_as_far_as_allowed() -> None:
    level = np.array([[[0.45], [0.5], [0.55]]])
    for sign in (1.0, -1.0):
        found = quoted_optimum(np.array([[0.5]]), level, sign * level, REACH)[0, 0]
        assert found == pytest.approx(0.5 + sign * REACH)


def test_in_a_valley_the_higher_side_is_taken() -> None:
    assert optimum(0.49, bend=1.0) == pytest.approx(0.5 + REACH)
    assert optimum(0.51, bend=1.0) == pytest.approx(0.5 - REACH)


def test_a_kink_is_climbed_from_its_steep_side() -> None:
    """Steep below the middle, nearly flat above it: the way is still up."""
    level = np.array([[[0.45], [0.5], [0.55]]])
    utility = np.array([[[-1.0], [0.0], [0.01]]])
    assert 0.5 < quoted_optimum(np.array([[0.5]]), level, utility, REACH)[0, 0] <= 0.5 + REACH


def test_on_the_floor_of_an_even_valley_one_side_is_taken() -> None:
    level = np.array([[[0.45], [0.5], [0.55]]])
    utility = np.array([[[0.2], [0.0], [0.2]]])
    assert abs(quoted_optimum(np.array([[0.5]]), level, utility, REACH)[0, 0] - 0.5) >= 0.05 - 1e-12


def test_a_flat_outlook_moves_nobody() -> None:
    level = np.array([[[0.0], [0.05], [0.1]]])
    now = np.array([[0.013]])
    assert quoted_optimum(now, level, np.full_like(level, 3.0), REACH) == now


def situation(**given: Any) -> Situation:
    """Two deciders with three channels between 0 and 1; the first channel has its top at one, the second is flat, the third at zero."""
    conduct = np.array([[0.5, 0.5, 0.5], [0.0, 0.0, 0.0]])
    centre = np.clip(conduct, 0.05, 0.95).T
    level = np.stack([centre - 0.05, centre, centre + 0.05], axis=1)
    utility = np.stack([-((level[0] - 1.0) ** 2), 0 * level[1], -(level[2] ** 2)])
    standard: dict[str, Any] = {
        "conduct": conduct,
        "level": level,
        "utility": utility,
        "lowest": np.zeros(3),
        "highest": np.ones(3),
        "peer_group": np.zeros(2, dtype=np.int64),
        "inertia": 0.5,
        "reach": REACH,
        "error": np.zeros((2, 3)),
        "noise": 0.0,
        "payoff": np.zeros(2),
        "memory": np.zeros((2, 3, 0)),
    }
    return Situation(**(standard | given))


# Best response


def test_half_of_the_way_is_gone() -> None:
    moved = get_conduct("best_response").revise(situation())
    np.testing.assert_allclose(moved, [[0.56, 0.5, 0.44], [0.06, 0.0, 0.0]])


def test_full_inertia_keeps_everything() -> None:
    given = situation(inertia=1.0)
    np.testing.assert_allclose(get_conduct("best_response").revise(given), given.conduct)


def test_errors_tremble_but_never_start_what_pays_nothing() -> None:
    given = situation(noise=0.02, error=np.ones((2, 3)))
    moved = get_conduct("best_response").revise(given) - get_conduct("best_response").revise(replace(given, noise=0.0))
    np.testing.assert_allclose(moved, [[0.02, 0.02, 0.02], [0.02, 0.0, 0.0]])


def test_the_bounds_hold_whatever_the_error() -> None:
    moved = get_conduct("best_response").revise(situation(noise=10.0, error=np.array([[1.0, -1.0, 1.0], [-1.0, 1.0, -1.0]])))
    assert moved.tolist() == [[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]


def test_steady_conduct_is_a_copy() -> None:
    given = situation()
    kept = get_conduct("steady").revise(given)
    assert np.array_equal(kept, given.conduct)
    assert kept is not given.conduct


# Finding rules


def test_the_rules_are_there_and_unknown_ones_told() -> None:
    assert {"best_response", "imitation", "reinforcement", "steady"} <= set(list_conducts())
    with pytest.raises(InputError, match="best_response"):
        get_conduct("best_respons")


def test_a_rule_may_be_a_file(tmp_path: Path) -> None:
    text = (
        '"""Half."""\nfrom __future__ import annotations\nfrom dataclasses import dataclass\n\n@dataclass\nclass Half:\n'
        "    name: str = 'half'\n    def revise(self, situation):\n        return situation.conduct / 2\n\nRULE = Half\n"
    )
    (tmp_path / "half.py").write_text(text, encoding="utf-8")
    rule = get_conduct(str(tmp_path / "half.py"))
    assert rule.name == "half"
    assert rule.revise(situation())[0].tolist() == [0.25, 0.25, 0.25]


@pytest.mark.parametrize(
    ("text", "why"),
    [(None, "no such"), ("x = 1\n", "RULE"), ("1 / 0\n", "division"), ("exit()\n", "SystemExit")],
    ids=["missing", "no rule", "raises", "leaves"],
)
def test_a_file_that_is_no_rule_is_refused_with_its_name(tmp_path: Path, text: str | None, why: str) -> None:
    path = tmp_path / "mine.py"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=why) as refused:
        get_conduct(str(path))
    assert "mine.py" in str(refused.value)


# Preferences


def test_benefit_is_highest_at_the_standard_and_falls_twice_as_steeply_below() -> None:
    level = np.array([0.9, 1.0, 1.1])
    assert benefit_of_intensity(utility_rules(), 1, level).tolist() == pytest.approx([-2.7 * 0.01, 0.0, -2.7 * 0.005])
    assert benefit_of_intensity(utility_rules(above=3.0, below=1.0), 3, level).tolist() == pytest.approx([-0.063, 0.0, -0.189])


def test_harm_of_intensity_takes_a_curvature_a_case() -> None:
    found = harm_of_intensity(utility_rules(), np.array([1.0, 10.0]), np.array([0.8, 0.8]))
    assert found.tolist() == pytest.approx([0.04, 0.4])


def test_moral_cost_is_cubic_for_coding_and_quadratic_for_the_other_acts() -> None:
    half = np.array([0.0, 0.5, 1.0])
    assert moral_cost(utility_rules(), CODING, half).tolist() == pytest.approx([0.0, 2 / 3 / 8, 2 / 3])
    assert moral_cost(utility_rules(), SPLITTING, half).tolist() == pytest.approx([0.0, 3.5 / 8, 1.75])
    assert moral_cost(utility_rules(), SHIFT, half).tolist() == pytest.approx([0.0, 1.0, 4.0])


def test_services_have_no_moral_cost_of_their_own() -> None:
    for channel in range(Q_OUT, Q_MILD + 3):
        assert not moral_cost(utility_rules(moral=np.full(10, 9.0)), channel, np.array([0.5, 1.5])).any()


# Staff

EAGER, KIND = np.array([[0.7, 0.8, 0.9], [1.0, 1.1, 1.2]]), np.array([[0.95, 0.9, 0.85], [0.65, 0.6, 0.55]])
"""Weights of profit and of patients by ownership and tier."""
RULES = (np.zeros(2, dtype=np.int64), np.zeros(1, dtype=np.int64))


def test_who_decides_values_profit_and_patients_by_ownership() -> None:
    private = np.array([False, True])
    made = hire(private, np.array([0, 2], dtype=np.int8), 1, EAGER, KIND, (0.0, 0.0), np.zeros((3, 2)), RULES, 0)
    assert made.profit.tolist() == [0.7, 1.2]
    assert made.altruism.tolist() == [0.95, 0.55]
    assert (made.group_profit.tolist(), made.group_altruism.tolist()) == ([0.8], [0.9])
    assert (made.conduct == NEUTRAL).all()
    assert np.isinf(made.act_from).all()
    assert not made.referral.any()


def test_staff_differ_lognormally_around_the_mean() -> None:
    n = 20_000
    normal = np.random.default_rng(2).standard_normal((n, 2))
    made = hire(np.zeros(n, dtype=bool), np.zeros(n, dtype=np.int8), 0, EAGER, KIND, (0.1, 0.2), normal, RULES, 0)
    assert made.profit.mean() == pytest.approx(0.7, rel=0.005)
    assert np.log(made.profit).std() == pytest.approx(0.1, rel=0.02)
    assert np.log(made.altruism).std() == pytest.approx(0.2, rel=0.02)


def test_pay_decides_how_much_of_a_surplus_weighs() -> None:
    """λ is the weight times the share that reaches the staff, whatever was paid before; what they feel for patients is not for sale."""
    private, tier = np.array([False, True]), np.array([0, 2], dtype=np.int8)
    made = hire(private, tier, 1, EAGER, KIND, (0.1, 0.2), np.full((3, 2), 0.5), RULES, 0)
    eager, kind = made.profit.copy(), made.altruism.copy()
    for share in ([0.5, 0.8], [0.0, 1.0]):
        made.pay(np.array(share), np.array([share[0]]))
        assert made.profit.tolist() == (eager * share).tolist()
        assert made.group_profit.tolist() == (made.group_eagerness * share[0]).tolist()
    assert made.altruism.tolist() == kind.tolist()


def test_peers_share_tier_and_ownership() -> None:
    tier = np.array([0, 0, 1, 1, 1], dtype=np.int8)
    private = np.array([False, True, False, False, True])
    peers = hire(private, tier, 0, EAGER, KIND, (0, 0), np.zeros((5, 2)), RULES, 0).peers
    assert peers[2] == peers[3]
    assert len(set(peers.tolist())) == 4


# Imitation


def imitators(conduct: Any, payoff: Any, **given: Any) -> Situation:
    """Deciders with one channel between 0 and 1 whose quote rises, with these payoffs."""
    now = np.asarray(conduct, dtype=float)[:, None]
    n = len(now)
    centre = np.clip(now, 0.05, 0.95).T
    level = np.stack([centre - 0.05, centre, centre + 0.05], axis=1)
    standard: dict[str, Any] = {
        "conduct": now,
        "level": level,
        "utility": level.copy(),
        "lowest": np.zeros(1),
        "highest": np.ones(1),
        "peer_group": np.zeros(n, dtype=np.int64),
        "error": np.zeros((n, 1)),
        "payoff": np.asarray(payoff, dtype=float),
        "memory": np.zeros((n, 1, 0)),
        "reach": 1.0,
    }
    return situation(**(standard | given))


def test_better_peers_are_followed_by_how_much_better_they_are() -> None:
    """Peers ahead by 1 and by 3: a quarter and three quarters; half of the way. The best stays, and so does who is alone in its group."""
    given = imitators([0.0, 0.2, 0.8, 0.5], [1.0, 2.0, 4.0, 0.0], peer_group=np.array([0, 0, 0, 1]))
    moved = get_conduct("imitation").revise(given)
    np.testing.assert_allclose(moved[:, 0], [0.5 * (0.2 / 4 + 0.8 * 3 / 4), 0.5 * (0.2 + 0.8), 0.8, 0.5])


def test_imitation_goes_no_further_than_the_reach() -> None:
    moved = get_conduct("imitation").revise(imitators([0.0, 1.0], [0.0, 1.0], reach=0.12))
    np.testing.assert_allclose(moved[:, 0], [0.12, 1.0])


def test_trials_are_larger_than_errors_and_leave_alone_what_nobody_gains_by() -> None:
    given = imitators([0.5, 0.0, 0.0], [1.0, 1.0, 1.0], noise=0.01, error=np.ones((3, 1)))
    utility = given.utility.copy()
    utility[0, :, 2] *= -1
    moved = get_conduct("imitation").revise(replace(given, utility=utility))
    np.testing.assert_allclose(moved[:, 0], [0.55, 0.05, 0.0])


def test_imitation_and_trials_find_what_pays() -> None:
    """Twenty equal deciders with a hidden top at 0.6, who see only how others fare."""
    rng = np.random.default_rng(3)
    now = np.zeros(20)
    for _ in range(60):
        given = imitators(now, -((now - 0.6) ** 2), noise=0.01, error=rng.standard_normal((20, 1)), reach=0.12)
        now = get_conduct("imitation").revise(given)[:, 0]
    assert now.mean() == pytest.approx(0.6, abs=0.06)


# Reinforcement


def reinforced(top: float, periods: int, n: int = 200, seed: int = 4) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Conduct and memory of deciders after some periods on one parabola, from 0.3 on."""
    rule = get_conduct("reinforcement")
    assert isinstance(rule, Remembering)
    rng = np.random.default_rng(seed)
    now, memory = np.full(n, 0.3), np.zeros((n, 1, memory_size(rule)))
    for _ in range(periods):
        given = imitators(now, np.zeros(n), error=rng.standard_normal((n, 1)), reach=0.12, memory=memory)
        given = replace(given, utility=-((given.level - top) ** 2))
        moved = rule.revise(given)
        now, memory = moved[:, 0], rule.remember(given, moved)
    return now, memory


def test_a_first_decision_is_a_third_each_of_down_stay_and_up() -> None:
    now, memory = reinforced(0.6, 1, n=3000)
    share = [np.isclose(now, level).mean() for level in (0.24, 0.30, 0.36)]
    assert share == pytest.approx([1 / 3] * 3, abs=0.03)
    assert set(np.unique(memory[..., 3])) == {1.0, 2.0, 3.0}
    assert (memory[..., 4] == 0.3).all()
    assert not memory[..., :3].any()


def test_a_step_that_paid_is_strengthened_and_one_that_cost_is_weakened() -> None:
    """On a straight line a step of 0.06, counted up to 0.05, is half of what the quote shows: nine tenths of it at most."""
    rule = get_conduct("reinforcement")
    assert isinstance(rule, Remembering)
    memory = np.zeros((2, 1, 5))
    memory[:, 0, 3], memory[:, 0, 4] = [3.0, 1.0], [0.45, 0.55]
    given = imitators([0.5, 0.5], [0.0, 0.0], memory=memory)
    learnt = rule.remember(given, rule.revise(given))[:, 0, :3]
    np.testing.assert_allclose(learnt, [[0.05, 0.05, 0.4], [-0.4, -0.05, -0.05]])


def test_reinforcement_finds_what_pays() -> None:
    early, late = reinforced(0.6, 4)[0], reinforced(0.6, 40)[0]
    assert abs(early.mean() - 0.3) < abs(late.mean() - 0.3)
    assert late.mean() == pytest.approx(0.6, abs=0.05)


def test_what_brings_nothing_is_not_tried() -> None:
    """At the lowest level with a falling quote, and wherever the quote is flat, nobody moves whatever is drawn."""
    given = imitators([0.0, 0.5], [0.0, 0.0], error=np.array([[3.0], [3.0]]), memory=np.zeros((2, 1, 5)))
    utility = -given.utility
    utility[0, :, 1] = 2.0
    moved = get_conduct("reinforcement").revise(replace(given, utility=utility))
    assert moved[:, 0].tolist() == [0.0, 0.5]
