"""People in columns: declared once, grown and compacted in order, never detached from their store."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.calendar import EPOCH
from model.people import NEVER, PERSON, YEAR_TO_DATE, People, age_years, has_condition, nbytes_per_person


def some_people(rows: int) -> People:
    people = People(rows)
    people.uid[:] = np.arange(rows) + 100
    people.alive[:] = 1
    people.frailty[:] = 1
    return people


def test_a_person_is_small_and_made_of_numbers() -> None:
    assert nbytes_per_person() < 100
    assert all(column.dtype.kind in "iuf" for column in PERSON)


def test_every_column_is_an_attribute_of_its_type() -> None:
    people = some_people(5)
    people.check()
    for column in PERSON:
        assert getattr(people, column.name).dtype == column.dtype
        assert len(getattr(people, column.name)) == len(people) == 5


def test_columns_can_be_written_and_not_replaced() -> None:
    people = some_people(3)
    with pytest.raises(AttributeError, match=r"people.alive\[:\] = "):
        people.alive = np.zeros(3, dtype=np.uint8)  # type: ignore[method-assign, unused-ignore]
    with pytest.raises(AttributeError, match="no column 'shoe_size'"):
        people.shoe_size = 42  # type: ignore[attr-defined, unused-ignore]


def test_check_names_what_is_wrong() -> None:
    people = some_people(3)
    people.sex[1] = 7
    with pytest.raises(ValueError, match="column sex: 7 in row 1"):
        people.check()


def test_new_rows_come_last_alive_and_empty() -> None:
    people = People(3, capacity=4)
    people.uid[:] = (1, 2, 3)
    added = people.append(1)
    assert (added.start, added.stop, people.capacity) == (3, 4, 4)
    added = people.append(2)
    assert people.capacity >= len(people) == 6
    assert people.uid.tolist() == [1, 2, 3, 0, 0, 0]
    assert people.alive[added].tolist() == [1, 1]
    assert people.last_discharge.tolist() == [NEVER] * 6


def test_room_left_by_the_dead_is_clean_when_used_again() -> None:
    people = some_people(4)
    people.ytd_oop[:] = 5
    people.alive[2:] = 0
    people.compact()
    people.append(2)
    assert people.ytd_oop.tolist() == [5, 5, 0, 0]


@given(st.lists(st.booleans(), max_size=50))
def test_compacting_keeps_the_living_in_order(alive: list[bool]) -> None:
    people = some_people(len(alive))
    people.alive[:] = alive
    expected = [100 + row for row, lives in enumerate(alive) if lives]
    before = people.version
    moved = people.compact()
    assert people.uid.tolist() == expected
    assert people.version == before + (not all(alive))
    assert [people.uid[to] for to in moved if to >= 0] == expected
    assert (moved >= 0).tolist() == alive


@pytest.mark.parametrize("twin_of", [People.copy, copy.copy, copy.deepcopy, lambda people: pickle.loads(pickle.dumps(people))])
def test_copies_stand_alone(twin_of) -> None:  # type: ignore[no-untyped-def]
    people = some_people(3)
    people.append(1)
    twin = twin_of(people)
    assert (twin.version, len(twin)) == (people.version, 4)
    twin.uid[0] = 7
    twin.append(10)
    assert people.uid[0] == 100
    assert len(people) == 4


def test_a_copy_inside_a_larger_object_is_made_once() -> None:
    people = some_people(2)
    left, right = copy.deepcopy([people, people])
    assert left is right is not people


def test_age_and_conditions() -> None:
    people = some_people(3)
    month = 2021 * 12 + 5
    people.birth_month[:] = np.array([month, month - 11, month - 12]) - EPOCH
    people.chronic[:] = (0, 1, 0b100010)
    assert age_years(people, month).tolist() == [0, 0, 1]
    assert has_condition(people, 5).tolist() == [False, False, True]
    assert has_condition(people, 0).tolist() == [False, True, False]


def test_year_to_date_columns_are_money_and_stays() -> None:
    units = {column.name: column.unit for column in PERSON}
    assert {units[name] for name in YEAR_TO_DATE} == {"fen", "stay"}
    assert "ytd_oop" in YEAR_TO_DATE
    assert "account_balance" not in YEAR_TO_DATE


def test_spare_room_counts_in_nbytes() -> None:
    assert People(0, capacity=10).nbytes == 10 * nbytes_per_person()
