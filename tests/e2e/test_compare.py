"""The whole chain through the real command line: a small comparison, its files, its repetition, its interruption."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.comparison import COLUMNS as COMPARISON_COLUMNS
from experiments.manifest import KEYS
from experiments.store import COLUMNS as INDICATOR_COLUMNS
from model.indicators import INDICATORS

YIBAO = [sys.executable, "-c", "from experiments.cli import main; main()"]
POLICIES = ["ffs", "dip", "package"]
SMALL = ["--city", "yuncheng", "--scale", "0.001", "--years", "1", "--seeds", "2", "--burn-in", "3", "--switch", "6", "--jobs", "2"]
CLAIM_COLUMNS = {
    "month",
    "person",
    "provider",
    "tier",
    "county",
    "kind",
    "group_true",
    "group_coded",
    "severity",
    "points_true",
    "points_coded",
    "charge",
    "stay_days",
    "upgraded",
    "split",
    "low_threshold",
    "shifted",
    "audited",
    "recovered",
}
PAYERS = ["fund_basic", "second_layer", "aid", "account", "patient"]
ITEMS = ["drug", "consumable", "test", "service"]


def yibao(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, in which warnings are errors."""
    return subprocess.run([*YIBAO, *arguments], capture_output=True, text=True, check=False, timeout=600, env=environment())


def environment() -> dict[str, str]:
    """Return the environment of a user with an English terminal and no screen."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONWARNINGS": "error", "LC_ALL": "C.UTF-8"}


def compare(out: Path, *more: str) -> list[str]:
    """Return the arguments of the small comparison."""
    return ["compare", "--policies", ",".join(POLICIES), *SMALL, "--out", str(out), *more]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The small comparison with claims, carried out once."""
    out = tmp_path_factory.mktemp("e2e") / "out"
    return out, yibao(*compare(out, "--claims"))


Done = tuple[Path, subprocess.CompletedProcess[str]]


def test_it_succeeds_and_prints_a_table_for_people(done: Done) -> None:
    _, ended = done
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    for heading in ("Cost", "Upcoding and its relatives", "Who is treated where", "Health", "Fund and institutions"):
        assert f"\n {heading} " in ended.stdout
    assert re.search(r"Cost per admission.*±", ended.stdout)


def test_it_writes_the_published_files(done: Done) -> None:
    out, _ = done
    names = {path.name for path in out.iterdir()}
    assert names == {"manifest.json", "indicators.parquet", "comparison.csv", "report.html", "runs", "claims"}


def test_the_manifest_has_the_published_keys(done: Done) -> None:
    manifest = json.loads((done[0] / "manifest.json").read_text(encoding="utf-8"))
    assert set(KEYS) <= set(manifest)
    assert manifest["city"] == "yuncheng"
    assert manifest["policies"] == POLICIES
    assert manifest["baseline"] == "ffs"
    assert manifest["from"] == "yuncheng_2021"
    assert (manifest["burn_in"], manifest["switch"], manifest["years"], manifest["scale"]) == (3, 6, 1, 0.001)
    assert manifest["seeds"] == [1, 2]
    assert manifest["conduct"] == "best_response"
    assert manifest["finished"] is not None


def test_indicators_have_the_published_columns_and_known_names(done: Done) -> None:
    table = pd.read_parquet(done[0] / "indicators.parquet")
    assert list(table.columns) == list(INDICATOR_COLUMNS)
    assert set(table["indicator"]) <= set(INDICATORS)
    assert set(table["run_id"]) == {f"{policy}-s00{seed}" for policy in POLICIES for seed in (1, 2)}
    kinds = {"city", "county", "tier", "scheme", "income_fifth", "severity", "ownership", "kind", "provider"}
    assert kinds <= set(table["unit_type"])
    assert table["period"].str.fullmatch(r"\d{4}(-\d{2})?").all()
    assert np.isfinite(table["value"]).all()


def test_arms_share_their_history_and_part_afterwards(done: Done) -> None:
    table = pd.read_parquet(done[0] / "indicators.parquet")
    months = table[table["period"].str.contains("-")].pivot_table(
        index=["seed", "period", "unit_type", "unit", "indicator"], columns="policy", values="value"
    )
    before = months[months.index.get_level_values("period") < "2021-07"]
    assert len(before) > 1000
    assert (before["ffs"] == before["dip"]).all()
    after = months[months.index.get_level_values("period") >= "2021-07"].dropna()
    assert (after["ffs"] != after["dip"]).any()


def test_the_comparison_has_the_published_columns(done: Done) -> None:
    table = pd.read_csv(done[0] / "comparison.csv", dtype={"period": str})
    assert list(table.columns) == list(COMPARISON_COLUMNS)
    assert set(table["policy"]) == {"dip", "package"}
    assert set(table["baseline"]) == {"ffs"}
    assert table["n_seeds"].between(1, 2).all()
    enough = table[table["n_seeds"] == 2]
    assert ((enough["ci_low"] <= enough["difference"] + 1e-9) & (enough["difference"] <= enough["ci_high"] + 1e-9)).all()
    rounding = 1e-6 * table[["mean_policy", "mean_baseline"]].abs().max(axis=1)  # eight digits are written
    assert ((table["difference"] - (table["mean_policy"] - table["mean_baseline"])).abs() <= rounding).all()


