"""Compiles every kernel once, so that workers started afterwards find them in the cache."""

from __future__ import annotations

from model.city import LEAST_PEOPLE, City
from model.policy import load_city

WARM_UP_PEOPLE = 2 * LEAST_PEOPLE


def warm_up(city: str = "yuncheng") -> None:
    """Runs the smallest city through a January, a decision and a December; nothing is kept."""
    small = City.load(city, scale=WARM_UP_PEOPLE / load_city(city).persons, burn_in=3)
    small.run_for(1)
