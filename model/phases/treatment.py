"""Phases seek, treat, bill and benefit: from a need to a claim whose every yuan has a payer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from agents.prospect import appeal, as_written, finished
from model.benefits import YearToDate, expected_price, split_claims
from model.calendar import EPOCH
from model.care import (
    CODING,
    Q_MILD,
    Q_OUT,
    SELECTION,
    SHIFT,
    SPLITTING,
    STAY,
    THRESHOLD,
    TREATMENT,
    Eligible,
    draw_need,
    eligible,
    intensity_of,
    stay_charge,
    stay_days,
)
from model.cases import FLAG_LOW_THRESHOLD, FLAG_REFERRED, FLAG_SHIFTED, FLAG_SPLIT, FLAG_UPCODED, FLAG_UPGRADED, CaseTruth, Claims
from model.codes import (
    CHRONIC,
    COMMON,
    CONDITIONS,
    DIALYSIS,
    EMERGENCY,
    INCOME_FIFTHS,
    INPATIENT,
    SCHEMES,
    SECONDARY,
    SEVERITIES,
    TERTIARY,
    TIERS,
    VISIT_KINDS,
)
from model.day_surgery import expected_share, is_day_surgery
from model.decisions import Decision
from model.health import draw_outcomes, frailty_factor, risk_of, visits_loss
from model.month import Visits
from model.people import age_years
from model.referral import referral_of
from model.seeking import N_CLASSES, N_VISIT_CLASSES, Reference, choice_probabilities, choose, inpatient_class, mean_price, sought_share
from model.streams import uniforms
from model.units import PPM
from model.visits import PARTS, cell_totals, charge_visits, person_totals

if TYPE_CHECKING:
    from model.city import City

Floats = NDArray[np.float64]
WRITTEN = frozenset({"code", "treat", "split", "finish"})
"""Gains that decide what is written into a claim."""
DECIDE_ON_ADMISSION = frozenset({"code", "treat", "select"})
"""Gains that decide who is turned away."""


# seek


def seek(city: City) -> None:
    """People decide whether and where to go, from the price they would pay, travel, opinion, waiting and severity."""
    month = city.now
    closed = city.insurer.standing.closed(month.index)
    tables = choice_tables(city, closed)
    people = city.people
    visits = _choose(city, Decision.CHOOSE_VISIT, month.visit_row, month.visit_kind.astype(np.int8), tables)
    went = visits >= 0
    month.visits = Visits(month.visit_row[went], month.visit_kind[went], visits[went], np.ones(int(went.sum()), dtype=np.int16))
    beyond_reach = _dialyse(city, tables)
    needs = month.needs
    cls = inpatient_class(needs.severity, city.catalogue.least_tier[needs.group])
    needs.provider = _choose(city, Decision.CHOOSE_STAY, needs.row, cls, tables)
    if closed.any():
        # an emergency is taken where it always would be
        usual = _choose(city, Decision.CHOOSE_STAY, needs.row, cls, choice_tables(city, np.zeros_like(closed)))
        needs.provider = np.where(needs.emergency, usual, needs.provider).astype(np.int16)
    unmet = [month.visit_row[~went], beyond_reach, needs.row[needs.provider < 0]]
    month.unmet_row = np.concatenate(unmet)
    n = len(city.geography.counties)
    felt = [np.bincount(people.county[row], minlength=n) for row in (month.visit_row, month.session_row, needs.row)]
    month.tallies["needs"] = np.sum(felt, axis=0).astype(np.float64)
    _refer(city)


def _dialyse(city: City, tables: tuple[NDArray[Any], NDArray[Any]]) -> NDArray[np.int32]:
    """Adds the month's sessions of dialysis to the visits, one bill a person; returns who has no unit within reach.

    The choice of a unit has one random number for good: people stay where they are as long as prices and opinions do.
    """
    month, visits = city.now, city.now.visits
    kind = np.full(len(month.session_row), DIALYSIS, dtype=np.uint8)
    unit = _choose(city, Decision.CHOOSE_DIALYSIS, month.session_row, kind.astype(np.int8), tables, month=0)
    given = unit >= 0
    row = month.session_row[given]
    at = np.searchsorted(visits.row, row, side="right")
    month.visits = Visits(
        np.insert(visits.row, at, row),
        np.insert(visits.kind, at, kind[given]),
        np.insert(visits.provider, at, unit[given]),
        np.insert(visits.count, at, month.session_count[given]),
    )
    return month.session_row[~given]


def choice_tables(city: City, closed: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """This month's cumulative choice ``[area, scheme, class, slot]`` and share sought ``[area, scheme, class]``.

    Providers that are ``closed`` to the insured are no option but for emergency visits.
    """
    geography, providers = city.geography, city.geography.providers
    price = expected_payment(city)

    def probabilities(slots: NDArray[np.int16]) -> Floats:
        return choice_probabilities(
            city.choice,
            slots,
            geography.minutes,
            providers.tier,
            providers.local,
            providers.dialyses,
            price,
            city.perceived,
            city.occupancy,
        )

    probability = probabilities(geography.slots)
    if closed.any():
        usual = probability[:, :, EMERGENCY]
        probability = probabilities(np.where(closed[geography.slots], -1, geography.slots).astype(np.int16))
        probability[:, :, EMERGENCY] = usual
    if city.reference is None:
        city.reference = Reference(probability, mean_price(probability, geography.slots, price))
    # where people go is held fixed: what is cheaper everywhere is cheaper, though some then go where it is dear
    faced = mean_price(city.reference.choice, geography.slots, price)
    sought = sought_share(city.choice, faced, city.reference.price * city.now.price_index)
    return np.cumsum(probability, axis=3).astype(np.float32), sought.astype(np.float32)


def expected_payment(city: City) -> Floats:
    """What a patient expects to pay ``[provider, scheme, class]``, yuan: the benefit rules on the expected bill."""
    providers, levels, month = city.geography.providers, city.levels, city.now
    n = len(providers)
    charge = np.empty((n, 2, N_CLASSES))
    charge[:, :, :N_VISIT_CLASSES] = (city.standard_visit[providers.tier] * city.staff.conduct[:, [Q_OUT]])[:, None, :]
    for severity, weight in enumerate(city.severity_weight):
        stay = levels.admission.T[providers.tier] * weight * city.staff.conduct[:, [Q_MILD + severity]]
        first = N_VISIT_CLASSES + len(TIERS) * severity
        charge[:, :, first : first + len(TIERS)] = (stay * stay_charge(city.staff.conduct[:, [STAY]], city.care))[:, :, None]
    charge *= month.price_index
    share = np.empty_like(charge)
    share[:, :, :N_VISIT_CLASSES] = levels.visit_in_scope
    share[:, :, N_VISIT_CLASSES:] = (levels.in_scope.T[providers.tier] * (1 - city.staff.conduct[:, [SHIFT]]))[:, :, None]
    in_scope = np.rint(charge * share).astype(np.int64)
    own = np.rint(charge).astype(np.int64) - in_scope
    kind = np.minimum(np.arange(N_CLASSES), INPATIENT)
    bill = (np.arange(2)[None, :, None], providers.benefit_class[:, None, None], kind[None, None, :], in_scope, own)
    paid = _mean_payment(city, bill, kind)
    if month.benefits.spares_day_surgery:
        share = np.zeros((len(SCHEMES), N_CLASSES))
        share[:, kind == INPATIENT] = _day_surgery_expected(city)
        paid = (1 - share) * paid + share * _mean_payment(city, bill, kind, day_surgery=1)
    return paid


def _mean_payment(city: City, bill: tuple[NDArray[Any], ...], kind: NDArray[np.int64], day_surgery: int = 0) -> Floats:
    """What is expected to be paid of bills ``[provider, scheme, class]``, yuan: of a stay outside the mean of registered and not."""
    rules, local = city.now.benefits, city.geography.providers.local
    # what chronic care costs is judged by the commonest condition (assumption)
    common = 1 << CONDITIONS.index("hypertension")
    paid: Floats = expected_price(rules, *bill, conditions=common, day_surgery=day_surgery) / 100.0
    if rules.penalises:
        of_referral = [expected_price(rules, *bill, referral=code, day_surgery=day_surgery) / 100.0 for code in (1, 2)]
        registered = (rules.registered_ppm / PPM)[None, :, None]
        outside = ~local[:, None, None] & (kind == INPATIENT)[None, None, :]
        paid = np.where(outside, registered * of_referral[0] + (1 - registered) * of_referral[1], paid)
    return paid


def _day_surgery_expected(city: City) -> Floats:
    """Share of day surgery among needed stays ``[scheme, class]``: patients know how ill they are, not what will be done (assumption)."""
    catalogue = city.catalogue
    days = catalogue.stay * city.levels.stay[:, None]
    longest = city.now.benefits.day_surgery_days
    return expected_share(city.expected_stays, city.group_facts.operative, catalogue.least_tier, days, city.care.need_sd, longest)


def _choose(
    city: City,
    decision: Decision,
    row: NDArray[np.int32],
    cls: NDArray[np.int8],
    tables: tuple[NDArray[Any], NDArray[Any]],
    month: int | None = None,
) -> NDArray[np.int16]:
    people = city.people
    return choose(
        city.seed,
        city.now.index if month is None else month,
        int(decision),
        people.uid,
        row,
        people.area,
        people.scheme,
        cls,
        tables[0],
        city.geography.slots,
        tables[1],
    )


def _refer(city: City) -> None:
    """Groups keep county-treatable cases of their heads that are bound elsewhere, and send stable simple ones down."""
    needs, people, geography = city.now.needs, city.people, city.geography
    providers = geography.providers
    county = people.county[needs.row].astype(np.int64)
    area = people.area[needs.row]
    draw = uniforms(city.seed, int(Decision.REDIRECT), city.now.index, people.uid[needs.row])
    keepable, sendable = referable(city, needs.provider, needs.group, needs.severity, needs.emergency, county)
    open_now = ~city.insurer.standing.closed(city.now.index)
    keepable &= open_now[geography.areas.county_hospital[area]]
    sendable &= open_now[geography.areas.primary[area]]
    keep = keepable & (draw[:, 0] < city.staff.referral[county, 0])
    down = sendable & (draw[:, 1] < city.staff.referral[county, 1])
    up = keepable & ~keep & (providers.tier[np.maximum(needs.provider, 0)] == TERTIARY)
    needs.provider = np.where(keep, geography.areas.county_hospital[area], needs.provider).astype(np.int16)
    needs.provider = np.where(down, geography.areas.primary[area], needs.provider).astype(np.int16)
    needs.referred = keep | down
    month = city.now
    n = len(geography.counties)
    month.tallies["referrals_up"] = np.bincount(county[up], minlength=n).astype(np.float64)
    month.tallies["referrals_down"] = np.bincount(county[down], minlength=n).astype(np.float64)


def referable(
    city: City,
    provider: NDArray[np.int16],
    group: NDArray[np.int16],
    severity: NDArray[np.int8],
    emergency: NDArray[np.bool_],
    county: NDArray[np.int64],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which cases a group could keep in the county, and which it could send down to a township.

    Kept: treatable at county level, not severe, bound up to a tertiary hospital or out of the county. Sent down: simple and mild, at the
    group's own secondary hospital.
    """
    providers = city.geography.providers
    at = np.maximum(provider, 0)
    inside = providers.group[at] == county
    leads = city.group_leads[county]
    bound_out = (providers.tier[at] == TERTIARY) | (providers.county[at] != county)
    keep = (provider >= 0) & bound_out & (city.catalogue.least_tier[group] <= SECONDARY) & (severity < 2) & ~emergency & leads
    down = (provider >= 0) & inside & (providers.tier[at] == SECONDARY) & city.catalogue.simple[group] & (severity == 0) & ~emergency
    down &= leads
    return keep, down


