"""The registry of indicators: names others rely on, labels, and formulas on numbers that can be followed by hand."""

from __future__ import annotations

import re

import numpy as np
import pytest

from model.indicators import INDICATORS, POSITION, SUMS, Sums, collapse_months, concentration_index

PROMISED = (
    "total_cost_per_head fund_cost_per_head oop_per_head oop_share in_scope_payment_ratio cost_per_admission cost_per_visit "
    "drug_share within_group_cost_sd admissions_per_100 visits_per_head los_days intensity point_value cmi fund_income "
    "fund_spending fund_balance reserve_months reserve_alert budget_execution gap_filled "
    "coding_gap upcoded_share diagnostic_weight treatment_weight split_share "
    "readmission_30d low_threshold_share refusal_share shifted_share recovered_share detection_rate audit_precision "
    "audit_cost false_positive_rate tertiary_admission_share secondary_admission_share primary_admission_share "
    "primary_visit_share first_contact_primary_share county_in_share simple_at_tertiary_share referrals_up referrals_down "
    "bed_occupancy waiting_share chronic_control_share avoidable_admissions_per_1000 complications_per_1000 deaths_per_1000 "
    "hospital_deaths_per_1000 qaly_lost_per_1000 stay_ratio "
    "qaly_per_head unmet_need_share che_share impoverishment_share oop_concentration_index provider_margin group_surplus "
)
"""Names that scripts and notebooks outside the project use."""


def of(indicator: str, **sums: float) -> float:
    """The indicator of one unit with these sums, all others being zero."""
    values = np.zeros(len(SUMS))
    for name, amount in sums.items():
        values[POSITION[name]] = amount
    return float(INDICATORS[indicator].compute(Sums(values[None]))[0])


@pytest.mark.parametrize("name", PROMISED.split())
def test_promised_names_are_there(name: str) -> None:
    assert INDICATORS[name].name == name


@pytest.mark.parametrize("name", list(INDICATORS))
def test_every_indicator_says_what_it_is_in_both_languages(name: str) -> None:
    indicator = INDICATORS[name]
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert re.search(r"[\u4e00-\u9fff]", indicator.label_zh)
    assert re.fullmatch(r"[\x20-\x7e]+", indicator.label_en)
    assert indicator.unit
    assert indicator.formula
    assert indicator.source
    assert indicator.better in (-1, 0, 1)


def test_labels_are_not_used_twice() -> None:
    for labels in ([i.label_zh for i in INDICATORS.values()], [i.label_en for i in INDICATORS.values()]):
        assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("name", list(INDICATORS))
def test_nothing_happened_is_no_number(name: str) -> None:
    """No people and no care: no rate exists, and nothing warns."""
    assert np.isnan(of(name))


@pytest.mark.parametrize("name", list(INDICATORS))
def test_what_is_unknown_is_no_number(name: str) -> None:
    assert np.isnan(INDICATORS[name].compute(Sums(np.full((2, len(SUMS)), np.nan)))).all()


@pytest.mark.parametrize("name", [n for n in INDICATORS if n != "oop_concentration_index"])
def test_indicators_are_ratios_so_that_scale_cancels(name: str) -> None:
    """Twice of everything, people and care and money, is the same."""
    sums = np.random.default_rng(4).random((3, len(SUMS))) + 0.5
    sums[:, POSITION["admissions"]] += 2.0  # more stays than halves of stays
    made = INDICATORS[name].compute(Sums(sums))
    assert made.shape == (3,)
    assert np.isfinite(made).all()
    np.testing.assert_allclose(INDICATORS[name].compute(Sums(2 * sums)), made)


