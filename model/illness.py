"""A month of ill health, person by person: onset and control of chronic disease, and need for outpatient and inpatient care."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

import numba
import numpy as np
from numpy.typing import NDArray

from model.calendar import EPOCH
from model.catalogue import SPLITS, Catalogue
from model.codes import AGE_BANDS, CHRONIC, COMMON, CONDITIONS, EMERGENCY, FEMALE, MALE, SCHEMES, SEVERITIES, SEXES
from model.decisions import Decision
from model.demography import BLOCK, CHUNK, DemographyRules, chunks, death_ratios
from model.errors import InputError
from model.people import People
from model.population import (
    STATES,
    HealthMix,
    PopulationPlan,
    Vector,
    age_distribution,
    band_of,
    band_shares,
    bisect,
    find,
    health_mix,
    state_product,
)
from model.streams import Word, draw, month_slot, seed_keys, u01

DRAWN_KINDS = (COMMON, CHRONIC, EMERGENCY)
"""Kinds of outpatient need that are drawn month by month, in the order of their codes."""

MOST_IN_A_MONTH = 0.95
"""Highest chance of one kind of need in a month: a person has at most one need of a kind a month."""

_CHRONIC, _OUTPATIENT, _INPATIENT = int(Decision.CHRONIC), int(Decision.OUTPATIENT_NEED), int(Decision.INPATIENT_NEED)
_GROUP, _SEVERITY = int(Decision.GROUP), int(Decision.SEVERITY)
_N_BANDS, _N_CONDITIONS = len(AGE_BANDS), len(CONDITIONS)
_CHANCE_BITS = 10
_NO_SPLIT = SPLITS.index("none")
_STAY = 8


def _visit_age() -> NDArray[np.float64]:
    return np.array([[1.6, 0.8, 0.7, 1.0, 1.4, 1.5], [0.3, 0.3, 0.6, 1.0, 1.2, 1.2], [1.4, 0.8, 0.8, 0.9, 1.3, 2.0]])


def _visit_condition() -> NDArray[np.float64]:
    return np.array([[1.1, 1.1, 1.2, 1.1, 1.1, 1.1], [1.0, 1.3, 0.7, 0.9, 0.9, 1.5], [1.1, 1.2, 1.5, 1.5, 1.4, 1.3]])


def _visit_severity() -> NDArray[np.float64]:
    return np.array([[0.80, 0.18, 0.02], [0.70, 0.26, 0.04], [0.35, 0.45, 0.20]])


def _progression() -> NDArray[np.float64]:
    ratio = np.ones((_N_CONDITIONS, _N_CONDITIONS))
    hypertension, diabetes, copd, heart, stroke = range(5)
    ratio[hypertension, [heart, stroke]] = 1.8, 2.2
    ratio[diabetes, [hypertension, heart, stroke]] = 1.5, 1.7, 1.6
    ratio[copd, heart] = 1.4
    ratio[heart, stroke] = 1.6
    return ratio


@dataclass(frozen=True)
class IllnessRules:
    """How often people fall ill. Rates are needs, met or not, and levels hold for the city's people at the start.

    Attributes:
        visit_rate: (2, 3) outpatient needs per head and year by scheme and kind (common, chronic, emergency).
        admission_rate: (2,) inpatient needs per head and year by scheme.
        visit_scale, admission_scale: factors on these levels that calibration found; 1 is neutral.
        visit_age: (3, 6) relative outpatient need by kind and age band; shape after the National Health Services Survey
            2018 (most in small children and the old), numbers are an assumption.
        visit_condition: (3, 6) by kind and condition: factors, multiplied, for common and emergency need; weights, added,
            for chronic need, which nobody has without a condition; assumption.
        visit_severity: (3, 3) shares of mild, moderate and severe by kind; assumption.
        admission_age: (6,) factor on the catalogue's incidence by age band; 1 is neutral.
        uncontrolled_admission: factor of uncontrolled chronic disease on need for stays of any group; assumption.
        uncontrolled_avoidable: the same for groups that good primary care keeps out of hospital (ambulatory-care
            sensitive); assumption.
        admission_severity: (3,) shares of mild, moderate and severe among inpatient needs; assumption.
        severity_frailty: shift of the log odds of worse severity per unit of log frailty; assumption.
        severity_age: (6,) the same by age band; assumption.
        incidence: (6, 6) onsets per person without the condition and year, by condition and age band; None: those that
            keep each band's prevalence as it is (:func:`steady_incidence`).
        progression: (6, 6) factor of having the first condition on onset of the second; assumption.
        progression_uncontrolled: factor of uncontrolled disease on onset of a further condition; assumption.
        control_loss: chance in a month that controlled disease gets out of control; assumption.
        control_gain_primary: how much more a visit to primary care does for control than one elsewhere; assumption.
        visits_sought: share of chronic needs for which care is sought, used to balance control gained against control lost;
            assumption.
    """

    visit_rate: NDArray[np.float64]
    admission_rate: NDArray[np.float64]
    visit_scale: NDArray[np.float64] = field(default_factory=lambda: np.ones((len(SCHEMES), len(DRAWN_KINDS))))
    admission_scale: NDArray[np.float64] = field(default_factory=lambda: np.ones(len(SCHEMES)))
    visit_age: NDArray[np.float64] = field(default_factory=_visit_age)
    visit_condition: NDArray[np.float64] = field(default_factory=_visit_condition)
    visit_severity: NDArray[np.float64] = field(default_factory=_visit_severity)
    admission_age: NDArray[np.float64] = field(default_factory=lambda: np.ones(_N_BANDS))
    uncontrolled_admission: float = 1.1
    uncontrolled_avoidable: float = 1.8
    admission_severity: NDArray[np.float64] = field(default_factory=lambda: np.array([0.55, 0.33, 0.12]))
    severity_frailty: float = 0.5
    severity_age: NDArray[np.float64] = field(default_factory=lambda: np.array([-0.3, -0.5, -0.3, 0.0, 0.2, 0.4]))
    incidence: NDArray[np.float64] | None = None
    progression: NDArray[np.float64] = field(default_factory=_progression)
    progression_uncontrolled: float = 1.5
    control_loss: float = 0.02
    control_gain_primary: float = 1.25
    visits_sought: float = 0.8


@dataclass(frozen=True)
class Groups:
    """How the disease group of an inpatient need is drawn.

    A family (ADRG) is drawn first, then its member by severity.

    Attributes:
        cumulative: (1536, families) running share of each family by (sex × 6 + age band) × 128 + state.
        member: (families, 3) group of a family at each severity drawn.
        severity: (families, 3) severity that the need then has: of a family that is split, that of the group.
        emergency: (groups,) share of emergencies.
    """

    cumulative: NDArray[np.float32]
    member: NDArray[np.int16]
    severity: NDArray[np.uint8]
    emergency: NDArray[np.float64]


@dataclass(frozen=True)
class Illness:
    """The rules made ready for the months of one city (see :func:`prepare_illness`).

    Strata are scheme × 12 + sex × 6 + age band, states are mask × 2 + controlled.

    Attributes:
        need: (4, 3072) chance in a month, at frailty 1, of each kind of visit and of a stay, by stratum × 128 + state.
            Frailty multiplies all but the chance of a chronic visit; none passes MOST_IN_A_MONTH.
        visit_cut: (3, 2) of 1024: where mild and where moderate ends, by kind.
        severity_cut: (2,) log odds of at least moderate and of severe, at average age and frailty 1.
        severity_frailty, severity_age: shifts of these.
        onset: (6, 128) chance in a month of any new condition, by age band and state, to be multiplied by frailty.
        onset_cumulative: (6, 128, 6) running share of each condition in that.
        control_loss: chance in a month to lose control.
        control_start: chance that new disease is controlled.
        control_gain: (2,) chance that a chronic visit brings control, elsewhere and in primary care.
        groups: how disease groups are drawn.
    """

    need: NDArray[np.float32]
    visit_cut: NDArray[np.uint32]
    severity_cut: NDArray[np.float64]
    severity_frailty: float
    severity_age: NDArray[np.float64]
    onset: NDArray[np.float32]
    onset_cumulative: NDArray[np.float64]
    control_loss: float
    control_start: float
    control_gain: NDArray[np.float64]
    groups: Groups


@dataclass(frozen=True)
class OutpatientNeed:
    """Needs for outpatient care of a month, in order of the people's rows, within a row by kind."""

    row: NDArray[np.int32]
    kind: NDArray[np.uint8]
    severity: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True)
