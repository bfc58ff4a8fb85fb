"""Phase sanction: what follows from findings. Complaints, visits, campaigns, bonuses; credit; suspensions (rules I1 to I4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.calendar import month_of
from model.care import SHIFT
from model.cases import FLAG_AUDITED, FLAG_RECOVERED, FLAG_RETURNED, Claims
from model.codes import SCHEMES
from model.decisions import Decision
from model.indicators import SANCTIONS
from model.ledger import AccountKind, Memo
from model.phases.audit import MARKS, take_back, taken_of
from model.sanctions import COMPLAINED, owned_up, reward_of, visited
from model.streams import uniforms

if TYPE_CHECKING:
    from model.city import City

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
DISTORTED = sum(MARKS.values())
SETTLED = FLAG_RECOVERED | FLAG_RETURNED
"""Claims whose gain has gone back already."""


def sanction(city: City) -> None:
    """The month's findings become standing: who is visited, asked, rewarded, suspended."""
    month, insurer = city.now, city.insurer
    n = len(city.geography.providers)
    month.tallies |= {name: np.zeros(n) for name in SANCTIONS}
    if not city.policy_open:
        return
    insurer.sanctions = city.sanction_rules(month.index)
    claims = month.claims
    assert claims is not None
    found = _weight_of_findings(city, claims, claims.has(FLAG_RECOVERED))
    found += _complaints(city, claims)
    found += _visits(city, [*city.remembered_claims, claims])
    _campaign(city, [*city.remembered_claims, claims])
    _bonuses(city, claims)
    _judge(city, found, np.bincount(claims.provider, minlength=n).astype(np.float64))


def _distorted(city: City, claims: Claims) -> Mask:
    """Claims of the city's institutions whose gain has not gone back yet."""
    local: Mask = city.geography.providers.local[claims.provider]
    still_there: Mask = local & ((claims.flags & DISTORTED) != 0) & ((claims.flags & SETTLED) == 0)
    return still_there


def _recover(city: City, claims: Claims, which: Mask) -> NDArray[np.int64]:
    """Takes back all gains of distorted claims with their fines; returns the refund of each claim, fen."""
    n = len(city.geography.providers)
    taken, fined = np.zeros(len(claims), dtype=np.int64), np.zeros(n)
    for channel, flag in MARKS.items():
        gain = taken_of(city, claims, which & claims.has(flag), channel)
        taken += gain
        by_provider = np.bincount(claims.provider, weights=gain, minlength=n)
        fined += np.rint(by_provider * city.insurer.fine(channel))
    claims.flags[which] |= FLAG_RECOVERED | FLAG_AUDITED
    take_back(city, claims, taken)
    ledger = city.ledger
    ledger.post(ledger.provider(np.arange(n)), int(AccountKind.GOVERNMENT), fined.astype(np.int64), Memo.FINE)
    tallies = city.now.tallies
    tallies["recovered"] = tallies["recovered"] + np.bincount(claims.provider, weights=taken, minlength=n)
    tallies["fined"] = tallies["fined"] + fined
    tallies["detected"] = tallies["detected"] + np.bincount(claims.provider[which], minlength=n)
    return taken


def _weight_of_findings(city: City, claims: Claims, which: Mask) -> Floats:
    """Findings by provider: a claim counts once, but by its shifted share where nothing else is wrong with it."""
    moved = city.staff.conduct[claims.provider[which], SHIFT]
    else_wrong = (claims.flags[which] & DISTORTED & ~MARKS[SHIFT]) != 0
    # a month without findings would be counted in whole numbers
    count = np.bincount(claims.provider[which], weights=np.where(else_wrong, 1.0, moved), minlength=len(city.staff.conduct))
    return count.astype(np.float64)


def _complaints(city: City, claims: Claims) -> Floats:
    """Patients of divided, needless or shifted stays complain; who is right is rewarded out of the government's money (rules I4)."""
    rules, n = city.insurer.sanctions, len(city.geography.providers)
    if not rules.complaint:
        return np.zeros(n)
    noticed = np.zeros(len(claims), dtype=bool)
    for channel in COMPLAINED:
        noticed |= claims.has(MARKS[channel])
    draw = uniforms(city.seed, int(Decision.COMPLAINT), city.now.index, claims.uid)
    heard = noticed & _distorted(city, claims) & (draw[:, 0] < rules.complaint)
    true = heard & (draw[:, 1] < rules.verified)
    value = _recover(city, claims, true)
    # both halves of a divided stay are one complaint
    person, first = np.unique(claims.uid[true], return_inverse=True)
    of_person = np.zeros(len(person), dtype=np.int64)
    np.add.at(of_person, first, value[true])
    rewards = reward_of(of_person, rules.reward)
    city.ledger.post(int(AccountKind.GOVERNMENT), int(AccountKind.HOUSEHOLDS), int(rewards.sum()), Memo.COMPLAINT_REWARD)
    where = np.zeros(len(person), dtype=np.int64)
    where[first] = claims.provider[true]
    city.now.tallies["rewards"] = np.bincount(where, weights=rewards, minlength=n)
    city.now.tallies["complaints"] = np.bincount(claims.provider[heard], minlength=n).astype(np.float64)
    return _weight_of_findings(city, claims, true)


