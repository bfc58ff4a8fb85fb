"""Turns settings into the arrays the rules work on: places and institutions, charges, choice weights, benefits of a month, routing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.benefits import BenefitRules, Layer
from model.capacity import CapacityRules
from model.care import CHANNELS, CODING, CareRules
from model.catalogue import ITEMS, PARTITIONS, Catalogue
from model.codes import (
    BENEFIT_CLASSES,
    CONDITIONS,
    DIALYSIS,
    MILD,
    MODERATE,
    NEED_KINDS,
    OWNERSHIPS,
    PROVIDER_KINDS,
    SCHEMES,
    SEVERE,
    SEVERITIES,
    STANDINGS,
    TIERS,
)
from model.cycle import Cycle
from model.dialysis import DialysisRules
from model.drug_benefit import N_MASKS, diseases_of
from model.financing import Rates
from model.geography import Geography, Providers, make_geography
from model.health import OutcomeRules
from model.items import Items
from model.layers import POOR
from model.payment import GroupFacts, HolderFacts, get_mode
from model.policy import BehaviourFile, CityFile, Leaf, PolicyFile
from model.policy.benefit_file import Band, OutpatientBenefit, RetiredTerms, SchemeBenefits, Terms
from model.policy.policy_file import PolicyMode
from model.referral import Penalties
from model.routing import routing_of
from model.sanctions import Reward, SanctionRules
from model.seeking import N_CLASSES, N_VISIT_CLASSES, ChoiceRules
from model.settlement import Instance, Settlement
from model.supervision import AUDITED_CHANNELS, AuditRules, RuleLimits
from model.units import PPM, ratio_to_ppm, yuan_to_fen

Floats = NDArray[np.float64]


def geography_of(city: CityFile, scale: float, month: int) -> Geography:
    """Areas and institutions of a city; beds are scaled with the people and stay fractional."""
    counties = [county.name for county in city.counties]
    area_county, area_weight = [], []
    for c, county in enumerate(city.counties):
        area_county += [c] * county.townships
        area_weight += [county.share / county.townships] * county.townships
    providers = _providers(city, counties, np.array(area_county, dtype=np.int16), scale, month)
    return make_geography(
        counties,
        np.array([county.urban for county in city.counties]),
        np.array([float(county.minutes_to_city) for county in city.counties]),
        np.array(area_county, dtype=np.int16),
        np.array(area_weight),
        providers,
    )


def _providers(city: CityFile, counties: list[str], area_county: NDArray[np.int16], scale: float, month: int) -> Providers:
    rows: list[dict[str, Any]] = []
    for house in city.institutions:
        county = counties.index(house.county)
        rows.append(_row(house.name, house.label, house.tier, house.benefit_class, county))
        rows[-1] |= {"private": house.ownership == "private", "kind": PROVIDER_KINDS.index(house.kind), "beds": house.beds * scale}
        rows[-1]["group"] = county if city.is_member(house) else -1
    beds = city.townships.beds.at(month) * scale
    for area, c in enumerate(area_county):
        place = city.counties[c]
        order = int(area - np.flatnonzero(area_county == c)[0]) + 1
        rows.append(_row(f"{place.name}_primary_{order}", None, "primary", "primary", int(c)))
        word_zh, word_en = ("社区卫生服务中心", "community centre") if place.urban else ("乡镇卫生院", "township hospital")
        rows[-1]["label"] = (f"{place.label.zh}{word_zh}{order}", f"{place.label.en} {word_en} {order}")
        rows[-1] |= {"beds": beds, "area": area, "group": int(c) if place.has_group else -1}
    for outside in city.out_of_city:
        rows.append(_row(outside.name, outside.label, outside.tier, outside.benefit_class, -1))
        rows[-1] |= {"local": False, "beds": np.inf, "minutes": float(outside.minutes)}
    return Providers(
        name=[row["name"] for row in rows],
        label_zh=[row["label"][0] for row in rows],
        label_en=[row["label"][1] for row in rows],
        tier=np.array([row["tier"] for row in rows], dtype=np.int8),
        private=np.array([row["private"] for row in rows]),
        kind=np.array([row["kind"] for row in rows], dtype=np.int8),
        county=np.array([row["county"] for row in rows], dtype=np.int16),
        benefit_class=np.array([row["benefit_class"] for row in rows], dtype=np.int8),
        beds=np.array([row["beds"] for row in rows], dtype=np.float64),
        area=np.array([row["area"] for row in rows], dtype=np.int16),
        local=np.array([row["local"] for row in rows]),
        group=np.array([row["group"] for row in rows], dtype=np.int16),
        minutes=np.array([row["minutes"] for row in rows], dtype=np.float64),
    )


def _row(name: str, label: Any, tier: str, benefit_class: str, county: int) -> dict[str, Any]:
    return {
        "name": name,
        "label": (label.zh, label.en) if label is not None else (name, name),
        "tier": TIERS.index(tier),
        "benefit_class": BENEFIT_CLASSES.index(benefit_class),
        "county": county,
        "private": False,
        "kind": 0,
        "beds": 0.0,
        "area": -1,
        "local": True,
        "group": -1,
        "minutes": 0.0,
    }


@dataclass(frozen=True)
class Levels:
    """Charges and catalogue scope before anybody's conduct, of the base year; money in fen.

    ``admission[scheme, tier]`` charge of a case of weight one; ``visit[provider tier, kind]`` of a visit or session;
    ``in_scope[scheme, tier]`` and ``visit_in_scope[scheme, kind]`` shares; ``stay[scheme]`` multiplier on the catalogue's days;
    ``admission_rate[scheme]`` and ``visit_rate[scheme, kind]`` of needs now and then; ``growth`` of charges a year.
    """

    admission: Floats
    visit: Floats
    in_scope: Floats
    visit_in_scope: Floats
    stay: Floats
    admission_rate: Floats
    visit_rate: Floats
    growth: float


def levels_of(city: CityFile, month: int) -> Levels:
    """Published levels times what the calibration found (neutral where it found nothing)."""
    use, fitted = city.utilisation, city.fitted
    cost = _table(use.cost_per_admission, SCHEMES, TIERS, month) * _fit(fitted, "cost_level", (SCHEMES, TIERS), month)
    visit = _table(use.cost_per_visit, TIERS, NEED_KINDS, month) * _fit(fitted, "visit_cost_level", (TIERS,), month)[:, None]
    scope = _table(use.in_scope_share, SCHEMES, TIERS, month) * _fit(fitted, "in_scope_scale", (SCHEMES, TIERS), month)
    admissions = np.array([use.admissions_per_100[s].at(month) for s in SCHEMES]) / 100
    visits = _table(use.visits_per_head, SCHEMES, NEED_KINDS, month)
    visit_scope = np.array([use.in_scope_share_outpatient[s].at(month) for s in SCHEMES])
    # a session has one price wherever it is given
    given = city.dialysis
    session, session_scope = (0.0, 0.0) if given is None else (given.charge.at(month), given.in_scope_share.at(month))
    return Levels(
        admission=cost * 100.0,
        visit=np.column_stack([visit, np.full(len(TIERS), session)]) * 100.0,
        in_scope=np.minimum(scope, 1.0),
        visit_in_scope=np.column_stack([*[visit_scope] * len(NEED_KINDS), np.full(len(SCHEMES), session_scope)]),
        stay=_fit(fitted, "stay_scale", (SCHEMES,), month),
        admission_rate=admissions * _fit(fitted, "admission_scale", (SCHEMES,), month),
        visit_rate=visits * _fit(fitted, "visit_scale", (SCHEMES, NEED_KINDS), month),
        growth=float(city.prices.growth.at(month)),
    )


def _table(section: Any, first: tuple[str, ...], second: tuple[str, ...], month: int) -> Floats:
    return np.array([[section[a][b].at(month) for b in second] for a in first], dtype=np.float64)


def _fit(fitted: Any, name: str, axes: tuple[tuple[str, ...], ...], month: int) -> Floats:
    section = None if fitted is None else fitted[name]
    if section is None:
        return np.ones([len(axis) for axis in axes])
    if len(axes) == 1:
        return np.array([section[a].at(month) for a in axes[0]], dtype=np.float64)
    return _table(section, axes[0], axes[1], month)


def choice_of(city: CityFile, month: int) -> ChoiceRules:
    """Weights of the choice of facility by class of need."""
    choice, use = city.choice, city.utilisation
    # to the unit of a standing need people go again and again: as they go for a mild one (assumption)
    severity_of_class = [MILD, MILD, SEVERE, MILD, *np.repeat([MILD, MODERATE, SEVERE], len(TIERS))]
    visit = np.arange(N_CLASSES) < N_VISIT_CLASSES
    travel = np.array([choice.travel_per_minute[SEVERITIES[s]].at(month) for s in severity_of_class])
    quality = np.array([choice.quality[SEVERITIES[s]].at(month) for s in severity_of_class])
    elasticity = np.where(visit, use.elasticity.outpatient.at(month), use.elasticity.inpatient.at(month))
    # emergencies and severe cases are sought whatever the price (assumption: a tenth of the response)
    urgent = np.array(severity_of_class) == SEVERE
    standing = np.arange(N_CLASSES) == DIALYSIS
    return ChoiceRules(
        cost_per_yuan=float(choice.cost_per_yuan.at(month)),
        travel_per_minute=travel,
        quality=quality,
        waiting=float(choice.waiting.at(month)),
        nest=float(choice.nest.at(month)),
        constant=_constants(choice.constant, city.fitted and city.fitted.choice_constant, month),
        visit_constant=_constants(choice.visit_constant, city.fitted and city.fitted.visit_choice_constant, month),
        elasticity=np.where(standing, 0.0, np.where(urgent, 0.1 * elasticity, elasticity)),
        # assumption: at the base year's prices nine in ten felt needs for a stay and eight in ten for a visit are acted on, and all for
        # dialysis, without which one dies
        sought=np.where(standing, 1.0, np.where(urgent, 0.97, np.where(visit, 0.8, 0.9))),
    )


def _constants(prior: Any, fitted: Any, month: int) -> Floats:
    levels = (*TIERS, "out_of_city")
    out = _table(prior, SCHEMES, levels, month)
    return out if fitted is None else out + _table(fitted, SCHEMES, levels, month)


def benefits_of(city: CityFile, month: int) -> BenefitRules:
    """Benefit rules in force in a month."""
    benefits = [city.benefits[s] for s in SCHEMES]
    low, high, ppm = _band_tables([[b.inpatient[c].banded(month) for c in BENEFIT_CLASSES] for b in benefits])
    deductibles = np.array([[b.inpatient[c].deductibles(month) for c in BENEFIT_CLASSES] for b in benefits])
    ordinary = [b.outpatient for b in benefits]
    rules = BenefitRules.none(inpatient_bands=low.shape[-1]).changed(
        inpatient_deductible=deductibles[..., 0],
        inpatient_later=deductibles[..., 1],
        inpatient_from=low,
        inpatient_to=high,
        inpatient_ppm=ppm,
        inpatient_ceiling=[yuan_to_fen(b.ceiling_basic.at(month)) for b in benefits],
        outpatient_deductible=[yuan_to_fen(o.ordinary_deductible_year.at(month)) for o in ordinary],
        outpatient_ppm=[[ratio_to_ppm(o.ordinary_ratio[c].at(month)) for c in BENEFIT_CLASSES] for o in ordinary],
        outpatient_cap=[yuan_to_fen(o.ordinary_cap_year.at(month)) for o in ordinary],
        chronic_ppm=[_chronic_ratios(o, month) for o in ordinary],
        chronic_cap=[yuan_to_fen(o.chronic_cap_year.at(month)) for o in ordinary],
        layers=[_layer(city, name, month) for name in city.benefits.layers(month)],
        **_drug_benefit(city, month),
        **_penalties(benefits, month),
        **_day_surgery(benefits, month),
    )
    retired = city.benefits.employee.retired
    return rules if retired is None else _for_the_retired(rules, retired, month)


def _chronic_ratios(outpatient: OutpatientBenefit, month: int) -> list[int]:
    common, poor = outpatient.chronic_ratio, outpatient.chronic_ratio_poor or outpatient.chronic_ratio
    return [ratio_to_ppm((poor if is_poor else common).at(month)) for is_poor in POOR]


def _drug_benefit(city: CityFile, month: int) -> dict[str, Any]:
    """Drugs for hypertension and diabetes; nobody is paid by it where a city has no such rule."""
    rules = [city.benefits[s].outpatient.two_diseases for s in SCHEMES]
    return {
        "drugs_ppm": [0 if rule is None else ratio_to_ppm(rule.ratio.at(month)) for rule in rules],
        "drugs_cap": [0 if rule is None else yuan_to_fen(rule.cap_year.at(month)) for rule in rules],
        "drug_diseases": [np.zeros(N_MASKS, dtype=np.int64) if rule is None else diseases_of(rule.certified.at(month)) for rule in rules],
    }


def _penalties(benefits: list[SchemeBenefits], month: int) -> dict[str, Any]:
    """Tables of what a stay outside costs more."""
    none = Penalties((0, 0, 0), (0, 0, 0), (PPM, PPM, PPM))
    found = [none if b.referral is None else b.referral.penalties(month) for b in benefits]
    return {
        "referral_first_ppm": [p.first_self for p in found],
        "referral_cut_ppm": [p.cut for p in found],
        "referral_factor_ppm": [p.factor for p in found],
        "registered_ppm": [0 if b.referral is None else ratio_to_ppm(b.referral.registered_share.at(month)) for b in benefits],
    }


def _day_surgery(benefits: list[SchemeBenefits], month: int) -> dict[str, Any]:
    """What of the deductible a day surgery bears; no stay is one where a city has no such rule."""
    rules = [b.day_surgery for b in benefits]
    return {
        "day_surgery_factor_ppm": [PPM if rule is None else ratio_to_ppm(rule.deductible_factor.at(month)) for rule in rules],
        "day_surgery_days": [0 if rule is None else int(rule.longest_stay.at(month)) for rule in rules],
    }


def _for_the_retired(rules: BenefitRules, terms: RetiredTerms, month: int) -> BenefitRules:
    """The same rules with the retired employees' own terms."""

    def ppm(share: Leaf | None, absent: int) -> int:
        return absent if share is None else ratio_to_ppm(share.at(month))

    deductible = terms.outpatient_deductible_year
    return rules.with_retired(
        stay_ratio_added_ppm=ppm(terms.inpatient_ratio_added, 0),
        stay_deductible_ppm=ppm(terms.inpatient_deductible_factor, PPM),
        outpatient_ratio_added_ppm=ppm(terms.outpatient_ratio_added, 0),
        outpatient_deductible=None if deductible is None else yuan_to_fen(deductible.at(month)),
    )


