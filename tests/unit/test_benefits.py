"""Benefit rules: tables that are refused, layers in their order, what a year remembers, what claims are refused."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, replace
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from model.benefits import (
    COUNTER_TOP,
    MAX_AMOUNT,
    NO_LIMIT,
    BenefitRules,
    ClaimParts,
    EntitledYear,
    Layer,
    YearToDate,
    expected_price,
    split_claims,
)
from model.codes import BENEFIT_KINDS, CHRONIC, COMMON, DIALYSIS, EMERGENCY, EMPLOYEE, INPATIENT, LAYERS, RESIDENT, STANDINGS, TILT
from model.drug_benefit import diseases_of
from model.referral import penalties_of, referral_of
from model.units import PPM

POOR, CIVIL_SERVANT = STANDINGS.index("poor"), STANDINGS.index("civil_servant")


def flat(ratio_ppm: int, **tables: Any) -> BenefitRules:
    """Rules that pay one ratio of everything, without deductible and caps, and nothing above the basic layer."""
    open_ended: dict[str, Any] = {
        "inpatient_to": NO_LIMIT,
        "inpatient_ppm": ratio_ppm,
        "inpatient_ceiling": NO_LIMIT,
        "outpatient_ppm": ratio_ppm,
        "outpatient_cap": NO_LIMIT,
        "chronic_ppm": ratio_ppm,
        "chronic_cap": NO_LIMIT,
    }
    return BenefitRules.none().changed(**{**open_ended, **tables})


CATASTROPHIC = Layer(name="second", deductible=1000, low=[1000, 3000], high=[3000, NO_LIMIT], ppm=[600_000, 700_000], cap=10**9)


def aid(ppm: Any, **terms: Any) -> Layer:
    """Assistance that pays one ratio."""
    return Layer(name="aid", ppm=ppm, **terms)


def split(rules: BenefitRules, ytd: YearToDate, in_scope: list[int], **columns: Any) -> ClaimParts:
    """Splits claims of one person, residents' stays in a county hospital unless said otherwise."""
    n = len(in_scope)
    usual = {"person_row": 0, "scheme": RESIDENT, "standing": 0, "benefit_class": 1, "kind": INPATIENT, "own_pay": 0}
    given: dict[str, Any] = {name: np.broadcast_to(np.asarray(columns.pop(name, value)), (n,)) for name, value in usual.items()}
    return split_claims(rules, in_scope=np.array(in_scope, dtype=np.int64), ytd=ytd, **given, **columns)


# Rules


