"""What care does to patients: complications, readmission and death by severity and by how far treatment was from the standard.

Harm is convex in under-treatment and in too short a stay, mild in over-treatment and in too long a one. Whoever is turned away or waits
loses by the delay; a case without care is harmed like one treated at half the standard; a stay without need has risks and no use.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OutcomeRules:
    """Probabilities at standard treatment by severity, and their response (sources: the behaviour file).

    ``under[severity]`` multiplies the squared shortfall (1 − q)² and a quarter of the shortfall, ``over[severity]`` the squared excess;
    ``untreated`` is the q of a case without care; ``short`` and ``long`` are the same of the days of a stay over its usual ones.
    ``split_harm`` and ``delay[severity]`` are shares added to every risk, ``needless`` the part of a mild case's risks that the hospital
    itself brings. Quality-adjusted life years: ``quality_loss[severity]`` of an episode, ``complication_loss``, ``death_loss``,
    ``visit_loss`` of a visit that is not made, ``chronic_loss`` of a year with chronic disease and ``uncontrolled_loss`` of one out of
    control. ``control`` is the share of a visit's chance to bring control that is lost per share of its services withheld.
    """

    complication: Floats
    readmission: Floats
    death: Floats
    under: Floats
    over: Floats
    short: float
    long: float
    untreated: float
    split_harm: float
    delay: Floats
    needless: float
    quality_loss: Floats
    complication_loss: float
    death_loss: float
    visit_loss: float
    chronic_loss: float
    uncontrolled_loss: float
    control: float


def risk_factor(rules: OutcomeRules, intensity: Floats, severity: NDArray[np.int8]) -> Floats:
    """Multiplier on every harm: 1 at the standard, convex on both sides, steeper below."""
    return _away(intensity, rules.under[severity], rules.over[severity])


def stay_factor(rules: OutcomeRules, stay: Floats) -> Floats:
    """Multiplier on complication and readmission of a stay of so many times its usual days: 1 at the usual, convex on both sides."""
    return _away(stay, rules.short, rules.long)


def _away(level: Floats, below: float | Floats, above: float | Floats) -> Floats:
    short, excess = np.maximum(1.0 - level, 0.0), np.maximum(level - 1.0, 0.0)
    factor: Floats = 1.0 + below * (short**2 + 0.25 * short) + above * excess**2
    return factor


def risk_of(
    rules: OutcomeRules,
    severity: NDArray[np.int8],
    intensity: Floats,
    split: NDArray[np.bool_],
    delayed: NDArray[np.bool_],
    frailty: NDArray[np.float32],
) -> Floats:
    """Every risk of needed care over that at the standard: services, a divided stay, a delay, and how frail the person is."""
    added = np.where(split, 1 + rules.split_harm, 1.0) * np.where(delayed, 1 + rules.delay[severity], 1.0)
    risk: Floats = risk_factor(rules, intensity, severity) * added * frailty_factor(frailty)
    return risk


def frailty_factor(frailty: NDArray[np.float32]) -> Floats:
    """Multiplier of frailty on risks, within bounds."""
    factor: Floats = np.clip(frailty, 0.3, 4.0).astype(np.float64)
    return factor


@dataclass(frozen=True)
class Outcomes:
    """Masks over cases: complication, readmission within thirty days, death; and the quality-adjusted life years lost."""

    complication: NDArray[np.bool_]
    readmission: NDArray[np.bool_]
    death: NDArray[np.bool_]
    qaly_loss: Floats


def draw_outcomes(rules: OutcomeRules, severity: NDArray[np.int8], risk: Floats, stay: Floats, uniforms: Floats) -> Outcomes:
    """Outcomes of cases of a ``risk`` kept ``stay`` times the usual days, from three uniforms each ``[n, ≥3]``."""
    discharge = stay_factor(rules, stay)
    complication = uniforms[:, 0] < rules.complication[severity] * risk * discharge
    readmission = uniforms[:, 1] < rules.readmission[severity] * risk * discharge
    death = uniforms[:, 2] < rules.death[severity] * risk
    loss = rules.quality_loss[severity] * risk + rules.complication_loss * complication
    return Outcomes(complication, readmission & ~death, death, loss)


def visits_loss(rules: OutcomeRules, intensity: Floats) -> Floats:
    """Life years lost by visits at an intensity: by the excess risk of a mild case, as parts of what a visit not made loses."""
    loss: Floats = rules.visit_loss * (_away(intensity, rules.under[0], rules.over[0]) - 1.0)
    return loss


def control_effort(rules: OutcomeRules, intensity: Floats) -> Floats:
    """Factor on the chance that a chronic visit brings control: what is withheld is missed, what is in excess does not help."""
    effort: Floats = np.maximum(1.0 - rules.control * np.maximum(1.0 - intensity, 0.0), 0.0)
    return effort
