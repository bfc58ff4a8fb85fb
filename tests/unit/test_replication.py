"""Published studies repeated: the registry agrees with the targets, verdicts follow from intervals, and a small run comes out whole."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from experiments.replication import Verdict, Worlds, answered, judged, of_row, replicate, write_validation
from experiments.studies import ARMS, HISTORIES, PLACEBO, STUDIES, Part, Place, Study, targets
from experiments.validation_page import notes
from model.errors import InputError
from model.indicators import INDICATORS
from model.policy.loader import list_policies, load_policy


def test_every_published_effect_is_a_study_or_says_why_not() -> None:
    assert list(STUDIES) == list(targets().index)
    assert all(bool(study.parts) != bool(study.reason) for study in STUDIES.values())


def test_arms_and_indicators_exist() -> None:
    for study in STUDIES.values():
        for part in study.parts:
            assert part.arm in ARMS
            assert not part.control or part.control in ARMS
            for place in (part.place, part.per):
                assert place is None or place.indicator in INDICATORS
    for arm in ARMS.values():
        assert HISTORIES[arm.history].policy in list_policies()
        if isinstance(arm.policy, Path):
            assert load_policy(arm.policy).name == arm.policy.stem
        else:
            assert arm.policy is None or arm.policy in list_policies()


def test_notes_are_of_studies() -> None:
    assert set(notes()) <= set(STUDIES)


def test_a_control_shares_the_history_of_what_it_controls() -> None:
    for study in STUDIES.values():
        assert all(ARMS[part.arm].history == ARMS[part.control].history for part in study.parts if part.control)


def test_nothing_is_called_nothing_only_if_it_is() -> None:
    assert set(PLACEBO) == {"ffs", "quota", "global", "drg", "ffs, drug mark-up", "ffs, little chronic cover"}


PLUS = Part("", "ffs to dip", "ffs", "cmi", "+", low=3, high=12)


@pytest.mark.parametrize(
    ("mean", "low", "high", "verdict"),
    [
        (5, 4, 6, "agrees"),
        (15, 14, 16, "sign agrees, size differs"),
        (1, 0.5, 1.5, "sign agrees, size differs"),
        (1, -1, 3, "cannot be told"),
        (-5, -6, -4, "contradicts"),
        (float("nan"), float("nan"), float("nan"), "cannot be told"),
    ],
)
def test_verdict(mean: float, low: float, high: float, verdict: str) -> None:
    assert judged(PLUS, mean, low, high) == verdict


def test_without_a_published_sign_there_is_no_verdict() -> None:
    assert judged(Part("", "ffs to dip", "ffs", "cmi", ""), 5, 4, 6) == "reported"


@pytest.mark.parametrize(
    ("parts", "row"),
    [
        (("agrees", "contradicts"), "contradicts"),
        (("agrees", "cannot be told", "agrees"), "cannot be told"),
        (("agrees", "sign agrees, size differs"), "sign agrees, size differs"),
        (("agrees", "agrees"), "agrees"),
        (("reported", "reported"), "reported"),
    ],
)
def test_a_row_has_the_verdict_of_its_worst_part(parts: tuple[Verdict, ...], row: Verdict) -> None:
    assert of_row(parts) == row


def worlds(**values: dict[str, float]) -> Worlds:
    """Series that stand still: value by indicator and arm."""
    rows = [
        (arm, seed, "city", "here", indicator, month, value)
        for arm, of_arm in values.items()
        for indicator, value in of_arm.items()
        for seed in (1, 2, 3)
        for month in range(48)
    ]
    return Worlds(pd.DataFrame(rows, columns=["arm", "seed", "unit_type", "unit", "indicator", "month", "value"]), "here")


def test_an_elasticity_is_of_logs_and_a_saving_is_per_yuan_spent() -> None:
    made = worlds(
        reform={"visits_per_head": 2.0 * 0.9**-0.5, "oop_share": 0.45, "fund_cost_per_head": 940.0, "audit_cost": 3.0},
        before={"visits_per_head": 2.0, "oop_share": 0.5, "fund_cost_per_head": 1000.0, "audit_cost": 1.0},
    )
    response = Part("", "reform", "before", "visits_per_head", "-", measure="elasticity", per=Place("oop_share"))
    assert answered("T33", Study((response,), "level"), response, made).effect == pytest.approx(-0.5)
    saved = Part("", "reform", "before", "fund_cost_per_head", "+", measure="times", per=Place("audit_cost"))
    assert answered("T22", Study((saved,), "level"), saved, made).effect == pytest.approx(30.0)


def test_what_is_known_once_a_year_is_not_spread_over_the_months_before_it() -> None:
    """Catastrophic expenditure exists in December alone; the effect of the last year is that December's."""
    months = {11: 0.10, 23: 0.10, 35: 0.30, 47: 0.05}
    rows = [
        (arm, seed, "city", "here", "che_share", month, value if arm == "reform" else 0.10)
        for arm in ("reform", "before")
        for seed in (1, 2, 3)
        for month, value in months.items()
    ]
    made = Worlds(pd.DataFrame(rows, columns=["arm", "seed", "unit_type", "unit", "indicator", "month", "value"]), "here")
    part = Part("", "reform", "before", "che_share", "-", measure="points")
    assert answered("T37", Study((part,), "level"), part, made).effect == pytest.approx(-5.0)


def test_no_effect_is_expected_and_an_interval_that_holds_zero_agrees() -> None:
    none = Part("", "ffs to dip", "ffs", "cmi", "0")
    assert judged(none, 0.1, -0.1, 0.3) == "agrees"
    assert judged(none, 0.2, 0.1, 0.3) == "contradicts"


@pytest.mark.parametrize(("detected", "verdict"), [(None, "contradicts"), (0.25, "agrees"), (0.5, "contradicts"), (1.0, "contradicts")])
def test_no_effect_is_repeated_where_the_same_design_finds_none(detected: float | None, verdict: str) -> None:
    assert judged(Part("", "ffs to dip", "ffs", "cmi", "0"), 0.2, 0.1, 0.3, detected) == verdict
    assert judged(PLUS, -5, -6, -4, detected) == "contradicts"


def test_of_a_larger_reform_its_part_is_told() -> None:
    made = worlds(reform={"upcoded_share": 0.13}, before={"upcoded_share": 0.10})
    part = Part("", "reform", "before", "upcoded_share", "+", measure="points", told=0.25)
    assert answered("T19", Study((part,), "level"), part, made).effect == pytest.approx(0.75)


def test_unknown_studies_and_too_few_seeds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'T07'"):
        write_validation(["T7"], city="yuncheng", scale=0.01, seeds=3, out=tmp_path / "new")
    with pytest.raises(InputError, match="the page has all studies"):
        write_validation(["T07"], city="yuncheng", scale=0.01, seeds=3, out=tmp_path / "new", file=tmp_path / "page.md")
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
    assert [name for name in STUDIES if f"| `{name}` |" not in page] == []
    assert "not run: after Part 4" in page
    seen: list[tuple[int, int]] = []
    write_validation(["T11"], city="yuncheng", scale=0.002, seeds=3, out=tmp_path, progress=lambda done, all_: seen.append((done, all_)))
    assert seen == []
    assert (tmp_path / "validation.md").read_text(encoding="utf-8") == page
