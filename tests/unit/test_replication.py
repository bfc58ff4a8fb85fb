"""Published studies repeated: the registry agrees with the targets, verdicts follow from intervals, and a small run comes out whole."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from experiments.replication import judged, replicate, write_validation
from experiments.studies import ARMS, PLACEBO, STUDIES, Part, targets
from model.errors import InputError
from model.indicators import INDICATORS
from model.policy.loader import list_policies


def test_every_published_effect_is_a_study_or_says_why_not() -> None:
    assert list(STUDIES) == list(targets().index)
    assert all(bool(study.parts) != bool(study.reason) for study in STUDIES.values())


def test_arms_and_indicators_exist() -> None:
    for study in STUDIES.values():
        for part in study.parts:
            assert part.arm in ARMS
            assert not part.control or part.control in ARMS
            assert part.indicator in INDICATORS
    for arm in ARMS.values():
        assert {arm.history, arm.policy or arm.history} <= set(list_policies())


def test_a_control_shares_the_history_of_what_it_controls() -> None:
    for study in STUDIES.values():
        assert all(ARMS[part.arm].history == ARMS[part.control].history for part in study.parts if part.control)


def test_nothing_is_called_nothing_only_if_it_is() -> None:
    assert set(PLACEBO) == {"ffs", "quota", "global", "drg"}


PLUS = Part("", "ffs to dip", "ffs", "cmi", "+", low=3, high=12)


@pytest.mark.parametrize(
    ("mean", "low", "high", "verdict"),
    [
        (5, 4, 6, "agrees"),
        (15, 14, 16, "sign agrees, size differs"),
        (1, 0.5, 1.5, "sign agrees, size differs"),
        (1, -1, 3, "cannot be told"),
        (-5, -6, -4, "contradicts"),
    ],
)
def test_verdict(mean: float, low: float, high: float, verdict: str) -> None:
    assert judged(PLUS, mean, low, high) == verdict


def test_no_effect_is_expected_and_an_interval_that_holds_zero_agrees() -> None:
    none = Part("", "ffs to dip", "ffs", "cmi", "0")
    assert judged(none, 0.1, -0.1, 0.3) == "agrees"
    assert judged(none, 0.2, 0.1, 0.3) == "contradicts"


def test_unknown_studies_and_too_few_seeds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="T07"):
        write_validation(["T7"], city="yuncheng", scale=0.01, seeds=3, out=tmp_path / "new")
    assert not (tmp_path / "new").exists()
    with pytest.raises(InputError, match="3 or more"):
        replicate(["T07"], seeds=2)


def test_a_study_is_run_written_and_not_simulated_again(tmp_path: Path) -> None:
    write_validation(["T11"], city="yuncheng", scale=0.002, seeds=3, out=tmp_path, jobs=2)
    answers = pd.read_csv(tmp_path / "answers.csv")
    assert answers["study"].tolist() == ["T11", "T11"]
    assert (answers["low"] < answers["high"]).all()
    page = (tmp_path / "validation.md").read_text(encoding="utf-8")
    assert "`T11`" in page
    assert "after Part 4" in page
    seen: list[tuple[int, int]] = []
    write_validation(["T11"], city="yuncheng", scale=0.002, seeds=3, out=tmp_path, progress=lambda done, all_: seen.append((done, all_)))
    assert seen == []
    assert (tmp_path / "validation.md").read_text(encoding="utf-8") == page
