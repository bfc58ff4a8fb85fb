"""Scales agree: a third of the people gives the same results a head, within sampling noise, when beds and budgets are scaled alike."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from joblib import Parallel, delayed, parallel_config
from numpy.typing import NDArray
from scipy import stats

from model.city import City

SMALL, LARGE = 0.01, 0.03
SEEDS = {SMALL: (11, 12, 13, 14, 15, 16), LARGE: (21, 22, 23, 24)}
"""Other seeds at the other scale: a smaller scale is the beginning of the larger one's people."""
MONTHS = 12
LEVELS = (
    "total_cost_per_head",
    "fund_cost_per_head",
    "oop_per_head",
    "cost_per_admission",
    "admissions_per_100",
    "visits_per_head",
    "los_days",
    "in_scope_payment_ratio",
    "intensity",
    "bed_occupancy",
    "county_in_share",
    "primary_admission_share",
    "tertiary_admission_share",
    "primary_visit_share",
    "chronic_control_share",
    "point_value",
    "fund_income",
    "provider_margin",
)
ACTS = ("upcoded_share", "split_share", "low_threshold_share", "shifted_share", "refusal_share", "unmet_need_share")


def run(scale: float, seed: int) -> pd.DataFrame:
    """A year under points."""
    city = City.load("yuncheng", "dip", scale=scale, seed=seed, burn_in=12)
    city.run_for(MONTHS)
    yearly = city.tables.yearly
    found: pd.DataFrame = yearly[yearly["unit_type"] == "city"].assign(scale=scale, seed=seed)
    return found


@pytest.fixture(scope="module")
def years() -> pd.DataFrame:
    """All runs of both scales."""
    with parallel_config(backend="loky", inner_max_num_threads=1):
        done = Parallel(n_jobs=2)(delayed(run)(scale, seed) for scale in (LARGE, SMALL) for seed in SEEDS[scale])
    whole: pd.DataFrame = pd.concat(done)
    return whole


def of(years: pd.DataFrame, indicator: str, scale: float) -> NDArray[np.float64]:
    """Values over seeds."""
    found: NDArray[np.float64] = years[(years["indicator"] == indicator) & (years["scale"] == scale)]["value"].to_numpy(dtype=np.float64)
    assert len(found) == len(SEEDS[scale])
    return found


def gap(years: pd.DataFrame, indicator: str) -> tuple[float, float, float]:
    """Difference of means over scales, half of its 99.9 % interval (Welch), and the larger scale's mean."""
    small, large = of(years, indicator, SMALL), of(years, indicator, LARGE)
    parts = [values.var(ddof=1) / len(values) for values in (small, large)]
    error = float(np.sqrt(sum(parts)))
    freedom = sum(parts) ** 2 / sum(part**2 / (len(v) - 1) for part, v in zip(parts, (small, large), strict=True)) if error else 1.0
    return float(small.mean() - large.mean()), float(stats.t.ppf(0.9995, freedom) * error), float(large.mean())


@pytest.mark.parametrize("indicator", LEVELS)
def test_levels_agree(years: pd.DataFrame, indicator: str) -> None:
    """Within the noise over seeds, and in any case within three per cent."""
    difference, noise, mean = gap(years, indicator)
    assert abs(difference) < min(noise + 0.002 * abs(mean), max(0.03 * abs(mean), 0.005)), (difference, noise, mean)


@pytest.mark.parametrize("indicator", ACTS)
def test_conduct_agrees(years: pd.DataFrame, indicator: str) -> None:
    """Small shares: within noise, and within half a percentage point."""
    difference, noise, mean = gap(years, indicator)
    assert abs(difference) < min(noise + 1e-3, 0.005), (difference, noise, mean)
