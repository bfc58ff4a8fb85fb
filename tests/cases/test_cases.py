"""Every case table of this folder comes out as a clerk wrote it down."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from experiments.cases import Case, case_files, explain_case, load_cases, run_case

FOLDER = Path(__file__).parent
CASES = [case for file in case_files([FOLDER]) for case in load_cases(file)]


def named(case: Case) -> str:
    return case.id


@pytest.mark.parametrize("case", CASES, ids=named)
def test_case(case: Case) -> None:
    wrong = [f"{row.what}: expected {row.expected}, computed {row.computed}" for row in run_case(case).rows if row.gap is not None]
    assert not wrong, f"{case.where}: {'; '.join(wrong)}"


@pytest.mark.parametrize("case", CASES, ids=named)
def test_its_way_is_told_in_two_languages(case: Case) -> None:
    lines = explain_case(case)
    assert lines
    assert all(line.label_zh and line.label_en for line in lines)


def test_no_case_stands_twice() -> None:
    ids = [case.id for case in CASES]
    assert len(ids) == len(set(ids))


def test_every_collected_example_is_a_case_or_said_to_be_none_yet() -> None:
    """``examples.txt`` lists the collected examples; a case of one bears its number, alone or followed by a word of its own."""
    page = (FOLDER.parents[1] / "docs" / "cases.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([A-Z]+-[\w.-]+)` \|", page, re.MULTILINE))
    examples = set((FOLDER / "examples.txt").read_text(encoding="utf-8").split())
    done = {case.id.partition(" ")[0] for case in CASES} & examples
    assert not done & listed, "both a case and listed as none"
    assert done | listed == examples


def test_a_bill_s_own_way_ends_with_what_the_year_made_of_it() -> None:
    """One case of the hospital alone: the last step of its mode is what the hospital is owed."""
    (case,) = load_cases(FOLDER / "whole.toml")
    told = {line.label_en: line.value for line in explain_case(case)}
    assert told["value of a point"] == told["value of a point (resident)"] == "¥6.3500"
    assert told["owed by the fund"] == told["A: owed"] == "¥4,300.00"
