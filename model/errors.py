"""The one exception for bad input, and the search for the name that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

_LONGEST_FOUND = 80
_CONTROLS = {code: repr(chr(code))[1:-1] for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}
"""What could break a message into lines, as it would be written in a program: keys of a user's file may hold anything."""


class InputError(ValueError):
    """What a user gave cannot be used. Its text is one clear message; the command line prints it and exits with 2.

    Args:
        what: what is wrong, in words ("unknown policy", "out of range").
        file: the file it stands in.
        path: the dotted place in that file, or the option's name ("funds.resident.premium", "--scale").
        found: what was found there.
        allowed: what would have been allowed: words, or the allowed values.
        nearest: the allowed name closest to what was found (see :func:`nearest`).
        line: the line of the file, from 1.

    >>> print(InputError("unknown city", found="yunchen", allowed=["xuchang", "yuncheng"], nearest="yuncheng"))
    unknown city: found 'yunchen'; allowed: xuchang, yuncheng; did you mean 'yuncheng'?
    """

    def __init__(
        self,
        what: str,
        *,
        file: str | Path | None = None,
        path: str | None = None,
        found: object = None,
        allowed: object = None,
        nearest: str | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.file = None if file is None else str(file)
        self.path = path
        self.found = found
        self.allowed = allowed
        self.nearest = nearest
        self.line = line

    def __str__(self) -> str:
        file = self.file if self.line is None else f"{self.file}:{self.line}"
        where = "".join(f"{part}: " for part in (file, self.path) if part)
        known = []
        if self.found is not None:
            known.append(f"found {_shown(self.found)}")
        if self.allowed is not None:
            known.append(f"allowed: {_listed(self.allowed)}")
        if self.nearest is not None:
            known.append(f"did you mean {self.nearest!r}?")
        return (where + self.what + (": " if known else "") + "; ".join(known)).translate(_CONTROLS)


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that ``name`` was probably meant to be, or None when none is close.

    >>> nearest("Yunchen", ["xuchang", "yuncheng"])
    'yuncheng'
    >>> nearest("beijing", ["xuchang", "yuncheng"]) is None
    True
    """
    by_folded = {candidate.casefold(): candidate for candidate in candidates}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def _shown(found: object) -> str:
    text = repr(found)
    return text if len(text) <= _LONGEST_FOUND else text[: _LONGEST_FOUND - 1] + "…"


def _listed(allowed: object) -> str:
    if isinstance(allowed, str) or not isinstance(allowed, Iterable):
        return str(allowed)
    return ", ".join(str(one) for one in allowed)
