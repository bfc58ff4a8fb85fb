"""DRG by points: coefficients of hospitals, cheap and dear cases, days, returns, and a budget that is spent exactly."""

from __future__ import annotations

import numpy as np
import pytest

from model.codes import PSYCHIATRIC, SPECIALTY_PSYCHIATRIC
from model.payment import get_mode
from tests.small_market import case_table, history, holder_facts, totals

POINTS = get_mode("drg_points")


def points_at(ratio: float, **settings: object) -> float:
    """Points of a case of a group of 100 points that costs so much of its standard, at a coefficient of two."""
    mean, cost = np.array([1000.0]), np.array([2000.0 * ratio])
    return float(POINTS(**settings).points(np.array([100.0]), np.array([2.0]), cost, mean)[0])


@pytest.mark.parametrize(
    ("ratio", "points"), [(0.0, 0.0), (0.4, 80.0), (0.41, 122.0), (0.79, 198.0), (0.9, 200.0), (3.0, 200.0), (4.0, 360.0)]
)
def test_points_by_cost_of_2025(ratio: float, points: float) -> None:
    assert points_at(ratio) == pytest.approx(points)


def test_an_incomplete_stay_of_2019_never_has_more_than_the_base() -> None:
    """At twice the level's cost, 0.45 of the standard is nine tenths of the group's mean: 180 points, cut to the base of 100."""
    assert points_at(0.2, cheap_rule="2019") == pytest.approx(80.0)
    assert points_at(0.39, cheap_rule="2019") == pytest.approx(100.0)
    assert points_at(0.41, cheap_rule="2019") == pytest.approx(200.0)


def test_a_coefficient_blends_level_own_history_and_case_mix() -> None:
    """Two secondary hospitals: one at half of what its groups cost with the dear group, one at 3/2 with the cheap one."""
    cases = case_table(4, holder=[0, 0, 1, 1], provider=[0, 0, 1, 1], tier=1, group=[1, 0, 0, 0], charge=[200.0, 100.0, 100.0, 100.0])
    past = history(cases, totals(3), tier=np.array([1, 1, 0], dtype=np.int8))
    mean = np.array([100.0, 200.0])

    def coefficient(*blend: float) -> list[float]:
        return list(POINTS(blend=blend)._coefficients(past, mean))

    assert coefficient(1, 0, 0) == pytest.approx([1, 1, 1])
    dearer = history(case_table(2, holder=[0, 1], tier=1, charge=[50.0, 150.0]), totals(3), tier=np.array([1, 1, 0], dtype=np.int8))
    assert list(POINTS(blend=(0.0, 1.0, 0.0))._coefficients(dearer, mean)) == pytest.approx([0.5, 1.5, 1.0])
    assert list(POINTS(blend=(0.5, 0.5, 0.0))._coefficients(dearer, mean)) == pytest.approx([0.75, 1.25, 1.0])
    assert coefficient(0, 0, 1) == pytest.approx([1.5 / 1.25, 1.0 / 1.25, 1.0])


def test_psychiatric_hospitals_and_long_stays_have_points_by_the_day() -> None:
    facts = holder_facts(np.ones(2, dtype=np.int8), specialty=np.array([0, SPECIALTY_PSYCHIATRIC]))
    last = case_table(3, holder=[0, 1, 1], provider=[0, 1, 1], tier=1, charge=[50_000.0, 100_000.0, 150_000.0], stay=[10, 40, 60])
    past = history(last, totals(2), holders=facts)
    now = case_table(3, holder=[0, 1, 0], provider=[0, 1, 0], tier=1, stay=[70, 20, 60], charge=100_000.0)
    points = POINTS(prior_cases=0).tariff(now, POINTS(prior_cases=0).post(past))
    # a day in the psychiatric hospital cost 2,500, the mean case 100,000: 2.5 points a day
    assert points[:2].tolist() == pytest.approx([175, 50])
    assert points[2] != pytest.approx(150)
    in_a_general_hospital = case_table(1, tier=1, stay=20, kind=PSYCHIATRIC)
    assert POINTS(prior_cases=0).tariff(in_a_general_hospital, POINTS(prior_cases=0).post(past)).tolist() == [50]
    by_group = POINTS(prior_cases=0, psychiatric="by_group")
    assert by_group.tariff(now, by_group.post(past))[1] != pytest.approx(50)


def test_a_return_to_the_same_group_leaves_half_of_the_later_stay() -> None:
    mode = POINTS(prior_cases=0, blend=(1.0, 0.0, 0.0))
    terms = mode.post(history(case_table(4), totals(1)))
    assert mode.tariff(case_table(2, readmission=[False, True]), terms).tolist() == [100, 50]


@pytest.mark.parametrize(("own_pay", "paid"), [("counts", 12.0), ("apart", 7.0)])
def test_what_others_paid_is_in_the_value_and_taken_off_again(own_pay: str, paid: float) -> None:
    mode = POINTS(own_pay=own_pay)
    terms = mode.post(history(case_table(4), totals(2, recorded=500.0)))
    own = totals(2, units=10.0, residual=7.0, own_pay=5.0)
    pool = own.sum(axis=0, keepdims=True)
    assert mode.value(pool, terms, 1.0)[0].tolist() == pytest.approx([(1000 + 2 * paid) / 20] * 2)
    assert mode.entitlement(own, pool, np.arange(2), terms, 1.0).tolist() == pytest.approx(np.full((2, 2), 500.0))
