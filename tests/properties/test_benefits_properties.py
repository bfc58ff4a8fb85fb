"""Laws of the benefit split on arbitrary rules and bills, and agreement with a slow, plain reading of the rules."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.benefits import NO_LIMIT, BenefitRules, ClaimParts, YearToDate, expected_price, split_claims
from model.codes import BENEFIT_CLASSES, CHRONIC, INPATIENT, KINDS, SCHEMES
from model.units import PPM

PEOPLE, SIZE = 4, 200_000
S, C = len(SCHEMES), len(BENEFIT_CLASSES)
Claims = dict[str, Any]


def array(values: st.SearchStrategy[Any], *shape: int) -> st.SearchStrategy[Any]:
    """Arrays of drawn values."""
    n = int(np.prod(shape))
    return st.lists(values, min_size=n, max_size=n).map(lambda drawn: np.array(drawn).reshape(shape))


def caps(n: int) -> st.SearchStrategy[Any]:
    """Yearly caps: none, tight or absent."""
    return array(st.one_of(st.just(0), st.just(NO_LIMIT), st.integers(1, SIZE)), n)


PPMS = st.one_of(st.sampled_from([0, 1, 500_000, 999_999, PPM]), st.integers(0, PPM))


@st.composite
def bands(draw: st.DrawFn, *shape: int) -> tuple[Any, Any, Any]:
    """Two touching or separate bands a row: lower ends, upper ends, ratios."""
    cuts = np.sort(draw(array(st.integers(0, SIZE), *shape, 4)), axis=-1)
    low, high = cuts[..., [0, 2]], cuts[..., [1, 3]].copy()
    if draw(st.booleans()):
        high[..., 1] = NO_LIMIT
    return low, high, draw(array(PPMS, *shape, 2))


@st.composite
def rules(draw: st.DrawFn) -> BenefitRules:
    """Any benefit rules."""
    stay, second = draw(bands(S, C)), draw(bands(S))
    return BenefitRules.none().changed(
        inpatient_deductible=draw(array(st.integers(0, SIZE // 4), S, C)),
        inpatient_from=stay[0],
        inpatient_to=stay[1],
        inpatient_ppm=stay[2],
        inpatient_ceiling=draw(caps(S)),
        outpatient_deductible=draw(array(st.integers(0, SIZE // 4), S)),
        outpatient_ppm=draw(array(PPMS, S, C)),
        outpatient_cap=draw(caps(S)),
        chronic_ppm=draw(array(PPMS, S)),
        chronic_cap=draw(caps(S)),
        second_above_ceiling=draw(array(st.booleans(), S)),
        second_deductible=draw(array(st.integers(0, SIZE // 4), S)),
        second_from=second[0],
        second_to=second[1],
        second_ppm=second[2],
        second_cap=draw(caps(S)),
        aid_ppm=draw(array(PPMS, S)),
        aid_cap=draw(caps(S)),
        upper_layers=draw(array(st.booleans(), len(KINDS))),
        account_pays=draw(array(st.booleans(), len(KINDS))),
    )


@st.composite
def claims(draw: st.DrawFn, most: int = 12) -> Claims:
    """Claims of a few people, sorted by person; scheme and poverty are the person's."""
    n = draw(st.integers(0, most))
    person = np.sort(draw(array(st.integers(0, PEOPLE - 1), n))).astype(np.int32)
    scheme, poor = draw(array(st.integers(0, S - 1), PEOPLE)), draw(array(st.integers(0, 1), PEOPLE))
    return {
        "person_row": person,
        "scheme": scheme[person],
        "poor": poor[person],
        "benefit_class": draw(array(st.integers(0, C - 1), n)).astype(np.uint8),
        "kind": draw(array(st.integers(0, len(KINDS) - 1), n)).astype(np.uint8),
        "in_scope": draw(array(st.one_of(st.integers(0, 20), st.integers(0, SIZE)), n)).astype(np.int64),
        "own_pay": draw(array(st.integers(0, SIZE), n)).astype(np.int64),
        "ratio_cut_ppm": draw(array(st.one_of(st.just(0), st.integers(0, PPM)), n)).astype(np.int64),
        "deductible_factor_ppm": draw(array(st.sampled_from([0, PPM // 2, PPM, 2 * PPM]), n)).astype(np.int64),
    }


def opened(account: int = 0) -> YearToDate:
    """An untouched year with money on the accounts."""
    ytd = YearToDate.zeros(PEOPLE)
    ytd.account_balance[:] = account
    return ytd


def same(one: ClaimParts, other: ClaimParts) -> bool:
    """Whether all parts are equal."""
    return all(np.array_equal(getattr(one, f.name), getattr(other, f.name)) for f in fields(ClaimParts))


# Laws


@given(rules(), claims(), st.integers(0, SIZE))
def test_every_claim_is_paid_once_and_nobody_pays_less_than_nothing(rule: BenefitRules, bill: Claims, account: int) -> None:
    parts = split_claims(rule, **bill, ytd=opened(account))
    assert np.array_equal(parts.total, bill["in_scope"] + bill["own_pay"])
    assert all((getattr(parts, f.name) >= 0).all() for f in fields(ClaimParts))
    assert (parts.patient >= bill["own_pay"]).all()
    assert (parts.deductible + parts.basic <= bill["in_scope"]).all()


@given(rules(), claims(), st.integers(0, SIZE))
def test_ceilings_hold_over_the_year_and_the_year_is_the_sum_of_its_bills(rule: BenefitRules, bill: Claims, account: int) -> None:
    ytd = opened(account)
    parts = split_claims(rule, **bill, ytd=ytd)
    for person in np.unique(bill["person_row"]):
        mine = bill["person_row"] == person
        kind, s = bill["kind"], bill["scheme"][mine][0]
        visit = (kind != INPATIENT) & (kind != CHRONIC)
        for counter, cap, paid in (
            (ytd.ytd_basic_inpatient, rule.inpatient_ceiling, parts.basic * (kind == INPATIENT)),
            (ytd.ytd_basic_chronic, rule.chronic_cap, parts.basic * (kind == CHRONIC)),
            (ytd.ytd_basic_outpatient, rule.outpatient_cap, parts.basic * visit),
            (ytd.ytd_outpatient_deductible, rule.outpatient_deductible, parts.deductible * visit),
            (ytd.ytd_cii, rule.second_cap, parts.second),
            (ytd.ytd_aid, rule.aid_cap, parts.aid),
        ):
            assert counter[person] == paid[mine].sum() <= cap[s]
        assert ytd.account_balance[person] == account - parts.account[mine].sum() >= 0
        assert ytd.ytd_oop[person] == parts.patient[mine].sum()
        assert ytd.ytd_stays[person] == (kind[mine] == INPATIENT).sum()


@given(rules(), claims(most=1), st.integers(0, 2 * SIZE), st.integers(0, SIZE))
def test_a_dearer_bill_never_costs_the_patient_or_the_payers_less(rule: BenefitRules, bill: Claims, more: int, account: int) -> None:
    dearer = {**bill, "in_scope": bill["in_scope"] + more}
    low, high = split_claims(rule, **bill, ytd=opened(account)), split_claims(rule, **dearer, ytd=opened(account))
    assert (high.patient >= low.patient).all()
    assert (high.patient + high.account >= low.patient + low.account).all()
    assert (high.basic >= low.basic).all()
    assert (high.basic + high.second >= low.basic + low.second).all()


@given(rules(), claims(most=6), st.permutations(range(PEOPLE)))
def test_numbering_people_otherwise_changes_nobodys_bill(rule: BenefitRules, bill: Claims, order: list[int]) -> None:
    renamed = np.array(order)[bill["person_row"]]
    rank = np.argsort(renamed, kind="stable")
    ytd, other = opened(500), opened(500)
    parts = split_claims(rule, **bill, ytd=ytd)
    permuted = {name: column[rank] for name, column in {**bill, "person_row": renamed}.items()}
    again = split_claims(rule, **permuted, ytd=other)
    assert all(np.array_equal(getattr(parts, f.name)[rank], getattr(again, f.name)) for f in fields(ClaimParts))
    assert all(np.array_equal(column, other.columns()[name][order]) for name, column in ytd.columns().items())


@given(rules(), claims())
def test_one_call_is_one_call_a_bill(rule: BenefitRules, bill: Claims) -> None:
    whole, single = opened(500), opened(500)
    parts = split_claims(rule, **bill, ytd=whole)
    pieces = [split_claims(rule, **{k: v[i : i + 1] for k, v in bill.items()}, ytd=single) for i in range(len(parts))]
    for f in fields(ClaimParts):
        assert getattr(parts, f.name).tolist() == [int(getattr(piece, f.name)[0]) for piece in pieces]
    assert all(np.array_equal(column, single.columns()[name]) for name, column in whole.columns().items())


@given(rules(), claims())
def test_parallel_and_serial_give_the_same_bytes(rule: BenefitRules, bill: Claims) -> None:
    one, other = opened(500), opened(500)
    assert same(split_claims(rule, **bill, ytd=one), split_claims(rule, **bill, ytd=other, parallel=True))
    assert all(np.array_equal(column, other.columns()[name]) for name, column in one.columns().items())


def test_parallel_never_divides_a_person() -> None:
    """Many claims of few people: pieces would cut through them if they were cut by number."""
    rng = np.random.default_rng(1)
    n = 20_000
    rule = BenefitRules.none().changed(inpatient_to=NO_LIMIT, inpatient_ppm=600_000, inpatient_ceiling=10**7, second_to=NO_LIMIT,
                                       second_ppm=500_000, second_deductible=10**6, second_cap=10**7)  # fmt: skip
    bill: Claims = {
        "person_row": np.sort(rng.integers(0, PEOPLE, n)),
        "scheme": np.ones(n, dtype=np.uint8),
        "poor": np.zeros(n, dtype=np.uint8),
        "benefit_class": np.zeros(n, dtype=np.uint8),
        "kind": np.full(n, INPATIENT),
        "in_scope": rng.integers(0, 10_000, n),
        "own_pay": np.zeros(n, dtype=np.int64),
    }
    assert same(split_claims(rule, **bill, ytd=opened()), split_claims(rule, **bill, ytd=opened(), parallel=True))


@given(rules(), st.lists(st.integers(0, SIZE), min_size=1, max_size=6), st.integers(0, S - 1))
def test_dividing_a_bill_leaves_the_years_second_layer_as_it_was(rule: BenefitRules, amounts: list[int], scheme: int) -> None:
    """With no basic layer the residual is the bill: however it is divided, the cumulated second layer pays the same."""
    bare = rule.changed(inpatient_ceiling=0, inpatient_to=0, second_above_ceiling=False, upper_layers=True)

    def bill(in_scope: list[int]) -> Claims:
        zero = np.zeros(len(in_scope), dtype=np.int64)
        columns = dict.fromkeys(("person_row", "poor", "benefit_class", "own_pay"), zero)
        return {**columns, "scheme": zero + scheme, "kind": zero + INPATIENT, "in_scope": np.array(in_scope, dtype=np.int64)}

    whole = split_claims(bare, **bill([sum(amounts)]), ytd=opened())
    divided = split_claims(bare, **bill(amounts), ytd=opened())
    assert whole.second.sum() == divided.second.sum()


@given(rules(), claims())
def test_the_expected_price_is_the_split_of_an_untouched_person(rule: BenefitRules, bill: Claims) -> None:
    n = len(bill["kind"])
    alone = {**bill, "person_row": np.arange(n)}
    parts = split_claims(rule, **alone, ytd=YearToDate.zeros(n))
    columns = {name: bill[name] for name in bill if name != "person_row"}
    assert np.array_equal(expected_price(rule, **columns), parts.patient)


# A plain reading


def half_up(amount: Fraction) -> int:
    """Whole fen, halves up."""
    return floor(amount + Fraction(1, 2))


def banded(ends: list[tuple[int, int, int]], start: int, amount: int, cut: int = 0) -> Fraction:
    """Benefit of an amount fen by fen of band width."""
    ratios = [(max(0, min(amount, high) - max(start, low)), Fraction(max(0, ppm - cut), PPM)) for low, high, ppm in ends]
    return sum((width * ratio for width, ratio in ratios), Fraction(0))


def plain_split(rule: BenefitRules, bill: Claims, account: int) -> list[tuple[int, ...]]:
    """The rules as written, one bill at a time in exact fractions: (basic, second, aid, account, patient)."""
    used: dict[Any, int] = defaultdict(int)
    out: list[tuple[int, ...]] = []
    for i in range(len(bill["kind"])):
        row = {name: int(column[i]) for name, column in bill.items()}
        p, s, c, kind, amount, cut = (row[k] for k in ("person_row", "scheme", "benefit_class", "kind", "in_scope", "ratio_cut_ppm"))
        stay = list(zip(*(getattr(rule, f"inpatient_{end}")[s, c].tolist() for end in ("from", "to", "ppm")), strict=True))
        second_bands = list(zip(*(getattr(rule, f"second_{end}")[s].tolist() for end in ("from", "to", "ppm")), strict=True))
        pot, above = (kind if kind in (INPATIENT, CHRONIC) else "visit"), 0
        if kind == INPATIENT:
            start = half_up(Fraction(int(rule.inpatient_deductible[s, c]) * row["deductible_factor_ppm"], PPM))
            cap, due = int(rule.inpatient_ceiling[s]), banded(stay, start, amount, cut)
            room = max(0, cap - used[p, pot])
            reached = next((x for x in sorted(_corners(stay, start, amount, cut, room)) if banded(stay, start, x, cut) >= room), amount)
            in_bands = [(low, high, PPM) for low, high, _ in stay]
            above = int(banded(in_bands, start, amount) - banded(in_bands, start, reached))
        elif kind == CHRONIC:
            cap, due = int(rule.chronic_cap[s]), Fraction(amount * max(0, int(rule.chronic_ppm[s]) - cut), PPM)
        else:
            borne = min(amount, int(rule.outpatient_deductible[s]) - used[p, "borne"])
            used[p, "borne"] += borne
            cap, due = int(rule.outpatient_cap[s]), Fraction((amount - borne) * max(0, int(rule.outpatient_ppm[s, c]) - cut), PPM)
        basic = min(half_up(due), max(0, cap - used[p, pot]))
        used[p, pot] += basic
        own, second, aid = amount - basic, 0, 0
        if rule.upper_layers[kind]:
            used[p, "base"] += above if rule.second_above_ceiling[s] else own
            entitled = half_up(banded(second_bands, int(rule.second_deductible[s]), used[p, "base"]))
            second = min(int(rule.second_cap[s]), entitled) - used[p, "second"]
            used[p, "second"] += second
            if row["poor"]:
                aid = min(int(rule.aid_cap[s]) - used[p, "aid"], half_up(Fraction((own - second) * int(rule.aid_ppm[s]), PPM)))
                used[p, "aid"] += aid
        own -= second + aid
        from_account = min(own, account - used[p, "account"]) if rule.account_pays[kind] else 0
        used[p, "account"] += from_account
        out.append((basic, second, aid, from_account, own - from_account + row["own_pay"]))
    return out


def _corners(ends: list[tuple[int, int, int]], start: int, amount: int, cut: int, room: int) -> list[int]:
    """In-scope costs at which ``room`` could be used up: ends of bands, and the exact point within each."""
    found = [0, start, amount]
    for low, high, ppm in ends:
        begin = max(start, low)
        found += [begin, min(high, amount)]
        if ppm > cut:
            missing = room - banded(ends, start, begin, cut)
            found.append(begin + -floor(-missing * PPM / (ppm - cut)))
    return [x for x in found if 0 <= x <= amount]


@given(rules(), claims(), st.integers(0, SIZE))
def test_the_kernel_agrees_with_a_plain_reading_of_the_rules(rule: BenefitRules, bill: Claims, account: int) -> None:
    parts = split_claims(rule, **bill, ytd=opened(account))
    found = zip(parts.basic, parts.second, parts.aid, parts.account, parts.patient, strict=True)
    assert [tuple(int(x) for x in row) for row in found] == plain_split(rule, bill, account)
