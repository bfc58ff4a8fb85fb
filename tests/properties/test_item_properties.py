"""Whatever the tilts and the intensity: parts of a bill are never negative and sum to it, to the fen."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.care import HIGHEST, LOWEST, MIX
from model.catalogue import load_catalogue
from model.item_kernel import LEAST_SERVICE
from model.items import Items, item_parts

TILTS = st.lists(st.floats(float(LOWEST[MIX][0]), float(HIGHEST[MIX][0])), min_size=3, max_size=3)
GROUPS = load_catalogue().shares


@given(
    tilts=TILTS,
    intensity=st.floats(0.2, 4.0),
    group=st.integers(0, len(GROUPS) - 1),
    discretion=st.lists(st.floats(0.01, 100.0), min_size=4, max_size=4),
    charge=st.integers(1, 10**12),
)
def test_parts_sum_to_the_charge_to_the_fen(tilts: list[float], intensity: float, group: int, discretion: list[float], charge: int) -> None:
    goods = Items.of(GROUPS, np.array(discretion), np.array([0.0, 0.0, 0.5, 0.5]))
    at = np.array([group], dtype=np.int16)
    nobody, chosen = np.zeros(1, dtype=np.int16), np.array([tilts])
    mix = goods.mix(at, nobody, chosen, np.array([intensity]))
    parts = item_parts(np.array([charge]), mix)
    assert parts.sum() == charge
    assert (parts >= -4).all() if charge > 10**9 else (parts >= 0).all()
    assert abs(mix.sum() - 1) < 1e-12
    standard = goods.mix(at, nobody, chosen, np.ones(1))[:, 0]
    assert standard[3] >= (1 - LEAST_SERVICE - 1e-5) * GROUPS[group][3]
    assert 0.5 - 1e-9 <= goods.unit_cost(at, nobody, chosen, np.array([intensity]))[0] <= 1 + 1e-9
