"""The care-seeking step by compiled kernels, plain NumPy and plain Mesa objects in one run: agreement first, then speed as ratios."""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from benchmarks.care_step import columns, kernels
from benchmarks.care_step.objects import ObjectCity
from benchmarks.care_step.workload import (
    Aggregates,
    Events,
    Workload,
    aggregate,
    books_of,
    compare,
    fresh_year,
    make_workload,
    sample,
)
from benchmarks.measure import hand_back
from model.people import People, nbytes_per_person

MOST_ERRORS = 4.5
"""Standard errors that two versions of one month may be apart in any of some fifty aggregates before they count as different."""


@dataclass(frozen=True)
class Rate:
    """Person-months a second of the clock, and of processor time of all threads, which a busy machine moves less.

    Of several months the fastest counts: what slows a month down does not come from the version.
    """

    wall: float
    cpu: float


def measure(people: int, objects: int, months: int, seed: int = 1) -> dict[str, Any]:
    """All versions on one workload.

    Args:
        people: people that the array versions are timed on.
        objects: people of the object version; all versions are compared on the same ones.
        months: months that are timed; agreement is of as many.
        seed: seed of the people and of every draw.
    """
    work = make_workload(people, seed)
    few = sample(work.people, objects, seed)
    model, object_bytes = _objects(work, few, seed)
    by_objects, object_rate = _live(lambda month: _step(model), model.books, months, work, objects)
    by_kernels, _ = _kernels(work, fresh_year(few), months)
    by_columns, few_rate = _columns(work, fresh_year(few), months, seed)
    all_kernels, _ = _kernels(work, fresh_year(work.people), months)
    all_columns, column_rate = _columns(work, fresh_year(work.people), months, seed)
    rates = _kernel_rates(work, months)
    named = {"mesa objects": object_rate, f"numpy, {objects} people": few_rate, "numpy": column_rate}
    pairs = {
        "objects and kernels": compare(by_kernels, by_objects),
        "numpy and kernels, the same few": compare(by_kernels, by_columns),
        "numpy and kernels, all": compare(all_kernels, all_columns),
    }
    return {
        "people": len(work.people),
        "objects": objects,
        "months": months,
        "rates": {name: asdict(rate) for name, rate in (named | rates).items()},
        "bytes": {"mesa objects": object_bytes, "columns": nbytes_per_person()},
        "agreement": {name: asdict(found) for name, found in pairs.items()},
        "agree": all(found.errors < MOST_ERRORS for found in pairs.values()),
        "table_seconds": work.table_seconds,
    }


def _objects(work: Workload, people: People, seed: int) -> tuple[ObjectCity, float]:
    """The object version, and the bytes that it holds a person, its rule tables left out."""
    empty = People(0)
    tracemalloc.start()
    ObjectCity(work, empty, seed)
    tables = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    model = ObjectCity(work, people, seed)
    held = tracemalloc.get_traced_memory()[0] - tables
    tracemalloc.stop()
    return model, held / len(people)


def _step(model: ObjectCity) -> Events:
    model.step()
    return model.events()


def _kernels(work: Workload, people: People, months: int) -> tuple[Aggregates, Rate]:
    return _live(lambda month: kernels.live_month(work, people, month), lambda: books_of(people), months, work, len(people))


def _columns(work: Workload, people: People, months: int, seed: int) -> tuple[Aggregates, Rate]:
    random = np.random.default_rng(seed)
    return _live(lambda month: columns.live_month(work, people, month, random), lambda: books_of(people), months, work, len(people))


def _live(
    live: Callable[[int], Events], books: Callable[[], NDArray[np.float64]], months: int, work: Workload, people: int
) -> tuple[Aggregates, Rate]:
    """Aggregates of some months, and person-months a second of the fastest."""
    opening, lived, taken, worked = books(), [], [], []
    for month in range(months):
        working, began = time.process_time(), time.perf_counter()
        lived.append(live(work.month + month))
        taken.append(time.perf_counter() - began)
        worked.append(time.process_time() - working)
    return aggregate(lived, books(), opening, work.tier), Rate(people / min(taken), people / min(worked))


def _kernel_rates(work: Workload, months: int) -> dict[str, Rate]:
    """Speed of the kernels on one thread and on all, compiled and loaded before."""
    before = numba.get_num_threads()
    rates = {}
    for threads in sorted({1, before}):
        numba.set_num_threads(threads)
        _, rates[f"kernels, {threads} thread{'s' if threads > 1 else ''}"] = _kernels(work, fresh_year(work.people), months)
    numba.set_num_threads(before)
    return rates


def main() -> None:
    """Measures one workload."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, required=True)
    parser.add_argument("--objects", type=int, required=True)
    parser.add_argument("--months", type=int, required=True)
    asked = parser.parse_args()
    hand_back(measure(asked.people, asked.objects, asked.months))


if __name__ == "__main__":
    main()
