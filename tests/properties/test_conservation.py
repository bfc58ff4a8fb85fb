"""Money is conserved whatever the policy: random mixes of modes, routes and cycles, random claims, month by month to the clearing."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from experiments.mode_market import GROUP, N_GROUPS, N_PROVIDERS, N_SCHEMES
from model.ledger import AccountKind
from model.payment import OUTFLOW, RECORDED, UNITS
from model.routing import HEADS_BOTH, HEADS_GROUP
from tests.random_policy import RandomPolicy, any_policy

SEEDS = st.integers(0, 2**63 - 1)
ALL = np.arange(N_PROVIDERS)


@given(seed=SEEDS, months=st.integers(1, 14))
def test_what_the_fund_pays_is_what_providers_receive_and_what_is_held(seed: int, months: int) -> None:
    """In every scheme and month, by mode and in the city's book; groups pass on all they get."""
    policy = any_policy(seed)
    for month in range(months):
        clearing = policy.books.elapsed == 11
        payments = policy.settle(policy.claims(), clearing)
        for payment, instance in zip(payments, policy.books.instances, strict=True):
            assert (payment.monthly >= 0).all()
            assert (payment.held >= 0).all()
            assert (instance.book.held >= 0).all()
        assert_books_meet(policy)
        if clearing and month + 1 < months:
            policy.open_year()
    policy.wind_up()
    assert_books_meet(policy)
    assert not policy.ledger.balances[policy.ledger.deposit(ALL.repeat(N_SCHEMES), np.tile([0, 1], N_PROVIDERS))].any()


def assert_books_meet(policy: RandomPolicy) -> None:
    """The ledger against the sums of the modes' books."""
    ledger = policy.ledger
    assert ledger.trial_balance() == 0
    held = np.sum([instance.book.held for instance in policy.books.instances], axis=0)
    cash, fund = np.sum(policy.cash, axis=0), np.sum(policy.fund, axis=0)
    assert np.array_equal(fund, cash + held)
    for scheme in range(N_SCHEMES):
        assert ledger.balances[ledger.fund(scheme)] == -fund[:, scheme].sum()
        assert np.array_equal(ledger.balances[ledger.deposit(ALL, scheme)], held[:, scheme])
    lent = np.sum([instance.book.advanced for instance in policy.books.instances], axis=0)
    for scheme in range(N_SCHEMES):
        assert np.array_equal(ledger.balances[ledger.advance(ALL, scheme)], -lent[:, scheme])
    assert np.array_equal(ledger.balances[ledger.provider(ALL)], cash.sum(axis=1) + lent.sum(axis=1))
    assert not ledger.balances[ledger.group(np.arange(N_GROUPS))].any()
    assert not ledger.balances[int(AccountKind.GOVERNMENT)]


@given(seed=SEEDS, months=st.integers(1, 14))
def test_a_clearing_leaves_nothing_owed(seed: int, months: int) -> None:
    """All that became owed month by month has been paid when the books are wound up, by mode, provider and scheme."""
    policy = any_policy(seed)
    for month in range(months):
        clearing = policy.books.elapsed == 11
        policy.settle(policy.claims(), clearing)
        if clearing:
            for i, instance in enumerate(policy.books.instances):
                assert np.array_equal(policy.cash[i] + instance.book.to_come, policy.accrued[i])
            if month + 1 < months:
                policy.open_year()
    policy.wind_up()
    for cash, fund, accrued, instance in zip(policy.cash, policy.fund, policy.accrued, policy.books.instances, strict=True):
        assert np.array_equal(cash, accrued)
        assert np.array_equal(fund, accrued)
        assert not instance.book.to_come.any()
        assert not instance.book.held.any()
        assert not instance.book.advanced.any()


@given(seed=SEEDS, elapsed=st.integers(1, 12))
def test_a_budget_is_spent_to_the_fen_whatever_is_done(seed: int, elapsed: int) -> None:
    """A mode that declares so owes one sum for any two years of claims; and rounding loses no fen under any mode."""
    policy = any_policy(seed)
    books, sums, counted = policy.books, [], []
    books.elapsed = elapsed
    for _ in range(2):
        totals, recorded = policy.totals_of(policy.claims(200))
        for instance, total, money in zip(books.instances, totals, recorded, strict=True):
            instance.year_totals, instance.recorded = total, money
            if not instance.cycle.grants_other:
                assert np.array_equal(books.owed(instance).sum(axis=0), np.rint(books.entitled(instance).sum(axis=0)))
        sums.append([books.owed(instance).sum(axis=0) for instance in books.instances])
        counted.append([total[..., UNITS].sum(axis=0) > 0 for total in totals])
    for i, instance in enumerate(books.instances):
        if instance.mode.traits.exhausts_budget and not instance.cycle.grants_other:
            both = counted[0][i] & counted[1][i]
            assert np.array_equal(sums[0][i][both], sums[1][i][both])


@given(seed=SEEDS)
def test_every_case_is_paid_under_one_mode_and_outflow_once(seed: int) -> None:
    """Sums over the modes are the sums over the claims, measure by measure; heads elsewhere are taken off one holder, if off any."""
    policy = any_policy(seed)
    month = policy.claims(200)
    totals, recorded = policy.totals_of(month)
    table, whole = month.table, np.sum(totals, axis=0)
    for measure, column in month.measures.items():
        by_scheme = np.bincount(table.scheme, weights=column, minlength=N_SCHEMES)
        np.testing.assert_allclose(whole[..., measure].sum(axis=0), by_scheme, rtol=1e-12)
    key = table.provider.astype(np.int64) * N_SCHEMES + table.scheme
    assert np.array_equal(np.sum(recorded, axis=0).ravel(), np.bincount(key, weights=table.recorded, minlength=N_PROVIDERS * N_SCHEMES))
    for group in range(N_GROUPS):
        for scheme in range(N_SCHEMES):
            bearer = bearer_of(policy, group, scheme)
            away = (month.head_group == group) & (table.scheme == scheme) & (month.instance != bearer)
            for i, own in enumerate(totals):
                due = table.recorded[away].sum() if i == bearer else 0.0
                assert own[N_PROVIDERS + group, scheme, OUTFLOW] == due
    assert not whole[:N_PROVIDERS, :, OUTFLOW].any()
    assert whole[..., OUTFLOW].sum() <= whole[..., RECORDED].sum()


def bearer_of(policy: RandomPolicy, group: int, scheme: int) -> int:
    """The first mode with outflow that covers a group's heads of a scheme at any of its members; -1 where none does."""
    for i, instance in enumerate(policy.books.instances):
        if instance.mode.traits.outflow:
            for provider in np.flatnonzero(group == GROUP):
                if (policy.books.routing.table[:, provider, scheme, [HEADS_GROUP, HEADS_BOTH]] == i).any():
                    return i
    return -1