class InpatientNeed:
    """Needs for a stay of a month, in order of the people's rows: the true disease group, severity, emergency or not."""

    row: NDArray[np.int32]
    group: NDArray[np.int16]
    severity: NDArray[np.uint8]
    emergency: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.row)


# Made ready once


def prepare_illness(rules: IllnessRules, plan: PopulationPlan, catalogue: Catalogue, demography: DemographyRules | None = None) -> Illness:
    """Make rules ready: levels are met in expectation by the people whom the plan describes.

    Args:
        rules: how often people fall ill.
        plan: the people that rates are per head of.
        catalogue: disease groups with their incidence.
        demography: mortality of the chronically ill, for the steady incidence; None: as everybody's.

    Raises:
        InputError: more visits than one of a kind a person and month can give.
    """
    mix = health_mix(plan)
    families = _family_hazards(rules, catalogue)
    hazard = families.sum(axis=3)
    stays = _scaled(rules.admission_rate * rules.admission_scale, hazard, mix, plan, "admission_rate")
    levels, shapes = rules.visit_rate * rules.visit_scale, _visit_shapes(rules)
    visits = [_scaled(levels[:, kind], shapes[kind], mix, plan, "visit_rate", kind != CHRONIC) for kind in DRAWN_KINDS]
    onset, onset_cumulative = _onset(rules, plan, mix, demography)
    return Illness(
        need=np.stack([*visits, stays]).reshape(len(DRAWN_KINDS) + 1, -1).astype(np.float32),
        visit_cut=np.round(np.cumsum(rules.visit_severity, axis=1)[:, :2] * 2**_CHANCE_BITS).astype(np.uint32),
        severity_cut=_severity_cuts(rules, stays, mix, plan),
        severity_frailty=rules.severity_frailty,
        severity_age=np.asarray(rules.severity_age, dtype=np.float64),
        onset=onset.astype(np.float32),
        onset_cumulative=onset_cumulative,
        control_loss=rules.control_loss,
        control_start=plan.control_share,
        control_gain=_control_gain(rules, visits[CHRONIC], mix, plan),
        groups=_groups(families, catalogue),
    )


