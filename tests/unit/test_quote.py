"""What an act would bring, in closed form where a mode is simple enough to reckon by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from model.care import CHANNELS, CODING, NEUTRAL, Q_MILD, Q_MODERATE, SHIFT, CareRules, Eligible, eligible, stay_days
from model.cases import CaseTruth
from model.catalogue import load_catalogue
from model.payment import MEASURES, UNITS, get_mode
from model.payment.dip import DipTerms
from model.quote import ALL_GAINS, Gains, Quote, value_of
from model.settlement import Settlement
from tests.small_market import GROUP, TIER, care_rules, coded_group, market, opened, prices, stays, totals, truth

N = len(TIER)
KAPPA = 0.7
STEP = 0.05
CHARGE = 1_000_000.0
"""Standard charge of the cases, fen."""


def conduct(**channels: float) -> NDArray[np.float64]:
    """Neutral conduct of all institutions but for some channels."""
    made = np.tile(NEUTRAL, (N, 1))
    for name, level in channels.items():
        made[:, CHANNELS.index(name)] = level
    return made


def everything(n: int) -> Eligible:
    """Cases that every act could reach."""
    yes = np.ones(n, dtype=bool)
    return Eligible(yes, yes, yes, yes, yes)


def quoted(
    books: Settlement, cases: CaseTruth, *, acts: NDArray[np.float64] | None = None, rules: CareRules | None = None, **seen: Any
) -> Gains:
    """All gains of cases that every act could reach."""
    quote = Quote(books, prices(books, **seen), rules or care_rules(), load_catalogue())
    return quote.gains(cases, conduct() if acts is None else acts, everything(len(cases)), STEP)


def by_fees() -> Settlement:
    books = opened(market("ffs"))
    books.post([totals(books.n_holders, units=1e9, cases=1e3, recorded=1e9)])
    return books


def by_points(small: bool = True) -> Settlement:
    """Points of which institution 1 holds next to nothing, or half; two yuan a point."""
    books = opened(market("dip"))
    groups = load_catalogue()
    terms = DipTerms(points=1000.0 * groups.weight, coefficient=np.ones(3), mean_cost=CHARGE / 1000.0, budget=np.array([2e14, 2e14]))
    books.instances[0].terms = terms
    posted = totals(books.n_holders)
    posted[2, :, UNITS] = 1e12
    posted[1, :, UNITS] = 1e6 if small else 1e12
    books.post([posted])
    return books


def by_quota(quota: float = 800_000.0) -> Settlement:
    books = opened(market(get_mode("per_admission_quota")()))
    books.instances[0].terms.quota[:] = quota
    books.post([totals(books.n_holders, cases=1000.0, residual=2e8, recorded=6e8)])
    return books


def test_under_fees_more_services_bring_their_margin() -> None:
    gains = quoted(by_fees(), truth(2, standard_charge=[CHARGE, 2 * CHARGE]))
    np.testing.assert_allclose(gains.more, STEP * (1 - KAPPA) * np.array([CHARGE, 2 * CHARGE]), rtol=1e-6)
    np.testing.assert_allclose(gains.less, -gains.more, rtol=1e-6)


def test_under_fees_the_record_is_worth_nothing() -> None:
    gains = quoted(by_fees(), truth(1))
    assert gains.code == pytest.approx(0.0, abs=1e-3)
    assert gains.shift == pytest.approx(0.0, abs=1e-3)


def test_under_fees_a_patient_is_worth_his_margin() -> None:
    gains = quoted(by_fees(), truth(1))
    assert gains.select == pytest.approx(-(1 - KAPPA) * CHARGE)
    assert gains.threshold == pytest.approx((1 - KAPPA) * CHARGE * 0.6)
    assert gains.treat == pytest.approx((1 - KAPPA) * CHARGE * 0.5)
    assert gains.split == pytest.approx((1 - KAPPA) * CHARGE * 0.1)


def test_gains_are_taken_around_present_conduct() -> None:
    """At twice the services for moderate cases their refusal costs twice the margin; mild cases are as before."""
    acts = conduct(intensity_moderate=2.0)
    gains = quoted(by_fees(), truth(2, severity=[0, 1]), acts=acts)
    np.testing.assert_allclose(gains.select, -(1 - KAPPA) * CHARGE * np.array([1.0, 2.0]))
    np.testing.assert_allclose(gains.more, STEP * (1 - KAPPA) * CHARGE)
    assert acts[0, Q_MILD] == 1.0
    assert acts[0, Q_MODERATE] == 2.0


def test_under_points_services_cost_and_the_record_pays() -> None:
    """A normal case's points do not move with its charge: the cost is the provider's, less what patients pay outside the scope."""
    group = coded_group()
    groups = load_catalogue()
    points = 1000.0 * groups.weight[group]
    cases = truth(1, standard_charge=CHARGE * groups.weight[group])
    gains = quoted(by_points(), cases)
    charge = cases.standard_charge[0]
    # recorded and residual are both settled against the points; only own pay comes on top
    assert gains.more == pytest.approx(STEP * charge * (0.2 - KAPPA), rel=1e-6)
    up = 1000.0 * groups.weight[groups.code_up[group]]
    assert gains.code == pytest.approx(200.0 * (up - points), rel=1e-3)


def test_a_charge_beyond_the_line_changes_the_points() -> None:
    """Below half of the mean points follow the charge, so a case there gains services' whole price."""
    group = coded_group()
    weight = load_catalogue().weight[group]
    low = CHARGE * weight * np.array([0.4, 0.9])
    gains = quoted(by_points(), truth(2, standard_charge=low))
    np.testing.assert_allclose(gains.more, STEP * low * np.array([0.2 - KAPPA + 0.2, 0.2 - KAPPA]), rtol=1e-4)


