"""What every version of the care-seeking step is given, what it hands back, and how two versions' aggregates are held together.

The step is one month of: need for each kind of visit and for a stay, severity, disease group, whether care is sought, choice of facility,
bill, and the split of the bill between all layers with every person's year to date. Conduct is neutral. The month's choice tables are
given, since they are the same few milliseconds for any number of people.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.cities import NAME, scale_of
from model.benefits import BenefitRules
from model.care import CareRules
from model.city import City
from model.codes import INPATIENT, KINDS, NEED_KINDS, SCHEMES, STANDINGS, TIERS
from model.illness import Illness
from model.people import PERSON, People
from model.phases.treatment import choice_tables

CARE_CODES = (*range(len(NEED_KINDS)), INPATIENT)
"""Kinds the step knows, in the order of the needs that are drawn: visits now and then, and stays, which it does not tell apart."""
CARE = KINDS[: INPATIENT + 1]
NOT_SOUGHT = len(TIERS)
"""Last column of the counts by tier."""
BOOKS = (
    "ytd_basic_inpatient",
    "ytd_basic_outpatient",
    "ytd_basic_chronic",
    "ytd_outpatient_deductible",
    "ytd_residual",
    "ytd_cii",
    "ytd_aid",
    "ytd_oop",
    "ytd_stays",
    "account_balance",
)
"""Columns that the step moves."""


@dataclass(frozen=True)
class Workload:
    """People and the month's rules; money in fen.

    ``visit_mean[provider, scheme, kind]`` and ``stay_mean[scheme, tier]`` (of a group of weight one) are expected charges; the
    ``_in_scope`` arrays the part of a charge inside the catalogue, by scheme, and by scheme and tier.
    """

    people: People
    seed: int
    month: int
    illness: Illness
    care: CareRules
    benefits: BenefitRules
    upper: UpperLayers
    cumulative: NDArray[np.float32]
    sought: NDArray[np.float32]
    slots: NDArray[np.int16]
    tier: NDArray[np.int8]
    benefit_class: NDArray[np.int8]
    least_tier: NDArray[np.int8]
    weight: NDArray[np.float64]
    visit_mean: NDArray[np.float64]
    visit_in_scope: NDArray[np.float64]
    stay_mean: NDArray[np.float64]
    stay_in_scope: NDArray[np.float64]
    table_seconds: float


@dataclass(frozen=True)
class UpperLayers:
    """Second layer and assistance as plain tables by scheme, for the versions that split bills without the model's kernel.

    The city measured has no other layer and no tilt for the poor; assistance is a share under a cap.
    """

    above_ceiling: NDArray[np.bool_]
    deductible: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    ppm: NDArray[np.int64]
    cap: NDArray[np.int64]
    aid_ppm: NDArray[np.int64]
    aid_cap: NDArray[np.int64]

    @classmethod
    def of(cls, benefits: BenefitRules) -> UpperLayers:
        """The tables of the city's rules."""
        assert [layer.name for layer in benefits.layers] == ["second", "aid"]
        second, aid = benefits.layers
        common, poor = STANDINGS.index("ordinary"), STANDINGS.index("poor")
        return cls(
            second.above_ceiling,
            second.deductible[:, common],
            second.low[:, common],
            second.high[:, common],
            second.ppm[:, common],
            second.cap[:, common],
            aid.ppm[:, poor, 0],
            aid.cap[:, poor],
        )


@dataclass(frozen=True)
class Events:
    """A month's needs in columns: kind of care, severity, provider (-1: not sought) and charge (fen, 0 where not sought)."""

    kind: NDArray[np.uint8]
    severity: NDArray[np.uint8]
    provider: NDArray[np.int16]
    charge: NDArray[np.int64]

    @classmethod
    def join(cls, parts: list[Events]) -> Events:
        """All of them, one below the other."""
        return cls(
            np.concatenate([part.kind for part in parts]),
            np.concatenate([part.severity for part in parts]),
            np.concatenate([part.provider for part in parts]),
            np.concatenate([part.charge for part in parts]),
        )


def make_workload(people: int, seed: int = 1) -> Workload:
    """The month of a city of so many people, after one month of its life."""
    city = City(NAME, None, scale=scale_of(people), seed=seed)
    city.run_for(1)
    providers, levels, index = city.geography.providers, city.levels, city.now.price_index
    began = time.perf_counter()
    cumulative, sought = choice_tables(city, city.insurer.standing.closed(city.month))
    seconds = time.perf_counter() - began
    mean = levels.visit[providers.tier][:, None, :] * index
    return Workload(
        people=fresh_year(city.people),
        seed=seed,
        month=city.now.index,
        illness=city.illness,
        care=city.care,
        benefits=city.now.benefits,
        upper=UpperLayers.of(city.now.benefits),
        cumulative=cumulative,
        sought=sought,
        slots=city.geography.slots,
        tier=providers.tier,
        benefit_class=providers.benefit_class,
        least_tier=city.catalogue.least_tier,
        weight=city.catalogue.weight,
        visit_mean=np.ascontiguousarray(np.broadcast_to(mean, (len(providers), len(SCHEMES), mean.shape[2]))),
        visit_in_scope=levels.visit_in_scope,
        stay_mean=levels.admission * index,
        stay_in_scope=levels.in_scope,
        table_seconds=seconds,
    )


