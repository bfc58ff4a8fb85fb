"""What providers expect of nearby conduct: samples, ordering of acts, and optima known in closed form."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from agents.conduct import Situation, get_conduct
from agents.ordering import ordered
from agents.prospect import (
    Appeal,
    Outlook,
    Outpatients,
    appeal,
    as_written,
    finished,
    mild_sample,
    outlook,
    sample_cases,
    thresholds,
)
from agents.utility import UtilityRules
from model.care import (
    CHANNELS,
    CODING,
    HIGHEST,
    LOWEST,
    NEUTRAL,
    Q_MILD,
    Q_OUT,
    SELECTION,
    SHIFT,
    SPLITTING,
    STAY,
    THRESHOLD,
    TREATMENT,
    CareRules,
    Eligible,
)
from model.cases import CaseTruth
from model.items import Items
from model.quote import Gains
from tests.small_market import care_rules, items, truth
from tests.small_staff import staff, utility_rules

Floats = NDArray[np.float64]
STEP = 0.05
PROFIT, ALTRUISM = 0.8, 0.8


def no_gains(n: int, **given: Any) -> Gains:
    """Acts that bring nothing, but for those given, fen a case."""
    names = [f.name for f in fields(Gains) if f.name not in ("step", "finish")]
    columns = {name: np.broadcast_to(np.asarray(given.get(name, 0.0), dtype=float), (n,)).copy() for name in names}
    finish = given.get("finish", [np.zeros(n)] * 3)
    return Gains(step=STEP, finish=finish, **columns)


def all_able(n: int, able: bool = True) -> Eligible:
    yes = np.full(n, able)
    return Eligible(yes, yes.copy(), yes.copy(), yes.copy(), yes.copy())


def finishable(*finish: bool) -> Eligible:
    """Cases that lend themselves to nothing but a chosen charge."""
    no = np.zeros(len(finish), dtype=bool)
    return Eligible(no, no, no, no, np.array(finish))


def look(
    cases: CaseTruth,
    gains: Gains,
    conduct: Floats,
    *,
    weight: Floats | None = None,
    rules: UtilityRules | None = None,
    care: CareRules | None = None,
    goods: Items | None = None,
    outpatient_charge: float = 0.0,
    outpatient_gain: float = 0.0,
) -> Outlook:
    """The outlook on cases that every act could reach."""
    n = len(conduct)
    return outlook(
        cases,
        np.ones(len(cases)) if weight is None else weight,
        all_able(len(cases)),
        gains,
        appeal(cases, gains),
        Outpatients(standard=np.full(n, outpatient_charge), gain=np.full(n, outpatient_gain)),
        conduct,
        np.full(n, PROFIT),
        np.full(n, ALTRUISM),
        rules or utility_rules(),
        care or care_rules(),
        goods or items(),
        STEP,
    )


def neutral(n: int = 1, **channels: float) -> Floats:
    made = np.tile(NEUTRAL, (n, 1))
    for name, level in channels.items():
        made[:, CHANNELS.index(name)] = level
    return made


def best(given: Outlook, channel: int) -> float:
    """Top of the parabola through the first provider's three points."""
    low, mid, high = given.level[channel, :, 0]
    u = given.utility[channel, :, 0]
    bend = (u[2] - 2 * u[1] + u[0]) / (mid - low) ** 2
    assert bend < 0
    return float(mid - (u[2] - u[0]) / (high - low) / bend)


# Levels


def test_three_levels_a_step_apart_stay_within_the_bounds() -> None:
    conduct = np.stack([NEUTRAL, LOWEST, HIGHEST])
    level = look(truth(3, provider=[0, 1, 2]), no_gains(3), conduct).level
    assert level.shape == (len(CHANNELS), 3, 3)
    np.testing.assert_allclose(np.diff(level, axis=1), STEP)
    assert (level >= LOWEST[:, None, None] - 1e-12).all()
    assert (level <= HIGHEST[:, None, None] + 1e-12).all()
    np.testing.assert_allclose(level[:4, 1, 0], 1.0)


def test_a_provider_without_cases_has_a_finite_flat_outlook_where_cases_decide() -> None:
    utility = look(truth(2, provider=0), no_gains(2), neutral(3)).utility
    assert np.isfinite(utility).all()
    assert not utility[1:, :, 2].any()


