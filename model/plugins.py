"""Loads a user's Python file as a module that can be found again, by other processes too."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import cloudpickle

from model.errors import InputError


def load_file(path: Path, wanted: str) -> ModuleType:
    """The module in ``path``, which must define ``wanted``; the same file is loaded once a process.

    It is registered under a name of its own, as classes with annotations need, and pickled by value (see :func:`dumps`), so that workers
    who never loaded the file understand what is made of it.

    Raises:
        InputError: no such file, it does not run, or it defines no such name.
    """
    if not path.is_file():
        raise InputError("no such file", file=str(path))
    source = path.read_bytes()
    name = f"yibao_plugin_{path.stem}_{hashlib.sha256(str(path.resolve()).encode() + source).hexdigest()[:12]}"
    if name not in sys.modules:
        _run(name, path)
    module = sys.modules[name]
    if not hasattr(module, wanted):
        raise InputError(f"the file defines no {wanted}", file=str(path))
    return module


def _run(name: str, path: Path) -> None:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError("not a Python file", file=str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # the file is the user's: whatever it raises is told, with its place; Ctrl-C still ends
        del sys.modules[name]
        raise InputError(f"the file does not run: {type(error).__name__}: {error}", file=str(path)) from error
    cloudpickle.register_pickle_by_value(module)


def dumps(made: object) -> bytes:
    """Pickle of something that may hold instances of a user's classes; ``pickle.loads`` reads it anywhere."""
    whole: bytes = cloudpickle.dumps(made)
    return whole
