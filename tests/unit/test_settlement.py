"""The insurer's books: who is covered by what, what is added up where, and what a month and a clearing pay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from model.cycle import Cycle, cleared
from model.payment import CASES, CHARGE, MEASURES, OUTFLOW, RECORDED, UNITS, get_mode
from model.payment.dip import Dip
from model.routing import HEADS_BOTH, HEADS_GROUP, HEADS_INSTITUTION, HEADS_NONE, Routing
from model.settlement import Instance, Settlement, round_to_total
from tests.small_market import GROUP, HOLDER_TIER, N_GROUPS, TIER, holder_facts, market, opened, stays, totals

N = len(TIER)


def by_relation() -> Routing:
    """The first mode for a group's own heads at its members, the second for everybody else."""
    routing = Routing.alone(N, 2)
    routing.table[:] = 1
    routing.table[..., [HEADS_GROUP, HEADS_BOTH]] = 0
    return routing


def cells(rows: int, **given: Any) -> tuple[NDArray[np.int64], NDArray[np.int8], NDArray[np.int16]]:
    """Provider, scheme and head group of some cases."""
    provider = np.broadcast_to(np.asarray(given["provider"], dtype=np.int64), (rows,))
    scheme = np.broadcast_to(np.asarray(given.get("scheme", 0), dtype=np.int8), (rows,))
    head = np.broadcast_to(np.asarray(given.get("head", -1), dtype=np.int16), (rows,))
    return provider, scheme, head


def test_a_case_is_covered_by_what_its_route_says() -> None:
    books = market("county_package", "ffs", routing=by_relation())
    relation = np.array([HEADS_NONE, HEADS_INSTITUTION, HEADS_GROUP, HEADS_BOTH])
    first = np.zeros(4, dtype=int)
    assert books.routing.of_stay(first, first + 1, first, relation).tolist() == [1, 1, 0, 0]
    assert books.routing.of_visit(first, first + 1, first, relation).tolist() == [1, 1, 0, 0]


def two_stays(provider: list[int], scheme: list[int]) -> dict[str, NDArray[Any]]:
    """Columns of two bills of 500: 400 in scope, 300 of it recorded."""
    one = np.ones(2)
    money = {"charge": 500 * one, "in_scope": 400 * one, "recorded": 300 * one, "own_pay": 100 * one}
    return {"provider": np.array(provider), "scheme": np.array(scheme), "group": np.array([0, 0]), **money, **stays(2)}


def test_each_case_counts_under_its_own_mode() -> None:
    """A case under fees counts its recorded money, one under a package nothing."""
    books = market("county_package", "ffs", routing=by_relation())
    units = books.tariff(np.array([0, 1], dtype=np.int8), **two_stays(provider=[1, 2], scheme=[0, 0]))
    assert units.tolist() == [0.0, 300.0]


def test_a_mode_sees_what_is_left_for_patients_and_who_holds_the_case() -> None:
    books = market("county_package")
    table = books.case_table(0, **two_stays(provider=[1, 3], scheme=[0, 1]))
    assert table.residual.tolist() == [100.0, 100.0]
    assert table.holder.tolist() == [N + 0, N + 1]
    assert table.tier.tolist() == [TIER[1], TIER[3]]


def test_totals_add_up_by_holder_and_scheme() -> None:
    books = market("ffs")
    provider, scheme, head = cells(4, provider=[0, 0, 2, 0], scheme=[0, 1, 1, 0])
    measures = {CASES: np.ones(4), CHARGE: np.array([1.0, 2.0, 4.0, 8.0])}
    made = books.totals(np.zeros(4, dtype=np.int8), provider, scheme, head, measures)[0]
    assert made[0, :, CHARGE].tolist() == [9.0, 2.0]
    assert made[2, :, CHARGE].tolist() == [0.0, 4.0]
    assert made[0, :, CASES].tolist() == [2.0, 1.0]
    assert made.sum() == 4 + 15


def test_a_group_s_totals_hold_its_members_cases_and_its_heads_outflow() -> None:
    """Cases 0 and 1 are own heads at members; 2 and 3 go to the city hospital; 4 is nobody's head there."""
    books = market("county_package", "ffs", routing=by_relation())
    provider, scheme, head = cells(5, provider=[0, 3, 2, 2, 2], head=[0, 1, 0, 1, -1])
    instance = np.array([0, 0, 1, 1, 1], dtype=np.int8)
    recorded = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    made = books.totals(instance, provider, scheme, head, {RECORDED: recorded, CASES: np.ones(5)})[0]
    assert made[N:, 0, RECORDED].tolist() == [1.0, 2.0]
    assert made[N:, 0, OUTFLOW].tolist() == [4.0, 8.0]
    assert not made[:N].any()
    others = books.totals(instance, provider, scheme, head, {RECORDED: recorded})[1]
    assert others[2, 0, RECORDED] == 28.0
    assert not others[..., OUTFLOW].any()


