"""Phases demography and health: who lives here, who falls ill with what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.benefits import EntitledYear
from model.calendar import month_of
from model.demography import reset_year, step_demography
from model.dialysis import sessions_of, update_dialysis
from model.illness import draw_needs, update_chronic
from model.ledger import AccountKind, Memo
from model.month import Needs

if TYPE_CHECKING:
    from model.city import City


def demography(city: City) -> None:
    """Births, deaths, ageing, retirement; in January the dead leave the columns and every year-to-date state begins anew."""
    people, index = city.people, city.now.index
    if month_of(index) == 1:
        _bury(city)
        reset_year(people)
        city.entitled_year = EntitledYear.zeros(np.flatnonzero(people.poor))
    alive = int(people.alive.sum())
    count = step_demography(people, index, city.seed, city.demography)
    city.now.tallies["deaths"] = np.array([float(count.deaths)])
    assert int(people.alive.sum()) == alive - count.deaths + count.births


def _bury(city: City) -> None:
    """Accounts of the dead are paid to their households; pending readmissions follow their people to the new rows."""
    people = city.people
    dead = people.alive == 0
    left = int(people.account_balance[dead].sum(dtype=np.int64))
    city.ledger.post(int(AccountKind.ACCOUNTS_EMPLOYEE), int(AccountKind.HOUSEHOLDS), left, Memo.ACCOUNT_CREDIT)
    people.account_balance[dead] = 0
    row, group, severity = city.readmissions
    moved = people.compact()[row]
    stay = moved >= 0
    city.readmissions = (moved[stay], group[stay], severity[stay])


def health(city: City) -> None:
    """Chronic disease begins and progresses; needs for visits and stays arise, readmissions of last month among them."""
    people, month = city.people, city.now
    update_chronic(people, month.index, city.seed, city.illness)
    if city.dialysis is not None:
        month.tallies["deaths"] += update_dialysis(people, month.index, city.seed, city.dialysis)
        month.session_row, month.session_count = sessions_of(people, month.index, city.seed, city.dialysis)
    visits, fresh = draw_needs(people, month.index, city.seed, city.illness)
    month.visit_row, month.visit_kind = visits.row, visits.kind
    row, group, severity = city.readmissions
    again = (people.alive[row] == 1) & ~np.isin(row, fresh.row)
    rows = np.concatenate([fresh.row, row[again]])
    order = np.argsort(rows, kind="stable")
    month.needs = Needs(
        row=rows[order],
        group=np.concatenate([fresh.group, group[again]])[order].astype(np.int16),
        severity=np.concatenate([fresh.severity, severity[again]])[order].astype(np.int8),
        emergency=np.concatenate([fresh.emergency, np.zeros(int(again.sum()), dtype=bool)])[order],
        referred=np.zeros(len(rows), dtype=bool),
        readmission=np.concatenate([np.zeros(len(fresh), dtype=bool), np.ones(int(again.sum()), dtype=bool)])[order],
    )