# treat


def treat(city: City) -> None:
    """Providers treat what comes according to their conduct: refuse, admit, intensify, and what they write down."""
    month, needs = city.now, city.now.needs
    _turn_away(city)
    came = np.flatnonzero(needs.provider >= 0)
    row = needs.row[came]
    truth = case_truth(city, row, needs.provider[came], needs.group[came], needs.severity[came], needs.emergency[came])
    marginal, marginal_row = _marginal_admissions(city)
    month.truth = CaseTruth.join([truth, marginal])
    month.truth_row = np.concatenate([row, marginal_row])
    flags = np.zeros(len(month.truth), dtype=np.int16)
    flags[: len(row)][needs.referred[came]] |= FLAG_REFERRED
    flags[len(row) :] |= FLAG_LOW_THRESHOLD
    _write_claims(city, flags)


def case_truth(
    city: City,
    row: NDArray[np.int32],
    provider: NDArray[np.int16],
    group: NDArray[np.int16],
    severity: NDArray[np.int8],
    emergency: NDArray[np.bool_],
) -> CaseTruth:
    """The truth of cases at the providers they came to."""
    people, levels, catalogue = city.people, city.levels, city.catalogue
    uid = people.uid[row]
    tier = city.geography.providers.tier[provider]
    scheme = people.scheme[row].astype(np.int8)
    need, noisy = draw_need(uniforms(city.seed, int(Decision.CASE_NEED), city.now.index, uid), city.care)
    able = uniforms(city.seed, int(Decision.CASE_ELIGIBLE), city.now.index, uid).astype(np.float32)
    charge = levels.admission[scheme, tier] * (catalogue.weight * city.items.price)[group] * need * city.now.price_index
    relation = city.relation(people.area[row], people.county[row], provider)
    return CaseTruth(
        uid=uid,
        provider=provider.astype(np.int16),
        tier=tier,
        scheme=scheme,
        group=group.astype(np.int16),
        severity=severity.astype(np.int8),
        emergency=emergency.astype(bool),
        age=age_years(people, city.now.index, row).astype(np.int16),
        need=need,
        noisy_need=noisy,
        standard_charge=charge,
        standard_stay=(catalogue.stay[group] * levels.stay[scheme] * np.sqrt(need)).astype(np.float32),
        in_scope_share=levels.in_scope[scheme, tier].astype(np.float32),
        recorded_share=city.recorded_share[provider, scheme].astype(np.float32),
        relation=relation,
        instance=city.settlement.routing.of_stay(group, provider, scheme, relation),
        head_group=people.county[row].astype(np.int16),
        u_code=able[:, 0],
        u_treat=able[:, 1],
        u_split=able[:, 2],
        u_tie=able[:, 3],
    )


