"""What a bill consists of: drugs, consumables, tests and services; how conduct tilts the mix, and what part of each is variable cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.catalogue import ITEMS
from model.item_kernel import marginal_costs, mixes, moved_worth, unit_costs

Floats = NDArray[np.float64]
SERVICE = ITEMS.index("service")
CHOSEN = ITEMS[:SERVICE]
"""Items whose part of a bill is chosen; services take the balance."""
VISIT_SHARES = np.array([0.40, 0.05, 0.25, 0.30])
"""Items of outpatient bills at the catalogue's prices (drugs: 38.0 % in 2022, national health statistics, re-verify; rest: assumption)."""


@dataclass(frozen=True)
class Items:
    """Standard mixes and margins; of many cases the items are the first axis, so that each item's column is one piece of memory.

    ``shares[item, group]`` of the clinically standard bill; ``lean[item, group]``: of what is given beyond the standard an item makes up
    ``1 + lean`` times its share, and as much of what is left out; ``margin[item]``: part of a charge that is not variable cost;
    ``price[group]`` and ``visit_price``: charge of the standard bill of a stay and of a visit over that at the catalogue's prices;
    ``visit_shares[item]`` of a visit's bill.
    """

    shares: Floats
    lean: Floats
    margin: Floats
    price: Floats
    visit_shares: Floats
    visit_price: float

    @classmethod
    def of(cls, shares: Floats, discretion: Floats, margin: Floats, price: Floats | None = None) -> Items:
        """Items of ``shares[group, item]``, one of which is added or left out ``discretion`` times as readily as another of discretion one.

        With a benefit whose curvature in each item is the inverse of its discretion, this is the mix of least loss at every intensity.

        Args:
            shares: of standard bills at the catalogue's prices.
            discretion: how readily each item is added or left out.
            margin: part of each item's charge at these prices that is not variable cost.
            price: what each item is charged now over these prices, its cost unchanged; none: the same.
        """
        now = np.ones(len(ITEMS)) if price is None else price
        by_item = np.ascontiguousarray(shares.T) * now[:, None]
        whole = by_item.sum(axis=0)
        by_item /= whole
        readiness: Floats = (by_item * discretion[:, None]).sum(axis=0)
        visit = VISIT_SHARES * now
        return cls(
            shares=by_item,
            lean=discretion[:, None] / readiness - 1.0,
            margin=1.0 - (1.0 - margin) / now,
            price=whole,
            visit_shares=visit / visit.sum(),
            visit_price=float(visit.sum()),
        )

    def mix(self, group: NDArray[Any], who: NDArray[Any], chosen: Floats, intensity: Floats) -> Floats:
        """Parts of each bill by item ``[item, case]``, which sum to one, under the tilts ``chosen[who, CHOSEN]`` of each case's decider.

        What the chosen items take, services lose; tilts that would leave too few services act only as far as these go.
        """
        return mixes(*_cases(group, who, chosen), intensity, self.shares, self.lean)

    def unit_cost(self, group: NDArray[Any], who: NDArray[Any], chosen: Floats, intensity: Floats) -> Floats:
        """Variable cost per fen of each bill."""
        return unit_costs(*_cases(group, who, chosen), intensity, self.shares, self.lean, 1.0 - self.margin)

    def marginal_cost(self, group: NDArray[Any], who: NDArray[Any], chosen: Floats) -> Floats:
        """Variable cost per fen of what more is given of each case."""
        return marginal_costs(*_cases(group, who, chosen), self.shares, self.lean, 1.0 - self.margin)

    def moved(
        self, item: int, group: NDArray[Any], who: NDArray[Any], given: Floats, standard: Floats, chosen: Floats, level: Floats
    ) -> tuple[Floats, Floats]:
        """What tilts bring and lose with that of one ``item`` at each ``level[i, decider]``, by level and decider.

        Returns:
            Margin of the ``given`` money of cases that is moved, and ``standard`` money moved times the tilts of what it moves to.
        """
        worth: tuple[Floats, Floats] = moved_worth(*_cases(group, who, chosen), item, given, standard, level, self.shares, self.margin)
        return worth

    def variable(self, parts: Floats) -> Floats:
        """Variable cost of ``parts[item, …]`` of charges."""
        cost: Floats = ((1.0 - self.margin) * parts.T).T.sum(axis=0)
        return cost


def _cases(group: NDArray[Any], who: NDArray[Any], chosen: Floats) -> tuple[NDArray[np.int16], NDArray[np.int16], Floats]:
    """Cases and tilts of the one type that kernels are compiled for."""
    return group.astype(np.int16, copy=False), who.astype(np.int16, copy=False), np.ascontiguousarray(chosen)


def item_parts(charge: NDArray[np.int64], mix: Floats) -> NDArray[np.int64]:
    """Fen of each item ``[item, case]`` of bills of ``mix[item, case]``; services take the rounding, so that parts sum to the charge."""
    parts = np.floor(mix * charge).astype(np.int64)
    parts[SERVICE] = charge - parts[:SERVICE].sum(axis=0)
    return parts
