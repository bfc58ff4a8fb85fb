"""Rules of payment by points: outliers by variant, auxiliary coefficients, groups without points, and the steps that are told."""

from __future__ import annotations

from dataclasses import make_dataclass, replace
from typing import Any

import numpy as np
import pytest

from experiments.contract import Check
from experiments.mode_contract import CONTRACT, Subject
from experiments.texts import say
from model.codes import INPATIENT, PSYCHIATRIC, SCHEMES
from model.cycle import Cycle
from model.errors import InputError
from model.payment import CASES, CHARGE, RECORDED, RESIDUAL, UNITS, GroupYear
from model.payment.dip import Dip
from model.payment.points.auxiliary import auxiliary_coefficients
from model.payment.points.case_points import VARIANTS, Lines, age_subtype, case_points
from model.payment.points.group_points import within
from model.payment.points.review import places_left, quota_of
from model.payment.points.values import VALUES
from model.payment.protocol import Floats
from model.settlement import Settlement
from tests.small_market import TIER, case_table, group_facts, history, holder_facts, market, opened, totals


def spread(n: int, **given: Any) -> Any:
    """Cases of many costs, levels, groups."""
    rng = np.random.default_rng(n)
    charge = np.rint(10 ** rng.uniform(4, 7, n))
    return case_table(
        n, **{"group": rng.integers(0, 2, n), "tier": rng.integers(0, 3, n), "charge": charge, "in_scope": charge * 0.8, **given}
    )


# Outliers


@pytest.mark.parametrize(
    ("variant", "points"),
    [
        # at 0.4, 0.5, 1, 2, 3 and 6 times the mean, with h 0.9 and aux 1.5
        ("national_1", [400.0, 1350.0, 1350.0, 1350.0, 2000.0, 5000.0]),
        ("hubei", [540.0, 675.0, 1350.0, 1350.0, 2700.0, 6750.0]),
        ("jining", [600.0, 750.0, 1350.0, 1350.0, 2850.0, 1350.0]),
        ("taian", [600.0, 750.0, 1350.0, 1350.0, 2850.0, 7350.0]),
        ("draft_3", [540.0, 1350.0, 1350.0, 1350.0, 1350.0, 1350.0]),
    ],
)
def test_the_variants_side_by_side(variant: str, points: list[float]) -> None:
    found = case_points(variant, [0.4, 0.5, 1.0, 2.0, 3.0, 6.0], 1000.0, 0.9, 1.5)
    assert found.tolist() == pytest.approx(points)


def test_a_line_can_be_drawn_either_way() -> None:
    at_half = {test: case_points("hubei", 0.5, 1000.0, lines=Lines.of("hubei", tests=(test, ">")))[0] for test in ("<", "<=")}
    assert at_half == {"<": 1000.0, "<=": 500.0}
    assert Dip(outlier="hubei", low_test="<").tariff(case_table(1), _one_group(2.0)).tolist() == [2000.0]


def _one_group(times: float) -> Any:
    """Terms under which the standard case costs half of its group's mean."""
    posted = Dip(prior_cases=0).post(history(case_table(1), totals(1), weight=np.ones(1)))
    return replace(posted, points=posted.points * times)


def test_lines_must_rise() -> None:
    with pytest.raises(InputError, match="rise"):
        Dip(low_line=0.9, high_line=8.0)


@pytest.mark.parametrize("key", ["outlier", "outlier_mean", "auxiliary", "without_points", "low_test"])
def test_unknown_names_are_refused_with_their_place(key: str) -> None:
    with pytest.raises(InputError, match=key):
        Dip(**{key: "nobody"})  # type: ignore[arg-type]


def test_the_mean_of_the_level_or_of_the_group_is_the_yardstick() -> None:
    """A level at half the city's cost: its usual case is normal beside its own level, and cheap beside the whole city."""
    terms = replace(_one_group(1.0), coefficient=np.array([0.4, 1.0, 1.0]))
    case = case_table(1, charge=40_000.0)
    assert Dip().tariff(case, terms).tolist() == [400.0]
    assert Dip(outlier="hubei", outlier_mean="group").tariff(case, terms).tolist() == [pytest.approx(1000 * 0.4 * 0.4)]


def test_the_draft_pays_a_cheap_case_its_cost_at_the_opening_value() -> None:
    mode = Dip(outlier="draft_3", prior_cases=0)
    terms = mode.post(history(spread(400), totals(1, recorded=1e9)))
    cheap = case_table(1, charge=3000.0, in_scope=2500.0)
    points = mode.tariff(cheap, terms)
    assert points[0] * terms.opening[0] == pytest.approx(2500.0, rel=1e-3)
    dear = case_table(2, charge=[1e9, 2e9], in_scope=[8e8, 16e8])
    assert np.ptp(mode.tariff(dear, terms)) == 0


