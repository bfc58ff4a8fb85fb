"""What providers expect of nearby conduct: a weighted sample of each one's own cases, priced by the quote, turned into utility.

Every provider is looked at with 300 to 600 weighted cases whatever the scale: its own of the last twelve months, topped up with cases of
its tier where there are fewer; all providers in one pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from agents.ordering import ordered
from agents.parabola import value_at
from agents.staff import Staff
from agents.utility import UtilityRules, benefit_of_intensity, harm_of_intensity, moral_cost
from model.care import (
    CHANNELS,
    CODING,
    DRUG,
    HIGHEST,
    LOWEST,
    MIX,
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
    intensity_of,
    stay_charge,
)
from model.cases import CaseTruth
from model.items import CHOSEN, Items
from model.quote import Gains

Floats = NDArray[np.float64]
UP, OTHERWISE = (CODING, TREATMENT), (SPLITTING, SELECTION, THRESHOLD)
"""Channels of acts on a share of the cases: how a case is written or treated up, and those whose worth hangs on it."""
SHARED = UP + OTHERWISE
TIE = 1e-4
"""Weight of a case's fixed uniform among equal gains, so that a share of equal cases can be acted on."""


@dataclass(frozen=True)
class Outlook:
    """Utility of each provider at three levels of each channel, all else as now.

    ``level[channel, 3, provider]`` a step apart around the present level (moved inside where a bound is near), ``utility`` of the same
    shape; ``payoff[provider]`` what present conduct is worth over neutral conduct, channel by channel together.
    """

    level: Floats
    utility: Floats
    payoff: Floats


@dataclass(frozen=True)
class Appeal:
    """How attractive each act on each case is: gain per yuan of standard charge, with the case's tie-breaker. ``key[channel][case]``."""

    key: dict[int, Floats]


def appeal(truth: CaseTruth, gains: Gains) -> Appeal:
    """Ordering keys of the share channels: most gainful first."""
    unit = np.maximum(truth.standard_charge, 1.0)
    tie = TIE * truth.u_tie
    by_channel = {
        CODING: gains.code,
        TREATMENT: gains.treat,
        SPLITTING: gains.split,
        SELECTION: gains.select,
        THRESHOLD: gains.threshold,
    }
    return Appeal({channel: gain / unit + tie for channel, gain in by_channel.items()})


def as_written(truth: CaseTruth, able: Eligible, gains: Gains, act_from: Floats) -> tuple[Eligible, Gains]:
    """Which acts are left, and what they bring, once it is known which cases will be written or treated up.

    A stay that is written up is not divided: two dear records of one patient within weeks would stand out (assumption). Whoever turns a
    case away forgoes what writing or treating it up would have brought. So a channel that is closed changes what the others bring.

    Args:
        act_from: appeal from which each provider acts, as in :func:`thresholds`.
    """
    key = appeal(truth, gains).key
    up = able.code & (key[CODING] >= act_from[CODING][truth.provider])
    treated = able.treat & (key[TREATMENT] >= act_from[TREATMENT][truth.provider])
    forgone = np.where(up, gains.code, 0.0) + np.where(treated, gains.treat, 0.0)
    return replace(able, split=able.split & ~up), replace(gains, select=np.where(able.select, gains.select - forgone, 0.0))


def thresholds(
    truth: CaseTruth, able: Eligible, keys: Appeal, conduct: Floats, n_providers: int, channels: tuple[int, ...] = SHARED
) -> Floats:
    """Key from which a provider acts, ``[channel, provider]``: the upper ``level`` share of its eligible sample lies above it.

    Nobody acts on channels that are not asked for.
    """
    out = np.full((len(CHANNELS), n_providers), np.inf)
    masks = _masks(truth, able)
    for channel in channels:
        rows = np.flatnonzero(masks[channel])
        provider = truth.provider[rows]
        order = ordered(provider, -keys.key[channel][rows], n_providers)
        sorted_provider, sorted_key = provider[order], keys.key[channel][rows][order]
        start = np.searchsorted(sorted_provider, np.arange(n_providers), side="left")
        count = np.searchsorted(sorted_provider, np.arange(n_providers), side="right") - start
        wanted = np.rint(conduct[:, channel] * count).astype(np.int64)
        acting = np.flatnonzero(wanted > 0)
        out[channel, acting] = sorted_key[start[acting] + wanted[acting] - 1]
    return out


def _masks(truth: CaseTruth, able: Eligible) -> dict[int, NDArray[np.bool_]]:
    return {
        CODING: able.code,
        TREATMENT: able.treat,
        SPLITTING: able.split,
        SELECTION: able.select,
        THRESHOLD: truth.severity == 0,
    }


