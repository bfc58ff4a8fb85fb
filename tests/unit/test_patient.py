"""Patients answer as Mesa's agents and agent sets do, from columns."""

from __future__ import annotations

import copy
import gc
import pickle
from typing import Any

import mesa
import numpy as np
import pytest
from mesa.agentset import AbstractAgentSet

from agents.patient import COLUMNS, Patient, PatientSet, row_of, rows_of
from model.calendar import EPOCH
from model.people import PERSON
from model.population import synthesise
from tests.small_people import BASE, small_plan


class Town(mesa.Model):
    """The least model that has people."""

    def __init__(self) -> None:
        super().__init__(rng=1)
        self.people = synthesise(1, small_plan(60, 140))
        self.month = BASE

    @property
    def patients(self) -> PatientSet:
        return PatientSet(self.people, self)


@pytest.fixture
def town() -> Town:
    return Town()


def first(patients: PatientSet) -> Patient:
    return next(iter(patients))


def test_a_patient_reads_and_writes_its_row(town: Town) -> None:
    patient = Patient(town.people, town, 3)
    for column in PERSON:
        assert getattr(patient, column.name) == getattr(town.people, column.name)[3]
        assert isinstance(getattr(patient, column.name), int | float)
    patient.ytd_oop = 77
    assert town.people.ytd_oop[3] == 77
    assert patient.unique_id == patient.uid == town.people.uid[3]
    assert patient.model is town
    assert patient.age == (BASE - EPOCH - town.people.birth_month[3]) // 12
    assert repr(patient) == "Patient(3)"
    patient.step()


@pytest.mark.parametrize("name", ["uid", "unique_id", "age", "shoe_size"])
def test_what_is_no_column_cannot_be_set(town: Town, name: str) -> None:
    with pytest.raises(AttributeError, match=name):
        setattr(Patient(town.people, town, 0), name, 1)
    with pytest.raises(AttributeError, match=name):
        town.patients.set(name, 1)


def test_unknown_attributes_are_attribute_errors(town: Town) -> None:
    assert not hasattr(Patient(town.people, town, 0), "shoe_size")
    with pytest.raises(AttributeError, match="shoe_size"):
        town.patients.get("shoe_size")


def test_views_of_one_person_are_equal(town: Town) -> None:
    other = Town()
    assert Patient(town.people, town, 3) == Patient(town.people, town, 3) != Patient(town.people, town, 4)
    assert Patient(town.people, town, 3) != Patient(other.people, other, 3)
    assert len({Patient(town.people, town, 3), Patient(town.people, town, 3)}) == 1


def test_a_view_finds_its_person_after_compaction(town: Town) -> None:
    patient, gone = Patient(town.people, town, 50), Patient(town.people, town, 10)
    uid = patient.uid
    gone.remove()
    assert gone not in town.patients
    town.people.compact()
    assert (patient.row, patient.uid) == (49, uid)
    with pytest.raises(LookupError, match="patient 10"):
        _ = gone.sex


def test_the_set_is_what_mesa_calls_one(town: Town) -> None:
    patients = town.patients
    assert isinstance(patients, AbstractAgentSet)
    assert len(patients) == 200
    assert [p.unique_id for p in patients] == town.people.uid.tolist()
    assert first(patients) in patients
    assert "somebody" not in patients
    assert patients.to_list()[7].row == 7


def test_the_set_of_all_follows_the_living(town: Town) -> None:
    patients = town.patients
    town.people.alive[:50] = 0
    assert len(patients) == 150
    assert first(patients).row == 50
    town.people.append(5)
    assert len(patients) == 155


def test_get_gives_arrays(town: Town) -> None:
    patients = town.patients
    assert (patients.get("income") == town.people.income).all()
    income, age = patients.get(["income", "age"])
    assert isinstance(income, np.ndarray)
    assert (age >= 0).all()
    assert patients.get("shoe_size", handle_missing="default", default_value=42).tolist() == [42] * 200
    assert (patients.get("unique_id") == town.people.uid).all()
    with pytest.raises(ValueError, match="handle_missing"):
        patients.get("income", handle_missing="ignore")  # type: ignore[arg-type]


def test_set_and_agg(town: Town) -> None:
    some = town.patients.select(lambda p: p.scheme == 1)
    some.set("ytd_oop", 5).set("ytd_cii", np.arange(len(some)))
    assert town.people.ytd_oop.sum() == 5 * 140 == some.agg("ytd_oop", np.sum)
    assert some.agg("ytd_cii", [np.min, np.max]) == [0, 139]
    assert town.people.ytd_oop[town.people.scheme == 0].sum() == 0


def test_select_by_function_mask_number_and_share(town: Town) -> None:
    patients, people = town.patients, town.people
    old = patients.select(lambda p: (p.age >= 60) & (p.sex == 1))
    ages = (BASE - EPOCH - people.birth_month) // 12
    assert old.get("uid").tolist() == people.uid[(ages >= 60) & (people.sex == 1)].tolist()
    assert len(patients.select(people.poor == 0)) == (people.poor == 0).sum()
    assert len(patients.select(at_most=7)) == 7
    assert len(patients.select(at_most=0.5)) == 100
    assert len(patients.select(agent_type=Patient)) == 200
    assert len(patients.select(agent_type=mesa.Agent)) == 0
    with pytest.raises(ValueError, match="200 patients"):
        patients.select(np.ones(3, dtype=np.bool_))


