"""Running many cities: one history a seed, results that do not depend on processes, finished runs kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments.failures import RunError
from experiments.running import execute, outcomes
from experiments.setting import Setting, checked
from experiments.store import Store, open_store, read_results
from model.errors import InputError
from tests.unit.standin import StandIn

POLICIES = ("ffs", "dip", "quota")


def setting(**changes: Any) -> Setting:
    """Make a comparison of three policies with two seeds over one year."""
    asked: dict[str, Any] = {
        "city": "yuncheng",
        "policies": POLICIES,
        "baseline": None,
        "start": None,
        "burn_in": 2,
        "switch": 12,
        "scale": 0.02,
        "years": 1,
        "seeds": 2,
        "conduct": "best_response",
        "claims": False,
    }
    return checked("compare", **(asked | changes))


def carry_out(out: Path, asked: Setting, **options: Any) -> None:
    """Run a setting with stand-ins for cities."""
    arguments: dict[str, Any] = {"jobs": 1, "load": StandIn.load} | options
    execute(asked, open_store(out, asked.asked()), **arguments)


def test_every_policy_starts_from_its_seeds_one_history(tmp_path: Path) -> None:
    log = tmp_path / "loads"
    carry_out(tmp_path / "out", setting(), load=partial(StandIn.load, log=str(log)))
    assert sorted(log.read_text(encoding="utf-8").split()) == ["1", "2"]
    table = read_results(tmp_path / "out").indicators
    history = table[table["period"] == "2021"]
    assert history.groupby("seed")["value"].nunique().tolist() == [1, 1]
    after = table[table["period"] == "2022"].set_index(["policy", "seed"])["value"]
    assert after["dip", 2] == pytest.approx(200 - 0.3)
    assert after["quota", 1] == pytest.approx(100 - 0.5)


def test_results_do_not_depend_on_the_number_of_processes(tmp_path: Path) -> None:
    carry_out(tmp_path / "one", setting(), jobs=1)
    carry_out(tmp_path / "two", setting(), jobs=2)
    for name in ("indicators.parquet", "comparison.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_comparison_starts_with_the_switch(tmp_path: Path) -> None:
    carry_out(tmp_path, setting(years=2))
    comparison = read_results(tmp_path).comparison
    assert sorted(set(comparison["period"])) == ["2022", "2022-2023", "2023"]
    dip = comparison.query("policy == 'dip' and period == '2022-2023'").iloc[0]
    assert dip["baseline"] == "ffs"
    assert dip["difference"] == pytest.approx(0)
    quota = comparison.query("policy == 'quota' and period == '2022'").iloc[0]
    assert quota["difference"] == pytest.approx(-0.2)
    assert quota["n_seeds"] == 2


def test_the_manifest_tells_what_was_done(tmp_path: Path) -> None:
    asked = setting()
    carry_out(tmp_path, asked, command=["yibao", "compare"])
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["command"] == "yibao compare"
    assert manifest["policies"] == list(POLICIES)
    assert manifest["baseline"] == "ffs"
    assert manifest["from"] == "yuncheng_2021"
    assert manifest["seeds"] == [1, 2]
    assert manifest["finished"] >= manifest["started"]
    assert manifest["peak_mib"] > 1
    assert set(manifest["fingerprints"]["runs"]) == {run_id for run_id, _, _ in asked.runs()}


def test_a_repeated_command_simulates_nothing_again(tmp_path: Path) -> None:
    carry_out(tmp_path / "out", setting())
    before = (tmp_path / "out" / "comparison.csv").read_bytes()
    log = tmp_path / "loads"
    carry_out(tmp_path / "out", setting(), load=partial(StandIn.load, log=str(log)))
    assert not log.exists()
    assert (tmp_path / "out" / "comparison.csv").read_bytes() == before


def test_a_repeated_command_does_only_what_is_missing(tmp_path: Path) -> None:
    carry_out(tmp_path / "out", setting())
    Store(tmp_path / "out").run_path("dip-s002").unlink()
    log = tmp_path / "loads"
    carry_out(tmp_path / "out", setting(), load=partial(StandIn.load, log=str(log)))
    assert log.read_text(encoding="utf-8").split() == ["2"]


def test_a_changed_city_file_replaces_the_runs(tmp_path: Path) -> None:
    import data

    text = data.folder("cities", "yuncheng.toml").read_text(encoding="utf-8")
    city = tmp_path / "mine.toml"
    city.write_text(text, encoding="utf-8")
    carry_out(tmp_path / "out", setting(city=city))
    log = tmp_path / "loads"
    again = partial(StandIn.load, log=str(log))
    city.write_text(text + "\n# a remark changes nothing\n", encoding="utf-8")
    carry_out(tmp_path / "out", setting(city=city), load=again)
    assert not log.exists()
    assert "value = 15.2," in text
    city.write_text(text.replace("value = 15.2,", "value = 15.3,", 1), encoding="utf-8")
    carry_out(tmp_path / "out", setting(city=city), load=again)
    assert sorted(log.read_text(encoding="utf-8").split()) == ["1", "2"]


def test_a_failed_run_loses_nothing_else(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="quota-s001: ZeroDivisionError: no cases to settle"):
        carry_out(tmp_path, setting(), load=partial(StandIn.load, fails_under="quota"))
    results = read_results(tmp_path)
    assert set(results.indicators["policy"]) == {"ffs", "dip"}
    assert set(results.comparison["policy"]) == {"dip"}
    assert results.manifest["finished"] is None


def test_a_killed_worker_is_told_and_loses_no_finished_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="ended from outside, most likely for lack of memory"):
        carry_out(tmp_path, setting(), jobs=2, load=partial(StandIn.load, killed_under="quota"))
    assert "quota" not in set(read_results(tmp_path).indicators["policy"])
    assert not list(tmp_path.glob(".scratch-*"))


def test_a_failed_history_has_no_policies_and_leaves_nothing_to_compare(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="history-s001"):
        carry_out(tmp_path, setting(), load=partial(StandIn.load, fails_under="yuncheng_2021"))
    assert not (tmp_path / "indicators.parquet").exists()


def test_claims_are_kept_by_run_and_the_history_once(tmp_path: Path) -> None:
    carry_out(tmp_path, setting(claims=True, seeds=1))
    names = sorted(path.stem for path in (tmp_path / "claims").iterdir())
    assert names == ["dip-s001", "ffs-s001", "history-s001", "quota-s001"]
    assert len(pd.read_parquet(tmp_path / "claims" / "dip-s001.parquet")) == 12
    assert pd.read_parquet(tmp_path / "claims" / "history-s001.parquet")["month"].iloc[0] == "2021-01"


def test_progress_ends_with_all_months(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    carry_out(tmp_path, setting(), progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (2 * (2 + 12) + 6 * 12,) * 2


def test_nothing_but_results_is_left_in_the_folder(tmp_path: Path) -> None:
    carry_out(tmp_path, setting(), jobs=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["comparison.csv", "indicators.parquet", "manifest.json", "runs"]


def test_outcomes_are_city_wide_means_over_the_years() -> None:
    rows = [("2021", "city", 1.0), ("2022", "city", 3.0), ("2022-01", "city", 50.0), ("2022", "tier", 99.0)]
    table = pd.DataFrame(rows, columns=["period", "unit_type", "value"]).assign(indicator="los_days")
    assert outcomes(table) == {"los_days": 2.0}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scale": 0}, "scale: the scale is the share of people"),
        ({"scale": -0.1}, "scale: the scale is the share of people"),
        ({"scale": 1.5}, "scale: the scale is the share of people"),
        ({"scale": float("nan")}, "scale: the scale is the share of people"),
        ({"scale": 1e-4}, "scale: too few people"),
        ({"years": 0}, "--years: out of range: found 0"),
        ({"years": 51}, "--years: out of range"),
        ({"seeds": 0}, "--seeds: out of range"),
        ({"seeds": [1, 1]}, "--seeds"),
        ({"seeds": [-1]}, "--seed: out of range"),
        ({"burn_in": -1}, "--burn-in: out of range"),
        ({"switch": -12}, "--switch: out of range"),
        ({"city": "yunchen"}, "unknown city.*did you mean 'yuncheng'"),
        ({"policies": ("ffs", "dipp")}, "unknown policy.*did you mean 'dip'"),
        ({"start": "yuncheng_2012"}, "unknown policy.*did you mean 'yuncheng_2021'"),
        ({"policies": ()}, "no policy is named"),
        ({"policies": ("ffs",)}, "at least two"),
        ({"policies": ("ffs", "ffs")}, "the same policy twice"),
        ({"baseline": "quot"}, "--baseline.*did you mean 'quota'"),
        ({"conduct": "best_respons"}, "unknown conduct rule.*did you mean 'best_response'"),
        ({"conduct": "nowhere.py"}, "no such file"),
    ],
)
def test_bad_input_is_one_message(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        setting(**changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("jobs", [0, -2])
def test_a_number_of_processes_that_cannot_be_is_refused_before_anything_is_written(tmp_path: Path, jobs: int) -> None:
    with pytest.raises(InputError, match="--jobs"):
        carry_out(tmp_path / "out", setting(), jobs=jobs)
    assert not (tmp_path / "out").exists()


INTERRUPTED = """
import signal, sys
from functools import partial
from pathlib import Path
from tests.unit.standin import StandIn
from tests.unit.test_running import carry_out, setting
def leave(number, frame):
    raise KeyboardInterrupt
