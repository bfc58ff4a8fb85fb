"""The month phase by phase: person-months a second, bytes a person in columns, peak memory, and Mesa's own share of the time."""

from __future__ import annotations

import argparse
import time
from typing import Any

import numba

from benchmarks.cities import open_city, warm_up
from benchmarks.measure import hand_back, peak_mib
from model.people import nbytes_per_person


def measure(people: int, months: int, seed: int = 1) -> dict[str, Any]:
    """Runs a city of so many people for some months after its opening and reports where time and memory went.

    Seconds are of all months together; ``mesa`` is what ``run_for`` took beyond the city's own steps, ``around`` what steps took beyond
    their phases. Where ``cpu_seconds`` of all threads fall short of ``seconds``, the machine was busy with something else.
    """
    warm_up()
    before = peak_mib()
    began = time.perf_counter()
    city = open_city(people, seed)
    opening = time.perf_counter() - began
    phases, stepping = dict(city.timings), city.stepping
    lived = 0
    worked, began = time.process_time(), time.perf_counter()
    for _ in range(months):
        city.run_for(1)
        lived += int(city.people.alive.sum())
    wall, worked = time.perf_counter() - began, time.process_time() - worked
    spent = {name: seconds - phases[name] for name, seconds in city.timings.items()}
    stepped = city.stepping - stepping
    return {
        "people": len(city.people),
        "months": months,
        "person_months": lived,
        "opening_seconds": opening,
        "threads": numba.get_num_threads(),
        "seconds": wall,
        "cpu_seconds": worked,
        "phases": spent,
        "around": stepped - sum(spent.values()),
        "mesa": wall - stepped,
        "row_bytes": nbytes_per_person(),
        "column_bytes": city.people.nbytes / len(city.people),
        "warm_mib": before,
        "peak_mib": peak_mib(),
    }


def main() -> None:
    """Measures one size."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, required=True)
    parser.add_argument("--months", type=int, required=True)
    asked = parser.parse_args()
    hand_back(measure(asked.people, asked.months))


if __name__ == "__main__":
    main()
