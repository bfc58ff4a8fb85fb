"""The city: the Mesa model that owns people, institutions, insurer, books and tables, and runs the month's phases."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import mesa
import networkx as nx
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agents.conduct import get_conducts, memory_size
from agents.hospital import Hospital
from agents.insurer import Insurer
from agents.medical_group import MedicalGroup
from agents.patient import Patient, PatientSet
from agents.prospect import MildSample
from agents.staff import Staff, hire
from agents.utility import UtilityRules
from model import setup
from model.benefits import EntitledYear
from model.calendar import parse_month
from model.care import MIX
from model.cases import FLAG_RECOVERED, FLAG_UPGRADED, Claims
from model.catalogue import load_catalogue
from model.census import credit_accounts, heads_by_area
from model.claim_table import claim_frame
from model.codes import CHRONIC, DIALYSIS, INCOME_FIFTHS, KINDS, NEED_KINDS, OWNERSHIPS, SCHEMES, SECONDARY, SEVERE, SEVERITIES, TIERS
from model.decisions import Decision
from model.demography import DemographyRules, prepare_demography
from model.dialysis import prepare_dialysis, start_dialysis
from model.errors import InputError
from model.financing import PARTS, Insured, Part, Rates, advance_gate, expected_income, interest, reserve_months, rise_in_year
from model.fund_year import FundYear
from model.geography import neighbourhood_graph
from model.illness import IllnessRules, expected_cases, prepare_illness
from model.invariants import Bills, check_after_phase
from model.items import CHOSEN, Items, item_parts
from model.ledger import AccountKind, Ledger, Memo
from model.month import Month
from model.past_years import PastYears
from model.payment import CASES, CHARGE, DAYS, IN_SCOPE, OWN_PAY, RECORDED, RESIDUAL, UNITS, CaseTable, History
from model.phases import PHASES
from model.phases.audit import hold
from model.phases.conduct import look_ahead
from model.phases.money import pay_out
from model.policy import PolicyFile, changed_between, load_behaviour, load_city, load_policy
from model.population import PopulationPlan, synthesise
from model.quote import Quote
from model.record import Record
from model.routing import HEADS_BOTH, HEADS_GROUP, HEADS_INSTITUTION, HEADS_NONE, routing_of
from model.sanctions import SanctionRules
from model.seeking import N_VISIT_CLASSES, Reference
from model.settlement import Settlement
from model.streams import normals, uniforms
from model.supervision import Norms, Watch
from model.units import yuan_to_fen
from model.visits import C_BASIC, C_CHARGE, C_IN_SCOPE, C_VISITS, visit_columns

Floats = NDArray[np.float64]
DAYS_A_MONTH = 365.0 / 12.0
OPENING_MONTHS = 3
"""Months before the run in which nobody is paid by a mode yet: they fill the insurer's books."""
REMEMBERED = 12
"""Months the insurer's posted aggregates look back."""
LEAST_PEOPLE = 1000
OCCUPANCY_AT_START = 0.8
OCCUPANCY_INERTIA = 0.9
"""Weight of the past in smoothed demand for beds (assumption: about ten months)."""
REFUSED_ELSEWHERE = 1.3
"""Fund money for an own head's case elsewhere, over the same case here (assumption: county to city charge ratio, lower ratio paid)."""


@dataclass(frozen=True)
class Learning:
    """How often and how far conduct moves (sources: the behaviour file)."""

    period: int
    inertia: float
    step: float
    noise: float
    reach: float
    sample_minimum: int
    sample_maximum: int


@dataclass(frozen=True)
class VisitCells:
    """Remembered visits in cells, one row a cell; money in fen."""

    provider: NDArray[np.int64]
    scheme: NDArray[np.int64]
    kind: NDArray[np.int64]
    county: NDArray[np.int64]
    own: NDArray[np.int64]
    instance: NDArray[np.int8]
    visits: Floats
    charge: Floats
    in_scope: Floats
    basic: Floats


@dataclass(frozen=True)
class BudgetBase:
    """The months before a policy began, at most twelve: ``claims``, visit ``cells`` and the factor that makes a year of them."""

    claims: Claims
    cells: NDArray[np.int64]
    scale: float


