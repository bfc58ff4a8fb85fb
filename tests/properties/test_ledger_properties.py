"""Whatever is posted, the book conserves money and agrees with a plain account-by-account sum."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.ledger import Ledger, Memo

ACCOUNTS = Ledger(2, 1).n_accounts
Posting = tuple[int, int, int, Memo]
POSTINGS = st.lists(
    st.tuples(st.integers(0, ACCOUNTS - 1), st.integers(0, ACCOUNTS - 1), st.integers(0, 10**12), st.sampled_from(list(Memo))), max_size=40
)


@given(POSTINGS)
def test_all_accounts_sum_to_zero_and_flows_explain_balances(postings: list[Posting]) -> None:
    book, plain = Ledger(2, 1), [0] * ACCOUNTS
    for debit, credit, amount, memo in postings:
        book.post(debit, credit, amount, memo)
        plain[debit] -= amount
        plain[credit] += amount
        assert book.trial_balance() == 0
    assert book.balances.tolist() == plain
    assert np.array_equal(book.received.sum(axis=0) - book.paid.sum(axis=0), book.balances)
    assert np.array_equal(book.received.sum(axis=1), book.paid.sum(axis=1))


@given(POSTINGS, st.randoms(use_true_random=False))
def test_one_posting_of_many_amounts_is_many_postings_of_one_in_any_order(postings: list[Posting], order: Random) -> None:
    whole, single = Ledger(2, 1), Ledger(2, 1)
    for memo in Memo:
        rows = [p for p in postings if p[3] == memo]
        whole.post([p[0] for p in rows], [p[1] for p in rows], [p[2] for p in rows], memo)
    order.shuffle(postings)
    for debit, credit, amount, memo in postings:
        single.post(debit, credit, amount, memo)
    assert np.array_equal(whole.balances, single.balances)
    assert np.array_equal(whole.paid, single.paid)
