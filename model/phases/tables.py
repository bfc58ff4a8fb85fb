"""Phase record: the month's sums by unit, from people, visits, claims and books."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from agents.utility import harm_of_intensity
from model.calendar import month_of
from model.care import Q_OUT, SHIFT
from model.cases import FLAG_LOW_THRESHOLD, FLAG_SPLIT, FLAG_UPCODED, FLAG_UPGRADED, Claims
from model.census import CENSUS, census
from model.codes import CHRONIC, COMMON, DIALYSIS, PRIMARY, SCHEMES, SECONDARY, STAY_KINDS, TERTIARY, VISIT_KINDS
from model.geography import Geography
from model.health import control_effort
from model.illness import update_control
from model.indicators import POSITION, SANCTIONS, SUPERVISED
from model.items import CHOSEN
from model.ledger import Memo
from model.visits import C_ACCOUNT, C_AID, C_BASIC, C_CHARGE, C_IN_SCOPE, C_OWN_PAY, C_PATIENT, C_SECOND, C_SUPPLEMENT, C_VISITS

if TYPE_CHECKING:
    from model.city import City

Floats = NDArray[np.float64]


def record(city: City) -> None:
    """Adds the month to the tables; chronic visits bring disease under control first, so that the month's end is what is counted."""
    visits = city.now.visits
    chronic = visits.kind == CHRONIC
    at_primary = city.geography.providers.tier[visits.provider[chronic]] == PRIMARY
    effort = control_effort(city.outcomes, city.staff.conduct[visits.provider[chronic], Q_OUT])
    update_control(city.people, visits.row[chronic], at_primary, city.now.index, city.seed, city.illness, effort)
    _people(city)
    _visits(city)
    _claims(city)
    _money(city)
    _tallies(city)
    city.tables.close_month(city.now.index)


def _people(city: City) -> None:
    """Person-months and chronic disease by county, scheme and income fifth; once a year the households hit by own payment."""
    people, tables, month = city.people, city.tables, city.now
    n_counties = len(city.geography.counties)
    counted = census(
        people.alive,
        people.county,
        people.scheme,
        people.income_fifth,
        people.chronic,
        people.controlled,
        people.income,
        people.ytd_oop,
        n_counties,
        month_of(month.index) == 12,
    ).astype(np.float64)
    counts = {name: counted[..., i] for i, name in enumerate(CENSUS)}
    share = counts["person_months"] / max(float(counted[..., 0].sum()), 1.0)
    rules = city.outcomes
    ill = rules.chronic_loss * counts["chronic"] + rules.uncontrolled_loss * (counts["chronic"] - counts["controlled"])
    counts["quality_years"] = (counts["person_months"] - ill) / 12.0 - month.quality_lost * share
    counts["quality_lost"] = ill / 12.0 + (month.quality_lost + rules.death_loss * len(month.deaths)) * share
    key = (people.county[month.deaths].astype(np.int64) * 2 + people.scheme[month.deaths]) * 5 + people.income_fifth[month.deaths]
    died = np.bincount(key, minlength=n_counties * 10).reshape(n_counties, 2, 5)
    counts["deaths"] = died + month.tallies["deaths"][0] * share
    for name, cube in counts.items():
        tables.add_cells("city", **{name: np.array([cube.sum()])})
        tables.add_cells("county", **{name: cube.sum(axis=(1, 2))})
        tables.add_cells("scheme", **{name: cube.sum(axis=(0, 2))})
        tables.add_cells("income_fifth", **{name: cube.sum(axis=(0, 1))})


