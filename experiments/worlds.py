"""Worlds that differ from another in a few named values: settings of a city, parameters of a policy's modes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fnmatch import fnmatch

from model.errors import InputError, nearest
from model.payment import get_mode
from model.policy import PolicyFile
from model.policy.leaf import Leaf
from model.policy.loader import replaced
from model.policy.section import Section

EXPERIMENT = "assumption: a simulated experiment"


def with_values[S: Section](section: S, values: Mapping[str, float | Callable[[float], float]]) -> S:
    """A section with other values by dotted path, or with what a function makes of the old ones; a path may hold ``*``.

    Raises:
        InputError: a path under which there is nothing.
    """
    left = set(values)

    def changed(path: str, leaf: Leaf) -> Leaf:
        for pattern, value in values.items():
            if fnmatch(path, pattern):
                left.discard(pattern)
                return _changed(leaf, value) if callable(value) else Leaf.constant(value, leaf.unit, EXPERIMENT)
        return leaf

    made = replaced(section, changed)
    if left:
        raise InputError("no such setting", path=", ".join(sorted(left)))
    return made


def _changed(leaf: Leaf, value: Callable[[float], float]) -> Leaf:
    """Every number of a leaf's history as the function makes it."""
    return Leaf(leaf.unit, tuple(replace(entry, value=value(entry.value), source=EXPERIMENT) for entry in leaf.history))


def with_parameters(policy: PolicyFile, values: Mapping[str, float | str]) -> PolicyFile:
    """A policy in which every mode that declares a parameter has it at another value.

    Raises:
        InputError: a parameter that none of the policy's modes declares.
    """
    modes, known = [], set()
    for mode in policy.modes:
        declared = get_mode(str(policy.kind_path(mode) or mode.kind)).PARAMETERS
        known |= set(declared)
        own = {name: Leaf.constant(value, declared[name].unit or "", EXPERIMENT) for name, value in values.items() if name in declared}
        modes.append(mode.model_copy(update={"parameters": {**mode.parameters, **own}}))
    for name in values:
        if name not in known:
            raise InputError("no mode has this parameter", file=policy.file, path=name, allowed=sorted(known), nearest=nearest(name, known))
    return policy.model_copy(update={"modes": tuple(modes)})
