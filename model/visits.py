"""Outpatient visits: what a visit costs, and monthly cells of visits that the books and tables are kept in."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from model.codes import DIALYSIS, VISIT_KINDS
from model.streams import BLOCKS, draw, u01

CELL_SUMS = ("visits", "charge", "in_scope", "own_pay", "basic", "second", "supplement", "aid", "account", "patient")
(C_VISITS, C_CHARGE, C_IN_SCOPE, C_OWN_PAY, C_BASIC, C_SECOND, C_SUPPLEMENT, C_AID, C_ACCOUNT, C_PATIENT) = range(len(CELL_SUMS))
PARTS = CELL_SUMS[C_BASIC:]
"""Who pays what of a bill: these sum to its charge."""
SPREAD = 0.6
"""Log standard deviation of a visit's charge (assumption)."""
SESSION_SPREAD = 0.1
"""The same of a month's sessions of dialysis, whose package has one price (assumption: drugs beside it)."""


@nb.njit(parallel=True, cache=True)
def charge_visits(
    seed: int,
    month: int,
    decision: int,
    uid: NDArray[np.uint64],
    row: NDArray[np.int32],
    scheme: NDArray[np.uint8],
    kind: NDArray[np.uint8],
    provider: NDArray[np.int16],
    count: NDArray[np.int16],
    mean_charge: NDArray[np.float64],
    in_scope_share: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Charge and in-scope part of each row of visits, fen, by one Philox call a row.

    The charge is lognormal around ``count`` times ``mean_charge[provider, scheme, kind]``; that has ``in_scope_share[scheme, kind]``.
    """
    charge = np.empty(len(row), dtype=np.int64)
    in_scope = np.empty(len(row), dtype=np.int64)
    k0, k1 = np.uint32(seed & 0xFFFFFFFF), np.uint32((seed >> 32) & 0xFFFFFFFF)
    for i in nb.prange(len(row)):
        w0, w1, _, _ = draw(k0, k1, np.uint32(decision), np.uint32(month * BLOCKS + kind[i]), uid[row[i]])
        z = np.sqrt(-2.0 * np.log(u01(w0))) * np.cos(2.0 * np.pi * u01(w1))
        p, s, k = provider[i], scheme[row[i]], kind[i]
        spread = SESSION_SPREAD if k == DIALYSIS else SPREAD
        factor = np.exp(spread * z - 0.5 * spread * spread)
        c = np.int64(np.rint(count[i] * mean_charge[p, s, k] * factor))
        charge[i] = c if c > 0 else 1
        in_scope[i] = np.int64(np.rint(charge[i] * in_scope_share[s, k]))
    return charge, in_scope


@nb.njit(cache=True)
def cell_totals(
    row: NDArray[np.int32],
    provider: NDArray[np.int16],
    scheme: NDArray[np.uint8],
    kind: NDArray[np.uint8],
    county: NDArray[np.uint8],
    own_institution: NDArray[np.bool_],
    count: NDArray[np.int16],
    n_providers: int,
    n_counties: int,
    parts: tuple[NDArray[np.int64], ...],
) -> NDArray[np.int64]:
    """Sums of visits, ``count`` a row, by ``[provider, scheme, kind, county of the patient, assigned to the provider or not, sum]``."""
    out = np.zeros((n_providers, 2, len(VISIT_KINDS), n_counties, 2, len(CELL_SUMS)), dtype=np.int64)
    for i in range(len(row)):
        r = row[i]
        cell = out[provider[i], scheme[r], kind[i], county[r], 1 if own_institution[i] else 0]
        cell[0] += count[i]
        for j in range(len(parts)):
            cell[j + 1] += parts[j][i]
    return out


@nb.njit(cache=True)
def person_totals(
    row: NDArray[np.int32],
    key: NDArray[np.uint8],
    kind: NDArray[np.uint8],
    count: NDArray[np.int16],
    n_keys: int,
    parts: tuple[NDArray[np.int64], ...],
) -> NDArray[np.int64]:
    """Sums of visits, ``count`` of them a row, by a property of the person ``[key, kind, sum]``."""
    out = np.zeros((n_keys, len(VISIT_KINDS), len(CELL_SUMS)), dtype=np.int64)
    for i in range(len(row)):
        cell = out[key[row[i]], kind[i]]
        cell[0] += count[i]
        for j in range(len(parts)):
            cell[j + 1] += parts[j][i]
    return out


def visit_columns(kind: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Columns of visits that only stays have something in; a cell of visits has no one age (assumption: a middle one)."""
    n = len(kind)
    none = np.zeros(n, dtype=np.int8)
    return {
        "stay": np.zeros(n),
        "kind": kind.astype(np.int8),
        "severity": none,
        "age": np.full(n, 50, dtype=np.int16),
        "emergency": none.astype(bool),
        "readmission": none.astype(bool),
    }
