"""What another conduct rule makes of a finding: verdicts that can be worked out by hand, and comparisons done again rule by rule."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments.failures import RunError
from experiments.robustness import COLUMNS, VERDICTS, counts, survival
from experiments.running import execute_all
from experiments.setting import under_others
from experiments.store import Results, open_store, read_results
from model.errors import InputError
from tests.unit.standin import StandIn
from tests.unit.test_running import setting

PLACES = (("cost_per_admission", "city", "city"), ("intensity", "severity", "mild"))
CLEAR_UP, CLEAR_DOWN, UNCLEAR_UP, UNCLEAR_DOWN = (2.0, 1.0), (-2.0, 1.0), (2.0, 3.0), (-2.0, 3.0)


def comparison(found: dict[tuple[str, str], tuple[float, float]], period: str = "2022") -> pd.DataFrame:
    """Rows of a comparison from {(indicator, policy): (difference, half of the interval)}."""
    rows = [
        {
            "indicator": indicator,
            "unit_type": "severity" if indicator == "intensity" else "city",
            "unit": "mild" if indicator == "intensity" else "yuncheng",
            "period": period,
            "policy": policy,
            "baseline": "ffs",
            "difference": difference,
            "ci_low": difference - half,
            "ci_high": difference + half,
            "relative_pct": 1.0,
            "n_seeds": 3,
        }
        for (indicator, policy), (difference, half) in found.items()
    ]
    return pd.DataFrame(rows)


def verdict(own: tuple[float, float], other: tuple[float, float]) -> str:
    """What another rule makes of one difference."""
    tables = {rule: comparison({("intensity", "dip"): found}) for rule, found in (("mine", own), ("other", other))}
    judged = survival(tables, PLACES, "2022")
    assert judged["conduct"].tolist() == ["mine", "other"]
    assert judged["verdict"].iloc[0] in ("clear", "unclear")
    return str(judged["verdict"].iloc[1])


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        (CLEAR_UP, CLEAR_UP, "holds"),
        (CLEAR_DOWN, CLEAR_DOWN, "holds"),
        (CLEAR_UP, UNCLEAR_UP, "same_sign"),
        (CLEAR_UP, UNCLEAR_DOWN, "lost"),
        (CLEAR_UP, (0.0, 0.0), "lost"),
        (CLEAR_UP, (1e-12, 0.0), "lost"),
        (CLEAR_DOWN, CLEAR_UP, "reversed"),
        (UNCLEAR_UP, CLEAR_DOWN, "appears"),
        (UNCLEAR_UP, UNCLEAR_DOWN, "unclear"),
        ((2.0, math.nan), (2.0, math.nan), "unclear"),
    ],
)
def test_a_finding_under_another_rule(own: tuple[float, float], other: tuple[float, float], expected: str) -> None:
    assert verdict(own, other) == expected


def test_places_stand_in_their_order_and_rules_side_by_side() -> None:
    found = {("intensity", "dip"): CLEAR_UP, ("cost_per_admission", "dip"): CLEAR_UP, ("drug_share", "dip"): CLEAR_UP}
    tables = {"mine": comparison(found), "other": comparison(found)}
    judged = survival(tables, PLACES, "2022")
    assert list(judged.columns) == COLUMNS
    assert judged["indicator"].tolist() == ["cost_per_admission"] * 2 + ["intensity"] * 2
    assert judged["conduct"].tolist() == ["mine", "other"] * 2
    assert survival(tables, PLACES, "2023").empty


def test_what_another_rule_does_not_have_is_left_out() -> None:
    mine = comparison({("intensity", "dip"): CLEAR_UP, ("intensity", "drg"): CLEAR_UP})
    judged = survival({"mine": mine, "other": comparison({("intensity", "drg"): CLEAR_DOWN})}, PLACES, "2022")
    assert judged[["policy", "conduct"]].to_numpy().tolist() == [["dip", "mine"], ["drg", "mine"], ["drg", "other"]]


def test_verdicts_are_counted_by_rule() -> None:
    mine = comparison({("intensity", policy): CLEAR_UP for policy in ("a", "b", "c")})
    one = comparison({("intensity", policy): CLEAR_UP for policy in ("a", "b")} | {("intensity", "c"): CLEAR_DOWN})
    counted = counts(survival({"mine": mine, "one": one, "two": mine}, PLACES, "2022"))
    assert list(counted) == ["one", "two"]
    assert set(counted["one"]) == set(VERDICTS) - {"clear"}
    assert (counted["one"]["holds"], counted["one"]["reversed"], counted["two"]["holds"]) == (2, 1, 3)


# Comparisons done again


class Contrary(StandIn):
    """Cost rises where the stand-in's falls."""

    def switch_policy(self, policy: str) -> None:
        """Start another policy."""
        super().switch_policy(policy)
        self.reduction = -self.reduction


