"""Needs and chronic disease at the rates they are told, in the right people, in order."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from model.catalogue import load_catalogue
from model.codes import CHRONIC, COMMON, EMERGENCY, FEMALE, MALE, age_band
from model.errors import InputError
from model.illness import (
    MOST_IN_A_MONTH,
    Illness,
    IllnessRules,
    InpatientNeed,
    OutpatientNeed,
    draw_needs,
    expected_admissions,
    expected_cases,
    expected_visits,
    inpatient_need,
    outpatient_need,
    prepare_illness,
    steady_incidence,
    update_chronic,
    update_control,
)
from model.people import People, age_years, has_condition
from model.population import band_shares, health_mix, synthesise
from tests.small_people import BASE, PREVALENCE, demography_rules, illness_rules, small_illness, small_plan, without_illness

EMPLOYEES, RESIDENTS = 30_000, 220_000


@cache
def city() -> People:
    return synthesise(11, small_plan(EMPLOYEES, RESIDENTS))


@cache
def needs() -> tuple[OutpatientNeed, InpatientNeed]:
    return draw_needs(city(), BASE + 3, 11, small_illness())


def prepared(rules: IllnessRules) -> Illness:
    return prepare_illness(rules, small_plan(), load_catalogue(), demography_rules())


def chances(people: People, illness: Illness, kind: int, month: int) -> NDArray[np.float64]:
    """Each person's chance of a need in a month, in plain NumPy."""
    band = age_band(age_years(people, month)).astype(int)
    stratum = people.scheme.astype(int) * 12 + people.sex * 6 + band
    chance = illness.need[kind][stratum * 128 + people.chronic.astype(int) * 2 + people.controlled].astype(np.float64)
    chance = chance if kind == CHRONIC else chance * people.frailty
    return np.where(people.alive == 1, np.minimum(chance, MOST_IN_A_MONTH), 0.0)


# Levels


def test_expected_needs_are_the_given_rates() -> None:
    assert expected_admissions(small_illness(), small_plan()) == pytest.approx([0.177, 0.152], rel=1e-4)
    assert expected_visits(small_illness(), small_plan()) == pytest.approx(illness_rules().visit_rate, rel=1e-4)


def test_expected_needs_are_those_of_the_sample() -> None:
    people, illness = city(), small_illness()
    for scheme, rate in enumerate(illness_rules().admission_rate):
        own = 12 * chances(people, illness, 3, BASE)[people.scheme == scheme]
        assert own.mean() == pytest.approx(rate, abs=5 * own.std() / np.sqrt(len(own)))
    for kind in (COMMON, CHRONIC, EMERGENCY):
        for scheme, rate in enumerate(illness_rules().visit_rate[:, kind]):
            own = 12 * chances(people, illness, kind, BASE)[people.scheme == scheme]
            assert own.mean() == pytest.approx(rate, abs=5 * own.std() / np.sqrt(len(own)))


def test_draws_come_with_their_chances() -> None:
    people, illness = city(), small_illness()
    outpatient, inpatient = needs()
    drawn = {kind: outpatient.row[outpatient.kind == kind] for kind in (COMMON, CHRONIC, EMERGENCY)} | {3: inpatient.row}
    band = age_band(age_years(people, BASE + 3))
    for kind, rows in drawn.items():
        chance = chances(people, illness, kind, BASE + 3)
        for group in [people.scheme * 6 + band, people.chronic, people.sex]:
            found = np.bincount(group[rows], minlength=64)
            expected = np.bincount(group, chance, minlength=64)
            slack = 4.5 * np.sqrt(np.bincount(group, chance * (1 - chance), minlength=64)) + 3
            np.testing.assert_array_less(np.abs(found - expected), slack)


def test_scales_of_calibration_multiply_the_rates() -> None:
    rules = replace(illness_rules(), admission_scale=np.array([1.5, 0.5]), visit_scale=np.full((2, 3), 1.2))
    assert expected_admissions(prepared(rules), small_plan()) == pytest.approx([0.177 * 1.5, 0.152 * 0.5], rel=1e-4)
    assert expected_visits(prepared(rules), small_plan()) == pytest.approx(1.2 * rules.visit_rate, rel=1e-4)


