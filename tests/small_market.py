"""A few institutions, cases and books for tests of payment, quote and conduct: plain numbers that can be followed by hand."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from hypothesis import settings
from numpy.typing import NDArray

from model.care import CareRules
from model.cases import CaseTruth, Claims
from model.catalogue import Catalogue, load_catalogue
from model.codes import INPATIENT
from model.cycle import Cycle
from model.items import Items
from model.payment import MEASURES, CaseTable, GroupFacts, History, HolderFacts, get_mode
from model.quote import Expected, Prices, read_prices
from model.routing import Routing
from model.settlement import Instance, Settlement
from model.supervision import AUDITED_CHANNELS

Floats = NDArray[np.float64]

TIER = np.array([0, 1, 2, 1], dtype=np.int8)
"""Tiers of the four institutions of the small market."""
GROUP = np.array([0, 0, -1, 1], dtype=np.int16)
"""Their medical groups: a township and a county hospital of group 0, a city hospital of none, a county hospital of group 1."""
N_GROUPS = 2
HOLDER_TIER = np.concatenate([TIER, np.ones(N_GROUPS, dtype=np.int8)])
"""Tiers of the institutions and, after them, of the groups."""
SCHEMES = 2

A_NIGHT = settings(max_examples=min(settings().max_examples, 400))
"""As many examples as the profile asks for, but no more than a night has room for: each settles a year, for every mode."""


def columns(n: int, given: dict[str, Any], standard: dict[str, Any]) -> dict[str, NDArray[Any]]:
    """Columns of ``n`` rows: what is given, broadcast, and the standard for the rest, in the standard's type."""
    made = {}
    for name, value in standard.items():
        kind = np.asarray(value).dtype
        made[name] = np.broadcast_to(np.asarray(given.get(name, value), dtype=kind), (n,)).copy()
    assert set(given) <= set(standard)
    return made


def case_table(n: int, **given: Any) -> CaseTable:
    """Cases as a mode sees them: a bill of 1000 yuan, 800 in scope, 600 of it recorded by the fund."""
    made = columns(
        n,
        given,
        {
            "provider": np.int16(0),
            "holder": np.int64(0),
            "scheme": np.int8(0),
            "tier": np.int8(0),
            "group": np.int16(0),
            "charge": 100_000.0,
            "in_scope": 80_000.0,
            "recorded": 60_000.0,
            "residual": 20_000.0,
            "own_pay": 20_000.0,
            "stay": np.float32(7.0),
            "kind": np.int8(INPATIENT),
            "severity": np.int8(0),
            "age": np.int16(50),
            "emergency": np.bool_(False),
            "readmission": np.bool_(False),
        },
    )
    return CaseTable(**made)


def stays(n: int) -> dict[str, NDArray[Any]]:
    """Columns of :func:`case_table` that say what kind of stay a case is."""
    table = case_table(n)
    return {name: getattr(table, name) for name in ("stay", "kind", "severity", "age", "emergency", "readmission")}


def totals(holders: int, **given: Any) -> Floats:
    """Totals ``[holder, scheme, measure]``, zero where not given; each measure broadcasts over holders and schemes."""
    made = np.zeros((holders, SCHEMES, len(MEASURES)))
    for name, value in given.items():
        made[..., MEASURES.index(name)] = value
    return made


def history(cases: CaseTable, base: Floats, **given: Any) -> History:
    """The insurer's memory before a policy's first year, for two equal disease groups unless told otherwise."""
    holders = len(base)
    standard: dict[str, Any] = {
        "heads": np.ones((holders, SCHEMES)),
        "factor": np.ones(SCHEMES),
        "holders": holder_facts(given.pop("tier", np.zeros(holders, dtype=np.int8))),
        "groups": group_facts(given.pop("weight", np.ones(2))),
        "years": 0,
        "earlier": (),
    }
    return History(cases=cases, base=base, **(standard | given))


def holder_facts(tier: NDArray[np.int8], **given: Any) -> HolderFacts:
    """Public general holders of the given tiers in the city, with a hundred beds each."""
    standard = {"specialty": np.int8(0), "private": np.bool_(False), "local": np.bool_(True), "beds": 100.0}
    return HolderFacts(tier=tier, **columns(len(tier), given, standard))


def group_facts(weight: Any, **given: Any) -> GroupFacts:
    """Disease groups of the given weights: a week's medical stay each."""
    n = len(weight)
    standard = {"stay": 7.0, "kind": np.int8(INPATIENT), "basic": np.bool_(False), "operative": np.bool_(False), "family": np.int64(0)}
    return GroupFacts(code=tuple(f"G{i}" for i in range(n)), weight=np.asarray(weight, dtype=float), **columns(n, given, standard))


def market(*modes: Any, routing: Routing | None = None, cycle: Cycle | None = None) -> Settlement:
    """Books of the small market under modes, each a name or a made mode; the first covers everything unless a routing is given."""
    made = [Instance(f"mode{i}", get_mode(mode)() if isinstance(mode, str) else mode, cycle or Cycle()) for i, mode in enumerate(modes)]
    return Settlement(made, routing or Routing.alone(len(TIER), len(load_catalogue())), GROUP, holder_facts(HOLDER_TIER), N_GROUPS)


def opened(settlement: Settlement, base: list[Floats] | None = None, cases: CaseTable | None = None, **given: Any) -> Settlement:
    """The same books with their first year begun, on a budget base of 12 million fen recorded a provider and scheme, unless given."""
    holders = settlement.n_holders
    bases = base or [totals(holders, cases=200, recorded=12e6, residual=4e6, in_scope=16e6, charge=20e6) for _ in settlement.instances]
    seen = cases if cases is not None else case_table(8, group=np.arange(8) % 2, provider=np.arange(8) % 4, tier=TIER[np.arange(8) % 4])
    for instance, own in zip(settlement.instances, bases, strict=True):
        instance.base = own
    settlement.start_year([history(seen, own, tier=settlement.tier, **given) for own in bases])
    return settlement


