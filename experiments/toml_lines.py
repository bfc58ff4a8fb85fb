"""In which line of a TOML text each key and each list entry stands: a walk over text that is known to be valid."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left

Place = tuple[str | int, ...]
"""A way into the data: keys and positions in lists."""

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_TEXT = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\]|\\.)*"|\'[^\']*\'', re.DOTALL)
_SCALAR = re.compile(r"[^,\]}#\r\n]+")


def lines_of(text: str) -> dict[Place, int]:
    """Line (from 1) of every key, table and list entry of a valid TOML text, by its place in the data.

    >>> lines_of("a = 1\\n[[b]]\\nc = [\\n  2,\\n]")[("b", 0, "c", 0)]
    4
    """
    return _Walk(text).lines


class _Walk:
    """One pass over a text: where it is, in which table, and what it has met."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.ends = [match.start() for match in re.finditer("\n", text)]
        self.lines: dict[Place, int] = {}
        self.counts: dict[Place, int] = {}
        table: Place = ()
        self._skip()
        while self.at < len(text):
            table = self._header() if text[self.at] == "[" else self._pair(table)
            self._skip()

    def _skip(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _met(self, place: Place) -> None:
        self.lines.setdefault(place, bisect_left(self.ends, self.at) + 1)

    def _header(self) -> Place:
        """Take ``[a.b]`` or ``[[a.b]]``; the last entry of a list of tables stands for the list."""
        twice = self.text.startswith("[[", self.at)
        start, self.at = self.at, self.at + (2 if twice else 1)
        keys = self._keys()
        end, self.at = self.at + (2 if twice else 1), start
        place: Place = ()
        for key in keys[:-1]:
            place = self._inside((*place, key))
        place = (*place, keys[-1])
        if twice:
            self.counts[place] = self.counts.get(place, -1) + 1
            self._met(place)
        place = self._inside(place)
        self._met(place)
        self.at = end
        return place

    def _inside(self, place: Place) -> Place:
        self._met(place)
        return (*place, self.counts[place]) if place in self.counts else place

    def _keys(self) -> list[str]:
        """Take a key, dotted or not, up to what follows it."""
        keys = []
        while True:
            self._skip()
            found = _TEXT.match(self.text, self.at) or _BARE.match(self.text, self.at)
            assert found is not None
            word = found.group()
            keys.append(next(iter(tomllib.loads(f"{word} = 0"))))
            self.at = found.end()
            self._skip()
            if self.text[self.at] != ".":
                return keys
            self.at += 1

    def _pair(self, table: Place) -> Place:
        """Take ``key = value`` of a table."""
        start, keys = self.at, self._keys()
        after, self.at = self.at, start
        place = table
        for key in keys:
            place = (*place, key)
            self._met(place)
        self.at = after + 1
        self._value(place)
        return table

    def _value(self, place: Place) -> None:
        self._skip()
        sign = self.text[self.at]
        if sign in "[{":
            self._several(place, "]" if sign == "[" else "}")
            return
        found = _TEXT.match(self.text, self.at) or _SCALAR.match(self.text, self.at)
        assert found is not None
        self.at = found.end()

    def _several(self, place: Place, end: str) -> None:
        """Take a list or an inline table."""
        self.at += 1
        number = 0
        while True:
            self._skip()
            if self.text[self.at] == end:
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
            elif end == "}":
                self._pair(place)
            else:
                self._met((*place, number))
                self._value((*place, number))
                number += 1