# Auxiliary coefficients


def test_subtypes_have_a_coefficient_where_telling_them_apart_helps() -> None:
    """Group 0: mild at 100, severe at 300; group 1: the same costs in both, so that severity tells nothing."""
    group = np.repeat([0, 1], 40)
    severity = np.tile(np.repeat([0, 2], 20), 2)
    charge = np.where(group == 0, np.where(severity == 2, 300.0, 100.0), np.tile([100.0, 300.0], 40))
    found = auxiliary_coefficients(group, severity, charge, (2, 3), 15, 0.2)
    assert found[0].tolist() == pytest.approx([0.5, np.nan, 1.5], nan_ok=True)
    assert np.isnan(found[1]).all()
    assert np.isnan(auxiliary_coefficients(group, severity, charge, (2, 3), 21, 0.2)).all()


def test_the_highest_coefficient_counts() -> None:
    mode = Dip(auxiliary="severity_and_age")
    by_age = np.full((1, 5), np.nan)
    by_age[0, [1, 4]] = [1.1, 1.4]
    terms = replace(_one_group(1.0), by_severity=np.array([[0.8, np.nan, 1.2]]), by_age=by_age)
    cases = case_table(6, severity=[0, 1, 2, 2, 0, 1], age=[30, 30, 3, 70, 70, 3])
    assert mode.tariff(cases, terms).tolist() == pytest.approx([800, 1000, 1200, 1400, 1400, 1100])


def test_ages_have_subtypes_but_those_from_18_to_64() -> None:
    assert age_subtype(np.array([0, 1, 6, 7, 17, 18, 64, 65, 90])).tolist() == [0, 1, 1, 2, 2, 3, 3, 4, 4]
    old = np.repeat([30, 70], 40)
    past = history(case_table(80, age=old, charge=np.where(old == 70, 300_000.0, 100_000.0)), totals(1))
    posted = Dip(auxiliary="age").post(past)
    assert posted.by_age[0].tolist() == pytest.approx([np.nan] * 4 + [1.5], nan_ok=True)
    per_day = replace(past, groups=group_facts(np.ones(2), kind=np.int8(PSYCHIATRIC)))
    assert np.isnan(Dip(auxiliary="age").post(per_day).by_age).all()


def test_without_lists_there_are_no_coefficients() -> None:
    posted = Dip().post(history(spread(50), totals(1)))
    assert not len(posted.by_severity)
    assert not len(posted.by_age)


# Groups without points


def test_a_group_nobody_had_last_year() -> None:
    past = history(case_table(20, charge=100_000.0, in_scope=80_000.0), totals(1), weight=np.array([1.0, 3.0]))
    new = case_table(1, group=1, charge=150_000.0, in_scope=120_000.0)
    by_catalogue, by_factor, per_item = (Dip(without_points=how) for how in ("catalogue", "factor", "per_item"))
    assert by_catalogue.tariff(new, by_catalogue.post(past)).tolist() == [3000.0]
    assert by_factor.tariff(new, by_factor.post(past)).tolist() == [pytest.approx(1500 * 0.7)]
    assert per_item.tariff(new, per_item.post(past)).tolist() == [pytest.approx(1500.0)]


# Opening value, and the steps that are told


def test_the_opening_value_pays_last_year_s_in_scope_cost() -> None:
    for variant in VARIANTS:
        mode = Dip(outlier=variant)
        cases = spread(300, scheme=np.arange(300) % 2)
        terms = mode.post(history(cases, totals(1)))
        normal = replace(mode, outlier="national_1", low_line=0.0, high_line=100.0, very_high_line=100.0) if variant == "draft_3" else mode
        points = normal.tariff(cases, terms)
        for scheme in (0, 1):
            mine = cases.scheme == scheme
            assert points[mine].sum() * terms.opening[scheme] == pytest.approx(cases.in_scope[mine].sum(), rel=1e-6)


def test_the_steps_lead_to_what_is_owed() -> None:
    mode = Dip(auxiliary="severity")
    terms = mode.post(history(spread(200), totals(1, recorded=1e8)))
    case = spread(1)
    year = totals(1)
    year[0, 0, UNITS], year[0, 0, RESIDUAL] = mode.tariff(case, terms).sum(), case.residual.sum()
    steps = mode.explain(case, year, terms, 1.0)
    owed = mode.entitlement(year, year, np.array([0]), terms, 1.0)[0, 0]
    assert steps[-1].value == pytest.approx(owed)
    assert [step.rule[:2] for step in steps[:3]] == ["E2", "E3", "E5"]
    assert all(step.label_zh and step.label_en for step in steps)