def _turn_away(city: City) -> None:
    """Refusal of costly cases that would lose money, and cases for which there is no bed; both seek once more, at a higher level."""
    needs, month = city.now.needs, city.now
    came = np.flatnonzero(needs.provider >= 0)
    truth = case_truth(city, needs.row[came], needs.provider[came], needs.group[came], needs.severity[came], needs.emergency[came])
    able = eligible(truth, city.care, city.catalogue)
    refused = np.zeros(len(came), dtype=bool)
    if city.quote is not None:
        refused[able.select] = _refused(city, truth.take(able.select), able.take(able.select))
    full = _without_bed(city, truth) & ~refused
    n = len(city.geography.providers)
    month.tallies["refused"] = np.bincount(truth.provider[refused], minlength=n).astype(np.float64)
    month.tallies["waiting"] = np.bincount(truth.provider[full], minlength=n).astype(np.float64)
    month.tallies["inpatient_needs"] = np.bincount(truth.provider, minlength=n).astype(np.float64)
    month.refused_by_severity = np.bincount(truth.severity[refused], minlength=len(SEVERITIES))
    month.needs_by_severity = np.bincount(truth.severity, minlength=len(SEVERITIES))
    again = came[refused | full]
    first = needs.provider[again].copy()
    needs.provider[again] = _second_choice(city, again, first)
    needs.delayed = np.zeros(len(needs.row), dtype=bool)
    needs.delayed[again] = True
    month.unmet_row = np.concatenate([month.unmet_row, needs.row[again[needs.provider[again] < 0]]])


