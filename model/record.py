"""Monthly sums by unit, and the long tables of indicators made from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from model.calendar import format_month, year_of
from model.indicators import INDICATORS, POSITION, SUMS, Sums, collapse_months, concentration_index

Floats = NDArray[np.float64]


class Record:
    """Sums of every month by unit type and unit, ``[unit, sum]`` a month.

    Args:
        units: names of the units of each unit type, in code order.
    """

    def __init__(self, units: dict[str, list[str]]) -> None:
        self.units = units
        self.months: list[int] = []
        self._closed: dict[str, list[Floats]] = {unit_type: [] for unit_type in units}
        self._open = self._blank()
        self._kept = {unit_type: np.zeros(len(SUMS), dtype=bool) for unit_type in units}

    def _blank(self) -> dict[str, Floats]:
        return {unit_type: np.zeros((len(names), len(SUMS))) for unit_type, names in self.units.items()}

    def add(self, unit_type: str, codes: NDArray[Any], **values: NDArray[Any]) -> None:
        """Adds row values to the open month's sums of one unit type; rows with a negative code belong to no unit."""
        self.add_rows({unit_type: codes}, values)

    def add_rows(self, codes: dict[str, NDArray[Any]], values: Mapping[str, NDArray[Any]]) -> None:
        """Adds the same row values to several unit types, each with its own code a row."""
        columns = np.column_stack([np.asarray(value, dtype=np.float64) for value in values.values()])
        at = [POSITION[name] for name in values]
        for unit_type in codes:
            self._kept[unit_type][at] = True
        for unit_type, code in codes.items():
            known = np.flatnonzero(code >= 0)
            shape = (len(self.units[unit_type]), len(columns))
            member = csr_array((np.ones(len(known)), (code[known], known)), shape=shape)
            self._open[unit_type][:, at] += member @ columns

    def add_cells(self, unit_type: str, **values: NDArray[Any]) -> None:
        """Adds values already summed by unit, one a unit."""
        for name, value in values.items():
            self._open[unit_type][:, POSITION[name]] += value
            self._kept[unit_type][POSITION[name]] = True

    def open_sums(self, unit_type: str) -> Floats:
        """The open month's sums of a unit type, to be read only."""
        return self._open[unit_type]

    def close_month(self, month: int) -> None:
        """Ends the month; the next one opens empty."""
        self.months.append(month)
        for unit_type, sums in self._open.items():
            self._closed[unit_type].append(sums)
        self._open = self._blank()

    @property
    def monthly(self) -> pd.DataFrame:
        """Long table: period ``YYYY-MM``, unit_type, unit, indicator, value."""
        return self._frame([([i], format_month(month)) for i, month in enumerate(self.months)])

    @property
    def yearly(self) -> pd.DataFrame:
        """Long table by calendar year (whatever months of it were simulated)."""
        years: dict[int, list[int]] = {}
        for i, month in enumerate(self.months):
            years.setdefault(year_of(month), []).append(i)
        return self._frame([(index, str(year)) for year, index in years.items()])

    def drop_before(self, month: int) -> None:
        """Forgets earlier months (burn-in)."""
        keep = [i for i, m in enumerate(self.months) if m >= month]
        self.months = [self.months[i] for i in keep]
        for unit_type, closed in self._closed.items():
            self._closed[unit_type] = [closed[i] for i in keep]

    def _frame(self, periods: list[tuple[list[int], str]]) -> pd.DataFrame:
        if not periods:
            return pd.DataFrame({"period": [], "unit_type": [], "unit": [], "indicator": [], "value": []})
        frames = []
        labels = [label for _, label in periods]
        for unit_type, names in self.units.items():
            closed = np.stack(self._closed[unit_type])
            sums = np.stack([collapse_months(closed[index]) for index, _ in periods])
            # what was never counted by this unit type is not nothing: indicators made of it do not exist
            sums[..., ~self._kept[unit_type]] = np.nan
            values = np.stack([indicator.compute(Sums(sums)) for indicator in INDICATORS.values()], axis=-1)
            if unit_type == "city":
                values[:, 0, list(INDICATORS).index("oop_concentration_index")] = self._concentration(periods)
            frames.append(_long(labels, unit_type, names, values))
        return pd.concat(frames, ignore_index=True)

    def _concentration(self, periods: list[tuple[list[int], str]]) -> Floats:
        closed = np.stack(self._closed["income_fifth"])
        sums = Sums(np.stack([collapse_months(closed[index]) for index, _ in periods]))
        months = sums.person_months
        paid = np.divide(sums.patient + sums.account, months, out=np.zeros_like(months), where=months > 0)
        return concentration_index(paid)


def _long(labels: list[str], unit_type: str, names: list[str], values: Floats) -> pd.DataFrame:
    """Values ``[period, unit, indicator]`` as rows, without the cells where an indicator does not exist."""
    period, unit, indicator = np.nonzero(np.isfinite(values))
    return pd.DataFrame(
        {
            "period": np.array(labels, dtype=object)[period],
            "unit_type": unit_type,
            "unit": np.array(names, dtype=object)[unit],
            "indicator": np.array(list(INDICATORS), dtype=object)[indicator],
            "value": values[period, unit, indicator],
        }
    )
