"""The declaration of a column: name, type, unit, meaning and bounds, said once and used for storage, checks and documents."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table held as arrays.

    Attributes:
        name: the attribute and file name.
        dtype: NumPy type; any spelling NumPy understands is taken.
        unit: what one step of the number is ("fen", "month", "code", "1").
        doc: what it means, in one line.
        low, high: smallest and largest value allowed, both included; None for what the type allows.
    """

    name: str
    dtype: np.dtype[Any] = field(default=np.dtype(np.float64))
    unit: str = "1"
    doc: str = ""
    low: float | None = None
    high: float | None = None

    def __init__(self, name: str, dtype: DTypeLike, unit: str, doc: str, low: float | None = None, high: float | None = None) -> None:
        values = {"name": name, "dtype": np.dtype(dtype), "unit": unit, "doc": doc, "low": low, "high": high}
        for key, value in values.items():
            object.__setattr__(self, key, value)
        if not name.isidentifier():
            raise ValueError(f"column name {name!r} is not an identifier")
        if not unit or not doc:
            raise ValueError(f"column {name}: say its unit and its meaning")
        smallest, largest = _range_of(self.dtype)
        if not smallest <= self.lowest <= self.highest <= largest:
            raise ValueError(f"column {name}: bounds {low} to {high} do not fit {self.dtype}")

    @property
    def lowest(self) -> float:
        """Smallest value allowed: the bound, or else what the type holds."""
        return _range_of(self.dtype)[0] if self.low is None else self.low

    @property
    def highest(self) -> float:
        """Largest value allowed: the bound, or else what the type holds."""
        return _range_of(self.dtype)[1] if self.high is None else self.high

    def zeros(self, rows: int) -> NDArray[Any]:
        """A new array of that many zeros."""
        return np.zeros(rows, dtype=self.dtype)

    def check(self, values: NDArray[Any]) -> None:
        """Do nothing when the array is a right one for this column.

        Raises:
            ValueError: wrong type or shape, or a value outside the bounds or not a number; says which and where first.
        """
        if values.dtype != self.dtype or values.ndim != 1:
            raise ValueError(f"column {self.name}: {values.ndim}-dimensional {values.dtype}, not one of {self.dtype}")
        if not values.size:
            return
        # Comparisons with "not a number" are false, so that it counts as outside whatever the bounds.
        if float(values.min()) >= self.lowest and float(values.max()) <= self.highest:
            return
        row = int(np.argmax(~((values >= self.lowest) & (values <= self.highest))))
        raise ValueError(f"column {self.name}: {values[row]} in row {row} is outside {self.lowest} to {self.highest} ({self.unit})")


def bytes_per_row(columns: Iterable[Column]) -> int:
    """Bytes that one row of these columns takes."""
    return sum(column.dtype.itemsize for column in columns)


def zeros(columns: Sequence[Column], rows: int) -> dict[str, NDArray[Any]]:
    """A new array of zeros for each column, by name.

    Raises:
        ValueError: two columns of one name.
    """
    made = {column.name: column.zeros(rows) for column in columns}
    if len(made) != len(columns):
        raise ValueError(f"columns named twice among {[column.name for column in columns]}")
    return made


def check_columns(columns: Iterable[Column], table: object) -> None:
    """Check each array of a struct of arrays (attributes by column name), and that all are equally long.

    Raises:
        ValueError: at the first column that is wrong.
    """
    length: int | None = None
    for column in columns:
        values = getattr(table, column.name)
        column.check(values)
        if length is not None and len(values) != length:
            raise ValueError(f"column {column.name}: {len(values)} rows where others have {length}")
        length = len(values)


def _range_of(dtype: np.dtype[Any]) -> tuple[float, float]:
    if dtype.kind == "b":
        return 0, 1
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return int(info.min), int(info.max)
    if dtype.kind == "f":
        return -math.inf, math.inf
    raise ValueError(f"columns hold numbers, not {dtype}")
