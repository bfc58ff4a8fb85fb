"""The funds' arithmetic by hand: budgets three ways, premiums, accounts, expected income."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.census import contribution_base, credit_accounts
from model.errors import InputError
from model.financing import (
    PARTS,
    BudgetRule,
    Insured,
    Rates,
    budget_parts,
    expected_income,
    grown,
    income_of,
    indexed_premium,
    sub_budgets,
    usable,
)
from model.policy.policy_file import Parts

YUAN = 100
RATES = Rates(
    wage=5000 * YUAN,
    floor=1.0,
    cap=1.0,
    unit=60_000,
    own=20_000,
    relief=1_000_000,
    account=300_000,
    retired=60 * YUAN,
    premium=280 * YUAN,
    subsidy=550 * YUAN,
    layer=(0, 0),
)
SPENT = np.array([60, 10, 10, 20, 0], dtype=np.int64) * 10**6


def test_the_parts_of_a_policy_file_are_the_parts_but_inpatient_care() -> None:
    assert Parts.key_names() == PARTS[1:]


def test_growth_grows_what_was_spent_year_after_year() -> None:
    rule = BudgetRule("growth", 0.06, 0.05, 0.0)
    assert budget_parts(rule, 1, SPENT, 0).tolist() == (SPENT * 106 // 100).tolist()
    assert budget_parts(rule, 1, SPENT, 1).tolist() == pytest.approx((SPENT * 1.1236).tolist(), abs=1)
    assert grown(2_000_000_000, 0.06) == 2_120_000_000


def test_income_first_gives_the_rest_to_what_has_no_share_as_it_was_spent() -> None:
    rule = BudgetRule("income", 0.0, 0.05, 0.0, (("outpatient", 0.2), ("chronic", 0.1)))
    parts = budget_parts(rule, 100_000_000, SPENT, 0)
    assert parts.tolist() == [49_875_000, 19_000_000, 9_500_000, 16_625_000, 0]
    assert parts.sum() == usable(100_000_000, 0.05) == 95_000_000


def test_a_ratio_of_income_is_inpatient_care_s() -> None:
    rule = BudgetRule("ratio", 0.0, 0.10, 0.55, (("other", 0.1),))
    parts = budget_parts(rule, 100_000_000, SPENT, 0)
    assert parts.tolist() == [55_000_000, 6_500_000, 6_500_000, 13_000_000, 9_000_000]


def test_a_ratio_that_leaves_less_than_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="more than the expected income") as refused:
        budget_parts(BudgetRule("ratio", 0.0, 0.1, 0.8, (("other", 0.2),)), 1_000_000, SPENT, 0)
    assert "at most 0.72" in str(refused.value)


def test_shares_of_more_than_the_whole_are_refused() -> None:
    with pytest.raises(InputError, match="more than there is"):
        sub_budgets(100, [0.6, 0.5])


def test_no_income_is_no_budget() -> None:
    assert not budget_parts(BudgetRule("income", 0.0, 0.05, 0.0), -5, SPENT, 0).any()


def test_before_and_after_the_reform_of_accounts() -> None:
    insured = Insured(active=1, retired=0, residents=0, bases=5000 * YUAN)
    before = income_of(RATES, insured, 190 * YUAN)
    after = income_of(replace(RATES, account=0), insured, 100 * YUAN)
    assert (before.own, before.employer, before.pooled) == (100 * YUAN, 90 * YUAN, 210 * YUAN)
    assert (after.own, after.employer, after.pooled) == (100 * YUAN, 0, 300 * YUAN)


def test_relief_halves_the_pool_s_premium_and_not_the_accounts() -> None:
    insured = Insured(active=1, retired=0, residents=0, bases=5000 * YUAN)
    month = income_of(replace(RATES, relief=500_000), insured, 190 * YUAN)
    assert (month.own, month.employer, month.pooled) == (100 * YUAN, 90 * YUAN, 60 * YUAN)


def test_the_credit_of_the_retired_comes_out_of_the_employers_premiums() -> None:
    insured = Insured(active=1, retired=10, residents=0, bases=5000 * YUAN)
    month = income_of(replace(RATES, account=0), insured, (100 + 10 * 60) * YUAN)
    assert month.pooled == -300 * YUAN
    assert month.employer + month.pooled == 300 * YUAN


def test_a_year_s_expected_income_follows_its_rates_and_the_wage() -> None:
    insured = Insured(active=100, retired=0, residents=1000, bases=100 * 5000 * YUAN)
    flat = expected_income([replace(RATES, account=0)] * 12, insured)
    assert flat.tolist() == pytest.approx([12 * 100 * 300 * YUAN, 1000 * 830 * YUAN], abs=12)
    dearer = replace(RATES, account=0, wage=5500 * YUAN, layer=(0, 70 * YUAN))
    half = expected_income([replace(RATES, account=0)] * 6 + [dearer] * 6, insured)
    assert half.tolist() == pytest.approx([6 * 100 * (300 + 330) * YUAN, 1000 * 830 * YUAN - 500 * 70 * YUAN], abs=18)


def test_the_indexed_premium_moves_the_subsidy_with_it() -> None:
    assert indexed_premium(20_000.0, 0.014, 2.0) == pytest.approx((280.0, 560.0))


@pytest.mark.parametrize(("wage", "base"), [(1000, 3000), (3000, 3000), (4321.5, 4322), (15000, 15000), (40000, 15000)])
def test_contribution_bases_lie_between_floor_and_cap(wage: float, base: int) -> None:
    assert contribution_base(wage, 5000.0, 0.6, 3.0) == base


def test_accounts_are_credited_to_the_fen_on_each_one_s_base() -> None:
    """Incomes 1, 2 and 9 to a mean of 4: bases 0.6, 0.6 and 2.25 of the mean wage; a retired, a resident and a dead person beside."""
    balance = np.zeros(6, dtype=np.int32)
    alive = np.array([1, 1, 1, 1, 1, 0], dtype=np.uint8)
    scheme, retired = np.array([0, 0, 0, 0, 1, 0], dtype=np.uint8), np.array([0, 0, 0, 1, 1, 0], dtype=np.uint8)
    income = np.array([10, 20, 90, 500, 500, 500], dtype=np.int32)
    counted = credit_accounts(alive, scheme, retired, income, balance, 500_000, 0.6, 3.0, 20_000, 6000)
    assert balance.tolist() == [6000, 6000, 22_500, 6000, 0, 0]
    assert counted == (3, 1, 1, 300_000 + 300_000 + 1_125_000, int(balance.sum()))
