"""Where people live and where care is given: catchment areas, institutions, travel, and who belongs with whom.

An *area* is the catchment of one primary institution (township health centre or community centre with its village clinics). Everything here
is columns over areas or providers; the three graphs are networkx, for whoever looks at the structure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from model.codes import SECONDARY, SPECIALTY_GENERAL, SPECIALTY_TCM, TERTIARY

SLOTS = 14
"""Facilities a person weighs: own and neighbouring primary, the county's, the city's, those outside."""


@dataclass
class Providers:
    """Institutions in columns; position is the provider's number.

    ``county`` is -1 outside the city; ``group`` the medical group a public county or township provider belongs to (-1: none); ``beds`` and
    ``area`` (catchment of a primary institution, else -1) as named; ``minutes`` travel from the city's centre for providers outside.
    """

    name: list[str]
    label_zh: list[str]
    label_en: list[str]
    tier: NDArray[np.int8]
    private: NDArray[np.bool_]
    kind: NDArray[np.int8]
    county: NDArray[np.int16]
    benefit_class: NDArray[np.int8]
    beds: NDArray[np.float64]
    area: NDArray[np.int16]
    local: NDArray[np.bool_]
    group: NDArray[np.int16]
    minutes: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.name)

    @property
    def dialyses(self) -> NDArray[np.bool_]:
        """Who has a dialysis unit: the city's general and Chinese-medicine hospitals from the second level up (assumption)."""
        able: NDArray[np.bool_] = np.isin(self.kind, (SPECIALTY_GENERAL, SPECIALTY_TCM)) & (self.tier >= SECONDARY) & self.local
        return able


@dataclass
class Areas:
    """Catchments in columns: ``county``, share of the city's people ``weight`` (sums to one), ``urban``, its own ``primary`` provider and
    the ``county_hospital`` its people are assigned to."""

    county: NDArray[np.int16]
    weight: NDArray[np.float64]
    urban: NDArray[np.bool_]
    primary: NDArray[np.int16]
    county_hospital: NDArray[np.int16]
    minutes_to_county: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.county)


@dataclass
class Geography:
    """Areas and providers with the options each area weighs: ``slots[area, slot]`` provider or -1, ``minutes[area, slot]`` travel."""

    counties: list[str]
    areas: Areas
    providers: Providers
    minutes_to_city: NDArray[np.float64]
    slots: NDArray[np.int16]
    minutes: NDArray[np.float64]

    @property
    def n_groups(self) -> int:
        """Number of medical groups: one a county-level unit."""
        return len(self.counties)


def make_geography(
    counties: list[str],
    urban: NDArray[np.bool_],
    minutes_to_city: NDArray[np.float64],
    area_county: NDArray[np.int16],
    area_weight: NDArray[np.float64],
    providers: Providers,
) -> Geography:
    """Joins areas to providers: each area's own primary institution, its county hospital, and the facilities its people weigh."""
    primary = np.full(len(area_county), -1, dtype=np.int16)
    for p in np.flatnonzero(providers.area >= 0):
        primary[providers.area[p]] = p
    hospital = np.array([_county_hospital(providers, c) for c in range(len(counties))], dtype=np.int16)
    rank = _rank_in_county(area_county)
    areas = Areas(
        county=area_county,
        weight=area_weight / area_weight.sum(),
        urban=urban[area_county],
        primary=primary,
        county_hospital=hospital[area_county],
        # assumption: townships lie 10 to 40 minutes from the county seat, evenly; in an urban district 10 to 20
        minutes_to_county=np.where(urban[area_county], 10 + 10 * rank, 10 + 30 * rank),
    )
    slots, minutes = _options(areas, providers, minutes_to_city, rank)
    return Geography(counties, areas, providers, minutes_to_city, slots, minutes)


def _county_hospital(providers: Providers, county: int) -> int:
    """The public general hospital with most beds among the county's own; the district's largest public hospital where it has none."""
    own = (providers.county == county) & ~providers.private & (providers.tier >= SECONDARY)
    for wanted in (own & (providers.group == county), own):
        if wanted.any():
            return int(np.flatnonzero(wanted)[np.argmax(providers.beds[wanted])])
    return -1


def _rank_in_county(area_county: NDArray[np.int16]) -> NDArray[np.float64]:
    """Position of each area within its county, from 0 to 1."""
    rank = np.zeros(len(area_county))
    for county in np.unique(area_county):
        members = np.flatnonzero(area_county == county)
        rank[members] = np.linspace(0.0, 1.0, len(members)) if len(members) > 1 else 0.5
    return rank


