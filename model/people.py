"""People as columns: one array a property, one row a person, never an object a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.calendar import EPOCH
from model.codes import AGE_BANDS, CONDITIONS, INCOME_FIFTHS, SCHEMES, SEXES
from model.columns import Column, bytes_per_row, check_columns, zeros

LAST_MONTH = 300 * 12 - 1
"""Largest month that 16-bit columns hold, counted from 1900-01 (see :data:`model.calendar.EPOCH`)."""

NEVER = -1
"""``last_discharge`` of who has not been in hospital."""

BAND_MONTHS = tuple(12 * age for age in AGE_BANDS[1:])
"""Age in months at which each age band after the first begins."""

_MOST_FEN = 2**31 - 1

PERSON: tuple[Column, ...] = (
    Column("uid", np.uint64, "address", "who it is, in every random draw: scheme and rank at the start, a hash for newborns"),
    Column("birth_month", np.int16, "month since 1900-01", "month of birth", 0, LAST_MONTH),
    Column("sex", np.uint8, "code", "0 male, 1 female", 0, len(SEXES) - 1),
    Column("county", np.uint8, "code", "county-level unit of residence"),
    Column("area", np.int16, "code", "catchment of residence: row of the geography's areas", 0),
    Column("scheme", np.uint8, "code", "insurance scheme, a code of SCHEMES", 0, len(SCHEMES) - 1),
    Column("retired", np.uint8, "0/1", "retired member of the employee scheme", 0, 1),
    Column("poor", np.uint8, "0/1", "entitled to medical assistance", 0, 1),
    Column("income_fifth", np.uint8, "code", "fifth of income per head within the city, 0 poorest", 0, len(INCOME_FIFTHS) - 1),
    Column("income", np.int32, "yuan/year", "disposable income per head of the household", 0),
    Column("chronic", np.uint8, "bit mask", "chronic conditions: bit i is code i of CONDITIONS", 0, 2 ** len(CONDITIONS) - 1),
    Column("controlled", np.uint8, "0/1", "whether the chronic disease is controlled; 0 for who has none", 0, 1),
    Column("dialysis", np.uint8, "0/1", "kidneys have failed: on maintenance haemodialysis", 0, 1),
    Column("frailty", np.float32, "1", "lasting multiplier of need and of death, mean 1", 0.05, 20),
    Column("signed", np.uint8, "0/1", "has a family-doctor contract; no rule reads it yet", 0, 1),
    Column("alive", np.uint8, "0/1", "0 once dead, until the row is removed in January", 0, 1),
    Column("ytd_basic_inpatient", np.int32, "fen", "paid this year by basic insurance for stays", 0),
    Column("ytd_basic_outpatient", np.int32, "fen", "paid this year by basic insurance for visits", 0),
    Column("ytd_basic_chronic", np.int32, "fen", "paid this year by basic insurance for chronic outpatient care", 0),
    Column("ytd_outpatient_deductible", np.int32, "fen", "ordinary outpatient deductible borne this year", 0),
    Column("ytd_residual", np.int32, "fen", "in-scope cost this year that basic insurance left", 0),
    Column("ytd_cii", np.int32, "fen", "paid this year by the catastrophic or large-expense layer", 0),
    Column("ytd_aid", np.int32, "fen", "paid this year by medical assistance", 0),
    Column("ytd_oop", np.int32, "fen", "paid this year by the person", 0, _MOST_FEN),
    Column("ytd_stays", np.uint8, "stay", "stays this year, up to 255"),
    Column("account_balance", np.int32, "fen", "personal account of employees", 0),
    Column("last_discharge", np.int16, "month since 1900-01", "month of the last discharge, -1 for none", NEVER, LAST_MONTH),
)
"""What is known of a person, declared once: storage, checks, views and documents read it from here."""

YEAR_TO_DATE = tuple(column.name for column in PERSON if column.name.startswith("ytd_"))
"""Columns that begin at zero every January."""

_NAMES = frozenset(column.name for column in PERSON)
_SPARE = 1024
_GROWTH = 1.03


class People:
    """All people of a city, in columns.

    Each name of :data:`PERSON` is an attribute: an array of one value a person, to be read and written in place
    (``people.alive[row] = 0``). The arrays are windows on larger ones, so that births need no copy: take them afresh
    after :meth:`append` and :meth:`compact`. A row that is ``alive == 0`` stays where it is until :meth:`compact`, which
    alone changes what a row number means.

    Attributes:
        version: counts those changes, for whoever keeps something by row.
    """

    version: int

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> NDArray[Any]:
            """The column of that name."""

    def __init__(self, rows: int = 0, capacity: int | None = None) -> None:
        """Rows of zeros, except that nobody has been in hospital.

        Args:
            rows: people there are at first.
            capacity: people there is room for before arrays must grow.
        """
        room = max(rows, rows if capacity is None else capacity)
        self._take_over(zeros(PERSON, room), rows)
        self.last_discharge[:] = NEVER

    def _take_over(self, store: dict[str, NDArray[Any]], rows: int, version: int = 0) -> None:
        self.__dict__["_store"] = store
        self.__dict__["version"] = version
        self._show(rows)

    def _show(self, rows: int) -> None:
        """Make the attributes windows on the first rows of the store."""
        self.__dict__["_rows"] = rows
        for name, values in self._columns().items():
            self.__dict__[name] = values[:rows]

    def _columns(self) -> dict[str, NDArray[Any]]:
        store: dict[str, NDArray[Any]] = self.__dict__["_store"]
        return store

    def __setattr__(self, name: str, value: object) -> None:
        if name in _NAMES:
            raise AttributeError(f"write into the column instead: people.{name}[:] = …")
        raise AttributeError(f"people have no column {name!r}")

    def __len__(self) -> int:
        rows: int = self.__dict__["_rows"]
        return rows

    @property
    def capacity(self) -> int:
        """People there is room for before arrays must grow."""
        return len(self._columns()["uid"])

    @property
    def nbytes(self) -> int:
        """Bytes that the columns take, spare room included."""
        return sum(values.nbytes for values in self._columns().values())

    def append(self, rows: int) -> slice:
        """Add rows of zeros at the end, alive, never in hospital.

        Args:
            rows: how many.

        Returns:
            Where they are, for the caller to fill.
        """
        first, total = len(self), len(self) + rows
        if total > self.capacity:
            self._grow(max(total, int(total * _GROWTH) + _SPARE))
        self._show(total)
        added = slice(first, total)
        for name in self._columns():
            self.__dict__[name][added] = 0
        self.alive[added] = 1
        self.last_discharge[added] = NEVER
        return added

    def _grow(self, capacity: int) -> None:
        store, rows = self._columns(), len(self)
        for column in PERSON:  # one at a time: never two copies of everybody
            larger = column.zeros(capacity)
            larger[:rows] = store[column.name][:rows]
            store[column.name] = larger
            self.__dict__[column.name] = larger[:rows]

    def compact(self) -> NDArray[np.int32]:
        """Remove the rows of the dead; the others keep their order.

        Returns:
            (n before,) int32: the new row of each old one, -1 for the dead.
        """
        alive = self.alive != 0
        moved = np.where(alive, np.cumsum(alive, dtype=np.int32) - np.int32(1), np.int32(-1)).astype(np.int32)
        kept = int(alive.sum())
        if kept < len(self):
            for values in self._columns().values():
                values[:kept] = values[: len(alive)][alive]
            self._show(kept)
            self.__dict__["version"] += 1
        return moved

    def check(self) -> None:
        """Do nothing when every column holds what it may hold.

        Raises:
            ValueError: at the first column that does not.
        """
        check_columns(PERSON, self)

    def copy(self) -> People:
        """The same people in arrays of their own."""
        twin = People.__new__(People)
        twin.__setstate__(self.__getstate__())
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> People:
        return self.copy()

    def __getstate__(self) -> dict[str, Any]:
        columns = {name: values[: len(self)].copy() for name, values in self._columns().items()}
        return {"columns": columns, "version": self.version}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._take_over(state["columns"], len(state["columns"]["uid"]), state["version"])


def nbytes_per_person() -> int:
    """Bytes that one person's row takes."""
    return bytes_per_row(PERSON)


def age_years(people: People, month: int, row: NDArray[np.integer] | slice = slice(None)) -> NDArray[np.int32]:
    """Completed years of age of everybody, or of some.

    Args:
        people: the people.
        month: month index.
        row: rows of those asked for.
    """
    return (np.int32(month - EPOCH) - people.birth_month[row].astype(np.int32)) // np.int32(12)


def has_condition(people: People, condition: int) -> NDArray[np.bool_]:
    """Who has a chronic condition, a code of CONDITIONS."""
    mask: NDArray[np.bool_] = ((people.chronic >> np.uint8(condition)) & np.uint8(1)).astype(np.bool_)
    return mask