def _refused(city: City, truth: CaseTruth, able: Eligible) -> NDArray[np.bool_]:
    """Which of the costly cases are turned away: those that lose most, however they would have been written."""
    assert city.quote is not None
    gains = city.quote.gains(truth, city.staff.conduct, able, city.learning.step, DECIDE_ON_ADMISSION)
    _, gains = as_written(truth, able, gains, city.staff.act_from)
    refused: NDArray[np.bool_] = appeal(truth, gains).key[SELECTION] >= city.staff.act_from[SELECTION][truth.provider]
    return refused


def _without_bed(city: City, truth: CaseTruth) -> NDArray[np.bool_]:
    """Cases that find no bed: the share of smoothed demand beyond capacity, never emergencies; addressed by the case's own uniform."""
    over = np.clip(1.0 - 1.0 / np.maximum(city.occupancy, 1e-9), 0.0, 1.0)
    without: NDArray[np.bool_] = (truth.u_tie < over[truth.provider]) & ~truth.emergency
    return without


def _second_choice(city: City, which: NDArray[np.int64], first: NDArray[np.int16]) -> NDArray[np.int16]:
    """Where people turned away go: up one level, the first such option of their area; a tertiary case goes out of the city or home."""
    geography, needs = city.geography, city.now.needs
    providers = geography.providers
    area = city.people.area[needs.row[which]]
    options = geography.slots[area]
    wanted = np.minimum(providers.tier[first] + 1, TERTIARY)
    outside = providers.tier[first] == TERTIARY
    local = providers.local[np.maximum(options, 0)]
    fits = (options >= 0) & (providers.tier[np.maximum(options, 0)] == wanted[:, None]) & (options != first[:, None])
    fits &= (local != outside[:, None]) & ~city.insurer.standing.closed(city.now.index)[np.maximum(options, 0)]
    found = np.where(fits.any(axis=1), options[np.arange(len(options)), fits.argmax(axis=1)], -1)
    draw = uniforms(city.seed, int(Decision.ADMIT), city.now.index, city.people.uid[needs.row[which]])
    # assumption: half of those a tertiary hospital turns away give up rather than leave the city
    found = np.where(outside & (draw[:, 0] < 0.5), -1, found)
    return found.astype(np.int16)


