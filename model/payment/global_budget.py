"""Hospital global budget (总额预算): past money grown, with shares of surplus and overrun by steps, and a look at half year (rules C2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.payment.explanation import Step
from model.payment.parameters import optional, parameters
from model.payment.protocol import CHARGE, RECORDED, CaseTable, Floats, History, Ints, Traits
from model.payment.sharing import Steps, shared
from model.policy.leaf import LeafSpec


@dataclass(frozen=True)
class BudgetTerms:
    """``budget[holder, scheme]``: fen for the whole year."""

    budget: Floats


@dataclass(frozen=True)
class GlobalBudget:
    """A ≤ budget: A + share · (budget − A); A > budget: budget + share · (min(A, (1+c)·budget) − budget), A the recorded amount.

    Steps take the place of the one share: 2 % of the budget at 50 %, the next 2 % at 40 %, and so on.
    """

    surplus_share: float = 0.3
    overrun_band: float = 0.2
    overrun_share: float = 0.5
    surplus_share_resident: float | None = None
    overrun_share_resident: float | None = None
    surplus_steps: tuple[tuple[float, float, float], ...] = ()
    overrun_steps: tuple[tuple[float, float, float], ...] = ()
    year_weights: tuple[float, ...] = ()
    reallocated: float = 0.0
    bargaining: float = 0.0
    name: ClassVar[str] = "global_budget"
    label_zh: ClassVar[str] = "总额预算付费"
    label_en: ClassVar[str] = "Global budget"
    summary: ClassVar[str] = "a yearly budget a hospital with bands for surplus and overrun"
    color: ClassVar[str] = "#9E4F83"
    PARAMETERS: ClassVar[Mapping[str, LeafSpec]] = {
        **optional("surplus_share", "overrun_band", "overrun_share"),
        **parameters("surplus_share_resident", "overrun_share_resident", "surplus_steps", "overrun_steps", "year_weights", "reallocated"),
        **parameters("bargaining"),
    }
    traits: ClassVar[Traits] = Traits()

    def post(self, history: History) -> BudgetTerms:
        """The budget base grown once a year; with ``year_weights`` all hospitals' base, divided by what three years' stays cost.

        In yearly talks each hospital asks for what it spent last year; ``bargaining`` of all money follows that (assumption: a bargain
        over a fixed sum that ends between the two sides' first offers).
        """
        base = history.base[..., RECORDED]
        formula = _divided(history, self.year_weights) if self.year_weights else base
        return BudgetTerms(_agreed(history, formula, self.bargaining) * history.factor)

    def tariff(self, cases: CaseTable, terms: BudgetTerms) -> Floats:
        """Units are the recorded fen."""
        return cases.recorded.astype("float64")

    def entitlement(self, own: Floats, pool: Floats, holder: Ints, terms: BudgetTerms, fraction: float) -> Floats:
        """The banded payment on the part of the budget that has elapsed."""
        return self.banded(own[..., RECORDED], terms.budget[holder] * fraction)

    def banded(self, recorded: Floats, budget: Floats) -> Floats:
        """What is paid for recorded money under a budget, fen ``[..., scheme]``."""
        under = recorded + shared(budget - recorded, budget, self._surplus)
        over = budget + shared(recorded - budget, budget, self._overrun)
        return np.where(recorded <= budget, under, over)

    @property
    def _surplus(self) -> Steps:
        return self.surplus_steps or ((0.0, 1.0, _by_scheme(self.surplus_share, self.surplus_share_resident)),)

    @property
    def _overrun(self) -> Steps:
        return self.overrun_steps or ((0.0, self.overrun_band, _by_scheme(self.overrun_share, self.overrun_share_resident)),)

    def revise(self, terms: BudgetTerms, own: Floats, fraction: float) -> BudgetTerms:
        """Moves budgets from who spent less so far to who spent more: as much as both sides allow, the sum unchanged (rules C2)."""
        gap = own[..., RECORDED] - terms.budget * fraction
        over, under = np.maximum(gap, 0.0), np.maximum(-gap, 0.0)
        wanted, left = over.sum(axis=0), under.sum(axis=0)
        moved = self.reallocated * np.minimum(wanted, left)
        up = np.divide(moved, wanted, out=np.zeros_like(moved), where=wanted > 0)
        down = np.divide(moved, left, out=np.zeros_like(moved), where=left > 0)
        return BudgetTerms(terms.budget + over * up - under * down)

    def explain(self, case: CaseTable, pool: Floats, terms: BudgetTerms, fraction: float) -> list[Step]:
        """What a case records against its hospital's budget; shares of surplus and overrun are the year's, not a case's."""
        budget = float(terms.budget[case.holder[0], case.scheme[0]])
        return [
            Step("记账金额", "recorded money of the case", float(case.recorded[0]), "fen", "C2"),
            Step("本院年度总额", "hospital's budget of the year", budget, "fen", "C2"),
            Step("已过时间占全年", "elapsed part of the year", fraction, "share", "C2"),
            Step("截至目前的总额", "budget so far", budget * fraction, "fen", "C2"),
        ]


def _by_scheme(share: float, resident: float | None) -> Floats:
    return np.array([share, share if resident is None else resident])


def _agreed(history: History, formula: Floats, weight: float) -> Floats:
    """Money ``[holder, scheme]`` between the insurer's formula and last year's recorded stays, the sum of each scheme unchanged."""
    if not weight:
        return formula
    asked = np.zeros_like(formula)
    np.add.at(asked, (history.cases.holder, history.cases.scheme), history.cases.recorded)
    total, whole = asked.sum(axis=0), formula.sum(axis=0)
    asked *= np.divide(whole, total, out=np.zeros_like(whole), where=total > 0)
    agreed: Floats = np.where(total > 0, (1 - weight) * formula + weight * asked, formula)
    return agreed


def _divided(history: History, weights: tuple[float, ...]) -> Floats:
    """The base's money ``[holder, scheme]``, divided by the weighted yearly charges of stays; who had none keeps its own base.

    Charges count with the part of them that was recorded for the holder in the base, since past years remember charges only.
    """
    base = history.base[..., RECORDED]
    years = [(history.cases.holder, history.cases.scheme, history.cases.charge)]
    years += [(year.provider, year.scheme, year.charge) for year in history.earlier]
    spent = np.zeros_like(base)
    for weight, (holder, scheme, charge) in zip(weights, years, strict=False):
        np.add.at(spent, (holder, scheme), weight * np.asarray(charge, dtype="float64"))
    charged = history.base[..., CHARGE]
    key = spent * np.divide(base, charged, out=np.zeros_like(base), where=charged > 0)
    pot = np.where(key > 0, base, 0.0).sum(axis=0)
    part = np.divide(pot, key.sum(axis=0), out=np.zeros_like(pot), where=key.sum(axis=0) > 0)
    return np.where(key > 0, key * part, base)


MODE = GlobalBudget
