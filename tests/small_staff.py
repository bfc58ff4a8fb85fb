"""Preferences and staff for tests of conduct: round numbers near the behaviour file's."""

from __future__ import annotations

from typing import Any

import numpy as np

from agents.staff import Staff
from agents.utility import UtilityRules
from model.care import CHANNELS, NEUTRAL


def utility_rules(**changes: Any) -> UtilityRules:
    """What deciders weigh."""
    standard: dict[str, Any] = {
        "moral": np.array([0.0, 0.0, 0.0, 0.0, 2.0, 1.2, 3.5, 7.0, 0.8, 8.0, 0.5, 0.5, 0.5, 0.5]),
        "benefit": np.array([2.7, 2.7, 4.7, 12.6]),
        "stay_benefit": np.array([1.1, 1.9, 5.0]),
        "mix_benefit": 1.35,
        "severity_weight": np.array([0.6, 1.0, 2.0]),
        "above": 1.0,
        "below": 2.0,
        "refusal_harm": 0.2,
        "split_harm": 0.05,
        "threshold_harm": 0.1,
        "shift_harm": 0.5,
        "keep_moral": 1.0,
        "keep_harm": 0.05,
        "down_moral": 1.0,
        "down_harm": 0.05,
    }
    return UtilityRules(**(standard | changes))


def staff(n: int, groups: int = 1, **changes: Any) -> Staff:
    """Equal deciders with neutral conduct."""
    standard: dict[str, Any] = {
        "conduct": np.tile(NEUTRAL, (n, 1)),
        "act_from": np.full((len(CHANNELS), n), np.inf),
        "referral": np.zeros((groups, 2)),
        "profit": np.full(n, 0.8),
        "altruism": np.full(n, 0.8),
        "group_profit": np.full(groups, 0.8),
        "group_altruism": np.full(groups, 0.8),
        "eagerness": np.full(n, 0.8),
        "group_eagerness": np.full(groups, 0.8),
        "rule": np.zeros(n, dtype=np.int64),
        "group_rule": np.zeros(groups, dtype=np.int64),
        "memory": np.zeros((n, len(CHANNELS), 0)),
        "referral_memory": np.zeros((groups, 2, 0)),
        "peers": np.zeros(n, dtype=np.int64),
    }
    return Staff(**(standard | changes))
