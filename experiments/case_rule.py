"""Cases of kind ``rule``: one rule's arithmetic by its name, with inputs and results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from experiments.case_fields import CaseError, Field, read_table, told
from experiments.cases import Line, Prepared
from experiments.toml_lines import Place
from model.errors import nearest

KEYS: Mapping[str, bool] = {"rule": False, "given": False}
"""Keys beyond those of every case, and whether they may be absent."""
PARTS = "rules_of_"
"""How the files of this folder begin whose ``RULES`` a case may name."""


@dataclass(frozen=True)
class Rule:
    """A rule that a case may name.

    Attributes:
        code: section of the collected rules.
        zh, en: what it says, in one line.
        given: its inputs.
        gives: its results.
        compute: asks the model; takes the inputs by name as ``read_table`` gives them (absent ones are not passed).
    """

    code: str
    zh: str
    en: str
    given: Mapping[str, Field]
    gives: Mapping[str, Field]
    compute: Callable[..., Mapping[str, Any]]


@cache
def all_rules() -> Mapping[str, Rule]:
    """Every rule by name, in order of section."""
    found: dict[str, Rule] = {}
    for part in iter_modules([str(Path(__file__).parent)]):
        if part.name.startswith(PARTS):
            found |= import_module(f"experiments.{part.name}").RULES
    return dict(sorted(found.items(), key=lambda item: (item[1].code, item[0])))


def prepare(raw: Mapping[str, Any], place: Place, folder: Path) -> Prepared:
    """A case that can be computed, from its table."""
    rules, name = all_rules(), raw["rule"]
    if not isinstance(name, str) or name not in rules:
        near = nearest(name, rules) if isinstance(name, str) else None
        raise CaseError("unknown rule", (*place, "rule"), found=name, allowed=tuple(rules), near=near)
    rule = rules[name]
    given = read_table(raw["given"], rule.given, (*place, "given"))

    def compute() -> Mapping[str, Any]:
        return rule.compute(**given)

    return Prepared(compute, rule.gives, lambda: _lines(rule, given))


def _lines(rule: Rule, given: Mapping[str, Any]) -> list[Line]:
    """What is given, then what comes out."""
    lines = [Line(rule.zh, rule.en, "", rule.code)]
    for values, fields in ((given, rule.given), (rule.compute(**given), rule.gives)):
        for key, value in values.items():
            lines.append(Line(key, key, _shown(value, fields[key]), ""))
    return lines


def _shown(value: Any, field: Field) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(part, field)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_shown(part, field) for part in value)
    return told(value, field)
