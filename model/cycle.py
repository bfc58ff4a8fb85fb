"""The settlement cycle around a mode: how much of what is owed is paid when (rules E10–E13)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cycle:
    """Rules of the cycle; the defaults are those of a cycle without rules.

    Attributes:
        monthly_share: part of what is owed that is paid month by month; the rest comes at clearing.
    """

    monthly_share: float = 1.0
