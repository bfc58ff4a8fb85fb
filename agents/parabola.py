"""The parabola through three quoted utilities a step apart: what a level near the present one is worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def value_at(level: Floats, utility: Floats, at: Floats) -> Floats:
    """Utility of a level near three quoted ones; levels beyond the outer two count as these: so far the quote has looked.

    Args:
        level, utility: three points a step apart, ``[channel, 3, decider]``.
        at: the level asked for, ``[channel, decider]``.

    >>> at = np.array([[0.1]])
    >>> level = np.array([[[0.0], [0.1], [0.2]]])
    >>> round(float(value_at(level, 1 - level**2, at + 0.05)[0, 0]), 6)
    0.9775
    """
    low, mid, high = utility[:, 0], utility[:, 1], utility[:, 2]
    away = np.clip((at - level[:, 1]) / (0.5 * (level[:, 2] - level[:, 0])), -1.0, 1.0)
    value: Floats = mid + 0.5 * away * (high - low) + 0.5 * away**2 * (high - 2 * mid + low)
    return value
