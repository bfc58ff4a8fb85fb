"""Provider utility: profit as far as it reaches the deciders, patient benefit, and the moral cost of distortion (``model.md`` §5).

    U = [ λ·(R − κ·ΣC − sanctions) + α·benefit − moral ] / S        S = Σ standard charges

R and the sanctions come from the quote; benefit and moral cost are here. Numbers and their sources are in the behaviour file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.care import CODING, NEUTRAL, Q_SEVERE

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class UtilityRules:
    """What providers and groups weigh.

    ``moral[channel]`` weights; ``benefit[4]`` curvature of patient benefit for outpatient, mild, moderate and severe care and
    ``stay_benefit[3]`` in the length of stay by severity, weighted ``above`` and ``below`` the standard, and ``mix_benefit`` in the mix of
    items; benefit lost per yuan of charge of a refusal (times ``severity_weight[3]``), a divided stay, a needless admission and a shifted
    yuan; ``keep_moral``, ``keep_harm``, ``down_moral``, ``down_harm`` of a group's referral.
    """

    moral: Floats
    benefit: Floats
    stay_benefit: Floats
    mix_benefit: float
    severity_weight: Floats
    above: float
    below: float
    refusal_harm: float
    split_harm: float
    threshold_harm: float
    shift_harm: float
    keep_moral: float
    keep_harm: float
    down_moral: float
    down_harm: float


def benefit_of_intensity(rules: UtilityRules, band: int, level: Floats) -> Floats:
    """Benefit per yuan of standard charge at an intensity: concave, zero at the standard, steeper below it."""
    return -harm_of_intensity(rules, rules.benefit[band], level)


def harm_of_intensity(rules: UtilityRules, curvature: float | Floats, level: float | Floats) -> Floats:
    """Benefit lost per yuan of standard charge at an intensity, for a curvature or one a case."""
    off = level - 1.0
    harm: Floats = 0.5 * curvature * np.where(off < 0, rules.below, rules.above) * off**2
    return harm


def moral_cost(rules: UtilityRules, channel: int, level: Floats) -> Floats:
    """Moral cost per yuan of eligible charge at a level: cubic for coding, quadratic in the distance from neutral for the others."""
    if channel <= Q_SEVERE:
        return np.zeros_like(level)
    power = 3 if channel == CODING else 2
    cost: Floats = rules.moral[channel] / power * (level - NEUTRAL[channel]) ** power
    return cost