def _visits(city: City) -> None:
    """Visits by provider, tier, ownership, scheme, kind and county of the patient, from the month's cells."""
    cells = city.now.visits.cells.astype(np.float64)
    providers, tables = city.geography.providers, city.tables
    primary = (providers.tier == PRIMARY)[:, None, None, None]
    by_kind = cells.sum(axis=4)
    items = city.items.visit_shares
    sums = _visit_sums(by_kind, items)
    no_stays = np.zeros(len(STAY_KINDS))
    sums["visits_primary"] = sums["visits"] * primary
    sums["first_contacts"] = np.where(_KIND == COMMON, sums["visits"], 0.0)
    sums["first_contacts_primary"] = sums["first_contacts"] * primary
    city.tables.add_cells("city", **{name: np.array([value.sum()]) for name, value in sums.items()})
    tables.add_cells("provider", **{name: value.sum(axis=(1, 2, 3)) for name, value in sums.items()})
    tables.add_cells("scheme", **{name: value.sum(axis=(0, 2, 3)) for name, value in sums.items()})
    tables.add_cells("county", **{name: value.sum(axis=(0, 1, 2)) for name, value in sums.items()})
    tables.add_cells("kind", **{name: np.append(value.sum(axis=(0, 1, 3)), no_stays) for name, value in sums.items()})
    for unit_type, code in (("tier", providers.tier), ("ownership", providers.private)):
        tables.add(unit_type, code.astype(np.int64), **{name: value.sum(axis=(1, 2, 3)) for name, value in sums.items()})
    by_fifth = _visit_sums(city.now.visits.by_fifth.astype(np.float64)[:, :, None], items)
    tables.add_cells("income_fifth", **{name: value.sum(axis=(1, 2)) for name, value in by_fifth.items()})


_KIND = np.arange(len(VISIT_KINDS))[:, None]


def _visit_sums(cells: Floats, shares: Floats) -> dict[str, Floats]:
    """Sums of cells ``[..., kind, county, sum]`` with items by ``shares``; sessions of dialysis are no visits, which come now and then."""
    count, charge = cells[..., C_VISITS], cells[..., C_CHARGE]
    session = _KIND == DIALYSIS
    return {
        "visits": np.where(session, 0.0, count),
        "visit_charge": np.where(session, 0.0, charge),
        "sessions": np.where(session, count, 0.0),
        "session_charge": np.where(session, charge, 0.0),
        "charge": charge,
        **{f"{item}_charge": charge * shares[i] for i, item in enumerate(CHOSEN)},
        "in_scope": cells[..., C_IN_SCOPE],
        "own_pay": cells[..., C_OWN_PAY],
        "basic": cells[..., C_BASIC],
        "second": cells[..., C_SECOND],
        "supplement": cells[..., C_SUPPLEMENT],
        "aid": cells[..., C_AID],
        "account": cells[..., C_ACCOUNT],
        "patient": cells[..., C_PATIENT],
    }


def _claims(city: City) -> None:
    """Inpatient claims by every unit type."""
    claims = city.now.claims
    assert claims is not None
    sums = claim_sums(city, claims)
    providers = city.geography.providers
    provider = claims.provider.astype(np.int64)
    codes = {
        "city": np.zeros(len(claims), dtype=np.int64),
        "county": claims.county.astype(np.int64),
        "tier": claims.tier.astype(np.int64),
        "scheme": claims.scheme.astype(np.int64),
        "scheme_tier": claims.scheme.astype(np.int64) * 3 + claims.tier,
        "income_fifth": claims.income_fifth.astype(np.int64),
        "severity": claims.severity.astype(np.int64),
        "ownership": providers.private[provider].astype(np.int64),
        "kind": city.group_facts.kind[claims.group_coded].astype(np.int64),
        "provider": provider,
    }
    city.tables.add_rows(codes, sums)


