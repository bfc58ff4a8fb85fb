"""A month of births, deaths, retirement and enrolment, person by person."""

from __future__ import annotations

from dataclasses import dataclass, field

import numba
import numpy as np
from numba import uint64
from numpy.typing import NDArray

from model.calendar import EPOCH, month_of
from model.codes import AGE_BANDS, EMPLOYEE, FEMALE, MALE, RESIDENT, SEXES
from model.decisions import Decision
from model.people import YEAR_TO_DATE, People
from model.population import (
    PopulationPlan,
    Vector,
    band_of,
    band_shares,
    category_cells,
    employee_share,
    frailty_of,
    health_mix,
    normal_of,
    scheme_cells,
    state_product,
)
from model.streams import Word, draw, month_slot, seed_keys, u01

BORN_LATER = 1 << 63
"""Bit that marks the uid of who was born during a run."""

BLOCK = 1024
"""Rows that a kernel goes through together, so that what it keeps of them stays in the cache."""

CHUNK = 16 * BLOCK
"""Rows that one thread takes at a time."""

_DEMOGRAPHY, _BIRTH, _CHRONIC_START = int(Decision.DEMOGRAPHY), int(Decision.BIRTH), int(Decision.CHRONIC_START)
_FERTILE_FROM, _FERTILE_TO = 20 * 12, 40 * 12
_ENTRY_FROM, _ENTRY_TO = 20 * 12, 35 * 12
_PENSION_MEN, _PENSION_WOMEN, _PENSION_WOMEN_EARLY = 60 * 12, 55 * 12, 50 * 12
_DIED, _GIVES_BIRTH, _RETIRED, _ENTERED = 1, 2, 4, 8


def _death_factors() -> NDArray[np.float64]:
    return np.array([1.2, 1.8, 1.6, 1.8, 2.2, 4.0])


@dataclass(frozen=True)
class DemographyRules:
    """How people are born, grow old and die.

    Attributes:
        mortality: (6,) deaths per person and year by age band of AGE_BANDS.
        birth_rate: births per person of the city and year.
        condition_death: (6,) factor of each chronic condition on death; assumption: the order of magnitude of cohorts
            of Chinese adults (diabetes about 2: doi:10.1001/jama.2016.19720), lessened where conditions go together.
        uncontrolled_death: factor of uncontrolled chronic disease on death; assumption.
        male_death: men's mortality to women's within an age band; assumption.
        girls_share: girls among newborns: 111.3 boys to 100 girls (census 2020).
        renew_employees: whether as many people aged 20 to 34 enter the employee scheme each January as leave work.
    """

    mortality: NDArray[np.float64]
    birth_rate: float
    condition_death: NDArray[np.float64] = field(default_factory=_death_factors)
    uncontrolled_death: float = 1.2
    male_death: float = 1.4
    girls_share: float = 100 / 211.3
    renew_employees: bool = True


@dataclass(frozen=True)
class Demography:
    """The rules made ready for the months of one city (see :func:`prepare_demography`).

    Attributes:
        death: (12,) chance of death in a month at factor 1, by sex × 6 + age band.
        death_factor: (128,) factor of each state of chronic health (mask × 2 + controlled).
        birth: chance of a birth in a month, for women of 20 to 39.
        entry: chance in January that a resident of 20 to 34 becomes an employee.
        early_retirement_share: share of women who retire at 50.
        girls_share: girls among newborns.
        frailty_log_sd: spread of newborns' log frailty.
        signed_share: newborns with a family-doctor contract.
    """

    death: NDArray[np.float32]
    death_factor: NDArray[np.float32]
    birth: float
    entry: float
    early_retirement_share: float
    girls_share: float
    frailty_log_sd: float
    signed_share: float


@dataclass(frozen=True)
class DemographyCount:
    """What one month brought: numbers of people."""

    births: int
    deaths: int
    retired: int
    entered: int


def prepare_demography(rules: DemographyRules, plan: PopulationPlan) -> Demography:
    """Make rules ready: at the start, each age band dies and the city bears at the given rates.

    Args:
        rules: how people are born and die.
        plan: the people that the rates are per head of.
    """
    factor = state_product(rules.condition_death, rules.uncontrolled_death)
    mix = health_mix(plan)
    mean = np.einsum("bns,n,s->b", mix.weight, mix.frailty, factor)
    men = 1.0 / (plan.female_share / rules.male_death + 1.0 - plan.female_share)
    by_sex = np.zeros(len(SEXES))
    by_sex[MALE], by_sex[FEMALE] = men, men / rules.male_death
    death = by_sex[:, None] * np.asarray(rules.mortality, dtype=np.float64) / mean / 12.0
    return Demography(
        death=np.minimum(death, 1.0).astype(np.float32).ravel(),
        death_factor=factor.astype(np.float32),
        birth=_births_per_woman(rules, plan) / 12.0,
        entry=_entries_per_resident(rules, plan) if rules.renew_employees else 0.0,
        early_retirement_share=plan.early_retirement_share,
        girls_share=rules.girls_share,
        frailty_log_sd=plan.frailty_log_sd,
        signed_share=plan.signed_share,
    )