@dataclass(frozen=True)
class Outpatients:
    """Yearly outpatient money of each provider at present intensity: standard charge and the gain of one unit more intensity, fen."""

    standard: Floats
    gain: Floats


def outlook(
    truth: CaseTruth,
    weight: Floats,
    able: Eligible,
    gains: Gains,
    keys: Appeal,
    outpatients: Outpatients,
    conduct: Floats,
    profit: Floats,
    altruism: Floats,
    rules: UtilityRules,
    care: CareRules,
    items: Items,
    step: float,
) -> Outlook:
    """Utility around the present conduct of all providers, one channel at a time.

    Args:
        truth, weight: the sampled cases and how many yearly cases each stands for.
        profit, altruism: λ and α of each provider.
        items: what bills consist of.
        step: how far to look on each side.
    """
    n = len(conduct)
    scale = np.bincount(truth.provider, weights=weight * truth.standard_charge, minlength=n) + outpatients.standard
    scale = np.maximum(scale, 1.0)
    centre = np.clip(conduct, LOWEST + step, HIGHEST - step).T
    level = np.stack([centre - step, centre, centre + step], axis=1)
    utility = np.zeros_like(level)
    at_neutral = np.zeros((len(CHANNELS), n))  # an act that is not done is worth nothing
    for band in range(3):
        rows = np.flatnonzero(truth.severity == band)
        channel = Q_MILD + band
        points = np.vstack([level[channel], np.ones(n)])
        worth = _intensity_utility(truth, weight, gains, rows, band + 1, conduct[:, channel], points, profit, altruism, rules)
        utility[channel], at_neutral[channel] = worth[:3], worth[3]
    points = np.vstack([level[STAY], np.ones(n)])
    worth = _stay_utility(truth, weight, gains, conduct[:, STAY], points, profit, altruism, rules)
    utility[STAY], at_neutral[STAY] = worth[:3], worth[3]
    change = level[Q_OUT] - conduct[:, Q_OUT]
    utility[Q_OUT] = profit * outpatients.gain * change
    utility[Q_OUT] += altruism * outpatients.standard * benefit_of_intensity(rules, 0, level[Q_OUT])
    at_neutral[Q_OUT] = profit * outpatients.gain * (1.0 - conduct[:, Q_OUT])
    for channel, mask in _masks(truth, able).items():
        gain, harm = _act(channel, truth, gains, rules, care)
        rows = np.flatnonzero(mask)
        utility[channel] = _share_utility(
            channel, truth, weight, gain, harm, keys.key[channel], rows, level[channel], profit, altruism, rules, care
        )
    moved = np.bincount(truth.provider, weights=weight * gains.shift, minlength=n)
    charge = np.bincount(truth.provider, weights=weight * truth.standard_charge, minlength=n)
    utility[SHIFT] = profit * moved * level[SHIFT] - altruism * rules.shift_harm * charge * level[SHIFT]
    utility[SHIFT] -= moral_cost(rules, SHIFT, level[SHIFT]) * charge
    for channel in range(DRUG, DRUG + len(CHOSEN)):
        points = np.vstack([level[channel], np.zeros(n)])
        worth = _mix_utility(channel, truth, weight, conduct, points, profit, altruism, rules, care, items)
        utility[channel], at_neutral[channel] = worth[:3], worth[3]
    payoff = (value_at(level, utility, conduct.T) - at_neutral).sum(axis=0)
    return Outlook(level, utility / scale, payoff / scale)


def _intensity_utility(
    truth: CaseTruth,
    weight: Floats,
    gains: Gains,
    rows: NDArray[np.int64],
    band: int,
    now: Floats,
    level: Floats,
    profit: Floats,
    altruism: Floats,
    rules: UtilityRules,
) -> Floats:
    n = level.shape[1]
    w, p = weight[rows], truth.provider[rows]
    money = _money_around(now, level, gains.step, p, w * gains.more[rows], w * gains.less[rows])
    charge = np.bincount(p, weights=w * truth.standard_charge[rows], minlength=n)
    return profit * money + altruism * charge * benefit_of_intensity(rules, band, level)


