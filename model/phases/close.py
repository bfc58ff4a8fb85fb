"""Phase close: income reaches the funds, and in December the year turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.calendar import parse_month
from model.codes import EMPLOYEE, RESIDENT, SCHEMES
from model.financing import gap_shares, income_of, interest
from model.ledger import AccountKind, Ledger, Memo
from model.setup import rates_of
from model.units import yuan_to_fen

if TYPE_CHECKING:
    from model.city import City


def close(city: City) -> None:
    """Income of the month reaches the funds; in December the settlement year is cleared and the next year's terms are fixed.

    In between the budget may be revised.
    """
    _collect(city)
    _advance(city)
    city.remember_paid()
    if city.now.clearing:
        _fill_gaps(city)
        city.fund_year.close()
        city.start_settlement_year()
    elif city.policy_open:
        city.revise_budget()


def _fill_gaps(city: City) -> None:
    """City and county governments pay what a scheme's year has left open, where the city file says so (rules A6)."""
    if city.settings.fund.gap is None:
        return
    rules = [city.settings.fund.gap[scheme] for scheme in SCHEMES]
    after = [rule is not None and rule.after_balance.at(city.now.index) == "yes" for rule in rules]
    for scheme, (rule, gap) in enumerate(zip(rules, city.fund_year.gap(city.fund_balance, after).tolist(), strict=True)):
        if rule is not None:
            shares = gap_shares(gap, rule.city_share.at(city.now.index))
            payers = [int(AccountKind.GOVERNMENT), int(AccountKind.COUNTY_GOVERNMENTS)]
            city.ledger.post(payers, city.ledger.fund(scheme), shares, Memo.GAP)


def _advance(city: City) -> None:
    """Epidemic advances of the city file leave the funds in their month and come back in theirs, if they left within this run."""
    names = city.geography.providers.name
    for advance in city.settings.fund.epidemic_advances:
        start, end = parse_month(advance.month), parse_month(advance.back)
        back = city.now.index == end and start >= city.first_month
        if back or city.now.index == start:
            hospitals = np.array([names.index(name) for name in advance.institutions])
            amounts = np.full(len(hospitals), yuan_to_fen(advance.amount * city.scale))
            book_advances(city.ledger, SCHEMES.index(advance.scheme), hospitals, amounts, back=back)


def book_advances(ledger: Ledger, scheme: int, hospitals: NDArray[np.int64], amounts: NDArray[np.int64], *, back: bool = False) -> None:
    """Books cash from a scheme's fund to hospitals, fen to each, outside of settlement, or back from them (rules G2)."""
    fund, accounts = ledger.fund(scheme), ledger.provider(hospitals)
    payer, payee = (accounts, fund) if back else (fund, accounts)
    ledger.post(payer, payee, amounts, Memo.EPIDEMIC_ADVANCE)


def _collect(city: City) -> None:
    """One twelfth of premiums, subsidies, account credits, and transfers to the layers beside the fund."""
    ledger, rates = city.ledger, rates_of(city.settings, city.now.index)
    insured, credited = city.count_insured(rates, city.people.account_balance)
    income = income_of(rates, insured, credited)
    accounts, employees, residents = int(AccountKind.ACCOUNTS_EMPLOYEE), ledger.fund(EMPLOYEE), ledger.fund(RESIDENT)
    ledger.post(int(AccountKind.HOUSEHOLDS), accounts, income.own, Memo.ACCOUNT_CREDIT)
    # what accounts get beyond the employers' premiums comes out of the pooled fund
    ledger.post(int(AccountKind.EMPLOYERS), accounts, income.employer + min(income.pooled, 0), Memo.ACCOUNT_CREDIT)
    ledger.post(employees, accounts, max(-income.pooled, 0), Memo.ACCOUNT_CREDIT)
    ledger.post(int(AccountKind.EMPLOYERS), employees, max(income.pooled, 0), Memo.PREMIUM)
    ledger.post(int(AccountKind.HOUSEHOLDS), residents, income.premium, Memo.PREMIUM)
    ledger.post(int(AccountKind.GOVERNMENT), residents, income.subsidy, Memo.SUBSIDY)
    rate = city.settings.fund.interest_rate
    for scheme in range(len(SCHEMES)):
        if rate is not None:
            earned = interest(int(city.fund_balance[scheme]), rate.at(city.now.index))
            ledger.post(int(AccountKind.GOVERNMENT), ledger.fund(scheme), earned, Memo.INTEREST)
        ledger.post(ledger.fund(scheme), int(AccountKind.CATASTROPHIC), income.layer[scheme], Memo.CATASTROPHIC_PREMIUM)
    aid = round(sum(insured.heads) * yuan_to_fen(city.settings.fund.aid_budget.at(city.now.index)) / 12)
    ledger.post(int(AccountKind.GOVERNMENT), int(AccountKind.AID), aid, Memo.AID_BUDGET)
    # assumption: the treasury gives the supplements what they have paid; no document seen names a budget
    supplements = ledger.spent(int(AccountKind.SUPPLEMENT), Memo.SUPPLEMENT_PAY)
    ledger.post(int(AccountKind.GOVERNMENT), int(AccountKind.SUPPLEMENT), supplements, Memo.SUPPLEMENT_BUDGET)
