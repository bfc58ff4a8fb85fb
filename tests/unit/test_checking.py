"""Published levels beside simulated ones, and against each other: arithmetic that can be done by hand."""

from __future__ import annotations

from io import StringIO

import pandas as pd
import pytest
from rich.console import Console

from experiments.checking import Levels, arithmetic, check_levels, levels_of, place_of
from model.policy.loader import load_city

ABOUT = {"seeds": 4, "scale": "0.04"}


def exact() -> Levels:
    """Return levels that meet every target of Yuncheng (of a level published twice, the first)."""
    levels: Levels = {}
    for target in load_city("yuncheng").targets:
        levels.setdefault(place_of(target), target.value)
    return levels


def check(levels: Levels) -> tuple[int, str]:
    """Return exit code and text of a check of Yuncheng."""
    out = StringIO()
    console = Console(file=out, width=200, highlight=False, markup=False)
    code = check_levels("yuncheng", levels, ABOUT, console=console, lang="en")
    return code, out.getvalue()


def test_levels_that_are_met_pass_and_every_target_is_listed() -> None:
    code, text = check(exact())
    assert code == 0
    assert all(f" {target.id} " in text for target in load_city("yuncheng").targets)


@pytest.mark.parametrize(("factor", "code"), [(1.04, 0), (0.96, 0), (1.06, 1), (0.94, 1)])
def test_a_fitted_level_may_be_off_by_a_twentieth(factor: float, code: int) -> None:
    levels = exact()
    levels["admissions_per_100", "scheme", "resident"] *= factor
    assert check(levels)[0] == code


def test_a_level_that_was_not_fitted_is_only_reported() -> None:
    levels = exact()
    levels["recovered_share", "city", "city"] *= 3
    code, text = check(levels)
    assert code == 0
    assert next(line for line in text.splitlines() if " recovered " in line).split()[-2:] == ["reported", "only"]


def test_a_fitted_level_that_does_not_come_out_fails() -> None:
    levels = exact()
    del levels["los_days", "scheme", "employee"]
    code, text = check(levels)
    assert code == 1
    assert "not simulated" in text


def test_cost_by_tier_and_shares_are_held_against_the_mean() -> None:
    found = next(one for one in arithmetic(load_city("yuncheng")) if one.key == "cost_mix" and one.values["scheme"] == "employee")
    assert found.computed == pytest.approx(7415 * 0.1 + 9284 * 0.3 + 15588 * 0.6)
    assert found.published == 12948
    assert found.holds


def test_what_cannot_hold_together_is_said_with_its_arithmetic() -> None:
    found = {(one.key, one.values.get("scheme"), one.values.get("tier")): one for one in arithmetic(load_city("yuncheng"))}
    assert not found["own_rule", "resident", "tertiary"].holds
    text = check(exact())[1]
    assert "[cannot hold together] residents, tertiary: the city's own deductible and ratio on 13,942 yuan a stay" in text


def test_a_level_published_twice_is_noticed() -> None:
    assert any(one.key == "twice" and one.values["indicator"] == "in_scope_payment_ratio" for one in arithmetic(load_city("yuncheng")))


def test_simulated_levels_are_means_over_runs() -> None:
    rows = [("los_days", "city", "yuncheng", 8.0), ("los_days", "city", "yuncheng", 10.0), ("los_days", "tier", "primary", 5.0)]
    table = pd.DataFrame(rows, columns=["indicator", "unit_type", "unit", "value"])
    assert levels_of(table) == {("los_days", "city", "city"): 9.0, ("los_days", "tier", "primary"): 5.0}
