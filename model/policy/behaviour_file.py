"""What the behaviour file may hold: how providers weigh, what they can do, who watches, how they learn."""

from typing import Annotated

from pydantic import Field, model_validator

from model.policy.leaf import Leaf, leaf, problem
from model.policy.section import ByAuditedChannel, ByItem, ByOwnership, BySeverity, ByTier, Section

__all__ = ["BehaviourFile", "Supervision"]

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
    mix: Annotated[Leaf, leaf("factor", 0, 1000, "curvature in the mix of items of a stay")]


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
    """U = λ (payment − κ cost − sanctions) + α benefit − moral cost, over standard charges; λ = lambda · pass_through."""

    lambda_: ByOwnership[ByTier[Annotated[Leaf, leaf("factor", 0, 10, "weight of profit that reaches the deciders")]]] = Field(
        alias="lambda"
    )
    pass_through: ByOwnership[ByTier[Annotated[Leaf, leaf("share", 0, 1, "part of the surplus that reaches the deciders")]]]
    lambda_log_sd: Spread
    alpha: ByOwnership[ByTier[Annotated[Leaf, leaf("factor", 0, 10, "weight of patient benefit")]]]
    alpha_log_sd: Spread
    loss_aversion: Annotated[Leaf, leaf("factor", 0, 10, "weight of a yuan of sanctions over a yuan earned; 1 unless given")] | None = None
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
    drug: Factor
    consumable: Factor
    test: Factor
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


class Capacity(Section):
    """What services cost a house by how full it is."""

    room: Annotated[Leaf, leaf("share", 0, 1, "part of variable cost that is time of beds and staff")]
    usual: ByTier[Annotated[Leaf, leaf("share", 0.05, 1.5, "occupancy at which that time costs its usual")]]


Regime = Annotated[Leaf, leaf("name", doc="how audits are shared out", form="text", choices=("random", "risk", "adaptive"))]
AuditRate = Annotated[Leaf, leaf("share", 0, 1, "audits over claims: the budget; an audit looks at every channel of a claim")]
BudgetWeight = Annotated[Leaf, leaf("factor", 0, 1000, "part of the budget; only the ratio matters")]
ReviewShare = Annotated[Leaf, leaf("share", 0, 1, "flagged distorted claims that the review at the desk confirms")]


class Supervision(Section):
    """What a policy says of supervision in place of the behaviour file's `[audit]`; what is absent stays as there."""

    regime: Regime | None = None
    rate: AuditRate | None = None
    weight: ByAuditedChannel[BudgetWeight] | None = None
    review: ByAuditedChannel[ReviewShare] | None = None

    @model_validator(mode="after")
    def _something_is_watched(self) -> "Supervision":
        starts = {0} | {entry.start or 0 for _, leaf in ([] if self.weight is None else self.weight.items()) for entry in leaf.history}
        for month in sorted(starts):
            if self.weight is not None and not any(leaf.at(month) for _, leaf in self.weight.items()):
                raise problem("no channel has a weight", at=".weight", allowed="at least one above 0; to audit nothing, a rate of 0")
        return self


class RuleLimits(Section):
    """From where the smart rules flag a claim."""

    cheap_for_group: Annotated[Leaf, leaf("ratio", 0, 10, "a dearer split: charge below this times the usual of its group")]
    dear_share: Annotated[Leaf, leaf("ratio", 0, 100, "a provider's share of dearer splits above this times its peers'")]
    cheap_stay: Annotated[Leaf, leaf("ratio", 0, 10, "a mild stay: charge below this times the usual of its group")]
    short_stay: Annotated[Leaf, leaf("ratio", 0, 10, "a mild stay: days below this times the usual of its group")]
    own_share: Annotated[Leaf, leaf("ratio", 0, 100, "part outside the catalogue above this times the usual of its group")]
    long_stay: Annotated[Leaf, leaf("ratio", 0, 1000, "days above this times the usual of the group cannot be")]
    thin_operation: Annotated[Leaf, leaf("ratio", 0, 10, "an operative group: charge below this times the usual cannot be")]


class Fines(Section):
    """Fine as a multiple of what is recovered."""

    coding: Factor
    other: Factor


