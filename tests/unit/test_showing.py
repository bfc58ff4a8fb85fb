"""Tables for people: what is shown, with its interval, in both languages."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from experiments.comparison import compare_paired
from experiments.robustness import survival
from experiments.showing import GROUPS, HEADLINES, Words, longest_period, show_comparison, show_run
from experiments.store import Results
from experiments.texts import LANGUAGES, Language
from model.indicators import INDICATORS

WORDS = Words(
    titled=lambda name, lang: f"{name}@{lang}",
    indicator=lambda name, lang: name,
    place=lambda name, lang: name,
    policy=lambda name, lang, files: name.upper(),
    level=lambda value, unit: f"{value:.1f}",
    change=lambda value, unit: f"{value:+.1f}",
)


def results(values: dict[str, list[float]], indicator: str = "cost_per_admission") -> Results:
    """Make the results of policies with one value a seed, in two years."""
    rows = [
        [f"{policy}-s{seed:03d}", policy, seed, year, "city", "somewhere", indicator, value]
        for policy, of_seeds in values.items()
        for seed, value in enumerate(of_seeds, 1)
        for year in ("2022", "2023")
    ]
    table = pd.DataFrame(rows, columns=["run_id", "policy", "seed", "period", "unit_type", "unit", "indicator", "value"])
    policies = list(values)
    manifest = {
        "city": "yuncheng",
        "policies": policies,
        "baseline": policies[0],
        "seeds": list(range(1, len(values[policies[0]]) + 1)),
        "scale": 0.02,
        "files": {},
    }
    comparison = compare_paired(table, policies[0]) if len(policies) > 1 else pd.DataFrame()
    found = Results(Path("out"), manifest)
    found.__dict__.update(indicators=table, comparison=comparison, robustness=pd.DataFrame())  # as if they had been read
    return found


def shown(found: Results, lang: Language = "en", width: int = 150) -> str:
    """Return what is printed of a comparison."""
    out = StringIO()
    console = Console(file=out, width=width, highlight=False, markup=False)
    show_comparison(found, console, lang, WORDS)
    return out.getvalue()


def test_levels_differences_and_intervals_stand_in_one_row() -> None:
    text = shown(results({"a": [100.0, 200.0, 300.0], "b": [110.0, 212.0, 314.0]}))
    row = next(line for line in text.splitlines() if "cost_per_admission" in line)
    assert row.split()[1:] == ["200.0", "+12.0", "±5.0*"]
    assert "2022-2023" in text


def test_an_interval_across_zero_has_no_mark() -> None:
    row = next(line for line in shown(results({"a": [1.0, 2.0], "b": [2.0, 1.0]})).splitlines() if "cost_per" in line)
    assert "*" not in row


def test_seeds_that_agree_are_marked_so() -> None:
    row = next(line for line in shown(results({"a": [1.0, 2.0], "b": [2.0, 3.0]})).splitlines() if "cost_per" in line)
    assert row.split()[-2:] == ["+1.0", "=*"]


def test_one_seed_is_shown_without_an_interval_and_says_so() -> None:
    text = shown(results({"a": [1.0], "b": [2.0]}))
    assert "±" not in next(line for line in text.splitlines() if "cost_per" in line)
    assert "One seed only" in text


def test_a_narrow_terminal_loses_no_number() -> None:
    text = shown(results({"a": [100.0, 200.0, 300.0], **{name: [110.0, 212.0, 314.0] for name in "bcdef"}}), width=80)
    assert text.count("±5.0*") == 5


@pytest.mark.parametrize("lang", LANGUAGES)
def test_both_languages(lang: Language) -> None:
    assert f"cost_per_admission@{lang}" in shown(results({"a": [1.0, 2.0], "b": [2.0, 3.0]}), lang)


def test_indicators_nobody_has_are_left_out() -> None:
    assert "point_value" not in shown(results({"a": [1.0, 2.0], "b": [2.0, 3.0]}))


def test_a_run_is_shown_by_year() -> None:
    out = StringIO()
    console = Console(file=out, width=120, highlight=False, markup=False)
    show_run(results({"a": [5.0]}, "upcoded_share"), console, "en", WORDS)
    text = out.getvalue()
    assert "2022" in text
    assert next(line for line in text.splitlines() if "upcoded_share" in line).split()[1:] == ["5.0", "5.0"]


def test_every_indicator_shown_is_in_the_registry() -> None:
    assert {name.partition("/")[0] for names in GROUPS.values() for name in names} <= set(INDICATORS)


def test_the_longest_span_is_what_is_shown() -> None:
    assert longest_period(pd.Series(["2022", "2022-2023", "2023"])) == "2022-2023"
    assert longest_period(pd.Series(["2022", "2023"])) == "2023"


def test_what_survives_another_rule_is_shown_below() -> None:
    found = results({"ffs": [100.0, 200.0, 300.0], "dip": [90.0, 191.0, 289.0], "quota": [105.0, 190.0, 310.0]})
    other = results({"ffs": [100.0, 200.0, 300.0], "dip": [120.0, 221.0, 322.0], "quota": [80.0, 179.0, 281.0]})
    tables = {"best_response": found.comparison, "steady": found.comparison, "imitation": other.comparison}
    found.__dict__["robustness"] = survival(tables, HEADLINES, "2022-2023")
    (row,) = [line for line in shown(found).split("Which findings")[1].splitlines() if line.lstrip().startswith("cost_per_admission@en")]
    assert row.split("@en")[1].split() == ["−", "✓✗", "·", "·!"]
    told = " ".join(shown(found).split())
    assert "steady: of 1 clear differences under best_response, 1 hold" in told
    assert "imitation: of 1 clear differences under best_response, 0 hold" in told
    assert "1 reversed; 1 more appear" in told
    assert "imitation" in shown(found, "zh")
