"""Reinforcement: what has paid is done more often. Nothing is known of alternatives that were never tried.

In every channel a decider steps up, stays or steps down, with chances in proportion to three propensities (Roth and Erev 1995, *Games and
Economic Behavior* 8: 164-212). The last move is rewarded by what it has changed in utility, at today's quote and as a share of the
difference that the quote shows around the present level, so that the unit of utility means nothing. A part of the reward spills over to
the other moves (experimentation) and what was learnt is slowly forgotten (recency; Erev and Roth 1998, *American Economic Review* 88:
848-881). Losses lower a propensity, to a floor that keeps every move possible.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from agents.conduct.protocol import Floats, Situation, worth_trying
from agents.parabola import value_at

FORGETTING = 0.1
"""Share of what was learnt that is forgotten in a period (assumption)."""
EXPERIMENTATION = 0.1
"""Share of a reward that spills over to each of the other two moves (assumption)."""
FLOOR = 0.05
"""Least propensity of a move, where all begin at one (assumption)."""
LAST, BEFORE = 3, 4
"""Numbers in memory after the three propensities: the last move (0 none, 1 down, 2 stay, 3 up), the level it set out from."""


class Reinforcement:
    """Steps up, stays or steps down by what earlier steps have brought."""

    name: ClassVar[str] = "reinforcement"
    label_zh: ClassVar[str] = "强化学习"
    label_en: ClassVar[str] = "Reinforcement of what has paid"
    summary: ClassVar[str] = "steps up or down that have paid are made more often"
    memory: ClassVar[int] = 5

    def revise(self, situation: Situation) -> Floats:
        """A step of every decider in every channel: the errors of the decision choose which."""
        step = (1 - situation.inertia) * situation.reach
        moved = situation.conduct + step * (_move(situation) - 2)
        return np.clip(moved, situation.lowest, situation.highest)

    def remember(self, situation: Situation, revised: Floats) -> Floats:
        """Propensities over their initial ones, what was done now and where from."""
        done = 2 + np.sign(revised - situation.conduct)
        return np.concatenate([_learnt(situation), done[..., None], situation.conduct[..., None]], axis=2)


def _learnt(situation: Situation) -> Floats:
    """Propensities over their initial ones, after the last move has been rewarded."""
    memory = situation.memory
    last, before = memory[..., LAST], memory[..., BEFORE].T
    level, utility = situation.level, situation.utility
    change = value_at(level, utility, situation.conduct.T) - value_at(level, utility, before)
    spread = np.ptp(utility, axis=1)
    felt = np.where((spread > 1e-12) & (last.T > 0), change / np.maximum(spread, 1e-12), 0.0).T
    reward = np.clip(felt, -1.0, 1.0)[..., None]
    share = np.where(last[..., None] == np.array([1.0, 2.0, 3.0]), 1 - 2 * EXPERIMENTATION, EXPERIMENTATION)
    learnt: Floats = np.maximum((1 - FORGETTING) * memory[..., :LAST] + reward * share, FLOOR - 1.0)
    return learnt


def _move(situation: Situation) -> NDArray[np.int64]:
    """Move of every decider in every channel: 1 down, 2 stay, 3 up; none where the quote is flat or nothing would be begun."""
    propensity = 1.0 + _learnt(situation)
    chance = propensity / propensity.sum(axis=2, keepdims=True)
    drawn = ndtr(situation.error)
    move = 1 + (drawn >= chance[..., 0]).astype(np.int64) + (drawn >= chance[..., 0] + chance[..., 1])
    alive = worth_trying(situation) & (np.ptp(situation.utility, axis=1) > 1e-12).T
    return np.where(alive, move, 2)


RULE = Reinforcement
