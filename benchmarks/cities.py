"""Cities of a wanted size, opened as ``City.load`` opens them and warmed up, for the benchmarks to run."""

from __future__ import annotations

import time

from model.calendar import parse_month
from model.city import OPENING_MONTHS, City
from model.policy import load_city

NAME = "yuncheng"
SMALL = 3_000
"""People of the city that loads every compiled kernel before anything is timed."""


def scale_of(people: int) -> float:
    """Share of the city that has so many people; the whole city where it has fewer."""
    return min(people / load_city(NAME).persons, 1.0)


class TimedCity(City):
    """A city that also knows how long its own steps took, so that what Mesa adds around them can be told."""

    stepping: float = 0.0

    def step(self) -> None:
        """One month, timed."""
        began = time.perf_counter()
        super().step()
        self.stepping += time.perf_counter() - began


def open_city(people: int, seed: int = 1) -> TimedCity:
    """A city under its own policy, ready for the first month of its base year, without a burn-in of conduct."""
    base = parse_month(f"{load_city(NAME).base_year}-01")
    city = TimedCity(NAME, None, scale=scale_of(people), seed=seed, start=base - OPENING_MONTHS)
    city.run_for(OPENING_MONTHS)
    city.open_policy()
    city.forget_tables()
    return city


def warm_up() -> None:
    """Loads or compiles every kernel: a small city through its opening and one period of learning."""
    city = open_city(SMALL)
    city.run_for(city.learning.period + 1)
