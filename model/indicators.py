"""The one registry of indicators: unit, formula, labels, and how each is computed from sums.

Sums are additive over months and units, so an indicator of a year or of a county is computed from summed sums, never as a mean of ratios.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SUMS = (
    # people
    "person_months",
    "deaths",
    "chronic",
    "controlled",
    "quality_years",
    # outpatient care
    "visits",
    "visits_primary",
    "first_contacts",
    "first_contacts_primary",
    "visit_charge",
    # all care, fen
    "charge",
    "drug_charge",
    "in_scope",
    "basic",
    "second",
    "supplement",
    "aid",
    "account",
    "patient",
    "own_pay",
    "fund_settled",
    # inpatient care
    "admissions",
    "admissions_primary",
    "admissions_secondary",
    "admissions_tertiary",
    "admission_charge",
    "admission_in_scope",
    "admission_basic",
    "admission_paid",
    "stay_days",
    "standard_days",
    "standard_charge",
    "delivered_charge",
    "relative_cost",
    "relative_cost_square",
    "units_coded",
    "units_true",
    "weight_coded",
    "weight_true",
    "weight_upgraded",
    "upcoded",
    "upgraded",
    "split",
    "low_threshold",
    "readmissions",
    "shifted",
    "admission_own_pay",
    "admission_oop",
    "county_in",
    "simple",
    "simple_tertiary",
    "benefit_lost",
    "referrals_up",
    "referrals_down",
    "avoidable",
    "complications",
    # need and access
    "needs",
    "unmet",
    "inpatient_needs",
    "refused",
    "waiting",
    "bed_days",
    "bed_capacity",
    # audit
    "distorted",
    "detected",
    "false_positives",
    "audited_clean",
    "recovered",
    "fined",
    "audit_cost",
    "flagged",
    "flagged_distorted",
    "distorted_coding",
    "distorted_splitting",
    "distorted_threshold",
    "distorted_shift",
    "detected_coding",
    "detected_splitting",
    "detected_threshold",
    "detected_shift",
    "disputed_coding",
    "disputed_splitting",
    "disputed_threshold",
    "disputed_shift",
    # sanctions
    "complaints",
    "rewards",
    "inspected",
    "handled",
    "inspection_cost",
    "returned",
    "bonus",
    "suspended",
    "credit",
    "rated",
    # money of institutions and funds
    "revenue",
    "cost",
    "fund_income",
    "fund_paid",
    "fund_balance",
    "fund_budget",
    "fund_gap",
    "fund_months",
    "fund_alerts",
    "pool_units",
    "pool_money",
    "group_money",
    "group_spent",
    # households, once a year
    "households",
    "catastrophic",
    "impoverished",
)
"""Names of the additive sums. Money in fen; ``fund_balance`` is a level: of a year its last month counts."""
POSITION = {name: i for i, name in enumerate(SUMS)}
LEVELS = ("fund_balance",)


class Sums:
    """Attribute access to an array of sums whose last axis is :data:`SUMS`."""

    def __init__(self, values: Floats) -> None:
        self.values = values

    def __getattr__(self, name: str) -> Floats:
        if name.startswith("__") or name not in POSITION:
            raise AttributeError(name)
        column: Floats = self.values[..., POSITION[name]]
        return column


@dataclass(frozen=True)
class Indicator:
    """One indicator.

    Attributes:
        formula: the computation in words, for readers.
        better: 1 if more is better, -1 if less is, 0 if it depends.
        compute: sums → values, NaN where the indicator does not exist.
    """

    name: str
    unit: str
    label_zh: str
    label_en: str
    formula: str
    source: str
    better: int
    compute: Callable[[Sums], Floats]


def _ratio(top: Floats, bottom: Floats, scale: float = 1.0) -> Floats:
    out = np.full(np.shape(top), np.nan)
    np.divide(top * scale, bottom, out=out, where=np.asarray(bottom) > 0)
    return out


def _per_head(name: str, scale: float) -> Callable[[Sums], Floats]:
    return lambda s: _ratio(getattr(s, name), s.person_months, 12 * scale)


def _share(top: str, bottom: str, scale: float = 1.0) -> Callable[[Sums], Floats]:
    return lambda s: _ratio(getattr(s, top), getattr(s, bottom), scale)


def _precision(channel: str) -> Callable[[Sums], Floats]:
    return lambda s: _ratio(getattr(s, f"detected_{channel}"), getattr(s, f"detected_{channel}") + getattr(s, f"disputed_{channel}"))


YUAN = 0.01
_POINTS = "rules E9"
_MODEL = "model.md §11"
_AUDITED = (
    ("coding", "高套", "upcoding"),
    ("splitting", "分解", "splitting"),
    ("threshold", "低标准", "low threshold"),
    ("shift", "转嫁", "cost shift"),
)
"""Channels that leave a mark in claims, with words for labels."""

_ALL = [
    Indicator(
        "total_cost_per_head",
        "yuan/person/year",
        "人均医疗总费用",
        "Total cost per head",
        "charges ÷ insured person-years",
        _MODEL,
        -1,
        _per_head("charge", YUAN),
    ),
    Indicator(
        "fund_cost_per_head",
        "yuan/person/year",
        "人均统筹基金支出",
        "Fund cost per head",
        "fund entitlement of providers ÷ insured person-years",
        _MODEL,
        -1,
        _per_head("fund_settled", YUAN),
    ),
    Indicator(
        "settlement_rate",
        "share",
        "清算率",
        "Settlement rate",
        "fund entitlement of providers ÷ recorded money",
        _POINTS,
        0,
        _share("fund_settled", "basic"),
    ),
    Indicator(
        "oop_per_head",
        "yuan/person/year",
        "人均个人负担",
        "Out-of-pocket per head",
        "(cash + personal account) ÷ insured person-years",
        _MODEL,
        -1,
        lambda s: _ratio(s.patient + s.account, s.person_months, 12 * YUAN),
    ),
    Indicator(
        "oop_share",
        "share",
        "个人负担占比",
        "Out-of-pocket share",
        "(cash + personal account) ÷ charges",
        _MODEL,
        -1,
        lambda s: _ratio(s.patient + s.account, s.charge),
    ),
    Indicator(
        "in_scope_payment_ratio",
        "share",
        "政策范围内住院报销比例",
        "In-scope inpatient payment ratio",
        "basic fund's recorded part ÷ in-scope inpatient charges",
        "NHSA bulletins",
        1,
        _share("admission_basic", "admission_in_scope"),
    ),
    Indicator(
        "cost_per_admission",
        "yuan",
        "次均住院费用",
        "Cost per admission",
        "inpatient charges ÷ inpatient claims",
        _MODEL,
        -1,
        _share("admission_charge", "admissions", YUAN),
    ),
    Indicator(
        "oop_per_admission",
        "yuan",
        "次均住院个人负担",
        "Out-of-pocket per admission",
        "(cash + personal account) of stays ÷ inpatient claims",
        "T23",
        -1,
        _share("admission_oop", "admissions", YUAN),
    ),
    Indicator(
        "cost_per_visit",
        "yuan",
        "次均门诊费用",
        "Cost per visit",
        "outpatient charges ÷ visits",
        _MODEL,
        -1,
        _share("visit_charge", "visits", YUAN),
    ),
    Indicator("drug_share", "share", "药占比", "Drug share", "drug charges ÷ charges", _MODEL, -1, _share("drug_charge", "charge")),
    Indicator(
        "within_group_cost_sd",
        "ratio",
        "组内费用离散度",
        "Within-group cost spread",
        "standard deviation of charge ÷ its group's standard charge at the institution",
        _MODEL,
        -1,
        lambda s: _spread(s),
    ),
    Indicator(
        "admissions_per_100",
        "per 100 persons/year",
        "每百人住院次数",
        "Admissions per 100",
        "inpatient claims ÷ insured person-years × 100",
        _MODEL,
        0,
        _per_head("admissions", 100),
    ),
    Indicator(
        "visits_per_head",
        "visits/person/year",
        "人均门诊次数",
        "Visits per head",
        "visits ÷ insured person-years",
        _MODEL,
        0,
        _per_head("visits", 1),
    ),
    Indicator(
        "cost_per_day",
        "yuan/day",
        "日均住院费用",
        "Cost per bed day",
        "inpatient charges ÷ stay days",
        "T38",
        -1,
        _share("admission_charge", "stay_days", YUAN),
    ),
    Indicator(
        "los_days", "days", "平均住院日", "Length of stay", "stay days ÷ inpatient claims", _MODEL, -1, _share("stay_days", "admissions")
    ),
    Indicator(
        "intensity",
        "ratio",
        "诊疗强度",
        "Treatment intensity",
        "services delivered ÷ clinically standard services, by standard charge",
        "model.md §5",
        0,
        _share("delivered_charge", "standard_charge"),
    ),
    Indicator(
        "stay_ratio",
        "ratio",
        "住院天数与标准之比",
        "Stay over standard days",
        "stay days ÷ standard days of the cases",
        "T10",
        0,
        _share("stay_days", "standard_days"),
    ),
    Indicator(
        "benefit_lost_share",
        "share",
        "患者获益损失",
        "Patient benefit lost",
        "benefit that stays lose by services above or below the clinical standard, as providers weigh it ÷ standard charges",
        "T17",
        -1,
        _share("benefit_lost", "standard_charge"),
    ),
    Indicator(
        "point_value",
        "yuan/point",
        "点值",
        "Point value",
        "(budget + in-scope money of patients) ÷ points, modes with a pool",
        _POINTS,
        0,
        _share("pool_money", "pool_units", YUAN),
    ),
    Indicator(
        "cmi",
        "weight",
        "病例组合指数",
        "Case-mix index",
        "Σ catalogue weight of the coded group ÷ inpatient claims",
        "rules K",
        0,
        _share("weight_coded", "admissions"),
    ),
    Indicator(
        "fund_income",
        "yuan/person/year",
        "人均基金收入",
        "Fund income per head",
        "premiums, subsidies and interest to the pooled fund ÷ insured person-years",
        "rules A1",
        1,
        _per_head("fund_income", YUAN),
    ),
    Indicator(
        "fund_spending",
        "yuan/person/year",
        "人均基金支付",
        "Fund spending per head",
        "money that left the pooled fund ÷ insured person-years",
        "rules A1",
        -1,
        _per_head("fund_paid", YUAN),
    ),
    Indicator(
        "fund_balance",
        "yuan/person",
        "人均基金结余",
        "Fund balance per head",
        "pooled balance at the period's end ÷ insured persons",
        "rules A5",
        1,
        lambda s: _ratio(s.fund_balance, s.person_months, YUAN),
    ),
    Indicator(
        "reserve_months",
        "months",
        "可支付月数",
        "Reserve months",
        "balance ÷ (spending ÷ 12)",
        "rules A5",
        1,
        lambda s: _ratio(s.fund_balance, s.fund_paid),
    ),
    Indicator(
        "reserve_alert",
        "share",
        "可支付月数低于警戒线的月份占比",
        "Months below the reserve level",
        "fund-months whose reserve is below the scheme's level (employees 12 months, residents 6) ÷ fund-months",
        "rules A5",
        -1,
        _share("fund_alerts", "fund_months"),
    ),
    Indicator(
        "budget_execution",
        "share",
        "预算执行率",
        "Budget execution",
        "fund entitlement of providers ÷ budget of the same months",
        "rules A1",
        0,
        _share("fund_settled", "fund_budget"),
    ),
    Indicator(
        "gap_filled",
        "yuan/person/year",
        "人均财政弥补缺口",
        "Gap filled by governments per head",
        "paid by city and county governments for deficits ÷ insured person-years",
        "rules A6",
        -1,
        lambda s: np.where(s.fund_months > 0, _ratio(s.fund_gap, s.person_months, 12 * YUAN), np.nan),
    ),
    Indicator(
        "coding_gap",
        "ratio",
        "编码虚高幅度",
        "Coding gap",
        "catalogue weight of coded groups ÷ of true groups − 1",
        _MODEL,
        -1,
        lambda s: _ratio(s.weight_coded, s.weight_true + s.weight_upgraded) - 1,
    ),
    Indicator(
        "upcoded_share",
        "share",
        "高编高套占比",
        "Upcoded share",
        "upcoded claims ÷ inpatient claims",
        _MODEL,
        -1,
        _share("upcoded", "admissions"),
    ),
    Indicator(
        "diagnostic_weight",
        "weight",
        "诊断权重",
        "Diagnostic weight",
        "Σ weight of the group before any added procedure, as coded ÷ claims",
        "T03",
        0,
        lambda s: _ratio(s.weight_coded - s.weight_upgraded, s.admissions),
    ),
    Indicator(
        "treatment_weight",
        "weight",
        "治疗权重",
        "Treatment weight",
        "Σ weight added by procedures beyond need ÷ claims",
        "T02",
        0,
        _share("weight_upgraded", "admissions"),
    ),
    Indicator(
        "split_share",
        "share",
        "分解住院占比",
        "Split share",
        "divided stays ÷ stays",
        _MODEL,
        -1,
        lambda s: _ratio(s.split / 2, s.admissions - s.split / 2),
    ),
    Indicator(
        "readmission_30d",
        "share",
        "30日再入院率",
        "30-day readmission",
        "(readmissions for complications + second halves of divided stays) ÷ claims",
        _MODEL,
        -1,
        lambda s: _ratio(s.readmissions + s.split / 2, s.admissions),
    ),
    Indicator(
        "low_threshold_share",
        "share",
        "低标准入院占比",
        "Low-threshold share",
        "admissions of marginal outpatients ÷ claims",
        _MODEL,
        -1,
        _share("low_threshold", "admissions"),
    ),
    Indicator(
        "refusal_share",
        "share",
        "推诿占比",
        "Refusal share",
        "cases turned away ÷ inpatient needs brought to a hospital",
        _MODEL,
        -1,
        _share("refused", "inpatient_needs"),
    ),
    Indicator(
        "shifted_share",
        "share",
        "转嫁费用占比",
        "Shifted share",
        "charges moved outside the catalogue ÷ inpatient charges",
        _MODEL,
        -1,
        _share("shifted", "admission_charge"),
    ),
    Indicator(
        "recovered_share",
        "share",
        "追回占基金支出",
        "Recovered share",
        "recovered money ÷ fund entitlement of providers",
        "T40",
        0,
        _share("recovered", "fund_settled"),
    ),
    Indicator(
        "detection_rate",
        "share",
        "查实率",
        "Detection rate",
        "distorted claims found ÷ distorted claims",
        _MODEL,
        1,
        _share("detected", "distorted"),
    ),
    Indicator(
        "audit_precision",
        "share",
        "审核准确率",
        "Audit precision",
        "true findings ÷ all findings",
        _MODEL,
        1,
        lambda s: _ratio(s.detected, s.detected + s.false_positives),
    ),
    Indicator(
        "audit_cost",
        "yuan/person/year",
        "人均审核成本",
        "Audit cost per head",
        "audits × cost each ÷ insured person-years",
        _MODEL,
        -1,
        _per_head("audit_cost", YUAN),
    ),
    Indicator(
        "false_positive_rate",
        "share",
        "误判率",
        "False positive rate",
        "clean claims disputed ÷ clean claims audited",
        _MODEL,
        -1,
        _share("false_positives", "audited_clean"),
    ),
    Indicator(
        "flag_precision",
        "share",
        "智能规则准确率",
        "Precision of smart rules",
        "flagged claims that are distorted ÷ flagged claims",
        "rules I2",
        1,
        _share("flagged_distorted", "flagged"),
    ),
    Indicator(
        "flag_recall",
        "share",
        "智能规则覆盖率",
        "Recall of smart rules",
        "flagged claims that are distorted ÷ distorted claims",
        "rules I2",
        1,
        _share("flagged_distorted", "distorted"),
    ),
    Indicator(
        "recovered_per_audit_yuan",
        "yuan/yuan",
        "每元审核成本追回",
        "Recovered per yuan of audit",
        "recovered money ÷ cost of audits and reviews",
        "T22",
        1,
        _share("recovered", "audit_cost"),
    ),
    *(
        Indicator(
            f"detection_rate_{channel}",
            "share",
            f"查实率（{zh}）",
            f"Detection rate: {en}",
            f"claims distorted by {en} that desk or audit find ÷ claims so distorted",
            _MODEL,
            1,
            _share(f"detected_{channel}", f"distorted_{channel}"),
        )
        for channel, zh, en in _AUDITED
    ),
    *(
        Indicator(
            f"audit_precision_{channel}",
            "share",
            f"审核准确率（{zh}）",
            f"Audit precision: {en}",
            f"true findings of {en} ÷ all findings of it",
            _MODEL,
            1,
            _precision(channel),
        )
        for channel, zh, en in _AUDITED
    ),
    Indicator(
        "fined_share",
        "share",
        "罚款占追回",
        "Fines over recoveries",
        "fines ÷ recovered money",
        _MODEL,
        0,
        _share("fined", "recovered"),
    ),
    Indicator(
        "inspected_institutions",
        "institutions",
        "飞行检查机构数",
        "Institutions visited",
        "unannounced visits of institutions",
        _MODEL,
        0,
        lambda s: s.inspected,
    ),
    Indicator(
        "handled_share",
        "share",
        "检查处理率",
        "Visited institutions handled",
        "visited institutions where something was found ÷ visited",
        "T40",
        0,
        _share("handled", "inspected"),
    ),
    Indicator(
        "suspended_share",
        "share",
        "中止协议占比",
        "Suspended share of institutions",
        "months of suspended or ended agreements ÷ months of institutions",
        _MODEL,
        -1,
        _share("suspended", "rated"),
    ),
    Indicator(
        "mean_credit",
        "points",
        "平均信用分",
        "Mean credit",
        "credit of institutions, mean over months",
        _MODEL,
        1,
        _share("credit", "rated"),
    ),
    Indicator(
        "returned_share",
        "share",
        "自查退回占基金支出",
        "Returned share",
        "money returned of themselves ÷ fund entitlement of providers",
        _MODEL,
        0,
        _share("returned", "fund_settled"),
    ),
    Indicator(
        "complaint_rewards",
        "yuan/person/year",
        "人均举报奖励",
        "Rewards of complaints per head",
        "rewards of complaints ÷ insured person-years",
        _MODEL,
        0,
        _per_head("rewards", YUAN),
    ),
    Indicator(
        "inspection_cost",
        "yuan/person/year",
        "人均检查成本",
        "Cost of visits per head",
        "visits × cost each ÷ insured person-years",
        _MODEL,
        -1,
        _per_head("inspection_cost", YUAN),
    ),
    Indicator(
        "tertiary_admission_share",
        "share",
        "三级医院住院占比",
        "Tertiary share of admissions",
        "claims at tertiary institutions ÷ claims",
        _MODEL,
        0,
        _share("admissions_tertiary", "admissions"),
    ),
    Indicator(
        "secondary_admission_share",
        "share",
        "二级医院住院占比",
        "Secondary share of admissions",
        "claims at secondary institutions ÷ claims",
        _MODEL,
        0,
        _share("admissions_secondary", "admissions"),
    ),
    Indicator(
        "primary_admission_share",
        "share",
        "基层住院占比",
        "Primary share of admissions",
        "claims at primary institutions ÷ claims",
        _MODEL,
        1,
        _share("admissions_primary", "admissions"),
    ),
    Indicator(
        "primary_visit_share",
        "share",
        "基层就诊率",
        "Primary share of visits",
        "visits at primary institutions ÷ visits",
        _MODEL,
        1,
        _share("visits_primary", "visits"),
    ),
    Indicator(
        "primary_visits_per_head",
        "visits/person/year",
        "人均基层门诊次数",
        "Primary visits per head",
        "visits at primary institutions ÷ insured person-years",
        "T25",
        0,
        _per_head("visits_primary", 1),
    ),
    Indicator(
        "first_contact_primary_share",
        "share",
        "基层首诊率",
        "First contact at primary care",
        "common-illness visits at primary institutions ÷ common-illness visits",
        _MODEL,
        1,
        _share("first_contacts_primary", "first_contacts"),
    ),
    Indicator(
        "county_in_share",
        "share",
        "县域内就诊率",
        "Treated in the county",
        "claims in the patient's own county ÷ claims",
        _MODEL,
        1,
        _share("county_in", "admissions"),
    ),
    Indicator(
        "simple_share",
        "share",
        "基层病种占住院比例",
        "Simple groups among admissions",
        "simple-group claims ÷ claims",
        "T14",
        0,
        _share("simple", "admissions"),
    ),
    Indicator(
        "simple_at_tertiary_share",
        "share",
        "三级医院收治基层病种占比",
        "Simple groups at tertiary",
        "simple-group claims at tertiary institutions ÷ simple-group claims",
        "T14",
        -1,
        _share("simple_tertiary", "simple"),
    ),
    Indicator(
        "referrals_up",
        "per 100 admissions",
        "上转率",
        "Referrals up",
        "cases let or sent up by a group ÷ claims × 100",
        _MODEL,
        0,
        _share("referrals_up", "admissions", 100),
    ),
    Indicator(
        "referrals_down",
        "per 100 admissions",
        "下转率",
        "Referrals down",
        "stable cases sent down by a group ÷ claims × 100",
        _MODEL,
        0,
        _share("referrals_down", "admissions", 100),
    ),
    Indicator(
        "bed_occupancy",
        "share",
        "床位使用率",
        "Bed occupancy",
        "bed days ÷ bed days available",
        _MODEL,
        0,
        _share("bed_days", "bed_capacity"),
    ),
    Indicator(
        "waiting_share",
        "share",
        "候床占比",
        "Waiting share",
        "cases without a free bed where they went ÷ inpatient needs",
        _MODEL,
        -1,
        _share("waiting", "inpatient_needs"),
    ),
    Indicator(
        "chronic_control_share",
        "share",
        "慢病控制率",
        "Chronic control",
        "people with controlled disease ÷ people with chronic disease",
        _MODEL,
        1,
        _share("controlled", "chronic"),
    ),
    Indicator(
        "avoidable_admissions_per_1000",
        "per 1000 persons/year",
        "可避免住院",
        "Avoidable admissions",
        "ambulatory-care-sensitive claims ÷ insured person-years × 1000",
        _MODEL,
        -1,
        _per_head("avoidable", 1000),
    ),
    Indicator(
        "complications_per_1000",
        "per 1000 admissions",
        "并发症发生率",
        "Complications",
        "complications ÷ claims × 1000",
        _MODEL,
        -1,
        _share("complications", "admissions", 1000),
    ),
    Indicator(
        "deaths_per_1000",
        "per 1000 persons/year",
        "死亡率",
        "Deaths",
        "deaths ÷ insured person-years × 1000",
        _MODEL,
        -1,
        _per_head("deaths", 1000),
    ),
    Indicator(
        "qaly_per_head",
        "QALY/person/year",
        "人均质量调整生命年",
        "QALY per head",
        "quality-adjusted life years ÷ insured person-years",
        _MODEL,
        1,
        _per_head("quality_years", 1),
    ),
    Indicator(
        "unmet_need_share",
        "share",
        "未满足需求占比",
        "Unmet need",
        "needs priced out, refused everywhere or without a bed ÷ needs",
        _MODEL,
        -1,
        _share("unmet", "needs"),
    ),
    Indicator(
        "che_share",
        "share",
        "灾难性卫生支出发生率",
        "Catastrophic expenditure",
        "people whose own payment in the year exceeds 40 % of income less subsistence ÷ people",
        _MODEL,
        -1,
        _share("catastrophic", "households"),
    ),
    Indicator(
        "impoverishment_share",
        "share",
        "因病致贫率",
        "Impoverishment",
        "people whom own payment puts below the poverty line ÷ people",
        _MODEL,
        -1,
        _share("impoverished", "households"),
    ),
    Indicator(
        "provider_margin",
        "share",
        "医疗机构收支结余率",
        "Provider margin",
        "(revenue − cost) ÷ revenue",
        _MODEL,
        1,
        lambda s: _ratio(s.revenue - s.cost, s.revenue),
    ),
    Indicator(
        "group_surplus",
        "share",
        "医共体结余率",
        "Group surplus",
        "(head money − recorded care of heads) ÷ head money",
        "rules F5",
        1,
        lambda s: _ratio(s.group_money - s.group_spent, s.group_money),
    ),
    Indicator(
        "oop_concentration_index",
        "index",
        "个人负担集中指数",
        "Out-of-pocket concentration index",
        "concentration of own payment over income fifths (−1 poor … 1 rich)",
        _MODEL,
        0,
        lambda s: np.full(np.shape(s.charge), np.nan),
    ),
]
INDICATORS: dict[str, Indicator] = {indicator.name: indicator for indicator in _ALL}
"""Every indicator by name. The concentration index needs all income fifths at once: :func:`concentration_index`."""


def _spread(s: Sums) -> Floats:
    mean = _ratio(s.relative_cost, s.admissions)
    spread: Floats = np.sqrt(np.maximum(_ratio(s.relative_cost_square, s.admissions) - mean**2, 0.0))
    return spread


def concentration_index(payment_per_head: Floats) -> Floats:
    """Concentration of payment over income fifths, poorest first ``[..., 5]`` → ``[...]`` (grouped formula of Kakwani et al. 1997)."""
    total = payment_per_head.sum(axis=-1)
    curve = np.cumsum(payment_per_head, axis=-1) / np.where(total > 0, total, np.nan)[..., None]
    before = np.concatenate([np.zeros_like(curve[..., :1]), curve[..., :-1]], axis=-1)
    area: Floats = (0.2 * 0.5 * (curve + before)).sum(axis=-1)
    return 1.0 - 2.0 * area


def collapse_months(monthly: Floats) -> Floats:
    """Sums of a span from sums of its months ``[month, ..., sum]``; levels keep their last month, scaled to the span's person-months."""
    total: Floats = monthly.sum(axis=0)
    for name in LEVELS:
        # a level per person-month of the span: value of the last month times the number of months
        total[..., POSITION[name]] = monthly[-1][..., POSITION[name]] * len(monthly)
    return total
