"""What each layer of insurance pays of a bill, and what is left to the patient: pure integer rules of one month.

Layers in legal order, each working on the in-scope residual of the one before: basic insurance (deductible, ratio or bands, yearly
ceiling), second layer (catastrophic insurance for residents, large-expense cover for employees), medical assistance for the poor,
personal account, patient. Sources of the rules: 国务院办公厅 and city documents as collected in ``rules.md`` B2, B4, B5, B6, B7.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.codes import BENEFIT_CLASSES, KINDS, SCHEMES
from model.units import PPM

__all__ = ["MAX_AMOUNT", "NO_LIMIT", "BenefitRules", "ClaimParts", "YearToDate", "expected_price", "split_claims"]

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

NO_LIMIT = 1 << 60
"""Upper end (fen) of an open band, and a cap that never binds."""
MAX_AMOUNT = 1 << 42
"""Largest amount (fen) a claim may hold: its product with a ratio in ppm stays inside int64."""
MAX_DEDUCTIBLE = 1 << 32
MAX_FACTOR = 1 << 30
COUNTER_TOP = (1 << 31) - 1
"""Yearly counters are int32 and stop here (21.4 million yuan a person and year)."""
CHUNKS = 64
"""Pieces of a parallel split; the number moves no result."""

N_SCHEMES, N_CLASSES, N_KINDS = len(SCHEMES), len(BENEFIT_CLASSES), len(KINDS)
CHRONIC, INPATIENT = KINDS.index("chronic"), KINDS.index("inpatient")


def _inpatient_and_chronic() -> Flags:
    return np.array([kind in ("chronic", "inpatient") for kind in KINDS])


def _outpatient() -> Flags:
    return np.array([kind != "inpatient" for kind in KINDS])


@dataclass(frozen=True, eq=False, kw_only=True)
class BenefitRules:
    """The benefits of one month, in fen and parts per million; axes ``s`` scheme, ``c`` benefit class, ``b`` band, ``k`` kind of care.

    Bands are on the cost *including* the deductible and pay from the deductible on (``rules.md`` B2); unused bands are zero.

    Attributes:
        inpatient_deductible: ``[s, c]`` per stay.
        inpatient_from: ``[s, c, b]`` lower end of a band of a stay's in-scope cost.
        inpatient_to: ``[s, c, b]`` upper end (``NO_LIMIT``: open).
        inpatient_ppm: ``[s, c, b]`` ratio paid in the band.
        inpatient_ceiling: ``[s]`` basic inpatient payment a year.
        outpatient_deductible: ``[s]`` ordinary outpatient, a year (common and emergency visits together).
        outpatient_ppm: ``[s, c]`` ordinary outpatient ratio.
        outpatient_cap: ``[s]`` ordinary outpatient payment a year.
        chronic_ppm: ``[s]`` chronic outpatient ratio; no deductible.
        chronic_cap: ``[s]`` chronic outpatient payment a year.
        second_above_ceiling: ``[s]`` base of the second layer: True, in-scope cost of stays cut off by the basic ceiling (large-expense
            cover); False, the in-scope residual of the basic layer (catastrophic insurance). Both cumulated over the year.
        second_deductible: ``[s]`` on the cumulated base.
        second_from: ``[s, b]`` lower end of a band of the cumulated base.
        second_to: ``[s, b]`` upper end.
        second_ppm: ``[s, b]`` ratio paid in the band.
        second_cap: ``[s]`` payment of the second layer a year.
        aid_ppm: ``[s]`` share of the remaining in-scope residual that assistance pays for the poor.
        aid_cap: ``[s]`` assistance a year.
        upper_layers: ``[k]`` whether second layer and assistance look at this kind of care (assumption: stays and chronic outpatient care,
            as 大病保险 and 医疗救助 are usually described).
        account_pays: ``[k]`` whether the personal account pays the in-scope own part (assumption: outpatient care only).
    """

    inpatient_deductible: Ints
    inpatient_from: Ints
    inpatient_to: Ints
    inpatient_ppm: Ints
    inpatient_ceiling: Ints
    outpatient_deductible: Ints
    outpatient_ppm: Ints
    outpatient_cap: Ints
    chronic_ppm: Ints
    chronic_cap: Ints
    second_above_ceiling: Flags
    second_deductible: Ints
    second_from: Ints
    second_to: Ints
    second_ppm: Ints
    second_cap: Ints
    aid_ppm: Ints
    aid_cap: Ints
    upper_layers: Flags
    account_pays: Flags

    def __post_init__(self) -> None:
        bands, second = _last_axis(self.inpatient_from), _last_axis(self.second_from)
        for name, shape in _shapes(bands, second).items():
            array = _checked_table(name, getattr(self, name), shape)
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        _check_bands("inpatient", self.inpatient_from, self.inpatient_to)
        _check_bands("second", self.second_from, self.second_to)

    @classmethod
    def none(cls, inpatient_bands: int = 1, second_bands: int = 1) -> BenefitRules:
        """Rules under which no layer pays anything: what a test or a builder starts from (see ``changed``)."""
        shapes = _shapes(inpatient_bands, second_bands)
        tables = {name: np.zeros(shape, dtype=_dtype(name)) for name, shape in shapes.items()}
        return cls(**{**tables, "upper_layers": _inpatient_and_chronic(), "account_pays": _outpatient()})

    def changed(self, **tables: ArrayLike) -> BenefitRules:
        """The same rules with some tables replaced; values are spread over the table's shape where they are smaller."""
        bands = _last_axis(np.asarray(tables.get("inpatient_from", self.inpatient_from)))
        second = _last_axis(np.asarray(tables.get("second_from", self.second_from)))
        shapes = _shapes(max(1, bands), max(1, second))
        unknown = sorted(set(tables) - set(shapes))
        if unknown:
            raise ValueError(f"no such benefit table: {', '.join(unknown)}; there are {', '.join(shapes)}")
        given = {name: np.array(np.broadcast_to(value, shapes[name]), dtype=_dtype(name)) for name, value in tables.items()}
        return BenefitRules(**{f.name: given.get(f.name, getattr(self, f.name)) for f in fields(self)})

    def tables(self) -> tuple[NDArray[Any], ...]:
        """The tables as the kernel wants them: flat, layer by layer in the order of ``_split_range``, scheme and class one axis."""
        stay = (self.inpatient_deductible, self.inpatient_from, self.inpatient_to, self.inpatient_ppm)
        return (
            *(table.reshape(N_SCHEMES * N_CLASSES, *table.shape[2:]) for table in stay),
            self.inpatient_ceiling,
            *(self.outpatient_deductible, self.outpatient_ppm.reshape(-1), self.outpatient_cap),
            *(self.chronic_ppm, self.chronic_cap),
            *(self.second_deductible, self.second_from, self.second_to, self.second_ppm, self.second_cap),
            *(self.aid_ppm, self.aid_cap),
            *(self.second_above_ceiling, self.upper_layers, self.account_pays),
        )


