"""Policies at random in a small market: any mix of modes with any parameters, any routes, any rules of the cycle; and claims under them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from experiments.mode_market import GROUP, N_DISEASES, N_GROUPS, N_PROVIDERS, N_SCHEMES, draw_cases, draw_history
from model.cashbook import Payment
from model.city import City
from model.codes import SCHEMES, VISIT_KINDS
from model.cycle import Cycle
from model.errors import InputError
from model.ledger import Ledger
from model.payment import CASES, CHARGE, DAYS, IN_SCOPE, OWN_PAY, RECORDED, RESIDUAL, UNITS, CaseTable, History, get_mode, list_modes
from model.phases.money import pay_out
from model.policy.cycle_file import CYCLE
from model.policy.leaf import LeafSpec
from model.routing import N_RELATIONS, Routing
from model.settlement import Instance, Settlement

Fen = NDArray[np.int64]
MOST_MODES = 4
N_CLASSES = len(VISIT_KINDS) + 3
"""Classes of care that routes tell apart: every kind of visit, and disease groups in three."""


@dataclass(frozen=True)
class MonthOfClaims:
    """A month's cases under a policy: as the modes see them, the mode that covers each, and the group that each patient is assigned to."""

    table: CaseTable
    instance: NDArray[np.int8]
    head_group: NDArray[np.int64]
    units: NDArray[np.float64]

    @property
    def measures(self) -> dict[int, NDArray[Any]]:
        """Columns that are summed."""
        t = self.table
        return {
            UNITS: self.units,
            CASES: np.ones(len(t)),
            CHARGE: t.charge,
            IN_SCOPE: t.in_scope,
            RECORDED: t.recorded,
            RESIDUAL: t.residual,
            OWN_PAY: t.own_pay,
            DAYS: t.stay,
        }


@dataclass
class RandomPolicy:
    """The books of a random policy, and the city's ledger its payments are posted to.

    ``cash``, ``fund`` and ``accrued`` sum up by instance, provider and scheme what providers received, what left the fund, and what
    became owed.
    """

    rng: np.random.Generator
    books: Settlement
    ledger: Ledger = field(default_factory=lambda: Ledger(N_PROVIDERS, N_GROUPS))
    cash: list[Fen] = field(default_factory=list)
    fund: list[Fen] = field(default_factory=list)
    accrued: list[Fen] = field(default_factory=list)
    _histories: list[History] = field(default_factory=list)

    def __post_init__(self) -> None:
        for sums in (self.cash, self.fund, self.accrued):
            sums += [np.zeros((N_PROVIDERS, N_SCHEMES), dtype=np.int64) for _ in self.books.instances]

    def open_year(self) -> None:
        """Begins a settlement year on books of random cases."""
        histories = [draw_history(self.rng, instance.mode) for instance in self.books.instances]
        for instance, history in zip(self.books.instances, histories, strict=True):
            instance.base = history.base
        self._histories = [replace(history, heads=self.books.own_heads(i, history.heads)) for i, history in self._pairs(histories)]
        self.books.start_year(self._histories)

    def _pairs(self, parts: list[Any]) -> list[tuple[Instance, Any]]:
        return list(zip(self.books.instances, parts, strict=True))

    def claims(self, most: int = 60) -> MonthOfClaims:
        """A month of random cases."""
        drawn = draw_cases(self.rng, int(self.rng.integers(0, most + 1)), get_mode("ffs")())
        n = len(drawn)
        relation = self.rng.integers(0, N_RELATIONS, n)
        routing = self.books.routing
        visits = drawn.kind < len(VISIT_KINDS)
        instance = np.where(
            visits,
            routing.of_visit(np.minimum(drawn.kind, len(VISIT_KINDS) - 1), drawn.provider, drawn.scheme, relation),
            routing.of_stay(drawn.group, drawn.provider, drawn.scheme, relation),
        )
        table = replace(drawn, holder=self.books.holder(instance, drawn.provider))
        units = self.books.reviewed(instance, table, self.books.units_of(instance, table), closing=self.books.elapsed == 11)
        return MonthOfClaims(table, instance, self.rng.integers(-1, N_GROUPS, n), units)

    def totals_of(self, month: MonthOfClaims) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
        """Totals of every instance, and recorded money by provider and scheme, as the city books them."""
        t = month.table
        totals = self.books.totals(month.instance, t.provider, t.scheme, month.head_group, month.measures)
        return totals, self.books.recorded_by_provider(month.instance, t.provider, t.scheme, t.recorded)

    def settle(self, month: MonthOfClaims, clearing: bool) -> list[Payment]:
        """Books a month, pays, and posts what is paid; now and then the year's budget has been raised before."""
        if self.rng.random() < 0.1:
            self.books.revise([replace(history, factor=history.factor * self.rng.uniform(1, 1.3)) for history in self._histories])
        self.books.assess(np.full(N_PROVIDERS, 50.0), self.rng.integers(0, 20, N_PROVIDERS).astype(float))
        for sums, owed in zip(self.accrued, self.books.accrue(*self.totals_of(month)), strict=True):
            sums += owed
        if self.books.advances and self.books.elapsed == 1:
            self._posted(self.books.advance(self.rng.random(N_SCHEMES) < 0.7))
        return self._posted(self.books.pay_month(clearing))

    def wind_up(self) -> list[Payment]:
        """Ends the books."""
        return self._posted(self.books.wind_up())

    def _posted(self, payments: list[Payment]) -> list[Payment]:
        city = SimpleNamespace(ledger=self.ledger, geography=SimpleNamespace(providers=SimpleNamespace(group=GROUP)))
        for i, (instance, payment) in enumerate(self._pairs(payments)):
            pay_out(cast(City, city), payment, instance.by_group)
            self.cash[i] += payment.cash
            self.fund[i] += payment.fund
        return payments


