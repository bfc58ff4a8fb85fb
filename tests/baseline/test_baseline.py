"""A tiny run gives the numbers it gave before, so that no change of results goes unseen."""

from __future__ import annotations

import json
import math

import pytest

from tests.baseline.update import COMMAND, FILE, INDICATORS, Numbers, numbers

CLOSE = 1e-9
"""Relative difference that counts as the same: rounding of another order of sums."""


def differences(found: Numbers, wanted: Numbers) -> list[str]:
    """Indicators whose value is not the one in the file, or is in one only."""
    told = []
    for period in sorted(found.keys() | wanted.keys()):
        mine, theirs = found.get(period, {}), wanted.get(period, {})
        for name in sorted(mine.keys() | theirs.keys()):
            a, b = mine.get(name), theirs.get(name)
            if a is None or b is None or not math.isclose(a, b, rel_tol=CLOSE, abs_tol=1e-15):
                told.append(f"{period} {name}: {b} before, {a} now")
    return told


def test_the_numbers_are_those_in_the_file() -> None:
    told = differences(numbers(), json.loads(FILE.read_text(encoding="utf-8")))
    if told:
        pytest.fail("\n".join([*told, f"if this is meant, run `{COMMAND}` and commit the file"]), pytrace=False)


def test_the_file_holds_every_year_and_indicator() -> None:
    kept = json.loads(FILE.read_text(encoding="utf-8"))
    assert list(kept) == ["2021", "2022"]
    assert set(kept["2021"]) | set(kept["2022"]) == set(INDICATORS)


def test_a_difference_is_told_with_both_numbers() -> None:
    before: Numbers = {"2021": {"visits_per_head": 2.0, "los_days": 9.0}}
    assert differences(before, before) == []
    assert differences({"2021": {"visits_per_head": 2.0 * (1 + 1e-12), "los_days": 9.0}}, before) == []
    changed = differences({"2021": {"visits_per_head": 2.0001}}, before)
    assert changed == ["2021 los_days: 9.0 before, None now", "2021 visits_per_head: 2.0 before, 2.0001 now"]
