"""The insurer's books: which mode covers which case, what each holder is owed so far, what has been paid, and the yearly clearing.

Holders are numbered: providers first, then medical groups. The fund's debt to a holder is always the mode's ``entitlement`` of the totals
of the settlement year so far; a month pays a share of what is owed and not yet paid, a clearing pays the rest. The same entitlement,
asked for slightly different totals around what is posted, is the quote.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.cashbook import Cashbook, Owed, Payment
from model.cycle import Cycle, advance_of, assessed, assessment, cleared, overrun_asked, overrun_granted, released, score_of
from model.errors import InputError
from model.payment import (
    CASES,
    MEASURES,
    OUTFLOW,
    RECORDED,
    UNITS,
    CaseTable,
    History,
    HolderFacts,
    OnAccount,
    PaymentMode,
    Pointed,
    Reviewing,
    ReviewingLater,
    Revising,
)
from model.routing import HEADS_BOTH, HEADS_GROUP, Routing
from model.sums import add_by_cell
from model.units import apportion

N_MEASURES = len(MEASURES)
N_SCHEMES = 2
MARGIN_STEP = 0.02
"""Finite step, as a share of posted totals, at which a marginal entitlement is taken (``conduct.md`` 2)."""
QUARTER = 3
"""Months of the settlement year before which nobody's spending is held against last year's."""
HALF_YEAR = 6
"""Months of the settlement year after which a mode may revise its terms."""


@dataclass
class Instance:
    """One mode at work under a policy: its terms and its books.

    ``year_totals`` of the settlement year and ``posted`` of the last twelve months ``[holder, scheme, measure]``; ``base`` the budget base;
    what is ``payable`` on posted totals and the ``overruns`` they would ask the fund to share ``[holder, scheme]``;
    ``score`` of each holder, of 100; by provider and scheme ``recorded`` this year and what is ``due`` for it so far, fen; ``book``: what
    has been paid; ``last_year``: what the year before brought. Of a mode by points ``worth``: fen that this year's points are worth so far,
    and ``month_points``: how many the last month had and what they added to it. Where several months are reviewed together,
    ``unreviewed``: the cases of those that have passed, and ``late``: units that the month's review gave them, by provider and scheme.
    """

    id: str
    mode: PaymentMode
    cycle: Cycle = field(default_factory=Cycle)
    terms: Any = None
    year_totals: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, N_SCHEMES, N_MEASURES)))
    posted: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, N_SCHEMES, N_MEASURES)))
    recorded: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, N_SCHEMES)))
    due: Owed = field(default_factory=lambda: _nothing(0))
    book: Cashbook = field(default_factory=Cashbook)
    score: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    last_year: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, N_SCHEMES), dtype=np.int64))
    base: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, N_SCHEMES, N_MEASURES)))
    overruns: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, N_SCHEMES)))
    payable: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, N_SCHEMES)))
    worth: float = 0.0
    month_points: tuple[float, float] = (0.0, 0.0)
    unreviewed: list[CaseTable] = field(default_factory=list)
    late: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, N_SCHEMES)))

    def __post_init__(self) -> None:
        if self.cycle.monthly_value == "opening" and not isinstance(self.mode, OnAccount):
            raise InputError(
                "the mode has no value at the start of the year that months could be paid by",
                path=f"mode[{self.id}].cycle.monthly_value",
                found="opening",
                allowed="settled",
            )

    @property
    def by_group(self) -> bool:
        """Whether the group, not the provider, is owed."""
        return self.mode.traits.held_by == "group"

    def holder_of(self, provider_group: NDArray[np.int16]) -> NDArray[np.int64]:
        """Holder account of each provider under this mode (-1: none)."""
        n = len(provider_group)
        if not self.by_group:
            return np.arange(n)
        return np.where(provider_group >= 0, n + provider_group.astype(np.int64), -1)


class Settlement:
    """Routing, accrual, monthly payment and clearing for one policy.

    Args:
        instances: the policy's modes, in file order.
        routing: which instance covers which care; another may be put in its place when a date passes.
        provider_group: group of each provider, -1 for none.
        holders: facts of providers and, after them, groups.
        n_groups: number of medical groups.
    """

    def __init__(
        self,
        instances: list[Instance],
        routing: Routing,
        provider_group: NDArray[np.int16],
        holders: HolderFacts,
        n_groups: int,
    ) -> None:
        self.instances = instances
        self.routing = routing
        self.provider_group = provider_group
        self.n_holders = len(holders.tier)
        self.n_providers = self.n_holders - n_groups
        self.holders = holders
        self.tier = holders.tier
        holder = np.array([instance.holder_of(provider_group) for instance in instances])
        self.holder_table = np.maximum(holder, 0)
        self._cell_table = _cells(holder, self.n_holders)
        self.with_members = np.isin(np.arange(n_groups), provider_group)
        self.bears = self._bearers()
        for instance in instances:
            shape = (self.n_holders, N_SCHEMES, N_MEASURES)
            instance.year_totals, instance.posted, instance.base = np.zeros(shape), np.zeros(shape), np.zeros(shape)
            instance.overruns, instance.payable = np.zeros((2, self.n_holders, N_SCHEMES))
            instance.recorded, instance.late = np.zeros((2, self.n_providers, N_SCHEMES))
            instance.last_year = np.zeros((self.n_providers, N_SCHEMES), dtype=np.int64)
            instance.due, instance.book = _nothing(self.n_providers), Cashbook((self.n_providers, N_SCHEMES))
            instance.score = np.full(self.n_holders, 100.0)
        self.credit: NDArray[np.float64] | None = None
        self.deposit_factor = np.ones(self.n_holders)
        self.last_recorded = np.zeros(self.n_providers)
        self.elapsed = 0
        self.years = 0

    def reroute(self, routing: Routing) -> None:
        """Puts another routing in force: which mode covers which care, and which bears what own heads are given elsewhere."""
        self.routing = routing
        self.bears = self._bearers()

    def _bearers(self) -> NDArray[np.bool_]:
        """Whether a mode bears what a group's own heads of a scheme are given elsewhere, ``[instance, group, scheme]``.

        It is the mode with outflow that covers them at the group's members; where several do, the first, so that nothing is taken off
        twice.
        """
        bears = np.zeros((len(self.instances), len(self.with_members), N_SCHEMES), dtype=bool)
        for group in np.flatnonzero(self.with_members):
            covering = self.routing.table[:, self.provider_group == group][..., [HEADS_GROUP, HEADS_BOTH]]
            for scheme in range(N_SCHEMES):
                found = np.unique(covering[:, :, scheme])
                first = next((i for i in found if self.instances[i].mode.traits.outflow), None)
                if first is not None:
                    bears[first, group, scheme] = True
        return bears

    def case_table(self, instance_of_case: NDArray[np.int8] | int, **columns: NDArray[Any]) -> CaseTable:
        """Cases as the modes that cover them see them: the columns of :class:`CaseTable` but those that follow from others."""
        provider = columns["provider"]
        holder = self.holder(instance_of_case, provider)
        return CaseTable(**columns, holder=holder, tier=self.tier.take(provider), residual=columns["in_scope"] - columns["recorded"])

    def holder(self, instance_of_case: NDArray[np.int8] | int, provider: NDArray[Any]) -> NDArray[np.int64]:
        """Account that holds each case under the mode that covers it."""
        held: NDArray[np.int64] = self.holder_table.ravel().take(np.asarray(instance_of_case, dtype=np.int64) * self.n_providers + provider)
        return held

    def units_of(self, instance_of_case: NDArray[np.int8], table: CaseTable) -> NDArray[np.float64]:
        """Units of each case of a table under the mode that covers it."""
        n = len(table)
        units = np.zeros(n)
        if not in_order(instance_of_case):
            order = np.argsort(instance_of_case, kind="stable")
            units[order] = self.units_of(instance_of_case.take(order), table.take(order))
            return units
        bounds = np.searchsorted(instance_of_case, np.arange(len(self.instances) + 1, dtype=instance_of_case.dtype)).tolist()
        for instance, (first, last) in zip(self.instances, pairwise(bounds), strict=True):
            if last - first == n > 0:
                return instance.mode.tariff(table, instance.terms)
            if last > first:
                units[first:last] = instance.mode.tariff(table.part(first, last), instance.terms)
        return units

    @property
    def reviewing(self) -> dict[int, Reviewing]:
        """The modes that review cases, by instance."""
        return {i: one.mode for i, one in enumerate(self.instances) if isinstance(one.mode, Reviewing) and one.mode.reviews}

    def reviewed(
        self, instance_of_case: NDArray[np.int8], table: CaseTable, units: NDArray[np.float64], closing: bool
    ) -> NDArray[np.float64]:
        """Units of a month's cases after the reviews of the modes that have one; what earlier cases gain waits for :meth:`accrue`.

        ``closing``: the month is the year's last, so that no case waits for a later review.
        """
        found = units.copy()
        for i, mode in self.reviewing.items():
            mine, instance = np.flatnonzero(instance_of_case == i), self.instances[i]
            now = table.take(mine)
            if closing or not isinstance(mode, ReviewingLater) or (self.elapsed + 1) % mode.review_months == 0:
                found[mine] = self._review(instance, mode, now)
            else:
                instance.unreviewed.append(now)
                found[mine] = mode.unreviewed(now, instance.terms)
        return found

    def _review(self, instance: Instance, mode: Reviewing, now: CaseTable) -> NDArray[np.float64]:
        """Units of the cases of ``now``, reviewed together with those that wait; what the latter gain is noted as late."""
        counted, waiting = float(instance.year_totals[..., CASES].sum()), sum(len(table) for table in instance.unreviewed)
        cases = CaseTable.join([*instance.unreviewed, now]) if waiting else now
        units = mode.review(cases, instance.terms, counted - waiting)
        if waiting and isinstance(mode, ReviewingLater):
            earlier = cases.part(0, waiting)
            gained = units[:waiting] - mode.unreviewed(earlier, instance.terms)
            np.add.at(instance.late, (earlier.provider, earlier.scheme), gained)
        instance.unreviewed = []
        return units[waiting:]

    def tariff(self, instance_of_case: NDArray[np.int8], **columns: NDArray[Any]) -> NDArray[np.float64]:
        """Units of each case under the mode that covers it, from the columns of :meth:`case_table`."""
        return self.units_of(instance_of_case, self.case_table(instance_of_case, **columns))

    def totals(
        self,
        instance_of_case: NDArray[np.int8],
        provider: NDArray[Any],
        scheme: NDArray[Any],
        head_group: NDArray[Any],
        measures: dict[int, NDArray[Any]],
    ) -> list[NDArray[np.float64]]:
        """Totals ``[holder, scheme, measure]`` of cases (or cells of cases) for every instance, outflow of own heads included."""
        whole = self.no_totals()
        self.add(whole, instance_of_case, provider, scheme, head_group, measures)
        return self.by_instance(whole)

    def no_totals(self) -> NDArray[np.float64]:
        """Totals of no case: a row a cell, the last for cases of nobody."""
        return np.zeros((len(self.instances) * self.n_holders * N_SCHEMES + 1, N_MEASURES))

    def by_instance(self, whole: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """Totals ``[holder, scheme, measure]`` of every instance."""
        return list(whole[:-1].reshape(-1, self.n_holders, N_SCHEMES, N_MEASURES))

    def add(
        self,
        whole: NDArray[np.float64],
        instance_of_case: NDArray[np.int8],
        provider: NDArray[Any],
        scheme: NDArray[Any],
        head_group: NDArray[Any],
        measures: dict[int, NDArray[Any]],
    ) -> None:
        """Adds cases to totals of all instances, in place."""
        cell = self._cell_table.ravel().take(self._place(instance_of_case, provider, scheme))
        add_by_cell(whole, cell, np.array(list(measures)), np.array(list(measures.values()), dtype=np.float64))
        cells, head = self.n_holders * N_SCHEMES, head_group.astype(np.int64) * N_SCHEMES + scheme
        for instance, bears in enumerate(self.bears):
            if bears.any():
                away = np.flatnonzero((instance_of_case != instance) & (head_group >= 0))
                away = away[bears.ravel().take(head.take(away))]
                key = self.n_providers * N_SCHEMES + head.take(away)
                outflow = whole[instance * cells : (instance + 1) * cells, OUTFLOW]
                outflow += np.bincount(key, weights=measures[RECORDED][away], minlength=cells)

    def recorded_by_provider(
        self, instance_of_case: NDArray[np.int8], provider: NDArray[Any], scheme: NDArray[Any], recorded: NDArray[np.float64]
    ) -> list[NDArray[np.float64]]:
        """Recorded money ``[provider, scheme]`` of cases under every instance, whoever is owed."""
        place = self._place(instance_of_case, provider, scheme)
        money = np.bincount(place, weights=recorded, minlength=len(self.instances) * self.n_providers * N_SCHEMES)
        return list(money.reshape(-1, self.n_providers, N_SCHEMES))

    def _place(self, instance_of_case: NDArray[np.int8], provider: NDArray[Any], scheme: NDArray[Any]) -> NDArray[np.int64]:
        """Position of each case in a table ``[instance, provider, scheme]``."""
        place: NDArray[np.int64] = (instance_of_case.astype(np.int64) * self.n_providers + provider) * N_SCHEMES + scheme
        return place

    def own_heads(self, instance: Instance, heads: NDArray[np.float64]) -> NDArray[np.float64]:
        """Heads ``[holder, scheme]`` as a mode knows them: where institutions are owed not those of groups, and the other way round."""
        return np.where(self.is_owed(instance)[:, None], heads, 0.0)

    def is_owed(self, instance: Instance) -> NDArray[np.bool_]:
        """Whether each holder can be owed anything under a mode: providers, or groups that have members."""
        nobody = np.zeros(self.n_providers, dtype=bool)
        return np.concatenate([nobody, self.with_members] if instance.by_group else [~nobody, np.zeros_like(self.with_members)])

    def start_year(self, histories: list[History]) -> None:
        """Fixes the terms of the coming settlement year and opens its books."""
        # a policy's first year is held against its budget base
        base = np.sum([instance.last_year for instance in self.instances], axis=0).sum(axis=1).astype(np.float64)
        self.last_recorded = self._recorded_by_provider() if self.elapsed == 12 else base
        for instance, history in zip(self.instances, histories, strict=True):
            instance.terms = instance.mode.post(history)
            for totals in (instance.year_totals, instance.recorded):
                totals[:] = 0
            instance.worth, instance.unreviewed = 0.0, []
            if self.elapsed == 12:
                instance.last_year = instance.due.net.copy()
            instance.due = _nothing(self.n_providers)
            instance.book.open_year()
        self.elapsed = 0

    def revise(self, histories: list[History]) -> None:
        """Fixes the terms of the running year anew, as if they had been so from its beginning; its books stay.

        Once half of the year has passed, modes that revise their terms then do it again by what was done until now.
        """
        for instance, history in zip(self.instances, histories, strict=True):
            instance.terms = instance.mode.post(history)
            if self.elapsed >= HALF_YEAR:
                self._look_again(instance)

    def _look_again(self, instance: Instance) -> None:
        if isinstance(instance.mode, Revising):
            instance.terms = instance.mode.revise(instance.terms, instance.year_totals, self.elapsed / 12.0)

    def accrue(self, totals: list[NDArray[np.float64]], recorded: list[NDArray[np.float64]]) -> list[NDArray[np.int64]]:
        """Books one month's totals and recorded money by provider of every instance; at half year, modes that do so revise their terms.

        Returns:
            What became owed to each provider by the month ``[provider, scheme]``, one array an instance, fen.
        """
        self.elapsed += 1
        accrued = []
        for instance, month, money in zip(self.instances, totals, recorded, strict=True):
            added = self._with_late(instance, month)
            instance.year_totals = instance.year_totals + added
            instance.recorded = instance.recorded + money
            if self.elapsed == HALF_YEAR:
                self._look_again(instance)
            before, instance.due = instance.due.net, self.due(instance)
            accrued.append(instance.due.net - before)
            self._count_points(instance, added)
        return accrued

    def _with_late(self, instance: Instance, totals: NDArray[np.float64]) -> NDArray[np.float64]:
        """Totals ``[holder, scheme, measure]`` with the units that a review gave to cases of earlier months, which are then told."""
        if not instance.late.any():
            return totals
        found, provider = totals.copy(), np.flatnonzero(instance.late.any(axis=1))
        np.add.at(found[..., UNITS], instance.holder_of(self.provider_group)[provider], instance.late[provider])
        instance.late = np.zeros_like(instance.late)
        return found

    def _count_points(self, instance: Instance, added: NDArray[np.float64]) -> None:
        """The month's points and what they add to the worth of the year's, so that months add up to the year's value."""
        if isinstance(instance.mode, Pointed):
            worth = float(instance.mode.worth(instance.year_totals.sum(axis=0), instance.terms, self.elapsed / 12.0).sum())
            instance.month_points = float(added[..., UNITS].sum()), worth - instance.worth
            instance.worth = worth

    def assess(self, cases: NDArray[np.float64], distorted: NDArray[np.float64]) -> None:
        """Scores every holder from its providers' cases and those of them that audits found distorted, both by provider."""
        member = self.provider_group >= 0
        for instance in self.instances:
            whole = np.zeros((2, self.n_holders))
            whole[:, : self.n_providers] = cases, distorted
            for total, counted in zip(whole, (cases, distorted), strict=True):
                np.add.at(total, self.n_providers + self.provider_group[member].astype(np.int64), counted[member])
            instance.score = score_of(whole[0], whole[1], instance.cycle)

    @property
    def pace(self) -> NDArray[np.float64]:
        """Money recorded this settlement year over last year's in as many months, by provider; 0 before the first quarter is over."""
        now, before = self._recorded_by_provider(), self.last_recorded * self.elapsed / 12.0
        return np.divide(now, before, out=np.zeros_like(now), where=(before > 0) & (self.elapsed >= QUARTER))

    def _recorded_by_provider(self) -> NDArray[np.float64]:
        total: NDArray[np.float64] = np.sum([instance.recorded for instance in self.instances], axis=0).sum(axis=1)
        return total

    def rate(self, credit: NDArray[np.float64], deposit_more: float) -> None:
        """Puts providers' credit in the place of their scores for advances, and holds more of those with less (rules G1, I3).

        A group's credit is its members' mean (assumption).

        Args:
            credit: of a hundred points, by provider.
            deposit_more: how much more is held at no credit, over the cycle's own share.
        """
        member = self.provider_group >= 0
        group = self.provider_group[member].astype(np.int64)
        n_groups = self.n_holders - self.n_providers
        total = np.bincount(group, weights=credit[member], minlength=n_groups)
        count = np.bincount(group, minlength=n_groups)
        mean = np.divide(total, count, out=np.full(n_groups, 100.0), where=count > 0)
        self.credit = np.concatenate([credit, mean])
        self.deposit_factor = 1.0 + deposit_more * (1.0 - self.credit / 100.0)

    def _deposit_share(self, cycle: Cycle, holder: NDArray[np.int64]) -> NDArray[np.float64]:
        """Part held of what each holder is owed: the cycle's, times the factor of its credit; months and deposit are the whole at most."""
        share: NDArray[np.float64] = np.minimum(cycle.deposit_share * self.deposit_factor[holder], 1.0 - cycle.monthly_share)
        return share

    @property
    def assesses(self) -> bool:
        """Whether any money depends on scores."""
        return any(instance.cycle.assesses for instance in self.instances)

    def entitled(self, instance: Instance) -> NDArray[np.float64]:
        """What the mode alone entitles each holder to for the year so far, fen ``[holder, scheme]``."""
        pool = instance.year_totals.sum(axis=0, keepdims=True)
        exact = instance.mode.entitlement(instance.year_totals, pool, np.arange(self.n_holders), instance.terms, self.elapsed / 12.0)
        return np.where(self.is_owed(instance)[:, None], exact, 0.0)

    def owed(self, instance: Instance) -> NDArray[np.int64]:
        """What a clearing would grant for the year so far in whole fen ``[holder, scheme]``; an exhausted budget is met to the fen."""
        return self._granting(instance, self.entitled(instance))

    def _granting(self, instance: Instance, entitled: NDArray[np.float64]) -> NDArray[np.int64]:
        """What a clearing would grant of what holders are entitled to, whole fen ``[holder, scheme]``."""
        cycle = instance.cycle
        if not cycle.grants_other:
            return _whole(entitled)
        payable = assessed(entitled, assessment(instance.score, cycle)[:, None])
        recorded = instance.year_totals[..., RECORDED]
        granted = overrun_granted(overrun_asked(payable, recorded, cycle).sum(axis=0), _reserve(cycle, payable.sum(axis=0)))
        return _whole(cleared(payable, recorded, cycle, granted))

    def due(self, instance: Instance) -> Owed:
        """What is owed for the year so far by provider: entitled, granted by a clearing, to be held, and lost of that."""
        cycle, exact = instance.cycle, self.entitled(instance)
        granted = self._shared(instance, self._granting(instance, exact))
        entitled = self._shared(instance, _whole(exact)) if cycle.grants_other else granted
        monthly = self._on_account(instance) if cycle.monthly_value == "opening" else entitled
        if not cycle.deposit_share:
            return Owed(monthly, granted, instance.book.deposit, np.zeros_like(granted))
        holder = np.maximum(instance.holder_of(self.provider_group), 0)
        part = np.floor(self._deposit_share(cycle, holder)[:, None] * np.maximum(entitled, 0)).astype(np.int64)
        deposit = np.maximum(part, instance.book.deposit)
        kept = np.floor(released(self._score_by_provider(instance), cycle)[:, None] * deposit).astype(np.int64)
        return Owed(monthly, granted, deposit, deposit - kept)

    def _on_account(self, instance: Instance) -> NDArray[np.int64]:
        """What the year so far comes to at the value of the year's start, by provider, fen (rules E10)."""
        assert isinstance(instance.mode, OnAccount)
        exact = instance.mode.on_account(instance.year_totals, instance.terms)
        return self._shared(instance, _whole(np.where(self.is_owed(instance)[:, None], exact, 0.0)))

    def _score_by_provider(self, instance: Instance) -> NDArray[np.float64]:
        """The score of the account that holds each provider's cases."""
        return instance.score[np.maximum(instance.holder_of(self.provider_group), 0)]

    def _credit_by_provider(self, instance: Instance) -> NDArray[np.float64]:
        """Credit of the account that holds each provider's cases; its score stands for it where the insurer keeps no credit."""
        if self.credit is None:
            return self._score_by_provider(instance)
        return self.credit[np.maximum(instance.holder_of(self.provider_group), 0)]

    def _shared(self, instance: Instance, owed: NDArray[np.int64]) -> NDArray[np.int64]:
        """Money of holders by provider; a group's is shared by its members' recorded care (assumption), to the fen."""
        if not instance.by_group:
            return owed[: self.n_providers]
        shared = np.zeros((self.n_providers, N_SCHEMES), dtype=np.int64)
        for group in range(self.n_holders - self.n_providers):
            members = np.flatnonzero(self.provider_group == group)
            for s in range(N_SCHEMES):
                total = int(owed[self.n_providers + group, s])
                if len(members) and total:
                    weight = instance.recorded[members, s]
                    weight = weight if weight.sum() > 0 else np.ones(len(members))
                    shared[members, s] = np.sign(total) * apportion(abs(total), weight)
        return shared

    def pay_month(self, clearing: bool) -> list[Payment]:
        """What moves now under each mode: the month's share, clearings that waited until now, and with ``clearing`` the year's own."""
        if clearing:
            self.years += 1
        return [instance.book.pay(instance.due, instance.cycle, clearing) for instance in self.instances]

    def advance(self, passes: NDArray[np.bool_]) -> list[Payment]:
        """Lends providers part of the year's money where a mode's cycle says so, under schemes whose fund ``passes`` the gate."""
        amounts = [advance_of(one.last_year, self._credit_by_provider(one)[:, None], one.cycle) * passes for one in self.instances]
        return [instance.book.advance(amount) for instance, amount in zip(self.instances, amounts, strict=True)]

    @property
    def advances(self) -> bool:
        """Whether any mode's cycle lends money in advance."""
        return any(instance.cycle.advance_months > 0 for instance in self.instances)

    def wind_up(self) -> list[Payment]:
        """Ends the books of every mode: the open year is cleared, nothing is held or waits any more, debts are collected."""
        return [instance.book.wind_up(instance.due) for instance in self.instances]

    def post(self, totals: list[NDArray[np.float64]]) -> None:
        """Publishes the aggregates of the last twelve months, which quotes take as everybody else's."""
        for instance, recent in zip(self.instances, totals, strict=True):
            instance.posted = recent
            if instance.cycle.shares_overruns:
                everyone = np.arange(self.n_holders)
                payable = self._payable(instance, everyone, self._entitlement(instance, everyone, np.zeros_like(recent)))
                instance.payable = np.where(self.is_owed(instance)[:, None], payable, 0.0)
                instance.overruns = overrun_asked(instance.payable, recent[..., RECORDED], instance.cycle)

    def _entitlement(self, instance: Instance, holder: NDArray[np.int64], change: NDArray[np.float64]) -> NDArray[np.float64]:
        """Yearly entitlement by scheme if a holder's posted totals changed; the pool moves with the change."""
        own = instance.posted[holder] + change
        return instance.mode.entitlement(own, instance.posted.sum(axis=0) + change, holder, instance.terms, 1.0)

    def _payable(self, instance: Instance, holder: NDArray[np.int64], entitled: NDArray[np.float64]) -> NDArray[np.float64]:
        """Entitlements ``[..., row, scheme]`` times the holders' coefficients."""
        return assessed(entitled, assessment(instance.score[holder], instance.cycle)[:, None])

    def quoted(self, instance: int, holder: NDArray[np.int64], change: NDArray[np.float64]) -> NDArray[np.float64]:
        """What a year would bring if a holder's totals changed: ``[..., row]`` fen over schemes, for ``change[..., row, scheme, measure]``.

        Everybody else stays as posted; the pool moves with the change. So do the overruns that share a reserve, by the holder's own.
        Scores are those known now: a holder does not expect a better or a worse one.
        """
        inst = self.instances[instance]
        cycle, entitled = inst.cycle, self._entitlement(inst, holder, change)
        value = entitled
        if cycle.grants_other:
            payable = self._payable(inst, holder, entitled)
            recorded = inst.posted[holder][..., RECORDED] + change[..., RECORDED]
            value = cleared(payable, recorded, cycle, self._granted(inst, holder, payable, recorded) if cycle.shares_overruns else 1.0)
        if cycle.deposit_share:
            lost = self._deposit_share(cycle, holder) * (1 - released(inst.score[holder], cycle))
            value = value - lost[:, None] * np.maximum(entitled, 0.0)
        total: NDArray[np.float64] = value.sum(axis=-1)
        return total

    def _granted(
        self, instance: Instance, holder: NDArray[np.int64], payable: NDArray[np.float64], recorded: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Part of overruns that the reserve can pay ``[..., row, scheme]`` if one holder's amounts were these and others' as posted."""
        asked = instance.overruns.sum(axis=0) - instance.overruns[holder] + overrun_asked(payable, recorded, instance.cycle)
        whole = instance.payable.sum(axis=0) - instance.payable[holder] + payable
        return overrun_granted(asked, _reserve(instance.cycle, whole))

    def marginal(self, instance: int, holder: NDArray[np.int64]) -> NDArray[np.float64]:
        """Fen of yearly entitlement per unit more of each measure, ``[row, scheme, measure]``, by a finite step of the posted totals."""
        base = self.instances[instance].posted[holder]
        size = MARGIN_STEP * np.maximum(np.abs(base).max(axis=1), 1.0)
        scheme, measure = (axis.ravel() for axis in np.indices(base.shape[1:]))
        step = np.zeros((len(scheme), *base.shape))
        step[np.arange(len(scheme)), :, scheme, measure] = size[:, measure].T
        more, less = self.quoted(instance, holder, np.stack([step, -step]))
        slope = (more - less).T / (2 * size[:, measure])
        return np.ascontiguousarray(slope.reshape(base.shape))


def in_order(instance_of_case: NDArray[np.int8]) -> bool:
    """Whether the cases of each mode stand together, modes in their order."""
    return bool((instance_of_case[1:] >= instance_of_case[:-1]).all())


def _cells(holder: NDArray[np.int64], n_holders: int) -> NDArray[np.int64]:
    """Where a case is counted ``[instance, provider, scheme]``: one cell an instance, holder and scheme, the last for those of nobody."""
    cell = np.arange(len(holder))[:, None] * n_holders + holder
    cell = np.where(holder < 0, len(holder) * n_holders, cell)[..., None] * N_SCHEMES
    return np.where((holder < 0)[..., None], cell, cell + np.arange(N_SCHEMES))


def _reserve(cycle: Cycle, payable: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fen out of which overruns are shared, from what is payable to all holders together."""
    reserve: NDArray[np.float64] = cycle.overrun_reserve * np.maximum(payable, 0.0)
    return reserve


def _nothing(providers: int) -> Owed:
    """Nothing owed to any provider."""
    return Owed(*(np.zeros((providers, N_SCHEMES), dtype=np.int64) for _ in range(4)))


def _whole(exact: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole fen ``[holder, scheme]``, by scheme adding up to the rounded sum."""
    return np.stack([round_to_total(exact[:, s]) for s in range(exact.shape[1])], axis=1)


def round_to_total(exact: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole fen that add up to the rounded sum: largest remainder on the fractional parts."""
    floor = np.floor(exact)
    missing = int(np.rint(exact.sum()) - floor.sum())
    whole = floor.astype(np.int64)
    if missing > 0:
        order = np.argsort(-(exact - floor), kind="stable")[:missing]
        whole[order] += 1
    return whole
