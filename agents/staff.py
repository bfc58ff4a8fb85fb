"""The people who decide in institutions and groups, as columns: what they value, what they do now, what they act on."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.care import CHANNELS, NEUTRAL
from model.codes import SECONDARY

Floats = NDArray[np.float64]


@dataclass
class Staff:
    """Columns over providers (and over groups for ``referral``).

    ``conduct[provider, channel]``; ``act_from[channel, provider]`` the appeal from which a case is acted on; ``referral[group, channel]``;
    ``profit`` λ and ``altruism`` α of providers, ``group_profit`` and ``group_altruism`` of groups; ``eagerness`` and ``group_eagerness``
    what they would weigh a surplus of which all reached them; ``peers`` number of the peer group.
    ``rule`` and ``group_rule`` number of the conduct rule each follows;
    ``memory[provider, channel, number]`` and ``referral_memory[group, channel, number]`` what the conduct rules remember.
    """

    conduct: Floats
    act_from: Floats
    referral: Floats
    profit: Floats
    altruism: Floats
    group_profit: Floats
    group_altruism: Floats
    eagerness: Floats
    group_eagerness: Floats
    rule: NDArray[np.int64]
    group_rule: NDArray[np.int64]
    memory: Floats
    referral_memory: Floats
    peers: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def pay(self, reaches: Floats, reaches_groups: Floats) -> None:
        """Sets λ anew from the share of the surplus that reaches those who decide, by provider and by group."""
        self.profit = self.eagerness * reaches
        self.group_profit = self.group_eagerness * reaches_groups


def hire(
    private: NDArray[np.bool_],
    tier: NDArray[np.int8],
    n_groups: int,
    eagerness: Floats,
    altruism: Floats,
    spread: tuple[float, float],
    normal: Floats,
    rule: tuple[NDArray[np.int64], NDArray[np.int64]],
    remembered: int,
) -> Staff:
    """Staff with neutral conduct; what they weigh differs by ownership, tier and, lognormally, from provider to provider.

    λ is as if all of a surplus reached them, until :meth:`Staff.pay` says how much does. Groups are public and of county level.

    Args:
        eagerness, altruism: means ``[ownership, tier]``.
        spread: log standard deviations of λ and α.
        normal: addressed standard normal numbers ``[provider + group, 2]``.
        rule: numbers of the conduct rules that providers and groups follow.
        remembered: numbers of each decider and channel that these rules remember.
    """
    n = len(private)
    owner = np.concatenate([private, np.zeros(n_groups, dtype=bool)]).astype(int)
    level = np.concatenate([tier, np.full(n_groups, SECONDARY)]).astype(int)
    eager = eagerness[owner, level] * np.exp(spread[0] * normal[:, 0] - 0.5 * spread[0] ** 2)
    alpha = altruism[owner, level] * np.exp(spread[1] * normal[:, 1] - 0.5 * spread[1] ** 2)
    return Staff(
        conduct=np.tile(NEUTRAL, (n, 1)),
        act_from=np.full((len(CHANNELS), n), np.inf),
        referral=np.zeros((n_groups, 2)),
        profit=eager[:n],
        altruism=alpha[:n],
        group_profit=eager[n:],
        group_altruism=alpha[n:],
        eagerness=eager[:n],
        group_eagerness=eager[n:],
        rule=rule[0],
        group_rule=rule[1],
        memory=np.zeros((n, len(CHANNELS), remembered)),
        referral_memory=np.zeros((n_groups, 2, remembered)),
        peers=tier.astype(np.int64) * 2 + private,
    )
