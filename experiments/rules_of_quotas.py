"""Rules of prices by the day, the case, the session or the head that a case may name, each an address in the model (rules F1 to F4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from experiments.case_fields import Field
from experiments.case_rule import Rule
from model.payment import get_mode
from model.payment.points.bed_days import day_points

CAPITATION = get_mode("capitation")
PER_DIEM, SINGLE, SESSION = get_mode("per_diem"), get_mode("single_disease"), get_mode("session_quota")


def _per_diem(price: float, days: float, shares: Sequence[Mapping[str, float]], advanced: float, cap: float) -> Mapping[str, Any]:
    mode = PER_DIEM(fund_share=sum(part["share"] * part["ratio"] for part in shares), advance_cap=cap)
    due = mode.fund_part(mode.due(np.array([price]), np.array([days])), np.zeros(1))
    return {"due": float(due[0]), "pay": float(mode.capped(due, np.array([advanced]))[0])}


def _per_diem_points(price: float, days: float, city_mean: float) -> Mapping[str, Any]:
    return {"amount": float(PER_DIEM().due(np.array([price]), np.array([days]))[0]), "points": day_points(price, days, city_mean)}


def _fixed_price(price: float, share: float) -> Mapping[str, Any]:
    fund = SINGLE(fund_share=share).fund_part(price)
    return {"fund": fund, "patient": price - fund}


def _session_price(price: float, fund_price: float, sessions: float, most: float) -> Mapping[str, Any]:
    mode, days = SESSION(session_limit=most), np.array([sessions])
    return {"fund": float(mode.due(fund_price, days)[0]), "patient": float(mode.due(price - fund_price, days)[0])}


def _capitation_rate(raised: float, risk: float, second: float, surplus: float, adjustment: float, heads: float) -> Mapping[str, Any]:
    return {"rate": CAPITATION.area_rate(raised, risk, second, surplus, adjustment, heads)}


def _contract_fee(general: list[float], key: list[float], heads: float, heads_key: float) -> Mapping[str, Any]:
    mode = CAPITATION(contract_fee=tuple(general), contract_fee_key=tuple(key))
    fund, public_health, own = mode.contract_fees(heads, heads_key)
    return {
        "fee": sum(mode.contract_fees(1.0, 0.0)),
        "fee_key": sum(mode.contract_fees(0.0, 1.0)),
        "fund": fund,
        "public_health": public_health,
        "patients": own,
    }


RULES: Mapping[str, Rule] = {
    "per_diem": Rule(
        "F1",
        "床日费用按分类比例支付，不超过合理垫付额的一定比例",
        "price × days × the fund’s ratios by class of cost, at most so much of what was reasonably advanced",
        {
            "price": Field("price", "price of a day"),
            "days": Field("day", "days in bed"),
            "shares": Field(
                "share",
                "classes of cost: part of the price and the ratio paid of it",
                shape="groups",
                inside={"share": Field("share", "part of the price"), "ratio": Field("share", "ratio paid")},
            ),
            "advanced": Field("price", "what the hospital reasonably advanced for the fund"),
            "cap": Field("share", "most that is paid, over the advance", high=10),
        },
        {"due": Field("price", "by days"), "pay": Field("price", "paid by the fund")},
        _per_diem,
    ),
    "per_diem_points": Rule(
        "F1",
        "床日费用折算点数：床日标准×床日÷全市次均费用×100",
        "days at a price as points: price × days / the city’s mean cost × 100",
        {
            "price": Field("price", "price of a day"),
            "days": Field("day", "days in bed"),
            "city_mean": Field("price", "mean cost of a case in the city", low=0.01),
        },
        {"amount": Field("price", "price of the stay"), "points": Field("point", "its points")},
        _per_diem_points,
    ),
    "fixed_price": Rule(
        "F2",
        "单病种定额：基金与患者按比例分担定额，实际费用与之无关",
        "fixed price of a disease: the fund and the patient share the price, whatever the case cost",
        {"price": Field("price", "the price"), "share": Field("share", "part the fund pays")},
        {"fund": Field("price", "paid by the fund"), "patient": Field("price", "paid by the patient")},
        _fixed_price,
    ),
    "session_price": Rule(
        "F2",
        "透析等按次定额：基金按次支付，次数有上限",
        "package price of a session: the fund pays its price of each session up to a limit",
        {
            "price": Field("price", "package price of a session"),
            "fund_price": Field("price", "the fund’s part"),
            "sessions": Field("count", "sessions of the month"),
            "most": Field("count", "most that are paid"),
        },
        {"fund": Field("price", "paid by the fund"), "patient": Field("price", "paid by the patient")},
        _session_price,
    ),
    "capitation_rate": Rule(
        "F3",
        "人头费标准＝（筹资－风险金－大病保险＋历年结余－调整）÷参保人数",
        "money a head of an area: raised, less risk fund and second layer, plus old surplus, less adjustments, over heads",
        {
            "raised": Field("price", "money raised"),
            "risk": Field("share", "part of it for the risk fund"),
            "second": Field("share", "part of it for the second layer"),
            "surplus": Field("price", "surplus of past years"),
            "adjustment": Field("price", "taken off"),
            "heads": Field("count", "insured people", low=1),
        },
        {"rate": Field("price", "money a head", low=None)},
        _capitation_rate,
    ),
    "contract_fee": Rule(
        "F4",
        "家庭医生签约服务费由基金、公共卫生经费、个人分担",
        "family doctor’s fee: shared by the fund, public health and the patient",
        {
            "general": Field("price", "fee of people in general, by these payers in order", shape="list", length=3),
            "key": Field("price", "fee of key groups, in the same order", shape="list", length=3),
            "heads": Field("count", "signed people in general"),
            "heads_key": Field("count", "signed people of key groups"),
        },
        {
            "fee": Field("price", "a head in general"),
            "fee_key": Field("price", "a head of key groups"),
            "fund": Field("price", "paid by the fund"),
            "public_health": Field("price", "paid by public health"),
            "patients": Field("price", "paid by patients"),
        },
        _contract_fee,
    ),
}
