"""Births, deaths, retirement and enrolment at the rates they are told, and newborns who are themselves an address."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.calendar import EPOCH
from model.codes import EMPLOYEE, FEMALE, MALE, RESIDENT
from model.demography import (
    BORN_LATER,
    Demography,
    DemographyRules,
    death_ratios,
    newborn_uid,
    prepare_demography,
    reset_year,
    step_demography,
)
from model.people import YEAR_TO_DATE, People, age_years
from model.population import synthesise
from tests.small_people import BASE, demography_rules, small_demography, small_plan

MONTH = BASE + 1  # no January


def nothing_happens() -> Demography:
    rules = DemographyRules(mortality=np.zeros(6), birth_rate=0.0, renew_employees=False)
    return prepare_demography(rules, small_plan())


def adults(rows: int, age: int, sex: int, scheme: int = RESIDENT, month: int = MONTH) -> People:
    people = People(rows)
    people.uid[:] = np.arange(rows)
    people.alive[:] = 1
    people.frailty[:] = 1
    people.sex[:] = sex
    people.scheme[:] = scheme
    people.birth_month[:] = month - EPOCH - 12 * age
    return people


def test_without_rates_nobody_is_born_or_dies() -> None:
    people = synthesise(1, small_plan())
    before = people.copy()
    quiet = replace(nothing_happens(), early_retirement_share=0.0)
    count = step_demography(people, MONTH, 1, quiet)
    assert (count.births, count.deaths, count.entered) == (0, 0, 0)
    for name in ("uid", "alive", "chronic", "scheme"):
        assert (getattr(people, name) == getattr(before, name)).all()


def test_a_year_has_the_births_and_deaths_it_should() -> None:
    plan = small_plan(9_600, 70_400)
    people, demography = synthesise(2, plan), prepare_demography(demography_rules(), plan)
    start = people.copy()
    counts = [step_demography(people, BASE + k, 2, demography) for k in range(12)]
    births, deaths = sum(c.births for c in counts), sum(c.deaths for c in counts)
    bands = np.digitize(age_years(start, BASE), (5, 15, 45, 60, 75))
    expected = demography_rules().mortality[bands].sum()
    assert births == pytest.approx(0.009 * len(start), abs=5 * np.sqrt(720))
    assert deaths == pytest.approx(expected, abs=5 * np.sqrt(expected) + 0.03 * expected)  # who dies is the frailest
    assert len(people) == len(start) + births
    assert (people.alive == 0).sum() == deaths


def test_the_dead_stay_until_january() -> None:
    people, demography = synthesise(2, small_plan()), small_demography()
    people.alive[:5] = 0
    first = int(people.uid[5])
    step_demography(people, BASE + 11, 2, demography)
    assert people.uid[5] == first
    step_demography(people, BASE + 12, 2, demography)
    assert people.uid[0] == first


def test_the_dead_do_nothing() -> None:
    people = adults(1000, 30, FEMALE)
    people.alive[:] = 0
    certain = replace(small_demography(), birth=1.0, death=np.ones(12, dtype=np.float32))
    count = step_demography(people, MONTH, 1, certain)
    assert (count.births, count.deaths) == (0, 0)


def test_each_woman_of_the_age_bears_when_it_is_certain() -> None:
    certain = replace(nothing_happens(), birth=1.0)
    for age, sex, each in ((19, FEMALE, 0), (20, FEMALE, 1), (39, FEMALE, 1), (40, FEMALE, 0), (30, MALE, 0)):
        people = adults(50, age, sex)
        assert step_demography(people, MONTH, 1, certain).births == 50 * each


def test_newborns_belong_to_the_mothers_household() -> None:
    people = adults(200, 25, FEMALE, EMPLOYEE)
    people.area[:], people.county[:], people.income[:], people.income_fifth[:] = np.arange(200), np.arange(200) % 7, 5_000, 2
    step_demography(people, MONTH, 1, replace(nothing_happens(), birth=1.0))
    child = slice(200, 400)
    assert (people.area[child] == np.arange(200)).all()
    assert (people.county[child] == np.arange(200) % 7).all()
    assert (people.income[child] == 5_000).all()
    assert (people.scheme[child] == RESIDENT).all()
    assert (people.birth_month[child] == MONTH - EPOCH).all()
    assert (people.chronic[child] == 0).all()
    assert (people.uid[child] >= BORN_LATER).all()
    people.check()


def test_a_newborns_address_is_mother_and_month_alone() -> None:
    mothers = np.array([3, 2**40 + 7, 3], dtype=np.uint64)
    made = newborn_uid(mothers, MONTH)
    assert made[0] == made[2] != made[1]
    assert (newborn_uid(mothers[1:], MONTH) == made[1:]).all()
    assert not set(newborn_uid(mothers, MONTH + 1).tolist()) & set(made.tolist())
    assert made[:2].tolist() == [11610135324454273331, 15537349424753237971]  # another value would part runs of different versions


def test_addresses_of_newborns_do_not_collide() -> None:
    assert len(np.unique(newborn_uid(np.arange(200_000, dtype=np.uint64), MONTH))) == 200_000


@pytest.mark.parametrize(("sex", "age", "retires"), [(MALE, 59, 0), (MALE, 60, 1), (FEMALE, 54, 0), (FEMALE, 55, 1), (FEMALE, 49, 0)])
def test_employees_retire_at_the_legal_age(sex: int, age: int, retires: int) -> None:
    people = adults(30, age, sex, EMPLOYEE)
    assert step_demography(people, MONTH, 1, nothing_happens()).retired == 30 * retires
    assert (people.retired == retires).all()
    assert step_demography(people, MONTH, 1, nothing_happens()).retired == 0


def test_half_the_women_retire_at_fifty() -> None:
    people = adults(10_000, 50, FEMALE, EMPLOYEE)
    assert step_demography(people, MONTH, 1, nothing_happens()).retired == pytest.approx(5_000, abs=250)


def test_residents_do_not_retire() -> None:
    assert step_demography(adults(30, 70, MALE), MONTH, 1, nothing_happens()).retired == 0


def test_employees_are_renewed_in_january_only() -> None:
    plan = small_plan(24_000, 176_000)
    people, demography = synthesise(4, plan), prepare_demography(demography_rules(), plan)
    active = int(((people.scheme == EMPLOYEE) & (people.retired == 0)).sum())
    january = step_demography(people, BASE, 4, demography)
    later = [step_demography(people, BASE + k, 4, demography) for k in range(1, 12)]
    assert sum(count.entered for count in later) == 0
    after = int(((people.scheme == EMPLOYEE) & (people.retired == 0) & (people.alive == 1)).sum())
    assert january.entered > 0
    assert after == pytest.approx(active, rel=0.012)


def test_the_frail_and_the_ill_die_sooner() -> None:
    ratios = death_ratios(demography_rules(), small_plan())
    assert (ratios[:, 3:] > 1).all()
    assert ratios[5, 4] > ratios[0, 4]
    assert (ratios[0, :2] == 1).all()  # no child has it


def test_a_year_begins_at_zero() -> None:
    people = synthesise(1, small_plan(10, 10))
    for name in YEAR_TO_DATE:
        getattr(people, name)[:] = 3
    people.account_balance[:] = 9
    reset_year(people)
    assert not any(getattr(people, name).any() for name in YEAR_TO_DATE)
    assert (people.account_balance == 9).all()
