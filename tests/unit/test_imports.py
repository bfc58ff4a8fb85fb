"""Imports are quick and lazy, public names are there, and the console command is wired."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from importlib.metadata import entry_points

import pytest

import model

HEAVY = ("mesa", "pandas", "solara", "statsmodels", "matplotlib", "networkx", "optuna", "scipy", "numba", "pydantic")


def probe(code: str) -> dict[str, object]:
    """What a fresh interpreter prints as JSON after running the code."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_importing_model_is_quick_and_pulls_nothing_heavy() -> None:
    code = (
        "import json, sys, time; start = time.perf_counter(); import model; took = time.perf_counter() - start\n"
        "print(json.dumps({'took': took, 'modules': sorted(sys.modules)}))"
    )
    answer = probe(code)
    modules = answer["modules"]
    assert isinstance(modules, list)
    assert isinstance(answer["took"], float)
    assert answer["took"] < 1.5
    assert not set(HEAVY) & set(modules)


@pytest.mark.parametrize("name", model.__all__)
def test_public_names_are_found(name: str) -> None:
    assert getattr(model, name).__name__ == name
    assert name in dir(model)


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Town'"):
        _ = model.Town


@pytest.mark.parametrize("package", ["model", "agents", "experiments", "viz", "data"])
def test_packages_say_what_they_are_for(package: str) -> None:
    assert importlib.import_module(package).__doc__


def test_console_command_is_installed() -> None:
    (command,) = entry_points(group="console_scripts", name="yibao")
    assert callable(command.load())
