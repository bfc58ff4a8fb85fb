"""Sums of columns by cell, added in the order of cases, so that months one after the other give what they give one below the other."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray


@nb.njit(cache=True)
def add_by_cell(totals: NDArray[np.float64], cell: NDArray[np.int64], measure: NDArray[np.int64], values: NDArray[np.float64]) -> None:
    """Adds ``values[i, case]`` to ``totals[cell[case], measure[i]]``, in place."""
    for i in range(len(measure)):
        for k in range(len(cell)):
            totals[cell[k], measure[i]] += values[i, k]
