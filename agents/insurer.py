"""The city's medical-insurance bureau and agency as a Mesa agent: budgets, settlement, audit."""

from __future__ import annotations

from typing import Any

import mesa
import numpy as np
from numpy.typing import NDArray

from model.settlement import Settlement
from model.supervision import AuditRules


class Insurer(mesa.Agent):
    """Keeps the books of the policy in force and watches claims."""

    def __init__(self, model: Any, settlement: Settlement, audit: AuditRules) -> None:
        super().__init__(model)
        self.settlement = settlement
        self.audit = audit

    @property
    def modes(self) -> dict[str, str]:
        """Name of the payment mode behind each entry of the policy."""
        return {instance.id: instance.mode.name for instance in self.settlement.instances}

    @property
    def balances(self) -> dict[str, int]:
        """Pooled fund by scheme, fen."""
        ledger = self.model.ledger
        return {"employee": int(ledger.balances[ledger.fund(0)]), "resident": int(ledger.balances[ledger.fund(1)])}

    def owed(self) -> dict[str, NDArray[np.int64]]:
        """Entitlements of the settlement year so far by mode, ``[holder, scheme]`` fen."""
        return {instance.id: self.settlement.owed(instance) for instance in self.settlement.instances}
