"""The benchmarks run and compare like with like; how fast anything is, is nobody's test."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks import month, seeking, settlement, start
from benchmarks.care_step.workload import compare, fresh_year, make_workload
from benchmarks.first_city import _exclusive
from benchmarks.layout import table
from benchmarks.measure import peak_mib
from model.payment import list_modes
from model.phases import PHASES

ROOT = Path(__file__).parents[2]
TINY = benchmarks.Plan(sizes=((2_000, 1),), step=(4_000, 1_500, 6), claims=(300, 1), starts=1, compiling=False)


def run_here(module: str, *arguments: str) -> Any:
    """What the piece of that name measures, without a process of its own."""
    given = [int(value) for value in arguments[1::2]]
    if module == "settlement":
        return settlement.measure(given[0], given[1], people=4_000)
    return {"month": month, "seeking": seeking, "start": start}[module].measure(*given, *([False] if module == "start" else []))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All that a tiny run of everything writes."""
    out = tmp_path_factory.mktemp("benchmarks") / "numbers.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(benchmarks, "QUICK", TINY)
        patch.setattr(benchmarks, "run_piece", run_here)
        patch.setattr(start, "STATEMENTS", {"python alone": "pass", "from model import City": "import model"})
        benchmarks.main(["--quick", "--out", str(out)])
    return dict(json.loads(out.read_text(encoding="utf-8")))


def test_every_phase_is_timed_and_the_rest_of_the_year_accounted_for(found: dict[str, Any]) -> None:
    (size,) = found["months"]
    assert list(size["phases"]) == [name for name, _ in PHASES]
    assert all(seconds > 0 for seconds in size["phases"].values())
    assert size["around"] > 0
    assert size["mesa"] > 0
    assert sum(size["phases"].values()) + size["around"] + size["mesa"] == pytest.approx(size["seconds"])
    assert 0 < size["column_bytes"] < 150
    assert size["warm_mib"] <= size["peak_mib"] <= peak_mib()


def test_the_three_versions_do_the_same(found: dict[str, Any]) -> None:
    step = found["seeking"]
    assert step["agree"], step["agreement"]
    assert all(rate["wall"] > 0 for rate in step["rates"].values())


def test_versions_that_differ_are_told() -> None:
    work = make_workload(20_000)
    people = fresh_year(work.people)
    lived, _ = seeking._kernels(work, people, 3)
    work.illness.need[:] *= 1.3
    more, _ = seeking._kernels(work, fresh_year(people), 3)
    assert compare(lived, lived).errors == 0
    assert compare(lived, more).errors > seeking.MOST_ERRORS


def test_every_mode_is_settled_and_quoted(found: dict[str, Any]) -> None:
    modes = found["settlement"]["modes"]
    assert list(modes) == [*list_modes(), "yuncheng_2021"]
    assert all(milliseconds > 0 for mode in modes.values() for milliseconds in mode.values())


def test_a_mode_that_is_too_slow_is_told() -> None:
    quick = {"settle_ms": 20.0, "quote_ms": 4.0, "prices_ms": 1.0, "decision_ms": 30.0}
    modes = {"ffs": quick, "slow": quick | {"settle_ms": 140.0, "quote_ms": 10.5}}
    idle: dict[str, Any] = {"load": 0.5, "processors": 2}
    told = benchmarks.show_settlement({"claims": 60_000, "modes": modes} | idle)
    assert "BEYOND: settle > 100 ms, quote > 10 ms" in told
    assert "beyond them: slow" in told
    assert "all are within them" in benchmarks.show_settlement({"claims": 60_000, "modes": {"ffs": quick}} | idle)
    assert "not asked of fewer" in benchmarks.show_settlement({"claims": 6_000, "modes": modes} | idle)
    assert "too busy" not in told
    assert "too busy" in benchmarks.show_settlement({"claims": 60_000, "modes": modes} | idle | {"load": 7.0})


def test_what_compiles_inside_is_counted_by_itself() -> None:
    def happened(function: Callable[..., object], is_start: bool) -> SimpleNamespace:
        return SimpleNamespace(data={"dispatcher": SimpleNamespace(py_func=function)}, is_start=is_start)

    outer, inner = compare, fresh_year
    events = [(0.0, happened(outer, True)), (1.0, happened(inner, True)), (3.0, happened(inner, False)), (7.0, happened(outer, False))]
    home = compare.__module__
    assert _exclusive(events) == {f"{home}.fresh_year": [2.0], f"{home}.compare": [5.0]}


def test_tables_line_up() -> None:
    shown = table("Title", ["", "ms"], [["short", 1.5], ["a longer name", 12345.6], ["whole", 2000]], ["a note"])
    assert shown.splitlines() == [
        "Title",
        "                   ms",
        "-------------  ------",
        "short             1.5",
        "a longer name  12,346",
        "whole           2,000",
        "  a note",
    ]


@pytest.mark.slow
def test_the_command_runs(tmp_path: Path) -> None:
    out = tmp_path / "numbers.json"
    subprocess.run([sys.executable, "-m", "benchmarks", "--quick", "--out", str(out)], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    assert set(benchmarks.PIECES) < set(json.loads(out.read_text(encoding="utf-8")))
