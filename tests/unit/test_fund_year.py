"""Budgets in a whole city: one base for all policies, income first, and what overspending does to the next year."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest

from model.calendar import format_month, parse_month
from model.city import City
from model.errors import InputError
from model.financing import BudgetRule, Part, usable
from model.fund_year import FundYear
from model.ledger import AccountKind, Memo
from model.payment import RECORDED
from model.policy import Leaf, changed_between, load_city, load_policy
from model.policy.city_file import Gap, GapSharing

SCALE = 0.002
SHIPPED = Path(__file__).parents[2] / "data" / "policies"
INCOME = """
method = { value = "income", unit = "name", source = "assumption: a test" }
reserve_share = { value = 0.1, unit = "share", source = "assumption: a test" }
"""
PARTS = """
parts.employee = {}
parts.resident.outpatient = { value = 0.1, unit = "share", source = "assumption: a test" }
parts.resident.other = { value = 0.05, unit = "share", source = "assumption: a test" }
"""


def by_income(name: str, folder: Path, more: str = "") -> Path:
    """A shipped policy whose budget follows income."""
    text = (SHIPPED / f"{name}.toml").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("growth = "))
    path = folder / f"{name}.toml"
    path.write_text(text.replace(line, INCOME + more).replace('name = "' + name, 'name = "mine_' + name), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def history() -> City:
    """A year behind it, about to switch."""
    city = City.load("yuncheng", "ffs", scale=SCALE, seed=5, burn_in=0)
    city.run_for(12)
    return city


def switched(history: City, policy: Path | str) -> City:
    city = copy.deepcopy(history)
    city.switch_policy(policy)
    return city


def test_all_policies_start_from_one_budget_base_and_one_expected_income(history: City, tmp_path: Path) -> None:
    """Modes divide each scheme's base differently; its sum, and the money that follows from income, are the same to the fen."""
    arms = [switched(history, by_income(name, tmp_path)) for name in ("ffs", "dip", "global", "package")]
    first = arms[0].fund_year
    for arm in arms[1:]:
        assert np.array_equal(arm.fund_year.base.sum(axis=0), first.base.sum(axis=0))
        assert np.array_equal(arm.fund_year.income, first.income)
        assert np.array_equal(arm.fund_year.budget, first.budget)
    for arm in arms:
        money = np.zeros(2)
        for i, instance in enumerate(arm.settlement.instances):
            assert instance.base[..., RECORDED].sum(axis=0) == pytest.approx(arm.fund_year.base[i].sum(axis=1), abs=1)
            money += instance.base[..., RECORDED].sum(axis=0) * arm.fund_year.factor(i)
        expected = [usable(int(income), 0.1) for income in arm.fund_year.income]
        np.testing.assert_allclose(money, expected, rtol=1e-6)


def test_expected_income_is_what_the_year_brings(history: City, tmp_path: Path) -> None:
    """Nobody is born, dies or retires in the expectation: the year's income differs by that alone."""
    city = switched(history, by_income("ffs", tmp_path))
    expected, income, layer = city.fund_year.income.copy(), np.zeros(2), np.zeros(2)
    for _ in range(12):
        city.run_for(1)
        income += city.fund_income
        layer += [city.ledger.spent(city.ledger.fund(s), Memo.CATASTROPHIC_PREMIUM) for s in range(2)]
    np.testing.assert_allclose(income - layer, expected, rtol=0.02)


def test_growth_is_the_shipped_policies_way(history: City) -> None:
    city = switched(history, "dip")
    for i in range(len(city.settlement.instances)):
        assert city.fund_year.factor(i).tolist() == [1.06, 1.06]
    assert not city.fund_year.reserve.any()


