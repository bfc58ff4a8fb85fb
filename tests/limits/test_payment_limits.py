"""Payment modes where the answer is known in closed form: by hand, from the collected rules, or by doing nothing at all."""

from __future__ import annotations

import numpy as np
import pytest

from model.payment import IN_SCOPE, OUTFLOW, OWN_PAY, RECORDED, RESIDUAL, UNITS, get_mode
from model.payment.dip import DipTerms
from tests.small_market import GROUP, TIER, case_table, history, market, opened, totals

YUAN = 100
DIP = get_mode("dip")
BUDGET = get_mode("global_budget")
DRG = get_mode("drg")
QUOTA = get_mode("per_admission_quota")
CAPITATION = get_mode("capitation")
PACKAGE = get_mode("county_package")


def points_at(charge_yuan: float, *, coefficient: float = 1.0) -> float:
    """Points of one case of a group worth 917.3 points whose mean cost is 9173 yuan."""
    terms = DipTerms(
        points=np.array([917.3]), coefficient=np.full(3, coefficient), mean_cost=9173.0 * YUAN / 917.3, budget=np.array([1.0, 1.0])
    )
    return float(DIP().tariff(case_table(1, charge=charge_yuan * YUAN), terms)[0])


@pytest.mark.parametrize(
    ("example", "ratio", "points"),
    [
        ("DIP-D10", 4000 / 9173, 400.0),
        ("DIP-D11", 25_000 / 9173, 1582.7),
        ("DIP-D12 at 0.4999", 0.4999, 458.5583),
        ("DIP-D12 at 0.5", 0.5, 917.3),
        ("DIP-D12 at 2.0", 2.0, 917.3),
        ("DIP-D12 at 2.0001", 2.0001, 917.3917),
        ("the mean case", 1.0, 917.3),
    ],
)
def test_points_of_outliers_as_printed(example: str, ratio: float, points: float) -> None:
    assert points_at(9173 * ratio) == pytest.approx(points, abs=1e-4)


def test_points_of_a_normal_case_at_a_dearer_level() -> None:
    """DIP-D09: RW 917.3, h 1.2; a case of that level's mean cost."""
    assert points_at(9173 * 1.2, coefficient=1.2) == pytest.approx(1100.76, abs=1e-4)


def test_the_lines_lie_at_the_level_s_own_mean() -> None:
    """At a level twice as dear, half of *its* mean is the city's mean."""
    assert points_at(9173.0, coefficient=2.0) == pytest.approx(2 * 917.3, abs=1e-4)
    assert points_at(9172.0, coefficient=2.0) == pytest.approx(2 * 917.3 * 9172 / 18_346, abs=1e-3)


def test_base_points_are_group_means_over_the_city_s() -> None:
    """DIP-D01: a group of mean 9173 yuan where the city's mean is 10000 has 917.3 points, if no prior is leaned on."""
    charges = np.array([9173.0, 10_827.0]) * YUAN
    posted = DIP(prior_cases=0).post(history(case_table(2, group=[0, 1], charge=charges), totals(1)))
    assert posted.points.tolist() == pytest.approx([917.3, 1082.7])


def test_few_cases_lean_on_the_catalogue() -> None:
    """Fifteen cases at twice the catalogue's relation and a prior of fifteen meet in the middle."""
    cases = case_table(30, group=np.repeat([0, 1], 15), charge=np.repeat([300_000.0, 100_000.0], 15))
    posted = DIP(prior_cases=15).post(history(cases, totals(1)))
    # the mean case costs 2000 yuan; catalogue weights are equal, so the prior of both is the mean
    assert posted.points.tolist() == pytest.approx([1250.0, 750.0])


def test_a_group_without_cases_has_the_catalogue_s_points_whatever_the_prior() -> None:
    for prior in (0, 15):
        posted = DIP(prior_cases=prior).post(history(case_table(4, charge=200_000.0), totals(1), weight=np.array([1.0, 3.0])))
        assert posted.points.tolist() == pytest.approx([1000.0, 3000.0])


def test_tier_coefficients_are_costs_over_what_the_groups_cost_on_average() -> None:
    """One group, township at half the county hospital's charge: mean 1.5, so 2/3 and 4/3."""
    cases = case_table(4, tier=[0, 0, 1, 1], charge=[100_000.0, 100_000.0, 200_000.0, 200_000.0])
    posted = DIP(prior_cases=0).post(history(cases, totals(1), weight=np.ones(1)))
    assert posted.coefficient.tolist() == pytest.approx([2 / 3, 4 / 3, 1.0])


