"""Payment modes one by one: what is posted, what a case counts for, how they are found and refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.errors import InputError
from model.payment import CASES, MEASURES, RECORDED, RESIDUAL, UNITS, get_mode, list_modes
from model.payment.dip import Dip, DipTerms
from tests.small_market import case_table, history, totals


def test_the_modes_of_part_one_are_there() -> None:
    assert {"ffs", "per_admission_quota", "dip", "capitation", "county_package", "global_budget"} <= set(list_modes())
    assert list(list_modes()) == sorted(list_modes())


def test_an_unknown_mode_is_told_with_the_nearest() -> None:
    with pytest.raises(InputError, match="capitation") as refused:
        get_mode("capitaton")
    assert "capitaton" in str(refused.value)


PLUG_IN = '''"""Half of what is recorded."""
from __future__ import annotations
from dataclasses import dataclass
from typing import ClassVar
from model.payment import RECORDED, Traits

@dataclass(frozen=True)
class Half:
    name: ClassVar[str] = "half"
    label_zh: ClassVar[str] = "一半"
    label_en: ClassVar[str] = "Half"
    summary: ClassVar[str] = "half"
    color: ClassVar[str] = "#000000"
    PARAMETERS: ClassVar[dict] = {}
    traits: ClassVar[Traits] = Traits()

    def post(self, history):
        return None

    def tariff(self, cases, terms):
        return cases.recorded

    def entitlement(self, own, pool, holder, terms, fraction):
        return own[..., RECORDED] / 2

MODE = Half
'''


def test_a_mode_may_be_a_file_written_like_the_others(tmp_path: Path) -> None:
    (tmp_path / "half.py").write_text(PLUG_IN, encoding="utf-8")
    mode = get_mode(str(tmp_path / "half.py"))()
    assert mode.name == "half"
    year = totals(1, recorded=10.0)
    assert mode.entitlement(year, year, np.array([0]), None, 1.0).tolist() == [[5.0, 5.0]]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "no such"),
        ("x = 1\n", "MODE"),
        ("1 / 0\n", "division by zero"),
        ("def broken(:\n", "invalid syntax"),
        ("import sys\nsys.exit(3)\n", "SystemExit: 3"),
    ],
    ids=["missing", "no mode", "raises", "no Python", "leaves"],
)
def test_a_file_that_is_no_mode_is_refused_with_its_name(tmp_path: Path, text: str | None, why: str) -> None:
    path = tmp_path / "mine.py"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=why) as refused:
        get_mode(str(path))
    assert "mine.py" in str(refused.value)


# DIP


def test_an_unknown_outlier_variant_is_refused() -> None:
    with pytest.raises(InputError, match="national_1"):
        Dip(outlier="national_2")


def test_points_are_kept_to_four_decimals() -> None:
    terms = DipTerms(points=np.array([100.0 / 3]), coefficient=np.ones(3), mean_cost=3000.0, budget=np.ones(2))
    assert Dip().tariff(case_table(1), terms).tolist() == [33.3333]


def test_points_follow_the_coded_group_and_the_tier() -> None:
    terms = DipTerms(points=np.array([500.0, 2000.0]), coefficient=np.array([0.5, 1.0, 1.5]), mean_cost=100.0, budget=np.ones(2))
    cases = case_table(4, group=[0, 1, 1, 1], tier=[1, 0, 1, 2], charge=[50_000.0, 100_000.0, 200_000.0, 300_000.0])
    assert Dip().tariff(cases, terms).tolist() == [500.0, 1000.0, 2000.0, 3000.0]


def test_weights_follow_lagged_costs() -> None:
    """What was written down and charged last year sets the relation between groups this year."""
    cheap = Dip(prior_cases=0).post(history(case_table(4, group=[0, 0, 1, 1], charge=[1.0, 1.0, 3.0, 3.0]), totals(1)))
    dear = Dip(prior_cases=0).post(history(case_table(4, group=[0, 0, 1, 1], charge=[1.0, 1.0, 9.0, 9.0]), totals(1)))
    assert cheap.points[1] / cheap.points[0] == pytest.approx(3)
    assert dear.points[1] / dear.points[0] == pytest.approx(9)
    assert cheap.points.mean() == pytest.approx(1000)


def test_a_year_without_cases_starts_from_the_catalogue() -> None:
    posted = Dip().post(history(case_table(0), totals(1, recorded=5.0), weight=np.array([0.5, 2.0])))
    assert posted.points[1] / posted.points[0] == pytest.approx(4)
    assert posted.coefficient.tolist() == [1.0, 1.0, 1.0]
    assert np.isfinite(posted.mean_cost)


def test_a_pool_without_points_has_no_value_and_pays_nothing() -> None:
    terms = DipTerms(points=np.ones(1), coefficient=np.ones(3), mean_cost=1.0, budget=np.array([1e6, 1e6]))
    assert Dip().value(totals(1), terms, 1.0).tolist() == [[0.0, 0.0]]
    assert not Dip().entitlement(totals(2), totals(1), np.arange(2), terms, 1.0).any()


def test_schemes_have_values_of_their_own() -> None:
    terms = DipTerms(points=np.ones(1), coefficient=np.ones(3), mean_cost=1.0, budget=np.array([100.0, 300.0]))
    assert Dip().value(totals(1, units=50.0), terms, 1.0).tolist() == [[2.0, 6.0]]


# The others


def test_ffs_counts_and_pays_what_is_recorded() -> None:
    mode = get_mode("ffs")()
    assert mode.tariff(case_table(2, recorded=[5.0, 7.0]), None).tolist() == [5.0, 7.0]
    year = totals(2, units=12.0, charge=100.0)
    assert mode.entitlement(year, year, np.arange(2), None, 0.3).tolist() == [[12.0, 12.0]] * 2


def test_a_quota_tier_without_base_takes_the_city_s() -> None:
    mode = get_mode("per_admission_quota")()
    base = totals(2)
    base[0, :, CASES], base[0, :, RECORDED], base[0, :, RESIDUAL] = 10, 600.0, 200.0
    terms = mode.post(history(case_table(1), base, tier=np.array([0, 2], dtype=np.int8)))
    assert terms.quota.tolist() == [[80.0, 80.0], [80.0, 80.0]]


def test_a_quota_counts_admissions_not_charges() -> None:
    mode = get_mode("per_admission_quota")()
    terms = mode.post(history(case_table(1), totals(2, cases=10, recorded=800.0)))
    assert mode.tariff(case_table(2, charge=[1.0, 1e9], holder=[0, 1]), terms).tolist() == [80.0, 80.0]


def test_capitation_rates_differ_by_tier_and_scheme() -> None:
    mode = get_mode("capitation")()
    base = totals(3)
    base[:, :, RECORDED] = [[100.0, 0.0], [300.0, 90.0], [50.0, 10.0]]
    heads = np.array([[10.0, 0.0], [10.0, 10.0], [5.0, 5.0]])
    terms = mode.post(history(case_table(1), base, heads=heads, factor=np.full(2, 1.5), tier=np.array([0, 0, 1], dtype=np.int8)))
    assert terms.money.tolist() == [[300.0, 0.0], [300.0, 135.0], [75.0, 15.0]]
    assert not mode.tariff(case_table(3), terms).any()


@pytest.mark.parametrize("years", [0, 1, 4])
@pytest.mark.parametrize("mode", ["capitation", "county_package", "global_budget", "per_admission_quota", "dip"])
def test_terms_grow_from_the_base_every_year(mode: str, years: int) -> None:
    """The base stays that of the year before the policy; the factor compounds."""
    base = totals(1, cases=10, recorded=1000.0)

    def money(after: int) -> float:
        made = get_mode(mode)()
        terms = made.post(history(case_table(4), base, factor=np.full(2, 1.1 ** (after + 1)), years=after))
        year = totals(1, cases=10, recorded=900.0 * 1.1 ** (after + 1), units=50.0)
        return float(made.entitlement(year, year, np.array([0]), terms, 1.0)[0, 0])

    assert money(years) == pytest.approx(money(0) * 1.1**years)


def test_measures_are_where_modes_look_for_them() -> None:
    assert [MEASURES[i] for i in (UNITS, CASES, RECORDED, RESIDUAL)] == ["units", "cases", "recorded", "residual"]
    year = totals(1, units=1.0, residual=6.0)
    assert year[0, 0].tolist() == [1.0, 0, 0, 0, 0, 6.0, 0, 0, 0]
