"""What follows from findings: fines by law, credit, suspension, inspections, complaints (rules I1 to I4).

Pure functions and columns by provider; :mod:`model.phases.sanction` applies them, the quote expects them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.care import CODING, SHIFT, SPLITTING, THRESHOLD
from model.codes import TIERS
from model.supervision import AUDITED_CHANNELS

Floats = NDArray[np.float64]

BREACH, FRAUD = 38, 40
"""Articles of the Regulation of 2021: breaches of the rules of use, and fraud with records made up (rules I1)."""
MULTIPLE = {BREACH: (1.0, 2.0), FRAUD: (2.0, 5.0)}
"""Least and most fine by article, as a multiple of the money refunded (rules I1)."""
RECORDS_FINE = (1_000_000, 5_000_000)
"""Least and most fine for records that are not kept or given, fen (article 39, rules I1)."""
ARTICLE = {channel: FRAUD if channel == CODING else BREACH for channel in AUDITED_CHANNELS}
"""Article that a channel breaks: writing a case up takes a false record (assumption), the others are named in article 38."""
COMPLAINED = (SPLITTING, THRESHOLD, SHIFT)
"""Channels that a patient notices."""
FULL = 100.0
"""Credit without findings."""
GRADES = "ABCDE"
GRADE_FROM = (90.0, 80.0, 70.0, 60.0)
"""Least credit of grades A to D (five grades as in Guangdong; the lines are an assumption; rules I3)."""
INSIDER_MORE = 0.2
"""What a complaint from inside adds to its reward (rules I4)."""


@dataclass(frozen=True)
class Reward:
    """Reward of a complaint: ``share`` of the value verified, not less than ``least`` nor more than ``most`` fen (rules I4)."""

    share: float
    least: int
    most: int


def multiple(low: float | Floats, high: float | Floats, credit: Floats) -> Floats:
    """Fine as a multiple of the refund: least at full credit, most at none, linear between (assumption; the law gives the range)."""
    place = 1.0 - np.clip(credit, 0.0, FULL) / FULL
    return np.asarray(low + (np.maximum(high, low) - low) * place, dtype=np.float64)


def grade(credit: Floats) -> NDArray[np.int64]:
    """Position in :data:`GRADES` of each credit (rules I3)."""
    return np.searchsorted(-np.array(GRADE_FROM), -np.asarray(credit), side="left")


def reward_of(value: NDArray[np.int64], rule: Reward, insider: bool = False) -> NDArray[np.int64]:
    """Fen paid for complaints about ``value`` fen verified each; nothing where nothing was verified (rules I4)."""
    share = rule.share * (1 + INSIDER_MORE * insider)
    paid = np.clip(np.rint(value * share), rule.least, rule.most).astype(np.int64)
    return np.where(value > 0, paid, 0)


@dataclass(frozen=True)
class SanctionRules:
    """What follows from findings; the defaults are those of an insurer that fines and does nothing else.

    Attributes:
        fine_most: fine multiple at no credit, by channel; the audit's own multiple holds at full credit (I1).
        memory: months that findings and clean claims are remembered for, on the average.
        prior: claims at the city's mean that stand beside a provider's own, so that a small one is not judged on one claim.
        points: points of credit lost for each hundredth of claims found distorted (I3).
        deposit_more: how much more of what is owed is held as a deposit at no credit, over the cycle's own share.
        audit_more: how much more often a provider without credit is audited than one in full credit.
        interest: of a year, on money that a provider gets later.
        close_from: share of claims found from which a provider's agreement is suspended for ``close_months``; a second time within
            ``term`` months it is ended for ``end_months`` (I1, I2).
        inspected: institutions visited unannounced a year, as a share of all; ``risk``: how much likelier one without credit is;
            ``sensitivity``: part of distorted claims that a visit finds; ``visit_cost`` fen (I2).
        campaign_month: month of the year (1 to 12) in which providers are asked to look through their own claims, 0 for none;
            ``recheck``: institutions visited in the month after, as a share of all; ``spread``: of what they believe a fen is at risk.
        complaint: probability that the patient of a divided, needless or shifted stay complains; ``verified``: that it is then found;
            ``reward`` (I4).
        bonus: paid for an audited clean claim, as a share of its charge.
        dear: cost per unit of case mix over peers' from which a provider is warned; ``ahead``: money recorded this year over last
            year's pace; ``warned_more``: how much likelier one who is warned is visited and audited, less one (K, A5).
    """

    fine_most: dict[int, float] = field(default_factory=dict)
    memory: float = 12.0
    prior: float = 30.0
    points: float = 0.0
    deposit_more: float = 0.0
    audit_more: float = 0.0
    interest: float = 0.0
    close_from: float = np.inf
    close_months: int = 0
    term: int = 0
    end_months: int = 0
    inspected: float = 0.0
    risk: float = 0.0
    sensitivity: float = 0.0
    visit_cost: int = 0
    campaign_month: int = 0
    recheck: float = 0.0
    spread: float = 1.0
    complaint: float = 0.0
    verified: float = 0.0
    reward: Reward = Reward(0.0, 0, 0)
    bonus: float = 0.0
    dear: float = np.inf
    ahead: float = np.inf
    warned_more: float = 0.0

    def fine(self, channel: int, least: float, credit: Floats) -> Floats:
        """Fine multiple of each provider for a channel, from the audit's ``least`` up (rules I1)."""
        return multiple(least, self.fine_most.get(channel, least), credit)


