"""The small tables behind figures and sentences, against numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from experiments.comparison import compare_paired
from viz import summaries as small


def frame(values: Mapping[tuple[str, int, str, str], float], unit_type: str = "city") -> pd.DataFrame:
    """A table of (policy, seed, period, indicator) → value."""
    rows = [
        {
            "run_id": f"{policy}-{seed}",
            "policy": policy,
            "seed": seed,
            "period": period,
            "unit_type": unit_type,
            "unit": "all",
            "indicator": name,
            "value": value,
        }
        for (policy, seed, period, name), value in values.items()
    ]
    return pd.DataFrame(rows)


def test_the_switch_is_told_from_the_end() -> None:
    table = frame({("a", 1, period, "x"): 1.0 for period in ("2021-01", "2021-12", "2022-12", "2022")})
    assert small.switch_month(table, 1) == "2022-01"
    assert small.main_years(table, 1) == ["2022"]


def test_paths_are_means_over_seeds_in_order_of_policies_and_time() -> None:
    values = {
        (policy, seed, month, "x"): seed + (10 if policy == "b" else 0)
        for policy in "ab"
        for seed in (1, 3)
        for month in ("2021-02", "2021-01")
    }
    table = small.paths(frame(values), "x", ["b", "a"])
    assert list(table["policy"]) == ["b", "b", "a", "a"]
    assert list(table["period"]) == ["2021-01", "2021-02"] * 2
    assert list(table["mean"]) == [12.0, 12.0, 2.0, 2.0]
    assert (table["low"] < table["mean"]).all()
    assert list(table["n"]) == [2] * 4


def test_paths_are_smoothed_within_a_run_only() -> None:
    values = {("a", 1, f"2021-0{month}", "x"): float(month) for month in range(1, 5)}
    assert list(small.paths(frame(values), "x", ["a"])["mean"]) == [1.0, 1.5, 2.0, 3.0]
    assert small.paths(frame(values), "y", ["a"]).empty


def test_changes_are_paired_by_seed() -> None:
    noise = {1: 5.0, 2: -7.0, 3: 100.0}
    values = {("a", seed, "2022-01", "x"): noise[seed] for seed in noise}
    values |= {("b", seed, "2022-01", "x"): noise[seed] + 2 for seed in noise}
    values |= {("b", seed, "2021-01", "x"): 0.0 for seed in noise}
    table = small.changes(frame(values), "x", ["a", "b"], "a", "2022-01")
    assert table[["policy", "period"]].to_numpy().tolist() == [["b", "2022-01"]]
    assert table[["mean", "low", "high"]].to_numpy().tolist() == [[2.0, 2.0, 2.0]]
    assert small.changes(frame({("b", 1, "2022-01", "x"): 1.0}), "x", ["a", "b"], "a", "2022-01").empty


def test_levels_are_means_over_the_years() -> None:
    values = {("a", seed, year, "x"): seed + int(year) - 2022 for seed in (1, 2) for year in ("2022", "2023")}
    table = small.levels(frame(values), ["x"], ["a"], ["2022", "2023"])
    assert list(table["period"]) == ["2022-2023"]
    assert table["mean"].item() == pytest.approx(2.0)
    assert len(small.levels(frame(values), ["x"], ["a"], ["2022", "2023"], each_year=True)) == 3


def test_a_difference_is_certain_where_the_interval_excludes_zero_and_is_no_rounding() -> None:
    values = {}
    for seed in (1, 2, 3):
        values["a", seed, "2022", "up"] = 1.0
        values["b", seed, "2022", "up"] = 2.0 + seed / 100
        values["a", seed, "2022", "dust"] = 0.3
        values["b", seed, "2022", "dust"] = 0.3 + 4e-17 + 1e-16
        values["a", seed, "2022", "noise"] = 0.0
        values["b", seed, "2022", "noise"] = (-1.0) ** seed
    rows = small.differences(compare_paired(frame(values), "a"), ["noise", "up", "dust"], "2022")
    assert list(rows["indicator"]) == ["noise", "up", "dust"]
    assert list(rows["certain"]) == [False, True, False]
    assert rows["difference"].iloc[2] == 0.0
    assert rows["relative_low"].iloc[1] == pytest.approx(100 * rows["ci_low"].iloc[1])
    assert np.isnan(rows["relative_low"].iloc[0])


def test_the_funds_result_is_income_less_spending() -> None:
    values = {("a", seed, "2022", "fund_income"): 10.0 for seed in (1, 2)}
    values |= {("a", seed, "2022", "fund_spending"): 9.0 + seed for seed in (1, 2)}
    assert small.fund_result(frame(values), ["a"], ["2022"])["mean"].item() == pytest.approx(-0.5)
    assert small.fund_result(frame({("a", 1, "2022", "fund_income"): 1.0}), ["a"], ["2022"]).empty


def test_points_are_only_of_policies_that_have_them() -> None:
    values = {(policy, 1, "2022", name): value for policy in "ab" for name, value in (("cmi", 2.0), ("admissions_per_100", 10.0))}
    assert small.points_and_value(frame(values), ["a", "b"], ["2022"]).empty
    table = small.points_and_value(frame(values | {("b", 1, "2022", "point_value"): 7.0}), ["a", "b"], ["2022"])
    assert table[["policy", "weight", "point_value"]].to_numpy().tolist() == [["b", 20.0, 7.0]]


def test_percentages_are_only_told_where_they_make_sense() -> None:
    assert small.has_percentage("cost_per_admission", 8000.0)
    assert not small.has_percentage("upcoded_share", 0.2)
    assert not small.has_percentage("treatment_weight", 0.0003)
