"""Failure of the kidneys: who is on maintenance haemodialysis, and how many sessions a month brings."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from model.calendar import EPOCH
from model.decisions import Decision
from model.illness import onsets_that_keep
from model.people import People
from model.population import PopulationPlan, Vector, band_of
from model.streams import Word, draw, month_slot, seed_keys, u01, uniforms

_KIDNEY = int(Decision.KIDNEY)
_BLOCK_MONTH, _BLOCK_START, _BLOCK_SESSIONS = range(3)
MONTHS = 12.0


@dataclass(frozen=True)
class DialysisRules:
    """How common it is, how deadly, and how often people are dialysed (sources: the city file).

    Attributes:
        prevalence: (6,) share of people on dialysis at the start, by age band of AGE_BANDS; onsets keep it (assumption: in truth it rises).
        deaths_added: deaths per person on dialysis and year beyond those of others of the age.
        sessions: mean sessions a person and month.
    """

    prevalence: NDArray[np.float64]
    deaths_added: float
    sessions: float


@dataclass(frozen=True)
class Dialysis:
    """The rules made ready for the months of one city.

    Attributes:
        prevalence: (6,) as in the rules.
        onset: (6,) chance in a month that the kidneys of a person of an age band fail.
        death: chance in a month to die of it.
        sessions: mean sessions a person and month.
    """

    prevalence: NDArray[np.float64]
    onset: NDArray[np.float64]
    death: float
    sessions: float


def prepare_dialysis(rules: DialysisRules, plan: PopulationPlan) -> Dialysis:
    """Make rules ready: onsets are such that each age band's prevalence stays."""
    prevalence = np.asarray(rules.prevalence, dtype=np.float64)
    onset = onsets_that_keep(prevalence[None], rules.deaths_added * prevalence[None], plan)[0] / MONTHS
    return Dialysis(prevalence, np.minimum(onset, 1.0), min(rules.deaths_added / MONTHS, 1.0), rules.sessions)


def start_dialysis(people: People, month: int, seed: int, dialysis: Dialysis) -> None:
    """Draw who is on dialysis at the start, in place."""
    k0, k1 = seed_keys(seed)
    _month(
        people.uid, people.birth_month, people.alive, people.dialysis, k0, k1, month_slot(month, _BLOCK_START), month - EPOCH,
        dialysis.prevalence, 0.0,
    )  # fmt: skip


def update_dialysis(people: People, month: int, seed: int, dialysis: Dialysis) -> int:
    """Onset, and deaths of those who were on dialysis already, in place.

    Returns:
        Deaths.
    """
    k0, k1 = seed_keys(seed)
    return int(
        _month(
            people.uid, people.birth_month, people.alive, people.dialysis, k0, k1, month_slot(month, _BLOCK_MONTH), month - EPOCH,
            dialysis.onset, dialysis.death,
        )
    )  # fmt: skip


def sessions_of(people: People, month: int, seed: int, dialysis: Dialysis) -> tuple[NDArray[np.int32], NDArray[np.int16]]:
    """Rows of the people on dialysis, in order, and their sessions of the month: the mean, its part of a session by chance."""
    row = np.flatnonzero((people.dialysis != 0) & (people.alive != 0)).astype(np.int32)
    part = uniforms(seed, _KIDNEY, month, people.uid[row], block=_BLOCK_SESSIONS)[:, 0]
    count = np.floor(dialysis.sessions + part).astype(np.int16)
    return row[count > 0], count[count > 0]


@numba.njit(cache=True, parallel=True)
def _month(
    uid: Vector, birth_month: Vector, alive: Vector, dialysis: Vector, k0: Word, k1: Word, slot: Word, now: int, onset: Vector,
    death: float,
) -> int:  # fmt: skip
    """Onsets by age band among those not on dialysis, deaths among the others; nobody is drawn for whom neither can come."""
    died = 0
    for row in numba.prange(len(uid)):
        if alive[row] == 0:
            continue
        chance = death if dialysis[row] != 0 else onset[band_of(np.int32(now) - np.int32(birth_month[row]))]
        if chance <= 0.0:
            continue
        word, _, _, _ = draw(k0, k1, _KIDNEY, slot, uid[row])
        if u01(word) < chance:
            if dialysis[row] != 0:
                alive[row] = 0
                died += 1
            else:
                dialysis[row] = 1
    return died
