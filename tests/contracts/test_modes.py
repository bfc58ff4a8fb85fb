"""What every payment mode must keep to, whoever wrote it: each check runs over every mode that is listed."""

from __future__ import annotations

import copy
import re
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from model.payment import CASES, MEASURES, OUTFLOW, RESIDUAL, UNITS, CaseTable, History, PaymentMode, get_mode, list_modes
from tests.small_market import A_NIGHT, GROUP, N_GROUPS, TIER, case_table, history, market, opened, totals

Floats = NDArray[np.float64]
N = len(TIER)
HOLDERS = N + N_GROUPS
N_DISEASES = 5
TIER_OF_HOLDER = np.concatenate([TIER, np.ones(N_GROUPS, dtype=np.int8)])

SEEDS = st.integers(0, 2**32 - 1)
pytestmark = pytest.mark.parametrize("name", list_modes())


def made(name: str) -> Any:
    """The mode with its standard parameters."""
    return get_mode(name)()


def any_cases(rng: np.random.Generator, n: int, mode: PaymentMode) -> CaseTable:
    """Bills of the small market's providers that hold an account under the mode."""
    by_group = mode.traits.held_by == "group"
    open_to = np.flatnonzero(GROUP >= 0) if by_group else np.arange(N)
    provider = rng.choice(open_to, n)
    charge = np.rint(10 ** rng.uniform(3, 7, n))
    in_scope = np.rint(charge * rng.uniform(0.3, 1.0, n))
    recorded = np.rint(in_scope * rng.uniform(0.0, 1.0, n))
    return case_table(
        n,
        provider=provider,
        holder=N + GROUP[provider] if by_group else provider,
        scheme=rng.integers(0, 2, n),
        tier=TIER[provider],
        group=rng.integers(0, N_DISEASES, n),
        charge=charge,
        in_scope=in_scope,
        recorded=recorded,
        residual=in_scope - recorded,
        own_pay=charge - in_scope,
        stay=rng.integers(1, 60, n),
    )


def summed(cases: CaseTable, units: Floats) -> Floats:
    """Totals ``[holder, scheme, measure]`` of cases."""
    out = totals(HOLDERS)
    columns = (units, np.ones(len(cases)), cases.charge, cases.in_scope, cases.recorded, cases.residual, cases.own_pay)
    for measure, column in enumerate(columns):
        np.add.at(out[..., measure], (cases.holder, cases.scheme), column)
    return out


def any_history(rng: np.random.Generator, mode: PaymentMode, n: int = 60) -> History:
    """A year of cases, the totals they make, and heads."""
    cases = any_cases(rng, n, mode)
    base = summed(cases, np.zeros(n))
    if mode.traits.outflow:
        base[N:, :, OUTFLOW] = np.rint(rng.uniform(0, 1e6, (N_GROUPS, 2)))
    return history(
        cases,
        base,
        heads=rng.integers(0, 5000, (HOLDERS, 2)).astype(float),
        tier=TIER_OF_HOLDER,
        weight=rng.uniform(0.3, 4.0, N_DISEASES),
        years=int(rng.integers(0, 4)),
    )


def any_year(name: str, seed: int, n: int = 40) -> tuple[Any, Any, CaseTable, Floats]:
    """A mode, its terms, a year of cases and their totals."""
    rng = np.random.default_rng(seed)
    mode = made(name)
    terms = mode.post(any_history(rng, mode))
    cases = any_cases(rng, n, mode)
    return mode, terms, cases, summed(cases, mode.tariff(cases, terms))


def entitled(mode: Any, year: Floats, terms: Any, fraction: float = 1.0) -> Floats:
    """What all holders are owed for a year's totals."""
    owed: Floats = mode.entitlement(year, year.sum(axis=0, keepdims=True), np.arange(HOLDERS), terms, fraction)
    return owed


def arrays_in(thing: Any) -> list[NDArray[Any]]:
    """All arrays a table, a history or terms hold."""
    if isinstance(thing, np.ndarray):
        return [thing]
    if is_dataclass(thing) and not isinstance(thing, type):
        return [a for field in fields(thing) for a in arrays_in(getattr(thing, field.name))]
    return []


def same(one: Any, other: Any) -> bool:
    found, wanted = arrays_in(one), arrays_in(other)
    return len(found) == len(wanted) and all(np.array_equal(a, b) for a, b in zip(found, wanted, strict=True))


# What it says of itself


def test_it_introduces_itself(name: str) -> None:
    mode = made(name)
    assert isinstance(mode, PaymentMode)
    assert mode.name == name
    assert re.search(r"[\u4e00-\u9fff]", mode.label_zh)
    assert re.fullmatch(r"[\x20-\x7e]+", mode.label_en)
    assert mode.summary
    assert re.fullmatch(r"#[0-9A-Fa-f]{6}", mode.color)


def test_it_is_told_apart_from_the_others(name: str) -> None:
    others = [made(other) for other in list_modes() if other != name]
    mode = made(name)
    assert mode.color.lower() not in {other.color.lower() for other in others}
    assert not {mode.label_zh, mode.label_en} & {label for other in others for label in (other.label_zh, other.label_en)}


