"""Rules of sanctions that a case may name, each an address in the model (rules I1, I3, I4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from experiments.case_fields import Field
from experiments.case_rule import Rule
from model.sanctions import BREACH, FRAUD, GRADES, MULTIPLE, RECORDS_FINE, Reward, grade, multiple, reward_of


def _total(refund: int, article: int, credit: float) -> int:
    fine = multiple(*MULTIPLE[article], np.array([credit]))[0]
    return refund + round(refund * float(fine))


def _range(breach: int = 0, fraud: int = 0) -> Mapping[str, Any]:
    return {
        "breach_least": _total(breach, BREACH, 100.0),
        "breach_most": _total(breach, BREACH, 0.0),
        "fraud_least": _total(fraud, FRAUD, 100.0),
        "fraud_most": _total(fraud, FRAUD, 0.0),
        "records_least": RECORDS_FINE[0],
        "records_most": RECORDS_FINE[1],
    }


def _by_credit(refund: int, article: float, credit: float) -> Mapping[str, Any]:
    name = GRADES[int(grade(np.array([credit]))[0])]
    return {"pay": _total(refund, FRAUD if article == FRAUD else BREACH, credit), "grade": name}


def _reward(value: int, share: float, insider: bool = False, least: int = 20_000, most: int = 20_000_000) -> Mapping[str, Any]:
    return {"reward": int(reward_of(np.array([value]), Reward(share, least, most), insider)[0])}


RULES: Mapping[str, Rule] = {
    "sanction_range": Rule(
        "I1",
        "违法使用基金：退回并处 1–2 倍罚款；骗保：退回并处 2–5 倍罚款；资料违规 1–5 万元",
        "refund and fine by article of the Regulation of 2021: breach 1 to 2 times, fraud 2 to 5 times, records 10,000 to 50,000 yuan",
        {
            "breach": Field("yuan", "loss by breaches of article 38; none unless given", optional=True),
            "fraud": Field("yuan", "money got by fraud, article 40; none unless given", optional=True),
        },
        {
            "breach_least": Field("yuan", "refund and least fine, article 38"),
            "breach_most": Field("yuan", "refund and most fine, article 38"),
            "fraud_least": Field("yuan", "refund and least fine, article 40"),
            "fraud_most": Field("yuan", "refund and most fine, article 40"),
            "records_least": Field("yuan", "least fine, article 39"),
            "records_most": Field("yuan", "most fine, article 39"),
        },
        _range,
    ),
    "sanction_by_credit": Rule(
        "I3",
        "按信用在法定幅度内确定罚款倍数",
        "refund and fine at a provider's credit: the least multiple at a hundred, the most at none",
        {
            "refund": Field("yuan", "money to be refunded"),
            "article": Field("count", "38 or 40", low=38, high=40),
            "credit": Field("score", "credit before the finding", high=100),
        },
        {"pay": Field("yuan", "refund and fine"), "grade": Field("name", "credit class, A to E")},
        _by_credit,
    ),
    "complaint_reward": Rule(
        "I4",
        "举报奖励：按查实金额的比例，设下限与上限，内部人加两成",
        "reward of a complaint: a share of the value verified, a fifth more for insiders, between a floor and a cap",
        {
            "value": Field("yuan", "value verified"),
            "share": Field("share", "3, 2 or 1 % by grade"),
            "insider": Field("flag", "whether it came from inside; not unless given", optional=True),
            "least": Field("yuan", "floor; 200 yuan unless given", optional=True),
            "most": Field("yuan", "cap; 200,000 yuan unless given", optional=True),
        },
        {"reward": Field("yuan", "paid")},
        _reward,
    ),
}