def test_months_one_after_the_other_add_up_to_the_year_to_the_last_bit() -> None:
    books = market("county_package", "ffs", routing=by_relation())
    rng = np.random.default_rng(1)
    provider, scheme, head = cells(300, provider=rng.integers(0, N, 300).tolist(), head=rng.integers(-1, 2, 300).tolist())
    instance, measures = rng.integers(0, 2, 300).astype(np.int8), {UNITS: rng.random(300), RECORDED: np.rint(1e6 * rng.random(300))}
    whole = books.no_totals()
    for month in (slice(0, 120), slice(120, 130), slice(130, 300)):
        part = {measure: values[month] for measure, values in measures.items()}
        books.add(whole, instance[month], provider[month], scheme[month], head[month], part)
    year = books.totals(instance, provider, scheme, head, measures)
    assert year[0][N:, :, OUTFLOW].any()
    assert all(np.array_equal(*pair) for pair in zip(books.by_instance(whole), year, strict=True))


def test_under_a_mode_that_bears_nothing_there_is_no_outflow() -> None:
    books = market("capitation", "ffs", routing=by_relation())
    provider, scheme, head = cells(2, provider=[2, 2], head=[0, 1])
    made = books.totals(np.ones(2, dtype=np.int8), provider, scheme, head, {RECORDED: np.ones(2)})[0]
    assert not made.any()


def accrued(books: Settlement, units: float) -> NDArray[np.int64]:
    """What a month of so many recorded fen a provider and scheme adds."""
    month = totals(books.n_holders)
    month[:N, :, UNITS] = month[:N, :, RECORDED] = units
    (added,) = books.accrue([month], [np.full((N, 2), units)])
    return added


def test_months_pay_their_share_and_a_clearing_pays_the_rest() -> None:
    books = opened(market("ffs", cycle=Cycle(monthly_share=0.9)))
    assert (accrued(books, 101.0) == 101).all()
    assert (books.pay_month(False)[0].cash == 90).all()
    accrued(books, 100.0)
    assert (books.pay_month(False)[0].cash == 180 - 90).all()
    assert (books.pay_month(True)[0].cash == 201 - 180).all()
    assert books.years == 1


def test_a_clearing_takes_back_what_was_paid_too_much() -> None:
    """A package whose outflow came late: nothing is taken back monthly, all of it at the clearing."""
    books = opened(market("county_package"))
    budget = 12_000_000.0
    month = totals(books.n_holders)
    recorded = np.ones((N, 2))
    books.accrue([month], [recorded])
    first = books.pay_month(False)[0].cash
    assert first[3].tolist() == [budget / 12] * 2
    month[N:, :, OUTFLOW] = 5 * budget / 12
    books.accrue([month], [recorded])
    assert not books.pay_month(False)[0].cash.any()
    assert books.pay_month(True)[0].cash[3].tolist() == [2 * budget / 12 - 5 * budget / 12 - budget / 12] * 2
    assert books.instances[0].book.paid[3].tolist() == [-3 * budget / 12] * 2


def test_a_new_year_opens_empty_books_with_new_terms() -> None:
    books = opened(market("global_budget"))
    accrued(books, 50.0)
    books.pay_month(True)
    before = books.instances[0].terms.budget.copy()
    opened(books, factor=np.full(2, 1.1))
    assert np.allclose(books.instances[0].terms.budget, before * 1.1)
    assert books.elapsed == 0
    assert not books.instances[0].book.paid.any()
    assert not books.instances[0].year_totals.any()


def test_a_group_s_money_without_recorded_care_is_shared_evenly() -> None:
    books = opened(market("county_package"))
    books.accrue([totals(books.n_holders)], [np.zeros((N, 2))])
    owed = books.due(books.instances[0]).net
    assert owed[0].tolist() == owed[1].tolist()
    assert owed[0].sum() > 0
    assert not owed[2].any()


@pytest.mark.parametrize(
    ("exact", "whole"),
    [([0.5, 0.5], [1, 0]), ([1.4, 1.4, 1.2], [2, 1, 1]), ([-0.5, -0.5], [0, -1]), ([], []), ([2.0, 3.0], [2, 3]), ([0.2, 0.2], [0, 0])],
)
def test_fen_are_handed_to_the_largest_remainders(exact: list[float], whole: list[int]) -> None:
    assert round_to_total(np.array(exact)).tolist() == whole


# The quote's side