def test_rules_that_pay_nothing_leave_all_to_the_patient() -> None:
    parts = split(BenefitRules.none(), YearToDate.zeros(1), [500], own_pay=70)
    assert (parts.basic[0], parts.second[0], parts.aid[0], parts.account[0], parts.patient[0]) == (0, 0, 0, 0, 570)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"chronic_ppm": 1_000_001}, "chronic_ppm must lie between 0 and 1000000"),
        ({"inpatient_ppm": -1}, "inpatient_ppm must lie between"),
        ({"outpatient_cap": -1}, "outpatient_cap must lie between"),
        ({"inpatient_from": [0, 50], "inpatient_to": [100, 200], "inpatient_ppm": [1, 1]}, "inpatient bands 0 and 1 overlap"),
        ({"chronic_ratio": 1}, "no such benefit table: chronic_ratio"),
    ],
)
def test_nonsense_rules_are_refused(tables: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        flat(0, **tables)


def test_tables_of_a_wrong_shape_or_type_are_refused() -> None:
    rules = flat(500_000)
    tables = {name: getattr(rules, name) for name in rules.__dataclass_fields__}
    with pytest.raises(ValueError, match=r"chronic_cap is float64 \(3,\); int64 \(3,\) is needed"):
        BenefitRules(**{**tables, "chronic_cap": np.zeros(3)})
    with pytest.raises(ValueError, match=r"chronic_cap is int64 \(2,\)"):
        BenefitRules(**{**tables, "chronic_cap": np.zeros(2, dtype=np.int64)})
    with pytest.raises(ValueError, match=r"inpatient_to is int64 \(3, 5, 1\); int64 \(3, 5, 2\) is needed"):
        BenefitRules(**{**tables, "inpatient_from": np.zeros((3, 5, 2), dtype=np.int64)})


def test_rules_cannot_be_changed_and_do_not_follow_their_source() -> None:
    source = np.array([1, 2], dtype=np.int64)
    rules = flat(0, chronic_cap=source)
    source[0] = 99
    assert rules.chronic_cap.tolist() == [1, 2, 1]
    with pytest.raises(ValueError, match="read-only"):
        rules.chronic_cap[0] = 5
    with pytest.raises(FrozenInstanceError):
        rules.chronic_cap = source  # type: ignore[misc]


def test_rules_pickle() -> None:
    twin = pickle.loads(pickle.dumps(flat(600_000, layers=[CATASTROPHIC])))
    assert split(twin, YearToDate.zeros(1), [1000]).basic[0] == 600


# Layers


def test_each_layer_works_on_what_the_one_before_left() -> None:
    rules = flat(600_000, inpatient_deductible=1000, layers=[CATASTROPHIC, aid(500_000, cap=10**9)])
    parts = split(rules, YearToDate.zeros(1), [11_000], standing=POOR, own_pay=300)
    # basic (11000-1000)·60 % = 6000; residual 5000: 2000·60 % + 2000·70 % = 2600; assistance 2400·50 %; the rest is the patient's
    assert (parts.deductible[0], parts.basic[0], parts.second[0], parts.aid[0], parts.patient[0]) == (1000, 6000, 2600, 1200, 1500)
    assert parts.total.tolist() == [11_300]


def test_a_layer_pays_the_increase_with_each_bill() -> None:
    whole, year = YearToDate.zeros(1), YearToDate.zeros(1)
    one = split(flat(0, layers=[CATASTROPHIC]), whole, [7000])
    many = split(flat(0, layers=[CATASTROPHIC]), year, [900, 600, 2000, 3500])
    assert many.second.tolist() == [0, 300, 900 + 350, 2450]
    assert many.second.sum() == one.second.sum() == year.ytd_cii[0] == whole.ytd_cii[0]


def test_a_change_of_rules_touches_later_bills_only() -> None:
    year = YearToDate.zeros(1)
    split(flat(0, layers=[CATASTROPHIC]), year, [3000])
    dearer = replace(CATASTROPHIC, ppm=1_000_000)
    assert split(flat(0, layers=[dearer]), year, [100]).second[0] == 100


def test_the_ceiling_holds_over_the_year_and_the_large_expense_cover_takes_over() -> None:
    rules = flat(800_000, inpatient_ceiling=800, layers=[Layer(name="second", above_ceiling=[True, False], ppm=900_000, cap=500)])
    year = YearToDate.zeros(1)
    parts = split(rules, year, [500, 700, 500, 10], scheme=EMPLOYEE)
    assert parts.basic.tolist() == [400, 400, 0, 0]
    assert parts.second.tolist() == [0, 180, 320, 0]
    assert (year.ytd_residual[0], year.ytd_cii[0]) == (200 + 500 + 10, 500)


def test_ordinary_and_chronic_outpatient_care_have_caps_of_their_own() -> None:
    rules = flat(500_000, outpatient_cap=100, chronic_cap=300, outpatient_deductible=50)
    year = YearToDate.zeros(1)
    parts = split(rules, year, [150, 400, 500, 500, 40], kind=[COMMON, CHRONIC, EMERGENCY, CHRONIC, COMMON])
    assert parts.basic.tolist() == [50, 200, 50, 100, 0]
    assert parts.deductible.tolist() == [50, 0, 0, 0, 0]
    assert (year.ytd_basic_outpatient[0], year.ytd_basic_chronic[0], year.ytd_outpatient_deductible[0]) == (100, 300, 50)


def test_sessions_of_dialysis_are_paid_as_what_a_stay_costs_above_its_deductible() -> None:
    rules = BenefitRules.none(2).changed(
        inpatient_deductible=400,
        inpatient_from=[400, 1500],
        inpatient_to=[1500, NO_LIMIT],
        inpatient_ppm=[630_000, 830_000],
        inpatient_ceiling=5000,
        chronic_cap=10,
        outpatient_cap=10,
    )
    year = YearToDate.zeros(1)
    parts = split(rules, year, [1000, 4000, 1400, 5000], kind=[DIALYSIS, DIALYSIS, INPATIENT, DIALYSIS])
    # 1,000 all in the first band; of 4,000 the first 1,100; the stay bears its deductible all the same; then the ceiling is reached
    assert parts.basic.tolist() == [630, 693 + 2407, 630, 5000 - 630 - 3100 - 630]
    assert parts.deductible.tolist() == [0, 0, 400, 0]
    assert (year.ytd_basic_inpatient[0], year.ytd_stays[0], year.ytd_basic_chronic[0], year.ytd_basic_outpatient[0]) == (5000, 1, 0, 0)


def test_upper_layers_look_at_the_kinds_they_are_told() -> None:
    rules = flat(0, layers=[CATASTROPHIC, aid(1_000_000)])
    kinds = list(range(len(BENEFIT_KINDS)))
    parts = split(rules, YearToDate.zeros(1), [2000] * len(kinds), kind=kinds, standing=POOR)
    assert [kind for kind in kinds if parts.aid[kind]] == [CHRONIC, DIALYSIS, INPATIENT]
    everywhere = rules.changed(upper_layers=True)
    assert split(everywhere, YearToDate.zeros(1), [2000] * len(kinds), kind=kinds, standing=POOR).patient.tolist() == [0] * len(kinds)


def test_the_account_pays_the_own_part_in_scope_of_outpatient_care() -> None:
    year = YearToDate.zeros(1)
    year.account_balance[0] = 100
    parts = split(flat(500_000), year, [100, 60, 100], kind=[COMMON, INPATIENT, CHRONIC], own_pay=10, scheme=EMPLOYEE)
    assert parts.account.tolist() == [50, 0, 50]
    assert parts.patient.tolist() == [10, 40, 10]
    assert year.account_balance[0] == 0
    assert year.ytd_oop[0] == 60


def test_an_overdrawn_account_pays_nothing() -> None:
    year = YearToDate.zeros(1)
    year.account_balance[0] = -5
    assert split(flat(0), year, [100], kind=COMMON).account[0] == 0
    assert year.account_balance[0] == -5


@pytest.mark.parametrize(
    ("encoding", "factor", "basic", "deductible"),
    [
        ("first_self_pay", 1.0, [11_400, 10_200, 6_600], [1000, 1000, 1000]),
        ("point_cut", 1.0, [11_400, 9_500, 3_800], [1000, 1000, 1000]),
        ("deductible_and_cut", 2.0, [11_400, 9_000, 3_600], [1000, 2000, 2000]),
    ],
)
def test_stays_outside_cost_more(encoding: str, factor: float, basic: list[int], deductible: list[int]) -> None:
    penalty = penalties_of(encoding, 100_000, 400_000, factor)
    tables = {"referral_first_ppm": penalty.first_self, "referral_cut_ppm": penalty.cut, "referral_factor_ppm": penalty.factor}
    rules = flat(600_000, inpatient_deductible=1000, **tables)
    parts = split(rules, YearToDate.zeros(1), [20_000] * 3, referral=np.array([0, 1, 2]))
    assert parts.basic.tolist() == basic
    assert parts.deductible.tolist() == deductible
    assert parts.total.tolist() == [20_000] * 3
    assert expected_price(rules, RESIDENT, 1, INPATIENT, 20_000, 0, referral=[0, 1, 2]).tolist() == parts.patient.tolist()
    assert (flat(0).penalises, rules.penalises) == (False, True)


def test_an_emergency_counts_as_referred() -> None:
    outside, emergency, registered = (np.array(flags) for flags in zip(*product([False, True], repeat=3), strict=True))
    assert referral_of(outside, emergency, registered).tolist() == [0, 0, 0, 0, 2, 1, 1, 1]


def test_retired_employees_may_have_terms_of_their_own() -> None:
    rules = flat(500_000, inpatient_deductible=[[1000] * 5, [200] * 5], outpatient_deductible=700).with_retired(
        stay_ratio_added_ppm=600_000, stay_deductible_ppm=500_000, outpatient_ratio_added_ppm=40_000, outpatient_deductible=500
    )
    people = {"person_row": np.arange(3), "scheme": [EMPLOYEE, EMPLOYEE, RESIDENT], "retired": np.array([0, 1, 1])}
    stays = split(rules, YearToDate.zeros(3), [2000] * 3, **people)
    assert stays.basic.tolist() == [500, 1500, 900]
    visits = split(rules, YearToDate.zeros(3), [1000] * 3, kind=COMMON, **people)
    assert visits.basic.tolist() == [150, 270, 150]


def test_what_pays_nothing_pays_the_retired_nothing() -> None:
    rules = flat(0).with_retired(stay_ratio_added_ppm=50_000)
    assert split(rules, YearToDate.zeros(1), [2000], scheme=EMPLOYEE, retired=np.array([1])).basic.tolist() == [0]


def test_later_stays_may_have_a_deductible_of_their_own() -> None:
    rules = flat(PPM, inpatient_deductible=600, inpatient_later=300)
    assert split(rules, YearToDate.zeros(1), [1000] * 3).basic.tolist() == [400, 700, 700]
    assert split(flat(PPM, inpatient_deductible=600), YearToDate.zeros(1), [1000] * 2).basic.tolist() == [400, 400]


def test_the_drug_benefit_is_for_who_has_no_certified_disease() -> None:
    tables = {"drugs_ppm": 300_000, "drugs_cap": 400, "drug_diseases": diseases_of(["stroke"])}
    masks = {"none": 0, "hypertension": 1, "both": 3, "with stroke": 17, "stroke": 16}
    who = {"person_row": np.arange(5), "conditions": np.array(list(masks.values()))}
    parts = split(flat(500_000, **tables), YearToDate.zeros(5), [2000] * 5, kind=CHRONIC, **who)
    assert parts.basic.tolist() == [1000, 400, 600, 1000, 1000]


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"name": "charity"}, "no such layer: charity; there are second, supplement"),
        ({"ppm": 1_000_001}, "ppm of layer aid must lie between 0 and 1000000"),
        ({"ppm": 0.5}, "ppm of layer aid is float64; whole numbers"),
        ({"deductible": 1 << 40}, "deductible of layer aid must lie between"),
        ({"cap": -1}, "cap of layer aid must lie between"),
        ({"low": [0, 0], "high": [10, 5], "ppm": [1, 1]}, "aid bands 0 and 1 overlap"),
        ({"above_ceiling": True}, "only the second layer can"),
    ],
)
def test_nonsense_layers_are_refused(terms: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Layer(**{"name": "aid", "ppm": 0, **terms})


def test_a_layer_stands_once() -> None:
    with pytest.raises(ValueError, match="a layer stands twice: aid, aid"):
        flat(0, layers=[aid(1), aid(2)])


def test_layers_pay_whom_they_are_for() -> None:
    layers = [Layer(name=name, ppm=100_000) for name in LAYERS]
    parts = split(flat(0, layers=layers), YearToDate.zeros(3), [1000] * 3, person_row=np.arange(3), standing=[0, POOR, CIVIL_SERVANT])
    paid = {name: parts.of(name).tolist() for name in LAYERS}
    assert paid["second"] == [100, 100, 100]
    assert paid["supplement"] == [0, 0, 90]
    assert [paid[name] for name in LAYERS[2:]] == [[0, 90, 0], [0, 81, 0], [0, 73, 0], [0, 66, 0]]
    assert parts.aid.tolist() == [0, 73 + 66, 0]
    assert parts.supplement.tolist() == [0, 90 + 81, 90]


def test_terms_may_differ_by_standing() -> None:
    ratio = np.zeros((2, len(STANDINGS), 1), dtype=np.int64)
    ratio[:, :, 0] = [0, 700_000, 1_000_000, 500_000, 0, 900_000]
    standings = np.arange(len(STANDINGS))
    parts = split(flat(0, layers=[aid(ratio)]), YearToDate.zeros(6), [1000] * 6, person_row=standings, standing=standings)
    assert parts.aid.tolist() == [0, 700, 1000, 500, 0, 0]


def test_a_deductible_of_the_year_is_borne_once_in_every_layer() -> None:
    layers = [aid(500_000, deductible=300), Layer(name="tilt", ppm=1_000_000, deductible=600, cap=250)]
    year = YearToDate.zeros(1)
    parts = split(flat(0, layers=layers), year, [200, 400, 600, 1000], standing=POOR)
    assert parts.of("aid").tolist() == [0, 150, 300, 500]
    # left to the last layer in the year: 200, 450, 750, 1250
    assert parts.of("tilt").tolist() == [0, 0, 150, 100]
    assert year.entitled.used[0, [0, TILT]].tolist() == [2200, 250]
    assert year.ytd_aid[0] == 950


def test_a_layer_that_is_not_in_force_pays_nothing() -> None:
    parts = split(flat(0, layers=[aid(500_000)]), YearToDate.zeros(1), [1000], standing=POOR)
    assert parts.of("fourth").tolist() == [0]
    assert parts.second.tolist() == [0]
    assert parts.covered([1000]).tolist() == [0.5]


def test_who_becomes_entitled_or_ceases_to_be_changes_nobody_elses_year() -> None:
    year = EntitledYear.zeros(np.array([1, 4]))
    year.used[:, 0] = [10, 40]
    year.follow(np.array([0, 0, 1, 0, 1, 1]))
    assert year.rows.tolist() == [2, 4, 5]
    assert year.used[:, 0].tolist() == [0, 40, 0]


def test_a_standing_without_a_year_is_refused() -> None:
    columns = YearToDate.zeros(2).columns()
    year = YearToDate(**columns, entitled=EntitledYear.zeros(np.array([1])))
    with pytest.raises(ValueError, match="claim 0 cannot be split.*whoever has a standing among the entitled"):
        split(flat(0), year, [100], standing=POOR)


# The year


def test_a_year_counts_and_is_reset_but_for_the_account() -> None:
    year = YearToDate.zeros(2)
    year.account_balance[:] = 77
    split(flat(500_000, layers=[CATASTROPHIC]), year, [100, 200], person_row=1, own_pay=5)
    assert year.ytd_stays.tolist() == [0, 2]
    assert year.ytd_basic_inpatient.tolist() == [0, 150]
    assert year.ytd_residual.tolist() == [0, 150]
    assert year.ytd_oop.tolist() == [0, 160]
    year.start_year()
    assert not any(column.any() for name, column in year.columns().items() if name != "account_balance")
    assert year.account_balance.tolist() == [77, 77]


def test_counters_stop_at_their_top_and_money_stays_conserved() -> None:
    year = YearToDate.zeros(1)
    never = replace(CATASTROPHIC, deductible=1 << 32)
    parts = split(flat(500_000, layers=[never]), year, [MAX_AMOUNT, MAX_AMOUNT], own_pay=MAX_AMOUNT)
    assert parts.total.tolist() == [2 * MAX_AMOUNT] * 2
    assert year.ytd_basic_inpatient[0] == year.ytd_residual[0] == year.ytd_oop[0] == COUNTER_TOP
    stays = YearToDate.zeros(1)
    split(flat(0), stays, [1] * 300)
    assert stays.ytd_stays[0] == 255


def test_a_year_shares_the_columns_of_people() -> None:
    people = SimpleNamespace(**YearToDate.zeros(1).columns())
    split(flat(500_000), YearToDate.of(people, EntitledYear.zeros(np.array([0]))), [100])
    assert people.ytd_basic_inpatient.tolist() == [50]


def test_a_copy_of_a_year_is_independent() -> None:
    year = YearToDate.zeros(1)
    split(flat(500_000), year.copy(), [100])
    assert year.ytd_basic_inpatient[0] == 0


@pytest.mark.parametrize("column", [np.zeros(2, dtype=np.int64), np.zeros(3, dtype=np.int32), np.zeros(4, dtype=np.int32)[::2]])
def test_a_year_of_other_columns_is_refused(column: Any) -> None:
    with pytest.raises(ValueError, match="ytd_aid is .* a contiguous int32 array of 2 people is needed"):
        YearToDate(**{**YearToDate.zeros(2).columns(), "ytd_aid": column}, entitled=EntitledYear.zeros(np.arange(2)))


# Claims


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"person_row": [0, 2]}, "claim 1 cannot be split: person_row=2"),
        ({"person_row": [1, 0]}, "claim 1 cannot be split: person_row=0"),
        ({"person_row": [-1, 0]}, "claim 0 cannot be split: person_row=-1"),
        ({"scheme": 2}, "scheme=2"),
        ({"kind": [4, 5]}, "kind=5"),
        ({"standing": 6}, "standing=6"),
        ({"benefit_class": 5}, "benefit_class=5"),
        ({"own_pay": [0, -3]}, "own_pay=-3"),
        ({"referral": np.array([0, 3])}, "referral=3"),
        ({"retired": np.array([0, 2])}, "retired=2"),
        ({"conditions": np.array([0, 64])}, "conditions=64"),
    ],
)
def test_impossible_claims_are_refused_before_anything_is_paid(columns: dict[str, Any], found: str) -> None:
    year = YearToDate.zeros(2)
    with pytest.raises(ValueError, match=found):
        split(flat(500_000), year, [100, 100], **columns)
    assert not year.ytd_basic_inpatient.any()