class City(mesa.Model):
    """A city under one policy, month by month. Make one with :meth:`load`; run it with ``run_for(months)``.

    Attributes:
        people: all insured people, in columns.
        geography, catalogue, levels: places, disease groups, price levels.
        staff: conduct and preferences of all institutions and groups, in columns.
        settlement, ledger, tables: the insurer's books, all money, the results.
        timings: seconds spent in each phase so far.
    """

    def __init__(
        self,
        city: str | Path,
        policy: str | Path | PolicyFile | None = None,
        *,
        scale: float = 0.02,
        seed: int = 1,
        start: int | None = None,
        conduct: str = "best_response",
        behaviour: str | Path | None = None,
        keep_claims: bool = False,
    ) -> None:
        super().__init__(rng=seed)
        self.settings = load_city(city)
        self.behaviour = load_behaviour() if behaviour is None else load_behaviour(behaviour)
        self.seed = seed
        self.scale = scale
        self.keep_claims = keep_claims
        self.month = parse_month(f"{self.settings.base_year}-01") if start is None else start
        self.base_month = parse_month(f"{self.settings.base_year}-01")
        self.first_month = self.month
        self.months_run = 0
        self._make_world()
        self._make_people()
        self._make_actors(conduct)
        self.policy = self._read_policy(policy)
        self._open_books()
        self.timings = {name: 0.0 for name, _ in PHASES}

    @classmethod
    def load(
        cls,
        city: str | Path,
        policy: str | Path | PolicyFile | None = None,
        *,
        scale: float = 0.02,
        seed: int = 1,
        burn_in: int = 12,
        conduct: str = "best_response",
        behaviour: str | Path | None = None,
        claims: bool = False,
    ) -> City:
        """A city ready for the first month of its base year, after a burn-in of conduct.

        Args:
            city, policy: names, or paths to TOML files; the city's own policy unless named.
            scale: share of the people simulated; institutions' capacities and budgets are scaled alike.
            seed: seed of every random draw.
            burn_in: months run beforehand, not in the tables.
            conduct: conduct rule by name or file, shares of rules, or a table of them (see ``agents.conduct.mixture``).
            behaviour: path of a behaviour file in place of the project's.
            claims: keep claims month by month for :meth:`claims`.

        Raises:
            InputError: anything that cannot be run.
        """
        settings = load_city(city)
        check_scale(scale, settings.persons)
        base = parse_month(f"{settings.base_year}-01")
        made = cls(
            city,
            policy,
            scale=scale,
            seed=seed,
            start=base - burn_in - OPENING_MONTHS,
            conduct=conduct,
            behaviour=behaviour,
            keep_claims=claims,
        )
        made.run_for(OPENING_MONTHS)
        if burn_in:
            made.open_policy()
            made.run_for(burn_in)
        made._clear_books()
        made._set_opening_balances()
        made.open_policy()
        made.forget_tables()
        return made

    # Making

    def _make_world(self) -> None:
        month = self.base_month
        self.catalogue = load_catalogue()
        self.geography = setup.geography_of(self.settings, self.scale, month)
        self.levels = setup.levels_of(self.settings, month)
        self.choice = setup.choice_of(self.settings, month)
        self.care = setup.care_rules_of(self.behaviour, month)
        self.outcomes = setup.outcome_rules_of(self.behaviour, month)
        self.capacity = setup.capacity_rules_of(self.behaviour, month)
        aversion = self.behaviour.utility.loss_aversion
        self.loss_aversion = 1.0 if aversion is None else float(aversion.at(month))
        self.refused_ratio = REFUSED_ELSEWHERE
        self.group_facts = setup.group_facts(self.catalogue)
        providers = self.geography.providers
        n = len(providers)
        self.bed_days_available = np.where(providers.local, providers.beds * DAYS_A_MONTH, 0.0)
        self.occupancy = np.where(providers.local, OCCUPANCY_AT_START, 0.0)
        self.base_quality = 0.5 * providers.tier.astype(np.float64)
        self.perceived = np.tile(self.base_quality, (len(self.geography.areas), 1))
        graph = neighbourhood_graph(self.geography)
        around = nx.to_numpy_array(graph, nodelist=range(len(self.geography.areas)))
        around += np.diag((around.sum(axis=1) == 0).astype(float))
        self.neighbours = around / np.maximum(around.sum(axis=1, keepdims=True), 1.0)
        self.reference: Reference | None = None
        self.monthly_admissions = np.zeros(n)
        self.recorded_share = np.tile([0.75, 0.55], (n, 1))
        self.group_leads = np.array([county.has_group for county in self.settings.counties])
        self._make_leads()
        self.fixed_cost = np.zeros(n)

    def _make_leads(self) -> None:
        """The hospital and the township a group steers cases to."""
        areas = self.geography.areas
        first = [int(np.flatnonzero(areas.county == c)[0]) for c in range(len(self.geography.counties))]
        self.lead_hospital = areas.county_hospital[first]
        self.lead_primary = areas.primary[first]
        # the usual patient of a provider is a head of its county
        lead = np.isin(np.arange(len(self.geography.providers)), np.concatenate([areas.primary, areas.county_hospital]))
        self.usual_relation = _relation(lead, self.geography.providers.group >= 0)

    def _make_people(self) -> None:
        city, month = self.settings, self.base_month
        population = city.population
        whole = np.array(city.persons_by_scheme, dtype=np.float64)
        areas = self.geography.areas
        plan = PopulationPlan(
            base_month=self.month,
            persons=np.rint(whole * self.scale).astype(np.int64),
            city_persons=whole,
            retired_share=city.enrolment.employee.retired_share.at(month),
            age_shares=np.array(population.age_shares.at(month)),
            female_share=population.female_share.at(month),
            area_county=areas.county,
            area_weight=areas.weight,
            area_urban=areas.urban,
            income_mean=np.array([population.income_mean.urban.at(month), population.income_mean.rural.at(month)]),
            income_log_sd=population.income_log_sd.at(month),
            employee_income_ratio=population.employee_income_ratio.at(month),
            poor_share=population.poor_share.at(month),
            prevalence=setup.prevalence_of(city, month),
            control_share=city.chronic.control_share.at(month),
        )
        rules = DemographyRules(mortality=np.array(population.mortality.at(month)), birth_rate=population.birth_rate.at(month))
        # needs are felt; only part is acted on at the reference price, so that visits and admissions meet their levels
        sought = self.choice.sought
        illness = IllnessRules(
            visit_rate=self.levels.visit_rate / sought[: len(NEED_KINDS)],
            admission_rate=self.levels.admission_rate / float(sought[N_VISIT_CLASSES : N_VISIT_CLASSES + SEVERE * len(TIERS)].mean()),
        )
        self.demography = prepare_demography(rules, plan)
        self.illness = prepare_illness(illness, plan, self.catalogue, rules)
        self.people = synthesise(self.seed, plan)
        dialysis = setup.dialysis_of(city, month)
        self.dialysis = None if dialysis is None else prepare_dialysis(dialysis, plan)
        if self.dialysis is not None:
            start_dialysis(self.people, self.month, self.seed, self.dialysis)
        self.entitled_year = EntitledYear.zeros(np.flatnonzero(self.people.poor))
        self.expected_stays = expected_cases(self.illness, plan)
        cases = self.expected_stays.sum(axis=0)
        self.severity_mix = cases / cases.sum(axis=0)
        self.readmissions: tuple[NDArray[np.int32], NDArray[np.int16], NDArray[np.int8]] = (
            np.zeros(0, dtype=np.int32),
            np.zeros(0, dtype=np.int16),
            np.zeros(0, dtype=np.int8),
        )

    def _make_actors(self, conduct: str) -> None:
        month, behaviour = self.base_month, self.behaviour
        utility, moral = behaviour.utility, behaviour.moral
        self.mixture, self.rules = get_conducts(conduct)
        self.learning = Learning(
            period=int(behaviour.learning.period_months.at(month)),
            inertia=behaviour.learning.inertia.at(month),
            step=behaviour.learning.step.at(month),
            noise=behaviour.learning.noise.at(month),
            reach=behaviour.learning.reach.at(month),
            sample_minimum=int(behaviour.sample.minimum.at(month)),
            sample_maximum=int(behaviour.sample.maximum.at(month)),
        )
        loss, benefit = utility.loss, utility.benefit
        names = ("coding", "treatment", "splitting", "threshold", "selection", "shift", "stay", *CHOSEN)
        self.utility = UtilityRules(
            moral=np.array([0.0] * 4 + [moral[name].at(month) for name in names]),
            benefit=np.array([benefit[name].at(month) for name in ("outpatient", *SEVERITIES)]),
            stay_benefit=np.array([benefit.stay[s].at(month) for s in SEVERITIES]),
            mix_benefit=benefit.mix.at(month),
            severity_weight=np.array([loss.refusal_weight[s].at(month) for s in SEVERITIES]),
            above=loss.above.at(month),
            below=loss.below.at(month),
            refusal_harm=loss.refusal.at(month),
            split_harm=loss.splitting.at(month),
            threshold_harm=loss.threshold.at(month),
            shift_harm=loss.shift.at(month),
            keep_moral=moral.keep.at(month),
            keep_harm=loss.keep.at(month),
            down_moral=moral.down.at(month),
            down_harm=loss.down.at(month),
        )
        self.staff: Staff = self._hire(month)
        self.pay_staff()
        self.quote: Quote | None = None
        self.mild_sample: MildSample | None = None
        for index in range(len(self.geography.providers)):
            Hospital(self, index)
        for index in range(self.geography.n_groups):
            MedicalGroup(self, index)

    def _hire(self, month: int) -> Staff:
        utility, providers = self.behaviour.utility, self.geography.providers
        who = np.arange(len(providers) + self.geography.n_groups, dtype=np.uint64)
        u = uniforms(self.seed, int(Decision.CONDUCT_START), 0, who)
        drawn = uniforms(self.seed, int(Decision.CONDUCT_RULE), 0, who[: len(providers)])[:, 0]
        rule = self.mixture.assign(providers.tier, providers.private, drawn)
        return hire(
            providers.private,
            providers.tier,
            self.geography.n_groups,
            setup.by_house(utility.lambda_, month),
            setup.by_house(utility.alpha, month),
            (utility.lambda_log_sd.at(month), utility.alpha_log_sd.at(month)),
            np.stack(normals(u), axis=1),
            # a group decides as the hospital that leads it
            (rule, rule[self.lead_hospital]),
            sum(memory_size(one) for one in self.rules),
        )

    def pay_staff(self) -> None:
        """How much of a surplus reaches the staff this month: a reform of their pay is a dated share in the behaviour file."""
        providers = self.geography.providers
        share = setup.by_house(self.behaviour.utility.pass_through, self.month)
        reaches = share[providers.private.astype(np.int64), providers.tier]
        self.staff.pay(reaches, np.full(self.geography.n_groups, share[0, SECONDARY]))

    def _read_policy(self, policy: str | Path | PolicyFile | None) -> PolicyFile:
        if isinstance(policy, PolicyFile):
            return policy
        return load_policy(self.settings.own_policy if policy is None else policy)

    def _open_books(self) -> None:
        providers = self.geography.providers
        self.ledger = Ledger(len(providers), self.geography.n_groups)
        self._flows_of = self.month
        self._set_opening_balances()
        self.settlement: Settlement = setup.settlement_of(self.policy, self.geography, self.group_facts, self.base_month)
        audit, sanctions = setup.audit_rules_of(self.behaviour, self.policy, self.base_month), self.sanction_rules(self.base_month)
        watch, norms = Watch(providers.tier, providers.local), Norms(self.catalogue, providers.tier)
        self.insurer = Insurer(self, self.settlement, audit, sanctions, watch, norms)
        self.policy_open = False
        self.policy_start = self.month
        self._claims: list[Claims] = []
        self.stay_price: dict[int, Floats] = {}
        self._cells: list[NDArray[np.int64]] = []
        self._cell_total: NDArray[np.int64] = np.zeros(1, dtype=np.int64)
        self._kept: list[Claims] = []
        self._kept_parts: list[NDArray[np.int64]] = []
        self._past_years = PastYears()
        self._paid_lately: list[NDArray[np.int64]] = []
        self._histories: list[History] = []
        self.fund_year = FundYear(np.zeros((len(self.policy.modes), len(SCHEMES), len(PARTS)), dtype=np.int64))
        self.remembered_until = self.month
        self.tables = Record(
            {
                "city": [self.settings.name],
                "county": list(self.geography.counties),
                "tier": list(TIERS),
                "scheme": list(SCHEMES),
                "scheme_tier": [f"{s}/{t}" for s in SCHEMES for t in TIERS],
                "income_fifth": [str(fifth) for fifth in INCOME_FIFTHS],
                "severity": list(SEVERITIES),
                "ownership": list(OWNERSHIPS),
                "kind": list(KINDS),
                "provider": list(providers.name),
            }
        )

    def _set_opening_balances(self) -> None:
        """Lets the pooled funds hold what the city file says they held at the base year's beginning, whatever months before it left."""
        government = int(AccountKind.GOVERNMENT)
        for scheme, name in enumerate(SCHEMES):
            opening = yuan_to_fen(self.settings.fund.opening_balance[name].at(self.base_month) * self.scale)
            missing = opening - int(self.fund_balance[scheme])
            payer, payee = (government, self.ledger.fund(scheme)) if missing > 0 else (self.ledger.fund(scheme), government)
            self.ledger.post(payer, payee, abs(missing), Memo.OPENING)
        self.ledger.start_month()
        self.wound_up: list[NDArray[np.int64]] = []

    # Running

    def step(self) -> None:
        """One month: every phase in order, the ledger checked after each."""
        self._begin_flows()
        self.now = Month(self.month, setup.benefits_of(self.settings, self.month), float(self.price_index_of(np.array(self.month))))
        self.stay_price[self.month] = self.items.price
        if self._audit_changes():
            self.insurer.audit = setup.audit_rules_of(self.behaviour, self.policy, self.month)
        for name, phase in PHASES:
            began = time.perf_counter()
            phase(self)
            self._check(name)
            self.timings[name] += time.perf_counter() - began
        if self.keep_claims and self.now.claims is not None:
            self._kept.append(self.now.claims)
            self._kept_parts.append(item_parts(self.now.claims.charge, self.item_mix(self.now.claims, self.now.conduct)))
        self.months_run += 1
        self.month += 1

    def _begin_flows(self) -> None:
        """Forgets the flows of the month before; what is wound up between two months counts for the coming one."""
        if self._flows_of != self.month:
            self.ledger.start_month()
            self._flows_of, self.wound_up = self.month, []

    def _check(self, phase: str) -> None:
        """Money is conserved: accounts sum to zero, bills to their charges, people's accounts to the book's."""
        month, claims = self.now, self.now.claims
        bills = []
        if phase == "benefit" and month.visits.parts is not None and claims is not None:
            bills = [Bills("visits", month.visits.charge, month.visits.parts), Bills("stays", claims.charge, claims)]
        check_after_phase(
            phase,
            self.ledger,
            bills=bills,
            bills_are_booked=bool(bills),
            personal_accounts=self.people.account_balance,
        )

    def _audit_changes(self) -> bool:
        """Whether a dated value of the terms of audit begins this month."""
        sections = (self.behaviour.audit, self.policy.supervision)
        return any(changed_between(section, self.month - 1, self.month) for section in sections if section is not None)

    def sanction_rules(self, month: int) -> SanctionRules:
        """What follows from findings in a month."""
        return setup.sanction_rules_of(self.behaviour, month)

    def price_index_of(self, month: NDArray[Any]) -> Floats:
        """Price level of months against the base year's middle."""
        index: Floats = (1 + self.levels.growth) ** ((np.asarray(month) - self.base_month - 5.5) / 12.0)
        return index

    @property
    def items(self) -> Items:
        """What bills consist of, and the margins in force."""
        return setup.items_of(self.settings, self.behaviour, self.catalogue, self.month)

    @property
    def severity_weight(self) -> Floats:
        """Mean weight of a severity's stays ``[severity]`` at the prices of the time."""
        weight: Floats = (self.catalogue.weight * self.items.price) @ self.severity_mix
        return weight

    @property
    def standard_visit(self) -> Floats:
        """Charge ``[tier, kind]`` of a visit in the base year at the prices of its items, fen; a session of dialysis has one price."""
        kinds = np.arange(self.levels.visit.shape[1])
        charge: Floats = self.levels.visit * np.where(kinds == DIALYSIS, 1.0, self.items.visit_price)
        return charge

    def item_mix(self, claims: Claims, conduct: Floats) -> Floats:
        """Parts of stays' charges by item ``[item, claim]`` under the ``conduct`` they were treated with.

        A procedure added above need is billed in the proportions of the rest.
        """
        return self.items.mix(claims.group_true, claims.provider, conduct[:, MIX], self._served(claims))

    def _served(self, claims: Claims) -> Floats:
        """Intensity of stays without the procedures added above need."""
        served: Floats = claims.intensity / np.where(claims.has(FLAG_UPGRADED), 1 + self.care.treat_uplift, 1.0)
        return served

    def contribution(self, visits: NDArray[Any]) -> Floats:
        """What charges of remembered stays and of ``visits`` leave over their variable cost under present conduct, by provider, fen."""
        items, stays = self.items, np.zeros(len(visits))
        for claims in self._claims:
            margin = 1 - items.unit_cost(claims.group_true, claims.provider, self.staff.conduct[:, MIX], self._served(claims))
            np.add.at(stays, claims.provider.astype(np.intp), margin * claims.charge)
        left: Floats = stays + (1 - items.variable(items.visit_shares)) * visits
        return left

    # Policy

    def switch_policy(self, policy: str | Path | PolicyFile) -> None:
        """Puts a policy in force from the next month: old books are cleared, the budget base is the last twelve months."""
        before = self.policy.supervision
        self.policy = self._read_policy(policy)
        if before != self.policy.supervision:
            self.insurer.audit = setup.audit_rules_of(self.behaviour, self.policy, self.month)
        self._clear_books()
        self.policy_open = False
        self.settlement = setup.settlement_of(self.policy, self.geography, self.group_facts, self.month)
        self.insurer.settlement = self.settlement
        self.open_policy()

    def open_policy(self) -> None:
        """Fixes the budget base from the remembered months and opens the first settlement year; one that is under way is cleared first."""
        if self.settlement.elapsed:
            self._clear_books()
        recent = self.recent_claims()
        self.policy_start = self.remembered_until
        self._budget_base = BudgetBase(recent, self._cell_sum(), 12.0 / self.months_remembered)
        self.fund_year = FundYear(self._reroute())
        self.settlement.years = 0
        self.policy_open = True
        delivered = np.bincount(recent.provider, weights=recent.charge.astype(np.float64), minlength=len(self.fixed_cost))
        visits = self._cell_sum()[..., C_CHARGE].sum(axis=(1, 2, 3, 4))
        # assumption: fixed cost is what variable cost leaves of the base year's charges, less a margin of three per cent
        self.fixed_cost = (self.contribution(visits) - 0.03 * (delivered + visits)) / self.months_remembered
        self.start_settlement_year()

    def start_settlement_year(self) -> None:
        """Parameters, cycle and terms of the coming settlement year; acts are ordered anew by what they bring under them."""
        if not self.policy_open:
            return
        if self.policy.dated and self.settlement.years:
            self.fund_year.base = self._reroute()
        if self.months_remembered == REMEMBERED:
            self._past_years.keep(self.remembered_until, self._claims, len(self.catalogue.codes))
        self._open_fund_year()
        heads, usual = self._heads(), self._usual_instance()
        histories, covered_by = [], np.concatenate([claims.instance for claims in self._claims])
        year = CaseTable.join([self._case_table(claims) for claims in self._claims])
        for i, instance in enumerate(self.settlement.instances):
            histories.append(
                History(
                    cases=year.take(covered_by == i),
                    earlier=self._past_years.before(self.remembered_until, self.settlement.tier, usual == i),
                    base=instance.base,
                    factor=self.fund_year.factor(i),
                    heads=self.settlement.own_heads(instance, heads),
                    holders=self.settlement.holders,
                    groups=self.group_facts,
                    years=self.settlement.years,
                    scale=self.scale,
                )
            )
            entry = self.policy.mode(instance.id)
            instance.mode = entry.made(type(instance.mode), self.remembered_until)
            instance.cycle = setup.cycle_of(entry, self.remembered_until)
        self._histories = histories if self.policy.budget.revision is not None else []
        self.settlement.start_year(histories)
        self.post_aggregates()
        look_ahead(self)

    def revise_budget(self) -> None:
        """Raises the running year's budget where the policy allows it and spending runs ahead for a reason (rules A1)."""
        rule, elapsed, now = self.policy.budget.revision, self.settlement.elapsed, self.now.index
        if rule is None or elapsed != rule.month.at(now):
            return
        instances, books = self.settlement.instances, self.fund_year
        cases = np.sum([instance.year_totals[..., CASES].sum(axis=0) for instance in instances], axis=0) * 12.0 / elapsed
        before = np.sum([instance.base[..., CASES].sum(axis=0) for instance in instances], axis=0)
        changed = changed_between(self.settings.benefits, now - elapsed + 1, now)
        rise = [0.0, 0.0]
        for s in range(len(SCHEMES)):
            if rule.allowed(now, cases[s] / max(before[s], 1.0) - 1, changed):
                budget, recorded = int(books.budget[s].sum()), int(books.recorded[s].sum())
                rise[s] = rise_in_year(budget, recorded, elapsed, rule.trigger.at(now), rule.most.at(now))
        if any(rise):
            old = books.monthly
            books.revise(rise)
            self.now.budget = self.now.budget + (books.monthly - old) * elapsed
            self.settlement.revise([replace(history, factor=books.factor(i)) for i, history in enumerate(self._histories)])

    def _open_fund_year(self) -> None:
        """Budgets of the coming year, from what is expected to come in if the insured stay as they are."""
        first = self.remembered_until
        year = [setup.rates_of(self.settings, first + k) for k in range(12)]
        insured, _ = self.count_insured(year[0], np.zeros_like(self.people.account_balance))
        reserve = float(self.settings.fund.reserve_share.at(first))
        rules = [self.policy.budget.rule(scheme, first, reserve) for scheme in SCHEMES]
        income, rate = expected_income(year, insured), self.settings.fund.interest_rate
        if rate is not None:
            income += [12 * interest(balance, rate.at(first)) for balance in self.fund_balance.tolist()]
        self.fund_year.open(rules, income, self.settlement.years, self.fund_balance)

    def count_insured(self, rates: Rates, accounts: NDArray[np.int32]) -> tuple[Insured, int]:
        """Counts the insured, and credits a month to ``accounts`` in place.

        Returns:
            The insured, and all that was credited, fen.
        """
        people = self.people
        *counted, credited = credit_accounts(
            people.alive,
            people.scheme,
            people.retired,
            people.income,
            accounts,
            rates.wage,
            rates.floor,
            rates.cap,
            rates.account_rate,
            rates.retired,
        )
        return Insured(*counted), credited

    def recorded_by_part(self, claims: Claims, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """Money recorded in each sub-budget, ``[mode, scheme, part]``, fen (rules A1)."""
        local, visits = self.geography.providers.local, self._visit_rows(cells)
        stay = np.full(len(claims), Part.INPATIENT)
        visit = np.where((visits.kind == CHRONIC) | (visits.kind == DIALYSIS), Part.CHRONIC, Part.OUTPATIENT)
        part = np.where(local[np.concatenate([claims.provider, visits.provider])], np.concatenate([stay, visit]), Part.OFFSITE)
        instance = np.concatenate([claims.instance, visits.instance]).astype(np.int64)
        apart = np.array([mode.sub_budget is not None for mode in self.policy.modes])
        part = np.where(apart[instance], Part.OTHER, part)
        key = (instance * 2 + np.concatenate([claims.scheme, visits.scheme])) * len(PARTS) + part
        money = np.concatenate([claims.basic, visits.basic]).astype(np.float64)
        recorded = np.bincount(key, weights=money, minlength=len(apart) * 2 * len(PARTS))
        return np.rint(recorded).astype(np.int64).reshape(len(apart), 2, len(PARTS))

    def _clear_books(self) -> None:
        """Ends the books: what is owed is paid, deposits and waiting clearings included, and debts are collected."""
        if not self.policy_open:
            return
        self._begin_flows()
        hold(self, np.zeros_like(self.insurer.held))
        for instance, payment in zip(self.settlement.instances, self.settlement.wind_up(), strict=True):
            pay_out(self, payment, instance.by_group)
            self.wound_up.append(payment.cash)

    def _reroute(self) -> NDArray[np.int64]:
        """Puts the routes of the settlement year that begins in force; remembered claims and the budget base are split by them.

        A mode whose care has not changed keeps its base to the fen, and no money is lost between modes.

        Returns:
            Money recorded in the base by mode, scheme and sub-budget, fen.
        """
        modes = [instance.mode for instance in self.settlement.instances]
        start, now = self.policy_start, self.remembered_until
        self.settlement.reroute(routing_of(self.policy, modes, self.geography, self.group_facts, start, now))
        base = self._budget_base
        for claims in (*self._claims, base.claims):
            relation = self.relation_of(claims)
            claims.instance[:] = self.settlement.routing.of_stay(claims.group_coded, claims.provider, claims.scheme, relation)
        totals = self.book([base.claims], [np.zeros(len(base.claims))], base.cells, count_visits=False)
        recorded = self.recorded_by_provider(base.claims, base.cells)
        for instance, total, money in zip(self.settlement.instances, totals, recorded, strict=True):
            instance.base, instance.last_year = total * base.scale, np.rint(money * base.scale).astype(np.int64)
        return np.rint(self.recorded_by_part(base.claims, base.cells) * base.scale).astype(np.int64)

    def _heads(self) -> Floats:
        """Insured people assigned to each holder by scheme."""
        people, areas = self.people, self.geography.areas
        count = heads_by_area(people.alive, people.area, people.scheme, len(areas))
        heads = np.zeros((self.settlement.n_holders, 2))
        np.add.at(heads, areas.primary, count)
        np.add.at(heads, areas.county_hospital, count)
        np.add.at(heads, len(self.geography.providers) + areas.county, count)
        return heads

    def _usual_instance(self) -> NDArray[np.int8]:
        """Mode that covers a stay of each provider's usual patients ``[group, provider, scheme]``."""
        group, provider = np.arange(len(self.catalogue))[:, None, None], np.arange(len(self.usual_relation))[None, :, None]
        return self.settlement.routing.of_stay(group, provider, np.arange(2), self.usual_relation[None, :, None])

    def assigned(self, area: NDArray[Any], provider: NDArray[Any]) -> NDArray[np.bool_]:
        """Whether people of an area are assigned to the provider: their township's institution and their county hospital."""
        areas = self.geography.areas
        own: NDArray[np.bool_] = (areas.primary[area] == provider) | (areas.county_hospital[area] == provider)
        return own

    def relation(self, area: NDArray[Any], county: NDArray[Any], provider: NDArray[Any]) -> NDArray[np.int8]:
        """Relation of patients to providers: nobody's head, the institution's, its group's, or both."""
        return self.related(self.assigned(area, provider), county, provider)

    def relation_of(self, claims: Claims) -> NDArray[np.int8]:
        """Relation of each claim's patient to its provider."""
        return self.related(claims.head_institution, claims.head_group, claims.provider)

    def related(self, assigned: NDArray[np.bool_], county: NDArray[Any], provider: NDArray[Any]) -> NDArray[np.int8]:
        """Relation of patients of a county to providers to which they are ``assigned`` or not."""
        group = self.geography.providers.group[provider]
        return _relation(assigned, (group >= 0) & (group == county))

    # Books

    def tariff(self, claims: Claims, group: NDArray[np.int16]) -> Floats:
        """Units of claims under the modes that cover them, if written as ``group``; nothing before a policy has opened."""
        if not self.policy_open:
            return np.zeros(len(claims))
        return self.settlement.tariff(claims.instance, **claims.billed(group, self.group_facts.kind))

    def _case_table(self, claims: Claims) -> CaseTable:
        return self.settlement.case_table(claims.instance, **claims.billed(claims.group_coded, self.group_facts.kind))

    def reviewed(self, claims: Claims, units: Floats, closing: bool) -> Floats:
        """Units of the month's claims after the reviews of the modes that have one (rules E7); ``closing``: the year ends."""
        if not self.policy_open or not self.settlement.reviewing:
            return units
        table = self._case_table(claims)
        return self.settlement.reviewed(claims.instance, table, units, closing)

    def book(self, claims: list[Claims], units: list[Floats], cells: NDArray[np.int64], count_visits: bool = True) -> list[Floats]:
        """Totals of claims, which are of so many ``units``, and of visit cells for every instance; units of visits only if they count."""
        books, visits = self.settlement, self._visit_rows(cells)
        whole = books.no_totals()
        for part, counted in zip(claims, units, strict=True):
            books.add(whole, part.instance, part.provider, part.scheme, part.head_group, measures_of(part, counted))
        visited = {
            UNITS: self._visit_units(visits) if count_visits and self.policy_open else np.zeros(len(visits.visits)),
            CASES: visits.visits,
            CHARGE: visits.charge,
            IN_SCOPE: visits.in_scope,
            RECORDED: visits.basic,
            RESIDUAL: visits.in_scope - visits.basic,
            OWN_PAY: visits.charge - visits.in_scope,
            DAYS: np.zeros(len(visits.visits)),
        }
        books.add(whole, visits.instance, visits.provider, visits.scheme, visits.county, visited)
        return books.by_instance(whole)

    def recorded_by_provider(self, claims: Claims, cells: NDArray[np.int64]) -> list[Floats]:
        """Recorded money ``[provider, scheme]`` of claims and visit cells under every instance, whoever is owed."""
        visits, found = self._visit_rows(cells), self.settlement.recorded_by_provider
        stays = found(claims.instance, claims.provider, claims.scheme, claims.basic.astype(np.float64))
        visited = found(visits.instance, visits.provider, visits.scheme, visits.basic)
        return [stay + visit for stay, visit in zip(stays, visited, strict=True)]

    def _visit_rows(self, cells: NDArray[np.int64]) -> VisitCells:
        provider, scheme, kind, county, own = np.nonzero(cells[..., C_VISITS])
        values = cells[provider, scheme, kind, county, own].astype(np.float64)
        relation = self.related(own == 1, county, provider)
        return VisitCells(
            provider=provider,
            scheme=scheme,
            kind=kind,
            county=county,
            own=own,
            instance=self.settlement.routing.of_visit(kind, provider, scheme, relation),
            visits=values[:, C_VISITS],
            charge=values[:, C_CHARGE],
            in_scope=values[:, C_IN_SCOPE],
            basic=values[:, C_BASIC],
        )

    def _visit_units(self, visits: VisitCells) -> Floats:
        """Units of cells: of their mean visit, times visits."""
        count = np.maximum(visits.visits, 1.0)
        units = self.settlement.tariff(
            visits.instance,
            provider=visits.provider,
            scheme=visits.scheme,
            group=np.zeros(len(visits.visits), dtype=np.int16),
            charge=visits.charge / count,
            in_scope=visits.in_scope / count,
            recorded=visits.basic / count,
            own_pay=(visits.charge - visits.in_scope) / count,
            **visit_columns(visits.kind),
        )
        return units * visits.visits

    def post_aggregates(self) -> None:
        """Publishes the aggregates of the remembered months, yearly, and what they say of recorded shares."""
        scale = 12.0 / max(self.months_remembered, 1)
        units = [self.tariff(claims, claims.group_coded) for claims in self._claims]
        totals = self.book(self._claims, units, self._cell_sum())
        self.settlement.post([total * scale for total in totals])
        self._learn_recorded_share()

    def _learn_recorded_share(self) -> None:
        """Fund's recorded share of in-scope money by provider and scheme, leaning on the tier's where cases are few."""
        providers = self.geography.providers
        n = len(providers)
        basic, scope = np.zeros((2, n, 2))
        for claims in self._claims:
            key = claims.provider.astype(np.int64) * 2 + claims.scheme
            basic += np.bincount(key, weights=claims.basic, minlength=2 * n).reshape(n, 2)
            scope += np.bincount(key, weights=claims.in_scope, minlength=2 * n).reshape(n, 2)
        for tier in range(3):
            peers = providers.tier == tier
            mean = basic[peers].sum(axis=0) / np.maximum(scope[peers].sum(axis=0), 1.0)
            prior = 0.05 * scope[peers].sum(axis=0) / max(int(peers.sum()), 1) + 1.0
            self.recorded_share[peers] = (basic[peers] + mean * prior) / (scope[peers] + prior)

    # Memory

    @property
    def remembered_claims(self) -> list[Claims]:
        """Claims of the remembered months, at most eleven, the oldest first; flags may still change."""
        return self._claims[1 - REMEMBERED :]

    @property
    def last_claims(self) -> Claims | None:
        """Claims of the month before, if there was one."""
        return self._claims[-1] if self._claims else None

    @property
    def months_remembered(self) -> int:
        """Months behind the posted aggregates, at most twelve."""
        return len(self._claims)

    def remember(self, month: Month) -> None:
        """Adds the month to the insurer's memory; smooths demand for beds."""
        claims = month.claims
        assert claims is not None
        self._claims = [*self._claims, claims][-REMEMBERED:]
        self.remembered_until = month.index + 1
        self._cells = [*self._cells, month.visits.cells]
        self._cell_total = self._cell_total + month.visits.cells
        if len(self._cells) > REMEMBERED:
            self._cell_total -= self._cells.pop(0)
        n = len(self.geography.providers)
        days = np.bincount(claims.provider, weights=claims.stay.astype(np.float64), minlength=n)
        demand = np.divide(days, self.bed_days_available, out=np.zeros(n), where=self.bed_days_available > 0)
        self.occupancy = OCCUPANCY_INERTIA * self.occupancy + (1 - OCCUPANCY_INERTIA) * demand
        counted = np.bincount(np.concatenate([c.provider for c in self._claims]), minlength=n)
        self.monthly_admissions = counted / len(self._claims)

    @property
    def claims_by_month(self) -> list[Claims]:
        """Claims of each remembered month, at most twelve, the oldest first."""
        return self._claims

    def recent_claims(self) -> Claims:
        """Claims of the remembered months, one below the other."""
        recent: Claims = Claims.join(self._claims)
        return recent

    def cases_found(self) -> tuple[Floats, Floats]:
        """Cases of the remembered months by provider, and those of them that audits found distorted."""
        n = len(self.geography.providers)
        cases, found = np.zeros(n), np.zeros(n)
        for claims in self._claims:
            cases += np.bincount(claims.provider, minlength=n)
            found += np.bincount(claims.provider[claims.has(FLAG_RECOVERED)], minlength=n)
        return cases, found

    @property
    def recent_visit_charge(self) -> Floats:
        """Charges of the remembered months' visits by provider, fen."""
        charged: Floats = self._cell_total[..., C_CHARGE].sum(axis=(1, 2, 3, 4)).astype(np.float64)
        return charged

    def _cell_sum(self) -> NDArray[np.int64]:
        return self._cell_total

    def recent_cells(self) -> VisitCells:
        """Visits of the remembered months in cells."""
        return self._visit_rows(self._cell_sum())

    # Money at the counter

    def pay_at_the_counter(self) -> None:
        """Books what patients and the layers above the fund pay providers on the month's bills."""
        claims, cells = self.now.claims, self.now.visits.cells
        assert claims is not None
        n = len(self.geography.providers)
        by_provider = cells.sum(axis=(1, 2, 3, 4))
        for j, (part, payer, memo) in enumerate(
            (
                ("second", AccountKind.CATASTROPHIC, Memo.SECOND_LAYER),
                ("supplement", AccountKind.SUPPLEMENT, Memo.SUPPLEMENT_PAY),
                ("aid", AccountKind.AID, Memo.AID_PAY),
                ("account", AccountKind.ACCOUNTS_EMPLOYEE, Memo.ACCOUNT_PAY),
                ("patient", AccountKind.HOUSEHOLDS, Memo.PATIENT_PAY),
            )
        ):
            money = by_provider[:, C_BASIC + 1 + j].copy()
            np.add.at(money, claims.provider, getattr(claims, part))
            self.ledger.post(int(payer), self.ledger.provider(np.arange(n)), money, memo)

    @property
    def fund_income(self) -> NDArray[np.int64]:
        """Premiums, subsidies and interest of the month by scheme, fen."""
        return np.array([self.ledger.income(self.ledger.fund(s), Memo.PREMIUM, Memo.SUBSIDY, Memo.INTEREST) for s in range(2)])

    @property
    def fund_balance(self) -> NDArray[np.int64]:
        """Pooled fund by scheme, fen."""
        return np.array([self.ledger.balance(self.ledger.fund(s)) for s in range(2)])

    @property
    def reserve_months(self) -> Floats:
        """Months each pooled fund's balance lasts at the mean spending of the last months, at most twelve (rules A5)."""
        spent, months = np.sum(self._paid_lately, axis=0), len(self._paid_lately)
        return np.array(
            [reserve_months(float(balance), float(paid), months) for balance, paid in zip(self.fund_balance, spent, strict=True)]
        )

    def may_advance(self) -> NDArray[np.bool_]:
        """Whether each scheme's fund may lend to providers: reserve above its gate, no deficit last year and none budgeted (rules G1)."""
        gates = [self.settings.fund.reserve_gate[scheme].at(self.month) for scheme in SCHEMES]
        year = self.fund_year
        facts = zip(self.reserve_months.tolist(), gates, year.deficit.tolist(), year.deficit_expected.tolist(), strict=True)
        return np.array([advance_gate(*scheme) for scheme in facts])

    def remember_paid(self) -> None:
        """Adds what the funds paid this month to the memory of their spending."""
        self._paid_lately = [*self._paid_lately, np.sum(self.now.paid, axis=(0, 1))][-REMEMBERED:]

    def pool_month(self) -> Floats:
        """The month's points and what they are worth under modes that pay by points, and head money and recorded care of groups."""
        out = np.zeros(4)
        claims = self.now.claims
        assert claims is not None
        for i, (instance, settled) in enumerate(zip(self.settlement.instances, self.now.settled, strict=True)):
            mine = claims.instance == i
            out[:2] += instance.month_points
            if instance.by_group:
                out[2] += settled.sum()
                visits = self._visit_rows(self.now.visits.cells)
                out[3] += claims.basic[mine].sum() + visits.basic[visits.instance == i].sum()
        return out

    # Reading

    def claims(self) -> pd.DataFrame:
        """Claims since the last call, with truth columns, if the city was loaded with ``claims=True``."""
        if not self.keep_claims:
            raise InputError("claims were not kept", allowed="City.load(..., claims=True)")
        frame = claim_frame(Claims.join(self._kept), np.concatenate(self._kept_parts, axis=1), self) if self._kept else pd.DataFrame()
        self._kept, self._kept_parts = [], []
        return frame

    def forget_tables(self) -> None:
        """Drops the months so far from the tables (burn-in), and their claims."""
        self.tables.drop_before(self.month)
        self._kept, self._kept_parts = [], []

    @property
    def agents_by_type(self) -> Any:
        """Agents by class; ``Patient`` answers from the columns."""
        by_type = dict(super().agents_by_type)
        by_type[Patient] = PatientSet(self.people, self)
        return by_type

    @property
    def agent_types(self) -> list[type]:
        """All four kinds of agents."""
        return [*super().agent_types, Patient]


def _relation(institution: NDArray[np.bool_], group: NDArray[np.bool_]) -> NDArray[np.int8]:
    relation = np.where(institution, np.where(group, HEADS_BOTH, HEADS_INSTITUTION), np.where(group, HEADS_GROUP, HEADS_NONE))
    return relation.astype(np.int8)


def check_scale(scale: float, persons: int) -> None:
    """Refuses a scale that is not a share or leaves too few people.

    Raises:
        InputError: not in (0, 1], or fewer than a thousand people.
    """
    if not (np.isfinite(scale) and 0 < scale <= 1):
        raise InputError("the scale is the share of people simulated", path="scale", found=scale, allowed="above 0, at most 1")
    if persons * scale < LEAST_PEOPLE:
        raise InputError(
            f"too few people: {round(persons * scale)}",
            path="scale",
            found=scale,
            allowed=f"at least {LEAST_PEOPLE / persons:.5f} (a thousand people)",
        )


def measures_of(claims: Claims, units: Floats) -> dict[int, NDArray[Any]]:
    """What each claim of so many ``units`` adds to the totals of the mode that covers it, by measure."""
    return {
        UNITS: units,
        CASES: np.ones(len(claims)),
        CHARGE: claims.charge,
        IN_SCOPE: claims.in_scope,
        RECORDED: claims.basic,
        RESIDUAL: claims.in_scope - claims.basic,
        OWN_PAY: claims.own_pay,
        DAYS: claims.stay,
    }
