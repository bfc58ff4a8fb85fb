"""Compiles every kernel once, so that workers started afterwards find them in the cache."""

from __future__ import annotations

from model.city import LEAST_PEOPLE, City
from model.codes import SCHEMES
from model.policy import load_city

WARM_UP_PEOPLE = 2 * LEAST_PEOPLE


def warm_up(city: str = "yuncheng") -> None:
    """Runs the smallest city through a January, a decision and a December; nothing is kept."""
    persons = sum(int(load_city(city).enrolment[scheme].persons.history[0].value) for scheme in SCHEMES)
    small = City.load(city, scale=WARM_UP_PEOPLE / persons, burn_in=3)
    small.run_for(1)
