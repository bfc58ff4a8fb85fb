"""What supervision found in one month's claims: read by whatever follows from a finding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.supervision.terms import AUDITED_CHANNELS

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Findings:
    """Masks and money ``[channel, claim]``, channels as in ``AUDITED_CHANNELS``, claims as in the month's table.

    Attributes:
        provider: of each claim.
        by_rule: mask of each smart rule, by its name.
        flagged: any rule of the channel flags the claim; the desk reviews it.
        checked: drawn for an audit of the channel.
        distorted: the truth, which nobody but the model sees.
        found: distorted, and the desk or the audit finds it.
        by_audit: found by the audit, whatever the desk says.
        disputed: clean, and disputed wrongly.
        taken: fen taken back.
    """

    provider: NDArray[np.int16]
    by_rule: dict[str, Mask]
    flagged: Mask
    checked: Mask
    distorted: Mask
    found: Mask
    by_audit: Mask
    disputed: Mask
    taken: NDArray[np.int64]

    def row(self, channel: int) -> int:
        """Place of a channel of conduct on the channel axis."""
        return AUDITED_CHANNELS.index(channel)

    def by_provider(self, values: NDArray[np.generic], n_providers: int) -> NDArray[np.float64]:
        """Sums of one of the tables above ``[channel, provider]``."""
        # of masks only what is marked is counted
        if values.dtype == np.bool_:
            return np.stack([np.bincount(self.provider[row], minlength=n_providers).astype(np.float64) for row in values])
        return np.stack([np.bincount(self.provider, weights=row.astype(np.float64), minlength=n_providers) for row in values])
