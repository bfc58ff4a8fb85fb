"""The catalogue of disease groups: names, relative cost and stay, who falls ill, who can treat, and the neighbouring groups."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import data
from model.codes import AGE_BAND_NAMES, CONDITIONS, INPATIENT, PSYCHIATRIC, TIERS
from model.errors import InputError, nearest

PARTITIONS = ("medical", "surgical", "procedure")
"""Kind of treatment: 内科组, 外科手术组, 非手术室操作组."""
SPLITS = ("none", "without", "cc", "mcc")
"""Severity split of a group within its ADRG: not split, without complication, with one, with a major one."""
ITEMS = ("drug", "consumable", "test", "service")
"""Item classes of a charge, in the order of ``shares``."""
MENTAL = "T"
"""Major diagnostic category of mental disorders (精神疾病及功能障碍), whose long stays many places pay by the day (rules F1)."""
NO_GROUP = -1
"""Stands in ``code_up`` and ``treat_up`` where there is no neighbour."""

_INCIDENCE = tuple(f"inc_{band}" for band in AGE_BAND_NAMES)
_RISK = tuple(f"rr_{condition}" for condition in CONDITIONS)
_SHARE = tuple(f"{item}_share" for item in ITEMS)
COLUMNS = (
    *("code", "name_zh", "name_en", "mdc", "adrg", "partition", "severity", "weight", "stay_days"),
    *("least_tier", "simple", "acsc", "emergency_share"),
    *(*_INCIDENCE, "female_share", *_RISK),
    *("code_up", "treat_up", *_SHARE),
)
"""Columns of the file, in order; what each means stands in ``data/tables/SOURCES.md``."""

_SHARE_SLACK = 1e-6
_MOST = {"weight": 1e3, "stay_days": 1e3} | dict.fromkeys(_INCIDENCE, 1e3) | dict.fromkeys(_RISK, 1e3)


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Disease groups as columns in the file's order; a group's code in the model is its row. Arrays are read-only.

    Args:
        codes: national code of each group.
        names_zh: Chinese name.
        names_en: English name.
        mdcs: letters of the major diagnostic categories, sorted.
        adrgs: codes of the ADRGs, sorted.
        weight: relative cost, mean 1 over the reference case mix.
        stay: days before a city's own scale.
        mdc: row of ``mdcs``.
        adrg: row of ``adrgs``; groups that share it are severity splits of each other.
        partition: code of PARTITIONS.
        severity: code of SPLITS.
        least_tier: code of TIERS; lowest tier able to treat.
        simple: could be treated well in a township.
        acsc: ambulatory-care sensitive.
        emergency_share: share of cases that come as emergencies.
        incidence: ``[group, age band]`` relative incidence per head of people without any of CONDITIONS, both sexes together; a man's is
            ``2 (1 − female_share)`` and a woman's ``2 female_share`` times this.
        female_share: share of cases that are women.
        rr: ``[group, condition]`` incidence of people with the condition over that of others; several multiply.
        code_up: row of the group that a record could be written into, -1 for none: the next dearer severity split of the same ADRG; of the
            dearest split, a group of another ADRG of the same MDC and partition.
        treat_up: row of the operative group a medical case could be moved into, -1 for none.
        shares: ``[group, item]`` parts of the charge, items as ITEMS; each row adds up to 1.
    """

    codes: tuple[str, ...]
    names_zh: tuple[str, ...]
    names_en: tuple[str, ...]
    mdcs: tuple[str, ...]
    adrgs: tuple[str, ...]
    weight: NDArray[np.float64]
    stay: NDArray[np.float64]
    mdc: NDArray[np.int8]
    adrg: NDArray[np.int16]
    partition: NDArray[np.int8]
    severity: NDArray[np.int8]
    least_tier: NDArray[np.int8]
    simple: NDArray[np.bool_]
    acsc: NDArray[np.bool_]
    emergency_share: NDArray[np.float64]
    incidence: NDArray[np.float64]
    female_share: NDArray[np.float64]
    rr: NDArray[np.float64]
    code_up: NDArray[np.int16]
    treat_up: NDArray[np.int16]
    shares: NDArray[np.float64]

    @property
    def kind(self) -> NDArray[np.int8]:
        """Kind of care that a stay of each group is: psychiatric in the category of mental disorders, inpatient in the others."""
        mental = self.mdc == self.mdcs.index(MENTAL) if MENTAL in self.mdcs else np.zeros(len(self), dtype=bool)
        return np.where(mental, PSYCHIATRIC, INPATIENT).astype(np.int8)

    def __len__(self) -> int:
        return len(self.codes)

    def row_of(self, code: str) -> int:
        """Row of a group by its national code.

        Raises:
            InputError: no group has this code.

        >>> catalogue = load_catalogue()
        >>> catalogue.names_en[catalogue.row_of("FM19")]
        'Percutaneous coronary stent implantation'
        """
        if code not in self.codes:
            raise InputError("unknown disease group", found=code, nearest=nearest(code, self.codes))
        return self.codes.index(code)