def test_one_hospital_one_group_dip_by_hand() -> None:
    """Budget 500 000 yuan a year, patients paid 100 000 in scope, 200 cases of 1000 points: 3 yuan a point, 500 000 paid."""
    mode = DIP()
    base = totals(1, recorded=500_000.0 * YUAN)
    base[:, 1] = 0.0
    terms = mode.post(history(case_table(50, charge=3000.0 * YUAN), base, weight=np.ones(1)))
    units = mode.tariff(case_table(200, charge=3000.0 * YUAN), terms)
    assert units.tolist() == [1000.0] * 200
    year = totals(1)
    year[0, 0, UNITS], year[0, 0, RESIDUAL] = units.sum(), 100_000.0 * YUAN
    assert mode.value(year, terms, 1.0)[0, 0] == pytest.approx(3.0 * YUAN)
    assert mode.entitlement(year, year, np.array([0]), terms, 1.0).tolist() == [[500_000.0 * YUAN, 0.0]]


def test_eight_percent_more_points_lower_the_value_by_seven() -> None:
    """DIP-D21: the treadmill."""
    terms = DipTerms(points=np.ones(1), coefficient=np.ones(3), mean_cost=1.0, budget=np.array([1e9, 1e9]))
    before, after = (float(DIP().value(totals(1, units=points), terms, 1.0)[0, 0]) for points in (1e8, 1.08e8))
    assert before == pytest.approx(10.0)
    assert after == pytest.approx(9.2593, abs=5e-5)


def test_points_shares_divide_the_budget_and_own_pay_stays_with_who_earned_it() -> None:
    """Two hospitals, 3 to 1 in points; residual is taken off where it was paid."""
    terms = DipTerms(points=np.ones(1), coefficient=np.ones(3), mean_cost=1.0, budget=np.array([8000.0, 0.0]))
    year = totals(2)
    year[:, 0, UNITS] = [300.0, 100.0]
    year[:, 0, RESIDUAL] = [1000.0, 1000.0]
    due = DIP().entitlement(year, year.sum(axis=0, keepdims=True), np.arange(2), terms, 1.0)
    assert due[:, 0].tolist() == [300 * 25.0 - 1000.0, 100 * 25.0 - 1000.0]


def test_the_budget_is_the_base_times_its_factor() -> None:
    for factor in (1.06, 1.06**3):
        terms = DIP().post(history(case_table(2), totals(2, recorded=500.0), factor=np.full(2, factor)))
        assert terms.budget.tolist() == pytest.approx([1000.0 * factor] * 2)


@pytest.mark.parametrize(
    ("example", "surplus", "recorded", "paid"),
    [
        ("CLR-D02-surplus_emp", 0.30, 900.0, 930.0),
        ("CLR-D02-surplus_res", 0.20, 900.0, 920.0),
        ("CLR-D02-over15", 0.30, 1150.0, 1075.0),
        ("CLR-D02-over30", 0.30, 1300.0, 1100.0),
        ("exactly the budget", 0.30, 1000.0, 1000.0),
        ("the band's end", 0.30, 1200.0, 1100.0),
    ],
)
def test_global_budget_bands_as_printed(example: str, surplus: float, recorded: float, paid: float) -> None:
    mode = BUDGET(surplus_share=surplus, overrun_band=0.2, overrun_share=0.5)
    terms = mode.post(history(case_table(1), totals(1, recorded=1000.0)))
    year = totals(1, recorded=recorded)
    assert mode.entitlement(year, year, np.array([0]), terms, 1.0)[0].tolist() == pytest.approx([paid] * 2)


def test_half_a_year_has_half_a_budget() -> None:
    mode = BUDGET()
    terms = mode.post(history(case_table(1), totals(1, recorded=1000.0)))
    year = totals(1, recorded=500.0)
    assert mode.entitlement(year, year, np.array([0]), terms, 0.5)[0, 0] == pytest.approx(500.0)


