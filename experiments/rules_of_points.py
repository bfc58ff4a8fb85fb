"""Rules of payment by points that a case may name, each an address in ``model/payment/points``; nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from experiments.case_fields import Field
from experiments.case_rule import Rule
from model.payment.points.auxiliary import coefficient_of
from model.payment.points.case_points import VARIANTS, case_points, highest, payment_standard, points_without_group


def _case_points(
    variant: str, cost: float, mean: float, points: float, coefficient: float = 1.0, auxiliary: float = 1.0, ungrouped: float = 0.0
) -> Mapping[str, Any]:
    if ungrouped:
        return {"ratio": cost / mean, "points": points_without_group(cost, cost, mean / points, 0.0, ungrouped)}
    return {"ratio": cost / mean, "points": float(case_points(variant, cost / mean, points, coefficient, auxiliary)[0])}


def _points_by_standard(cost: float, value: float, points: float, coefficient: float = 1.0, auxiliary: float = 1.0) -> Mapping[str, Any]:
    standard = payment_standard(points, coefficient, auxiliary, value)
    return {
        "standard": standard,
        "ratio": cost / standard,
        "points": float(case_points("draft_3", cost / standard, points, coefficient, auxiliary)[0]),
    }


def _auxiliary(subtype_mean: float, group_mean: float, cv_before: float, cv_after: float, gate: float) -> Mapping[str, Any]:
    mean, whole, before, after = (np.array([part], dtype=float) for part in (subtype_mean, group_mean, cv_before, cv_after))
    coefficient, drop = coefficient_of(mean, whole, before, after, gate)
    applies = bool(np.isfinite(coefficient[0]))
    return {"coefficient": float(coefficient[0]) if applies else 1.0, "cv_drop": float(drop[0]), "applies": applies}


def _highest(severity: float, age: float) -> Mapping[str, Any]:
    by_severity, by_age = np.full((1, 1), severity), np.full((1, 5), age)
    return {"coefficient": highest(by_severity, by_age, 0, 0, 0)}


_POINTS = {
    "points": Field("point", "base points RW of the group", low=0.0001),
    "coefficient": Field("factor", "institution coefficient h; 1 unless given", optional=True, low=0.0001),
    "auxiliary": Field("factor", "auxiliary coefficient; 1 unless given", optional=True, low=0.0001),
}

RULES: Mapping[str, Rule] = {
    "case_points": Rule(
        "E6",
        "病例分值：正常、偏低、偏高、无分值病例",
        "points of a case: normal, cheap, dear, without a group",
        {
            "variant": Field("name", "who writes the outlier rule", choices=VARIANTS[:-1]),
            "cost": Field("price", "the case’s cost"),
            "mean": Field("price", "mean cost of its group", low=0.01),
            **_POINTS,
            "ungrouped": Field("share", "factor on cost, for a case without a group", optional=True),
        },
        {"ratio": Field("factor", "cost over mean"), "points": Field("point", "points of the case")},
        _case_points,
    ),
    "points_by_standard": Rule(
        "E6",
        "3.0版征求意见稿：费用低于支付标准一半的病例，分值折算至按实际费用支付",
        "draft of version 3.0: a case that costs less than half of the payment standard gets the points that pay its cost",
        {
            "cost": Field("price", "the case’s cost"),
            "value": Field("price", "value of a point", low=0.0001),
            **_POINTS,
        },
        {
            "standard": Field("price", "payment standard: points, coefficients and value multiplied"),
            "ratio": Field("factor", "cost over standard"),
            "points": Field("point", "points of the case"),
        },
        _points_by_standard,
    ),
    "auxiliary_coefficient": Rule(
        "E5",
        "辅助系数：亚型均次费用与病种均次费用之比，变异系数下降达标方设立",
        "auxiliary coefficient: a subtype’s mean over its group’s, made where the spread falls enough",
        {
            "subtype_mean": Field("price", "mean cost of the subtype"),
            "group_mean": Field("price", "mean cost of the group", low=0.01),
            "cv_before": Field("factor", "coefficient of variation of the group", low=0.0001),
            "cv_after": Field("factor", "the same with the subtypes told apart"),
            "gate": Field("share", "least fall"),
        },
        {
            "coefficient": Field("factor", "the coefficient; 1 where none is made"),
            "cv_drop": Field("share", "fall of the coefficient of variation"),
            "applies": Field("flag", "whether it is made"),
        },
        _auxiliary,
    ),
    "highest_auxiliary": Rule(
        "E5",
        "多项辅助系数命中时取最高，不相乘",
        "of several auxiliary coefficients the highest, not their product",
        {"severity": Field("factor", "coefficient of severity"), "age": Field("factor", "coefficient of age")},
        {"coefficient": Field("factor", "what the case gets")},
        _highest,
    ),
}
