"""Study designs of the evaluation literature, run on series as a bureau would have them: before and after, with and without a control."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LAGS = 3
"""Months over which errors of a series may be related (Newey and West 1987; a decision period of conduct)."""


@dataclass(frozen=True)
class Estimate:
    """An effect as a study would report it: mean over the months after the switch, 95 % interval, p value."""

    effect: float
    low: float
    high: float
    p: float


def segmented(series: Floats, before: int) -> Estimate:
    """Interrupted time series: level and slope may change with the switch after ``before`` months; Newey–West errors.

    The effect is the mean over the later months of what differs from the earlier trend, carried on (Wagner and others 2002,
    *Journal of Clinical Pharmacy and Therapeutics* 27 299).
    """
    month = np.arange(len(series), dtype=float)
    after = month >= before
    since = np.where(after, month - before, 0.0)
    fitted = sm.OLS(series, np.column_stack([np.ones(len(series)), month, after, since])).fit(cov_type="HAC", cov_kwds={"maxlags": LAGS})
    return _contrast(fitted, [0.0, 0.0, 1.0, since[after].mean()])


def controlled(series: Floats, control: Floats, before: int) -> Estimate:
    """Controlled interrupted time series: :func:`segmented` on the difference from a series that nothing was done to."""
    return segmented(series - control, before)


def difference_in_differences(panel: pd.DataFrame, before: int) -> Estimate:
    """Two-way fixed effects with errors clustered by place.

    Args:
        panel: columns ``place``, ``month`` (from 0), ``treated`` and ``value``, every place in every month.
        before: months before the switch.
    """
    wide = panel.pivot_table(index="place", columns="month", values="value")
    treated = panel.groupby("place")["treated"].first().loc[wide.index].to_numpy(dtype=float)
    value = wide.to_numpy(dtype=float)
    exposed = treated[:, None] * (np.arange(value.shape[1]) >= before)
    places = np.repeat(np.arange(len(value)), value.shape[1])
    fitted = sm.OLS(_within(value).ravel(), _within(exposed).ravel()).fit(cov_type="cluster", cov_kwds={"groups": places})
    return _contrast(fitted, [1.0])


def _within(table: Floats) -> Floats:
    """A table less its row and column means: fixed effects of places and months."""
    rows, columns = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    within: Floats = table - rows - columns + table.mean()
    return within


def _contrast(fitted: sm.regression.linear_model.RegressionResults, weights: list[float]) -> Estimate:
    test = fitted.t_test(np.array(weights))
    low, high = np.ravel(test.conf_int())
    return Estimate(float(np.ravel(test.effect)[0]), float(low), float(high), float(np.ravel(test.pvalue)[0]))
