"""The fit of conduct finds parameters that are known, in a world of closed formulas; what is kept is not simulated again."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import data
from experiments.cli import run_command
from experiments.conduct_fit import calibrate_conduct, fit_of
from experiments.conduct_measures import MEASURES, Measuring, worlds_of
from experiments.conduct_search import Problem, Trial, known_to, next_point, state_of
from experiments.conduct_study import ConductStudy, read_conduct_study, variants
from experiments.studies import STUDIES
from experiments.toml_values import changed_text
from model.errors import InputError
from model.policy.loader import load_behaviour, walk

STUDY = Path(__file__).parents[2] / "experiments" / "studies" / "conduct.toml"
TRUE = {"mild": 1.1, "moderate": 1.9, "severe": 3.6, "below": 9.0, "coding": 0.6, "eligible": 0.45}
"""Parameters that the formulas meet every target with."""


class Formulas:
    """Services follow from margins over curvature, coding from gain over moral cost; ``calls`` counts what was simulated."""

    def __init__(self, study: ConductStudy, fails_at: int = 0) -> None:
        self.study, self.calls, self.fails_at = study, 0, fails_at

    def __call__(self, behaviour: Path, seed: int) -> dict[str, float]:
        """Every measure under a behaviour file."""
        self.calls += 1
        if self.calls == self.fails_at:
            raise KeyboardInterrupt
        raw = tomllib.loads(behaviour.read_text(encoding="utf-8"))
        aim = {target.measure: target.value for target in self.study.targets}
        at: dict[str, float] = {band: raw["utility"]["benefit"][band]["value"] / TRUE[band] for band in ("mild", "moderate", "severe")}
        below = raw["utility"]["loss"]["below"]["value"] / TRUE["below"]
        moral = raw["moral"]["coding"]["value"] / TRUE["coding"]
        eligible = raw["eligibility"]["coding"]["mild"]["value"] / TRUE["eligible"]
        found = dict.fromkeys(MEASURES, 0.0)
        found |= {f"gap_{band}": aim[f"gap_{band}"] * (0.8 / by + 0.2 / (by * below)) for band, by in at.items()}
        found["optimum"] = 1.02 - 0.02 / (at["mild"] * below)
        found |= {name: aim[name] * eligible / moral**0.5 for name in ("upcoded_drg", "upcoded_dip")}
        found["response"] = aim["response"] * eligible * moral**0.3
        return {name: value * (1 + seed / 1e5) for name, value in found.items()}


def fit(
    folder: Path, *, out: str = "found.toml", trials: int | None = None, variant: str | None = None, fails_at: int = 0
) -> tuple[int, str, Formulas]:
    """Fit in the world of formulas; return exit code, text and the formulas with their count."""
    made: list[Formulas] = []

    def measure(study: ConductStudy) -> Formulas:
        made.append(Formulas(study, fails_at))
        return made[0]

    told = StringIO()
    console = Console(file=told, width=240, highlight=False, markup=False)
    code = calibrate_conduct(
        STUDY,
        city=None,
        variant=variant,
        trials=trials,
        out=folder / out,
        jobs=1,
        console=console,
        lang="en",
        book=folder / "book.journal",
        measure=measure,
    )
    return code, told.getvalue(), made[0]


def test_every_target_is_met_and_only_the_named_values_change(tmp_path: Path) -> None:
    code, text, _ = fit(tmp_path)
    assert code == 0
    assert " no " not in text
    study = read_conduct_study(STUDY)
    moved = {path for parameter in study.parameters for path in parameter.paths}
    was, now = (dict(walk(load_behaviour(path))) for path in (data.folder("behaviour.toml"), tmp_path / "found.toml"))
    assert {path for path in was if was[path] != now[path]} == moved
    assert now["moral.coding"].history[0].value == pytest.approx(TRUE["coding"], rel=0.3)
    assert now["eligibility.coding.moderate"].history[0].value / now["eligibility.coding.mild"].history[0].value == pytest.approx(
        was["eligibility.coding.moderate"].history[0].value / was["eligibility.coding.mild"].history[0].value, rel=1e-3
    )
    assert "T16, T18, T19" in now["moral.coding"].history[0].source


def test_an_interrupted_fit_goes_on_where_it_was_and_ends_the_same(tmp_path: Path) -> None:
    for name in ("whole", "broken"):
        (tmp_path / name).mkdir()
    _, _, formulas = fit(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path / "broken", fails_at=10)
    _, _, rest = fit(tmp_path / "broken")
    seeds = read_conduct_study(STUDY).seeds
    assert rest.calls == formulas.calls - (10 - 1) // seeds * seeds
    assert (tmp_path / "broken" / "found.toml").read_bytes() == (tmp_path / "whole" / "found.toml").read_bytes()


def test_kept_trials_count_and_others_are_only_checked_on_other_seeds(tmp_path: Path) -> None:
    fit(tmp_path, trials=9)
    code, text, again = fit(tmp_path, trials=9)
    assert again.calls == read_conduct_study(STUDY).seeds
    assert "loss" not in text.replace("loss below", "")
    assert code in (0, 1)


def test_a_budget_of_one_trial_writes_the_start(tmp_path: Path) -> None:
    fit(tmp_path, trials=1)
    assert (tmp_path / "found.toml").read_bytes() == data.folder("behaviour.toml").read_bytes()


def test_another_variant_keeps_trials_of_its_own(tmp_path: Path) -> None:
    fit(tmp_path, trials=2)
    _, _, other = fit(tmp_path, trials=2, variant="hubei")
    assert other.calls == 3 * read_conduct_study(STUDY).seeds


def test_a_later_fit_knows_what_the_parameters_did_in_an_earlier_one(tmp_path: Path) -> None:
    _, _, first = fit(tmp_path)
    code, _, later = fit(tmp_path, variant="hubei")
    assert code == 0
    assert later.calls < first.calls


# The command line


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["levels", "--variant", "hubei"], "--variant: only a fit of conduct"),
        (["levels", "--trials", "3"], "--trials: only a fit of conduct"),
        (["conduct", "--variant", "hubai"], "did you mean 'hubei'"),
        (["conduct", "--variant", "hubei"], "--out: numbers of another city or variant"),
        (["conduct", "--trials", "0"], "--trials: out of range"),
        (["conduct", "--city", "yunchang"], "did you mean 'yuncheng'"),
        (["conduct", "--out", "nowhere/at/all.toml"], "--out: not a behaviour file"),
        (["conducts"], "did you mean 'conduct'"),
    ],
)
def test_wrong_arguments_get_one_message(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command(["calibrate", *arguments, "--lang", "en"]) == 2
    assert told in " ".join(capsys.readouterr().err.split())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("scale = 0.01", "scale = 4.0"), "scale: out of range"),
        (("trials = 40", "trials = 4.5"), "trials: out of range"),
        (("trials =", "trial ="), "did you mean 'trials'"),
        (('variant = "national_1"', 'variant = "national"'), "unknown variant"),
        (("expected = 2.05", "expected = 0.001"), r"parameter\[4\].expected: out of range"),
        (('measure = "response"', 'measure = "responce"'), "did you mean 'response'"),
        (('paths = ["moral.coding"]', "paths = []"), r"parameter\[4\].paths: not a list of paths"),
        (("low = 8.0", "low = 20.0"), "high: out of range"),
        (('name = "moral cost of coding"\n', ""), r"parameter\[4\].name: missing key"),
        (("prior = 2.0 ", "prior = = "), "cannot be read"),
    ],
)
def test_a_study_is_read_strictly(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    mine = tmp_path / "mine.toml"
    text = STUDY.read_text(encoding="utf-8")
    assert change[0] in text
    mine.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_conduct_study(mine)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('paths = ["moral.coding"]', 'paths = ["moral.codings"]'), "no number of the behaviour file"),
        (('paths = ["moral.coding"]', 'paths = ["utility.loss.below"]'), "two parameters move the same value"),
        (("expected = 2.05\nlow = 0.02", "expected = 19.0\nlow = 19.0"), "the start is out of bounds"),
    ],
)
def test_a_study_is_held_against_the_behaviour_file(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(STUDY.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        fit_of(read_conduct_study(mine), data.folder("behaviour.toml"))


# The search


def problem(**changes: Any) -> Problem:
    """Two parameters, three targets, a weak prior."""
    standard: dict[str, Any] = {
        "expected": np.zeros(2),
        "low": np.array([-1.0, -1.0]),
        "high": np.array([1.0, 0.1]),
        "aim": np.array([1.0, 2.0, 0.5]),
        "tolerance": np.array([0.1, 0.1, 0.1]),
        "first_step": 0.25,
        "longest_step": 2.0,
        "prior": 100.0,
    }
    return Problem(**(standard | changes))


def searched(asked: Problem, world: Callable[[np.ndarray[Any, Any]], Sequence[float]], most: int) -> list[Trial]:
    """Trials of a search in a world that is a function."""
    trials: list[Trial] = []
    while len(trials) < most and (point := next_point(asked, trials)) is not None:
        trials.append(Trial(point, np.array(world(point))))
    return trials


def test_a_linear_world_is_solved_by_the_step_after_the_first_ones() -> None:
    slope = np.array([[2.0, 0.0], [0.0, 4.0], [1.0, 0.0]])
    asked = problem(aim=np.array([1.0, 0.3, 0.5]))
    trials = searched(asked, lambda point: slope @ point, 10)
    assert len(trials) == 4
    assert trials[3].point == pytest.approx([0.5, 0.075], abs=1e-3)
    state = state_of(asked, trials)
    assert state is not None
    assert state.slope == pytest.approx(slope, abs=1e-6)


def test_a_bent_world_is_followed_within_the_bounds() -> None:
    trials = searched(problem(), lambda point: [np.exp(point[0]) - 0.5, 2 + point[1] + point[1] ** 2, point[0] ** 3 + 0.3], 40)
    assert all((trial.point >= -1).all() and (trial.point <= [1.0, 0.1]).all() for trial in trials)
    assert trials[-1].point[1] == pytest.approx(0.0, abs=0.05)
    assert len(trials) < 40


def test_a_first_step_goes_down_where_up_is_out_of_bounds() -> None:
    assert [point.tolist() for point in problem().first_points()] == [[0.0, 0.0], [0.25, 0.0], [0.0, -0.25]]


def test_what_no_target_tells_is_known_to_the_prior_only() -> None:
    known = known_to(problem(prior=1.0), np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]]))
    assert known[0] == pytest.approx(1 / np.sqrt(1 + 200))
    assert known[1] == pytest.approx(1.0)


# The worlds


def test_worlds_differ_in_what_they_are_named_for() -> None:
    worlds = worlds_of("jining")
    assert worlds["points"].modes[0].parameters["outlier"].at(0) == "jining"
    assert worlds["wider"].modes[0].parameters["split_ratio"].at(0) > 1
    assert {**worlds["wider"].modes[0].parameters, "split_ratio": None} == {**worlds["weights"].modes[0].parameters, "split_ratio": None}
    assert "national_1" in variants()


def test_everything_is_measured_of_a_seed() -> None:
    found = Measuring("yuncheng", "national_1", scale=0.001, burn_in=0, months=12)(data.folder("behaviour.toml"), 1)
    assert list(found) == list(MEASURES)
    assert np.isfinite(list(found.values())).all()
    assert found["services_ffs"] > found["optimum"]


# The file


def test_a_value_changes_in_its_line_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "some.toml"
    file.write_text('# kept\n[a]\nb.c = { value = 2.0, unit = "factor", source = "then" } # why\nd = { value = 3, source = "then" }\n')
    assert changed_text(file, {"a.b.c": 1 / 3}, 'now "so"') == (
        '# kept\n[a]\nb.c = { value = 0.3333, unit = "factor", source = "now \\"so\\"" } # why\nd = { value = 3, source = "then" }\n'
    )
    with pytest.raises(InputError, match="no such setting"):
        changed_text(file, {"a.e": 1.0}, "now")
    file.write_text('a = [\n  { value = 1, source = "then" },\n]\n')
    with pytest.raises(InputError, match="one line"):
        changed_text(file, {"a": 1.0}, "now")


def test_what_is_fitted_to_is_never_called_validation() -> None:
    assert {target.id for target in read_conduct_study(STUDY).targets} == {name for name, study in STUDIES.items() if study.calibrated}
