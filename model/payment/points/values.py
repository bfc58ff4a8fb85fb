"""Value of a point and what is payable for points (rules E9): five ways, of which some spend exactly the budget and some do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.codes import SCHEMES
from model.payment.protocol import CASES, CHARGE, RECORDED, RESIDUAL, UNITS, Floats, History


@dataclass(frozen=True)
class Priced:
    """What stands behind the points of a year so far; money in fen, all by scheme unless said otherwise.

    Attributes:
        budget: the fund's money for the elapsed part of the year.
        opening: value of a point at the start of the year.
        base: points ``[..., row, scheme]`` of the base volume of the rows, elapsed.
        whole_base: the same of all holders.
    """

    budget: Floats
    opening: Floats
    base: Floats
    whole_base: Floats


def opening_value(costs: Floats, points: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Weighted cost, weighted points and their ratio, the value at the start of the year (rules E9).

    Args:
        costs: ``[year, scheme]``, latest first.
        points: ``[year, scheme]``; a year without points hands its weight to the others.
        weights: ``[year]``.
    """
    known = np.where(points > 0, weights[:, None], 0.0)
    share = _ratio(known, known.sum(axis=0))
    cost, total = (share * costs).sum(axis=0), (share * points).sum(axis=0)
    return cost, total, _ratio(cost, total)


def floating_value(budget: Floats, residual: Floats, points: Floats) -> Floats:
    """(Fund + in-scope money of patients and other layers) / points: what a point is worth in all (``conduct.md`` 7)."""
    return _ratio(budget + residual, points)


def fund_value(budget: Floats, points: Floats) -> Floats:
    """Fund / points: what a point brings from the fund, whatever patients paid."""
    return _ratio(budget, points)


def settlement_value(budget: Floats, pay_ratio: Floats, points: Floats) -> Floats:
    """(Fund / ratio) / points: what a point is worth in total cost, the ratio being the fund's recorded part of it."""
    return _ratio(_ratio(budget, pay_ratio), points)


def increment_value(money: Floats, opening: Floats, base: Floats, points: Floats) -> Floats:
    """What the money leaves for a point beyond the base volume, which is paid at the opening value; never less than nothing."""
    return np.maximum(_ratio(money - opening * base, points - base), 0.0)


def ratio_payable(points: Floats, value: Floats, pay_ratio: Floats) -> Floats:
    """Points × value × the hospital's own ratio of recorded fund to total cost (ratio variant, rules E9)."""
    return points * value * pay_ratio


def pay_ratio(totals: Floats) -> Floats:
    """Recorded fund over total cost of totals ``[..., measure]``."""
    return _ratio(totals[..., RECORDED], totals[..., CHARGE])


def _floating(own: Floats, pool: Floats, at: Priced) -> Floats:
    return own[..., UNITS] * _floating_value(pool, at) - own[..., RESIDUAL]


def _floating_value(pool: Floats, at: Priced) -> Floats:
    return floating_value(at.budget, pool[..., RESIDUAL], pool[..., UNITS])


def _by_fund(own: Floats, pool: Floats, at: Priced) -> Floats:
    return own[..., UNITS] * _fund_value(pool, at)


def _fund_value(pool: Floats, at: Priced) -> Floats:
    return fund_value(at.budget, pool[..., UNITS])


def _by_ratio(own: Floats, pool: Floats, at: Priced) -> Floats:
    return ratio_payable(own[..., UNITS], _ratio_value(pool, at), pay_ratio(own))


def _ratio_value(pool: Floats, at: Priced) -> Floats:
    return settlement_value(at.budget, pay_ratio(pool), pool[..., UNITS])


def _fixed(own: Floats, pool: Floats, at: Priced) -> Floats:
    return own[..., UNITS] * at.opening - own[..., RESIDUAL]


def _fixed_value(pool: Floats, at: Priced) -> Floats:
    return at.opening + np.zeros_like(pool[..., UNITS])


def _elastic(own: Floats, pool: Floats, at: Priced) -> Floats:
    beyond = pool[..., UNITS] > at.whole_base
    units = own[..., UNITS]
    paid = np.where(beyond, at.opening * at.base + _elastic_value(pool, at) * (units - at.base), at.opening * units)
    return paid - own[..., RESIDUAL]


def _elastic_value(pool: Floats, at: Priced) -> Floats:
    money = at.budget + pool[..., RESIDUAL]
    further = increment_value(money, at.opening, at.whole_base, pool[..., UNITS])
    return np.where(pool[..., UNITS] > at.whole_base, further, at.opening)


def _elastic_worth(pool: Floats, at: Priced) -> Floats:
    within = np.minimum(pool[..., UNITS], at.whole_base)
    return at.opening * within + _elastic_value(pool, at) * (pool[..., UNITS] - within)