def _family_hazards(rules: IllnessRules, catalogue: Catalogue) -> NDArray[np.float64]:
    """Relative incidence of each family of groups by sex, age band and state, (2, 6, 128, families)."""
    state = np.arange(STATES)
    having = ((state >> 1)[:, None] >> np.arange(_N_CONDITIONS)) & 1
    of_state = np.where(having[:, :, None] == 1, catalogue.rr.T[None], 1.0).prod(axis=1)
    uncontrolled = np.where(catalogue.acsc, rules.uncontrolled_avoidable, rules.uncontrolled_admission)
    of_state *= np.where(((state >= 2) & (state % 2 == 0))[:, None], uncontrolled[None], 1.0)
    of_age = catalogue.incidence * np.asarray(rules.admission_age)
    by_sex = np.empty((len(SEXES), len(catalogue)))
    by_sex[MALE], by_sex[FEMALE] = 2.0 * (1.0 - catalogue.female_share), 2.0 * catalogue.female_share
    family = np.zeros((len(catalogue), int(catalogue.adrg.max()) + 1))
    family[np.arange(len(catalogue)), catalogue.adrg] = 1.0
    of_person = by_sex[:, None, :] * of_age.T[None]
    return np.stack([(of_person[:, band, None, :] * of_state[None]) @ family for band in range(_N_BANDS)], axis=1)


def _visit_shapes(rules: IllnessRules) -> NDArray[np.float64]:
    """Relative outpatient need by kind, sex, age band and state, (3, 2, 6, 128)."""
    having = ((np.arange(STATES) >> 1)[:, None] >> np.arange(_N_CONDITIONS)) & 1
    of_state = np.stack([state_product(rules.visit_condition[kind]) for kind in DRAWN_KINDS])
    of_state[CHRONIC] = having @ np.asarray(rules.visit_condition[CHRONIC], dtype=np.float64)
    by_age = np.asarray(rules.visit_age, dtype=np.float64)[:, :, None] * of_state[:, None, :]
    return np.repeat(by_age[:, None], len(SEXES), axis=1)


def _expected(chance: NDArray[np.float64], shares: NDArray[np.float64], mix: HealthMix, frail: bool) -> float:
    """Needs per head and year of chances (2, 6, 128) in a month at frailty 1, among people spread as ``shares`` (2, 6)."""
    total = 0.0
    frailty = mix.frailty if frail else np.ones_like(mix.frailty)
    for band in range(_N_BANDS):
        months = np.minimum(chance[:, band, None, :] * frailty[:, None], MOST_IN_A_MONTH)
        total += 12.0 * float(shares[:, band] @ (months * mix.weight[band]).sum(axis=(1, 2)))
    return total


