"""Stays outside the city: three ways in which cities make them dearer, and who counts as referred (rules B5)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.units import PPM

__all__ = ["ENCODINGS", "Penalties", "penalties_of", "referral_of"]


class Penalties(NamedTuple):
    """What a stay without the usual way costs more, by referral (``REFERRALS``), in ppm: first-self-pay, points cut, deductible factor."""

    first_self: tuple[int, int, int]
    cut: tuple[int, int, int]
    factor: tuple[int, int, int]


ENCODINGS = ("first_self_pay", "point_cut", "deductible_and_cut")
"""Ways of saying it (rules B5): a part of the cost is paid first, points off the ratio, or a factor on the deductible and points off."""


def penalties_of(encoding: str, referred_ppm: int, unreferred_ppm: int, deductible_factor: float = 1.0) -> Penalties:
    """The tables of an encoding: what is paid first, or cut, of who is referred and of who is not (rules B5 a, b, c).

    >>> penalties_of("deductible_and_cut", 50_000, 150_000, 2.0).factor
    (1000000, 2000000, 2000000)
    """
    off, none, factor = (0, referred_ppm, unreferred_ppm), (0, 0, 0), round(deductible_factor * PPM)
    first = encoding == "first_self_pay"
    return Penalties(off if first else none, none if first else off, (PPM, factor, factor))


def referral_of(outside: NDArray[np.bool_], emergency: NDArray[np.bool_], registered: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Code in ``REFERRALS`` of each stay: an emergency counts as referred (rules B5)."""
    return np.where(outside, np.where(emergency | registered, 1, 2), 0).astype(np.uint8)
