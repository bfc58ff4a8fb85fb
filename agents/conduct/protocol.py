"""The seam every conduct rule fills: from what providers can see and the quote, to their conduct of the next period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Situation:
    """What all deciders see, in columns over deciders (providers, or medical groups).

    Attributes:
        conduct: present conduct ``[decider, channel]``.
        level, utility: the quote's outlook ``[channel, 3, decider]``: three points a step apart
            around the present level (moved inside the bounds where one is near), all else as now.
        lowest, highest: bounds of each channel.
        peer_group: who counts as a peer (same number, e.g. tier and ownership).
        inertia: share of the way *not* gone in one period.
        reach: the longest step of one period in any channel.
        error: addressed standard normal numbers ``[decider, channel]``.
        noise: standard deviation of errors in conduct.
    """

    conduct: Floats
    level: Floats
    utility: Floats
    lowest: Floats
    highest: Floats
    peer_group: NDArray[np.int64]
    inertia: float
    reach: float
    error: Floats
    noise: float


@runtime_checkable
class ConductRule(Protocol):
    """A learning rule by name."""

    name: str
    label_zh: str
    label_en: str
    summary: str

    def revise(self, situation: Situation) -> Floats:
        """Conduct of the next period ``[decider, channel]``, within the bounds; inputs stay untouched."""