def load(city: str, policy: str | None = None, *, conduct: str, **rest: Any) -> StandIn:
    """Providers who imitate do the contrary."""
    return (Contrary if conduct == "imitation" else StandIn).load(city, policy, conduct=conduct, **rest)


def carry_out(out: Path, conducts: list[str], **options: Any) -> Results:
    asked = setting()
    arguments: dict[str, Any] = {"jobs": 1, "load": load} | options
    execute_all(asked, under_others(asked, conducts), open_store(out, asked.asked()), **arguments)
    return read_results(out)


def test_a_comparison_says_what_survives_another_rule(tmp_path: Path) -> None:
    table = carry_out(tmp_path, ["steady", "imitation"]).robustness
    assert table["conduct"].tolist() == ["best_response", "steady", "imitation"] * 2
    quota = table[table["policy"] == "quota"].set_index("conduct")
    assert quota["difference"].tolist() == pytest.approx([-0.2, -0.2, 0.2])
    assert quota["verdict"].tolist() == ["clear", "holds", "reversed"]
    dip = table[table["policy"] == "dip"]
    assert dip["difference"].tolist() == pytest.approx([0.0, 0.0, 0.0])
    assert set(dip["verdict"]) == {"unclear"}
    assert (tmp_path / "conducts" / "imitation" / "comparison.csv").exists()


def test_progress_is_of_all_rules_together(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    carry_out(tmp_path, ["steady"], progress=lambda done, total: told.append((done, total)))
    months = 2 * (2 + 12) + 3 * 2 * 12
    assert {total for _, total in told} == {2 * months}
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (2 * months, 2 * months)


def test_only_what_is_missing_is_done_again(tmp_path: Path) -> None:
    carry_out(tmp_path, [])
    assert not (tmp_path / "robustness.csv").exists()
    loaded: list[str] = []

    def noted(*given: Any, conduct: str, **rest: Any) -> StandIn:
        loaded.append(conduct)
        return load(*given, conduct=conduct, **rest)

    before = carry_out(tmp_path, ["steady"], load=noted).robustness
    assert loaded == ["steady", "steady"]
    after = carry_out(tmp_path, ["steady"], load=noted).robustness
    assert loaded == ["steady", "steady"]
    pd.testing.assert_frame_equal(before, after)


def test_a_rule_that_fails_loses_none_of_the_others(tmp_path: Path) -> None:
    def failing(*given: Any, conduct: str, **rest: Any) -> StandIn:
        if conduct == "imitation":
            raise ZeroDivisionError("nobody to follow")
        return load(*given, conduct=conduct, **rest)

    with pytest.raises(RunError, match="imitation: history-s001: ZeroDivisionError"):
        carry_out(tmp_path, ["imitation", "steady"], load=failing)
    assert set(read_results(tmp_path).robustness["conduct"]) == {"best_response", "steady"}


def test_results_do_not_depend_on_the_number_of_processes(tmp_path: Path) -> None:
    for jobs in (1, 2):
        carry_out(tmp_path / str(jobs), ["imitation"], jobs=jobs)
    one, two = ((tmp_path / str(jobs) / "robustness.csv").read_bytes() for jobs in (1, 2))
    assert one == two


@pytest.mark.parametrize("conducts", [["best_response"], ["steady", "steady"], ["steady=1", "steady=1"]])
def test_a_rule_is_named_once(conducts: list[str]) -> None:
    with pytest.raises(InputError, match="the same conduct rule twice"):
        under_others(setting(), conducts)


def test_rules_of_two_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_text('"""Mine."""\n\nclass Mine:\n    name = "mine"\n\nRULE = Mine\n', encoding="utf-8")
    with pytest.raises(InputError, match="--also-conduct"):
        under_others(setting(), [tmp_path / "a" / "mine.py", tmp_path / "b" / "mine.py"])
