"""Compiled kernels never outlive a change of any file they were compiled from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from model import kernel_cache

LEAF = '''"""Leaf."""
import numba
@numba.njit(cache=True)
def leaf(x):
    return x + {}
'''
CALLER = '''"""Caller."""
import numba
from model.leaf import leaf
@numba.njit(cache=True)
def caller(x):
    return leaf(x) * 10
'''
PROBE = "from pathlib import Path; from kernel_cache import use_own_folder; use_own_folder(Path.cwd()); "


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A small program with a kernel that calls one of another file."""
    (tmp_path / "model").mkdir()
    (tmp_path / "agents").mkdir()
    (tmp_path / "model" / "__init__.py").write_text("")
    (tmp_path / "model" / "plain.py").write_text("x = 1\n")
    (tmp_path / "model" / "leaf.py").write_text(LEAF.format(1))
    (tmp_path / "model" / "caller.py").write_text(CALLER)
    (tmp_path / "kernel_cache.py").write_text(Path(kernel_cache.__file__).read_text(encoding="utf-8"))
    return tmp_path


def answer(house: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    code = PROBE + "from model.caller import caller; print(caller(1))"
    done = subprocess.run([sys.executable, "-c", code], cwd=house, env=environment, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.strip()


def test_a_changed_callee_is_compiled_anew(house: Path) -> None:
    assert answer(house) == "20"
    (house / "model" / "leaf.py").write_text(LEAF.format(2))
    assert answer(house) == "30"
    assert len(list((house / "model" / "__pycache__").glob("kernels-*"))) == 2


@pytest.mark.parametrize(
    "line",
    ["from model.plain import x", "import model.plain", "from model import other, plain", "from model import (\n    other,\n    plain,\n)"],
)
def test_files_that_kernels_import_count(house: Path, line: str) -> None:
    (house / "model" / "leaf.py").write_text(line + "\n" + LEAF.format("x"))
    before = kernel_cache.fingerprint(house)
    (house / "model" / "plain.py").write_text("x = 2\n")
    assert kernel_cache.fingerprint(house) != before


def test_only_files_of_kernels_count(house: Path) -> None:
    before = kernel_cache.fingerprint(house)
    (house / "model" / "plain.py").write_text("x = 2\n")
    assert kernel_cache.fingerprint(house) == before
    (house / "model" / "leaf.py").write_text(LEAF.format(3))
    assert kernel_cache.fingerprint(house) != before


def test_a_folder_the_user_names_is_left_alone(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", "elsewhere")
    kernel_cache.use_own_folder(house)
    assert os.environ["NUMBA_CACHE_DIR"] == "elsewhere"


def test_oldest_folders_go(house: Path) -> None:
    parent = house / "model" / "__pycache__"
    for age in range(8):
        folder = parent / f"kernels-{age}"
        folder.mkdir(parents=True)
        os.utime(folder, (1000 - age, 1000 - age))
    kernel_cache._forget_oldest(parent, parent / "kernels-current")
    assert sorted(path.name for path in parent.iterdir()) == ["kernels-0", "kernels-1", "kernels-2"]


def test_an_unwritable_installation_uses_the_users_cache(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(house / "cache"))
    assert kernel_cache._writable_parent(house) == house / "cache" / "yibao"


def test_the_program_itself_uses_one() -> None:
    code = "import os, model; print(os.environ['NUMBA_CACHE_DIR'])"
    environment = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert Path(done.stdout.strip()).name == f"kernels-{kernel_cache.fingerprint(Path(kernel_cache.__file__).parents[1])}"
