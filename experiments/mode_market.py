"""The small market that a payment mode is asked about by its contract: bills and books of four institutions and two groups, from a seed."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
from numpy.typing import NDArray

from model.codes import INPATIENT, KINDS, PROVIDER_KINDS, SEVERITIES
from model.cycle import Cycle
from model.payment import (
    CASES,
    DAYS,
    MEASURES,
    OUTFLOW,
    UNITS,
    YEARS_KEPT,
    CaseTable,
    GroupFacts,
    GroupYear,
    History,
    HolderFacts,
    PaymentMode,
)
from model.routing import Routing
from model.settlement import Instance, Settlement

Floats = NDArray[np.float64]

TIER = np.array([0, 1, 2, 1], dtype=np.int8)
"""Tiers of the four institutions."""
GROUP = np.array([0, 0, -1, 1], dtype=np.int16)
"""Their medical groups: a township and a county hospital of group 0, a city hospital of none, a county hospital of group 1."""
N_PROVIDERS, N_GROUPS, N_SCHEMES, N_DISEASES = len(TIER), 2, 2, 5
N_HOLDERS = N_PROVIDERS + N_GROUPS
HOLDER_TIER = np.concatenate([TIER, np.ones(N_GROUPS, dtype=np.int8)])
"""Tiers of the institutions and, after them, of the groups."""
MONEY = ("charge", "in_scope", "recorded", "residual", "own_pay")
"""Columns of a bill that hold money."""


def draw_cases(rng: np.random.Generator, n: int, mode: PaymentMode) -> CaseTable:
    """Bills of every kind, from ten yuan to a hundred thousand, of the institutions that hold an account under the mode."""
    by_group = mode.traits.held_by == "group"
    provider = rng.choice(np.flatnonzero(GROUP >= 0) if by_group else np.arange(N_PROVIDERS), n)
    charge = np.rint(10 ** rng.uniform(3, 7, n))
    in_scope = np.rint(charge * rng.uniform(0.3, 1.0, n))
    recorded = np.rint(in_scope * rng.uniform(0.0, 1.0, n))
    return CaseTable(
        provider=provider.astype(np.int16),
        holder=N_PROVIDERS + GROUP[provider].astype(np.int64) if by_group else provider.astype(np.int64),
        scheme=rng.integers(0, N_SCHEMES, n).astype(np.int8),
        tier=TIER[provider],
        group=rng.integers(0, N_DISEASES, n).astype(np.int16),
        charge=charge,
        in_scope=in_scope,
        recorded=recorded,
        residual=in_scope - recorded,
        own_pay=charge - in_scope,
        stay=rng.integers(1, 60, n).astype(np.float32),
        kind=rng.integers(0, len(KINDS), n).astype(np.int8),
        severity=rng.integers(0, len(SEVERITIES), n).astype(np.int8),
        age=rng.integers(0, 100, n).astype(np.int16),
        emergency=rng.random(n) < 0.3,
        readmission=rng.random(n) < 0.1,
    )


def sum_cases(cases: CaseTable, units: Floats) -> Floats:
    """Totals ``[holder, scheme, measure]`` of cases."""
    out = no_totals()
    for measure, column in cases.measures(units).items():
        np.add.at(out[..., measure], (cases.holder, cases.scheme), column)
    return out


def no_totals() -> Floats:
    """Totals ``[holder, scheme, measure]`` of a year in which nothing happened."""
    return np.zeros((N_HOLDERS, N_SCHEMES, len(MEASURES)))


def draw_history(rng: np.random.Generator, mode: PaymentMode, n: int = 60) -> History:
    """A year of cases, the totals they make, heads, and what is known of holders and disease groups."""
    cases = draw_cases(rng, n, mode)
    base = sum_cases(cases, np.zeros(n))
    if mode.traits.outflow:
        base[N_PROVIDERS:, :, OUTFLOW] = np.rint(rng.uniform(0, 1e6, (N_GROUPS, N_SCHEMES)))
    return History(
        cases=cases,
        earlier=tuple(_group_year(rng) for _ in range(rng.integers(0, YEARS_KEPT))),
        base=base,
        factor=rng.uniform(0.9, 1.2, N_SCHEMES),
        heads=rng.integers(0, 5000, (N_HOLDERS, N_SCHEMES)).astype(float),
        holders=_holders(rng),
        groups=_groups(rng),
        years=int(rng.integers(0, 4)),
    )


def nothing_remembered(mode: PaymentMode) -> History:
    """The books of a year before which there was neither a case nor a head."""
    rng = np.random.default_rng(1)
    return History(
        cases=draw_cases(rng, 0, mode),
        earlier=(),
        base=no_totals(),
        factor=np.ones(N_SCHEMES),
        heads=np.zeros((N_HOLDERS, N_SCHEMES)),
        holders=_holders(rng),
        groups=_groups(rng),
        years=0,
    )


def books_of(mode: PaymentMode, history: History) -> Settlement:
    """Books in which the mode covers everything, with their first year begun."""
    routing = Routing.alone(N_PROVIDERS, N_DISEASES)
    books = Settlement([Instance("mode", mode, Cycle())], routing, GROUP, history.holders, N_GROUPS)
    books.instances[0].base = history.base
    books.start_year([history])
    return books


def in_other_money(history: History, factor: float) -> History:
    """The same history with every amount of money multiplied by a factor."""
    base = history.base.copy()
    base[..., [m for m in range(len(MEASURES)) if m not in (UNITS, CASES, DAYS)]] *= factor
    earlier = tuple(replace(year, charge=year.charge * factor) for year in history.earlier)
    return replace(history, base=base, cases=cases_in_other_money(history.cases, factor), earlier=earlier)


def cases_in_other_money(cases: CaseTable, factor: float) -> CaseTable:
    """The same cases with every amount of money multiplied by a factor."""
    return replace(cases, **{name: getattr(cases, name) * factor for name in MONEY})


def _group_year(rng: np.random.Generator, rows: int = 20) -> GroupYear:
    """A past year's stays, summed by group, institution and scheme."""
    cases = np.rint(rng.uniform(1, 50, rows))
    provider = rng.integers(0, N_PROVIDERS, rows)
    return GroupYear(
        group=rng.integers(0, N_DISEASES, rows),
        provider=provider,
        tier=TIER[provider],
        scheme=rng.integers(0, N_SCHEMES, rows),
        cases=cases,
        charge=np.rint(cases * 10 ** rng.uniform(4, 7, rows)),
        days=np.rint(cases * rng.uniform(1, 30, rows)),
    )


