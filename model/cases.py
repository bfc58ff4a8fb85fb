"""Columns of inpatient cases: what happened (the truth) beside what the insurer is shown (the record)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

FLAG_UPGRADED, FLAG_UPCODED, FLAG_SPLIT, FLAG_LOW_THRESHOLD, FLAG_SHIFTED, FLAG_AUDITED, FLAG_RECOVERED, FLAG_REFERRED, FLAG_RETURNED = (
    1 << i for i in range(9)
)
"""Bits of ``flags``. Split marks both halves of a divided stay."""
FLAG_NAMES = ("upgraded", "upcoded", "split", "low_threshold", "shifted", "audited", "recovered", "referred", "returned")


@dataclass
class Columns:
    """Arrays of one length that are taken, joined and counted together."""

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def take(self, index: NDArray[Any] | slice) -> Any:
        """The rows at ``index`` (positions, a mask, or a slice, which shares memory), as the same kind of table."""
        columns = {f.name: getattr(self, f.name) for f in fields(self)}
        if isinstance(index, slice):
            return type(self)(**{name: column[index] for name, column in columns.items()})
        at = np.flatnonzero(index) if index.dtype == bool else index
        return type(self)(**{name: column.take(at) for name, column in columns.items()})

    @classmethod
    def join(cls, parts: list[Any]) -> Any:
        """All rows of ``parts`` one below the other."""
        return cls(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)})


@dataclass
class CaseTruth(Columns):
    """One inpatient need at one provider, before the provider decides anything.

    Money in fen as float64 (standard charges are expectations, not bookings); ``need`` is the case's cost over its group's mean;
    ``noisy_need`` what admission staff see of it; ``relation`` of the patient to the provider and ``instance``, the mode that covers the
    case if it is written as what it is; the four ``u_*`` are fixed uniforms that say whether a case is eligible for a channel.
    """

    uid: NDArray[np.uint64]
    provider: NDArray[np.int16]
    tier: NDArray[np.int8]
    scheme: NDArray[np.int8]
    group: NDArray[np.int16]
    severity: NDArray[np.int8]
    emergency: NDArray[np.bool_]
    age: NDArray[np.int16]
    need: NDArray[np.float32]
    noisy_need: NDArray[np.float32]
    standard_charge: NDArray[np.float64]
    standard_stay: NDArray[np.float32]
    in_scope_share: NDArray[np.float32]
    recorded_share: NDArray[np.float32]
    relation: NDArray[np.int8]
    instance: NDArray[np.int8]
    head_group: NDArray[np.int16]
    u_code: NDArray[np.float32]
    u_treat: NDArray[np.float32]
    u_split: NDArray[np.float32]
    u_tie: NDArray[np.float32]


@dataclass
class Claims(Columns):
    """One inpatient claim with the truth beside it. Money in integer fen; ``row`` is the person's row in the month of the claim."""

    month: NDArray[np.int32]
    row: NDArray[np.int32]
    uid: NDArray[np.uint64]
    provider: NDArray[np.int16]
    tier: NDArray[np.int8]
    county: NDArray[np.int16]
    scheme: NDArray[np.int8]
    income_fifth: NDArray[np.int8]
    group_true: NDArray[np.int16]
    group_coded: NDArray[np.int16]
    severity: NDArray[np.int8]
    emergency: NDArray[np.bool_]
    age: NDArray[np.int16]
    need: NDArray[np.float32]
    noisy_need: NDArray[np.float32]
    standard_charge: NDArray[np.float64]
    standard_stay: NDArray[np.float32]
    intensity: NDArray[np.float32]
    stay: NDArray[np.int16]
    charge: NDArray[np.int64]
    in_scope: NDArray[np.int64]
    own_pay: NDArray[np.int64]
    basic: NDArray[np.int64]
    second: NDArray[np.int64]
    supplement: NDArray[np.int64]
    aid: NDArray[np.int64]
    account: NDArray[np.int64]
    patient: NDArray[np.int64]
    instance: NDArray[np.int8]
    head_group: NDArray[np.int16]
    head_institution: NDArray[np.bool_]
    units: NDArray[np.float64]
    units_true: NDArray[np.float64]
    gain: NDArray[np.float64]
    flags: NDArray[np.int16]
    readmission: NDArray[np.bool_]
    u_code: NDArray[np.float32]
    u_treat: NDArray[np.float32]
    u_split: NDArray[np.float32]
    u_tie: NDArray[np.float32]

    @property
    def stays(self) -> NDArray[np.bool_]:
        """Claims of a month but those of needless admissions and the second halves of divided stays."""
        # claims stand in person order, so a second half follows the first
        follows = np.zeros(len(self), dtype=bool)
        follows[1:] = self.uid[1:] == self.uid[:-1]
        found: NDArray[np.bool_] = ~self.has(FLAG_LOW_THRESHOLD) & ~(self.has(FLAG_SPLIT) & follows)
        return found

    def has(self, flag: int) -> NDArray[np.bool_]:
        """Which claims carry the flag."""
        marked: NDArray[np.bool_] = (self.flags & flag) != 0
        return marked

    def billed(self, group: NDArray[np.int16], kind_of_group: NDArray[np.int8]) -> dict[str, NDArray[Any]]:
        """What an insurer is shown of the claims if they are written as ``group``: columns by the names a payment mode knows."""
        return {
            "provider": self.provider,
            "scheme": self.scheme,
            "group": group,
            "charge": self.charge.astype(np.float64),
            "in_scope": self.in_scope.astype(np.float64),
            "recorded": self.basic.astype(np.float64),
            "own_pay": self.own_pay.astype(np.float64),
            "stay": self.stay,
            "kind": kind_of_group[group],
            "severity": self.severity,
            "age": self.age,
            "emergency": self.emergency,
            "readmission": self.readmission,
        }