@lru_cache(maxsize=8)
def load_catalogue(path: Path | None = None) -> Catalogue:
    """The shipped catalogue, or the one in ``path``; read and checked once.

    Raises:
        InputError: the file is missing, not UTF-8, or a cell cannot be used; the message names file, row and column.

    >>> len(load_catalogue())
    628
    """
    file = path or data.folder("tables", "disease_groups.csv")
    table = _Table(file, _read(file))
    codes, adrgs, mdcs = table.text("code"), table.text("adrg"), table.text("mdc")
    catalogue = Catalogue(
        codes=codes,
        names_zh=table.text("name_zh"),
        names_en=table.text("name_en"),
        mdcs=tuple(sorted(set(mdcs))),
        adrgs=tuple(sorted(set(adrgs))),
        weight=table.numbers("weight", above_zero=True),
        stay=table.numbers("stay_days", above_zero=True),
        mdc=table.places("mdc", tuple(sorted(set(mdcs)))).astype(np.int8),
        adrg=table.places("adrg", tuple(sorted(set(adrgs)))),
        partition=table.places("partition", PARTITIONS).astype(np.int8),
        severity=table.places("severity", SPLITS).astype(np.int8),
        least_tier=table.places("least_tier", TIERS).astype(np.int8),
        simple=table.places("simple", ("0", "1")).astype(np.bool_),
        acsc=table.places("acsc", ("0", "1")).astype(np.bool_),
        emergency_share=table.numbers("emergency_share"),
        incidence=np.stack([table.numbers(name) for name in _INCIDENCE], axis=1),
        female_share=table.numbers("female_share"),
        rr=np.stack([table.numbers(name, above_zero=True) for name in _RISK], axis=1),
        code_up=table.places("code_up", codes, optional=True),
        treat_up=table.places("treat_up", codes, optional=True),
        shares=np.stack([table.numbers(name) for name in _SHARE], axis=1),
    )
    _check(catalogue, table)
    for field in fields(catalogue):
        column = getattr(catalogue, field.name)
        if isinstance(column, np.ndarray):
            column.flags.writeable = False
    return catalogue


def _read(file: Path) -> list[list[str]]:
    """Rows of the file below its header; header and row lengths are checked."""
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            header, *rows = list(csv.reader(stream)) or [[]]
    except UnicodeDecodeError as error:
        raise InputError("not a UTF-8 file", file=file) from error
    except (OSError, csv.Error) as error:
        raise InputError("cannot be read", file=file, found=str(error)) from error
    for name in header:
        if name not in COLUMNS:
            raise InputError("unknown column", file=file, path="header", found=name, nearest=nearest(name, COLUMNS))
    for name in COLUMNS:
        if name not in header:
            raise InputError("column is missing", file=file, path="header", allowed=[name])
    if tuple(header) != COLUMNS:
        raise InputError("columns twice or out of order", file=file, path="header", allowed=COLUMNS)
    if not rows:
        raise InputError("no disease groups", file=file)
    for number, row in enumerate(rows, start=2):
        if len(row) != len(COLUMNS):
            raise InputError("wrong number of cells", file=file, path=f"row {number}", found=len(row), allowed=f"{len(COLUMNS)} cells")
    return rows


