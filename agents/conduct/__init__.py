"""Conduct rules: how a provider changes what it does, from what it can see. One file a rule; found by being in this folder."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path

from agents.conduct.protocol import ConductRule, Remembering, Situation, memory_size
from model.errors import InputError, nearest
from model.plugins import load_file

__all__ = ["ConductRule", "Remembering", "Situation", "get_conduct", "list_conducts", "memory_size"]


@cache
def list_conducts() -> tuple[str, ...]:
    """Names of the rules in the folder, sorted."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if m.name != "protocol"))


def get_conduct(name: str) -> ConductRule:
    """A rule by its name, or by a path to a Python file that defines ``RULE``.

    Raises:
        InputError: no such rule, or the file defines none.
    """
    if name.endswith(".py"):
        made: ConductRule = load_file(Path(name), "RULE").RULE()
        return made
    if name not in list_conducts():
        raise InputError("unknown conduct rule", found=name, allowed=list_conducts(), nearest=nearest(name, list_conducts()))
    rule: ConductRule = importlib.import_module(f"agents.conduct.{name}").RULE()
    return rule
