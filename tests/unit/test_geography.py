"""Who is assigned where, which facilities people weigh, and the three networks."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from model.city import City
from model.geography import SLOTS, Geography, Providers, make_geography, membership_graph, neighbourhood_graph, referral_graph
from model.policy import load_city
from model.setup import geography_of

NAMES = ("seat", "far_small", "far_big", "far_private", "city_best", "p0", "p1", "p2", "p3", "province")
"""A district with a county-type hospital and the city's best; a county with three hospitals; four primary ones; one outside."""


@pytest.fixture(scope="module")
def small() -> Geography:
    """Two counties, the first urban and without a group, of one and three areas."""
    providers = Providers(
        name=list(NAMES),
        label_zh=list(NAMES),
        label_en=list(NAMES),
        tier=np.array([1, 1, 1, 1, 2, 0, 0, 0, 0, 2], dtype=np.int8),
        private=np.array([False, False, False, True, False, False, False, False, False, False]),
        kind=np.zeros(10, dtype=np.int8),
        county=np.array([0, 1, 1, 1, 0, 0, 1, 1, 1, -1], dtype=np.int16),
        benefit_class=np.zeros(10, dtype=np.int8),
        beds=np.array([50.0, 20.0, 80.0, 900.0, 500.0, 5.0, 5.0, 5.0, 5.0, np.inf]),
        area=np.array([-1, -1, -1, -1, -1, 0, 1, 2, 3, -1], dtype=np.int16),
        local=np.array([True] * 9 + [False]),
        group=np.array([-1, 1, 1, -1, -1, -1, 1, 1, 1, -1], dtype=np.int16),
        minutes=np.array([0.0] * 9 + [240.0]),
    )
    return make_geography(
        ["district", "county"],
        np.array([True, False]),
        np.array([5.0, 60.0]),
        np.array([0, 1, 1, 1], dtype=np.int16),
        np.array([2.0, 1.0, 1.0, 1.0]),
        providers,
    )


def at(geography: Geography, area: int) -> dict[str, float]:
    """Options of an area by name, with minutes of travel."""
    slots, minutes = geography.slots[area], geography.minutes[area]
    return {geography.providers.name[p]: float(m) for p, m in zip(slots, minutes, strict=True) if p >= 0}


def test_people_belong_to_their_own_primary_and_the_largest_public_county_hospital(small: Geography) -> None:
    assert [small.providers.name[p] for p in small.areas.primary] == ["p0", "p1", "p2", "p3"]
    assert [small.providers.name[p] for p in small.areas.county_hospital] == ["city_best", "far_big", "far_big", "far_big"]
    assert small.areas.weight.sum() == pytest.approx(1.0)


def test_options_are_the_own_and_next_primary_the_county_s_the_city_s_and_those_outside(small: Geography) -> None:
    assert set(at(small, 1)) == {"p1", "p2", "far_small", "far_big", "far_private", "city_best", "province"}
    assert set(at(small, 3)) == {"p3", "p1", "far_small", "far_big", "far_private", "city_best", "province"}
    assert set(at(small, 0)) == {"p0", "seat", "city_best", "province"}


def test_travel_grows_with_distance(small: Geography) -> None:
    for area in (1, 2, 3):
        minutes = at(small, area)
        assert minutes[f"p{area}"] < minutes["far_big"] < minutes["city_best"] < minutes["province"]
    assert at(small, 1)["far_big"] < at(small, 3)["far_big"]
    assert at(small, 1)["city_best"] == 60 + at(small, 1)["far_big"]


def test_membership(small: Geography) -> None:
    graph = membership_graph(small)
    assert set(graph["group:1"]) == {f"provider:{NAMES.index(name)}" for name in ("far_small", "far_big", "p1", "p2", "p3")}
    assert graph.degree["group:0"] == 0
    assert graph.degree[f"provider:{NAMES.index('far_private')}"] == 0


def test_cases_are_referred_up_step_by_step(small: Geography) -> None:
    graph = referral_graph(small)
    path = nx.shortest_path(graph, NAMES.index("p2"), NAMES.index("province"))
    assert [NAMES[p] for p in path] == ["p2", "far_big", "city_best", "province"]
    assert nx.is_directed_acyclic_graph(graph)


def test_townships_hear_of_their_neighbours_and_county_seats_of_each_other(small: Geography) -> None:
    graph = neighbourhood_graph(small)
    assert {tuple(sorted(edge)) for edge in graph.edges} == {(1, 2), (2, 3), (1, 3), (0, 1)}


# The real cities


@pytest.mark.parametrize("name", ["yuncheng", "xuchang"])
def test_a_city_s_places_fit_together(name: str) -> None:
    city = load_city(name)
    geography = geography_of(city, 0.02, city.base_year * 12)
    providers, areas = geography.providers, geography.areas
    n = len(providers)
    assert len(set(providers.name)) == n
    assert 100 <= n <= 300
    assert (areas.primary >= 0).all()
    assert (areas.county_hospital >= 0).all()
    assert (providers.county[areas.primary] == areas.county).all()
    assert (providers.county[areas.county_hospital] == areas.county).all()
    assert not providers.private[areas.county_hospital].any()
    assert geography.slots.shape == (len(areas), SLOTS)
    assert (geography.slots < n).all()
    for row in geography.slots:
        named = row[row >= 0]
        assert len(set(named.tolist())) == len(named)
        assert {0, 1, 2} <= set(providers.tier[named].tolist())
        assert (~providers.local[named]).any()
    assert nx.is_connected(neighbourhood_graph(geography))
    members = providers.group >= 0
    assert (providers.group[members] == providers.county[members]).all()
    assert not providers.private[members].any()


def test_beds_are_scaled_and_may_be_fractions() -> None:
    city = load_city("yuncheng")
    whole, part = (geography_of(city, scale, city.base_year * 12).providers for scale in (1.0, 0.001))
    np.testing.assert_allclose(part.beds[part.local], whole.beds[whole.local] * 0.001)
    assert (part.beds[part.local] < 1).any()
    assert np.isinf(part.beds[~part.local]).all()


def test_relations_of_patients_to_institutions() -> None:
    """Own primary or county hospital inside the group: both; another member: the group's; elsewhere nobody's."""
    city = City("yuncheng", "ffs", scale=0.0005)
    areas, providers = city.geography.areas, city.geography.providers
    area = int(np.flatnonzero(providers.group[areas.primary] >= 0)[0])
    county = int(areas.county[area])
    sisters = np.flatnonzero((providers.group == county) & (providers.area >= 0) & (providers.area != area))
    tertiary = np.flatnonzero(providers.local & (providers.tier == 2) & (providers.group < 0))
    asked = np.array([areas.primary[area], areas.county_hospital[area], sisters[0], tertiary[0]])
    found = city.relation(np.full(4, area), np.full(4, county), asked)
    assert found.tolist() == [3, 3, 2, 0]
