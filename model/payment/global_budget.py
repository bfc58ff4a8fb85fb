"""Hospital global budget (总额预算): last year's money grown, with shares of surplus and of a bounded overrun (rules C2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.payment.parameters import parameters
from model.payment.protocol import RECORDED, CaseTable, Floats, History, Ints, Traits
from model.policy.leaf import LeafSpec


@dataclass(frozen=True)
class BudgetTerms:
    """``budget[holder, scheme]``: fen for the whole year."""

    budget: Floats


@dataclass(frozen=True)
class GlobalBudget:
    """A ≤ budget: A + ρ(budget − A); A > budget: budget + σ·(min(A, (1+c)·budget) − budget), A the recorded amount."""

    surplus_share: float = 0.3
    overrun_band: float = 0.2
    overrun_share: float = 0.5
    name: ClassVar[str] = "global_budget"
    label_zh: ClassVar[str] = "总额预算付费"
    label_en: ClassVar[str] = "Global budget"
    summary: ClassVar[str] = "a yearly budget a hospital with bands for surplus and overrun"
    color: ClassVar[str] = "#9E4F83"
    PARAMETERS: ClassVar[Mapping[str, LeafSpec]] = parameters("surplus_share", "overrun_band", "overrun_share")
    traits: ClassVar[Traits] = Traits()

    def post(self, history: History) -> BudgetTerms:
        """The budget base grown once a year."""
        return BudgetTerms(history.base[..., RECORDED] * history.factor)

    def tariff(self, cases: CaseTable, terms: BudgetTerms) -> Floats:
        """Units are the recorded fen."""
        return cases.recorded.astype("float64")

    def entitlement(self, own: Floats, pool: Floats, holder: Ints, terms: BudgetTerms, fraction: float) -> Floats:
        """The banded payment on the part of the budget that has elapsed."""
        budget = terms.budget[holder] * fraction
        recorded = own[..., RECORDED]
        under = recorded + self.surplus_share * (budget - recorded)
        over = budget + self.overrun_share * (np.minimum(recorded, (1 + self.overrun_band) * budget) - budget)
        return np.where(recorded <= budget, under, over)


MODE = GlobalBudget