def _marginal_admissions(city: City) -> tuple[CaseTruth, NDArray[np.int32]]:
    """Outpatients without need for a bed whom a provider admits: its most gainful share of those who could be."""
    month, visits, staff = city.now, city.now.visits, city.staff
    n = len(city.geography.providers)
    none = np.zeros(0, dtype=np.int32)
    by_choice = (visits.kind == COMMON) | (visits.kind == CHRONIC)
    could = by_choice & (staff.conduct[visits.provider, THRESHOLD] > 0)
    if city.quote is None or city.mild_sample is None or not could.any():
        return case_truth(city, none, none.astype(np.int16), none.astype(np.int16), none.astype(np.int8), none.astype(bool)), none
    seen = np.maximum(np.bincount(visits.provider[by_choice], minlength=n), 1)
    pool = np.clip(city.care.threshold_pool * city.monthly_admissions / seen, 0.0, 0.5)
    at = np.flatnonzero(could)
    draw = uniforms(city.seed, int(Decision.ADMIT), month.index, city.people.uid[visits.row[at]], block=1)
    picked = draw[:, 0] < pool[visits.provider[at]]
    at, pick = at[picked], draw[picked, 1]
    # one admission a person and month: whoever already has a stay is not marginal
    fresh = ~np.isin(visits.row[at], month.needs.row)
    _, first = np.unique(visits.row[at], return_index=True)
    fresh &= np.isin(np.arange(len(at)), first)
    at, pick = at[fresh], pick[fresh]
    row = visits.row[at]
    like = city.mild_sample.rows(visits.provider[at], pick)
    group, need = city.mild_sample.group[like], city.mild_sample.need[like]
    truth = case_truth(city, row, visits.provider[at], group, np.zeros(len(at), dtype=np.int8), np.zeros(len(at), dtype=bool))
    truth.standard_charge = truth.standard_charge * need / truth.need
    truth.need = need
    gains = city.quote.gains(truth, staff.conduct, eligible(truth, city.care, city.catalogue), city.learning.step, frozenset({"threshold"}))
    act = appeal(truth, gains).key[THRESHOLD] >= staff.act_from[THRESHOLD][truth.provider]
    truth = truth.take(act)
    truth.standard_charge = truth.standard_charge * city.care.threshold_charge
    return truth, row[act]


