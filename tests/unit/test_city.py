"""The city month by month: every phase does what it says, whatever policy and conduct; acts are forced to see what they do."""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import data
import model.city
import model.indicators
from agents.hospital import Hospital
from agents.insurer import Insurer
from agents.medical_group import MedicalGroup
from agents.patient import Patient
from model.care import CHANNELS, CODING, NEUTRAL, Q_MILD, Q_OUT, SELECTION, SHIFT, SPLITTING, THRESHOLD, TREATMENT
from model.cases import (
    FLAG_AUDITED,
    FLAG_LOW_THRESHOLD,
    FLAG_RECOVERED,
    FLAG_REFERRED,
    FLAG_SHIFTED,
    FLAG_SPLIT,
    FLAG_UPCODED,
    FLAG_UPGRADED,
    Claims,
)
from model.city import City
from model.codes import SECONDARY, SEVERE, TERTIARY
from model.errors import InputError
from model.indicators import POSITION
from model.invariants import InvariantError
from model.ledger import AccountKind, Memo
from model.payment import OUTFLOW, RECORDED, Pointed
from model.payment.capitation import Capitation
from model.phases import PHASES
from model.routing import HEADS_BOTH, HEADS_GROUP, HEADS_INSTITUTION
from model.settlement import Settlement
from model.supervision import AUDITED_CHANNELS
from model.visits import C_BASIC, C_CHARGE

SCALE = 0.003
"""Fourteen thousand people, about 170 stays a month."""
SMALLEST = 0.0003
POLICIES = tuple(path.stem for path in sorted((Path(data.__file__).parent / "policies").glob("*.toml")))
JANUARY = 2021 * 12


def neutral(policy: str, scale: float = SCALE) -> City:
    """Yuncheng in January 2021 with neutral conduct that never changes, where no case is finished at a chosen charge."""
    city = City.load("yuncheng", policy, scale=scale, seed=3, burn_in=0, conduct="steady")
    city.care = replace(city.care, finish_share=0.0)
    return city


@pytest.fixture(scope="module")
def by_fees() -> City:
    """The neutral city paid by fees."""
    return neutral("ffs")


@pytest.fixture(scope="module")
def by_points() -> City:
    """The same people paid by points."""
    return neutral("dip")


def forced(city: City, *channels: int) -> City:
    """A copy in which all cases that lend themselves to the channels' acts are acted on."""
    made = copy.deepcopy(city)
    for channel in channels:
        made.staff.conduct[made.geography.providers.local, channel] = 1.0 if channel != SHIFT else 0.3
        made.staff.act_from[channel, made.geography.providers.local] = -np.inf
    return made


def priceless(city: City) -> City:
    """A copy in which what patients expect to pay moves nobody, so that they go the same way whatever is charged."""
    made = copy.deepcopy(city)
    made.choice = replace(made.choice, cost_per_yuan=0.0, elasticity=np.zeros_like(made.choice.elasticity))
    return made


def month_of(city: City) -> Claims:
    """The claims of one more month."""
    city.run_for(1)
    claims = city.now.claims
    assert claims is not None
    return claims


def by_provider(city: City, values: NDArray[Any], claims: Claims) -> NDArray[np.float64]:
    made: NDArray[np.float64] = np.bincount(claims.provider, weights=values, minlength=len(city.geography.providers))
    return made


def value(table: pd.DataFrame, indicator: str, unit: str = "yuncheng") -> float:
    """The last value of an indicator of a unit."""
    return float(table[(table["indicator"] == indicator) & (table["unit"] == unit)]["value"].iloc[-1])


# Input


@pytest.mark.parametrize("scale", [0.0, -0.1, 1.5, float("nan"), float("inf"), 0.0001])
def test_scales_that_are_no_share_or_leave_nobody_are_refused(scale: float) -> None:
    with pytest.raises(InputError, match="scale"):
        City.load("yuncheng", scale=scale)


@pytest.mark.parametrize(
    ("given", "told"),
    [({"city": "yunchen"}, "yuncheng"), ({"policy": "dips"}, "dip"), ({"conduct": "best_respons"}, "best_response")],
)
def test_unknown_names_are_told_with_the_nearest(given: dict[str, Any], told: str) -> None:
    arguments: dict[str, Any] = {"city": "yuncheng", "scale": SMALLEST, "burn_in": 0} | given
    with pytest.raises(InputError, match=told):
        City.load(**arguments)


def test_claims_that_were_not_kept_cannot_be_had(by_points: City) -> None:
    with pytest.raises(InputError, match="claims"):
        by_points.claims()


# The month


def test_the_month_is_the_list_of_phases() -> None:
    assert [name for name, _ in PHASES] == [
        "demography",
        "health",
        "seek",
        "treat",
        "bill",
        "benefit",
        "settle",
        "audit",
        "sanction",
        "adapt",
        "close",
        "record",
    ]


def test_a_loaded_city_stands_before_january_with_empty_tables(by_fees: City) -> None:
    assert by_fees.month == JANUARY
    assert by_fees.tables.monthly.empty
    city = copy.deepcopy(by_fees)
    city.run_for(2)
    assert city.month == JANUARY + 2
    assert sorted(set(city.tables.monthly["period"])) == ["2021-01", "2021-02"]
    assert set(city.timings) == {name for name, _ in PHASES}
    assert all(seconds > 0 for seconds in city.timings.values())


