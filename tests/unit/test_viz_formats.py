"""Numbers as they are written: signs, units, thousands, intervals, and what is not there."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.indicators import INDICATORS
from viz import formats

NOTHING = "—"


@pytest.mark.parametrize(
    ("yuan", "zh", "en"),
    [
        (12.4, "12 元", "12 yuan"),
        (9_999, "9,999 元", "9,999 yuan"),
        (123_456, "12.3 万元", "123,456 yuan"),
        (1_234_567, "123.5 万元", "1.2 million yuan"),
        (2.5e9, "25.00 亿元", "2.50 billion yuan"),
        (-3.2e8, "−3.20 亿元", "−320.0 million yuan"),
    ],
)
def test_money_is_grouped_as_each_language_does(yuan: float, zh: str, en: str) -> None:
    assert formats.money(yuan, "zh") == zh
    assert formats.money(yuan, "en") == en


def test_shares_are_per_cent_and_their_differences_points() -> None:
    assert formats.value(0.1234, "share", "zh") == "12.3%"
    assert formats.difference(0.0123, "share", "zh") == "+1.2 个百分点"
    assert formats.difference(0.0123, "share", "en") == "+1.2 pp"
    assert formats.difference(0.0002, "share", "en") == "+0.02 pp"


def test_what_is_not_there_is_a_dash() -> None:
    for written in (
        formats.number(math.nan),
        formats.percent(math.inf),
        formats.value(math.nan, "days", "en"),
        formats.difference(math.nan, "share", "en"),
        formats.difference(math.nan, "ratio", "zh"),
        formats.relative(math.nan),
        formats.bare_interval(math.nan, math.nan, "share", "zh"),
        formats.interval(math.nan, 1.0, "share", "zh"),
        formats.relative_interval(math.nan, math.nan, "en"),
    ):
        assert written == NOTHING


def test_an_interval_says_how_many_simulations_or_that_there_is_none() -> None:
    assert formats.interval_note(4, "zh") == "95% 区间（n=4 次模拟）"
    assert formats.interval_note(4, "en") == "95% interval (n=4 simulations)"
    assert "没有区间" in formats.interval_note(1, "zh")


def test_an_interval_without_width_says_so() -> None:
    assert formats.interval(0.0, 0.0, "share", "zh") == "各次相同"
    assert formats.relative_interval(-2.0, -2.0, "en") == "the same every time"


@given(st.floats(-1e9, 1e9), st.integers(0, 4), st.booleans())
def test_a_number_can_be_read_back(x: float, digits: int, signed: bool) -> None:
    written = formats.number(x, digits, signed)
    read = float(written.replace(",", "").replace("−", "-"))
    assert read == pytest.approx(x, abs=0.51 * 10**-digits)
    assert "-" not in written
    assert not written.startswith("−0") or read != 0


@pytest.mark.parametrize("unit", sorted({indicator.unit for indicator in INDICATORS.values()}))
def test_every_unit_of_the_registry_can_be_written(unit: str) -> None:
    for lang in ("zh", "en"):
        assert formats.value(1.5, unit, lang)
        assert formats.difference(-1.5, unit, lang).startswith("−")