def test_quota_by_hand() -> None:
    """100 admissions of 800 in scope last year; this year 90, patients paid 200 each: 90 × 800 − 18 000."""
    mode = QUOTA()
    terms = mode.post(history(case_table(1), totals(1, cases=100, recorded=60_000.0, residual=20_000.0)))
    assert terms.quota.tolist() == [[800.0, 800.0]]
    year = totals(1, cases=90, residual=18_000.0, recorded=10_000.0)
    assert mode.entitlement(year, year, np.array([0]), terms, 1.0)[0, 0] == 90 * 800.0 - 18_000.0


def test_quota_is_the_tier_s_mean_not_the_hospital_s() -> None:
    base = totals(3)
    base[:, :, 1] = [[10, 10], [30, 30], [10, 10]]
    base[:, :, RECORDED] = [[1000, 1000], [6000, 6000], [9000, 9000]]
    terms = QUOTA().post(history(case_table(1), base, factor=np.full(2, 1.1), tier=np.array([1, 1, 2], dtype=np.int8)))
    assert terms.quota[:, 0].tolist() == pytest.approx([175 * 1.1, 175 * 1.1, 900 * 1.1])


@pytest.mark.parametrize(("recorded", "paid"), [(900.0, 1000.0), (1040.0, 1020.0), (1100.0, 1050.0), (2000.0, 1050.0)])
def test_quota_overrun_is_shared_up_to_its_limit(recorded: float, paid: float) -> None:
    mode = QUOTA(overrun_share=0.5, overrun_limit=0.1)
    terms = mode.post(history(case_table(1), totals(1, cases=10, recorded=1000.0)))
    year = totals(1, cases=10, recorded=recorded)
    assert mode.entitlement(year, year, np.array([0]), terms, 1.0)[0, 0] == pytest.approx(paid)


def test_capitation_is_heads_times_rate_whatever_is_done() -> None:
    """Two township hospitals, 100 000 and 300 000 for 4000 heads: 100 a head."""
    base = totals(2)
    base[:, 0, RECORDED] = [100_000.0, 300_000.0]
    heads = np.array([[3000.0, 0.0], [1000.0, 0.0]])
    terms = CAPITATION().post(history(case_table(1), base, heads=heads))
    for year in (totals(2), totals(2, cases=9, recorded=1e9, outflow=1e9)):
        due = CAPITATION().entitlement(year, year.sum(axis=0, keepdims=True), np.arange(2), terms, 1.0)
        assert due[:, 0].tolist() == [300_000.0, 100_000.0]


def test_all_head_money_goes_to_institutions() -> None:
    """What institutions were paid in the base year is what they are paid under capitation without growth, by tier and by heads."""
    books = market(CAPITATION())
    base = totals(books.n_holders)
    base[: len(TIER), :, RECORDED] = np.array([[1e6], [4e6], [0.0], [2e6]])
    heads = np.zeros((books.n_holders, 2))
    heads[[0, 1, 3]] = [[500.0], [600.0], [400.0]]
    opened(books, [base], heads=heads)
    books.accrue([totals(books.n_holders)], [np.zeros((len(TIER), 2))])
    books.elapsed = 12
    owed = books.due(books.instances[0]).net
    assert owed.sum(axis=0).tolist() == [7_000_000] * 2
    assert owed[:, 0].tolist() == [1_000_000, 3_600_000, 0, 2_400_000]


def test_package_is_reduced_by_care_elsewhere_and_by_nothing_else() -> None:
    base = totals(1, recorded=700.0, outflow=300.0)
    mode = PACKAGE(withheld_share=0.1)
    terms = mode.post(history(case_table(1), base))
    year = totals(1, recorded=10_000.0, cases=5, units=7, outflow=250.0)
    assert mode.entitlement(year, year, np.array([0]), terms, 1.0)[0].tolist() == pytest.approx([650.0] * 2)
    assert mode.entitlement(year, year, np.array([0]), terms, 0.25)[0].tolist() == pytest.approx([-25.0] * 2)


def test_ffs_pays_what_is_recorded_and_revenue_is_the_charge() -> None:
    """Books of four hospitals over a year: the fund's share, the patients' and the rest make up the bills, to the fen."""
    books = opened(market("ffs"))
    rng = np.random.default_rng(1)
    recorded = rng.integers(0, 10**9, (len(TIER), 2)).astype(float)
    residual, own = rng.integers(0, 10**9, (2, len(TIER), 2)).astype(float)
    month = totals(books.n_holders)
    month[: len(TIER), :, UNITS] = month[: len(TIER), :, RECORDED] = recorded
    month[: len(TIER), :, RESIDUAL], month[: len(TIER), :, OWN_PAY] = residual, own
    month[: len(TIER), :, IN_SCOPE] = recorded + residual
    paid = np.zeros((len(TIER), 2), dtype=np.int64)
    for index in range(12):
        (accrued,) = books.accrue([month], [recorded])
        assert np.array_equal(accrued, recorded)
        due = books.pay_month(index == 11)[0].cash
        paid += due
    assert np.array_equal(paid, 12 * recorded)
    assert np.array_equal(paid + 12 * (residual + own), 12 * (month[: len(TIER), :, IN_SCOPE] + own))


