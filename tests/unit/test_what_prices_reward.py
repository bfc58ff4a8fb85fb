"""What prices by the day, by the case and by points are worth to a provider who looks at other conduct, in closed form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from model.care import NEUTRAL, Eligible, eligible
from model.catalogue import NO_GROUP, PARTITIONS, SPLITS, load_catalogue
from model.payment import get_mode
from model.quote import Gains, Quote
from model.settlement import Settlement
from tests.small_market import TIER, care_rules, case_table, coded_group, market, opened, prices, totals, truth

KAPPA, CHARGE, DAYS = 0.7, 1_000_000.0, 8.0
OTHERS = 0.4
"""Part of a charge that others than the fund pay: a fifth outside the catalogue, a quarter of the rest in scope."""


def books_of(name: str, **settings: Any) -> Settlement:
    """A year of a thousand cases a holder and scheme, of ten thousand yuan and eight days each, under a mode."""
    mode = get_mode(name)(**settings)
    groups = load_catalogue()
    last = case_table(
        8, group=coded_group(), provider=np.arange(8) % 4, holder=np.arange(8) % 4, tier=TIER[np.arange(8) % 4], charge=CHARGE
    )
    year = {"cases": 1e3, "charge": 1e3 * CHARGE, "in_scope": 8e8, "recorded": 6e8, "residual": 2e8, "own_pay": 2e8, "days": 1e3 * DAYS}
    base = totals(market(mode).n_holders, **year)
    books = opened(market(mode), [base], last, weight=groups.weight)
    posted = totals(books.n_holders, **year, units=1e3 * float(mode.tariff(last, books.instances[0].terms)[0]))
    books.post([posted])
    return books


def gains(books: Settlement) -> Gains:
    """Of one case that every act could reach, around neutral conduct."""
    yes = np.ones(1, dtype=bool)
    quote = Quote(books, prices(books), care_rules(), load_catalogue())
    return quote.gains(truth(1, standard_charge=CHARGE, standard_stay=DAYS), np.tile(NEUTRAL, (len(TIER), 1)), Eligible(*[yes] * 5), 0.05)


def test_by_the_day_a_longer_stay_is_worth_its_days() -> None:
    """A twentieth more services keep a patient a fortieth longer: the day's price for that, own pay, and the cost of the services."""
    found = gains(books_of("per_diem"))
    assert found.more[0] == pytest.approx(0.05 * CHARGE * (0.5 * 0.8 + 0.2 - KAPPA), rel=1e-4)
    assert found.code[0] == pytest.approx(0, abs=1)
    # the days are the same in two stays, the services a tenth more, a fifth of them paid outside the catalogue
    assert found.split[0] == pytest.approx(0.1 * CHARGE * (0.2 - KAPPA), rel=1e-4)


def test_segments_pay_for_sending_patients_home_and_taking_them_back() -> None:
    """Five of eight days at the full price, three at half; two stays of four days have eight full ones."""
    found = gains(books_of("per_diem", day_prices=(1000.0, 1000.0, 1000.0), segments=((0.0, 5.0, 1.0), (5.0, 10.0, 0.5))))
    assert found.split[0] == pytest.approx(1.5 * 100_000 + 0.1 * CHARGE * (0.2 - KAPPA), rel=1e-4)


def test_a_fixed_price_is_paid_again_for_a_second_stay_and_more_for_a_dearer_group() -> None:
    found, groups = gains(books_of("single_disease", prior_cases=15)), load_catalogue()
    dearer = groups.weight[groups.code_up[coded_group()]] / groups.weight[coded_group()] - 1
    # own pay counts towards the price, so that the services are all cost
    assert found.more[0] == pytest.approx(-0.05 * KAPPA * CHARGE, rel=1e-4)
    assert found.split[0] == pytest.approx(CHARGE - 0.1 * KAPPA * CHARGE, rel=1e-2)
    assert found.code[0] == pytest.approx(dearer * CHARGE, rel=1e-2)
    assert found.shift[0] == pytest.approx(0, abs=1)


@pytest.mark.parametrize("name", ["drg", "single_disease"])
def test_severe_cases_are_worth_writing_into_another_family(name: str) -> None:
    """The same severe cases at the same prices, once with records confined to their own family: there the act reaches none of them."""
    groups = load_catalogue()
    other = (groups.code_up >= 0) & (groups.adrg[groups.code_up] != groups.adrg)
    confined = replace(groups, code_up=np.where(other, NO_GROUP, groups.code_up).astype(np.int16))
    severe = np.flatnonzero((groups.severity == SPLITS.index("mcc")) & (groups.partition == PARTITIONS.index("medical")))
    books, rules = books_of(name), care_rules(eligible_treat=0.0)
    level = CHARGE / groups.weight[coded_group()]
    cases = truth(len(severe), group=severe, severity=2, u_code=0.0, standard_charge=level * groups.weight[severe])
    worth = {}
    for catalogue in (groups, confined):
        able = eligible(cases, rules, catalogue)
        quote = Quote(books, prices(books), rules, catalogue)
        worth[catalogue] = (
            quote.gains(cases, np.tile(NEUTRAL, (len(TIER), 1)), able, 0.05, frozenset({"code"})).code / cases.standard_charge
        )
    assert not worth[confined].any()
    dearer = groups.weight[groups.code_up[severe]] / groups.weight[severe] - 1
    np.testing.assert_allclose(worth[groups], np.where(other[severe], dearer, 0.0), rtol=1e-2)
    assert (worth[groups] > 0.1 - 1e-2).mean() > 0.5


def test_the_fund_s_share_of_a_price_leaves_the_patient_s_part_to_be_raised() -> None:
    """Where the fund pays its part whatever the case cost, services bring what others pay of them."""
    found = gains(books_of("single_disease", fund_share=0.6))
    assert found.more[0] == pytest.approx(0.05 * CHARGE * (OTHERS - KAPPA), rel=1e-4)


def test_points_halve_what_a_second_stay_brings() -> None:
    """Around everybody's posted totals a point is worth its value, less the pool's answer to the holder's own points."""
    whole = gains(books_of("drg_points", readmission_part=1.0, cheap_rule="2019", low_line=0.0))
    halved = gains(books_of("drg_points", readmission_part=0.5, cheap_rule="2019", low_line=0.0))
    assert 0 < halved.split[0] < whole.split[0]
    assert whole.split[0] - halved.split[0] == pytest.approx(0.5 * (whole.split[0] + 0.1 * KAPPA * CHARGE), rel=1e-2)


@pytest.mark.parametrize("name", ["global_budget", "session_quota"])
def test_what_is_written_is_worth_nothing_where_groups_are_not_paid(name: str) -> None:
    assert gains(books_of(name)).code[0] == pytest.approx(0, abs=1)
