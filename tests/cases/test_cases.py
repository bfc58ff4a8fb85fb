"""Every case table of this folder comes out as a clerk wrote it down."""

from __future__ import annotations

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
