"""Leaves: values in time, and what each form refuses."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from model.calendar import format_month, parse_month
from model.policy.leaf import Leaf, LeafSpec, leaf, source_problem

SHARE = leaf("share", 0, 1)
MONTHS = st.integers(parse_month("1950-01"), parse_month("2150-12"))


def one(value: Any, unit: str = "share", /, **more: Any) -> dict[str, Any]:
    return {"value": value, "unit": unit, "source": "assumption: test", **more}


def test_one_value_holds_for_ever() -> None:
    share = SHARE.parse(one(0.5))
    assert (share.at(0), share.at(99_999), share.unit) == (0.5, 0.5, "share")
    assert share.source_at(0) == "assumption: test"


def test_dated_values_hold_from_their_month() -> None:
    share = SHARE.parse([one(0.1, **{"from": "2019-07"}), one(0.2, **{"from": "2021-01"})])
    assert share.at(parse_month("2019-01")) == 0.1, "the first value also holds before its date"
    assert share.at(parse_month("2020-12")) == 0.1
    assert share.at(parse_month("2021-01")) == 0.2
    assert [entry.start for entry in share.history] == [parse_month("2019-07"), parse_month("2021-01")]


@given(st.lists(MONTHS, min_size=1, max_size=6, unique=True), MONTHS)
def test_the_last_value_not_after_a_month_is_in_force(starts: list[int], month: int) -> None:
    starts = sorted(starts)
    raw = [one(i / 10, **{"from": format_month(start)}) for i, start in enumerate(starts)]
    begun = [i for i, start in enumerate(starts) if start <= month]
    assert SHARE.parse(raw).at(month) == (begun[-1] if begun else 0) / 10


@given(st.floats(0, 1), st.floats(allow_nan=True, allow_infinity=True))
def test_only_values_within_the_bounds_pass(inside: float, any_value: float) -> None:
    assert SHARE.parse(one(inside)).at(0) == inside
    if not 0 <= any_value <= 1:
        with pytest.raises(PydanticCustomError):
            SHARE.parse(one(any_value))


def test_bands_are_tuples_with_an_open_end() -> None:
    spec = leaf("yuan, yuan, share", form="bands")
    bands = spec.parse(one([[0, 800, 0.7], [800, "inf", 0.9]], "yuan, yuan, share"))
    assert bands.at(0) == ((0.0, 800.0, 0.7), (800.0, math.inf, 0.9))


def test_a_leaf_passes_through() -> None:
    constant = Leaf.constant(0.3, "share", "assumption: test")
    assert SHARE.parse(constant) is constant


BAND = leaf("b", form="bands")
VECTOR = leaf("v", 0, 1, form="vector", length=2, total=1)
TEXT = leaf("name", form="text", choices=("national_1", "hubei"))
REFUSED: list[tuple[str, LeafSpec, Any, str, str]] = [
    # what is wrong, the declaration, what stands in the file, the place, the complaint
    ("bare value", SHARE, 0.5, "", "a bare value"),
    ("no values", SHARE, [], "", "an empty list of dated values"),
    ("unit missing", SHARE, {"value": 1, "source": "assumption: x"}, ".unit", "missing key: unit"),
    ("source missing", SHARE, {"value": 1, "unit": "share"}, ".source", "missing key: source"),
    ("source empty", SHARE, one(1) | {"source": " "}, ".source", "a value without a source"),
    ("wrong unit", SHARE, one(1, "percent"), ".unit", "wrong unit"),
    ("typo", SHARE, one(1) | {"form": "2021-01"}, ".form", "unknown key"),
    ("text for number", SHARE, one("half"), ".value", "a number is expected"),
    ("true for number", SHARE, one(True), ".value", "a number is expected"),
    ("not a number", SHARE, one(math.nan), ".value", "not a finite number"),
    ("infinite", SHARE, one(math.inf), ".value", "not a finite number"),
    ("too large", SHARE, one(1.5), ".value", "out of range"),
    ("negative", SHARE, one(-0.1), ".value", "out of range"),
    ("bad month", SHARE, one(1, **{"from": "2021-13"}), ".from", "wrong date"),
    ("date as day", SHARE, one(1, **{"from": 2021}), ".from", "wrong date"),
    ("second without date", SHARE, [one(1), one(1)], "[1].from", "missing key: from"),
    ("dates out of order", SHARE, [one(1, **{"from": "2021-02"}), one(1, **{"from": "2021-02"})], "[1].from", "dates must increase"),
    ("unit changes", leaf(None), [one(1), one(1, "yuan", **{"from": "2021-02"})], "[1].unit", "the unit changes"),
    ("not whole", leaf("month", form="integer"), one(1.5, "month"), ".value", "a whole number is expected"),
    ("unknown name", TEXT, one("hubai", "name"), ".value", "unknown name"),
    ("number for text", TEXT, one(1, "name"), ".value", "a text is expected"),
    ("list too short", VECTOR, one([1.0], "v"), ".value", "wrong length"),
    ("wrong total", VECTOR, one([0.5, 0.6], "v"), ".value", "the numbers must sum to the total"),
    ("bad member", VECTOR, one([0.5, 2], "v"), ".value[1]", "out of range"),
    ("number for list", VECTOR, one(0.5, "v"), ".value", "a list of numbers is expected"),
    ("gap between bands", BAND, one([[0, 1, 0.5], [2, 3, 0.5]], "b"), ".value[1][0]", "bands must follow each other without gap"),
    ("band downwards", BAND, one([[5, 1, 0.5]], "b"), ".value[0]", "a band must run upwards from 0 or more"),
    ("band of two", BAND, one([[5, 6]], "b"), ".value[0]", "a band is [from, to, ratio]"),
    ("band of text", BAND, one([[0, "high", 0.5]], "b"), ".value[0][1]", "a number is expected"),
    ("ratio above 1", BAND, one([[0, 1, 60]], "b"), ".value[0][2]", "out of range"),
    ("huge band", BAND, one([[0, 10**400, 0.5]], "b"), ".value[0][1]", "out of range"),
    ("no number in a band", BAND, one([[0, math.nan, 0.5]], "b"), ".value[0][1]", "a number is expected"),
    ("huge number", leaf("case"), one(10**400, "case"), ".value", "out of range"),
    ("no bands", BAND, one([], "b"), ".value", "a list of [from, to, ratio] is expected"),
]


@pytest.mark.parametrize(("spec", "raw", "place", "what"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused(spec: LeafSpec, raw: Any, place: str, what: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        spec.parse(raw)
    assert caught.value.context is not None
    assert (caught.value.context["at"], caught.value.context["what"]) == (place, what)


@pytest.mark.parametrize("source", ["plan", "plan: page 3", "plan; re-verify", "assumption: round", "fitted: by hand"])
def test_sources_that_are_known(source: str) -> None:
    assert source_problem(source, {"plan": "The plan"}) is None


@pytest.mark.parametrize(
    ("source", "what", "near"),
    [
        ("plam", "unknown source", "plan"),
        ("plan page 3", "unknown source", "plan"),
        ("assumption", "assumption without a reason", None),
        ("assumption:", "assumption without a reason", None),
        ("asumption: round", "unknown source", "assumption"),
        ("……", "unknown source", None),
    ],
)
def test_sources_that_are_not(source: str, what: str, near: str | None) -> None:
    problem = source_problem(source, {"plan": "The plan"})
    assert problem is not None
    assert (problem[0], problem[2]) == (what, near)


def test_what_a_policy_reads_in_any_form_takes_the_form_a_mode_declares() -> None:
    """Bands and names reach a mode as it declares them, an open end as infinity."""
    anything = leaf(None, form="any")
    bands = anything.parse(one([[0, 30, 1], [30, "inf", 0.5]], "day")).at(0)
    assert leaf("day", form="bands").read(bands) == ((0.0, 30.0, 1.0), (30.0, math.inf, 0.5))
    names = anything.parse(one(["GB1", "GB2"], "code")).at(0)
    assert leaf("code", form="names").read(names) == ("GB1", "GB2")


@pytest.mark.parametrize("wrong", [[], "GB1", [1], [["GB1"]]])
def test_a_list_of_names_holds_texts(wrong: Any) -> None:
    with pytest.raises(PydanticCustomError):
        leaf("code", form="names").check_value(wrong)