def test_a_burn_in_is_not_in_the_tables_and_ends_before_january() -> None:
    city = City.load("yuncheng", "ffs", scale=SMALLEST, burn_in=2, conduct="steady")
    assert city.month == JANUARY
    assert city.tables.monthly.empty
    assert city.months_run == 5


def test_a_reform_of_pay_is_a_dated_share_and_changes_what_services_are_worth(tmp_path: Path) -> None:
    """The same city whose public hospitals pay out almost nothing from April on gives fewer services by the end of the year."""
    text = data.folder("behaviour.toml").read_text(encoding="utf-8")
    for tier in ("primary", "secondary", "tertiary"):
        line = next(row for row in text.splitlines() if row.startswith(f"pass_through.public.{tier}"))
        name, _, now = line.partition(" = ")
        later = '{ value = 0.1, unit = "share", from = "2021-04", source = "assumption: a reform of pay" }'
        text = text.replace(line, f"{name} = [{now}, {later}]")
    file = tmp_path / "reform.toml"
    file.write_text(text, encoding="utf-8")
    city, reformed = (City.load("yuncheng", "ffs", scale=SMALLEST, seed=3, burn_in=0, behaviour=path) for path in (None, file))
    public = ~city.geography.providers.private & city.geography.providers.local
    assert (reformed.staff.profit == city.staff.profit).all()
    for one in (city, reformed):
        one.run_for(9)
    assert (reformed.staff.profit[public] < 0.3 * city.staff.profit[public]).all()
    private = city.geography.providers.private
    assert (reformed.staff.profit[private] == city.staff.profit[private]).all()
    assert reformed.staff.conduct[public, Q_MILD].mean() < city.staff.conduct[public, Q_MILD].mean()


def test_a_phase_that_loses_a_fen_is_named(by_fees: City, monkeypatch: pytest.MonkeyPatch) -> None:
    city = copy.deepcopy(by_fees)

    def leak(leaking: City) -> None:
        leaking.ledger._balances[int(AccountKind.HOUSEHOLDS)] += 1

    monkeypatch.setattr(model.city, "PHASES", (*PHASES[:7], ("leak", leak), *PHASES[7:]))
    city.timings["leak"] = 0.0
    with pytest.raises(InvariantError, match="after phase leak"):
        city.step()


def test_a_bill_that_is_not_paid_in_full_is_found(by_fees: City, monkeypatch: pytest.MonkeyPatch) -> None:
    city = copy.deepcopy(by_fees)
    benefit = dict(PHASES)["benefit"]

    def forgetful(paying: City) -> None:
        benefit(paying)
        claims = paying.now.claims
        assert claims is not None
        claims.basic[0] -= 1

    monkeypatch.setattr(model.city, "PHASES", tuple((name, forgetful if name == "benefit" else phase) for name, phase in PHASES))
    with pytest.raises(InvariantError, match="stays do not sum to the charge"):
        city.step()


# Closed forms


def test_neutral_conduct_under_fees_is_paid_what_it_charges(by_fees: City) -> None:
    """Need alone decides; the fund pays what it records; after the clearing every institution has received its charges, to the fen,
    but for what waits for a review before payment."""
    city = copy.deepcopy(by_fees)
    n = len(city.geography.providers)
    before = city.ledger.balances[city.ledger.provider(np.arange(n))] + city.insurer.held.sum(axis=1)
    charged, recorded, paid = np.zeros(n), np.zeros((n, 2)), np.zeros((n, 2))
    for _ in range(12):
        claims = month_of(city)
        assert not (claims.flags & ~(FLAG_AUDITED | FLAG_REFERRED)).any()
        assert (claims.intensity == 1).all()
        assert np.array_equal(claims.group_coded, claims.group_true)
        np.testing.assert_allclose(claims.charge, claims.standard_charge, atol=0.5)
        cells = city.now.visits.cells
        charged += by_provider(city, claims.charge, claims) + cells[..., C_CHARGE].sum(axis=(1, 2, 3, 4))
        for scheme in range(2):
            mine = claims.take(claims.scheme == scheme)
            recorded[:, scheme] += by_provider(city, mine.basic, mine) + cells[:, scheme, ..., C_BASIC].sum(axis=(1, 2, 3))
        paid += np.sum(city.now.paid, axis=0)
        assert np.array_equal(np.sum(city.now.settled, axis=0).sum(), (claims.basic.sum() + cells[..., C_BASIC].sum()))
    assert np.array_equal(paid, recorded)
    after = city.ledger.balances[city.ledger.provider(np.arange(n))] + city.insurer.held.sum(axis=1)
    assert np.array_equal(after - before, charged)
    assert (city.staff.conduct == NEUTRAL).all()


def test_a_regional_budget_is_paid_out_to_the_fen(by_points: City) -> None:
    """Whatever is done, each scheme's pool is owed the elapsed twelfths of its budget, and by December has received it."""
    city = copy.deepcopy(by_points)
    at = [instance.id for instance in city.settlement.instances].index("dip")
    budget = city.settlement.instances[at].terms.budget.copy()
    owed, paid = np.zeros(2), np.zeros(2)
    for elapsed in range(1, 13):
        city.run_for(1)
        owed += city.now.settled[at].sum(axis=0)
        paid += city.now.paid[at].sum(axis=0)
        np.testing.assert_allclose(owed, budget * elapsed / 12, atol=0.51)
        assert city.now.clearing == (elapsed == 12)
        if elapsed < 12:
            assert (paid < owed).all()
    assert np.array_equal(paid, np.rint(budget))
    assert np.array_equal(paid, owed)


