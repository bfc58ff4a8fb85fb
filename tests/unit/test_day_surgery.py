"""Day surgery in the benefits: who bears what deductible, the share a patient expects, and the stays a city's rule reaches (rules E8)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from model.benefits import NO_LIMIT, BenefitRules, expected_price
from model.city import City
from model.codes import INPATIENT, SCHEMES, VISIT_KINDS
from model.day_surgery import expected_share, is_day_surgery
from model.phases.treatment import benefit, expected_payment
from model.policy import Leaf
from model.policy.benefit_file import DaySurgery
from model.policy.city_file import CityFile
from model.setup import benefits_of

RESIDENT = SCHEMES.index("resident")
MONTH = 2021 * 12


def test_a_day_surgery_bears_its_part_of_the_deductible() -> None:
    stay: dict[str, Any] = {"inpatient_deductible": 1001, "inpatient_to": NO_LIMIT, "inpatient_ppm": 500_000, "inpatient_ceiling": NO_LIMIT}
    rules = BenefitRules.none().changed(**stay, day_surgery_factor_ppm=[0, 500_000], referral_factor_ppm=[[10**6, 2 * 10**6, 10**6]])
    price = expected_price(rules, [[0], [1]], 1, INPATIENT, 11_001, 0, day_surgery=[0, 1, 1], referral=[0, 0, 1])
    # half of 1001 fen is 501, in whole fen before it is doubled outside
    assert price.tolist() == [[6001, 5500, 5500], [6001, 5751, 6001]]


def test_what_counts_is_a_short_stay_of_an_operative_group() -> None:
    operative, stay, longest = np.array([True, True, True, False]), np.array([1, 2, 3, 1]), np.array([2, 2, 2, 0])
    assert is_day_surgery(operative, stay, longest).tolist() == [1, 1, 0, 0]


def test_the_share_expected_is_the_share_drawn() -> None:
    rng = np.random.default_rng(5)
    cases = rng.uniform(0.1, 1.0, (2, 4, 3))
    operative, least = np.array([True, True, False, True]), np.array([0, 0, 0, 1])
    days = np.array([[1.5, 4.0, 1.0, 2.5], [2.0, 5.0, 1.0, 3.0]])
    found = expected_share(cases, operative, least, days, 0.5, np.array([2, 0]))
    assert not found[1].any()
    assert not found[0, [2, 5, 8]].any()
    need = np.exp(0.5 * rng.standard_normal(400_000) - 0.125)
    short = np.array([(np.maximum(np.rint(d * np.sqrt(need)), 1) <= 2).mean() for d in days[0]]) * operative
    for severity in range(3):
        weight = cases[0, :3, severity]
        assert found[0, 3 * severity] == pytest.approx(short[:3] @ weight / weight.sum(), abs=0.003)
        assert found[0, 3 * severity + 1] == pytest.approx(short[3], abs=0.003)


def with_rule(settings: CityFile, days: float, factor: float) -> CityFile:
    """A city whose residents have a rule on day surgery."""
    rule = DaySurgery(
        longest_stay=Leaf.constant(days, "day", "assumption: a test"),
        deductible_factor=Leaf.constant(factor, "factor", "assumption: a test"),
    )
    resident = settings.benefits.resident.model_copy(update={"day_surgery": rule})
    return settings.model_copy(update={"benefits": settings.benefits.model_copy(update={"resident": resident})})


def test_a_city_file_may_spare_the_short_operations_of_a_scheme() -> None:
    settings = City("yuncheng", None, scale=0.002, seed=3).settings
    without, rules = benefits_of(settings, MONTH), benefits_of(with_rule(settings, 2, 0.25), MONTH)
    assert (without.spares_day_surgery, rules.spares_day_surgery) == (False, True)
    assert rules.day_surgery_factor_ppm.tolist() == [10**6, 250_000]
    assert rules.day_surgery_days.tolist() == [0, 2]


def split_again(city: City, rules: BenefitRules) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """What basic insurance pays of the month's stays in a fresh year, and the price expected."""
    city.now.benefits = rules
    for name in ("ytd_basic_inpatient", "ytd_residual", "ytd_cii", "ytd_aid", "ytd_stays"):
        getattr(city.people, name)[:] = 0
    city.entitled_year.used[:] = 0
    price = expected_payment(city)
    benefit(city)
    assert city.now.claims is not None
    return city.now.claims.basic.copy(), price


def test_in_a_city_short_operations_alone_cost_their_patients_less() -> None:
    city = City("yuncheng", None, scale=0.004, seed=3)
    city.run_for(1)
    claims = city.now.claims
    assert claims is not None
    before, price = split_again(city, benefits_of(city.settings, MONTH))
    after, cheaper = split_again(city, benefits_of(with_rule(city.settings, 6, 0), MONTH))
    spared = city.group_facts.operative[claims.group_coded] & (claims.stay <= 6) & (claims.scheme == RESIDENT)
    assert spared.sum() > 10
    assert np.array_equal(before[~spared], after[~spared])
    assert (after[spared] > before[spared]).all()
    # nobody expects a price of visits or of employees to change; of stays it falls by no more than the deductible's part
    assert np.array_equal(price[:, 0], cheaper[:, 0])
    stays = len(VISIT_KINDS)
    assert np.array_equal(price[:, 1, :stays], cheaper[:, 1, :stays])
    assert (cheaper[:, 1, stays:] <= price[:, 1, stays:]).all()
    assert (cheaper[:, 1, stays + 1 : stays + 3] < price[:, 1, stays + 1 : stays + 3]).all()
