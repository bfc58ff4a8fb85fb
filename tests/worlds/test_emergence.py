"""What payment does to conduct and care must come out by itself: signs the literature agrees on, on paired seeds in Yuncheng.

Every seed has one history under the city's own policy, which is forked into arms that differ in the policy alone. Differences are paired by
seed, and a sign counts only when the 95 % interval of the mean difference excludes zero. Sizes are not asserted here.
"""

from __future__ import annotations

import copy
import dataclasses
import gc
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from joblib import Parallel, delayed, parallel_config
from numpy.typing import NDArray
from scipy import stats

from model.city import City

SEEDS = (1, 2, 3, 4)
SCALE = 0.01
FIRST, SECOND = "2022", "2023"
"""The two years after the switch, which is in January 2022."""
CLOSED = "dip, coding closed"
ARMS = {name: name for name in ("ffs", "quota", "drg", "dip", "capitation", "package", "global")} | {CLOSED: "dip"}

Values = NDArray[np.float64]


def arms_of(seed: int) -> pd.DataFrame:
    """Yearly tables of all arms of one seed, with an ``arm`` column."""
    history = City.load("yuncheng", scale=SCALE, seed=seed, burn_in=12)
    history.run_for(12)
    tables = []
    for arm, policy in ARMS.items():
        city = copy.deepcopy(history)
        if arm == CLOSED:
            city.care = dataclasses.replace(city.care, eligible_code=np.zeros(3))
        city.switch_policy(policy)
        city.run_for(24)
        yearly = city.tables.yearly
        wanted = yearly["unit_type"].isin(["city", "severity"]) & yearly["period"].isin([FIRST, SECOND])
        tables.append(yearly[wanted].assign(arm=arm, seed=seed))
        del city
        gc.collect()  # a model is a reference cycle
    whole: pd.DataFrame = pd.concat(tables)
    return whole


class Arms:
    """Indicators of all arms, a number a seed."""

    def __init__(self, tables: pd.DataFrame) -> None:
        self._value = tables.set_index(["arm", "indicator", "unit", "period", "seed"])["value"].sort_index()

    def of(self, arm: str, indicator: str, unit: str = "yuncheng", period: str = SECOND) -> Values:
        """One number a seed, in the order of ``SEEDS``."""
        found = self._value.loc[arm, indicator, unit, period]
        assert tuple(found.index) == SEEDS
        values: Values = found.to_numpy(dtype=np.float64)
        return values


@pytest.fixture(scope="module")
def arms() -> Arms:
    """All arms of all seeds, simulated once."""
    with parallel_config(backend="loky", inner_max_num_threads=1):
        return Arms(pd.concat(Parallel(n_jobs=2)(delayed(arms_of)(seed) for seed in SEEDS)))


def interval(difference: Values) -> tuple[float, float]:
    """95 % interval of the mean of paired differences."""
    half = stats.t.ppf(0.975, len(difference) - 1) * difference.std(ddof=1) / np.sqrt(len(difference))
    return float(difference.mean() - half), float(difference.mean() + half)


def assert_above(difference: Values) -> None:
    low, high = interval(difference)
    assert low > 0, f"95 % interval {low:.4g} to {high:.4g} over seeds {difference.round(5).tolist()}"


def test_services_are_fewer_when_a_case_is_paid_than_when_a_service_is(arms: Arms) -> None:
    for severity in ("mild", "moderate", "severe"):
        assert_above(arms.of("ffs", "intensity", severity) - arms.of("dip", "intensity", severity))


def test_services_react_more_where_they_matter_less(arms: Arms) -> None:
    gap = {s: arms.of("ffs", "intensity", s) - arms.of("dip", "intensity", s) for s in ("mild", "moderate", "severe")}
    assert_above(gap["mild"] - gap["moderate"])
    assert_above(gap["moderate"] - gap["severe"])


def test_case_payment_raises_what_is_written_down(arms: Arms) -> None:
    for arm in ("drg", "dip"):
        assert_above(arms.of(arm, "coding_gap") - arms.of("ffs", "coding_gap"))
        assert_above(arms.of(arm, "upcoded_share") - arms.of("ffs", "upcoded_share"))


