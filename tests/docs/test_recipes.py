"""The recipes of the documentation work as they are written: a mode, a conduct rule and a city in one file each, and the first run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agents.conduct import ConductRule, get_conduct
from docs.generate import CLAIM_COLUMNS, UNIT_TYPES
from model.care import CHANNELS, HIGHEST, LOWEST
from model.claim_table import claim_frame
from model.indicators import INDICATORS
from model.items import item_parts
from model.payment import PaymentMode, get_mode
from model.policy import load_city, load_policy
from tests.docs.recipes import blocks_of, play


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the recipes are followed."""
    return tmp_path_factory.mktemp("recipes")


@pytest.fixture(scope="module")
def made(kitchen: Path) -> dict[str, Any]:
    """What the recipes of extending.md leave behind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(kitchen)
        return play("extending.md", kitchen)


def test_the_mode_fills_the_seam(made: dict[str, Any], kitchen: Path) -> None:
    policy = load_policy(kitchen / "my_policy.toml")
    assert policy.kind_path(policy.mode("same_price")) == kitchen / "same_price.py"
    assert isinstance(get_mode(str(kitchen / "same_price.py"))(), PaymentMode)


def test_providers_respond_to_the_mode(made: dict[str, Any]) -> None:
    service, price = made["conduct"]["ffs"], made["conduct"]["my_policy.toml"]
    assert service["intensity_mild"] > 1 > price["intensity_mild"]
    assert service["coding"] < 0.01 < 0.05 < price["coding"]
    assert price["treatment"] > service["treatment"]
    assert price["splitting"] > service["splitting"]


def test_the_rule_fills_the_seam_and_moves_in_small_steps(made: dict[str, Any], kitchen: Path) -> None:
    assert isinstance(get_conduct(str(kitchen / "uphill.py")), ConductRule)
    cautious, shipped = made["conduct"]["uphill"], made["conduct"]["ffs"]
    assert 1 < cautious["intensity_mild"] < shipped["intensity_mild"]
    conduct = made["city"].staff.conduct
    assert ((conduct >= LOWEST) & (conduct <= HIGHEST)).all()


def test_the_city_runs_under_the_users_policy_and_rule(made: dict[str, Any], kitchen: Path) -> None:
    city = made["city"]
    assert city.settings.name == "my_city"
    assert load_city(kitchen / "my_city.toml").enrolment.employee.persons.source_at(0).startswith("assumption")
    assert set(made["cost"].unit) == {"employee", "resident"}
    assert np.isfinite(made["cost"].value).all()
    assert city.people.scheme.mean() == pytest.approx(2.6 / 3.5, abs=0.02)


def test_the_first_run_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    left = play("first-run.md", tmp_path)
    table = left["city"].tables.monthly
    assert list(table.columns) == ["period", "unit_type", "unit", "indicator", "value"]
    assert set(table.indicator) <= set(INDICATORS)
    assert len(left["conduct"]) == len(CHANNELS)
    assert len(play("concepts.md", tmp_path, city=left["city"])["old"]) < len(left["patients"])


def test_the_case_files_are_as_they_are_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert play("cases.md", tmp_path)["case"].id == "two hospitals"


def test_the_dictionary_has_every_column_and_unit(made: dict[str, Any]) -> None:
    city = made["city"]
    items = item_parts(city.now.claims.charge, city.item_mix(city.now.claims, city.now.conduct))
    assert list(claim_frame(city.now.claims, items, city).columns) == list(CLAIM_COLUMNS)
    assert list(city.tables.units) == list(UNIT_TYPES)


def test_both_languages_show_the_same_code() -> None:
    def code(page: str) -> list[str]:
        return [block.text for block in blocks_of(page) if block.language in {"python", "sh"}]

    assert code("zh/快速上手.md") == code("first-run.md")
