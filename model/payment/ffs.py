"""Fee-for-service (按项目付费): the fund pays what it records, item by item (rules C1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from model.payment.explanation import Step
from model.payment.protocol import UNITS, CaseTable, Floats, History, Ints, Traits
from model.policy.leaf import LeafSpec


@dataclass(frozen=True)
class FeeForService:
    """Entitlement = recorded amount of the covered cases."""

    name: ClassVar[str] = "ffs"
    label_zh: ClassVar[str] = "按项目付费"
    label_en: ClassVar[str] = "Fee-for-service"
    summary: ClassVar[str] = "the fund pays what it records, item by item"
    color: ClassVar[str] = "#4D4D4D"
    PARAMETERS: ClassVar[Mapping[str, LeafSpec]] = {}
    traits: ClassVar[Traits] = Traits()

    def post(self, history: History) -> None:
        """Nothing is fixed before the year."""

    def tariff(self, cases: CaseTable, terms: None) -> Floats:
        """Units are the recorded fen."""
        return cases.recorded.astype("float64")

    def entitlement(self, own: Floats, pool: Floats, holder: Ints, terms: None, fraction: float) -> Floats:
        """The recorded fen of the holder's cases."""
        return own[..., UNITS]

    def explain(self, case: CaseTable, pool: Floats, terms: None, fraction: float) -> list[Step]:
        """What is recorded is owed."""
        return [Step("记账金额，即统筹基金应付", "recorded money, which is due from the pooled fund", float(case.recorded[0]), "fen", "C1")]


MODE = FeeForService