if __name__ == "__main__":
    signal.signal(signal.SIGTERM, leave)
    try:
        carry_out(Path(sys.argv[1]), setting(years=3, seeds=1), jobs=2, load=partial(StandIn.load, seconds=0.05))
    except KeyboardInterrupt:
        sys.exit(130)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_finished_runs_and_leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED, encoding="utf-8")
    out = tmp_path / "out"
    command = [sys.executable, str(script), str(out)]
    child = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}, start_new_session=True)
    try:
        wait_for(lambda: any(out.glob("runs/*.parquet")), child)
        child.send_signal(number)
        assert child.wait(timeout=30) == 130
    finally:
        child.kill()
    assert 1 <= len(read_results(out).indicators["run_id"].unique()) < 3
    assert not list(out.glob(".scratch-*"))
    assert session_members(child.pid) == []


def test_workers_do_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED, encoding="utf-8")
    command = [sys.executable, str(script), str(tmp_path / "out")]
    child = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}, start_new_session=True)
    wait_for(lambda: any((tmp_path / "out").glob("runs/*.parquet")), child)
    child.kill()
    child.wait(timeout=30)
    wait_for(lambda: not session_members(child.pid), None)


def wait_for(happened: Any, child: subprocess.Popen[bytes] | None) -> None:
    """Wait until something has happened; fail after half a minute or when the child has ended before."""
    end = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < end
        assert child is None or child.poll() is None
        time.sleep(0.05)


def session_members(session: int) -> list[str]:
    """Return the command lines of living processes of a session, from ps."""
    listing = subprocess.run(["ps", "-s", str(session), "-o", "stat=,args="], capture_output=True, text=True, check=False)
    return [line for line in listing.stdout.splitlines() if not line.startswith("Z")]