def test_sub_budgets_give_each_kind_of_care_its_money(history: City, tmp_path: Path) -> None:
    plain = switched(history, by_income("dip", tmp_path)).fund_year
    city = switched(history, by_income("dip", tmp_path, PARTS))
    books = city.fund_year
    assert np.array_equal(books.budget[0], plain.budget[0])
    money = usable(int(books.income[1]), 0.1)
    assert books.budget[1].sum() == money
    assert books.budget[1, [Part.OUTPATIENT, Part.OTHER]].tolist() == pytest.approx([0.1 * money, 0.05 * money], abs=1)
    points = [instance.id for instance in city.settlement.instances].index("dip")
    whole = books.base.sum(axis=0)[1]
    assert books.factor(points)[1] == pytest.approx(books.budget[1, Part.INPATIENT] / whole[Part.INPATIENT])
    terms = city.settlement.instances[points].terms
    assert terms.budget[1] == pytest.approx(books.budget[1, Part.INPATIENT], rel=1e-6)


def test_a_mode_set_apart_draws_on_the_other_budget(history: City, tmp_path: Path) -> None:
    path = by_income("dip", tmp_path, PARTS)
    path.write_text(path.read_text(encoding="utf-8").replace('id = "dip"', 'id = "dip"\nsub_budget = "other"'), encoding="utf-8")
    books = switched(history, path).fund_year
    whole = books.base.sum(axis=0)[1]
    assert not whole[Part.INPATIENT]
    assert whole[Part.OTHER] > 0
    assert books.factor(0)[1] == pytest.approx(books.budget[1, Part.OTHER] / whole[Part.OTHER])


def test_spending_of_the_months_is_the_year_s_debt(history: City, tmp_path: Path) -> None:
    city = switched(history, by_income("dip", tmp_path))
    owed = np.zeros(2, dtype=np.int64)
    for _ in range(3):
        city.run_for(1)
        owed += np.sum(city.now.settled, axis=(0, 1))
    assert city.fund_year.spent.sum(axis=1).tolist() == owed.tolist()


def test_overspending_lowers_next_year_s_money_and_not_the_other_scheme_s() -> None:
    base = np.zeros((1, 2, 5), dtype=np.int64)
    base[0, :, Part.INPATIENT] = 1000
    books = FundYear(base)
    rules = [BudgetRule("income", 0.0, 0.1, 0.0)] * 2
    books.open(rules, np.array([1000, 1000]), 0, np.zeros(2, dtype=np.int64))
    assert books.budget[:, Part.INPATIENT].tolist() == [900, 900]
    books.spend([np.array([1050, 900])], base)
    years = books.close()
    assert (years[0].from_reserve, years[0].carried) == (100, 50)
    books.open(rules, np.array([1000, 1000]), 1, np.zeros(2, dtype=np.int64))
    assert books.budget[:, Part.INPATIENT].tolist() == [855, 900]
    assert books.factor(0).tolist() == pytest.approx([0.855, 0.9])


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('method = { value = "incom", unit = "name", source = "assumption: x" }', "income"),
        ('method = { value = "income", unit = "name", source = "assumption: x" }\ngrowth = GROWTH', "only the method growth"),
        ('method = { value = "ratio", unit = "name", source = "assumption: x" }', "inpatient_ratio"),
        ('reserve_share = { value = 0.05, unit = "share", source = "assumption: x" }\ngrowth = GROWTH', "no such thing"),
        ("", "growth"),
        (INCOME + PARTS.replace("0.05", "0.95"), "at most 1"),
    ],
)
def test_budgets_that_do_not_hold_together_are_refused(tmp_path: Path, lines: str, told: str) -> None:
    text = (SHIPPED / "ffs.toml").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("growth = "))
    path = tmp_path / "ffs.toml"
    path.write_text(text.replace(line, lines.replace("GROWTH", line.removeprefix("growth = "))), encoding="utf-8")
    with pytest.raises(InputError, match=told) as refused:
        load_policy(path)
    assert "ffs.toml" in str(refused.value)


# Reserve and gap


def test_the_funds_hold_their_opening_balance_when_the_base_year_begins() -> None:
    city = City.load("xuchang", "ffs", scale=SCALE, seed=1, burn_in=2)
    opening = [city.settings.fund.opening_balance[scheme].at(city.base_month) * SCALE * 100 for scheme in ("employee", "resident")]
    assert city.fund_balance.tolist() == pytest.approx(opening, abs=1)
    assert city.ledger.trial_balance() == 0


