"""Sanctions in a living city: who is closed, visited, asked, rewarded; every fen of it on the books, and nothing where nothing is set."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest

from model.calendar import month_of
from model.care import CODING, SHIFT, SPLITTING, THRESHOLD
from model.cases import FLAG_AUDITED, FLAG_RECOVERED, FLAG_RETURNED
from model.city import City
from model.codes import EMERGENCY, TERTIARY
from model.indicators import SANCTIONS
from model.ledger import AccountKind, Memo
from model.phases.audit import MARKS
from model.phases.sanction import DISTORTED
from model.policy.behaviour_file import SelfInspection
from model.policy.leaf import Leaf
from model.policy.loader import replaced

WHY = "assumption: as in a test"


@pytest.fixture(scope="module")
def spring() -> City:
    """Yuncheng under DRG after a quarter in which a third of what can be written up, divided or admitted is."""
    city = City.load("yuncheng", "drg", scale=0.003, seed=3, burn_in=0, conduct="steady")
    city.staff.conduct[:, [CODING, SPLITTING, THRESHOLD]] = 0.3
    city.start_settlement_year()
    city.run_for(3)
    return city


def changed(city: City, **given: float) -> City:
    """The city with other values under ``[sanction]``; names have ``__`` for the dot."""
    wanted = {f"sanction.{key.replace('__', '.')}": value for key, value in given.items()}

    def change(path: str, leaf: Leaf) -> Leaf:
        return Leaf.constant(wanted.pop(path), leaf.unit, WHY) if path in wanted else leaf

    city = copy.deepcopy(city)
    city.behaviour = replaced(city.behaviour, change)
    assert not wanted
    return city


def quiet(city: City, **given: float) -> City:
    """The city with neither visits nor complaints but those given."""
    return changed(city, **({"inspection__share": 0.0, "complaint__rate": 0.0} | given))


def still_there(city: City) -> int:
    """Remembered distorted claims of the city's institutions whose gain has not gone back."""
    local = city.geography.providers.local
    return sum(
        int((((c.flags & DISTORTED) != 0) & ((c.flags & (FLAG_RECOVERED | FLAG_RETURNED)) == 0) & local[c.provider]).sum())
        for c in city.remembered_claims
    )


def test_only_emergencies_come_to_a_suspended_hospital(spring: City) -> None:
    city = copy.deepcopy(spring)
    providers = city.geography.providers
    tertiary = np.flatnonzero(providers.local & (providers.tier == TERTIARY))
    busiest = int(tertiary[np.argmax(city.monthly_admissions[tertiary])])
    before = city.now
    city.insurer.standing.closed_until[busiest] = city.month + 6
    city.run_for(1)
    claims = city.now.claims
    assert claims is not None
    assert before.claims is not None
    came, was = claims.emergency[claims.provider == busiest], before.claims.provider == busiest
    assert came.all()
    assert 0 < len(came) < 0.7 * was.sum()
    assert (city.now.visits.kind[city.now.visits.provider == busiest] == EMERGENCY).all()
    assert city.insurer.suspended == [providers.name[busiest]]


def test_others_stay_where_they_were_when_one_hospital_is_closed(spring: City) -> None:
    """Emergencies go where they would have gone: the same people have the same emergencies at the same places."""
    open_city, closed_city = copy.deepcopy(spring), copy.deepcopy(spring)
    closed_city.insurer.standing.closed_until[0] = closed_city.month + 6
    for city in (open_city, closed_city):
        city.run_for(1)
    one, other = (
        dict(zip(city.now.needs.row[mine].tolist(), city.now.needs.provider[mine].tolist(), strict=True))
        for city in (open_city, closed_city)
        for mine in [city.now.needs.emergency & ~city.now.needs.readmission]
    )
    assert set(one) == set(other)
    same = [one[row] == other[row] for row in one]
    assert np.mean(same) > 0.95  # a full house may turn away others than before


def campaign(city: City, month: int) -> City:
    """The city with a yearly campaign in a month of the year, after which everybody is visited; visits find everything."""
    city = quiet(city, inspection__sensitivity=1.0, inspection__risk=0.0, warning__more=0.0)
    rules = city.behaviour.sanction
    assert rules is not None
    own = SelfInspection(
        month=Leaf.constant(month, "month", WHY), recheck=Leaf.constant(1.0, "share", WHY), spread=Leaf.constant(0.1, "factor", WHY)
    )
    city.behaviour = city.behaviour.model_copy(update={"sanction": rules.model_copy(update={"self_inspection": own})})
    return city


def test_a_visit_reads_the_year_and_takes_back_with_the_law_s_fine(spring: City) -> None:
    city = campaign(spring, month_of(spring.month) - 1)
    assert still_there(city) > 0
    city.run_for(1)
    tallies, local = city.now.tallies, city.geography.providers.local
    assert tallies["inspected"].tolist() == local.astype(float).tolist()
    assert still_there(city) == 0
    assert (tallies["handled"] <= tallies["inspected"]).all()
    assert tallies["handled"].sum() > 0
    assert city.ledger.booked(Memo.RECOVERY) == tallies["recovered"].sum() > 0
    assert city.ledger.booked(Memo.FINE) == tallies["fined"].sum() >= tallies["recovered"].sum()


def test_before_visits_that_find_everything_gains_are_returned_without_a_fine(spring: City) -> None:
    """A fen kept would cost two or three, felt more than twofold: nearly everything comes back."""
    city, alone = campaign(spring, month_of(spring.month)), quiet(spring)
    before = still_there(city)
    for one in (city, alone):
        one.run_for(1)
    assert still_there(city) < 0.05 * before
    returned = city.now.tallies["returned"].sum()
    assert returned > 0
    assert city.now.tallies["fined"].tolist() == alone.now.tallies["fined"].tolist()
    assert city.ledger.booked(Memo.RECOVERY) - alone.ledger.booked(Memo.RECOVERY) == returned