# Intensity


@pytest.mark.parametrize("severity", [0, 1, 2])
def test_under_fees_the_best_intensity_is_where_margin_meets_benefit(severity: int) -> None:
    """λ(1 − κ) = α b (q − 1), above the standard."""
    charge, margin = 1e6, 0.3
    conduct = neutral(intensity_mild=1.1, intensity_moderate=1.1, intensity_severe=1.1)
    gains = no_gains(4, more=STEP * margin * charge, less=-STEP * margin * charge)
    found = best(look(truth(4, provider=0, severity=severity), gains, conduct), Q_MILD + severity)
    assert found == pytest.approx(1 + PROFIT * margin / (ALTRUISM * utility_rules().benefit[1 + severity]))


def test_where_services_cost_the_best_is_below_and_half_as_far() -> None:
    """Too little harms twice as much as too much."""
    charge, loss = 1e6, -0.3
    gains = no_gains(4, more=STEP * loss * charge, less=-STEP * loss * charge)
    found = best(look(truth(4, provider=0), gains, neutral(intensity_mild=0.9)), Q_MILD)
    assert found == pytest.approx(1 + PROFIT * loss / (ALTRUISM * 2 * 2.7))


def test_more_and_less_are_priced_each_for_itself() -> None:
    """At a line where less pays and more does not, only the lower level gains; a level two steps away counts twice."""
    bare = utility_rules(benefit=np.zeros(4))
    gains = no_gains(4, more=0.0, less=2e4)
    given = look(truth(4, provider=0), gains, neutral(), rules=bare).utility[Q_MILD, :, 0]
    np.testing.assert_allclose(given, [PROFIT * 0.02, 0.0, 0.0])
    at_bound = look(truth(4, provider=0), no_gains(4, more=1e4, less=0.0), neutral(intensity_mild=0.5), rules=bare)
    np.testing.assert_allclose(at_bound.utility[Q_MILD, :, 0], PROFIT * 0.01 * np.arange(3), atol=1e-12)


def test_stays_are_cut_or_drawn_out_until_the_patient_s_loss_balances_the_money() -> None:
    """λ·g = (α·k·b + m)·(s − 1) with the mean curvature of the cases: 1.1 and 5.0 at equal charges."""
    charge, curvature, moral = 1e6, (1.1 + 5.0) / 2, 0.5
    cases = truth(2, provider=0, severity=[0, 2])
    for gain, side in ((0.06, 1.0), (-0.14, 2.0)):
        gains = no_gains(2, longer=STEP * gain * charge, shorter=-STEP * gain * charge)
        expected = 1 + PROFIT * gain / (ALTRUISM * side * curvature + moral)
        now = 1.06 if gain > 0 else 0.94
        assert best(look(cases, gains, neutral(stay=now)), STAY) == pytest.approx(expected, abs=1e-9)


def test_outpatients_are_weighed_by_their_own_benefit() -> None:
    given = look(truth(1, provider=0), no_gains(1), neutral(intensity_outpatient=1.1), outpatient_charge=1e6, outpatient_gain=0.3 * 1e6)
    assert best(given, Q_OUT) == pytest.approx(1 + PROFIT * 0.3 / (ALTRUISM * 2.7))


def test_severities_do_not_mix() -> None:
    gains = no_gains(2, more=[1e5, 0.0], less=[-1e5, 0.0])
    utility = look(truth(2, provider=0, severity=[0, 2]), gains, neutral()).utility
    flat = look(truth(2, provider=0, severity=[0, 2]), no_gains(2), neutral()).utility
    assert not np.allclose(utility[Q_MILD], flat[Q_MILD])
    assert np.allclose(utility[Q_MILD + 2], flat[Q_MILD + 2])


# Shares


def test_utility_of_a_share_by_hand() -> None:
    """Equal cases that gain a fifth of their charge when written up: λ·γ·u − m/3·u³, per yuan of all standard charges."""
    n, gamma, charge = 10, 0.2, 1e6
    cases = truth(n, provider=0)
    given = look(cases, no_gains(n, code=gamma * charge), neutral(coding=0.3))
    u = given.level[CODING, :, 0]
    np.testing.assert_allclose(given.utility[CODING, :, 0], PROFIT * gamma * u - 2.0 / 3 * u**3)