def _layer(city: CityFile, name: str, month: int) -> Layer:
    """One layer above the basic one; where a scheme has none of it, it pays nothing."""
    terms = [[city.benefits[s].layer(name, standing, month) or Terms(0, [], 0) for standing in STANDINGS] for s in SCHEMES]
    low, high, ppm = _band_tables([[t.bands for t in of_scheme] for of_scheme in terms])
    return Layer(
        name=name,
        ppm=ppm,
        low=low,
        high=high,
        deductible=[[t.deductible for t in of_scheme] for of_scheme in terms],
        cap=[[t.cap for t in of_scheme] for of_scheme in terms],
        above_ceiling=[name == "second" and s == "employee" for s in SCHEMES],
    )


def _band_tables(bands: list[list[list[Band]]]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """From, to and ratio as ``[s, …, b]``; unused bands are zero."""
    most = max(1, *(len(rows) for scheme in bands for rows in scheme))
    out = np.zeros((3, len(bands), len(bands[0]), most), dtype=np.int64)
    for s, scheme in enumerate(bands):
        for c, rows in enumerate(scheme):
            for b, row in enumerate(rows):
                out[:, s, c, b] = row
    return out[0], out[1], out[2]


def care_rules_of(behaviour: BehaviourFile, month: int) -> CareRules:
    """What each act of conduct reaches and does."""
    able, care = behaviour.eligibility, behaviour.care
    return CareRules(
        eligible_code=np.array([able.coding[s].at(month) for s in SEVERITIES]),
        eligible_treat=able.treatment.at(month),
        eligible_split=able.splitting.at(month),
        treat_uplift=able.treatment_uplift.at(month),
        split_overhead=able.splitting_overhead.at(month),
        split_first=care.split_first.at(month),
        threshold_pool=able.marginal_per_admission.at(month),
        threshold_charge=able.marginal_charge.at(month),
        costly=able.costly_threshold.at(month),
        need_sd=care.need_log_sd.at(month),
        noise_sd=able.costly_noise_sd.at(month),
        finish_share=behaviour.finish.share.at(month),
        finish_levels=tuple(behaviour.finish.levels.at(month)),
        stay_response=care.stay_response.at(month),
        daily_share=care.daily_share.at(month),
    )


def capacity_rules_of(behaviour: BehaviourFile, month: int) -> CapacityRules:
    """What services cost a house by how full it is."""
    capacity = behaviour.capacity
    return CapacityRules(room=capacity.room.at(month), usual=np.array([capacity.usual[t].at(month) for t in TIERS]))


def by_house(section: Any, month: int) -> Floats:
    """A number by ownership and tier ``[ownership, tier]``."""
    return _table(section, OWNERSHIPS, TIERS, month)


def items_of(city: CityFile, behaviour: BehaviourFile, catalogue: Catalogue, month: int) -> Items:
    """What bills consist of, and the margins and prices of a month."""

    def by_item(section: Any) -> Floats:
        return np.array([section[item].at(month) for item in ITEMS])

    price = city.prices.item
    return Items.of(
        catalogue.shares, by_item(behaviour.care.discretion), by_item(city.prices.margin), None if price is None else by_item(price)
    )


def audit_rules_of(behaviour: BehaviourFile, policy: PolicyFile, month: int) -> AuditRules:
    """How claims are watched in a month: by the policy as far as it says so, else by the behaviour file."""
    audit, own = behaviour.audit, policy.supervision
    given = {} if own is None else {key: own[key] for key in own.given()}
    weight, review, fine = given.get("weight", audit.weight), given.get("review", audit.review), audit.fine
    return AuditRules(
        rate=given.get("rate", audit.rate).at(month),
        regime=given.get("regime", audit.regime).at(month),
        weight={channel: weight[CHANNELS[channel]].at(month) for channel in AUDITED_CHANNELS},
        review={channel: review[CHANNELS[channel]].at(month) for channel in AUDITED_CHANNELS},
        fine={channel: (fine.coding if channel == CODING else fine.other).at(month) for channel in AUDITED_CHANNELS},
        sensitivity=audit.sensitivity.at(month),
        lift=audit.lift.at(month),
        offset=audit.peer_offset.at(month),
        exploration=audit.exploration.at(month),
        memory=int(audit.memory.at(month)),
        false_positive=audit.false_positive.at(month),
        review_false_positive=audit.review_false_positive.at(month),
        cost_per_audit=yuan_to_fen(audit.cost_per_audit.at(month)),
        cost_per_review=yuan_to_fen(audit.cost_per_review.at(month)),
        limits=RuleLimits(**{key: limit.at(month) for key, limit in audit.limits.items()}),
        split_gain=audit.split_gain.at(month),
    )


def sanction_rules_of(behaviour: BehaviourFile, month: int) -> SanctionRules:
    """What follows from findings in a month; what the file does not name is not in force."""
    given = behaviour.sanction
    if given is None:
        return SanctionRules()
    rules: dict[str, Any] = {"memory": given.memory_months.at(month), "prior": given.prior_claims.at(month)}
    if given.fine_most is not None:
        most = given.fine_most
        rules["fine_most"] = {c: (most.coding if c == CODING else most.other).at(month) for c in AUDITED_CHANNELS}
    if given.credit is not None:
        rules |= {key: leaf.at(month) for key, leaf in given.credit.items()}
    if given.suspension is not None:
        line = given.suspension
        rules |= {"close_from": line.threshold.at(month), "close_months": int(line.months.at(month))}
        rules |= {"term": int(line.term.at(month)), "end_months": int(line.end_months.at(month))}
    if given.inspection is not None:
        visit = given.inspection
        rules |= {"inspected": visit.share.at(month), "risk": visit.risk.at(month), "sensitivity": visit.sensitivity.at(month)}
        rules["visit_cost"] = yuan_to_fen(visit.cost.at(month))
    if given.self_inspection is not None:
        own = given.self_inspection
        rules |= {"campaign_month": int(own.month.at(month)), "recheck": own.recheck.at(month), "spread": own.spread.at(month)}
    if given.complaint is not None:
        told = given.complaint
        rules |= {"complaint": told.rate.at(month), "verified": told.verified.at(month)}
        rules["reward"] = Reward(told.reward.at(month), yuan_to_fen(told.least.at(month)), yuan_to_fen(told.most.at(month)))
    if given.warning is not None:
        early = given.warning
        rules |= {"dear": early.dear.at(month), "ahead": early.ahead.at(month), "warned_more": early.more.at(month)}
    if given.bonus is not None:
        rules["bonus"] = given.bonus.at(month)
    return SanctionRules(**rules)


def outcome_rules_of(behaviour: BehaviourFile, month: int) -> OutcomeRules:
    """What treatment does to health."""
    health = behaviour.health
    return OutcomeRules(
        complication=np.array([health.complication[s].at(month) for s in SEVERITIES]),
        readmission=np.array([health.readmission[s].at(month) for s in SEVERITIES]),
        death=np.array([health.death[s].at(month) for s in SEVERITIES]),
        under=np.array([health.under[s].at(month) for s in SEVERITIES]),
        over=np.array([health.over[s].at(month) for s in SEVERITIES]),
        short=health.short.at(month),
        long=health.long.at(month),
        untreated=health.untreated.at(month),
        split_harm=health.split_harm.at(month),
        delay=np.array([health.delay[s].at(month) for s in SEVERITIES]),
        needless=health.needless.at(month),
        complication_loss=health.complication_loss.at(month),
        death_loss=health.death_loss.at(month),
        visit_loss=health.visit_loss.at(month),
        chronic_loss=health.chronic_loss.at(month),
        uncontrolled_loss=health.uncontrolled_loss.at(month),
        control=health.control.at(month),
        quality_loss=np.array([health.quality_loss[s].at(month) for s in SEVERITIES]),
    )


def settlement_of(policy: PolicyFile, geography: Geography, groups: GroupFacts, month: int) -> Settlement:
    """The insurer's books for a policy that starts in ``month``: its modes with their parameters, and who is covered by which."""
    instances = []
    for entry in policy.modes:
        path = policy.kind_path(entry)
        kind = get_mode(entry.kind if path is None else str(path))
        policy.check_parameters(entry, kind.PARAMETERS)
        mode = entry.made(kind, month)
        instances.append(Instance(entry.id, mode, cycle_of(entry, month)))
    policy.check_holders({instance.id for instance in instances if instance.by_group})
    routing = routing_of(policy, [instance.mode for instance in instances], geography, groups, month, month)
    return Settlement(instances, routing, geography.providers.group, holder_facts(geography), geography.n_groups)


def cycle_of(entry: PolicyMode, month: int) -> Cycle:
    """The rules of the settlement cycle that are in force in a month."""
    return Cycle(**{name: value.at(month) for name, value in entry.cycle.items()})


def holder_facts(geography: Geography) -> HolderFacts:
    """Facts of providers and, after them, groups, which stand as general secondary public holders without beds of their own."""
    providers, groups = geography.providers, geography.n_groups
    none = np.zeros(groups)
    return HolderFacts(
        tier=np.concatenate([providers.tier, none + 1]).astype(np.int8),
        specialty=np.concatenate([providers.kind, none]).astype(np.int8),
        private=np.concatenate([providers.private, none]).astype(bool),
        local=np.concatenate([providers.local, none + 1]).astype(bool),
        beds=np.concatenate([providers.beds, none]),
    )


def rates_of(city: CityFile, month: int) -> Rates:
    """What premiums, subsidies and credits are in a month (rules A2 to A4)."""
    employee, layer = city.financing.employee, yuan_to_fen(city.fund.catastrophic_premium.at(month))
    premium, subsidy = city.financing.resident.per_head(month)
    relief, floor, cap = employee.unit_relief, employee.base_floor, employee.base_cap
    return Rates(
        wage=round(yuan_to_fen(employee.wage_base.at(month)) / 12),
        floor=1.0 if floor is None else float(floor.at(month)),
        cap=1.0 if cap is None else float(cap.at(month)),
        unit=ratio_to_ppm(employee.unit_rate.at(month)),
        own=ratio_to_ppm(employee.personal_rate.at(month)),
        relief=ratio_to_ppm(1.0 if relief is None else relief.at(month)),
        account=ratio_to_ppm(employee.account_unit_share.at(month)),
        retired=round(yuan_to_fen(employee.account_retired.at(month)) / 12),
        premium=yuan_to_fen(premium),
        subsidy=yuan_to_fen(subsidy),
        layer=(layer, layer),
    )


def dialysis_of(city: CityFile, month: int) -> DialysisRules | None:
    """Failure of the kidneys, where the city file says how common it is."""
    terms = city.dialysis
    if terms is None:
        return None
    return DialysisRules(np.array(terms.prevalence.at(month)), terms.deaths_added.at(month), terms.sessions.at(month))


def prevalence_of(city: CityFile, month: int) -> Floats:
    """Prevalence ``[condition, age band]``."""
    return np.array([city.chronic.prevalence[c].at(month) for c in CONDITIONS], dtype=np.float64)


def group_facts(catalogue: Catalogue) -> GroupFacts:
    """What is published of each disease group."""
    return GroupFacts(
        code=tuple(catalogue.codes),
        weight=np.asarray(catalogue.weight, dtype=np.float64),
        stay=np.asarray(catalogue.stay, dtype=np.float64),
        kind=catalogue.kind,
        basic=catalogue.simple,
        operative=catalogue.partition != PARTITIONS.index("medical"),
        family=catalogue.adrg.astype(np.int64),
    )
