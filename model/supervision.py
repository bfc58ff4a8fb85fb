"""Audit of claims: how likely a distorted claim is found, what is taken back and what is fined.

Detection depends on a rule that looks at every claim and on audits that look where a provider stands out from its peers. What conduct
expects and what the audit phase charges are the same functions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.care import CODING, SHIFT, SPLITTING, THRESHOLD

AUDITED_CHANNELS = (CODING, SPLITTING, THRESHOLD, SHIFT)
"""Channels an auditor can see in a claim; under-treatment and refusal leave none."""


@dataclass(frozen=True)
class AuditRules:
    """``rate`` share of claims audited; ``rule[channel]`` detection by rules on all claims; ``fine[channel]`` multiple on top of recovery;
    ``sharpness``, ``offset`` and ``ceiling`` of detection (``conduct.md``); ``false_positive`` share of audited clean claims disputed
    wrongly and ``cost_per_audit`` fen (assumptions in the behaviour file)."""

    rate: float
    rule: dict[int, float]
    fine: dict[int, float]
    sharpness: float
    offset: float
    ceiling: float
    false_positive: float
    cost_per_audit: int
    split_gain: float


def detection(
    rules: AuditRules, channel: int, conduct: NDArray[np.float64], tier: NDArray[np.int8], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Probability that a claim distorted by ``channel`` is found, by provider: min(ceiling, rule + rate·sharpness·(own + o)/(peers + o)).

    Peers are the providers of the same tier, by volume ``weight``.
    """
    own = conduct[:, channel]
    volume = np.bincount(tier, weights=weight, minlength=3)
    mean = np.divide(np.bincount(tier, weights=own * weight, minlength=3), volume, out=np.zeros(3), where=volume > 0)
    standing = (own + rules.offset) / (mean[tier] + rules.offset)
    return np.minimum(rules.ceiling, rules.rule[channel] + rules.rate * rules.sharpness * standing)
