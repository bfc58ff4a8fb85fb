"""The settlement cycle in a living city: deposits and clearings on the books month by month, scores from audits, policies that change."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest

import data
from model.city import City
from model.ledger import AccountKind, Memo
from model.payment import RESIDUAL, UNITS

RULES = """
deposit_share = { value = 0.05, unit = "share", source = "assumption: as in a test" }
score_points = { value = 20, unit = "point", source = "assumption: as in a test" }
assessment_low = { value = 0.9, unit = "share", source = "assumption: as in a test" }
assessment_high = { value = 1.0, unit = "share", source = "assumption: as in a test" }
release_from = { value = 80, unit = "point", source = "assumption: as in a test" }
release_loss = { value = 0.03, unit = "share", source = "assumption: as in a test" }
release_least = { value = 60, unit = "point", source = "assumption: as in a test" }
claw_back = { value = "next_months", unit = "name", source = "assumption: as in a test" }
clearing_lag = [
  { value = 2, unit = "month", source = "assumption: as in a test" },
  { value = 1, unit = "month", from = "2022-01", source = "assumption: later years sooner" },
]
"""


def written(folder: Path) -> Path:
    """The policy of points with every rule of time and quality in force."""
    text = data.folder("policies", "dip.toml").read_text(encoding="utf-8")
    file = folder / "cycle.toml"
    file.write_text(text.replace("[mode.cycle]\n", f"[mode.cycle]{RULES}", 1), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def in_february(tmp_path_factory: pytest.TempPathFactory) -> City:
    """Yuncheng two months into its second settlement year, when last year's clearing is still to come."""
    city = City.load("yuncheng", written(tmp_path_factory.mktemp("cycle")), scale=0.001, seed=3, burn_in=0)
    city.run_for(13)
    return city