def _write_claims(city: City, flags: NDArray[np.int16]) -> None:
    """Applies coding, treatment, splitting, finish and shift to the month's cases and writes the claims."""
    month, staff, care = city.now, city.staff, city.care
    month.conduct = staff.conduct
    truth = month.truth
    assert truth is not None
    able = eligible(truth, care, city.catalogue)
    low = (flags & FLAG_LOW_THRESHOLD) != 0
    q = intensity_of(staff.conduct, truth.provider, truth.severity)
    n = len(truth)
    code, treated, split, finish = (np.zeros(n, dtype=bool), np.zeros(n, dtype=bool), np.zeros(n, dtype=bool), np.ones(n))
    gain = np.zeros(n)
    if city.quote is not None and n:
        gains = city.quote.gains(truth, staff.conduct, able, city.learning.step, WRITTEN)
        keys = appeal(truth, gains)
        act = {c: (keys.key[c] >= staff.act_from[c][truth.provider]) & ~low for c in (CODING, TREATMENT, SPLITTING)}
        code, treated = able.code & act[CODING], able.treat & act[TREATMENT]
        split = as_written(truth, able, gains, staff.act_from)[0].split & act[SPLITTING]
        finish = np.where(split | low, 1.0, finished(truth, able, gains, q, staff, city.utility, care))
        gain = np.maximum(gains.code_raw, 0.0)
    coded = np.where(code, city.catalogue.code_up[truth.group], truth.group)
    coded = np.where(treated, city.catalogue.treat_up[truth.group], coded).astype(np.int16)
    flags = flags | np.where(code, FLAG_UPCODED, 0) | np.where(treated, FLAG_UPGRADED, 0) | np.where(split, FLAG_SPLIT, 0)
    delivered = q * finish * np.where(treated, 1 + care.treat_uplift, 1.0)
    kept = staff.conduct[truth.provider, STAY]
    stay = stay_days(truth.standard_stay, q * finish, care.stay_response, kept)
    charge = truth.standard_charge * delivered * stay_charge(kept, care)
    keep = np.arange(n)
    halves = np.flatnonzero(split)
    index = np.concatenate([keep, halves])
    part = np.concatenate([np.where(split, care.split_first, 1.0), np.full(len(halves), 1 + care.split_overhead - care.split_first)])
    days = np.concatenate([np.where(split, 0.5, 1.0), np.full(len(halves), 0.5)])
    order = np.argsort(month.truth_row[index], kind="stable")
    index, part, days = index[order], part[order], days[order]
    month.claims = _claims(
        city, truth.take(index), month.truth_row[index], coded[index], charge[index] * part, delivered[index], gain[index]
    )
    month.claims.stay[:] = np.maximum(np.rint(stay[index] * days), 1).astype(np.int16)
    month.claims.readmission[:] = _returned(city, month.claims)
    shifted = staff.conduct[month.claims.provider, SHIFT] > 0
    month.claims.flags[:] = flags[index] | np.where(shifted, FLAG_SHIFTED, 0)


def _returned(city: City, claims: Claims) -> NDArray[np.bool_]:
    """Stays whose person was discharged from the same group in the same month, before, or in the month before."""
    key = _stay_key(claims)
    back = np.isin(key, _stay_key(city.last_claims)) if city.last_claims is not None else np.zeros(len(claims), dtype=bool)
    # claims stand in person order, in the order of their stays
    _, first = np.unique(key, return_index=True)
    again = np.ones(len(claims), dtype=bool)
    again[first] = False
    return back | again


def _stay_key(claims: Claims) -> NDArray[np.uint64]:
    """Person and group in one number; a clash of two persons' keys is as unlikely as a clash of 64-bit hashes."""
    return claims.uid * np.uint64(0x9E3779B97F4A7C15) + claims.group_coded.astype(np.uint64)


