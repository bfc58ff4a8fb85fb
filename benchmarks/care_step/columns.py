"""The care-seeking step in plain NumPy: whole columns, kind by kind of care, since a person has at most one need of each a month."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.care_step.workload import CARE_CODES, Events, Workload
from model.calendar import EPOCH
from model.codes import CHRONIC, INPATIENT
from model.illness import MOST_IN_A_MONTH
from model.people import BAND_MONTHS, People
from model.population import STATES
from model.seeking import inpatient_class
from model.units import PPM
from model.visits import SPREAD

Ints = NDArray[np.int64]
Codes = NDArray[np.integer]
Random = np.random.Generator


def live_month(work: Workload, people: People, month: int, random: Random) -> Events:
    """One month of care; the books of ``people`` move on in place."""
    band = np.searchsorted(np.array(BAND_MONTHS), (month - EPOCH) - people.birth_month.astype(np.int32), side="right")
    stratum = people.sex.astype(np.int64) * 6 + band
    state = people.chronic.astype(np.int64) * 2 + people.controlled
    at = (people.scheme.astype(np.int64) * 12 + stratum) * STATES + state
    events = []
    for need, kind in enumerate(CARE_CODES):
        chance = work.illness.need[need, at]
        if kind != CHRONIC:
            chance = chance * people.frailty
        ill = random.random(len(people), dtype=np.float32) < np.minimum(chance, np.float32(MOST_IN_A_MONTH))
        row = np.flatnonzero(ill & (people.alive != 0))
        if kind == INPATIENT:
            events.append(_stays(work, people, row, stratum[row] * STATES + state[row], band[row], random))
        else:
            events.append(_visits(work, people, row, kind, random))
    return Events.join(events)


def _visits(work: Workload, people: People, row: Ints, kind: int, random: Random) -> Events:
    severity = np.searchsorted(work.illness.visit_cut[kind], random.integers(1024, size=len(row)), side="right")
    to = _choice(work, people, row, np.full(len(row), kind), random)
    went = to >= 0
    row_went, provider = row[went], to[went]
    factor = np.exp(SPREAD * random.standard_normal(len(row_went)) - 0.5 * SPREAD * SPREAD)
    scheme = people.scheme[row_went]
    charge = np.maximum(np.rint(work.visit_mean[provider, scheme, kind] * factor), 1).astype(np.int64)
    in_scope = np.rint(charge * work.visit_in_scope[scheme, kind]).astype(np.int64)
    _split(work, people, row_went, provider, kind, in_scope, charge - in_scope)
    return _events(kind, severity, to, went, charge)


def _stays(work: Workload, people: People, row: Ints, stratum: Ints, band: Ints, random: Random) -> Events:
    group, severity = _groups(work, people, row, stratum, band, random)
    to = _choice(work, people, row, inpatient_class(severity, work.least_tier[group]).astype(np.int64), random)
    went = to >= 0
    row_went, provider = row[went], to[went]
    scheme, tier = people.scheme[row_went], work.tier[provider]
    sd = work.care.need_sd
    need = np.exp(sd * random.standard_normal(len(row_went)) - 0.5 * sd * sd)
    charge = np.maximum(np.rint(work.stay_mean[scheme, tier] * work.weight[group[went]] * need), 1).astype(np.int64)
    in_scope = np.rint(charge * work.stay_in_scope[scheme, tier]).astype(np.int64)
    _split(work, people, row_went, provider, INPATIENT, in_scope, charge - in_scope)
    return _events(INPATIENT, severity, to, went, charge)


def _events(kind: int, severity: Ints, to: NDArray[np.int16], went: NDArray[np.bool_], charge: Ints) -> Events:
    billed = np.zeros(len(to), dtype=np.int64)
    billed[went] = charge
    return Events(np.full(len(to), kind, dtype=np.uint8), severity.astype(np.uint8), to, billed)


def _groups(work: Workload, people: People, row: Ints, stratum: Ints, band: Ints, random: Random) -> tuple[NDArray[np.int16], Ints]:
    """True group and severity of needs for a stay: the family by its share, then the member by the severity drawn."""
    illness, groups = work.illness, work.illness.groups
    shift = illness.severity_frailty * np.log(people.frailty[row]) + illness.severity_age[band]
    worse = random.random(len(row))[:, None] < 1.0 / (1.0 + np.exp(-illness.severity_cut[None, :] - shift[:, None]))
    drawn = worse.sum(axis=1)
    family = np.empty(len(row), dtype=np.int64)
    u = random.random(len(row))
    order = np.argsort(stratum, kind="stable")
    starts = np.flatnonzero(np.diff(stratum[order], prepend=-1))
    for first, last in zip(starts, np.append(starts[1:], len(order)), strict=True):
        who = order[first:last]
        family[who] = np.searchsorted(groups.cumulative[stratum[who[0]]], u[who], side="right")
    family = np.minimum(family, groups.cumulative.shape[1] - 1)
    return groups.member[family, drawn], groups.severity[family, drawn].astype(np.int64)


def _choice(work: Workload, people: People, row: Ints, cls: Ints, random: Random) -> NDArray[np.int16]:
    """Provider of each need, -1 where none is sought."""
    area, scheme = people.area[row], people.scheme[row]
    sought = random.random(len(row), dtype=np.float32) < work.sought[area, scheme, cls]
    who = np.flatnonzero(sought)
    area, scheme = area[who], scheme[who]
    passed = random.random(len(who), dtype=np.float32)[:, None] >= work.cumulative[area, scheme, cls[who]]
    last_open = (work.slots >= 0).sum(axis=1)[area] - 1
    out = np.full(len(row), -1, dtype=np.int16)
    out[who] = work.slots[area, np.minimum(passed.sum(axis=1), last_open)]
    return out


# The split, one bill a person


def _split(work: Workload, people: People, p: Ints, provider: NDArray[np.int16], kind: int, amount: Ints, own_pay: Ints) -> None:
    """Splits bills between the layers in legal order and moves the year on."""
    rules = work.benefits
    s, c = people.scheme[p], work.benefit_class[provider]
    above = np.zeros(len(p), dtype=np.int64)
    if kind == INPATIENT:
        basic, above = _stay(work, people, p, s, c, amount)
    elif kind == CHRONIC:
        basic = _share_to_cap(people.ytd_basic_chronic, p, amount, rules.chronic_ppm[s, 0], rules.chronic_cap[s])
    else:
        basic = _ordinary_visit(work, people, p, s, c, amount)
    own = amount - basic
    if rules.upper_layers[kind]:
        own -= _second(work, people, p, s, np.where(work.upper.above_ceiling[s], above, own))
        poor = np.flatnonzero(people.poor[p])
        at = s[poor]
        own[poor] -= _share_to_cap(people.ytd_aid, p[poor], own[poor], work.upper.aid_ppm[at], work.upper.aid_cap[at])
    if rules.account_pays[kind]:
        account = np.minimum(own, people.account_balance[p])
        people.account_balance[p] -= account.astype(np.int32)
        own -= account
    people.ytd_oop[p] += (own + own_pay).astype(np.int32)


def _stay(work: Workload, people: People, p: Ints, s: Codes, c: Codes, amount: Ints) -> tuple[Ints, Ints]:
    """Basic payment of stays, and their in-scope cost that the ceiling cuts off."""
    rules = work.benefits
    start = rules.inpatient_deductible[s, c]
    room = np.maximum(rules.inpatient_ceiling[s] - people.ytd_basic_inpatient[p], 0)
    low, high, ppm = rules.inpatient_from[s, c], rules.inpatient_to[s, c], rules.inpatient_ppm[s, c]
    width = np.maximum(np.minimum(amount[:, None], high) - np.maximum(start[:, None], low), 0)
    due = _half_up((width * ppm).sum(axis=1))
    basic = np.minimum(room, due)
    above = np.zeros(len(p), dtype=np.int64)
    cut = np.flatnonzero(work.upper.above_ceiling[s] & (due >= room))
    left = room[cut] * PPM
    for b in range(width.shape[1]):
        w, ratio = width[cut, b], ppm[cut, b]
        over = w * ratio > left
        above[cut] += np.where(left == 0, w, np.where(over, w - (left + ratio - 1) // np.maximum(ratio, 1), 0))
        left = np.where(over, 0, left - w * ratio)
    people.ytd_basic_inpatient[p] += basic.astype(np.int32)
    people.ytd_stays[p] += np.uint8(1)
    return basic, above


def _ordinary_visit(work: Workload, people: People, p: Ints, s: Codes, c: Codes, amount: Ints) -> Ints:
    rules = work.benefits
    borne = np.minimum(amount, np.maximum(rules.outpatient_deductible[s] - people.ytd_outpatient_deductible[p], 0))
    room = np.maximum(rules.outpatient_cap[s] - people.ytd_basic_outpatient[p], 0)
    basic: Ints = np.minimum(room, _half_up((amount - borne) * rules.outpatient_ppm[s, c]))
    people.ytd_outpatient_deductible[p] += borne.astype(np.int32)
    people.ytd_basic_outpatient[p] += basic.astype(np.int32)
    return basic


def _share_to_cap(used: NDArray[np.int32], p: Ints, amount: Ints, ppm: Ints, cap: Ints) -> Ints:
    paid: Ints = np.minimum(np.maximum(cap - used[p], 0), _half_up(amount * ppm))
    used[p] += paid.astype(np.int32)
    return paid


def _second(work: Workload, people: People, p: Ints, s: Codes, base: Ints) -> Ints:
    """What the second layer owes more now that its cumulated base has grown."""
    rules = work.upper
    before = people.ytd_residual[p].astype(np.int64)
    after = before + base
    increase = _half_up(_second_layer(work, s, after)) - _half_up(_second_layer(work, s, before))
    paid: Ints = np.minimum(increase, np.maximum(rules.cap[s] - people.ytd_cii[p], 0))
    people.ytd_residual[p] = after
    people.ytd_cii[p] += paid.astype(np.int32)
    return paid


def _second_layer(work: Workload, s: Codes, base: Ints) -> Ints:
    rules = work.upper
    start = np.maximum(rules.deductible[s][:, None], rules.low[s])
    width = np.maximum(np.minimum(base[:, None], rules.high[s]) - start, 0)
    owed: Ints = (width * rules.ppm[s]).sum(axis=1)
    return owed


def _half_up(fen_ppm: Ints) -> Ints:
    return (fen_ppm + PPM // 2) // PPM
