"""Rules of payment by points: outliers by variant, auxiliary coefficients, groups without points, and the steps that are told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from model.errors import InputError
from model.payment import RESIDUAL, UNITS
from model.payment.dip import Dip
from model.payment.points.auxiliary import auxiliary_coefficients
from model.payment.points.case_points import VARIANTS, Lines, age_subtype, case_points
from tests.small_market import case_table, group_facts, history, totals


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
    per_day = replace(past, groups=group_facts(np.ones(2), kind=np.int8(0)))
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