@pytest.mark.parametrize(
    ("channel", "gain", "harm"),
    [
        (SPLITTING, "split", 0.05),
        (SELECTION, "select", 0.2 * 0.6),
        (TREATMENT, "treat", 0.5 * 2.7 * 0.5**2),
    ],
)
def test_shares_have_their_own_harm_and_a_square_moral_cost(channel: int, gain: str, harm: float) -> None:
    n, gamma, charge = 10, 0.2, 1e6
    given = look(truth(n, provider=0), no_gains(n, **{gain: gamma * charge}), neutral(splitting=0.3, selection=0.3, treatment=0.3))
    a = given.level[channel, :, 0]
    moral = utility_rules().moral[channel]
    np.testing.assert_allclose(given.utility[channel, :, 0], (PROFIT * gamma - ALTRUISM * harm) * a - moral / 2 * a**2)


def test_a_payoff_is_what_conduct_is_worth_over_neutral_conduct() -> None:
    """Nothing at neutral; else each channel's own: services above the standard, and an act with its gain, harm and moral cost."""
    n, charge = 10, 1e6
    gains = no_gains(n, more=0.2 * STEP * charge, less=-0.2 * STEP * charge, split=0.4 * charge)
    assert look(truth(n, provider=0), gains, neutral()).payoff[0] == pytest.approx(0.0)
    busy = look(truth(n, provider=0), gains, neutral(intensity_mild=1.08, splitting=0.3)).payoff[0]
    services = PROFIT * 0.2 * 0.08 - ALTRUISM * 0.5 * 2.7 * 0.08**2
    divided = (PROFIT * 0.4 - ALTRUISM * 0.05) * 0.3 - 3.5 / 2 * 0.3**2
    assert busy == pytest.approx(services + divided)


def test_marginal_admissions_come_from_a_pool_of_small_bills() -> None:
    n, gamma, charge = 10, 0.2, 1e6
    care = care_rules(threshold_pool=0.3, threshold_charge=0.6)
    given = look(truth(n, provider=0), no_gains(n, threshold=gamma * charge), neutral(threshold=0.2), care=care)
    a = given.level[THRESHOLD, :, 0]
    money, harm, moral = PROFIT * gamma, ALTRUISM * 0.1 * 0.6, 7.0 / 2 * 0.6
    np.testing.assert_allclose(given.utility[THRESHOLD, :, 0], 0.3 * ((money - harm) * a - moral * a**2))


def test_shifting_by_hand() -> None:
    n, charge = 4, 1e6
    given = look(truth(n, provider=0), no_gains(n, shift=0.8 * charge), neutral(shift=0.1))
    a = given.level[SHIFT, :, 0]
    np.testing.assert_allclose(given.utility[SHIFT, :, 0], (PROFIT * 0.8 - ALTRUISM * 0.5) * a - 8.0 / 2 * a**2)


def test_the_most_gainful_cases_are_acted_on_first() -> None:
    """Half of the cases gain, half lose as much: acting on half brings all the gain there is."""
    gain = np.array([1e5] * 5 + [-1e5] * 5)
    rules = utility_rules(moral=np.zeros(len(CHANNELS)))
    given = look(truth(10, provider=0), no_gains(10, code=gain), neutral(coding=0.5), rules=rules)
    np.testing.assert_allclose(given.level[CODING, :, 0], [0.45, 0.5, 0.55])
    np.testing.assert_allclose(given.utility[CODING, :, 0] * 10 * 1e6, PROFIT * np.array([4.5, 5.0, 4.5]) * 1e5)


def test_a_case_counts_for_as_many_as_it_stands_for() -> None:
    """Ten equal cases, or one of weight ten, look the same; so does another provider's sample beside it."""
    gains = no_gains(10, code=1e5, more=1e4, split=2e5)
    one = look(truth(10, provider=0), gains, neutral(coding=0.3))
    heavy = look(
        truth(2, provider=[0, 1]), no_gains(2, code=1e5, more=1e4, split=2e5), neutral(2, coding=0.3), weight=np.array([10.0, 3.0])
    )
    np.testing.assert_allclose(heavy.utility[:, :, 0], one.utility[:, :, 0])
    np.testing.assert_allclose(heavy.utility[:, :, 1], one.utility[:, :, 0])


