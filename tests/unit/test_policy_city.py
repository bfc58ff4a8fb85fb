"""City files as the rules read them: benefit bands in fen, members of groups, what the documents print."""

from __future__ import annotations

import copy
import pickle
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import data
from model.calendar import parse_month
from model.codes import BENEFIT_CLASSES, SCHEMES
from model.errors import InputError
from model.layers import NO_LIMIT
from model.policy import CityFile, load_city
from model.policy.benefit_file import CatastrophicBenefit, LayerTerms, Terms, clipped_bands
from model.setup import benefits_of
from model.units import PPM

MONTH = parse_month("2021-07")
YUNCHENG, XUCHANG = load_city("yuncheng"), load_city("xuchang")


def pay(city: CityFile, scheme: str, benefit_class: str, in_scope_yuan: float, month: int = MONTH) -> float:
    """What the bands pay for one stay, in yuan."""
    fen = round(in_scope_yuan * 100)
    bands = city.benefits[scheme].inpatient_bands(benefit_class, month)
    return float(sum(max(0, min(fen, high) - low) * ppm / 1e6 for low, high, ppm in bands)) / 100


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
            bands = city.benefits[scheme].inpatient_bands(benefit_class, MONTH)
            assert bands[0][0] == city.benefits[scheme].inpatient[benefit_class].deductible.at(MONTH) * 100
            assert bands[-1][1] == NO_LIMIT
            assert all(isinstance(part, int) for band in bands for part in band)
            assert [low for low, _, _ in bands[1:]] == [high for _, high, _ in bands[:-1]]


@given(st.integers(0, 10**7), st.lists(st.integers(1, 10**6), min_size=1, max_size=5, unique=True))
def test_clipping_keeps_all_above_the_deductible(deductible: int, edges: list[int]) -> None:
    ends = [*sorted(edges), float("inf")]
    bands = tuple((float(low), float(high), 0.5) for low, high in zip([0, *ends[:-1]], ends, strict=True))
    clipped = clipped_bands(bands, deductible)
    assert clipped[0][0] == deductible
    assert clipped[-1][1] == NO_LIMIT
    assert all(before[1] == after[0] for before, after in pairwise(clipped))


def test_second_layers() -> None:
    resident, employee = (YUNCHENG.benefits[s].layer("second", "ordinary", MONTH) for s in ("resident", "employee"))
    assert resident.bands[0] == (1_200_000, 3_000_000, 600_000)
    assert (resident.deductible, resident.cap) == (1_200_000, 40_000_000)
    assert employee == Terms(0, [(0, NO_LIMIT, 900_000)], 50_000_000)


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


# Layers above the basic one


def leaf(value: object, unit: str) -> dict[str, object]:
    """One sourced value."""
    return {"value": value, "unit": unit, "source": "assumption: a test"}


def test_catastrophic_insurance_is_tilted_for_the_poor() -> None:
    tilt = {"deductible_factor": leaf(0.5, "factor"), "ratio_added": leaf(0.05, "share")}
    common = {"deductible": leaf(12_000, "yuan/year"), "bands": leaf([[0, 30_000, 0.6], [30_000, "inf", 0.98]], "yuan, yuan, share")}
    rule = CatastrophicBenefit.model_validate({**common, "cap": leaf(1000, "yuan/year"), "poor": tilt})
    assert rule.terms("ordinary", MONTH) == Terms(1_200_000, [(1_200_000, 3_000_000, 600_000), (3_000_000, NO_LIMIT, 980_000)], 100_000)
    assert rule.terms("destitute", MONTH) == Terms(600_000, [(600_000, 3_000_000, 650_000), (3_000_000, NO_LIMIT, PPM)], 100_000)
    assert rule.terms("civil_servant", MONTH) == rule.terms("ordinary", MONTH)


def test_a_layer_may_treat_standings_differently() -> None:
    rule = LayerTerms.model_validate(
        {
            "ratio": leaf(0.7, "share"),
            "deductible": leaf(3000, "yuan/year"),
            "destitute": {"ratio": leaf(1.0, "share"), "deductible": leaf(0, "yuan/year")},
            "sick_poor": {"bands": leaf([[0, 10_000, 0.5], [10_000, "inf", 0.6]], "yuan, yuan, share"), "cap_year": leaf(5, "yuan/year")},
        }
    )
    assert rule.terms("poor", MONTH) == rule.terms("low_income", MONTH) == Terms(300_000, [(300_000, NO_LIMIT, 700_000)], NO_LIMIT)
    assert rule.terms("destitute", MONTH) == Terms(0, [(0, NO_LIMIT, PPM)], NO_LIMIT)
    assert rule.terms("sick_poor", MONTH) == Terms(300_000, [(300_000, 1_000_000, 500_000), (1_000_000, NO_LIMIT, 600_000)], 500)


@pytest.mark.parametrize("given", [{}, {"ratio": leaf(0.7, "share"), "bands": leaf([[0, 1, 0.5]], "yuan, yuan, share")}])
def test_a_layer_has_one_ratio_or_bands(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="either ratio or bands is needed"):
        LayerTerms.model_validate(given)


def with_order(tmp_path: Path, order: str) -> Path:
    """Yuncheng's file with an order of layers."""
    text = data.folder("cities", "yuncheng.toml").read_text(encoding="utf-8")
    head = f'[benefits]\norder = {{ value = {order}, unit = "layers", source = "assumption: a test" }}\n\n[benefits.employee]'
    file = tmp_path / "ordered.toml"
    file.write_text(text.replace("[benefits.employee]", head), encoding="utf-8")
    return file


def test_a_city_may_order_its_layers(tmp_path: Path) -> None:
    city = load_city(with_order(tmp_path, '["aid", "second", "tilt"]'))
    assert YUNCHENG.benefits.layers(MONTH) == ["second", "aid"]
    assert city.benefits.layers(MONTH) == ["aid", "second"]
    assert [layer.name for layer in benefits_of(city, MONTH).layers] == ["aid", "second"]


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ('["second"]', "a layer without a place in the order: found.*second.*allowed: aid"),
        ('["second", "aid", "second"]', "the same layer twice: found 'second'"),
        ('["second", "assistance"]', "unknown name: found 'assistance'"),
        ('"second"', "a list of names is expected"),
    ],
)
def test_an_order_names_every_layer_once(tmp_path: Path, order: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_city(with_order(tmp_path, order))
