"""The city's medical-insurance bureau and agency as a Mesa agent: budgets, settlement, audit, sanctions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import mesa
import numpy as np
from numpy.typing import NDArray

from model.codes import SCHEMES
from model.sanctions import SanctionRules, Standing, weight_of
from model.settlement import Settlement
from model.supervision import AuditRules, Norms, Watch


class Insurer(mesa.Agent):
    """Keeps the books of the policy in force, watches claims, and holds findings against providers.

    Attributes:
        settlement, audit: the books, and how claims are watched.
        watch, norms: what is remembered of findings, and what is usual in claims.
        held: money of claims that wait for their review ``[provider, scheme]``, fen.
        sanctions: what follows from findings this month.
        standing: credit of each provider and what it rests on.
    """

    def __init__(self, model: Any, settlement: Settlement, audit: AuditRules, sanctions: SanctionRules, watch: Watch, norms: Norms) -> None:
        super().__init__(model)
        self.settlement = settlement
        self.audit = audit
        self.watch = watch
        self.norms = norms
        self.held = np.zeros((settlement.n_providers, len(SCHEMES)), dtype=np.int64)
        self.sanctions = sanctions
        self.standing = Standing.clean(settlement.n_providers)

    @property
    def modes(self) -> dict[str, str]:
        """Name of the payment mode behind each entry of the policy."""
        return {instance.id: instance.mode.name for instance in self.settlement.instances}

    @property
    def balances(self) -> dict[str, int]:
        """Pooled fund by scheme, fen."""
        ledger = self.model.ledger
        return {"employee": int(ledger.balances[ledger.fund(0)]), "resident": int(ledger.balances[ledger.fund(1)])}

    @property
    def credit(self) -> dict[str, float]:
        """Credit of each institution of the city, of a hundred points (rules I3)."""
        return self._named(self.standing.credit)

    @property
    def suspended(self) -> list[str]:
        """Institutions whose agreement is suspended or ended now."""
        closed = self.standing.closed(self.model.month)
        return [name for name, out in zip(self.model.geography.providers.name, closed, strict=True) if out]

    @property
    def warnings(self) -> list[str]:
        """Institutions whose spending runs ahead of peers or of last year (rules K, A5)."""
        return [name for name, early in zip(self.model.geography.providers.name, self.standing.warned, strict=True) if early]

    def drawn(self) -> NDArray[np.float64]:
        """Probability that a claim is checked ``[flagged or not, channel, provider]``, by regime and credit (rules I3)."""
        return self.watch.intensity(self.audit, self._attention())

    def detection(self) -> dict[int, NDArray[np.float64]]:
        """Probability by provider that desk or auditors find a claim distorted by each channel."""
        return self.watch.detection(self.audit, self._attention())

    def forgone(self) -> dict[int, NDArray[np.float64]]:
        """Probability by provider that an auditor finds a claim distorted by each channel, which then brings no bonus."""
        no_desk = replace(self.audit, review=dict.fromkeys(self.audit.review, 0.0))
        return self.watch.detection(no_desk, self._attention())

    def _attention(self) -> NDArray[np.float64]:
        return weight_of(self.sanctions, self.standing, self.sanctions.audit_more, self.model.geography.providers.local)

    def fine(self, channel: int) -> NDArray[np.float64]:
        """Fine multiple of each provider for a channel, by its credit (rules I1)."""
        return self.sanctions.fine(channel, self.audit.fine[channel], self.standing.credit)

    def owed(self) -> dict[str, NDArray[np.int64]]:
        """Entitlements of the settlement year so far by mode, ``[holder, scheme]`` fen."""
        return {instance.id: self.settlement.owed(instance) for instance in self.settlement.instances}

    def _named(self, by_provider: NDArray[np.float64]) -> dict[str, float]:
        providers = self.model.geography.providers
        return {name: float(by_provider[i]) for i, name in enumerate(providers.name) if providers.local[i]}
