"""How a limited budget of audits is spent, and how likely it makes a distorted claim to be found.

The insurer's :class:`Watch` remembers, with less weight the older, what was flagged, checked and found by channel and provider. From it
follow the probabilities with which claims are drawn; providers read from the same numbers how likely they are found out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.supervision.findings import Findings
from model.supervision.smart_rules import MEMORY, PEERS
from model.supervision.terms import AUDITED_CHANNELS, AuditRules

Floats = NDArray[np.float64]
N_CHANNELS = len(AUDITED_CHANNELS)
SHARE_FLAGGED = 0.5
"""Share of distorted claims that a provider expects the rules to flag before anything has been seen (assumption)."""


class Tally:
    """Faded sums ``[channel, provider]`` of part and whole, and the share of part in whole, leaning on a mean where little was seen."""

    def __init__(self, n_providers: int) -> None:
        self.part = np.zeros((N_CHANNELS, n_providers))
        self.whole = np.zeros((N_CHANNELS, n_providers))

    def add(self, part: Floats, whole: Floats, fade: float) -> None:
        """Adds a month; what was there before counts ``fade`` times as much."""
        self.part = self.part * fade + part
        self.whole = self.whole * fade + whole

    def city(self, otherwise: float) -> Floats:
        """Share of each channel in the whole city ``[channel, 1]``, leaning on ``otherwise``."""
        part, whole = self.part.sum(axis=1, keepdims=True), self.whole.sum(axis=1, keepdims=True)
        return np.asarray((part + PEERS * otherwise) / (whole + PEERS))

    def share(self, mean: Floats) -> Floats:
        """Share of each provider, leaning on ``mean``, of any shape that fits."""
        return np.asarray((self.part + PEERS * mean) / (self.whole + PEERS))


class Watch:
    """What the insurer remembers of claims, checks and findings, and where it looks next.

    Args:
        tier: of each provider; providers of one tier are peers.
        local: providers that are watched.
    """

    def __init__(self, tier: NDArray[np.int8], local: NDArray[np.bool_]) -> None:
        n = len(tier)
        self._tier, self._local = tier, local
        self.flagged = Tally(n)
        """Flagged claims over all claims."""
        self.marked = Tally(n)
        """Flagged distorted claims over distorted claims: what providers know of themselves."""
        self.yields = Tally(n)
        """Checks that found something over checks."""

    def remember(self, rules: AuditRules, findings: Findings) -> None:
        """Adds a month's findings."""
        n = len(self._tier)

        def count(table: NDArray[np.bool_]) -> Floats:
            return findings.by_provider(table, n)

        slow, fast = 1 - 1 / MEMORY, 1 - 1 / rules.memory
        everything = np.broadcast_to(np.bincount(findings.provider, minlength=n).astype(np.float64), (N_CHANNELS, n))
        self.flagged.add(count(findings.flagged), everything, slow)
        self.marked.add(count(findings.flagged & findings.distorted), count(findings.distorted), slow)
        self.yields.add(count(findings.by_audit), count(findings.checked), fast)

    def flagged_share(self) -> Floats:
        """Flagged share of each provider's claims ``[channel, provider]``, leaning on its peers'."""
        return self.flagged.share(self._of_peers(self.flagged))

    def _of_peers(self, tally: Tally) -> Floats:
        """Share in all claims of each provider's tier ``[channel, provider]``, by volume."""
        part, whole = (
            np.stack([np.bincount(self._tier, weights=row, minlength=3) for row in table]) for table in (tally.part, tally.whole)
        )
        return np.asarray((part / np.maximum(whole, 1e-9))[:, self._tier])

    def standing(self, rules: AuditRules) -> Floats:
        """How far each provider stands out: its flagged share over its peers', offset added to both ``[channel, provider]``."""
        return np.asarray((self.flagged_share() + rules.offset) / (self._of_peers(self.flagged) + rules.offset))

    def even(self, factor: Floats) -> Floats:
        """A factor ``[channel, provider]`` scaled so that the claims of the watched have one on average: the budget is kept."""
        volume = np.where(self._local, self.flagged.whole, 0.0)
        whole = volume.sum(axis=1, keepdims=True)
        mean = np.where(whole > 0, (factor * volume).sum(axis=1, keepdims=True) / np.maximum(whole, 1e-9), 1.0)
        return np.asarray(factor / np.maximum(mean, 1e-9))

    def intensity(self, rules: AuditRules, attention: Floats | float = 1.0) -> Floats:
        """Probability that a claim is checked ``[flagged or not, channel, provider]``: row 0 of claims no rule flags, row 1 of others.

        Args:
            attention: by provider, how much likelier than the mean it is looked at for other reasons.
        """
        weight = np.array([rules.weight[channel] for channel in AUDITED_CHANNELS])
        channel, provider, lift = REGIMES[rules.regime](self, rules)
        budget = weight * channel
        share = budget / max(float(budget.sum()), 1e-12) * N_CHANNELS
        plain = rules.rate * share[:, None] * self.even(provider * attention)
        flagged = self.flagged_share()
        plain = plain / (1 + flagged * (lift - 1))
        return np.where(self._local, np.clip(np.stack([plain, lift * plain]), 0.0, 1.0), 0.0)

    def detection(self, rules: AuditRules, attention: Floats | float = 1.0) -> dict[int, Floats]:
        """Probability by provider that a claim distorted by each channel is found: what audits and desk do, as last seen."""
        review = np.array([rules.review[channel] for channel in AUDITED_CHANNELS])[:, None]
        plain, flagged = rules.sensitivity * self.intensity(rules, attention)
        seen = self.marked.share(self.marked.city(SHARE_FLAGGED))
        both = 1 - (1 - review) * (1 - flagged)
        found = np.where(self._local, seen * both + (1 - seen) * plain, 0.0)
        return dict(zip(AUDITED_CHANNELS, found, strict=True))


