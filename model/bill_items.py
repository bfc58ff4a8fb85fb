"""Splitting the items of a bill by the catalogue: what is first paid by oneself, and what is in scope of insurance (rules B3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.units import PPM, share_of

__all__ = ["CATALOGUE_CLASSES", "split_items"]

Ints = NDArray[np.int64]

CATALOGUE_CLASSES = {"A": 0, "C": PPM}
"""First-self-pay (ppm) of the classes that have one everywhere: 甲类 none, 丙类 and off-list items all. That of 乙类 is the city's."""


def split_items(cost: ArrayLike, first_self_ppm: ArrayLike) -> tuple[Ints, Ints]:
    """What of each item is in scope, and what the patient pays first (先行自付), whatever the deductible and the ratio.

    Args:
        cost: fen of each item, at its catalogue price.
        first_self_ppm: share of each item that is first paid by oneself: 0 for class A, 5 to 20 % for class B, 20 to 50 % for special
            items and implants, all of what is off the list.

    Returns:
        (in scope, own pay), int64 fen, which sum to the cost; the own part is rounded half up, item by item.
    """
    money, ppm = np.broadcast_arrays(np.asarray(cost, dtype=np.int64), np.asarray(first_self_ppm, dtype=np.int64))
    if money.size and (money.min() < 0 or ppm.min() < 0 or ppm.max() > PPM):
        raise ValueError(f"items cost nothing or more, and the first-self-pay is 0 to {PPM} ppm")
    own: Ints = share_of(money, ppm)
    return money - own, own
