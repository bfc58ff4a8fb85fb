"""Money in whole fen and shares in millionths: conversion, exact shares, exact division among many."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal, InvalidOperation

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.errors import InputError

FEN = 100
"""Fen in a yuan."""

PPM = 1_000_000
"""Millionths in one: shares and ratios that money is multiplied by are whole millionths."""

_LARGEST = 2**63 - 1


def yuan_to_fen(yuan: Decimal | float | str) -> int:
    """Whole fen of an amount in yuan, halves up (towards plus infinity). A float counts as the decimal it is printed as.

    Raises:
        InputError: not a finite number, or more than 64 bits of fen.

    >>> yuan_to_fen(1.005), yuan_to_fen("12.34")
    (101, 1234)
    """
    return _whole(yuan, FEN, "an amount in yuan")


def fen_to_yuan(fen: int) -> Decimal:
    """The exact amount in yuan, with two decimals.

    >>> fen_to_yuan(1230)
    Decimal('12.30')
    """
    return Decimal(int(fen)).scaleb(-2)


def ratio_to_ppm(ratio: Decimal | float | str) -> int:
    """Whole millionths of a ratio, halves up.

    Raises:
        InputError: not a finite number, or more than 64 bits of millionths.

    >>> ratio_to_ppm(0.75)
    750000
    """
    return _whole(ratio, PPM, "a ratio")


def share_of(amount_fen: ArrayLike, ppm: ArrayLike) -> NDArray[np.int64]:
    """The share ``ppm`` millionths of each amount, in whole fen, halves up. Exact, also where amount × ppm passes 64 bits.

    Args:
        amount_fen: whole fen, integers of any shape.
        ppm: whole millionths, integers of a shape that broadcasts.

    Raises:
        TypeError: floats, which are not booked money.

    >>> share_of([100, 3], 500_000).tolist()
    [50, 2]
    """
    amount, share = np.asarray(amount_fen), np.asarray(ppm)
    if amount.dtype.kind not in "iu" or share.dtype.kind not in "iu":
        raise TypeError(f"share_of takes whole fen and whole millionths, not {amount.dtype} and {share.dtype}")
    whole, rest = np.divmod(amount.astype(np.int64), PPM)
    share = share.astype(np.int64)
    return np.asarray(whole * share + (rest * share + PPM // 2) // PPM, dtype=np.int64)


@numba.njit(cache=True)
def share_of_one(amount_fen: int, ppm: int) -> int:
    """:func:`share_of` for one int64 amount inside Numba kernels; the same result to the fen."""
    whole = amount_fen // PPM
    rest = amount_fen - whole * PPM
    return whole * ppm + (rest * ppm + PPM // 2) // PPM


def apportion(total: int, weights: ArrayLike) -> NDArray[np.int64]:
    """Divide a whole total in proportion to the weights, exactly: the largest remainders get the last units, ties by index.

    Args:
        total: whole units (fen), may be negative.
        weights: (n,) finite, not negative, not all zero unless the total is.

    Returns:
        (n,) whole parts that sum to ``total``; a weight of zero gets nothing.

    Raises:
        ValueError: weights that cannot divide the total.

    >>> apportion(100, [1, 1, 1]).tolist()
    [34, 33, 33]
    """
    w = np.asarray(weights, dtype=np.float64)
    if w.ndim != 1 or not np.isfinite(w).all() or (w < 0).any():
        raise ValueError("weights must be a vector of finite numbers that are not negative")
    if total < 0:
        return -apportion(-total, w)
    if total == 0:
        return np.zeros(len(w), dtype=np.int64)
    if not w.any():
        raise ValueError(f"nobody to give {total} to: all weights are zero")
    if total > _LARGEST:
        raise ValueError(f"{total} passes 64 bits")
    w = np.ldexp(w, -math.frexp(float(w.max()))[1])  # largest weight below 1: sums and products cannot overflow
    exact = total * (w / math.fsum(w.tolist()))  # fsum: the same whatever the order
    parts = np.floor(exact).astype(np.int64)
    _hand_out(total - sum(parts.tolist()), exact - parts, w > 0, parts)
    return parts


def _hand_out(left: int, remainder: NDArray[np.float64], entitled: NDArray[np.bool_], parts: NDArray[np.int64]) -> None:
    """Give the units left over one by one to the largest remainders, or take back what rounding gave too much; in place."""
    step = 1 if left > 0 else -1
    by_need = np.argsort(-step * remainder, kind="stable")
    while left:
        able = by_need[entitled[by_need] & (parts[by_need] + step >= 0)]
        chosen = able[: abs(left)]
        parts[chosen] += step
        left -= step * len(chosen)


def _whole(number: Decimal | float | str, per_one: int, what: str) -> int:
    """``number`` × ``per_one`` as a whole number, halves up."""
    try:
        if isinstance(number, bool):
            raise InvalidOperation
        exact = Decimal(repr(float(number)) if isinstance(number, float) else number)
        if not exact.is_finite() or abs(exact) > _LARGEST // per_one:
            raise InvalidOperation
    except (InvalidOperation, TypeError, ValueError):
        raise InputError(f"not {what}", found=number, allowed="a finite number of at most 64 bits") from None
    halves = ROUND_HALF_UP if exact >= 0 else ROUND_HALF_DOWN  # both are towards plus infinity
    return int(exact.quantize(Decimal(1) / per_one, rounding=halves) * per_one)