def _visits(city: City, year: list[Claims]) -> Floats:
    """Teams visit institutions unannounced and read the claims of the last twelve months (rules I2)."""
    rules, n = city.insurer.sanctions, len(city.geography.providers)
    after_campaign = rules.campaign_month > 0 and month_of(city.now.index) == rules.campaign_month % 12 + 1
    share = rules.inspected / 12.0 + (rules.recheck if after_campaign else 0.0)
    found: Floats = np.zeros(n)
    if not share:
        return found
    who = np.arange(n, dtype=np.uint64)
    chance = visited(rules, city.insurer.standing, city.geography.providers.local, share)
    here = uniforms(city.seed, int(Decision.INSPECTION), city.now.index, who)[:, 0] < chance
    tallies = city.now.tallies
    tallies["inspected"] = here.astype(np.float64)
    tallies["inspection_cost"] = here.astype(np.float64) * (rules.visit_cost * city.scale)
    if not here.any():
        return found
    for claims in year:
        at = _distorted(city, claims) & here[claims.provider]
        draw = uniforms(city.seed, int(Decision.INSPECTION), city.now.index, claims.uid, block=1)
        at &= draw[:, 0] < rules.sensitivity
        _recover(city, claims, at)
        found += _weight_of_findings(city, claims, at)
    tallies["handled"] = (found > 0).astype(np.float64)
    return found


def _campaign(city: City, year: list[Claims]) -> None:
    """Providers look through their own claims and return what it is better to return, since some will be visited (rules I2)."""
    rules, insurer, n = city.insurer.sanctions, city.insurer, len(city.geography.providers)
    if not rules.campaign_month or month_of(city.now.index) != rules.campaign_month:
        return
    belief = visited(rules, insurer.standing, city.geography.providers.local, rules.recheck)
    for claims in year:
        draw = uniforms(city.seed, int(Decision.SELF_INSPECTION), city.now.index, claims.uid)
        back, at = np.zeros(len(claims), dtype=np.int64), np.zeros(len(claims), dtype=bool)
        distorted = _distorted(city, claims)
        for j, (channel, flag) in enumerate(MARKS.items()):
            share = owned_up(rules, belief, insurer.fine(channel), city.loss_aversion)
            mine = distorted & claims.has(flag) & (draw[:, j] < share[claims.provider])
            back += taken_of(city, claims, mine, channel)
            at |= mine
        claims.flags[at] |= FLAG_RETURNED
        take_back(city, claims, back)
        city.now.tallies["returned"] = city.now.tallies["returned"] + np.bincount(claims.provider, weights=back, minlength=n)


def _bonuses(city: City, claims: Claims) -> None:
    """Pays for the audited claims in which nothing was found, out of the funds."""
    rules, n = city.insurer.sanctions, len(city.geography.providers)
    if not rules.bonus:
        return
    clean = claims.has(FLAG_AUDITED) & ~claims.has(FLAG_RECOVERED) & city.geography.providers.local[claims.provider]
    place = claims.provider.astype(np.int64) * len(SCHEMES) + claims.scheme
    owed = np.bincount(place[clean], weights=np.rint(rules.bonus * claims.charge[clean]), minlength=n * len(SCHEMES)).astype(np.int64)
    at = np.flatnonzero(owed)
    ledger = city.ledger
    ledger.post(ledger.fund(at % len(SCHEMES)), ledger.provider(at // len(SCHEMES)), owed[at], Memo.REWARD)
    city.now.tallies["bonus"] = owed.reshape(n, len(SCHEMES)).sum(axis=1).astype(np.float64)


def _judge(city: City, found: Floats, seen: Floats) -> None:
    """Credit of all, and agreements of those who pass the line; what follows from both in settlement."""
    insurer, local, month = city.insurer, city.geography.providers.local, city.now.index
    insurer.standing.learn(insurer.sanctions, np.where(local, found, 0.0), np.where(local, seen, 0.0))
    insurer.standing.warn(insurer.sanctions, *_spending(city), city.settlement.pace, city.geography.providers.tier)
    insurer.standing.close(insurer.sanctions, month, local)
    if insurer.sanctions.points:
        city.settlement.rate(insurer.standing.credit, insurer.sanctions.deposit_more)
    tallies = city.now.tallies
    tallies["warned"] = (insurer.standing.warned & local).astype(np.float64)
    tallies["suspended"] = insurer.standing.closed(month).astype(np.float64)
    tallies["credit"] = np.where(local, insurer.standing.credit, 0.0)
    tallies["rated"] = local.astype(np.float64)


def _spending(city: City) -> tuple[Floats, Floats]:
    """Charges of the month's stays, fen at the base year's prices, and their case mix as written, by provider."""
    claims, n = city.now.claims, len(city.geography.providers)
    assert claims is not None
    charged = np.bincount(claims.provider, weights=claims.charge.astype(np.float64), minlength=n) / city.now.price_index
    return charged, np.bincount(claims.provider, weights=city.catalogue.weight[claims.group_coded], minlength=n)
