"""Counts of people by county, scheme and income fifth: one pass over the columns."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

CENSUS = ("person_months", "chronic", "controlled", "households", "catastrophic", "impoverished")
"""What is counted, in order; the last three only at a year's end."""
CHUNKS = 64
SUBSISTENCE, POVERTY_LINE = 5000.0, 4000.0
"""Yuan per head and year: what households need first, and the line below which they are poor (assumption, near the 2020 standard)."""
CATASTROPHIC_SHARE = 0.4
"""Own payment over income less subsistence from which it is catastrophic (WHO's definition)."""


@nb.njit(parallel=True, cache=True)
def census(
    alive: NDArray[np.uint8],
    county: NDArray[np.uint8],
    scheme: NDArray[np.uint8],
    income_fifth: NDArray[np.uint8],
    chronic: NDArray[np.uint8],
    controlled: NDArray[np.uint8],
    income: NDArray[np.int32],
    own_payment: NDArray[np.int32],
    n_counties: int,
    year_end: bool,
) -> NDArray[np.int64]:
    """Counts ``[county, scheme, fifth, CENSUS]`` of the living; ``own_payment`` of the year in fen, ``income`` in yuan a year."""
    part = np.zeros((CHUNKS, n_counties, 2, 5, 6), dtype=np.int64)
    size = (len(alive) + CHUNKS - 1) // CHUNKS
    for chunk in nb.prange(CHUNKS):
        for i in range(chunk * size, min((chunk + 1) * size, len(alive))):
            if alive[i] == 0:
                continue
            cell = part[chunk, county[i], scheme[i], income_fifth[i]]
            cell[0] += 1
            if chronic[i] != 0:
                cell[1] += 1
                cell[2] += controlled[i]
            if year_end:
                own = own_payment[i] / 100.0
                earned = float(income[i])
                cell[3] += 1
                if own > CATASTROPHIC_SHARE * max(earned - SUBSISTENCE, 0.1 * earned):
                    cell[4] += 1
                if earned >= POVERTY_LINE and earned - own < POVERTY_LINE:
                    cell[5] += 1
    return part.sum(axis=0)


@nb.njit(cache=True)
def heads_by_area(alive: NDArray[np.uint8], area: NDArray[np.int16], scheme: NDArray[np.uint8], n_areas: int) -> NDArray[np.int64]:
    """Living people ``[area, scheme]``."""
    out = np.zeros((n_areas, 2), dtype=np.int64)
    for i in range(len(alive)):
        if alive[i] != 0:
            out[area[i], scheme[i]] += 1
    return out


@nb.njit(cache=True)
def credit_accounts(
    alive: NDArray[np.uint8],
    scheme: NDArray[np.uint8],
    retired: NDArray[np.uint8],
    balance: NDArray[np.int32],
    active_fen: int,
    retired_fen: int,
) -> tuple[int, int, int]:
    """Adds the month's credit to every employee's personal account, in place.

    Returns:
        Active employees, retired employees, residents; all living.
    """
    active, pensioners, residents = 0, 0, 0
    for i in range(len(alive)):
        if alive[i] == 0:
            continue
        if scheme[i] != 0:
            residents += 1
        elif retired[i] != 0:
            pensioners += 1
            balance[i] += retired_fen
        else:
            active += 1
            balance[i] += active_fen
    return active, pensioners, residents
