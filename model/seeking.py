"""Whether and where care is sought: a price response, then level of care first and facility second (nested logit).

Utility has no individual term, so probabilities are tabled once a month by area, scheme and class of need; a person's draw then only looks
up. Benefit rules act through the price alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import NDArray

from model.codes import DIALYSIS, NEED_KINDS, SEVERITIES, TIERS, VISIT_KINDS
from model.streams import BLOCKS, draw, u01

CLASSES = (
    *VISIT_KINDS,
    *(f"inpatient/{severity}/{least}" for severity in SEVERITIES for least in TIERS),
)
"""Classes of need the tables distinguish: the kinds of outpatient need, in the order of their codes, and inpatient need by severity and
least tier able to treat."""
N_CLASSES = len(CLASSES)
N_VISIT_CLASSES = len(VISIT_KINDS)
N_STAY_CLASSES = N_CLASSES - N_VISIT_CLASSES
_BLOCK_OF_STAYS = len(NEED_KINDS)
"""Block of random numbers of choices that are not of a visit now and then: stays, and dialysis, which is another decision."""
OUTSIDE = 3
"""Position of care outside the city among the level constants."""


def inpatient_class(severity: NDArray[np.integer], least_tier: NDArray[np.integer]) -> NDArray[np.int8]:
    """Class of an inpatient need."""
    return (N_VISIT_CLASSES + len(TIERS) * severity.astype(np.int8) + least_tier.astype(np.int8)).astype(np.int8)


@dataclass(frozen=True)
class ChoiceRules:
    """Weights of the choice (sources: the city file).

    ``cost_per_yuan`` < 0; ``travel_per_minute[class]`` < 0; ``quality[class]`` per unit of perceived quality; ``waiting`` < 0 per unit of
    occupancy above 0.8; ``nest`` dissimilarity within a level, 0 < nest ≤ 1; ``constant[scheme, level]`` of stays and ``visit_constant`` of
    visits at primary, secondary, tertiary institutions and outside the city; ``elasticity[class]`` of seeking at all with price;
    ``sought[class]`` the share that seeks at the reference price.
    """

    cost_per_yuan: float
    travel_per_minute: NDArray[np.float64]
    quality: NDArray[np.float64]
    waiting: float
    nest: float
    constant: NDArray[np.float64]
    visit_constant: NDArray[np.float64]
    elasticity: NDArray[np.float64]
    sought: NDArray[np.float64]


@dataclass(frozen=True)
class Reference:
    """Where people went and what they expected to pay when the price response was set.

    ``choice[area, scheme, class, slot]`` probabilities; ``price[area, scheme, class]`` yuan.
    """

    choice: NDArray[np.float64]
    price: NDArray[np.float64]


def choice_probabilities(
    rules: ChoiceRules,
    slots: NDArray[np.int16],
    minutes: NDArray[np.float64],
    tier: NDArray[np.int8],
    local: NDArray[np.bool_],
    dialyses: NDArray[np.bool_],
    price_yuan: NDArray[np.float64],
    perceived: NDArray[np.float64],
    occupancy: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Probability of each option ``[area, scheme, class, slot]``.

    ``price_yuan[provider, scheme, class]`` is what the patient expects to pay; ``perceived[area, provider]`` the neighbourhood's opinion;
    ``dialyses[provider]`` says who has a dialysis unit (where none is within reach, nobody is chosen for it).
    """
    open_slot = slots >= 0
    p = np.where(open_slot, slots, 0)
    level = tier[p]
    area = np.arange(len(slots))[:, None]
    # axes from here: area, scheme, slot, class
    utility = rules.cost_per_yuan * price_yuan[p].transpose(0, 2, 1, 3)
    utility = utility + rules.travel_per_minute * minutes[:, None, :, None]
    utility = utility + rules.quality * perceived[area, p][:, None, :, None]
    # no bed is waited for at a dialysis unit
    utility = utility + rules.waiting * np.maximum(occupancy[p] - 0.8, 0.0)[:, None, :, None] * (np.arange(N_CLASSES) != DIALYSIS)
    constant = np.concatenate(
        [
            np.repeat(rules.visit_constant[:, :, None], N_VISIT_CLASSES, axis=2),
            np.repeat(rules.constant[:, :, None], N_STAY_CLASSES, axis=2),
        ],
        axis=2,
    )
    utility = utility + constant[:, np.where(local[p], level, OUTSIDE), :].transpose(1, 0, 2, 3)
    able = np.ones((len(slots), 1, slots.shape[1], N_CLASSES), dtype=bool) & open_slot[:, None, :, None]
    able[..., DIALYSIS] &= dialyses[p][:, None, :]
    for c in range(N_VISIT_CLASSES, N_CLASSES):
        able[..., c] &= (level >= (c - N_VISIT_CLASSES) % len(TIERS))[:, None, :]
    utility = np.where(able, utility, -np.inf)
    return np.moveaxis(_nested(utility, level, rules.nest), 2, 3)


