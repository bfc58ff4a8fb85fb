"""Days in bed as money, by segments of a stay, and that money as points (rules F1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.payment.protocol import Floats

Segments = Sequence[tuple[float, float, float]]
"""``(from day, to day, part of the price)``, upwards from day 0 without gap; no segments: every day at the full price."""


def priced_days(stay: NDArray[np.floating], segments: Segments) -> Floats:
    """Days of each stay, each counted with the part of the price that its segment is paid.

    Days beyond the last segment count for the lowest part of all (rules F1). ``stay`` may have parts of days.
    """
    days: Floats = np.maximum(stay.astype("float64"), 0.0)
    if not segments:
        return days
    counted = np.zeros_like(days)
    for start, end, part in segments:
        counted += part * np.clip(days - start, 0.0, end - start)
    lowest = min(part for _, _, part in segments)
    counted += lowest * np.maximum(days - segments[-1][1], 0.0)
    return counted


def day_points(price: Floats | float, days: Floats | float, city_mean: float, points_of_mean: float = 100.0) -> Floats | float:
    """Points of days at a price: what they come to over the city's mean cost of a case, which has ``points_of_mean`` (rules F1, D4)."""
    return price * days / city_mean * points_of_mean
