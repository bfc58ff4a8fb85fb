"""Study designs on series whose effect is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from experiments.study_designs import controlled, difference_in_differences, segmented

MONTHS = np.arange(48, dtype=float)
AFTER = MONTHS >= 24
NOISE = np.random.default_rng(1).normal(0, 0.1, 48)


def test_a_step_on_a_trend_is_found_and_the_trend_is_not() -> None:
    found = segmented(3.0 + 0.2 * MONTHS + 2.0 * AFTER + NOISE, 24)
    assert found.low < 2.0 < found.high
    assert found.effect == pytest.approx(2.0, abs=0.15)
    assert segmented(3.0 + 0.2 * MONTHS + NOISE, 24).p > 0.05


def test_a_change_of_slope_counts_with_its_mean_over_the_later_months() -> None:
    found = segmented(0.1 * np.where(AFTER, MONTHS - 24, 0.0) + NOISE, 24)
    assert found.effect == pytest.approx(0.1 * 11.5, abs=0.15)


def test_what_happens_everywhere_is_the_control_s_too() -> None:
    shock = 5.0 * AFTER + 0.3 * MONTHS
    found = controlled(shock + 1.0 * AFTER + NOISE, shock, 24)
    assert found.effect == pytest.approx(1.0, abs=0.15)
    assert segmented(shock + 1.0 * AFTER + NOISE, 24).effect == pytest.approx(6.0, abs=0.15)


def panel(effect: float) -> pd.DataFrame:
    """Ten places with levels of their own, a common course, and an effect on half of them from month 24 on."""
    rng = np.random.default_rng(2)
    rows = []
    for place in range(10):
        treated = place < 5
        value = place + np.sin(MONTHS) + effect * (AFTER & treated) + rng.normal(0, 0.05, 48)
        rows.append(pd.DataFrame({"place": f"p{place}", "month": MONTHS.astype(int), "treated": int(treated), "value": value}))
    return pd.concat(rows)


def test_difference_in_differences_takes_levels_and_common_course_away() -> None:
    found = difference_in_differences(panel(0.5), 24)
    assert found.effect == pytest.approx(0.5, abs=0.03)
    assert found.low < 0.5 < found.high
    assert found.p < 0.001


def test_difference_in_differences_finds_nothing_where_nothing_was_done() -> None:
    assert difference_in_differences(panel(0.0), 24).p > 0.05
