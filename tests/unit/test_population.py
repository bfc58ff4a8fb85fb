"""A synthetic population agrees with its plan, within what a sample's size allows."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import ArrayLike

from model.codes import CONDITIONS, EMPLOYEE, FEMALE, MALE, RESIDENT, age_band
from model.errors import InputError
from model.people import People, age_years, has_condition
from model.population import (
    SCHEME_SHIFT,
    area_shares,
    band_shares,
    bisect,
    category_cells,
    employee_share,
    health_mix,
    income_plan,
    scheme_cells,
    state_product,
    synthesise,
)
from tests.small_people import AGES, BASE, PREVALENCE, small_plan

N = 100_000


@cache
def city() -> People:
    return synthesise(3, small_plan(12_000, 88_000))


def agree(found: ArrayLike, planned: ArrayLike, n: ArrayLike = N) -> None:
    """Within 4.5 standard errors of a share."""
    found, planned = np.asarray(found), np.asarray(planned)
    error = np.sqrt(np.maximum(planned * (1 - planned), 1e-12) / np.asarray(n))
    np.testing.assert_array_less(np.abs(found - planned), 4.5 * error + 1e-9)


def test_everybody_is_what_a_person_may_be() -> None:
    people = city()
    people.check()
    assert len(people) == N
    assert people.alive.all()
    assert not people.controlled[people.chronic == 0].any()
    assert not people.retired[people.scheme == RESIDENT].any()
    assert not people.poor[people.scheme == EMPLOYEE].any()


def test_uids_are_scheme_and_rank() -> None:
    people = city()
    assert (people.uid >> np.uint64(SCHEME_SHIFT) == people.scheme).all()
    assert people.uid[:12_000].tolist() == list(range(12_000))
    assert len(np.unique(people.uid)) == N


def test_ages_of_the_city_are_the_planned_ones() -> None:
    ages = np.bincount(np.minimum(age_years(city(), BASE) // 5, 16), minlength=17) / N
    agree(ages, AGES / AGES.sum())


def test_sexes_and_schemes() -> None:
    agree(city().sex.mean(), 0.49)
    agree(city().retired[city().scheme == EMPLOYEE].mean(), 0.3, 12_000)


def test_employees_have_the_ages_of_work_and_of_retirement() -> None:
    people = city()
    age = age_years(people, BASE)
    works = (people.scheme == EMPLOYEE) & (people.retired == 0)
    assert age[works].min() >= 18
    assert age[works & (people.sex == MALE)].max() < 60
    assert age[works & (people.sex == FEMALE)].max() < 55
    retired = people.retired == 1
    assert age[retired & (people.sex == MALE)].min() >= 60
    assert age[retired & (people.sex == FEMALE)].min() >= 50


def test_cells_add_up_to_the_city() -> None:
    plan = small_plan()
    share = employee_share(plan)
    total = share * scheme_cells(plan)[EMPLOYEE] + (1 - share) * scheme_cells(plan)[RESIDENT]
    assert total.sum() == pytest.approx(1)
    assert total[FEMALE].sum() == pytest.approx(0.49)
    assert total[:, :5].sum() == pytest.approx(AGES[0] / AGES.sum())
    assert band_shares(plan).sum(axis=(1, 2)) == pytest.approx([1, 1])
    assert (category_cells(plan) >= 0).all()


def test_areas_and_counties() -> None:
    plan, people = small_plan(), city()
    agree(np.bincount(people.area, minlength=20) / N, plan.area_weight)
    assert (people.county == plan.area_county[people.area]).all()
    shares = area_shares(plan)
    both = employee_share(plan) * shares[EMPLOYEE] + (1 - employee_share(plan)) * shares[RESIDENT]
    assert both == pytest.approx(plan.area_weight)
    urban = plan.area_urban[people.area]
    assert urban[people.scheme == EMPLOYEE].mean() > 1.3 * urban[people.scheme == RESIDENT].mean()


def test_incomes_meet_their_means_and_fifths_are_fifths() -> None:
    plan, people = small_plan(), city()
    urban = plan.area_urban[people.area]
    spread = np.sqrt(np.expm1(0.6**2))
    for kind, mean in ((urban, 36_000), (~urban, 15_000)):
        assert people.income[kind].mean() == pytest.approx(mean, rel=5 * spread / np.sqrt(kind.sum()))
        employees = people.income[kind & (people.scheme == EMPLOYEE)]
        assert employees.mean() == pytest.approx(1.3 * mean, rel=5 * spread / np.sqrt(len(employees)))
    agree(np.bincount(people.income_fifth, minlength=5) / N, np.full(5, 0.2))
    cuts = income_plan(plan).cuts
    assert (np.diff(cuts) > 0).all()
    for fifth in range(4):
        assert people.income[people.income_fifth == fifth].max() <= cuts[fifth] + 1
        assert people.income[people.income_fifth == fifth + 1].min() >= cuts[fifth] - 1


def test_the_poor_are_of_the_poorest_fifth() -> None:
    people = city()
    agree(people.poor[people.scheme == RESIDENT].mean(), 0.05, 88_000)
    assert (people.income_fifth[people.poor == 1] == 0).all()


@pytest.mark.parametrize("condition", range(len(CONDITIONS)))
def test_prevalence_by_age(condition: int) -> None:
    band = age_band(age_years(city(), BASE))
    n = np.bincount(band, minlength=6)
    found = np.bincount(band, has_condition(city(), condition), minlength=6) / n
    agree(found, PREVALENCE[condition], n)


def test_control_and_contracts() -> None:
    ill = city().chronic > 0
    agree(city().controlled[ill].mean(), 0.3, ill.sum())
    agree(city().signed.mean(), 0.4)


def test_frailty_has_mean_one_and_goes_with_disease() -> None:
    people = city()
    assert people.frailty.mean() == pytest.approx(1, abs=5 * np.sqrt(np.expm1(0.25) / N))
    old = age_band(age_years(people, BASE)) == 4
    ill = has_condition(people, 2)
    assert people.frailty[old & ill].mean() > 1.1 * people.frailty[old & ~ill].mean()


def test_health_mix_is_what_is_drawn() -> None:
    mix = health_mix(small_plan())
    assert mix.weight.sum(axis=(1, 2)) == pytest.approx(np.ones(6))
    frailty = (mix.weight * mix.frailty[None, :, None]).sum(axis=(1, 2))
    assert frailty == pytest.approx(np.ones(6), abs=1e-3)
    state = np.arange(128)
    for condition in range(6):
        has = (state >> (1 + condition)) & 1
        assert (mix.weight.sum(axis=1) @ has) == pytest.approx(PREVALENCE[condition], abs=1e-6)
    people = city()
    band = age_band(age_years(people, BASE))
    n = (band == 5).sum()
    found = np.bincount((people.chronic[band == 5] * 2 + people.controlled[band == 5]).astype(int), minlength=128) / n
    agree(found, mix.weight[5].sum(axis=0), n)


def test_state_product_by_hand() -> None:
    product = state_product(np.array([2.0, 3.0, 1.0, 1.0, 1.0, 5.0]), 1.5)
    assert product[0] == 1
    assert product[2 * 0b000011] == 2 * 3 * 1.5  # hypertension and diabetes, not controlled
    assert product[2 * 0b100001 + 1] == 2 * 5  # hypertension and cancer, controlled


def test_a_plan_that_cannot_be_is_refused() -> None:
    plan = small_plan()
    with pytest.raises(InputError, match="more employees than people of an age"):
        synthesise(1, replace(plan, city_persons=np.array([9e5, 1e5])))
    with pytest.raises(InputError, match="more employees than people in an area"):
        synthesise(1, replace(plan, city_persons=np.array([3e5, 7e5]), employee_urban_ratio=50.0))
    with pytest.raises(InputError, match="employees earn more than everybody"):
        synthesise(1, replace(plan, employee_income_ratio=9.0))


def test_one_scheme_alone() -> None:
    plan = replace(small_plan(), city_persons=np.array([0.0, 1e6]), persons=np.array([0, 500]))
    assert len(synthesise(1, plan)) == 500


def test_bisect_finds_a_root() -> None:
    assert bisect(lambda x: x**3 - 8, 0, 10) == pytest.approx(2)
