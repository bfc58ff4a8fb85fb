"""Figures and charts: every one is drawn from result tables, in both languages, without a missing character."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest
from matplotlib.figure import Figure

from experiments.comparison import compare_paired
from tests.viz_examples import POLICIES, indicators
from viz import charts, figures
from viz import summaries as small
from viz.labels import LANGUAGES, Language

YEARS = ["2022", "2023"]
MONTHS = [f"{year}-{month:02d}" for year in (2021, 2022, 2023) for month in range(1, 13)]
SWITCH = "2022-01"
NAMES = list(POLICIES)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Results of six policies, three seeds, two years after the switch."""
    return indicators(seeds=3, years=2)


@pytest.fixture(scope="module")
def comparison(table: pd.DataFrame) -> pd.DataFrame:
    """The same, compared with the first policy."""
    return compare_paired(table, NAMES[0], years=YEARS)


def drawn(table: pd.DataFrame, comparison: pd.DataFrame) -> dict[str, Callable[[Language], Figure]]:
    """Makers of every figure by name."""
    shown = ("total_cost_per_head", "county_in_share")
    levels = {name: small.paths(table, name, NAMES) for name in shown}
    changes = {name: small.changes(table, name, NAMES, NAMES[0], SWITCH) for name in shown}
    rows = small.differences(comparison, small.GROUPS["cost"], "2022-2023")
    return {
        "paths": lambda lang: figures.time_paths(levels, changes, SWITCH, lang),
        "paths of one": lambda lang: figures.time_paths({shown[0]: levels[shown[0]]}, {}, None, lang),
        "forest": lambda lang: figures.forest(rows, NAMES[1:], lang),
        "forest of none": lambda lang: figures.forest(rows.iloc[:0], NAMES[1:], lang),
        "places": lambda lang: figures.treated_where(
            small.levels(table, small.TIERS, NAMES, YEARS), small.levels(table, ["county_in_share"], NAMES, YEARS), lang
        ),
        "gaming": lambda lang: figures.gaming_vector(small.levels(table, small.CHANNELS, NAMES, YEARS), lang),
        "severity": lambda lang: figures.intensity_by_severity(
            small.levels(table, ["intensity"], NAMES, YEARS, unit_type="severity"), lang
        ),
        "points": lambda lang: figures.points_against_value(small.points_and_value(table, NAMES, YEARS), lang),
        "fund": lambda lang: figures.fund_balance(small.fund_result(table, NAMES, YEARS), lang),
    }


FIGURES = ("paths", "paths of one", "forest", "forest of none", "places", "gaming", "severity", "points", "fund")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_becomes_svg_without_missing_characters(table: pd.DataFrame, comparison: pd.DataFrame, name: str, lang: Language) -> None:
    svg = figures.to_svg(drawn(table, comparison)[name](lang), f"{lang}-f", "<a> & b")  # a missing glyph warns, and warnings are errors
    root = ElementTree.fromstring(svg)
    assert root.attrib["role"] == "img"
    assert root[0].text == "<a> & b"
    names = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    assert all(found.startswith(f"{lang}-f-") for found in names)
    assert len(set(names)) == len(names)
    referred = set(re.findall(r'href="#([^"]+)"', svg)) | set(re.findall(r"url\(#([^)]+)\)", svg))
    assert referred <= set(names)
    assert "<text" not in svg


def test_the_same_figure_has_the_same_bytes(table: pd.DataFrame, comparison: pd.DataFrame) -> None:
    first, second = (figures.to_svg(drawn(table, comparison)["forest"]("zh"), "f", "t") for _ in range(2))
    assert first == second


def test_all_gaming_channels_stand_together_with_their_neutral_value(table: pd.DataFrame, comparison: pd.DataFrame) -> None:
    figure = drawn(table, comparison)["gaming"]("en")
    assert len(figure.axes) == len(small.CHANNELS) == 10


def test_shares_of_tiers_start_where_the_one_before_ends(table: pd.DataFrame, comparison: pd.DataFrame) -> None:
    axis = drawn(table, comparison)["places"]("en").axes[0]
    bars: list[Any] = list(axis.patches)
    first = bars[:: len(NAMES)]
    for before, after in pairwise(first):
        assert after.get_x() == pytest.approx(before.get_x() + before.get_width())


def test_the_chart_of_a_path_keeps_history_apart_and_marks_the_switch(table: pd.DataFrame) -> None:
    option = charts.paths(small.paths(table, "county_in_share", ["ffs", "dip"]), "county_in_share", MONTHS, "en", switch=SWITCH, band=True)
    json.dumps(option, allow_nan=False)
    assert option["xAxis"]["type"] == "category"
    assert option["xAxis"]["data"] == MONTHS
    history, *others = option["series"]
    assert history["data"][12] is None
    assert history["data"][11] is not None
    assert history["markLine"]["data"] == [{"xAxis": "2021-12"}]
    lines = [line for line in others if not line.get("silent")]
    assert [line["name"] for line in lines] == ["Fee for service", "DIP"]
    assert all(line["data"][10] is None and 60 < line["data"][20] < 80 for line in lines)
    low, width = (line for line in others if line.get("silent") and line["stack"] == "DIP")
    top = [a + b for a, b in zip(low["data"][12:], width["data"][12:], strict=True)]
    assert all(a <= mean <= b for a, mean, b in zip(low["data"][12:], lines[1]["data"][12:], top, strict=True))


def test_months_still_to_come_leave_room(table: pd.DataFrame) -> None:
    early = small.paths(table[table["period"] <= "2021-03"], "intensity", ["ffs"])
    option = charts.paths(early, "intensity", MONTHS, "zh", switch=SWITCH)
    assert len(option["series"][0]["data"]) == len(MONTHS)
    assert sum(value is not None for value in option["series"][0]["data"]) == 3


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("dark", [False, True])
def test_every_chart_is_plain_data_with_words_for_a_screen_reader(
    table: pd.DataFrame, comparison: pd.DataFrame, lang: Language, dark: bool
) -> None:
    options = [
        charts.forest(small.differences(comparison, small.GROUPS["cost"], "2022-2023"), NAMES[1:], lang, dark=dark),
        charts.treated_where(small.levels(table, small.TIERS, NAMES, YEARS), lang, dark=dark),
        charts.gaming_vector(small.levels(table, small.CHANNELS, NAMES, YEARS), "split_share", lang, dark=dark),
        charts.points_against_value(small.points_and_value(table, NAMES, YEARS), lang, dark=dark),
    ]
    for option in options:
        json.dumps(option, allow_nan=False)
        assert len(option["aria"]["label"]["description"]) > 10
        assert option["series"]


def test_the_forest_chart_has_a_box_from_end_to_end(comparison: pd.DataFrame) -> None:
    rows = small.differences(comparison, ["cost_per_admission"], "2022-2023")
    option = charts.forest(rows, ["dip"], "en")
    low, _, mean, _, high = option["series"][0]["data"][0]
    row = rows[rows["policy"] == "dip"].iloc[0]
    assert [low, mean, high] == pytest.approx([row["relative_low"], row["relative_pct"], row["relative_high"]], abs=0.01)
