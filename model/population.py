"""A synthetic population: who lives in a city, drawn person by person from the city's plan.

Everything about person ``uid`` is a function of (seed, uid, plan), and the plan's distributions come from the city and not from how many
people are drawn: one person more, or another scale, changes nobody else.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numba
import numpy as np
from numba import uint64
from numpy.typing import NDArray

from model.calendar import EPOCH
from model.codes import AGE_BANDS, CONDITIONS, EMPLOYEE, FEMALE, INCOME_FIFTHS, MALE, RESIDENT, SCHEMES, SEXES, age_band
from model.decisions import Decision
from model.errors import InputError
from model.people import BAND_MONTHS, People
from model.streams import Word, draw, month_slot, seed_keys, u01

type Vector = NDArray[Any]
"""An array of a kernel: a column or a table."""

FIVE_YEAR_BANDS = 17
"""0–4 to 80 and over."""

OLDEST = 100
"""Ages run from 0 to 99 years."""

STATES = 2 ** (len(CONDITIONS) + 1)
"""States of chronic health: twice the mask of conditions, plus one where they are controlled."""

SCHEME_SHIFT = 40
"""A synthetic person's uid: scheme × 2^40 + rank within the scheme. Bit 63 marks those born later."""

_ADULT = 18
_PENSION_MEN, _PENSION_WOMEN, _PENSION_WOMEN_EARLY = 60, 55, 50
_SURVIVAL_80 = 0.87  # assumption: each year of age above 80 has 0.87 times the people of the one before
_FRAILTY_LOW, _FRAILTY_HIGH = 0.1, 10.0
_ROOM = 1.02
_CATEGORIES = 3  # active employees, retired employees, residents
_NODES = 24
_NORMAL = NormalDist()
_POPULATION, _INCOME, _CHRONIC_START = int(Decision.POPULATION), int(Decision.INCOME), int(Decision.CHRONIC_START)


@dataclass(frozen=True)
class PopulationPlan:
    """What a city's people are like.

    Attributes:
        base_month: month index at whose beginning the people are as described.
        persons: (2,) people to be drawn by scheme (the city's times the scale).
        city_persons: (2,) people of the whole city by scheme; they fix the distributions, whatever is drawn.
        retired_share: share of retired people in the employee scheme.
        age_shares: (17,) share of the city's people by five-year band, 0–4 to 80 and over; sums to 1.
        female_share: share of women.
        area_county: (areas,) county of each area.
        area_weight: (areas,) share of the city's people; sums to 1.
        area_urban: (areas,) whether an area is urban.
        income_mean: (2,) mean disposable income per head of urban and rural areas, yuan a year.
        income_log_sd: spread of log income within an area and scheme.
        employee_income_ratio: employees' mean income to the mean of their kind of area.
        poor_share: share of the resident scheme that is entitled to medical assistance; all from the poorest fifth.
        prevalence: (6, 6) share that has each of CONDITIONS, by age band of AGE_BANDS.
        control_share: share of the chronically ill whose disease is controlled.
        early_retirement_share: share of women who retire at 50 and not at 55. Workers retire at 50 and cadres at 55
            (国发〔1978〕104号); the share is an assumption.
        employee_urban_ratio: chance of an employee to live in an urban area, to that of all people; assumption.
        frailty_log_sd: spread of log frailty; assumption.
        comorbidity: weight of frailty in the liability to each condition, so that conditions go with frailty and with
            each other (correlation of two liabilities: its square); assumption.
        signed_share: share with a family-doctor contract; 39 to 43 % of permanent residents of one city, 2013–2015
            (doi:10.1186/s12875-020-01353-0).
    """

    base_month: int
    persons: NDArray[np.int64]
    city_persons: NDArray[np.float64]
    retired_share: float
    age_shares: NDArray[np.float64]
    female_share: float
    area_county: NDArray[np.int16]
    area_weight: NDArray[np.float64]
    area_urban: NDArray[np.bool_]
    income_mean: NDArray[np.float64]
    income_log_sd: float
    employee_income_ratio: float
    poor_share: float
    prevalence: NDArray[np.float64]
    control_share: float
    early_retirement_share: float = 0.5
    employee_urban_ratio: float = 2.0
    frailty_log_sd: float = 0.5
    comorbidity: float = 0.4
    signed_share: float = 0.4


# Distributions that follow from the plan


