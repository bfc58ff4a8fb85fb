"""The words that the command line prints, in Chinese and English, from one table by key."""

from __future__ import annotations

import os
import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from model.errors import InputError, nearest

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


def say(key: str, lang: Language, **values: object) -> str:
    """Return the text of a key in a language, its blanks filled."""
    text: str = table()[key][lang]
    return text.format(**values)


@cache
def table() -> dict[str, dict[str, str]]:
    """Return all texts: key → language → text."""
    return tomllib.loads(Path(__file__).with_name("texts.toml").read_text(encoding="utf-8"))


def checked_language(found: str) -> Language:
    """Return the language, or refuse one that is not there."""
    for language in LANGUAGES:
        if found == language:
            return language
    raise InputError("unknown language", path="--lang", found=found, allowed=LANGUAGES, nearest=nearest(found, LANGUAGES))


def usual_language() -> Language:
    """Return the language of the user's environment where it is Chinese, else English."""
    named = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "zh" if named.lower().startswith("zh") else "en"
