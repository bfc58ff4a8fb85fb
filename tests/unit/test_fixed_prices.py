"""Prices by the day, the case, the session and the head: where prices come from, what is refused, where money stops."""

from __future__ import annotations

import numpy as np
import pytest

from model.errors import InputError
from model.payment import CASES, DAYS, RECORDED, RESIDUAL, GroupYear, get_mode
from model.payment.points.bed_days import priced_days
from tests.small_market import case_table, history, holder_facts, totals

CAPITATION = get_mode("capitation")
PER_DIEM, SINGLE, SESSION = get_mode("per_diem"), get_mode("single_disease"), get_mode("session_quota")


def test_a_day_costs_what_peers_of_its_level_and_kind_spent() -> None:
    """Of a kind without days the level's mean counts, of a level without days everybody's."""
    base = totals(4)
    base[:, :, DAYS] = [[10, 10], [10, 10], [0, 0], [0, 0]]
    base[:, :, RECORDED] = [[1000, 500], [3000, 500], [0, 0], [0, 0]]
    base[:, :, RESIDUAL] = 0
    past = history(case_table(0), base, factor=np.array([1.0, 2.0]))
    facts = holder_facts(np.array([1, 1, 1, 2], dtype=np.int8), specialty=np.array([0, 2, 3, 2]))
    price = PER_DIEM().post(type(past)(**{**vars(past), "holders": facts})).price
    assert price.tolist() == [[100, 100], [300, 100], [200, 100], [200, 100]]


def test_a_day_of_three_years_is_all_their_money_over_all_their_days() -> None:
    """Last year 10 days at 300 charged, 240 in scope; the year before 30 days at 200, of which as much is in scope: 7,200 over 40."""
    last = case_table(1, charge=3000.0, in_scope=2400.0, stay=10)
    none = np.zeros(1, dtype=np.int64)
    before = GroupYear(none, none, none.astype(np.int8), none, np.array([3.0]), np.array([6000.0]), np.array([30.0]))
    mode = PER_DIEM(day_basis="three_years", price_growth=0.1)
    price = mode.post(history(last, totals(2, recorded=1.0, days=1.0), earlier=(before,), factor=np.full(2, 9.0))).price
    assert price[:, 0].tolist() == pytest.approx([180 * 1.1] * 2)
    assert price[:, 1].tolist() == [0, 0]


def test_days_count_by_segment_and_beyond_the_last_for_the_lowest() -> None:
    segments = ((0.0, 10.0, 1.0), (10.0, 20.0, 0.5))
    assert priced_days(np.array([0.0, 4.5, 10.0, 15.0, 20.0, 30.0]), segments).tolist() == [0, 4.5, 10, 12.5, 15, 20]
    assert priced_days(np.array([7.0]), ()).tolist() == [7]


def test_segments_that_leave_out_the_first_days_are_refused() -> None:
    with pytest.raises(InputError, match="first day"):
        PER_DIEM(segments=((5.0, 10.0, 1.0),))


def test_the_fund_s_share_of_a_day_s_price_does_not_ask_what_patients_paid() -> None:
    mode = PER_DIEM(day_prices=(100.0, 200.0, 300.0), fund_share=0.8)
    terms = mode.post(history(case_table(0), totals(1)))
    stays = case_table(2, stay=[10, 20])
    assert mode.tariff(stays, terms).tolist() == [100_000, 200_000]
    year = totals(1, units=300_000.0, residual=299_999.0)
    assert mode.entitlement(year, year, np.array([0]), terms, 1.0).tolist() == [[240_000, 240_000]]


# Single diseases


def test_a_group_that_is_not_in_the_catalogue_is_told_with_the_nearest() -> None:
    mode = SINGLE(groups=("G7",))
    with pytest.raises(InputError, match="unknown disease group") as refused:
        mode.post(history(case_table(0), totals(1)))
    assert "G7" in str(refused.value)


def test_prices_are_as_many_as_groups() -> None:
    with pytest.raises(InputError, match="as many prices"):
        SINGLE(groups=("G0", "G1"), prices=(1.0,))


def test_named_groups_without_prices_take_last_year_s_mean_and_its_relation_of_levels() -> None:
    cases = case_table(4, group=[0, 0, 1, 1], tier=[1, 2, 1, 2], charge=[100.0, 300.0, 700.0, 2100.0])
    terms = SINGLE(groups=("G0",), price_growth=0.5, prior_cases=0).post(history(cases, totals(1)))
    assert terms.price.tolist() == [300, 0]
    assert terms.level.tolist() == pytest.approx([1.0, 0.5, 1.5])


def test_a_case_leaves_its_price_only_above_the_line() -> None:
    mode = SINGLE(groups=("G0",), prices=(10.0,), exit_multiple=2.0, fund_share=0.5)
    terms = mode.post(history(case_table(0), totals(1)))
    cases = case_table(3, charge=[2000.0, 2000.5, 10.0], recorded=[1.0, 2.0, 3.0])
    assert mode.tariff(cases, terms).tolist() == [500, 2, 500]


# Sessions


def test_a_session_s_price_is_the_fund_s_money_of_a_session_by_scheme() -> None:
    base = totals(2, cases=10, recorded=1000.0)
    base[:, 1, CASES], base[:, 1, DAYS] = 2, 20
    assert SESSION().post(history(case_table(0), base, factor=np.array([1.0, 1.5]))).price.tolist() == [100, 75]


# Heads


def test_a_rate_a_head_is_one_of_three() -> None:
    with pytest.raises(InputError, match="two rates"):
        CAPITATION(raised=(1.0, 1.0), head_quotas=(1.0, 1.0))
    with pytest.raises(InputError, match="kept back"):
        CAPITATION(raised=(1.0, 1.0), risk_share=0.6, second_share=0.5)


def test_more_taken_off_than_was_raised_is_no_debt() -> None:
    terms = CAPITATION(raised=(10.0, 100.0), adjustment=20.0).post(history(case_table(0), totals(1), heads=np.full((1, 2), 3.0)))
    assert terms.money.tolist() == [[0, 24_000]]


def test_fees_of_family_doctors_come_on_top_of_the_rate() -> None:
    base = totals(1, recorded=600.0)
    past = history(case_table(0), base, heads=np.full((1, 2), 10.0))
    fees = CAPITATION(signed_share=0.5, contract_fee=(20.0, 30.0, 5.0), contract_fee_key=(110.0, 30.0, 10.0), key_share=0.4)
    assert (fees.post(past).money - CAPITATION().post(past).money).tolist() == pytest.approx(np.full((1, 2), (3 * 20 + 2 * 110) * 100.0))


def test_a_package_withholds_no_more_than_there_is() -> None:
    with pytest.raises(InputError, match="withheld"):
        get_mode("county_package")(withheld_share=0.5, aid_share=0.6)
