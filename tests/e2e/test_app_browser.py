"""The page in a real browser: a run's months arrive as charts, the language turns, nothing leaves the machine or stays running."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
START = 60.0
RUN = 180_000
"""Milliseconds a first run may take on a slow machine that has to compile."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the real command serves the page; ended by SIGTERM, after which nothing may be left of it."""
    said = tmp_path_factory.mktemp("page") / "said.txt"
    with said.open("w") as file:
        command = [str(Path(sys.executable).with_name("yibao")), "app", "--port", "0", "--lang", "en"]
        server = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        yield _address(server, said)
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=20)
        with pytest.raises(ProcessLookupError):
            os.killpg(server.pid, 0)
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)


def _address(server: subprocess.Popen[bytes], said: Path) -> str:
    end = time.monotonic() + START
    while time.monotonic() < end and server.poll() is None:
        found = re.search(r"http://[\d.]+:\d+", said.read_text())
        if found:
            return found.group()
        time.sleep(0.1)
    pytest.fail(f"the page did not start: {said.read_text()}")


@pytest.fixture
def faults(page: Page) -> list[str]:
    """What went wrong on the page: script errors, failed requests, and requests to anybody else."""
    seen: list[str] = []
    page.on("pageerror", lambda error: seen.append(f"error: {error}"))
    page.on("requestfailed", lambda request: seen.append(f"failed: {request.url}"))
    page.on("response", lambda response: seen.append(f"{response.status}: {response.url}") if response.status >= 400 else None)

    def at_home(request: Any) -> None:
        host = urlparse(request.url).hostname
        if host not in (None, "127.0.0.1"):
            seen.append(f"elsewhere: {request.url}")

    page.on("request", at_home)
    return seen


def test_a_run_arrives_month_by_month_and_the_language_turns(page: Page, address: str, faults: list[str]) -> None:
    page.goto(address)
    expect(page.get_by_role("heading", name="Pay differently")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Run", exact=True).click()
    charts = page.locator(".yb-chart canvas, .yb-chart svg")
    expect(charts.first).to_be_visible(timeout=RUN)
    expect(page.get_by_text(re.compile(r"Done: \d+ months"))).to_be_visible(timeout=RUN)
    assert charts.count() == 4
    expect(page.get_by_text("This is a simulation, not a forecast.")).to_be_visible()
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_text(re.compile(r"完成：\d+ 个月"))).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    page.locator(".yb-groups button").nth(1).click()
    expect(charts).not_to_have_count(4)
    assert faults == []


def test_a_run_can_be_stopped(page: Page, address: str, faults: list[str]) -> None:
    page.goto(f"{address}/?lang=en")
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("button", name="Stop", exact=True).click(timeout=30_000)
    expect(page.get_by_text(re.compile("Stopped"))).to_be_visible(timeout=30_000)
    assert faults == []


def test_a_narrow_screen_shows_everything_without_sideways_scrolling(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}/?lang=en")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible(timeout=30_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