def test_every_claim_adds_up_to_the_fen(done: Done) -> None:
    for path in sorted((done[0] / "claims").glob("*.parquet")):
        claims = pd.read_parquet(path)
        assert set(claims.columns) >= CLAIM_COLUMNS
        assert (claims[PAYERS].sum(axis=1) == claims["charge"]).all()
        assert (claims[ITEMS].sum(axis=1) == claims["charge"]).all()


def test_the_report_opens_without_the_internet(done: Done) -> None:
    page = (done[0] / "report.html").read_text(encoding="utf-8")
    assert "<html" in page
    loading = re.findall(r"<(?:script|img|iframe|source|embed|object)\b[^>]*?\b(?:src|data)=[\"']?([^\"'> ]+)", page)
    loading += re.findall(r"<link\b[^>]*?\bhref=[\"']?([^\"'> ]+)", page) + re.findall(r"url\([\"']?([^\"')]+)", page)
    assert [address for address in loading if not address.startswith(("data:", "#"))] == []


def test_the_same_command_again_only_reads_and_another_is_refused(done: Done) -> None:
    out, _ = done
    before = {path: path.stat().st_mtime_ns for path in out.glob("runs/*")}
    files = {name: (out / name).read_bytes() for name in ("indicators.parquet", "comparison.csv")}
    again = yibao(*compare(out, "--claims", "--quiet"))
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert {path: path.stat().st_mtime_ns for path in out.glob("runs/*")} == before
    assert {name: (out / name).read_bytes() for name in files} == files
    other = yibao(*compare(out))
    assert other.returncode == 2
    assert other.stdout == ""
    assert "different run: claims is True there, False here" in other.stderr
    assert {path: path.stat().st_mtime_ns for path in out.glob("runs/*")} == before


def test_one_process_gives_the_same_bytes(done: Done, tmp_path: Path) -> None:
    arguments = compare(tmp_path / "out", "--claims", "--quiet")
    arguments[arguments.index("--jobs") + 1] = "1"
    ended = yibao(*arguments)
    assert ended.returncode == 0, ended.stderr
    for name in ("indicators.parquet", "comparison.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (done[0] / name).read_bytes()


def test_an_interrupted_command_keeps_what_it_finished_and_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "out"
    child = subprocess.Popen([*YIBAO, *compare(out)], env=environment(), stderr=subprocess.PIPE, start_new_session=True, text=True)
    try:
        end = time.monotonic() + 300
        while not any(out.glob("runs/*.parquet")):
            assert child.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
        os.killpg(child.pid, signal.SIGINT)  # as a terminal does: everybody in the group is told
        _, said = child.communicate(timeout=60)
    finally:
        child.kill()
    assert child.returncode == 130
    assert said.strip() == "interrupted; finished runs are kept"
    kept = {path: path.stat().st_mtime_ns for path in out.glob("runs/*.parquet")}
    assert kept
    assert {path.name for path in out.iterdir()} <= {"manifest.json", "runs", "indicators.parquet", "comparison.csv"}
    again = yibao(*compare(out, "--quiet"))
    assert again.returncode == 0, again.stderr
    assert len(list(out.glob("runs/*.parquet"))) == 6
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_one_run_is_simulated_and_shown(tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ["--city", "yuncheng", "--policy", "dip", "--scale", "0.001", "--years", "1", "--burn-in", "1", "--seed", "7"]
    ended = yibao("run", *options, "--out", str(out), "--lang", "zh")
    assert ended.returncode == 0, ended.stderr
    assert "编码虚高" in ended.stdout
    assert set(pd.read_parquet(out / "indicators.parquet")["run_id"]) == {"dip-s007"}
    assert not (out / "comparison.csv").exists()


def test_the_two_python_functions(tmp_path: Path) -> None:
    script = (
        "from experiments import compare, run\n"
        "if __name__ == '__main__':\n"
        "    outcomes = run(city='yuncheng', policy='dip', scale=0.001, years=1, seed=2, burn_in=1)\n"
        "    assert outcomes['cost_per_admission'] > 1000, outcomes\n"
        "    found = compare('yuncheng', ['ffs', 'quota'], scale=0.001, years=1, seeds=[3, 5], burn_in=1, switch=1)\n"
        "    assert set(found.comparison['policy']) == {'quota'}\n"
        "    assert set(found.indicators['seed']) == {3, 5}\n"
    )
    path = tmp_path / "script.py"
    path.write_text(script, encoding="utf-8")
    ended = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=False, env=environment(), timeout=600)
    assert ended.returncode == 0, ended.stderr
