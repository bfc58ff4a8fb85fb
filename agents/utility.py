"""Provider utility: profit as far as it reaches the deciders, patient benefit, and the moral cost of distortion (``model.md`` §5).

    U = [ λ·(R − κ·ΣC − sanctions) + α·benefit − moral ] / S        S = Σ standard charges

R and the sanctions come from the quote; benefit and moral cost are here. Numbers and their sources are in the behaviour file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.care import CODING, Q_SEVERE

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class UtilityRules:
    """``moral[channel]`` weights; ``benefit[4]`` curvature of patient benefit for outpatient, mild, moderate and severe care; benefit lost
    per yuan of charge of a refusal (times ``severity_weight[3]``), a divided stay, a needless admission and a shifted yuan; ``keep_moral``,
    ``keep_harm``, ``down_moral``, ``down_harm`` of a group's referral."""

    moral: Floats
    benefit: Floats
    severity_weight: Floats
    refusal_harm: float
    split_harm: float
    threshold_harm: float
    shift_harm: float
    keep_moral: float
    keep_harm: float
    down_moral: float
    down_harm: float


def benefit_of_intensity(rules: UtilityRules, band: int, level: Floats) -> Floats:
    """Benefit per yuan of standard charge at an intensity: concave, zero at the standard, twice as steep below it."""
    off = level - 1.0
    benefit: Floats = -0.5 * rules.benefit[band] * np.where(off < 0, 2.0, 1.0) * off**2
    return benefit


def moral_cost(rules: UtilityRules, channel: int, level: Floats) -> Floats:
    """Moral cost per yuan of eligible charge at a level: cubic for coding, quadratic for the other channels."""
    if channel <= Q_SEVERE:
        return np.zeros_like(level)
    power = 3 if channel == CODING else 2
    cost: Floats = rules.moral[channel] / power * level**power
    return cost
