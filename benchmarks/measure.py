"""Clocks, memory, the machine, and how a piece of the benchmarks run in a process of its own hands back its result."""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
STATUS = Path("/proc/self/status")
PACKAGES = ("numpy", "numba", "mesa", "pandas")
SETTINGS = ("NUMBA_NUM_THREADS", "NUMBA_THREADING_LAYER", "OMP_WAIT_POLICY")
"""Variables of the environment that change speed."""


def peak_mib() -> float:
    """Most memory this process has held so far, MiB: from the kernel's high-water mark, which a parent's size does not raise."""
    if STATUS.is_file():
        for line in STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 * 1024 if sys.platform == "darwin" else 1024)


def seconds_of(work: Callable[[], object], repeats: int, chosen: Callable[[list[float]], float] = statistics.median) -> float:
    """Seconds of some runs: the median, or what else is ``chosen``; the fastest is least moved by what else a shared machine does."""
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return chosen(taken)


def run_piece(module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Any:
    """What a module of the benchmarks prints as JSON, run in a fresh Python.

    Raises:
        RuntimeError: it failed; its own message has been shown.
    """
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[1:])} ended with {done.returncode}")
    return json.loads(done.stdout)


def hand_back(result: object) -> None:
    """Prints a piece's result for :func:`run_piece`."""
    json.dump(result, sys.stdout)


def machine() -> dict[str, Any]:
    """Where the numbers were taken."""
    return {
        "processors": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "load": [round(load, 2) for load in os.getloadavg()],
        **{name: version(name) for name in PACKAGES},
        **{name: os.environ.get(name) for name in SETTINGS},
    }
