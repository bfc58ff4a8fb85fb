"""Phase close: income reaches the funds, and in December the year turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.census import credit_accounts
from model.codes import EMPLOYEE, RESIDENT
from model.ledger import AccountKind, Memo
from model.units import yuan_to_fen

if TYPE_CHECKING:
    from model.city import City


def close(city: City) -> None:
    """Income of the month reaches the funds; in December the settlement year is cleared and the next year's terms are fixed."""
    _collect(city)
    if city.now.clearing:
        city.start_settlement_year()


def _collect(city: City) -> None:
    """One twelfth of premiums, subsidies, account credits, and transfers to the layers beside the fund."""
    people, ledger, index = city.people, city.ledger, city.now.index
    finance, fund = city.settings.financing, city.settings.fund
    wage = yuan_to_fen(finance.employee.wage_base.at(index))
    unit, own = finance.employee.unit_rate.at(index), finance.employee.personal_rate.at(index)
    to_account = finance.employee.account_unit_share.at(index)
    # personal accounts: the own premium and part of the unit's; the retired get the unit's part (assumption)
    active_fen, retired_fen = round(wage * (own + unit * to_account) / 12), round(wage * unit * to_account / 12)
    active, retired, residents = credit_accounts(
        people.alive, people.scheme, people.retired, people.account_balance, active_fen, retired_fen
    )
    credited = active * active_fen + retired * retired_fen
    ledger.post(int(AccountKind.EMPLOYERS), int(AccountKind.ACCOUNTS_EMPLOYEE), credited, Memo.ACCOUNT_CREDIT)
    pooled = round(active * wage * unit * (1 - to_account) / 12)
    ledger.post(int(AccountKind.EMPLOYERS), ledger.fund(EMPLOYEE), pooled, Memo.PREMIUM)
    for per_head, payer, memo in (
        (finance.resident.premium, AccountKind.HOUSEHOLDS, Memo.PREMIUM),
        (finance.resident.subsidy, AccountKind.GOVERNMENT, Memo.SUBSIDY),
    ):
        ledger.post(int(payer), ledger.fund(RESIDENT), round(residents * yuan_to_fen(per_head.at(index)) / 12), memo)
    heads = {EMPLOYEE: active + retired, RESIDENT: residents}
    layer = yuan_to_fen(fund.catastrophic_premium.at(index))
    for scheme, count in heads.items():
        ledger.post(ledger.fund(scheme), int(AccountKind.CATASTROPHIC), round(count * layer / 12), Memo.CATASTROPHIC_PREMIUM)
    aid = round(sum(heads.values()) * yuan_to_fen(fund.aid_budget.at(index)) / 12)
    ledger.post(int(AccountKind.GOVERNMENT), int(AccountKind.AID), aid, Memo.AID_BUDGET)
