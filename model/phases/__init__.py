"""The month as a printable list of phases, in the one order there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from model.phases import audit, close, conduct, money, persons, sanction, tables, treatment

PHASES: tuple[tuple[str, Callable[[Any], None]], ...] = (
    ("demography", persons.demography),
    ("health", persons.health),
    ("seek", treatment.seek),
    ("treat", treatment.treat),
    ("bill", treatment.bill),
    ("benefit", treatment.benefit),
    ("settle", money.settle),
    ("audit", audit.audit),
    ("sanction", sanction.sanction),
    ("adapt", conduct.adapt),
    ("close", close.close),
    ("record", tables.record),
)
"""One month, in order. Nothing else decides what happens when."""

__all__ = ["PHASES"]
