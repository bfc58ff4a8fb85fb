"""A layer of insurance above the basic one: what it pays of what the layers before it left, as integer tables by scheme and standing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.codes import LAYERS, SCHEMES, SECOND, STANDINGS
from model.units import PPM

__all__ = ["NO_LIMIT", "Layer", "check_bands", "packed"]

Ints = NDArray[np.int64]

NO_LIMIT = 1 << 60
"""Upper end (fen) of an open band, and a cap that never binds."""
MAX_DEDUCTIBLE = 1 << 32

N_SCHEMES, N_STANDINGS = len(SCHEMES), len(STANDINGS)
POOR = tuple(name not in ("ordinary", "civil_servant") for name in STANDINGS)
COVERED = dict.fromkeys(LAYERS, POOR) | {
    "second": (True,) * N_STANDINGS,
    "supplement": tuple(name == "civil_servant" for name in STANDINGS),
}
"""Standings that each layer is for: the second layer is everybody's, the supplement is for its members, the others are for the poor."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Layer:
    """One layer, in fen and parts per million; axes ``s`` scheme, ``w`` standing, ``b`` band (rules B4, B6).

    A layer looks at the in-scope cost that the layers before it left, cumulated over the year, and pays the increase with each bill.
    Values are spread over their axes where fewer are given; ratios of people whom the layer is not for are set to zero.

    Attributes:
        name: one of ``LAYERS``.
        ppm: ``[s, w, b]`` ratio paid in the band.
        low, high: ``[s, w, b]`` ends of a band of the cumulated base, the deductible included.
        deductible: ``[s, w]`` a year.
        cap: ``[s, w]`` payment a year.
        above_ceiling: ``[s]`` whether the base is the in-scope cost of stays cut off by the basic ceiling (large-expense cover) instead
            of all that is left; of the second layer only.

    Raises:
        ValueError: an unknown name, values out of range, bands that overlap.
    """

    name: str
    ppm: Any
    low: Any = 0
    high: Any = NO_LIMIT
    deductible: Any = 0
    cap: Any = NO_LIMIT
    above_ceiling: Any = False

    def __post_init__(self) -> None:
        if self.name not in LAYERS:
            raise ValueError(f"no such layer: {self.name}; there are {', '.join(LAYERS)}")
        bands = max(np.asarray(value).shape[-1] if np.ndim(value) else 1 for value in (self.ppm, self.low, self.high))
        by_band, by_standing = (N_SCHEMES, N_STANDINGS, bands), (N_SCHEMES, N_STANDINGS)
        for key, shape, top in (
            ("ppm", by_band, PPM),
            ("low", by_band, NO_LIMIT),
            ("high", by_band, NO_LIMIT),
            ("deductible", by_standing, MAX_DEDUCTIBLE),
            ("cap", by_standing, NO_LIMIT),
        ):
            self._keep(key, self._spread(key, shape, top))
        self._keep("ppm", np.where(np.array(COVERED[self.name])[None, :, None], self.ppm, 0))
        self._keep("above_ceiling", np.array(np.broadcast_to(self.above_ceiling, (N_SCHEMES,)), dtype=np.bool_))
        if np.any(self.above_ceiling) and self.name != "second":
            raise ValueError(f"layer {self.name} cannot look at cost above the ceiling; only the second layer can")
        check_bands(self.name, self.low, self.high)

    def _spread(self, key: str, shape: tuple[int, ...], top: int) -> Ints:
        given = np.asarray(getattr(self, key))
        if given.dtype.kind not in "iu":
            raise ValueError(f"{key} of layer {self.name} is {given.dtype}; whole numbers are needed")
        if given.size and (given.min() < 0 or given.max() > top):
            raise ValueError(f"{key} of layer {self.name} must lie between 0 and {top}, not {given.min()} to {given.max()}")
        return np.array(np.broadcast_to(given, shape), dtype=np.int64)

    def _keep(self, key: str, array: NDArray[Any]) -> None:
        array.setflags(write=False)
        object.__setattr__(self, key, array)


def packed(layers: Sequence[Layer]) -> tuple[Any, ...]:
    """Layers in their order as the kernel wants them, with one row ``(l·S + s)·W + w`` a layer, scheme and standing: deductible, band
    ends, ratios and cap; code of each layer, whether a row pays anything, place of the second layer (-1: none), and schemes whose second
    layer looks at cost above the ceiling."""
    bands = max((layer.ppm.shape[-1] for layer in layers), default=1)
    rows = len(layers) * N_SCHEMES * N_STANDINGS

    def stacked(key: str) -> Ints:
        out = np.zeros((len(layers), N_SCHEMES, N_STANDINGS, bands), dtype=np.int64)
        for i, layer in enumerate(layers):
            values = getattr(layer, key)
            out[i, :, :, : values.shape[-1]] = values
        return out.reshape(rows, bands)

    def flat(key: str) -> Ints:
        return np.concatenate([np.zeros(0, dtype=np.int64), *(getattr(layer, key).ravel() for layer in layers)])

    code = np.array([LAYERS.index(layer.name) for layer in layers], dtype=np.int64)
    above = np.zeros(N_SCHEMES, dtype=np.bool_)
    for layer in layers:
        above |= layer.above_ceiling
    ppm = stacked("ppm")
    terms = (flat("deductible"), stacked("low"), stacked("high"), ppm, flat("cap"))
    second = int(np.flatnonzero(code == SECOND)[0]) if SECOND in code else -1
    return (*terms, code, (ppm > 0).any(axis=1), second, above)


def check_bands(name: str, low: Ints, high: Ints) -> None:
    """Bands may not overlap, or a yuan would be paid twice.

    Raises:
        ValueError: two bands of a row do.
    """
    used = high > low
    for i in range(low.shape[-1]):
        for j in range(i):
            overlap = used[..., i] & used[..., j] & (low[..., i] < high[..., j]) & (low[..., j] < high[..., i])
            if overlap.any():
                raise ValueError(f"{name} bands {j} and {i} overlap")
