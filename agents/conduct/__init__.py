"""Conduct rules: how a provider changes what it does, from what it can see. One file a rule; found by being in this folder."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path

from agents.conduct.mixture import Mixture, decide, read_mixture
from agents.conduct.protocol import ConductRule, Remembering, Situation, memory_size
from model.errors import InputError, nearest
from model.plugins import load_file

__all__ = [
    "ConductRule",
    "Mixture",
    "Remembering",
    "Situation",
    "decide",
    "get_conduct",
    "get_conduct_class",
    "get_conducts",
    "list_conducts",
    "memory_size",
    "read_mixture",
]
_NO_RULES = ("mixture", "protocol")


@cache
def list_conducts() -> tuple[str, ...]:
    """Names of the rules in the folder, sorted."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules([str(Path(__file__).parent)]) if m.name not in _NO_RULES))


def get_conduct_class(name: str) -> type[ConductRule]:
    """The class of a rule by its name, or by a path to a Python file that defines it as ``RULE``.

    Raises:
        InputError: no such rule, or the file defines none.
    """
    if name.endswith(".py"):
        made: type[ConductRule] = load_file(Path(name), "RULE").RULE
        return made
    if name not in list_conducts():
        raise InputError("unknown conduct rule", found=name, allowed=list_conducts(), nearest=nearest(name, list_conducts()))
    kind: type[ConductRule] = importlib.import_module(f"agents.conduct.{name}").RULE
    return kind


def get_conduct(name: str) -> ConductRule:
    """A rule by its name or file, ready to decide (see :func:`get_conduct_class`)."""
    return get_conduct_class(name)()


def get_conducts(text: str) -> tuple[Mixture, tuple[ConductRule, ...]]:
    """What a user names as conduct: who follows which rule, and the rules in the order of their numbers.

    Raises:
        InputError: a mixture that cannot be read, or a rule in it that is not there.
    """
    mixture = read_mixture(text)
    return mixture, tuple(get_conduct(name) for name in mixture.names)