def in_other_order(history: History, rng: np.random.Generator) -> History:
    """The same history with its lines in another order."""
    earlier = []
    for year in history.earlier:
        turn = rng.permutation(len(year.group))
        earlier.append(GroupYear(**{f.name: getattr(year, f.name)[turn] for f in fields(year)}))
    return replace(history, cases=history.cases.take(rng.permutation(len(history.cases))), earlier=tuple(earlier))


def _holders(rng: np.random.Generator) -> HolderFacts:
    return HolderFacts(
        tier=HOLDER_TIER,
        specialty=rng.integers(0, len(PROVIDER_KINDS), N_HOLDERS).astype(np.int8),
        private=rng.random(N_HOLDERS) < 0.2,
        local=np.ones(N_HOLDERS, dtype=bool),
        beds=rng.integers(10, 1000, N_HOLDERS).astype(float),
    )


def _groups(rng: np.random.Generator) -> GroupFacts:
    return GroupFacts(
        code=tuple(f"G{i}" for i in range(N_DISEASES)),
        weight=rng.uniform(0.3, 4.0, N_DISEASES),
        stay=rng.uniform(3.0, 30.0, N_DISEASES),
        kind=np.full(N_DISEASES, INPATIENT, dtype=np.int8),
        basic=rng.random(N_DISEASES) < 0.3,
        operative=rng.random(N_DISEASES) < 0.3,
        family=rng.integers(0, 3, N_DISEASES),
    )