def test_the_point_value_is_budget_and_patients_money_over_points(by_points: City) -> None:
    city = copy.deepcopy(by_points)
    claims = month_of(city)
    at = [instance.id for instance in city.settlement.instances].index("dip")
    mine = claims.instance == at
    budget = city.settlement.instances[at].terms.budget.sum() / 12
    expected = (budget + (claims.in_scope - claims.basic)[mine].sum()) / claims.units[mine].sum() / 100
    assert value(city.tables.monthly, "point_value") == pytest.approx(expected, rel=1e-6)


def test_head_money_is_the_base_s_money_by_tier() -> None:
    """Under capitation what institutions together receive is what they received for these heads in the base year, grown."""
    city = City.load("yuncheng", "capitation", scale=SCALE, seed=3, burn_in=0, conduct="steady")
    instance = next(i for i in city.settlement.instances if i.mode.traits.heads == "institution")
    mode = instance.mode
    assert isinstance(mode, Capitation)
    n, growth = city.settlement.n_providers, 0.06
    assert not instance.terms.money[n:].any()
    for tier in range(2):
        peers = city.settlement.tier[:n] == tier
        base = instance.base[:n][peers][..., RECORDED].sum(axis=0)
        assert (base > 0).all()
        np.testing.assert_allclose(instance.terms.money[:n][peers].sum(axis=0), base * (1 + growth))


@pytest.mark.parametrize(("policy", "own"), [("capitation", (HEADS_INSTITUTION, HEADS_BOTH)), ("package", (HEADS_GROUP, HEADS_BOTH))])
def test_own_heads_are_what_the_mode_means_by_heads(policy: str, own: tuple[int, ...]) -> None:
    """At a township hospital: people assigned to it under capitation, people of its group under a package; fees for all others."""
    city = City("yuncheng", policy, scale=SMALLEST)
    providers = city.geography.providers
    township = int(np.flatnonzero((providers.tier == 0) & (providers.group >= 0))[0])
    tertiary = int(np.flatnonzero((providers.tier == TERTIARY) & (providers.group < 0) & providers.local)[0])
    for route in city.settlement.routing.table:
        modes = [city.settlement.instances[i].mode.name for i in route[township, 1]]
        assert [mode != "ffs" for mode in modes] == [relation in own for relation in range(4)]
        assert {city.settlement.instances[i].mode.name for i in route[tertiary, 1]} == {"ffs"}


# Books over a year, under every kind of policy


@pytest.fixture(scope="module", params=["quota", "dip", "capitation", "package", "global", "yuncheng_2021"])
def year(request: pytest.FixtureRequest) -> tuple[City, list[dict[str, Any]]]:
    """A year under a policy with conduct that learns, with what was seen each month."""
    city = City.load("yuncheng", request.param, scale=0.001, seed=5, burn_in=0)
    seen = []
    for _ in range(12):
        city.run_for(1)
        ledger = city.ledger
        seen.append(
            {
                "paid": [due.copy() for due in city.now.paid],
                "settled": [due.copy() for due in city.now.settled],
                "groups": ledger.balances[ledger.accounts_of(AccountKind.GROUP)].copy(),
                "clearing": city.now.clearing,
                "booked": sum(
                    ledger.spent(ledger.fund(s), Memo.FUND_MONTHLY, Memo.FUND_CLEARING, Memo.PACKAGE_TO_GROUP, Memo.GROUP_CLEARING)
                    - ledger.income(ledger.fund(s), Memo.FUND_CLEARING, Memo.GROUP_CLEARING)
                    for s in range(2)
                ),
            }
        )
    return city, seen


def test_no_month_but_the_clearing_takes_money_back(year: tuple[City, list[dict[str, Any]]]) -> None:
    _, seen = year
    assert [month["clearing"] for month in seen] == [False] * 11 + [True]
    for month in seen[:-1]:
        assert all((due >= 0).all() for due in month["paid"])


def test_by_december_everybody_has_received_what_he_is_owed(year: tuple[City, list[dict[str, Any]]]) -> None:
    _, seen = year
    for i in range(len(seen[0]["paid"])):
        assert np.array_equal(sum(month["paid"][i] for month in seen), sum(month["settled"][i] for month in seen))


def test_the_book_shows_every_payment_and_groups_keep_nothing(year: tuple[City, list[dict[str, Any]]]) -> None:
    city, seen = year
    for month in seen:
        assert month["booked"] == sum(int(due.sum()) for due in month["paid"])
        assert not month["groups"].any()
    assert city.ledger.trial_balance() == 0


def test_conduct_stays_within_its_bounds_and_outsiders_stay_neutral(year: tuple[City, list[dict[str, Any]]]) -> None:
    city, _ = year
    conduct, local = city.staff.conduct, city.geography.providers.local
    assert (conduct[~local] == NEUTRAL).all()
    assert (conduct[local] != NEUTRAL).any()
    assert np.isfinite(conduct).all()
    assert not city.staff.referral[~city.group_leads].any()


WHOLE = ("county", "tier", "scheme", "income_fifth", "ownership", "kind", "provider")
"""Unit types that between them hold everybody and everything; of some sums only inpatient care."""
NOT_EVERYWHERE = {"revenue", "cost"}
"""Sums of local institutions only, where the unit is the city."""


