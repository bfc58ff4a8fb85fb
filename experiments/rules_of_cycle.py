"""Rules of the settlement cycle that a case may name, each an address in the model (rules E11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from experiments.case_fields import Field
from experiments.case_rule import Rule
from model.cycle import Cycle, cleared


def _bands(recorded: int, payable: int, **bands: float) -> Mapping[str, Any]:
    cycle = Cycle(**bands)
    a, b = np.array([recorded], dtype=float), np.array([payable], dtype=float)
    return {"pay": float(cleared(b, a, cycle)[0]), "ratio": recorded / payable}


RULES: Mapping[str, Rule] = {
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
}
