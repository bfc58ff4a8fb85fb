"""Result tables made small: the few numbers behind each figure, table and sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.comparison import ROUNDING, t_interval, with_span
from experiments.setting import whole_years
from model.calendar import format_month, parse_month
from viz import labels

GROUPS: dict[str, tuple[str, ...]] = {
    "cost": (
        "total_cost_per_head",
        "fund_cost_per_head",
        "cost_per_admission",
        "admissions_per_100",
        "cost_per_visit",
        "visits_per_head",
        "los_days",
        "drug_share",
        "consumable_share",
        "test_share",
        "service_share",
        "drug_per_admission",
        "consumable_per_admission",
        "test_per_admission",
        "service_per_admission",
        "relative_cost",
        "within_group_cost_sd",
        "cmi",
        "point_value",
    ),
    "gaming": (
        "intensity",
        "stay_ratio",
        "coding_gap",
        "upcoded_share",
        "treatment_weight",
        "split_share",
        "readmission_30d",
        "low_threshold_share",
        "refusal_share",
        "shifted_share",
        "recovered_share",
        "detection_rate",
        "audit_precision",
        "false_positive_rate",
        "audit_cost",
        "recovered_per_audit_yuan",
    ),
    "hierarchy": (
        "county_in_share",
        "primary_admission_share",
        "secondary_admission_share",
        "tertiary_admission_share",
        "primary_visit_share",
        "first_contact_primary_share",
        "simple_at_tertiary_share",
        "referrals_up",
        "referrals_down",
        "bed_occupancy",
    ),
    "access": (
        "unmet_need_share",
        "waiting_share",
        "chronic_control_share",
        "avoidable_admissions_per_1000",
        "complications_per_1000",
        "hospital_deaths_per_1000",
        "deaths_per_1000",
        "qaly_per_head",
        "qaly_lost_per_1000",
    ),
    "equity": (
        "oop_per_head",
        "oop_share",
        "in_scope_payment_ratio",
        "che_share",
        "impoverishment_share",
        "oop_concentration_index",
    ),
    "fund": (
        "fund_income",
        "fund_spending",
        "fund_balance",
        "reserve_months",
        "reserve_alert",
        "budget_execution",
        "gap_filled",
        "provider_margin",
        "group_surplus",
    ),
}
"""Which indicators are read together."""
CHANNELS = GROUPS["gaming"][:10]
"""Gaming channels: always shown together, since closing one may open another."""
NEUTRAL = {"intensity": 1.0, "stay_ratio": 1.0}
"""Neutral value of a channel where it is not zero."""
TIERS = ("primary_admission_share", "secondary_admission_share", "tertiary_admission_share")
SEVERITIES = ("mild", "moderate", "severe")
SMOOTHED_MONTHS = 3
NO_PERCENTAGE = ("share", "ratio", "index")
ABSOLUTE_BELOW = 0.05
"""A baseline this near zero gives no sensible percentage: the difference itself is told."""


def switch_month(indicators: pd.DataFrame, years: int) -> str:
    """Return the month in which the policies started: so many years before the table's end."""
    last = max(period for period in indicators["period"].astype(str).unique() if len(period) == 7)
    return format_month(parse_month(last) - 12 * years + 1)


def main_years(indicators: pd.DataFrame, years: int) -> list[str]:
    """Return the calendar years that results are given for: those wholly after the switch."""
    return whole_years(parse_month(switch_month(indicators, years)), 12 * years)


def span_of(years: Sequence[str]) -> str:
    """Return the period that stands for several years together.

    >>> span_of(["2022", "2023"]), span_of(["2022"])
    ('2022-2023', '2022')
    """
    return years[0] if len(years) == 1 else f"{years[0]}-{years[-1]}"


