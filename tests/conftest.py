"""What every test stands on: fixed threads, Hypothesis profiles, interrupts, and the browser or its absence."""

from __future__ import annotations

import os

os.environ["NUMBA_NUM_THREADS"] = "2"  # before numba is imported: tests compare one thread with two on any machine
os.environ["MPLBACKEND"] = "Agg"

import shutil
import signal
from typing import Any

import hypothesis
import pytest

hypothesis.settings.register_profile("ci", max_examples=40, deadline=None, derandomize=True)
hypothesis.settings.register_profile("nightly", max_examples=10_000, deadline=None, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("YIBAO_PROFILE", "ci"))

# A shell starts jobs in the background with interrupts ignored, and children would inherit that: tests of interrupts need them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The sandbox needs rights that a container's root lacks; the rest keeps the browser from calling anybody.
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    """Path of the browser to test with: YIBAO_CHROMIUM, or what PATH has."""
    named = os.environ.get("YIBAO_CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def in_ci() -> bool:
    """Whether tests may not be left out."""
    return os.environ.get("CI", "").lower() in {"1", "true"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave browser tests out on a machine without a browser, except in CI."""
    if find_chromium() or in_ci():
        return
    left_out = [item for item in items if item.get_closest_marker("browser")]
    if left_out:
        items[:] = [item for item in items if not item.get_closest_marker("browser")]
        config.hook.pytest_deselected(items=left_out)


def pytest_report_header() -> list[str]:
    """Say which profile runs, and whether a browser was found."""
    browser = find_chromium() or "none found: browser tests " + ("will fail" if in_ci() else "are left out")
    return [f"profile: {os.environ.get('YIBAO_PROFILE', 'ci')}; browser: {browser}"]


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium; fails, and says what to do, where there is none."""
    path = find_chromium()
    if path is None or shutil.which(path) is None:
        pytest.fail(f"no Chromium to test the page with (found {path}): install Debian's package chromium, or set YIBAO_CHROMIUM to one")
    return path


@pytest.fixture(scope="session")
def browser_type_launch_args(chromium: str) -> dict[str, Any]:
    """What pytest-playwright starts: the machine's own browser, no download."""
    return {"executable_path": chromium, "args": CHROMIUM_ARGS}