def emptied(history: City, scheme: int, left: int = 0) -> City:
    """A city whose fund has so much left, at the start of a settlement year."""
    city = copy.deepcopy(history)
    government, fund = int(AccountKind.GOVERNMENT), int(city.ledger.fund(scheme))
    taken = int(city.fund_balance[scheme]) - left
    city.ledger.post(*((fund, government) if taken > 0 else (government, fund)), abs(taken), Memo.OPENING)
    city.switch_policy("ffs")
    return city


def run_to_clearing(city: City) -> np.ndarray:
    """Runs to the clearing; what governments paid to each fund."""
    before = city.ledger.by_kind()
    while True:
        city.run_for(1)
        if city.now.clearing:
            break
    after = city.ledger.by_kind()
    assert city.ledger.trial_balance() == 0
    return np.array(
        [city.ledger.income(city.ledger.fund(s), Memo.GAP) for s in range(2)]
        + [before[AccountKind.COUNTY_GOVERNMENTS] - after[AccountKind.COUNTY_GOVERNMENTS]]
    )


def dearer(city: City) -> City:
    """Residents pay no premium and get no subsidy: their fund has a deficit."""
    resident = city.settings.financing.resident
    nothing = Leaf.constant(0.0, "yuan/person/year", "assumption: a test")
    financing = city.settings.financing.model_copy(
        update={"resident": resident.model_copy(update={"premium": nothing, "subsidy": nothing})}
    )
    city.settings = city.settings.model_copy(update={"financing": financing})
    return city


def test_county_governments_stand_behind_what_the_balance_cannot_bear(history: City) -> None:
    """Yuncheng: the residents' fund ends the year at nothing, not below; employees get nothing."""
    city = dearer(emptied(history, 1, left=10_000_00))
    employees, residents, counties = run_to_clearing(city)
    assert employees == 0
    assert residents == counties > 0
    assert city.fund_balance[1] == 0
    monthly = city.tables.monthly
    told = monthly[(monthly["unit"] == "resident") & (monthly["indicator"] == "gap_filled")]["value"]
    assert told.iloc[-1] > 0
    assert (told.iloc[:-1] == 0).all()


def test_a_balance_that_bears_the_deficit_leaves_nothing_to_fill(history: City) -> None:
    city = dearer(emptied(history, 1, left=10**12))
    assert run_to_clearing(city).tolist() == [0, 0, 0]


def test_city_and_counties_share_a_year_s_deficit_where_the_file_says_so(history: City) -> None:
    city = dearer(emptied(history, 1, left=10**12))
    half = Leaf.constant(0.5, "share", "assumption: a test")
    sharing = GapSharing(city_share=half, after_balance=Leaf.constant("no", "name", "assumption: a test"))
    fund = city.settings.fund.model_copy(update={"gap": Gap(resident=sharing)})
    city.settings = city.settings.model_copy(update={"fund": fund})
    opening = city.fund_balance[1]
    _, residents, counties = run_to_clearing(city)
    assert residents > 0
    assert counties == residents - residents // 2 or counties == residents // 2
    assert city.fund_balance[1] == opening


def test_a_city_that_says_nothing_of_gaps_fills_none() -> None:
    city = City.load("xuchang", "ffs", scale=SCALE, seed=1, burn_in=0)
    assert city.settings.fund.gap is None


def test_an_alert_is_a_reserve_below_the_scheme_s_level(history: City) -> None:
    city = emptied(history, 1, left=1)
    city.run_for(1)
    monthly = city.tables.monthly
    last = monthly[(monthly["period"] == monthly["period"].max()) & (monthly["indicator"] == "reserve_alert")]
    told = dict(zip(last["unit"], last["value"], strict=True))
    levels = [city.settings.fund.reserve_gate[scheme].at(city.base_month) for scheme in ("employee", "resident")]
    assert levels == [12, 6]
    assert told["resident"] == float(city.reserve_months[1] < 6) == 1.0
    assert told["employee"] == float(city.reserve_months[0] < 12)
    assert told["yuncheng"] == (told["resident"] + told["employee"]) / 2