def test_a_case_without_points_says_so() -> None:
    mode = Dip(without_points="factor")
    terms = mode.post(history(case_table(20), totals(1)))
    steps = mode.explain(case_table(1, group=1), totals(1, units=1.0), terms, 1.0)
    assert steps[0].value == "factor"
    assert steps[0].rule == "E8"


# Points of groups


def posted(cases: Any, mode: Dip, **given: Any) -> Floats:
    return mode.post(history(cases, totals(1), **given)).points


def test_points_by_three_methods() -> None:
    cases = case_table(4, group=[0, 0, 1, 1], charge=[100_000.0, 300_000.0, 500_000.0, 700_000.0])
    assert posted(cases, Dip(prior_cases=0)).tolist() == [500.0, 1500.0]
    assert posted(cases, Dip(prior_cases=0, points_method="reference", reference_group="G1")).tolist() == pytest.approx([1000 / 3, 1000.0])
    assert posted(cases, Dip(prior_cases=0, points_method="quota", points_quota=500.0)).tolist() == [4.0, 12.0]


def test_the_method_leaves_shares_and_outliers_as_they_are() -> None:
    """Points are a measure: another yardstick gives every case the same share of all points."""
    past, now = history(spread(300), totals(1)), spread(80)
    shares = []
    for mode in (Dip(), Dip(points_method="reference", reference_group="G1"), Dip(points_method="quota", points_quota=1.0)):
        points = mode.tariff(now, mode.post(past))
        shares.append(points / points.sum())
    assert shares[1] == pytest.approx(shares[0], abs=1e-6)
    assert shares[2] == pytest.approx(shares[0], abs=1e-6)


def test_a_reference_group_must_be_named_and_known() -> None:
    with pytest.raises(InputError, match="reference_group"):
        Dip(points_method="reference")
    with pytest.raises(InputError, match="G1"):
        posted(case_table(2), Dip(points_method="reference", reference_group="G11"))


@pytest.mark.parametrize("trim", ["percentiles", "iqr"])
def test_far_cases_are_left_out_of_means_and_of_no_other_group_s(trim: str) -> None:
    """Forty usual cases, one a thousand times as dear; a small group beside them keeps all of its own."""
    charge = np.r_[np.linspace(90_000.0, 110_000.0, 40), 1e8, 500_000.0, 510_000.0]
    cases = case_table(43, group=np.r_[np.zeros(41), [1, 1]].astype(int), charge=charge)
    kept = within(cases.group, cases.charge, trim)
    assert not kept[40]
    assert kept[2:38].all()
    points = posted(cases, Dip(prior_cases=0, trim=trim))
    assert points[1] / points[0] == pytest.approx(5.05, rel=0.01)
    assert within(np.zeros(0, dtype=int), np.zeros(0), trim).shape == (0,)


def test_groups_with_few_cases_share_their_family_s_mean() -> None:
    """Families 0: groups 0 (many), 1 and 2 (few); family 1: group 3 (few, alone)."""
    group = np.repeat([0, 1, 2, 3], [20, 3, 1, 5])
    charge = np.repeat([100_000.0, 200_000.0, 600_000.0, 900_000.0], [20, 3, 1, 5])
    facts = group_facts(np.ones(4), family=[0, 0, 0, 1])
    points = posted(case_table(29, group=group, charge=charge), Dip(prior_cases=0, core_cases=15), groups=facts)
    assert points / points[0] == pytest.approx([1.0, 3.0, 3.0, 9.0])


def test_a_group_hardly_dearer_than_its_base_stands_with_it() -> None:
    group = np.repeat([0, 1, 2], 10)
    charge = np.repeat([280_330.0, 288_490.0, 440_030.0], 10)
    facts = group_facts(np.array([1.0, 1.1, 1.6]), family=[5, 5, 5])
    points = posted(case_table(30, group=group, charge=charge), Dip(prior_cases=0, split_gate=0.1), groups=facts)
    assert points[0] == points[1]
    assert points[2] / points[0] == pytest.approx(440_030 / 284_410)


def test_years_are_weighted_and_a_year_not_lived_through_hands_its_weight_on() -> None:
    def year(mean: float) -> GroupYear:
        two, none = np.array([0, 1]), np.zeros(2, dtype=np.int64)
        return GroupYear(two, none, none.astype(np.int8), none, np.full(2, 10.0), np.array([10 * mean, 10_000.0]), np.full(2, 70.0))

    cases = case_table(20, group=np.repeat([0, 1], 10), charge=np.repeat([9300.0, 1000.0], 10))
    mode = Dip(prior_cases=0, year_weights=(0.7, 0.2, 0.1))
    three = posted(cases, mode, earlier=(year(8600.0), year(8000.0)))
    assert three[0] / three[1] == pytest.approx(9.03)
    two = posted(cases, mode, earlier=(year(8600.0),))
    assert two[0] / two[1] == pytest.approx((0.7 * 9.3 + 0.2 * 8.6) / 0.9)
    alone = posted(cases, Dip(prior_cases=0), earlier=(year(8600.0),))
    assert alone[0] / alone[1] == pytest.approx(9.3)


