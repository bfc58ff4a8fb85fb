"""Phases settle and audit: what the fund owes and pays, and what is taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.calendar import month_of
from model.care import CODING, SHIFT, SPLITTING, THRESHOLD
from model.cases import FLAG_AUDITED, FLAG_LOW_THRESHOLD, FLAG_RECOVERED, FLAG_SHIFTED, FLAG_SPLIT, FLAG_UPCODED, FLAG_UPGRADED, Claims
from model.cashbook import Payment
from model.codes import SCHEMES
from model.decisions import Decision
from model.ledger import AccountKind, Memo
from model.streams import uniforms
from model.supervision import detection

if TYPE_CHECKING:
    from model.city import City


def settle(city: City) -> None:
    """The insurer counts the month's cases, works out what is owed for the year so far, and pays its monthly share."""
    month, claims, settlement = city.now, city.now.claims, city.settlement
    assert claims is not None
    as_written = city.tariff(claims, claims.group_coded)
    claims.units[:] = city.reviewed(claims, as_written)
    # where a case was written into another mode, units of the two cannot be compared: what is written then counts as true
    routing, relation = settlement.routing, city.relation_of(claims)
    moved = routing.of_stay(claims.group_true, claims.provider, claims.scheme, relation) != claims.instance
    true_group = np.where(claims.has(FLAG_UPGRADED) | moved, claims.group_coded, claims.group_true)
    claims.units_true[:] = city.tariff(claims, true_group.astype(np.int16)) + (claims.units - as_written)
    totals, recorded = city.book(claims, month.visits.cells, units=claims.units)
    month.budget = city.fund_year.monthly
    if settlement.assesses:
        settlement.assess(*city.cases_found())
    if not city.policy_open:
        _pay_as_recorded(city, recorded)
        return
    month.settled = settlement.accrue(totals, recorded)
    city.fund_year.spend([owed.sum(axis=0) for owed in month.settled], city.recorded_by_part(claims, month.visits.cells))
    month.clearing = settlement.elapsed == 12 or month_of(month.index) == 12
    if settlement.advances and settlement.elapsed == 1 and month_of(month.index) == 1:
        for instance, payment in zip(settlement.instances, settlement.advance(city.may_advance()), strict=True):
            pay_out(city, payment, instance.by_group)
    payments = settlement.pay_month(month.clearing)
    month.paid = [payment.cash for payment in payments] + city.wound_up
    for instance, payment in zip(settlement.instances, payments, strict=True):
        pay_out(city, payment, instance.by_group)


def _pay_as_recorded(city: City, recorded: list[NDArray[np.float64]]) -> None:
    """Before a policy has opened, the fund pays what it records."""
    month = city.now
    month.settled = [money.astype(np.int64) for money in recorded]
    month.paid = month.settled
    for due in month.paid:
        fund_pays(city, due, False, Memo.FUND_MONTHLY)


def pay_out(city: City, payment: Payment, by_group: bool) -> None:
    """Books what moves under one mode; money for providers of a group passes through its account, deposits do not."""
    fund_pays(city, payment.monthly, by_group, Memo.PACKAGE_TO_GROUP if by_group else Memo.FUND_MONTHLY)
    fund_pays(city, payment.clearing, by_group, Memo.GROUP_CLEARING if by_group else Memo.FUND_CLEARING)
    ledger = city.ledger
    for amounts, account, to_provider, memo in (
        (-payment.held, ledger.deposit, False, Memo.DEPOSIT_HELD),
        (payment.released, ledger.deposit, True, Memo.DEPOSIT_RELEASED),
        (payment.forfeited, ledger.deposit, False, Memo.DEPOSIT_RELEASED),
        (payment.advanced, ledger.advance, True, Memo.ADVANCE_PAID),
        (-payment.returned, ledger.advance, True, Memo.ADVANCE_RETURNED),
    ):
        provider, scheme = np.nonzero(amounts)
        payee = ledger.provider(provider) if to_provider else ledger.fund(scheme)
        _post(city, account(provider, scheme), payee, amounts[provider, scheme], memo)


def fund_pays(city: City, due: NDArray[np.int64], by_group: bool, memo: Memo) -> None:
    """Books payments of the fund by provider and scheme; negative ones flow back."""
    ledger, groups = city.ledger, city.geography.providers.group
    provider, scheme = np.nonzero(due)
    amount = due[provider, scheme]
    fund, account = ledger.fund(scheme), ledger.provider(provider)
    if not by_group:
        _post(city, fund, account, amount, memo)
        return
    via = ledger.group(groups[provider])
    _post(city, fund, via, amount, memo)
    _post(city, via, account, amount, Memo.GROUP_TO_MEMBER)


