"""Rules of benefits that a case may name beside whole bills: shares of what is paid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.case_fields import Field
from experiments.case_rule import Rule
from model.benefits import covered_share


def _covered_share(in_scope: int, paid: int) -> Mapping[str, Any]:
    return {"share": float(covered_share(paid, in_scope))}


RULES: Mapping[str, Rule] = {
    "covered_share": Rule(
        "B6",
        "政策范围内费用实际报销比例",
        "share of in-scope cost that all layers together pay",
        {"in_scope": Field("yuan", "in-scope cost"), "paid": Field("yuan", "paid by all layers")},
        {"share": Field("share", "of the in-scope cost")},
        _covered_share,
    ),
}