@pytest.mark.parametrize("amount", [-1, MAX_AMOUNT + 1])
def test_amounts_out_of_range_are_refused(amount: int) -> None:
    with pytest.raises(ValueError, match=f"in_scope={amount}"):
        split(flat(0), YearToDate.zeros(1), [amount])


def test_floats_and_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="own_pay is float64"):
        split(flat(0), YearToDate.zeros(1), [1], own_pay=0.5)
    with pytest.raises(ValueError, match=r"referral is int64 \(2,\); integers of shape \(1,\) are needed"):
        split(flat(0), YearToDate.zeros(1), [1], referral=np.array([0, 0]))


@pytest.mark.parametrize("parallel", [False, True])
def test_a_month_without_claims(parallel: bool) -> None:
    parts = split(flat(0), YearToDate.zeros(3), [], parallel=parallel)
    assert len(parts) == 0
    assert parts.total.dtype == np.int64


# The price


def test_the_expected_price_is_what_an_untouched_person_would_pay() -> None:
    rules = flat(600_000, inpatient_deductible=[[0] * 5, [100, 400, 500, 1000, 1500]])
    price = expected_price(rules, RESIDENT, np.arange(5), INPATIENT, np.full((3, 5), 10_000), 50)
    assert price.shape == (3, 5)
    assert price.dtype == np.int64
    assert price[0].tolist() == [4110, 4290, 4350, 4650, 4950]


def test_the_poor_expect_their_assistance() -> None:
    rules = flat(500_000, layers=[aid(500_000)])
    assert expected_price(rules, RESIDENT, 0, INPATIENT, 1000, 0, standing=[0, POOR]).tolist() == [500, 250]
