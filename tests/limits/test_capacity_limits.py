"""Room and conduct in closed form: what idle and crowded houses find worth doing, against optima worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from model.capacity import CapacityRules, bed_cost, crowding, scarcity
from model.care import STAY
from model.catalogue import load_catalogue
from model.quote import Quote
from tests.small_market import TIER, care_rules, prices, truth
from tests.unit.test_prospect import ALTRUISM, PROFIT, STEP, best, look, neutral, no_gains
from tests.unit.test_quote import CHARGE, by_fees, by_quota, everything

N = len(TIER)
RULES = CapacityRules(room=0.2, usual=np.array([0.4, 0.8, 0.8]))
HERE = np.ones(N, dtype=bool)
DAILY = 0.2


def scarce(occupancy: float) -> float:
    """Scarcity of room at institution 1, a county hospital."""
    return float(scarcity(RULES, np.full(N, occupancy), TIER, HERE)[1])


def test_an_empty_house_pays_for_materials_alone_a_usual_one_kappa_and_a_full_one_more() -> None:
    assert [scarce(o) for o in (0.0, 0.4, 0.8, 1.2)] == pytest.approx([0.0, 0.25, 1.0, 2.25])
    assert crowding(RULES, np.array([0.0, 1.0, 2.25])).tolist() == pytest.approx([0.8, 1.0, 1.25])
    assert bed_cost(DAILY, np.array([0.0, 1.0, 2.25])).tolist() == pytest.approx([-0.2, 0.0, 0.25])


def test_scarcity_is_convex_bounded_by_tier_and_unknown_outside() -> None:
    rise = np.diff([scarce(o) for o in np.linspace(0.0, 1.5, 16)])
    assert (np.diff(rise) > 0).all()
    assert scarce(1.5) == scarce(9.0)
    both = scarcity(RULES, np.array([0.4, 0.4, 0.4, 0.0]), TIER, np.array([True, True, True, False]))
    assert both.tolist() == pytest.approx([1.0, 0.25, 0.25, 1.0])


def gains_at(occupancy: float, fees: bool, days: float = 8.0) -> tuple[float, float]:
    """What a step more services and a step longer a stay brings institution 1, over the step and the charge."""
    full = np.full(N, scarce(occupancy))
    books = by_fees() if fees else by_quota()
    seen = prices(books, crowding=crowding(RULES, full), bed=bed_cost(DAILY, full))
    cases = truth(1, standard_charge=CHARGE, standard_stay=days)
    care = care_rules(daily_share=DAILY, stay_response=0.0)
    found = Quote(books, seen, care, load_catalogue()).gains(cases, neutral(N), everything(1), STEP)
    return float(found.more[0]) / (STEP * CHARGE), float(found.longer[0]) / (STEP * CHARGE)


@pytest.mark.parametrize("occupancy", [0.2, 0.8, 1.1])
def test_margin_of_services_and_days_by_hand(occupancy: float) -> None:
    """Fees pay services their charge less what they cost; days cost the bed and their part of the charge."""
    s = scarce(occupancy)
    cost = 0.7 * (0.8 + 0.2 * s)
    more, longer = gains_at(occupancy, fees=True)
    assert more == pytest.approx(1 - cost, rel=1e-6)
    assert longer == pytest.approx(DAILY * (1 - cost) - 0.7 * DAILY * (s - 1), rel=1e-6)
    # a longer stay of the same days' charge costs the same whatever the stay
    assert gains_at(occupancy, fees=True, days=20.0)[1] == pytest.approx(longer, rel=1e-6)


def test_slack_lengthens_stays_under_every_payment() -> None:
    """The optimum λ·g / (α·k·b + m) from the stay's own margin: above one where a day gains, below where it loses."""
    for fees in (True, False):
        found = []
        for occupancy in (0.4, 0.8, 1.2):
            _, g = gains_at(occupancy, fees)
            from_money = PROFIT * g / (ALTRUISM * (1.0 if g > 0 else 2.0) * 1.1 + 0.5)
            now = 1.06 if g > 0 else 0.94
            cases = truth(1, provider=0)
            at = best(look(cases, no_gains(1, longer=STEP * g * CHARGE, shorter=-STEP * g * CHARGE), neutral(stay=now)), STAY)
            assert at == pytest.approx(1 + from_money, abs=1e-9)
            found.append(at)
        assert found == sorted(found, reverse=True)
        assert found[0] > found[-1]