def test_a_policy_file_can_set_every_parameter_and_no_other(name: str) -> None:
    kind = get_mode(name)
    assert set(kind.PARAMETERS) == {field.name for field in fields(kind)}


def test_traits_are_among_the_known(name: str) -> None:
    traits = made(name).traits
    assert traits.held_by in ("provider", "group")
    assert traits.heads in ("none", "institution", "group")


# Pure functions over columns


@A_NIGHT
@given(seed=SEEDS)
def test_shapes_and_finite_numbers(name: str, seed: int) -> None:
    mode, terms, cases, year = any_year(name, seed)
    units = mode.tariff(cases, terms)
    assert units.shape == (len(cases),)
    assert units.dtype == np.float64
    assert np.isfinite(units).all()
    assert (units >= 0).all()
    owed = entitled(mode, year, terms)
    assert owed.shape == (HOLDERS, 2)
    assert np.isfinite(owed).all()


@A_NIGHT
@given(seed=SEEDS)
def test_the_same_question_has_the_same_answer(name: str, seed: int) -> None:
    one, other = any_year(name, seed), any_year(name, seed)
    assert same(one[1], other[1])
    assert np.array_equal(one[3], other[3])
    assert np.array_equal(entitled(one[0], one[3], one[1]), entitled(other[0], other[3], other[1]))
    assert np.array_equal(entitled(one[0], one[3], one[1]), entitled(one[0], one[3], one[1]))