Share = tuple[Floats, Floats, float]


def _random(watch: Watch, rules: AuditRules) -> Share:
    """Every claim alike."""
    return np.ones(N_CHANNELS), np.ones_like(watch.flagged.part), 1.0


def _risk(watch: Watch, rules: AuditRules) -> Share:
    """By risk score: flagged claims before others, and claims of providers that stand out before those of their peers."""
    return np.ones(N_CHANNELS), watch.standing(rules), rules.lift


def _adaptive(watch: Watch, rules: AuditRules) -> Share:
    """As by risk score, and towards channels and providers where checks of the last months found most, but for a part that explores."""
    mean = float(watch.yields.part.sum() / max(float(watch.yields.whole.sum()), 1e-9))
    channel = watch.yields.city(mean)
    provider = watch.yields.share(channel) / np.maximum(channel, 1e-9)
    explore = rules.exploration
    moved = (1 - explore) * channel[:, 0] / mean + explore if mean > 0 else np.ones(N_CHANNELS)
    there = (1 - explore) * provider + explore if mean > 0 else np.ones_like(provider)
    return moved, watch.standing(rules) * there, rules.lift


@dataclass(frozen=True)
class Regime:
    """A way to spend the budget: labels, and parts of the budget by channel and provider with the lift of flagged claims."""

    name: str
    label_zh: str
    label_en: str
    share: Callable[[Watch, AuditRules], Share]

    def __call__(self, watch: Watch, rules: AuditRules) -> Share:
        return self.share(watch, rules)


REGIMES: dict[str, Regime] = {
    regime.name: regime
    for regime in (
        Regime("random", "随机抽查", "Random", _random),
        Regime("risk", "按风险评分抽查", "By risk score", _risk),
        Regime("adaptive", "自适应抽查", "Adaptive", _adaptive),
    )
}
"""Ways to spend the budget of audits, by name."""
