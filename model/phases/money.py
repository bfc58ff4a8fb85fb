"""Phase settle: what the fund owes and pays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.calendar import month_of
from model.cases import FLAG_UPGRADED
from model.cashbook import Payment
from model.ledger import Memo

if TYPE_CHECKING:
    from model.city import City


def settle(city: City) -> None:
    """The insurer counts the month's cases, works out what is owed for the year so far, and pays its monthly share."""
    month, claims, settlement = city.now, city.now.claims, city.settlement
    assert claims is not None
    as_written = city.tariff(claims, claims.group_coded)
    ends = settlement.elapsed == 11 or month_of(month.index) == 12
    claims.units[:] = city.reviewed(claims, as_written, ends)
    # where a case was written into another mode, units of the two cannot be compared: what is written then counts as true
    routing, relation = settlement.routing, city.relation_of(claims)
    moved = routing.of_stay(claims.group_true, claims.provider, claims.scheme, relation) != claims.instance
    true_group = np.where(claims.has(FLAG_UPGRADED) | moved, claims.group_coded, claims.group_true)
    claims.units_true[:] = city.tariff(claims, true_group.astype(np.int16)) + (claims.units - as_written)
    totals, recorded = city.book([claims], [claims.units], month.visits.cells), city.recorded_by_provider(claims, month.visits.cells)
    month.budget = city.fund_year.monthly
    if settlement.assesses:
        settlement.assess(*city.cases_found())
    if not city.policy_open:
        _pay_as_recorded(city, recorded)
        return
    month.settled = settlement.accrue(totals, recorded)
    city.fund_year.spend([owed.sum(axis=0) for owed in month.settled], city.recorded_by_part(claims, month.visits.cells))
    month.clearing = ends
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
