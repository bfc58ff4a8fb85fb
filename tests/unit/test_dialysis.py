"""Outpatient dialysis: who is on it, where the sessions are given, what they cost, and who pays a quota for them."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import data
from model.city import City
from model.codes import DIALYSIS, EMPLOYEE, RESIDENT, SECONDARY
from model.dialysis import Dialysis, DialysisRules, prepare_dialysis, sessions_of, start_dialysis, update_dialysis
from model.payment import CASES, CHARGE, RECORDED, UNITS
from model.people import People
from model.phases.conduct import _outpatients
from model.policy import PolicyFile, load_policy
from model.seeking import choose
from model.visits import C_BASIC, C_CHARGE, C_VISITS
from tests.small_people import BASE, small_plan

CITIES = Path(data.__file__).parent / "cities"
QUOTA = """name = "sessions"
label = { zh = "透析按次", en = "Sessions" }
description = { zh = "透析按次定额", en = "A quota for sessions of dialysis" }
[sources]
[budget]
growth = { value = 0.0, unit = "share/year", source = "assumption: a test" }
[[mode]]
id = "sessions"
kind = "session_quota"
[mode.parameters]
session_prices = { value = [405, 365], unit = "yuan", source = "assumption: a test" }
[[mode]]
id = "ffs"
kind = "ffs"
[[route]]
care = ["dialysis"]
mode = "sessions"
[[route]]
care = ["all"]
mode = "ffs"
"""
RULES = DialysisRules(np.array([0.0, 0.0, 0.05, 0.1, 0.2, 0.2]), 0.12, 12.0)


def crowd(ages: list[int], each: int = 4000) -> People:
    """So many people of each age in years."""
    people = People(len(ages) * each)
    people.uid[:] = np.arange(len(people))
    people.alive[:] = 1
    people.birth_month[:] = BASE - 1900 * 12 - 12 * np.repeat(ages, each) - 1
    return people


def quota_policy(folder: Path) -> PolicyFile:
    """A price a session for dialysis, everything else per service."""
    path = folder / "sessions.toml"
    path.write_text(QUOTA, encoding="utf-8")
    return load_policy(path)


def yuncheng(folder: Path, *, silent: bool) -> Path:
    """Yuncheng's file, with or without its section on dialysis."""
    text = (CITIES / "yuncheng.toml").read_text(encoding="utf-8")
    if silent:
        start, end = text.index("\n[dialysis]\n"), text.index("\n[fitted]\n")
        text = text[:start] + text[end:]
    path = folder / ("silent.toml" if silent else "whole.toml")
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def served() -> City:
    """Yuncheng under fee-for-service with neutral conduct, after half a year."""
    city = City.load("yuncheng", "ffs", scale=0.01, seed=3, burn_in=0, conduct="steady")
    city.run_for(6)
    return city


# People


def test_so_many_are_on_dialysis_at_the_start_as_is_said_of_their_age() -> None:
    people = crowd([3, 30, 50, 70])
    start_dialysis(people, BASE, 1, prepare_dialysis(RULES, small_plan()))
    assert people.dialysis.reshape(4, -1).mean(axis=1) == pytest.approx([0.0, 0.05, 0.1, 0.2], abs=0.015)


def test_in_a_band_that_is_like_the_one_below_onsets_make_up_for_deaths() -> None:
    made = prepare_dialysis(RULES, small_plan())
    # the oldest come with the prevalence they keep: of a hundred, twenty are on dialysis and 2.4 die of it a year
    assert made.onset[5] == pytest.approx(0.2 * 0.12 / 0.8 / 12)
    assert made.onset[0] == 0
    assert made.death == pytest.approx(0.01)


def test_prevalence_stays_where_nobody_ages() -> None:
    people = crowd([78], 60_000)
    made = prepare_dialysis(RULES, small_plan())
    start_dialysis(people, BASE, 1, made)
    died = sum(update_dialysis(people, BASE + month, 1, made) for month in range(1, 13))
    assert died == (people.alive == 0).sum()
    assert died == pytest.approx(0.2 * 60_000 * 0.12, rel=0.1)
    assert people.dialysis[people.alive == 1].mean() == pytest.approx(0.2, abs=0.01)


def test_only_who_is_on_dialysis_dies_of_it_and_nobody_is_healed() -> None:
    people = crowd([70])
    people.dialysis[:1000] = 1
    made = Dialysis(RULES.prevalence, np.full(6, 0.5), 0.5, 12.0)
    before = people.dialysis.copy()
    update_dialysis(people, BASE, 1, made)
    assert 400 < (people.alive[:1000] == 0).sum() < 600
    assert (people.alive[1000:] == 1).all()
    assert (people.dialysis >= before).all()