def _scaled(
    rate: NDArray[np.float64], shape: NDArray[np.float64], mix: HealthMix, plan: PopulationPlan, what: str, frail: bool = True
) -> NDArray[np.float64]:
    """Chances in a month at frailty 1, (2, 2, 6, 128) by scheme first, of a relative shape (2, 6, 128) that give ``rate`` by scheme."""
    shares = band_shares(plan)
    chances = np.zeros((len(SCHEMES), *shape.shape))
    for scheme in range(len(SCHEMES)):
        unit = _expected(shape * 1e-9, shares[scheme], mix, frail) * 1e9
        if rate[scheme] <= 0 or unit <= 0:
            continue
        level = rate[scheme] / unit

        def excess(log_scale: float, scheme: int = scheme, level: float = level) -> float:
            return _expected(shape * (level * math.exp(log_scale)), shares[scheme], mix, frail) - float(rate[scheme])

        if excess(0.0) < -1e-9 * rate[scheme]:  # some chances reach the highest there is: raise the others
            if excess(5.0) < 0:
                raise InputError("more than one need of a kind a person and month", path=what, found=float(rate[scheme]))
            level *= math.exp(bisect(excess, 0.0, 5.0))
        chances[scheme] = shape * level
    return chances


def _expected_by_scheme(illness: Illness, plan: PopulationPlan, kind: int, frail: bool) -> list[float]:
    shares, mix = band_shares(plan), health_mix(plan)
    chances = illness.need[kind].astype(np.float64).reshape(len(SCHEMES), len(SEXES), _N_BANDS, STATES)
    return [_expected(chances[scheme], shares[scheme], mix, frail) for scheme in range(len(SCHEMES))]


def expected_admissions(illness: Illness, plan: PopulationPlan) -> NDArray[np.float64]:
    """Inpatient needs per head and year by scheme, (2,), of the people whom the plan describes."""
    return np.array(_expected_by_scheme(illness, plan, len(DRAWN_KINDS), True))


def expected_visits(illness: Illness, plan: PopulationPlan) -> NDArray[np.float64]:
    """Outpatient needs per head and year by scheme and kind, (2, 3), of the people whom the plan describes."""
    return np.array([_expected_by_scheme(illness, plan, kind, kind != CHRONIC) for kind in DRAWN_KINDS]).T


def expected_cases(illness: Illness, plan: PopulationPlan) -> NDArray[np.float64]:
    """Inpatient needs per head and year by scheme, group and severity, (2, groups, 3), of the people whom the plan describes."""
    shares, mix, groups = band_shares(plan), health_mix(plan), illness.groups
    chances = illness.need[len(DRAWN_KINDS)].astype(np.float64).reshape(len(SCHEMES), len(SEXES), _N_BANDS, STATES)
    shift = illness.severity_frailty * np.log(mix.frailty)[None, :] + illness.severity_age[:, None]
    worse, worst = (1.0 / (1.0 + np.exp(-cut - shift)) for cut in illness.severity_cut)
    drawn = np.stack([1.0 - worse, worse - worst, worst], axis=2)
    family_share = np.diff(groups.cumulative.astype(np.float64), axis=1, prepend=0.0)
    cases = np.zeros((len(SCHEMES), len(groups.emergency), len(SEVERITIES)))
    for scheme in range(len(SCHEMES)):
        months = np.minimum(chances[scheme][:, :, None, :] * mix.frailty[:, None], MOST_IN_A_MONTH)
        rate = np.einsum("ab,abns,bns,bnv->absv", 12.0 * shares[scheme], months, mix.weight, drawn)
        by_family = family_share.T @ rate.reshape(-1, len(SEVERITIES))
        np.add.at(cases[scheme], (groups.member, groups.severity), by_family)
    return cases


def steady_incidence(plan: PopulationPlan, demography: DemographyRules | None = None) -> NDArray[np.float64]:
    """Onsets per person without the condition and year that keep the prevalence of each age band, (6, 6).

    Who grows into a band brings the prevalence of the band below and leaves with the band's own; who has a condition dies
    sooner. Where prevalence falls with age there are no onsets.
    """
    prevalence = np.asarray(plan.prevalence, dtype=np.float64)
    lost = np.zeros_like(prevalence)
    if demography is not None:
        lost = prevalence * (death_ratios(demography, plan) - 1.0) * np.asarray(demography.mortality)
    return onsets_that_keep(prevalence, lost, plan)