def _nested(utility: NDArray[np.float64], level: NDArray[np.int8], nest: float) -> NDArray[np.float64]:
    """Nested logit over slots (axis 2) with levels of care as nests."""
    scaled = utility / nest
    top = scaled.max(axis=2, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    weight = np.exp(scaled - top)
    inclusive = np.zeros_like(weight)
    for t in range(3):
        member = (level == t)[:, None, :, None]
        total = np.where(member, weight, 0.0).sum(axis=2, keepdims=True)
        # P(slot) = P(level) · P(slot | level), P(level) ∝ total^nest
        share = np.divide(weight, total, out=np.zeros_like(weight), where=(total > 0) & member)
        inclusive = np.where(member, share * total**nest, inclusive)
    whole = inclusive.sum(axis=2, keepdims=True)
    return np.divide(inclusive, whole, out=np.zeros_like(inclusive), where=whole > 0)


def mean_price(probability: NDArray[np.float64], slots: NDArray[np.int16], price_yuan: NDArray[np.float64]) -> NDArray[np.float64]:
    """Expected price ``[area, scheme, class]`` of the facilities people would go to."""
    priced = np.transpose(price_yuan[np.where(slots >= 0, slots, 0)], (0, 2, 3, 1))
    expected: NDArray[np.float64] = (probability * priced).sum(axis=3)
    return expected


def sought_share(rules: ChoiceRules, price: NDArray[np.float64], reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of needs that are taken to a facility: constant elasticity around the reference price, at most one."""
    ratio = np.maximum(price, 1.0) / np.maximum(reference, 1.0)
    return np.clip(rules.sought * ratio**rules.elasticity, 0.0, 1.0)


@nb.njit(parallel=True, cache=True)
def choose(
    seed: int,
    month: int,
    decision: int,
    uid: NDArray[np.uint64],
    row: NDArray[np.int32],
    area: NDArray[np.int16],
    scheme: NDArray[np.uint8],
    cls: NDArray[np.int8],
    cumulative: NDArray[np.float32],
    slots: NDArray[np.int16],
    sought: NDArray[np.float32],
) -> NDArray[np.int16]:
    """Provider of each need, or -1 where no care is sought or none is within reach.

    One Philox call a need, addressed by person, month, decision and class.
    """
    out = np.empty(len(row), dtype=np.int16)
    k0, k1 = np.uint32(seed & 0xFFFFFFFF), np.uint32((seed >> 32) & 0xFFFFFFFF)
    for i in nb.prange(len(row)):
        r = row[i]
        c = cls[i]
        a, s = area[r], scheme[r]
        w0, w1, _, _ = draw(k0, k1, np.uint32(decision), np.uint32(month * BLOCKS + min(c, _BLOCK_OF_STAYS)), uid[r])
        if u01(w0) >= sought[a, s, c]:
            out[i] = -1
            continue
        if cumulative[a, s, c, -1] <= 0:  # nobody within reach can treat it
            out[i] = -1
            continue
        u = u01(w1)
        j = 0
        while j < cumulative.shape[3] - 1 and u >= cumulative[a, s, c, j]:
            j += 1
        while j > 0 and slots[a, j] < 0:
            j -= 1
        out[i] = slots[a, j]
    return out