def test_points_of_a_large_holder_dilute_its_own_value() -> None:
    group = coded_group()
    cases = truth(1, standard_charge=CHARGE * load_catalogue().weight[group])
    small, large = quoted(by_points(), cases), quoted(by_points(small=False), cases)
    # the budget is the same and the points twice as many: half the value, and of that half is taken from oneself
    assert small.code[0] > 0
    assert large.code[0] == pytest.approx(small.code[0] / 4, rel=1e-3)


def test_under_a_quota_a_divided_stay_is_paid_twice() -> None:
    quota = 800_000.0
    gains = quoted(by_quota(quota), truth(1))
    # one more quota; a tenth more charge of which the patient's part in scope is settled against it, and own pay on top
    assert gains.split == pytest.approx(quota + 0.1 * CHARGE * (0.2 - KAPPA), rel=1e-4)
    assert gains.code == pytest.approx(0.0, abs=1.0)
    assert gains.more == pytest.approx(STEP * CHARGE * (0.2 - KAPPA), rel=1e-3)


def test_under_a_quota_only_dear_patients_are_a_loss() -> None:
    quota = 800_000.0
    gains = quoted(by_quota(quota), truth(2, standard_charge=[CHARGE, 4 * CHARGE]))
    np.testing.assert_allclose(gains.select, -(quota + np.array([CHARGE, 4 * CHARGE]) * (0.2 - KAPPA)), rtol=1e-3)
    assert gains.select[0] < 0 < gains.select[1]


def test_a_package_prices_the_care_a_refused_head_gets_elsewhere() -> None:
    books = opened(market("county_package"))
    books.post([totals(books.n_holders, outflow=1e8, recorded=1e9)])
    gains = quoted(books, truth(2, head_group=[0, -1]))
    # a case brings its patient's money and costs its care; refused, an own head's recorded money is deducted at the dearer place
    base = CHARGE * (0.8 * 0.25 + 0.2) - KAPPA * CHARGE
    np.testing.assert_allclose(gains.select, [-base - 1.3 * CHARGE * 0.8 * 0.75, -base], rtol=1e-6)


def test_a_shift_moves_money_to_the_patient_where_the_fund_deducts_what_he_pays() -> None:
    """Under a quota the in-scope part paid by the patient counts against the quota; outside the scope it does not."""
    gains = quoted(by_quota(), truth(1))
    assert gains.shift == pytest.approx(0.8 * CHARGE, rel=1e-3)
    shifted = quoted(by_quota(), truth(1), acts=conduct(shift=0.5))
    assert shifted.split[0] - gains.split[0] == pytest.approx(0.1 * CHARGE * 0.8 * 0.5, rel=1e-2)


