"""A month of inpatient claims settled by every payment mode there is, and a conduct quote over as many cases, in milliseconds."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.cities import TimedCity, open_city
from benchmarks.measure import hand_back, seconds_of
from model.care import eligible
from model.cases import CaseTruth, Claims
from model.cashbook import Payment
from model.city import measures_of
from model.payment import History, get_mode, list_modes
from model.quote import ALL_GAINS, Expected, Quote, read_prices
from model.routing import Routing
from model.settlement import Instance, Settlement
from model.supervision import AUDITED_CHANNELS

PEOPLE = 90_000
"""City whose claims are drawn from, with replacement, until there are as many as asked for."""

LONG_COLUMN = 4_000_000
"""Numbers in a column of a full city's people."""
FULL_MONTH = 60_000
"""Inpatient claims of a month of a full city."""
LIMITS_MS = {"settle_ms": 100.0, "quote_ms": 10.0}
"""Most milliseconds that a full month's settlement and a quote of as many cases may take under any mode."""


def verdict(claims: int, spent: Mapping[str, float]) -> str:
    """Whether a mode keeps the limits on a full month; on fewer claims nothing is said."""
    if claims < FULL_MONTH:
        return "–"
    beyond = [f"{name.removesuffix('_ms')} > {limit:g} ms" for name, limit in LIMITS_MS.items() if spent[name] > limit]
    return "BEYOND: " + ", ".join(beyond) if beyond else "within"


def measure(claims: int, repeats: int, people: int = PEOPLE, seed: int = 1) -> dict[str, Any]:
    """Milliseconds by mode, and of the city's own mix of modes, of the fastest run: of a month's settlement, of reading all marginal
    prices, of quoting all cases as they are and under one alternative, and under every act there is."""
    city = open_city(people, seed)
    city.run_for(city.learning.period)
    rows = np.random.default_rng(seed)
    recent = city.recent_claims()
    drawn: Claims = recent.take(np.sort(rows.integers(len(recent), size=claims)))
    seen: CaseTruth | None = city.now.truth
    if seen is None:
        raise RuntimeError("the city has had no cases")
    truth: CaseTruth = seen.take(np.sort(rows.integers(len(seen), size=claims)))
    np.ones(LONG_COLUMN)  # a column once let go of: from then on the allocator keeps memory of that size, as in a city of millions
    mix = {city.policy.name: _measured(city, city.settlement, drawn, truth, repeats)}
    truth.instance, drawn.instance = np.zeros((2, claims), dtype=np.int8)
    modes = {name: _measured(city, _books(city, name, drawn), drawn, truth, repeats) for name in list_modes()} | mix
    return {"claims": claims, "load": os.getloadavg()[0], "processors": os.cpu_count(), "modes": modes}


def _measured(city: TimedCity, settlement: Settlement, claims: Claims, truth: CaseTruth, repeats: int) -> dict[str, float]:
    quote = _quote(city, settlement)
    _gains(city, quote, truth, ALL_GAINS)  # kernels loaded
    return {
        "settle_ms": 1000 * seconds_of(lambda: settle_month(settlement, claims, city.group_facts.kind), repeats, min),
        "prices_ms": 1000 * seconds_of(lambda: _quote(city, settlement), repeats, min),
        "quote_ms": 1000 * seconds_of(lambda: _gains(city, quote, truth, {"shift"}), repeats, min),
        "decision_ms": 1000 * seconds_of(lambda: _gains(city, quote, truth, ALL_GAINS), repeats, min),
    }


def _books(city: TimedCity, name: str, claims: Claims) -> Settlement:
    """Books in which one mode covers everything, open for a year whose base is the given month twelve times."""
    providers, holders = city.geography.providers, city.settlement
    instance, routing = Instance(name, get_mode(name)()), Routing.alone(len(providers), len(city.catalogue))
    settlement = Settlement([instance], routing, providers.group, holders.holders, city.geography.n_groups)
    base = 12.0 * _totals(settlement, claims, np.zeros(len(claims)))[0]
    billed = claims.billed(claims.group_coded, city.group_facts.kind)
    table = settlement.case_table(0, **billed)
    heads = np.ones((settlement.n_holders, 2)) * len(city.people) / settlement.n_holders
    settlement.start_year([History(table, (), base, np.ones(2), heads, settlement.holders, city.group_facts, 0)])
    units = settlement.tariff(claims.instance, **billed)
    settlement.post([12.0 * _totals(settlement, claims, units)[0]])
    return settlement


def settle_month(settlement: Settlement, claims: Claims, kind: NDArray[np.int8]) -> list[Payment]:
    """Counts a month's claims, works out what is owed, and pays: one payment an instance."""
    units = settlement.tariff(claims.instance, **claims.billed(claims.group_coded, kind))
    recorded = settlement.recorded_by_provider(claims.instance, claims.provider, claims.scheme, claims.basic.astype(np.float64))
    settlement.accrue(_totals(settlement, claims, units), recorded)
    return settlement.pay_month(False)


def _totals(settlement: Settlement, claims: Claims, units: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    return settlement.totals(claims.instance, claims.provider, claims.scheme, claims.head_group, measures_of(claims, units))


def _quote(city: TimedCity, settlement: Settlement) -> Quote:
    audit = city.insurer.audit
    found = {channel: np.full(settlement.n_providers, 0.1) for channel in AUDITED_CHANNELS}
    fine = {channel: city.insurer.fine(channel) for channel in AUDITED_CHANNELS}
    every = np.ones(settlement.n_providers)
    prices = read_prices(settlement, Expected(found, fine), city.items, every, 0 * every, city.refused_ratio, audit.split_gain)
    return Quote(settlement, prices, city.care, city.catalogue)


def _gains(city: TimedCity, quote: Quote, truth: CaseTruth, acts: Set[str]) -> None:
    quote.gains(truth, city.staff.conduct, eligible(truth, city.care, city.catalogue), city.learning.step, frozenset(acts))


def main() -> None:
    """Measures one number of claims."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--claims", type=int, required=True)
    parser.add_argument("--repeats", type=int, required=True)
    asked = parser.parse_args()
    hand_back(measure(asked.claims, asked.repeats))


if __name__ == "__main__":
    main()