def test_more_than_one_need_a_month_is_refused() -> None:
    rules = replace(illness_rules(), visit_rate=np.array([[13.0, 0.7, 0.2], [1.0, 0.2, 0.1]]))
    with pytest.raises(InputError, match=r"visit_rate.*13\.0"):
        prepared(rules)


def test_nobody_needs_anything_at_rate_zero() -> None:
    outpatient, inpatient = draw_needs(city(), BASE, 1, prepared(without_illness()))
    assert len(outpatient) == len(inpatient) == 0


def test_nothing_of_nobody() -> None:
    outpatient, inpatient = draw_needs(People(), BASE, 1, small_illness())
    assert len(outpatient) == len(inpatient) == 0
    assert update_chronic(People(), BASE, 1, small_illness()).tolist() == [0] * 7


# Who and what


def test_needs_are_in_order_once_each_and_of_the_living() -> None:
    people = city().copy()
    people.alive[::3] = 0
    outpatient, inpatient = draw_needs(people, BASE + 3, 11, small_illness())
    assert (np.diff(outpatient.row.astype(int) * 4 + outpatient.kind) > 0).all()
    assert (np.diff(inpatient.row) > 0).all()
    assert people.alive[outpatient.row].all()
    assert people.alive[inpatient.row].all()
    all_visits, all_stays = needs()
    assert np.isin(all_visits.row[people.alive[all_visits.row] == 1], outpatient.row).all()
    assert (all_stays.group[people.alive[all_stays.row] == 1] == inpatient.group).all()


def test_the_parts_of_the_draw_can_be_had_alone() -> None:
    outpatient, inpatient = needs()
    assert (outpatient_need(city(), BASE + 3, 11, small_illness()).row == outpatient.row).all()
    assert (inpatient_need(city(), BASE + 3, 11, small_illness()).group == inpatient.group).all()


def test_only_the_chronically_ill_need_chronic_visits() -> None:
    outpatient, _ = needs()
    assert (city().chronic[outpatient.row[outpatient.kind == CHRONIC]] > 0).all()


def test_severities_of_visits() -> None:
    outpatient, _ = needs()
    for kind, shares in enumerate(illness_rules().visit_severity):
        own = outpatient.severity[outpatient.kind == kind]
        found = np.bincount(own, minlength=3) / len(own)
        assert np.abs(found - shares).max() < 4.5 * np.sqrt(0.25 / len(own)) + 1e-3


def many_stays() -> tuple[InpatientNeed, NDArray[np.int64]]:
    """Stays of three months and their people's rows."""
    months = [draw_needs(city(), BASE + k, 5, small_illness())[1] for k in range(3)]
    joined = InpatientNeed(*(np.concatenate([getattr(m, name) for m in months]) for name in ("row", "group", "severity", "emergency")))
    return joined, joined.row.astype(np.int64)


def test_groups_suit_age_and_sex() -> None:
    catalogue, (stays, rows) = load_catalogue(), many_stays()
    band = age_band(age_years(city(), BASE)[rows])
    assert (catalogue.incidence[stays.group, band] > 0).mean() > 0.999  # birthdays within the quarter
    assert (catalogue.female_share[stays.group][city().sex[rows] == MALE] < 1).all()
    assert (catalogue.female_share[stays.group][city().sex[rows] == FEMALE] > 0).all()
    obstetric = np.array([code.startswith("O") for code in catalogue.codes])
    young = (city().sex[rows] == FEMALE) & (band == 2)
    assert 0.2 < obstetric[stays.group][young].mean() < 0.6


def test_family_shares_are_the_catalogues() -> None:
    """Children have hardly a condition, so their mix is the incidence column itself."""
    catalogue, (stays, rows) = load_catalogue(), many_stays()
    child = age_band(age_years(city(), BASE)[rows]) == 0
    families = catalogue.adrg[stays.group[child]]
    girls = city().sex[rows][child].mean()
    sex = 2 * (girls * catalogue.female_share + (1 - girls) * (1 - catalogue.female_share))
    expected = np.bincount(catalogue.adrg, catalogue.incidence[:, 0] * sex)
    expected /= expected.sum()
    found = np.bincount(families, minlength=len(expected)) / len(families)
    np.testing.assert_array_less(np.abs(found - expected), 4.5 * np.sqrt(expected / len(families)) + 1e-3)