def claim_sums(city: City, claims: Claims) -> dict[str, Floats]:
    """What each claim adds to the sums."""
    catalogue = city.catalogue
    weight = catalogue.weight
    upgraded, upcoded = claims.has(FLAG_UPGRADED), claims.has(FLAG_UPCODED)
    need_weight = weight[claims.group_true]
    added = np.where(upgraded, weight[claims.group_coded] - need_weight, 0.0)
    charge = claims.charge.astype(np.float64)
    relative = charge / np.maximum(claims.standard_charge / np.maximum(claims.need, 1e-6), 1.0)
    shift = city.now.conduct[claims.provider, SHIFT]
    simple = catalogue.simple[claims.group_true]
    curvature = city.utility.benefit[1 + claims.severity]
    readmitted = np.isin(claims.row, city.now.needs.row[city.now.needs.readmission])
    one = np.ones(len(claims))
    mix = city.item_mix(claims, city.now.conduct)
    items = {item: charge * mix[i] for i, item in enumerate(CHOSEN)}
    return {
        "charge": charge,
        **{f"{item}_charge": part for item, part in items.items()},
        **{f"admission_{item}": part for item, part in items.items()},
        "in_scope": claims.in_scope,
        "own_pay": claims.own_pay,
        "basic": claims.basic,
        "second": claims.second,
        "supplement": claims.supplement,
        "aid": claims.aid,
        "account": claims.account,
        "patient": claims.patient,
        "admissions": one,
        "admissions_primary": one * (claims.tier == PRIMARY),
        "admissions_secondary": one * (claims.tier == SECONDARY),
        "admissions_tertiary": one * (claims.tier == TERTIARY),
        "admission_charge": charge,
        "admission_in_scope": claims.in_scope,
        "admission_basic": claims.basic,
        "admission_own_pay": claims.own_pay,
        "admission_oop": claims.patient.astype(np.float64) + claims.account,
        "stay_days": claims.stay,
        # a divided stay is one case in two claims
        "standard_days": claims.standard_stay * np.where(claims.has(FLAG_SPLIT), 0.5, 1.0),
        "standard_charge": claims.standard_charge,
        "delivered_charge": claims.standard_charge * claims.intensity,
        "relative_cost": relative,
        "relative_cost_square": relative**2,
        "units_coded": claims.units,
        "units_true": claims.units_true,
        "weight_coded": weight[claims.group_coded],
        "weight_true": need_weight,
        "weight_upgraded": added,
        "upcoded": upcoded,
        "upgraded": upgraded,
        "split": claims.has(FLAG_SPLIT),
        "low_threshold": claims.has(FLAG_LOW_THRESHOLD),
        "readmissions": readmitted,
        "shifted": claims.in_scope * shift / np.maximum(1 - shift, 1e-9),
        "county_in": treated_in_county(city.geography, claims),
        "simple": simple,
        "simple_tertiary": simple & (claims.tier == TERTIARY),
        "benefit_lost": claims.standard_charge * harm_of_intensity(city.utility, curvature, claims.intensity.astype(np.float64)),
        "avoidable": catalogue.acsc[claims.group_true],
    }


def treated_in_county(geography: Geography, claims: Claims) -> NDArray[np.bool_]:
    """Claims at a county or township institution of the patient's own county; a city hospital is not the district's."""
    providers = geography.providers
    same = providers.county[claims.provider] == claims.county
    inside: NDArray[np.bool_] = same & (providers.tier[claims.provider] < TERTIARY)
    return inside


def _money(city: City) -> None:
    """What became owed and what was paid, by scheme and by provider; the fund's level."""
    month, tables, providers = city.now, city.tables, city.geography.providers
    settled = np.sum(month.settled, axis=0).astype(np.float64)
    paid = np.sum(month.paid, axis=0).astype(np.float64)
    for unit_type in ("scheme", "city"):
        whole = unit_type == "city"
        tables.add_cells(unit_type, fund_settled=_as_unit(settled.sum(axis=0), whole), fund_paid=_as_unit(paid.sum(axis=0), whole))
        tables.add_cells(unit_type, fund_income=_as_unit(city.fund_income, whole), fund_balance=_as_unit(city.fund_balance, whole))
        tables.add_cells(unit_type, **{name: _as_unit(values, whole) for name, values in _fund_year(city).items()})
    by_provider = settled.sum(axis=1)
    tables.add_cells("provider", fund_settled=by_provider, fund_paid=paid.sum(axis=1))
    for unit_type, code in (("tier", providers.tier), ("ownership", providers.private)):
        tables.add(unit_type, code.astype(np.int64), fund_settled=by_provider, fund_paid=paid.sum(axis=1))
    _recorded_units(city, settled.sum(axis=0))
    _margins(city, by_provider)
    pool = city.pool_month()
    tables.add_cells("city", pool_units=pool[[0]], pool_money=pool[[1]], group_money=pool[[2]], group_spent=pool[[3]])