@dataclass(eq=False)
class YearToDate:
    """What a year has used up so far, one entry a person; ``split_claims`` updates the arrays in place.

    All int32 fen (stopping at ``COUNTER_TOP``), but ``ytd_stays`` uint8. Names are those of the columns of people, see ``of``.

    Attributes:
        ytd_basic_inpatient: basic payment for stays.
        ytd_basic_outpatient: basic payment for ordinary outpatient care.
        ytd_basic_chronic: basic payment for chronic outpatient care.
        ytd_outpatient_deductible: ordinary outpatient deductible already borne.
        ytd_residual: base of the second layer (in-scope residual, or cost above the ceiling, as the scheme's rule says).
        ytd_cii: second layer paid.
        ytd_aid: assistance paid.
        ytd_oop: paid by the patient, account not counted.
        ytd_stays: stays.
        account_balance: money on the personal account; the only one that a new year does not reset.
    """

    ytd_basic_inpatient: NDArray[np.int32]
    ytd_basic_outpatient: NDArray[np.int32]
    ytd_basic_chronic: NDArray[np.int32]
    ytd_outpatient_deductible: NDArray[np.int32]
    ytd_residual: NDArray[np.int32]
    ytd_cii: NDArray[np.int32]
    ytd_aid: NDArray[np.int32]
    ytd_oop: NDArray[np.int32]
    ytd_stays: NDArray[np.uint8]
    account_balance: NDArray[np.int32]

    def __post_init__(self) -> None:
        for name, array in self.columns().items():
            wanted = np.uint8 if name == "ytd_stays" else np.int32
            if array.dtype != wanted or array.shape != (len(self),) or not array.flags.c_contiguous:
                raise ValueError(
                    f"{name} is {array.dtype} {array.shape}; a contiguous {np.dtype(wanted)} array of {len(self)} people is needed"
                )

    def __len__(self) -> int:
        return len(self.ytd_basic_inpatient)

    @classmethod
    def zeros(cls, people: int) -> YearToDate:
        """A fresh year for so many people, with empty accounts."""
        columns = {f.name: np.zeros(people, dtype=np.int32) for f in fields(cls)}
        return cls(**{**columns, "ytd_stays": np.zeros(people, dtype=np.uint8)})  # type: ignore[arg-type]

    @classmethod
    def of(cls, people: Any) -> YearToDate:
        """The columns of whoever has attributes of these names, shared, not copied."""
        return cls(**{f.name: getattr(people, f.name) for f in fields(cls)})

    def columns(self) -> dict[str, NDArray[Any]]:
        """Arrays by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def copy(self) -> YearToDate:
        """The same state in arrays of its own."""
        return YearToDate(**{name: array.copy() for name, array in self.columns().items()})

    def start_year(self) -> None:
        """Sets everything but the account to zero, in place."""
        for name, array in self.columns().items():
            if name != "account_balance":
                array[:] = 0


@dataclass(frozen=True, eq=False)
class ClaimParts:
    """Who pays what of each claim, int64 fen. ``basic + second + aid + account + patient`` is the whole bill; ``deductible`` says how much
    of it fell under a deductible and is contained in the other parts."""

    deductible: Ints
    basic: Ints
    second: Ints
    aid: Ints
    account: Ints
    patient: Ints

    def __len__(self) -> int:
        return len(self.basic)

    @property
    def total(self) -> Ints:
        """Sum of the parts that pay."""
        return self.basic + self.second + self.aid + self.account + self.patient


def split_claims(
    rules: BenefitRules,
    *,
    person_row: NDArray[Any],
    scheme: NDArray[Any],
    poor: NDArray[Any],
    benefit_class: NDArray[Any],
    kind: NDArray[Any],
    in_scope: NDArray[Any],
    own_pay: NDArray[Any],
    ytd: YearToDate,
    ratio_cut_ppm: NDArray[Any] | None = None,
    deductible_factor_ppm: NDArray[Any] | None = None,
    parallel: bool = False,
) -> ClaimParts:
    """Splits claims between the layers, one person's claims in their order, and moves the year on in place.

    Args:
        rules: benefits of the month.
        person_row: row of the person in ``ytd``; claims of one person stand together, rows never fall.
        scheme: code in ``SCHEMES``.
        poor: 1 for who is entitled to medical assistance.
        benefit_class: code in ``BENEFIT_CLASSES`` of the place of care.
        kind: code in ``KINDS``.
        in_scope: fen inside the catalogue after first-self-pay.
        own_pay: fen outside the catalogue, first-self-pay included; the patient's, whatever the rules.
        ytd: state of the year, updated.
        ratio_cut_ppm: cut of the basic ratio, for care without referral (``rules.md`` B5 b, c); none by default.
        deductible_factor_ppm: factor on the deductible of a stay (B5 c); one by default.
        parallel: whether to use all Numba threads; the result is the same to the byte.

    Returns:
        The parts of each claim, in the order given.
    """
    n = len(person_row)
    claims = (
        _column("person_row", person_row, np.int32, n),
        _column("scheme", scheme, np.uint8, n),
        _column("poor", poor, np.uint8, n),
        _column("benefit_class", benefit_class, np.uint8, n),
        _column("kind", kind, np.uint8, n),
        _column("in_scope", in_scope, np.int64, n),
        _column("own_pay", own_pay, np.int64, n),
        _column("ratio_cut_ppm", np.zeros(n, np.int64) if ratio_cut_ppm is None else ratio_cut_ppm, np.int64, n),
        _column("deductible_factor_ppm", np.full(n, PPM) if deductible_factor_ppm is None else deductible_factor_ppm, np.int64, n),
    )
    bad = _first_bad(len(ytd), *claims)
    if bad >= 0:
        raise ValueError(_complaint(bad, len(ytd), claims))
    parts = ClaimParts(**{f.name: np.empty(n, dtype=np.int64) for f in fields(ClaimParts)})
    out = tuple(getattr(parts, f.name) for f in fields(ClaimParts))
    state = tuple(ytd.columns().values())
    if parallel:
        _split_parallel(_person_bounds(claims[0]), rules.tables(), claims, state, out)
    else:
        _split_range(0, n, rules.tables(), claims, state, out)
    return parts


def expected_price(
    rules: BenefitRules,
    scheme: ArrayLike,
    benefit_class: ArrayLike,
    kind: ArrayLike,
    in_scope: ArrayLike,
    own_pay: ArrayLike,
    *,
    poor: ArrayLike = 0,
    ratio_cut_ppm: ArrayLike = 0,
    deductible_factor_ppm: ArrayLike = PPM,
) -> Ints:
    """What a patient expects to pay of a bill at the start of a year, from pocket or account: int64 fen in the arguments' joint shape.

    It is ``split_claims`` on one untouched person a bill, so the price a choice is made on cannot drift from the rule that is applied.
    """
    given = [np.asarray(a) for a in (scheme, poor, benefit_class, kind, in_scope, own_pay, ratio_cut_ppm, deductible_factor_ppm)]
    spread = np.broadcast_arrays(*given)
    flat = [np.ascontiguousarray(a).reshape(-1) for a in spread]
    parts = split_claims(
        rules,
        person_row=np.arange(flat[0].size, dtype=np.int32),
        scheme=flat[0],
        poor=flat[1],
        benefit_class=flat[2],
        kind=flat[3],
        in_scope=flat[4],
        own_pay=flat[5],
        ytd=YearToDate.zeros(flat[0].size),
        ratio_cut_ppm=flat[6],
        deductible_factor_ppm=flat[7],
    )
    return (parts.patient + parts.account).reshape(spread[0].shape)


# Checks


def _last_axis(array: NDArray[Any]) -> int:
    return int(array.shape[-1]) if array.ndim else 0


def _shapes(bands: int, second_bands: int) -> dict[str, tuple[int, ...]]:
    by_scheme, by_class, by_kind = (N_SCHEMES,), (N_SCHEMES, N_CLASSES), (N_KINDS,)
    special = {"inpatient_deductible": by_class, "outpatient_ppm": by_class, "upper_layers": by_kind, "account_pays": by_kind}
    special |= {f"inpatient_{end}": (*by_class, bands) for end in ("from", "to", "ppm")}
    special |= {f"second_{end}": (N_SCHEMES, second_bands) for end in ("from", "to", "ppm")}
    return {f.name: special.get(f.name, by_scheme) for f in fields(BenefitRules)}


def _dtype(table: str) -> type[np.generic]:
    return np.bool_ if table in ("second_above_ceiling", "upper_layers", "account_pays") else np.int64


def _checked_table(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """A copy of a rule table, if its type, shape and range are right."""
    if array.dtype != _dtype(name) or array.shape != shape or 0 in shape:
        raise ValueError(f"{name} is {array.dtype} {array.shape}; {np.dtype(_dtype(name))} {shape} is needed")
    top = PPM if name.endswith("_ppm") else MAX_DEDUCTIBLE if name.endswith("_deductible") else NO_LIMIT
    if array.dtype != np.bool_ and (array.min() < 0 or array.max() > top):
        raise ValueError(f"{name} must lie between 0 and {top}, not {array.min()} to {array.max()}")
    return np.array(array, order="C")


def _check_bands(layer: str, low: Ints, high: Ints) -> None:
    """Bands may not overlap, or a yuan would be paid twice."""
    used = high > low
    for i in range(low.shape[-1]):
        for j in range(i):
            overlap = used[..., i] & used[..., j] & (low[..., i] < high[..., j]) & (low[..., j] < high[..., i])
            if overlap.any():
                raise ValueError(f"{layer} bands {j} and {i} overlap")


def _column(name: str, array: NDArray[Any], dtype: type[np.generic], n: int) -> NDArray[Any]:
    """One column of claims in the kernel's type; floats and other lengths are refused."""
    column = np.asarray(array)
    if column.dtype.kind not in "iub" or column.shape != (n,):
        raise ValueError(f"{name} is {column.dtype} {column.shape}; integers of shape {(n,)} are needed")
    return np.ascontiguousarray(column, dtype=dtype)