def _options(
    areas: Areas, providers: Providers, minutes_to_city: NDArray[np.float64], rank: NDArray[np.float64]
) -> tuple[NDArray[np.int16], NDArray[np.float64]]:
    """Facilities and travel minutes by area (assumption: distances as in ``make_geography``; besides the two primary
    institutions the local hospitals with most beds count, as far as there are slots)."""
    slots = np.full((len(areas), SLOTS), -1, dtype=np.int16)
    minutes = np.zeros((len(areas), SLOTS))
    outside = np.flatnonzero(~providers.local)
    for a in range(len(areas)):
        county = areas.county[a]
        near = [(int(areas.primary[a]), 8.0), (_neighbour(areas, a), 30.0)]
        own = np.flatnonzero(providers.local & (providers.county == county) & (providers.area < 0))
        near += [(int(p), float(areas.minutes_to_county[a])) for p in own]
        city = np.flatnonzero(providers.local & (providers.county != county) & (providers.tier == TERTIARY) & (providers.area < 0))
        near += [(int(p), float(minutes_to_city[county] + areas.minutes_to_county[a])) for p in city]
        near = _most_beds([n for n in near if n[0] >= 0], providers, SLOTS - len(outside))
        near += [(int(p), float(providers.minutes[p])) for p in outside]
        for j, (p, travel) in enumerate(near):
            slots[a, j], minutes[a, j] = p, travel
    return slots, minutes


def _neighbour(areas: Areas, area: int) -> int:
    same = np.flatnonzero(areas.county == areas.county[area])
    if len(same) < 2:
        return -1
    return int(areas.primary[same[(np.searchsorted(same, area) + 1) % len(same)]])


def _most_beds(options: list[tuple[int, float]], providers: Providers, room: int) -> list[tuple[int, float]]:
    """At most ``room`` options: the two primary ones, then those with most beds; order by provider number for stability."""
    first, rest = options[:2], options[2:]
    rest = sorted(rest, key=lambda option: (-providers.beds[option[0]], option[0]))[: room - len(first)]
    return first + sorted(rest)


def membership_graph(geography: Geography) -> nx.Graph[Any]:
    """Which provider belongs to which medical group (nodes ``provider:i``, ``group:j``)."""
    graph: nx.Graph[Any] = nx.Graph()
    graph.add_nodes_from(f"group:{j}" for j in range(geography.n_groups))
    for p, group in enumerate(geography.providers.group):
        graph.add_node(f"provider:{p}")
        if group >= 0:
            graph.add_edge(f"provider:{p}", f"group:{group}")
    return graph


def referral_graph(geography: Geography) -> nx.DiGraph[Any]:
    """Where cases are sent up: primary → county hospital → the city's tertiary hospitals → outside."""
    providers, areas = geography.providers, geography.areas
    graph: nx.DiGraph[Any] = nx.DiGraph()
    graph.add_nodes_from(range(len(providers)))
    tertiary = np.flatnonzero(providers.local & (providers.tier == TERTIARY) & ~providers.private)
    for a in range(len(areas)):
        graph.add_edge(int(areas.primary[a]), int(areas.county_hospital[a]))
    for hospital in np.unique(areas.county_hospital):
        graph.add_edges_from((int(hospital), int(t)) for t in tertiary if t != hospital)
    graph.add_edges_from((int(t), int(o)) for t in tertiary for o in np.flatnonzero(~providers.local))
    return graph


def neighbourhood_graph(geography: Geography) -> nx.Graph[Any]:
    """Areas whose people hear of each other's experience: neighbours along the county's ring, seats along the city's."""
    areas = geography.areas
    graph: nx.Graph[Any] = nx.Graph()
    graph.add_nodes_from(range(len(areas)))
    seats = []
    for county in range(len(geography.counties)):
        members = np.flatnonzero(areas.county == county)
        seats.append(int(members[0]))
        if len(members) > 1:
            graph.add_edges_from((int(a), int(b)) for a, b in zip(members, np.roll(members, -1), strict=True) if a != b)
    if len(seats) > 1:
        graph.add_edges_from((a, b) for a, b in zip(seats, seats[1:] + seats[:1], strict=True) if a != b)
    return graph
