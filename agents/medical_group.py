"""A county medical group as a Mesa agent, and how groups weigh keeping cases in the county against letting them go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mesa
import numpy as np
from numpy.typing import NDArray

from agents.parabola import value_at
from agents.utility import UtilityRules

Floats = NDArray[np.float64]
REFERRALS = ("keep", "down")
"""Channels of a group's referral: share of county-treatable cases bound elsewhere that it keeps, share of stable simple cases sent down."""
KEEP, DOWN = range(2)
HIGHEST_REFERRAL = np.array([0.9, 0.9])
"""Bounds (assumption: a tenth of patients cannot be steered)."""


class MedicalGroup(mesa.Agent):
    """One county group: its members and its referral."""

    def __init__(self, model: Any, index: int) -> None:
        super().__init__(model)
        self.index = index

    @property
    def name(self) -> str:
        """County the group covers."""
        name: str = self.model.geography.counties[self.index]
        return name

    @property
    def members(self) -> list[int]:
        """Numbers of its institutions."""
        found: list[int] = np.flatnonzero(self.model.geography.providers.group == self.index).tolist()
        return found

    @property
    def referral(self) -> dict[str, float]:
        """Present referral by channel."""
        return dict(zip(REFERRALS, self.model.staff.referral[self.index].tolist(), strict=True))


@dataclass(frozen=True)
class ReferralCases:
    """Yearly cases a group could steer, in columns: whose group, weight, standard charge where the case goes now and where the group would
    treat it, and the money the group's members would gain by steering it, fen."""

    group: NDArray[np.int64]
    weight: Floats
    charge: Floats
    gain: Floats


def referral_outlook(
    keep: ReferralCases, down: ReferralCases, referral: Floats, profit: Floats, altruism: Floats, rules: UtilityRules, step: float
) -> tuple[Floats, Floats, Floats]:
    """Levels and utilities ``[channel, 3, group]`` around the present referral, and what it is worth (see ``Outlook`` of providers).

    Steering costs persuasion, convex in its share, and patients lose a little by being moved against their choice.
    """
    n = len(referral)
    centre = np.clip(referral, step, HIGHEST_REFERRAL - step).T
    level = np.stack([centre - step, centre, centre + step], axis=1)
    utility = np.zeros_like(level)
    for channel, cases, harm, moral in (
        (KEEP, keep, rules.keep_harm, rules.keep_moral),
        (DOWN, down, rules.down_harm, rules.down_moral),
    ):
        money = np.bincount(cases.group, weights=cases.weight * cases.gain, minlength=n)
        charge = np.maximum(np.bincount(cases.group, weights=cases.weight * cases.charge, minlength=n), 1.0)
        a = level[channel]
        utility[channel] = (profit * money * a - altruism * harm * charge * a) / charge - 0.5 * moral * a**2
    return level, utility, value_at(level, utility, referral.T).sum(axis=0)
