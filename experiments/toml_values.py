"""Other values in a settings file: the value and source of single lines change, every other byte stays."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.toml_lines import lines_of
from model.errors import InputError
from model.policy.loader import read_text

_VALUE = re.compile(r"(\bvalue\s*=\s*)([^,}\n]+?)(\s*[,}])")
_SOURCE = re.compile(r'(\bsource\s*=\s*)("(?:[^"\\]|\\.)*"|\'[^\']*\')')


def changed_text(file: Path, values: Mapping[str, float], source: str) -> str:
    """Text of a settings file with other numbers at dotted paths, all from the one source.

    Raises:
        InputError: a path that is not there, or whose value and source do not stand on one line.
    """
    text = read_text(file)
    lines, where = text.splitlines(keepends=True), lines_of(text)
    for path, value in values.items():
        place = tuple(path.split("."))
        if place not in where:
            raise InputError("no such setting", file=file, path=path)
        number = where[place] - 1
        line, found = _VALUE.subn(rf"\g<1>{value:.4g}\g<3>", lines[number])
        line, named = _SOURCE.subn(lambda match: match.group(1) + json.dumps(source, ensure_ascii=False), line)
        if found != 1 or named != 1:
            raise InputError("value and source must stand on one line to be written", file=file, path=path, found=lines[number].strip())
        lines[number] = line
    made = "".join(lines)
    if _without(tomllib.loads(made), values) != _without(tomllib.loads(text), values):
        raise InputError("a value cannot be told from the rest of its line", file=file, path=", ".join(values))
    return made


def _without(raw: dict[str, Any], paths: Mapping[str, float]) -> dict[str, Any]:
    """The data without value and source at the paths."""
    for path in paths:
        place = raw
        for key in path.split("."):
            place = place[key]
        for key in ("value", "source"):
            place.pop(key, None)
    return raw
