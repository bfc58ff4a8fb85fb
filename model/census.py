"""Counts of people by county, scheme and income fifth, and of employees' contribution bases: passes over the columns."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from model.units import share_of_one

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
def contribution_base(wage: float, mean: float, floor: float, cap: float) -> int:
    """A month's contribution base in fen: the own wage, at least ``floor`` and at most ``cap`` times the mean wage (rules A2)."""
    return int(np.floor(min(max(wage, floor * mean), cap * mean) + 0.5))


@nb.njit(cache=True)
def credit_accounts(
    alive: NDArray[np.uint8],
    scheme: NDArray[np.uint8],
    retired: NDArray[np.uint8],
    income: NDArray[np.int32],
    balance: NDArray[np.int32],
    wage: int,
    floor: float,
    cap: float,
    account_ppm: int,
    retired_fen: int,
) -> tuple[int, int, int, int, int]:
    """Adds the month's credit to every employee's personal account, in place.

    An active employee's wage is to the mean wage as his income is to that of active employees (assumption); his account gets
    ``account_ppm`` millionths of his contribution base, a retired one's ``retired_fen``.

    Returns:
        Active employees, retired employees, residents, all living; the active ones' contribution bases and all credits, fen.
    """
    active, pensioners, residents, earned = 0, 0, 0, 0
    for i in range(len(alive)):
        if alive[i] == 0:
            continue
        if scheme[i] != 0:
            residents += 1
        elif retired[i] != 0:
            pensioners += 1
        else:
            active += 1
            earned += income[i]
    of_income = wage * active / earned if earned > 0 else 0.0
    bases, credited = 0, pensioners * retired_fen
    for i in range(len(alive)):
        if alive[i] == 0 or scheme[i] != 0:
            continue
        if retired[i] != 0:
            balance[i] += retired_fen
            continue
        base = contribution_base(income[i] * of_income, wage, floor, cap)
        credit = share_of_one(base, account_ppm)
        balance[i] += credit
        bases += base
        credited += credit
    return active, pensioners, residents, bases, credited