@nb.njit(cache=True)
def _first_bad(
    people: int,
    person: NDArray[np.int32],
    scheme: NDArray[np.uint8],
    poor: NDArray[np.uint8],
    benefit_class: NDArray[np.uint8],
    kind: NDArray[np.uint8],
    in_scope: Ints,
    own_pay: Ints,
    cut: Ints,
    factor: Ints,
) -> int:
    """First claim that cannot be split, or -1."""
    before = np.int32(0)
    for i in range(len(person)):
        fine = before <= person[i] < people and scheme[i] < N_SCHEMES and poor[i] <= 1
        fine = fine and benefit_class[i] < N_CLASSES and kind[i] < N_KINDS
        fine = fine and 0 <= in_scope[i] <= MAX_AMOUNT and 0 <= own_pay[i] <= MAX_AMOUNT
        if not (fine and 0 <= cut[i] <= PPM and 0 <= factor[i] <= MAX_FACTOR):
            return i
        before = person[i]
    return -1


def _complaint(i: int, people: int, claims: tuple[NDArray[Any], ...]) -> str:
    names = (
        "person_row",
        "scheme",
        "poor",
        "benefit_class",
        "kind",
        "in_scope",
        "own_pay",
        "ratio_cut_ppm",
        "deductible_factor_ppm",
    )
    found = ", ".join(f"{name}={int(column[i])}" for name, column in zip(names, claims, strict=True))
    before = int(claims[0][i - 1]) if i else 0
    return (
        f"claim {i} cannot be split: {found}; person_row must lie in {before}..{people - 1} and never fall, codes in their lists, "
        f"amounts in 0..{MAX_AMOUNT}, ratio_cut_ppm in 0..{PPM}, deductible_factor_ppm in 0..{MAX_FACTOR}"
    )


