"""Laws of the benefit split on arbitrary rules and bills, and agreement with a slow, plain reading of the rules."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields, replace
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.benefits import NO_LIMIT, BenefitRules, ClaimParts, Layer, YearToDate, expected_price, split_claims
from model.codes import (
    BENEFIT_CLASSES,
    BENEFIT_KINDS,
    CHRONIC,
    CONDITIONS,
    DIALYSIS,
    INPATIENT,
    LAYERS,
    MEMBERS,
    REFERRALS,
    SCHEMES,
    STANDINGS,
)
from model.drug_benefit import N_MASKS, diseases_of
from model.units import PPM

PEOPLE, SIZE = 4, 200_000
S, M, C, W = len(SCHEMES), len(MEMBERS), len(BENEFIT_CLASSES), len(STANDINGS)
Claims = dict[str, Any]
AMOUNTS = tuple(f.name for f in fields(ClaimParts) if f.name != "names")
"""Parts of a claim; of the layers one row each, the last axis is the claim."""


def array(values: st.SearchStrategy[Any], *shape: int) -> st.SearchStrategy[Any]:
    """Arrays of drawn values."""
    n = int(np.prod(shape))
    return st.lists(values, min_size=n, max_size=n).map(lambda drawn: np.array(drawn).reshape(shape))


def caps(*shape: int) -> st.SearchStrategy[Any]:
    """Yearly caps: none, tight or absent."""
    return array(st.one_of(st.just(0), st.just(NO_LIMIT), st.integers(1, SIZE)), *shape)


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
def layers(draw: st.DrawFn) -> list[Layer]:
    """Some of the layers in any order; the poor of every standing have one set of terms, everybody else another."""
    made = []
    of_standing = np.array([0, 1, 1, 1, 1, 0])
    for name in draw(st.lists(st.sampled_from(LAYERS), unique=True)):
        low, high, ppm = draw(bands(S, 2))
        deductible, cap = draw(array(st.integers(0, SIZE // 4), S, 2)), draw(caps(S, 2))
        spread = {"low": low, "high": high, "ppm": ppm, "deductible": deductible, "cap": cap}
        above = draw(array(st.booleans(), S)) if name == "second" else False
        made.append(Layer(name=name, above_ceiling=above, **{key: table[:, of_standing] for key, table in spread.items()}))
    return made


@st.composite
def rules(draw: st.DrawFn) -> BenefitRules:
    """Any benefit rules."""
    stay = draw(bands(M, C))
    return BenefitRules.none().changed(
        inpatient_deductible=draw(array(st.integers(0, SIZE // 4), M, C)),
        inpatient_later=draw(array(st.integers(0, SIZE // 4), M, C)),
        inpatient_from=stay[0],
        inpatient_to=stay[1],
        inpatient_ppm=stay[2],
        inpatient_ceiling=draw(caps(M)),
        outpatient_deductible=draw(array(st.integers(0, SIZE // 4), M)),
        outpatient_ppm=draw(array(PPMS, M, C)),
        outpatient_cap=draw(caps(M)),
        chronic_ppm=draw(array(PPMS, M, W)),
        chronic_cap=draw(caps(M)),
        drugs_ppm=draw(array(PPMS, M)),
        drugs_cap=draw(caps(M)) // 4,
        drug_diseases=diseases_of(draw(st.sets(st.sampled_from(CONDITIONS)))),
        referral_first_ppm=draw(array(PPMS, S, len(REFERRALS))),
        referral_cut_ppm=draw(array(PPMS, S, len(REFERRALS))),
        referral_factor_ppm=draw(array(st.sampled_from([0, PPM // 2, PPM, 2 * PPM]), S, len(REFERRALS))),
        day_surgery_factor_ppm=draw(array(PPMS, S)),
        layers=draw(layers()),
        upper_layers=draw(array(st.booleans(), len(BENEFIT_KINDS))),
        account_pays=draw(array(st.booleans(), len(BENEFIT_KINDS))),
    )


@st.composite
def claims(draw: st.DrawFn, most: int = 12) -> Claims:
    """Claims of a few people, sorted by person; scheme and standing are the person's."""
    n = draw(st.integers(0, most))
    person = np.sort(draw(array(st.integers(0, PEOPLE - 1), n))).astype(np.int32)
    scheme, standing = draw(array(st.integers(0, S - 1), PEOPLE)), draw(array(st.integers(0, len(STANDINGS) - 1), PEOPLE))
    return {
        "person_row": person,
        "scheme": scheme[person],
        "standing": standing[person],
        "benefit_class": draw(array(st.integers(0, C - 1), n)).astype(np.uint8),
        "kind": draw(array(st.integers(0, len(BENEFIT_KINDS) - 1), n)).astype(np.uint8),
        "in_scope": draw(array(st.one_of(st.integers(0, 20), st.integers(0, SIZE)), n)).astype(np.int64),
        "own_pay": draw(array(st.integers(0, SIZE), n)).astype(np.int64),
        "retired": draw(array(st.integers(0, 1), PEOPLE))[person],
        "referral": draw(array(st.integers(0, len(REFERRALS) - 1), n)).astype(np.uint8),
        "conditions": draw(array(st.integers(0, N_MASKS - 1), PEOPLE))[person],
        "day_surgery": draw(array(st.integers(0, 1), n)).astype(np.uint8),
    }


