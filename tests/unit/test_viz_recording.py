"""A live run as it is recorded: in step, in stages, stopped at once, told not too often, its history remembered."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from model.calendar import format_month
from model.errors import InputError
from viz.pages import recording
from viz.pages.recording import HISTORY_MONTHS, Choice, Recorded, record

BASE = 2021 * 12
LOADED: list[int] = []


@dataclass
class Town:
    """A city of one number: 100 in its history, less by the length of its policy's name afterwards."""

    policy: str = "own"
    month: int = BASE
    rows: tuple[tuple[int, float], ...] = ()
    fails_under: str = ""

    def switch_policy(self, policy: str) -> None:
        """Start another policy."""
        self.policy = policy

    def run_for(self, months: int) -> None:
        """Run months."""
        for _ in range(months):
            if self.policy == self.fails_under:
                raise ZeroDivisionError("no cases to settle")
            gone = 0 if self.policy == "own" else len(self.policy)
            self.rows = (*self.rows, (self.month, 100.0 - gone))
            self.month += 1

    @property
    def tables(self) -> SimpleNamespace:
        """Monthly rows of the city and of one provider, which is not to be kept."""
        rows = [
            {"period": format_month(month), "unit_type": kind, "unit": kind, "indicator": "intensity", "value": value}
            for month, value in self.rows
            for kind in ("city", "provider")
        ]
        return SimpleNamespace(monthly=pd.DataFrame(rows))


def load(city: str, policy: str | None, *, scale: float, seed: int, burn_in: int) -> Town:
    """Stand in for City.load."""
    assert (city, policy, burn_in) == ("yuncheng", None, recording.BURN_IN)
    assert 0 < scale <= 1
    LOADED.append(seed)
    return Town()


def choose(*policies: str, seed: int = 1) -> Choice:
    """A year of some policies."""
    return Choice("yuncheng", policies, 0.002, 1, seed)


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_HISTORIES", recording._Histories())
    LOADED.clear()


def never() -> bool:
    """Nobody stops it."""
    return False


def test_policies_share_a_history_and_then_go_their_own_ways() -> None:
    ended = record(choose("ffs", "dipdip"), lambda _: None, never, load)
    assert ended.stage == "done"
    assert ended.done == ended.choice.total == 24 if ended.choice else False
    assert set(ended.monthly["unit_type"]) == {"city"}
    wide = ended.monthly.pivot_table(index="period", columns="policy", values="value")
    assert len(wide) == 24
    assert (wide["ffs"].iloc[:HISTORY_MONTHS] == wide["dipdip"].iloc[:HISTORY_MONTHS]).all()
    assert (wide["ffs"].iloc[HISTORY_MONTHS:] - wide["dipdip"].iloc[HISTORY_MONTHS:] == 3).all()
    assert ended.switch == "2022-01"
    assert ended.months[0] == "2021-01"
    assert ended.months[-1] == "2022-12"


def test_it_tells_of_every_stage_with_months_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "TELL_SECONDS", 0.0)
    told: list[Recorded] = []
    record(choose("ffs"), told.append, never, load)
    assert [news.stage for news in told] == ["preparing", *["history"] * 12, *["running"] * 12, "done"]
    assert [news.done for news in told[1:-1]] == list(range(1, 25))
    assert all(len(news.monthly) == news.done for news in told[1:])
    assert told[0].busy
    assert not told[-1].busy


def test_it_does_not_tell_more_often_than_charts_can_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "TELL_SECONDS", 3600.0)
    told: list[Recorded] = []
    record(choose("ffs"), told.append, never, load)
    assert [(news.stage, news.done) for news in told] == [("preparing", 0), ("history", 12), ("running", 24), ("done", 24)]


def test_it_stops_within_a_month_and_keeps_what_is_done() -> None:
    asked = iter(range(1000))
    ended = record(choose("ffs"), lambda _: None, lambda: next(asked) >= 15, load)
    assert ended.stage == "stopped"
    assert HISTORY_MONTHS < len(ended.monthly) < 24


def test_what_goes_wrong_is_told_and_what_was_done_is_kept() -> None:
    def failing(*args: Any, **kwargs: Any) -> Town:
        return Town(fails_under="bad")

    ended = record(choose("ffs", "bad"), lambda _: None, never, failing)
    assert ended.stage == "failed"
    assert "no cases to settle" in ended.message
    assert len(ended.monthly) == 2 * HISTORY_MONTHS

    def refusing(*args: Any, **kwargs: Any) -> Town:
        raise InputError("fewer people than can be simulated", found=3)

    ended = record(choose("ffs", seed=2), lambda _: None, never, refusing)
    assert ended.stage == "failed"
    assert "fewer people" in ended.message


def test_a_history_is_run_once_for_all_policies_and_forgotten_in_time() -> None:
    first = record(choose("ffs"), lambda _: None, never, load)
    again = record(choose("ffs"), lambda _: None, never, load)
    record(choose("dip"), lambda _: None, never, load)
    assert LOADED == [1]
    pd.testing.assert_frame_equal(first.monthly, again.monthly)
    record(choose("ffs", seed=2), lambda _: None, never, load)
    record(choose("ffs", seed=3), lambda _: None, never, load)
    record(choose("ffs", seed=1), lambda _: None, never, load)
    assert LOADED == [1, 2, 3, 1]