def _claims(
    city: City,
    truth: CaseTruth,
    row: NDArray[np.int32],
    coded: NDArray[np.int16],
    charge: Floats,
    delivered: Floats,
    gain: Floats,
) -> Claims:
    """Claims before anybody pays: charges in whole fen, the in-scope part after what was moved outside the catalogue."""
    people, n = city.people, len(truth)
    whole = np.maximum(np.rint(charge), 1).astype(np.int64)
    share = truth.in_scope_share * (1 - city.staff.conduct[truth.provider, SHIFT])
    in_scope = np.rint(whole * share).astype(np.int64)
    zero = np.zeros(n, dtype=np.int64)
    return Claims(
        month=np.full(n, city.now.index, dtype=np.int32),
        row=row,
        uid=truth.uid,
        provider=truth.provider,
        tier=truth.tier,
        county=people.county[row].astype(np.int16),
        scheme=truth.scheme,
        income_fifth=people.income_fifth[row].astype(np.int8),
        group_true=truth.group,
        group_coded=coded,
        severity=truth.severity,
        emergency=truth.emergency,
        age=truth.age,
        need=truth.need,
        noisy_need=truth.noisy_need,
        standard_charge=truth.standard_charge,
        standard_stay=truth.standard_stay,
        intensity=delivered.astype(np.float32),
        stay=np.ones(n, dtype=np.int16),
        charge=whole,
        in_scope=in_scope,
        own_pay=whole - in_scope,
        basic=zero.copy(),
        second=zero.copy(),
        supplement=zero.copy(),
        aid=zero.copy(),
        account=zero.copy(),
        patient=zero.copy(),
        # a stay is covered by whatever covers what it is written as
        instance=city.settlement.routing.of_stay(coded, truth.provider, truth.scheme, truth.relation),
        head_group=truth.head_group,
        head_institution=city.assigned(people.area[row], truth.provider),
        units=np.zeros(n),
        units_true=np.zeros(n),
        gain=gain,
        flags=np.zeros(n, dtype=np.int16),
        readmission=np.zeros(n, dtype=bool),
        u_code=truth.u_code,
        u_treat=truth.u_treat,
        u_split=truth.u_split,
        u_tie=truth.u_tie,
    )


# bill


def bill(city: City) -> None:
    """Visits are charged; outcomes of treatment reach the patients."""
    month, visits, people = city.now, city.now.visits, city.people
    providers, levels = city.geography.providers, city.levels
    mean = city.standard_visit[providers.tier][:, None, :] * city.staff.conduct[:, Q_OUT][:, None, None] * month.price_index
    mean = np.broadcast_to(mean, (len(providers), len(SCHEMES), len(VISIT_KINDS)))
    visits.charge, visits.in_scope = charge_visits(
        city.seed,
        month.index,
        int(Decision.VISIT_CHARGE),
        people.uid,
        visits.row,
        people.scheme,
        visits.kind,
        visits.provider,
        visits.count,
        np.ascontiguousarray(mean),
        levels.visit_in_scope,
    )
    _outcomes(city)


def _outcomes(city: City) -> None:
    """Complications, readmissions and deaths of the month's claims, and harm to those whose need was not met or met late."""
    month, people, rules, needs = city.now, city.people, city.outcomes, city.now.needs
    claims = month.claims
    assert claims is not None
    lost = needs.provider < 0
    row = np.concatenate([claims.row, needs.row[lost]])
    group = np.concatenate([claims.group_true, needs.group[lost]])
    severity = np.concatenate([claims.severity, needs.severity[lost]])
    intensity = np.concatenate([claims.intensity.astype(np.float64), np.full(int(lost.sum()), rules.untreated)])
    here = np.arange(len(row)) < len(claims)
    split, needless = (_of_claims(claims.has(flag), len(row)) for flag in (FLAG_SPLIT, FLAG_LOW_THRESHOLD))
    kept = np.ones(len(row))
    kept[: len(claims)] = city.staff.conduct[claims.provider, STAY]
    delayed = np.isin(row, needs.row[needs.delayed]) & here & ~needless
    frailty = people.frailty[row]
    risk = risk_of(rules, severity, intensity, split, delayed, frailty)
    risk = np.where(needless, rules.needless * frailty_factor(frailty), risk)
    draw = uniforms(city.seed, int(Decision.OUTCOME), month.index, people.uid[row])
    result = draw_outcomes(rules, severity, risk, kept, draw)
    people.alive[row[result.death]] = 0
    month.deaths = np.unique(row[result.death])
    back = result.readmission & (people.alive[row] == 1) & ~needless
    city.readmissions = (row[back].astype(np.int32), group[back], severity[back])
    visits = np.bincount(month.visits.provider, minlength=len(city.geography.providers))
    by_visits = float((visits * visits_loss(rules, city.staff.conduct[:, Q_OUT])).sum())
    month.quality_lost = float(result.qaly_loss.sum() + rules.visit_loss * len(month.unmet_row)) + by_visits
    n = len(city.geography.providers)
    for name, harmed in (("complications", result.complication), ("hospital_deaths", result.death)):
        month.tallies[name] = np.bincount(claims.provider[harmed[: len(claims)]], minlength=n).astype(np.float64)
    people.last_discharge[claims.row] = month.index - EPOCH


