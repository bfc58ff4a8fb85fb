"""Money is exact: conversion rounds halves up, shares equal whole-number arithmetic, apportioned parts sum to the total."""

from __future__ import annotations

import itertools
from decimal import Decimal
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import InputError
from model.units import PPM, apportion, fen_to_yuan, ratio_to_ppm, share_of, share_of_one, yuan_to_fen

MONEY = st.integers(-(10**15), 10**15)
SHARES = st.integers(-3 * PPM, 3 * PPM)
WEIGHTS = st.lists(st.floats(0, 1e12) | st.sampled_from([0.0, 1.0, 5e-324, 1e300]), min_size=1, max_size=30)


def half_up(exact: Fraction) -> int:
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


@given(st.integers(-(10**16), 10**16))
def test_fen_and_yuan_turn_into_each_other(fen: int) -> None:
    assert yuan_to_fen(fen_to_yuan(fen)) == fen
    assert yuan_to_fen(str(fen_to_yuan(fen))) == fen


@given(st.decimals(-(10**12), 10**12, places=5))
def test_yuan_round_halves_up(yuan: Decimal) -> None:
    assert yuan_to_fen(yuan) == half_up(Fraction(yuan) * 100)


@pytest.mark.parametrize(
    ("yuan", "fen"),
    [
        (1, 100),
        (0.005, 1),
        (1.005, 101),
        (-0.005, 0),
        (-0.006, -1),
        ("0.285", 29),
        (1e10, 10**12),
        ("0.00" + "4" + "9" * 60, 0),
        ("1e-999999", 0),
    ],
)
def test_a_float_counts_as_printed(yuan: float | str, fen: int) -> None:
    assert yuan_to_fen(yuan) == fen


@pytest.mark.parametrize(
    "yuan", [float("nan"), float("inf"), "nan", "-Infinity", Decimal("sNaN"), "1,000", "", True, None, [1], 10**18, 1e300, "1e999999"]
)
def test_no_amount_is_refused(yuan: Decimal | float | str) -> None:
    with pytest.raises(InputError, match="not an amount in yuan"):
        yuan_to_fen(yuan)


def test_numpy_floats_are_floats() -> None:
    assert yuan_to_fen(np.float64(1.005)) == 101
    assert ratio_to_ppm(np.float64(0.1)) == 100_000


def test_ratio_in_millionths() -> None:
    assert ratio_to_ppm(0.75) == 750_000
    assert ratio_to_ppm("0.0000005") == 1
    with pytest.raises(InputError, match="not a ratio"):
        ratio_to_ppm(float("nan"))


@given(st.lists(st.tuples(MONEY, SHARES), min_size=1))
def test_share_is_exact_in_numpy_and_in_kernels(pairs: list[tuple[int, int]]) -> None:
    amounts, shares = np.array(pairs, dtype=np.int64).T
    expected = [(a * s + PPM // 2) // PPM for a, s in pairs]
    assert share_of(amounts, shares).tolist() == expected
    assert [share_of_one(a, s) for a, s in pairs] == expected


def test_share_refuses_floats_and_takes_narrow_integers() -> None:
    with pytest.raises(TypeError, match="float64"):
        share_of(np.array([1.0]), 500_000)
    assert share_of(np.array([2_000_000_000], dtype=np.int32), np.int32(900_000)).tolist() == [1_800_000_000]


@given(MONEY, WEIGHTS)
def test_parts_sum_to_the_total_and_follow_the_weights(total: int, weights: list[float]) -> None:
    if not any(weights):
        weights[0] = 1.0
    parts = apportion(total, weights)
    assert parts.dtype == np.int64
    assert sum(parts.tolist()) == total
    whole = sum(map(Fraction, weights))
    for part, weight in zip(parts.tolist(), weights, strict=True):
        # a part lies within one unit of its exact share; floats of 53 bits add a little beyond 10^15
        assert abs(part - total * Fraction(weight) / whole) <= 1 + Fraction(abs(total), 10**15)
        if weight == 0:
            assert part == 0


@given(st.integers(0, 10**12), st.lists(st.floats(0.5, 1e6), min_size=1, max_size=20, unique=True), st.randoms())
def test_order_does_not_matter_without_ties(total: int, weights: list[float], random: Random) -> None:
    order = list(range(len(weights)))
    random.shuffle(order)
    shares = [total * Fraction(w) / sum(map(Fraction, weights)) for w in weights]
    remainders = sorted(s - int(s) for s in shares)
    if any(b - a < Fraction(1, 1000) for a, b in itertools.pairwise(remainders)):
        return  # near ties may fall either way
    assert apportion(total, np.array(weights)[order]).tolist() == apportion(total, weights)[order].tolist()


def test_ties_go_by_index() -> None:
    assert apportion(5, [1, 1, 1, 1]).tolist() == [2, 1, 1, 1]
    assert apportion(-5, [1, 1, 1, 1]).tolist() == [-2, -1, -1, -1]


def test_nothing_can_be_divided_among_nobody_but_something_cannot() -> None:
    assert apportion(0, [0.0, 0.0]).tolist() == [0, 0]
    assert apportion(0, []).tolist() == []
    for weights in ([0.0, 0.0], []):
        with pytest.raises(ValueError, match="all weights are zero"):
            apportion(1, weights)


@pytest.mark.parametrize("weights", [[-1.0, 2.0], [float("nan")], [float("inf")], [[1.0]]])
def test_bad_weights_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights must be"):
        apportion(1, weights)


def test_more_than_64_bits_is_refused() -> None:
    with pytest.raises(ValueError, match="64 bits"):
        apportion(2**63, [1.0])
    parts = apportion(2**63 - 1, [1.0, 2.0, 0.0])
    assert sum(parts.tolist()) == 2**63 - 1
    assert parts[2] == 0
