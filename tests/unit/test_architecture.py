"""Who may import whom, who may name a payment mode or policy, and how files begin: read from the source, nothing is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import model
from model.payment.registry import list_modes

ROOT = Path(__file__).parents[2]
PACKAGES = ("model", "agents", "experiments", "viz", "data")

# Floors of the house, lowest first. A module may import its own floor and those below. What is in model/ and not listed is a rule.
FLOORS = ("leaves", "rules", "state", "agents", "city", "experiments", "viz")
LEAVES = {"errors", "codes", "units", "calendar", "columns", "streams", "decisions", "cases", "kernel_cache"}
STATE = {"people", "population", "demography", "illness", "dialysis", "ledger", "invariants", "record"}
"""People and what happens to them of itself, and the books."""

CITY = {"phases", "setup", "city", "claim_table", "warming"}
"""The files that know both rules and agents."""

BANNED_PACKAGES = {
    "leaves": {"mesa", "pandas", "solara", "matplotlib", "networkx"},
    "rules": {"mesa", "pandas", "solara", "matplotlib"},
    "state": {"mesa", "solara", "matplotlib"},
    "agents": {"solara", "matplotlib"},
    "city": {"solara", "matplotlib"},
    "experiments": {"solara", "matplotlib"},
    "viz": set[str](),
}
WITHOUT_CHANCE = ("model.benefits", "model.payment", "model.settlement", "model.quote", "model.policy", "model.ledger")
"""Rules of who pays what: nothing in them is drawn."""

SLOW_TO_IMPORT = {"mesa", "pandas", "solara", "statsmodels", "numba", "optuna", "matplotlib", "scipy", "networkx", "pyarrow", "pydantic"}


@dataclass(frozen=True)
class Import:
    """One import: of which module or name, at which line, and whether when its file is loaded or later, inside a function."""

    target: str
    line: int
    at_load: bool


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def is_module(dotted: str) -> bool:
    place = ROOT.joinpath(*dotted.split("."))
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


def imports_of(path: Path) -> Iterator[Import]:
    """Every import, with public names of ``model`` followed to the module they come from."""
    later = {
        id(inner)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or is_type_checking(node)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            targets = [home_of(node.module or "", alias.name) for alias in node.names]
        else:
            continue
        for target in targets:
            yield Import(target, node.lineno, id(node) not in later)


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def home_of(package: str, name: str) -> str:
    if package == "model" and name in model._HOMES:
        return model._HOMES[name]
    return f"{package}.{name}" if is_module(f"{package}.{name}") else package


def floor_of(dotted: str) -> str | None:
    """The floor a module of ours is on; None for other people's and for data, which anybody may read."""
    parts = dotted.split(".")
    if parts[0] != "model":
        return parts[0] if parts[0] in FLOORS else None
    part = parts[1] if len(parts) > 1 else ""
    if part in LEAVES or not part:
        return "leaves"
    return "state" if part in STATE else "city" if part in CITY else "rules"


def is_root(dotted: str) -> bool:
    """Whether a module is a place where everything comes together: the command line, the page."""
    return dotted == "experiments.cli" or dotted.startswith(("experiments.cli.", "viz.app", "viz.pages"))


def told(path: Path, line: int, what: str) -> str:
    return f"{path.relative_to(ROOT)}:{line}: {what}"


def assert_none(wrong: list[str]) -> None:
    if wrong:
        pytest.fail("\n".join(dict.fromkeys(wrong)), pytrace=False)


def test_lower_floors_know_nothing_of_higher_ones() -> None:
    wrong = []
    for path in sources(*PACKAGES):
        own = floor_of(name_of(path))
        if own is None or is_root(name_of(path)):
            continue
        for found in imports_of(path):
            other = floor_of(found.target)
            if other is not None and FLOORS.index(other) > FLOORS.index(own):
                wrong.append(told(path, found.line, f"{own} may not import {other} ({found.target})"))
    assert_none(wrong)


def test_floors_keep_heavy_packages_out() -> None:
    wrong = []
    for path in sources(*PACKAGES):
        own = floor_of(name_of(path))
        if own is None or is_root(name_of(path)):
            continue
        for found in imports_of(path):
            if found.target.split(".")[0] in BANNED_PACKAGES[own]:
                wrong.append(told(path, found.line, f"{own} may not import {found.target}"))
    assert_none(wrong)


