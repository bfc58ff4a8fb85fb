"""Worlds differ in what is named and in nothing else, and a name that means nothing is refused."""

from __future__ import annotations

import pytest

from experiments.worlds import with_parameters, with_values
from model.errors import InputError
from model.policy.loader import load_city, load_policy, walk


def test_a_setting_has_its_new_value_and_all_others_theirs() -> None:
    before = load_city("yuncheng")
    path = "benefits.resident.catastrophic.deductible"
    after = with_values(before, {path: 1e7})
    changed = {name: leaf.at(0) for name, leaf in walk(after)}
    was = {name: leaf.at(0) for name, leaf in walk(before)}
    assert changed[path] == 1e7
    assert {name for name in was if was[name] != changed[name]} == {path}


def test_a_setting_can_follow_from_its_old_values() -> None:
    before = load_city("yuncheng")
    after = with_values(before, {"benefits.employee.outpatient.ordinary_ratio.*": lambda ratio: 0.1 + 0.9 * ratio})
    old, new = (city.benefits.employee.outpatient.ordinary_ratio.primary.history for city in (before, after))
    assert [(entry.start, entry.value) for entry in new] == [(entry.start, pytest.approx(0.1 + 0.9 * entry.value)) for entry in old]


def test_a_parameter_is_set_in_the_modes_that_have_it() -> None:
    drg, remainder = with_parameters(load_policy("drg"), {"split_ratio": 1.1}).modes
    assert drg.parameters["split_ratio"].at(0) == 1.1
    assert "split_ratio" not in remainder.parameters
    assert "split_ratio" not in load_policy("drg").modes[0].parameters


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="no such setting"):
        with_values(load_city("yuncheng"), {"benefits.none": 1.0})
    with pytest.raises(InputError, match="did you mean 'split_ratio'"):
        with_parameters(load_policy("drg"), {"split_ratios": 1.1})