def test_a_marginal_fen_under_fees_is_a_fen_a_unit() -> None:
    books = opened(market("ffs"))
    books.post([totals(books.n_holders, units=1e6, recorded=1e6)])
    marginal = books.marginal(0, np.arange(N))
    expected = np.zeros((N, 2, len(MEASURES)))
    expected[..., UNITS] = 1.0
    np.testing.assert_allclose(marginal, expected, atol=1e-6)


def test_a_marginal_point_is_worth_less_to_who_earns_many_of_them() -> None:
    """Value times what the others hold: with a share s of the points, one more brings (1 − s) of the value."""
    books = opened(market("dip"))
    posted = totals(books.n_holders)
    posted[:N, 0, UNITS] = [10.0, 90.0, 400.0, 500.0]
    books.post([posted])
    instance = books.instances[0]
    assert isinstance(instance.mode, Dip)
    value = instance.mode.value(posted.sum(axis=0, keepdims=True), instance.terms, 1.0)[0, 0]
    marginal = books.marginal(0, np.arange(N))[:, 0, UNITS]
    np.testing.assert_allclose(marginal, value * (1 - posted[:N, 0, UNITS] / 1000.0), rtol=1e-3)


def test_a_marginal_fen_under_a_global_budget_depends_on_the_side_of_it() -> None:
    """Below the budget 70 % of a fen more is kept, within the band half, beyond it nothing."""
    books = opened(market(get_mode("global_budget")(surplus_share=0.3, overrun_share=0.5, overrun_band=0.2)))
    posted = totals(books.n_holders)
    posted[:N, :, RECORDED] = np.array([6e6, 13e6, 20e6, 0.0])[:, None]
    books.post([posted])
    marginal = books.marginal(0, np.arange(N))[:3, 0, RECORDED]
    np.testing.assert_allclose(marginal, [0.7, 0.5, 0.0], atol=1e-6)


def test_a_marginal_fen_of_outflow_costs_a_package_a_fen_and_nobody_else() -> None:
    books = opened(market("county_package"))
    books.post([totals(books.n_holders, outflow=1e6)])
    marginal = books.marginal(0, np.arange(N, N + N_GROUPS))
    assert np.allclose(marginal[..., OUTFLOW], -1.0)
    assert np.allclose(np.delete(marginal, OUTFLOW, axis=-1), 0.0)


def test_holders_are_institutions_or_their_groups() -> None:
    books = market("county_package", "ffs")
    assert books.instances[0].holder_of(GROUP).tolist() == [N, N, -1, N + 1]
    assert books.instances[1].holder_of(GROUP).tolist() == [0, 1, 2, 3]
    assert books.is_owed(books.instances[0]).tolist() == [False] * N + [True] * N_GROUPS
    assert books.is_owed(books.instances[1]).tolist() == [True] * N + [False] * N_GROUPS


def test_each_package_bears_what_its_own_heads_are_given_elsewhere() -> None:
    """Employees' heads under one package, residents' under another; fees elsewhere. Case 3 is an employee of group 0 away."""
    routing = Routing.alone(N, 2)
    routing.table[:] = 2
    for scheme in range(2):
        routing.table[:, :, scheme, [HEADS_GROUP, HEADS_BOTH]] = scheme
    books = market("county_package", "county_package", "ffs", routing=routing)
    where, patient, head = np.array([0, 2, 2, 2]), np.array([0, 0, 1, 0]), np.array([0, 0, 1, 0])
    covering, recorded = np.array([0, 2, 2, 2], dtype=np.int8), np.array([1.0, 2.0, 4.0, 8.0])
    first, second = (books.totals(covering, where, patient, head, {RECORDED: recorded})[i][N:, :, OUTFLOW] for i in range(2))
    assert first.tolist() == [[10.0, 0.0], [0.0, 0.0]]
    assert second.tolist() == [[0.0, 0.0], [0.0, 4.0]]


def test_a_group_without_members_bears_and_is_owed_nothing() -> None:
    """Group 2 has no member: head money goes to the others, and care of its people elsewhere is nobody's loss."""
    books = Settlement(
        [Instance("package", get_mode("county_package")()), Instance("ffs", get_mode("ffs")())],
        by_relation(),
        GROUP,
        holder_facts(np.concatenate([HOLDER_TIER, [1]]).astype(np.int8)),
        N_GROUPS + 1,
    )
    heads = books.own_heads(books.instances[0], np.ones((books.n_holders, 2)))
    assert heads[:, 0].tolist() == [0.0] * N + [1.0, 1.0, 0.0]
    provider, scheme, head = cells(3, provider=2, head=[0, 1, 2])
    made = books.totals(np.ones(3, dtype=np.int8), provider, scheme, head, {RECORDED: np.ones(3)})[0]
    assert made[N:, 0, OUTFLOW].tolist() == [1.0, 1.0, 0.0]
    opened(books)
    books.accrue([made, made], [np.zeros((N, 2))] * 2)
    assert not books.owed(books.instances[0])[-1].any()


