"""The world without anybody's intentions. Public names are handed out on first use, so that ``import model`` costs nothing."""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING

from model.kernel_cache import use_own_folder

if TYPE_CHECKING:
    from model.errors import InputError as InputError

_HOMES = {
    "Catalogue": "model.catalogue",
    "City": "model.city",
    "InputError": "model.errors",
    "load_catalogue": "model.catalogue",
    "warm_up": "model.warming",
}

__all__ = ["Catalogue", "City", "InputError", "load_catalogue", "warm_up"]

use_own_folder()
# threads that wait must not spin: on a busy machine spinning costs several times the work itself
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'model' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
