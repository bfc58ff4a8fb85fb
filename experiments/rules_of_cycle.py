"""Rules of the settlement cycle that a case may name, each an address in the model (rules E9 to E13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from experiments.case_fields import Field
from experiments.case_rule import Rule
from model.calendar import format_month
from model.cashbook import Cashbook, Owed
from model.cycle import Cycle, assessed, assessment, cleared, released
from model.indicators import INDICATORS, POSITION, SUMS, Sums

ONE = (1, 1)
"""A book of one hospital and one scheme."""


def _fen(amount: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.full(ONE, amount, dtype=np.int64)


def _owed(entitled: int, deposit_share: float = 0.0) -> Owed:
    return Owed(_fen(entitled), _fen(entitled), _fen(int(entitled * deposit_share)), _fen(0))


def _bands(
    recorded: int, payable: int, retention_from: float = 0.0, overrun_to: float = 1.0, overrun_share: float = 0.0
) -> Mapping[str, Any]:
    cycle = Cycle(retention_from=retention_from, overrun_to=overrun_to, overrun_share=overrun_share)
    a, b = np.array([recorded], dtype=float), np.array([payable], dtype=float)
    return {"pay": float(cleared(b, a, cycle)[0]), "ratio": recorded / payable}


def _month(entitled: int, share: float, deposit_share: float = 0.0, audit: int = 0) -> Mapping[str, Any]:
    book = Cashbook(ONE)
    book.deduct(_fen(audit), at_clearing=False)
    moved = book.pay(_owed(entitled, deposit_share), Cycle(monthly_share=share, deposit_share=deposit_share), clearing=False)
    return {"pay": int(moved.monthly[0, 0]), "held": int(moved.held[0, 0])}


def _payable(entitled: int, coefficient: float, audit: int = 0) -> Mapping[str, Any]:
    book = Cashbook(ONE)
    book.deduct(_fen(audit), at_clearing=True)
    granted = int(assessed(np.array([float(entitled)]), np.array([coefficient]))[0])
    moved = book.pay(_owed(granted), Cycle(monthly_share=0.0), clearing=True)
    return {"payable": int(moved.cash[0, 0])}


def _coefficient(score: float, low: float, high: float) -> Mapping[str, Any]:
    return {"coefficient": float(assessment(np.array([score]), Cycle(assessment_low=low, assessment_high=high))[0])}


def _release(score: float, release_from: float, release_loss: float, release_least: float) -> Mapping[str, Any]:
    cycle = Cycle(release_from=release_from, release_loss=release_loss, release_least=release_least)
    return {"release": float(released(np.array([float(score)]), cycle)[0])}


def _timetable(end: int, lag: int, share: float) -> Mapping[str, Any]:
    book, owed, cycle = Cashbook(ONE), _owed(10_000), Cycle(monthly_share=share, clearing_lag=lag)
    book.pay(owed, cycle, clearing=False)
    month, moved = end, book.pay(owed, cycle, clearing=True)
    while not moved.clearing.any():
        month, moved = month + 1, book.pay(owed, cycle, clearing=False)
    return {"paid_in": format_month(month), "share": int(moved.clearing[0, 0]) / 10_000}


def _rate(recorded: int, cleared: int) -> Mapping[str, Any]:
    sums = np.zeros((1, len(SUMS)))
    sums[0, POSITION["basic"]], sums[0, POSITION["fund_settled"]] = recorded, cleared
    return {"rate": float(INDICATORS["settlement_rate"].compute(Sums(sums))[0])}


RULES: Mapping[str, Rule] = {
    "settlement_rate": Rule(
        "E9",
        "清算率＝清算金额 ÷ 记账金额",
        "what the year's clearing comes to, over what was recorded item by item",
        {
            "recorded": Field("yuan", "recorded money: what the pooled fund would pay item by item (记账金额)", low=0.01),
            "cleared": Field("yuan", "what the clearing comes to"),
        },
        {"rate": Field("share", "cleared over recorded", high=None)},
        _rate,
    ),
    "yearly_payable": Rule(
        "E9",
        "年度应付＝应付额 × 考核系数 − 审核扣款",
        "what a hospital is paid for the year: what it is entitled to, times its assessment coefficient, less audits",
        {
            "entitled": Field("yuan", "points × value × ratio, or whatever the mode entitles to"),
            "coefficient": Field("share", "assessment coefficient K", high=2),
            "audit": Field("yuan", "taken back after audits; nothing unless given", optional=True),
        },
        {"payable": Field("yuan", "paid for the year", low=None)},
        _payable,
    ),
    "monthly_payment": Rule(
        "E10",
        "月度拨付＝应付额 × 拨付比例 − 审核扣款；保证金另行留存",
        "a month pays a share of what is entitled, less audits, and holds another share as a deposit",
        {
            "entitled": Field("yuan", "entitled for the month"),
            "share": Field("share", "part paid now"),
            "deposit_share": Field("share", "part held as a deposit; none unless given", optional=True),
            "audit": Field("yuan", "taken back after audits; nothing unless given", optional=True),
        },
        {"pay": Field("yuan", "paid to the hospital"), "held": Field("yuan", "held on the deposit account")},
        _month,
    ),
    "retention_bands": Rule(
        "E11",
        "结余留用、超支分担：按记账金额与应付额之比",
        "surplus kept and overrun shared, by the ratio of recorded to payable money",
        {
            "recorded": Field("yuan", "what the fund would have paid item by item (记账金额)"),
            "payable": Field("yuan", "what the mode entitles to", low=0.01),
            "retention_from": Field("share", "ratio below which only recorded money is paid", optional=True, high=1),
            "overrun_to": Field("share", "ratio up to which an overrun is shared", optional=True, low=1, high=10),
            "overrun_share": Field("share", "part of the overrun that the fund bears", optional=True, high=1),
        },
        {"ratio": Field("share", "recorded over payable"), "pay": Field("price", "what is cleared")},
        _bands,
    ),
    "assessment_coefficient": Rule(
        "E12",
        "考核系数：按得分在下限与上限之间线性取值",
        "assessment coefficient, linear between its values at no points and at a hundred",
        {
            "score": Field("score", "assessment score", high=100),
            "low": Field("share", "coefficient at a score of 0", high=2),
            "high": Field("share", "coefficient at a score of 100", high=2),
        },
        {"coefficient": Field("share", "coefficient K")},
        _coefficient,
    ),
    "deposit_release": Rule(
        "E12",
        "质量保证金按考核得分返还",
        "release of the quality deposit by score",
        {
            "score": Field("score", "assessment score", high=100),
            "release_from": Field("score", "score from which all of it is released", high=100),
            "release_loss": Field("share", "part lost for each point below that"),
            "release_least": Field("score", "score below which nothing is released", high=100),
        },
        {"release": Field("share", "part released")},
        _release,
    ),
    "clearing_timetable": Rule(
        "E13",
        "清算时间与清算占比",
        "month in which a clearing is paid, and its part of the year's money",
        {
            "end": Field("month", "last month of the settlement year"),
            "lag": Field("count", "months from there to the clearing's payment", high=11),
            "share": Field("share", "part paid month by month"),
        },
        {"paid_in": Field("name", "month of the payment"), "share": Field("share", "part that the clearing pays")},
        _timetable,
    ),
}
