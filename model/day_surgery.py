"""Day surgery in the benefits: which stays count as one, and how many of them a patient may expect (rules E8)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from model.codes import SEVERITIES, TIERS

__all__ = ["expected_share", "is_day_surgery"]

Floats = NDArray[np.float64]


def is_day_surgery(operative: NDArray[np.bool_], stay: NDArray[np.integer], longest: NDArray[np.integer]) -> NDArray[np.uint8]:
    """1 for every stay written into an operative group that is no longer than its scheme allows, in days."""
    return (operative & (stay <= longest)).astype(np.uint8)


def expected_share(
    cases: Floats,
    operative: NDArray[np.bool_],
    least_tier: NDArray[np.integer],
    standard_stay: Floats,
    need_sd: float,
    longest: NDArray[np.integer],
) -> Floats:
    """Share of day surgery among the stays ``[scheme, severity × least tier]`` that are needed, treated by the standard.

    Args:
        cases: ``[scheme, group, severity]`` needs for a stay.
        operative: ``[group]`` whether an operation defines it.
        least_tier: ``[group]`` lowest tier able to treat, which with the severity makes the class of a need.
        standard_stay: ``[scheme, group]`` days at mean need; they go with the root of need, which is lognormal with mean one.
        need_sd: standard deviation of its logarithm, above zero.
        longest: ``[scheme]`` days up to which a stay counts; 0: none does.
    """
    # a stay is written in whole days, at least one
    room = 2 * np.log((longest[:, None] + 0.5) / standard_stay) + 0.5 * need_sd**2
    short = np.where(operative & (longest > 0)[:, None], ndtr(room / need_sd), 0.0)
    share = np.zeros((len(cases), len(SEVERITIES), len(TIERS)))
    for tier in range(len(TIERS)):
        able = least_tier == tier
        needed = cases[:, able].sum(axis=1)
        counted = (cases[:, able] * short[:, able, None]).sum(axis=1)
        share[:, :, tier] = np.divide(counted, needed, out=np.zeros_like(needed), where=needed > 0)
    return share.reshape(len(cases), -1)