def paths(
    indicators: pd.DataFrame,
    name: str,
    policies: Sequence[str],
    *,
    unit_type: str = "city",
    unit: str | None = None,
    smooth: int = SMOOTHED_MONTHS,
) -> pd.DataFrame:
    """Return an indicator by month and policy: mean over seeds and the ends of its 95 % interval.

    Columns policy, period, mean, low, high, n; a moving average over `smooth` months first, within each run.
    """
    rows = _rows(indicators, [name], unit_type, unit)
    rows = rows[rows["period"].astype(str).str.len() == 7].astype({"policy": str, "period": str})
    wide = rows.pivot_table(index="period", columns=["policy", "seed"], values="value").sort_index()
    smoothed = wide.rolling(smooth, min_periods=1).mean().where(wide.notna()) if len(wide) else wide
    long = _long(smoothed)
    return _in_order(_over_seeds(long, ["policy", "period"]), policies)


def changes(
    indicators: pd.DataFrame, name: str, policies: Sequence[str], baseline: str, since: str, smooth: int = SMOOTHED_MONTHS
) -> pd.DataFrame:
    """Return an indicator's monthly differences from the baseline since a month, paired by seed.

    The same columns as `paths`, without the baseline; no row where the baseline has no value.
    """
    rows = _rows(indicators, [name], "city", None)
    rows = rows[(rows["period"].astype(str).str.len() == 7) & (rows["period"].astype(str) >= since)].astype({"policy": str, "period": str})
    wide = rows.pivot_table(index="period", columns=["policy", "seed"], values="value").sort_index()
    if baseline not in wide.columns.get_level_values(0):
        return _over_seeds(rows.iloc[:0], ["policy", "period"])
    others = [policy for policy in policies if policy != baseline and policy in wide.columns.get_level_values(0)]
    parts = {policy: wide[policy] - wide[baseline] for policy in others}
    gaps = pd.concat(parts, axis=1, names=["policy", "seed"]) if parts else wide.iloc[:, :0]
    long = _long(gaps.rolling(smooth, min_periods=1).mean())
    return _in_order(_over_seeds(long, ["policy", "period"]), policies)


def levels(
    indicators: pd.DataFrame,
    names: Iterable[str],
    policies: Sequence[str],
    years: Sequence[str],
    *,
    unit_type: str = "city",
    each_year: bool = False,
) -> pd.DataFrame:
    """Return levels by policy, unit and indicator over the years: mean over seeds and its 95 % interval.

    Columns policy, period, unit, indicator, mean, low, high, n; with `each_year`, one row a year too.
    """
    rows = _rows(indicators, list(names), unit_type, None)
    rows = rows[rows["period"].astype(str).isin(list(years))]
    if len(rows):
        rows = with_span(rows.astype({"policy": str, "unit": str, "indicator": str, "period": str}))
    if not each_year:
        rows = rows[rows["period"].astype(str) == span_of(years)]
    return _in_order(_over_seeds(rows, ["policy", "period", "unit", "indicator"]), policies)


def differences(comparison: pd.DataFrame, names: Iterable[str], period: str, unit_type: str = "city") -> pd.DataFrame:
    """Return a comparison's rows for some indicators and one period, in the order named.

    With `certain` (the interval excludes zero), and the ends of the interval in per cent of the baseline.
    """
    order = list(names)
    keep = comparison["indicator"].isin(order) & (comparison["unit_type"] == unit_type) & (comparison["period"].astype(str) == period)
    rows = comparison[keep].copy()
    told = ["difference", "ci_low", "ci_high"]
    rows[told] = rows[told].where(rows[told].abs() > ROUNDING, 0.0).where(rows[told].notna())
    rows["certain"] = (rows["ci_low"] > 0) | (rows["ci_high"] < 0)
    size = rows["mean_baseline"].abs()
    size = size.where(size > ROUNDING)
    rows["relative_low"] = 100 * rows["ci_low"] / size
    rows["relative_high"] = 100 * rows["ci_high"] / size
    rank = {name: i for i, name in enumerate(order)}
    return rows.sort_values("indicator", key=lambda column: column.map(rank), kind="stable").reset_index(drop=True)


