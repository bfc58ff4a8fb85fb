"""A small city through its opening and a period of learning, with what was compiled on the way: run in a fresh Python by the cold start."""

from __future__ import annotations

import time
from typing import Any

from benchmarks.measure import hand_back

SHOWN = 10


def measure() -> dict[str, Any]:
    """Seconds of import, of the small city, and of compiling, the dearest kernels by name with how many types each was compiled for.

    What a kernel calls is counted by itself.
    """
    began = time.perf_counter()
    from numba.core import event

    from benchmarks.cities import warm_up

    imported = time.perf_counter() - began
    working, began = time.process_time(), time.perf_counter()
    with event.install_recorder("numba:compile") as recorder:
        warm_up()
    lived, worked = time.perf_counter() - began, time.process_time() - working
    spent = _exclusive(recorder.buffer)
    seconds = {name: sum(each) for name, each in spent.items()}
    dearest = sorted(seconds, key=seconds.__getitem__, reverse=True)[:SHOWN]
    return {
        "import_seconds": imported,
        "city_seconds": lived,
        "cpu_seconds": worked,
        "compile_seconds": sum(seconds.values()),
        "kernels": len(spent),
        "dearest": {f"{name} ×{len(spent[name])}": seconds[name] for name in dearest},
    }


def _exclusive(events: list[tuple[float, Any]]) -> dict[str, list[float]]:
    """Seconds of each compilation of each kernel without those it made to be compiled on the way."""
    spent: dict[str, list[float]] = {}
    open_: list[tuple[str, float]] = []
    inside: list[float] = []
    for moment, happened in events:
        if happened.is_start:
            function = happened.data["dispatcher"].py_func
            open_.append((f"{function.__module__}.{function.__name__}", moment))
            inside.append(0.0)
            continue
        name, began = open_.pop()
        whole = moment - began
        spent.setdefault(name, []).append(whole - inside.pop())
        if inside:
            inside[-1] += whole
    return spent


if __name__ == "__main__":
    hand_back(measure())