def any_policy(seed: int) -> RandomPolicy:
    """A policy at random, with its first year begun."""
    rng = np.random.default_rng(seed)
    names = [str(name) for name in rng.choice(list_modes(), int(rng.integers(1, MOST_MODES + 1)))]
    modes = [_any_mode(rng, name) for name in names]
    if all(mode.traits.held_by == "group" for mode in modes):
        modes.append(get_mode("ffs")())  # somebody has to pay who is in no group
    instances = [_any_instance(rng, f"mode{i}", mode) for i, mode in enumerate(modes)]
    facts = draw_history(rng, modes[0]).holders
    made = RandomPolicy(rng, Settlement(instances, _any_routing(rng, instances), GROUP, facts, N_GROUPS))
    made.open_year()
    return made


def _any_mode(rng: np.random.Generator, name: str) -> Any:
    """A mode with some parameters at random; the standard ones where those drawn do not go together."""
    kind = get_mode(name)
    try:
        return kind(**_any_values(rng, kind.PARAMETERS, 0.3))
    except InputError:
        return kind()


def _any_instance(rng: np.random.Generator, name: str, mode: Any) -> Instance:
    """A mode with rules of the cycle at random; with none where those drawn do not go together, or not with the mode."""
    try:
        return Instance(name, mode, Cycle(**_any_values(rng, CYCLE, 0.4)))
    except InputError:
        return Instance(name, mode)


def _any_values(rng: np.random.Generator, declared: Mapping[str, LeafSpec], share: float) -> dict[str, Any]:
    """Values within their bounds for a share of what is declared: numbers and names; lists and tables keep their standard."""
    found: dict[str, Any] = {}
    for name, spec in declared.items():
        if rng.random() > share:
            continue
        if spec.form == "text" and spec.choices:
            found[name] = str(rng.choice(spec.choices))
        elif spec.form in ("number", "integer") and spec.low is not None and spec.high is not None:
            value = float(rng.uniform(spec.low, spec.high))
            found[name] = round(value) if spec.form == "integer" else round(value, 6)
    return found


def _any_routing(rng: np.random.Generator, instances: list[Instance]) -> Routing:
    """Any mode anywhere, but groups' modes at their members only, as the reader of policies demands."""
    shape = (N_CLASSES, N_PROVIDERS, len(SCHEMES), N_RELATIONS)
    table = rng.integers(0, len(instances), shape)
    others = [i for i, instance in enumerate(instances) if not instance.by_group]
    alone = np.broadcast_to((GROUP < 0)[None, :, None, None], shape)
    table[alone] = rng.choice(others, int(alone.sum()))
    return Routing(table.astype(np.int8), rng.integers(len(VISIT_KINDS), N_CLASSES, N_DISEASES).astype(np.int16))
