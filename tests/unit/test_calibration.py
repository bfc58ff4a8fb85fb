"""The fit finds levers that are known, in a world of closed formulas in place of a simulated city."""

from __future__ import annotations

import math
import shutil
import tomllib
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import data
from experiments.calibration import Study, aims_of, calibrate, read_study
from experiments.checking import Levels
from model.codes import SCHEMES, TIERS
from model.errors import InputError
from model.policy.loader import load_city

STAYS = {"primary": 1.0, "secondary": 2.0, "tertiary": 0.5, "out_of_city": 0.1}
"""Odds of the alternatives where all constants are zero."""


@dataclass(frozen=True)
class Formulas:
    """A world in which each level follows from the levers by a formula, and levers disturb each other a little."""

    study: Study

    def __call__(self, city: Path, seed: int) -> Levels:
        """Return the levels of a city file."""
        raw = tomllib.loads(city.read_text(encoding="utf-8"))["fitted"]
        levels: Levels = {}
        for scheme in SCHEMES:
            levels |= self.of_scheme(raw, scheme, 1 + seed / 1000)
        return levels

    def of_scheme(self, raw: dict[str, Any], scheme: str, noise: float) -> Levels:
        """Return one scheme's levels."""

        def value(*path: str, default: float = 1.0) -> float:
            place = raw
            for part in path:
                place = place.get(part, {})
            return float(place.get("value", default))

        levels: Levels = {}
        stays = shares(
            {level: 0.6 * value("choice_constant", scheme, level, default=0.0) + math.log(odds) for level, odds in STAYS.items()}
        )
        for tier in TIERS:
            inside = stays[tier] + (stays["out_of_city"] if tier == "tertiary" else 0)
            levels[f"{tier}_admission_share", "scheme", scheme] = inside
            cost = 5000 * value("cost_level", scheme, tier) * noise
            levels["cost_per_admission", "scheme_tier", f"{scheme}/{tier}"] = cost
        levels["out_of_city_share", "scheme", scheme] = stays["out_of_city"]
        levels["tertiary_in_city_share", "scheme", scheme] = stays["tertiary"]
        pull = 1 + 0.2 * stays["tertiary"]
        levels["admissions_per_100", "scheme", scheme] = 12 * value("admission_scale", scheme) ** 0.8 * pull
        levels["los_days", "scheme", scheme] = 4 * value("stay_scale", scheme) * pull
        levels["visits_per_head", "scheme", scheme] = 3 * value("visit_scale", scheme, "common") * noise
        visits = shares({tier: value("visit_choice_constant", scheme, tier, default=0.0) for tier in TIERS})
        return levels | {(f"{tier}_visit_tier_share", "scheme", scheme): visits[tier] for tier in TIERS}


def shares(utility: dict[str, float]) -> dict[str, float]:
    """Return logit shares."""
    total = sum(math.exp(u) for u in utility.values())
    return {name: math.exp(u) / total for name, u in utility.items()}


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """A copy of Yuncheng without fitted values."""
    mine = tmp_path / "mine.toml"
    text = data.folder("cities", "yuncheng.toml").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if 'source = "fitted' not in line and line != "[fitted]"]
    mine.write_text("\n".join(kept) + "\n", encoding="utf-8")
    assert load_city(mine).fitted is None
    return mine


def fit(city: Path, study: str = "levels") -> tuple[int, str]:
    """Fit in the world of formulas; return exit code and text."""
    out = StringIO()
    console = Console(file=out, width=200, highlight=False, markup=False)
    code = calibrate(study, city=str(city), jobs=1, console=console, lang="en", measure=Formulas)
    return code, out.getvalue()


def test_the_fit_meets_every_aim_and_writes_it_into_the_file(city: Path) -> None:
    before = city.read_text(encoding="utf-8")
    code, text = fit(city)
    assert code == 0
    assert "written to [fitted]" in text
    fitted = load_city(city)
    levels = Formulas(read_study("levels"))(city, 2)
    assert all(abs(aim.gap(levels)) < 0.02 for aim in aims_of(fitted))
    assert city.read_text(encoding="utf-8").startswith(before.rstrip("\n"))


def test_a_second_fit_has_nothing_to_do(city: Path) -> None:
    fit(city)
    before = city.read_bytes()
    code, text = fit(city)
    assert code == 0
    assert "after 1 rounds" in text
    assert city.read_bytes() == before


def test_targets_that_are_not_to_be_fitted_are_left_alone(city: Path) -> None:
    names = {aim.name for aim in aims_of(load_city(city))}
    unfitted = {target.id for target in load_city(city).targets if not target.fit}
    assert not names & unfitted


def test_a_target_that_no_lever_moves_is_refused(city: Path) -> None:
    text = city.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if 'id = "recovered"' in line)
    city.write_text(text.replace(line, line.replace("fit = false", "fit = true")), encoding="utf-8")
    with pytest.raises(InputError, match=r"targets\[recovered\]: no lever"):
        fit(city)


def test_too_few_rounds_keep_the_best_and_say_so(city: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.toml"
    text = Path("experiments/studies/levels.toml")
    shutil.copy(Path(__file__).parents[2] / text, short)
    short.write_text(short.read_text(encoding="utf-8").replace("rounds = 20 ", "rounds = 1 "), encoding="utf-8")
    code, said = fit(city, str(short))
    assert code == 1
    assert "is still" in said


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("scale = 0.04", "scale = 4.0"), "scale: out of range"),
        (("scale = 0.04", "scale = nan"), "scale: out of range"),
        (("seeds = 4", "seeds = 4.5"), "seeds: out of range"),
        (("rounds =", "round ="), "did you mean 'rounds'"),
        (('kind = "levels"', 'kind = "level"'), "not a study of levels"),
        (("tolerance = 0.01", ""), "missing key: tolerance"),
        (("seeds = 4", "seeds = = 4"), "cannot be read"),
    ],
)
def test_a_study_is_read_strictly(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    mine = tmp_path / "mine.toml"
    text = (Path(__file__).parents[2] / "experiments" / "studies" / "levels.toml").read_text(encoding="utf-8")
    mine.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_study(str(mine))
