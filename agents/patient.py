"""Patients as Mesa shows agents: a view of one row of the people's columns, and the set of all such views, without an object a person."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, Literal

import numpy as np
from mesa.agentset import AbstractAgentSet, GroupBy
from numpy.typing import NDArray

from model.calendar import EPOCH
from model.people import PERSON, People

COLUMNS = frozenset(column.name for column in PERSON)
"""Attributes of a patient that are columns."""

type Rows = NDArray[np.int64]
type Selector = Callable[[People], NDArray[np.bool_]] | NDArray[np.bool_]


class Patient:
    """One insured person: a view that reads and writes one row of the people's columns.

    Attributes are the names of :data:`model.people.PERSON`, and ``age`` in completed years. Views come and go: nothing is kept in
    them, two of one person are equal, and a view finds its person again after the columns have been compacted.

    Attributes:
        model: the city.
        unique_id: the person's uid.
    """

    __slots__ = ("_people", "_row", "_version", "model", "unique_id")

    model: Any
    unique_id: int

    def __init__(self, people: People, model: Any, row: int) -> None:
        """A view of ``row`` as the columns are now."""
        for name, value in (("model", model), ("_people", people), ("_row", int(row)), ("_version", people.version)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "unique_id", int(people.uid[row]))

    @property
    def row(self) -> int:
        """Where the person is now.

        Raises:
            LookupError: the person is dead and the row gone.
        """
        people: People = self._people
        if self._version != people.version:
            object.__setattr__(self, "_row", row_of(people, self.unique_id))
            object.__setattr__(self, "_version", people.version)
        row: int = self._row
        if row < 0:
            raise LookupError(f"patient {self.unique_id} is no longer among the insured")
        return row

    @property
    def age(self) -> int:
        """Completed years of age in the model's month."""
        return (int(self.model.month) - EPOCH - int(self.birth_month)) // 12

    def __getattr__(self, name: str) -> Any:
        if name in COLUMNS:
            return getattr(self._people, name)[self.row].item()
        raise AttributeError(f"a patient has no {name!r}")

    def __setattr__(self, name: str, value: object) -> None:
        if name not in COLUMNS or name == "uid":
            raise AttributeError(f"a patient has no {name!r} to be set")
        getattr(self._people, name)[self.row] = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Patient) and other.unique_id == self.unique_id and other._people is self._people

    def __hash__(self) -> int:
        return hash(self.unique_id)

    def __repr__(self) -> str:
        return f"Patient({self.unique_id})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Patient, (self._people, self.model, self.row)

    def remove(self) -> None:
        """Take the person out of the living: the row goes in January."""
        self._people.alive[self.row] = 0

    def step(self) -> None:
        """Nothing: what people do is done for all of them at once, see :mod:`model`."""


