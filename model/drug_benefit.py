"""The drug benefit for hypertension and diabetes (两病用药): whom it is for, and for how many diseases (rules B7)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from model.codes import CONDITIONS

__all__ = ["N_MASKS", "diseases_of"]

N_MASKS = 2 ** len(CONDITIONS)
"""Sets of chronic conditions a person may have."""
TWO = ("hypertension", "diabetes")


def diseases_of(certified: Iterable[str]) -> NDArray[np.int64]:
    """For each set of chronic conditions (a bit mask), for how many diseases the drug benefit pays.

    None (0) where one of the conditions is certified by itself, or where it is neither hypertension nor diabetes: such care is paid as
    certified chronic care.

    >>> diseases_of(["cancer"])[[0, 1, 3, 4, 33]].tolist()
    [0, 1, 2, 0, 0]
    """
    mask = np.arange(N_MASKS)
    number = sum((mask >> CONDITIONS.index(name)) & 1 for name in TWO)
    own = sum(1 << CONDITIONS.index(name) for name in certified)
    found: NDArray[np.int64] = np.where((mask & own) > 0, 0, number).astype(np.int64)
    return found