def has_percentage(name: str, baseline: float) -> bool:
    """Say whether a difference of an indicator is sensibly told in per cent of the baseline: no share or ratio, not near zero."""
    return labels.unit_of(name) not in NO_PERCENTAGE and abs(baseline) > ABSOLUTE_BELOW


def present(indicators: pd.DataFrame, names: Iterable[str], unit_type: str = "city") -> list[str]:
    """Return those of the indicators that the table has."""
    found = set(indicators.loc[indicators["unit_type"] == unit_type, "indicator"].astype(str).unique())
    return [name for name in names if name in found]


def seed_count(manifest: Mapping[str, Any]) -> int:
    """Return the number of simulations behind each mean."""
    return len(manifest.get("seeds") or [1])


def fund_result(indicators: pd.DataFrame, policies: Sequence[str], years: Sequence[str]) -> pd.DataFrame:
    """Return income less spending of the fund per head by policy and year: mean over seeds and its 95 % interval."""
    rows = _rows(indicators, ["fund_income", "fund_spending"], "city", None)
    rows = rows[rows["period"].astype(str).isin(list(years))]
    wide = rows.pivot_table(index=["policy", "seed", "period"], columns="indicator", values="value", observed=True)
    if not {"fund_income", "fund_spending"} <= set(wide.columns):
        return _over_seeds(rows.iloc[:0], ["policy", "period"])
    result = (wide["fund_income"] - wide["fund_spending"]).rename("value").reset_index()
    return _in_order(_over_seeds(result, ["policy", "period"]), policies)


def points_and_value(indicators: pd.DataFrame, policies: Sequence[str], years: Sequence[str]) -> pd.DataFrame:
    """Return coded weight per 100 persons and point value, one row a policy, seed and year where there are points."""
    needed = ["cmi", "admissions_per_100", "point_value"]
    rows = _rows(indicators, needed, "city", None)
    rows = rows[rows["period"].astype(str).isin(list(years))]
    wide = rows.pivot_table(index=["policy", "seed", "period"], columns="indicator", values="value", observed=True)
    if not {*needed} <= set(wide.columns):
        return pd.DataFrame({"policy": [], "seed": [], "period": [], "weight": [], "point_value": []})
    table = wide.dropna().assign(weight=lambda found: found["cmi"] * found["admissions_per_100"]).reset_index()
    return _in_order(table[["policy", "seed", "period", "weight", "point_value"]], policies)


def _rows(indicators: pd.DataFrame, names: Sequence[str], unit_type: str, unit: str | None) -> pd.DataFrame:
    keep: pd.Series = (indicators["unit_type"] == unit_type) & indicators["indicator"].isin(names) & np.isfinite(indicators["value"])
    if unit is not None:
        keep &= indicators["unit"] == unit
    kept: pd.DataFrame = indicators[keep]
    return kept


def _long(wide: pd.DataFrame) -> pd.DataFrame:
    """Turn months by policy and seed into rows, without empty cells."""
    stacked = pd.Series(wide.T.stack(), name="value")
    return stacked.reset_index()


def _over_seeds(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    plain = rows.astype(dict.fromkeys(keys, str))
    table = plain.groupby(keys, sort=False)["value"].agg(["mean", "std", "count"]).reset_index()
    low, high = t_interval(table["mean"].to_numpy(), table["std"].to_numpy(), table["count"].to_numpy())
    return table.drop(columns=["std", "count"]).assign(low=low, high=high, n=table["count"])


def _in_order(table: pd.DataFrame, policies: Sequence[str]) -> pd.DataFrame:
    """Keep the policies named, in that order, and periods in time's."""
    rank = {name: i for i, name in enumerate(policies)}
    kept = table[table["policy"].astype(str).isin(rank)]
    kept = kept.assign(_rank=kept["policy"].map(rank))
    by = ["_rank", "period"] if "period" in kept else ["_rank"]
    return kept.sort_values(by, kind="stable").drop(columns="_rank").reset_index(drop=True)
