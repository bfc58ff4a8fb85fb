"""DIP (按病种分值付费): points from lagged costs, worth what a regional budget of each scheme makes them worth (rules E1–E9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from model.codes import PSYCHIATRIC, SCHEMES, SEVERITIES, TIERS
from model.errors import InputError
from model.payment.explanation import Step
from model.payment.points import settings
from model.payment.points.auxiliary import auxiliary_coefficients
from model.payment.points.case_points import LEAST_POINTS, N_AGE_SUBTYPES, TESTS, VARIANTS, Lines, PointTable, Review, age_subtype
from model.payment.points.group_points import GroupRule, within
from model.payment.points.institutions import BONUS_STEPS, InstitutionRule
from model.payment.points.review import PERIODS, accepted, line_of, places_left, quota_of
from model.payment.points.values import VALUES, Priced, base_volume, opening_of
from model.payment.protocol import RECORDED, RESIDUAL, UNITS, CaseTable, Floats, History, Ints, Traits
from model.policy.leaf import LeafSpec
from model.units import FEN

_BRANCH_ZH = {"cheap": "偏低病例", "normal": "正常病例", "dear": "偏高病例", "very dear": "极高病例"}


def _no_table() -> Floats:
    return np.empty((0, 0))


@dataclass(frozen=True)
class DipTerms:
    """Terms of one settlement year.

    Attributes:
        points: base points RW of each disease group; 0 where a group has none.
        coefficient: institution coefficient h ``[tier]`` or ``[scheme, tier]``.
        mean_cost: fen of one point's worth of charge, the yardstick of the outlier ratio x.
        budget: fen by scheme for the covered cases of the year.
        opening: fen of in-scope money a point at the start of the year, by scheme.
        review_line: fen of loss from which a case is taken to be accepted in special-case review.
        base: points of the base volume ``[holder, scheme]``, a year; without rows: no such volume.
        bonus: what is added to h ``[scheme, holder]``; without rows: nothing.
        own_coefficient: h ``[group, tier]`` of groups that have their own, NaN elsewhere; without rows: no group has.
        by_severity, by_age: auxiliary coefficients ``[group, subtype]``, NaN where none is made; without rows where none are used.
        day_points: points of a day ``[group]`` of stays that are paid by their days, 0 for others; empty: no such stays.
        short_factor: factor on the points of a short stay ``[group]``; empty: none.
    """

    points: Floats
    coefficient: Floats
    mean_cost: float
    budget: Floats
    opening: Floats = field(default_factory=lambda: np.zeros(len(SCHEMES)))
    review_line: float = np.inf
    base: Floats = field(default_factory=_no_table)
    bonus: Floats = field(default_factory=_no_table)
    own_coefficient: Floats = field(default_factory=_no_table)
    by_severity: Floats = field(default_factory=_no_table)
    by_age: Floats = field(default_factory=_no_table)
    day_points: Floats = field(default_factory=lambda: np.empty(0))
    short_factor: Floats = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True)
class Dip:
    """Entitlement = points × value − residual; value = (budget + Σ residual) / Σ points, so the budget is exhausted exactly.

    Other point values are had by name (``model/payment/points/values.py``); of those only ``fund_value`` exhausts the budget as well.
    """

    outlier: str = "national_1"
    tier_coefficient: str = "estimated"
    prior_cases: float = 15.0
    points_method: str = "average_cost"
    reference_group: str = ""
    points_quota: float = 100.0
    trim: str = "none"
    core_cases: float = 0.0
    split_gate: float = 0.0
    year_weights: tuple[float, ...] = (1.0, 0.0, 0.0)
    rescale: str = "none"
    tier_values: tuple[float, ...] = ()
    tier_values_employee: tuple[float, ...] = ()
    cmi_caps: tuple[float, ...] = (0.0, 0.0, 0.0)
    children_caps: tuple[float, ...] = (0.0, 0.0, 0.0)
    elderly_caps: tuple[float, ...] = (0.0, 0.0, 0.0)
    bonus_steps: tuple[float, ...] = BONUS_STEPS
    tcm_share: float = 0.0
    group_coefficients: str = "none"
    group_cases: float = 15.0
    basic_groups: str = "by_level"
    basic_cv: float = 0.7
    point_value: str = "floating"
    given_value: float = 0.0
    elastic_base: float = 0.8
    review_share: float = 0.0
    review_quota: float = 0.005
    review_from: float = 2.0
    review_period: str = "month"
    review_days: float = 0.0
    outlier_mean: str = "level"
    low_line: float = 0.5
    high_line: float = 2.0
    very_high_line: float = 5.0
    low_test: str = "own"
    high_test: str = "own"
    auxiliary: str = "none"
    auxiliary_cases: float = 15.0
    auxiliary_gate: float = 0.2
    bed_days: str = "by_case"
    day_surgery_factor: float = 1.0
    day_surgery_days: float = 2.0
    without_points: str = "catalogue"
    ungrouped_factor: float = 0.7
    name: ClassVar[str] = "dip"
    label_zh: ClassVar[str] = "按病种分值付费（DIP）"
    label_en: ClassVar[str] = "DIP"
    summary: ClassVar[str] = "points under a regional budget with a floating value"
    color: ClassVar[str] = "#C04F00"
    PARAMETERS: ClassVar[Mapping[str, LeafSpec]] = settings.POINTS

    @property
    def traits(self) -> Traits:
        """Whether the budget is exhausted depends on the point value."""
        return Traits(exhausts_budget=VALUES[self.point_value].conserves)

    def __post_init__(self) -> None:
        for key, spec in self.PARAMETERS.items():
            if spec.choices:
                settings.known(key, getattr(self, key), spec.choices)
        if self.points_method == "reference" and not self.reference_group:
            raise InputError("missing key: reference_group", path="parameters.reference_group", allowed="the code of a group")
        if self.tier_coefficient == "fixed" and not self.tier_values:
            raise InputError("missing key: tier_values", path="parameters.tier_values", allowed="coefficients by level")
        if self.point_value == "given" and not self.given_value:
            raise InputError("missing key: given_value", path="parameters.given_value", allowed="yuan a point")
        if not self.low_line < self.high_line <= self.very_high_line:
            found = f"{self.low_line:g}, {self.high_line:g}, {self.very_high_line:g}"
            raise InputError("lines of outliers must rise", path="parameters.high_line", found=found, allowed="low < high ≤ very high")

    @property
    def group_rule(self) -> GroupRule:
        """How base points of groups are found."""
        return GroupRule(
            method=self.points_method,
            reference_group=self.reference_group,
            quota=self.points_quota * FEN,
            trim=self.trim,
            core_cases=self.core_cases,
            split_gate=self.split_gate,
            year_weights=self.year_weights,
            prior_cases=self.prior_cases,
            keeps_sum=self.rescale == "keep_sum",
        )

    @property
    def institution_rule(self) -> InstitutionRule:
        """How institution coefficients are set."""
        return InstitutionRule(
            source=self.tier_coefficient,
            values=self.tier_values,
            employee_values=self.tier_values_employee,
            cmi_caps=self.cmi_caps,
            children_caps=self.children_caps,
            elderly_caps=self.elderly_caps,
            steps=self.bonus_steps,
            tcm_share=self.tcm_share,
            per_group=self.group_coefficients == "operative",
            least_cases=self.group_cases,
            one_price=self.basic_groups == "one_price",
            basic_cv=self.basic_cv,
        )

    def post(self, history: History) -> DipTerms:
        """Points of the groups by their mean costs, shrunk to the catalogue's weight where cases are few; coefficients; values."""
        cases = history.cases
        groups = self.group_rule.of(history)
        points = groups.points if self.without_points == "catalogue" else np.where(groups.cases > 0, groups.points, 0.0)
        institutions = self.institution_rule
        budget = history.base[..., RECORDED].sum(axis=0) * history.factor
        by_severity, by_age = self._auxiliaries(history)
        levels = institutions.levels(cases, groups.mean)
        short = np.where(history.groups.operative, self.day_surgery_factor, 1.0) if self.day_surgery_factor < 1 else np.empty(0)
        terms = DipTerms(
            points=points,
            coefficient=levels,
            mean_cost=groups.mean_cost,
            budget=budget,
            bonus=institutions.bonuses(cases, points, history.holders, levels),
            own_coefficient=institutions.own(history, groups.mean),
            by_severity=by_severity,
            by_age=by_age,
            day_points=self._day_points(history, groups.mean_cost),
            short_factor=short,
        )
        return self._valued(history, terms)

    def _valued(self, history: History, terms: DipTerms) -> DipTerms:
        """The terms with the value of a point at the start of the year, and the base volume where the point value asks for one."""
        cases = history.cases
        points = self.tariff(cases, terms)
        kept = np.ones(len(cases)) if self.trim == "none" else within(cases.group, cases.charge.astype(float), self.trim).astype(float)
        level = np.broadcast_to(terms.coefficient, (len(SCHEMES), len(TIERS)))
        unit = terms.points[:, None, None] * level
        if len(terms.own_coefficient):
            own = terms.own_coefficient[:, None, :]
            unit = np.where(np.isnan(own), unit, terms.points[:, None, None] * own)
        if self.point_value == "given":
            opening = np.full(len(SCHEMES), self.given_value * FEN)
        else:
            opening = opening_of(history, points, kept, unit, self.year_weights, terms.mean_cost)
        base = base_volume(history, points, self.elastic_base) if self.point_value == "elastic" else terms.base
        terms = replace(terms, opening=opening, base=base)
        if not self.reviews:
            return terms
        line = line_of(self._losses(cases, terms), quota_of(len(cases), self.review_quota))
        # points are rounded: who was the last to be accepted must not miss its own line by that
        return replace(terms, review_line=max(line - LEAST_POINTS * float(opening.max()) / self.review_share, 0.0))

    @property
    def reviews(self) -> bool:
        """Whether there is special-case review."""
        return self.review_share > 0

    @property
    def review_months(self) -> int:
        """Months whose cases are reviewed together (rules E7)."""
        return PERIODS[self.review_period]

    def unreviewed(self, cases: CaseTable, terms: DipTerms) -> Floats:
        """Points without review, which cases of a period have until its end."""
        return self.tariff(cases, replace(terms, review_line=np.inf))

    def review(self, cases: CaseTable, terms: DipTerms, before: float) -> Floats:
        """Points after review of a period's cases, as :class:`model.payment.protocol.Reviewing` says (rules E7).

        Hospitals bring forward the cases that lose most at the opening value; they are accepted until the quota of the region's discharges
        is full. All others have their points without review. What :meth:`tariff` gives is the same under last year's line.
        """
        points = self.unreviewed(cases, terms)
        losses = self._losses(cases, terms)
        chosen = accepted(losses, cases, places_left(before, len(cases), self.review_quota))
        points[chosen] = self.tariff(cases.take(chosen), replace(terms, review_line=0.0))
        return points

    def _losses(self, cases: CaseTable, terms: DipTerms) -> Floats:
        """Fen that each case loses at the opening value, if it may be reviewed; nothing where it may not."""
        without, granted = (self.tariff(cases, replace(terms, review_line=line)) for line in (np.inf, 0.0))
        lost: Floats = (granted - without) * terms.opening[cases.scheme] / self.review_share
        return lost

    def tariff(self, cases: CaseTable, terms: DipTerms) -> Floats:
        """Points of each case by the outlier variant (E6), times the highest auxiliary coefficient (E5).

        Standing at the ``level``, x is measured against the mean of the same group *and level*, so RW stands for the level's points RW·h
        in all branches; with h = 1 these are the printed examples. Standing at the ``group``, RW and h are the formula's own.

        ``draft_3`` pays a cheap case what it cost. Which value of a point will be settled is not known when points are given, so the
        standard and the points are taken at the value of the year's start: a cheap case has in-scope cost / opening value points, which
        pay its in-scope cost exactly where that value is settled, and in proportion to the value otherwise. A case of a group without
        points that is paid ``per_item`` has the same points.

        With special-case review, a case that may be reviewed and loses as much as the last one accepted in last year's quota is taken to be
        accepted (E7); so that a quote knows of it. :meth:`review` then holds the year's own quota.
        """
        return self.table(terms).of(cases)

    def table(self, terms: DipTerms) -> PointTable:
        """What points are read from under these terms."""
        own = TESTS[self.outlier]
        tests = tuple(standard if given == "own" else given for given, standard in zip((self.low_test, self.high_test), own, strict=True))
        return PointTable(
            points=terms.points,
            coefficient=terms.coefficient,
            mean_cost=terms.mean_cost,
            opening=terms.opening,
            bonus=terms.bonus,
            own_coefficient=terms.own_coefficient,
            by_severity=terms.by_severity,
            by_age=terms.by_age,
            by_level=self.outlier_mean == "level",
            ungrouped=self.ungrouped_factor if self.without_points == "factor" else 0.0,
            variant=VARIANTS.index(self.outlier),
            review=Review(self.review_share, self.review_from, self.review_days, terms.review_line),
            day_points=terms.day_points,
            factor=terms.short_factor,
            short=self.day_surgery_days,
            lines=Lines.of(self.outlier, self.low_line, self.high_line, self.very_high_line, (tests[0], tests[1])),
        )

    def entitlement(self, own: Floats, pool: Floats, holder: Ints, terms: DipTerms, fraction: float) -> Floats:
        """What points are worth in the scheme's pool, less what patients and other layers paid in scope where the point value says so."""
        base = terms.base[holder] * fraction if len(terms.base) else np.zeros(1)
        return VALUES[self.point_value].payable(own, pool, self._priced(terms, fraction, base))

    def on_account(self, own: Floats, terms: DipTerms) -> Floats:
        """Points × the value of the year's start, less what patients and other layers paid in scope (E10)."""
        return own[..., UNITS] * terms.opening - own[..., RESIDUAL]

    def value(self, pool: Floats, terms: DipTerms, fraction: float) -> Floats:
        """Fen that one more point is worth, by scheme, given the ``pool`` totals ``[..., scheme, measure]``."""
        return VALUES[self.point_value].value(pool, self._priced(terms, fraction, np.zeros(1)))

    def worth(self, pool: Floats, terms: DipTerms, fraction: float) -> Floats:
        """All points at their value, as :class:`model.payment.protocol.Pointed` says; the base volume at its own (elastic)."""
        return VALUES[self.point_value].worth(pool, self._priced(terms, fraction, np.zeros(1)))

    @staticmethod
    def _priced(terms: DipTerms, fraction: float, base: Floats) -> Priced:
        whole = terms.base.sum(axis=0) * fraction if len(terms.base) else np.zeros(len(SCHEMES))
        return Priced(terms.budget * fraction, terms.opening, base, whole)

    def explain(self, case: CaseTable, pool: Floats, terms: DipTerms, fraction: float) -> list[Step]:
        """From the group's points to what the fund owes for the case, as :class:`model.payment.explanation.Explaining` says."""
        points = float(self.tariff(case, terms)[0])
        plain = float(self.tariff(case, replace(terms, review_line=np.inf))[0])
        reviewed = [Step("未经特例单议的分值", "points without special-case review", plain, "point", "E6")] if points > plain else []
        value = float(self.value(pool, terms, fraction)[..., int(case.scheme[0])].ravel()[0])
        return [
            *self._steps_to_points(case, terms),
            *reviewed,
            Step("病例分值", "points of the case", points, "point", "E7" if reviewed else "E6"),
            *self._steps_to_money(points, case, value),
        ]

    def _steps_to_points(self, case: CaseTable, terms: DipTerms) -> list[Step]:
        """What the points of a case are found from."""
        table, group, stay = self.table(terms), int(case.group[0]), float(case.stay[0])
        base, coefficient, auxiliary, ratio = (float(part) for part in table.parts(case)[0])
        level = Step("机构系数", "institution coefficient", coefficient, "factor", "E3")
        if len(terms.day_points) and terms.day_points[group] > 0:
            day = Step("床日分值", "points of a day", float(terms.day_points[group]), "point", "F1")
            return [day, level, Step("住院天数", "days in bed", stay, "day", "F1")]
        if base <= 0:
            return [Step("病种无分值", "the group has no points", self.without_points, "name", "E8")]
        branch = table.branch(ratio)
        way = [
            Step("病种基准分值", "points of the group", base, "point", "E2"),
            level,
            Step("辅助系数", "auxiliary coefficient", auxiliary, "factor", "E5"),
            Step("费用与均次费用之比", "cost over the mean", ratio, "factor", f"E6; {self.outlier}"),
            Step("病例类别", "kind of case", f"{_BRANCH_ZH[branch]} ({branch})", "name", f"E6; {self.outlier}"),
        ]
        if len(terms.short_factor) and stay <= self.day_surgery_days:
            way.append(Step("日间手术系数", "factor of a short stay", float(terms.short_factor[group]), "factor", "E8"))
        return way

    def _steps_to_money(self, points: float, case: CaseTable, value: float) -> list[Step]:
        """From a case's points to what the fund owes for it."""
        rule, residual = f"E9; {self.point_value}", float(case.residual[0])
        worth = points * value
        steps = [Step("分值单价", "value of a point", value, "fen", rule), Step("按分值应得", "points times value", worth, "fen", rule)]
        if VALUES[self.point_value].takes_off:
            worth -= residual
            steps.append(Step("个人及其他层次负担", "paid in scope by patients and other layers", residual, "fen", rule))
        elif self.point_value == "ratio":
            ratio = float(case.recorded[0]) / max(float(case.charge[0]), 1.0)
            worth *= ratio
            steps.append(Step("记账占总费用之比（以本例计）", "recorded over total cost, of this case", ratio, "share", rule))
        return [*steps, Step("基金应付", "owed by the fund", worth, "fen", rule)]

    def _day_points(self, history: History, mean_cost: float) -> Floats:
        """Points of a day of groups of psychiatric stays: last year's cost a day over the cost of a point (F1)."""
        if self.bed_days == "by_case":
            return np.empty(0)
        cases, n = history.cases, len(history.groups.weight)
        cost, days = (np.bincount(cases.group, weights=w, minlength=n) for w in (cases.charge, cases.stay))
        found: Floats = np.divide(cost, days * mean_cost, out=np.zeros(n), where=(days > 0) & (history.groups.kind == PSYCHIATRIC))
        return found

    def _auxiliaries(self, history: History) -> tuple[Floats, Floats]:
        """Auxiliary coefficients of the lists in use, by group and subtype; stays paid by the day have none (E5)."""
        cases, groups, least = history.cases, len(history.groups.weight), history.standing_for(self.auxiliary_cases)
        found = []
        for used, subtype, n in (
            ("severity", cases.severity, len(SEVERITIES)),
            ("age", age_subtype(cases.age), N_AGE_SUBTYPES),
        ):
            if used not in self.auxiliary:
                found.append(_no_table())
                continue
            made = auxiliary_coefficients(cases.group, subtype, cases.charge.astype(float), (groups, n), least, self.auxiliary_gate)
            made[history.groups.kind == PSYCHIATRIC] = np.nan
            found.append(made)
        if len(found[1]):
            found[1][:, N_AGE_SUBTYPES - 2] = np.nan  # from 18 to 64 years is no subtype
        return found[0], found[1]


MODE = Dip