def test_a_true_complaint_is_rewarded_by_the_government(spring: City) -> None:
    city, alone = quiet(spring, complaint__rate=1.0, complaint__verified=1.0), quiet(spring)
    for one in (city, alone):
        one.run_for(1)
    claims = city.now.claims
    assert claims is not None
    noticed = (claims.flags & (MARKS[SPLITTING] | MARKS[THRESHOLD])) != 0
    local = city.geography.providers.local[claims.provider]
    assert claims.has(FLAG_RECOVERED)[noticed & local].all()
    rewards = city.now.tallies["rewards"].sum()
    assert city.ledger.booked(Memo.COMPLAINT_REWARD) == rewards > 0
    households, government = int(AccountKind.HOUSEHOLDS), int(AccountKind.GOVERNMENT)
    assert city.ledger.income(households, Memo.COMPLAINT_REWARD) == city.ledger.spent(government, Memo.COMPLAINT_REWARD) == rewards
    # one person, one reward, not below the floor; what the audit had found was no news
    first = alone.now.claims
    assert first is not None
    people = len(np.unique(claims.uid[noticed & local & ~first.has(FLAG_RECOVERED)]))
    assert rewards >= 20_000 * people > 0
    assert alone.ledger.booked(Memo.COMPLAINT_REWARD) == 0


def test_a_bonus_is_paid_for_audited_claims_in_which_nothing_was_found(spring: City) -> None:
    city = quiet(spring)
    rules = city.behaviour.sanction
    assert rules is not None
    bonus = rules.model_copy(update={"bonus": Leaf.constant(0.05, "share", WHY)})
    city.behaviour = city.behaviour.model_copy(update={"sanction": bonus})
    city.run_for(1)
    claims = city.now.claims
    assert claims is not None
    local = city.geography.providers.local[claims.provider]
    paid_for = local & claims.has(FLAG_AUDITED) & ~claims.has(FLAG_RECOVERED)
    assert city.ledger.booked(Memo.REWARD) == np.rint(0.05 * claims.charge[paid_for]).sum() > 0


def test_without_a_section_nothing_follows_but_refund_and_the_audits_own_fine(spring: City) -> None:
    city = copy.deepcopy(spring)
    city.behaviour = city.behaviour.model_copy(update={"sanction": None})
    city.run_for(2)
    moved = [name for name in SANCTIONS if name not in ("credit", "rated") and city.now.tallies[name].any()]
    assert moved == []
    assert set(city.insurer.credit.values()) == {100.0}
    assert city.insurer.fine(CODING).tolist() == [city.insurer.audit.fine[CODING]] * len(city.insurer.standing.credit)


def test_who_is_found_more_often_has_less_credit_and_dearer_fines(spring: City) -> None:
    city = copy.deepcopy(spring)
    city.run_for(1)
    standing, local = city.insurer.standing, city.geography.providers.local
    order = np.argsort(standing.share(city.insurer.sanctions)[local])
    credit, fine = standing.credit[local][order], city.insurer.fine(CODING)[local][order]
    assert credit[0] > credit[-1]
    assert (np.diff(credit) <= 1e-9).all()
    assert (np.diff(fine) >= -1e-9).all()


def test_what_was_written_up_this_year_changes_the_weights_of_the_next(spring: City) -> None:
    """Cheap cases written into the adjacent dearer group lower the mean cost there, and with it its weight."""
    honest, gamed = copy.deepcopy(spring), copy.deepcopy(spring)
    catalogue = honest.catalogue
    for city, written_up in ((honest, False), (gamed, True)):
        for claims in city.remembered_claims:
            up = catalogue.code_up[claims.group_true]
            claims.group_coded[:] = np.where(written_up & (up >= 0) & (claims.uid % 2 == 0), up, claims.group_true)
        city.start_settlement_year()
    joined = np.concatenate([claims.group_true for claims in honest.remembered_claims])
    low = np.flatnonzero(catalogue.code_up >= 0)
    commonest = int(low[np.argmax(np.bincount(joined, minlength=len(catalogue))[low])])
    dearer = int(catalogue.code_up[commonest])
    weights = [city.settlement.instances[0].terms.weight for city in (honest, gamed)]
    assert weights[1][dearer] / weights[1][commonest] < 0.95 * weights[0][dearer] / weights[0][commonest]


def test_a_claim_that_is_only_shifted_counts_by_its_shifted_share(spring: City) -> None:
    """Claims shifted by 4 % are each a twenty-fifth of a finding; those with anything else in them count once."""
    city = quiet(spring, suspension__threshold=1.0)
    city.staff.conduct[:, [CODING, SPLITTING, THRESHOLD]] = 0.0
    city.staff.conduct[:, SHIFT] = 0.04
    city.insurer.audit = replace(city.insurer.audit, rate=1.0, sensitivity=1.0, weight=dict.fromkeys(MARKS, 1.0))
    before = city.insurer.standing.found.copy()
    city.run_for(1)
    claims, rules = city.now.claims, city.insurer.sanctions
    assert claims is not None
    local = city.geography.providers.local
    found = claims.has(FLAG_RECOVERED) & local[claims.provider]
    only = found & ((claims.flags & DISTORTED) == MARKS[SHIFT])
    assert only.sum() > 10
    added = city.insurer.standing.found - before * np.exp(-1 / rules.memory)
    assert added.sum() == pytest.approx(0.04 * only.sum() + (found & ~only).sum())
