"""Item mixes: what conduct tilts, what intensity leans on, what of a yuan is cost."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from data import folder
from experiments.worlds import with_values
from model.care import CONSUMABLE, DRUG, NEUTRAL, TEST
from model.catalogue import ITEMS, load_catalogue
from model.city import City
from model.codes import DIALYSIS
from model.items import VISIT_SHARES, Items, item_parts
from model.phases.conduct import _dearer
from model.policy import load_city
from model.quote import Quote
from tests.small_market import care_rules, items, market, opened, prices, truth
from tests.unit.test_prospect import all_able

SHARES = (0.3, 0.1, 0.2, 0.4)
FIRST = np.zeros(1, dtype=np.int16)
NONE = np.zeros((1, 3))


def tilt_of(goods: Items, chosen: list[float]) -> NDArray[np.float64]:
    """Relative change of each item's part of a bill of standard intensity."""
    tilt: NDArray[np.float64] = goods.mix(FIRST, FIRST, np.array([chosen]), np.ones(1))[:, 0] / goods.shares[:, 0] - 1.0
    return tilt


def test_what_chosen_items_take_services_lose() -> None:
    tilt = tilt_of(items(shares=SHARES), [0.2, -0.1, 0.3])
    assert tilt[:3] == pytest.approx([0.2, -0.1, 0.3])
    assert (tilt * SHARES).sum() == pytest.approx(0.0, abs=1e-15)


def test_half_of_the_services_always_stay() -> None:
    tilt = tilt_of(items(shares=SHARES), [0.5, 0.5, 0.5])
    assert tilt[3] == pytest.approx(-0.5)
    assert tilt[:3] == pytest.approx([1 / 3] * 3), "the tilts act as far as services go"


@pytest.mark.parametrize("intensity", [0.8, 1.0, 1.3])
def test_a_mix_loses_least_at_its_intensity(intensity: float) -> None:
    """With curvatures s/d in each item the best amounts are 1 + (q − 1)·d/Σsd: marginal losses are equal."""
    discretion = np.array([2.0, 1.0, 1.5, 0.5])
    goods = items(shares=SHARES, discretion=discretion)
    amount = intensity * goods.mix(FIRST, FIRST, NONE, np.array([intensity]))[:, 0] / SHARES
    marginal_loss = (amount - 1) / discretion
    assert marginal_loss == pytest.approx(np.full(4, marginal_loss[0]))
    assert (amount * SHARES).sum() == pytest.approx(intensity)


def test_a_bill_costs_what_its_items_cost_and_more_care_what_is_added() -> None:
    goods = items(0.0, 0.1, 0.4, 0.6, shares=SHARES, discretion=(3.0, 1.0, 1.0, 1.0))
    assert goods.unit_cost(FIRST, FIRST, NONE, np.ones(1))[0] == pytest.approx(0.3 * 1.0 + 0.1 * 0.9 + 0.2 * 0.6 + 0.4 * 0.4)
    low, high = (q * goods.unit_cost(FIRST, FIRST, NONE, np.array([q]))[0] for q in (0.9, 1.2))
    assert (high - low) / 0.3 == pytest.approx(goods.marginal_cost(FIRST, FIRST, NONE)[0])


def test_parts_sum_to_the_fen_and_services_take_the_rounding() -> None:
    parts = item_parts(np.array([101, 7]), np.array([SHARES, SHARES]).T)
    assert parts.T.tolist() == [[30, 10, 20, 41], [2, 0, 1, 4]]


def test_more_care_is_quoted_at_the_cost_of_what_is_added() -> None:
    """Under fee-for-service a step more brings the step's charge less the cost of its own mix."""
    books, cases = opened(market("ffs")), truth(1)
    uneven = items(0.0, 0.0, 0.5, 0.5, discretion=(2.0, 1.0, 1.0, 1.0))
    tilted = NEUTRAL.copy()
    tilted[[DRUG, CONSUMABLE, TEST]] = -0.1, 0.05, 0.2
    conduct = np.tile(tilted, (books.n_providers, 1))
    even, own = (
        Quote(books, prices(books, items=goods), care_rules(), load_catalogue()).gains(cases, conduct, all_able(1), 0.05)
        for goods in (items(), uneven)
    )
    cost = uneven.marginal_cost(cases.group, FIRST, np.array([[-0.1, 0.05, 0.2]]))[0]
    assert own.more[0] - even.more[0] == pytest.approx(-0.05 * 1_000_000 * (cost - 0.7), rel=1e-6)
    assert own.less[0] - even.less[0] == pytest.approx(0.05 * 1_000_000 * (cost - 0.7), rel=1e-6)
    assert own.finish[1] == pytest.approx(even.finish[1])


