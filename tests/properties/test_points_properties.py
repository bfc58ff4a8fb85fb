"""What payment by points keeps to under any cases: the budget, to the fen, and points that follow cost as the variant says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.payment.dip import Dip
from model.payment.points.case_points import VARIANTS, case_points
from tests.small_market import A_NIGHT, TIER, case_table, market, opened, totals

SEEDS = st.integers(0, 2**32 - 1)
MODES = [
    Dip(),
    Dip(outlier="hubei", outlier_mean="group", auxiliary="severity_and_age", auxiliary_cases=1),
    Dip(outlier="jining", without_points="per_item", auxiliary="age", auxiliary_cases=2, auxiliary_gate=0.0),
    Dip(outlier="taian", without_points="factor", low_test="<", prior_cases=0),
    Dip(outlier="draft_3", auxiliary="severity", high_test=">="),
    Dip(point_value="fund_value", tier_coefficient="fixed", tier_values=(0.55, 0.72, 0.93), cmi_caps=(0.0, 0.06, 0.13)),
]


def any_cases(seed: int, n: int) -> Any:
    rng = np.random.default_rng(seed)
    provider = rng.integers(0, len(TIER), n)
    charge = np.rint(10 ** rng.uniform(2, 8, n))
    in_scope = np.rint(charge * rng.uniform(0.2, 1.0, n))
    recorded = np.rint(in_scope * rng.uniform(0.0, 1.0, n))
    scheme = rng.integers(0, 2, n)
    scheme[:2] = [0, 1]
    return case_table(
        n,
        provider=provider,
        holder=provider,
        tier=TIER[provider],
        scheme=scheme,
        group=rng.integers(0, 2, n),
        charge=charge,
        in_scope=in_scope,
        recorded=recorded,
        residual=in_scope - recorded,
        severity=rng.integers(0, 3, n),
        age=rng.integers(0, 100, n),
    )


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: f"{mode.outlier}-{mode.point_value}")
@A_NIGHT
@given(seed=SEEDS)
def test_the_budget_is_paid_to_the_fen(mode: Dip, seed: int) -> None:
    books = market(mode)
    base = totals(books.n_holders)
    base[:4] = totals(4, recorded=1_234_567.0)
    opened(books, [base], any_cases(seed, 60))
    cases = any_cases(seed + 1, 50)
    instance = books.instances[0]
    year = totals(books.n_holders)
    for measure, column in ((0, mode.tariff(cases, instance.terms)), (5, cases.residual)):
        np.add.at(year[..., measure], (cases.holder, cases.scheme), column)
    instance.year_totals = year
    books.elapsed = 12
    assert (mode.tariff(cases, instance.terms) >= 0).all()
    assert books.owed(instance).sum(axis=0).tolist() == [4 * 1_234_567] * 2


@pytest.mark.parametrize("variant", VARIANTS)
@A_NIGHT
@given(
    coefficient=st.floats(0.5, 1.3),
    auxiliary=st.floats(0.95, 1.5),
    one=st.floats(0.01, 5.0),
    other=st.floats(0.01, 5.0),
)
def test_a_dearer_case_on_the_same_side_of_the_lines_never_has_fewer_points(
    variant: str, coefficient: float, auxiliary: float, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    same_side = (low < 0.5) == (high < 0.5) and (low <= 2.0) == (high <= 2.0)
    points = case_points(variant, [low, high], 1000.0, coefficient, auxiliary)
    if same_side:
        assert points[0] <= points[1]


@A_NIGHT
@given(points=st.floats(1.0, 1e5), gap=st.floats(1e-6, 1e-3))
def test_version_one_doubles_at_half_the_mean_and_is_smooth_at_twice(points: float, gap: float) -> None:
    below, at, twice, above = case_points("national_1", [0.5 - gap, 0.5, 2.0, 2.0 + gap], points)
    assert below == pytest.approx((0.5 - gap) * points, abs=1e-4)
    assert at == pytest.approx(points, abs=1e-4)
    assert above - twice == pytest.approx(gap * points, abs=2e-4)
