"""Auxiliary coefficients (辅助目录系数, rules E5): what subtypes cost beside their group, where telling them apart helps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.payment.protocol import Floats


def coefficient_of(subtype_mean: Floats, group_mean: Floats, cv_before: Floats, cv_after: Floats, gate: float) -> tuple[Floats, Floats]:
    """m_subtype / M_group, and the fall of the coefficient of variation; NaN where that fall is less than ``gate`` (rules E5)."""
    drop = np.divide(cv_before - cv_after, cv_before, out=np.zeros_like(cv_before), where=cv_before > 0)
    ratio = np.divide(subtype_mean, group_mean, out=np.full_like(subtype_mean, np.nan), where=group_mean > 0)
    return np.where(drop >= gate, ratio, np.nan), drop


def auxiliary_coefficients(
    group: NDArray[Any], subtype: NDArray[Any], charge: Floats, shape: tuple[int, int], least_cases: float, gate: float
) -> Floats:
    """Coefficients ``[group, subtype]`` from a year's cases, NaN where none is made.

    A subtype needs ``least_cases`` cases and its group a spread that falls by ``gate`` when the subtypes are told apart: the subtypes'
    coefficients of variation, weighted with their cases, against the group's (the weighting is an assumption, the rule names the fall).

    Args:
        group: group of each case.
        subtype: subtype of each case.
        charge: cost of each case, fen.
        shape: numbers of groups and of subtypes.
        least_cases: fewest cases of a subtype.
        gate: least fall of the coefficient of variation.
    """
    n_groups, n_subtypes = shape
    cell = np.asarray(group, dtype=np.int64) * n_subtypes + subtype
    count = np.bincount(cell, minlength=n_groups * n_subtypes).reshape(shape).astype(float)
    cost = np.bincount(cell, weights=charge, minlength=count.size).reshape(shape)
    square = np.bincount(cell, weights=charge * charge, minlength=count.size).reshape(shape)
    total = count.sum(axis=1)
    mean, spread = _mean_and_cv(count, cost, square)
    whole_mean, whole_spread = _mean_and_cv(total, cost.sum(axis=1), square.sum(axis=1))
    after = np.divide((count * spread).sum(axis=1), total, out=np.zeros(n_groups), where=total > 0)
    mean_g, before, after = (np.repeat(part[:, None], n_subtypes, axis=1) for part in (whole_mean, whole_spread, after))
    found, _ = coefficient_of(mean, mean_g, before, after, gate)
    return np.where((count >= least_cases) & (count > 0), found, np.nan)


def _mean_and_cv(count: Floats, total: Floats, square: Floats) -> tuple[Floats, Floats]:
    """Mean and coefficient of variation from sums; 0 where there is nothing."""
    zero = np.zeros_like(count)
    mean = np.divide(total, count, out=zero.copy(), where=count > 0)
    variance = np.divide(square, count, out=zero.copy(), where=count > 0) - mean * mean
    return mean, np.divide(np.sqrt(np.maximum(variance, 0.0)), mean, out=zero, where=mean > 0)