def test_units_add_up_to_the_city(year: tuple[City, list[dict[str, Any]]]) -> None:
    """Every sum that a unit type keeps comes to the city's own: nothing is lost between tables."""
    tables = year[0].tables
    city = np.sum(tables._closed["city"], axis=0)[0]
    for unit_type in WHOLE:
        units = np.sum(tables._closed[unit_type], axis=0).sum(axis=0)
        for name, position in POSITION.items():
            if tables._kept[unit_type][position] and tables._kept["city"][position] and name not in NOT_EVERYWHERE:
                assert units[position] == pytest.approx(city[position], rel=1e-9, abs=1e-6), f"{name} by {unit_type}"


def test_every_indicator_has_a_value_for_the_city(year: tuple[City, list[dict[str, Any]]]) -> None:
    """Over a year of a city everything that can be measured under its policy is there; the rest needs a pool or a package."""
    city, _ = year
    yearly = city.tables.yearly
    found = set(yearly[yearly["unit_type"] == "city"]["indicator"])
    modes = [instance.mode.traits for instance in city.settlement.instances]
    absent = set()
    if not any(isinstance(instance.mode, Pointed) for instance in city.settlement.instances):
        absent.add("point_value")
    if not any(traits.held_by == "group" for traits in modes):
        absent.add("group_surplus")
    # in a small city a year may pass in which nothing is found, or nobody does wrong, in one channel
    rare = {name for name in model.indicators.INDICATORS if name.startswith(("audit_precision_", "detection_rate_"))}
    assert set(model.indicators.INDICATORS) - found - rare == absent


# Acts, forced


def test_writing_up_moves_the_record_and_nothing_else(by_points: City) -> None:
    honest, city = copy.deepcopy(by_points), forced(by_points, CODING)
    plain, claims = month_of(honest), month_of(city)
    up = claims.has(FLAG_UPCODED)
    groups = city.catalogue
    assert 0.05 < up.mean() < 0.6
    assert np.array_equal(claims.group_coded[up], groups.code_up[claims.group_true[up]])
    assert np.array_equal(claims.group_coded[~up], claims.group_true[~up])
    assert np.array_equal(groups.partition[claims.group_coded], groups.partition[claims.group_true])
    assert up[claims.severity == SEVERE].any(), "severe cases too, though they stand in the dearest split"
    assert not up[~city.geography.providers.local[claims.provider]].any()
    for column in ("uid", "provider", "group_true", "charge", "in_scope", "stay", "basic", "patient"):
        assert np.array_equal(getattr(claims, column), getattr(plain, column)), column
    assert value(city.tables.monthly, "coding_gap") > 0 == value(honest.tables.monthly, "coding_gap")
    assert claims.units[up].sum() > claims.units_true[up].sum()
    assert np.array_equal(claims.units[~up], claims.units_true[~up])


def test_more_points_for_the_same_budget_are_worth_less(by_points: City) -> None:
    honest, city = copy.deepcopy(by_points), forced(by_points, CODING)
    month_of(honest)
    month_of(city)
    assert value(city.tables.monthly, "point_value") < value(honest.tables.monthly, "point_value")


def test_treating_up_is_real_and_costs(by_points: City) -> None:
    city = forced(by_points, TREATMENT)
    claims = month_of(city)
    done = claims.has(FLAG_UPGRADED)
    assert done.any()
    assert np.array_equal(claims.group_coded[done], city.catalogue.treat_up[claims.group_true[done]])
    np.testing.assert_allclose(claims.intensity, np.where(done, 1 + city.care.treat_uplift, 1.0))
    assert not (done & claims.has(FLAG_UPCODED)).any()
    # the added procedure is care, not a wrong record
    assert value(city.tables.monthly, "coding_gap") == pytest.approx(0, abs=1e-12)
    assert value(city.tables.monthly, "treatment_weight") > 0


def test_a_divided_stay_is_two_claims_a_little_dearer_together(by_fees: City) -> None:
    city = forced(by_fees, SPLITTING)
    claims = month_of(city)
    halves = claims.take(claims.has(FLAG_SPLIT))
    assert len(halves) > 10
    assert len(halves) % 2 == 0
    first, second = halves.take(np.arange(0, len(halves), 2)), halves.take(np.arange(1, len(halves), 2))
    assert np.array_equal(first.uid, second.uid)
    whole = first.standard_charge
    np.testing.assert_allclose(first.charge + second.charge, whole * (1 + city.care.split_overhead), atol=1.0)
    np.testing.assert_allclose(first.charge, whole * city.care.split_first, atol=0.5)
    np.testing.assert_allclose(first.stay, np.maximum(np.rint(first.standard_stay / 2), 1), atol=1)
    assert value(city.tables.monthly, "split_share") == pytest.approx(len(first) / (len(claims) - len(first)))


def test_marginal_admissions_are_outpatients_without_need_for_a_bed(by_fees: City) -> None:
    city = copy.deepcopy(by_fees)
    local = city.geography.providers.local
    city.staff.conduct[local, THRESHOLD] = 1.0
    city.staff.act_from[THRESHOLD, local] = -np.inf
    claims = month_of(city)
    low = claims.take(claims.has(FLAG_LOW_THRESHOLD))
    assert len(low) > 10
    assert (low.severity == 0).all()
    assert not np.isin(low.row, city.now.needs.row).any()
    assert np.isin(low.row, city.now.visits.row).all()
    assert len(set(low.uid.tolist())) == len(low)
    mean = city.levels.admission[low.scheme, low.tier] * city.catalogue.weight[low.group_true] * city.now.price_index
    np.testing.assert_allclose(low.standard_charge, mean * low.need * city.care.threshold_charge, rtol=1e-5)
    # no more of them than there are marginal outpatients
    stays = by_provider(city, np.ones(len(claims)), claims) - by_provider(city, np.ones(len(low)), low)
    assert len(low) < 0.6 * stays.sum()
    assert value(city.tables.monthly, "low_threshold_share") == pytest.approx(len(low) / len(claims))


