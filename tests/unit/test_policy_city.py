"""City files as the rules read them: benefit bands in fen, members of groups, what the documents print."""

from __future__ import annotations

import copy
import pickle
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.calendar import parse_month
from model.codes import BENEFIT_CLASSES, SCHEMES
from model.policy import NO_LIMIT_FEN, CityFile, load_city
from model.policy.city_file import clipped_bands

MONTH = parse_month("2021-07")
YUNCHENG, XUCHANG = load_city("yuncheng"), load_city("xuchang")


def pay(city: CityFile, scheme: str, benefit_class: str, in_scope_yuan: float, month: int = MONTH) -> float:
    """What the bands pay for one stay, in yuan."""
    fen = round(in_scope_yuan * 100)
    bands = city.inpatient_bands(scheme, benefit_class, month)
    return sum(max(0, min(fen, high) - low) * ppm / 1e6 for low, high, ppm in bands) / 100


PRINTED = [
    # city, scheme, class of hospital, in-scope cost of the stay, what the fund pays
    ("yuncheng", "resident", "out_of_province", 10_000, (10_000 - 1500) * 0.55),
    ("yuncheng", "resident", "tertiary", 10_000, (10_000 - 1000) * 0.60),
    ("yuncheng", "resident", "city_secondary", 10_000, (10_000 - 500) * 0.70),
    ("yuncheng", "resident", "county", 10_000, (10_000 - 400) * 0.75),
    ("yuncheng", "resident", "primary", 10_000, (10_000 - 100) * 0.85),
    ("yuncheng", "employee", "tertiary", 10_000, (10_000 - 600) * 0.80),
    ("yuncheng", "employee", "county", 10_000, (10_000 - 400) * 0.85),
    ("yuncheng", "employee", "primary", 10_000, (10_000 - 200) * 0.90),
    ("yuncheng", "resident", "county", 399, 0.0),
    ("xuchang", "resident", "primary", 2_000, (800 - 150) * 0.70 + 1_200 * 0.90),
    ("xuchang", "resident", "county", 3_000, (1500 - 400) * 0.63 + 1_500 * 0.83),
    ("xuchang", "resident", "city_secondary", 5_000, (3000 - 500) * 0.55 + 2_000 * 0.75),
    ("xuchang", "resident", "tertiary", 10_000, (4000 - 1200) * 0.53 + 6_000 * 0.72),
    ("xuchang", "resident", "out_of_province", 20_000, (7000 - 2000) * 0.50 + 13_000 * 0.68),
]


@pytest.mark.parametrize(("city", "scheme", "benefit_class", "cost", "paid"), PRINTED)
def test_inpatient_bands_pay_what_the_documents_print(city: str, scheme: str, benefit_class: str, cost: float, paid: float) -> None:
    assert pay(load_city(city), scheme, benefit_class, cost) == pytest.approx(paid)


@pytest.mark.parametrize("city", [YUNCHENG, XUCHANG], ids=lambda city: str(city.name))
def test_bands_are_whole_ordered_and_start_at_the_deductible(city: CityFile) -> None:
    for scheme in SCHEMES:
        for benefit_class in BENEFIT_CLASSES:
            bands = city.inpatient_bands(scheme, benefit_class, MONTH)
            assert bands[0][0] == city.benefits[scheme].inpatient[benefit_class].deductible.at(MONTH) * 100
            assert bands[-1][1] == NO_LIMIT_FEN
            assert all(isinstance(part, int) for band in bands for part in band)
            assert [low for low, _, _ in bands[1:]] == [high for _, high, _ in bands[:-1]]


@given(st.integers(0, 10**7), st.lists(st.integers(1, 10**6), min_size=1, max_size=5, unique=True))
def test_clipping_keeps_all_above_the_deductible(deductible: int, edges: list[int]) -> None:
    ends = [*sorted(edges), float("inf")]
    bands = tuple((float(low), float(high), 0.5) for low, high in zip([0, *ends[:-1]], ends, strict=True))
    clipped = clipped_bands(bands, deductible)
    assert clipped[0][0] == deductible
    assert clipped[-1][1] == NO_LIMIT_FEN
    assert all(before[1] == after[0] for before, after in pairwise(clipped))


def test_second_layers() -> None:
    assert YUNCHENG.second_layer_bands("resident", MONTH)[0] == (1_200_000, 3_000_000, 600_000)
    assert YUNCHENG.second_layer_bands("employee", MONTH) == [(0, NO_LIMIT_FEN, 900_000)]
    assert YUNCHENG.second_layer_cap("resident", MONTH) == 40_000_000
    assert YUNCHENG.second_layer_cap("employee", MONTH) == 50_000_000


def test_rules_change_at_their_date() -> None:
    ceiling = XUCHANG.benefits.employee.ceiling_basic
    assert (ceiling.at(parse_month("2019-06")), ceiling.at(parse_month("2019-07"))) == (41_000, 50_000)
    subsidy = YUNCHENG.financing.resident.subsidy
    assert subsidy is not None
    assert [subsidy.at(parse_month(f"{year}-06")) for year in (2020, 2021, 2022)] == [550, 580, 610]
    assert subsidy.source_at(MONTH) == "premium_2021"


def test_what_the_documents_print() -> None:
    assert YUNCHENG.enrolment.employee.persons.at(MONTH) == 506_521
    assert YUNCHENG.enrolment.resident.persons.at(MONTH) == 4_103_798
    assert XUCHANG.enrolment.employee.persons.at(MONTH) == 463_900
    assert XUCHANG.enrolment.resident.persons.at(MONTH) == 4_016_200
    assert (len(YUNCHENG.counties), len(XUCHANG.counties)) == (13, 6)


def test_about_two_hundred_institutions_with_plausible_occupancy() -> None:
    townships = sum(county.townships for county in YUNCHENG.counties)
    assert 190 <= len(YUNCHENG.institutions) + townships <= 220
    listed = sum(house.beds for house in YUNCHENG.institutions)
    beds = listed + townships * YUNCHENG.townships.beds.at(MONTH)
    days = sum(
        YUNCHENG.enrolment[s].persons.at(MONTH) * use.admissions_per_100[s].at(MONTH) / 100 * use.stay_days[s].at(MONTH)
        for s in SCHEMES
        for use in [YUNCHENG.utilisation]
    )
    assert 0.6 < 0.9 * days / (365 * beds) < 0.85


def test_members_are_public_and_of_the_county() -> None:
    houses = {house.name: house for house in YUNCHENG.institutions}
    assert YUNCHENG.is_member(houses["hejin_people"])
    assert YUNCHENG.is_member(houses["yanhu_people"]), "the urban district has a declared holder"
    assert not YUNCHENG.is_member(houses["city_central"])
    assert not YUNCHENG.is_member(houses["city_second"])
    assert not YUNCHENG.is_member(houses["hejin_private_1"])


def test_a_city_survives_pickle_and_copy() -> None:
    assert pickle.loads(pickle.dumps(YUNCHENG)) == YUNCHENG
    assert copy.deepcopy({"city": YUNCHENG})["city"] == YUNCHENG
    part = YUNCHENG.utilisation.tier_share
    assert type(pickle.loads(pickle.dumps(part))) is type(part)
