"""Texts: every key used is there in both languages, nothing Chinese hides in code, and names follow their files."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from model.errors import InputError
from model.indicators import INDICATORS
from model.payment import get_mode, list_modes
from viz import colors, labels, summaries
from viz.labels import LANGUAGES, text

VIZ = Path(labels.__file__).parent
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
KEY = re.compile(r"^[a-z]+\.[a-z_0-9]+$")


def strings_in_code(path: Path) -> list[tuple[int, str]]:
    """Every text constant of a file with its line, docstrings left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare
    ]


def keys_used() -> tuple[set[str], set[str]]:
    """Keys written out in code and templates, and the beginnings of those put together."""
    whole, begun = set(), set()
    for path in VIZ.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        whole |= {found for _, found in strings_in_code(path) if KEY.match(found)}
        begun |= set(re.findall(r'f"([a-z]+\.(?:[a-z_]+_)?)\{', source))
    for path in VIZ.rglob("*.j2"):
        source = path.read_text(encoding="utf-8")
        whole |= {found for found in re.findall(r'"([a-z]+\.[a-z_0-9]+)"', source) if not found.endswith(".html")}
        begun |= set(re.findall(r'"([a-z]+\.)" ~', source))
    return whole, begun


def test_every_text_stands_in_both_languages_with_the_same_gaps() -> None:
    for key, texts in labels.strings().items():
        assert set(texts) == set(LANGUAGES), key
        gaps = [{name for _, name, _, _ in string.Formatter().parse(texts[lang]) if name} for lang in LANGUAGES]
        assert gaps[0] == gaps[1], key
        assert all(texts[lang].strip() or key.startswith("words.") for lang in LANGUAGES), key


def test_every_key_used_is_there() -> None:
    whole, begun = keys_used()
    tables = {key.split(".")[0] for key in labels.strings()}
    missing = {key for key in whole if key.split(".")[0] in tables} - set(labels.strings())
    assert not missing
    assert all(any(key.startswith(start) for key in labels.strings()) for start in begun if start.split(".")[0] in tables)


def test_no_text_is_left_that_nobody_uses() -> None:
    whole, begun = keys_used()
    named_tables = ("place", "group", "unit", "report")
    unused = {
        key
        for key in labels.strings()
        if key not in whole and not any(key.startswith(start) for start in begun) and key.split(".")[0] not in named_tables
    }
    assert not unused


def test_a_missing_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        text("app.nothing_of_the_kind", "zh")


@pytest.mark.parametrize("path", sorted(VIZ.rglob("*.py")), ids=lambda path: path.name)
def test_no_chinese_text_in_code(path: Path) -> None:
    assert [(line, found) for line, found in strings_in_code(path) if CHINESE.search(found)] == []


@pytest.mark.parametrize("name", sorted(INDICATORS))
def test_every_indicator_has_label_unit_and_formula(name: str) -> None:
    for lang in LANGUAGES:
        assert labels.indicator(name, lang)
        assert f"unit.{labels.unit_of(name)}" in labels.strings()
        assert labels.formula(name, lang)
    assert CHINESE.search(labels.formula(name, "zh")) or "÷" in labels.formula(name, "zh")


def test_formulas_are_of_indicators_that_exist() -> None:
    assert set(labels.formulas()) == set(INDICATORS)


def test_groups_name_indicators_of_the_registry_once() -> None:
    named = [name for names in summaries.GROUPS.values() for name in names]
    assert set(named) <= set(INDICATORS)
    assert len(named) == len(set(named))


def test_policies_and_cities_are_called_what_their_files_say() -> None:
    assert labels.policy("dip", "zh").endswith("（DIP）")
    assert labels.policy_short("dip", "en") == "DIP"
    assert labels.policy_short("ffs", "en") == labels.policy("ffs", "en")
    assert labels.city("yuncheng", "en") == "Yuncheng"
    assert labels.policy("gone", "zh") == "gone"
    assert labels.city("somewhere/else.toml", "zh") == "else"


def test_the_status_line_tells_our_city_from_a_users_own() -> None:
    assert labels.data_status("yuncheng", "en") == text("status.data", "en")
    assert "mine.toml" in labels.data_status("folder/mine.toml", "en")


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(InputError, match="fr"):
        labels.checked_language("fr")


def test_policies_have_different_colours_on_light_and_dark() -> None:
    names = ["ffs", "quota", "dip", "capitation", "package", "global", "yuncheng_2021", "xuchang_2019", "gone"]
    for dark in (False, True):
        found = colors.colors_of(names, dark=dark)
        assert list(found) == names
        assert len(set(found.values())) == len(names)
    assert colors.colors_of(["dip"])["dip"] == "#C04F00"
    assert colors.colors_of(["dip"], dark=True)["dip"] == "#FF9E4A"


def test_every_mode_has_a_colour_for_a_dark_ground_too() -> None:
    """Lighter than the one on white, and unlike every other."""
    of_modes = [get_mode(name).color for name in list_modes()]
    light = [colors.DARK[color] for color in of_modes]
    assert len(set(light)) == len(of_modes)
    assert all(
        sum(bytes.fromhex(on_dark[1:])) > sum(bytes.fromhex(on_white[1:])) for on_dark, on_white in zip(light, of_modes, strict=True)
    )
