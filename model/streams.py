"""Random numbers by address: Philox4x32-10 of (seed, decision, month, who), never a sequence.

Asking again gives the same number again; asking in another order, on more threads or about fewer people changes nobody's.
"""

from __future__ import annotations

import numba
import numpy as np
from numba import uint32, uint64
from numpy.typing import NDArray

type Word = np.uint32 | np.uint64 | int
type Four = tuple[np.uint32, np.uint32, np.uint32, np.uint32]

BLOCKS = 8
"""Blocks of four numbers that one address (decision, month, who) has."""

_MULTIPLY_0, _MULTIPLY_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL_0, _WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_ROUNDS = 10


@numba.njit(cache=True, forceinline=True)
def philox(c0: Word, c1: Word, c2: Word, c3: Word, k0: Word, k1: Word) -> Four:
    """Philox4x32-10 (Salmon et al. 2011): four random uint32 of a counter of four uint32 and a key of two.

    Checked against the known answers of Random123. Lanes are held in uint64 since uint32 + uint32 is uint64 in Numba anyway.
    """
    x0, x1, x2, x3 = uint64(c0) & _LOW, uint64(c1) & _LOW, uint64(c2) & _LOW, uint64(c3) & _LOW
    key0, key1 = uint64(k0) & _LOW, uint64(k1) & _LOW
    for _ in range(_ROUNDS):
        product0, product1 = _MULTIPLY_0 * x0, _MULTIPLY_1 * x2
        x0, x1 = (product1 >> _HALF) ^ x1 ^ key0, product1 & _LOW
        x2, x3 = (product0 >> _HALF) ^ x3 ^ key1, product0 & _LOW
        key0, key1 = (key0 + _WEYL_0) & _LOW, (key1 + _WEYL_1) & _LOW
    return uint32(x0), uint32(x1), uint32(x2), uint32(x3)


@numba.njit(cache=True, forceinline=True)
def draw(k0: Word, k1: Word, decision: Word, slot: Word, who: Word) -> Four:
    """Four random uint32 of an address, inside kernels.

    Args:
        k0, k1: the seed's halves, from :func:`seed_keys`.
        decision: a :class:`model.decisions.Decision`.
        slot: month and block together, from :func:`month_slot`.
        who: uint64 address of a person, institution or claim.
    """
    address = uint64(who)
    return philox(address & _LOW, address >> _HALF, slot, decision, k0, k1)


@numba.njit(cache=True, forceinline=True)
def u01(x: Word) -> float:
    """A float64 strictly between 0 and 1 of a uint32: (x + ½) / 2³²."""
    return (np.float64(x) + 0.5) * 2.0**-32


@numba.njit(cache=True, forceinline=True)
def u01_single(x: Word) -> np.float32:
    """A float32 strictly between 0 and 1 of a uint32's 23 high bits, for loops that reckon in single precision."""
    return (np.float32(uint32(x) >> uint32(9)) + np.float32(0.5)) * np.float32(2.0**-23)


def seed_keys(seed: int) -> tuple[np.uint32, np.uint32]:
    """The low and high half of a seed, as kernels take it.

    Raises:
        ValueError: the seed is negative or passes 64 bits.
    """
    if not 0 <= seed < 2**64:
        raise ValueError(f"a seed is a whole number from 0 to 2^64 - 1, not {seed}")
    return np.uint32(seed & 0xFFFFFFFF), np.uint32(seed >> 32)


def month_slot(month: int, block: int = 0) -> np.uint32:
    """Month index and block (0 to 7) packed into one counter word, as kernels take it.

    Raises:
        ValueError: a negative month or a block that does not exist.
    """
    if not 0 <= block < BLOCKS or not 0 <= month < 2**32 // BLOCKS:
        raise ValueError(f"no random block {block} of month {month}")
    return np.uint32(month * BLOCKS + block)


def uniforms(seed: int, decision: int, month: int, who: NDArray[np.uint64], block: int = 0) -> NDArray[np.float64]:
    """Four uniform numbers for each address.

    Args:
        seed: of the run.
        decision: a :class:`model.decisions.Decision`.
        month: month index.
        who: (n,) addresses, an unsigned integer type.
        block: which four of the 32 that an address has.

    Returns:
        (n, 4) float64, each strictly between 0 and 1; the same for any number of threads.

    Raises:
        TypeError: addresses that are not unsigned integers.
    """
    if who.dtype.kind != "u":
        raise TypeError(f"addresses are unsigned integers, not {who.dtype}")
    k0, k1 = seed_keys(seed)
    made = np.empty((len(who), 4), dtype=np.float64)
    _fill(made, np.ascontiguousarray(who, dtype=np.uint64), k0, k1, np.uint32(decision), month_slot(month, block))
    return made


@numba.njit(cache=True, parallel=True)
def _fill(made: NDArray[np.float64], who: NDArray[np.uint64], k0: Word, k1: Word, decision: Word, slot: Word) -> None:
    for row in numba.prange(len(who)):
        a, b, c, d = draw(k0, k1, decision, slot, who[row])
        made[row, 0], made[row, 1], made[row, 2], made[row, 3] = u01(a), u01(b), u01(c), u01(d)


def normals(uniform: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two independent standard normal numbers of each row of :func:`uniforms`, from its first two (Box and Muller 1958)."""
    radius = np.sqrt(-2 * np.log(np.maximum(uniform[:, 0], 1e-12)))
    return radius * np.cos(2 * np.pi * uniform[:, 1]), radius * np.sin(2 * np.pi * uniform[:, 1])