def test_budget_execution_is_the_debt_over_the_month_s_budget(history: City) -> None:
    city = switched(history, "dip")
    city.run_for(1)
    monthly = city.tables.monthly
    last = monthly[(monthly["period"] == monthly["period"].max()) & (monthly["indicator"] == "budget_execution")]
    owed = np.sum(city.now.settled, axis=(0, 1))
    expected = owed / (city.fund_year.budget.sum(axis=1) / 12)
    told = dict(zip(last["unit"], last["value"], strict=True))
    assert [told["employee"], told["resident"]] == pytest.approx(expected.tolist())


# Revision within the year

REVISION = """
growth = { value = -0.3, unit = "share/year", source = "assumption: a test" }
revision.month = { value = 2, unit = "month", source = "assumption: a test" }
revision.trigger = { value = 0.05, unit = "share", source = "assumption: a test" }
revision.most = { value = 0.1, unit = "share", source = "assumption: a test" }
"""
EVENT = 'revision.event = { value = "yes", unit = "name", source = "assumption: a test" }'
MORE_VISITS = 'revision.visits = { value = 1.0, unit = "share", source = "assumption: twice as many" }'
NEW_BENEFITS = 'revision.benefits = { value = "yes", unit = "name", source = "assumption: a test" }'


def revising(folder: Path, reason: str) -> Path:
    """DIP under a budget far below what is recorded."""
    text = (SHIPPED / "dip.toml").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("growth = "))
    path = folder / "dip.toml"
    path.write_text(text.replace(line, REVISION + reason).replace('name = "dip"', 'name = "mine"'), encoding="utf-8")
    return path


def test_a_budget_is_raised_once_in_its_month_for_an_allowed_reason(history: City, tmp_path: Path) -> None:
    """The whole year is paid by the raised budget, to the fen, and the tables add up to it."""
    city = switched(history, revising(tmp_path, EVENT))
    at = [instance.id for instance in city.settlement.instances].index("dip")
    before, terms = city.fund_year.budget.copy(), city.settlement.instances[at].terms
    paid, told = np.zeros(2), np.zeros(2)
    for elapsed in range(1, 13):
        city.run_for(1)
        paid += city.now.paid[at].sum(axis=0)
        told += city.now.budget
        if elapsed == 1:
            assert np.array_equal(city.fund_year.budget, before)
        elif elapsed < 12:
            np.testing.assert_allclose(city.fund_year.budget, before * 1.1, atol=1)
    assert city.now.clearing
    np.testing.assert_allclose(paid, np.rint(terms.budget * 1.1), atol=1)
    np.testing.assert_allclose(told, before.sum(axis=1) * 1.1, atol=10)


def test_budgets_that_moved_at_half_year_stay_moved_when_the_year_s_money_is_raised(history: City, tmp_path: Path) -> None:
    text = (SHIPPED / "global.toml").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("growth = "))
    moved = 'reallocated = { value = 1.0, unit = "share", source = "assumption: a test" }'
    text = text.replace(line, REVISION.replace("value = 2,", "value = 7,") + EVENT).replace('name = "global"', 'name = "mine"')
    path = tmp_path / "global.toml"
    path.write_text(text.replace("[mode.parameters]", f"[mode.parameters]\n{moved}", 1), encoding="utf-8")
    city = switched(history, path)
    instance = next(i for i in city.settlement.instances if i.mode.name == "global_budget")
    posted = instance.terms.budget.copy()
    city.run_for(6)
    half = instance.terms.budget.copy()
    city.run_for(1)
    raised = instance.terms.budget
    assert not np.allclose(half, posted)
    np.testing.assert_allclose(half.sum(axis=0), posted.sum(axis=0))
    np.testing.assert_allclose(raised.sum(axis=0), 1.1 * posted.sum(axis=0), rtol=1e-9)
    assert not np.allclose(raised, 1.1 * posted)


@pytest.mark.parametrize("reason", [MORE_VISITS, NEW_BENEFITS])
def test_without_its_reason_no_budget_is_revised(history: City, tmp_path: Path, reason: str) -> None:
    """Spending far ahead of the budget is no reason by itself."""
    city = switched(history, revising(tmp_path, reason))
    before = city.fund_year.budget.copy()
    city.run_for(3)
    assert (city.fund_year.recorded.sum(axis=1) > 1.05 * before.sum(axis=1) * 3 / 12).all()
    assert np.array_equal(city.fund_year.budget, before)


