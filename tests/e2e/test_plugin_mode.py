"""Two ways of paying that exist nowhere in the project, each in a file beside a policy: compared by path, met with conduct of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from experiments import compare
from experiments.cli import DONE, run_command
from model.codes import KINDS
from model.payment import list_modes

HEAD = '''"""{summary}."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from model.payment import CASES, CHARGE, DAYS, RECORDED, RESIDUAL, Traits
from model.policy.leaf import leaf


@dataclass(frozen=True)
class {kind}:
    {parameter}: float = {standard}
    name: ClassVar = "{name}"
    label_zh: ClassVar = "{label}"
    label_en: ClassVar = "{name}"
    summary: ClassVar = "{summary}"
    color: ClassVar = "{color}"
    PARAMETERS: ClassVar = {{"{parameter}": leaf("{unit}", 0, {most}, "see the name")}}
    traits: ClassVar = Traits()
'''

BED_DAYS = (
    HEAD.format(
        kind="BedDays",
        name="bed_days",
        label="床日奖励",
        summary="fees, and a bonus a day in bed",
        color="#101010",
        parameter="bonus",
        standard=100.0,
        unit="yuan/day",
        most=10_000,
    )
    + """
    def post(self, history):
        return 100.0 * self.bonus

    def tariff(self, cases, terms):
        return cases.stay.astype(np.float64)

    def entitlement(self, own, pool, holder, terms, fraction):
        return own[..., RECORDED] + own[..., DAYS] * terms


MODE = BedDays
"""
)

FLAT_AND_PART = (
    HEAD.format(
        kind="FlatAndPart",
        name="flat_and_part",
        label="定额加比例",
        summary="one sum a case, and a part of the charge",
        color="#202020",
        parameter="part",
        standard=0.5,
        unit="share",
        most=1,
    )
    + '''
    def post(self, history):
        """The sum makes up for what the part leaves of last year's mean bill of the tier."""
        tier, n = history.cases.tier, len(history.holders.tier)
        number = np.bincount(tier, minlength=3)
        money = np.bincount(tier, weights=history.cases.in_scope, minlength=3)
        mean = np.divide(money, number, out=np.zeros(3), where=number > 0)
        return (1 - self.part) * mean[history.holders.tier][:, None]

    def tariff(self, cases, terms):
        return np.ones(len(cases))

    def entitlement(self, own, pool, holder, terms, fraction):
        in_scope = own[..., RECORDED] + own[..., RESIDUAL]
        return own[..., CASES] * terms[holder] + self.part * in_scope - own[..., RESIDUAL]


MODE = FlatAndPart
'''
)

POLICY = """
name = "{name}"
label = {{ zh = "示例", en = "{name}" }}
description = {{ zh = "市内住院按文件中的方式付费。", en = "Inpatient care in the city is paid by the mode in a file beside this one." }}
[budget]
growth = {{ value = 0.0, unit = "share/year", source = "assumption: an example" }}
[[mode]]
id = "own"
kind = "{file}"
[mode.parameters]
{parameter} = {{ value = {value}, unit = "{unit}", source = "assumption: an example" }}
[[mode]]
id = "ffs"
kind = "ffs"
[[route]]
care = ["inpatient"]
local = true
mode = "own"
[[route]]
care = {kinds}
mode = "ffs"
"""

ARMS = {
    "bonus": ("bed_days.py", "bonus", 300.0, "yuan/day"),
    "half": ("flat_and_part.py", "part", 0.5, "share"),
    "flat": ("flat_and_part.py", "part", 0.0, "share"),
}
"""Policies by name: the file of their mode, and its one parameter."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two modes and the policies that use them."""
    folder = tmp_path_factory.mktemp("plugins")
    (folder / "bed_days.py").write_text(BED_DAYS, encoding="utf-8")
    (folder / "flat_and_part.py").write_text(FLAT_AND_PART, encoding="utf-8")
    for name, (file, parameter, value, unit) in ARMS.items():
        text = POLICY.format(name=name, file=file, parameter=parameter, value=value, unit=unit, kinds=json.dumps(KINDS))
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def changed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Differences from fee-for-service in the nine months after the switch, ``[indicator, policy]``.

    One history, one set of people, illnesses and random numbers: what differs is what is paid for.
    """
    policies = ["ffs", *(str(folder / f"{name}.toml") for name in ARMS)]
    out = tmp_path_factory.mktemp("out")
    rows = compare("yuncheng", policies, start="ffs", scale=0.0005, burn_in=3, switch=3, years=1, seeds=1, jobs=2, out=out).comparison
    mine = (rows.unit_type == "city") & (rows.period == "2021")
    table: pd.DataFrame = rows[mine].pivot(index="indicator", columns="policy", values="difference")
    return table


def test_the_modes_keep_the_contract(folder: Path) -> None:
    assert not {"bed_days", "flat_and_part"} & set(list_modes())
    for file in ("bed_days.py", "flat_and_part.py"):
        assert run_command(["check", "mode", str(folder / file), "--quiet"]) == DONE


def test_all_of_them_run(changed: pd.DataFrame) -> None:
    assert set(changed.columns) == set(ARMS)


def test_paid_days_are_more_days(changed: pd.DataFrame) -> None:
    assert changed.bonus["los_days"] > 0.05
    assert changed.bonus["intensity"] > 0


def test_the_less_of_a_charge_is_paid_the_less_is_done(changed: pd.DataFrame) -> None:
    # cost is told at equal groups, for of so few people it hangs on who comes
    for indicator in ("intensity", "los_days", "relative_cost"):
        assert changed.flat[indicator] < changed.half[indicator] < 0 < changed.bonus[indicator], indicator


def test_paid_cases_are_more_cases(changed: pd.DataFrame) -> None:
    """A divided stay brings two sums; a bonus a day has nothing to divide for."""
    assert changed.flat["split_share"] > changed.half["split_share"] > 0
    assert changed.flat["readmission_30d"] > changed.bonus["readmission_30d"]
    assert changed.bonus["split_share"] == 0


def test_nobody_writes_up_where_a_group_has_no_price(changed: pd.DataFrame) -> None:
    assert not changed.loc["upcoded_share"].any()
