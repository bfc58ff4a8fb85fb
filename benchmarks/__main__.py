"""Runs the benchmarks, each piece in a process of its own, prints them as tables and writes them as JSON: ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.layout import Cell, table
from benchmarks.measure import machine, run_piece
from benchmarks.settlement import FULL_MONTH, LIMITS_MS, verdict

ALL = 10**9
"""More people than any city has: the whole city."""


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    ``sizes`` people and months of the cities; ``step`` people, objects and months of the care-seeking step; ``claims`` of a month and how
    often; ``starts`` imports a statement; ``compiling`` whether kernels are compiled into an empty cache.
    """

    sizes: tuple[tuple[int, int], ...]
    step: tuple[int, int, int]
    claims: tuple[int, int]
    starts: int
    compiling: bool


FULL = Plan(((100_000, 12), (1_000_000, 12), (ALL, 12)), (1_000_000, 20_000, 12), (60_000, 15), 5, True)
QUICK = Plan(((20_000, 3),), (20_000, 2_000, 6), (6_000, 3), 1, False)


def measure_months(plan: Plan) -> list[dict[str, Any]]:
    """The month phase by phase at each size."""
    return [run_piece("month", "--people", str(people), "--months", str(months)) for people, months in plan.sizes]


def measure_seeking(plan: Plan) -> dict[str, Any]:
    """One care-seeking step in three versions."""
    people, objects, months = plan.step
    return dict(run_piece("seeking", "--people", str(people), "--objects", str(objects), "--months", str(months)))


def measure_settlement(plan: Plan) -> dict[str, Any]:
    """A month of claims under every mode, and the quote."""
    claims, repeats = plan.claims
    return dict(run_piece("settlement", "--claims", str(claims), "--repeats", str(repeats)))


def measure_start(plan: Plan) -> dict[str, Any]:
    """Imports and first compilation."""
    return dict(run_piece("start", "--repeats", str(plan.starts), *(["--compiling"] if plan.compiling else [])))


def show_months(found: list[dict[str, Any]]) -> str:
    """Milliseconds a month, speed and room by size; Mesa's share of the year."""
    head = ["", *(f"{size['people']:,} people" for size in found)]
    phases = [[f"{name}, ms a month", *(1000 * size["phases"][name] / size["months"] for size in found)] for name in found[0]["phases"]]
    fastest = [
        [f"{name}, M person-months a second", *(size["person_months"] / size["phases"][name] / 1e6 for size in found)]
        for name in found[0]["phases"]
    ]
    whole: list[list[Cell]] = [
        ["whole month, ms", *(1000 * size["seconds"] / size["months"] for size in found)],
        ["whole month, M person-months a second", *(size["person_months"] / size["seconds"] / 1e6 for size in found)],
        ["a year, s", *(12 * size["seconds"] / size["months"] for size in found)],
        ["a year, s of processor time", *(12 * size["cpu_seconds"] / size["months"] for size in found)],
        ["opening (people made, 3 months), s", *(size["opening_seconds"] for size in found)],
        ["around phases, % of time", *(100 * size["around"] / size["seconds"] for size in found)],
        ["Mesa around steps, % of time", *(100 * size["mesa"] / size["seconds"] for size in found)],
        ["columns, bytes a person", *(size["column_bytes"] for size in found)],
        ["process before the city, MiB", *(size["warm_mib"] for size in found)],
        ["process at its peak, MiB", *(size["peak_mib"] for size in found)],
    ]
    months = ", ".join(str(size["months"]) for size in found)
    notes = (f"mean of {months} months after the opening, {found[0]['threads']} threads, every kernel loaded before",)
    return table("The month, phase by phase", head, [*phases, *fastest, *whole], notes)


def show_seeking(found: dict[str, Any]) -> str:
    """Speeds of the versions as multiples of the object version's."""
    base = found["rates"]["mesa objects"]
    rows = [
        [name, rate["wall"] / 1e6, rate["wall"] / base["wall"], rate["cpu"] / 1e6, rate["cpu"] / base["cpu"]]
        for name, rate in found["rates"].items()
    ]
    head = ["", "M person-months/s", "times objects", "M person-months/cpu s", "times objects"]
    agreement = [
        f"{name}: furthest in {pair['measure']} by {pair['errors']:.1f} standard errors, all charges {100 * pair['relative']:+.1f} % apart"
        for name, pair in found["agreement"].items()
    ]
    notes = (
        f"{found['people']:,} people, objects {found['objects']:,}; fastest of {found['months']} months",
        f"held a person: {found['bytes']['columns']:.0f} bytes in columns, {found['bytes']['mesa objects']:.0f} bytes as a Mesa agent",
        f"choice tables, given to all: {1000 * found['table_seconds']:.1f} ms a month",
        *agreement,
        "the versions agree within sampling noise" if found["agree"] else "THE VERSIONS DO NOT AGREE: the comparison says nothing",
    )
    return table("The care-seeking step in three versions", head, rows, notes)


