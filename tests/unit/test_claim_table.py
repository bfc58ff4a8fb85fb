"""Claims as a table for people: names for codes, parts that sum to the charge, flags as columns."""

from __future__ import annotations

import copy

import numpy as np
import pandas as pd
import pytest

from model.care import CODING, DRUG, NEUTRAL, SPLITTING
from model.cases import FLAG_NAMES, FLAG_SPLIT, FLAG_UPCODED, FLAG_UPGRADED, Claims
from model.catalogue import ITEMS
from model.city import City
from model.codes import SEVERITIES, TIERS
from tests.small_market import claims as some_claims

PROMISED = {"month", "person", "provider", "tier", "county", "kind", "group_true", "group_coded", "severity", "points_true"} | {
    "points_coded",
    "charge",
    "stay_days",
    *FLAG_NAMES[:7],
}
"""Columns that scripts outside the project use."""


@pytest.fixture(scope="module")
def city() -> City:
    """A city under points whose claims are kept, with some records distorted, after two months."""
    made = City.load("yuncheng", "dip", scale=0.002, seed=2, burn_in=0, conduct="steady", claims=True)
    local = made.geography.providers.local
    made.staff.act_from[CODING, local] = made.staff.act_from[SPLITTING, local] = -np.inf
    made.run_for(2)
    return made


@pytest.fixture(scope="module")
def kept(city: City) -> Claims:
    """The claims behind the table."""
    joined: Claims = Claims.join(copy.copy(city._kept))
    return joined


@pytest.fixture(scope="module")
def table(city: City, kept: Claims) -> pd.DataFrame:
    """The table of both months."""
    frame = copy.deepcopy(city).claims()
    assert len(frame) == len(kept)
    return frame


def test_promised_columns_are_there_and_nothing_is_missing(table: pd.DataFrame) -> None:
    assert set(table.columns) >= PROMISED
    assert len(table) > 100
    assert table.notna().all().all()


def test_names_stand_for_codes(table: pd.DataFrame, kept: Claims, city: City) -> None:
    assert table["provider"].tolist() == [city.geography.providers.name[p] for p in kept.provider]
    assert table["group_true"].tolist() == [city.catalogue.codes[g] for g in kept.group_true]
    assert table["tier"].tolist() == [TIERS[t] for t in kept.tier]
    assert table["severity"].tolist() == [SEVERITIES[s] for s in kept.severity]
    assert set(table["month"]) == {"2021-01", "2021-02"}
    assert set(table["county"]) <= set(city.geography.counties)


def test_charges_divide_three_ways_to_the_fen(table: pd.DataFrame) -> None:
    """By item, by catalogue class and by payer."""
    for parts in (
        ["drug", "consumable", "test", "service"],
        ["class_a", "class_b", "class_c"],
        ["fund_basic", "second_layer", "aid", "account", "patient"],
    ):
        assert (table[parts].sum(axis=1) == table["charge"]).all(), parts
        assert (table[parts] >= 0).all().all(), parts
        assert (table[parts].dtypes == np.int64).all(), parts


def test_flags_and_truth_agree(table: pd.DataFrame, kept: Claims) -> None:
    assert (table["upcoded"] == kept.has(FLAG_UPCODED)).all()
    assert (table["split"] == kept.has(FLAG_SPLIT)).all()
    assert table["upcoded"].any()
    assert ((table["group_true"] != table["group_coded"]) == (table["upcoded"] | table["upgraded"])).all()
    honest = table[~(table["upcoded"] | table["upgraded"])]
    assert (honest["points_true"] == honest["points_coded"]).all()


def test_items_follow_the_true_group_as_the_tables_count_them(city: City, table: pd.DataFrame, kept: Claims) -> None:
    mix = city.item_mix(kept, city.staff.conduct)
    for i, item in enumerate(ITEMS):
        np.testing.assert_allclose(table[item], mix[i] * kept.charge, atol=4.0)
    months = city.tables.monthly.query("unit_type == 'city' and indicator == 'drug_per_admission'")["value"].to_numpy()
    assert months == pytest.approx(table.groupby("month")["drug"].mean().to_numpy() / 100, rel=1e-3)


def test_drugs_are_added_first_and_a_procedure_beyond_need_changes_no_proportions(city: City) -> None:
    claims = some_claims(4, intensity=[0.8, 1.0, 1.2, 1.8], flags=[0, 0, 0, FLAG_UPGRADED])
    drug = city.item_mix(claims, np.tile(NEUTRAL, (2, 1)))[0]
    assert drug[0] < drug[1] < drug[2]
    assert drug[1] == pytest.approx(city.catalogue.shares[claims.group_true[0], 0])
    assert drug[3] == pytest.approx(drug[2])


def test_kept_claims_show_the_mix_they_were_treated_with() -> None:
    city = City.load("yuncheng", "ffs", scale=0.002, seed=2, burn_in=0, conduct="steady", claims=True)
    city.staff.conduct = np.where(np.arange(len(NEUTRAL)) == DRUG, -0.5, NEUTRAL) * np.ones((len(city.staff.conduct), 1))
    city.run_for(1)
    city.staff.conduct = np.tile(NEUTRAL, (len(city.staff.conduct), 1))
    city.run_for(1)
    table = city.claims().groupby("month")[["drug", "charge"]].sum()
    share = (table["drug"] / table["charge"]).to_numpy()
    assert share[0] == pytest.approx(0.5 * share[1], rel=0.1)


def test_claims_are_handed_out_once(city: City) -> None:
    made = copy.deepcopy(city)
    assert len(made.claims()) > 0
    assert made.claims().empty
    made.run_for(1)
    assert set(made.claims()["month"]) == {"2021-03"}
