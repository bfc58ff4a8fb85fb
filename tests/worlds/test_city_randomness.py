"""A city's chance is an address too: threads, forks, pickles, policies and company change nothing that is not theirs to change."""

from __future__ import annotations

import copy
import pickle
import random
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import numba
import numpy as np
import pytest

from model.cases import Claims
from model.city import City
from model.people import PERSON
from model.population import PopulationPlan, synthesise

SCALE = 0.002
MONTHS = 4


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """Leave the number of threads as it was."""
    before = numba.get_num_threads()
    yield
    numba.set_num_threads(before)


def load(policy: str = "dip", seed: int = 7) -> City:
    """A city after one decision of its providers."""
    return City.load("yuncheng", policy, scale=SCALE, seed=seed, burn_in=3)


@pytest.fixture(scope="module")
def started() -> City:
    """One city to start from."""
    return load()


def as_bytes(city: City) -> list[bytes]:
    """All that a run leaves: tables, people, claims, books and conduct."""
    tables = [city.tables.monthly.to_csv(index=False).encode(), city.tables.yearly.to_csv(index=False).encode()]
    people = [getattr(city.people, column.name).tobytes() for column in PERSON]
    claims = city.recent_claims()
    truth = [getattr(claims, field.name).tobytes() for field in fields(Claims)]
    staff = [city.staff.conduct.tobytes(), city.staff.referral.tobytes(), city.staff.act_from.tobytes()]
    books = [city.ledger.balances.tobytes(), *(instance.year_totals.tobytes() for instance in city.settlement.instances)]
    return tables + people + truth + staff + books


def test_one_thread_and_two_give_the_same_bytes() -> None:
    results = []
    for count in (1, 2):
        numba.set_num_threads(count)
        city = load()
        city.run_for(MONTHS)
        results.append(as_bytes(city))
    assert results[0] == results[1]


def test_another_seed_is_another_city(started: City) -> None:
    one, other = copy.deepcopy(started), load(seed=8)
    one.run_for(1)
    other.run_for(1)
    assert as_bytes(one) != as_bytes(other)
    assert not np.array_equal(one.people.birth_month[:1000], other.people.birth_month[:1000])


@pytest.mark.parametrize("fork", [copy.deepcopy, lambda city: pickle.loads(pickle.dumps(city))], ids=["deepcopy", "pickle"])
def test_a_fork_runs_like_the_straight_run(started: City, fork: Any) -> None:
    """Forked in the middle of a year; the original is not touched by what its copy does."""
    straight = copy.deepcopy(started)
    straight.run_for(MONTHS)
    halfway = copy.deepcopy(started)
    halfway.run_for(MONTHS // 2)
    before = as_bytes(halfway)
    forked = fork(halfway)
    forked.run_for(MONTHS - MONTHS // 2)
    assert as_bytes(forked) == as_bytes(straight)
    assert as_bytes(halfway) == before
    halfway.run_for(MONTHS - MONTHS // 2)
    assert as_bytes(halfway) == as_bytes(straight)


def test_agents_of_a_fork_belong_to_the_fork(started: City) -> None:
    forked = copy.deepcopy(started)
    assert forked.insurer.model is forked
    assert forked.insurer.settlement is forked.settlement
    assert all(agent.model is forked for agent in forked.agents)


def needs_of(city: City, months: int) -> list[set[tuple[int, ...]]]:
    """What people need, month by month, apart from readmissions: visits by kind, stays by group, severity and urgency."""
    told = []
    for _ in range(months):
        city.run_for(1)
        uid, needs = city.people.uid, city.now.needs
        fresh = ~needs.readmission
        stays = zip(uid[needs.row], needs.group, needs.severity, needs.emergency, fresh, strict=True)
        visits = zip(uid[city.now.visit_row], city.now.visit_kind, strict=True)
        told.append({tuple(int(x) for x in row[:-1]) for row in stays if row[-1]} | {(int(who), int(kind)) for who, kind in visits})
    return told


def test_policies_meet_the_same_people_with_the_same_illnesses(started: City) -> None:
    """In the first month all needs are the same; later only what care did to health tells them apart."""
    other = copy.deepcopy(started)
    other.switch_policy("quota")
    one, two = needs_of(copy.deepcopy(started), 3), needs_of(other, 3)
    assert one[0] == two[0]
    for mine, theirs in zip(one, two, strict=True):
        assert len(mine & theirs) > 0.98 * len(mine | theirs)


def test_one_person_more_changes_nobody_else_s_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resident more, in the city with all its institutions: the others need what they needed."""
    alone = City.load("yuncheng", "ffs", scale=0.0005, seed=7, burn_in=0, conduct="steady")

    def and_one_more(seed: int, plan: PopulationPlan) -> Any:
        return synthesise(seed, replace(plan, persons=plan.persons + np.array([0, 1])))

    monkeypatch.setattr("model.city.synthesise", and_one_more)
    joined = City.load("yuncheng", "ffs", scale=0.0005, seed=7, burn_in=0, conduct="steady")
    (added,) = set(joined.people.uid.tolist()) - set(alone.people.uid.tolist())
    assert len(joined.people) == len(alone.people) + 1
    told, told_too = needs_of(alone, 6), needs_of(joined, 6)
    assert [{need for need in month if need[0] != added} for month in told_too] == told


def global_numpy() -> str:
    """State of NumPy's old global stream."""
    return repr(np.random.get_state())  # noqa: NPY002 - that it is not used is what is tested


def test_the_model_s_own_streams_are_left_alone(started: City) -> None:
    """Mesa's sequential streams, Python's and NumPy's: nothing of the model draws from them."""
    city = copy.deepcopy(started)
    own = city.random.getstate(), copy.deepcopy(city.rng.bit_generator.state)
    shared = random.getstate(), global_numpy()
    city.run_for(3)
    assert city.random.getstate() == own[0]
    assert city.rng.bit_generator.state == own[1]
    assert random.getstate() == shared[0]
    assert global_numpy() == shared[1]


def test_what_others_draw_from_the_model_s_streams_changes_nothing(started: City) -> None:
    one, other = copy.deepcopy(started), copy.deepcopy(started)
    other.random.random()
    other.rng.random(5)
    random.random()
    one.run_for(2)
    other.run_for(2)
    assert as_bytes(one) == as_bytes(other)


def test_looking_changes_nothing(started: City) -> None:
    """Tables, agents and debts may be read every month."""
    quiet, watched = copy.deepcopy(started), copy.deepcopy(started)
    quiet.run_for(3)
    for _ in range(3):
        watched.run_for(1)
        assert len(watched.tables.monthly) > 0
        assert len(watched.tables.yearly) > 0
        assert watched.insurer.owed()
        assert len(list(watched.agents)) > 0
        assert len(watched.recent_cells().visits) > 0
    assert as_bytes(quiet) == as_bytes(watched)
