"""The compiled arithmetic of item mixes, a case at a time: what tilts make of a bill, and what of it is variable cost."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.int16]
LEAST_SERVICE = 0.5
"""Services never fall below this part of what they are in the standard mix (assumption)."""
CHUNKS = 64
"""Pieces that the cases of a pass are dealt out in; each case stands alone, so results do not hang on them."""

# The four items are written out: loops over so few are several times as slow.


@nb.njit(cache=True)
def _tilt(a: float, b: float, c: float, service: float, x: float, y: float, z: float) -> Any:
    """Relative changes of the parts of a bill under the tilts of three items; services take the balance as far as they go."""
    taken = a * x + b * y + c * z
    most = (1.0 - LEAST_SERVICE) * service
    part = most / taken if taken > most else 1.0
    return x * part, y * part, z * part, -taken * part / max(service, 1e-9)


@nb.njit(cache=True)
def _mix(shares: Floats, lean: Floats, g: int, chosen: Floats, who: int, intensity: float) -> Any:
    """Parts of a bill, which sum to one."""
    a, b, c, d = shares[0, g], shares[1, g], shares[2, g], shares[3, g]
    x, y, z, s = _tilt(a, b, c, d, chosen[who, 0], chosen[who, 1], chosen[who, 2])
    beyond = 1.0 - 1.0 / max(intensity, 1e-9)
    a = max(a * (1.0 + x + lean[0, g] * beyond), 0.0)
    b = max(b * (1.0 + y + lean[1, g] * beyond), 0.0)
    c = max(c * (1.0 + z + lean[2, g] * beyond), 0.0)
    d = max(d * (1.0 + s + lean[3, g] * beyond), 0.0)
    whole = a + b + c + d
    return a / whole, b / whole, c / whole, d / whole


@nb.njit(cache=True)
def _bounds(chunk: int, n: int) -> Any:
    size = (n + CHUNKS - 1) // CHUNKS
    return min(chunk * size, n), min((chunk + 1) * size, n)


@nb.njit(parallel=True, cache=True)
def mixes(group: Numbers, who: Numbers, chosen: Floats, intensity: Floats, shares: Floats, lean: Floats) -> Floats:
    """Parts of each bill ``[item, case]`` under what each case's decider has ``chosen[who, item]``."""
    out = np.empty((4, len(group)))
    for chunk in nb.prange(CHUNKS):
        first, last = _bounds(chunk, len(group))
        for k in range(first, last):
            out[0, k], out[1, k], out[2, k], out[3, k] = _mix(shares, lean, group[k], chosen, who[k], intensity[k])
    return out


@nb.njit(parallel=True, cache=True)
def unit_costs(group: Numbers, who: Numbers, chosen: Floats, intensity: Floats, shares: Floats, lean: Floats, cost: Floats) -> Floats:
    """Variable cost per fen of each bill, of items that ``cost`` so much."""
    out = np.empty(len(group))
    for chunk in nb.prange(CHUNKS):
        first, last = _bounds(chunk, len(group))
        for k in range(first, last):
            a, b, c, d = _mix(shares, lean, group[k], chosen, who[k], intensity[k])
            out[k] = cost[0] * a + cost[1] * b + cost[2] * c + cost[3] * d
    return out


@nb.njit(parallel=True, cache=True)
def marginal_costs(group: Numbers, who: Numbers, chosen: Floats, shares: Floats, lean: Floats, cost: Floats) -> Floats:
    """Variable cost per fen of what more is given of each case, of items that ``cost`` so much."""
    out = np.empty(len(group))
    for chunk in nb.prange(CHUNKS):
        first, last = _bounds(chunk, len(group))
        for k in range(first, last):
            g, p = group[k], who[k]
            a, b, c, d = shares[0, g], shares[1, g], shares[2, g], shares[3, g]
            x, y, z, s = _tilt(a, b, c, d, chosen[p, 0], chosen[p, 1], chosen[p, 2])
            a, b, c, d = a * (1.0 + x + lean[0, g]), b * (1.0 + y + lean[1, g]), c * (1.0 + z + lean[2, g]), d * (1.0 + s + lean[3, g])
            out[k] = cost[0] * a + cost[1] * b + cost[2] * c + cost[3] * d
    return out


@nb.njit(cache=True)
def moved_worth(
    group: Numbers, who: Numbers, chosen: Floats, item: int, given: Floats, standard: Floats, level: Floats, shares: Floats, margin: Floats
) -> tuple[Floats, Floats]:
    """Margin of ``given`` money that tilts move, and ``standard`` money moved times the tilts of what it moves to ``[level, decider]``.

    The tilt of ``item`` is at each ``level[i, decider]``, those of the others as ``chosen``; each level is summed in the order of cases.
    """
    money, lost = np.zeros(level.shape), np.zeros(level.shape)
    for i in range(len(level)):
        tilt = chosen.copy()
        tilt[:, item] = level[i]
        for k in range(len(group)):
            g, p = group[k], who[k]
            a, b, c, d = shares[0, g], shares[1, g], shares[2, g], shares[3, g]
            x, y, z, s = _tilt(a, b, c, d, tilt[p, 0], tilt[p, 1], tilt[p, 2])
            a, b, c, d = a * x, b * y, c * z, d * s
            money[i, p] += given[k] * (a * margin[0] + b * margin[1] + c * margin[2] + d * margin[3])
            lost[i, p] += standard[k] * (a * x + b * y + c * z + d * s)
    return money, lost