def onsets_that_keep(prevalence: NDArray[np.float64], lost: NDArray[np.float64], plan: PopulationPlan) -> NDArray[np.float64]:
    """Onsets per person without a condition and year that keep its prevalence in each age band.

    ``lost`` is what deaths beyond those of others take of the prevalence a year; all are ``[condition, age band]``.
    """
    ages = age_distribution(plan)
    edges = (*AGE_BANDS, len(ages))
    people = np.array([ages[a:b].sum() for a, b in pairwise(edges)])
    before = np.array([ages[0], *(ages[a - 1] for a in edges[1:-1])])
    entering = np.divide(before, people, out=np.zeros(_N_BANDS), where=people > 0)
    below = np.concatenate([np.zeros((len(prevalence), 1)), prevalence[:, :-1]], axis=1)
    needed = np.maximum(entering * (prevalence - below) + lost, 0.0)
    incidence: NDArray[np.float64] = np.divide(needed, 1.0 - prevalence, out=np.zeros_like(prevalence), where=prevalence < 1)
    return incidence


def _onset(
    rules: IllnessRules, plan: PopulationPlan, mix: HealthMix, demography: DemographyRules | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Chance in a month of any new condition by age band and state, (6, 128), and the running share of each, (6, 128, 6)."""
    incidence = steady_incidence(plan, demography) if rules.incidence is None else np.asarray(rules.incidence)
    hazard = np.zeros((_N_BANDS, STATES, _N_CONDITIONS))
    state = np.arange(STATES)
    for condition in range(_N_CONDITIONS):
        factor = state_product(rules.progression[:, condition], rules.progression_uncontrolled)
        without = ((state >> (1 + condition)) & 1) == 0
        at_risk = np.einsum("bns,s->b", mix.weight, without)
        weighted = np.einsum("bns,n,s->b", mix.weight, mix.frailty, factor * without)
        level = np.divide(incidence[condition] * at_risk, weighted, out=np.zeros(_N_BANDS), where=weighted > 0)
        hazard[:, :, condition] = level[:, None] * factor * without / 12.0
    total = hazard.sum(axis=2)
    running = np.divide(np.cumsum(hazard, axis=2), total[:, :, None], out=np.ones_like(hazard), where=total[:, :, None] > 0)
    return total, running


def _severity_cuts(rules: IllnessRules, stays: NDArray[np.float64], mix: HealthMix, plan: PopulationPlan) -> NDArray[np.float64]:
    """Log odds at which inpatient needs have the given shares of moderate or severe, and of severe."""
    people = np.asarray(plan.city_persons, dtype=np.float64)[:, None, None] * band_shares(plan)
    need = np.einsum("xab,xabs,bns,n->bn", people, stays, mix.weight, mix.frailty)
    need = need / need.sum() if need.sum() > 0 else np.full_like(need, 1.0 / need.size)
    shift = rules.severity_frailty * np.log(mix.frailty)[None, :] + np.asarray(rules.severity_age)[:, None]

    def cut(share: float) -> float:
        return bisect(lambda x: float((need / (1.0 + np.exp(-x - shift))).sum()) - share, -30.0, 30.0)

    return np.array([cut(float(rules.admission_severity[1:].sum())), cut(float(rules.admission_severity[2]))])


def _control_gain(rules: IllnessRules, chronic: NDArray[np.float64], mix: HealthMix, plan: PopulationPlan) -> NDArray[np.float64]:
    """Chance that a visit brings control, elsewhere and in primary care, such that control gained and lost balance at the start.

    Reckoned as if half of the chronic visits were made to primary care.
    """
    city = np.asarray(plan.city_persons, dtype=np.float64) / np.sum(plan.city_persons)
    shares = band_shares(plan)
    needs = sum(city[scheme] * _expected(chronic[scheme], shares[scheme], mix, False) for scheme in range(len(SCHEMES))) / 12.0
    ill = float(np.einsum("x,xab,bns,s->", city, shares, mix.weight, np.arange(STATES) >= 2))
    visits = rules.visits_sought * needs / ill if ill > 0 else 0.0
    uncontrolled = 1.0 - plan.control_share
    mean = rules.control_loss * plan.control_share / (uncontrolled * visits) if uncontrolled * visits > 0 else 0.0
    elsewhere = 2.0 * mean / (1.0 + rules.control_gain_primary)
    gain: NDArray[np.float64] = np.minimum(np.array([elsewhere, elsewhere * rules.control_gain_primary]), 1.0)
    return gain


def _groups(families: NDArray[np.float64], catalogue: Catalogue) -> Groups:
    """Tables to draw groups with, of the families' relative incidence."""
    running = np.cumsum(families.reshape(-1, families.shape[-1]), axis=1)
    if running[:, -1].min() <= 0:
        raise InputError("no disease group for some sex and age", found="incidence 0", allowed="at least one group of each")
    running /= running[:, -1:]
    member, severity = _members(catalogue, families.shape[-1])
    return Groups(running.astype(np.float32), member, severity, np.asarray(catalogue.emergency_share, dtype=np.float64))


def _members(catalogue: Catalogue, families: int) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
    """Group of each family at each severity drawn, and the severity that then counts."""
    member = np.zeros((families, len(SEVERITIES)), dtype=np.int16)
    severity = np.zeros((families, len(SEVERITIES)), dtype=np.uint8)
    for family in range(families):
        own = np.flatnonzero(catalogue.adrg == family)
        split = own[catalogue.severity[own] != _NO_SPLIT]
        for drawn in range(len(SEVERITIES)):
            if not len(split):
                member[family, drawn], severity[family, drawn] = own[0], drawn
                continue
            levels = catalogue.severity[split].astype(np.int64) - 1
            nearest = int(np.argmin(np.abs(levels - drawn) * 2 + (levels > drawn)))  # of two as near, the milder
            member[family, drawn], severity[family, drawn] = split[nearest], levels[nearest]
    return member, severity


# Month by month


def update_chronic(people: People, month: int, seed: int, illness: Illness) -> NDArray[np.int64]:
    """Onset of chronic conditions and loss of control, in place.

    Args:
        people: changed in place.
        month: month index.
        seed: of the run.
        illness: the city's rules, made ready.

    Returns:
        (7,) onsets by condition, and at the end the people who lost control.
    """
    k0, k1 = seed_keys(seed)
    count = np.zeros((chunks(len(people)), _N_CONDITIONS + 1), dtype=np.int64)
    _chronic_month(
        people.uid, people.birth_month, people.alive, people.frailty, people.chronic, people.controlled, k0, k1, month_slot(month),
        month - EPOCH, illness.onset, illness.onset_cumulative, illness.control_loss, illness.control_start, count,
    )  # fmt: skip
    return count.sum(axis=0)


def update_control(
    people: People,
    rows: NDArray[np.integer],
    at_primary: NDArray[np.bool_],
    month: int,
    seed: int,
    illness: Illness,
    effort: NDArray[np.float64] | None = None,
) -> int:
    """Control that chronic visits bring, in place.

    Args:
        people: changed in place.
        rows: (n,) rows of who had a chronic visit this month.
        at_primary: (n,) whether it was at a primary institution.
        month: month index.
        seed: of the run.
        illness: the city's rules, made ready.
        effort: (n,) factor on the chance, for prevention; None: 1.

    Returns:
        People whose disease came under control.
    """
    k0, k1 = seed_keys(seed)
    strength = np.ones(len(rows)) if effort is None else np.ascontiguousarray(effort, dtype=np.float64)
    where = np.ascontiguousarray(rows, dtype=np.int64)
    primary = np.ascontiguousarray(at_primary, dtype=np.bool_)
    gained: int = _control_month(
        where, primary, strength, people.uid, people.chronic, people.controlled, people.alive, k0, k1, month_slot(month, 1),
        illness.control_gain,
    )  # fmt: skip
    return int(gained)


def draw_needs(people: People, month: int, seed: int, illness: Illness) -> tuple[OutpatientNeed, InpatientNeed]:
    """Who needs care this month: at most one need of each kind of visit, and one stay, a person.

    Args:
        people: read only.
        month: month index.
        seed: of the run.
        illness: the city's rules, made ready.
    """
    k0, k1 = seed_keys(seed)
    mark = np.empty(len(people), dtype=np.uint16)
    count = np.zeros((chunks(len(people)), 2), dtype=np.int64)
    _need_marks(
        people.uid, people.birth_month, people.sex, people.scheme, people.chronic, people.controlled, people.frailty, people.alive,
        k0, k1, month_slot(month), month - EPOCH,
        illness.need, illness.visit_cut, mark, count,
    )  # fmt: skip
    return _visits(mark, count[:, 0]), _stays(people, month, seed, illness, mark, count[:, 1])


def outpatient_need(people: People, month: int, seed: int, illness: Illness) -> OutpatientNeed:
    """The first part of :func:`draw_needs` alone."""
    return draw_needs(people, month, seed, illness)[0]


def inpatient_need(people: People, month: int, seed: int, illness: Illness) -> InpatientNeed:
    """The second part of :func:`draw_needs` alone."""
    return draw_needs(people, month, seed, illness)[1]


def _visits(mark: NDArray[np.uint16], count: NDArray[np.int64]) -> OutpatientNeed:
    """The outpatient needs that were marked."""
    start = _starts(count)
    row, kind, severity = np.empty(start[-1], np.int32), np.empty(start[-1], np.uint8), np.empty(start[-1], np.uint8)
    _outpatient_fill(mark, start, row, kind, severity)
    return OutpatientNeed(row, kind, severity)


def _stays(people: People, month: int, seed: int, illness: Illness, mark: NDArray[np.uint16], count: NDArray[np.int64]) -> InpatientNeed:
    """The inpatient needs that were marked, each with its group and severity."""
    k0, k1 = seed_keys(seed)
    start, groups = _starts(count), illness.groups
    row, group = np.empty(start[-1], np.int32), np.empty(start[-1], np.int16)
    severity, emergency = np.empty(start[-1], np.uint8), np.empty(start[-1], np.bool_)
    _inpatient_fill(
        mark, start, people.uid, people.birth_month, people.sex, people.chronic, people.controlled, people.frailty,
        k0, k1, month_slot(month), month - EPOCH, illness.severity_cut, illness.severity_frailty, illness.severity_age,
        groups.cumulative, groups.member, groups.severity, groups.emergency, row, group, severity, emergency,
    )  # fmt: skip
    return InpatientNeed(row, group, severity, emergency)


def _starts(count: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each chunk's events begin, and at the end how many there are."""
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(count, dtype=np.int64)])


