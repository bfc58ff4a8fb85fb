"""The care-seeking step by the model's own compiled functions, as its phases call them."""

from __future__ import annotations

import numpy as np

from benchmarks.care_step.workload import Events, Workload
from model.benefits import EntitledYear, YearToDate, split_claims
from model.care import draw_need
from model.codes import INPATIENT
from model.decisions import Decision
from model.illness import InpatientNeed, OutpatientNeed, draw_needs
from model.people import People
from model.seeking import choose, inpatient_class
from model.streams import uniforms
from model.visits import charge_visits


def live_month(work: Workload, people: People, month: int) -> Events:
    """One month of care; the books of ``people`` move on in place."""
    visits, stays = draw_needs(people, month, work.seed, work.illness)
    return Events.join([_visits(work, people, month, visits), _stays(work, people, month, stays)])


def _visits(work: Workload, people: People, month: int, needs: OutpatientNeed) -> Events:
    cls = needs.kind.astype(np.int8)
    to = choose(
        work.seed,
        month,
        int(Decision.CHOOSE_VISIT),
        people.uid,
        needs.row,
        people.area,
        people.scheme,
        cls,
        work.cumulative,
        work.slots,
        work.sought,
    )
    went = to >= 0
    row, kind, provider = needs.row[went], needs.kind[went], to[went]
    charge, in_scope = charge_visits(
        work.seed,
        month,
        int(Decision.VISIT_CHARGE),
        people.uid,
        row,
        people.scheme,
        kind,
        provider,
        np.ones(len(row), dtype=np.int16),
        work.visit_mean,
        work.visit_in_scope,
    )
    split_claims(
        work.benefits,
        person_row=row,
        scheme=people.scheme[row],
        standing=people.poor[row],
        benefit_class=work.benefit_class[provider],
        kind=kind,
        in_scope=in_scope,
        own_pay=charge - in_scope,
        ytd=YearToDate.of(people, EntitledYear.zeros(np.flatnonzero(people.poor))),
        parallel=True,
    )
    billed = np.zeros(len(to), dtype=np.int64)
    billed[went] = charge
    return Events(needs.kind, needs.severity, to, billed)


def _stays(work: Workload, people: People, month: int, needs: InpatientNeed) -> Events:
    cls = inpatient_class(needs.severity, work.least_tier[needs.group])
    to = choose(
        work.seed,
        month,
        int(Decision.CHOOSE_STAY),
        people.uid,
        needs.row,
        people.area,
        people.scheme,
        cls,
        work.cumulative,
        work.slots,
        work.sought,
    )
    went = to >= 0
    row, provider, group = needs.row[went], to[went], needs.group[went]
    scheme, tier = people.scheme[row], work.tier[provider]
    need, _ = draw_need(uniforms(work.seed, int(Decision.CASE_NEED), month, people.uid[row]), work.care)
    charge = np.maximum(np.rint(work.stay_mean[scheme, tier] * work.weight[group] * need), 1).astype(np.int64)
    in_scope = np.rint(charge * work.stay_in_scope[scheme, tier]).astype(np.int64)
    kind = np.full(len(row), INPATIENT, dtype=np.uint8)
    split_claims(
        work.benefits,
        person_row=row,
        scheme=scheme,
        standing=people.poor[row],
        benefit_class=work.benefit_class[provider],
        kind=kind,
        in_scope=in_scope,
        own_pay=charge - in_scope,
        ytd=YearToDate.of(people, EntitledYear.zeros(np.flatnonzero(people.poor))),
    )
    billed = np.zeros(len(to), dtype=np.int64)
    billed[went] = charge
    return Events(np.full(len(to), INPATIENT, dtype=np.uint8), needs.severity, to, billed)
