"""A live run, recorded month by month: one history, forked into the policies chosen, which then go on in step."""

from __future__ import annotations

import math
import pickle
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pandas as pd

from experiments.manifest import fingerprint
from model.calendar import format_month
from model.errors import InputError

Stage = Literal["ready", "preparing", "history", "running", "done", "stopped", "failed"]
BUSY: tuple[Stage, ...] = ("preparing", "history", "running")
HISTORY_MONTHS = 12
BURN_IN = 12
TELL_SECONDS = 0.4
"""Least time between two tellings: each redraws every chart."""
MOST_REMEMBERED = 2
SCALES = (0.002, 0.005, 0.01, 0.02, 0.05)
LEAST_PEOPLE = 1000


@dataclass(frozen=True)
class Choice:
    """What is to be run; the first policy is the baseline."""

    city: str
    policies: tuple[str, ...]
    scale: float
    years: int
    seed: int = 1

    @property
    def total(self) -> int:
        """Months there will be: the shared history and those after it."""
        return HISTORY_MONTHS + 12 * self.years


@dataclass(frozen=True, eq=False)  # compared by identity: tables have no plain equality
class Recorded:
    """What is known of a run so far. Never changed, only replaced, so that any number of charts may read it.

    Attributes:
        monthly: city-wide rows by month: policy, seed, period, unit_type, unit, indicator, value.
        months: the months there will be; `switch` is the first of the policies.
        done: months simulated; `month` the last of them.
    """

    choice: Choice | None = None
    stage: Stage = "ready"
    monthly: pd.DataFrame = field(default_factory=pd.DataFrame)
    months: tuple[str, ...] = ()
    switch: str = ""
    month: str = ""
    done: int = 0
    seconds: float = 0.0
    message: str = ""

    @property
    def busy(self) -> bool:
        """Whether it is still going."""
        return self.stage in BUSY


Tell = Callable[[Recorded], None]
Load = Callable[..., Any]


class _Histories:
    """The last few histories, pickled, so that a second run with other policies starts at once; shared by all visitors."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """Return a history, if it is remembered."""
        with self._lock:
            return self._kept.get(key)

    def keep(self, key: str, history: bytes) -> None:
        """Remember a history in place of the oldest."""
        with self._lock:
            self._kept[key] = history
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_REMEMBERED:
                self._kept.popitem(last=False)


_HISTORIES = _Histories()


def record(choice: Choice, tell: Tell, stopped: Callable[[], bool], load: Load | None = None) -> Recorded:
    """Run what is chosen and tell of it as months are done; return, and tell, how it ended.

    `stopped` is asked after every month. What is known at the end is kept however it ends.
    """
    teller = _Teller(Recorded(choice, "preparing"), tell, stopped)
    teller.say(force=True)
    try:
        _run(choice, teller, load or _load_city)
        teller.end("done")
    except _StoppedError:
        teller.end("stopped")
    except InputError as wrong:
        teller.end("failed", str(wrong))
    except Exception as wrong:  # whatever a model or a plug-in raises ends this run only, and is told
        teller.end("failed", f"{type(wrong).__name__}: {wrong}")
    return teller.recorded


class _StoppedError(Exception):
    """The visitor has stopped the run, or left."""


class _Teller:
    """Keeps what is recorded and tells of it, not more often than charts can follow."""

    def __init__(self, recorded: Recorded, tell: Tell, stopped: Callable[[], bool]) -> None:
        self.recorded = recorded
        self._tell = tell
        self._stopped = stopped
        self._began = time.monotonic()
        self._told = -math.inf

    def update(self, rows: Callable[[], pd.DataFrame], *, force: bool = False, **known: Any) -> None:
        """Take note of months done; `rows` is only asked where there is time to tell."""
        self.recorded = replace(self.recorded, **known)
        self.check(rows)
        if force or time.monotonic() - self._told >= TELL_SECONDS:
            self.recorded = replace(self.recorded, monthly=rows())
            self.say(force=True)

    def check(self, rows: Callable[[], pd.DataFrame]) -> None:
        """End the run, with what is there, if the visitor has stopped it."""
        if self._stopped():
            self.recorded = replace(self.recorded, monthly=rows())
            raise _StoppedError

    def say(self, *, force: bool = False) -> None:
        """Tell, if it is time."""
        if force or time.monotonic() - self._told >= TELL_SECONDS:
            self._told = time.monotonic()
            self._tell(self.recorded)

    def end(self, stage: Stage, message: str = "") -> None:
        """Tell how it ended."""
        seconds = time.monotonic() - self._began
        self.recorded = replace(self.recorded, stage=stage, seconds=seconds, message=message)
        self._tell(self.recorded)


def _run(choice: Choice, teller: _Teller, load: Load) -> None:
    history = _history(choice, teller, load)
    cities = {}
    for policy in choice.policies:
        cities[policy] = pickle.loads(history)
        cities[policy].switch_policy(policy)
    total = 12 * choice.years

    def rows() -> pd.DataFrame:
        return _rows(cities, choice.seed)

    for month in range(1, total + 1):
        for city in cities.values():
            city.run_for(1)
            teller.check(rows)
        teller.update(
            rows,
            force=month == total,
            stage="running",
            done=HISTORY_MONTHS + month,
            month=teller.recorded.months[HISTORY_MONTHS + month - 1],
        )


def _history(choice: Choice, teller: _Teller, load: Load) -> bytes:
    """Return the city after its shared history, pickled; from memory where it has been run before."""
    key = _key(choice)
    known = _HISTORIES.get(key)
    if known is None:
        city = load(choice.city, None, scale=choice.scale, seed=choice.seed, burn_in=BURN_IN)
        start = city.month
        for month in range(HISTORY_MONTHS):
            city.run_for(1)
            _tell_history(teller, choice, city, start, month + 1)
        known = pickle.dumps(city, protocol=pickle.HIGHEST_PROTOCOL)
        _HISTORIES.keep(key, known)
    else:
        city = pickle.loads(known)
        _tell_history(teller, choice, city, city.month - HISTORY_MONTHS, HISTORY_MONTHS)
    return known


def _tell_history(teller: _Teller, choice: Choice, city: Any, start: int, done: int) -> None:
    months = tuple(format_month(start + i) for i in range(choice.total))
    teller.update(
        lambda: _rows(dict.fromkeys(choice.policies, city), choice.seed),
        force=done == HISTORY_MONTHS,
        stage="history",
        months=months,
        switch=months[HISTORY_MONTHS],
        done=done,
        month=months[done - 1],
    )


def _key(choice: Choice) -> str:
    from model.policy.loader import load_city, load_policy

    city = load_city(choice.city)
    return fingerprint(repr(city), repr(load_policy(city.own_policy)), choice.scale, choice.seed)


def _rows(cities: dict[str, Any], seed: int) -> pd.DataFrame:
    """Return the city-wide months of every policy's city."""
    made: dict[int, pd.DataFrame] = {}
    parts = []
    for policy, city in cities.items():
        if id(city) not in made:
            table = city.tables.monthly
            made[id(city)] = table[table["unit_type"] == "city"]
        parts.append(made[id(city)].assign(policy=policy, seed=seed))
    return pd.concat(parts, ignore_index=True)


def _load_city(*args: Any, **kwargs: Any) -> Any:
    from model.city import City

    return City.load(*args, **kwargs)
