"""A city in a few lines for testing what runs cities: the same arguments and results, arithmetic in place of a model."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import pandas as pd

from model.calendar import format_month, year_of

BASE_MONTH = 2021 * 12


class StandIn:
    """Cost is 100 × seed under the starting policy, and less by a tenth of its name's length afterwards."""

    def __init__(self, policy: str, seed: int, fails_under: str | None, seconds: float, log: str | None) -> None:
        self.policy = policy
        self.seed = seed
        self.fails_under = fails_under
        self.killed_under: str | None = None
        self.seconds = seconds
        self.month = BASE_MONTH
        self.reduction = 0.0
        self._rows: list[tuple[int, float]] = []
        if log is not None:
            with Path(log).open("a", encoding="utf-8") as file:
                file.write(f"{seed}\n")

    @classmethod
    def load(
        cls,
        city: str,
        policy: str | None = None,
        *,
        scale: float,
        seed: int,
        burn_in: int,
        conduct: str,
        claims: bool,
        fails_under: str | None = None,
        seconds: float = 0.0,
        log: str | None = None,
        killed_under: str | None = None,
    ) -> StandIn:
        """Take what City.load takes, which policies fail or kill their process, how long a month takes, where loading is noted."""
        assert city
        assert 0 < scale <= 1
        assert conduct
        assert burn_in >= 0
        assert claims in (False, True)
        made = cls(policy or "own", seed, fails_under, seconds, log)
        made.killed_under = killed_under
        return made

    def switch_policy(self, policy: str) -> None:
        """Start another policy."""
        self.policy = policy
        self.reduction = len(policy) / 10

    def run_for(self, months: int) -> None:
        """Run months."""
        for _ in range(months):
            if self.policy == self.fails_under:
                raise ZeroDivisionError("no cases to settle")
            if self.policy == self.killed_under:
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(self.seconds)
            self._rows.append((self.month, 100.0 * self.seed - self.reduction))
            self.month += 1

    @property
    def tables(self) -> SimpleNamespace:
        """Monthly and yearly tables."""
        months = pd.DataFrame(self._rows, columns=["month", "value"])
        months["unit_type"], months["unit"], months["indicator"] = "city", "city", "total_cost_per_head"
        monthly = months.assign(period=[format_month(month) for month in months["month"]])
        years = months.assign(period=[str(year_of(month)) for month in months["month"]])
        yearly = years.groupby(["period", "unit_type", "unit", "indicator"], as_index=False)["value"].mean()
        return SimpleNamespace(monthly=monthly.drop(columns="month"), yearly=yearly)

    def claims(self) -> pd.DataFrame:
        """One claim a month since the last call."""
        done = getattr(self, "_claimed", 0)
        self._claimed = len(self._rows)
        return pd.DataFrame({"month": [format_month(month) for month, _ in self._rows[done:]], "charge": 100})
