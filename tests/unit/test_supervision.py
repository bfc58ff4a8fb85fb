"""Smart rules, regimes of audit, and how likely a distorted claim is found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from model.care import CHANNELS, CODING, SHIFT, SPLITTING, THRESHOLD
from model.catalogue import SPLITS, load_catalogue
from model.supervision import AUDITED_CHANNELS, REGIMES, RULES, AuditRules, Findings, Norms, RuleLimits, Shown, Watch, flag_claims
from tests.small_market import claims, coded_group

TIER = np.array([0, 0, 1], dtype=np.int8)
LOCAL = np.array([True, True, True])
LIMITS = RuleLimits(0.6, 1.25, 0.6, 1.0, 1.1, 5.0, 0.2)


def rules(**changes: Any) -> AuditRules:
    """One claim in twenty is audited, all channels alike; desk and auditors find half of what is distorted."""
    standard: dict[str, Any] = {
        "regime": "risk",
        "rate": 0.05,
        "weight": dict.fromkeys(AUDITED_CHANNELS, 1.0),
        "review": dict.fromkeys(AUDITED_CHANNELS, 0.5),
        "fine": dict.fromkeys(AUDITED_CHANNELS, 1.0),
        "sensitivity": 0.5,
        "lift": 2.0,
        "offset": 0.05,
        "exploration": 0.2,
        "memory": 3,
        "false_positive": 0.01,
        "review_false_positive": 0.001,
        "cost_per_audit": 4000,
        "cost_per_review": 200,
        "split_gain": 0.55,
        "limits": LIMITS,
    }
    return AuditRules(**(standard | changes))


def findings(provider: NDArray[np.int16], **given: Any) -> Findings:
    """Findings in which nothing happened, but for the masks ``[channel, claim]`` given."""
    nothing = np.zeros((len(AUDITED_CHANNELS), len(provider)), dtype=bool)
    masks = {name: given.get(name, nothing) for name in ("flagged", "checked", "distorted", "found", "by_audit", "disputed")}
    return Findings(provider=provider, by_rule={}, taken=nothing.astype(np.int64), **masks)


def seen(flagged: tuple[float, ...], claims_each: int = 1000) -> Watch:
    """A watch that has seen a thousand claims of each provider, a share of them flagged in every channel; none distorted."""
    watch = Watch(TIER, LOCAL)
    provider = np.repeat(np.arange(len(TIER), dtype=np.int16), claims_each)
    within = np.tile(np.arange(claims_each), len(TIER)) / claims_each
    mask = within < np.array(flagged)[provider]
    watch.remember(rules(), findings(provider, flagged=np.tile(mask, (len(AUDITED_CHANNELS), 1))))
    return watch


def shown(n: int, **given: Any) -> Shown:
    """Claims of a thousand yuan and eight days in one dear split, none returned, as an insurer sees them."""
    catalogue = load_catalogue()
    dear = catalogue.code_up[coded_group()]
    return Shown.of(claims(n, **({"group_coded": dear, "uid": np.arange(n)} | given)), None, catalogue)


def norms_of(table: Shown) -> Norms:
    """What is usual by these claims alone."""
    norms = Norms(load_catalogue(), np.array([0, 1, 2, 1], dtype=np.int8))
    norms.see(table)
    return norms


# Smart rules


def test_an_ordinary_claim_is_not_flagged() -> None:
    table = shown(200)
    assert not np.any(list(flag_claims(table, norms_of(table), LIMITS).values()))


@pytest.mark.parametrize(
    ("rule", "odd"),
    [
        ("upcoding", {"charge": 50_000, "severity": 1}),
        ("low_threshold", {"charge": 50_000, "stay": 4}),
        ("outside_catalogue", {"own_pay": 40_000}),
        ("impossible", {"stay": 60}),
        ("splitting", {"uid": 7}),
    ],
)
def test_each_rule_flags_what_stands_out_and_nothing_else(rule: str, odd: dict[str, int]) -> None:
    standard = {"charge": 100_000, "stay": 8, "own_pay": 20_000, "severity": 0}
    last = np.arange(200) >= 198
    given = {key: np.where(last, odd.get(key, value), value) for key, value in standard.items()}
    uid = np.where(last, odd["uid"] + 1000, np.arange(200)) if "uid" in odd else np.arange(200)
    table = shown(200, **given, uid=uid)
    flagged = flag_claims(table, norms_of(table), LIMITS)[rule]
    assert flagged.tolist() == last.tolist()


def test_an_emergency_is_no_needless_stay() -> None:
    cheap = np.where(np.arange(200) >= 198, 50_000, 100_000)
    table = shown(200, charge=cheap, stay=np.where(cheap < 100_000, 4, 8), emergency=True)
    assert not flag_claims(table, norms_of(table), LIMITS)["low_threshold"].any()


def test_a_provider_with_many_dearer_splits_is_flagged_and_its_peer_is_not() -> None:
    catalogue = load_catalogue()
    cheapest = catalogue.severity == SPLITS.index("without")
    plain = int(np.flatnonzero(cheapest & (catalogue.adrg[catalogue.code_up] == catalogue.adrg))[0])
    provider = np.repeat([1, 3], 200).astype(np.int16)
    often = np.where(provider == 1, np.arange(400) % 2 == 0, np.arange(400) % 10 == 0)
    table = shown(400, provider=provider, group_coded=np.where(often, catalogue.code_up[plain], plain))
    flagged = flag_claims(table, norms_of(table), LIMITS)["dear_share"]
    assert flagged.tolist() == (often & (provider == 1)).tolist()


def test_only_splits_of_one_family_are_dearer_splits() -> None:
    """A group that another family is written into is no dearer split for that, and a family of one group has none."""
    catalogue = load_catalogue()
    norms = norms_of(shown(1))
    alone = np.bincount(catalogue.adrg)[catalogue.adrg] == 1
    assert np.isin(np.flatnonzero(alone), catalogue.code_up).any()
    assert np.array_equal(norms.has_splits, ~alone)
    assert not norms.is_dear[alone].any()
    for family in np.unique(catalogue.adrg[~alone]):
        rows = np.flatnonzero(catalogue.adrg == family)
        assert np.array_equal(np.flatnonzero(~norms.is_dear[rows]), [catalogue.weight[rows].argmin()])


def test_a_return_in_the_month_after_is_seen() -> None:
    catalogue = load_catalogue()
    before, now = claims(3, uid=np.array([1, 2, 3])), claims(3, uid=np.array([3, 4, 5]))
    assert Shown.of(now, before, catalogue).returned.tolist() == [True, False, False]


def test_every_rule_points_to_an_audited_channel_and_has_a_time() -> None:
    assert {rule.channel for rule in RULES.values()} == set(AUDITED_CHANNELS)
    assert {rule.time for rule in RULES.values()} == {"before", "during", "after"}
    assert all(rule.label_zh and rule.label_en and rule.meaning for rule in RULES.values())


# The budget


@pytest.mark.parametrize("regime", list(REGIMES))
def test_the_budget_is_spent_whatever_the_regime(regime: str) -> None:
    """Checks expected over claims are the rate times the channels."""
    flagged = (0.1, 0.3, 0.2)
    plain, likelier = seen(flagged).intensity(rules(regime=regime))
    share = np.array(flagged)
    expected = (share * likelier + (1 - share) * plain).mean(axis=1).sum()
    assert expected == pytest.approx(4 * 0.05, rel=0.01)


@pytest.mark.parametrize("regime", list(REGIMES))
def test_weights_move_the_whole_budget(regime: str) -> None:
    only = dict.fromkeys(AUDITED_CHANNELS, 0.0) | {SPLITTING: 2.0}
    plain, likelier = seen((0.2, 0.2, 0.2)).intensity(rules(regime=regime, weight=only))
    at = AUDITED_CHANNELS.index(SPLITTING)
    others = [row for row in range(len(AUDITED_CHANNELS)) if row != at]
    assert not plain[others].any()
    assert not likelier[others].any()
    assert (0.2 * likelier + 0.8 * plain)[at] == pytest.approx([0.2] * 3, rel=0.01)


def test_who_stands_out_is_checked_more() -> None:
    """By (own + offset) / (peers + offset), each leaning a little on peers; peers are the tier, so the third stands with itself."""
    plain, _ = seen((0.1, 0.3, 0.9)).intensity(rules(lift=1.0))
    assert plain[0, 1] / plain[0, 0] == pytest.approx(0.35 / 0.15, rel=0.02)
    assert plain[0, 2] == pytest.approx(0.05)


def test_at_random_nobody_stands_out() -> None:
    made = seen((0.1, 0.3, 0.9)).intensity(rules(regime="random"))
    assert np.allclose(made, 0.05)


def test_an_adaptive_budget_goes_where_checks_found_most() -> None:
    watch = seen((0.2, 0.2, 0.2))
    provider = np.repeat(np.arange(3, dtype=np.int16), 400)
    checked = np.ones((4, 1200), dtype=bool)
    hits = np.zeros_like(checked)
    hits[AUDITED_CHANNELS.index(THRESHOLD), provider == 1] = True
    watch.remember(rules(), findings(provider, checked=checked, by_audit=hits, flagged=np.tile(np.arange(1200) % 5 == 0, (4, 1))))
    plain, _ = watch.intensity(rules(regime="adaptive"))
    at = AUDITED_CHANNELS.index(THRESHOLD)
    assert np.unravel_index(plain.argmax(), plain.shape) == (at, 1)
    assert plain.min() > 0, "a part of the budget explores"


def test_nobody_outside_the_city_is_watched() -> None:
    watch = Watch(TIER, np.array([True, False, True]))
    assert not watch.intensity(rules())[..., 1].any()
    assert all(found[1] == 0 for found in watch.detection(rules()).values())


# Detection


@pytest.mark.parametrize("flagged_share", [0.0, 0.5, 1.0])
def test_detection_follows_the_written_formula(flagged_share: float) -> None:
    provider = np.repeat(np.arange(3, dtype=np.int16), 4000)
    mask = np.tile((np.arange(12000) % 4000) / 4000 < flagged_share, (4, 1))
    watch = Watch(TIER, LOCAL)
    watch.remember(rules(), findings(provider, flagged=mask, distorted=np.ones_like(mask)))
    found = watch.detection(rules(regime="random", sensitivity=0.8, rate=0.1))
    s, drawn = flagged_share, 0.1 * 0.8
    for channel in AUDITED_CHANNELS:
        assert found[channel] == pytest.approx([s * (1 - 0.5 * (1 - drawn)) + (1 - s) * drawn] * 3, abs=0.005)


def test_without_audits_the_desk_alone_finds() -> None:
    """Before anything has been seen, half of what is distorted is thought to be flagged."""
    review = {CODING: 0.01, SPLITTING: 0.02, THRESHOLD: 0.03, SHIFT: 0.04}
    found = Watch(TIER, LOCAL).detection(rules(rate=0.0, review=review))
    assert [float(found[channel][0]) for channel in AUDITED_CHANNELS] == pytest.approx([0.005, 0.01, 0.015, 0.02])


def test_what_leaves_no_mark_in_a_claim_is_not_audited() -> None:
    assert {CHANNELS[c] for c in AUDITED_CHANNELS} == {"coding", "splitting", "threshold", "shift"}
