"""Finds payment modes: every file of this folder that defines ``MODE``, a path to such a file, or an installed entry point."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from model.errors import InputError, nearest

ENTRY_POINT_GROUP = "yibao.payment"
_NOT_MODES = {"protocol", "registry", "parameters"}


@cache
def list_modes() -> tuple[str, ...]:
    """Names of all modes in the folder and of installed plug-ins, sorted."""
    own = [m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if m.name not in _NOT_MODES]
    plugged = [point.name for point in entry_points(group=ENTRY_POINT_GROUP)]
    return tuple(sorted({*own, *plugged}))


def get_mode(name: str) -> type[Any]:
    """The class of a mode, by its name or by a path to a Python file that defines ``MODE``.

    Raises:
        InputError: no such mode, or the file defines none.
    """
    if name.endswith(".py"):
        return _from_file(Path(name))
    if name not in list_modes():
        raise InputError("unknown payment mode", found=name, allowed=list_modes(), nearest=nearest(name, list_modes()))
    for point in entry_points(group=ENTRY_POINT_GROUP):
        if point.name == name:
            loaded: type[Any] = point.load()
            return loaded
    found: type[Any] = importlib.import_module(f"model.payment.{name}").MODE
    return found


def _from_file(path: Path) -> type[Any]:
    if not path.is_file():
        raise InputError("no such mode file", file=str(path))
    spec = importlib.util.spec_from_file_location(f"yibao_mode_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InputError("not a Python file", file=str(path))
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # the file is the user's: whatever it raises is told, with its place
        raise InputError(f"the mode file does not run: {error}", file=str(path)) from error
    if not hasattr(module, "MODE"):
        raise InputError("the mode file defines no MODE", file=str(path), allowed="MODE = <class with post, tariff, entitlement>")
    made: type[Any] = module.MODE
    return made
