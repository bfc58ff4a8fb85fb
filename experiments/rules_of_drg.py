"""Rules of DRG payment that a case may name, each an address in the model (rules D2, D3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.case_fields import Field
from experiments.case_rule import Rule
from model.payment import get_mode

DRG = get_mode("drg")


def _price(weight: float, rate: float, coefficient: float = 1.0) -> Mapping[str, Any]:
    return {"price": DRG.standard(weight, rate, coefficient)}


def _pool(price: float, cost: float, patient: float, others: float = 0.0) -> Mapping[str, Any]:
    pool = DRG.difference(price, patient + others)
    return {"pool": pool, "gain": pool + patient + others - cost}


RULES: Mapping[str, Rule] = {
    "drg_price": Rule(
        "D2",
        "支付标准＝权重 × 费率 × 机构系数",
        "standard of a case: weight × rate × institution coefficient",
        {
            "weight": Field("factor", "relative weight of the group"),
            "rate": Field("price", "money a weight"),
            "coefficient": Field("factor", "institution coefficient; one unless given", optional=True),
        },
        {"price": Field("price", "the standard P")},
        _price,
    ),
    "drg_difference": Rule(
        "D3",
        "基金支付＝支付标准－患者及其他渠道支付，可为负；医院损益＝全部收入－费用",
        "the pool pays the standard less what others paid, if need be less than nothing; the hospital gains all income less the cost",
        {
            "price": Field("price", "the standard P"),
            "cost": Field("price", "the whole bill"),
            "patient": Field("price", "paid by the patient, own pay included"),
            "others": Field("price", "paid by other layers; nothing unless given", optional=True),
        },
        {"pool": Field("price", "paid by the pooled fund", low=None), "gain": Field("price", "gain of the hospital", low=None)},
        _pool,
    ),
}