@numba.njit(cache=True, parallel=True)
def _chronic_month(
    uid: Vector, birth_month: Vector, alive: Vector, frailty: Vector, chronic: Vector, controlled: Vector, k0: Word,
    k1: Word, slot: Word, now: int, onset: Vector, onset_cumulative: Vector, loss: float, start_controlled: float, count: Vector,
) -> None:  # fmt: skip
    """Onsets and losses of control, counted by chunk."""
    n = len(uid)
    for chunk in numba.prange(len(count)):
        w0, w1 = np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint32)
        w2, w3 = np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint32)
        for first in range(chunk * CHUNK, min(n, (chunk + 1) * CHUNK), BLOCK):
            size = min(n - first, BLOCK)
            for i in range(size):
                w0[i], w1[i], w2[i], w3[i] = draw(k0, k1, _CHRONIC, slot, uid[first + i])
            for i in range(size):
                row = first + i
                state = chronic[row] * 2 + controlled[row]
                band = band_of(np.int32(now) - np.int32(birth_month[row]))
                if alive[row] == 0:
                    continue
                if controlled[row] != 0 and u01(w2[i]) < loss:
                    controlled[row] = 0
                    count[chunk, _N_CONDITIONS] += 1
                if u01(w0[i]) < onset[band, state] * frailty[row]:
                    condition = find(onset_cumulative[band, state], u01(w1[i]))
                    if chronic[row] == 0:
                        controlled[row] = u01(w3[i]) < start_controlled
                    chronic[row] |= np.uint8(1 << condition)
                    count[chunk, condition] += 1