def test_a_dearer_item_takes_more_of_the_bill_and_leaves_what_it_costs_alone() -> None:
    """Services at twice their price: 4 of 10 become 8 of 14; their cost, half of the old price, is a quarter of the new one."""
    even, margin = np.ones(4), np.array([0.0, 0.0, 0.5, 0.5])
    before, dear = (Items.of(np.array([SHARES]), even, margin, price) for price in (None, np.array([1.0, 1.0, 1.0, 2.0])))
    assert dear.price.tolist() == pytest.approx([1.4])
    assert dear.shares[:, 0].tolist() == pytest.approx([0.3 / 1.4, 0.1 / 1.4, 0.2 / 1.4, 0.8 / 1.4])
    assert dear.margin.tolist() == pytest.approx([0.0, 0.0, 0.5, 0.75])
    assert dear.visit_price == pytest.approx(1.3)
    assert dear.visit_shares.tolist() == pytest.approx((VISIT_SHARES * [1, 1, 1, 2] / 1.3).tolist())
    cost = [goods.price[0] * goods.variable(goods.shares[:, 0]) for goods in (before, dear)]
    assert cost[1] == pytest.approx(cost[0])


def test_fees_that_rise_raise_bills_by_their_part_and_earlier_care_is_remembered_at_them() -> None:
    """The same month with services a tenth dearer: a tenth of what they made up of a bill is added to it."""
    plain = City.load("yuncheng", "ffs", scale=0.002, seed=1, conduct="steady")
    dear = copy.deepcopy(plain)
    dear.settings = with_values(dear.settings, {"prices.item.service": 1.1})
    for city in (plain, dear):
        city.run_for(1)
    share = plain.catalogue.shares[:, ITEMS.index("service")]
    stays = _alike(plain.now.claims, dear.now.claims, ["row", "provider", "group_true"], "standard_charge")
    np.testing.assert_allclose(stays["dear"], stays["plain"] * (1 + 0.1 * share[stays["group_true"]]), rtol=1e-5)
    visits = _alike(plain.now.visits, dear.now.visits, ["row", "provider", "kind"], "charge")
    session = visits["kind"] == DIALYSIS  # has one price
    np.testing.assert_allclose(visits["dear"], visits["plain"] * np.where(session, 1.0, 1.03), rtol=1e-3)
    month, group = dear.now.index, np.arange(len(share))
    np.testing.assert_allclose(_dearer(dear, np.full_like(group, month), group), 1.0)
    growth = dear.price_index_of(np.array(month)) / dear.price_index_of(np.array(month - 1))
    np.testing.assert_allclose(_dearer(dear, np.full_like(group, month - 1), group), growth * (1 + 0.1 * share))


def _alike(plain: object, dear: object, keys: list[str], money: str) -> pd.DataFrame:
    """What both worlds have, with what it is charged in each."""
    first, second = (pd.DataFrame({key: getattr(table, key) for key in [*keys, money]}).drop_duplicates(keys) for table in (plain, dear))
    both = first.rename(columns={money: "plain"}).merge(second.rename(columns={money: "dear"}), on=keys)
    assert len(both) > 0.5 * len(first)
    return both


@pytest.mark.parametrize("name", ["yuncheng", "xuchang"])
def test_margins_leave_the_mean_cost_of_the_conduct_sketch(name: str) -> None:
    """Three tenths of a bill over the reference case mix; drugs and consumables bear no mark-up any more."""
    city, groups = load_city(name), load_catalogue()
    margin = np.array([city.prices.margin[item].at(city.base_year * 12) for item in ITEMS])
    weight = groups.weight * groups.incidence.mean(axis=1)
    assert (groups.shares @ margin) @ weight / weight.sum() == pytest.approx(0.3, abs=0.01)
    assert margin[:2].tolist() == [0.0, 0.0]
    assert city.prices.margin.drug.at(2016 * 12) == pytest.approx(0.15 / 1.15, abs=0.001)
    assert VISIT_SHARES.sum() == pytest.approx(1.0)


def test_a_city_file_without_a_margin_runs_and_its_drugs_fall(tmp_path: Path) -> None:
    """The file with the mark-up of earlier years and the same file with none."""
    text = (folder("cities") / "yuncheng.toml").read_text(encoding="utf-8")
    start, end = text.index("margin.drug = ["), text.index("margin.consumable = [")
    share, tilt = {}, {}
    for value in (0.13, 0.0):
        file = tmp_path / f"{value}.toml"
        line = f'margin.drug = {{ value = {value}, unit = "share", source = "assumption: a world of a test" }}\n'
        file.write_text(text[:start] + line + text[end:], encoding="utf-8")
        city = City.load(str(file), "ffs", scale=0.002, seed=1, burn_in=9)
        local = city.geography.providers.local
        tilt[value] = city.staff.conduct[local, DRUG].mean()
        claims = city.recent_claims()
        share[value] = np.average(city.item_mix(claims, city.staff.conduct)[0], weights=claims.charge)
    assert tilt[0.0] < tilt[0.13] - 0.01
    assert share[0.0] < share[0.13]
