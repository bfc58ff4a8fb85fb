"""Prices by the day, the case, the session and the head: where prices come from, what is refused, where money stops."""

from __future__ import annotations

import numpy as np
import pytest

from model.errors import InputError
from model.payment import DAYS, RECORDED, RESIDUAL, get_mode
from model.payment.points.bed_days import priced_days
from tests.small_market import case_table, history, holder_facts, totals

PER_DIEM = get_mode("per_diem")


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