def employee_share(plan: PopulationPlan) -> float:
    """Share of the city's people in the employee scheme."""
    return float(plan.city_persons[EMPLOYEE] / np.sum(plan.city_persons))


def age_distribution(plan: PopulationPlan) -> NDArray[np.float64]:
    """Share of the city's people by year of age, (100,): even within a five-year band, falling by year above 80."""
    within = np.full((FIVE_YEAR_BANDS, OLDEST - 5 * (FIVE_YEAR_BANDS - 1)), 0.0)
    within[:-1, :5] = 0.2
    old = _SURVIVAL_80 ** np.arange(within.shape[1])
    within[-1] = old / old.sum()
    shares = np.asarray(plan.age_shares, dtype=np.float64)
    young = (shares[:-1, None] * within[:-1, :5]).ravel()
    return np.concatenate([young, shares[-1] * within[-1]])


def retired_by_age(plan: PopulationPlan) -> NDArray[np.float64]:
    """Share of retired people among employees by sex and year of age, (2, 100)."""
    age = np.arange(OLDEST)
    share = np.zeros((len(SEXES), OLDEST))
    share[MALE] = age >= _PENSION_MEN
    share[FEMALE] = np.where(age >= _PENSION_WOMEN, 1.0, plan.early_retirement_share * (age >= _PENSION_WOMEN_EARLY))
    return share


def category_cells(plan: PopulationPlan) -> NDArray[np.float64]:
    """Distribution of active employees, retired employees and residents over sex and year of age, (3, 2, 100).

    Employees are spread over the ages of work and of retirement as the city's people are; residents are the rest, so
    that the city's age structure is met.

    Raises:
        InputError: an age has fewer people than employees.
    """
    sexes = np.array([1.0 - plan.female_share, plan.female_share])
    total = sexes[:, None] * age_distribution(plan)
    retired = total * retired_by_age(plan)
    active = (total - retired) * (np.arange(OLDEST) >= _ADULT)
    share = employee_share(plan)
    cells = np.zeros((_CATEGORIES, len(SEXES), OLDEST))
    cells[0], cells[1] = active / active.sum(), retired / retired.sum()
    rest = total - share * ((1.0 - plan.retired_share) * cells[0] + plan.retired_share * cells[1])
    if share < 1.0:
        if rest.min() < -1e-9:
            age = int(np.argmin(rest.min(axis=0)))
            raise InputError("more employees than people of an age", found=f"age {age}", allowed="fewer employees or other age shares")
        rest = np.maximum(rest, 0.0)
        cells[2] = rest / rest.sum()
    return cells


def _category_weights(plan: PopulationPlan) -> NDArray[np.float64]:
    """Weight of each category within its scheme, (2, 3)."""
    return np.array([[1.0 - plan.retired_share, plan.retired_share, 0.0], [0.0, 0.0, 1.0]])


def scheme_cells(plan: PopulationPlan) -> NDArray[np.float64]:
    """Distribution of each scheme's people over sex and year of age, (2, 2, 100); sums to 1 by scheme."""
    cells: NDArray[np.float64] = np.tensordot(_category_weights(plan), category_cells(plan), axes=1)
    return cells


def band_shares(plan: PopulationPlan) -> NDArray[np.float64]:
    """Distribution of each scheme's people over sex and age band, (2, 2, 6); sums to 1 by scheme."""
    cells, bands = scheme_cells(plan), age_band(np.arange(OLDEST))
    return np.stack([cells[:, :, bands == band].sum(axis=2) for band in range(len(AGE_BANDS))], axis=2)


def area_shares(plan: PopulationPlan) -> NDArray[np.float64]:
    """Distribution of each scheme's people over areas, (2, areas); together they are the areas' weights.

    Raises:
        InputError: an area would hold more employees than people.
    """
    weight = np.asarray(plan.area_weight, dtype=np.float64)
    employees = weight * np.where(plan.area_urban, plan.employee_urban_ratio, 1.0)
    employees = employees / employees.sum()
    share = employee_share(plan)
    if share >= 1.0:
        return np.stack([weight, weight])
    residents = (weight - share * employees) / (1.0 - share)
    if residents.min() < -1e-9:
        raise InputError("more employees than people in an area", found=plan.employee_urban_ratio, allowed="a lower employee_urban_ratio")
    return np.stack([employees, np.maximum(residents, 0.0)])


