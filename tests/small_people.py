"""A small city's people and illness for tests: plausible numbers, no file read but the catalogue."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from model.catalogue import load_catalogue
from model.demography import Demography, DemographyRules, prepare_demography
from model.illness import Illness, IllnessRules, prepare_illness
from model.population import PopulationPlan

BASE = 2021 * 12
AREAS, COUNTIES = 20, 4
AGES = np.array([5.5, 6.5, 6.3, 5.8, 5.0, 5.5, 7.5, 7.2, 6.4, 7.0, 8.8, 8.2, 6.2, 5.6, 4.0, 2.4, 2.1])
PREVALENCE = np.array(
    [
        [0.0, 0.0, 0.06, 0.30, 0.52, 0.58],
        [0.0, 0.0, 0.03, 0.12, 0.20, 0.22],
        [0.0, 0.0, 0.005, 0.09, 0.20, 0.28],
        [0.0, 0.0, 0.004, 0.03, 0.10, 0.18],
        [0.0, 0.0, 0.002, 0.02, 0.06, 0.10],
        [0.0, 0.0002, 0.003, 0.01, 0.025, 0.035],
    ]
)


def small_plan(employees: int = 2_400, residents: int = 17_600) -> PopulationPlan:
    """So many people of a city of a million, a tenth of it urban."""
    weight = np.linspace(1.0, 2.0, AREAS)
    return PopulationPlan(
        base_month=BASE,
        persons=np.array([employees, residents]),
        city_persons=np.array([120_000.0, 880_000.0]),
        retired_share=0.3,
        age_shares=AGES / AGES.sum(),
        female_share=0.49,
        area_county=(np.arange(AREAS) % COUNTIES).astype(np.int16),
        area_weight=weight / weight.sum(),
        area_urban=np.arange(AREAS) % COUNTIES == 0,
        income_mean=np.array([36_000.0, 15_000.0]),
        income_log_sd=0.6,
        employee_income_ratio=1.3,
        poor_share=0.05,
        prevalence=PREVALENCE,
        control_share=0.3,
    )


def demography_rules() -> DemographyRules:
    """Mortality and births of about the country's level."""
    return DemographyRules(mortality=np.array([0.001, 0.0003, 0.001, 0.004, 0.013, 0.07]), birth_rate=0.009)


def illness_rules() -> IllnessRules:
    """Needs of about the country's level."""
    return IllnessRules(
        visit_rate=np.array([[5.59, 0.73, 0.29], [1.59, 0.24, 0.08]]),
        admission_rate=np.array([0.177, 0.152]),
    )


@cache
def small_demography() -> Demography:
    """The small city's rules of birth and death."""
    return prepare_demography(demography_rules(), small_plan())


@cache
def small_illness() -> Illness:
    """The small city's rules of illness."""
    return prepare_illness(illness_rules(), small_plan(), load_catalogue(), demography_rules())


def without_illness() -> IllnessRules:
    """Nobody needs anything."""
    return replace(illness_rules(), visit_rate=np.zeros((2, 3)), admission_rate=np.zeros(2))