# Bands of a clearing


BANDS = Cycle(retention_from=0.85, overrun_to=1.1, overrun_share=0.7)


def fixed_budget(cycle: Cycle) -> Settlement:
    """Hospitals that are owed their budget of 12 million a scheme, whatever they record; the cycle alone looks at that."""
    return opened(market(get_mode("global_budget")(surplus_share=1.0, overrun_share=0.0, overrun_band=0.0), cycle=cycle))


@pytest.mark.parametrize(("ratio", "paid"), [(0.80, 0.80), (0.85, 1.0), (0.93, 1.0), (1.06, 1.042), (1.20, 1.07)])
def test_settlement_and_quote_clear_by_the_same_bands(ratio: float, paid: float) -> None:
    books = fixed_budget(BANDS)
    year = totals(books.n_holders)
    year[:N, :, RECORDED] = 12e6
    year[3, 0, RECORDED] = ratio * 12e6
    books.post([year])
    books.accrue([year], [year[:N, :, RECORDED]])
    books.elapsed = 12
    assert books.owed(books.instances[0])[3].tolist() == [round(paid * 12e6), 12_000_000]
    quoted = books.quoted(0, np.array([3]), np.zeros((1, 2, len(MEASURES))))
    assert quoted.tolist() == pytest.approx([(paid + 1.0) * 12e6])


def test_the_quote_sees_the_cliff_below_which_a_surplus_is_not_kept() -> None:
    """At 84 % of the budget a little more recorded money brings the whole budget: that is why hospitals bill up to the line."""
    books = fixed_budget(BANDS)
    year = totals(books.n_holders)
    year[:N, :, RECORDED] = 12e6 * np.array([0.84, 0.95, 1.05, 1.2])[:, None]
    books.post([year])
    marginal = books.marginal(0, np.arange(N))[:, 0, RECORDED]
    jump = (12e6 - 0.98 * 0.84 * 12e6) / (0.04 * 0.84 * 12e6)
    np.testing.assert_allclose(marginal, [jump, 0.0, 0.7, 0.0], atol=1e-9)


def test_a_reserve_that_is_too_small_cuts_all_overruns_alike() -> None:
    """Two of four hospitals ask for 0.7 x 5 % and 0.7 x 10 % of a budget; the reserve of 1 % of four budgets gives 4 of their 10.5."""
    books = fixed_budget(Cycle(overrun_to=1.1, overrun_share=0.7, overrun_reserve=0.01))
    year = totals(books.n_holders)
    year[:N, 0, RECORDED] = 12e6 * np.array([1.0, 1.05, 0.9, 1.3])
    books.accrue([year], [year[:N, :, RECORDED]])
    books.elapsed = 12
    owed = books.owed(books.instances[0])[:N, 0] - 12_000_000
    assert owed.tolist() == [0, round(480_000 / 3), 0, 480_000 * 2 // 3]
    books.post([year])
    quoted = books.quoted(0, np.array([1, 3]), np.zeros((2, 2, len(MEASURES)))) - 24e6
    assert quoted.tolist() == pytest.approx([160_000, 320_000])


def test_where_nothing_is_payable_no_band_adds_or_takes() -> None:
    payable, recorded = np.array([-5.0, 0.0, -5.0]), np.array([10.0, 10.0, 0.0])
    assert cleared(payable, recorded, BANDS).tolist() == payable.tolist()


@pytest.mark.parametrize(("name", "others"), [("dip", 20_000.0), ("drg_points", 50_000.0)])
def test_months_add_up_to_the_value_of_the_year_s_points(name: str, others: float) -> None:
    """A point is worth the elapsed budget and what others paid, their own pay too where it counts; a new year begins at nothing."""
    books = opened(market(name))
    month = [totals(books.n_holders, units=500.0 * k, residual=20_000.0 * k, own_pay=30_000.0 * k) for k in (1, 3)]
    found = []
    for added in month:
        books.accrue([added], [np.zeros((books.n_providers, 2))])
        found.append(books.instances[0].month_points)
    budget = float(books.instances[0].terms.budget.sum()) / 12
    cells = 2 * books.n_holders
    assert found == [pytest.approx((500.0 * k * cells, budget + others * k * cells)) for k in (1, 3)]
    books = opened(books)
    books.accrue([month[0]], [np.zeros((books.n_providers, 2))])
    assert books.instances[0].month_points == pytest.approx(found[0])


def test_a_mode_without_points_tells_no_worth() -> None:
    books = opened(market("ffs"))
    books.accrue([totals(books.n_holders, units=500.0)], [np.zeros((books.n_providers, 2))])
    assert books.instances[0].month_points == (0.0, 0.0)
