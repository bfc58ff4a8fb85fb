"""Routes met with a city: by disease group, specialty, name, county and date; and a quote that follows a case into another mode."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model import setup
from model.calendar import parse_month
from model.care import NEUTRAL, Eligible
from model.catalogue import load_catalogue
from model.city import City
from model.codes import PROVIDER_KINDS
from model.errors import InputError
from model.geography import Geography
from model.payment import RECORDED, get_mode
from model.policy import PolicyFile, load_city, load_policy
from model.quote import Quote
from model.routing import HEADS_NONE, Routing, routing_of
from tests.small_market import TIER, care_rules, coded_group, market, opened, prices, totals, truth

START = parse_month("2021-01")
HEAD = """
name = "mixed"
label = { zh = "混合", en = "Mixed" }
description = { zh = "混合", en = "Mixed" }
[budget]
growth = { value = 0.0, unit = "share/year", source = "assumption: none" }
[[mode]]
id = "first"
kind = "global_budget"
parameters.surplus_share = { value = 0.0, unit = "share", source = "assumption: none" }
parameters.overrun_band = { value = 0.0, unit = "share", source = "assumption: none" }
parameters.overrun_share = { value = 0.0, unit = "share", source = "assumption: none" }
[[mode]]
id = "rest"
kind = "ffs"
"""


@pytest.fixture(scope="module")
def place() -> Geography:
    return setup.geography_of(load_city("yuncheng"), 0.002, START)


def policy(folder: Path, *routes: str) -> PolicyFile:
    """A policy of two modes: the first under the given routes, the rest by service."""
    file = folder / "mixed.toml"
    first = "".join(f'[[route]]\n{route}\nmode = "first"\n' for route in routes)
    file.write_text(f'{HEAD}{first}[[route]]\ncare = ["all"]\nmode = "rest"\n', encoding="utf-8")
    return load_policy(file)


def routed(made: PolicyFile, place: Geography, month: int = START) -> Routing:
    modes = [get_mode("global_budget")(), get_mode("ffs")()]
    return routing_of(made, modes, place, setup.group_facts(load_catalogue()), START, month)


def stays_of(routing: Routing, place: Geography) -> np.ndarray:
    """Whether the first mode covers a resident's stay ``[group, provider]``."""
    groups, providers = np.arange(len(load_catalogue()))[:, None], np.arange(len(place.providers))[None, :]
    return np.asarray(routing.of_stay(groups, providers, np.array(1), np.array(HEADS_NONE)) == 0)


def test_disease_groups_by_code_beginning_and_list(tmp_path: Path, place: Geography) -> None:
    catalogue = load_catalogue()
    covered = stays_of(routed(policy(tmp_path, 'care = ["inpatient"]\ngroups = ["FM19", "G", "basic"]'), place), place)
    listed = np.array([code == "FM19" or code.startswith("G") for code in catalogue.codes])
    assert (covered == (listed | catalogue.simple)[:, None]).all()
    operative = stays_of(routed(policy(tmp_path, 'care = ["inpatient", "psychiatric"]\ngroups = ["operative"]'), place), place)
    assert (operative[:, 0] == (catalogue.partition != 0)).all()


def test_psychiatric_stays_are_a_kind_of_care_of_their_own(tmp_path: Path, place: Geography) -> None:
    covered = stays_of(routed(policy(tmp_path, 'care = ["psychiatric"]'), place), place)
    assert (covered == np.array([code.startswith("T") for code in load_catalogue().codes])[:, None]).all()


def test_groups_that_no_route_tells_apart_share_a_class(tmp_path: Path, place: Geography) -> None:
    apart = routed(policy(tmp_path, 'care = ["inpatient"]\ngroups = ["FM19"]'), place)
    together = routed(policy(tmp_path, 'care = ["inpatient", "psychiatric"]\nlocal = true'), place)
    assert len(apart.table) == len(together.table) + 1
    assert apart.by_group
    assert not together.by_group


def test_specialty_name_and_county(tmp_path: Path, place: Geography) -> None:
    providers = place.providers
    tcm = stays_of(routed(policy(tmp_path, 'care = ["inpatient"]\nspecialty = ["tcm"]'), place), place)[0]
    assert (tcm == (providers.kind == PROVIDER_KINDS.index("tcm"))).all()
    named = stays_of(routed(policy(tmp_path, 'care = ["inpatient"]\nproviders = ["hejin_people"]'), place), place)[0]
    assert [providers.name[i] for i in np.flatnonzero(named)] == ["hejin_people"]
    county = stays_of(routed(policy(tmp_path, 'care = ["inpatient"]\ncounties = ["hejin"]'), place), place)[0]
    assert (county == (providers.county == place.counties.index("hejin"))).all()


