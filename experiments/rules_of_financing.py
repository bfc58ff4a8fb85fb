"""Rules of financing that a case may name, each an address in the model (rules A1 to A6, G1, G2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from experiments.case_fields import Field
from experiments.case_rule import Rule
from model.census import contribution_base
from model.codes import RESIDENT
from model.financing import (
    PARTS,
    Insured,
    Rates,
    account_credit,
    advance_gate,
    gap_shares,
    grown,
    income_of,
    indexed_premium,
    reserve_months,
    statement,
    sub_budgets,
    usable,
)
from model.indicators import INDICATORS, POSITION, SUMS, Sums
from model.ledger import Ledger, Memo
from model.phases.close import book_advances
from model.units import PPM, ratio_to_ppm

NONE = Rates(0, 1.0, 1.0, 0, 0, PPM, 0, 0, 0, 0, (0, 0))


def _sub_budgets(income: int, reserve: float, shares: Mapping[str, float]) -> Mapping[str, Any]:
    money = usable(income, reserve)
    *parts, inpatient = sub_budgets(money, list(shares.values())).tolist()
    return {"usable": money, "reserve": income - money, "parts": dict(zip(shares, parts, strict=True)), "inpatient": inpatient}


def _growth(final: int, growth: float) -> Mapping[str, Any]:
    return {"budget": grown(final, growth)}


def _overspending(budget: Mapping[str, int], spent: Mapping[str, int], reserve: int) -> Mapping[str, Any]:
    year = statement(np.array([budget[part] for part in spent]), np.array([spent[part] for part in spent]), reserve)
    over = dict(zip(spent, year.over.tolist(), strict=True))
    return {"over": over, "from_reserve": year.from_reserve, "carried": year.carried}


def _account(wage: int, own_rate: float, unit_rate: float, unit_share: float) -> Mapping[str, Any]:
    rates = replace(NONE, own=ratio_to_ppm(own_rate), unit=ratio_to_ppm(unit_rate), account=ratio_to_ppm(unit_share))
    credited = account_credit(wage, rates)
    return {"credited": credited, "pooled": income_of(rates, Insured(1, 0, 0, wage), credited).pooled}


def _premium(
    wage: float, mean: float, floor: float, cap: float, unit_rate: float, own_rate: float, relief: float = 1.0
) -> Mapping[str, Any]:
    base = contribution_base(wage, mean, floor, cap)
    rates = replace(NONE, own=ratio_to_ppm(own_rate), unit=ratio_to_ppm(unit_rate), relief=ratio_to_ppm(relief))
    month = income_of(rates, Insured(1, 0, 0, base), account_credit(base, rates))
    return {"base": base, "employer": month.pooled, "own": month.own}


def _indexed(income_per_head: float, share: float, subsidy_ratio: float) -> Mapping[str, Any]:
    premium, subsidy = indexed_premium(income_per_head, share, subsidy_ratio)
    return {"premium": premium, "subsidy": subsidy}


def _funds(funds: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The table's additive sums of one year, and its indicators of them."""
    sums = np.zeros(len(SUMS))
    for fund in funds:
        for name, value in (("person_months", 12 * fund["heads"]), ("fund_income", fund["income"]), ("fund_paid", fund["spent"])):
            sums[POSITION[name]] += value
        sums[POSITION["fund_balance"]] += fund["balance"]
    total = Sums(sums)
    per_head = {name: float(INDICATORS[name].compute(total)) * 100 for name in ("fund_income", "fund_spending")}
    return {
        "heads": int(total.person_months) // 12,
        "income": int(total.fund_income),
        "spent": int(total.fund_paid),
        "balance": int(total.fund_balance),
        "income_per_head": per_head["fund_income"],
        "spending_per_head": per_head["fund_spending"],
    }


def _reserve(balance: int, spent: int, months: int) -> Mapping[str, Any]:
    return {"reserve_months": reserve_months(balance, spent, months)}


def _gap(gap: int, city_share: float) -> Mapping[str, Any]:
    city, county = gap_shares(gap, city_share)
    return {"city": city, "county": county}


def _gate(balance: int, spent: int, months: int, least: int, **deficits: bool) -> Mapping[str, Any]:
    reserve = reserve_months(balance, spent, months)
    return {"reserve_months": reserve, "passes": advance_gate(reserve, least, **deficits)}


