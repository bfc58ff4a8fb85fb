"""What supervision costs where the answer is known: fines and rewards of one size, and the share written up that follows."""

from __future__ import annotations

import numpy as np
import pytest

from model.care import CODING
from model.quote import Expected

AVERSION = 2.25
GAIN, CHARGE, FOUND = 40_000.0, 100_000.0, 0.08
"""Writing up brings 400 yuan of a bill of 1000; auditors find eight of a hundred such claims."""
ONE = np.zeros(1, dtype=np.int16)


def cost(aversion: float, fine: float = 0.0, bonus: float = 0.0) -> float:
    """Fen that writing the case up is expected to cost, as felt."""
    found = {CODING: np.array([FOUND])}
    expected = Expected(found, {CODING: np.array([fine])}, bonus=bonus, forgone=found, aversion=aversion)
    return float(expected.cost(CODING, ONE, np.array([GAIN]), np.array([CHARGE]))[0])


def written_up(net: float, profit: float = 0.85, moral: float = 2.05) -> float:
    """The best share where each eligible case gains ``net``: λ·net·u − m/3·u³·charge is largest at u = √(λ·net / (m·charge))."""
    return float(np.sqrt(max(profit * net, 0.0) / (moral * CHARGE)))


@pytest.mark.parametrize("aversion", [1.0, 1.5, AVERSION])
def test_a_fine_costs_as_many_times_a_reward_of_its_size_as_a_loss_outweighs_a_gain(aversion: float) -> None:
    size = 1.5
    by_fine = cost(aversion, fine=size) - cost(aversion)
    by_reward = cost(aversion, bonus=size * GAIN / CHARGE) - cost(aversion)
    assert by_reward == pytest.approx(FOUND * size * GAIN)
    assert by_fine == pytest.approx(aversion * by_reward)


def test_the_share_written_up_falls_further_by_the_fine() -> None:
    size = 1.5
    before, fined, rewarded = (
        written_up(GAIN - cost(AVERSION, **given)) for given in ({}, {"fine": size}, {"bonus": size * GAIN / CHARGE})
    )
    print(f"written up: {before:.4f}, with a fine {fined:.4f}, with a reward {rewarded:.4f}")
    assert before > rewarded > fined
    assert before == pytest.approx(np.sqrt(0.85 * GAIN * (1 - AVERSION * FOUND) / (2.05 * CHARGE)))


def test_nobody_writes_up_where_what_is_felt_exceeds_the_gain() -> None:
    assert written_up(GAIN - cost(AVERSION, fine=5.0)) == 0.0