def fresh_year(people: People, rows: NDArray[np.int64] | None = None) -> People:
    """A copy of all people, or of some rows, at the start of a year."""
    chosen = np.arange(len(people)) if rows is None else rows
    twin = People(len(chosen))
    for column in PERSON:
        getattr(twin, column.name)[:] = getattr(people, column.name)[chosen]
    for name in BOOKS[:-1]:
        getattr(twin, name)[:] = 0
    return twin


def sample(people: People, size: int, seed: int) -> People:
    """So many of the people, drawn without regard to anything."""
    rows = np.random.default_rng(seed).permutation(len(people))[:size]
    return fresh_year(people, np.sort(rows))


# Aggregates


@dataclass
class Aggregates:
    """What a version did in some months: counts ``[kind, tier or not sought]``, severe needs and charges by kind, books of people."""

    count: NDArray[np.int64]
    severe: NDArray[np.int64]
    charge: NDArray[np.float64]
    square: NDArray[np.float64]
    books: NDArray[np.float64]
    spread: NDArray[np.float64]

    def measures(self) -> dict[str, tuple[float, float]]:
        """Each aggregate with its standard error: counts, mean yuan a bill, mean yuan a person in each book."""
        made = {
            f"{kind}/{place}": (float(n), float(n) ** 0.5)
            for kind, row in zip(CARE, self.count, strict=True)
            for place, n in zip((*TIERS, "not_sought"), row, strict=True)
        }
        made |= {f"{kind}/severe": (float(n), float(n) ** 0.5) for kind, n in zip(CARE, self.severe, strict=True)}
        bills = np.maximum(self.count[:, :NOT_SOUGHT].sum(axis=1), 1)
        mean = self.charge / bills
        error = np.sqrt(np.maximum(self.square / bills - mean**2, 0.0) / bills)
        made |= {f"{kind}/bill": (float(m), float(e)) for kind, m, e in zip(CARE, mean, error, strict=True)}
        made |= {name: (float(m), float(e)) for name, m, e in zip(BOOKS, self.books, self.spread, strict=True)}
        return made


def aggregate(months: list[Events], books: NDArray[np.float64], opening: NDArray[np.float64], tier: NDArray[np.int8]) -> Aggregates:
    """Aggregates of the months' events and of the books ``[book, person]`` after and before them."""
    events = Events.join(months)
    place = np.where(events.provider >= 0, tier[np.maximum(events.provider, 0)], NOT_SOUGHT)
    size, places = len(CARE), NOT_SOUGHT + 1
    yuan = events.charge / 100.0
    moved = (books - opening) / np.where(np.array(BOOKS) == "ytd_stays", 1.0, 100.0)[:, None]
    return Aggregates(
        count=np.bincount(events.kind.astype(np.int64) * places + place, minlength=size * places).reshape(size, places),
        severe=np.bincount(events.kind[events.severity == 2], minlength=size),
        charge=np.bincount(events.kind, weights=yuan, minlength=size),
        square=np.bincount(events.kind, weights=yuan**2, minlength=size),
        books=moved.mean(axis=1),
        spread=moved.std(axis=1) / moved.shape[1] ** 0.5,
    )


def books_of(people: People) -> NDArray[np.float64]:
    """The books ``[book, person]`` of people in columns."""
    return np.stack([getattr(people, name).astype(np.float64) for name in BOOKS])


@dataclass(frozen=True)
class Agreement:
    """The aggregate on which two versions are furthest apart, in standard errors, and how far apart they are in all they paid out."""

    measure: str
    errors: float
    relative: float


def compare(first: Aggregates, second: Aggregates) -> Agreement:
    """How well two versions agree."""
    ours, theirs = first.measures(), second.measures()
    away = {}
    for name, (a, error_a) in ours.items():
        b, error_b = theirs[name]
        error = (error_a**2 + error_b**2) ** 0.5
        away[name] = abs(a - b) / error if error > 0 else 0.0
    worst = max(away, key=away.__getitem__)
    total, other = float(first.charge.sum()), float(second.charge.sum())
    return Agreement(worst, away[worst], other / total - 1.0 if total else 0.0)
