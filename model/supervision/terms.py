"""Terms of supervision: budget, how it is shared out, how sharp desk and auditors are, what an audit costs."""

from __future__ import annotations

from dataclasses import dataclass

from model.care import CODING, SHIFT, SPLITTING, THRESHOLD
from model.supervision.smart_rules import RuleLimits

AUDITED_CHANNELS = (CODING, SPLITTING, THRESHOLD, SHIFT)
"""Channels an auditor can see in a claim, in the order of every channel axis here; under-treatment and refusal leave none."""


@dataclass(frozen=True)
class AuditRules:
    """What the insurer has to watch claims with (sources: the behaviour file, or the policy's `[supervision]`).

    Attributes:
        regime: name of the way the budget is spent, one of ``REGIMES``.
        rate: audits a month over claims; an audit of a claim looks at every channel, which makes one check each.
        weight: ``[channel]`` parts of the budget; only their ratio matters.
        review: ``[channel]`` share of distorted claims flagged by a smart rule that the review at the desk confirms.
        fine: ``[channel]`` multiple on top of what is taken back.
        sensitivity: share of distorted claims that a check finds.
        lift: how much likelier a claim flagged by a rule is checked than another one of its provider.
        offset: added to shares of flagged claims before a provider is held against its peers.
        exploration: part of the budget that an adaptive regime does not move.
        memory: months of experience that an adaptive regime goes by.
        false_positive, review_false_positive: share of clean claims disputed wrongly, by a check and by the desk.
        cost_per_audit, cost_per_review: fen for an audit of all channels of a claim, and for a review of a flagged claim.
        split_gain: part of a divided stay's charge that is taken back.
        limits: from where the smart rules flag.
    """

    regime: str
    rate: float
    weight: dict[int, float]
    review: dict[int, float]
    fine: dict[int, float]
    sensitivity: float
    lift: float
    offset: float
    exploration: float
    memory: int
    false_positive: float
    review_false_positive: float
    cost_per_audit: int
    cost_per_review: int
    split_gain: float
    limits: RuleLimits

    @property
    def cost_per_check(self) -> float:
        """Fen for looking at one channel of one claim."""
        return self.cost_per_audit / len(AUDITED_CHANNELS)
