"""Imitation: everybody moves towards the peers who do better, and tries something of its own.

Peers are those of the same tier and ownership. Better is who gets more out of conduct by its own utility; a peer weighs the more the
better it does, which is what imitating with a chance in proportion to the difference comes to on average (Schlag 1998, *Journal of
Economic Theory* 78: 130-156). The best of a group has nobody to follow. Where all begin alike there is nothing to copy: what is new
comes from trials, as in Vega-Redondo (1997, *Econometrica* 65: 375-384). The quote of a decider's own alternatives is looked at only
to leave alone what it does not do and would not gain by.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from agents.conduct.protocol import Floats, Situation, worth_trying

TRIAL = 5.0
"""Spread of a trial over the ordinary error of a decision (assumption: about the step that a quote looks ahead)."""


class Imitation:
    """Follows better-off peers with inertia; errors are trials."""

    name: ClassVar[str] = "imitation"
    label_zh: ClassVar[str] = "模仿同行"
    label_en: ClassVar[str] = "Imitation of better-off peers"
    summary: ClassVar[str] = "conduct moves towards that of peers who do better, with trials of its own"

    def revise(self, situation: Situation) -> Floats:
        """A bounded step of every decider towards its better-off peers, and a trial in every channel."""
        target = better_off(situation.conduct, situation.payoff, situation.peer_group)
        way = (1 - situation.inertia) * (target - situation.conduct)
        trial = TRIAL * situation.noise * situation.error * worth_trying(situation)
        moved = situation.conduct + np.clip(way, -situation.reach, situation.reach) + trial
        return np.clip(moved, situation.lowest, situation.highest)


def better_off(conduct: Floats, payoff: Floats, peer_group: NDArray[np.int64]) -> Floats:
    """Mean conduct of the peers who do better, weighted by how much better; a decider's own where none does.

    >>> better_off(np.array([[0.0], [0.5], [1.0]]), np.array([1.0, 2.0, 3.0]), np.zeros(3, dtype=np.int64)).ravel().tolist()
    [0.8333333333333334, 1.0, 1.0]
    """
    target = conduct.copy()
    for group in np.unique(peer_group):
        rows = np.flatnonzero(peer_group == group)
        ahead = np.maximum(payoff[rows] - payoff[rows, None], 0.0)
        total = ahead.sum(axis=1)
        follows = total > 1e-12
        # not a matrix product: its sums may depend on the number of threads
        mean = np.einsum("ij,jc->ic", ahead[follows], conduct[rows])
        target[rows[follows]] = mean / total[follows, None]
    return target


RULE = Imitation
