"""How a case is treated and what is written down: the channels of conduct as rules on columns, without anybody's intentions.

Which share of which cases a provider acts on is decided elsewhere; here is what each act does to a case's charge, stay, group and record.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.cases import CaseTruth, Columns
from model.catalogue import Catalogue
from model.streams import normals

CHANNELS = (
    "intensity_outpatient",
    "intensity_mild",
    "intensity_moderate",
    "intensity_severe",
    "coding",
    "treatment",
    "splitting",
    "threshold",
    "selection",
    "shift",
    "stay",
    "drug",
    "consumable",
    "test",
)
"""Elements of a provider's conduct, in the order of its vector."""
(Q_OUT, Q_MILD, Q_MODERATE, Q_SEVERE, CODING, TREATMENT, SPLITTING, THRESHOLD, SELECTION, SHIFT, STAY, DRUG, CONSUMABLE, TEST) = range(
    len(CHANNELS)
)
MIX = slice(DRUG, TEST + 1)
"""Tilts of the item mix of stays, in the order of the items."""
NEUTRAL = np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0])
"""What a provider does that lets nothing but need decide."""
LOWEST = np.array([0.5, 0.5, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.6, -0.5, -0.5, -0.5])
HIGHEST = np.array([1.6, 1.6, 1.6, 1.6, 1.0, 1.0, 1.0, 1.0, 1.0, 0.6, 1.5, 0.5, 0.5, 0.5])
"""Bounds of conduct (assumption: beyond them no provider has been described)."""


@dataclass(frozen=True)
class CareRules:
    """What each act is and does (sources: the behaviour file).

    ``eligible_code[severity]``, ``eligible_treat``, ``eligible_split``: shares of cases a channel could act on; ``treat_uplift``: real cost
    of the added procedure over the standard charge; ``split_overhead``: added charge of dividing a stay; ``threshold_pool``: marginal
    outpatients per admission; ``threshold_charge``: their charge over a mild case's; ``costly``: noisy need from which a case is seen as
    costly; ``need_sd`` and ``noise_sd``: log standard deviations of need and of what staff
    misjudge of it; ``finish_share`` and ``finish_levels``: cases whose charge is chosen at the end; ``stay_response``: change of
    days with services; ``daily_share``: part of the standard charge that is charged by the day.
    """

    eligible_code: NDArray[np.float64]
    eligible_treat: float
    eligible_split: float
    treat_uplift: float
    split_overhead: float
    split_first: float
    threshold_pool: float
    threshold_charge: float
    costly: float
    need_sd: float
    noise_sd: float
    finish_share: float
    finish_levels: tuple[float, ...]
    stay_response: float
    daily_share: float


@dataclass
class Eligible(Columns):
    """Masks over cases: which could be written up, treated up, divided, turned away, or finished to a chosen charge."""

    code: NDArray[np.bool_]
    treat: NDArray[np.bool_]
    split: NDArray[np.bool_]
    select: NDArray[np.bool_]
    finish: NDArray[np.bool_]


def eligible(truth: CaseTruth, rules: CareRules, catalogue: Catalogue) -> Eligible:
    """Which channel could act on which case; a fixed property of the case, not of the month or the mode."""
    treat = (truth.u_treat < rules.eligible_treat) & (catalogue.treat_up[truth.group] >= 0)
    code = (truth.u_code < rules.eligible_code[truth.severity]) & (catalogue.code_up[truth.group] >= 0) & ~treat
    split = truth.u_split < rules.eligible_split
    select = (truth.noisy_need > rules.costly) & ~truth.emergency
    finish = (truth.u_split > 1 - rules.finish_share) & ~split
    return Eligible(code, treat, split, select, finish)


def intensity_of(conduct: NDArray[np.float64], provider: NDArray[np.int16], severity: NDArray[np.int8]) -> NDArray[np.float64]:
    """Services given over clinically standard services, by the provider's conduct and the case's severity band."""
    given: NDArray[np.float64] = conduct.ravel().take(provider.astype(np.int64) * conduct.shape[1] + (Q_MILD + severity))
    return given


def stay_days(
    standard: NDArray[np.floating], intensity: NDArray[np.float64], response: float, stay: NDArray[np.float64] | float = 1.0
) -> NDArray[np.float64]:
    """Days: the group's standard stay, moving with intensity (assumption: elasticity ``response``), times conduct's ``stay``."""
    return np.maximum(standard * (1 + response * (intensity - 1)) * stay, 1.0)


def stay_charge(stay: NDArray[np.float64], rules: CareRules) -> NDArray[np.float64]:
    """What a stay of ``stay`` times the usual days is charged, over the charge of a usual one: bed and nursing are charged by the day."""
    charge: NDArray[np.float64] = 1 + rules.daily_share * (stay - 1)
    return charge


def draw_need(uniforms: NDArray[np.float64], rules: CareRules) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Need of cases over their group's mean (lognormal, mean one) and the noisy need seen at the door.

    ``uniforms[n, 4]``: two of each row make two independent normal numbers.
    """
    z0, z1 = normals(uniforms)
    sd = rules.need_sd
    need = np.exp(sd * z0 - 0.5 * sd * sd)
    noisy = need * np.exp(rules.noise_sd * z1 - 0.5 * rules.noise_sd**2)
    return need.astype(np.float32), noisy.astype(np.float32)
