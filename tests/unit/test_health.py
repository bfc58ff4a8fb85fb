"""What treatment does to patients."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from model.health import OutcomeRules, Outcomes, draw_outcomes, risk_factor, stay_factor


def rules(**changes: Any) -> OutcomeRules:
    """Plain risks by severity."""
    standard: dict[str, Any] = {
        "complication": np.array([0.01, 0.02, 0.04]),
        "readmission": np.array([0.05, 0.1, 0.2]),
        "death": np.array([0.001, 0.01, 0.1]),
        "under": 4.0,
        "over": 1.0,
        "short": 0.6,
        "long": 0.2,
        "untreated": 0.5,
        "split_harm": 0.1,
        "quality_loss": np.array([0.01, 0.02, 0.1]),
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
    frailty: float = 1.0,
) -> Outcomes:
    """Outcomes of many equal cases, always with the same draws."""
    return draw_outcomes(
        given or rules(),
        np.full(N, severity, dtype=np.int8),
        np.full(N, intensity),
        np.full(N, stay),
        np.full(N, split),
        np.full(N, frailty, dtype=np.float32),
        np.random.default_rng(3).random((N, 4)),
    )


def test_standard_treatment_has_the_standard_risks() -> None:
    for severity in range(3):
        made = outcomes(severity=severity)
        given = rules()
        assert made.complication.mean() == pytest.approx(given.complication[severity], rel=0.1)
        assert made.death.mean() == pytest.approx(given.death[severity], rel=0.25)
        assert made.readmission.mean() == pytest.approx(given.readmission[severity] * (1 - given.death[severity]), rel=0.1)


def test_harm_is_convex_and_steeper_below_the_standard() -> None:
    factor = risk_factor(rules(), np.array([1.0, 0.9, 0.8, 0.5, 1.1, 1.2]))
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