def points_month_by_month(folder: Path, period: str) -> list[float]:
    """All points of Yuncheng's year so far after each of six months, under special-case review of one case in fifty."""
    rules = {"outlier": "draft_3", "review_share": 1.0, "review_quota": 0.02, "review_period": period}
    units = {"outlier": "name", "review_period": "name"}
    text = data.folder("policies", "dip.toml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("outlier =")]
    at = lines.index("[mode.parameters]") + 1
    lines[at:at] = [
        f'{key} = {{ value = {value!r}, unit = "{units.get(key, "share")}", source = "assumption: as in a test" }}'.replace("'", '"')
        for key, value in rules.items()
    ]
    file = folder / f"{period}.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    city = City.load("yuncheng", file, scale=0.002, seed=3, burn_in=0, conduct="steady")
    found = []
    for _ in range(6):
        city.run_for(1)
        found.append(float(city.settlement.instances[0].year_totals[..., UNITS].sum()))
    return found


def test_special_cases_of_a_quarter_get_their_points_at_its_end(tmp_path: Path) -> None:
    """The same cases: until the quarter's end there are fewer points, then about as many, for the dearest of the quarter count."""
    by_month, by_quarter = (np.array(points_month_by_month(tmp_path, period)) for period in ("month", "quarter"))
    assert (by_quarter[[0, 1]] < by_month[[0, 1]]).all()
    assert (by_quarter[[2, 5]] >= by_month[[2, 5]]).all()
    assert by_quarter[[2, 5]] == pytest.approx(by_month[[2, 5]], rel=0.05)


ELSEWHERE = """[[mode]]
id = "elsewhere"
kind = "dip"
[mode.parameters]
prior_cases = { value = 0, unit = "case", source = "assumption: as in a test" }
outlier = { value = "national_1", unit = "name", source = "assumption: as in a test" }
tier_coefficient = { value = "fixed", unit = "name", source = "assumption: as in a test" }
tier_values = { value = [1, 1, 1], unit = "factor", source = "assumption: as in a test" }
points_method = { value = "quota", unit = "name", source = "assumption: as in a test" }
point_value = { value = "given", unit = "name", source = "assumption: as in a test" }
given_value = [
  { value = 80, unit = "yuan", source = "assumption: as in a test" },
  { value = 60, unit = "yuan", from = "2022-01", source = "assumption: as in a test" },
]
[mode.cycle]
monthly_share = { value = 0.95, unit = "share", source = "assumption: as in a test" }

[[route]]
care = ["inpatient"]
local = false
mode = "elsewhere"

"""


def test_stays_elsewhere_may_be_paid_at_the_place_s_value_of_a_point(tmp_path: Path) -> None:
    """Points are of a hundred yuan, worth 80 there and a year later 60; the city's own points keep their value."""
    text = data.folder("policies", "dip.toml").read_text(encoding="utf-8")
    file = tmp_path / "elsewhere.toml"
    file.write_text(text.replace("[[route]]", f"{ELSEWHERE}[[route]]", 1), encoding="utf-8")
    city = City.load("yuncheng", file, scale=0.002, seed=3, burn_in=0, conduct="steady")
    home, elsewhere = city.settlement.instances[0], city.settlement.instances[-1]
    for months, value in ((2, 80), (11, 60)):
        city.run_for(months)
        year = elsewhere.year_totals.sum(axis=(0, 1))
        assert year[UNITS] > 0
        assert elsewhere.due.granted.sum() == pytest.approx(year[UNITS] * value * 100 - year[RESIDUAL], abs=1000)
        assert not elsewhere.year_totals[: len(city.geography.providers)][city.geography.providers.local].any()
        assert not home.year_totals[: len(city.geography.providers)][~city.geography.providers.local].any()


def deposits(city: City) -> int:
    return city.ledger.balance(city.ledger.accounts_of(AccountKind.DEPOSIT))


def payments(city: City) -> tuple[int, int]:
    """What left the funds for providers and their deposits this month, and what providers received of it, net of what flowed back."""
    ledger, funds = city.ledger, city.ledger.fund([0, 1])
    providers = ledger.accounts_of(AccountKind.PROVIDER)
    memos = (Memo.FUND_MONTHLY, Memo.FUND_CLEARING, Memo.DEPOSIT_HELD, Memo.DEPOSIT_RELEASED)
    return ledger.spent(funds, *memos) - ledger.income(funds, *memos), ledger.income(providers, *memos) - ledger.spent(providers, *memos)


def test_what_the_fund_pays_is_what_providers_receive_and_what_is_held(in_february: City) -> None:
    city = copy.deepcopy(in_february)
    for _ in range(3):
        before = deposits(city)
        city.run_for(1)
        paid, received = payments(city)
        assert paid == received + deposits(city) - before
        assert received == np.sum(city.now.paid)
    held = sum(int(instance.book.held.sum()) for instance in city.settlement.instances)
    assert deposits(city) == held > 0


def test_a_clearing_is_paid_after_its_months_and_the_next_one_as_the_policy_then_says(in_february: City) -> None:
    city = copy.deepcopy(in_february)
    dip = city.settlement.instances[0]
    assert dip.book.waiting[0].months == 1
    due = dip.book.waiting[0].payment
    before = deposits(city)
    city.run_for(1)
    assert not dip.book.waiting
    released = city.ledger.booked(Memo.DEPOSIT_RELEASED)
    assert released == (due.released + due.forfeited).sum() > 0
    assert deposits(city) < before
    assert dip.cycle.clearing_lag == 1


def test_scores_are_what_audits_of_the_last_year_leave(in_february: City) -> None:
    city = copy.deepcopy(in_february)
    dip = city.settlement.instances[0]
    cases, found = city.cases_found()
    city.run_for(1)  # the score is taken as the next month is settled
    assert 0 < found.sum() < cases.sum()
    worst = int(np.argmax(np.where(cases > 0, found / np.maximum(cases, 1), 0)))
    assert dip.score[worst] == dip.score[: len(cases)].min() < 100
    assert (dip.score >= 0).all()


@pytest.mark.parametrize("when", ["next_months", "clearing"])
def test_audits_are_deducted_from_payments_where_the_policy_says_so(tmp_path: Path, when: str) -> None:
    """Nothing is paid back at once for cases under the mode; what is found lessens what the mode pays."""
    file = tmp_path / "deducted.toml"
    text = data.folder("policies", "dip.toml").read_text(encoding="utf-8")
    rule = f'audit_deduction = {{ value = "{when}", unit = "name", source = "assumption: as in a test" }}\n'
    file.write_text(text.replace("[mode.cycle]\n", f"[mode.cycle]\n{rule}", 1), encoding="utf-8")
    city = City.load("yuncheng", file, scale=0.001, seed=3, burn_in=3)
    dip = city.settlement.instances[0]
    found = city.now.tallies["recovered"].sum()
    before, owed, paid = dip.book.to_come.copy(), np.zeros_like(dip.book.paid), np.zeros_like(dip.book.paid)
    for _ in range(6):
        was = dip.book.to_come.sum()
        city.run_for(1)
        found += city.now.tallies["recovered"].sum()
        owed += city.now.settled[0]
        paid += city.now.paid[0]
        assert city.ledger.booked(Memo.RECOVERY) < city.now.tallies["recovered"].sum() or not city.now.tallies["recovered"].any()
        assert dip.book.to_come.sum() <= was or when == "next_months"
    deducted = owed - (dip.due.net - dip.book.paid) - paid - dip.book.to_come + before
    assert (deducted >= 0).all()
    assert 0 < deducted.sum() <= found


@pytest.mark.parametrize("passes", [(True, False), (False, False)])
def test_january_advances_what_december_returns_where_the_fund_passes_the_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passes: tuple[bool, bool]
) -> None:
    file = tmp_path / "advance.toml"
    text = data.folder("policies", "dip.toml").read_text(encoding="utf-8")
    rule = 'advance_months = { value = 1, unit = "month", source = "assumption: as in a test" }\n'
    file.write_text(text.replace("[mode.cycle]\n", f"[mode.cycle]\n{rule}", 1), encoding="utf-8")
    city = City.load("yuncheng", file, scale=0.001, seed=3, burn_in=0)
    monkeypatch.setattr(city, "may_advance", lambda: np.array(passes))
    base = city.settlement.instances[0].last_year.copy()
    city.run_for(1)
    lent = -city.ledger.balance(city.ledger.accounts_of(AccountKind.ADVANCE))
    score = city.settlement.instances[0].score[: len(base), None]
    assert lent == city.ledger.booked(Memo.ADVANCE_PAID) == (np.floor(base / 12 * score / 100) * passes).sum()
    assert (lent > 0) == any(passes)
    city.run_for(11)
    assert city.ledger.balance(city.ledger.accounts_of(AccountKind.ADVANCE)) == 0
    assert city.ledger.booked(Memo.ADVANCE_RETURNED) == lent