@numba.njit(cache=True, parallel=True)
def _control_month(
    rows: Vector, at_primary: Vector, strength: Vector, uid: Vector, chronic: Vector, controlled: Vector, alive: Vector,
    k0: Word, k1: Word, slot: Word, gain: Vector,
) -> int:  # fmt: skip
    gained = 0
    for i in numba.prange(len(rows)):
        row = rows[i]
        if alive[row] != 0 and chronic[row] != 0 and controlled[row] == 0:
            word, _, _, _ = draw(k0, k1, _CHRONIC, slot, uid[row])
            if u01(word) < gain[1 if at_primary[i] else 0] * strength[i]:
                controlled[row] = 1
                gained += 1
    return gained


@numba.njit(cache=True, parallel=True)
def _need_marks(
    uid: Vector, birth_month: Vector, sex: Vector, scheme: Vector, chronic: Vector, controlled: Vector, frailty: Vector,
    alive: Vector, k0: Word, k1: Word, slot: Word, now: int, need: Vector, visit_cut: Vector, mark: Vector, count: Vector,
) -> None:  # fmt: skip
    """Needs of each person, three kinds of visit in bits 0–2 with severities in bits 4–9, a stay in bit 3; counts both by chunk."""
    n = len(uid)
    for chunk in numba.prange(len(count)):
        w0, w1 = np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint32)
        w2, w3 = np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint32)
        w4 = np.empty(BLOCK, np.uint32)
        most = np.float32(MOST_IN_A_MONTH)
        visits, stays = 0, 0
        for first in range(chunk * CHUNK, min(n, (chunk + 1) * CHUNK), BLOCK):
            size = min(n - first, BLOCK)
            for i in range(size):
                w0[i], w1[i], w2[i], w3[i] = draw(k0, k1, _OUTPATIENT, slot, uid[first + i])
            for i in range(size):
                w4[i], _, _, _ = draw(k0, k1, _INPATIENT, slot, uid[first + i])
            for i in range(size):
                row = first + i
                band = band_of(np.int32(now) - np.int32(birth_month[row]))
                at = (scheme[row] * 12 + sex[row] * 6 + band) * STATES + chronic[row] * 2 + controlled[row]
                lives, frail = alive[row] != 0, frailty[row]
                n0 = lives & (u01(w0[i]) < min(need[0, at] * frail, most))
                n1 = lives & (u01(w1[i]) < min(need[1, at], most))
                n2 = lives & (u01(w2[i]) < min(need[2, at] * frail, most))
                n3 = lives & (u01(w4[i]) < min(need[3, at] * frail, most))
                a, b, c = w3[i] & 1023, (w3[i] >> 10) & 1023, (w3[i] >> 20) & 1023
                s0 = (a >= visit_cut[0, 0]) + (a >= visit_cut[0, 1])
                s1 = (b >= visit_cut[1, 0]) + (b >= visit_cut[1, 1])
                s2 = (c >= visit_cut[2, 0]) + (c >= visit_cut[2, 1])
                mark[row] = n0 + 2 * n1 + 4 * n2 + _STAY * n3 + 16 * s0 + 64 * s1 + 256 * s2
                visits += n0 + n1 + n2
                stays += n3
        count[chunk, 0], count[chunk, 1] = visits, stays