def test_figures_see_tables_and_only_the_page_sees_the_city() -> None:
    wrong = []
    for path in sources("viz"):
        if is_root(name_of(path)):
            continue
        for found in imports_of(path):
            if floor_of(found.target) in {"agents", "city"} or found.target.split(".")[0] == "mesa":
                wrong.append(told(path, found.line, f"viz outside the page may not import {found.target}"))
    assert_none(wrong)


def test_who_pays_what_is_never_drawn() -> None:
    wrong = []
    for path in sources("model"):
        if name_of(path).startswith(WITHOUT_CHANCE):
            wrong += [
                told(path, found.line, f"payment and benefits may not import {found.target}")
                for found in imports_of(path)
                if found.target in {"model.streams", "model.decisions", "random"}
            ]
    assert_none(wrong)


def test_the_command_line_imports_late() -> None:
    wrong = []
    for path in sources("experiments"):
        if not is_root(name_of(path)):
            continue
        for found in imports_of(path):
            ours = floor_of(found.target) not in {None, "leaves"} and not is_root(found.target)
            if found.at_load and (ours or found.target.split(".")[0] in SLOW_TO_IMPORT):
                wrong.append(told(path, found.line, f"import {found.target} inside the function that needs it"))
    assert_none(wrong)


def test_modes_are_met_through_the_registry() -> None:
    own_modes = {f"model.payment.{name}" for name in list_modes()}
    wrong = []
    for path in sources(*PACKAGES):
        if name_of(path).startswith("model.payment"):
            continue
        wrong += [
            told(path, found.line, f"ask the registry, not {found.target}") for found in imports_of(path) if found.target in own_modes
        ]
    assert_none(wrong)


def policy_names() -> set[str]:
    return {path.stem for path in (ROOT / "data" / "policies").glob("*.toml")}


EVERYDAY = {"global", "package", "quota"}
"""Names that are also words: in a sentence or as a variable they need not mean the policy."""


def naming(tree: ast.Module, names: set[str]) -> Iterator[tuple[int, str]]:
    """Line and name wherever code names a mode or policy, in a text or an identifier; documentation and comments may."""
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            sentence = " " in node.value.strip()
            words = set(re.findall(r"[A-Za-z0-9_]+", node.value))
            found = words & (names - EVERYDAY if sentence else names)
        elif isinstance(node, ast.Name | ast.Attribute | ast.arg | ast.keyword | ast.FunctionDef | ast.ClassDef):
            label = next((getattr(node, key) for key in ("id", "attr", "arg", "name") if getattr(node, key, None)), "")
            found = ({label.lower()} | set(label.lower().split("_"))) & (names - EVERYDAY)
        else:
            continue
        for name in sorted(found):
            yield node.lineno, name


def test_nobody_but_payment_and_policy_names_a_mode_or_policy() -> None:
    names = policy_names() | set(list_modes())
    assert {"dip", "ffs"} <= names
    wrong = []
    for path in sources("agents", "model"):
        if not name_of(path).startswith(("model.payment", "model.policy")):
            wrong += [told(path, line, f"names {name!r}") for line, name in naming(tree_of(path), names)]
    assert_none(wrong)


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ('if mode == "dip": pass', ["dip"]),
        ("if mode.is_dip: pass", ["dip"]),
        ('path = "policies/quota.toml"', ["quota"]),
        ('raise ValueError("the quota is spent under dip")', ["dip"]),
        ('"""What dip does."""', []),
        ("quota = 3", []),
        ("def pay(*, ffs=1): pass", ["ffs"]),
    ],
)
def test_naming_is_found_in_code_and_not_in_documentation(code: str, named: list[str]) -> None:
    assert [name for _, name in naming(ast.parse(code), {"dip", "ffs", "quota"})] == named


@pytest.mark.parametrize("path", sources(*PACKAGES, "tests", "benchmarks"), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_begin_with_their_one_job(path: Path) -> None:
    first = tree_of(path).body[0] if tree_of(path).body else None
    assert isinstance(first, ast.Expr), "no docstring"
    assert isinstance(first.value, ast.Constant), "no docstring"
    assert isinstance(first.value.value, str), "no docstring"
    assert first.lineno == 1, "the docstring is not on the first line"
    assert first.value.value.splitlines()[0].strip(), "the docstring's first line is empty"


def test_no_file_is_a_drawer_for_anything() -> None:
    assert not [path for path in sources(*PACKAGES) if path.stem in {"utils", "util", "helpers", "common", "base", "core", "misc"}]
