"""The output folder: whole files only, its own results only, one clear message otherwise."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments import manifest as record
from experiments.store import COLUMNS, Store, appending, open_store, read_results, replacing
from model.errors import InputError

ASKED: dict[str, Any] = {
    "kind": "compare",
    "city": "yuncheng",
    "policies": ["ffs", "dip"],
    "baseline": "ffs",
    "from": "yuncheng_2021",
    "burn_in": 12,
    "switch": 12,
    "scale": 0.02,
    "years": 3,
    "seeds": [1, 2],
    "conduct": "best_response",
    "claims": False,
    "files": {},
}


def rows(value: float = 1.0) -> pd.DataFrame:
    """Make one indicator row."""
    return pd.DataFrame([["ffs-s001", "ffs", 1, "2022", "city", "city", "los_days", value]], columns=list(COLUMNS))


def begun(folder: Path) -> Store:
    """Make a folder in which a command has begun."""
    store = Store(folder)
    with store.scratch():
        store.save_manifest(record.fresh(["yibao"], ASKED, {}))
    return store


def test_a_missing_folder_is_accepted_and_not_made(tmp_path: Path) -> None:
    open_store(tmp_path / "new" / "deep", ASKED)
    assert list(tmp_path.iterdir()) == []


def test_the_same_command_may_write_again(tmp_path: Path) -> None:
    begun(tmp_path)
    assert open_store(tmp_path, ASKED).folder == tmp_path


def test_other_files_in_the_folder_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    open_store(tmp_path, ASKED)


@pytest.mark.parametrize(("key", "value"), [("seeds", [1, 2, 3]), ("scale", 0.05), ("city", "xuchang"), ("policies", ["ffs", "quota"])])
def test_a_different_run_is_refused_and_the_difference_named(tmp_path: Path, key: str, value: object) -> None:
    begun(tmp_path)
    before = (tmp_path / "manifest.json").read_bytes()
    with pytest.raises(InputError, match=f"different run: {key} is "):
        open_store(tmp_path, ASKED | {key: value})
    assert (tmp_path / "manifest.json").read_bytes() == before


def test_results_without_a_manifest_are_nobodys_and_refused(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("<html>", encoding="utf-8")
    with pytest.raises(InputError, match=r"holds report.html without a manifest"):
        open_store(tmp_path, ASKED)


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_broken_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="manifest"):
        open_store(tmp_path, ASKED)


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="is a file"):
        open_store(tmp_path / "out", ASKED)
    with pytest.raises(InputError, match="cannot be written"):
        open_store(tmp_path / "out" / "deeper", ASKED)


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("experiments.store.tempfile.TemporaryDirectory", refuse)
    with pytest.raises(InputError, match="cannot be written to: Permission denied"):
        open_store(tmp_path, ASKED)


def test_a_run_is_known_by_its_fingerprint(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert not store.holds("ffs-s001", "f1")
    store.save_run("ffs-s001", rows(), "f1")
    assert store.holds("ffs-s001", "f1")
    assert not store.holds("ffs-s001", "f2")


def test_a_damaged_run_does_not_count(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.save_run("ffs-s001", rows(), "f1")
    path = store.run_path("ffs-s001")
    path.write_bytes(path.read_bytes()[:-20])
    assert not store.holds("ffs-s001", "f1")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("old", encoding="utf-8")

    def fail() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half", encoding="utf-8")
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text(encoding="utf-8") == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]


def test_runs_are_joined_in_order(tmp_path: Path) -> None:
    store = begun(tmp_path)
    store.save_run("ffs-s001", rows(1.0), "f")
    store.save_run("dip-s001", rows(2.0).assign(run_id="dip-s001", policy="dip"), "f")
    store.collect(["ffs-s001", "dip-s001"])
    joined = read_results(tmp_path).indicators
    assert list(joined.columns) == list(COLUMNS)
    assert joined["value"].tolist() == [1.0, 2.0]


def test_an_unfinished_folder_is_read_from_its_finished_runs(tmp_path: Path) -> None:
    store = begun(tmp_path)
    store.save_run("ffs-s001", rows(7.0), "f")
    results = read_results(tmp_path)
    assert results.indicators["value"].tolist() == [7.0]
    assert results.comparison.empty
    assert results.manifest["finished"] is None


def test_claims_are_appended_into_one_file(tmp_path: Path) -> None:
    path = tmp_path / "claims" / "dip-s001.parquet"
    with appending(path) as append:
        append(pd.DataFrame({"month": ["2022-01"], "charge": [100]}))
        append(pd.DataFrame({"month": ["2022-02"], "charge": [200]}))
    assert pd.read_parquet(path)["charge"].tolist() == [100, 200]


def test_what_a_killed_process_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / ".scratch-999999999").mkdir()
    with Store(tmp_path).scratch() as scratch:
        assert scratch.name == f".scratch-{os.getpid()}"
    assert list(tmp_path.iterdir()) == []


def test_a_manifest_has_every_published_key(tmp_path: Path) -> None:
    begun(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert set(record.KEYS) <= set(manifest)


def test_a_folder_without_results_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no manifest"):
        read_results(tmp_path)
    begun(tmp_path)
    with pytest.raises(InputError, match="no run has finished"):
        read_results(tmp_path)
