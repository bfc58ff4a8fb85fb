"""Conduct rules: how a provider changes what it does, from what it can see. One file a rule; found by being in this folder."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from functools import cache
from pathlib import Path

from agents.conduct.protocol import ConductRule, Situation
from model.errors import InputError, nearest

__all__ = ["ConductRule", "Situation", "get_conduct", "list_conducts"]


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
        return _from_file(Path(name))
    if name not in list_conducts():
        raise InputError("unknown conduct rule", found=name, allowed=list_conducts(), nearest=nearest(name, list_conducts()))
    rule: ConductRule = importlib.import_module(f"agents.conduct.{name}").RULE()
    return rule


def _from_file(path: Path) -> ConductRule:
    if not path.is_file():
        raise InputError("no such conduct file", file=str(path))
    spec = importlib.util.spec_from_file_location(f"yibao_conduct_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InputError("not a Python file", file=str(path))
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # the file is the user's: whatever it raises is told, with its place
        raise InputError(f"the conduct file does not run: {error}", file=str(path)) from error
    if not hasattr(module, "RULE"):
        raise InputError("the conduct file defines no RULE", file=str(path), allowed="RULE = <class with revise(situation)>")
    rule: ConductRule = module.RULE()
    return rule