def test_a_fund_lends_with_reserve_above_the_gate_and_without_deficits(in_february: City) -> None:
    city = copy.deepcopy(in_february)
    year = city.fund_year
    year.deficit[:] = False
    year.income = year.budget.sum(axis=1) + 1
    government, funds = int(AccountKind.GOVERNMENT), city.ledger.fund([0, 1])
    for scheme, gate in enumerate((12, 6)):
        wanted = int(gate * np.mean(city._paid_lately, axis=0)[scheme]) + 1 - int(city.fund_balance[scheme])
        payer, payee = (government, int(funds[scheme])) if wanted > 0 else (int(funds[scheme]), government)
        city.ledger.post(payer, payee, abs(wanted), Memo.OPENING)
    assert city.may_advance().tolist() == [True, True]
    year.income[0] -= 2
    year.deficit[1] = True
    assert city.may_advance().tolist() == [False, False]
    year.income[0] += 2
    city.ledger.post(int(funds[0]), government, 2, Memo.OPENING)
    assert city.may_advance().tolist() == [False, False]


def test_a_switch_pays_what_waits_and_what_is_held(in_february: City) -> None:
    """Nothing stays behind on accounts of the old policy, and the coming month's tables show what the switch paid."""
    city = copy.deepcopy(in_february)
    old = city.settlement.instances
    owed = sum(int((instance.due.net - instance.book.paid + instance.book.to_come).sum()) for instance in old)
    providers = city.ledger.provider(np.arange(len(city.geography.providers)))
    before, held = city.ledger.balance(providers), int(city.insurer.held.sum())
    assert held > 0, "claims wait for their review"
    city.switch_policy("ffs")
    assert deposits(city) == 0
    assert not city.insurer.held.any()
    assert city.ledger.balance(providers) - before == owed + held
    assert all(not instance.book.debt.any() and not instance.book.waiting for instance in old)
    assert payments(city)[1] == owed
    city.run_for(1)
    assert np.sum(city.now.paid) == payments(city)[1]
    assert payments(city)[1] - payments_of_fees(city) == owed
    city.run_for(1)
    assert np.sum(city.now.paid) == payments_of_fees(city)


def payments_of_fees(city: City) -> int:
    """What the policy in force itself paid in the month."""
    return sum(int(paid.sum()) for paid in city.now.paid[: len(city.settlement.instances)])


def test_a_policy_opened_again_within_a_year_clears_it_first(in_february: City) -> None:
    """As after a burn-in that is not whole years; what waits for its month goes on waiting."""
    city = copy.deepcopy(in_february)
    dip = city.settlement.instances[0]
    assert (dip.due.net != dip.book.paid).any()
    owed = sum(int((instance.due.net - instance.book.paid + instance.book.to_come).sum()) for instance in city.settlement.instances)
    before, held = city.ledger.balance(city.ledger.accounts_of(AccountKind.PROVIDER)), int(city.insurer.held.sum())
    city.open_policy()
    assert city.ledger.balance(city.ledger.accounts_of(AccountKind.PROVIDER)) - before == owed + held
    assert city.settlement.elapsed == 0
    assert not dip.book.paid.any()


def test_terms_of_the_new_year_reach_the_order_of_acts_at_once() -> None:
    """In December conduct looks ahead: the quote in January prices the terms in force then."""
    city = City.load("yuncheng", "dip", scale=0.001, seed=3, burn_in=0)
    city.run_for(11)
    before = city.quote
    city.run_for(1)
    assert city.now.clearing
    assert city.quote is not before
    assert city.quote is not None
    posted = city.settlement.marginal(0, np.arange(city.settlement.n_providers))
    np.testing.assert_array_equal(city.quote.prices.marginal[0], posted)