@dataclass(frozen=True)
class IncomePlan:
    """Income per head as a mixture of four log-normals, by scheme and kind of area (0 urban, 1 rural).

    Attributes:
        log_mean: (2, 2) mean of log income.
        weight: (2, 2) share of the city's people.
        log_sd: spread of log income.
        cuts: (4,) incomes that part the city's fifths, yuan a year.
        poor_chance: chance of a resident of the poorest fifth to be entitled to medical assistance.
    """

    log_mean: NDArray[np.float64]
    weight: NDArray[np.float64]
    log_sd: float
    cuts: NDArray[np.float64]
    poor_chance: float


def income_plan(plan: PopulationPlan) -> IncomePlan:
    """The city's income distribution: means of urban and rural areas as planned, employees above residents.

    Raises:
        InputError: employees would earn more than everybody together.
    """
    urban = np.asarray(plan.area_urban, dtype=np.bool_)
    areas = area_shares(plan)
    kinds = np.stack([areas[:, urban].sum(axis=1), areas[:, ~urban].sum(axis=1)], axis=1)
    weight = kinds * (np.asarray(plan.city_persons, dtype=np.float64) / np.sum(plan.city_persons))[:, None]
    people = weight.sum(axis=0)
    local = np.divide(weight[EMPLOYEE], people, out=np.zeros(2), where=people > 0)
    rest = np.divide(1.0 - local * plan.employee_income_ratio, 1.0 - local, out=np.ones(2), where=local < 1)
    if rest.min() <= 0:
        raise InputError("employees earn more than everybody together", found=plan.employee_income_ratio, allowed="a lower ratio")
    mean = np.asarray(plan.income_mean, dtype=np.float64) * np.stack([np.full(2, plan.employee_income_ratio), rest])
    log_mean = np.log(np.maximum(mean, 1.0)) - plan.income_log_sd**2 / 2

    def cut(share: float) -> float:
        return bisect(lambda x: float((weight * _below(x, log_mean, plan.income_log_sd)).sum()) - share, 0.0, 25.0)

    logs = [cut(fifth / len(INCOME_FIFTHS)) for fifth in range(1, len(INCOME_FIFTHS))]
    residents = weight[RESIDENT].sum()
    poorest = float((weight[RESIDENT] * _below(logs[0], log_mean[RESIDENT], plan.income_log_sd)).sum())
    chance = min(1.0, plan.poor_share * residents / poorest) if poorest > 0 else 0.0
    return IncomePlan(log_mean, weight, plan.income_log_sd, np.exp(logs), float(chance))


def _below(log_income: float, log_mean: NDArray[np.float64], log_sd: float) -> NDArray[np.float64]:
    """Share of each log-normal below an income."""
    if log_sd == 0:
        return (log_mean <= log_income).astype(np.float64)
    flat = [_NORMAL.cdf((log_income - mean) / log_sd) for mean in log_mean.ravel()]
    return np.reshape(flat, log_mean.shape)