def _stay_utility(
    truth: CaseTruth,
    weight: Floats,
    gains: Gains,
    now: Floats,
    level: Floats,
    profit: Floats,
    altruism: Floats,
    rules: UtilityRules,
) -> Floats:
    """Utility of giving all stays ``level`` times their usual days."""
    n = level.shape[1]
    money = _money_around(now, level, gains.step, truth.provider, weight * gains.longer, weight * gains.shorter)
    charge = weight * truth.standard_charge
    whole = np.bincount(truth.provider, weights=charge, minlength=n)
    curvature = np.bincount(truth.provider, weights=charge * rules.stay_benefit[truth.severity], minlength=n)
    return profit * money - altruism * harm_of_intensity(rules, curvature, level) - moral_cost(rules, STAY, level) * whole


def _money_around(now: Floats, level: Floats, step: float, provider: NDArray[np.int16], more: Floats, less: Floats) -> Floats:
    """Money of providers at levels around the present one, from what their cases bring a step above and a step below it."""
    n = level.shape[1]
    above, below = np.bincount(provider, weights=more, minlength=n), np.bincount(provider, weights=less, minlength=n)
    away = (level - now) / step
    return np.where(away > 0, above * away, -below * away)


def _mix_utility(
    channel: int,
    truth: CaseTruth,
    weight: Floats,
    conduct: Floats,
    level: Floats,
    profit: Floats,
    altruism: Floats,
    rules: UtilityRules,
    care: CareRules,
    items: Items,
) -> Floats:
    """Utility of the mix with one item's tilt at each level and the others' as now: a yuan moved gains the difference of two margins.

    What is paid does not hang on the mix, so the margins are all the money there is in it.
    """
    n, item, p = len(conduct), channel - DRUG, truth.provider
    standard = weight * truth.standard_charge
    given = standard * intensity_of(conduct, p, truth.severity) * stay_charge(conduct[p, STAY], care)
    own = np.bincount(p, weights=standard * items.shares[item].take(truth.group), minlength=n)
    money, lost = items.moved(item, truth.group, p, given, standard, conduct[:, MIX], level)
    return profit * money - altruism * (lost * 0.5 * rules.mix_benefit) - moral_cost(rules, channel, level) * own


def _act(channel: int, truth: CaseTruth, gains: Gains, rules: UtilityRules, care: CareRules) -> tuple[Floats, Floats]:
    """Money gained and benefit lost by acting on each case, fen."""
    charge = truth.standard_charge
    none = np.zeros(len(truth))
    acts = {
        CODING: (gains.code, none),
        # a procedure above need is services above the standard, at the same curvature as intensity
        TREATMENT: (gains.treat, harm_of_intensity(rules, rules.benefit[1 + truth.severity], 1 + care.treat_uplift) * charge),
        SPLITTING: (gains.split, rules.split_harm * charge),
        SELECTION: (gains.select, rules.refusal_harm * rules.severity_weight[truth.severity] * charge),
        THRESHOLD: (gains.threshold, rules.threshold_harm * care.threshold_charge * charge),
    }
    return acts[channel]


def _share_utility(
    channel: int,
    truth: CaseTruth,
    weight: Floats,
    gain: Floats,
    harm: Floats,
    key: Floats,
    rows: NDArray[np.int64],
    level: Floats,
    profit: Floats,
    altruism: Floats,
    rules: UtilityRules,
    care: CareRules,
) -> Floats:
    """Utility of acting on the most gainful share of the eligible cases, at each of three shares."""
    n = level.shape[1]
    provider = truth.provider[rows]
    order = rows[ordered(provider, -key[rows], n)]
    p = truth.provider[order]
    w = weight[order] * (care.threshold_pool if channel == THRESHOLD else 1.0)
    size = care.threshold_charge if channel == THRESHOLD else 1.0
    eligible = np.bincount(p, weights=w, minlength=n)
    charge = np.bincount(p, weights=w * size * truth.standard_charge[order], minlength=n)
    running = np.cumsum(w)
    before = running - w - np.concatenate([[0.0], np.cumsum(eligible)])[p]
    gain, harm = gain[order], harm[order]
    out, gained = np.empty_like(level), np.zeros(n)
    for i in range(3):
        done = np.clip((level[i] * eligible)[p] - before, 0.0, w)
        money = np.bincount(p, weights=done * gain, minlength=n)
        lost = np.bincount(p, weights=done * harm, minlength=n)
        out[i] = profit * money - altruism * lost - moral_cost(rules, channel, level[i]) * charge
        gained = np.maximum(gained, money)
    # an act that brings nothing is given up, whatever the shape of its moral cost makes a parabola believe
    return np.where(gained > 0, out, -level * charge)


