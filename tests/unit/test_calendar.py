"""Month texts and indices turn into each other, and nonsense is refused."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import calendar
from model.errors import InputError

MONTHS = st.integers(calendar.FIRST_YEAR * 12, calendar.LAST_YEAR * 12 + 11)


@given(MONTHS)
def test_text_and_index_turn_into_each_other(month: int) -> None:
    assert calendar.parse_month(calendar.format_month(month)) == month


@given(MONTHS)
def test_year_and_month_make_the_index(month: int) -> None:
    assert calendar.year_of(month) * 12 + calendar.month_of(month) - 1 == month
    assert 1 <= calendar.month_of(month) <= 12


@given(MONTHS)
def test_every_month_fits_a_16_bit_column(month: int) -> None:
    assert -(2**15) <= month - calendar.EPOCH < 2**15


def test_known_month() -> None:
    assert calendar.parse_month("2021-07") == 2021 * 12 + 6


@pytest.mark.parametrize(
    "text",
    ["", "2021", "2021-7", "2021-00", "2021-13", "2021-07-01", " 2021-07", "2021-07\n", "２０２１-07", "1899-12", "2200-01", "21-07"],
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not a month"):
        calendar.parse_month(text)


@pytest.mark.parametrize("value", [None, 2021, 2021.07, datetime.date(2021, 7, 1), ["2021-07"]])
def test_other_types_are_refused(value: object) -> None:
    with pytest.raises(InputError, match="not a month"):
        calendar.parse_month(value)