def test_select_in_place(town: Town) -> None:
    patients = town.patients
    assert patients.select(lambda p: p.sex == 1, inplace=True) is patients
    assert len(patients) == (town.people.sex == 1).sum()


def test_a_chosen_set_keeps_its_people_and_loses_the_dead(town: Town) -> None:
    chosen = town.patients.select(lambda p: p.row % 2 == 1)
    uid = chosen.get("uid")
    town.people.alive[:4] = 0
    town.people.compact()
    assert chosen.get("uid").tolist() == uid[2:].tolist()
    assert not [p for p in chosen if p.row < 0]


def test_groupby(town: Town) -> None:
    groups = town.patients.groupby("scheme")
    assert groups.count() == {0: 60, 1: 140}
    assert groups.map(lambda members: int(members.get("scheme").min())) == {0: 0, 1: 1}
    by_age = town.patients.groupby(lambda p: p.age // 20, result_type="list")
    assert sum(len(members) for members in by_age.groups.values()) == 200
    assert isinstance(by_age.groups[0][0], Patient)


def test_sort_is_stable_both_ways(town: Town) -> None:
    income = town.people.income
    down = town.patients.sort("income_fifth")
    assert (np.diff(down.get("income_fifth").astype(int)) <= 0).all()
    richest = down.get("uid")[down.get("income_fifth") == 4]
    assert (np.diff(richest.astype(np.int64)) > 0).all()
    up = town.patients.sort(lambda p: p.income, ascending=True)
    assert up.get("income").tolist() == sorted(income.tolist())
    patients = town.patients
    assert patients.sort("income", inplace=True) is patients


def test_only_shuffling_draws_from_the_models_stream(town: Town) -> None:
    state = town.random.getstate()
    patients = town.patients
    patients.select(lambda p: p.sex == 0).groupby("county").count()
    patients.get("income")
    patients.do(lambda patient: None)
    assert town.random.getstate() == state
    shuffled = patients.shuffle()
    assert sorted(shuffled.get("uid").tolist()) == town.people.uid.tolist() != shuffled.get("uid").tolist()
    assert town.random.getstate() != state


def test_do_map_and_shuffle_do(town: Town) -> None:
    seen: list[int] = []

    def visit(patient: Patient, factor: int) -> int:
        seen.append(patient.row)
        patient.ytd_oop = factor
        return factor

    patients = town.patients.select(at_most=5)
    assert patients.map(visit, 3) == [3] * 5
    assert patients.do(visit, factor=4) is patients
    patients.shuffle_do(visit, 9)
    assert sorted(seen[-5:]) == [0, 1, 2, 3, 4]
    assert town.people.ytd_oop[:6].tolist() == [9, 9, 9, 9, 9, 0]
    assert patients.map("step") == [None] * 5
    patients.do("remove")
    assert town.people.alive[:6].tolist() == [0, 0, 0, 0, 0, 1]


def test_membership_and_set_algebra(town: Town) -> None:
    few, more = town.patients.select(at_most=3), town.patients.select(at_most=5)
    fourth = town.patients.to_list()[3]
    few.add(fourth)
    few.add(fourth)
    assert len(few) == 4
    few.discard(fourth)
    few.discard(fourth)
    with pytest.raises(KeyError):
        few.remove(fourth)
    assert len(few & more) == 3
    assert (more - few).get("row").tolist() == [3, 4]
    assert len(few | more) == 5
    everybody = town.patients
    everybody.add(fourth)
    everybody.remove(fourth)
    assert len(everybody) == 199


def test_copies_of_sets(town: Town) -> None:
    patients = town.patients
    twin = patients.copy()
    town.people.append(1)
    assert (len(patients), len(twin), len(copy.copy(patients))) == (201, 200, 201)


@pytest.mark.parametrize("twin_of", [copy.deepcopy, lambda town: pickle.loads(pickle.dumps(town))])
def test_sets_and_views_travel_with_their_model(town: Town, twin_of: Any) -> None:
    holder: Any = town
    holder.chosen = town.patients.select(at_most=4)
    holder.one = Patient(town.people, town, 2)
    twin = twin_of(holder)
    assert twin.chosen.model is twin.one.model is twin
    assert twin.chosen.people is twin.people is not town.people
    twin.one.ytd_oop = 5
    assert (twin.people.ytd_oop[2], town.people.ytd_oop[2]) == (5, 0)
    assert twin.chosen.get("uid").tolist() == holder.chosen.get("uid").tolist()
    assert twin.one in twin.chosen


def test_nothing_is_kept_of_iteration(town: Town) -> None:
    for patient in town.patients:
        _ = patient.sex
    del patient
    gc.collect()
    assert not [thing for thing in gc.get_objects() if isinstance(thing, Patient)]


def test_rows_are_found_by_uid(town: Town) -> None:
    uid = town.people.uid[[5, 150]]
    assert rows_of(town.people, np.append(uid, np.uint64(999_999))).tolist() == [5, 150, -1]
    assert row_of(town.people, int(uid[1])) == 150
    assert row_of(town.people, 999_999) == -1
    assert rows_of(type(town.people)(), uid).tolist() == [-1, -1]


def test_patients_have_every_column() -> None:
    assert {column.name for column in PERSON} == COLUMNS
