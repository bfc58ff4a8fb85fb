"""Keeps compiled kernels in a folder named after the sources they were compiled from, so that none outlives a change.

Numba itself looks only at the file a kernel stands in: a kernel that calls one of another file would go on running the other's old code.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from pathlib import Path

FOLDERS = ("model", "agents")
"""Where kernels are."""

KEPT = 4
"""Folders of compiled kernels kept, so that going back to earlier sources costs nothing."""


_IMPORT = re.compile(rb"^[ \t]*(?:from|import) ((?:model|agents)[\w.]*)(?: import (\([^)]*\)|[^\n(]*))?", re.MULTILINE)
_NAME = re.compile(r"\w+")


def use_own_folder(root: Path | None = None) -> None:
    """Let Numba keep this program's kernels in their folder, unless NUMBA_CACHE_DIR names another; worker processes inherit it."""
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    root = root or Path(__file__).parents[1]
    parent = _writable_parent(root)
    folder = parent / f"kernels-{fingerprint(root)}"
    _forget_oldest(parent, folder)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    if "numba" in sys.modules:  # it has read its settings already
        sys.modules["numba"].config.CACHE_DIR = str(folder)


def fingerprint(root: Path) -> str:
    """Short hash of every file that holds a kernel, and of all that those import (functions, constants); others do not matter."""
    waiting = [path for folder in FOLDERS for path in (root / folder).rglob("*.py") if b"numba" in path.read_bytes()]
    matter: dict[str, bytes] = {}
    while waiting:
        path = waiting.pop()
        name = path.relative_to(root).as_posix()
        if name not in matter:
            matter[name] = path.read_bytes()
            waiting += _imported(matter[name], root)
    made = hashlib.sha256()
    for name in sorted(matter):
        made.update(name.encode() + b"\0" + matter[name] + b"\0")
    return made.hexdigest()[:16]


def _imported(source: bytes, root: Path) -> list[Path]:
    """Files of ours that a source imports, as modules or as packages, or from a package by name."""
    candidates = []
    for module, names in _IMPORT.findall(source):
        place = root.joinpath(*module.decode().split("."))
        candidates += [place.with_suffix(".py"), place / "__init__.py"]
        candidates += [place / f"{name}.py" for name in _NAME.findall(names.decode())]
    return [path for path in candidates if path.is_file()]


def _writable_parent(root: Path) -> Path:
    beside = root / "model"
    if os.access(beside, os.W_OK):
        return beside / "__pycache__"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "yibao"


def _forget_oldest(parent: Path, current: Path) -> None:
    others = sorted((path for path in parent.glob("kernels-*") if path != current), key=_age)
    for path in others[KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def _age(path: Path) -> float:
    try:
        return -path.stat().st_mtime
    except FileNotFoundError:  # another process removed it first
        return 0.0