def death_ratios(rules: DemographyRules, plan: PopulationPlan) -> NDArray[np.float64]:
    """Mortality of who has a condition to that of all, by condition and age band, (6, 6); 1 where nobody has it."""
    factor = state_product(rules.condition_death, rules.uncontrolled_death)
    mix = health_mix(plan)
    ratios = np.ones((len(rules.condition_death), len(AGE_BANDS)))
    everybody = np.einsum("bns,n,s->b", mix.weight, mix.frailty, factor)
    for condition in range(len(ratios)):
        has = ((np.arange(len(factor)) >> (1 + condition)) & 1).astype(np.float64)
        people = np.einsum("bns,s->b", mix.weight, has)
        dying = np.einsum("bns,n,s->b", mix.weight, mix.frailty, factor * has)
        ratios[condition] = np.divide(dying, people * everybody, out=np.ones(len(AGE_BANDS)), where=people > 0)
    return ratios


def _births_per_woman(rules: DemographyRules, plan: PopulationPlan) -> float:
    """Births a year per woman of 20 to 39 that give the city's birth rate."""
    share = np.array([employee_share(plan), 1.0 - employee_share(plan)])
    cells = np.tensordot(share, scheme_cells(plan), axes=1)
    women = float(cells[FEMALE, _FERTILE_FROM // 12 : _FERTILE_TO // 12].sum())
    return rules.birth_rate / women if women > 0 else 0.0


def _entries_per_resident(rules: DemographyRules, plan: PopulationPlan) -> float:
    """Yearly chance of a resident of 20 to 34 to become an employee that makes up for retirement and death at work."""
    active, _, residents = category_cells(plan)
    share = employee_share(plan)
    women = active[FEMALE]
    leave = active[MALE, 59] + women[54] + plan.early_retirement_share * women[49]
    bands = band_shares(plan).sum(axis=1)
    die = float(bands[EMPLOYEE, 2:4] @ np.asarray(rules.mortality)[2:4])
    young = float(residents[:, _ENTRY_FROM // 12 : _ENTRY_TO // 12].sum()) * (1.0 - share)
    if young <= 0:
        return 0.0
    return float(min(1.0, (leave + die) * (1.0 - plan.retired_share) * share / young))


def chunks(rows: int) -> int:
    """How many pieces of rows the kernels work on and count by, whatever the number of threads."""
    return (rows + CHUNK - 1) // CHUNK


def step_demography(people: People, month: int, seed: int, demography: Demography) -> DemographyCount:
    """One month: in January the dead leave the columns; then deaths, retirement, January's new employees, births.

    Args:
        people: changed in place; newborns are added at the end.
        month: month index.
        seed: of the run.
        demography: the city's rules, made ready.
    """
    january = month_of(month) == 1
    if january:
        people.compact()
    k0, k1 = seed_keys(seed)
    event = np.empty(len(people), dtype=np.uint8)
    by_chunk = np.zeros((chunks(len(people)), 4), dtype=np.int64)
    _events(
        people.uid, people.birth_month, people.sex, people.scheme, people.retired, people.chronic, people.controlled,
        people.frailty, people.alive, k0, k1, month_slot(month), month - EPOCH, january,
        demography.death, demography.death_factor, demography.birth, demography.entry, demography.early_retirement_share, event, by_chunk,
    )  # fmt: skip
    count = by_chunk.sum(axis=0)
    _bear(people, np.flatnonzero(event & _GIVES_BIRTH), month, seed, demography)
    return DemographyCount(births=int(count[1]), deaths=int(count[0]), retired=int(count[2]), entered=int(count[3]))


def reset_year(people: People) -> None:
    """Begin the year: everybody's sums of the year are zero."""
    for name in YEAR_TO_DATE:
        getattr(people, name)[:] = 0


def newborn_uid(mother: NDArray[np.uint64], month: int) -> NDArray[np.uint64]:
    """The address of each mother's child of a month: a hash, the same whatever else happens and whatever the seed."""
    made = np.empty(len(mother), dtype=np.uint64)
    _newborn_uids(np.ascontiguousarray(mother, dtype=np.uint64), month_slot(month, 1), made)
    return made


def _bear(people: People, mothers: NDArray[np.intp], month: int, seed: int, demography: Demography) -> None:
    """Add one child a mother: a resident of the mother's household."""
    if not len(mothers):
        return
    inherited = {name: getattr(people, name)[mothers] for name in ("county", "area", "income", "income_fifth", "poor")}
    uid = newborn_uid(people.uid[mothers], month)
    new = people.append(len(mothers))
    for name, values in inherited.items():
        getattr(people, name)[new] = values
    people.uid[new] = uid
    people.scheme[new] = RESIDENT
    people.birth_month[new] = month - EPOCH
    k0, k1 = seed_keys(seed)
    _newborn_traits(
        uid, k0, k1, month_slot(month), demography.girls_share, demography.frailty_log_sd, demography.signed_share,
        people.sex[new], people.frailty[new], people.signed[new],
    )  # fmt: skip


@numba.njit(cache=True)
def _newborn_uids(mother: Vector, slot: Word, made: Vector) -> None:
    for i in range(len(mother)):
        low, high, _, _ = draw(0, 0, _BIRTH, slot, mother[i])
        made[i] = uint64(low) | (uint64(high) << uint64(32)) | uint64(BORN_LATER)


@numba.njit(cache=True)
def _newborn_traits(
    uid: Vector, k0: Word, k1: Word, slot: Word, girls_share: float, log_sd: float, signed_share: float, sex: Vector,
    frailty: Vector, signed: Vector,
) -> None:  # fmt: skip
    for i in range(len(uid)):
        w0, w1, _, _ = draw(k0, k1, _BIRTH, slot, uid[i])
        sex[i] = u01(w0) < girls_share
        signed[i] = u01(w1) < signed_share
        z0, z1, _, _ = draw(k0, k1, _CHRONIC_START, slot, uid[i])
        frailty[i] = frailty_of(normal_of(z0, z1), log_sd)


@numba.njit(cache=True, parallel=True)
def _events(
    uid: Vector, birth_month: Vector, sex: Vector, scheme: Vector, retired: Vector, chronic: Vector, controlled: Vector,
    frailty: Vector, alive: Vector, k0: Word, k1: Word, slot: Word, now: int, january: bool, death: Vector,
    death_factor: Vector, birth: float, entry: float, early: float, event: Vector, count: Vector,
) -> None:  # fmt: skip
    """Marks what happens to each row, does it (births excepted), and counts it by chunk (deaths, births, retired, entered)."""
    n = len(uid)
    for chunk in numba.prange(len(count)):
        w0, w1 = np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint32)
        w2, w3 = np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint32)
        for first in range(chunk * CHUNK, min(n, (chunk + 1) * CHUNK), BLOCK):
            size = min(n - first, BLOCK)
            for i in range(size):
                w0[i], w1[i], w2[i], w3[i] = draw(k0, k1, _DEMOGRAPHY, slot, uid[first + i])
            for i in range(size):
                row = first + i
                state = chronic[row] * 2 + controlled[row]
                woman, months = sex[row], np.int32(now) - np.int32(birth_month[row])
                chance = death[woman * 6 + band_of(months)] * death_factor[state] * frailty[row]
                lives, dies = alive[row] != 0, u01(w0[i]) < chance
                works = (scheme[row] == EMPLOYEE) & (retired[row] == 0)
                old = months >= (_PENSION_WOMEN if woman else _PENSION_MEN)
                early_leave = (woman == FEMALE) & (months == _PENSION_WOMEN_EARLY) & (u01(w1[i]) < early)
                enters = january & (scheme[row] == RESIDENT) & (months >= _ENTRY_FROM) & (months < _ENTRY_TO) & (u01(w2[i]) < entry)
                bears = (woman == FEMALE) & (months >= _FERTILE_FROM) & (months < _FERTILE_TO) & (u01(w3[i]) < birth)
                others = _RETIRED * (works & (old | early_leave)) + _ENTERED * enters + _GIVES_BIRTH * bears
                event[row] = lives * (_DIED if dies else others)
            for row in range(first, first + size):
                marks = event[row]
                if marks:
                    if marks & _DIED:
                        alive[row] = 0
                        count[chunk, 0] += 1
                    if marks & _GIVES_BIRTH:
                        count[chunk, 1] += 1
                    if marks & _RETIRED:
                        retired[row] = 1
                        count[chunk, 2] += 1
                    if marks & _ENTERED:
                        scheme[row] = EMPLOYEE
                        count[chunk, 3] += 1