@dataclass(frozen=True)
class ValueRule:
    """One way to turn points into money.

    Attributes:
        payable: fen for ``own`` totals ``[..., row, scheme, measure]`` given the ``pool``.
        value: fen one more point brings, less what patients pay for it where that is taken off.
        conserves: the fund pays exactly its budget, whatever is done.
        takes_off: what patients and other layers paid in scope is taken off.
        split_worth: worth of all points, where not every point has the same value.
    """

    payable: Callable[[Floats, Floats, Priced], Floats]
    value: Callable[[Floats, Priced], Floats]
    conserves: bool
    takes_off: bool
    split_worth: Callable[[Floats, Priced], Floats] | None = None

    def worth(self, pool: Floats, at: Priced) -> Floats:
        """Fen that all points of a pool are worth together."""
        return pool[..., UNITS] * self.value(pool, at) if self.split_worth is None else self.split_worth(pool, at)


VALUES: Mapping[str, ValueRule] = {
    "floating": ValueRule(_floating, _floating_value, conserves=True, takes_off=True),
    "fund_value": ValueRule(_by_fund, _fund_value, conserves=True, takes_off=False),
    "ratio": ValueRule(_by_ratio, _ratio_value, conserves=False, takes_off=False),
    "fixed": ValueRule(_fixed, _fixed_value, conserves=False, takes_off=True),
    "given": ValueRule(_fixed, _fixed_value, conserves=False, takes_off=True),
    "elastic": ValueRule(_elastic, _elastic_value, conserves=False, takes_off=True, split_worth=_elastic_worth),
}
"""The ways by name.

``floating``: points × (fund + patients' money) / all points, less what patients paid. Spends exactly the budget.
``fund_value``: points × fund / all points. Spends exactly the budget; what patients paid makes no difference.
``ratio``: points × (fund / ratio of the pool) / all points × the hospital's own ratio. Spends the budget only where the pool's ratio is
the mean of the hospitals' ratios weighted by points; otherwise more or less.
``fixed``: points × the value at the start of the year, less what patients paid. Spends what the points cost.
``given``: the same at a value that is given: care elsewhere is paid for at the place's own value of a point (rules E14).
``elastic``: a base volume at the value of the start of the year, points beyond it at what the budget leaves for them, less what patients
paid. Spends exactly the budget where there are more points than the base volume and the base does not cost more than there is.
"""


def opening_of(history: History, points: Floats, kept: Floats, unit: Floats, weights: tuple[float, ...], otherwise: float) -> Floats:
    """Fen of in-scope money a point at the start of the year, by scheme: cost over points of the years on the books (rules E9).

    What part of a cost is in scope is known of last year only, and taken from it for the years before.

    Args:
        history: the books.
        points: points of last year's cases.
        kept: which of them count (1 or 0).
        unit: points ``[group, scheme, tier]`` of a usual case, for the years that are on the books as sums.
        weights: of the years, latest first.
        otherwise: value in a scheme without cases.
    """
    cases = history.cases
    counted = kept * (points > 0)
    scope, charge, units = (_by_scheme(cases.scheme, counted * column) for column in (cases.in_scope, cases.charge, points))
    costs, all_points = [charge], [units]
    for year in history.earlier:
        each = unit[year.group, year.scheme, year.tier]
        costs.append(_by_scheme(year.scheme, np.where(each > 0, year.charge, 0.0)))
        all_points.append(_by_scheme(year.scheme, year.cases * each))
    n = len(costs)
    _, _, value = opening_value(np.array(costs), np.array(all_points), np.array(weights[:n]))
    return np.where((value > 0) & (charge > 0), value * _ratio(scope, charge), otherwise)


def base_volume(history: History, points: Floats, share: float) -> Floats:
    """Points of the base volume ``[holder, scheme]``: a share of last year's, in the first year at the budget base's number of cases."""
    cases, n = history.cases, len(SCHEMES)
    cell = cases.holder.astype(np.int64) * n + cases.scheme
    volume = np.bincount(cell, weights=points, minlength=len(history.base) * n).reshape(-1, n)
    if history.years == 0:
        base, seen = history.base[..., CASES].sum(axis=0), np.bincount(cases.scheme, minlength=n)
        volume = volume * np.where(base > 0, _ratio(base, seen.astype(float)), 1.0)
    return share * volume


def _by_scheme(scheme: NDArray[Any], weights: Floats) -> Floats:
    return np.bincount(scheme, weights=weights, minlength=len(SCHEMES))


def _ratio(over: Floats, under: Floats) -> Floats:
    """Quotient of arrays that broadcast; 0 where the lower is not above 0."""
    over, under = np.broadcast_arrays(over, under)
    found: Floats = np.divide(over, under, out=np.zeros(over.shape), where=under > 0)
    return found
