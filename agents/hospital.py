"""An institution as a Mesa agent: its name and place, and its conduct, which it revises through a conduct rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mesa
import numpy as np
from numpy.typing import NDArray

from model.care import CHANNELS

if TYPE_CHECKING:
    from model.geography import Providers


class Hospital(mesa.Agent):
    """One institution. Numbers of all institutions are columns of the model; the agent is the row ``index`` of them."""

    def __init__(self, model: Any, index: int) -> None:
        super().__init__(model)
        self.index = index

    @property
    def _columns(self) -> Providers:
        providers: Providers = self.model.geography.providers
        return providers

    @property
    def name(self) -> str:
        """Short name, as in tables."""
        return self._columns.name[self.index]

    @property
    def tier(self) -> int:
        """Tier code: 0 primary, 1 secondary, 2 tertiary."""
        return int(self._columns.tier[self.index])

    @property
    def private(self) -> bool:
        """Whether it is privately owned."""
        return bool(self._columns.private[self.index])

    @property
    def beds(self) -> float:
        """Beds, scaled with the people (may be a fraction)."""
        return float(self._columns.beds[self.index])

    @property
    def group(self) -> int:
        """Medical group it belongs to, -1 for none."""
        return int(self._columns.group[self.index])

    @property
    def conduct(self) -> dict[str, float]:
        """Present conduct by channel."""
        row: NDArray[np.float64] = self.model.staff.conduct[self.index]
        return dict(zip(CHANNELS, row.tolist(), strict=True))

    @property
    def rule(self) -> str:
        """Name of the conduct rule it follows."""
        name: str = self.model.mixture.names[self.model.staff.rule[self.index]]
        return name

    @property
    def profit_weight(self) -> float:
        """λ: how far profit reaches the people who decide."""
        return float(self.model.staff.profit[self.index])

    @property
    def altruism(self) -> float:
        """α: weight of patient benefit."""
        return float(self.model.staff.altruism[self.index])