def test_own_pay_that_counts_towards_the_price_is_not_shifted_to_patients(arms: Arms) -> None:
    """Under settlement by difference a fen moved outside the catalogue brings nothing; under points it stays with the hospital."""
    assert_above(arms.of("dip", "shifted_share") - arms.of("drg", "shifted_share"))


def test_a_hard_budget_cuts_what_the_fund_spends(arms: Arms) -> None:
    assert_above(arms.of("ffs", "fund_cost_per_head") - arms.of("global", "fund_cost_per_head"))


def test_the_point_value_falls_as_coded_points_rise(arms: Arms) -> None:
    """The same people, budget and posted points in the first year; in one arm no case can be written up."""
    assert_above(arms.of("dip", "coding_gap", period=FIRST) - arms.of(CLOSED, "coding_gap", period=FIRST))
    assert_above(arms.of(CLOSED, "point_value", period=FIRST) - arms.of("dip", "point_value", period=FIRST))


def test_a_sum_an_admission_divides_stays(arms: Arms) -> None:
    assert_above(arms.of("quota", "split_share") - arms.of("ffs", "split_share"))


def test_after_a_quota_case_payment_means_dearer_and_fewer_admissions(arms: Arms) -> None:
    assert_above(arms.of("dip", "cost_per_admission") - arms.of("quota", "cost_per_admission"))
    assert_above(arms.of("quota", "admissions_per_100") - arms.of("dip", "admissions_per_100"))


def test_after_fees_for_service_case_payment_means_cheaper_admissions(arms: Arms) -> None:
    assert_above(arms.of("ffs", "cost_per_admission") - arms.of("dip", "cost_per_admission"))


@pytest.mark.parametrize("other", ["ffs", "capitation"])
def test_a_package_that_bears_outflow_keeps_patients_in_the_county(arms: Arms, other: str) -> None:
    assert_above(arms.of("package", "county_in_share") - arms.of(other, "county_in_share"))


def test_a_fixed_price_shortens_stays_and_fees_lengthen_them(arms: Arms) -> None:
    for fixed in ("drg", "dip"):
        assert_above(arms.of("ffs", "stay_ratio") - arms.of(fixed, "stay_ratio"))


def apart(arms: Arms, measure: str) -> list[tuple[str, str, float, float]]:
    """Pairs of policies that differ beyond a 95 % interval for all pairs together: mean of the difference, half width.

    Tukey's intervals in blocks: every seed is a block, and what neither policy nor seed explains is noise.
    """
    names = [arm for arm in ARMS if arm != CLOSED]
    value = np.stack([arms.of(name, measure) for name in names])
    noise = value - value.mean(axis=0) - value.mean(axis=1, keepdims=True) + value.mean()
    free = (len(names) - 1) * (len(SEEDS) - 1)
    spread = np.sqrt((noise**2).sum() / free)
    half = float(stats.studentized_range.ppf(0.95, len(names), free) * spread / np.sqrt(len(SEEDS)))
    gaps = ((one, other, float((arms.of(one, measure) - arms.of(other, measure)).mean())) for one, other in combinations(names, 2))
    return [(one, other, gap, half) for one, other, gap in gaps if abs(gap) > half]


HEALTH = (
    "qaly_lost_per_1000",
    "complications_per_1000",
    "hospital_deaths_per_1000",
    "readmission_30d",
    "avoidable_admissions_per_1000",
    "chronic_control_share",
    "unmet_need_share",
)


@pytest.mark.parametrize("measure", ["qaly_lost_per_1000", "complications_per_1000", "readmission_30d"])
def test_payment_reaches_patients_well_above_noise(arms: Arms, measure: str) -> None:
    """The spread of health over the pure policies; ``-s`` shows the whole table."""
    for name in HEALTH:
        print(f"\n{name:32}" + "".join(f"{arm} {arms.of(arm, name).mean():.4f}  " for arm in ARMS), end="")
    found = apart(arms, measure)
    print(f"\n{measure}", *(f"{one} - {other} {mean:+.4f} ± {half:.4f}" for one, other, mean, half in found), sep="\n  ")
    assert found