def test_points_can_keep_their_sum() -> None:
    cases = spread(200)
    for mode in (
        Dip(core_cases=500, rescale="keep_sum"),
        Dip(trim="percentiles", rescale="keep_sum"),
        Dip(prior_cases=1e4, rescale="keep_sum"),
    ):
        assert posted(cases, mode, weight=np.array([1.0, 5.0]))[cases.group].sum() == pytest.approx(
            200 * mode_points(mode, cases), rel=1e-9
        )


def mode_points(mode: Dip, cases: Any) -> float:
    """Mean points of last year's cases without any adjustment: the mean cost over the mode's own yardstick."""
    terms = mode.post(history(cases, totals(1), weight=np.array([1.0, 5.0])))
    return float(cases.charge.mean() / terms.mean_cost)


# Institution coefficients


def test_a_list_gives_coefficients_by_level_and_by_scheme() -> None:
    mode = Dip(prior_cases=0, tier_coefficient="fixed", tier_values=(0.55, 0.72, 0.93), tier_values_employee=(0.5, 0.7, 0.9))
    terms = mode.post(history(case_table(10, charge=100_000.0), totals(1)))
    cases = case_table(4, tier=[0, 2, 0, 2], scheme=[0, 0, 1, 1], charge=80_000.0)
    assert mode.tariff(cases, terms).tolist() == [500.0, 900.0, 550.0, 930.0]
    with pytest.raises(InputError, match="tier_values"):
        Dip(tier_coefficient="fixed")


def test_levels_may_be_compared_within_each_scheme() -> None:
    """Employees cost the same at both levels, residents half as much at the lower."""
    cases = case_table(8, tier=[0, 0, 1, 1] * 2, scheme=[0] * 4 + [1] * 4, charge=np.r_[np.full(4, 2e5), 1e5, 1e5, 2e5, 2e5])
    posted = Dip(prior_cases=0, tier_coefficient="estimated_by_scheme").post(history(cases, totals(1)))
    assert posted.coefficient[0, 0] == posted.coefficient[0, 1]
    assert posted.coefficient[1, 0] * 2 == pytest.approx(posted.coefficient[1, 1])


def test_bonuses_go_to_hospitals_above_their_level_and_end_at_the_caps() -> None:
    """Holder 1 has only the dear group, holder 0 mostly the cheap one; holder 2 is of another level; holder 3 has only the old."""
    holder = np.repeat([0, 1, 2, 3], 10)
    tier = np.array([1, 1, 2, 1], dtype=np.int8)
    cases = case_table(
        40,
        holder=holder,
        provider=holder,
        tier=tier[holder],
        group=np.where(holder == 1, 1, 0),
        charge=np.where(holder == 1, 3e5, 1e5),
        age=np.where(holder == 3, 80, 40),
    )
    mode = Dip(prior_cases=0, cmi_caps=(0.0, 0.06, 0.13), elderly_caps=(0.0, 0.03, 0.03))
    terms = mode.post(history(cases, totals(4), tier=tier))
    assert terms.bonus[0].tolist() == pytest.approx([0.0, 0.06, 0.0, 0.03])
    assert (terms.bonus[0] == terms.bonus[1]).all()
    plain = replace(mode, cmi_caps=(0.0,) * 3, elderly_caps=(0.0,) * 3)
    more = mode.tariff(cases, terms) / plain.tariff(cases, plain.post(history(cases, totals(4), tier=tier)))
    assert more[[0, 20]].tolist() == [1.0, 1.0]
    assert (more[[10, 30]] > 1).all()


def test_basic_groups_may_have_one_price_if_their_costs_are_alike() -> None:
    facts = group_facts(np.ones(3), basic=[True, True, False])
    rng = np.random.default_rng(5)
    group = np.repeat([0, 1, 2], 60)
    tier = np.tile([0, 1, 2], 60)
    charge = 1e5 * (1 + tier) * np.where(group == 1, rng.lognormal(0, 1.5, 180), 1.0)
    past = history(case_table(180, group=group, tier=tier, charge=charge), totals(1), groups=facts)
    mode = Dip(prior_cases=0, basic_groups="one_price", outlier_mean="group", low_line=0.0, high_line=50.0, very_high_line=50.0)
    terms = mode.post(past)
    points = [mode.tariff(case_table(3, group=g, tier=[0, 1, 2], charge=1e5), terms) for g in range(3)]
    assert np.ptp(points[0]) == 0
    assert np.ptp(points[1]) > 0
    assert np.ptp(points[2]) > 0


