"""Randomness is an address: threads, company and scale change nobody's life."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numba
import numpy as np
import pytest

from model.codes import CHRONIC, EMPLOYEE
from model.demography import BORN_LATER, newborn_uid, step_demography
from model.illness import InpatientNeed, OutpatientNeed, draw_needs, update_chronic, update_control
from model.people import PERSON, People
from model.population import SCHEME_SHIFT, synthesise
from tests.small_people import BASE, small_demography, small_illness, small_plan

type Month = tuple[OutpatientNeed, InpatientNeed]
MONTHS = 14


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """Leave the number of threads as it was."""
    before = numba.get_num_threads()
    yield
    numba.set_num_threads(before)


def live(seed: int, people: People, months: int = MONTHS) -> list[Month]:
    """Some months of demography, chronic disease, need and control."""
    demography, illness, history = small_demography(), small_illness(), []
    for month in range(BASE, BASE + months):
        step_demography(people, month, seed, demography)
        update_chronic(people, month, seed, illness)
        visits, stays = draw_needs(people, month, seed, illness)
        chronic = visits.row[visits.kind == CHRONIC]
        update_control(people, chronic, people.uid[chronic] % np.uint64(2) == 0, month, seed, illness)
        history.append((visits, stays))
    return history


def as_bytes(people: People, history: list[Month]) -> list[bytes]:
    columns = [getattr(people, column.name).tobytes() for column in PERSON]
    visits = [getattr(month[0], name).tobytes() for month in history for name in ("row", "kind", "severity")]
    stays = [getattr(month[1], name).tobytes() for month in history for name in ("row", "group", "severity", "emergency")]
    return columns + visits + stays


def lives(people: People, history: list[Month]) -> dict[int, dict[int, list[tuple[int, ...]]]]:
    """Needs by person and month; the rows of a month are those of its end."""
    told: dict[int, dict[int, list[tuple[int, ...]]]] = {}
    for k, (visits, stays) in enumerate(history):
        for row, *what in zip(visits.row, visits.kind, visits.severity, strict=True):
            told.setdefault(int(people.uid[row]), {}).setdefault(k, []).append(tuple(int(w) for w in what))
        for row, *what in zip(stays.row, stays.group, stays.severity, stays.emergency, strict=True):
            told.setdefault(int(people.uid[row]), {}).setdefault(k, []).append(tuple(int(w) for w in what))
    return told


def unlike(one: dict[int, Any], other: dict[int, Any], only: set[int] | None = None) -> list[int]:
    """People of whom the two tell different things: a short list, where a comparison of the whole would print for minutes."""
    who = (one.keys() | other.keys()) if only is None else only
    return sorted(uid for uid in who if one.get(uid) != other.get(uid))


def attributes(people: People) -> dict[int, tuple[float, ...]]:
    return {int(people.uid[row]): tuple(getattr(people, c.name)[row].item() for c in PERSON) for row in range(len(people))}


def test_same_seed_same_bytes_on_one_thread_and_two() -> None:
    kept = []
    for count in (1, 2, 2):
        numba.set_num_threads(count)
        people = synthesise(7, small_plan(6_000, 44_000))  # several chunks of rows
        kept.append(as_bytes(people, live(7, people)))
    for again in kept[1:]:
        assert [k for k, (one, other) in enumerate(zip(kept[0], again, strict=True)) if one != other] == []


def test_other_seeds_are_other_worlds() -> None:
    one, two = synthesise(7, small_plan()), synthesise(8, small_plan())
    assert (one.uid == two.uid).all()
    for name in ("birth_month", "area", "income", "chronic", "frailty"):
        assert (getattr(one, name) != getattr(two, name)).any()
    months = [
        {(k, int(people.uid[row])) for k, m in enumerate(live(seed, people, 3)) for row in m[1].row}
        for seed, people in ((7, one), (8, two))
    ]
    shared = len(months[0] & months[1]) / len(months[0])
    assert shared < 0.1


@pytest.mark.parametrize("more", [(1, 0), (0, 1), (5, 300)])
def test_one_person_more_changes_nobody_else(more: tuple[int, int]) -> None:
    """Rows stay until January, so eleven months suffice to keep rows and people together."""
    plan = small_plan(300, 2_200)
    alone, joined = synthesise(3, plan), synthesise(3, replace(plan, persons=plan.persons + np.array(more)))
    before, after = attributes(alone), attributes(joined)
    assert len(after) == len(before) + sum(more)
    assert unlike(before, after, set(before)) == []
    told, told_too = lives(alone, live(3, alone, 11)), lives(joined, live(3, joined, 11))
    before, after = attributes(alone), attributes(joined)
    assert len(told) > 1_000
    assert unlike(told, told_too, set(before)) == []
    assert unlike(before, after, set(before)) == []


def test_order_and_company_of_rows_change_nothing() -> None:
    people = synthesise(3, small_plan())
    turned = people.copy()
    for column in PERSON:
        getattr(turned, column.name)[:] = getattr(people, column.name)[::-1]
    one, other = live(3, people, 11), live(3, turned, 11)
    assert unlike(lives(people, one), lives(turned, other)) == []
    assert unlike(attributes(people), attributes(turned)) == []


def test_births_have_the_same_address_whatever_else_happens() -> None:
    calm, ill = synthesise(3, small_plan()), synthesise(3, small_plan())
    ill.chronic[:] = 0b1
    live(3, calm, 11)
    live(3, ill, 11)
    born = [set(people.uid[people.uid >= np.uint64(BORN_LATER)].tolist()) for people in (calm, ill)]
    assert len(born[0]) > 100
    # of women who live in both worlds the children are the same ones
    assert len(born[0] & born[1]) > 0.97 * len(born[0])
    mothers = calm.uid[: len(synthesise(3, small_plan()))]
    addresses = set(np.concatenate([newborn_uid(mothers, BASE + k) for k in range(11)]).tolist())
    assert born[0] <= addresses


def test_a_smaller_scale_is_the_beginning_of_the_larger() -> None:
    small, large = synthesise(3, small_plan(600, 4_400)), synthesise(3, small_plan(6_000, 44_000))
    assert unlike(attributes(small), attributes(large), set(small.uid.tolist())) == []


def test_scales_agree_per_head() -> None:
    rates = []
    for factor in (1, 4):
        people = synthesise(3, small_plan(3_000 * factor, 22_000 * factor))
        history = live(3, people, 11)
        visits, stays = sum(len(m[0]) for m in history), sum(len(m[1]) for m in history)
        living = float(np.count_nonzero(people.alive))
        ill = np.count_nonzero(people.chronic) / living
        rates.append((visits / living, stays / living, ill, living / (25_000 * factor)))
    small, large = np.array(rates)
    n = 25_000
    # a visit counts about thrice in the variance: who needs one often needs another
    error = np.sqrt(np.array([3 * small[0], 1.5 * small[1], ill_error(small[2]), 0.02]) / n)
    np.testing.assert_array_less(np.abs(small - large), 4.5 * error)


def ill_error(share: float) -> float:
    return float(share * (1 - share))


def test_schemes_do_not_share_addresses() -> None:
    people = synthesise(3, small_plan())
    employees = people.uid[people.scheme == EMPLOYEE]
    assert employees.max() < 2**SCHEME_SHIFT <= people.uid[people.scheme != EMPLOYEE].min()
    first_employee, first_resident = 0, int(np.flatnonzero(people.scheme)[0])
    assert people.frailty[first_employee] != people.frailty[first_resident]


def test_lives_of_a_month_do_not_depend_on_the_months_before() -> None:
    """The draw of a month is its own: asking for March alone gives March."""
    people = synthesise(3, small_plan())
    march = BASE + 2
    alone = draw_needs(people, march, 3, small_illness())
    for month in (BASE, BASE + 1, march + 5):
        draw_needs(people, month, 3, small_illness())
    again = draw_needs(people, march, 3, small_illness())
    assert (as_bytes(People(), [alone]) == as_bytes(People(), [again])) is True


def test_draws_of_different_kinds_do_not_go_together() -> None:
    """Given equal chances, one need says nothing about another."""
    people = synthesise(3, small_plan(0, 40_000))
    people.chronic[:], people.controlled[:], people.frailty[:] = 1, 0, 1
    people.sex[:], people.birth_month[:] = 0, people.birth_month[0]
    marks = np.zeros((4, len(people)))
    for k in range(4):
        visits, stays = draw_needs(people, BASE + k, 3, small_illness())
        for kind in range(3):
            np.add.at(marks[kind], visits.row[visits.kind == kind], 1.0)
        np.add.at(marks[3], stays.row, 1.0)
    together = np.corrcoef(marks) - np.eye(4)
    assert np.abs(together).max() < 4.5 / np.sqrt(len(people))