@pytest.mark.parametrize(
    ("route", "where", "near"),
    [
        ('care = ["inpatient"]\nproviders = ["hejin_peple"]', "route[0].providers[0]", "hejin_people"),
        ('care = ["inpatient"]\ncounties = ["hejn"]', "route[0].counties[0]", "hejin"),
        ('care = ["inpatient"]\ngroups = ["basik"]', "route[0].groups", "basic"),
        ('care = ["inpatient"]\ngroups = ["XFM19"]', "route[0].groups", "FM19"),
    ],
)
def test_names_that_are_not_there_are_told(tmp_path: Path, place: Geography, route: str, where: str, near: str) -> None:
    with pytest.raises(InputError) as caught:
        routed(policy(tmp_path, route), place)
    assert caught.value.path == where
    assert caught.value.nearest == near


@pytest.mark.parametrize(
    ("route", "what"),
    [
        ('care = ["inpatient"]\nfrom = "12"', "not a date of a route"),
        ('care = ["inpatient"]\nuntil = "2021-13"', "not a date of a route"),
        ('care = ["common", "inpatient"]\ngroups = ["basic"]', "only stays have a disease group"),
        ('care = ["all", "inpatient"]', "all stands alone"),
        ('care = ["inpatient"]\nproviders = []', "an empty list matches nothing"),
    ],
)
def test_routes_that_make_no_sense(tmp_path: Path, route: str, what: str) -> None:
    with pytest.raises(InputError, match=what):
        policy(tmp_path, route)


@pytest.mark.parametrize(
    ("dates", "years"),
    [
        ('from = "M+12"', {0: False, 12: True, 24: True}),
        ('from = "2021-11"', {0: False, 12: True}),
        ('until = "M+12"', {0: True, 12: False, 24: False}),
        ('from = "M+1"\nuntil = "2023-01"', {0: False, 12: True, 24: False}),
        ('from = "2019-05"', {0: True}),
    ],
)
def test_a_route_holds_in_settlement_years_that_begin_between_its_dates(
    tmp_path: Path, place: Geography, dates: str, years: dict[int, bool]
) -> None:
    made = policy(tmp_path, f'care = ["inpatient", "psychiatric"]\n{dates}')
    assert made.dated
    assert {month: bool(stays_of(routed(made, place, START + month), place).all()) for month in years} == years


def test_the_budget_base_follows_the_routes_and_loses_nothing(tmp_path: Path) -> None:
    """A mode that comes a year after the switch takes its part of what was spent before the switch; the rest stays where it was."""
    made = policy(tmp_path, 'care = ["inpatient"]\nspecialty = ["general"]\nlocal = true\nfrom = "M+12"')
    city = City.load("yuncheng", made, scale=0.002, burn_in=0)
    first, rest = (instance.base.copy() for instance in city.settlement.instances)
    city.run_for(12)
    later, left = (instance.base for instance in city.settlement.instances)
    assert not first.any()
    assert later[..., RECORDED].sum() > 0
    assert city.settlement.instances[0].terms is not None
    np.testing.assert_allclose((later + left).sum(), rest.sum())
    general = city.geography.providers.kind[:, None] * np.ones(2) == PROVIDER_KINDS.index("general")
    assert not later[: len(general)][~general].any()
    np.testing.assert_allclose(left[: len(general)][~general], rest[: len(general)][~general])
    city.run_for(1)
    assert city.now.claims is not None
    assert set(city.now.claims.instance.tolist()) == {0, 1}


def test_upcoding_into_a_group_of_another_mode_is_quoted_under_that_mode() -> None:
    """Fees pay a case what it records; written as the dearer group it falls to a budget that pays nothing more for it."""
    group = coded_group()
    dearer = int(load_catalogue().code_up[group])
    split = Routing.alone(len(TIER), len(load_catalogue()))
    routing = Routing(np.concatenate([split.table, split.table[:1] + 1]), split.class_of_group.copy())
    routing.class_of_group[dearer] = len(split.table)
    books = opened(market("ffs", get_mode("global_budget")(surplus_share=0.0, overrun_band=0.0, overrun_share=0.0), routing=routing))
    within = opened(market("ffs"))
    for made in (books, within):
        made.post([totals(made.n_holders, units=1e9, cases=1e3, recorded=1e9)] * len(made.instances))
    conduct = np.tile(NEUTRAL, (len(TIER), 1))
    able = everything(1)
    gains = [
        Quote(made, prices(made), care_rules(), load_catalogue()).gains(truth(1), conduct, able, 0.05, frozenset({"code"})).code[0]
        for made in (books, within)
    ]
    recorded = 1_000_000.0 * 0.8 * 0.75
    assert gains[1] == pytest.approx(0.0, abs=1e-6)
    assert gains[0] == pytest.approx(-recorded, rel=1e-4)


def everything(n: int) -> Eligible:
    """Cases that every act could reach."""
    yes = np.ones(n, dtype=bool)
    return Eligible(yes, yes, yes, yes, yes)


def test_claims_are_covered_by_what_they_are_written_as(tmp_path: Path) -> None:
    made = policy(tmp_path, 'care = ["inpatient", "psychiatric"]\ngroups = ["operative"]')
    city = City.load("yuncheng", made, scale=0.002, burn_in=0)
    city.run_for(1)
    claims = city.now.claims
    assert claims is not None
    operative = city.catalogue.partition[claims.group_coded] != 0
    assert ((claims.instance == 0) == operative).all()
