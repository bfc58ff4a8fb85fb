"""How a mode may tell the way from one case to its money: steps with a name in two languages, a value, a unit and a rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from model.payment.protocol import CaseTable, Floats

Unit = Literal["fen", "point", "share", "factor", "case", "day", "year", "name"]
"""What a step's value is in; money is given in ``fen`` (and printed in yuan), ``name`` is a text."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way, in the order in which a settlement clerk takes it.

    Attributes:
        label_zh: what the value is, in Chinese.
        label_en: the same in English.
        value: number in ``unit``, or a text where the unit is ``name``.
        unit: what the value is in.
        rule: the rule's section code and where it was read, as in "E6", "E3; dip_3".
    """

    label_zh: str
    label_en: str
    value: float | str
    unit: Unit
    rule: str


@runtime_checkable
class Explaining(Protocol):
    """A mode that tells its steps; of others only units and entitlement are told."""

    def explain(self, case: CaseTable, pool: Floats, terms: Any, fraction: float) -> list[Step]:
        """Steps from a case to what the fund owes for it.

        Args:
            case: a table of one row.
            pool: totals ``[row, scheme, measure]`` that the case's holder shares, the case among them, as in ``entitlement``.
            terms: terms of the settlement year.
            fraction: elapsed part of the settlement year.
        """
