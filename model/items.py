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
    """Standard mixes and margins.

    ``shares[group, item]`` of the clinically standard bill; ``lean[group, item]``: of what is given beyond the standard an item makes up
    ``1 + lean`` times its share, and as much of what is left out; ``margin[item]``: part of a charge that is not variable cost.
    """

    shares: Floats
    lean: Floats
    margin: Floats

    @classmethod
    def of(cls, shares: Floats, discretion: Floats, margin: Floats) -> Items:
        """Items of which one is added or left out ``discretion[item]`` times as readily as another of discretion one.

        With a benefit whose curvature in each item is the inverse of its discretion, this is the mix of least loss at every intensity.
        """
        readiness: Floats = (shares * discretion).sum(axis=1)[:, None]
        return cls(shares, discretion / readiness - 1.0, margin)

    def tilt(self, group: NDArray[Any], chosen: Floats) -> Floats:
        """Relative change of each item's part of the bill ``[case, item]`` under the tilts ``chosen[case, CHOSEN]``.

        What the chosen items take, services lose; tilts that would leave too few services act only as far as these go.
        """
        share = self.shares[group]
        taken = (share[:, :SERVICE] * chosen).sum(axis=1)
        most = (1.0 - LEAST_SERVICE) * share[:, SERVICE]
        part = np.where(taken > most, most / np.where(taken > most, taken, 1.0), 1.0)
        out: Floats = np.empty_like(share)
        out[:, :SERVICE] = chosen * part[:, None]
        out[:, SERVICE] = -taken * part / np.maximum(share[:, SERVICE], 1e-9)
        return out

    def mix(self, group: NDArray[Any], tilt: Floats, intensity: Floats) -> Floats:
        """Parts of each bill by item ``[case, item]``, which sum to one."""
        beyond = 1.0 - 1.0 / np.maximum(intensity, 1e-9)
        parts: Floats = np.maximum(self.shares[group] * (1.0 + tilt + self.lean[group] * beyond[:, None]), 0.0)
        whole: Floats = parts / parts.sum(axis=1)[:, None]
        return whole

    def unit_cost(self, group: NDArray[Any], tilt: Floats, intensity: Floats) -> Floats:
        """Variable cost per fen of each bill."""
        return self.variable(self.mix(group, tilt, intensity))

    def marginal_cost(self, group: NDArray[Any], tilt: Floats) -> Floats:
        """Variable cost per fen of what more is given of each case."""
        return self.variable(self.shares[group] * (1.0 + tilt + self.lean[group]))

    def variable(self, mix: Floats) -> Floats:
        """Variable cost per fen of charges of a mix, items along the last axis."""
        cost: Floats = (mix * (1.0 - self.margin)).sum(axis=-1)
        return cost


def item_parts(charge: NDArray[np.int64], mix: Floats) -> NDArray[np.int64]:
    """Fen of each item ``[case, item]``; services take the rounding, so that the parts sum to the charge."""
    parts = np.floor(mix * charge[:, None]).astype(np.int64)
    parts[:, SERVICE] = charge - parts[:, :SERVICE].sum(axis=1)
    return parts