def opened(account: int = 0) -> YearToDate:
    """An untouched year with money on the accounts."""
    ytd = YearToDate.zeros(PEOPLE)
    ytd.account_balance[:] = account
    return ytd


def same(one: ClaimParts, other: ClaimParts) -> bool:
    """Whether all parts are equal."""
    return one.names == other.names and all(np.array_equal(getattr(one, name), getattr(other, name)) for name in AMOUNTS)


# Laws


@given(rules(), claims(), st.integers(0, SIZE))
def test_every_claim_is_paid_once_and_nobody_pays_less_than_nothing(rule: BenefitRules, bill: Claims, account: int) -> None:
    parts = split_claims(rule, **bill, ytd=opened(account))
    assert np.array_equal(parts.total, bill["in_scope"] + bill["own_pay"])
    assert all((getattr(parts, name) >= 0).all() for name in AMOUNTS)
    assert np.array_equal(parts.basic + parts.second + parts.supplement + parts.aid + parts.account + parts.patient, parts.total)
    covered = parts.basic + parts.layers.sum(axis=0)
    assert (covered <= bill["in_scope"]).all()
    assert (parts.patient >= bill["own_pay"]).all()
    assert (parts.deductible + parts.basic <= bill["in_scope"]).all()


@given(rules(), claims(), st.integers(0, SIZE))
def test_ceilings_hold_over_the_year_and_the_year_is_the_sum_of_its_bills(rule: BenefitRules, bill: Claims, account: int) -> None:
    ytd = opened(account)
    parts = split_claims(rule, **bill, ytd=ytd)
    for person in np.unique(bill["person_row"]):
        mine = bill["person_row"] == person
        kind, s = bill["kind"], bill["scheme"][mine][0]
        m = 2 if bill["retired"][mine][0] and s == 0 else s
        diseases = rule.drug_diseases[s, bill["conditions"][mine][0]]
        chronic_cap = rule.drugs_cap * diseases if diseases else rule.chronic_cap
        like_a_stay = (kind == INPATIENT) | (kind == DIALYSIS)
        visit = ~like_a_stay & (kind != CHRONIC)
        for counter, cap, paid in (
            (ytd.ytd_basic_inpatient, rule.inpatient_ceiling, parts.basic * like_a_stay),
            (ytd.ytd_basic_chronic, chronic_cap, parts.basic * (kind == CHRONIC)),
            (ytd.ytd_basic_outpatient, rule.outpatient_cap, parts.basic * visit),
            (ytd.ytd_outpatient_deductible, rule.outpatient_deductible, parts.deductible * visit),
        ):
            assert counter[person] == paid[mine].sum() <= cap[m]
        for layer in rule.layers:
            paid = int(parts.of(layer.name)[mine].sum())
            assert used_of(ytd, layer.name, person) == paid <= layer.cap[s, bill["standing"][mine][0]]
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
    assert all(np.array_equal(getattr(parts, name)[..., rank], getattr(again, name)) for name in AMOUNTS)
    assert all(np.array_equal(column, other.columns()[name][order]) for name, column in ytd.columns().items())
    assert np.array_equal(ytd.entitled.used, other.entitled.used[order])


