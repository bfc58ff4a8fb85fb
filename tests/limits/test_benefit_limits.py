"""Benefits at their limits, where the answer is known in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from model.benefits import NO_LIMIT, BenefitRules, ClaimParts, Layer, YearToDate, split_claims
from model.codes import BENEFIT_CLASSES, BENEFIT_KINDS, DIALYSIS, INPATIENT, LAYERS, SCHEMES, STANDINGS
from model.units import PPM

OPEN: dict[str, Any] = {
    "inpatient_to": NO_LIMIT,
    "inpatient_ceiling": NO_LIMIT,
    "outpatient_cap": NO_LIMIT,
    "chronic_cap": NO_LIMIT,
}


def ratio_everywhere(ppm: int, **tables: Any) -> BenefitRules:
    """One ratio for all basic care, no deductible, no ceiling."""
    return BenefitRules.none().changed(**{**OPEN, "inpatient_ppm": ppm, "outpatient_ppm": ppm, "chronic_ppm": ppm, **tables})


def every_kind_of_claim(
    rules: BenefitRules, account: int = 0, standing: int = 0
) -> tuple[ClaimParts, NDArray[np.int64], NDArray[np.int64]]:
    """One claim of each scheme, class, kind and of several sizes, a person each: parts, in-scope and own-pay amounts."""
    sizes = np.array([0, 1, 99, 12_345, 10**7, 10**10])
    axes = np.meshgrid(np.arange(len(SCHEMES)), np.arange(len(BENEFIT_CLASSES)), np.arange(len(BENEFIT_KINDS)), sizes, indexing="ij")
    scheme, benefit_class, kind, in_scope = (axis.ravel() for axis in axes)
    ytd = YearToDate.zeros(len(scheme))
    ytd.account_balance[:] = account
    parts = split_claims(
        rules,
        person_row=np.arange(len(scheme)),
        scheme=scheme,
        standing=np.full(len(scheme), standing),
        benefit_class=benefit_class,
        kind=kind,
        in_scope=in_scope,
        own_pay=in_scope // 10,
        ytd=ytd,
    )
    return parts, in_scope, in_scope // 10


def test_no_deductible_and_full_ratio_leave_no_own_payment_in_scope() -> None:
    parts, in_scope, own_pay = every_kind_of_claim(ratio_everywhere(PPM))
    assert np.array_equal(parts.basic, in_scope)
    assert np.array_equal(parts.patient, own_pay)


def test_a_ratio_of_zero_leaves_all_to_the_patient() -> None:
    parts, in_scope, own_pay = every_kind_of_claim(ratio_everywhere(0))
    assert np.array_equal(parts.patient, in_scope + own_pay)


def test_a_ceiling_of_zero_leaves_all_to_the_patient() -> None:
    closed = {"inpatient_ceiling": 0, "outpatient_cap": 0, "chronic_cap": 0}
    parts, in_scope, own_pay = every_kind_of_claim(ratio_everywhere(PPM, **closed))
    assert np.array_equal(parts.patient, in_scope + own_pay)


def test_a_boundless_deductible_leaves_all_to_the_patient() -> None:
    never = {"inpatient_deductible": 1 << 32, "outpatient_deductible": 1 << 32, "chronic_ppm": 0}
    parts, in_scope, own_pay = every_kind_of_claim(ratio_everywhere(PPM, **never))
    # sessions of dialysis bear no deductible
    borne = (in_scope <= 1 << 32) & (np.arange(len(in_scope)) // 6 % len(BENEFIT_KINDS) != DIALYSIS)
    assert np.array_equal(parts.patient[borne], (in_scope + own_pay)[borne])


@pytest.mark.parametrize("ppm", [1, 333_333, 500_000, 999_999])
def test_the_patient_pays_the_complement_of_the_ratio_rounded_once(ppm: int) -> None:
    parts, in_scope, own_pay = every_kind_of_claim(ratio_everywhere(ppm))
    expected = [
        amount - (2 * amount * ppm + PPM) // (2 * PPM) + own for amount, own in zip(in_scope.tolist(), own_pay.tolist(), strict=True)
    ]
    assert parts.patient.tolist() == expected


def test_full_assistance_leaves_the_poor_only_what_no_upper_layer_looks_at() -> None:
    rules = ratio_everywhere(300_000, layers=[Layer(name="aid", ppm=PPM)], upper_layers=True)
    parts, _, own_pay = every_kind_of_claim(rules, standing=STANDINGS.index("poor"))
    small = parts.aid < 2**31 - 1
    assert np.array_equal(parts.patient[small], own_pay[small])


def test_a_second_layer_that_pays_all_leaves_nothing_in_scope() -> None:
    rules = ratio_everywhere(0, layers=[Layer(name="second", ppm=PPM)], upper_layers=True)
    parts, in_scope, own_pay = every_kind_of_claim(rules)
    counted = in_scope < 2**31 - 1
    assert np.array_equal(parts.patient[counted], own_pay[counted])


def test_layers_of_one_ratio_leave_a_power_of_the_rest_whatever_their_order() -> None:
    """Without deductibles and caps each layer leaves the same share, so that their order moves no yuan of the patient's."""
    halves = [Layer(name=name, ppm=500_000) for name in LAYERS if name != "supplement"]
    for order in (halves, halves[::-1]):
        rules = ratio_everywhere(0, upper_layers=True, layers=order)
        parts, in_scope, own_pay = every_kind_of_claim(rules, standing=STANDINGS.index("poor"))
        small = in_scope < 2**30
        assert (np.abs(parts.patient - own_pay - in_scope / 2 ** len(halves))[small] <= 1).all()


def test_a_large_expense_cover_above_a_ceiling_of_zero_is_a_first_layer() -> None:
    cover = Layer(name="second", above_ceiling=True, ppm=900_000)
    parts, in_scope, _ = every_kind_of_claim(ratio_everywhere(800_000, inpatient_ceiling=0, layers=[cover]))
    stays = (np.arange(len(in_scope)) // 6 % len(BENEFIT_KINDS) == INPATIENT) & (in_scope < 2**31 - 1)
    assert np.array_equal(parts.second[stays], (in_scope[stays] * 9 + 5) // 10)


def test_a_full_account_pays_the_whole_own_part_of_outpatient_care() -> None:
    parts, in_scope, own_pay = every_kind_of_claim(ratio_everywhere(0), account=2**31 - 1)
    outpatient = (np.arange(len(in_scope)) // 6 % len(BENEFIT_KINDS) != INPATIENT) & (in_scope < 2**31 - 1)
    assert np.array_equal(parts.patient[outpatient], own_pay[outpatient])
    assert np.array_equal(parts.account[outpatient], in_scope[outpatient])