def _post(city: City, payer: NDArray[np.int64], payee: NDArray[np.int64], amount: NDArray[np.int64], memo: Memo) -> None:
    """Books signed amounts: negative ones flow back."""
    for forward in (True, False):
        rows = amount > 0 if forward else amount < 0
        if rows.any():
            first, second = (payer, payee) if forward else (payee, payer)
            city.ledger.post(first[rows], second[rows], np.abs(amount[rows]), memo)


# audit


def audit(city: City) -> None:
    """Distorted claims are found with the probability conduct expects, gains recovered and fined; clean ones may be disputed wrongly."""
    month, claims = city.now, city.now.claims
    assert claims is not None
    rules, providers = city.insurer.audit, city.geography.providers
    n = len(providers)
    weight = np.bincount(claims.provider, minlength=n).astype(np.float64) + city.monthly_admissions
    draw = uniforms(city.seed, int(Decision.AUDIT), month.index, claims.uid)
    local = providers.local[claims.provider]
    recovered, fined, by_claim = np.zeros(n), np.zeros(n), np.zeros(len(claims))
    distorted, detected = np.zeros(n), np.zeros(n)
    for j, (channel, flag) in enumerate(
        ((CODING, FLAG_UPCODED), (SPLITTING, FLAG_SPLIT), (THRESHOLD, FLAG_LOW_THRESHOLD), (SHIFT, FLAG_SHIFTED))
    ):
        marked = claims.has(flag) & local
        found = marked & (draw[:, j] < detection(rules, channel, city.staff.conduct, providers.tier, weight)[claims.provider])
        fine = city.insurer.fine(channel)[claims.provider]
        taken = np.rint(np.where(found, gain_of(city, claims, channel), 0.0))
        claims.flags[found] |= FLAG_RECOVERED | FLAG_AUDITED
        by_claim += taken
        recovered += np.bincount(claims.provider, weights=taken, minlength=n)
        fined += np.bincount(claims.provider, weights=np.rint(taken * fine), minlength=n)
        distorted += np.bincount(claims.provider[marked], minlength=n)
        detected += np.bincount(claims.provider[found], minlength=n)
    take_back(city, claims, by_claim)
    city.ledger.post(city.ledger.provider(np.arange(n)), int(AccountKind.GOVERNMENT), fined.astype(np.int64), Memo.FINE)
    sampled = uniforms(city.seed, int(Decision.AUDIT), month.index, claims.uid, block=1)
    audited = local & (sampled[:, 0] < rules.rate)
    claims.flags[audited] |= FLAG_AUDITED
    clean = audited & ((claims.flags & (FLAG_UPCODED | FLAG_SPLIT | FLAG_LOW_THRESHOLD | FLAG_SHIFTED)) == 0)
    wrong = clean & (sampled[:, 1] < rules.false_positive)
    month.tallies |= {
        "recovered": recovered,
        "fined": fined,
        "distorted": distorted,
        "detected": detected,
        "audited_clean": np.bincount(claims.provider[clean], minlength=n).astype(np.float64),
        "false_positives": np.bincount(claims.provider[wrong], minlength=n).astype(np.float64),
        "audit_cost": np.bincount(claims.provider[audited], minlength=n).astype(np.float64) * rules.cost_per_audit,
    }


def gain_of(city: City, claims: Claims, channel: int) -> NDArray[np.float64]:
    """What is taken back of a claim found distorted by a channel, fen (see ``conduct.md``)."""
    charge = claims.charge.astype(np.float64)
    if channel == CODING:
        found: NDArray[np.float64] = np.maximum(claims.gain, 0.0)
        return found
    if channel == SPLITTING:
        # both halves are flagged; each carries half of the recovery of the stay
        recovery: NDArray[np.float64] = city.insurer.audit.split_gain * charge / (1.0 + city.care.split_overhead)
        return recovery
    if channel == THRESHOLD:
        return charge
    shift = city.staff.conduct[claims.provider, SHIFT]
    moved: NDArray[np.float64] = claims.in_scope * shift / np.maximum(1.0 - shift, 1e-9)
    return moved


def take_back(city: City, claims: Claims, taken: NDArray[np.float64]) -> None:
    """Returns recoveries of claims to the funds they came from: at once, or from later payments where a mode's cycle says so."""
    n = len(city.geography.providers)
    place = claims.provider.astype(np.int64) * len(SCHEMES) + claims.scheme
    for i, instance in enumerate(city.settlement.instances):
        mine = claims.instance == i
        whole = np.bincount(place[mine], weights=taken[mine], minlength=n * len(SCHEMES)).astype(np.int64).reshape(n, len(SCHEMES))
        when = instance.cycle.audit_deduction
        if when != "at_once" and city.policy_open:
            instance.book.deduct(whole, at_clearing=when == "clearing")
            continue
        provider, scheme = np.nonzero(whole)
        city.ledger.post(city.ledger.provider(provider), city.ledger.fund(scheme), whole[provider, scheme], Memo.RECOVERY)