class PatientSet(AbstractAgentSet[Patient]):
    """All living patients, or some of them, in an order: what Mesa calls an agent set, over columns.

    Asking for attributes, choosing and grouping work on whole columns; only iteration, ``do`` and ``map`` make views, one at a
    time. Without ``rows`` the set is always all the living, as they are when it is asked.
    """

    def __init__(self, people: People, model: Any, rows: NDArray[np.integer] | None = None) -> None:
        """The patients in ``rows``, in that order, or all the living.

        Args:
            people: the city's columns.
            model: the city.
            rows: (n,) rows as the columns are now.
        """
        self.people = people
        self.model = model
        self._uid: NDArray[np.uint64] | None = None
        self._rows: Rows | None = None
        self._version = people.version
        if rows is not None:
            self._keep(np.asarray(rows, dtype=np.int64))

    def _keep(self, rows: Rows) -> None:
        self._rows, self._uid, self._version = rows, self.people.uid[rows], self.people.version

    @property
    def random(self) -> Any:
        """The model's own stream, which only :meth:`shuffle` and :meth:`shuffle_do` draw from."""
        return self.model.random

    @property
    def rows(self) -> Rows:
        """Rows of the living patients of this set, in its order."""
        if self._rows is None or self._uid is None:
            return np.flatnonzero(self.people.alive)
        if self._version != self.people.version:
            self._keep_found(rows_of(self.people, self._uid))
        living: Rows = self._rows[self.people.alive[self._rows] != 0]
        return living

    def _keep_found(self, rows: Rows) -> None:
        self._keep(rows[rows >= 0])

    def _view(self, row: int) -> Patient:
        return Patient(self.people, self.model, row)

    def _same(self, rows: NDArray[np.integer]) -> PatientSet:
        return PatientSet(self.people, self.model, rows)

    def _from_iterable(self, it: Iterable[Patient]) -> PatientSet:  # what `&`, `|`, `-` and `^` make their result with
        return self._same(np.array(list(dict.fromkeys(agent.row for agent in it)), dtype=np.int64))

    def _update(self, agents: Iterable[Patient]) -> PatientSet:
        self._keep(np.array(list(dict.fromkeys(agent.row for agent in agents)), dtype=np.int64))
        return self

    def __len__(self) -> int:
        return len(self.rows) if self._rows is not None else int(np.count_nonzero(self.people.alive))

    def __iter__(self) -> Iterator[Patient]:
        for row in self.rows:
            yield self._view(int(row))

    def __contains__(self, agent: object) -> bool:
        if not isinstance(agent, Patient) or agent._people is not self.people:
            return False
        row = row_of(self.people, agent.unique_id)
        if row < 0 or not self.people.alive[row]:
            return False
        return self._rows is None or bool((self.rows == row).any())

    def __copy__(self) -> PatientSet:
        return self._same(self.rows)

    def copy(self) -> PatientSet:
        """The same patients, whoever joins the city later."""
        return self._same(self.rows)

    def to_list(self) -> list[Patient]:
        """A view of each patient: an object each, so choose first."""
        return list(self)

    # Whole columns

    def get(
        self,
        attr_names: str | list[str],
        handle_missing: Literal["error", "default"] = "error",
        default_value: Any = None,
    ) -> Any:
        """Values of one attribute as an array, or of several as a list of arrays.

        Args:
            attr_names: names of columns, ``unique_id``, ``row`` or ``age``.
            handle_missing: "error" raises AttributeError for another name, "default" gives ``default_value`` for everybody.
            default_value: see there.
        """
        if handle_missing not in ("error", "default"):
            raise ValueError(f"unknown handle_missing {handle_missing!r}: 'error' or 'default'")
        rows = self.rows
        if isinstance(attr_names, str):
            return self._values(attr_names, rows, handle_missing, default_value)
        return [self._values(name, rows, handle_missing, default_value) for name in attr_names]

    def _values(self, name: str, rows: Rows, handle_missing: str = "error", default_value: Any = None) -> NDArray[Any]:
        if name in COLUMNS or name == "unique_id":
            values: NDArray[Any] = getattr(self.people, "uid" if name == "unique_id" else name)[rows]
            return values
        if name == "row":
            return rows
        if name == "age":
            years: NDArray[Any] = (np.int64(self.model.month - EPOCH) - self.people.birth_month[rows]) // 12
            return years
        if handle_missing == "default":
            return np.full(len(rows), default_value)
        raise AttributeError(f"a patient has no {name!r}")

    def set(self, attr_name: str, value: Any) -> PatientSet:
        """Write one value, or an array of one a patient, into a column."""
        if attr_name not in COLUMNS or attr_name == "uid":
            raise AttributeError(f"a patient has no {attr_name!r} to be set")
        getattr(self.people, attr_name)[self.rows] = value
        return self

    def agg(self, attribute: str, func: Callable[..., Any] | Iterable[Callable[..., Any]]) -> Any:
        """What one function, or each of several, makes of the array of an attribute."""
        values = self.get(attribute)
        return func(values) if callable(func) else [one(values) for one in func]

    def select(
        self,
        filter_func: Callable[[Patient], bool] | Selector | None = None,
        at_most: int | float = float("inf"),
        inplace: bool = False,
        agent_type: type[Any] | None = None,
    ) -> PatientSet:
        """Some of the patients, in order.

        Args:
            filter_func: a mask, one a patient of this set; or a function of the set, whose attributes are then arrays
                (``lambda p: (p.age >= 60) & (p.scheme == 1)``), that gives such a mask.
            at_most: how many, or which share when it is a float up to 1.
            inplace: change this set instead of making another.
            agent_type: nobody is of another type than Patient.
        """
        rows = self.rows
        limit = int(len(rows) * at_most) if isinstance(at_most, float) and at_most <= 1.0 else at_most
        if filter_func is not None:
            rows = rows[self._mask(filter_func, rows)]
        if agent_type is not None and not issubclass(Patient, agent_type):
            rows = rows[:0]
        if limit < len(rows):
            rows = rows[: int(limit)]
        if not inplace:
            return self._same(rows)
        self._keep(rows)
        return self

    def _mask(self, chosen: Any, rows: Rows) -> NDArray[np.bool_]:
        mask = np.asarray(chosen(_ColumnView(self, rows)) if callable(chosen) else chosen)
        if mask.dtype != np.bool_ or mask.shape != rows.shape:
            raise ValueError(f"a choice among {len(rows)} patients is as many booleans, not {mask.dtype} of shape {mask.shape}")
        return mask

    def groupby(self, by: Callable[..., Any] | str, result_type: Literal["agentset", "list"] = "agentset") -> GroupBy:
        """The patients by an attribute, or by an array that a function makes of the columns, in ascending order of the key."""
        rows = self.rows
        keys = self._values(by, rows) if isinstance(by, str) else np.asarray(by(_ColumnView(self, rows)))
        groups: dict[Hashable, Any] = {}
        values, group = np.unique(keys, return_inverse=True)
        order = np.argsort(group, kind="stable")
        for value, own in zip(values, np.split(order, np.cumsum(np.bincount(group, minlength=len(values)))[:-1]), strict=True):
            one = self._same(rows[own])
            groups[value.item()] = one if result_type == "agentset" else one.to_list()
        return GroupBy(groups)

    def sort(self, key: Callable[[Patient], Any] | str, ascending: bool = False, inplace: bool = False) -> PatientSet:
        """By an attribute, or by an array that a function makes of the columns; equals keep their order."""
        rows = self.rows
        values = self._values(key, rows) if isinstance(key, str) else np.asarray(key(_ColumnView(self, rows)))  # type: ignore[arg-type]
        ranks = np.unique(values, return_inverse=True)[1].astype(np.int64)
        return self._reordered(rows[np.argsort(ranks if ascending else -ranks, kind="stable")], inplace)

    def shuffle(self, inplace: bool = False) -> PatientSet:
        """In an order drawn from the model's own stream."""
        order = list(range(len(self)))
        self.random.shuffle(order)
        return self._reordered(self.rows[np.array(order, dtype=np.int64)], inplace)

    def _reordered(self, rows: Rows, inplace: bool) -> PatientSet:
        if not inplace:
            return self._same(rows)
        self._keep(rows)
        return self

    # One view at a time

    def do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> PatientSet:
        """Call a method, or a function, on a view of each patient."""
        for patient in self:
            _call(patient, method, args, kwargs)
        return self

    def shuffle_do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> PatientSet:
        """The same in an order drawn from the model's own stream."""
        self.shuffle().do(method, *args, **kwargs)
        return self

    def map(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> list[Any]:
        """What a method, or a function, gives for a view of each patient."""
        return [_call(patient, method, args, kwargs) for patient in self]

    # Membership

    def add(self, agent: Patient) -> None:
        """Take in one of the city's people at the end; nothing for a set of all."""
        if self._rows is not None and agent not in self:
            self._keep(np.append(self.rows, agent.row))

    def discard(self, agent: Patient) -> None:
        """Leave one out of this set, if he is in it; he stays in the city."""
        if agent in self:
            self._keep(self.rows[self.rows != agent.row])

    def remove(self, agent: Patient) -> None:
        """Leave one out of this set.

        Raises:
            KeyError: not in it.
        """
        if agent not in self:
            raise KeyError(agent)
        self.discard(agent)


class _ColumnView:
    """Attributes of a set as arrays, for choosing and grouping."""

    def __init__(self, patients: PatientSet, rows: Rows) -> None:
        self._patients, self._rows = patients, rows

    def __getattr__(self, name: str) -> NDArray[Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._patients._values(name, self._rows)


def _call(patient: Patient, method: str | Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return getattr(patient, method)(*args, **kwargs) if isinstance(method, str) else method(patient, *args, **kwargs)


def row_of(people: People, uid: int) -> int:
    """Row of a person, -1 when there is none."""
    found = np.flatnonzero(people.uid == np.uint64(uid))
    return int(found[0]) if len(found) else -1


def rows_of(people: People, uid: NDArray[np.uint64]) -> Rows:
    """Row of each person, -1 where there is none."""
    if not len(people):
        return np.full(len(uid), -1, dtype=np.int64)
    order = np.argsort(people.uid, kind="stable")
    place = np.minimum(np.searchsorted(people.uid, uid, sorter=order), len(order) - 1)
    rows = order[place]
    return np.where(people.uid[rows] == uid, rows, -1)