def test_repeated_decisions_settle_at_the_closed_form() -> None:
    """The best response without inertia or error, from neutral conduct, finds u* = √(λγ/m)."""
    gamma, charge = 0.2, 1e6
    conduct = neutral()
    for _ in range(60):
        given = look(truth(20, provider=0), no_gains(20, code=gamma * charge), conduct)
        situation = Situation(
            conduct=conduct,
            level=given.level,
            utility=given.utility,
            lowest=LOWEST,
            highest=HIGHEST,
            peer_group=np.zeros(1, dtype=np.int64),
            inertia=0.3,
            reach=0.12,
            error=np.zeros_like(conduct),
            noise=0.0,
            payoff=given.payoff,
            memory=np.zeros((1, len(CHANNELS), 0)),
        )
        conduct = get_conduct("best_response").revise(situation)
    assert conduct[0, CODING] == pytest.approx(np.sqrt(PROFIT * gamma / 2.0), abs=0.01)
    assert conduct[0, SPLITTING] == conduct[0, THRESHOLD] == 0.0


# Which cases are acted on


def acted(level: float, key: Floats, provider: Any = 0) -> NDArray[np.bool_]:
    """Cases that are written up at a coding level, by the threshold that follows from it."""
    n = len(key)
    cases = truth(n, provider=provider)
    act_from = thresholds(cases, all_able(n), Appeal(dict.fromkeys((4, 5, 6, 7, 8), key)), neutral(2, coding=level), 2)
    done: NDArray[np.bool_] = key >= act_from[CODING][cases.provider]
    return done


@pytest.mark.parametrize("level", [0.0, 0.1, 0.3, 0.5, 1.0])
def test_the_threshold_acts_on_the_level_s_share_from_the_top(level: float) -> None:
    key = np.random.default_rng(1).permutation(np.arange(100.0))
    done = acted(level, key)
    assert done.sum() == round(100 * level)
    assert done.all() or not done.any() or key[done].min() > key[~done].max()


def test_thresholds_are_each_provider_s_own() -> None:
    key = np.array([1.0, 2.0, 3.0, 4.0, 100.0, 200.0, 300.0, 400.0])
    assert acted(0.5, key, provider=[0] * 4 + [1] * 4).tolist() == [False, False, True, True] * 2


def test_equal_cases_are_told_apart_by_their_own_number() -> None:
    cases = truth(100, provider=0, u_tie=(np.arange(100) + 0.5) / 100)
    keys = appeal(cases, no_gains(100, code=5e4))
    act_from = thresholds(cases, all_able(100), keys, neutral(coding=0.25), 1)
    assert (keys.key[CODING] >= act_from[CODING][0]).sum() == 25


def test_appeal_is_gain_a_yuan_so_that_size_does_not_decide() -> None:
    cases = truth(2, standard_charge=[1e6, 1e7], u_tie=0.0)
    keys = appeal(cases, no_gains(2, code=[2e5, 1e6], select=[-1e5, -1e5]))
    assert keys.key[CODING].tolist() == pytest.approx([0.2, 0.1])
    assert keys.key[SELECTION].tolist() == pytest.approx([-0.1, -0.01])


def test_what_will_be_written_up_is_not_divided_and_is_kept_the_more() -> None:
    cases = truth(2, provider=0, standard_charge=100.0)
    gains = no_gains(2, code=[50.0, 5.0], treat=[8.0, 8.0], split=30.0, select=40.0)
    act_from = np.full((len(CHANNELS), 1), np.inf)
    act_from[CODING] = 0.4
    able, left = as_written(cases, all_able(2), gains, act_from)
    assert able.split.tolist() == [False, True]
    assert left.select.tolist() == [-10.0, 40.0]
    act_from[TREATMENT] = 0.0
    assert as_written(cases, all_able(2), gains, act_from)[1].select.tolist() == [-18.0, 32.0]


def test_nobody_acts_on_cases_it_could_not_reach() -> None:
    cases = truth(4, provider=0)
    act_from = thresholds(cases, all_able(4, able=False), appeal(cases, no_gains(4)), neutral(coding=1.0, splitting=1.0), 1)
    assert np.isinf(act_from[CODING]).all()
    assert np.isinf(act_from[SPLITTING]).all()


# The sample


