"""The settlement cycle around a mode: what of an entitlement is cleared, and how much of it is paid when (rules E10–E13)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cycle:
    """Rules of the cycle; the defaults are those of a cycle without rules.

    Attributes:
        monthly_share: part of what the mode entitles to that is paid month by month; the rest comes at clearing (E10).
        monthly_value: what months are paid by: what is ``settled`` so far, or points at the ``opening`` value of the year (E10).
        deposit_share: part of the same that is held on a deposit account until the clearing (E10).
        score_points: points of a hundred that a provider loses for each hundredth of its cases found distorted (assumption of the model).
        assessment_low: coefficient K on what is payable at a score of nothing (E12).
        assessment_high: the same at a hundred points; between them K is linear.
        release_from: score from which the deposit is released in full (E12).
        release_loss: part of the deposit forfeited for each point below that.
        release_least: score below which all of it is forfeited.
        advance_months: months of last year's mean spending that are advanced in January, times the score of a hundred as credit (G1).
        clearing_lag: months from the end of the settlement year to the clearing's payment (E13).
        audit_deduction: what audits take is paid back ``at_once``, or taken from the ``next_months`` (E10) or the ``clearing`` (E13).
        claw_back: what a clearing takes back is paid ``at_once``, or taken from the ``next_months`` (E13).
        retention_from: recorded money over the payable amount from which a surplus is kept; below it only recorded money is paid (E11).
        overrun_to: the same ratio up to which an overrun is shared.
        overrun_share: part of such an overrun that the fund bears.
        overrun_reserve: most the fund bears of all overruns of a scheme together, as a share of what is payable to all.
    """

    monthly_share: float = 1.0
    monthly_value: str = "settled"
    deposit_share: float = 0.0
    score_points: float = 1.0
    assessment_low: float = 1.0
    assessment_high: float = 1.0
    release_from: float = 0.0
    release_loss: float = 0.0
    release_least: float = 0.0
    advance_months: float = 0.0
    clearing_lag: int = 0
    audit_deduction: str = "at_once"
    claw_back: str = "at_once"
    retention_from: float = 0.0
    overrun_to: float = 1.0
    overrun_share: float = 0.0
    overrun_reserve: float = 1.0

    def __post_init__(self) -> None:
        # rounded, since 0.95 and 0.05 as binary numbers need not make one
        if round(self.monthly_share + self.deposit_share, 9) > 1:
            raise InputError(
                "months and deposit are more than the whole",
                path="cycle.deposit_share",
                found=self.deposit_share,
                allowed=f"at most {1 - self.monthly_share:g}, since months pay {self.monthly_share:g}",
            )
        if self.release_from < self.release_least:
            raise InputError(
                "the deposit cannot be released in full at a score at which all of it is forfeited",
                path="cycle.release_from",
                found=self.release_from,
                allowed=f"at least release_least, {self.release_least:g}",
            )

    @property
    def assesses(self) -> bool:
        """Whether any money depends on a provider's score."""
        forfeits = self.deposit_share > 0 and (self.release_loss > 0 or self.release_least > 0)
        return forfeits or self.advance_months > 0 or (self.assessment_low, self.assessment_high) != (1, 1)

    @property
    def grants_other(self) -> bool:
        """Whether a clearing may grant something else than what the mode entitles to."""
        return (self.assessment_low, self.assessment_high) != (1, 1) or self.retention_from > 0 or self.shares_overruns

    @property
    def claws_back_later(self) -> bool:
        """Whether what a clearing takes back is taken from the next months' payments."""
        return self.claw_back == "next_months"

    @property
    def shares_overruns(self) -> bool:
        """Whether the fund bears a part of any overrun."""
        return self.overrun_share > 0 and self.overrun_to > 1


def score_of(cases: Floats, distorted: Floats, cycle: Cycle) -> Floats:
    """Assessment score, 0 to 100, from cases and those of them that audits found distorted; a hundred without cases.

    Cities score on lists of indicators and inspections; what audits find is all of it that the model has (assumption).
    """
    share = np.divide(distorted, cases, out=np.zeros_like(cases), where=cases > 0)
    return np.clip(100.0 - cycle.score_points * 100.0 * share, 0.0, 100.0)


def assessment(score: Floats, cycle: Cycle) -> Floats:
    """Coefficient K on what is payable, linear in the score (rules E12)."""
    return cycle.assessment_low + (cycle.assessment_high - cycle.assessment_low) * score / 100.0


def released(score: Floats, cycle: Cycle) -> Floats:
    """Part of the deposit that a score releases: all from one line on, nothing below another, less by the point between (rules E12)."""
    lost = cycle.release_loss * np.maximum(cycle.release_from - score, 0.0)
    return np.where(score < cycle.release_least, 0.0, np.maximum(1.0 - lost, 0.0))


def advance_of(last_year: NDArray[np.int64], score: Floats, cycle: Cycle) -> NDArray[np.int64]:
    """Fen advanced to each provider for the year: mean month of last year × months × credit (rules G1).

    ``score``: the credit that the insurer keeps of each, or where it keeps none the score of its assessment (assumption).
    """
    month = np.maximum(last_year, 0) / 12.0
    return np.floor(month * cycle.advance_months * score / 100.0).astype(np.int64)


def assessed(payable: Floats, coefficient: Floats) -> Floats:
    """What is payable times K; a negative amount is left as it is (rules E12)."""
    return np.where(payable > 0, payable * coefficient, payable)


def overrun_asked(payable: Floats, recorded: Floats, cycle: Cycle) -> Floats:
    """Fen that the bands would add for recorded money above what is payable: g · (min(A, hi · B) − B), for B above nothing (rules E11)."""
    beyond = np.minimum(recorded, cycle.overrun_to * payable) - payable
    return np.where(payable > 0, cycle.overrun_share * np.maximum(beyond, 0.0), 0.0)


def overrun_granted(asked: Floats, reserve: Floats) -> Floats:
    """Part of what is asked that the reserve can pay, one at most: all are cut alike (rules E11)."""
    return np.divide(np.minimum(reserve, asked), asked, out=np.ones_like(asked), where=asked > 0)


def cleared(payable: Floats, recorded: Floats, cycle: Cycle, granted: Floats | float = 1.0) -> Floats:
    """What a clearing grants of what is payable, fen of any shape.

    With x = A/B, recorded over payable: below ``retention_from`` A is paid, since the surplus was not earned; up to one B, so that a
    surplus is kept; above, B and a share of the overrun. Where nothing is payable there is no ratio and B stands.

    Args:
        payable: B, what the mode entitles to.
        recorded: A, what the fund would have paid item by item.
        cycle: the bands (rules E11).
        granted: part of the overruns asked for that the reserve can pay.
    """
    banded = payable + granted * overrun_asked(payable, recorded, cycle)
    unearned = np.maximum(recorded, 0.0) < cycle.retention_from * payable
    return np.where(unearned, recorded, banded)
