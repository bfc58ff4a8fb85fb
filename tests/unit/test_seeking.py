"""Whether and where care is sought: a nested choice that prices, travel, opinion, waiting and ability move as they should."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from experiments.worlds import with_values
from model.city import City
from model.codes import DIALYSIS
from model.phases.treatment import choice_tables
from model.seeking import (
    CLASSES,
    N_CLASSES,
    N_VISIT_CLASSES,
    OUTSIDE,
    ChoiceRules,
    choice_probabilities,
    choose,
    inpatient_class,
    mean_price,
    sought_share,
)
from model.setup import benefits_of

SLOTS = np.array([[0, 1, 2, 3, 4, -1]], dtype=np.int16)
"""One area with two township hospitals, a county hospital, a city hospital, one outside the city, and an empty slot."""
TIER = np.array([0, 0, 1, 2, 2], dtype=np.int8)
LOCAL = np.array([True, True, True, True, False])
DIALYSES = np.array([False, False, True, False, False])
DECISION = 12
MILD_ANYWHERE, SEVERE_TERTIARY = CLASSES.index("inpatient/mild/primary"), CLASSES.index("inpatient/severe/tertiary")


def rules(**changes: Any) -> ChoiceRules:
    """Nothing matters but what is changed."""
    standard: dict[str, Any] = {
        "cost_per_yuan": 0.0,
        "travel_per_minute": np.zeros(N_CLASSES),
        "quality": np.zeros(N_CLASSES),
        "waiting": 0.0,
        "nest": 1.0,
        "constant": np.zeros((2, 4)),
        "visit_constant": np.zeros((2, 4)),
        "elasticity": np.full(N_CLASSES, -0.5),
        "sought": np.full(N_CLASSES, 0.8),
    }
    return ChoiceRules(**(standard | changes))


def chances(given: ChoiceRules, *, price: Any = 0.0, minutes: Any = 0.0, perceived: Any = 0.0, occupancy: Any = 0.5) -> NDArray[np.float64]:
    """Probabilities ``[scheme, class, slot]`` in the one area; what is given broadcasts over providers (or slots, for minutes)."""
    made: NDArray[np.float64] = choice_probabilities(
        given,
        SLOTS,
        np.broadcast_to(np.asarray(minutes, dtype=float), SLOTS.shape),
        TIER,
        LOCAL,
        DIALYSES,
        np.broadcast_to(np.asarray(price, dtype=float)[..., None, None], (5, 2, N_CLASSES)),
        np.broadcast_to(np.asarray(perceived, dtype=float), (1, 5)),
        np.broadcast_to(np.asarray(occupancy, dtype=float), (5,)),
    )[0]
    return made


def test_classes_of_stays_are_by_severity_and_least_tier() -> None:
    severity, least = np.meshgrid(np.arange(3), np.arange(3), indexing="ij")
    found = inpatient_class(severity.ravel(), least.ravel())
    assert [CLASSES[c] for c in found] == list(CLASSES[N_VISIT_CLASSES:])
    assert found.dtype == np.int8


def test_probabilities_add_up_and_empty_slots_have_none() -> None:
    made = chances(rules(cost_per_yuan=-0.01, nest=0.6), price=[1.0, 20.0, 300.0, 4000.0, 50_000.0], minutes=[8, 30, 20, 60, 240, 0])
    np.testing.assert_allclose(made.sum(axis=-1), 1.0)
    assert not made[..., 5].any()
    assert (made >= 0).all()


def test_where_nothing_differs_all_who_can_treat_are_equal() -> None:
    made = chances(rules())
    np.testing.assert_allclose(made[0, MILD_ANYWHERE, :5], 0.2)
    np.testing.assert_allclose(made[0, SEVERE_TERTIARY, :5], [0, 0, 0, 0.5, 0.5])
    np.testing.assert_allclose(made[1, CLASSES.index("inpatient/moderate/secondary"), :5], [0, 0, 1 / 3, 1 / 3, 1 / 3])


def test_a_price_makes_a_logit() -> None:
    made = chances(rules(cost_per_yuan=-0.01), price=[0.0, 0.0, 100.0, 0.0, 0.0])
    assert made[0, 0, 2] / made[0, 0, 0] == pytest.approx(np.exp(-1.0))


def test_travel_opinion_and_waiting_turn_people_away_or_draw_them() -> None:
    quality = rules(quality=np.linspace(0.1, 1.2, N_CLASSES))
    made = chances(quality, perceived=[0.0, 0.0, 0.0, 1.0, 0.0])
    assert made[0, 5, 3] / made[0, 5, 4] == pytest.approx(np.exp(quality.quality[5]))
    far = chances(rules(travel_per_minute=np.full(N_CLASSES, -0.02)), minutes=[0, 50, 0, 0, 0, 0])
    assert far[0, 0, 1] / far[0, 0, 0] == pytest.approx(np.exp(-1.0))
    full = chances(rules(waiting=-2.0), occupancy=[0.5, 0.8, 1.3, 0.5, 0.5])
    assert full[0, 0, 1] == pytest.approx(full[0, 0, 0])
    assert full[0, 0, 2] / full[0, 0, 0] == pytest.approx(np.exp(-1.0))


def test_levels_and_places_outside_have_constants_of_their_own() -> None:
    constant, visits = np.zeros((2, 4)), np.zeros((2, 4))
    constant[1, OUTSIDE], visits[0, 0] = 1.0, 2.0
    made = chances(rules(constant=constant, visit_constant=visits))
    assert made[1, SEVERE_TERTIARY, 4] / made[1, SEVERE_TERTIARY, 3] == pytest.approx(np.e)
    assert made[0, SEVERE_TERTIARY, 4] == pytest.approx(made[0, SEVERE_TERTIARY, 3])
    assert made[0, 0, 0] / made[0, 0, 2] == pytest.approx(np.e**2)
    assert made[1, 0, 0] == pytest.approx(made[1, 0, 2])


def test_nests_make_hospitals_of_a_level_closer_rivals() -> None:
    """Pricing a hospital out sends its patients to those of its level first, the more so the smaller the nest parameter."""

    def lost_to(nest: float) -> float:
        before = chances(rules(cost_per_yuan=-0.01, nest=nest))[0, MILD_ANYWHERE]
        after = chances(rules(cost_per_yuan=-0.01, nest=nest), price=[0.0, 0.0, 0.0, 0.0, 100.0])[0, MILD_ANYWHERE]
        gained = after[:4] - before[:4]
        return float(gained[3] / gained.sum())

    assert lost_to(1.0) == pytest.approx(chances(rules())[0, MILD_ANYWHERE, 3] / 0.8)
    assert lost_to(0.3) > lost_to(0.6) > lost_to(1.0)


def test_dialysis_is_given_where_there_is_a_unit() -> None:
    assert chances(rules(cost_per_yuan=-1.0), price=[0, 0, 1000, 0, 0])[:, DIALYSIS].tolist() == [[0, 0, 1, 0, 0, 0]] * 2


def test_one_facility_a_level_is_a_logit_whatever_the_nest() -> None:
    one_each = np.array([[0, 2, 3]], dtype=np.int16)

    def shares(nest: float) -> NDArray[np.float64]:
        made: NDArray[np.float64] = choice_probabilities(
            rules(cost_per_yuan=-0.01, nest=nest),
            one_each,
            np.zeros((1, 3)),
            TIER,
            LOCAL,
            DIALYSES,
            np.broadcast_to(np.array([0.0, 0, 70, 200, 0])[:, None, None], (5, 2, N_CLASSES)),
            np.zeros((1, 5)),
            np.zeros(5),
        )[0, 0, 0]
        return made

    np.testing.assert_allclose(shares(0.2), shares(1.0))


def test_large_differences_do_not_overflow() -> None:
    made = chances(rules(cost_per_yuan=-1.0, nest=0.1), price=[1e6, 0.0, 1e5, 1e7, 1e9])
    assert np.isfinite(made).all()
    np.testing.assert_allclose(made[0, MILD_ANYWHERE, :5], [0, 1, 0, 0, 0], atol=1e-12)


def test_the_mean_price_is_weighted_by_where_people_go() -> None:
    probability = np.zeros((1, 2, N_CLASSES, 6))
    probability[..., 0], probability[..., 3] = 0.25, 0.75
    price = np.broadcast_to(np.array([100.0, 1e9, 1e9, 200.0, 1e9])[:, None, None], (5, 2, N_CLASSES))
    np.testing.assert_allclose(mean_price(probability, SLOTS, price), 175.0)


def test_care_is_sought_less_the_dearer_it_is() -> None:
    given = rules(elasticity=np.full(N_CLASSES, -0.5), sought=np.full(N_CLASSES, 0.8))
    reference = np.full((1, 2, N_CLASSES), 100.0)
    at = [float(sought_share(given, factor * reference, reference)[0, 0, 0]) for factor in (1.0, 1.1, 4.0)]
    assert at == pytest.approx([0.8, 0.8 * 1.1**-0.5, 0.4])


def test_nobody_seeks_more_than_always_and_free_care_has_a_price_too() -> None:
    given = rules()
    reference = np.full((1, 2, N_CLASSES), 100.0)
    free = sought_share(given, 0 * reference, reference)
    assert (free == 1.0).all()
    assert np.isfinite(sought_share(given, reference, 0 * reference)).all()


# The draw


def drawn(people: int = 40_000, *, seed: int = 1, month: int = 24_252, cls: int = 0, sought: float = 0.7) -> NDArray[np.int16]:
    """Where equal people go who seek with one probability and choose between slots 1:2:1."""
    cumulative = np.tile(np.array([0.25, 0.75, 1.0], dtype=np.float32), (1, 2, N_CLASSES, 1))
    return choose(
        seed,
        month,
        DECISION,
        np.arange(people, dtype=np.uint64),
        np.arange(people, dtype=np.int32),
        np.zeros(people, dtype=np.int16),
        np.zeros(people, dtype=np.uint8),
        np.full(people, cls, dtype=np.int8),
        cumulative,
        np.array([[7, 5, 9]], dtype=np.int16),
        np.full((1, 2, N_CLASSES), sought, dtype=np.float32),
    )


def test_people_go_as_often_as_the_tables_say() -> None:
    found = drawn()
    shares = [float((found == p).mean()) for p in (-1, 7, 5, 9)]
    assert shares == pytest.approx([0.3, 0.175, 0.35, 0.175], abs=0.01)


def test_a_draw_is_the_person_s_own() -> None:
    """Fewer people, the same choices; other months, seeds and classes, other choices."""
    assert np.array_equal(drawn(100), drawn()[:100])
    for other in (drawn(month=24_253), drawn(seed=2), drawn(seed=2**40 + 1), drawn(cls=1)):
        # as often equal as two independent draws: 0.3² + 2 · 0.175² + 0.35²
        assert float((other == drawn()).mean()) == pytest.approx(0.27375, abs=0.015)


def test_rounding_never_sends_anybody_to_an_empty_slot() -> None:
    people = 5000
    cumulative = np.tile(np.array([0.5, 0.999, 0.999, 0.999], dtype=np.float32), (1, 2, N_CLASSES, 1))
    found = choose(
        1,
        5,
        DECISION,
        np.arange(people, dtype=np.uint64),
        np.arange(people, dtype=np.int32),
        np.zeros(people, dtype=np.int16),
        np.zeros(people, dtype=np.uint8),
        np.zeros(people, dtype=np.int8),
        cumulative,
        np.array([[3, 4, -1, -1]], dtype=np.int16),
        np.ones((1, 2, N_CLASSES), dtype=np.float32),
    )
    assert set(found.tolist()) == {3, 4}


def test_what_is_cheaper_everywhere_is_sought_more_wherever_people_then_go() -> None:
    """Residents whose every stay costs a tenth less go where it is dear more often; more stays are sought all the same."""
    city = City.load("yuncheng", "ffs", scale=0.001, seed=1, burn_in=0)
    city.run_for(1)
    nobody = np.zeros(len(city.geography.providers), dtype=bool)
    before = choice_tables(city, nobody)[1]
    city.settings = with_values(city.settings, {"benefits.*.inpatient.*.ratio": lambda ratio: 0.1 + 0.9 * ratio})
    city.now = replace(city.now, benefits=benefits_of(city.settings, city.now.index))
    after = choice_tables(city, nobody)[1]
    assert (after[..., N_VISIT_CLASSES:] > before[..., N_VISIT_CLASSES:]).all()
    np.testing.assert_array_equal(after[..., :N_VISIT_CLASSES], before[..., :N_VISIT_CLASSES])
