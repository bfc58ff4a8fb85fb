"""Best response with inertia: each channel moves towards the top of the parabola through three quoted utilities.

Where the three points have no top the move goes as far as allowed uphill; a bound is a corner like any other. Inertia, a limited reach and
small errors keep the rule bounded.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from agents.conduct.protocol import Floats, Situation


class BestResponse:
    """Moves a share of the way to the quoted optimum, channel by channel."""

    name: ClassVar[str] = "best_response"
    label_zh: ClassVar[str] = "最优反应（有惯性）"
    label_en: ClassVar[str] = "Best response with inertia"
    summary: ClassVar[str] = "each channel moves towards the quoted optimum"

    def revise(self, situation: Situation) -> Floats:
        """One bounded step of every decider in every channel."""
        target = quoted_optimum(situation.conduct.T, situation.level, situation.utility, situation.reach).T
        moved = situation.conduct + (1 - situation.inertia) * (target - situation.conduct)
        # errors are proportionate: they never push a channel that pays nothing off its corner
        active = np.abs(moved - situation.lowest) > 1e-9
        moved = moved + situation.noise * situation.error * active
        return np.clip(moved, situation.lowest, situation.highest)


def quoted_optimum(now: Floats, level: Floats, utility: Floats, reach: float) -> Floats:
    """Best level near the present one ``[channel, decider]`` from three quoted points ``[channel, 3, decider]`` a step apart."""
    low, mid, high = level[:, 0], level[:, 1], level[:, 2]
    step = 0.5 * (high - low)
    slope = (utility[:, 2] - utility[:, 0]) / (2 * step)
    bend = (utility[:, 2] - 2 * utility[:, 1] + utility[:, 0]) / step**2
    bent = bend < -1e-12
    top = mid + np.where(bent, slope / np.where(bent, -bend, 1.0), np.sign(slope) * reach)
    # without a top, go at least to the better outer point
    best = np.argmax(utility, axis=1)
    ends = np.where(best == 0, np.minimum(top, low), np.where(best == 2, np.maximum(top, high), top))
    top = np.where(bent, top, ends)
    # utility flat to rounding: nothing to gain, nothing changes
    top = np.where(np.ptp(utility, axis=1) < 1e-12, now, top)
    return np.clip(top, now - reach, now + reach)


RULE = BestResponse
