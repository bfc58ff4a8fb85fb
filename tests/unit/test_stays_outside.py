"""Stays outside the city under a referral rule: the bill and the price a patient chooses by follow the same rule."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from model.city import City
from model.codes import REFERRALS
from model.phases.treatment import benefit, expected_payment
from model.policy import Leaf
from model.policy.benefit_file import Referral, RetiredTerms
from model.referral import penalties_of
from model.seeking import N_VISIT_CLASSES
from model.setup import benefits_of

MONTH = 2021 * 12


def leaf(value: object, unit: str) -> dict[str, object]:
    """One sourced value."""
    return {"value": value, "unit": unit, "source": "assumption: a test"}


@pytest.fixture(scope="module")
def city() -> City:
    """A small city after a month, half of whose stays were outside."""
    made = City("yuncheng", None, scale=0.002, seed=3)
    made.run_for(1)
    claims = made.now.claims
    assert claims is not None
    claims.provider[::2] = np.flatnonzero(~made.geography.providers.local)[0]
    claims.emergency[::4] = True
    return made


def split_again(city: City, registered: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Basic payment of the month's stays under points off the ratio of stays outside, and the price expected, in a fresh year."""
    rule = penalties_of("point_cut", 50_000, 200_000)
    rules = benefits_of(city.settings, MONTH)
    city.now.benefits = rules.changed(referral_cut_ppm=rule.cut, registered_ppm=round(registered * 1e6))
    for name in ("ytd_basic_inpatient", "ytd_residual", "ytd_cii", "ytd_aid", "ytd_stays"):
        getattr(city.people, name)[:] = 0
    city.entitled_year.used[:] = 0
    price = expected_payment(city)
    benefit(city)
    claims = city.now.claims
    assert claims is not None
    return claims.basic.copy(), price


def test_who_is_not_registered_pays_more_unless_it_is_an_emergency(city: City) -> None:
    none, price_none = split_again(city, 0.0)
    every, price_every = split_again(city, 1.0)
    half, price_half = split_again(city, 0.5)
    claims = city.now.claims
    assert claims is not None
    outside = ~city.geography.providers.local[claims.provider]
    assert outside.sum() > 20
    assert np.array_equal(none[~outside], every[~outside])
    calm = outside & ~claims.emergency & (every > 0) & (claims.charge < 2_000_000)
    assert (none[calm] < every[calm]).all()
    first = np.unique(claims.row, return_index=True)[1]
    urgent = np.intersect1d(np.flatnonzero(outside & claims.emergency), first)
    assert np.array_equal(none[urgent], every[urgent])
    assert none.sum() < half.sum() < every.sum()
    local = city.geography.providers.local
    assert np.array_equal(price_none[local], price_every[local])
    np.testing.assert_allclose(price_half, (price_none + price_every) / 2)
    assert (price_none[~local][:, :, N_VISIT_CLASSES:] > price_every[~local][:, :, N_VISIT_CLASSES:]).all()


def test_without_a_rule_nothing_is_drawn_and_nobody_pays_more(city: City) -> None:
    assert not benefits_of(city.settings, MONTH).penalises


def test_a_referral_rule_of_a_city_file() -> None:
    common = {"referred": leaf(0.05, "share"), "unreferred": leaf(0.15, "share"), "registered_share": leaf(0.6, "share")}
    doubled = {"encoding": leaf("deductible_and_cut", "name"), "deductible_factor": leaf(2, "factor")}
    found = Referral.model_validate({**common, **doubled}).penalties(MONTH)
    assert found == penalties_of("deductible_and_cut", 50_000, 150_000, 2.0)
    assert len(found.cut) == len(REFERRALS)
    for wrong in ({**doubled, "encoding": leaf("point_cut", "name")}, {"encoding": leaf("deductible_and_cut", "name")}):
        with pytest.raises(ValueError, match="deductible_factor belongs to deductible_and_cut"):
            Referral.model_validate({**common, **wrong})


def test_a_city_file_may_give_retired_employees_and_later_stays_terms_of_their_own(city: City) -> None:
    settings = city.settings
    terms = RetiredTerms.model_validate(
        {"inpatient_ratio_added": leaf(0.05, "share"), "outpatient_deductible_year": leaf(500, "yuan/year")}
    )
    employee = settings.benefits.employee
    later = Leaf.constant(300, "yuan/stay", "assumption: a test")
    tertiary = employee.inpatient.tertiary.model_copy(update={"deductible_later": later})
    inpatient = employee.inpatient.model_copy(update={"tertiary": tertiary})
    benefits = settings.benefits.model_copy(update={"employee": employee.model_copy(update={"retired": terms, "inpatient": inpatient})})
    rules = benefits_of(settings.model_copy(update={"benefits": benefits}), MONTH)
    assert rules.inpatient_ppm[:, 3, 0].tolist() == [800_000, 600_000, 850_000]
    assert rules.outpatient_deductible[2] == 50_000
    assert (rules.inpatient_deductible[0, 3], rules.inpatient_later[0, 3], rules.inpatient_later[0, 0]) == (60_000, 30_000, 20_000)