class Audit(Section):
    """Smart rules flag claims, a desk reviews the flagged, auditors look at a sample under a budget."""

    regime: Regime
    rate: AuditRate
    weight: ByAuditedChannel[BudgetWeight]
    review: ByAuditedChannel[ReviewShare]
    limits: RuleLimits
    fine: Fines
    sensitivity: Annotated[Leaf, leaf("share", 0, 1, "distorted claims that an audit finds")]
    lift: Annotated[Leaf, leaf("factor", 1, 1000, "by risk score: how much likelier a flagged claim is audited")]
    peer_offset: Annotated[Leaf, leaf("share", 0.001, 1, "added to shares of flagged claims before providers are held against peers")]
    exploration: Annotated[Leaf, leaf("share", 0.01, 1, "part of an adaptive budget that does not move")]
    memory: Annotated[Leaf, leaf("month", 1, 60, "experience an adaptive budget goes by", form="integer")]
    split_gain: Annotated[Leaf, leaf("share", 0, 1, "recovered charge of a split stay")]
    false_positive: Annotated[Leaf, leaf("share", 0, 1, "audited clean claims that are disputed wrongly")]
    review_false_positive: Annotated[Leaf, leaf("share", 0, 1, "flagged clean claims that the desk disputes wrongly")]
    cost_per_audit: Annotated[Leaf, leaf("yuan", 0, 1e6, "cost of auditing a claim")]
    cost_per_review: Annotated[Leaf, leaf("yuan", 0, 1e6, "cost of reviewing a flagged claim at the desk")]


class HighestFines(Section):
    """Fine multiple at no credit; the audit's own holds at full credit, between them it is linear (rules I1)."""

    coding: Annotated[Leaf, leaf("factor", 0, 5, "fraud with false records: the law allows 2 to 5")]
    other: Annotated[Leaf, leaf("factor", 0, 5, "breaches of the rules of use: the law allows 1 to 2")]


class Credit(Section):
    """A provider's credit of a hundred points, and what hangs on it (rules I3)."""

    points: Annotated[Leaf, leaf("point", 0, 100, "lost for each hundredth of claims found distorted")]
    deposit_more: Annotated[Leaf, leaf("factor", 0, 10, "deposit held at no credit, over the cycle’s own, less one")]
    audit_more: Annotated[Leaf, leaf("factor", 0, 100, "audits of one without credit, over those of one in full credit, less one")]
    interest: Annotated[Leaf, leaf("share", 0, 1, "a year, on money that comes later")]


class Suspension(Section):
    """When insured patients may no longer come but in emergencies (rules I1, I2)."""

    threshold: Annotated[Leaf, leaf("share", 0.001, 1, "claims found distorted from which the agreement is suspended")]
    months: Annotated[Leaf, leaf("month", 1, 12, "how long", form="integer")]
    term: Annotated[Leaf, leaf("month", 0, 120, "within which a second suspension ends the agreement", form="integer")]
    end_months: Annotated[Leaf, leaf("month", 1, 120, "from the end of an agreement to a new one", form="integer")]


class Inspection(Section):
    """Unannounced visits that read a year's claims (飞行检查, rules I2)."""

    share: Annotated[Leaf, leaf("share", 0, 1, "institutions visited a year")]
    risk: Annotated[Leaf, leaf("factor", 0, 100, "how much likelier one without credit is visited, over one in full credit, less one")]
    sensitivity: Annotated[Leaf, leaf("share", 0, 1, "distorted claims of the year that a visit finds")]
    cost: Annotated[Leaf, leaf("yuan", 0, 1e8, "cost of a visit")]


class SelfInspection(Section):
    """A yearly campaign: providers return gains without a fine, then some are visited (自查自纠, rules I2)."""

    month: Annotated[Leaf, leaf("month", 1, 12, "of the year", form="integer")]
    recheck: Annotated[Leaf, leaf("share", 0, 1, "institutions visited in the month after")]
    spread: Annotated[Leaf, leaf("factor", 0.01, 10, "of beliefs about what a yuan kept will cost, in yuan")]


class Complaint(Section):
    """Patients' complaints and their rewards (举报奖励, rules I4)."""

    rate: Annotated[Leaf, leaf("share", 0, 1, "patients of divided, needless or shifted stays who complain")]
    verified: Annotated[Leaf, leaf("share", 0, 1, "complaints that are found to be true")]
    reward: Annotated[Leaf, leaf("share", 0, 1, "of the value verified")]
    least: Annotated[Leaf, leaf("yuan", 0, 1e6, "floor of a reward")]
    most: Annotated[Leaf, leaf("yuan", 0, 1e8, "cap of a reward")]


