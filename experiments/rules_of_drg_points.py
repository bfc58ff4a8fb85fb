"""Rules of DRG payment by points that a case may name, each an address in the model (rules D4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from experiments.case_fields import Field
from experiments.case_rule import Rule
from model.payment import get_mode

POINTS = get_mode("drg_points")


def _points_2019(group_mean: float, city_mean: float, difference: float, cost: float) -> Mapping[str, Any]:
    mode = POINTS(cheap_rule="2019")
    mean, coefficient, costs = np.array([group_mean]), np.array([difference]), np.array([cost])
    base = mode.base(mean, city_mean)
    return {
        "base": float(base[0]),
        "full": float(mode.points(base, coefficient, mean, mean)[0]),
        "incomplete": float(mode.incomplete(base, coefficient, costs, mean)[0]),
    }


def _under_used(multiple: float, base: float) -> Mapping[str, Any]:
    one, mean = np.ones(1), np.array([1000.0])
    return {"points": float(POINTS(cheap_rule="2025").points(np.array([base]), one, multiple * mean, mean)[0])}


RULES: Mapping[str, Rule] = {
    "points_2019": Rule(
        "D4",
        "浙江2019：基准点数＝病组均次费用÷全市均次费用×100，乘差异系数；过程不完整病例按费用比例，不超过基准点数",
        "Zhejiang 2019: base points of a group, with the hospital’s coefficient, and of an incomplete stay",
        {
            "group_mean": Field("price", "mean cost of the group", low=0.01),
            "city_mean": Field("price", "mean cost of a case in the city", low=0.01),
            "difference": Field("factor", "difference coefficient of the hospital"),
            "cost": Field("price", "cost of the incomplete stay"),
        },
        {
            "base": Field("point", "base points"),
            "full": Field("point", "points of a normal stay"),
            "incomplete": Field("point", "points of the incomplete stay"),
        },
        _points_2019,
    ),
    "under_used": Rule(
        "D4",
        "浙江2025：费用与标准之比在0.4至0.8之间的病例，按比值加0.2计点",
        "Zhejiang 2025: a stay cheaper than its standard, by cost over standard",
        {"multiple": Field("factor", "cost over standard"), "base": Field("point", "points of the standard")},
        {"points": Field("point", "points of the stay")},
        _under_used,
    ),
}