@pytest.mark.parametrize("detection", [0.1, 0.4])
def test_sanctions_take_off_recovery_and_fine(detection: float) -> None:
    """p (1 + f) of what audit takes back: the gain of coding, 0.55 of a divided stay, a needless stay, the shifted money."""
    group = coded_group()
    cases = truth(1, standard_charge=CHARGE * load_catalogue().weight[group])
    free, watched = quoted(by_points(), cases), quoted(by_points(), cases, detection=detection, fine=2.0)
    taken, charge = detection * 3.0, cases.standard_charge[0]
    assert free.code[0] > 0
    assert free.code[0] - watched.code[0] == pytest.approx(taken * free.code[0])
    assert free.split[0] - watched.split[0] == pytest.approx(taken * 0.55 * charge)
    assert free.threshold[0] - watched.threshold[0] == pytest.approx(taken * 0.6 * charge)
    assert free.shift[0] - watched.shift[0] == pytest.approx(taken * 0.8 * charge)
    assert (watched.more, watched.treat, watched.select) == (free.more, free.treat, free.select)
    assert watched.code_raw == free.code_raw == free.code


def test_no_audit_makes_a_loss_a_gain() -> None:
    """Where the dearer group is worth less, writing up loses money, the more so the better it is watched, never less."""
    books = by_points()
    group = coded_group()
    terms = books.instances[0].terms
    terms.points[load_catalogue().code_up[group]] = terms.points[group] / 10
    cases = truth(1, standard_charge=CHARGE * load_catalogue().weight[group])
    for detection in (0.0, 0.2, 0.9):
        assert quoted(books, cases, detection=detection, fine=2.0).code[0] < 0


def test_finish_offers_every_level_of_the_planned_charge() -> None:
    gains = quoted(by_fees(), truth(1))
    assert [float(level[0]) for level in gains.finish] == pytest.approx([-0.1 * (1 - KAPPA) * CHARGE, 0.0, 0.1 * (1 - KAPPA) * CHARGE])


def test_only_what_can_be_acted_on_is_quoted() -> None:
    rules, groups = care_rules(), load_catalogue()
    cases = truth(3, u_code=[0.99, 0.1, 0.99], noisy_need=[1.0, 1.0, 2.0])
    quote = Quote(by_points(), prices(by_points()), rules, groups)
    gains = quote.gains(cases, conduct(), eligible(cases, rules, groups), STEP)
    assert np.flatnonzero(gains.code).tolist() == [1]
    assert np.flatnonzero(gains.select).tolist() == [2]
    assert not gains.split.any()


@pytest.mark.parametrize("only", [frozenset({"code"}), frozenset({"select", "shift"}), frozenset[str]()])
def test_what_is_not_asked_for_stays_zero_and_what_is_asked_for_is_the_same(only: frozenset[str]) -> None:
    cases = truth(1)
    quote = Quote(by_quota(), prices(by_quota()), care_rules(), load_catalogue())
    some, whole = (quote.gains(cases, conduct(), everything(1), STEP, asked) for asked in (only, ALL_GAINS))
    for name in ("code", "treat", "split", "select", "threshold", "shift"):
        assert (getattr(some, name) == (getattr(whole, name) if name in only else 0.0)).all()


def test_the_quote_leaves_its_inputs_alone() -> None:
    books, cases, acts = by_points(), truth(3, u_code=0.1), conduct(shift=0.2, coding=0.5)
    before = (cases.standard_charge.copy(), acts.copy(), books.instances[0].posted.copy(), books.instances[0].year_totals.copy())
    quoted(books, cases, acts=acts)
    after = (cases.standard_charge, acts, books.instances[0].posted, books.instances[0].year_totals)
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    assert acts[0, SHIFT] == 0.2
    assert acts[0, CODING] == 0.5


def test_under_fees_a_day_more_brings_its_margin_under_a_fixed_sum_it_costs_and_by_the_day_it_pays() -> None:
    """A day is a share of the charge; a price a day is paid for all of it."""
    care = care_rules(daily_share=0.2)
    fees, fixed = quoted(by_fees(), truth(1), rules=care), quoted(by_quota(), truth(1), rules=care)
    assert fees.longer[0] == pytest.approx(0.2 * STEP * (1 - KAPPA) * CHARGE)
    assert fees.shorter[0] == pytest.approx(-fees.longer[0])
    assert fixed.longer[0] < 0 < fixed.shorter[0]
    by_day = opened(market(get_mode("per_diem")(day_prices=(1000.0, 1000.0, 1000.0))))
    by_day.post([totals(by_day.n_holders, units=8e8, cases=1e3, recorded=8e8, residual=2e8, days=8e3)])
    assert quoted(by_day, truth(1), rules=care).longer[0] > fees.longer[0]