def test_severity_of_a_split_group_is_the_groups() -> None:
    catalogue, (stays, _) = load_catalogue(), many_stays()
    split = catalogue.severity[stays.group] > 0
    assert (stays.severity[split] == catalogue.severity[stays.group][split] - 1).all()


def test_severity_shares_and_their_shift() -> None:
    catalogue, (stays, rows) = load_catalogue(), many_stays()
    whole = np.bincount(catalogue.adrg, catalogue.severity == 0)[catalogue.adrg[stays.group]] > 0
    full = np.array([len(set(catalogue.severity[catalogue.adrg == a])) == 3 for a in range(len(catalogue.adrgs))])
    of_three = whole | full[catalogue.adrg[stays.group]]
    found = np.bincount(stays.severity[of_three], minlength=3) / of_three.sum()
    assert found == pytest.approx([0.55, 0.33, 0.12], abs=0.02)
    frail = city().frailty[rows]
    assert stays.severity[frail > 1.5].mean() > stays.severity[frail < 0.7].mean() + 0.1


def test_emergencies_come_at_the_catalogues_share() -> None:
    catalogue, (stays, _) = load_catalogue(), many_stays()
    share = catalogue.emergency_share[stays.group]
    assert stays.emergency.mean() == pytest.approx(share.mean(), abs=4.5 * np.sqrt(0.25 / len(stays)))


def test_uncontrolled_disease_fills_beds_with_avoidable_stays() -> None:
    catalogue = load_catalogue()
    ill = city().copy()
    ill.chronic[:] = 0b000110
    rates = []
    for controlled in (0, 1):
        ill.controlled[:] = controlled
        stays = inpatient_need(ill, BASE, 1, small_illness())
        rates.append((len(stays), int(catalogue.acsc[stays.group].sum())))
    (all_without, acsc_without), (all_with, acsc_with) = rates
    assert all_without / all_with > 1.1
    assert acsc_without / acsc_with == pytest.approx(1.8, rel=0.1)


# Chronic disease


def test_onsets_come_at_the_given_incidence() -> None:
    incidence = np.full((6, 6), 0.06)
    people = city().copy()
    before = people.copy()
    onsets = update_chronic(people, BASE, 3, prepared(replace(illness_rules(), incidence=incidence)))
    for condition in range(6):
        without = ~has_condition(before, condition)
        new = without & has_condition(people, condition)
        assert new.sum() == onsets[condition]
        assert onsets[condition] == pytest.approx(without.sum() * 0.005, rel=0.15)
    assert ((people.chronic | before.chronic) == people.chronic).all()  # nothing is cured
    assert (people.controlled[people.chronic == 0] == 0).all()


def test_steady_incidence_by_hand() -> None:
    plan = replace(small_plan(), prevalence=np.zeros((6, 6)))
    plan.prevalence[0] = [0, 0, 0, 0.2, 0.2, 0.1]
    ages = plan.age_shares
    entering = (ages[8] / 5) / ages[9:12].sum()
    incidence = steady_incidence(plan)
    assert incidence[0] == pytest.approx([0, 0, 0, entering * 0.2 / 0.8, 0, 0])


def test_prevalence_by_age_stays_where_it_is() -> None:
    people = synthesise(5, small_plan(12_000, 88_000))
    for k in range(24):
        update_chronic(people, BASE + k, 5, small_illness())
    band = age_band(age_years(people, BASE + 23))
    for condition in range(6):
        for b in (3, 4, 5):
            n = (band == b).sum()
            found = has_condition(people, condition)[band == b].mean()
            planned = PREVALENCE[condition, b]
            # nobody dies here, so who would have died with the disease is still counted
            assert found == pytest.approx(planned, abs=4.5 * np.sqrt(planned / n) + 0.35 * planned)
            assert found > 0.9 * planned


def test_progression_follows_disease_and_control_slows_it() -> None:
    people = city().copy()
    people.chronic[:] = 0
    onsets = []
    for chronic, controlled in ((0, 0), (1, 0), (1, 1)):
        ill = people.copy()
        ill.chronic[:], ill.controlled[:] = chronic, controlled
        onsets.append(sum(int(update_chronic(ill, BASE + k, 2, small_illness())[4]) for k in range(2)))
    none, uncontrolled, controlled_too = onsets
    assert uncontrolled > controlled_too > none


