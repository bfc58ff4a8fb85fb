"""The settlement cycle around a mode: what of an entitlement is cleared, and how much of it is paid when (rules E10–E13)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cycle:
    """Rules of the cycle; the defaults are those of a cycle without rules.

    Attributes:
        monthly_share: part of what is owed that is paid month by month; the rest comes at clearing (E10).
        retention_from: recorded money over the payable amount from which a surplus is kept; below it only recorded money is paid (E11).
        overrun_to: the same ratio up to which an overrun is shared.
        overrun_share: part of such an overrun that the fund bears.
        overrun_reserve: most the fund bears of all overruns of a scheme together, as a share of what is payable to all.
    """

    monthly_share: float = 1.0
    retention_from: float = 0.0
    overrun_to: float = 1.0
    overrun_share: float = 0.0
    overrun_reserve: float = 1.0

    @property
    def shares_overruns(self) -> bool:
        """Whether the fund bears a part of any overrun."""
        return self.overrun_share > 0 and self.overrun_to > 1


def overrun_asked(payable: Floats, recorded: Floats, cycle: Cycle) -> Floats:
    """Fen that the bands would add for recorded money above what is payable: g · (min(A, hi · B) − B), for B above nothing (rules E11)."""
    beyond = np.minimum(recorded, cycle.overrun_to * payable) - payable
    return np.where(payable > 0, cycle.overrun_share * np.maximum(beyond, 0.0), 0.0)


def overrun_granted(asked: Floats, reserve: Floats) -> Floats:
    """Part of what is asked that the reserve can pay, one at most: all are cut alike (rules E11)."""
    return np.minimum(np.divide(reserve, asked, out=np.ones_like(asked), where=asked > 0), 1.0)


def cleared(payable: Floats, recorded: Floats, cycle: Cycle, granted: Floats | float = 1.0) -> Floats:
    """What a clearing grants of what is payable, fen of any shape.

    With x = A/B, recorded over payable: below ``retention_from`` A is paid, since the surplus was not earned; up to one B, so that a
    surplus is kept; above, B and a share of the overrun. Where nothing is payable there is no ratio and B stands.

    Args:
        payable: B, what the mode entitles to.
        recorded: A, what the fund would have paid item by item.
        cycle: the bands (rules E11).
        granted: part of the overruns asked for that the reserve can pay.
    """
    banded = payable + granted * overrun_asked(payable, recorded, cycle)
    unearned = np.maximum(recorded, 0.0) < cycle.retention_from * payable
    return np.where(unearned, recorded, banded)