def test_a_revision_names_a_reason(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="for a reason"):
        load_policy(revising(tmp_path, ""))


def test_the_reserve_bears_a_revision() -> None:
    base = np.zeros((1, 2, 5), dtype=np.int64)
    base[0, :, Part.INPATIENT] = 1000
    books = FundYear(base)
    books.open([BudgetRule("income", 0.0, 0.1, 0.0)] * 2, np.array([1000, 1000]), 0, np.zeros(2, dtype=np.int64))
    books.revise([0.05, 0.2])
    assert books.budget[:, Part.INPATIENT].tolist() == [945, 1080]
    assert books.reserve.tolist() == [55, 0]
    assert books.factor(0).tolist() == pytest.approx([0.945, 1.08])


def test_a_change_counts_from_the_month_after_the_first() -> None:
    city = load_city("yuncheng")
    first = parse_month("2021-01")
    assert changed_between(city.financing, first, parse_month("2022-01"))
    assert not changed_between(city.financing, first, parse_month("2021-12"))
    assert not changed_between(city.financing, parse_month("2022-01"), parse_month("2022-12"))


# Advances in an epidemic, interest


def test_an_epidemic_advance_leaves_in_its_month_and_comes_back(history: City) -> None:
    """Yuncheng's eleven million, moved into the run: cash only, no debt is settled by it."""
    city = copy.deepcopy(history)
    advances = tuple(
        row.model_copy(update={"month": format_month(city.month), "back": format_month(city.month + 2)})
        for row in city.settings.fund.epidemic_advances
    )
    city.settings = city.settings.model_copy(update={"fund": city.settings.fund.model_copy(update={"epidemic_advances": advances})})
    plain = copy.deepcopy(history)
    gap = []
    for _ in range(3):
        city.run_for(1)
        plain.run_for(1)
        gap.append(int(plain.fund_balance[1] - city.fund_balance[1]))
        assert city.ledger.trial_balance() == 0
    assert gap == [11_000_000 * 100 * SCALE, 11_000_000 * 100 * SCALE, 0]


def test_an_advance_from_before_the_run_does_not_come_back_in_it() -> None:
    city = City.load("yuncheng", "ffs", scale=SCALE, seed=1, burn_in=0)
    assert parse_month("2020-02") < city.first_month <= parse_month("2020-12")
    assert city.ledger.booked(Memo.EPIDEMIC_ADVANCE) == 0


def test_interest_is_income_expected_and_earned(history: City) -> None:
    city = copy.deepcopy(history)
    rate = Leaf.constant(0.024, "share/year", "assumption: a test")
    city.settings = city.settings.model_copy(update={"fund": city.settings.fund.model_copy(update={"interest_rate": rate})})
    plain = switched(history, "ffs")
    city.switch_policy("ffs")
    more = city.fund_year.income - plain.fund_year.income
    np.testing.assert_allclose(more, 0.024 * plain.fund_balance, atol=12)
    city.run_for(1)
    earned = [city.ledger.income(city.ledger.fund(s), Memo.INTEREST) for s in range(2)]
    assert all(0 < money < 0.0021 * balance for money, balance in zip(earned, city.fund_balance, strict=True))


def test_an_advance_to_nobody_is_refused(tmp_path: Path) -> None:
    text = (SHIPPED.parent / "cities" / "yuncheng.toml").read_text(encoding="utf-8")
    path = tmp_path / "yuncheng.toml"
    path.write_text(text.replace('["city_second"]', '["city_secnd"]'), encoding="utf-8")
    with pytest.raises(InputError, match="unknown institution") as refused:
        load_city(path)
    assert refused.value.nearest == "city_second"
    path.write_text(text.replace('back = "2020-12"', 'back = "2020-01"'), encoding="utf-8")
    with pytest.raises(InputError, match="comes back after"):
        load_city(path)
