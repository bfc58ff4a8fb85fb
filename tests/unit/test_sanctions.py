"""What follows from findings: fines in the law's range, credit, suspension, visits, what providers expect of it all."""

from __future__ import annotations

import numpy as np
import pytest

from model.care import CODING, SELECTION, SHIFT, SPLITTING, THRESHOLD
from model.quote import Expected
from model.sanctions import (
    COMPLAINED,
    GRADES,
    Reward,
    SanctionRules,
    Standing,
    chance,
    cost_of_finding,
    grade,
    multiple,
    owned_up,
    reward_of,
    visited,
    weight_of,
)

LOCAL = np.array([True, True, True, False])


def found_once(rules: SanctionRules, found: float, seen: float) -> Standing:
    """One provider of whom so many claims were found, among so many."""
    standing = Standing.clean(1)
    standing.learn(rules, np.array([found]), np.array([seen]))
    return standing


def test_the_fine_goes_from_the_least_to_the_most_the_law_allows_as_credit_goes() -> None:
    assert multiple(2.0, 5.0, np.array([100.0, 50.0, 0.0, 120.0, -3.0])).tolist() == [2.0, 3.5, 5.0, 2.0, 5.0]


def test_without_a_highest_fine_the_audits_own_holds_for_all() -> None:
    assert SanctionRules().fine(SPLITTING, 1.3, np.array([100.0, 0.0])).tolist() == [1.3, 1.3]


def test_grades_begin_at_their_lines() -> None:
    assert "".join(GRADES[i] for i in grade(np.array([100.0, 90.0, 89.9, 80.0, 70.0, 60.0, 59.9, 0.0]))) == "AABBCDEE"


def test_nothing_is_paid_for_a_complaint_that_was_not_true() -> None:
    assert reward_of(np.array([0, 1, 5_000_000]), Reward(0.02, 20_000, 20_000_000)).tolist() == [0, 20_000, 100_000]


def test_credit_falls_by_its_points_for_each_hundredth_found() -> None:
    assert found_once(SanctionRules(points=5.0, prior=0.0), 4, 100).credit.tolist() == pytest.approx([80.0])


def test_credit_comes_back_as_findings_fade_behind_clean_claims() -> None:
    rules = SanctionRules(points=5.0, prior=0.0)
    standing = found_once(rules, 4, 100)
    last = standing.credit[0]
    for _ in range(24):
        standing.learn(rules, np.zeros(1), np.full(1, 100.0))
        assert standing.credit[0] > last
        last = standing.credit[0]


def test_a_small_provider_is_not_judged_on_one_claim() -> None:
    rules = SanctionRules(points=5.0, prior=30.0)
    standing = Standing.clean(2)
    standing.learn(rules, np.array([1.0, 10.0]), np.array([2.0, 998.0]))
    assert standing.share(rules)[0] == pytest.approx((1 + 30 * 11 / 1000) / 32)


def test_who_passes_the_line_is_closed_for_its_months_and_comes_back() -> None:
    rules = SanctionRules(prior=10.0, close_from=0.1, close_months=6, term=24, end_months=36)
    standing = found_once(rules, 20, 100)
    assert standing.close(rules, 10, np.array([True])).tolist() == [True]
    assert [bool(standing.closed(month)[0]) for month in (10, 11, 16, 17)] == [True, True, True, False]
    assert standing.share(rules)[0] < rules.close_from  # it begins again below the line


def test_a_second_time_within_the_term_ends_the_agreement() -> None:
    rules = SanctionRules(prior=10.0, close_from=0.1, close_months=6, term=24, end_months=36)
    standing = found_once(rules, 20, 100)
    standing.close(rules, 10, np.array([True]))
    standing.learn(rules, np.array([20.0]), np.array([100.0]))
    standing.close(rules, 20, np.array([True]))
    assert standing.closed_until.tolist() == [21 + 36]


def test_who_is_closed_or_elsewhere_is_not_closed_again() -> None:
    rules = SanctionRules(prior=10.0, close_from=0.1, close_months=6, term=24, end_months=36)
    standing = found_once(rules, 20, 100)
    assert not standing.close(rules, 10, np.array([False])).any()
    standing.close(rules, 10, np.array([True]))
    standing.learn(rules, np.array([50.0]), np.array([50.0]))
    assert not standing.close(rules, 12, np.array([True])).any()