@A_NIGHT
@given(seed=SEEDS)
def test_what_it_is_asked_about_is_left_alone(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    mode = made(name)
    past = any_history(rng, mode)
    past_before = copy.deepcopy(past)
    terms = mode.post(past)
    assert same(past, past_before)
    cases = any_cases(rng, 20, mode)
    cases_before, terms_before = copy.deepcopy(cases), copy.deepcopy(terms)
    year = summed(cases, mode.tariff(cases, terms))
    pool, holder = year.sum(axis=0, keepdims=True), np.arange(HOLDERS)
    before = year.copy(), pool.copy()
    mode.entitlement(year, pool, holder, terms, 0.5)
    assert same(cases, cases_before)
    assert same(terms, terms_before)
    assert np.array_equal(year, before[0])
    assert np.array_equal(pool, before[1])
    assert np.array_equal(holder, np.arange(HOLDERS))


@A_NIGHT
@given(seed=SEEDS)
def test_the_order_of_cases_and_holders_means_nothing(name: str, seed: int) -> None:
    mode, terms, cases, year = any_year(name, seed)
    order = np.random.default_rng(seed).permutation(len(cases))
    assert np.array_equal(mode.tariff(cases.take(order), terms), mode.tariff(cases, terms)[order])
    turn = np.random.default_rng(seed + 1).permutation(HOLDERS)
    pool = year.sum(axis=0, keepdims=True)
    turned = mode.entitlement(year[turn], pool, turn, terms, 1.0)
    np.testing.assert_allclose(turned, entitled(mode, year, terms)[turn], rtol=1e-12)


@A_NIGHT
@given(seed=SEEDS)
def test_the_order_of_last_year_s_cases_means_nothing(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    mode = made(name)
    past = any_history(rng, mode)
    turned = replace(past, cases=past.cases.take(rng.permutation(len(past.cases))))
    year = summed(past.cases, mode.tariff(past.cases, mode.post(past)))
    np.testing.assert_allclose(entitled(mode, year, mode.post(turned)), entitled(mode, year, mode.post(past)), rtol=1e-9)


@A_NIGHT
@given(seed=SEEDS)
def test_a_case_counts_for_the_same_alone_and_in_company(name: str, seed: int) -> None:
    mode, terms, cases, _ = any_year(name, seed)
    alone = [mode.tariff(cases.take(np.array([i])), terms)[0] for i in range(len(cases))]
    assert np.array_equal(alone, mode.tariff(cases, terms))


@A_NIGHT
@given(seed=SEEDS)
def test_a_quote_of_many_rows_is_many_quotes_of_one(name: str, seed: int) -> None:
    """Entitlements of rows that each have a pool of their own, as the quote asks for them."""
    mode, terms, _, year = any_year(name, seed)
    pools = year.sum(axis=0) + np.arange(HOLDERS)[:, None, None] * 1000.0
    whole = mode.entitlement(year, pools, np.arange(HOLDERS), terms, 1.0)
    single = [mode.entitlement(year[[i]], pools[[i]], np.array([i]), terms, 1.0)[0] for i in range(HOLDERS)]
    np.testing.assert_allclose(whole, single, rtol=1e-12)


# Money


@A_NIGHT
@given(seed=SEEDS)
def test_what_is_owed_is_whole_fen_and_loses_none(name: str, seed: int) -> None:
    mode = made(name)
    rng = np.random.default_rng(seed)
    past = any_history(rng, mode)
    books = opened(market(mode), [past.base], past.cases, heads=past.heads, weight=past.groups.weight)
    instance = books.instances[0]
    cases = any_cases(rng, 40, mode)
    instance.year_totals = summed(cases, mode.tariff(cases, instance.terms))
    books.elapsed = 12
    owed = books.owed(instance)
    assert owed.dtype == np.int64
    exact = entitled(mode, instance.year_totals, instance.terms) * books.is_owed(instance)[:, None]
    assert (np.abs(owed - exact) < 1).all()
    np.testing.assert_array_equal(owed.sum(axis=0), np.rint(exact.sum(axis=0)))


@A_NIGHT
@given(seed=SEEDS)
def test_counting_in_yuan_or_in_fen_is_the_same(name: str, seed: int) -> None:
    money = ("charge", "in_scope", "recorded", "residual", "own_pay")
    rng = np.random.default_rng(seed)
    mode = made(name)
    past, cases = any_history(rng, mode), any_cases(rng, 40, mode)

    def owed(factor: float) -> Floats:
        scaled = {measure: factor for measure in range(len(MEASURES)) if measure not in (UNITS, CASES)}
        base = past.base.copy()
        for measure, by in scaled.items():
            base[..., measure] *= by
        last = replace(past.cases, **{column: getattr(past.cases, column) * factor for column in money})
        now = replace(cases, **{column: getattr(cases, column) * factor for column in money})
        terms = mode.post(replace(past, base=base, cases=last))
        return entitled(mode, summed(now, mode.tariff(now, terms)), terms)

    np.testing.assert_allclose(owed(100.0), 100.0 * owed(1.0), rtol=1e-6, atol=1.0)


# Months and years in which nothing happens


def test_an_empty_month_has_no_units_and_a_finite_debt(name: str) -> None:
    mode, terms, cases, _ = any_year(name, 1)
    assert mode.tariff(cases.take(np.zeros(0, dtype=np.int64)), terms).shape == (0,)
    owed = entitled(mode, totals(HOLDERS), terms)
    assert np.isfinite(owed).all()
    assert not owed[~np.isfinite(owed)].any()


def test_it_can_start_where_nothing_is_remembered(name: str) -> None:
    mode = made(name)
    none = any_cases(np.random.default_rng(1), 0, mode)
    terms = mode.post(history(none, totals(HOLDERS), heads=np.zeros((HOLDERS, 2)), tier=TIER_OF_HOLDER, weight=np.ones(N_DISEASES)))
    cases = any_cases(np.random.default_rng(2), 10, mode)
    units = mode.tariff(cases, terms)
    assert np.isfinite(units).all()
    assert np.isfinite(entitled(mode, summed(cases, units), terms)).all()


def test_no_heads_no_money_and_no_error(name: str) -> None:
    """A holder nobody is assigned to, without a base and without cases, is owed nothing."""
    rng = np.random.default_rng(3)
    mode = made(name)
    past = any_history(rng, mode)
    past.base[2], past.heads[2] = 0.0, 0.0
    owed = entitled(mode, totals(HOLDERS), mode.post(past))
    assert not owed[2].any()


# Declared traits


@A_NIGHT
@given(seed=SEEDS)
def test_a_mode_that_exhausts_its_budget_pays_the_same_sum_whatever_is_done(name: str, seed: int) -> None:
    mode, terms, _, _ = any_year(name, seed)
    rng = np.random.default_rng(seed + 1)
    sums = []
    for n in (30, 300):
        cases = any_cases(rng, n, mode)
        cases.scheme[:2] = [0, 1]
        year = summed(cases, mode.tariff(cases, terms))
        sums.append(entitled(mode, year, terms).sum(axis=0))
    if mode.traits.exhausts_budget:
        np.testing.assert_allclose(sums[0], sums[1], rtol=1e-9)
        assert (sums[0] > 0).all()


@A_NIGHT
@given(seed=SEEDS)
def test_outflow_is_borne_by_who_says_so_and_by_nobody_else(name: str, seed: int) -> None:
    mode, terms, _, year = any_year(name, seed)
    more = year.copy()
    more[..., OUTFLOW] += 12_345.0
    change = entitled(mode, more, terms) - entitled(mode, year, terms)
    np.testing.assert_allclose(change, -12_345.0 if mode.traits.outflow else 0.0, atol=1e-3)


@A_NIGHT
@given(seed=SEEDS)
def test_heads_move_only_the_money_of_modes_that_count_them(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    mode = made(name)
    past = any_history(rng, mode)
    moved = replace(past, heads=past.heads[::-1] + 7.0)
    year = summed(past.cases, mode.tariff(past.cases, mode.post(past)))
    if mode.traits.heads == "none":
        assert np.array_equal(entitled(mode, year, mode.post(moved)), entitled(mode, year, mode.post(past)))


@A_NIGHT
@given(seed=SEEDS)
def test_what_patients_paid_in_scope_is_not_paid_again(name: str, seed: int) -> None:
    """More in-scope money from patients, all else equal, never raises what all holders together are owed by the fund."""
    mode, terms, _, year = any_year(name, seed)
    more = year.copy()
    more[..., RESIDUAL] += 1000.0
    assert (entitled(mode, more, terms).sum(axis=0) <= entitled(mode, year, terms).sum(axis=0) + 1e-3).all()
