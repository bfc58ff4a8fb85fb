"""Hospital budgets and admission quotas: shares by steps, three years' money, and what moves at half year."""

from __future__ import annotations

import numpy as np
import pytest

from model.payment import RECORDED, GroupYear, Revising, get_mode
from model.payment.sharing import shared
from tests.small_market import TIER, case_table, history, market, opened, totals

BUDGET = get_mode("global_budget")
QUOTA = get_mode("per_admission_quota")


def test_steps_take_what_lies_within_them() -> None:
    steps = ((0.1, 0.2, 0.5), (0.2, float("inf"), 0.1))
    difference = np.array([-50.0, 5.0, 15.0, 25.0, 1000.0])
    assert shared(difference, np.full(5, 100.0), steps).tolist() == pytest.approx([0, 0, 2.5, 5.5, 103])
    assert shared(difference, np.zeros(5), steps).tolist() == [0] * 5


def test_one_step_is_the_share_of_a_bounded_overrun() -> None:
    recorded, budget = np.array([[80.0, 80.0], [115.0, 130.0]]), np.full((2, 2), 100.0)
    mode = BUDGET(surplus_share=0.3, surplus_share_resident=0.2, overrun_share=0.5, overrun_share_resident=0.1)
    assert mode.banded(recorded, budget).tolist() == pytest.approx(np.array([[86, 84], [107.5, 102]]))


def test_three_years_divide_the_money_and_leave_its_sum() -> None:
    """Equal bases; last year the first hospital had 300 of 400, the year before 100 of 400; who had no stays keeps its base."""
    base = totals(3, recorded=1000.0, charge=2000.0)
    cases = case_table(2, holder=[0, 1], scheme=0, charge=[300.0, 100.0])
    two = np.array([0, 1])
    none = np.zeros(2, dtype=np.int64)
    before = GroupYear(none, two, none.astype(np.int8), none, np.ones(2), np.array([100.0, 300.0]), np.ones(2))
    past = history(cases, base, earlier=(before,), factor=np.array([2.0, 1.0]))
    budget = BUDGET(year_weights=(0.75, 0.25, 0.0)).post(past).budget
    assert budget[:, 0].tolist() == pytest.approx([2 * 2000 * 250 / 400, 2 * 2000 * 150 / 400, 2000])
    assert budget[:, 1].tolist() == [1000, 1000, 1000]


def test_talks_end_between_the_formula_and_what_hospitals_spent_and_leave_the_sum() -> None:
    """Equal bases of 1,000; last year's stays recorded 300 and 100 of employees, nothing of residents."""
    past = history(case_table(2, holder=[0, 1], scheme=0, recorded=[300.0, 100.0]), totals(2, recorded=1000.0), factor=np.array([2.0, 1.0]))
    shares = {weight: BUDGET(bargaining=weight).post(past).budget for weight in (0.0, 0.5, 1.0)}
    assert shares[0.0].tolist() == [[2000, 1000]] * 2
    assert shares[0.5][:, 0].tolist() == pytest.approx([2 * 1250, 2 * 750])
    assert shares[1.0][:, 0].tolist() == pytest.approx([2 * 1500, 2 * 500])
    assert all(budget[:, 1].tolist() == [1000, 1000] for budget in shares.values())


def test_what_moves_at_half_year_is_what_both_sides_allow_and_the_sum_stays() -> None:
    mode = BUDGET(reallocated=1.0)
    terms = mode.post(history(case_table(0), totals(3, recorded=1000.0)))
    own = totals(3)
    own[:, 0, RECORDED] = [300.0, 450.0, 600.0]
    own[:, 1, RECORDED] = [100.0, 1000.0, 900.0]
    revised = mode.revise(terms, own, 0.5).budget
    assert revised[:, 0].tolist() == pytest.approx([920, 980, 1100])
    assert revised[:, 1].tolist() == pytest.approx([600, 1000 + 400 * 5 / 9, 1000 + 400 * 4 / 9])
    assert revised.sum(axis=0).tolist() == pytest.approx([3000, 3000])
    assert terms.budget.tolist() == [[1000, 1000]] * 3


def test_terms_are_revised_once_after_six_months() -> None:
    mode = BUDGET(reallocated=0.5)
    assert isinstance(mode, Revising)
    assert not isinstance(QUOTA(), Revising)
    books = opened(market(mode))
    posted = books.instances[0].terms
    month = totals(books.n_holders)
    month[0, :, RECORDED] = 2e6
    recorded = np.zeros((len(TIER), 2))
    recorded[0] = 2e6
    for elapsed in range(1, 13):
        books.accrue([month], [recorded])
        assert (books.instances[0].terms is posted) == (elapsed < 6)
        if elapsed == 6:
            revised = books.instances[0].terms
    assert books.instances[0].terms is revised
    # six millions were spent more than was there, and eighteen (three others' halves) not at all: three millions move
    assert revised.budget[0].tolist() == pytest.approx([15e6, 15e6])


def test_a_surplus_is_kept_whole_unless_a_share_is_set() -> None:
    recorded, due = np.array([70.0, 120.0]), np.array([100.0, 100.0])
    assert QUOTA(overrun_share=0.5, overrun_limit=0.1).settled(recorded, due).tolist() == [100, 105]
    assert QUOTA(surplus_share=0.5).settled(recorded, due).tolist() == [85, 100]
    assert QUOTA(surplus_share=0.5, surplus_limit=0.1).settled(recorded, due).tolist() == [80, 100]