def test_visits_go_to_low_credit_but_are_as_many() -> None:
    standing = Standing.clean(4)
    standing.credit = np.array([100.0, 50.0, 0.0, 0.0])
    probability = visited(SanctionRules(risk=2.0), standing, LOCAL, 0.1)
    assert probability.tolist() == pytest.approx([0.05, 0.1, 0.15, 0.0])
    assert weight_of(SanctionRules(), standing, 0.0, LOCAL).tolist() == [1.0, 1.0, 1.0, 0.0]


def test_chances_of_being_found_are_those_of_independent_looks() -> None:
    rules = SanctionRules(sensitivity=0.5, complaint=0.1, verified=0.5)
    found = {c: float(chance(rules, c, np.array([0.2]), np.array([0.4]))[0]) for c in (CODING, SPLITTING)}
    assert found[CODING] == pytest.approx(1 - 0.8 * 0.8)
    assert found[SPLITTING] == pytest.approx(1 - 0.8 * 0.95 * 0.8)
    assert set(COMPLAINED) == {SPLITTING, THRESHOLD, SHIFT}
    assert SELECTION not in COMPLAINED  # who was turned away has no claim


def test_gains_are_returned_where_keeping_them_costs_more() -> None:
    """Belief .5 · sensitivity .8 · (1 + fine 1) · aversion 1.25 = 1: half of the gains are returned."""
    rules = SanctionRules(sensitivity=0.8, spread=0.25)
    share = owned_up(rules, np.array([0.0, 0.1, 0.5, 1.0]), np.full(4, 1.0), 1.25)
    assert share[0] == 0
    assert share[2] == pytest.approx(0.5)
    assert share[1] < 0.05
    assert share[3] > 0.95


def test_a_finding_costs_the_interest_on_what_comes_later() -> None:
    rules = SanctionRules(points=5.0, prior=0.0, interest=0.04, deposit_more=1.0)
    standing = found_once(rules, 0, 100)
    cost = cost_of_finding(rules, standing, np.array([1e6]), lent=np.array([1e6]), held=np.array([2e6]))
    # one claim more of a hundred: five points for a year, each 1 % of the advance and of half the deposit, at 4 %
    assert cost.tolist() == pytest.approx([5 * 0.04 * (1e6 + 1e6) / 100])


def test_a_suspension_is_feared_near_its_line_only() -> None:
    rules = SanctionRules(prior=0.0, close_from=0.1, close_months=6)
    far, near = (cost_of_finding(rules, found_once(rules, found, 1000), np.array([1e6]), np.zeros(1), np.zeros(1))[0] for found in (10, 95))
    assert near > 1e5
    assert far < 1e-3 * near


def test_a_sanction_is_refund_fine_and_what_else_a_finding_costs_felt_as_a_loss() -> None:
    one = np.zeros(1, dtype=np.int16)
    once, twice, forgone = np.array([0.1]), np.array([2.0]), np.array([0.04])
    sanctions = Expected({CODING: once}, {CODING: twice}, np.array([50.0]), bonus=0.05, forgone={CODING: forgone}, aversion=2.0)
    gained = sanctions.cost(CODING, one, np.array([100.0]), np.array([1000.0]))
    assert gained.tolist() == pytest.approx([0.1 * 2.0 * (300 + 50) + 0.04 * 50])
    assert sanctions.cost(CODING, one, np.array([-5.0]), np.array([1000.0])).tolist() == pytest.approx([0.04 * 50])


def warned_of(rules: SanctionRules, charged: list[float], pace: list[float]) -> list[bool]:
    """Three providers of one tier and case mix, each with a hundred claims."""
    standing = Standing.clean(3)
    standing.learn(rules, np.zeros(3), np.full(3, 100.0))
    standing.warn(rules, np.array(charged), np.full(3, 100.0), np.array(pace), np.zeros(3, dtype=np.int8))
    return [bool(early) for early in standing.warned]


def test_who_costs_more_than_peers_or_runs_ahead_of_last_year_is_warned() -> None:
    rules = SanctionRules(dear=1.3, ahead=1.25)
    assert warned_of(rules, [100.0, 100.0, 160.0], [1.0, 1.3, 0.0]) == [False, True, True]
    assert not any(warned_of(SanctionRules(), [100.0, 100.0, 160.0], [1.0, 9.0, 0.0]))
    assert not any(warned_of(SanctionRules(dear=1.3, ahead=1.25, prior=200.0), [100.0, 100.0, 160.0], [1.0, 9.0, 0.0]))


def test_the_warned_are_looked_at_more_often() -> None:
    standing = Standing.clean(2)
    standing.warned = np.array([False, True])
    assert weight_of(SanctionRules(warned_more=1.0), standing, 0.0, np.array([True, True])).tolist() == pytest.approx([2 / 3, 4 / 3])
