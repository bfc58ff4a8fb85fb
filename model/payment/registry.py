"""Finds payment modes: every file of this folder that defines ``MODE``, a path to such a file, or an installed entry point."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from model.errors import InputError, nearest
from model.plugins import load_file

ENTRY_POINT_GROUP = "yibao.payment"
_NOT_MODES = {"protocol", "registry", "parameters", "explanation", "group_costs", "points", "sharing"}


@cache
def list_modes() -> tuple[str, ...]:
    """Names of all modes in the folder and of installed plug-ins, sorted."""
    own = [m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if m.name not in _NOT_MODES]
    return tuple(sorted({*own, *_plugged()}))


@cache
def _plugged() -> dict[str, EntryPoint]:
    """Installed plug-ins by name; to look for them means to read what every installed package says of itself."""
    return {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}


def get_mode(name: str) -> type[Any]:
    """The class of a mode, by its name or by a path to a Python file that defines ``MODE``.

    Raises:
        InputError: no such mode, or the file defines none.
    """
    if name.endswith(".py"):
        made: type[Any] = load_file(Path(name), "MODE").MODE
        return made
    if name not in list_modes():
        raise InputError("unknown payment mode", found=name, allowed=list_modes(), nearest=nearest(name, list_modes()))
    if name in _plugged():
        loaded: type[Any] = _plugged()[name].load()
        return loaded
    found: type[Any] = importlib.import_module(f"model.payment.{name}").MODE
    return found
