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
        payoff: what the present conduct is worth to each decider over neutral conduct, in its own quote: utility per yuan of
            standard charge, ``[decider]``. What peers can be compared by.
        memory: what the rule in force remembers of each decider and channel, ``[decider, channel, number]``; zeros at first, and no
            numbers for a rule that remembers nothing.
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
    payoff: Floats
    memory: Floats


def worth_trying(situation: Situation) -> NDArray[np.bool_]:
    """Where a decider may err or try something, ``[decider, channel]``: an act nobody does is not begun where its quote shows no gain.

    At a channel's lowest level some quoted level must be worth more than the lowest quoted; elsewhere everything may be tried.
    """
    idle = situation.conduct - situation.lowest <= 1e-9
    gain = (situation.utility.max(axis=1) - situation.utility[:, 0]).T
    allowed: NDArray[np.bool_] = ~idle | (gain > 1e-12)
    return allowed


@runtime_checkable
class ConductRule(Protocol):
    """A learning rule by name."""

    name: str
    label_zh: str
    label_en: str
    summary: str

    def revise(self, situation: Situation) -> Floats:
        """Conduct of the next period ``[decider, channel]``, within the bounds; inputs stay untouched."""


@runtime_checkable
class Remembering(Protocol):
    """What a rule adds that learns from its own past. The memory is the city's and is handed in: the rule object itself stays as it is."""

    memory: int
    """Numbers remembered of each decider and channel."""

    def remember(self, situation: Situation, revised: Floats) -> Floats:
        """Memory after the decision ``[decider, channel, number]``, given what was decided; inputs stay untouched."""


def memory_size(rule: ConductRule) -> int:
    """How many numbers of each decider and channel a rule remembers; none unless it says so."""
    return rule.memory if isinstance(rule, Remembering) else 0
