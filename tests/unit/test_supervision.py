"""How likely a distorted claim is found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from model.care import CHANNELS, CODING, NEUTRAL, SHIFT, SPLITTING, THRESHOLD
from model.supervision import AUDITED_CHANNELS, AuditRules, detection

TIER = np.array([0, 0, 1], dtype=np.int8)


def rules(**changes: Any) -> AuditRules:
    """Two in a hundred found by rules, and more by audits that look at who stands out."""
    standard: dict[str, Any] = {
        "rate": 0.05,
        "rule": dict.fromkeys(AUDITED_CHANNELS, 0.02),
        "fine": dict.fromkeys(AUDITED_CHANNELS, 1.0),
        "sharpness": 0.8,
        "offset": 0.05,
        "ceiling": 0.9,
        "false_positive": 0.01,
        "cost_per_audit": 4000,
        "split_gain": 0.55,
    }
    return AuditRules(**(standard | changes))


def coding(*shares: float) -> NDArray[np.float64]:
    """Conduct of three providers, neutral but for coding."""
    made = np.tile(NEUTRAL, (len(shares), 1))
    made[:, CODING] = shares
    return made


def test_who_does_as_peers_do_is_found_at_the_standard_rate() -> None:
    found = detection(rules(), CODING, coding(0.2, 0.2, 0.6), TIER, np.ones(3))
    assert found.tolist() == pytest.approx([0.02 + 0.05 * 0.8] * 3)


def test_who_stands_out_is_found_more_often_by_the_written_formula() -> None:
    """min(ceiling, rule + rate · sharpness · (own + o) / (peers + o)); peers by volume: (.1·3 + .5·1)/4 = .2."""
    found = detection(rules(), CODING, coding(0.1, 0.5, 0.0), TIER, np.array([3.0, 1.0, 1.0]))
    assert found.tolist() == pytest.approx([0.02 + 0.04 * 0.15 / 0.25, 0.02 + 0.04 * 0.55 / 0.25, 0.06])


def test_nobody_is_found_more_often_than_the_ceiling_allows() -> None:
    assert detection(rules(rate=1.0, ceiling=0.7), CODING, coding(0.0, 1.0, 0.0), TIER, np.ones(3)).max() == 0.7


def test_without_audits_the_rules_alone_find() -> None:
    assert detection(rules(rate=0.0), CODING, coding(0.9, 0.0, 0.3), TIER, np.ones(3)).tolist() == [0.02] * 3


def test_a_tier_without_claims_has_no_peers_to_hide_among() -> None:
    found = detection(rules(), CODING, coding(0.1, 0.1, 0.1), TIER, np.array([1.0, 1.0, 0.0]))
    assert found.tolist() == pytest.approx([0.06, 0.06, 0.02 + 0.04 * 0.15 / 0.05])


def test_channels_have_rules_of_their_own() -> None:
    own = rules(rate=0.0, rule={CODING: 0.01, SPLITTING: 0.02, THRESHOLD: 0.03, SHIFT: 0.04})
    assert [float(detection(own, c, coding(0, 0, 0), TIER, np.ones(3))[0]) for c in (CODING, SPLITTING, THRESHOLD, SHIFT)] == [
        0.01,
        0.02,
        0.03,
        0.04,
    ]


def test_what_leaves_no_mark_in_a_claim_is_not_audited() -> None:
    assert {CHANNELS[c] for c in AUDITED_CHANNELS} == {"coding", "splitting", "threshold", "shift"}
