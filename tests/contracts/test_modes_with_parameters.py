"""Modes keep their contract not only as they stand, but also with rules that a policy switches on."""

from __future__ import annotations

from dataclasses import make_dataclass
from typing import Any

import pytest

from experiments.contract import Check
from experiments.mode_contract import CONTRACT, Subject
from experiments.texts import say
from model.payment import get_mode

OPEN = float("inf")
RULES: dict[str, dict[str, Any]] = {
    "per_diem by prices": {"day_prices": (100.0, 200.0, 300.0), "segments": ((0.0, 30.0, 0.8), (30.0, OPEN, 0.5)), "fund_share": 0.7},
    "per_diem by three years": {"day_basis": "three_years", "price_growth": 0.05, "segments": ((0.0, 10.0, 1.0),), "advance_cap": 1.02},
    "single_disease by prices": {
        "groups": ("G0", "G2"),
        "prices": (5000.0, 7000.0),
        "level_factors": (0.0, 1.0, 1.2),
        "fund_share": 0.6,
        "exit_multiple": 2.0,
        "severe": "leaves",
    },
    "single_disease of one group": {"groups": ("G1",), "exit_multiple": 1.0},
    "session_quota by prices": {"session_prices": (405.0, 365.0), "session_limit": 13.0},
    "global_budget by steps": {
        "surplus_steps": ((0.0, 0.02, 0.5), (0.02, 1.0, 0.9)),
        "overrun_steps": ((0.0, 0.02, 0.5), (0.02, OPEN, 0.1)),
        "year_weights": (0.5, 0.3, 0.2),
        "reallocated": 1.0,
    },
    "per_admission_quota by steps": {
        "overrun_steps": ((0.0, 0.05, 0.6), (0.05, 0.1, 0.5)),
        "surplus_share": 0.3,
        "surplus_limit": 0.03,
    },
    "drg_points of 2019": {"blend": (0.0, 1.0, 0.0), "cheap_rule": "2019", "own_pay": "apart", "psychiatric": "by_group"},
    "drg_points by the day": {"blend": (0.0, 0.0, 1.0), "bed_day_from": 5.0, "high_line": 1.0},
    "capitation of an area": {
        "raised": (3000.0, 900.0),
        "risk_share": 0.1,
        "second_share": 0.05,
        "carried": 20.0,
        "adjustment": 10.0,
        "contract_fee": (20.0, 30.0, 5.0),
        "contract_fee_key": (110.0, 30.0, 10.0),
        "key_share": 0.2,
    },
    "capitation of the signed": {"head_quotas": (300.0, 150.0), "signed_share": 0.3},
    "county_package with parts withheld": {"withheld_share": 0.05, "risk_share": 0.1, "second_share": 0.05, "aid_share": 0.03},
}
CHECKS = [check for name, check in CONTRACT.checks.items() if name != "travels"]
"""All but that a mode can be sent to another process: there a class that was made on the way is not known."""


def with_rules(name: str) -> Any:
    """The mode's class with other standard parameters."""
    kind = get_mode(name.partition(" ")[0])
    return make_dataclass(kind.__name__, [(key, Any, value) for key, value in RULES[name].items()], bases=(kind,), frozen=True)


@pytest.mark.parametrize("name", RULES)
def test_its_rules_are_parameters_that_a_policy_may_give(name: str) -> None:
    """Values are read as a policy's are, so that no test stands on what no file can say."""
    declared = get_mode(name.partition(" ")[0]).PARAMETERS
    assert {key: declared[key].read(value) for key, value in RULES[name].items()} == RULES[name]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
@pytest.mark.parametrize("name", RULES)
def test_the_contract_is_kept_with_them(name: str, check: Check[Subject]) -> None:
    subject = Subject(with_rules(name), name.partition(" ")[0])
    for seed in range(3 if check.draws > 1 else 1):
        found = check.find(subject, seed)
        assert found is None, f"market {seed}: {say(found.key, 'en', **found.values)}"