@dataclass
class Standing:
    """What the insurer holds against each provider.

    Attributes:
        credit: points of a hundred.
        found, seen: claims found distorted and claims seen, fading with the memory.
        closed_until: month (index) from which insured patients may come again; 0 where the agreement was never suspended.
        closed_last: month in which it was suspended last, long ago where never.
        charged, weighed: charges (fen) and case mix of claims as written, fading like claims.
        warned: who runs ahead of peers or of last year.
    """

    credit: Floats
    found: Floats
    seen: Floats
    closed_until: NDArray[np.int64]
    closed_last: NDArray[np.int64]
    charged: Floats
    weighed: Floats
    warned: NDArray[np.bool_]

    @classmethod
    def clean(cls, n: int) -> Standing:
        """Providers against whom nothing is held."""
        none, ever, never = np.zeros((4, n)), np.zeros(n, dtype=np.int64), np.full(n, -(10**6))
        return cls(np.full(n, FULL), none[0], none[1], ever, never, none[2], none[3], np.zeros(n, dtype=bool))

    def closed(self, month: int) -> NDArray[np.bool_]:
        """Whose agreement is suspended or ended in a month."""
        return self.closed_until > month

    def share(self, rules: SanctionRules) -> Floats:
        """Share of claims found distorted, each provider's own leaning on the city's where it has few."""
        mean = self.found.sum() / max(self.seen.sum(), 1.0)
        whole = self.seen + rules.prior
        return np.divide(self.found + rules.prior * mean, whole, out=np.zeros_like(whole), where=whole > 0)

    def learn(self, rules: SanctionRules, found: Floats, seen: Floats) -> None:
        """Takes a month's claims into account; credit falls with findings and comes back as they fade (rules I3)."""
        fade = np.exp(-1.0 / rules.memory)
        self.found, self.seen = self.found * fade + found, self.seen * fade + seen
        self.credit = np.clip(FULL - FULL * rules.points * self.share(rules), 0.0, FULL)

    def warn(self, rules: SanctionRules, charged: Floats, weighed: Floats, pace: Floats, tier: NDArray[np.int8]) -> None:
        """Who costs more than peers of the tier by case mix, or spends faster than last year (rules K, A5).

        A provider with fewer claims in memory than the prior is not judged.

        Args:
            charged, weighed: the month's charges and case mix by provider, as written.
            pace: recorded money of the settlement year so far over last year's in as many months; 0 where it is too early to say.
            tier: of each provider.
        """
        fade = np.exp(-1.0 / rules.memory)
        self.charged, self.weighed = self.charged * fade + charged, self.weighed * fade + weighed
        whole = np.bincount(tier, weights=self.weighed, minlength=len(TIERS))
        mean = np.bincount(tier, weights=self.charged, minlength=len(TIERS)) / np.maximum(whole, 1e-9)
        usual = mean[tier] * self.weighed
        over = np.divide(self.charged, usual, out=np.zeros_like(usual), where=usual > 0)
        self.warned = (self.seen >= rules.prior) & ((over > rules.dear) | (pace > rules.ahead))

    def close(self, rules: SanctionRules, month: int, may: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Suspends the agreements of those who pass the line, or ends them; they begin again half way to it.

        The end after a second suspension within an agreement's term is article 43 of order no. 2 of 2020 on designated institutions.
        """
        hit = may & ~self.closed(month) & (self.share(rules) >= rules.close_from)
        again = hit & (month - self.closed_last < rules.term)
        months = np.where(again, rules.end_months, rules.close_months)
        self.closed_until = np.where(hit, month + 1 + months, self.closed_until)
        self.closed_last = np.where(hit, month, self.closed_last)
        self.found = np.where(hit, 0.5 * rules.close_from * rules.prior, self.found)
        self.seen = np.where(hit, rules.prior, self.seen)
        return hit


def weight_of(rules: SanctionRules, standing: Standing, more: float, local: NDArray[np.bool_]) -> Floats:
    """How much likelier a provider is looked at than the mean one: 1 + ``more`` at no credit over 1 at full; 0 outside the city.

    Who is warned is looked at more often by the rules' own factor.
    """
    weight = (1.0 + more * (1.0 - standing.credit / FULL)) * (1.0 + rules.warned_more * standing.warned)
    weight = np.where(local, weight, 0.0)
    return weight / max(float(weight.sum() / max(local.sum(), 1)), 1e-12)


def visited(rules: SanctionRules, standing: Standing, local: NDArray[np.bool_], share: float) -> Floats:
    """Probability of a visit if a ``share`` of institutions is visited (rules I2)."""
    return np.minimum(share * weight_of(rules, standing, rules.risk, local), 1.0)


def chance(rules: SanctionRules, channel: int, audited: Floats, visit: Floats) -> Floats:
    """Probability that a claim distorted by a channel is found in the end: by audit, by complaint, or by a visit in the year after."""
    complaint = rules.complaint * rules.verified if channel in COMPLAINED else 0.0
    return 1.0 - (1.0 - audited) * (1.0 - complaint) * (1.0 - visit * rules.sensitivity)


def owned_up(rules: SanctionRules, belief: Floats, fine: Floats, aversion: float) -> Floats:
    """Share of gains that providers return of themselves before a visit they believe in, without a fine (自查自纠, rules I2).

    A fen kept costs ``belief`` × sensitivity × (1 + fine), felt as a loss; a fen returned costs one. Beliefs differ, so the answer is
    logistic in the difference.
    """
    felt = belief * rules.sensitivity * (1.0 + fine) * aversion - 1.0
    return np.where(belief > 0, 1.0 / (1.0 + np.exp(-felt / rules.spread)), 0.0)


def cost_of_finding(rules: SanctionRules, standing: Standing, month_margin: Floats, lent: Floats, held: Floats) -> Floats:
    """Fen that one more claim found distorted costs a provider beyond refund and fine, by provider.

    Credit: points lost times the interest on what comes later for each, as long as findings are remembered. Suspension: the margin of
    its months times how much likelier a finding makes it, by the normal limit of the count of findings.

    Args:
        month_margin: revenue less variable cost of a month, fen.
        lent: advanced in a year at full credit, fen.
        held: deposited by the end of a year at full credit, fen; half of it on the average.
    """
    whole = np.maximum(standing.seen + rules.prior, 1.0)
    points = np.where(standing.credit > 0, FULL * rules.points / whole, 0.0)
    lost = points * rules.memory / 12.0 * rules.interest * (lent + 0.5 * rules.deposit_more * held) / FULL
    if not np.isfinite(rules.close_from):
        return lost
    line = rules.close_from * whole - rules.prior * standing.found.sum() / max(standing.seen.sum(), 1.0)
    sd = np.sqrt(np.maximum(standing.found, 1.0))
    likelier = np.exp(-0.5 * ((line - 0.5 - standing.found) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
    cost: Floats = lost + likelier * rules.close_months * month_margin
    return cost