def numbers(keys: NDArray[np.int64]) -> Floats:
    """A fixed pseudo-random number a key."""
    return np.random.default_rng(7).random(10_000)[keys]


def sampled(minimum: int = 30, maximum: int = 60) -> tuple[NDArray[np.int16], NDArray[np.int64], NDArray[np.int16], Floats]:
    """A large township, a small one, one without cases, and a county hospital; their cases and what each looks at."""
    provider = np.repeat([0, 1, 3], [200, 5, 40]).astype(np.int16)
    tier = np.where(provider == 3, 1, 0).astype(np.int8)
    rows, who, weight = sample_cases(provider, tier, np.array([0, 0, 0, 1, 2], dtype=np.int8), numbers, minimum, maximum)
    return provider, rows, who, weight


def test_cases_are_ordered_by_provider_and_key_and_equal_ones_as_they_stand() -> None:
    rng = np.random.default_rng(3)
    provider, key = rng.integers(0, 7, 500).astype(np.int16), np.round(rng.standard_normal(500), 1)
    assert np.array_equal(ordered(provider, key, 9), np.lexsort((key, provider)))


def test_everybody_looks_at_enough_cases_and_not_too_many() -> None:
    _, _, who, _ = sampled()
    # the city hospital has no cases and no peers
    assert np.bincount(who, minlength=5).tolist() == [60, 30, 30, 40, 0]


def test_own_cases_come_first_and_none_twice() -> None:
    provider, rows, who, _ = sampled()
    for p, own in ((0, 60), (1, 5), (3, 40)):
        mine = rows[(who == p) & (provider[rows] == p)]
        assert len(set(mine.tolist())) == len(mine) if p != 1 else set(mine.tolist()) >= set(range(200, 205))
        assert len(mine) >= own


def test_missing_cases_are_the_tier_s() -> None:
    provider, rows, who, _ = sampled()
    looked = provider[rows[who == 2]]
    assert set(looked.tolist()) <= {0, 1}
    assert len(looked) == 30


def test_the_sample_weighs_as_much_as_the_year_it_stands_for() -> None:
    _, _, who, weight = sampled()
    assert np.bincount(who, weights=weight, minlength=5).tolist() == pytest.approx([200, 5, 1, 40, 0])


def test_a_sample_without_any_case_is_empty() -> None:
    none = np.zeros(0, dtype=np.int16)
    rows, who, weight = sample_cases(none, none.astype(np.int8), np.array([0, 1], dtype=np.int8), numbers, 30, 60)
    assert len(rows) == len(who) == len(weight) == 0


def test_mild_cases_are_found_by_provider() -> None:
    cases = truth(6, provider=[3, 1, 3, 1, 3, 2], severity=[0, 0, 1, 0, 0, 2], need=[1, 2, 3, 4, 5, 6])
    mild = mild_sample(cases, 4)
    assert mild.count.tolist() == [0, 2, 0, 2]
    rows = mild.rows(np.array([1, 1, 3, 3], dtype=np.int16), np.array([0.0, 0.99, 0.49, 0.51]))
    assert mild.need[rows].tolist() == [2.0, 4.0, 1.0, 5.0]
    # a provider without mild cases borrows one
    assert mild.need[mild.rows(np.array([2], dtype=np.int16), np.array([0.9]))].tolist() in ([1.0], [5.0])


# Finishing


def test_a_case_is_finished_where_it_pays_unless_the_patient_suffers() -> None:
    """A prize at the level above: taken by the mild, not by the severe, and not where it is not open."""
    cases = truth(3, provider=0, severity=[0, 2, 0])
    prize = np.full(3, 2e4)
    gains = no_gains(3, finish=[np.zeros(3), np.zeros(3), prize])
    able = finishable(True, True, False)
    chosen = finished(cases, able, gains, np.ones(3), staff(1), utility_rules(), care_rules())
    assert chosen.tolist() == [1.1, 1.0, 1.0]


def test_without_a_prize_the_standard_is_finished_at() -> None:
    able = finishable(True, True)
    chosen = finished(truth(2, provider=0), able, no_gains(2), np.array([1.0, 1.1]), staff(1), utility_rules(), care_rules())
    # planned a tenth too dear, the level that comes nearest to the standard is better for the patient
    assert chosen.tolist() == [1.0, 0.9]