def test_a_mean_between_two_numbers_of_sessions_is_met_by_chance() -> None:
    people = crowd([70])
    people.dialysis[:] = 1
    people.alive[0] = 0
    row, count = sessions_of(people, BASE, 1, Dialysis(RULES.prevalence, np.zeros(6), 0.0, 12.0))
    assert row.tolist() == list(range(1, len(people)))
    assert (count == 12).all()
    _, some = sessions_of(people, BASE, 1, Dialysis(RULES.prevalence, np.zeros(6), 0.0, 12.25))
    assert set(some.tolist()) == {12, 13}
    assert some.mean() == pytest.approx(12.25, abs=0.03)
    none, _ = sessions_of(people, BASE, 1, Dialysis(RULES.prevalence, np.zeros(6), 0.0, 0.0))
    assert not len(none)


def test_nobody_else_feels_that_some_are_on_dialysis(tmp_path: Path) -> None:
    with_it, without_it = (
        City.load(yuncheng(tmp_path, silent=silent), "ffs", scale=0.003, seed=3, burn_in=0, conduct="steady") for silent in (False, True)
    )
    for city in (with_it, without_it):
        city.run_for(1)
    assert with_it.people.dialysis.any()
    assert not without_it.people.dialysis.any()
    ill = with_it.people.uid[with_it.people.dialysis == 1]
    for name in ("uid", "kind", "provider", "charge"):
        there, here = (
            city.people.uid[city.now.visits.row] if name == "uid" else getattr(city.now.visits, name) for city in (with_it, without_it)
        )
        others = [~np.isin(city.people.uid[city.now.visits.row], ill) for city in (with_it, without_it)]
        assert there[others[0]].tolist() == here[others[1]].tolist()
    for name in ("uid", "group_true", "provider", "charge", "basic", "patient"):
        there, here = (
            getattr(city.now.claims, name)[~np.isin(city.now.claims.uid, ill)].tolist()
            for city in (with_it, without_it)
            if city.now.claims is not None
        )
        assert there == here


# Sessions


def test_sessions_are_given_at_hospitals_with_a_unit_twelve_a_month_on_one_bill(served: City) -> None:
    visits, providers = served.now.visits, served.geography.providers
    mine = visits.kind == DIALYSIS
    assert 20 < mine.sum() < 40
    assert (visits.count[mine] == 12).all()
    assert (visits.count[~mine] == 1).all()
    assert providers.local[visits.provider[mine]].all()
    assert (providers.tier[visits.provider[mine]] >= SECONDARY).all()
    assert len(np.unique(visits.row[mine])) == mine.sum()
    assert (np.diff(visits.row) >= 0).all()
    assert visits.charge[mine].mean() / 12 / 100 == pytest.approx(400 * served.now.price_index, rel=0.05)
    cells = visits.cells[:, :, DIALYSIS]
    assert cells[..., C_VISITS].sum() == 12 * mine.sum()
    assert cells[..., C_CHARGE].sum() == visits.charge[mine].sum()


def test_people_stay_with_their_unit(served: City) -> None:
    def units(city: City) -> dict[int, int]:
        mine = city.now.visits.kind == DIALYSIS
        uid = city.people.uid[city.now.visits.row[mine]].tolist()
        return dict(zip(uid, city.now.visits.provider[mine].tolist(), strict=True))

    city = City.load("yuncheng", "ffs", scale=0.01, seed=3, burn_in=0, conduct="steady")
    city.run_for(1)
    before, now = units(city), units(served)
    both = [uid for uid in before if uid in now]
    assert len(both) > 15
    assert sum(before[uid] == now[uid] for uid in both) >= len(both) - 1


def test_who_has_no_unit_within_reach_goes_without() -> None:
    one = np.zeros(1, dtype=np.int16)
    nothing = np.zeros((1, 2, DIALYSIS + 1, 3), dtype=np.float32)
    whole = np.ones((1, 2, DIALYSIS + 1), dtype=np.float32)
    person = (np.array([7], dtype=np.uint64), np.zeros(1, dtype=np.int32), one, np.zeros(1, dtype=np.uint8))
    cls, slots = np.full(1, DIALYSIS, dtype=np.int8), np.array([[4, 5, 6]], dtype=np.int16)
    assert choose(1, 0, 28, *person, cls, nothing, slots, whole).tolist() == [-1]