@given(rules(), claims())
def test_one_call_is_one_call_a_bill(rule: BenefitRules, bill: Claims) -> None:
    whole, single = opened(500), opened(500)
    parts = split_claims(rule, **bill, ytd=whole)
    pieces = [split_claims(rule, **{k: v[i : i + 1] for k, v in bill.items()}, ytd=single) for i in range(len(parts))]
    for name in AMOUNTS:
        assert not pieces or np.array_equal(getattr(parts, name), np.concatenate([getattr(piece, name) for piece in pieces], axis=-1))
    assert all(np.array_equal(column, single.columns()[name]) for name, column in whole.columns().items())
    assert np.array_equal(whole.entitled.used, single.entitled.used)


@given(rules(), claims())
def test_parallel_and_serial_give_the_same_bytes(rule: BenefitRules, bill: Claims) -> None:
    one, other = opened(500), opened(500)
    assert same(split_claims(rule, **bill, ytd=one), split_claims(rule, **bill, ytd=other, parallel=True))
    assert all(np.array_equal(column, other.columns()[name]) for name, column in one.columns().items())


def test_parallel_never_divides_a_person() -> None:
    """Many claims of few people: pieces would cut through them if they were cut by number."""
    rng = np.random.default_rng(1)
    n = 20_000
    stay = {"inpatient_to": NO_LIMIT, "inpatient_ppm": 600_000, "inpatient_ceiling": 10**7}
    rule = BenefitRules.none().changed(**stay, layers=[Layer(name="second", ppm=500_000, deductible=10**6, cap=10**7)])
    bill: Claims = {
        "person_row": np.sort(rng.integers(0, PEOPLE, n)),
        "scheme": np.ones(n, dtype=np.uint8),
        "standing": np.ones(n, dtype=np.uint8),
        "benefit_class": np.zeros(n, dtype=np.uint8),
        "kind": np.full(n, INPATIENT),
        "in_scope": rng.integers(0, 10_000, n),
        "own_pay": np.zeros(n, dtype=np.int64),
    }
    assert same(split_claims(rule, **bill, ytd=opened()), split_claims(rule, **bill, ytd=opened(), parallel=True))


@given(rules(), st.lists(st.integers(0, SIZE), min_size=1, max_size=6), st.integers(0, S - 1), st.integers(0, len(STANDINGS) - 1))
def test_dividing_a_bill_leaves_what_the_layers_pay_in_the_year_as_it_was(
    rule: BenefitRules, amounts: list[int], scheme: int, standing: int
) -> None:
    """With no basic layer the residual is the bill: however it is divided, every layer has paid the same at the end of the year."""
    without = [replace(layer, above_ceiling=False) for layer in rule.layers]
    bare = rule.changed(inpatient_ceiling=0, inpatient_to=0, upper_layers=True, layers=without)
    whole = split_claims(bare, **stays([sum(amounts)], scheme, standing), ytd=opened())
    divided = split_claims(bare, **stays(amounts, scheme, standing), ytd=opened())
    assert whole.layers.sum(axis=1).tolist() == divided.layers.sum(axis=1).tolist()


@given(rules(), st.lists(st.integers(0, SIZE), min_size=1, max_size=4), st.integers(0, S - 1), st.data())
def test_whatever_the_order_of_the_layers_they_pay_no_more_than_there_is(
    rule: BenefitRules, amounts: list[int], scheme: int, data: st.DataObject
) -> None:
    """A layer that comes later looks at less, so no order lets it pay more than it would alone."""
    order = data.draw(st.permutations(rule.layers))
    bill = stays(amounts, scheme, standing=1)
    parts = split_claims(rule.changed(layers=order), **bill, ytd=opened())
    assert (parts.layers.sum(axis=0) <= bill["in_scope"] - parts.basic).all()
    assert np.array_equal(parts.total, bill["in_scope"])
    for layer in order:
        alone = split_claims(rule.changed(layers=[layer]), **bill, ytd=opened())
        assert parts.of(layer.name).sum() <= alone.of(layer.name).sum()


def stays(in_scope: list[int], scheme: int, standing: int) -> Claims:
    """Stays of one person, all in scope."""
    zero = np.zeros(len(in_scope), dtype=np.int64)
    columns = dict.fromkeys(("person_row", "benefit_class", "own_pay"), zero)
    person = {"scheme": zero + scheme, "standing": zero + standing}
    return {**columns, **person, "kind": zero + INPATIENT, "in_scope": np.array(in_scope, dtype=np.int64)}