def test_where_stays_are_already_short_the_steps_start_there() -> None:
    care = care_rules(daily_share=0.2)
    gains = quoted(by_fees(), truth(1), acts=conduct(stay=0.8, intensity_mild=1.1), rules=care)
    assert gains.longer[0] == pytest.approx(1.1 * 0.2 * STEP * (1 - KAPPA) * CHARGE)
    assert gains.more[0] == pytest.approx((1 - 0.2 * 0.2) * STEP * (1 - KAPPA) * CHARGE)


@pytest.mark.parametrize("books", [by_fees(), by_quota(), by_points()], ids=["fees", "quota", "points"])
def test_an_alternative_brings_what_its_case_would_be_priced_at(books: Settlement) -> None:
    """The prices of a fen that are read once for all alternatives, and the price of one case by itself, are one arithmetic."""
    cases = truth(1)

    def worth(q: float) -> float:
        charge = cases.standard_charge * q
        kept = {name: getattr(cases, name) for name in ("provider", "scheme", "group", "severity", "age", "emergency")}
        money = {"charge": charge, "in_scope": 0.8 * charge, "recorded": 0.8 * 0.75 * charge}
        days = stay_days(cases.standard_stay, np.array([q]), care_rules().stay_response)
        rest = {"kind": load_catalogue().kind[cases.group], "readmission": np.zeros(1, dtype=bool)}
        return float(value_of(books, prices(books), cases.instance, KAPPA, stay=days, **kept, **money, **rest)[0])

    gains = quoted(books, cases)
    assert gains.more[0] == pytest.approx(worth(1 + STEP) - worth(1.0), rel=1e-5, abs=1.0)
    assert gains.less[0] == pytest.approx(worth(1 - STEP) - worth(1.0), rel=1e-5, abs=1.0)


def test_the_price_of_a_case_is_what_its_totals_would_be_settled_for() -> None:
    """The sum over measures of marginal entitlement times the case's own measures, plus what others pay, less cost."""
    books = by_quota()
    seen = prices(books)
    one = np.ones(1)
    worth = value_of(
        books,
        seen,
        np.zeros(1, dtype=np.int8),
        KAPPA,
        provider=np.array([1], dtype=np.int16),
        scheme=np.zeros(1, dtype=np.int8),
        group=np.array([coded_group()], dtype=np.int16),
        charge=CHARGE * one,
        in_scope=0.8 * CHARGE * one,
        recorded=0.6 * CHARGE * one,
        **stays(1),
    )
    change = np.zeros((1, 2, len(MEASURES)))
    change[0, 0] = [800_000.0, 1.0, CHARGE, 0.8 * CHARGE, 0.6 * CHARGE, 0.2 * CHARGE, 0.2 * CHARGE, 0.0, 7.0]
    holder = np.array([1])
    settled = books.quoted(0, holder, change) - books.quoted(0, holder, 0 * change)
    assert worth == pytest.approx(settled + 0.4 * CHARGE - KAPPA * CHARGE, rel=1e-9)
    assert GROUP[1] == 0


def test_under_a_mix_every_case_brings_what_it_would_bring_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases are quoted mode by mode and block by block: neither their order nor where a block ends may show."""
    monkeypatch.setattr("model.quote.BLOCK", 7)
    rng = np.random.default_rng(3)
    books = opened(market("ffs", "per_diem", "per_admission_quota", "county_package"))
    books.post([totals(books.n_holders, units=1e9, cases=1e3, recorded=1e9, charge=2e9, days=1e4) for _ in books.instances])
    n = 30
    spread = {
        "instance": rng.integers(0, 4, n).astype(np.int8),
        "provider": rng.integers(0, N, n),
        "scheme": rng.integers(0, 2, n),
        "standard_charge": rng.uniform(3e5, 3e6, n),
        "standard_stay": rng.uniform(2, 20, n),
    }
    together = quoted(books, truth(n, **spread))
    alone = [quoted(books, truth(1, **{name: column[i : i + 1] for name, column in spread.items()})) for i in range(n)]
    for name in ("more", "code", "treat", "split", "threshold", "select", "shift"):
        assert getattr(together, name).tolist() == [float(getattr(one, name)[0]) for one in alone]
    assert [level.tolist() for level in together.finish] == [[float(one.finish[i][0]) for one in alone] for i in range(3)]
    fees = quoted(books, truth(n, **(spread | {"instance": 0})))
    assert (np.equal(together.shift, fees.shift) == (spread["instance"] == 0)).all()
