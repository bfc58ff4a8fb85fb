"""Paired differences: intervals that can be worked out by hand, and the degenerate cases."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments.comparison import COLUMNS, compare_paired, excludes_zero, t_interval, with_span
from model.errors import InputError

INDICATOR = "cost_per_admission"


def table(values: dict[tuple[str, int, str], float]) -> pd.DataFrame:
    """Make indicator rows of the whole city from {(policy, seed, period): value}."""
    rows = [
        {
            "run_id": f"{policy}-s{seed:03d}",
            "policy": policy,
            "seed": seed,
            "period": period,
            "unit_type": "city",
            "unit": "city",
            "indicator": INDICATOR,
            "value": value,
        }
        for (policy, seed, period), value in values.items()
    ]
    return pd.DataFrame(rows)


def test_difference_and_interval_by_hand() -> None:
    values = {("a", seed, "2022"): 100.0 * seed for seed in (1, 2, 3)}
    values |= {("b", seed, "2022"): 100.0 * seed + change for seed, change in ((1, 1.0), (2, 2.0), (3, 3.0))}
    row = compare_paired(table(values), "a").iloc[0]
    assert row["mean_baseline"] == pytest.approx(200)
    assert row["mean_policy"] == pytest.approx(202)
    assert row["difference"] == pytest.approx(2)
    # t(0.975, 2) = 4.302653, sd = 1, n = 3
    assert row["ci_low"] == pytest.approx(2 - 4.302653 / np.sqrt(3), abs=1e-6)
    assert row["ci_high"] == pytest.approx(2 + 4.302653 / np.sqrt(3), abs=1e-6)
    assert row["relative_pct"] == pytest.approx(1)
    assert row["n_seeds"] == 3


def test_columns_are_the_published_ones() -> None:
    compared = compare_paired(table({("a", 1, "2022"): 1.0, ("b", 1, "2022"): 2.0}), "a")
    assert list(compared.columns) == COLUMNS


def test_pairing_removes_what_seeds_share() -> None:
    rng = np.random.default_rng(5)
    level = rng.normal(1000, 300, size=12)
    values = {("a", seed, "2022"): level[seed] for seed in range(12)}
    values |= {("b", seed, "2022"): level[seed] - 5 + rng.normal(0, 1) for seed in range(12)}
    compared = compare_paired(table(values), "a")
    assert excludes_zero(compared).all()
    assert (compared["ci_high"] < 0).all()


def test_one_seed_has_a_difference_and_no_interval() -> None:
    compared = compare_paired(table({("a", 1, "2022"): 4.0, ("b", 1, "2022"): 5.0}), "a")
    assert compared["difference"].tolist() == [1.0]
    assert compared[["ci_low", "ci_high"]].isna().all().all()
    assert not excludes_zero(compared).any()


def test_seeds_that_all_agree_have_an_interval_without_width() -> None:
    values = {(policy, seed, "2022"): value for policy, value in (("a", 3.0), ("b", 2.0)) for seed in (1, 2, 3)}
    row = compare_paired(table(values), "a").iloc[0]
    assert row["ci_low"] == row["ci_high"] == row["difference"] == -1.0


def test_a_seed_without_its_pair_does_not_count() -> None:
    values = {("a", 1, "2022"): 1.0, ("a", 2, "2022"): 2.0, ("b", 1, "2022"): 3.0, ("b", 3, "2022"): 9.0}
    row = compare_paired(table(values), "a").iloc[0]
    assert row["n_seeds"] == 1
    assert row["difference"] == 2.0


@pytest.mark.parametrize("nothing", [0.0, 1e-17, -2.2e-16])
def test_relative_change_of_nothing_is_missing(nothing: float) -> None:
    row = compare_paired(table({("a", 1, "2022"): nothing, ("b", 1, "2022"): 2.0}), "a").iloc[0]
    assert np.isnan(row["relative_pct"])
    assert row["difference"] == pytest.approx(2.0)


def test_relative_change_of_a_small_number_is_told() -> None:
    row = compare_paired(table({("a", 1, "2022"): 1e-6, ("b", 1, "2022"): 2e-6}), "a").iloc[0]
    assert row["relative_pct"] == pytest.approx(100)


def test_years_asked_for_are_joined_by_their_mean() -> None:
    values = {("a", 1, str(year)): 10.0 for year in (2021, 2022, 2023)}
    values |= {("b", 1, "2021"): 10.0, ("b", 1, "2022"): 12.0, ("b", 1, "2023"): 16.0}
    compared = compare_paired(table(values), "a", years=["2022", "2023"])
    assert dict(zip(compared["period"], compared["difference"], strict=True)) == {"2022": 2.0, "2023": 6.0, "2022-2023": 4.0}


def test_months_are_left_out() -> None:
    values = {("a", 1, "2022"): 1.0, ("b", 1, "2022"): 2.0, ("a", 1, "2022-01"): 7.0, ("b", 1, "2022-01"): 9.0}
    assert compare_paired(table(values), "a")["period"].tolist() == ["2022"]


def test_a_year_without_a_value_leaves_no_mean_over_the_years() -> None:
    values = {("a", 1, "2022"): 1.0, ("a", 1, "2023"): 3.0, ("b", 1, "2022"): 2.0}
    spans = with_span(table(values)).query("period == '2022-2023'")
    assert spans["policy"].tolist() == ["a"]
    assert spans["value"].tolist() == [2.0]


def test_policies_keep_their_order() -> None:
    values = {(policy, 1, "2022"): 1.0 for policy in ("quota", "ffs", "dip")}
    assert compare_paired(table(values), "ffs")["policy"].tolist() == ["quota", "dip"]


def test_an_unknown_baseline_is_named_with_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'dip'"):
        compare_paired(table({("dip", 1, "2022"): 1.0}), "dipp")


def test_interval_ends_are_symmetric() -> None:
    low, high = t_interval(np.array([1.0]), np.array([2.0]), np.array([5]))
    assert (low + high) / 2 == pytest.approx(1.0)