def _person_bounds(person: NDArray[np.int32]) -> Ints:
    """Bounds of at most ``CHUNKS`` pieces of the claims, none of which divides a person."""
    n = len(person)
    cuts = np.linspace(0, n, CHUNKS + 1).astype(np.int64)
    inner = np.searchsorted(person, person[cuts[(cuts > 0) & (cuts < n)]], side="left")
    return np.unique(np.concatenate([np.array([0, n]), inner])).astype(np.int64)


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
    tables: Any, used: NDArray[np.int32], p: int, s: int, row: int, amount: int, cut: int, factor: int, find_above: bool
) -> tuple[int, int, int]:
    """Deductible and basic payment of a stay and, where asked for, its in-scope cost that the ceiling cuts off."""
    deductible, low, high, ppm, ceiling = tables
    start = _half_up(deductible[row] * factor)
    room = _left(ceiling[s], used[p])
    basic = min(room, _half_up(_banded(low, high, ppm, row, start, amount, cut)))
    above = _beyond(low, high, ppm, row, start, amount, cut, room) if find_above else 0
    _add(used, p, basic)
    return min(amount, start), basic, above


@nb.njit(cache=True)
def _visit(
    tables: Any, used_deductible: NDArray[np.int32], used: NDArray[np.int32], p: int, s: int, row: int, amount: int, cut: int
) -> tuple[int, int]:
    """Deductible and basic payment of an ordinary outpatient visit."""
    deductible, ppm, cap = tables
    borne = min(amount, _left(deductible[s], used_deductible[p]))
    basic = min(_left(cap[s], used[p]), _half_up((amount - borne) * max(ppm[row] - cut, 0)))
    _add(used_deductible, p, borne)
    _add(used, p, basic)
    return borne, basic