def care_rules(**changes: Any) -> CareRules:
    """Acts of conduct that reach many cases, without noise."""
    standard: dict[str, Any] = {
        "eligible_code": np.array([0.5, 0.5, 0.5]),
        "eligible_treat": 0.2,
        "eligible_split": 0.3,
        "treat_uplift": 0.5,
        "split_overhead": 0.1,
        "split_first": 0.55,
        "threshold_pool": 0.3,
        "threshold_charge": 0.6,
        "costly": 1.3,
        "need_sd": 0.4,
        "noise_sd": 0.4,
        "finish_share": 0.3,
        "finish_levels": (0.9, 1.0, 1.1),
        "stay_response": 0.5,
        "daily_share": 0.2,
    }
    return CareRules(**(standard | changes))


def coded_group(catalogue: Catalogue | None = None) -> int:
    """A disease group that can be treated up, and written up into a split a fifth to four fifths dearer: between the outlier lines."""
    groups = catalogue or load_catalogue()
    dearer = groups.weight[groups.code_up] / groups.weight
    able = (groups.code_up >= 0) & (groups.treat_up >= 0) & (dearer > 1.2) & (dearer < 1.8)
    able &= groups.adrg[groups.code_up] == groups.adrg
    return int(np.flatnonzero(able)[0])


def truth(n: int, **given: Any) -> CaseTruth:
    """Cases at institution 1 of standard charge 10 000 yuan; nobody can be acted on, since all uniforms are high."""
    tier = TIER[np.asarray(given.get("provider", 1))]
    made = columns(
        n,
        given,
        {
            "uid": np.uint64(1),
            "provider": np.int16(1),
            "tier": tier,
            "scheme": np.int8(0),
            "group": np.int16(coded_group()),
            "severity": np.int8(0),
            "emergency": np.bool_(False),
            "age": np.int16(50),
            "need": np.float32(1.0),
            "noisy_need": np.float32(1.0),
            "standard_charge": 1_000_000.0,
            "standard_stay": np.float32(8.0),
            "in_scope_share": np.float32(0.8),
            "recorded_share": np.float32(0.75),
            "relation": np.int8(0),
            "instance": np.int8(0),
            "head_group": np.int16(-1),
            "u_code": np.float32(0.99),
            "u_treat": np.float32(0.99),
            "u_split": np.float32(0.5),
            "u_tie": np.float32(0.5),
        },
    )
    return CaseTruth(**made)


def items(*margin: float, shares: Any = None, discretion: Any = (1.0, 1.0, 1.0, 1.0)) -> Items:
    """The catalogue's mixes, or ``shares`` for every group, with a margin of three tenths on every item unless given."""
    groups = load_catalogue().shares
    mixes = groups if shares is None else np.tile(np.asarray(shares, dtype=float), (len(groups), 1))
    return Items.of(mixes, np.asarray(discretion, dtype=float), np.array(margin or (0.3, 0.3, 0.3, 0.3)))


def prices(settlement: Settlement, detection: float = 0.0, fine: float = 1.0, **given: Any) -> Prices:
    """What the small market's providers know of money; nobody is found out unless told otherwise."""
    found = {channel: np.full(settlement.n_providers, detection) for channel in AUDITED_CHANNELS}
    every = np.ones(settlement.n_providers)
    standard: dict[str, Any] = {"items": items(), "crowding": every, "bed": 0 * every, "refused_ratio": 1.3, "split_gain": 0.55}
    fines = {channel: np.full(settlement.n_providers, fine) for channel in AUDITED_CHANNELS}
    return read_prices(settlement, Expected(found, fines), **(standard | given))


def claims(n: int, **given: Any) -> Claims:
    """Claims of one person each, 1000 yuan, whose parts are already paid."""
    standard: dict[str, Any] = dict.fromkeys((field.name for field in fields(Claims)), np.int64(0))
    standard |= {
        "month": np.int32(2021 * 12),
        "row": np.int32(0),
        "uid": np.uint64(1),
        "provider": np.int16(1),
        "tier": np.int8(1),
        "county": np.int16(0),
        "scheme": np.int8(0),
        "income_fifth": np.int8(0),
        "group_true": np.int16(coded_group()),
        "group_coded": np.int16(coded_group()),
        "severity": np.int8(0),
        "emergency": np.bool_(False),
        "age": np.int16(50),
        "need": np.float32(1.0),
        "noisy_need": np.float32(1.0),
        "standard_charge": 100_000.0,
        "standard_stay": np.float32(8.0),
        "intensity": np.float32(1.0),
        "stay": np.int16(8),
        "charge": np.int64(100_000),
        "in_scope": np.int64(80_000),
        "own_pay": np.int64(20_000),
        "basic": np.int64(60_000),
        "patient": np.int64(40_000),
        "instance": np.int8(0),
        "head_group": np.int16(0),
        "head_institution": np.bool_(False),
        "units": 0.0,
        "units_true": 0.0,
        "gain": 0.0,
        "flags": np.int16(0),
        "readmission": np.bool_(False),
        "u_code": np.float32(0.5),
        "u_treat": np.float32(0.5),
        "u_split": np.float32(0.5),
        "u_tie": np.float32(0.5),
    }
    return Claims(**columns(n, given, standard))