def _fund_year(city: City) -> dict[str, NDArray[np.number]]:
    """The month's part of the budget, what governments filled of the gap, and whether the reserve is below its level, by scheme."""
    month, ledger = city.now, city.ledger
    level = np.array([city.settings.fund.reserve_gate[scheme].at(month.index) for scheme in SCHEMES])
    return {
        "fund_budget": month.budget,
        "fund_gap": np.array([ledger.income(ledger.fund(s), Memo.GAP) for s in range(len(SCHEMES))]),
        "fund_months": np.ones(len(SCHEMES)),
        "fund_alerts": city.reserve_months < level,
    }


def _as_unit(by_scheme: NDArray[np.number], whole: bool) -> Floats:
    values = np.asarray(by_scheme, dtype=np.float64)
    return np.array([values.sum()]) if whole else values


def _recorded_units(city: City, settled: Floats) -> None:
    """Units of persons and cases: the fund's debt is spread over them by recorded money within each scheme."""
    tables = city.tables
    recorded = city.tables.open_sums("scheme")[:, POSITION["basic"]]
    factor = np.divide(settled, recorded, out=np.ones(2), where=recorded > 0)
    mean = float(settled.sum() / max(recorded.sum(), 1.0))
    for unit_type in ("county", "income_fifth", "severity", "kind", "scheme_tier"):
        basic = tables.open_sums(unit_type)[:, POSITION["basic"]]
        ratio = np.repeat(factor, 3) if unit_type == "scheme_tier" else np.full(len(basic), mean)
        tables.add_cells(unit_type, fund_settled=basic * ratio)


def _margins(city: City, settled: Floats) -> None:
    """Revenue from all payers and cost: variable by charge, fixed as in the budget base."""
    tables, providers = city.tables, city.geography.providers
    sums = tables.open_sums("provider")
    others = sum(sums[:, POSITION[name]] for name in ("second", "supplement", "aid", "account", "patient"))
    tallies = city.now.tallies
    lost = tallies["recovered"] + tallies["returned"] + tallies["fined"]
    revenue = settled + others + tallies["bonus"] - lost
    chosen = np.stack([sums[:, POSITION[f"{item}_charge"]] for item in CHOSEN])
    parts = np.vstack([chosen, sums[:, POSITION["charge"]] - chosen.sum(axis=0)])
    cost = city.items.variable(parts) + city.fixed_cost * city.now.price_index
    for unit_type, code in (("tier", providers.tier), ("ownership", providers.private), ("city", np.zeros(len(providers)))):
        tables.add(unit_type, np.asarray(code, dtype=np.int64), revenue=revenue * providers.local, cost=cost * providers.local)
    tables.add_cells("provider", revenue=revenue, cost=cost)


def _tallies(city: City) -> None:
    """Counts that no claim shows."""
    month, tables, providers = city.now, city.tables, city.geography.providers
    by_provider = {
        name: month.tallies[name]
        for name in (
            "refused",
            "waiting",
            "inpatient_needs",
            "complications",
            "hospital_deaths",
            *SUPERVISED,
            *SANCTIONS,
        )
    }
    claims = month.claims
    assert claims is not None
    days = np.bincount(claims.provider, weights=claims.stay.astype(np.float64), minlength=len(providers))
    by_provider["bed_days"] = days * providers.local
    by_provider["bed_capacity"] = np.where(providers.local, city.bed_days_available, 0.0)
    tables.add_cells("provider", **by_provider)
    for unit_type, code in (("tier", providers.tier), ("ownership", providers.private), ("city", np.zeros(len(providers)))):
        tables.add(unit_type, np.asarray(code, dtype=np.int64), **by_provider)
    county = {name: month.tallies[name] for name in ("needs", "referrals_up", "referrals_down")}
    unmet = np.bincount(city.people.county[month.unmet_row], minlength=len(city.geography.counties))
    county["unmet"] = unmet.astype(np.float64)
    tables.add_cells("county", **county)
    tables.add_cells("severity", refused=month.refused_by_severity, inpatient_needs=month.needs_by_severity)
    tables.add_cells("city", **{name: np.array([value.sum()]) for name, value in county.items()})
    tables.add_cells("income_fifth", unmet=np.bincount(city.people.income_fifth[month.unmet_row], minlength=5))
    fifth = city.people.income_fifth
    needs = np.sum([np.bincount(fifth[row], minlength=5) for row in (month.visit_row, month.session_row, month.needs.row)], axis=0)
    tables.add_cells("income_fifth", needs=needs)
