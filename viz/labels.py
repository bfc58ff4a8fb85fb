"""What things are called in Chinese and English: texts by key, indicators, units, policies, cities."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from model.errors import InputError, nearest

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
STRINGS = Path(__file__).with_name("strings.toml")
FORMULAS = "formula_zh"


def checked_language(found: str) -> Language:
    """Return the language, or refuse one that is not there."""
    for language in LANGUAGES:
        if found == language:
            return language
    raise InputError("unknown language", path="--lang", found=found, allowed=LANGUAGES, nearest=nearest(found, LANGUAGES))


@cache
def strings() -> dict[str, dict[Language, str]]:
    """Return every text by dotted key and language."""
    tables = tomllib.loads(STRINGS.read_text(encoding="utf-8"))
    return {f"{table}.{key}": texts for table, rows in tables.items() if table != FORMULAS for key, texts in rows.items()}


@cache
def formulas() -> dict[str, str]:
    """Return how each indicator is computed, in Chinese, by name."""
    found: dict[str, str] = tomllib.loads(STRINGS.read_text(encoding="utf-8"))[FORMULAS]
    return found


def text(key: str, lang: Language, **values: Any) -> str:
    """Return the text of a key, with the values filled in. An unknown key is a `KeyError`."""
    found = strings()[key][lang]
    return found.format(**values) if values else found


def joined(items: list[str], lang: Language, between: str = "list") -> str:
    """Return items as one text, with the language's own mark between them."""
    return text(f"words.{between}", lang).join(items)


def indicator(name: str, lang: Language) -> str:
    """Return an indicator's label; a name the registry does not know stays as it is."""
    found = _registry().get(name)
    return name if found is None else str(found.label_zh if lang == "zh" else found.label_en)


def unit_of(name: str) -> str:
    """Return an indicator's unit, as the registry writes it."""
    found = _registry().get(name)
    return "" if found is None else str(found.unit)


def better(name: str) -> int:
    """Say whether more of an indicator is better (1), worse (-1), or depends (0)."""
    found = _registry().get(name)
    return 0 if found is None else int(found.better)


def formula(name: str, lang: Language) -> str:
    """Return how an indicator is computed, in words."""
    found = _registry().get(name)
    if found is None:
        return ""
    return formulas().get(name, found.formula) if lang == "zh" else str(found.formula)


def unit(name: str, lang: Language) -> str:
    """Return the text of a unit of the registry."""
    key = f"unit.{name}"
    return text(key, lang) if key in strings() else name


def titled(name: str, lang: Language) -> str:
    """Return an indicator's label with its unit in brackets."""
    return text("words.bracket", lang, a=indicator(name, lang), b=unit(unit_of(name), lang))


def place(code: str, lang: Language) -> str:
    """Return the label of a tier, scheme, severity or ownership; other units keep their name."""
    key = f"place.{code}"
    return text(key, lang) if key in strings() else code


def policy(name: str, lang: Language, files: Mapping[str, str] | None = None) -> str:
    """Return a policy's label, from its file; `files` says where a policy that is not ours lies."""
    found = policy_file(name, files)
    return name if found is None else str(getattr(found.label, lang))


def policy_short(name: str, lang: Language, files: Mapping[str, str] | None = None) -> str:
    """Return a policy's label for tight places: what its brackets hold, where it has them.

    >>> policy_short("dip", "zh")
    'DIP'
    """
    label = policy(name, lang, files)
    inner = re.search(r"[\uff08(]([^\uff08()\uff09]+)[)\uff09]\s*$", label)
    return inner.group(1) if inner else label


def policy_file(name: str, files: Mapping[str, str] | None = None) -> Any:
    """Return a policy as its file states it, or None where the file is no longer there or not as it was."""
    return _load_policy((files or {}).get(name, name))


@cache
def _load_policy(name_or_path: str) -> Any:
    from model.policy.loader import load_policy

    try:
        return load_policy(name_or_path)
    except InputError:
        return None


def city_file(name: str) -> Any:
    """Return a city as its file states it, or None where the file is no longer there or not as it was."""
    from model.policy.loader import load_city

    try:
        return load_city(name)
    except InputError:
        return None


def city(name: str, lang: Language) -> str:
    """Return a city's label, from its file."""
    found = city_file(name)
    return Path(name).stem if found is None else str(getattr(found.label, lang))


def conduct(name: str, lang: Language) -> str:
    """Return a conduct rule's label; shares of rules, and a file that is no longer there, stay as they are."""
    from experiments.setting import titles_of_conduct

    return titles_of_conduct(name)[lang]


def data_status(name: str, lang: Language) -> str:
    """Return the line that says what kind of data a city's results rest on."""
    from model.policy.loader import list_cities

    if name in list_cities():
        return text("status.data", lang)
    return text("status.own_file", lang, name=Path(name).name)


@cache
def _registry() -> Mapping[str, Any]:
    from model.indicators import INDICATORS

    return INDICATORS
