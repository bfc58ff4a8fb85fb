"""Columns declare, allocate and check; what is wrong is told with its name and row."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.columns import Column, bytes_per_row, check_columns, zeros

SHARE = Column("share", "f4", "1", "a share", 0, 1)
FEN = Column("fen", np.int32, "fen", "an amount", low=0)
FLAG = Column("flag", bool, "code", "yes or no")


def test_storage_follows_the_declaration() -> None:
    assert bytes_per_row([SHARE, FEN, FLAG]) == 9
    made = zeros([SHARE, FEN, FLAG], 3)
    assert {name: array.dtype.name for name, array in made.items()} == {"share": "float32", "fen": "int32", "flag": "bool"}
    check_columns([SHARE, FEN, FLAG], SimpleNamespace(**made))


@given(st.lists(st.integers(0, 2**31 - 1)))
def test_values_inside_the_bounds_pass(values: list[int]) -> None:
    FEN.check(np.array(values, dtype=np.int32))


@given(st.lists(st.integers(0, 100), max_size=20), st.integers(-100, -1))
def test_first_value_outside_is_named(before: list[int], bad: int) -> None:
    with pytest.raises(ValueError, match=rf"column fen: {bad} in row {len(before)} is outside"):
        FEN.check(np.array([*before, bad, bad], dtype=np.int32))


@pytest.mark.parametrize("bad", [np.nan, -0.1, 1.5, np.inf])
def test_floats_outside_or_not_numbers_fail(bad: float) -> None:
    with pytest.raises(ValueError, match="column share"):
        SHARE.check(np.array([0.5, bad], dtype=np.float32))
    free = Column("free", "f8", "1", "any number")
    if np.isnan(bad):
        with pytest.raises(ValueError, match="column free: nan in row 1"):
            free.check(np.array([0.5, bad]))


def test_wrong_type_shape_and_length_fail() -> None:
    with pytest.raises(ValueError, match="int64, not one of int32"):
        FEN.check(np.zeros(3, dtype=np.int64))
    with pytest.raises(ValueError, match="2-dimensional"):
        FEN.check(np.zeros((3, 1), dtype=np.int32))
    table = SimpleNamespace(fen=FEN.zeros(3), flag=FLAG.zeros(2))
    with pytest.raises(ValueError, match="column flag: 2 rows where others have 3"):
        check_columns([FEN, FLAG], table)


@pytest.mark.parametrize(
    "declaration",
    [
        ("not a name", "i4", "fen", "x"),
        ("a", "i4", "", "x"),
        ("a", "i4", "fen", ""),
        ("a", "u1", "code", "x", 0, 256),
        ("a", "u1", "code", "x", -1),
        ("a", "i4", "fen", "x", 5, 4),
        ("a", "U3", "code", "x"),
    ],
)
def test_bad_declarations_are_refused(declaration: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match="column"):
        Column(*declaration)


def test_a_name_stands_once() -> None:
    with pytest.raises(ValueError, match="named twice"):
        zeros([FEN, FEN], 1)