def test_control_is_lost_at_its_rate() -> None:
    people = city().copy()
    people.chronic[:], people.controlled[:] = 1, 1
    lost = update_chronic(people, BASE, 2, small_illness())[6]
    assert lost == (people.controlled == 0).sum()
    assert lost == pytest.approx(0.02 * len(people), rel=0.06)


def test_visits_bring_control_and_primary_care_more() -> None:
    gained = []
    for primary in (False, True):
        people = city().copy()
        people.chronic[:], people.controlled[:] = 1, 0
        rows = np.arange(0, len(people), 2, dtype=np.int32)
        gained.append(update_control(people, rows, np.full(len(rows), primary), BASE, 2, small_illness()))
        assert people.controlled.sum() == gained[-1]
        assert not people.controlled[1::2].any()
        assert gained[-1] / len(rows) == pytest.approx(small_illness().control_gain[int(primary)], rel=0.05)
    assert gained[1] > 1.15 * gained[0]


def test_effort_works_through_the_chance() -> None:
    people = city().copy()
    people.chronic[:], people.controlled[:] = 1, 0
    rows = np.arange(len(people))
    none = update_control(people, rows, np.ones(len(rows), dtype=bool), BASE, 2, small_illness(), np.zeros(len(rows)))
    everybody = update_control(people, rows, np.ones(len(rows), dtype=bool), BASE, 2, small_illness(), np.full(len(rows), 1e3))
    assert (none, everybody) == (0, len(rows))


def test_visits_do_nothing_for_the_healthy_or_the_dead() -> None:
    people = city().copy()
    people.chronic[:], people.controlled[:] = 0, 0
    people.alive[:10], people.chronic[:10] = 0, 1
    rows = np.arange(1000)
    assert update_control(people, rows, np.ones(1000, dtype=bool), BASE, 2, small_illness(), np.full(1000, 1e3)) == 0


def test_control_gained_and_lost_balance() -> None:
    people, illness = synthesise(6, small_plan(12_000, 88_000)), small_illness()
    ill = people.chronic > 0
    start = people.controlled[ill].mean()
    for k in range(24):
        update_chronic(people, BASE + k, 6, illness)
        visits = outpatient_need(people, BASE + k, 6, illness)
        rows = visits.row[visits.kind == CHRONIC]
        sought = rows[people.uid[rows] % np.uint64(5) != (k % 5)]  # four in five
        update_control(people, sought, people.uid[sought] % np.uint64(2) == k % 2, BASE + k, 6, illness)
    assert people.controlled[people.chronic > 0].mean() == pytest.approx(start, abs=0.02)


def test_expected_cases_are_those_that_come() -> None:
    cases = expected_cases(small_illness(), small_plan())
    assert cases.sum(axis=(1, 2)) == pytest.approx([0.177, 0.152], rel=1e-3)
    stays, _ = many_stays()
    city_cases = np.array([EMPLOYEES, RESIDENTS]) @ cases.reshape(2, -1)
    expected = city_cases.reshape(-1, 3).sum(axis=0) / city_cases.sum()
    found = np.bincount(stays.severity, minlength=3) / len(stays)
    assert found == pytest.approx(expected, abs=4.5 * np.sqrt(0.25 / len(stays)))
    weight = load_catalogue().weight
    mean = (city_cases.reshape(-1, 3).sum(axis=1) * weight).sum() / city_cases.sum()
    assert weight[stays.group].mean() == pytest.approx(mean, abs=4.5 * weight[stays.group].std() / np.sqrt(len(stays)))


def test_two_illnesses_of_one_plan_are_equal() -> None:
    again = prepared(illness_rules())
    assert (again.need == small_illness().need).all()
    assert (again.groups.cumulative == small_illness().groups.cumulative).all()


def test_the_table_of_needs_holds_the_mean_of_the_mix() -> None:
    """The rate by scheme again, by the longest way: every state, value of frailty, sex and age."""
    mix, shares = health_mix(small_plan()), band_shares(small_plan())
    need = small_illness().need[3].astype(np.float64).reshape(2, 2, 6, 128)
    total = sum(
        12 * shares[0, sex, band] * mix.weight[band, node, state] * min(need[0, sex, band, state] * mix.frailty[node], MOST_IN_A_MONTH)
        for sex in range(2)
        for band in range(6)
        for node in range(len(mix.frailty))
        for state in range(128)
    )
    assert total == pytest.approx(0.177, rel=1e-4)