def test_refused_patients_go_up_or_home_and_emergencies_are_never_refused(by_fees: City) -> None:
    plain, city = copy.deepcopy(by_fees), forced(by_fees, SELECTION)
    before, claims = month_of(plain), month_of(city)
    assert city.now.tallies["refused"].sum() > 0 == plain.now.tallies["refused"].sum()
    needs, same = city.now.needs, plain.now.needs
    assert np.array_equal(needs.row, same.row)
    moved = needs.provider != same.provider
    assert moved.any()
    assert not needs.emergency[moved].any()
    tier = city.geography.providers.tier
    up = moved & (needs.provider >= 0)
    assert (tier[needs.provider[up]] > tier[same.provider[up]]).any()
    assert (tier[needs.provider[up]] >= tier[same.provider[up]]).all()
    assert len(city.now.unmet_row) > len(plain.now.unmet_row)
    assert len(claims) < len(before)
    assert value(city.tables.monthly, "refusal_share") > 0


def test_what_is_shifted_is_paid_by_the_patient(by_fees: City) -> None:
    before, city = month_of(priceless(by_fees)), forced(priceless(by_fees), SHIFT)
    claims = month_of(city)
    local = city.geography.providers.local[claims.provider]
    assert (claims.has(FLAG_SHIFTED) == local).all()
    assert np.array_equal(claims.charge, before.charge)
    np.testing.assert_allclose(claims.in_scope[local], 0.7 * before.in_scope[local], atol=1.0)
    assert np.array_equal(claims.in_scope[~local], before.in_scope[~local])
    assert claims.patient.sum() > before.patient.sum()
    expected = 0.3 * before.in_scope[local].sum() / claims.charge.sum()
    assert value(city.tables.monthly, "shifted_share") == pytest.approx(expected, rel=1e-3)


def test_more_services_are_charged_and_take_longer(by_fees: City) -> None:
    before, city = month_of(priceless(by_fees)), priceless(by_fees)
    city.staff.conduct[:, Q_MILD : Q_MILD + 3] = [1.3, 1.2, 1.1]
    claims = month_of(city)
    np.testing.assert_allclose(claims.charge, before.standard_charge * np.array([1.3, 1.2, 1.1])[before.severity], atol=0.5)
    for severity, band in enumerate(("mild", "moderate", "severe")):
        assert value(city.tables.monthly, "intensity", band) == pytest.approx(1.3 - 0.1 * severity, rel=1e-6)
    assert (claims.stay >= before.stay).all()
    assert claims.stay.sum() > before.stay.sum()


def test_too_little_care_harms() -> None:
    """The same people, half of the services: more complications, more of them die."""
    city = neutral("ffs", scale=0.01)
    poor = copy.deepcopy(city)
    poor.staff.conduct[:, Q_MILD : Q_MILD + 3] = 0.5
    month_of(city)
    month_of(poor)
    assert value(poor.tables.monthly, "complications_per_1000") > 1.5 * value(city.tables.monthly, "complications_per_1000")
    assert len(poor.now.deaths) > len(city.now.deaths)
    assert value(poor.tables.monthly, "qaly_per_head") < value(city.tables.monthly, "qaly_per_head")


def test_a_stay_without_need_brings_the_risks_of_the_bed_and_no_readmission(by_fees: City) -> None:
    """The same month three times: more risk of the bed, more complications, and only among those who needed none."""
    city = copy.deepcopy(by_fees)
    local = city.geography.providers.local
    city.staff.conduct[local, THRESHOLD] = 1.0
    city.staff.act_from[THRESHOLD, local] = -np.inf
    hurt = []
    for needless in (0.0, 1.0, 1e6):
        one = copy.deepcopy(city)
        one.outcomes = replace(one.outcomes, complication=np.full(3, 0.05), readmission=np.ones(3), needless=needless)
        claims = month_of(one)
        low = claims.has(FLAG_LOW_THRESHOLD)
        hurt.append(one.now.tallies["complications"].sum())
        assert not np.isin(one.readmissions[0], claims.row[low]).any()
    assert hurt[0] < hurt[1] < hurt[2]
    assert hurt[2] - hurt[0] == low.sum()


def test_whoever_has_to_seek_a_bed_again_is_harmed_more(by_fees: City) -> None:
    """A delay that multiplies every risk a thousandfold hurts all who were sent on and found a bed elsewhere, and nobody else more."""
    plain = forced(by_fees, SELECTION)
    late = copy.deepcopy(plain)
    late.outcomes = replace(late.outcomes, delay=np.full(3, 1e6))
    before, claims = month_of(plain), month_of(late)
    assert np.array_equal(before.row, claims.row)
    sent_on = np.isin(claims.row, late.now.needs.row[late.now.needs.delayed])
    assert sent_on.any()
    more = late.now.tallies["complications"] - plain.now.tallies["complications"]
    assert more.sum() > 0
    assert (more <= by_provider(late, np.ones(int(sent_on.sum())), claims.take(sent_on))).all()
    assert len(late.now.deaths) >= sent_on.sum() > len(plain.now.deaths) - len(late.now.deaths)