class EarlyWarning(Section):
    """Whose spending runs ahead, told every month (rules K, A5)."""

    dear: Annotated[Leaf, leaf("ratio", 1, 100, "cost per unit of case mix over peers’ from which a provider is warned")]
    ahead: Annotated[Leaf, leaf("ratio", 1, 100, "recorded money over last year’s pace from which it is warned, after a quarter")]
    more: Annotated[Leaf, leaf("factor", 0, 100, "how much likelier one who is warned is visited, less one")]


class Sanction(Section):
    """What follows from findings beyond refund and fine; what is absent is not in force."""

    memory_months: Annotated[Leaf, leaf("month", 1, 120, "findings and clean claims are remembered for, on the average")]
    prior_claims: Annotated[Leaf, leaf("case", 0, 1e5, "claims at the city’s mean that stand beside a provider’s own")]
    fine_most: HighestFines | None = None
    credit: Credit | None = None
    suspension: Suspension | None = None
    inspection: Inspection | None = None
    self_inspection: SelfInspection | None = None
    complaint: Complaint | None = None
    warning: EarlyWarning | None = None
    bonus: Annotated[Leaf, leaf("share", 0, 1, "of its charge, paid for a claim that was audited and found clean")] | None = None

    @model_validator(mode="after")
    def _rechecks_find_something(self) -> "Sanction":
        if self.self_inspection is not None and self.inspection is None:
            raise problem("a campaign needs visits", at=".self_inspection", found="no inspection", allowed="a table `inspection` beside it")
        return self


class Care(Section):
    """How cases vary, and what treatment changes in a stay."""

    need_log_sd: Annotated[Leaf, leaf("log unit", 0, 3, "spread of true need within a disease group")]
    split_first: Annotated[Leaf, leaf("share", 0, 1, "part of a split stay that comes first")]
    stay_response: Annotated[Leaf, leaf("factor", 0, 5, "relative change of days per relative change of services")]
    daily_share: Annotated[Leaf, leaf("share", 0, 1, "part of the standard charge that is charged by the day")]
    discretion: ByItem[Annotated[Leaf, leaf("factor", 0.01, 100, "how readily an item is added or left out")]]


class Health(Section):
    """Outcomes of a case at the clinical standard, and their response to treatment."""

    complication: BySeverity[Share]
    readmission: BySeverity[Share]
    death: BySeverity[Share]
    quality_loss: BySeverity[Annotated[Leaf, leaf("QALY", 0, 1, "quality-adjusted years lost by an episode")]]
    complication_loss: Annotated[Leaf, leaf("QALY", 0, 1, "quality-adjusted years lost by a complication")]
    death_loss: Annotated[Leaf, leaf("QALY", 0, 80, "quality-adjusted years lost by a death in care")]
    visit_loss: Annotated[Leaf, leaf("QALY", 0, 1, "quality-adjusted years lost by a need that is not met")]
    chronic_loss: Annotated[Leaf, leaf("QALY", 0, 1, "quality-adjusted years lost by a year with chronic disease")]
    uncontrolled_loss: Annotated[Leaf, leaf("QALY", 0, 1, "the same on top, where it is out of control")]
    control: Annotated[Leaf, leaf("factor", 0, 10, "chance of control lost per share of a visit's services withheld")]
    under: BySeverity[Annotated[Leaf, leaf("factor", 0, 100, "response of risk to a shortfall of services")]]
    over: BySeverity[Annotated[Leaf, leaf("factor", 0, 100, "response of risk to an excess of services")]]
    short: Annotated[Leaf, leaf("factor", 0, 100, "response of complication and readmission to too short a stay")]
    long: Annotated[Leaf, leaf("factor", 0, 100, "response of complication and readmission to too long a stay")]
    untreated: Annotated[Leaf, leaf("share", 0, 1, "intensity that no care at all harms like")]
    split_harm: Annotated[Leaf, leaf("share", 0, 10, "added risk of a split stay")]
    delay: BySeverity[Annotated[Leaf, leaf("share", 0, 10, "added risk of having to seek a bed again")]]
    needless: Annotated[Leaf, leaf("share", 0, 10, "part of a mild case's risks in a stay without need")]


class Learning(Section):
    """How conduct is revised."""

    period_months: Annotated[Leaf, leaf("month", 1, 24, form="integer")]
    inertia: Annotated[Leaf, leaf("share", 0, 1, "part of the old conduct that stays")]
    step: Annotated[Leaf, leaf("factor", 0.02, 0.5, "finite step of a difference: not below 0.02")]
    reach: Annotated[Leaf, leaf("factor", 0.02, 1, "longest way in a period, before inertia: the quote looks only so far")]
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
    capacity: Capacity
    audit: Audit
    sanction: Sanction | None = None
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
