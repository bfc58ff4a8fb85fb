"""Sums by unit and month, and the long tables made from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from model.record import Record

JANUARY = 2021 * 12
UNITS = {"city": ["town"], "tier": ["primary", "secondary", "tertiary"], "income_fifth": ["1", "2", "3", "4", "5"]}


def filled(*months: dict[str, float], first: int = JANUARY) -> Record:
    """A record whose city has these sums month by month, and whose fifths paid 1, 2, 3, 4 and 5 a head."""
    record = Record(UNITS)
    for i, sums in enumerate(months):
        record.add_cells("city", **{name: np.array([value]) for name, value in sums.items()})
        record.add_cells("income_fifth", person_months=np.full(5, 10.0), patient=10.0 * np.arange(1, 6), account=np.zeros(5))
        record.close_month(first + i)
    return record


def value(table: pd.DataFrame, indicator: str, period: str, unit: str = "town") -> float:
    """The one value of an indicator."""
    found = table[(table["indicator"] == indicator) & (table["period"] == period) & (table["unit"] == unit)]["value"]
    assert len(found) == 1
    return float(found.iloc[0])


def test_rows_are_added_up_by_unit_and_rows_of_no_unit_left_out() -> None:
    record = Record(UNITS)
    record.add("tier", np.array([0, 2, -1, 2]), admissions=np.ones(4), admission_charge=np.array([100.0, 200.0, 400.0, 800.0]))
    record.add("tier", np.array([0]), admissions=np.ones(1), admission_charge=np.array([300.0]))
    record.close_month(JANUARY)
    table = record.monthly
    assert value(table, "cost_per_admission", "2021-01", "primary") == pytest.approx(2.0)
    assert value(table, "cost_per_admission", "2021-01", "tertiary") == pytest.approx(5.0)
    assert not (table["unit"] == "secondary").any()


def test_several_unit_types_take_the_same_rows() -> None:
    record = Record(UNITS)
    rows: dict[str, Any] = {"admissions": np.ones(3), "stay_days": np.array([2.0, 4.0, 9.0])}
    record.add_rows({"city": np.zeros(3, dtype=int), "tier": np.array([1, 1, 2])}, rows)
    record.close_month(JANUARY)
    assert value(record.monthly, "los_days", "2021-01") == 5.0
    assert value(record.monthly, "los_days", "2021-01", "secondary") == 3.0


def test_the_table_is_long_and_has_no_holes() -> None:
    table = filled({"person_months": 10.0, "visits": 5.0}).monthly
    assert list(table.columns) == ["period", "unit_type", "unit", "indicator", "value"]
    assert table["value"].notna().all()
    assert not table.duplicated(["period", "unit_type", "unit", "indicator"]).any()


def test_rates_are_yearly_whatever_the_span() -> None:
    record = filled(*[{"person_months": 100.0, "visits": 50.0}] * 12)
    assert value(record.monthly, "visits_per_head", "2021-03") == pytest.approx(6.0)
    assert value(record.yearly, "visits_per_head", "2021") == pytest.approx(6.0)


def test_a_year_s_ratio_is_of_sums_not_a_mean_of_ratios() -> None:
    record = filled({"admissions": 1.0, "stay_days": 10.0}, {"admissions": 9.0, "stay_days": 18.0})
    assert value(record.yearly, "los_days", "2021") == pytest.approx(2.8)


def test_years_are_calendar_years_of_whatever_was_simulated() -> None:
    record = filled(*[{"admissions": 1.0, "stay_days": float(days)} for days in (1, 2, 3)], first=JANUARY - 2)
    assert value(record.yearly, "los_days", "2020") == pytest.approx(1.5)
    assert value(record.yearly, "los_days", "2021") == pytest.approx(3.0)


def test_a_balance_is_the_last_month_s() -> None:
    months = [{"person_months": 10.0, "fund_balance": 100.0 * (i + 1), "fund_paid": 50.0} for i in range(3)]
    record = filled(*months)
    assert value(record.monthly, "fund_balance", "2021-02") == pytest.approx(200.0 / 10 / 100)
    assert value(record.yearly, "fund_balance", "2021") == pytest.approx(300.0 / 10 / 100)
    assert value(record.monthly, "reserve_months", "2021-03") == pytest.approx(6.0)
    assert value(record.yearly, "reserve_months", "2021") == pytest.approx(6.0)


def test_what_a_unit_type_never_counts_is_absent_not_zero() -> None:
    record = Record(UNITS)
    record.add("tier", np.array([0, 1]), admissions=np.ones(2), split=np.zeros(2))
    record.close_month(JANUARY)
    found = set(record.monthly["indicator"])
    assert "split_share" in found  # counted, and none there
    assert "complications_per_1000" not in found
    assert "referrals_down" not in found


def test_own_payment_is_concentrated_where_it_is_paid() -> None:
    """Fifths that pay 1 to 5: two fifths of the line from rich to equal, by the grouped formula 4/15."""
    assert value(filled({"person_months": 50.0}).monthly, "oop_concentration_index", "2021-01") == pytest.approx(4 / 15)


def test_months_before_can_be_forgotten() -> None:
    record = filled(*[{"admissions": 1.0, "stay_days": float(days)} for days in (1, 2, 3)])
    record.drop_before(JANUARY + 2)
    assert set(record.monthly["period"]) == {"2021-03"}
    assert value(record.yearly, "los_days", "2021") == 3.0


def test_an_empty_record_is_an_empty_table() -> None:
    for table in (Record(UNITS).monthly, Record(UNITS).yearly):
        assert list(table.columns) == ["period", "unit_type", "unit", "indicator", "value"]
        assert table.empty


def test_the_open_month_is_not_in_the_tables_and_the_next_opens_empty() -> None:
    record = filled({"admissions": 2.0, "stay_days": 6.0})
    assert not record.open_sums("city").any()
    record.add_cells("city", admissions=np.array([1.0]), stay_days=np.array([99.0]))
    assert set(record.monthly["period"]) == {"2021-01"}
    assert value(record.yearly, "los_days", "2021") == 3.0
