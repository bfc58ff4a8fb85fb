"""Routes under random policies: every case is covered by exactly one mode, the one of the first route that fits it, asked one by one."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model import setup
from model.calendar import parse_month
from model.catalogue import load_catalogue
from model.codes import KINDS, OWNERSHIPS, PROVIDER_KINDS, SCHEMES, STAY_KINDS, TIERS, VISIT_KINDS
from model.geography import Geography
from model.payment import get_mode
from model.policy import PolicyFile, load_city
from model.policy.route import Route, month_of_date
from model.routing import HEADS_NONE, N_RELATIONS, routing_of

START = parse_month("2021-01")
DATES = ("M+0", "M+12", "M+30", "2020-06", "2022-03")


@cache
def place() -> Geography:
    return setup.geography_of(load_city("yuncheng"), 0.002, START)


def some(names: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True)


@st.composite
def routes(draw: st.DrawFn) -> dict[str, Any]:
    """One route with a few random conditions."""
    providers = place().providers
    groups = draw(st.booleans())
    route: dict[str, Any] = {"care": draw(some(STAY_KINDS if groups else KINDS)), "mode": draw(st.sampled_from(("a", "b")))}
    conditions: dict[str, st.SearchStrategy[Any]] = {
        "tiers": some(TIERS),
        "ownership": some(OWNERSHIPS),
        "schemes": some(SCHEMES),
        "specialty": some(PROVIDER_KINDS),
        "providers": some(tuple(providers.name)),
        "counties": some(tuple(place().counties)),
        "local": st.booleans(),
        "member": st.booleans(),
        "heads": st.sampled_from(("own", "other")),
        "from": st.sampled_from(DATES),
        "until": st.sampled_from(DATES),
    }
    for key in draw(st.lists(st.sampled_from(sorted(conditions)), max_size=3, unique=True)):
        route[key] = draw(conditions[key])
    return route | ({"groups": draw(some(("basic", "operative", "F", "FM19", "T", "ES33")))} if groups else {})


@given(made=st.lists(routes(), max_size=5), months=st.integers(0, 40), seed=st.integers(0, 2**32 - 1))
def test_each_case_is_covered_by_the_first_route_that_fits(made: list[dict[str, Any]], months: int, seed: int) -> None:
    policy = PolicyFile.model_construct(routes=tuple(Route.model_validate(route) for route in [*made, {"care": ["all"], "mode": "a"}]))
    policy = policy.model_copy(update={"modes": (Named("a"), Named("b"))})
    groups = setup.group_facts(load_catalogue())
    routing = routing_of(policy, [get_mode("ffs")(), get_mode("dip")()], place(), groups, START, START + months)
    rng = np.random.default_rng(seed)
    for _ in range(20):
        provider, scheme = int(rng.integers(len(place().providers))), int(rng.integers(2))
        relation, group, kind = int(rng.integers(N_RELATIONS)), int(rng.integers(len(groups.code))), int(rng.integers(len(VISIT_KINDS)))
        where = np.array([provider]), np.array([scheme]), np.array([relation])
        for stay in (True, False):
            care = int(groups.kind[group]) if stay else kind
            found = routing.of_stay(np.array([group]), *where) if stay else routing.of_visit(np.array([kind]), *where)
            first = next(r for r in policy.routes if fits(r, care, group if stay else None, provider, scheme, relation, START + months))
            assert ("a", "b")[int(found[0])] == first.mode


class Named:
    """A mode of a policy of which only the id is asked."""

    def __init__(self, name: str) -> None:
        self.id = name


def fits(route: Route, care: int, group: int | None, provider: int, scheme: int, relation: int, month: int) -> bool:
    """Whether a route covers one case, condition by condition as its words say."""
    who, catalogue = place().providers, load_catalogue()
    county = int(who.county[provider])
    told = {
        "care": KINDS[care],
        "tiers": TIERS[who.tier[provider]],
        "ownership": OWNERSHIPS[int(who.private[provider])],
        "schemes": SCHEMES[scheme],
        "specialty": PROVIDER_KINDS[who.kind[provider]],
        "providers": who.name[provider],
        "counties": place().counties[county] if county >= 0 else "nowhere",
        "local": bool(who.local[provider]),
        "member": bool(who.group[provider] >= 0),
        "heads": "other" if relation == HEADS_NONE else "own",
    }
    for key, value in told.items():
        wanted = route.kinds if key == "care" else route[key]
        if wanted is not None and value != wanted and not (isinstance(wanted, tuple) and value in wanted):
            return False
    if route.begins is not None and month < month_of_date(route.begins, START):
        return False
    if route.until is not None and month >= month_of_date(route.until, START):
        return False
    if route.groups is None or group is None:
        return route.groups is None
    lists = {"basic": bool(catalogue.simple[group]), "operative": bool(catalogue.partition[group] != 0)}
    return any(lists.get(name, catalogue.codes[group].startswith(name)) for name in route.groups)
