"""Splitting bills between the layers of insurance: the compiled arithmetic of one claim and of a range of claims."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from model.codes import AID, BENEFIT_CLASSES, CHRONIC, DIALYSIS, EMPLOYEE, INPATIENT, REFERRALS, RETIRED, SCHEMES, SECOND, STANDINGS
from model.drug_benefit import N_MASKS
from model.units import PPM

__all__ = ["COUNTER_TOP", "MAX_AMOUNT", "find_row", "split_parallel", "split_range"]

Ints = NDArray[np.int64]

MAX_AMOUNT = 1 << 42
"""Largest amount (fen) a claim may hold: its product with a ratio in ppm stays inside int64."""
COUNTER_TOP = (1 << 31) - 1
"""Yearly counters are int32 and stop here (21.4 million yuan a person and year)."""

N_SCHEMES, N_CLASSES, N_STANDINGS, N_REFERRALS = len(SCHEMES), len(BENEFIT_CLASSES), len(STANDINGS), len(REFERRALS)

# Arithmetic of one claim; amounts in fen, ratios in ppm


@nb.njit(cache=True)
def _half_up(fen_ppm: int) -> int:
    """Fen of an amount in millionths of a fen, half up."""
    return (fen_ppm + PPM // 2) // PPM


@nb.njit(cache=True)
def _banded(low: Ints, high: Ints, ppm: Ints, row: int, start: int, amount: int, cut: int) -> int:
    """Benefit by bands of ``amount`` from ``start`` on, in millionths of a fen."""
    total = 0
    for b in range(low.shape[1]):
        ratio = int(ppm[row, b]) - cut
        width = min(amount, int(high[row, b])) - max(start, int(low[row, b]))
        if width > 0 and ratio > 0:
            total += width * ratio
    return total


@nb.njit(cache=True)
def _beyond(low: Ints, high: Ints, ppm: Ints, row: int, start: int, amount: int, cut: int, limit: int) -> int:
    """Part of ``amount`` (fen) inside the bands that comes after ``limit`` fen have been paid."""
    left = limit * PPM
    beyond = 0
    for b in range(low.shape[1]):
        ratio = max(int(ppm[row, b]) - cut, 0)
        width = min(amount, int(high[row, b])) - max(start, int(low[row, b]))
        if width <= 0:
            continue
        if left == 0:
            beyond += width
        elif width * ratio > left:
            beyond += width - (left + ratio - 1) // ratio
            left = 0
        else:
            left -= width * ratio
    return beyond


@nb.njit(cache=True)
def _left(cap: int, used: int) -> int:
    """What a yearly cap still allows."""
    return min(max(cap - used, 0), MAX_AMOUNT)


@nb.njit(cache=True)
def _add(counter: NDArray[np.int32], p: int, amount: int) -> None:
    """Moves a yearly counter on; it stops at its top."""
    counter[p] = min(int(counter[p]) + amount, COUNTER_TOP)


@nb.njit(cache=True)
def _stay(
    tables: Any, used: NDArray[np.int32], p: int, m: int, row: int, amount: int, cut: int, start: int, find_above: bool
) -> tuple[int, int, int]:
    """Deductible and basic payment of a stay and, where asked for, its in-scope cost that the ceiling cuts off."""
    low, high, ppm, ceiling = tables
    room = _left(ceiling[m], used[p])
    basic = min(room, _half_up(_banded(low, high, ppm, row, start, amount, cut)))
    above = _beyond(low, high, ppm, row, start, amount, cut, room) if find_above else 0
    _add(used, p, basic)
    return min(amount, start), basic, above


@nb.njit(cache=True)
def _visit(
    tables: Any, used_deductible: NDArray[np.int32], used: NDArray[np.int32], p: int, m: int, row: int, amount: int, cut: int
) -> tuple[int, int]:
    """Deductible and basic payment of an ordinary outpatient visit."""
    deductible, ppm, cap = tables
    borne = min(amount, _left(deductible[m], used_deductible[p]))
    basic = min(_left(cap[m], used[p]), _half_up((amount - borne) * max(ppm[row] - cut, 0)))
    _add(used_deductible, p, borne)
    _add(used, p, basic)
    return borne, basic


@nb.njit(cache=True)
def _share_to_cap(ppm: int, cap: int, used: NDArray[np.int32], p: int, amount: int) -> int:
    """A plain share under a yearly cap: chronic outpatient care."""
    paid = min(_left(cap, used[p]), _half_up(amount * max(ppm, 0)))
    _add(used, p, paid)
    return paid


@nb.njit(cache=True)
def find_row(rows: NDArray[np.int32], p: int) -> int:
    """Place of a person among ascending rows, or -1."""
    at = np.searchsorted(rows, p)
    return int(at) if at < len(rows) and rows[at] == p else -1


@nb.njit(cache=True)
def _entitled(terms: Any, row: int, before: int, after: int) -> int:
    """What a layer owes more once its cumulated base has grown from ``before`` to ``after`` (累计计算、分段报销、按次结算)."""
    deductible, low, high, ppm, _ = terms
    start = deductible[row]
    if after <= start:
        return 0
    return _half_up(_banded(low, high, ppm, row, start, after, 0)) - _half_up(_banded(low, high, ppm, row, start, before, 0))


@nb.njit(cache=True)
def _second(terms: Any, used_base: NDArray[np.int32], used: NDArray[np.int32], p: int, row: int, base: int) -> int:
    """What the second layer pays of a bill; it has a counter of its own base."""
    before = int(used_base[p])
    _add(used_base, p, base)
    paid = min(_entitled(terms, row, before, int(used_base[p])), _left(terms[4][row], used[p]))
    _add(used, p, paid)
    return paid


@nb.njit(cache=True)
def _of_entitled(terms: Any, code: Ints, active: Any, year: Any, p: int, first: int, own: int, above: int, paid_by: Any, i: int) -> int:
    """What all layers pay a person with a standing of a bill that left ``own`` in scope, each of what the ones before it left.

    What a layer after the second looks at is the year's residual of the basic layer (``further[:, 0]``) less what the layers before it
    have paid, so that one counter serves them all. ``first`` is the row of the first layer for this scheme and standing.
    """
    used_base, used_second, used_aid, entitled, further = year
    f = find_row(entitled, p)
    before, left = int(further[f, 0]), own
    further[f, 0] = min(before + own, COUNTER_TOP)
    for j in range(len(code)):
        row, paid = first + j * N_SCHEMES * N_STANDINGS, 0
        if code[j] == SECOND:
            used = int(used_second[p])
            if active[row]:
                paid = _second(terms, used_base, used_second, p, row, min(above, left))
        else:
            used = int(used_aid[p]) if code[j] == AID else int(further[f, code[j]])
            if active[row]:
                paid = min(_entitled(terms, row, before, before + left), _left(terms[4][row], used))
            if code[j] == AID:
                _add(used_aid, p, paid)
            else:
                further[f, code[j]] = min(used + paid, COUNTER_TOP)
        paid_by[j, i] = paid
        before -= used
        left -= paid
    return own - left


@nb.njit(cache=True)
def split_range(first: int, last: int, tables: Any, claims: Any, state: Any, out: Any) -> None:
    """Splits the claims from ``first`` to before ``last`` (``rules.md`` section 0, step 3)."""
    deductibles, later = tables[:2]
    stay_rule, visit_rule = tables[2:6], tables[6:9]
    chronic_ppm, chronic_cap, drugs_ppm, drugs_cap, diseases = tables[9:14]
    first_self, cuts, factors, day_factor = tables[14:18]
    terms = tables[18:23]
    code, active, second, find_above, upper_layers, account_pays = tables[23:]
    person, scheme, retired, standing, benefit_class, kind, referral, conditions, day_surgery, in_scope, own_pay = claims
    used_stay, used_visit, used_chronic, used_deductible, used_own, stays, balance = state[:7]
    year = state[7:]
    used_base, used_second = year[:2]
    out_deductible, out_basic, out_layers, out_account, out_patient = out
    for i in range(first, last):
        p, s, k, w = int(person[i]), int(scheme[i]), kind[i], int(standing[i])
        m = RETIRED if retired[i] and s == EMPLOYEE else s
        row = np.int64(m) * N_CLASSES + benefit_class[i]
        amount, outside, cut, factor = in_scope[i], own_pay[i], 0, PPM
        if referral[i] > 0:
            r = s * N_REFERRALS + referral[i]
            moved, cut, factor = _half_up(amount * first_self[r]), cuts[r], factors[r]
            amount, outside = amount - moved, outside + moved
        deductible, above, account = 0, 0, 0
        if k >= INPATIENT:
            full = later[row] if stays[p] > 0 else deductibles[row]
            start = _half_up((_half_up(full * day_factor[s]) if day_surgery[i] else full) * factor)
            deductible, basic, above = _stay(stay_rule, used_stay, p, m, row, amount, cut, start, find_above[s])
            stays[p] = min(stays[p] + 1, 255)
        elif k == DIALYSIS:
            # as the part of a stay above its deductible: the ratios of stays and their ceiling, and nothing borne first
            start = deductibles[row]
            _, basic, above = _stay(stay_rule, used_stay, p, m, row, amount + start, cut, start, find_above[s])
        elif k == CHRONIC and diseases[s * N_MASKS + conditions[i]] > 0:
            cap = drugs_cap[m] * diseases[s * N_MASKS + conditions[i]]
            basic = _share_to_cap(drugs_ppm[m] - cut, cap, used_chronic, p, amount)
        elif k == CHRONIC:
            basic = _share_to_cap(chronic_ppm[m * N_STANDINGS + w] - cut, chronic_cap[m], used_chronic, p, amount)
        else:
            deductible, basic = _visit(visit_rule, used_deductible, used_visit, p, m, row, amount, cut)
        own = amount - basic
        if upper_layers[k]:
            base = above if find_above[s] else own
            if w > 0:
                own -= _of_entitled(terms, code, active, year, p, s * N_STANDINGS + w, own, base, out_layers, i)
            elif second >= 0 and active[(second * N_SCHEMES + s) * N_STANDINGS]:
                paid = _second(terms, used_base, used_second, p, (second * N_SCHEMES + s) * N_STANDINGS, base)
                out_layers[second, i] = paid
                own -= paid
        if account_pays[k]:
            account = min(own, max(int(balance[p]), 0))
            balance[p] -= account
        patient = own - account + outside
        _add(used_own, p, patient)
        out_deductible[i], out_basic[i], out_account[i], out_patient[i] = deductible, basic, account, patient


@nb.njit(parallel=True, cache=True)
def split_parallel(bounds: Ints, tables: Any, claims: Any, state: Any, out: Any) -> None:
    """The same over pieces that never divide a person, in any number of threads."""
    for piece in nb.prange(len(bounds) - 1):
        split_range(bounds[piece], bounds[piece + 1], tables, claims, state, out)
