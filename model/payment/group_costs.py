"""What disease groups and levels of hospital cost on the insurer's books: means over three years, and how levels compare (rules E2, E3)."""

from __future__ import annotations

import numpy as np

from model.payment.protocol import CaseTable, Floats, GroupFacts, History

YEAR_WEIGHTS = (7.0, 2.0, 1.0)
"""Weights of the last three years, latest first: 1 : 2 : 7 in national documents (rules E2)."""


def group_means(history: History, prior_cases: float, year_weights: tuple[float, ...] = YEAR_WEIGHTS) -> Floats:
    """Mean charge of each group over the years on the books, ``[group]`` fen (rules E2).

    The mean of the yearly means under ``year_weights`` (latest first). A year that is not on the books, or in which a group had no case,
    hands its weight to the others. Groups with few cases lean on the catalogue's weight, which counts for ``prior_cases`` cases.
    """
    prior = history.groups.weight
    cases, charges = _by_year(history)
    weights = np.array(year_weights[: len(cases)])[:, None]
    mean, n = weighted_years(charges, cases, weights)
    level_of_year = np.divide(charges.sum(axis=1), cases @ prior, out=np.zeros(len(cases)), where=cases @ prior > 0)
    seen = (cases.sum(axis=1) > 0) * weights[:, 0]
    level = float(seen @ level_of_year / seen.sum()) if seen.sum() > 0 else 1.0
    leaning = n + prior_cases
    return np.divide(n * mean + prior_cases * prior * level, leaning, out=prior * level, where=leaning > 0)


def city_mean(history: History, year_weights: tuple[float, ...] = YEAR_WEIGHTS) -> float:
    """Mean charge of all cases over the years on the books, fen, weighted as in :func:`group_means`; 1 where there is none."""
    cases, charges = _by_year(history)
    count, cost = cases.sum(axis=1, keepdims=True), charges.sum(axis=1, keepdims=True)
    mean, n = weighted_years(cost, count, np.array(year_weights[: len(cases)])[:, None])
    return float(mean[0]) if n[0] > 0 else 1.0


def tier_coefficient(cases: CaseTable, group_mean: Floats) -> Floats:
    """Coefficient by tier: charges over what the same groups cost on average in the city (rules E3, national method on case-mix)."""
    if not len(cases):
        return np.ones(3)
    expected = np.bincount(cases.tier, weights=group_mean[cases.group], minlength=3)
    actual = np.bincount(cases.tier, weights=cases.charge.astype("float64"), minlength=3)
    return np.divide(actual, expected, out=np.ones(3), where=expected > 0)


def spread(weight: Floats, groups: GroupFacts, ratio: float) -> Floats:
    """Weights in which every split of a family is ``ratio`` times as dear, against the next cheaper one, as it was ``[group]``.

    Splits stand in the order of their published weights. A family's cheapest keeps its weight; with a ``ratio`` of 1 all do.
    """
    order = np.lexsort((groups.weight, groups.family))
    first = np.flatnonzero(np.concatenate([[True], np.diff(groups.family[order]) != 0]))
    rank = np.empty(len(order))
    rank[order] = np.arange(len(order)) - np.repeat(first, np.diff(np.concatenate([first, [len(order)]])))
    found: Floats = weight * ratio**rank
    return found


def _by_year(history: History) -> tuple[Floats, Floats]:
    """Cases and charges ``[year, group]``, the last twelve months first."""
    n = len(history.groups.weight)
    last = history.cases
    cases = [np.bincount(last.group, minlength=n).astype("float64")]
    charges = [np.bincount(last.group, weights=last.charge.astype("float64"), minlength=n)]
    for year in history.earlier:
        cases.append(np.bincount(year.group, weights=year.cases, minlength=n))
        charges.append(np.bincount(year.group, weights=year.charge, minlength=n))
    return np.array(cases, dtype="float64"), np.array(charges, dtype="float64")


def weighted_years(charges: Floats, cases: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Mean of yearly means over the years with cases, and the number of cases of one year it is as sure as (inverse of its variance)."""
    known = np.where(cases > 0, weights, 0.0)
    share = np.divide(known, known.sum(axis=0), out=np.zeros_like(known), where=known.sum(axis=0) > 0)
    means = np.divide(charges, cases, out=np.zeros_like(charges), where=cases > 0)
    spread = np.divide(share**2, cases, out=np.zeros_like(share), where=cases > 0).sum(axis=0)
    return (share * means).sum(axis=0), np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
