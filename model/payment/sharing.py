"""Shares of a surplus or an overrun by steps of its size (rules C2, C3)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.payment.protocol import Floats

Steps = Sequence[tuple[float, float, float | Floats]]
"""``(from, to, share)``, from and to as parts of the whole; a share may differ by scheme."""
_ALL = 1e9
"""What an open end of a step is taken for: more than any part of a whole."""


def shared(difference: Floats, whole: Floats, steps: Steps) -> Floats:
    """Σ share × what lies of a difference within each step of the ``whole``; nothing of what is below zero or beyond the last step.

    Args:
        difference: fen by which something passes or misses the whole ``[..., scheme]``.
        whole: fen that steps are parts of, of the same shape; below zero it counts as nothing.
        steps: upwards.
    """
    size = np.maximum(whole, 0.0)
    total = np.zeros_like(difference)
    for start, end, share in steps:
        total += share * (np.clip(difference, 0.0, min(end, _ALL) * size) - np.clip(difference, 0.0, start * size))
    return total
