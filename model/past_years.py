"""What past years' stays cost by disease group: the memory behind weights and points, which are made of three years (rules E2)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.cases import Claims
from model.payment import YEARS_KEPT, GroupYear

MONTHS = 12


@dataclass(frozen=True)
class _Year:
    """Stays of the twelve months before month ``end``, one row for each institution, scheme and group that had any."""

    end: int
    provider: NDArray[np.int64]
    scheme: NDArray[np.int64]
    group: NDArray[np.int64]
    cases: NDArray[np.float64]
    charge: NDArray[np.float64]
    days: NDArray[np.float64]


@dataclass
class PastYears:
    """Whole years that have been lived through, the latest first; years never overlap."""

    _years: list[_Year] = field(default_factory=list)

    def keep(self, end: int, months: list[Claims], n_groups: int) -> None:
        """Remembers the claims of the twelve months before month ``end``, as they were written; a year of the same end is replaced."""
        key = np.concatenate([(claims.provider.astype(np.int64) * 2 + claims.scheme) * n_groups + claims.group_coded for claims in months])
        cases = np.bincount(key)
        place = np.flatnonzero(cases)
        provider, rest = np.divmod(place, 2 * n_groups)
        scheme, group = np.divmod(rest, n_groups)
        year = _Year(
            end=end,
            provider=provider,
            scheme=scheme,
            group=group,
            cases=cases[place].astype(np.float64),
            charge=np.bincount(key, weights=np.concatenate([claims.charge for claims in months]))[place],
            days=np.bincount(key, weights=np.concatenate([claims.stay for claims in months]))[place],
        )
        kept = [year]
        for old in self._years:
            if old.end <= kept[-1].end - MONTHS:
                kept.append(old)
        self._years = kept[:YEARS_KEPT]

    def before(self, month: int, tier: NDArray[np.int8], covered: NDArray[np.bool_]) -> tuple[GroupYear, ...]:
        """Years that ended before the twelve months up to ``month``, of the stays ``covered[group, provider, scheme]``."""
        found: list[GroupYear] = []
        for year in self._years:
            if year.end <= month - MONTHS and len(found) < YEARS_KEPT - 1:
                mine = covered[year.group, year.provider, year.scheme]
                provider, counted = year.provider[mine], (year.cases[mine], year.charge[mine], year.days[mine])
                found.append(GroupYear(year.group[mine], provider, tier[provider], year.scheme[mine], *counted))
        return tuple(found)
