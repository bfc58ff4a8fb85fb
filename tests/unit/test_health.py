"""What treatment does to patients."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from model.health import (
    OutcomeRules,
    Outcomes,
    control_effort,
    draw_outcomes,
    risk_factor,
    risk_of,
    stay_factor,
    visits_loss,
)


def rules(**changes: Any) -> OutcomeRules:
    """Plain risks by severity."""
    standard: dict[str, Any] = {
        "complication": np.array([0.01, 0.02, 0.04]),
        "readmission": np.array([0.05, 0.1, 0.2]),
        "death": np.array([0.001, 0.01, 0.1]),
        "under": np.array([3.0, 4.0, 4.0]),
        "over": np.array([1.5, 1.0, 1.0]),
        "short": 0.6,
        "long": 0.2,
        "untreated": 0.5,
        "split_harm": 0.1,
        "delay": np.array([0.05, 0.15, 0.4]),
        "needless": 0.5,
        "quality_loss": np.array([0.01, 0.02, 0.1]),
        "complication_loss": 0.05,
        "death_loss": 6.0,
        "visit_loss": 0.002,
        "chronic_loss": 0.085,
        "uncontrolled_loss": 0.03,
        "control": 1.5,
    }
    return OutcomeRules(**(standard | changes))


N = 40_000


def outcomes(
    given: OutcomeRules | None = None,
    *,
    severity: int = 2,
    intensity: float = 1.0,
    stay: float = 1.0,
    split: bool = False,
    delayed: bool = False,
    frailty: float = 1.0,
) -> Outcomes:
    """Outcomes of many equal cases, always with the same draws."""
    given, band = given or rules(), np.full(N, severity, dtype=np.int8)
    marks = np.full(N, split), np.full(N, delayed)
    risk = risk_of(given, band, np.full(N, intensity), *marks, np.full(N, frailty, dtype=np.float32))
    return draw_outcomes(given, band, risk, np.full(N, stay), np.random.default_rng(3).random((N, 4)))


def test_standard_treatment_has_the_standard_risks() -> None:
    for severity in range(3):
        made = outcomes(severity=severity)
        given = rules()
        assert made.complication.mean() == pytest.approx(given.complication[severity], rel=0.1)
        assert made.death.mean() == pytest.approx(given.death[severity], rel=0.25)
        assert made.readmission.mean() == pytest.approx(given.readmission[severity] * (1 - given.death[severity]), rel=0.1)


def test_harm_is_convex_and_steeper_below_the_standard() -> None:
    factor = risk_factor(rules(), np.array([1.0, 0.9, 0.8, 0.5, 1.1, 1.2]), np.ones(6, dtype=np.int8))
    assert factor.tolist() == pytest.approx([1.0, 1.14, 1.36, 2.5, 1.01, 1.04])


def test_too_little_care_harms_and_refusing_it_harms_most() -> None:
    """The same draws: whoever is harmed by the better treatment is harmed by the worse."""
    given = rules()
    worse = [outcomes(intensity=q) for q in (1.0, 0.9, given.untreated)]
    for better, worse_one in pairwise(worse):
        assert worse_one.complication.sum() > better.complication.sum()
        assert worse_one.death.sum() > better.death.sum()
        assert (worse_one.death | ~better.death).all()
        assert worse_one.qaly_loss.sum() > better.qaly_loss.sum()


def test_a_stay_too_short_brings_patients_back_and_one_too_long_costs_little() -> None:
    """A fifth of the days less brings six per cent more readmissions back (Kaboli et al. 2012); death is the services' matter."""
    factor = stay_factor(rules(), np.array([1.0, 0.8, 0.6, 1.2, 1.5]))
    assert factor.tolist() == pytest.approx([1.0, 1.054, 1.156, 1.008, 1.05])
    usual, short, long = outcomes(), outcomes(stay=0.6), outcomes(stay=1.5)
    assert short.readmission.sum() > long.readmission.sum() > usual.readmission.sum()
    assert (short.complication | ~usual.complication).all()
    assert np.array_equal(short.death, usual.death)


def test_too_little_harms_the_severe_most_and_too_much_the_mild() -> None:
    given = rules(under=np.array([3.0, 4.0, 6.0]), over=np.array([1.5, 1.0, 0.7]))
    band = np.arange(3, dtype=np.int8)
    assert risk_factor(given, np.full(3, 0.8), band).tolist() == pytest.approx([1.27, 1.36, 1.54])
    assert risk_factor(given, np.full(3, 1.2), band).tolist() == pytest.approx([1.06, 1.04, 1.028])


def test_a_delay_weighs_by_severity() -> None:
    for band, added in enumerate((0.05, 0.15, 0.4)):
        one = np.full(1, band, dtype=np.int8), np.ones(1), np.zeros(1, dtype=bool)
        late, soon = (risk_of(rules(), *one, np.array([d]), np.ones(1, dtype=np.float32))[0] for d in (True, False))
        assert late / soon == pytest.approx(1 + added)
    assert outcomes(delayed=True).death.sum() > outcomes().death.sum()


def test_visits_with_too_little_care_lose_control_and_life_years() -> None:
    """A visit at four fifths of its services brings control at seven tenths of the chance; more than the standard does not help."""
    q = np.array([1.0, 0.8, 0.2, 1.3])
    assert control_effort(rules(), q).tolist() == pytest.approx([1.0, 0.7, 0.0, 1.0])
    loss = visits_loss(rules(), q)
    assert loss[0] == 0.0
    assert loss[2] > loss[1] > 0.0 < loss[3]
    assert loss[1] == pytest.approx(0.002 * 3.0 * (0.04 + 0.05))


def test_a_divided_stay_and_a_frail_patient_do_worse() -> None:
    standard = outcomes()
    assert outcomes(split=True).readmission.sum() > standard.readmission.sum()
    assert outcomes(split=True).death.sum() == pytest.approx(1.1 * standard.death.sum(), rel=0.05)
    assert outcomes(frailty=2.0).death.sum() == pytest.approx(2 * standard.death.sum(), rel=0.05)


def test_frailty_counts_within_bounds() -> None:
    assert outcomes(frailty=0.0).death.sum() == outcomes(frailty=0.3).death.sum() > 0
    assert outcomes(frailty=50.0).death.sum() == outcomes(frailty=4.0).death.sum()


def test_the_dead_do_not_come_back() -> None:
    made = outcomes(rules(death=np.full(3, 0.5), readmission=np.full(3, 0.9)))
    assert made.death.any()
    assert made.readmission.any()
    assert not (made.death & made.readmission).any()


def test_quality_lost_is_the_severity_s_and_a_complication_s() -> None:
    made = outcomes(rules(complication=np.full(3, 0.5)), severity=1)
    assert set(np.round(made.qaly_loss, 9)) == {0.02, 0.07}
    assert np.array_equal(made.qaly_loss > 0.05, made.complication)
