"""Group means over three years, and the memory of past years they are made of."""

from __future__ import annotations

import numpy as np
import pytest

from model.past_years import PastYears
from model.payment import GroupYear, History
from model.payment.group_costs import city_mean, group_means, spread, tier_coefficient
from tests.small_market import TIER, case_table, claims, group_facts, history, totals


def year(group: list[int], cases: list[float], mean: list[float]) -> GroupYear:
    n = len(group)
    counted = np.array(cases)
    none = np.zeros(n, np.int64)
    return GroupYear(np.array(group), none, none.astype(np.int8), none, counted, counted * np.array(mean), 7 * counted)


def books(*earlier: GroupYear, last: tuple[list[int], list[float]] = ([0], [9300.0])) -> History:
    group, charge = last
    return history(case_table(len(group), group=group, charge=np.array(charge)), totals(1), earlier=earlier)


def test_three_years_weigh_seven_two_one() -> None:
    """DIP-D04: 9300, 8600 and 8000, latest first, give 9030."""
    assert group_means(books(year([0], [40], [8600]), year([0], [9], [8000])), 0)[0] == pytest.approx(9030)


def test_other_weights_are_possible() -> None:
    """DRG-D05: 5 : 3 : 2, latest first, give 8830."""
    known = books(year([0], [40], [8600]), year([0], [9], [8000]))
    assert group_means(known, 0, (5.0, 3.0, 2.0))[0] == pytest.approx(8830)


def test_a_year_not_lived_through_hands_its_weight_on() -> None:
    assert group_means(books(), 0)[0] == pytest.approx(9300)
    assert group_means(books(year([0], [40], [8600])), 0)[0] == pytest.approx((7 * 9300 + 2 * 8600) / 9)


def test_a_year_without_the_group_hands_its_weight_on() -> None:
    known = books(year([0], [40], [8600]), year([0, 1], [5, 5], [8000, 100]))
    assert group_means(known, 0)[1] == pytest.approx(100)


def test_few_cases_lean_on_the_catalogue_as_strongly_as_they_are_few() -> None:
    """One case of 9300 and fifteen of a prior that is at the level of the only group seen."""
    known = history(case_table(2, group=[0, 1], charge=np.array([9000.0, 3000.0])), totals(1), weight=np.array([1.0, 1.0]))
    assert group_means(known, 15).tolist() == pytest.approx([(9000 + 15 * 6000) / 16, (3000 + 15 * 6000) / 16])
    assert group_means(known, 0).tolist() == pytest.approx([9000, 3000])


def test_the_city_s_mean_is_over_the_same_years() -> None:
    known = books(year([0, 1], [10, 30], [8000, 4000]), last=([0, 1], [9000.0, 5000.0]))
    assert city_mean(known) == pytest.approx((7 * 7000 + 2 * 5000) / 9)


def test_no_memory_at_all_has_a_mean() -> None:
    empty = history(case_table(0), totals(1))
    assert city_mean(empty) == 1.0
    assert np.isfinite(group_means(empty, 0)).all()
    assert tier_coefficient(empty.cases, group_means(empty, 0)).tolist() == [1, 1, 1]


def test_splits_are_spread_from_the_cheapest_on() -> None:
    """A family of three, out of order, beside a group of its own: each split a tenth dearer against the one before."""
    groups = group_facts([2.0, 1.0, 5.0, 3.0], family=np.array([7, 7, 8, 7]))
    wider = spread(np.array([2.2, 1.0, 5.0, 3.0]), groups, 1.1)
    assert wider.tolist() == pytest.approx([2.2 * 1.1, 1.0, 5.0, 3.0 * 1.21])
    assert spread(wider, groups, 1.0).tolist() == wider.tolist()


# memory


COVERED = np.ones((10, 4, 2), dtype=bool)
"""``[group, provider, scheme]``: everything."""


def lived(*ends: int) -> PastYears:
    """Years that ended in these months, each with cases of its own charge."""
    memory = PastYears()
    for end in ends:
        memory.keep(end, [claims(3, charge=np.int64(end), provider=[1, 1, 3], group_coded=[5, 5, 6])], 10)
    return memory


def test_a_year_is_summed_by_group_and_institution() -> None:
    (only,) = lived(12).before(24, TIER, COVERED)
    assert only.group.tolist() == [5, 6]
    assert only.cases.tolist() == [2, 1]
    assert only.charge.tolist() == [24, 12]
    assert only.days.tolist() == [16, 8]
    assert only.provider.tolist() == [1, 3]
    assert only.tier.tolist() == [TIER[1], TIER[3]]


def test_the_year_on_the_table_is_not_told_again_as_an_earlier_one() -> None:
    memory = lived(12, 24)
    assert [found.charge[1] for found in memory.before(24, TIER, COVERED)] == [12]
    assert [found.charge[1] for found in memory.before(36, TIER, COVERED)] == [24, 12]


def test_a_policy_opened_twice_in_a_month_counts_that_year_once() -> None:
    assert len(lived(12, 24, 24).before(36, TIER, COVERED)) == 2


def test_years_never_overlap() -> None:
    """A year kept after six months replaces the one it shares months with."""
    assert [found.charge[1] for found in lived(12, 18).before(30, TIER, COVERED)] == [18]


def test_two_earlier_years_are_told_at_most() -> None:
    assert len(lived(12, 24, 36, 48).before(60, TIER, COVERED)) == 2


def test_only_covered_stays_are_told() -> None:
    covered = COVERED.copy()
    covered[:, 3] = False
    assert lived(12).before(24, TIER, covered)[0].group.tolist() == [5]