def _of_claims(marked: NDArray[np.bool_], n: int) -> NDArray[np.bool_]:
    """The marks of claims, followed by ``False`` for cases without one."""
    out = np.zeros(n, dtype=bool)
    out[: len(marked)] = marked
    return out


# benefit


def _referral(city: City, claims: Claims) -> NDArray[np.uint8] | None:
    """How each stay was come to; nothing where no rule asks (rules B5)."""
    rules = city.now.benefits
    if not rules.penalises:
        return None
    outside = ~city.geography.providers.local[claims.provider]
    draw = uniforms(city.seed, int(Decision.REGISTER), city.now.index, claims.uid)[:, 0]
    return referral_of(outside, claims.emergency, draw * PPM < rules.registered_ppm[claims.scheme])


def benefit(city: City) -> None:
    """Each claim is split between the layers in legal order, visits first, then stays, with every person's year-to-date state."""
    month, people, visits, claims = city.now, city.people, city.now.visits, city.now.claims
    assert claims is not None
    city.entitled_year.follow(people.poor)
    ytd = YearToDate.of(people, city.entitled_year)
    classes = city.geography.providers.benefit_class
    visits.parts = split_claims(
        month.benefits,
        person_row=visits.row,
        scheme=people.scheme[visits.row],
        standing=people.poor[visits.row],
        retired=people.retired[visits.row],
        conditions=people.chronic[visits.row],
        benefit_class=classes[visits.provider],
        kind=visits.kind,
        in_scope=visits.in_scope,
        own_pay=visits.charge - visits.in_scope,
        ytd=ytd,
        parallel=True,
    )
    parts = split_claims(
        month.benefits,
        person_row=claims.row,
        scheme=claims.scheme,
        standing=people.poor[claims.row],
        retired=people.retired[claims.row],
        referral=_referral(city, claims),
        day_surgery=is_day_surgery(
            city.group_facts.operative[claims.group_coded], claims.stay, month.benefits.day_surgery_days[claims.scheme]
        ),
        benefit_class=classes[claims.provider],
        kind=np.full(len(claims), INPATIENT, dtype=np.uint8),
        in_scope=claims.in_scope,
        own_pay=claims.own_pay,
        ytd=ytd,
    )
    for part in PARTS:
        setattr(claims, part, getattr(parts, part))
    charge, in_scope = visits.charge, visits.in_scope
    money = (charge, in_scope, charge - in_scope, *(getattr(visits.parts, part) for part in PARTS))
    month.visits.cells = cell_totals(
        visits.row,
        visits.provider,
        people.scheme,
        visits.kind,
        people.county,
        city.assigned(people.area[visits.row], visits.provider),
        visits.count,
        len(classes),
        len(city.geography.counties),
        money,
    )
    visits.by_fifth = person_totals(visits.row, people.income_fifth, visits.kind, visits.count, len(INCOME_FIFTHS), money)
    city.pay_at_the_counter()


__all__ = ["benefit", "bill", "case_truth", "referable", "seek", "treat"]
