"""What care does to patients: complications, readmission and death by severity and by how far treatment was from the standard.

Harm is convex in under-treatment and in too short a stay, mild in over-treatment and in too long a one; a case turned away or not sought is
harmed like one treated at half the standard.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class OutcomeRules:
    """Probabilities at standard treatment by severity, and their response (sources: the behaviour file).

    ``under`` multiplies the squared shortfall (1 − q)², ``over`` the squared excess; ``untreated`` is the q of a case without care;
    ``short`` and ``long`` are the same of the days of a stay over its usual ones.
    """

    complication: NDArray[np.float64]
    readmission: NDArray[np.float64]
    death: NDArray[np.float64]
    under: float
    over: float
    short: float
    long: float
    untreated: float
    split_harm: float
    quality_loss: NDArray[np.float64]


def risk_factor(rules: OutcomeRules, intensity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Multiplier on every harm: 1 at the standard, convex on both sides, steeper below."""
    return _away(intensity, rules.under, rules.over)


def stay_factor(rules: OutcomeRules, stay: NDArray[np.float64]) -> NDArray[np.float64]:
    """Multiplier on complication and readmission of a stay of so many times its usual days: 1 at the usual, convex on both sides."""
    return _away(stay, rules.short, rules.long)


def _away(level: NDArray[np.float64], below: float, above: float) -> NDArray[np.float64]:
    short, excess = np.maximum(1.0 - level, 0.0), np.maximum(level - 1.0, 0.0)
    factor: NDArray[np.float64] = 1.0 + below * (short**2 + 0.25 * short) + above * excess**2
    return factor


@dataclass(frozen=True)
class Outcomes:
    """Masks over cases: complication, readmission within thirty days, death; and the quality-adjusted life years lost."""

    complication: NDArray[np.bool_]
    readmission: NDArray[np.bool_]
    death: NDArray[np.bool_]
    qaly_loss: NDArray[np.float64]


def draw_outcomes(
    rules: OutcomeRules,
    severity: NDArray[np.int8],
    intensity: NDArray[np.float64],
    stay: NDArray[np.float64],
    split: NDArray[np.bool_],
    frailty: NDArray[np.float32],
    uniforms: NDArray[np.float64],
) -> Outcomes:
    """Outcomes of cases treated at ``intensity`` and kept ``stay`` times the usual days, from three uniforms each ``[n, ≥3]``."""
    factor = risk_factor(rules, intensity) * np.where(split, 1 + rules.split_harm, 1.0) * np.clip(frailty, 0.3, 4.0)
    discharge = stay_factor(rules, stay)
    complication = uniforms[:, 0] < rules.complication[severity] * factor * discharge
    readmission = uniforms[:, 1] < rules.readmission[severity] * factor * discharge
    death = uniforms[:, 2] < rules.death[severity] * factor
    loss = rules.quality_loss[severity] * factor + 0.05 * complication
    return Outcomes(complication, readmission & ~death, death, loss)
