"""The best mix of two items is where the difference of their margins meets what a tilt loses."""

from __future__ import annotations

import numpy as np
import pytest

from model.care import CHANNELS, CONSUMABLE, DRUG, Q_MILD, TEST
from tests.small_market import items, truth
from tests.small_staff import utility_rules
from tests.unit.test_prospect import ALTRUISM, PROFIT, best, look, neutral, no_gains

DRUGS = 0.4
MIX, MORAL = 3.0, 0.5


def tilt(margin_drug: float, margin_service: float, intensity: float = 1.0) -> float:
    """The best tilt of drugs in bills of drugs and services alone."""
    cases = truth(3, provider=0)
    goods = items(margin_drug, 0.0, 0.0, margin_service, shares=(DRUGS, 0.0, 0.0, 1 - DRUGS))
    conduct = neutral(intensity_mild=intensity)
    return best(look(cases, no_gains(3), conduct, rules=utility_rules(mix_benefit=MIX), goods=goods), DRUG)


@pytest.mark.parametrize("intensity", [0.8, 1.0, 1.2])
@pytest.mark.parametrize(("drug", "service"), [(0.0, 0.3), (0.3, 0.3), (0.4, 0.3)])
def test_a_tilt_is_the_margins_difference_over_the_curvature(drug: float, service: float, intensity: float) -> None:
    expected = PROFIT * intensity * (drug - service) / (ALTRUISM * MIX / (1 - DRUGS) + MORAL)
    assert tilt(drug, service, intensity) == pytest.approx(expected, abs=1e-9)


def test_more_of_an_item_at_a_higher_margin() -> None:
    found = [tilt(margin, 0.3) for margin in (0.0, 0.1, 0.2, 0.3, 0.4)]
    assert np.diff(found) == pytest.approx(np.full(4, found[1] - found[0]))
    assert found[1] > found[0]


def test_a_bills_mix_is_left_alone_where_all_margins_are_alike() -> None:
    made = look(truth(3, provider=0), no_gains(3), neutral(), goods=items(), rules=utility_rules())
    for channel in (DRUG, CONSUMABLE, TEST):
        assert best(made, channel) == pytest.approx(0.0, abs=1e-9)
        assert made.utility[channel, 1, 0] == pytest.approx(0.0, abs=1e-12)


def test_three_items_move_by_how_far_their_margins_are_from_the_mean() -> None:
    """Without moral cost the tilts that all four conditions ask for together are (m − mean) λ q / (α μ)."""
    shares, margin = np.array([0.3, 0.1, 0.2, 0.4]), np.array([0.0, 0.1, 0.5, 0.4])
    rules = utility_rules(mix_benefit=MIX, moral=np.zeros(len(CHANNELS)))
    wanted = PROFIT * (margin - shares @ margin) / (ALTRUISM * MIX)
    conduct = neutral(drug=wanted[0], consumable=wanted[1], test=wanted[2])
    made = look(truth(3, provider=0), no_gains(3), conduct, rules=rules, goods=items(*margin, shares=shares))
    assert [best(made, channel) for channel in (DRUG, CONSUMABLE, TEST)] == pytest.approx(wanted[:3].tolist())
    assert conduct[0, Q_MILD] == 1.0
