"""Months as integers: an index to reckon with (year × 12 + month − 1), a text to read and write ("2021-07")."""

from __future__ import annotations

import re

from model.errors import InputError

EPOCH = 1900 * 12
"""Month index that 16-bit columns count from: they hold ``month − EPOCH`` (1900-01 is 0)."""

FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Years that a date in a file may name."""

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


def parse_month(text: object) -> int:
    """The index of a month written ``YYYY-MM``.

    Raises:
        InputError: not such a text, or a year outside 1900–2199.

    >>> parse_month("2021-07")
    24258
    """
    match = _MONTH.fullmatch(text) if isinstance(text, str) else None
    if match is None or not FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
        raise InputError(
            "not a month",
            found=text,
            allowed=f'"YYYY-MM" from "{FIRST_YEAR}-01" to "{LAST_YEAR}-12", such as "2021-07"',
        )
    return int(match[1]) * 12 + int(match[2]) - 1


def format_month(month: int) -> str:
    """The text ``YYYY-MM`` of a month index.

    >>> format_month(24258)
    '2021-07'
    """
    return f"{year_of(month):04d}-{month_of(month):02d}"


def year_of(month: int) -> int:
    """The calendar year a month index lies in.

    >>> year_of(24258)
    2021
    """
    return month // 12


def month_of(month: int) -> int:
    """The calendar month, 1 to 12, of a month index.

    >>> month_of(24258)
    7
    """
    return month % 12 + 1