@nb.njit(cache=True)
def _share_to_cap(tables: Any, used: NDArray[np.int32], p: int, s: int, amount: int, cut: int) -> int:
    """A plain share under a yearly cap: chronic outpatient care, assistance."""
    ppm, cap = tables
    paid = min(_left(cap[s], used[p]), _half_up(amount * max(ppm[s] - cut, 0)))
    _add(used, p, paid)
    return paid


@nb.njit(cache=True)
def _second(tables: Any, used_base: NDArray[np.int32], used: NDArray[np.int32], p: int, s: int, base: int) -> int:
    """What the second layer owes more, now that its cumulated base has grown (累计计算、分段报销、按次结算)."""
    deductible, low, high, ppm, cap = tables
    before = int(used_base[p])
    _add(used_base, p, base)
    after = int(used_base[p])
    if after <= deductible[s]:
        return 0
    increase = _half_up(_banded(low, high, ppm, s, deductible[s], after, 0))
    increase -= _half_up(_banded(low, high, ppm, s, deductible[s], before, 0))
    paid = min(increase, _left(cap[s], used[p]))
    _add(used, p, paid)
    return paid


@nb.njit(cache=True)
def _split_range(first: int, last: int, tables: Any, claims: Any, state: Any, out: Any) -> None:
    """Splits the claims from ``first`` to before ``last`` (``rules.md`` section 0, step 3)."""
    stay_rule, visit_rule, chronic_rule, second_rule, aid_rule = tables[:5], tables[5:8], tables[8:10], tables[10:15], tables[15:17]
    above_ceiling, upper_layers, account_pays = tables[17:]
    person, scheme, poor, benefit_class, kind, in_scope, own_pay, ratio_cut, deductible_factor = claims
    used_stay, used_visit, used_chronic, used_deductible, used_base, used_second, used_aid, used_own, stays, balance = state
    out_deductible, out_basic, out_second, out_aid, out_account, out_patient = out
    for i in range(first, last):
        p, s, k = int(person[i]), int(scheme[i]), kind[i]
        row = np.int64(s) * N_CLASSES + benefit_class[i]
        amount, cut = in_scope[i], ratio_cut[i]
        deductible, above, second, aid, account = 0, 0, 0, 0, 0
        if k == INPATIENT:
            deductible, basic, above = _stay(stay_rule, used_stay, p, s, row, amount, cut, deductible_factor[i], above_ceiling[s])
            stays[p] = min(stays[p] + 1, 255)
        elif k == CHRONIC:
            basic = _share_to_cap(chronic_rule, used_chronic, p, s, amount, cut)
        else:
            deductible, basic = _visit(visit_rule, used_deductible, used_visit, p, s, row, amount, cut)
        own = amount - basic
        if upper_layers[k]:
            second = _second(second_rule, used_base, used_second, p, s, above if above_ceiling[s] else own)
            if poor[i]:
                aid = _share_to_cap(aid_rule, used_aid, p, s, own - second, 0)
            own -= second + aid
        if account_pays[k]:
            account = min(own, max(int(balance[p]), 0))
            balance[p] -= account
        patient = own - account + own_pay[i]
        _add(used_own, p, patient)
        out_deductible[i], out_basic[i], out_second[i], out_aid[i] = deductible, basic, second, aid
        out_account[i], out_patient[i] = account, patient


@nb.njit(parallel=True, cache=True)
def _split_parallel(bounds: Ints, tables: Any, claims: Any, state: Any, out: Any) -> None:
    """The same over pieces that never divide a person, in any number of threads."""
    for piece in nb.prange(len(bounds) - 1):
        _split_range(bounds[piece], bounds[piece + 1], tables, claims, state, out)
