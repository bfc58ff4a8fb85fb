"""How groups weigh keeping cases in the county, in closed form, and what a group is as an agent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.medical_group import DOWN, HIGHEST_REFERRAL, KEEP, REFERRALS, MedicalGroup, ReferralCases, referral_outlook
from model.city import City
from tests.small_staff import utility_rules

STEP = 0.05


def cases(gain: float, n: int = 5, group: Any = 0, charge: float = 1e6) -> ReferralCases:
    """Equal cases that a group could steer, with the money its members gain by it as a share of the charge."""
    return ReferralCases(
        np.broadcast_to(np.asarray(group, dtype=np.int64), (n,)), np.full(n, 2.0), np.full(n, charge), np.full(n, gain * charge)
    )


def at(keep: ReferralCases, down: ReferralCases, referral: Any = (0.3, 0.3), **rules: Any) -> tuple[Any, Any]:
    """Levels and utilities of two groups of equal preferences."""
    return outlook_at(keep, down, referral, **rules)[:2]


def outlook_at(keep: ReferralCases, down: ReferralCases, referral: Any, **rules: Any) -> tuple[Any, Any, Any]:
    present = np.tile(np.asarray(referral, dtype=float), (2, 1))
    return referral_outlook(keep, down, present, np.full(2, 0.8), np.full(2, 0.5), utility_rules(**rules), STEP)


def test_a_referral_is_worth_what_both_its_channels_are() -> None:
    """Against steering nobody, per yuan of what could be steered; the first share lies below the levels looked at."""
    payoff = outlook_at(cases(0.4), cases(0.2), (0.02, 0.3), keep_moral=1.5)[2]
    keep, down = (0.8 * 0.4 - 0.5 * 0.05) * 0.02 - 0.75 * 0.02**2, (0.8 * 0.2 - 0.5 * 0.05) * 0.3 - 0.5 * 0.3**2
    np.testing.assert_allclose(payoff, [keep + down, 0.02 * -0.025 - 0.75 * 0.02**2 + 0.3 * -0.025 - 0.5 * 0.3**2])


def test_utility_of_steering_by_hand() -> None:
    """(λ·g − α·harm)·a − ½·m·a², per yuan of what could be steered."""
    level, utility = at(cases(0.4), cases(-0.1), keep_moral=1.5, keep_harm=0.1)
    a = level[KEEP, :, 0]
    assert a.tolist() == pytest.approx([0.25, 0.3, 0.35])
    np.testing.assert_allclose(utility[KEEP, :, 0], (0.8 * 0.4 - 0.5 * 0.1) * a - 0.75 * a**2)
    d = level[DOWN, :, 0]
    np.testing.assert_allclose(utility[DOWN, :, 0], (-0.8 * 0.1 - 0.5 * 0.05) * d - 0.5 * d**2)


def test_bearing_outflow_makes_keeping_worth_more() -> None:
    _, poor = at(cases(0.05), cases(0.0))
    _, rich = at(cases(0.60), cases(0.0))
    assert poor[KEEP, 2, 0] < poor[KEEP, 0, 0]
    assert rich[KEEP, 2, 0] > rich[KEEP, 0, 0]


def test_groups_look_at_their_own_cases() -> None:
    _, utility = at(cases(0.4, group=[0, 0, 0, 1, 1]), cases(0.0))
    np.testing.assert_allclose(utility[KEEP, :, 0], utility[KEEP, :, 1])
    _, alone = at(cases(0.4, group=0), cases(0.0))
    np.testing.assert_allclose(alone[KEEP, :, 0], utility[KEEP, :, 0])
    # without cases there is nothing to gain by more of it
    assert (np.diff(alone[KEEP, :, 1]) < 0).all()


def test_levels_stay_within_the_bounds() -> None:
    for present in ((0.0, 0.0), (0.9, 0.9)):
        level, _ = at(cases(0.1), cases(0.1), referral=present)
        assert level.min() >= -1e-12
        assert level.max() <= HIGHEST_REFERRAL.max() + 1e-12
        np.testing.assert_allclose(np.diff(level, axis=1), STEP)


def test_a_group_is_an_agent_with_members_and_referral() -> None:
    city = City("yuncheng", "ffs", scale=0.0005)
    groups = city.agents_by_type[MedicalGroup]
    assert len(groups) == len(city.geography.counties)
    group = next(iter(groups))
    assert group.name == city.geography.counties[group.index]
    assert all(city.geography.providers.group[m] == group.index for m in group.members)
    assert sum(len(g.members) for g in groups) == (city.geography.providers.group >= 0).sum()
    city.staff.referral[group.index] = [0.25, 0.5]
    assert group.referral == dict(zip(REFERRALS, (0.25, 0.5), strict=True))