def test_operative_groups_may_have_coefficients_of_their_own() -> None:
    """All groups are dearer at the higher level, but the operative one is not."""
    facts = group_facts(np.ones(2), operative=[True, False])
    cases = case_table(
        80, group=np.repeat([0, 1], 40), tier=np.tile([0, 1], 40), charge=np.where(np.arange(80) < 40, 2e5, np.tile([1e5, 3e5], 40))
    )
    terms = Dip(prior_cases=0, group_coefficients="operative").post(history(cases, totals(1), groups=facts))
    assert terms.own_coefficient[0, :2].tolist() == pytest.approx([1.0, 1.0])
    assert np.isnan(terms.own_coefficient[1]).all()
    assert np.isnan(terms.own_coefficient[0, 2])


# Counts of cases

COUNTS = {
    "core_cases": Dip(prior_cases=0, core_cases=15),
    "group_cases": Dip(prior_cases=0, group_coefficients="operative"),
    "auxiliary_cases": Dip(prior_cases=0, auxiliary="severity", auxiliary_gate=0.0),
}


def stands_alone(mode: Dip, cases: int, scale: float) -> bool:
    """Whether group 1 with so many cases on the books has a value of its own; group 0 of its family has one, a dearer one."""
    group = np.repeat([0, 1], [1, cases])
    past = case_table(1 + cases, group=group, charge=np.where(group == 1, 1e5, 3e5), severity=group)
    facts = group_facts(np.ones(2), operative=[False, True])
    terms = mode.post(history(past, totals(1), groups=facts, scale=scale))
    if len(terms.own_coefficient):
        return not np.isnan(terms.own_coefficient[1, 0])
    return not np.isnan(terms.by_severity[1, 1]) if len(terms.by_severity) else terms.points[0] != terms.points[1]


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize(("scale", "least"), [(1.0, 15), (0.5, 8), (0.2, 3), (0.02, 1)])
def test_least_numbers_of_cases_are_those_of_the_whole_city(count: str, scale: float, least: int) -> None:
    """Fifteen in the city; whole numbers on the books that stand for as many."""
    mode = COUNTS[count]
    assert stands_alone(mode, least, scale)
    assert least == 1 or not stands_alone(mode, least - 1, scale)


# Point values


def a_year(mode: Dip, seed: int = 3) -> tuple[Any, Floats]:
    """Terms after a year of two hospitals, and the totals of the next."""
    cases = spread(200, provider=np.arange(200) % 2, holder=np.arange(200) % 2, recorded=3e4, residual=1e4)
    base = totals(2, recorded=6e6, cases=50.0)
    terms = mode.post(history(cases, base))
    year = totals(2)
    points = mode.tariff(cases, terms)
    for measure, column in ((UNITS, points), (RESIDUAL, cases.residual), (CHARGE, cases.charge), (RECORDED, cases.recorded)):
        np.add.at(year[..., measure], (cases.holder, cases.scheme), column)
    return terms, year


def owed(mode: Dip, year: Floats, terms: Any, fraction: float = 1.0) -> Floats:
    found: Floats = mode.entitlement(year, year.sum(axis=0, keepdims=True), np.arange(2), terms, fraction)
    return found


@pytest.mark.parametrize("value", VALUES)
def test_one_more_point_is_worth_the_value_less_what_it_does_to_it(value: str) -> None:
    """A small hospital's further point brings the value that is told; the rest is what the pool feels."""
    mode = Dip(point_value=value, given_value=3.0)
    terms, year = a_year(mode)
    year[0, 0, :] /= 1e4
    more = year.copy()
    more[0, 0, UNITS] += 1e-3
    told = float(mode.value(year.sum(axis=0), terms, 1.0)[0])
    if value == "ratio":
        told *= float(year[0, 0, RECORDED] / year[0, 0, CHARGE])
    gain = float((owed(mode, more, terms) - owed(mode, year, terms))[0, 0]) / 1e-3
    assert gain == pytest.approx(told, rel=2e-3)


@pytest.mark.parametrize("value", VALUES)
def test_whether_a_point_value_spends_the_budget_is_what_it_says(value: str) -> None:
    mode = Dip(point_value=value, elastic_base=0.01, given_value=3.0)
    terms, year = a_year(mode)
    sums = []
    for times in (1.0, 1.5):
        other = year.copy()
        other[0] *= times
        other[0, :, RECORDED] *= times
        sums.append(owed(mode, other, terms)[:, 0].sum())
    spends = np.allclose(sums, terms.budget[0], rtol=1e-9)
    assert mode.traits.exhausts_budget == VALUES[value].conserves
    assert spends == (VALUES[value].conserves or value == "elastic")