@pytest.mark.parametrize(
    ("indicator", "sums", "expected"),
    [
        ("total_cost_per_head", {"charge": 240_000.0, "person_months": 12.0}, 2400.0),
        ("fund_cost_per_head", {"fund_settled": 120_000.0, "person_months": 24.0}, 600.0),
        ("settlement_rate", {"fund_settled": 93.31, "basic": 100.0}, 0.9331),
        ("oop_per_head", {"patient": 7_000.0, "account": 5_000.0, "person_months": 12.0}, 120.0),
        ("oop_share", {"patient": 30.0, "account": 10.0, "charge": 100.0}, 0.4),
        ("in_scope_payment_ratio", {"admission_basic": 60.0, "admission_in_scope": 80.0}, 0.75),
        ("cost_per_admission", {"admission_charge": 1_000_000.0, "admissions": 2.0}, 5000.0),
        ("cost_per_visit", {"visit_charge": 30_000.0, "visits": 3.0}, 100.0),
        ("admissions_per_100", {"admissions": 3.0, "person_months": 240.0}, 15.0),
        ("visits_per_head", {"visits": 10.0, "person_months": 24.0}, 5.0),
        ("cost_per_day", {"admission_charge": 120_000.0, "stay_days": 4.0}, 300.0),
        ("oop_per_admission", {"admission_oop": 120_000.0, "admissions": 4.0}, 300.0),
        ("primary_visits_per_head", {"visits_primary": 6.0, "person_months": 24.0}, 3.0),
        ("benefit_lost_share", {"benefit_lost": 2.0, "standard_charge": 100.0}, 0.02),
        ("simple_share", {"simple": 3.0, "admissions": 12.0}, 0.25),
        ("intensity", {"delivered_charge": 110.0, "standard_charge": 100.0}, 1.1),
        ("point_value", {"pool_money": 2000.0, "pool_units": 10.0}, 2.0),
        ("coding_gap", {"weight_coded": 12.0, "weight_true": 9.0, "weight_upgraded": 1.0}, 0.2),
        ("diagnostic_weight", {"weight_coded": 12.0, "weight_upgraded": 2.0, "admissions": 10.0}, 1.0),
        ("treatment_weight", {"weight_upgraded": 2.0, "admissions": 10.0}, 0.2),
        ("split_share", {"split": 4.0, "admissions": 22.0}, 0.1),
        ("readmission_30d", {"readmissions": 1.0, "split": 4.0, "admissions": 30.0}, 0.1),
        ("audit_precision", {"detected": 3.0, "false_positives": 1.0}, 0.75),
        ("relative_cost", {"relative_cost": 6.0, "admissions": 5.0}, 1.2),
        ("within_group_cost_sd", {"relative_cost": 6.0, "relative_cost_square": 20.0, "admissions": 2.0}, 1.0),
        ("referrals_down", {"referrals_down": 3.0, "admissions": 60.0}, 5.0),
        ("complications_per_1000", {"complications": 3.0, "admissions": 100.0}, 30.0),
        ("hospital_deaths_per_1000", {"hospital_deaths": 2.0, "admissions": 100.0}, 20.0),
        ("qaly_lost_per_1000", {"quality_lost": 3.0, "person_months": 1200.0}, 30.0),
        ("stay_ratio", {"stay_days": 45.0, "standard_days": 50.0}, 0.9),
        ("deaths_per_1000", {"deaths": 1.0, "person_months": 1200.0}, 10.0),
        ("provider_margin", {"revenue": 100.0, "cost": 95.0}, 0.05),
        ("group_surplus", {"group_money": 100.0, "group_spent": 80.0}, 0.2),
        ("fund_spending", {"fund_paid": 120_000.0, "person_months": 12.0}, 1200.0),
        ("reserve_months", {"fund_balance": 120.0, "fund_paid": 10.0}, 12.0),
        ("reserve_alert", {"fund_alerts": 3.0, "fund_months": 12.0}, 0.25),
        ("budget_execution", {"fund_settled": 90.0, "fund_budget": 100.0}, 0.9),
        ("gap_filled", {"fund_gap": 120_000.0, "fund_months": 12.0, "person_months": 12.0}, 1200.0),
    ],
)
def test_formulas_by_hand(indicator: str, sums: dict[str, float], expected: float) -> None:
    assert of(indicator, **sums) == pytest.approx(expected)


def test_unknown_sums_are_attribute_errors() -> None:
    with pytest.raises(AttributeError):
        _ = Sums(np.zeros(len(SUMS))).vists


# Concentration


@pytest.mark.parametrize(
    ("paid", "index"),
    [([1.0] * 5, 0.0), ([0.0, 0.0, 0.0, 0.0, 1.0], 0.8), ([1.0, 0.0, 0.0, 0.0, 0.0], -0.8), ([1.0, 2.0, 3.0, 4.0, 5.0], 4 / 15)],
)
def test_concentration_over_fifths(paid: list[float], index: float) -> None:
    assert concentration_index(np.array(paid)) == pytest.approx(index)


def test_turning_rich_and_poor_turns_the_index() -> None:
    paid = np.array([3.0, 1.0, 4.0, 1.0, 5.0])
    assert concentration_index(paid[::-1]) == pytest.approx(-concentration_index(paid))


def test_nothing_paid_is_not_concentrated_anywhere() -> None:
    assert np.isnan(concentration_index(np.zeros(5)))


def test_a_span_adds_flows_and_keeps_levels() -> None:
    months = np.zeros((3, 1, len(SUMS)))
    months[:, 0, POSITION["visits"]] = [1.0, 2.0, 3.0]
    months[:, 0, POSITION["fund_balance"]] = [7.0, 8.0, 9.0]
    total = collapse_months(months)
    assert total[0, POSITION["visits"]] == 6.0
    assert total[0, POSITION["fund_balance"]] == 27.0
