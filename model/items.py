"""What a bill consists of: drugs, consumables, tests and services; how conduct tilts the mix, and what part of each is variable cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.catalogue import ITEMS

Floats = NDArray[np.float64]
SERVICE = ITEMS.index("service")
CHOSEN = ITEMS[:SERVICE]
"""Items whose part of a bill is chosen; services take the balance."""
VISIT_SHARES = np.array([0.40, 0.05, 0.25, 0.30])
"""Items of outpatient bills (drugs: 38.0 % in 2022, national health statistics, re-verify; the others: assumption)."""
LEAST_SERVICE = 0.5
"""Services never fall below this part of what they are in the standard mix (assumption)."""


@dataclass(frozen=True)
class Items:
    """Standard mixes and margins; of many cases the items are the first axis, so that each item's column is one piece of memory.

    ``shares[item, group]`` of the clinically standard bill; ``lean[item, group]``: of what is given beyond the standard an item makes up
    ``1 + lean`` times its share, and as much of what is left out; ``margin[item]``: part of a charge that is not variable cost.
    """

    shares: Floats
    lean: Floats
    margin: Floats

    @classmethod
    def of(cls, shares: Floats, discretion: Floats, margin: Floats) -> Items:
        """Items of ``shares[group, item]``, one of which is added or left out ``discretion`` times as readily as another of discretion one.

        With a benefit whose curvature in each item is the inverse of its discretion, this is the mix of least loss at every intensity.
        """
        by_item = np.ascontiguousarray(shares.T)
        readiness: Floats = (by_item * discretion[:, None]).sum(axis=0)
        return cls(by_item, discretion[:, None] / readiness - 1.0, margin)

    def share(self, group: NDArray[Any]) -> Floats:
        """Parts of the standard bill ``[item, case]``."""
        return self.shares.take(group, axis=1)

    def tilt(self, group: NDArray[Any], chosen: Floats) -> Floats:
        """Relative change of each item's part of the bill ``[item, case]`` under the tilts ``chosen[CHOSEN, case]``.

        What the chosen items take, services lose; tilts that would leave too few services act only as far as these go.
        """
        share = self.share(group)
        taken = (share[:SERVICE] * chosen).sum(axis=0)
        most = (1.0 - LEAST_SERVICE) * share[SERVICE]
        part = np.where(taken > most, most / np.where(taken > most, taken, 1.0), 1.0)
        out: Floats = np.empty_like(share)
        out[:SERVICE] = chosen * part
        out[SERVICE] = -taken * part / np.maximum(share[SERVICE], 1e-9)
        return out

    def mix(self, group: NDArray[Any], tilt: Floats, intensity: Floats) -> Floats:
        """Parts of each bill by item ``[item, case]``, which sum to one."""
        beyond = 1.0 - 1.0 / np.maximum(intensity, 1e-9)
        parts: Floats = np.maximum(self.share(group) * (1.0 + tilt + self.lean.take(group, axis=1) * beyond), 0.0)
        whole: Floats = parts / parts.sum(axis=0)
        return whole

    def unit_cost(self, group: NDArray[Any], tilt: Floats, intensity: Floats) -> Floats:
        """Variable cost per fen of each bill."""
        return self.variable(self.mix(group, tilt, intensity))

    def marginal_cost(self, group: NDArray[Any], tilt: Floats) -> Floats:
        """Variable cost per fen of what more is given of each case."""
        return self.variable(self.share(group) * (1.0 + tilt + self.lean.take(group, axis=1)))

    def variable(self, parts: Floats) -> Floats:
        """Variable cost of ``parts[item, …]`` of charges."""
        cost: Floats = ((1.0 - self.margin) * parts.T).T.sum(axis=0)
        return cost


def item_parts(charge: NDArray[np.int64], mix: Floats) -> NDArray[np.int64]:
    """Fen of each item ``[item, case]`` of bills of ``mix[item, case]``; services take the rounding, so that parts sum to the charge."""
    parts = np.floor(mix * charge).astype(np.int64)
    parts[SERVICE] = charge - parts[:SERVICE].sum(axis=0)
    return parts