def test_visits_with_too_little_care_lose_control_of_chronic_disease(by_fees: City) -> None:
    city, poor = copy.deepcopy(by_fees), copy.deepcopy(by_fees)
    poor.staff.conduct[:, Q_OUT] = 0.5
    for one in (city, poor):
        one.run_for(6)
    assert value(poor.tables.monthly, "chronic_control_share") < value(city.tables.monthly, "chronic_control_share")
    assert value(poor.tables.monthly, "qaly_lost_per_1000") > value(city.tables.monthly, "qaly_lost_per_1000")


def test_a_group_that_steers_keeps_cases_in_the_county_and_sends_simple_ones_down(by_fees: City) -> None:
    plain, city = copy.deepcopy(by_fees), copy.deepcopy(by_fees)
    city.staff.referral[city.group_leads] = 0.9
    before, claims = month_of(plain), month_of(city)
    referred = claims.take(claims.has(FLAG_REFERRED))
    providers, areas = city.geography.providers, city.geography.areas
    assert len(referred) > 5
    assert not before.has(FLAG_REFERRED).any()
    assert (providers.group[referred.provider] == referred.county).all()
    home = city.people.area[referred.row]
    at_home = (referred.provider == areas.county_hospital[home]) | (referred.provider == areas.primary[home])
    assert at_home.all()
    down = referred.tier == 0
    assert (city.catalogue.simple[referred.group_true[down]] & (referred.severity[down] == 0)).all()
    assert (city.catalogue.least_tier[referred.group_true] <= SECONDARY).all()
    assert not referred.emergency.any()
    for indicator in ("county_in_share", "primary_admission_share", "referrals_down"):
        assert value(city.tables.monthly, indicator) > value(plain.tables.monthly, indicator)


def test_without_a_free_bed_only_emergencies_are_sure_of_one(by_fees: City) -> None:
    """Demand half as much again as capacity: a third of the others is sent on or home."""
    plain, city = copy.deepcopy(by_fees), copy.deepcopy(by_fees)
    for made in (plain, city):
        made.choice = replace(made.choice, waiting=0.0)  # nobody is put off, so that the first choices are the same
    local = city.geography.providers.local
    plain.occupancy[local], city.occupancy[local] = 0.5, 1.5
    month_of(plain)
    month_of(city)
    before, after = plain.now.needs, city.now.needs
    sent_on = before.provider != after.provider
    assert not sent_on[before.emergency].any()
    came = (before.provider >= 0) & local[before.provider] & ~before.emergency
    assert (came | ~sent_on).all()
    assert abs(sent_on[came].mean() - 1 / 3) < 4 * np.sqrt(2 / 9 / came.sum())
    assert city.now.tallies["waiting"].sum() == sent_on.sum()
    assert plain.now.tallies["waiting"].sum() == 0
    tier = city.geography.providers.tier
    elsewhere = sent_on & (after.provider >= 0)
    assert (tier[after.provider[elsewhere]] >= tier[before.provider[elsewhere]]).all()


# Audit


def watched(city: City, probability: float) -> City:
    """A copy in which every distorted claim is found with this probability."""
    made = copy.deepcopy(city)
    rules = made.insurer.audit
    made.insurer.audit = replace(rules, regime="random", rate=probability, sensitivity=1.0, review=dict.fromkeys(rules.review, 0.0))
    return made


def recovered_from(city: City) -> tuple[int, int]:
    """What was taken back and fined this month, by the book."""
    return city.ledger.booked(Memo.RECOVERY), city.ledger.booked(Memo.FINE)


@pytest.mark.parametrize("channel", [CODING, SPLITTING, SHIFT])
def test_certain_detection_takes_back_the_gain_and_fines_it(by_points: City, channel: int) -> None:
    city = watched(forced(by_points, channel), 1.0)
    claims = month_of(city)
    flag = {CODING: FLAG_UPCODED, SPLITTING: FLAG_SPLIT, SHIFT: FLAG_SHIFTED}[channel]
    marked = claims.has(flag)
    assert marked.any()
    assert (claims.has(FLAG_RECOVERED) == marked).all()
    gain = {
        CODING: claims.gain,
        SPLITTING: city.insurer.audit.split_gain * claims.charge / (1 + city.care.split_overhead),
        SHIFT: claims.in_scope * 0.3 / 0.7,
    }[channel]
    taken, fined = recovered_from(city)
    whole = np.maximum(gain[marked], 0).sum()
    assert whole > 0
    assert taken == pytest.approx(whole, abs=len(claims))
    assert fined == pytest.approx(whole * city.insurer.audit.fine[channel], abs=3 * len(claims))
    assert value(city.tables.monthly, "detection_rate") == 1.0


def test_a_stay_that_is_written_up_is_not_divided_too(by_points: City) -> None:
    """Writing up comes first: where it is given up, more stays are left to divide."""
    both, split = month_of(forced(by_points, CODING, SPLITTING)), month_of(forced(by_points, SPLITTING))
    assert both.has(FLAG_UPCODED).any()
    assert both.has(FLAG_SPLIT).any()
    assert not (both.has(FLAG_SPLIT) & both.has(FLAG_UPCODED)).any()
    assert split.has(FLAG_SPLIT).sum() > both.has(FLAG_SPLIT).sum()


def test_nobody_watched_nothing_taken(by_points: City) -> None:
    city = watched(forced(by_points, CODING, SPLITTING, SHIFT), 0.0)
    claims = month_of(city)
    assert not claims.has(FLAG_RECOVERED).any()
    assert recovered_from(city) == (0, 0)