@pytest.mark.parametrize("value", VALUES)
def test_what_points_are_worth_is_what_is_owed_and_what_others_paid_of_it(value: str) -> None:
    mode = Dip(point_value=value, elastic_base=0.01, given_value=3.0)
    terms, year = a_year(mode)
    pool, paid = year.sum(axis=0), owed(mode, year, terms).sum(axis=0)
    worth = mode.worth(pool, terms, 1.0)
    if value == "ratio":
        assert worth == pytest.approx(pool[..., UNITS] * mode.value(pool, terms, 1.0))
    else:
        assert worth == pytest.approx(paid + (pool[..., RESIDUAL] if VALUES[value].takes_off else 0.0))


def test_an_elastic_value_below_its_base_volume_is_the_opening_value() -> None:
    mode = Dip(point_value="elastic", elastic_base=1.0)
    terms, year = a_year(mode)
    year *= 0.1
    assert mode.value(year.sum(axis=0), terms, 1.0)[0] == terms.opening[0]
    assert owed(mode, year, terms)[:, 0] == pytest.approx(year[:, 0, UNITS] * terms.opening[0] - year[:, 0, RESIDUAL])


def test_the_first_year_s_base_volume_is_that_of_the_budget_base() -> None:
    """Two hundred cases are remembered, a hundred were in the budget base."""
    mode = Dip(point_value="elastic", elastic_base=0.5)
    terms, year = a_year(mode)
    assert terms.base.sum(axis=0)[0] == pytest.approx(0.5 * 0.5 * year[:, 0, UNITS].sum())


def test_earlier_years_weigh_in_the_opening_value() -> None:
    """Last year a case of 1,000 points cost 100,000 fen, 80,000 in scope; the year before it cost half as much."""
    none = np.zeros(1, dtype=np.int64)
    before = GroupYear(none, none, none.astype(np.int8), none, np.full(1, 20.0), np.full(1, 20 * 50_000.0), np.full(1, 140.0))
    mode = Dip(prior_cases=0, year_weights=(0.5, 0.5, 0.0))
    terms = mode.post(history(case_table(20), totals(1), earlier=(before,)))
    points = float(terms.points[0] * terms.coefficient[0])
    assert terms.opening[0] == pytest.approx(0.8 * 75_000 / points)


@pytest.mark.parametrize("check", CONTRACT.checks.values(), ids=list(CONTRACT.checks))
@pytest.mark.parametrize(
    "defaults",
    [
        {"point_value": "fund_value", "outlier": "hubei", "auxiliary": "severity_and_age", "auxiliary_cases": 1.0},
        {"point_value": "ratio", "outlier": "jining", "without_points": "factor", "core_cases": 15.0, "trim": "iqr"},
        {"point_value": "fixed", "outlier": "taian", "split_gate": 0.1, "trim": "percentiles", "rescale": "keep_sum", "prior_cases": 0.0},
        {
            "point_value": "elastic",
            "outlier": "draft_3",
            "without_points": "per_item",
            "cmi_caps": (0.1, 0.1, 0.1),
            "outlier_mean": "group",
            "review_share": 0.5,
            "review_quota": 0.1,
            "review_period": "quarter",
        },
    ],
    ids=lambda defaults: defaults["point_value"],
)
def test_every_way_keeps_the_contract(defaults: dict[str, Any], check: Check[Subject]) -> None:
    kind = make_dataclass("Variant", [(key, type(value), value) for key, value in defaults.items()], bases=(Dip,), frozen=True)
    for seed in range(3 if check.draws > 1 else 1):
        found = check.find(Subject(kind), seed)
        assert found is None, f"market {seed}: {say(found.key, 'en', **found.values)}"


# Special-case review


def test_the_quota_of_a_year_is_met_whatever_its_months() -> None:
    months = [37, 180, 0, 251, 199, 400]
    before = np.cumsum([0, *months[:-1]])
    given = [places_left(b, m, 0.005) for b, m in zip(before.tolist(), months, strict=True)]
    assert sum(given) == quota_of(sum(months), 0.005) == 5
    assert given[0] == 0


REVIEWED = Dip(outlier="draft_3", prior_cases=0, review_share=1.0, review_quota=0.01)


def test_the_greatest_losses_are_accepted_until_the_quota_is_full() -> None:
    terms = REVIEWED.post(history(case_table(300), totals(1)))
    charge = np.r_[np.full(295, 100_000.0), 9e5, 3e5, 5e5, 1.5e5, 7e5]
    cases = case_table(300, charge=charge, in_scope=0.8 * charge)
    points = REVIEWED.review(cases, terms, before=0.0)
    assert points[295:] == pytest.approx([9000.0, 1000.0, 5000.0, 1000.0, 7000.0])
    assert (points[:295] == 1000.0).all()
    half = replace(REVIEWED, review_share=0.5)
    assert half.review(cases, terms, before=0.0)[295] == pytest.approx(5000.0)