def test_sessions_are_no_visits_in_the_tables_but_all_their_money_is_there(served: City) -> None:
    tables = served.tables.monthly
    last = tables[tables.period == tables.period.max()]

    def value(indicator: str, unit: str) -> float:
        found = last[(last.indicator == indicator) & (last.unit == unit)].value
        return float(found.iloc[0]) if len(found) else float("nan")

    sums = served.now.visits.cells.sum(axis=(0, 1, 3, 4))
    assert value("cost_per_session", "dialysis") == pytest.approx(sums[DIALYSIS, C_CHARGE] / sums[DIALYSIS, C_VISITS] / 100)
    assert np.isnan(value("cost_per_visit", "dialysis"))
    assert np.isnan(value("cost_per_session", "chronic"))
    visits = sums[:DIALYSIS].sum(axis=0)
    assert value("cost_per_visit", "yuncheng") == pytest.approx(visits[C_CHARGE] / visits[C_VISITS] / 100)
    people = int(served.people.alive.sum())
    assert value("sessions_per_1000", "yuncheng") == pytest.approx(sums[DIALYSIS, C_VISITS] * 12_000 / people, rel=0.01)
    fifths = served.now.visits.by_fifth.sum(axis=0)
    assert fifths.tolist() == sums.tolist()


# Money


def test_a_quota_pays_its_price_of_every_session_and_nothing_else(tmp_path: Path) -> None:
    city = City.load("yuncheng", quota_policy(tmp_path), scale=0.01, seed=3, burn_in=0)
    sessions, paid = city.settlement.instances[0], np.zeros(2, dtype=np.int64)
    for _ in range(5):
        city.run_for(1)
        paid += city.now.paid[0].sum(axis=0)
    posted = np.sum([cells[:, :, DIALYSIS].sum(axis=(0, 2, 3)) for cells in city._cells[-5:]], axis=0)
    assert sessions.year_totals[..., CASES].sum(axis=0).tolist() == posted[:, C_VISITS].tolist()
    assert sessions.year_totals[..., RECORDED].sum(axis=0).tolist() == posted[:, C_BASIC].tolist()
    owed = np.array([40_500, 36_500]) * posted[:, C_VISITS]
    assert sessions.due.net.sum(axis=0).tolist() == owed.tolist()
    assert owed[EMPLOYEE] > 0
    assert owed[RESIDENT] > 0
    assert paid.tolist() == owed.tolist()


def test_where_a_price_covers_sessions_the_quote_offers_nothing_for_more_on_their_bills(served: City, tmp_path: Path) -> None:
    per_item, per_session = copy.deepcopy(served), copy.deepcopy(served)
    per_item.switch_policy("ffs")
    per_session.switch_policy(quota_policy(tmp_path))
    cells = served.recent_cells()
    mine = cells.kind == DIALYSIS
    basic = np.bincount(cells.provider[mine], weights=cells.basic[mine], minlength=len(served.geography.providers))
    lost = _outpatients(per_item).gain - _outpatients(per_session).gain
    # under fee-for-service the fund pays its part of whatever more there is; conduct is neutral, so a unit more doubles the bill
    np.testing.assert_allclose(lost, basic * 12.0 / served.months_remembered, rtol=1e-6, atol=1.0)


def test_units_of_sessions_are_the_prices_of_the_sessions(tmp_path: Path) -> None:
    city = City.load("yuncheng", quota_policy(tmp_path), scale=0.003, seed=3, burn_in=0)
    city.run_for(2)
    totals = city.settlement.instances[0].year_totals
    prices = np.array([40_500.0, 36_500.0])
    np.testing.assert_allclose(totals[..., UNITS], totals[..., CASES] * prices)
    assert totals[..., CHARGE].sum() > 0


def test_a_city_file_may_be_silent_about_dialysis(tmp_path: Path) -> None:
    city = City.load(yuncheng(tmp_path, silent=True), "ffs", scale=0.003, seed=3, burn_in=0)
    city.run_for(1)
    assert city.dialysis is None
    assert not (city.now.visits.kind == DIALYSIS).any()


def test_people_who_die_on_dialysis_are_counted_among_the_dead(served: City) -> None:
    city = copy.deepcopy(served)
    assert city.dialysis is not None
    alive = city.people.alive.sum()
    on_it = int(city.people.dialysis[city.people.alive == 1].sum())
    city.dialysis = replace(city.dialysis, death=1.0, onset=np.zeros(6))
    city.run_for(1)
    assert city.now.tallies["deaths"][0] >= on_it - 2
    assert alive - city.people.alive.sum() > 0
    assert not (city.now.visits.kind == DIALYSIS).any()
