"""Rules of payment by points that a case may name, each an address in ``model/payment/points``; nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from experiments.case_fields import Field
from experiments.case_rule import Rule
from model.payment.group_costs import weighted_years
from model.payment.points.auxiliary import coefficient_of
from model.payment.points.case_points import VARIANTS, case_points, highest, payment_standard, points_without_group
from model.payment.points.group_points import POINTS_OF, points_of, pooled, rise
from model.payment.points.institutions import bonus
from model.payment.points.review import quota_of
from model.payment.points.values import opening_value, settlement_value


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


def _group_points(method: str, mean: float, yardstick: float) -> Mapping[str, Any]:
    # the quota of one point is in yuan, and prices are in fen: a ratio of two prices is the same in both
    return {"points": float(points_of(mean, yardstick, method))}


def _weighted_years(means: list[float], weights: list[float]) -> Mapping[str, Any]:
    yearly = np.array(means)[:, None]
    mean, _ = weighted_years(yearly, np.ones_like(yearly), np.array(weights)[:, None])
    return {"mean": float(mean[0])}


def _opening_value(costs: list[float], points: list[float], weights: list[float]) -> Mapping[str, Any]:
    yearly, counted = np.array(costs)[:, None], np.array(points)[:, None]
    cost, total, value = opening_value(yearly, counted, np.array(weights))
    return {"cost": float(cost[0]), "points": float(total[0]), "value": float(value[0])}


def _settlement_value(fund: float, ratio: float, points: float) -> Mapping[str, Any]:
    return {"value": float(settlement_value(np.array(fund), np.array(ratio), np.array(points)))}


def _quota(discharges: int, share: float) -> Mapping[str, Any]:
    return {"cases": quota_of(discharges, share)}


def _bonus(above: float, step: float, cap: float, first: float = 0.0) -> Mapping[str, Any]:
    return {"bonus": float(bonus(np.array([above]), step, np.array([cap]), first)[0])}


def _pooled_mean(means: list[float], cases: list[int]) -> Mapping[str, Any]:
    together = np.zeros(len(means), dtype=np.int64)
    return {"mean": float(pooled(np.array(means), together, np.array(cases, dtype=float))[0]), "cases": int(sum(cases))}


def _split_group(base_mean: float, mean: float, gate: float) -> Mapping[str, Any]:
    above = float(rise(mean, base_mean))
    return {"rise": above, "own": above >= gate}


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
    "group_points": Rule(
        "E2",
        "病种基准分值：均次费用与城市均次、基准病种均次或定额之比",
        "points of a group: its mean cost over the city’s, a reference disease’s, or a quota",
        {
            "method": Field("name", "average_cost and reference give the yardstick 1,000 points, quota one", choices=tuple(POINTS_OF)),
            "mean": Field("price", "mean cost of the group"),
            "yardstick": Field("price", "mean cost of the city or of the reference disease, or the quota", low=0.01),
        },
        {"points": Field("point", "base points RW")},
        _group_points,
    ),
    "weighted_years": Rule(
        "E2",
        "多年均次费用加权平均（近年在前）",
        "mean cost over several years, weighted, latest first",
        {
            "means": Field("price", "mean cost of each year, latest first", shape="list"),
            "weights": Field("share", "weight of each year, latest first", shape="list"),
        },
        {"mean": Field("price", "weighted mean")},
        _weighted_years,
    ),
    "pooled_mean": Rule(
        "E1",
        "合并病种的均次费用（按例数加权）",
        "mean cost of groups that stand together, weighted by cases",
        {
            "means": Field("price", "mean cost of each group", shape="list"),
            "cases": Field("count", "cases of each group", shape="list"),
        },
        {"mean": Field("price", "mean of all"), "cases": Field("count", "cases of all")},
        _pooled_mean,
    ),
    "split_group": Rule(
        "E1",
        "相关手术是否单列：均次费用较基础组升高达标方单列",
        "whether a related operation has a group of its own: if the mean rises enough above the base group’s",
        {
            "base_mean": Field("price", "mean cost of the base group", low=0.01),
            "mean": Field("price", "mean cost with the related operation"),
            "gate": Field("share", "least rise"),
        },
        {"rise": Field("share", "rise of the mean", low=None), "own": Field("flag", "whether it has a group of its own")},
        _split_group,
    ),
    "coefficient_bonus": Rule(
        "E3",
        "机构系数加成：指标高于同级每满一档加0.01，封顶",
        "bonus on an institution’s coefficient: a hundredth for each full step above its level, up to a cap",
        {
            "above": Field("share", "by what share it lies above its level", low=None, high=100),
            "step": Field("share", "excess that earns a hundredth", low=0.0001),
            "cap": Field("factor", "most that is added"),
            "first": Field("count", "hundredths for being above at all", optional=True),
        },
        {"bonus": Field("factor", "what is added")},
        _bonus,
    ),
    "opening_value": Rule(
        "E9",
        "年初（预算）分值单价：加权总费用与加权总分值之比（近年在前）",
        "value of a point at the start of the year: weighted cost over weighted points, latest year first",
        {
            "costs": Field("price", "total cost of each year, latest first", shape="list"),
            "points": Field("point", "total points of each year", shape="list"),
            "weights": Field("share", "weight of each year", shape="list"),
        },
        {
            "cost": Field("price", "weighted cost"),
            "points": Field("point", "weighted points"),
            "value": Field("price", "value of a point"),
        },
        _opening_value,
    ),
    "settlement_value": Rule(
        "E9",
        "年终结算分值单价：基金除以支付比例，再除以总分值",
        "value of a point at settlement, ratio variant: fund over pay ratio, over all points",
        {
            "fund": Field("price", "the fund’s money"),
            "ratio": Field("share", "recorded fund over total cost of all cases", low=0.0001),
            "points": Field("point", "points of all cases", low=0.0001),
        },
        {"value": Field("price", "value of a point")},
        _settlement_value,
    ),
    "special_case_quota": Rule(
        "E7",
        "特例单议名额：统筹地区出院病例数之比例，取整",
        "cases that may be accepted in special-case review: a share of the region’s discharges, whole",
        {"discharges": Field("count", "discharges of the region under the mode"), "share": Field("share", "largest share")},
        {"cases": Field("count", "cases")},
        _quota,
    ),
}