def test_detection_is_as_frequent_as_conduct_expects(by_points: City) -> None:
    city = watched(forced(by_points, SHIFT), 0.3)
    claims = month_of(city)
    n = int(claims.has(FLAG_SHIFTED).sum())
    found = int(claims.has(FLAG_RECOVERED).sum())
    assert abs(found - 0.3 * n) < 4 * np.sqrt(0.21 * n)


def test_providers_expect_what_auditors_and_desk_do(by_points: City) -> None:
    """Over half a year, what conduct expects of each distorted claim adds up to what is found.

    Within four standard deviations, and a tenth for what is only known from last year."""
    city = forced(by_points, CODING, SPLITTING, SHIFT)
    city.insurer.audit = replace(city.insurer.audit, rate=0.2)
    found, expected, spread = np.zeros((3, len(AUDITED_CHANNELS)))
    for _ in range(6):
        chance = np.stack(list(city.insurer.detection().values()))
        month_of(city)
        seen = city.now.findings
        assert seen is not None
        p = np.where(seen.distorted, chance[:, seen.provider], 0.0)
        found += seen.found.sum(axis=1)
        expected += p.sum(axis=1)
        spread += (p * (1 - p)).sum(axis=1)
    assert (found[expected > 0] > 0).any()
    assert (np.abs(found - expected) <= 4 * np.sqrt(spread) + 0.1 * expected).all(), (found, expected)


# People


def test_january_begins_a_new_year_for_people(by_fees: City) -> None:
    city = copy.deepcopy(by_fees)
    city.run_for(12)
    dead = set(city.people.uid[city.people.alive == 0].tolist())
    assert dead
    claims = month_of(city)
    assert not dead & set(city.people.uid.tolist())
    assert city.now.visits.parts is not None
    assert city.people.ytd_oop.sum() == claims.patient.sum() + city.now.visits.parts.patient.sum()
    assert city.people.ytd_stays.sum() == len(claims)
    assert city.settlement.elapsed == 1
    assert city.settlement.years == 1


def test_every_death_is_counted_once_at_home_or_in_hospital(by_fees: City) -> None:
    city = copy.deepcopy(by_fees)
    for _ in range(4):
        before = int((city.people.alive == 0).sum()) if city.month > JANUARY else 0
        city.run_for(1)
        died = int((city.people.alive == 0).sum()) - before
        living = int((city.people.alive == 1).sum())
        assert value(city.tables.monthly, "deaths_per_1000") == pytest.approx(died * 12_000 / living)
        assert died >= len(city.now.deaths)


def test_readmissions_are_of_people_treated_the_month_before(by_fees: City) -> None:
    city = copy.deepcopy(by_fees)
    before = set(month_of(city).uid.tolist()) | set(city.people.uid[city.now.needs.row].tolist())
    city.run_for(1)
    again = city.people.uid[city.now.needs.row[city.now.needs.readmission]]
    assert len(again) > 0
    assert set(again.tolist()) <= before


def test_claims_hold_together(by_points: City) -> None:
    city = forced(by_points, CODING, SPLITTING, TREATMENT, SHIFT, SELECTION)
    claims = month_of(city)
    assert np.array_equal(claims.in_scope + claims.own_pay, claims.charge)
    assert np.array_equal(claims.basic + claims.second + claims.aid + claims.account + claims.patient, claims.charge)
    assert (claims.stay >= 1).all()
    assert (np.diff(claims.row) >= 0).all()
    assert np.array_equal(city.people.uid[claims.row], claims.uid)
    assert np.array_equal(city.geography.providers.tier[claims.provider], claims.tier)
    assert (city.catalogue.least_tier[claims.group_true] <= claims.tier).all()


# Changing policy


def test_a_switch_clears_the_old_books_and_takes_the_last_year_as_base(by_fees: City) -> None:
    city = copy.deepcopy(by_fees)
    city.run_for(5)
    owed = [instance.due.net.copy() for instance in city.settlement.instances]
    old = city.settlement.instances
    people = {name: getattr(city.people, name).copy() for name in ("uid", "alive", "account_balance", "ytd_oop")}
    households = city.ledger.balance(AccountKind.HOUSEHOLDS)
    city.switch_policy("dip")
    assert all(np.array_equal(instance.book.paid, due) for instance, due in zip(old, owed, strict=True))
    assert all(np.array_equal(getattr(city.people, name), column) for name, column in people.items())
    assert city.ledger.balance(AccountKind.HOUSEHOLDS) == households
    assert city.ledger.trial_balance() == 0
    assert city.insurer.settlement is city.settlement
    assert city.settlement.elapsed == 0
    recent = city.recent_claims()
    local = city.geography.providers.local[recent.provider]
    base = next(i.base for i in city.settlement.instances if i.mode.traits.exhausts_budget)
    assert base[..., RECORDED].sum() == pytest.approx(recent.basic[local].sum() * 12 / city.months_remembered)
    assert city.months_remembered == 8
    city.run_for(7)
    # the new policy's first settlement year ends in December, seven months on
    assert city.now.clearing


def test_a_package_s_base_holds_what_is_spent_elsewhere(by_fees: City) -> None:
    city = copy.deepcopy(by_fees)
    city.run_for(1)
    city.switch_policy("package")
    base = next(i.base for i in city.settlement.instances if i.mode.traits.outflow)
    n = city.settlement.n_providers
    recent, cells = city.recent_claims(), city._cell_sum()
    whole = (recent.basic.sum() + cells[..., C_BASIC].sum()) * 12 / city.months_remembered
    assert (base[n:, :, RECORDED] + base[n:, :, OUTFLOW]).sum() == pytest.approx(whole)
    assert not base[:n].any()


