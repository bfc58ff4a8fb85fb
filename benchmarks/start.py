"""Cold start: importing, and compiling every kernel of a first city into an empty cache, each in a fresh Python."""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from typing import Any

from benchmarks.measure import ROOT, hand_back, run_piece

STATEMENTS = {"python alone": "pass", "import model": "import model", "from model import City": "from model import City"}
SHOWN = 8


def measure(repeats: int, compiling: bool) -> dict[str, Any]:
    """Seconds of imports (the fastest of some, the first not counted) by the clock and of processor time, and of a first city with and
    without compiled kernels at hand."""
    imports = {name: _fastest(statement, repeats) for name, statement in STATEMENTS.items()}
    return {"imports": imports, "packages": _packages(), "kernels": _kernels() if compiling else None}


def _fastest(statement: str, repeats: int) -> dict[str, float]:
    taken, worked = [], []
    for _ in range(repeats + 1):
        working, began = _processor_time(), time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], cwd=ROOT, check=True)
        taken.append(time.perf_counter() - began)
        worked.append(_processor_time() - working)
    return {"seconds": min(taken[1:]), "cpu_seconds": min(worked[1:])}


def _processor_time() -> float:
    """Seconds that all ended child processes have worked."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _packages() -> dict[str, float]:
    """Seconds of importing the city by top-level package, its own modules only, dearest first."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", STATEMENTS["from model import City"]],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    spent: dict[str, float] = {}
    for line in done.stderr.splitlines():
        own, _, name = line.removeprefix("import time:").split("|")
        if own.strip().isdigit():
            package = name.strip().split(".")[0]
            spent[package] = spent.get(package, 0.0) + int(own) / 1e6
    return dict(sorted(spent.items(), key=lambda item: -item[1])[:SHOWN])


def _kernels() -> dict[str, Any]:
    """A first city with an empty cache, and another with what that one left there."""
    with tempfile.TemporaryDirectory() as cache:
        cold, warm = (run_piece("first_city", environment={"NUMBA_CACHE_DIR": cache}) for _ in range(2))
    return {"cold": cold, "warm": warm}


def main() -> None:
    """Measures a cold start."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, required=True)
    parser.add_argument("--compiling", action="store_true")
    asked = parser.parse_args()
    hand_back(measure(asked.repeats, asked.compiling))


if __name__ == "__main__":
    main()