def bisect(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function crosses zero, within the given ends."""
    for _ in range(80):
        middle = 0.5 * (low + high)
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


# The joint distribution of frailty and chronic health


@dataclass(frozen=True)
class HealthMix:
    """Joint distribution of frailty, conditions and control at the start, by age band.

    Attributes:
        frailty: (nodes,) values that stand for the distribution of frailty.
        weight: (6, nodes, 128) probability of each value and state (mask × 2 + controlled) by age band; sums to 1 by band.
    """

    frailty: NDArray[np.float64]
    weight: NDArray[np.float64]


def liability_cuts(plan: PopulationPlan) -> NDArray[np.float64]:
    """Liability above which a condition is had, by condition and age band, (6, 6); infinite where nobody has it."""
    cuts = [math.inf if p <= 0 else (-math.inf if p >= 1 else _NORMAL.inv_cdf(1.0 - p)) for p in np.ravel(plan.prevalence)]
    return np.reshape(np.array(cuts, dtype=np.float64), np.shape(plan.prevalence))


def health_mix(plan: PopulationPlan) -> HealthMix:
    """The distribution that :func:`synthesise` draws frailty, conditions and control from, by quadrature over frailty."""
    nodes, weight = np.polynomial.hermite_e.hermegauss(_NODES)
    weight = weight / weight.sum()
    cuts, rest = liability_cuts(plan), math.sqrt(1.0 - plan.comorbidity**2)
    chance = np.array([[[_NORMAL.cdf((plan.comorbidity * z - cut) / rest) for cut in bands] for bands in cuts] for z in nodes])
    mask = np.arange(STATES // 2)
    having = (mask[:, None] >> np.arange(len(CONDITIONS))) & 1
    # axes from here: band, node, mask, condition
    each = np.where(having[None, None] == 1, chance.transpose(2, 0, 1)[:, :, None, :], 1.0 - chance.transpose(2, 0, 1)[:, :, None, :])
    of_mask = each.prod(axis=3) * weight[None, :, None]
    controlled = np.where(mask > 0, plan.control_share, 0.0)
    states = np.stack([of_mask * (1.0 - controlled), of_mask * controlled], axis=3).reshape(len(AGE_BANDS), _NODES, STATES)
    sd = plan.frailty_log_sd
    frailty = np.clip(np.exp(sd * nodes - sd * sd / 2), _FRAILTY_LOW, _FRAILTY_HIGH)
    return HealthMix(frailty, states)


def state_product(factors: NDArray[np.float64], uncontrolled: float = 1.0) -> NDArray[np.float64]:
    """Product of the factors of a state's conditions, (128,); times ``uncontrolled`` where they are not controlled."""
    state = np.arange(STATES)
    having = ((state >> 1)[:, None] >> np.arange(len(CONDITIONS))) & 1
    product = np.where(having == 1, np.asarray(factors, dtype=np.float64), 1.0).prod(axis=1)
    return product * np.where((state >= 2) & (state % 2 == 0), uncontrolled, 1.0)


# Drawing


def synthesise(seed: int, plan: PopulationPlan) -> People:
    """Draw the people of a plan: employees first, then residents.

    Args:
        seed: of the run.
        plan: the city's people.

    Returns:
        One row a person; the same bytes for any number of threads.
    """
    persons = np.asarray(plan.persons, dtype=np.int64)
    rows = int(persons.sum())
    people = People(rows, int(rows * _ROOM))
    for scheme in range(len(SCHEMES)):
        first = int(persons[:scheme].sum())
        own = slice(first, first + int(persons[scheme]))
        people.scheme[own] = scheme
        people.uid[own] = np.uint64(scheme << SCHEME_SHIFT) + np.arange(persons[scheme], dtype=np.uint64)
    people.alive[:] = 1
    k0, k1 = seed_keys(seed)
    _draw_persons(people, k0, k1, plan)
    _draw_health(people, k0, k1, plan)
    return people


def _draw_persons(people: People, k0: np.uint32, k1: np.uint32, plan: PopulationPlan) -> None:
    """Fill who people are, where they live and what they earn."""
    cells = category_cells(plan).reshape(_CATEGORIES, -1)
    areas, incomes = area_shares(plan), income_plan(plan)
    slots = (month_slot(plan.base_month), month_slot(plan.base_month, 1))
    _persons(
        people.uid, people.scheme, k0, k1, slots[0], slots[1], plan.base_month - EPOCH,
        plan.retired_share, plan.signed_share, _cumulative(cells), _cumulative(areas),
        np.ascontiguousarray(plan.area_county, dtype=np.int64), np.ascontiguousarray(plan.area_urban, dtype=np.bool_),
        incomes.log_mean, incomes.log_sd, incomes.cuts, incomes.poor_chance,
        people.birth_month, people.sex, people.county, people.area, people.retired, people.signed,
        people.income, people.income_fifth, people.poor,
    )  # fmt: skip


def _draw_health(people: People, k0: np.uint32, k1: np.uint32, plan: PopulationPlan) -> None:
    """Fill frailty, conditions and control."""
    slots = np.array([month_slot(plan.base_month, block) for block in range(3)], dtype=np.uint32)
    _health(
        people.uid, people.birth_month, k0, k1, slots, plan.base_month - EPOCH,
        plan.frailty_log_sd, plan.comorbidity, plan.control_share, liability_cuts(plan),
        people.frailty, people.chronic, people.controlled,
    )  # fmt: skip


def _cumulative(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Running sums along the last axis, ending at exactly 1."""
    sums = np.cumsum(shares, axis=-1)
    last = sums[..., -1:]
    sums = np.divide(sums, last, out=np.zeros_like(sums), where=last > 0)
    sums[..., -1] = 1.0
    return np.ascontiguousarray(sums)


@numba.njit(cache=True)
def find(cumulative: NDArray[np.float64], u: float) -> int:
    """First position whose running sum exceeds ``u``."""
    low, high = 0, len(cumulative) - 1
    while low < high:
        middle = (low + high) // 2
        if u < cumulative[middle]:
            high = middle
        else:
            low = middle + 1
    return low


@numba.njit(cache=True)
def normal_of(a: Word, b: Word) -> float:
    """A standard normal number of two random words (Box and Muller)."""
    return math.sqrt(-2.0 * math.log(u01(a))) * math.cos(2.0 * math.pi * u01(b))


@numba.njit(cache=True)
def frailty_of(z: float, log_sd: float) -> float:
    """Frailty of a standard normal number: log-normal, mean 1, within 0.1 to 10."""
    return min(_FRAILTY_HIGH, max(_FRAILTY_LOW, math.exp(log_sd * z - 0.5 * log_sd * log_sd)))


@numba.njit(cache=True)
def band_of(months: np.integer | int) -> int:
    """Age band of an age in completed months."""
    a, b, c, d, e = BAND_MONTHS
    return int(months >= a) + int(months >= b) + int(months >= c) + int(months >= d) + int(months >= e)


@numba.njit(cache=True, parallel=True)
def _persons(
    uid: Vector, scheme: Vector, k0: Word, k1: Word, slot0: Word, slot1: Word, base: int, retired_share: float,
    signed_share: float, cells: Vector, areas: Vector, area_county: Vector, area_urban: Vector, log_mean: Vector,
    log_sd: float, cuts: Vector, poor_chance: float, birth_month: Vector, sex: Vector, county: Vector, area: Vector,
    retired: Vector, signed: Vector, income: Vector, income_fifth: Vector, poor: Vector,
) -> None:  # fmt: skip
    """One person a row: category, age, sex, area, then income and what hangs on it."""
    for row in numba.prange(len(uid)):
        who, own = uid[row], scheme[row]
        w0, w1, w2, w3 = draw(k0, k1, _POPULATION, slot0, who)
        category = 2 if own == RESIDENT else (1 if u01(w0) < retired_share else 0)
        cell = find(cells[category], u01(w1))
        sex[row] = cell // OLDEST
        birth_month[row] = base - (12 * (cell % OLDEST) + int(12.0 * u01(w2)))
        home = find(areas[own], u01(w3))
        area[row], county[row] = home, area_county[home]
        retired[row] = category == 1
        v0, v1, _, _ = draw(k0, k1, _POPULATION, slot1, who)
        signed[row] = u01(v0) < signed_share
        i0, i1, _, _ = draw(k0, k1, _INCOME, slot0, who)
        earned = math.exp(log_mean[own, 0 if area_urban[home] else 1] + log_sd * normal_of(i0, i1))
        fifth = (earned >= cuts[0]) + (earned >= cuts[1]) + (earned >= cuts[2]) + (earned >= cuts[3])
        income[row] = int(min(earned, 2.0e9) + 0.5)
        income_fifth[row] = fifth
        poor[row] = own == RESIDENT and fifth == 0 and u01(v1) < poor_chance


@numba.njit(cache=True, parallel=True)
def _health(
    uid: Vector, birth_month: Vector, k0: Word, k1: Word, slots: Vector, base: int, log_sd: float, comorbidity: float,
    control_share: float, cuts: Vector, frailty: Vector, chronic: Vector, controlled: Vector,
) -> None:  # fmt: skip
    """Frailty, and each condition whose liability passes the cut of the person's age band."""
    rest = math.sqrt(2.0 * (1.0 - comorbidity * comorbidity))
    for row in numba.prange(len(uid)):
        who, band = uid[row], band_of(base - birth_month[row])
        w0, w1, w2, w3 = draw(k0, k1, _CHRONIC_START, slots[0], who)
        a0, a1, a2, a3 = draw(k0, k1, _CHRONIC_START, slots[1], who)
        b0, _, _, _ = draw(k0, k1, _CHRONIC_START, slots[2], who)
        z = normal_of(w0, w1)
        words = (w3, a0, a1, a2, a3, b0)
        mask = uint64(0)
        for condition in range(6):
            chance = 0.5 * math.erfc((cuts[condition, band] - comorbidity * z) / rest)
            if u01(words[condition]) < chance:
                mask |= uint64(1) << uint64(condition)
        frailty[row] = frailty_of(z, log_sd)
        chronic[row] = mask
        controlled[row] = mask != uint64(0) and u01(w2) < control_share