def _advances(advances: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    amounts = np.concatenate([np.full(entry["hospitals"], entry["amount"]) for entry in advances])
    ledger = Ledger(len(amounts), 0)
    book_advances(ledger, RESIDENT, np.arange(len(amounts)), amounts)
    total = ledger.spent(ledger.fund(RESIDENT), Memo.EPIDEMIC_ADVANCE)
    return {"total": total, "hospitals": int((ledger.balances[ledger.provider(np.arange(len(amounts)))] > 0).sum())}


MONEY = Field("yuan", "money")
BY_PART = Field("yuan", "by sub-budget", shape="table", choices=PARTS)
SHARES = Field("share", "of the usable money", shape="table", choices=PARTS[1:])
RULES: Mapping[str, Rule] = {
    "sub_budgets": Rule(
        "A1",
        "以收定支：收入扣除预留后按比例分项，住院为余额",
        "income less the reserve, divided by shares; inpatient care gets the rest, to the fen",
        {"income": MONEY, "reserve": Field("share", "share of income kept back"), "shares": SHARES},
        {
            "usable": MONEY,
            "reserve": MONEY,
            "parts": Field("yuan", "of each named part", shape="table", choices=PARTS[1:]),
            "inpatient": Field("yuan", "what is left for inpatient care"),
        },
        _sub_budgets,
    ),
    "budget_growth": Rule(
        "A1",
        "预算＝上年决算 ×（1＋增长率）",
        "budget: last year's final accounts, grown",
        {"final": MONEY, "growth": Field("share", "growth a year", low=None)},
        {"budget": MONEY},
        _growth,
    ),
    "overspent_parts": Rule(
        "A1",
        "分项超支先用预留，再转下年",
        "what sub-budgets overspent falls to the reserve, the rest to next year; what one part left over does not help another",
        {
            "budget": BY_PART,
            "spent": BY_PART,
            "reserve": MONEY,
        },
        {
            "over": Field("yuan", "by sub-budget", shape="table", choices=PARTS),
            "from_reserve": MONEY,
            "carried": Field("yuan", "to next year"),
        },
        _overspending,
    ),
    "employee_premium": Rule(
        "A2",
        "缴费基数按均值上下限保底封顶；单位与个人按费率缴费，减征只减单位部分",
        "contribution base within floor and cap; employer and employee pay their rates, relief lowers the employer's",
        {
            "wage": Field("price", "own wage of a month"),
            "mean": Field("price", "local mean wage of a month"),
            "floor": Field("factor", "least base over the mean"),
            "cap": Field("factor", "largest base over the mean"),
            "unit_rate": Field("share", "employer's rate"),
            "own_rate": Field("share", "employee's rate"),
            "relief": Field("share", "what employers really pay; all unless given", optional=True),
        },
        {"base": MONEY, "employer": Field("yuan", "to the pooled fund"), "own": Field("yuan", "to the personal account")},
        _premium,
    ),
    "personal_account": Rule(
        "A3",
        "个人账户：个人缴费全部，加单位缴费划入部分；其余进统筹",
        "personal account: the own premium and a part of the employer's; the rest is pooled",
        {
            "wage": Field("yuan", "contribution base"),
            "own_rate": Field("share", "employee's rate"),
            "unit_rate": Field("share", "employer's rate"),
            "unit_share": Field("share", "part of the employer's premium that goes to the account"),
        },
        {"credited": MONEY, "pooled": MONEY},
        _account,
    ),
    "indexed_premium": Rule(
        "A4",
        "居民缴费与人均可支配收入挂钩，补助按比例配套",
        "a resident premium that follows income, the subsidy in a fixed ratio to it",
        {
            "income_per_head": Field("price", "disposable income a head and year"),
            "share": Field("share", "premium over income"),
            "subsidy_ratio": Field("factor", "subsidy over premium"),
        },
        {"premium": Field("price", "a person and year"), "subsidy": Field("price", "a person and year")},
        _indexed,
    ),
    "fund_statement": Rule(
        "A5",
        "各险种收支结余合计与人均",
        "funds added up, and a head: as the tables of results do it",
        {
            "funds": Field(
                "name",
                "one table a fund",
                shape="groups",
                inside={"heads": Field("count", "insured"), "income": MONEY, "spent": MONEY, "balance": MONEY},
            )
        },
        {
            "heads": Field("count", "insured"),
            "income": MONEY,
            "spent": MONEY,
            "balance": MONEY,
            "income_per_head": Field("price", "a head"),
            "spending_per_head": Field("price", "a head"),
        },
        _funds,
    ),
    "gap_sharing": Rule(
        "A6",
        "缺口分担：市级按比例，其余由县级承担",
        "gap sharing: the city pays a share of the gap, county governments the rest",
        {"gap": MONEY, "city_share": Field("share", "what the city pays")},
        {"city": MONEY, "county": MONEY},
        _gap,
    ),
    "advance_gate": Rule(
        "G1",
        "预付条件：上年无赤字、未来无预计赤字、可支付月数达标",
        "gate of advances: enough reserve months, no deficit last year, none expected",
        {
            "balance": MONEY,
            "spent": MONEY,
            "months": Field("count", "months of that spending", low=1),
            "least": Field("count", "reserve months asked for"),
            "deficit": Field("flag", "a deficit last year; no unless given", optional=True),
            "deficit_expected": Field("flag", "a deficit within twelve months; no unless given", optional=True),
        },
        {"reserve_months": Field("factor", "months the balance lasts"), "passes": Field("flag", "whether money may be advanced")},
        _gate,
    ),
    "epidemic_advance": Rule(
        "G2",
        "疫情预付金：逐家拨付，合计",
        "an epidemic advance, booked hospital by hospital",
        {
            "advances": Field(
                "name",
                "one table for hospitals that get the same",
                shape="groups",
                inside={"hospitals": Field("count", "how many", low=1), "amount": Field("yuan", "to each of them")},
            )
        },
        {"total": MONEY, "hospitals": Field("count", "how many got something")},
        _advances,
    ),
    "reserve_months": Rule(
        "A5",
        "可支付月数＝累计结余 ÷ 月均支出",
        "reserve months: balance over mean monthly spending",
        {"balance": MONEY, "spent": MONEY, "months": Field("count", "months of that spending", low=1)},
        {"reserve_months": Field("factor", "months the balance lasts")},
        _reserve,
    ),
}
