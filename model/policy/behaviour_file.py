"""What the behaviour file may hold: how providers weigh, what they can do, who watches, how they learn."""

from typing import Annotated

from pydantic import Field, model_validator

from model.policy.leaf import Leaf, leaf, problem
from model.policy.section import ByOwnership, BySeverity, Section

__all__ = ["BehaviourFile"]

Factor = Annotated[Leaf, leaf("factor", 0, 1000)]
Share = Annotated[Leaf, leaf("share", 0, 1)]
Spread = Annotated[Leaf, leaf("log unit", 0, 3)]


class PatientBenefit(Section):
    """Concavity of patient benefit in intensity, by severity and for outpatients, and in length of stay."""

    mild: Factor
    moderate: Factor
    severe: Factor
    outpatient: Factor
    stay: BySeverity[Factor]


class BenefitLoss(Section):
    """What the other channels take from the patient, in shares of the standard charge."""

    above: Annotated[Leaf, leaf("factor", 0, 100, "weight of intensity above the standard")]
    below: Annotated[Leaf, leaf("factor", 0, 100, "weight of intensity below the standard")]
    refusal: Factor
    refusal_weight: BySeverity[Factor]
    splitting: Factor
    threshold: Factor
    shift: Factor
    keep: Annotated[Leaf, leaf("factor", 0, 100, "case kept in the county below the level it needs")]
    down: Annotated[Leaf, leaf("factor", 0, 100, "stable case sent down")]


class Utility(Section):
    """U = λ (payment − κ cost − sanctions) + α benefit − moral cost, over standard charges."""

    kappa: Annotated[Leaf, leaf("share", 0, 1.5, "variable cost per yuan of charge")]
    lambda_: ByOwnership[Annotated[Leaf, leaf("factor", 0, 10, "weight of profit")]] = Field(alias="lambda")
    lambda_log_sd: Spread
    alpha: ByOwnership[Annotated[Leaf, leaf("factor", 0, 10, "weight of patient benefit")]]
    alpha_log_sd: Spread
    benefit: PatientBenefit
    loss: BenefitLoss


class Moral(Section):
    """Moral cost per eligible yuan: coding m/3·u³, every other channel m/2 times the squared distance from neutral."""

    coding: Factor
    treatment: Factor
    splitting: Factor
    threshold: Factor
    selection: Factor
    shift: Factor
    stay: Factor
    keep: Factor
    down: Factor


class Eligibility(Section):
    """Which cases each channel can reach, and what it does to their charge."""

    coding: BySeverity[Share]
    treatment: Share
    treatment_uplift: Annotated[Leaf, leaf("share", 0, 10, "added charge where treatment is upgraded")]
    splitting: Share
    splitting_overhead: Annotated[Leaf, leaf("share", 0, 10, "added charge of a split stay")]
    marginal_per_admission: Annotated[Leaf, leaf("factor", 0, 10, "outpatients who could be admitted, per admission")]
    marginal_charge: Annotated[Leaf, leaf("factor", 0, 10, "their charge over a mild case's")]
    costly_threshold: Annotated[Leaf, leaf("factor", 0, 100, "noisy need above which a case looks costly")]
    costly_noise_sd: Annotated[Leaf, leaf("factor", 0, 10, "error of the provider's view of need")]


class AuditRules(Section):
    """Base probability that automatic rules find an item, by channel."""

    coding: Share
    splitting: Share
    threshold: Share
    shift: Share


class Fines(Section):
    """Fine as a multiple of what is recovered."""

    coding: Factor
    other: Factor


class Audit(Section):
    """Detection p = min(ceiling, rule + rate · peer_weight · (own + offset) / (peers + offset))."""

    rate: Annotated[Leaf, leaf("share", 0, 1, "claims audited")]
    rule: AuditRules
    fine: Fines
    peer_weight: Factor
    peer_offset: Share
    ceiling: Share
    split_gain: Annotated[Leaf, leaf("share", 0, 1, "recovered charge of a split stay")]
    false_positive: Annotated[Leaf, leaf("share", 0, 1, "audited clean claims that are disputed wrongly")]
    cost_per_audit: Annotated[Leaf, leaf("yuan", 0, 1e6, "cost of auditing a claim")]


class Care(Section):
    """How cases vary, and what treatment changes in a stay."""

    need_log_sd: Annotated[Leaf, leaf("log unit", 0, 3, "spread of true need within a disease group")]
    split_first: Annotated[Leaf, leaf("share", 0, 1, "part of a split stay that comes first")]
    stay_response: Annotated[Leaf, leaf("factor", 0, 5, "relative change of days per relative change of services")]
    daily_share: Annotated[Leaf, leaf("share", 0, 1, "part of the standard charge that is charged by the day")]


class Health(Section):
    """Outcomes of a case at the clinical standard, and their response to treatment."""

    complication: BySeverity[Share]
    readmission: BySeverity[Share]
    death: BySeverity[Share]
    quality_loss: BySeverity[Annotated[Leaf, leaf("QALY", 0, 1, "quality-adjusted years lost by an episode")]]
    under: Annotated[Leaf, leaf("factor", 0, 100, "response of risk to a shortfall of services")]
    over: Annotated[Leaf, leaf("factor", 0, 100, "response of risk to an excess of services")]
    short: Annotated[Leaf, leaf("factor", 0, 100, "response of complication and readmission to too short a stay")]
    long: Annotated[Leaf, leaf("factor", 0, 100, "response of complication and readmission to too long a stay")]
    untreated: Annotated[Leaf, leaf("share", 0, 1, "intensity that no care at all harms like")]
    split_harm: Annotated[Leaf, leaf("share", 0, 10, "added risk of a split stay")]


class Learning(Section):
    """How conduct is revised."""

    period_months: Annotated[Leaf, leaf("month", 1, 24, form="integer")]
    inertia: Annotated[Leaf, leaf("share", 0, 1, "part of the old conduct that stays")]
    step: Annotated[Leaf, leaf("factor", 0.02, 0.5, "finite step of a difference: not below 0.02")]
    noise: Annotated[Leaf, leaf("factor", 0, 0.5, "spread of the error in a revised conduct")]


class Sample(Section):
    """How many weighted cases a provider's quote is computed on."""

    minimum: Annotated[Leaf, leaf("case", 1, 1e5, form="integer")]
    maximum: Annotated[Leaf, leaf("case", 1, 1e5, form="integer")]


class Finish(Section):
    """Case-level finish: for a share of cases the best of a few levels of the planned charge."""

    share: Share
    levels: Annotated[Leaf, leaf("factor", 0.1, 10, form="vector")]


class BehaviourFile(Section):
    """Everything the conduct rules and the supervision are told."""

    sources: dict[str, str]
    utility: Utility
    moral: Moral
    eligibility: Eligibility
    audit: Audit
    care: Care
    health: Health
    learning: Learning
    sample: Sample
    finish: Finish

    @model_validator(mode="after")
    def _sample_in_order(self) -> "BehaviourFile":
        low, high = self.sample.minimum.history[0].value, self.sample.maximum.history[0].value
        if low > high:
            raise problem("the minimum exceeds the maximum", at=".sample.minimum", found=low, allowed=f"at most {high}")
        return self