def sample_cases(
    provider: NDArray[np.int16],
    tier: NDArray[np.int8],
    provider_tier: NDArray[np.int8],
    uniform: Callable[[NDArray[np.int64]], Floats],
    minimum: int,
    maximum: int,
) -> tuple[NDArray[np.int64], NDArray[np.int16], Floats]:
    """Rows of the last year's cases each provider looks at: ``(row, provider who looks, weight)``.

    ``uniform(keys)`` gives addressed random numbers in [0, 1) for integer keys. A provider without cases of its own looks at its tier's and
    counts them as one admission a year.
    """
    n = len(provider_tier)
    rank = uniform(np.arange(len(provider)))
    count = np.bincount(provider, minlength=n)
    keep = np.minimum(count, maximum)
    order = _lowest(rank, provider, count, keep)
    start = np.searchsorted(provider[order], np.arange(n), side="left")
    own_of = np.repeat(np.arange(n), keep)
    own_row = order[np.repeat(start, keep) + _within(keep)]
    missing = np.maximum(minimum - keep, 0)
    pools = [np.flatnonzero(tier == t) for t in range(3)]
    missing[np.array([len(pools[t]) == 0 for t in provider_tier])] = 0
    extra_of = np.repeat(np.arange(n), missing)
    pick = uniform(len(provider) + np.arange(len(extra_of)))
    extra_row = np.empty(len(extra_of), dtype=np.int64)
    for t in range(3):
        mine = provider_tier[extra_of] == t
        if mine.any():
            extra_row[mine] = pools[t][(pick[mine] * len(pools[t])).astype(np.int64)]
    who = np.concatenate([own_of, extra_of]).astype(np.int16)
    weight = np.maximum(count, 1)[who] / np.maximum(keep + missing, 1)[who]
    return np.concatenate([own_row, extra_row]), who, weight


def _lowest(rank: Floats, provider: NDArray[np.int16], count: NDArray[np.int64], keep: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows by provider and rank, at least those of the lowest ``keep`` ranks of each: of many cases most are not even sorted."""
    # six standard deviations above what is needed of uniform ranks
    enough = (keep + 6 * np.sqrt(keep) + 6) / np.maximum(count, 1)
    few = np.flatnonzero(rank < enough[provider])
    if (np.bincount(provider[few], minlength=len(count)) < keep).any():
        few = np.arange(len(rank))
    order: NDArray[np.int64] = few[ordered(provider[few], rank[few], len(count))]
    return order


def _within(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, … within each block of the given sizes."""
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]) if len(counts) else np.zeros(0, dtype=np.int64)
    return np.arange(int(counts.sum())) - np.repeat(starts, counts)


def finished(
    truth: CaseTruth, able: Eligible, gains: Gains, intensity: Floats, staff: Staff, rules: UtilityRules, care: CareRules
) -> Floats:
    """Multiplier on the planned charge: for the cases finished to a chosen charge, the level of most utility; one for the others."""
    best = np.full(len(truth), -np.inf)
    chosen = np.ones(len(truth))
    profit, altruism = staff.profit[truth.provider], staff.altruism[truth.provider]
    curvature = rules.benefit[1 + truth.severity]
    for level, money in zip(care.finish_levels, gains.finish, strict=True):
        harm = harm_of_intensity(rules, curvature, intensity * level) * truth.standard_charge
        utility = profit * money - altruism * harm
        better = utility > best + 1e-9
        chosen[better], best[better] = level, utility[better]
    return np.where(able.finish, chosen, 1.0)


@dataclass(frozen=True)
class MildSample:
    """Mild cases of each provider's sample: what a marginal admission is written as. ``start`` and ``count`` by provider."""

    start: NDArray[np.int64]
    count: NDArray[np.int64]
    group: NDArray[np.int16]
    need: NDArray[np.float32]

    def rows(self, provider: NDArray[np.int16], pick: Floats) -> NDArray[np.int64]:
        """Row of the sample for each provider and uniform ``pick``; providers without mild cases borrow the first row there is."""
        count = np.maximum(self.count[provider], 1)
        row: NDArray[np.int64] = np.minimum(self.start[provider] + (pick * count).astype(np.int64), len(self.group) - 1)
        return row


def mild_sample(truth: CaseTruth, n_providers: int) -> MildSample:
    """The mild cases of a sample, by provider."""
    rows = np.flatnonzero(truth.severity == 0)
    order = rows[np.argsort(truth.provider[rows], kind="stable")]
    start = np.searchsorted(truth.provider[order], np.arange(n_providers), side="left")
    count = np.searchsorted(truth.provider[order], np.arange(n_providers), side="right") - start
    return MildSample(start, count, truth.group[order], truth.need[order])