def test_long_stays_may_be_reviewed_whatever_they_cost() -> None:
    mode = replace(REVIEWED, review_days=60)
    terms = mode.post(history(case_table(300), totals(1)))
    cases = case_table(100, charge=np.r_[np.full(99, 1e5), 1.5e5], in_scope=np.r_[np.full(99, 8e4), 1.2e5], stay=np.r_[np.full(99, 7), 90])
    assert mode.review(cases, terms, 0.0)[99] == pytest.approx(1500.0)
    assert REVIEWED.review(cases, terms, 0.0)[99] == pytest.approx(1000.0)


def test_a_quote_knows_of_the_line_at_which_last_year_s_quota_was_full() -> None:
    charge = np.r_[np.full(297, 1e5), 3e5, 5e5, 9e5]
    past = case_table(300, charge=charge, in_scope=0.8 * charge)
    terms = replace(REVIEWED, review_quota=0.007).post(history(past, totals(1)))
    mean = charge.mean()
    assert terms.review_line == pytest.approx(0.8 * (5e5 - mean), rel=1e-3)
    points = REVIEWED.tariff(past, terms)
    assert points[297] == pytest.approx(1000.0)
    assert points[298] == pytest.approx(5e5 / mean * 1000, rel=1e-3)
    assert REVIEWED.explain(past.take(np.array([298])), totals(1, units=1.0), terms, 1.0)[6].rule == "E7"
    assert Dip(review_share=1.0, review_quota=0.0).post(history(past, totals(1))).review_line == np.inf


def test_the_books_review_the_modes_that_have_it_and_no_other() -> None:
    books = opened(market("ffs", REVIEWED))
    charge = np.r_[np.full(199, 1e5), 9e7]
    cases = case_table(200, charge=charge, in_scope=0.8 * charge)
    instance = np.r_[np.zeros(100), np.ones(100)].astype(np.int8)
    units = books.units_of(instance, cases)
    found = books.reviewed(instance, cases, units, closing=False)
    assert list(books.reviewing) == [1]
    assert (found[:100] == units[:100]).all()
    assert found[199] > 100 * found[198]
    assert not opened(market("ffs", "dip")).reviewing


QUARTERLY = replace(REVIEWED, review_period="quarter", review_quota=0.02)


def by_quarters() -> Settlement:
    """Books whose cases are reviewed every quarter, a hundred of last year's all alike."""
    return opened(market(QUARTERLY), cases=case_table(100))


def a_month(books: Settlement, dear: float, closing: bool = False, n: int = 30) -> Floats:
    """Points of ``n`` cases, the last at ``dear`` times the usual charge; they are booked."""
    charge = np.r_[np.full(max(n - 1, 0), 1e5), dear * 1e5][:n]
    cases = case_table(n, charge=charge, in_scope=0.8 * charge)
    only = np.zeros(n, dtype=np.int8)
    points = books.reviewed(only, cases, books.units_of(only, cases), closing)
    own = totals(books.n_holders)
    np.add.at(own[..., UNITS], (cases.holder, cases.scheme), points)
    np.add.at(own[..., CASES], (cases.holder, cases.scheme), 1.0)
    books.accrue([own], [np.zeros((books.n_providers, len(SCHEMES)))])
    return points


def points_of_the_year(books: Settlement) -> float:
    return float(books.instances[0].year_totals[..., UNITS].sum())


def test_a_quarter_s_cases_are_reviewed_together_at_its_end() -> None:
    """Ninety cases have one place; it goes to the dearest of the quarter, whose points come in the third month."""
    books = by_quarters()
    assert a_month(books, 9.0)[-1] == 1000.0
    assert a_month(books, 4.0)[-1] == 1000.0
    assert points_of_the_year(books) == pytest.approx(60_000.0)
    assert a_month(books, 5.0)[-1] == 1000.0
    assert points_of_the_year(books) == pytest.approx(98_000.0)
    a_month(books, 1.0)
    assert points_of_the_year(books) == pytest.approx(128_000.0), "they come once"


def test_places_of_a_quarter_follow_those_of_the_quarter_before() -> None:
    """Of 90 cases one, of 180 three: the second quarter has two places."""
    books = by_quarters()
    for dear in (9.0, 8.0, 7.0, 6.0, 5.0, 4.0):
        a_month(books, dear)
    assert points_of_the_year(books) == pytest.approx(180_000.0 + 8000.0 + 5000.0 + 4000.0)


def test_a_quarter_that_the_year_cuts_short_is_reviewed_then() -> None:
    books = by_quarters()
    a_month(books, 9.0)
    assert a_month(books, 4.0, closing=True)[-1] == 1000.0
    assert points_of_the_year(books) == pytest.approx(68_000.0)