def used_of(ytd: YearToDate, layer: str, person: int) -> int:
    """What a layer has paid a person in the year."""
    people = {"second": ytd.ytd_cii, "aid": ytd.ytd_aid}
    return int(people[layer][person] if layer in people else ytd.entitled.used[person, LAYERS.index(layer)])


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
    """The rules as written, one bill at a time in exact fractions: (basic, each layer, account, patient)."""
    used: dict[Any, int] = defaultdict(int)
    out: list[tuple[int, ...]] = []
    for i in range(len(bill["kind"])):
        row = {name: int(column[i]) for name, column in bill.items()}
        p, s, c, kind, w, ref = (row[k] for k in ("person_row", "scheme", "benefit_class", "kind", "standing", "referral"))
        m = 2 if row["retired"] and s == 0 else s
        first = half_up(Fraction(row["in_scope"] * int(rule.referral_first_ppm[s, ref]), PPM)) if ref else 0
        cut = int(rule.referral_cut_ppm[s, ref]) if ref else 0
        amount, outside = row["in_scope"] - first, row["own_pay"] + first
        stay = list(zip(*(getattr(rule, f"inpatient_{end}")[m, c].tolist() for end in ("from", "to", "ppm")), strict=True))
        pot = {INPATIENT: "stay", DIALYSIS: "stay", CHRONIC: "chronic"}.get(kind, "visit")
        above, diseases = 0, int(rule.drug_diseases[s, row["conditions"]])
        if pot == "stay":
            table = rule.inpatient_later if used[p, "stays"] and kind == INPATIENT else rule.inpatient_deductible
            used[p, "stays"] += kind == INPATIENT
            asked = int(table[m, c])
            if row["day_surgery"] and kind == INPATIENT:
                asked = half_up(Fraction(asked * int(rule.day_surgery_factor_ppm[s]), PPM))
            factor = int(rule.referral_factor_ppm[s, ref]) if ref and kind == INPATIENT else PPM
            start = half_up(Fraction(asked * factor, PPM))
            # sessions of dialysis are paid as what a stay costs above its deductible
            whole = amount + start * (kind == DIALYSIS)
            cap, due = int(rule.inpatient_ceiling[m]), banded(stay, start, whole, cut)
            room = max(0, cap - used[p, pot])
            reached = next((x for x in sorted(_corners(stay, start, whole, cut, room)) if banded(stay, start, x, cut) >= room), whole)
            in_bands = [(low, high, PPM) for low, high, _ in stay]
            above = int(banded(in_bands, start, whole) - banded(in_bands, start, reached))
        elif kind == CHRONIC:
            ppm, cap = int(rule.chronic_ppm[m, w]), int(rule.chronic_cap[m])
            if diseases:
                ppm, cap = int(rule.drugs_ppm[m]), int(rule.drugs_cap[m]) * diseases
            due = Fraction(amount * max(0, ppm - cut), PPM)
        else:
            borne = min(amount, int(rule.outpatient_deductible[m]) - used[p, "borne"])
            used[p, "borne"] += borne
            cap, due = int(rule.outpatient_cap[m]), Fraction((amount - borne) * max(0, int(rule.outpatient_ppm[m, c]) - cut), PPM)
        basic = min(half_up(due), max(0, cap - used[p, pot]))
        used[p, pot] += basic
        own, paid = amount - basic, []
        for layer in rule.layers if rule.upper_layers[kind] else ():
            base = above if layer.above_ceiling[s] else own
            ends = list(zip(*(table[s, w].tolist() for table in (layer.low, layer.high, layer.ppm)), strict=True))
            covered = layer.ppm[s, w].any()
            used[p, layer.name, "base"] += min(base, own)
            entitled = half_up(banded(ends, int(layer.deductible[s, w]), used[p, layer.name, "base"])) if covered else 0
            paid.append(min(int(layer.cap[s, w]), entitled) - used[p, layer.name])
            used[p, layer.name] += paid[-1]
            own -= paid[-1]
        paid += [0] * (len(rule.layers) - len(paid))
        from_account = min(own, account - used[p, "account"]) if rule.account_pays[kind] else 0
        used[p, "account"] += from_account
        out.append((basic, *paid, from_account, own - from_account + outside))
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
    found = zip(parts.basic, *parts.layers, parts.account, parts.patient, strict=True)
    assert [tuple(int(x) for x in row) for row in found] == plain_split(rule, bill, account)