@dataclass(frozen=True)
class _Table:
    """Cells of the file, and the complaint that names one of them."""

    file: Path
    rows: list[list[str]]

    def cells(self, column: str) -> list[str]:
        at = COLUMNS.index(column)
        return [row[at].strip() for row in self.rows]

    def wrong(self, what: str, row: int, column: str, allowed: object = None, near: str | None = None) -> InputError:
        """The error for the cell of one group (``row`` counts groups from 0; the message counts lines of the file)."""
        path = f"row {row + 2} ({self.cells('code')[row]}), column {column}"
        return InputError(what, file=self.file, path=path, found=self.cells(column)[row], allowed=allowed, nearest=near)

    def text(self, column: str) -> tuple[str, ...]:
        """A column of non-empty text."""
        cells = self.cells(column)
        if "" in cells:
            raise self.wrong("empty cell", cells.index(""), column)
        return tuple(cells)

    def numbers(self, column: str, *, above_zero: bool = False) -> NDArray[np.float64]:
        """A column of finite numbers from 0 to the column's most (shares: to 1)."""
        most = _MOST.get(column, 1.0)
        allowed = f"a number {'above' if above_zero else 'from'} 0 to {most:g}"
        values = np.empty(len(self.rows))
        for row, cell in enumerate(self.cells(column)):
            try:
                value = float(cell)
            except ValueError as error:
                raise self.wrong("not a number", row, column, allowed) from error
            if not math.isfinite(value) or not 0 <= value <= most or (above_zero and value == 0):
                raise self.wrong("out of range", row, column, allowed)
            values[row] = value
        return values

    def places(self, column: str, names: tuple[str, ...], *, optional: bool = False) -> NDArray[np.int16]:
        """Positions in ``names`` of a column's cells; an empty cell of an optional column is -1."""
        position = {name: at for at, name in enumerate(names)} | ({"": NO_GROUP} if optional else {})
        cells = self.cells(column)
        for row, cell in enumerate(cells):
            if cell not in position:
                allowed = names if len(names) < 10 else "a name of the table"
                raise self.wrong("unknown name", row, column, allowed, nearest(cell, names))
        return np.array([position[cell] for cell in cells], dtype=np.int16)


def _check(catalogue: Catalogue, table: _Table) -> None:
    """What must hold between columns: unique codes, shares that add up, neighbours that make sense, somebody who falls ill."""
    first: dict[str, int] = {}
    for row, code in enumerate(catalogue.codes):
        if first.setdefault(code, row) != row:
            raise table.wrong("code stands twice", row, "code")
    _complain(table, np.abs(catalogue.shares.sum(axis=1) - 1) > _SHARE_SLACK, _SHARE[-1], "shares of the charge do not add up to 1")
    _complain(table, catalogue.incidence.sum(axis=1) <= 0, _INCIDENCE[0], "nobody falls ill with this group")
    up, has = catalogue.code_up, catalogue.code_up >= 0
    _complain(table, has & (catalogue.mdc[up] != catalogue.mdc), "code_up", "not of the same MDC")
    _complain(table, has & (catalogue.partition[up] != catalogue.partition), "code_up", "not of the same partition")
    _complain(table, has & (catalogue.weight[up] <= catalogue.weight), "code_up", "not dearer than the group itself")
    up, has = catalogue.treat_up, catalogue.treat_up >= 0
    _complain(table, has & (catalogue.mdc[up] != catalogue.mdc), "treat_up", "not of the same MDC")
    _complain(table, has & (catalogue.partition[up] == PARTITIONS.index("medical")), "treat_up", "not an operative group")
    _complain(table, has & (catalogue.weight[up] <= catalogue.weight), "treat_up", "not dearer than the group itself")


def _complain(table: _Table, bad: NDArray[np.bool_], column: str, what: str) -> None:
    """Raises for the first bad row, if there is one."""
    if bad.any():
        raise table.wrong(what, int(np.argmax(bad)), column)