def test_a_quarter_s_last_month_without_cases_is_reviewed_too() -> None:
    books = by_quarters()
    a_month(books, 9.0, n=60)
    a_month(books, 1.0)
    assert a_month(books, 1.0, n=0).shape == (0,)
    assert points_of_the_year(books) == pytest.approx(98_000.0)


def test_a_month_is_reviewed_by_itself_unless_told_otherwise() -> None:
    books = opened(market(replace(QUARTERLY, review_period="month")), cases=case_table(100))
    assert a_month(books, 9.0, n=50)[-1] == pytest.approx(9000.0)
    with pytest.raises(InputError, match="review_period"):
        Dip(review_period="year")


# Stays of their own kinds, and care elsewhere


def test_hospitals_of_chinese_medicine_may_have_a_share_more() -> None:
    mode = Dip(prior_cases=0, tier_coefficient="fixed", tier_values=(0.7, 0.85, 1.0), tcm_share=0.1)
    holders = holder_facts(np.array([1, 1], dtype=np.int8), specialty=[0, 1])
    terms = mode.post(history(case_table(10), totals(2), holders=holders))
    cases = case_table(2, holder=[0, 1], provider=[0, 1], tier=1, charge=80_000.0)
    assert mode.tariff(cases, terms).tolist() == pytest.approx([850.0, 935.0])


def test_psychiatric_stays_may_be_paid_by_their_days() -> None:
    """Sixty days cost six times the city's mean of the other group; half of the days are worth half of the points."""
    facts = group_facts(np.ones(2), kind=[INPATIENT, PSYCHIATRIC])
    past = case_table(20, group=np.repeat([0, 1], 10), charge=np.repeat([1e5, 6e5], 10), stay=np.repeat([7, 60], 10))
    mode = Dip(prior_cases=0, bed_days="by_day")
    terms = mode.post(history(past, totals(1), groups=facts))
    cases = case_table(3, group=[0, 1, 1], charge=[1e5, 6e5, 9e5], stay=[30, 60, 30])
    points = mode.tariff(cases, terms)
    assert points / points[0] == pytest.approx([1.0, 6.0, 3.0])
    assert mode.explain(cases.take(np.array([1])), totals(1, units=1.0), terms, 1.0)[0].rule == "F1"


def test_day_surgery_has_a_factor_on_operative_groups_only() -> None:
    facts = group_facts(np.ones(2), operative=[True, False])
    mode = Dip(prior_cases=0, day_surgery_factor=0.8)
    terms = mode.post(history(case_table(20, group=np.repeat([0, 1], 10)), totals(1), groups=facts))
    cases = case_table(4, group=[0, 0, 1, 1], stay=[1, 5, 1, 5])
    assert mode.tariff(cases, terms).tolist() == [800.0, 1000.0, 1000.0, 1000.0]


def test_care_elsewhere_is_paid_at_the_value_of_the_place() -> None:
    mode = Dip(prior_cases=0, point_value="given", given_value=0.9)
    terms = mode.post(history(case_table(20, charge=1e5), totals(2, recorded=5.0)))
    year = totals(2)
    year[0, 0, UNITS], year[0, 0, RESIDUAL] = 1000.0, 20_000.0
    assert owed(mode, year, terms)[0].tolist() == [90_000.0 - 20_000.0, 0.0]
    with pytest.raises(InputError, match="given_value"):
        Dip(point_value="given")


# Months at the opening value


def test_months_at_the_opening_value_need_a_mode_that_has_one() -> None:
    with pytest.raises(InputError, match="monthly_value"):
        market("ffs", cycle=Cycle(monthly_value="opening"))


def test_months_at_the_opening_value_do_not_move_what_is_owed_or_quoted() -> None:
    """The same year under both rules: the same money in the end, other months, the same prices."""
    cases = case_table(40, holder=np.arange(40) % 4, provider=np.arange(40) % 4, tier=TIER[np.arange(40) % 4])
    paid, owes, prices = [], [], []
    for value in ("settled", "opening"):
        books = opened(market("dip", cycle=Cycle(monthly_share=0.5, monthly_value=value, deposit_share=0.05)), cases=cases)
        year = totals(books.n_holders)
        for measure, column in ((UNITS, books.units_of(np.zeros(40, dtype=np.int8), cases)), (RESIDUAL, cases.residual)):
            np.add.at(year[..., measure], (cases.holder, cases.scheme), column)
        books.accrue([year], [np.ones((4, 2))])
        paid.append(books.pay_month(False)[0].monthly)
        owes.append(books.due(books.instances[0]).granted)
        books.post([year])
        prices.append(books.marginal(0, np.arange(4)))
    assert (owes[0] == owes[1]).all()
    assert (paid[0] != paid[1]).any()
    assert np.array_equal(prices[0], prices[1])