@numba.njit(cache=True, parallel=True)
def _outpatient_fill(mark: Vector, start: Vector, row: Vector, kind: Vector, severity: Vector) -> None:
    n = len(mark)
    for chunk in numba.prange(len(start) - 1):
        at = start[chunk]
        for person in range(chunk * CHUNK, min(n, (chunk + 1) * CHUNK)):
            marks = mark[person]
            if marks & 7:
                for k in range(3):
                    if (marks >> k) & 1:
                        row[at], kind[at], severity[at] = person, k, (marks >> (4 + 2 * k)) & 3
                        at += 1


@numba.njit(cache=True, parallel=True)
def _inpatient_fill(
    mark: Vector, start: Vector, uid: Vector, birth_month: Vector, sex: Vector, chronic: Vector, controlled: Vector,
    frailty: Vector, k0: Word, k1: Word, slot: Word, now: int, severity_cut: Vector, severity_frailty: float, severity_age: Vector,
    cumulative: Vector, member: Vector, family_severity: Vector, emergency_share: Vector,
    row: Vector, group: Vector, severity: Vector, emergency: Vector,
) -> None:  # fmt: skip
    """Group: the family by its share in the person's stratum, then the member by the severity drawn."""
    n = len(mark)
    for chunk in numba.prange(len(start) - 1):
        at = start[chunk]
        for person in range(chunk * CHUNK, min(n, (chunk + 1) * CHUNK)):
            if mark[person] & _STAY == 0:
                continue
            band = band_of(np.int32(now) - np.int32(birth_month[person]))
            g0, g1, _, _ = draw(k0, k1, _GROUP, slot, uid[person])
            s0, _, _, _ = draw(k0, k1, _SEVERITY, slot, uid[person])
            stratum = (sex[person] * 6 + band) * STATES + chronic[person] * 2 + controlled[person]
            family = find(cumulative[stratum], u01(g0))
            shift = severity_frailty * math.log(frailty[person]) + severity_age[band]
            worse = u01(s0)
            drawn = (worse < 1.0 / (1.0 + math.exp(-severity_cut[0] - shift))) + (worse < 1.0 / (1.0 + math.exp(-severity_cut[1] - shift)))
            row[at], group[at] = person, member[family, drawn]
            severity[at] = family_severity[family, drawn]
            emergency[at] = u01(g1) < emergency_share[member[family, drawn]]
            at += 1