def show_settlement(found: dict[str, Any]) -> str:
    """Milliseconds by mode, as multiples of fee-for-service in the same run, and whether they keep the limits."""
    claims, modes = found["claims"], found["modes"]
    plain = modes["ffs"]
    rows: list[list[Cell]] = []
    for name, ms in modes.items():
        spent = [cell for key in ("settle_ms", "quote_ms") for cell in (ms[key], ms[key] / plain[key])]
        rows.append([name, *spent, ms["prices_ms"], ms["decision_ms"], verdict(claims, ms)])
    head = [
        "",
        "month settled, ms",
        "times ffs",
        "quote of all cases, ms",
        "times ffs",
        "marginal prices, ms",
        "quotes of all acts, ms",
        "",
    ]
    beyond = [name for name, ms in modes.items() if verdict(claims, ms).startswith("BEYOND")]
    said = f"limits at {FULL_MONTH:,} claims: " + ", ".join(f"{key.removesuffix('_ms')} {ms:g} ms" for key, ms in LIMITS_MS.items())
    kept = f"beyond them: {', '.join(beyond)}" if beyond else "all are within them, modes and mix"
    busy = f"load {found['load']:.1f} on {found['processors']} processors" + (
        ": too busy to judge times by; ratios of one run hold" if found["load"] > found["processors"] else ""
    )
    notes = (
        f"{claims:,} inpatient claims, fastest of the runs; {busy}",
        f"{said}; {kept if claims >= FULL_MONTH else 'not asked of fewer'}",
    )
    return table("Settlement and quote", head, rows, notes)


def show_start(found: dict[str, Any]) -> str:
    """Seconds of imports and of a first city."""
    rows: list[list[Cell]] = [[name, spent["seconds"], spent["cpu_seconds"]] for name, spent in found["imports"].items()]
    rows += [[f"  of which {name}", seconds, ""] for name, seconds in found["packages"].items()]
    if found["kernels"] is not None:
        cold, warm = found["kernels"]["cold"], found["kernels"]["warm"]
        rows += [
            [f"a first small city, nothing compiled ({cold['kernels']} kernels)", cold["city_seconds"], cold["cpu_seconds"]],
            ["the same, kernels from the cache", warm["city_seconds"], warm["cpu_seconds"]],
            ["compiling", cold["compile_seconds"], ""],
            *([f"  of which {name}", seconds, ""] for name, seconds in cold["dearest"].items()),
        ]
    return table("Cold start", ["", "seconds", "of processor time"], rows)


PIECES: Mapping[str, tuple[Callable[[Plan], Any], Callable[[Any], str]]] = {
    "seeking": (measure_seeking, show_seeking),
    "settlement": (measure_settlement, show_settlement),
    "start": (measure_start, show_start),
    "months": (measure_months, show_months),
}


def main(arguments: list[str] | None = None) -> None:
    """Measures what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure speed and size of the model.")
    parser.add_argument("--quick", action="store_true", help="small sizes, a minute or two: shows that everything runs, not how fast")
    parser.add_argument("--only", choices=list(PIECES), action="append", help="measure only this (may be given again)")
    parser.add_argument("--people", type=int, action="append", help="measure months at this size instead (may be given again)")
    parser.add_argument("--out", type=Path, help="write all numbers as JSON into this file")
    asked = parser.parse_args(arguments)
    plan = _plan(QUICK if asked.quick else FULL, asked.people)
    results: dict[str, Any] = {"machine": machine(), "quick": asked.quick}
    for name in asked.only or PIECES:
        measured, shown = PIECES[name]
        print(f"measuring: {name}", file=sys.stderr)
        results[name] = measured(plan)
        print(shown(results[name]), flush=True)
    if asked.out is not None:
        asked.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def _plan(plan: Plan, people: list[int] | None) -> Plan:
    if not people:
        return plan
    months = plan.sizes[0][1]
    return Plan(tuple((size, months) for size in people), plan.step, plan.claims, plan.starts, plan.compiling)


if __name__ == "__main__":
    main()