def test_money_of_a_group_is_shared_by_what_its_members_record() -> None:
    """Group 0 is owed 900 and its township recorded a third of the hospital's care; group 1 keeps its own."""
    books = market(PACKAGE())
    base = totals(books.n_holders)
    base[len(TIER) :, 0, RECORDED] = [1000.0, 400.0]
    opened(books, [base])
    month = totals(books.n_holders)
    month[len(TIER), 0, OUTFLOW] = 100.0
    recorded = np.zeros((len(TIER), 2))
    recorded[[0, 1], 0] = [25.0, 75.0]
    books.elapsed = 11
    (owed,) = books.accrue([month], [recorded])
    assert owed[:, 0].tolist() == [225, 675, 0, 400]
    assert GROUP.tolist() == [0, 0, -1, 1]


def drg_year(*, own_pay: str, charge: float) -> float:
    """What the fund owes for one case of 10,000 yuan's group under settlement by difference, yuan; a fifth of any charge is own pay."""
    mode = DRG(own_pay=own_pay, low_line=0.0, high_line=20.0)
    last = case_table(10, charge=10_000.0 * YUAN, in_scope=8000.0 * YUAN, recorded=6000.0 * YUAN)
    base = totals(1, cases=10, charge=1e5 * YUAN, in_scope=8e4 * YUAN, recorded=6e4 * YUAN, residual=2e4 * YUAN, own_pay=2e4 * YUAN)
    terms = mode.post(history(last, base, weight=np.ones(1)))
    case = case_table(1, charge=charge * YUAN, in_scope=0.8 * charge * YUAN)
    year = totals(1, residual=0.2 * charge * YUAN, own_pay=0.2 * charge * YUAN)
    year[0, 0, UNITS] = mode.tariff(case, terms)[0]
    return float(mode.entitlement(year, year.sum(axis=0, keepdims=True), np.arange(1), terms, 1.0)[0, 0]) / YUAN


def test_drg_pays_the_difference_to_a_price_of_the_whole_bill() -> None:
    assert drg_year(own_pay="counts", charge=10_000) == pytest.approx(6000)
    assert drg_year(own_pay="counts", charge=5000) == pytest.approx(8000)
    assert drg_year(own_pay="counts", charge=30_000) == pytest.approx(-2000)


def test_drg_may_leave_own_pay_apart() -> None:
    assert drg_year(own_pay="apart", charge=10_000) == pytest.approx(6000)
    assert drg_year(own_pay="apart", charge=5000) == pytest.approx(7000)


@pytest.mark.parametrize(("cost", "paid"), [(3999, 3999), (4001, 10_000), (30_000, 10_000), (40_000, 18_000)])
def test_drg_outliers_are_paid_by_their_cost_below_and_in_part_above(cost: float, paid: float) -> None:
    assert DRG(low_line=0.4, high_line=3.0, high_share=0.8).settled(np.array([10_000.0]), np.array([float(cost)]))[0] == pytest.approx(paid)


def test_drg_spends_the_budget_if_the_year_is_like_the_base() -> None:
    """The rate is the grown charges over the weights, so a year of the same cases brings the grown charges from all payers together."""
    charges = np.array([4000.0, 9000.0, 17_000.0]) * YUAN
    last = case_table(3, group=[0, 1, 1], charge=charges, provider=[0, 1, 2], tier=[0, 1, 2])
    base = totals(3)
    base[:, 0, :] = [[0, 1, c, 0.8 * c, 0.6 * c, 0.2 * c, 0.2 * c, 0, 7] for c in charges]
    mode = DRG(low_line=0.0, high_line=20.0)
    terms = mode.post(history(last, base, factor=np.full(2, 1.1)))
    assert mode.tariff(last, terms).sum() == pytest.approx(1.1 * charges.sum())
