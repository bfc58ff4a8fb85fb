"""What an unbroken or a broken enrolment of residents means for their benefits (rules B1)."""

from __future__ import annotations

from model.units import share_of

__all__ = ["is_waiting", "raised_ceiling"]


def raised_ceiling(base: int, unbroken_years: int, *, after: int, step: int, limit_ppm: int) -> int:
    """Ceiling (fen) of catastrophic insurance after so many unbroken years.

    Each full year beyond ``after`` raises it by ``step``, in all by no more than ``limit_ppm`` of the base.

    >>> raised_ceiling(400_000_00, 6, after=4, step=1_000_00, limit_ppm=200_000)
    40200000
    """
    if min(base, unbroken_years, after, step, limit_ppm) < 0:
        raise ValueError("ceilings, years and steps are not negative")
    return base + min(step * max(0, unbroken_years - after), int(share_of(base, limit_ppm)))


def is_waiting(months_since_return: int, *, months: int, exempt: bool = False) -> bool:
    """Whether who let the cover lapse and has come back still waits: a fixed number of months, none for newborns and the poor.

    >>> [is_waiting(m, months=3) for m in (0, 2, 3)]
    [True, True, False]
    """
    if min(months_since_return, months) < 0:
        raise ValueError("months are not negative")
    return not exempt and months_since_return < months
