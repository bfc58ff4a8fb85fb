"""Differences between policies, paired by seed, with 95 % intervals: plain functions on plain tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from model.errors import InputError, nearest

LEVEL = 0.95
ROUNDING = 1e-9
"""Values smaller than this are what floating-point sums leave, whatever the unit: no effect, and no base of a percentage."""
UNIT = ["indicator", "unit_type", "unit", "period"]
COLUMNS = [
    *UNIT,
    "policy",
    "baseline",
    "mean_baseline",
    "mean_policy",
    "difference",
    "ci_low",
    "ci_high",
    "relative_pct",
    "n_seeds",
]


def compare_paired(
    indicators: pd.DataFrame,
    baseline: str,
    *,
    years: Sequence[str] | None = None,
    level: float = LEVEL,
) -> pd.DataFrame:
    """Return one row an indicator, unit, period and policy: the policy against the baseline.

    `indicators` has the columns of indicators.parquet; only yearly rows are used, of the given
    `years` (all where None). Periods are those years and, where there are several, the mean over
    them (`2022-2024`). A seed counts where both policies have a finite value for it; the interval
    is Student's t over seeds, missing with fewer than two, and without width where all agree.
    """
    yearly = with_span(_of_years(indicators, years))
    policies = list(pd.unique(yearly["policy"].astype(str)))
    if baseline not in policies:
        raise InputError(
            "the baseline is not among the policies of these results",
            found=baseline,
            allowed=policies,
            nearest=nearest(baseline, policies),
        )
    pairs = _pairs(yearly, baseline)
    grouped = pairs.groupby([*UNIT, "policy"], sort=False, observed=True)
    table = grouped.agg(
        mean_baseline=("value_baseline", "mean"),
        mean_policy=("value", "mean"),
        difference=("difference", "mean"),
        spread=("difference", "std"),
        n_seeds=("difference", "count"),
    ).reset_index()
    table["ci_low"], table["ci_high"] = t_interval(
        table["difference"].to_numpy(), table["spread"].to_numpy(), table["n_seeds"].to_numpy(), level
    )
    table["baseline"] = baseline
    table["relative_pct"] = _relative(table)
    return table[COLUMNS]


def with_span(yearly: pd.DataFrame) -> pd.DataFrame:
    """Add to yearly rows, where they cover several years, the mean over all of them as one period.

    A unit that lacks a finite value in one of the years has no mean over them.
    """
    years = sorted(pd.unique(yearly["period"].astype(str)))
    if len(years) < 2:
        return yearly
    keys = ["run_id", "policy", "seed", "unit_type", "unit", "indicator"]
    grouped = yearly.groupby(keys, sort=False, observed=True)["value"]
    span = grouped.agg(["mean", "count"]).reset_index()
    span = span[span["count"] == len(years)].rename(columns={"mean": "value"}).drop(columns="count")
    span["period"] = f"{years[0]}-{years[-1]}"
    plain = yearly.assign(period=yearly["period"].astype(str))
    return pd.concat([plain, span[plain.columns.intersection(span.columns)]], ignore_index=True)


def t_interval(mean: np.ndarray, spread: np.ndarray, count: np.ndarray, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of Student's t interval of a mean from standard deviations over `count` values."""
    from scipy.special import stdtrit

    enough = count >= 2
    freedom = np.where(enough, count - 1, 1)
    quantile = stdtrit(freedom, 0.5 + level / 2)
    half = np.where(enough, quantile * spread / np.sqrt(np.maximum(count, 1)), np.nan)
    return mean - half, mean + half


def excludes_zero(table: pd.DataFrame) -> pd.Series:
    """Say for each row of a comparison whether its interval lies wholly on one side of zero."""
    return (table["ci_low"] > 0) | (table["ci_high"] < 0)


def _of_years(indicators: pd.DataFrame, years: Sequence[str] | None) -> pd.DataFrame:
    """Keep finite yearly rows, of the given years where any are given."""
    period = indicators["period"].astype(str)
    keep = period.isin(list(years)) if years is not None else period.str.fullmatch(r"\d{4}")
    kept: pd.DataFrame = indicators[keep & np.isfinite(indicators["value"])]
    return kept


def _pairs(yearly: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Put the baseline's value of the same seed, unit and period beside every other policy's."""
    is_baseline = yearly["policy"].astype(str) == baseline
    keys = [*UNIT, "seed"]
    base = yearly.loc[is_baseline, [*keys, "value"]].rename(columns={"value": "value_baseline"})
    pairs = yearly.loc[~is_baseline, [*keys, "policy", "value"]].merge(base, on=keys, how="inner")
    return pairs.assign(difference=pairs["value"] - pairs["value_baseline"])


def _relative(table: pd.DataFrame) -> np.ndarray:
    """Return the difference in per cent of the baseline's size, missing where the baseline is nothing but rounding."""
    size = table["mean_baseline"].abs().to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(size > ROUNDING, 100 * table["difference"].to_numpy() / size, np.nan)