def test_acts_follow_the_terms_of_a_new_policy_from_its_first_month(by_fees: City) -> None:
    """What conduct there is goes on after a switch: a provider that writes up does so in the first month too."""
    city = copy.deepcopy(by_fees)
    city.staff.conduct[city.geography.providers.local, CODING] = 0.5
    city.switch_policy("dip")
    claims = month_of(city)
    assert claims.has(FLAG_UPCODED).any()


def test_modes_are_told_what_part_of_the_city_their_cases_are(by_fees: City, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    monkeypatch.setattr(Settlement, "start_year", lambda self, histories: told.extend(history.scale for history in histories))
    copy.deepcopy(by_fees).start_settlement_year()
    assert told == [SCALE]


@pytest.mark.parametrize("policy", POLICIES)
def test_every_policy_that_comes_with_it_runs(policy: str) -> None:
    city = City.load("xuchang" if policy.startswith("xuchang") else "yuncheng", policy, scale=SMALLEST, seed=1, burn_in=0)
    city.run_for(2)
    monthly = city.tables.monthly
    assert value(monthly, "admissions_per_100", city.settings.name) > 0
    assert value(monthly, "fund_cost_per_head", city.settings.name) > 0
    assert np.isfinite(monthly["value"]).all()


# What decides, as agents and files


def test_the_four_kinds_of_agents_are_found_where_mesa_looks(by_fees: City) -> None:
    assert {Patient, Hospital, MedicalGroup, Insurer} == set(by_fees.agent_types)
    by_type = by_fees.agents_by_type
    assert len(by_type[Hospital]) == len(by_fees.geography.providers)
    assert len(by_type[Insurer]) == 1
    assert len(by_type[Patient]) == int(by_fees.people.alive.sum())


def test_a_hospital_is_a_row_of_the_columns(by_fees: City) -> None:
    city = copy.deepcopy(by_fees)
    providers = city.geography.providers
    hospital = next(h for h in city.agents_by_type[Hospital] if h.index == 7)
    assert hospital.name == providers.name[7]
    assert hospital.tier == providers.tier[7]
    assert hospital.private == providers.private[7]
    assert hospital.beds == providers.beds[7]
    assert hospital.group == providers.group[7]
    city.staff.conduct[7, CODING] = 0.25
    assert hospital.conduct["coding"] == 0.25
    assert tuple(hospital.conduct) == CHANNELS
    assert (hospital.profit_weight, hospital.altruism) == (city.staff.profit[7], city.staff.altruism[7])


def test_the_insurer_tells_modes_debts_and_balances(by_points: City) -> None:
    city = copy.deepcopy(by_points)
    city.run_for(1)
    insurer = city.insurer
    assert insurer.modes == {"dip": "dip", "ffs": "ffs"}
    assert insurer.owed()["dip"].sum() == city.now.settled[0].sum()
    balances = [int(city.ledger.balances[city.ledger.fund(s)]) for s in range(2)]
    assert insurer.balances == {"employee": balances[0], "resident": balances[1]}


def test_behaviour_may_come_from_a_file_of_one_s_own(tmp_path: Path) -> None:
    text = (Path(data.__file__).parent / "behaviour.toml").read_text(encoding="utf-8")
    changed, found = re.subn(
        r'^coding\.mild = \{ value = [0-9.]+, unit = "share"', 'coding.mild = { value = 0.0, unit = "share"', text, flags=re.MULTILINE
    )
    assert found == 1
    (tmp_path / "mine.toml").write_text(changed, encoding="utf-8")
    city = City.load("yuncheng", "ffs", scale=SMALLEST, burn_in=0, behaviour=tmp_path / "mine.toml")
    assert city.care.eligible_code[0] == 0.0
    assert city.care.eligible_code[1] > 0.0


def test_every_act_has_an_ordered_share(by_points: City) -> None:
    """Half of a channel means half of its cases, the most gainful; none at zero, also of those that lose."""
    none, half, whole = (copy.deepcopy(by_points) for _ in range(3))
    for city, level in ((none, 0.0), (half, 0.5), (whole, 1.0)):
        city.staff.conduct[city.geography.providers.local, CODING] = level
        city.switch_policy("dip")
    counts = [int(month_of(city).has(FLAG_UPCODED).sum()) for city in (none, half, whole)]
    assert counts[0] == 0
    assert 0.3 * counts[2] < counts[1] < 0.75 * counts[2]


def test_a_tertiary_hospital_is_reached_from_everywhere(by_fees: City) -> None:
    city = copy.deepcopy(by_fees)
    claims = month_of(city)
    assert set(np.unique(claims.tier).tolist()) == {0, 1, 2}
    assert len(set(claims.county[claims.tier == TERTIARY].tolist())) > 5


def test_what_providers_have_learnt_goes_with_the_city() -> None:
    """A fork of a city whose providers learn from their own past goes the way of the original, and shares nothing with it."""
    city = City.load("yuncheng", "dip", scale=SMALLEST, seed=3, burn_in=3, conduct="reinforcement")
    fork = copy.deepcopy(city)
    assert city.staff.memory[city.geography.providers.local][..., 3].all()
    assert city.staff.referral_memory.any()
    for one in (city, fork):
        one.run_for(6)
    assert np.array_equal(city.staff.conduct, fork.staff.conduct)
    assert np.array_equal(city.staff.memory, fork.staff.memory)
    assert not np.shares_memory(city.staff.memory, fork.staff.memory)
