"""What each layer of insurance pays of a bill, and what is left to the patient: pure integer rules of one month.

Basic insurance comes first (deductible, ratio or bands, yearly ceiling). Then come the layers above it in the order of the rules, each
working on the in-scope residual of the one before (see :mod:`model.layers`), the personal account, and the patient. Sources of the rules:
国务院办公厅 and city documents as collected in ``rules.md`` B2, B4, B5, B6, B7. The compiled arithmetic is in :mod:`model.benefit_kernel`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.benefit_kernel import COUNTER_TOP, MAX_AMOUNT, find_row, split_parallel, split_range
from model.codes import BENEFIT_CLASSES, BENEFIT_KINDS, LAYERS, MEMBERS, REFERRALS, RETIRED, SCHEMES, STANDINGS
from model.drug_benefit import N_MASKS
from model.layers import MAX_DEDUCTIBLE, NO_LIMIT, Layer, check_bands, packed
from model.units import PPM, share_of

__all__ = [
    "COUNTER_TOP",
    "MAX_AMOUNT",
    "NO_LIMIT",
    "BenefitRules",
    "ClaimParts",
    "EntitledYear",
    "Layer",
    "YearToDate",
    "covered_share",
    "expected_price",
    "split_claims",
]

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

MAX_FACTOR = 1 << 30
CLAIM_COLUMNS = (
    *("person_row", "scheme", "retired", "standing", "benefit_class", "kind", "referral", "conditions", "day_surgery"),
    *("in_scope", "own_pay"),
)
CHUNKS = 64
"""Pieces of a parallel split; the number moves no result."""

N_SCHEMES, N_MEMBERS, N_CLASSES, N_KINDS = len(SCHEMES), len(MEMBERS), len(BENEFIT_CLASSES), len(BENEFIT_KINDS)
N_STANDINGS, N_REFERRALS = len(STANDINGS), len(REFERRALS)
PAYERS = {"second": "second", "aid": "aid", "tilt": "aid"}
"""Who pays a layer, as a part of a claim: the second layer's insurer, medical assistance, and for the rest the supplements' payers."""


def _inpatient_and_certified() -> Flags:
    return np.array([kind in ("chronic", "dialysis", "inpatient") for kind in BENEFIT_KINDS])


def _outpatient() -> Flags:
    return np.array([kind != "inpatient" for kind in BENEFIT_KINDS])


@dataclass(frozen=True, eq=False, kw_only=True)
class BenefitRules:
    """The benefits of one month, in fen and parts per million; axes ``m`` member (``MEMBERS``), ``s`` scheme, ``c`` benefit class,
    ``b`` band, ``k`` kind of care, ``w`` standing, ``r`` referral.

    Bands are on the cost *including* the deductible and pay from the deductible on (``rules.md`` B2); unused bands are zero.

    Attributes:
        inpatient_deductible: ``[m, c]`` of the first stay of a year.
        inpatient_later: ``[m, c]`` deductible of every later stay.
        inpatient_from: ``[m, c, b]`` lower end of a band of a stay's in-scope cost.
        inpatient_to: ``[m, c, b]`` upper end (``NO_LIMIT``: open).
        inpatient_ppm: ``[m, c, b]`` ratio paid in the band.
        inpatient_ceiling: ``[m]`` basic inpatient payment a year. Sessions of dialysis are paid by the ratios of stays without a
            deductible, and under this ceiling (rules B7: certified care, often at the ratio of stays).
        outpatient_deductible: ``[m]`` ordinary outpatient, a year (common and emergency visits together).
        outpatient_ppm: ``[m, c]`` ordinary outpatient ratio.
        outpatient_cap: ``[m]`` ordinary outpatient payment a year.
        chronic_ppm: ``[m, w]`` chronic outpatient ratio; no deductible.
        chronic_cap: ``[m]`` chronic outpatient payment a year.
        drugs_ppm: ``[m]`` ratio of the drug benefit for hypertension and diabetes (两病用药), for who has no certified chronic disease.
        drugs_cap: ``[m]`` its payment a year and disease.
        drug_diseases: ``[s, chronic mask]`` number of diseases for which chronic care is paid by the drug benefit; 0: as certified care.
        referral_first_ppm: ``[s, r]`` part of the in-scope cost that is paid by oneself before all else (rules B5 a).
        referral_cut_ppm: ``[s, r]`` points taken off the ratio (B5 b, c).
        referral_factor_ppm: ``[s, r]`` factor on the deductible of a stay (B5 c).
        registered_ppm: ``[s]`` stays outside, emergencies apart, that are registered before and so count as referred.
        day_surgery_factor_ppm: ``[s]`` factor on the deductible of a day surgery, in whole fen before that of a stay outside (rules E8).
        day_surgery_days: ``[s]`` days up to which an operative stay is one.
        layers: what stands above the basic layer, in the order in which it pays (rules B6); none twice.
        upper_layers: ``[k]`` whether the layers above the basic one look at this kind of care (assumption: stays and certified outpatient
            care, as 大病保险 and 医疗救助 are usually described).
        account_pays: ``[k]`` whether the personal account pays the in-scope own part (assumption: outpatient care only).
    """

    inpatient_deductible: Ints
    inpatient_later: Ints
    inpatient_from: Ints
    inpatient_to: Ints
    inpatient_ppm: Ints
    inpatient_ceiling: Ints
    outpatient_deductible: Ints
    outpatient_ppm: Ints
    outpatient_cap: Ints
    chronic_ppm: Ints
    chronic_cap: Ints
    drugs_ppm: Ints
    drugs_cap: Ints
    drug_diseases: Ints
    referral_first_ppm: Ints
    referral_cut_ppm: Ints
    referral_factor_ppm: Ints
    registered_ppm: Ints
    day_surgery_factor_ppm: Ints
    day_surgery_days: Ints
    upper_layers: Flags
    account_pays: Flags
    layers: tuple[Layer, ...] = ()

    def __post_init__(self) -> None:
        for name, shape in _shapes(_last_axis(self.inpatient_from)).items():
            array = _checked_table(name, getattr(self, name), shape)
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        check_bands("inpatient", self.inpatient_from, self.inpatient_to)
        names = [layer.name for layer in self.layers]
        if len(set(names)) < len(names):
            raise ValueError(f"a layer stands twice: {', '.join(names)}")

    @classmethod
    def none(cls, inpatient_bands: int = 1) -> BenefitRules:
        """Rules under which no layer pays anything: what a test or a builder starts from (see ``changed``)."""
        shapes = _shapes(inpatient_bands)
        tables: dict[str, Any] = {name: np.zeros(shape, dtype=_dtype(name)) for name, shape in shapes.items()}
        tables |= {name: np.full(shapes[name], PPM) for name in ("referral_factor_ppm", "day_surgery_factor_ppm")}
        return cls(**{**tables, "upper_layers": _inpatient_and_certified(), "account_pays": _outpatient()})

    def changed(self, *, layers: Sequence[Layer] | None = None, **tables: ArrayLike) -> BenefitRules:
        """The same rules with some tables or all layers replaced; values are spread over the table's shape where they are smaller.

        Tables of two schemes hold for retired employees as for active ones; a deductible holds for later stays unless they have one.
        """
        shapes = _shapes(max(1, _last_axis(np.asarray(tables.get("inpatient_from", self.inpatient_from)))))
        unknown = sorted(set(tables) - set(shapes))
        if unknown:
            raise ValueError(f"no such benefit table: {', '.join(unknown)}; there are {', '.join(shapes)}")
        if "inpatient_deductible" in tables:
            tables.setdefault("inpatient_later", tables["inpatient_deductible"])
        given = {
            name: np.array(np.broadcast_to(_by_member(value, shapes[name]), shapes[name]), dtype=_dtype(name))
            for name, value in tables.items()
        }
        kept: dict[str, Any] = {name: given.get(name, getattr(self, name)) for name in shapes}
        return BenefitRules(**kept, layers=self.layers if layers is None else tuple(layers))

    def with_retired(
        self,
        *,
        stay_ratio_added_ppm: int = 0,
        stay_deductible_ppm: int = PPM,
        outpatient_ratio_added_ppm: int = 0,
        outpatient_deductible: int | None = None,
    ) -> BenefitRules:
        """The same rules with terms of their own for retired employees.

        Points are added to every ratio that is not zero; the deductible of a stay has a factor, that of the year's visits is an amount.
        """
        names = ("inpatient_deductible", "inpatient_later", "inpatient_ppm", "outpatient_deductible", "outpatient_ppm")
        tables = {name: getattr(self, name).copy() for name in names}
        for name, added in (("inpatient_ppm", stay_ratio_added_ppm), ("outpatient_ppm", outpatient_ratio_added_ppm)):
            mine = tables[name][RETIRED]
            tables[name][RETIRED] = np.where(mine > 0, np.minimum(mine + added, PPM), 0)
        for name in names[:2]:
            tables[name][RETIRED] = share_of(tables[name][RETIRED], stay_deductible_ppm)
        if outpatient_deductible is not None:
            tables["outpatient_deductible"][RETIRED] = outpatient_deductible
        return self.changed(**tables)

    def layer(self, name: str) -> Layer | None:
        """The layer of that name, if it is in force."""
        return next((layer for layer in self.layers if layer.name == name), None)

    @property
    def penalises(self) -> bool:
        """Whether anybody pays more for a stay outside without a referral, or with one."""
        return bool(self.referral_first_ppm.any() or self.referral_cut_ppm.any() or (self.referral_factor_ppm != PPM).any())

    @property
    def spares_day_surgery(self) -> bool:
        """Whether anybody bears a deductible of its own at a day surgery."""
        return bool((self.day_surgery_factor_ppm != PPM).any())

    def tables(self) -> tuple[Any, ...]:
        """The tables as the kernel wants them: flat, in the order of ``split_range``, member and class one axis."""
        stay = (self.inpatient_deductible, self.inpatient_later, self.inpatient_from, self.inpatient_to, self.inpatient_ppm)
        return (
            *(table.reshape(N_MEMBERS * N_CLASSES, *table.shape[2:]) for table in stay),
            self.inpatient_ceiling,
            *(self.outpatient_deductible, self.outpatient_ppm.reshape(-1), self.outpatient_cap),
            *(self.chronic_ppm.reshape(-1), self.chronic_cap, self.drugs_ppm, self.drugs_cap, self.drug_diseases.reshape(-1)),
            *(table.reshape(-1) for table in (self.referral_first_ppm, self.referral_cut_ppm, self.referral_factor_ppm)),
            self.day_surgery_factor_ppm,
            *packed(self.layers),
            *(self.upper_layers, self.account_pays),
        )


@dataclass(eq=False)
class EntitledYear:
    """What the layers beyond the second have used up, for the few people who are entitled to them (memory: nothing for the others).

    Attributes:
        rows: ``[e]`` int32 rows of people with a standing, ascending.
        used: ``[e, LAYERS]`` int32 fen; column 0 is the in-scope residual of the basic layer, the others what each layer has paid
            (assistance excepted, which has a column of people).
    """

    rows: NDArray[np.int32]
    used: NDArray[np.int32]

    @classmethod
    def zeros(cls, rows: NDArray[np.integer]) -> EntitledYear:
        """A fresh year for the people in these rows."""
        return cls(np.ascontiguousarray(rows, dtype=np.int32), np.zeros((len(rows), len(LAYERS)), dtype=np.int32))

    def follow(self, standing: NDArray[np.integer]) -> None:
        """Takes in who has come to have a standing and lets go who has lost it; the others keep what they have used up."""
        rows = np.flatnonzero(standing)
        if np.array_equal(rows, self.rows):
            return
        fresh = EntitledYear.zeros(rows)
        _, old, new = np.intersect1d(self.rows, fresh.rows, assume_unique=True, return_indices=True)
        fresh.used[new] = self.used[old]
        self.rows, self.used = fresh.rows, fresh.used


@dataclass(eq=False)
class YearToDate:
    """What a year has used up so far, one entry a person; ``split_claims`` updates the arrays in place.

    All int32 fen (stopping at ``COUNTER_TOP``), but ``ytd_stays`` uint8. Names are those of the columns of people, see ``of``.

    Attributes:
        ytd_basic_inpatient: basic payment for stays and sessions of dialysis.
        ytd_basic_outpatient: basic payment for ordinary outpatient care.
        ytd_basic_chronic: basic payment for chronic outpatient care.
        ytd_outpatient_deductible: ordinary outpatient deductible already borne.
        ytd_residual: base of the second layer (in-scope residual, or cost above the ceiling, as the scheme's rule says).
        ytd_cii: second layer paid.
        ytd_aid: assistance paid.
        ytd_oop: paid by the patient, account not counted.
        ytd_stays: stays.
        account_balance: money on the personal account; the only one that a new year does not reset.
        entitled: what those with a standing have used up of the other layers.
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
    entitled: EntitledYear

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
        """A fresh year for so many people, with empty accounts; anybody may have a standing."""
        columns = {name: np.zeros(people, dtype=np.uint8 if name == "ytd_stays" else np.int32) for name in COLUMNS}
        return cls(**columns, entitled=EntitledYear.zeros(np.arange(people)))  # type: ignore[arg-type]

    @classmethod
    def of(cls, people: Any, entitled: EntitledYear) -> YearToDate:
        """The columns of whoever has attributes of these names, shared, not copied."""
        return cls(**{name: getattr(people, name) for name in COLUMNS}, entitled=entitled)

    def columns(self) -> dict[str, NDArray[Any]]:
        """Arrays of one entry a person, by name."""
        return {name: getattr(self, name) for name in COLUMNS}

    def copy(self) -> YearToDate:
        """The same state in arrays of its own."""
        columns = {name: array.copy() for name, array in self.columns().items()}
        return YearToDate(**columns, entitled=EntitledYear(self.entitled.rows.copy(), self.entitled.used.copy()))

    def start_year(self) -> None:
        """Sets everything but the account to zero, in place."""
        for name, array in self.columns().items():
            if name != "account_balance":
                array[:] = 0
        self.entitled.used[:] = 0

    def state(self) -> tuple[Any, ...]:
        """The counters as the kernel wants them."""
        layers = (self.ytd_residual, self.ytd_cii, self.ytd_aid, self.entitled.rows, self.entitled.used)
        basic = (self.ytd_basic_inpatient, self.ytd_basic_outpatient, self.ytd_basic_chronic, self.ytd_outpatient_deductible)
        return (*basic, self.ytd_oop, self.ytd_stays, self.account_balance, *layers)


COLUMNS = tuple(f.name for f in fields(YearToDate) if f.name != "entitled")
"""Names of the columns of people that a year moves."""


@dataclass(frozen=True, eq=False)
class ClaimParts:
    """Who pays what of each claim, int64 fen. ``basic``, ``second``, ``supplement``, ``aid``, ``account`` and ``patient`` are the whole
    bill; ``deductible`` says how much of it fell under a deductible and is contained in the other parts.

    Attributes:
        layers: ``[l, n]`` payment of each layer above the basic one, in the order of the rules.
        names: names of these layers.
    """

    deductible: Ints
    basic: Ints
    account: Ints
    patient: Ints
    layers: Ints
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.basic)

    def of(self, layer: str) -> Ints:
        """What one layer pays, nothing where it is not in force."""
        return self.layers[self.names.index(layer)] if layer in self.names else np.zeros(len(self), dtype=np.int64)

    def _paid_by(self, payer: str) -> Ints:
        own = [i for i, name in enumerate(self.names) if PAYERS.get(name, "supplement") == payer]
        return self.layers[own[0]] if len(own) == 1 else self.layers[own].sum(axis=0)

    def covered(self, in_scope: ArrayLike) -> NDArray[np.float64]:
        """Share of each claim's in-scope cost that basic insurance and the layers above it pay."""
        return covered_share(self.basic + self.layers.sum(axis=0), in_scope)

    @property
    def second(self) -> Ints:
        """What the insurer of the second layer pays: catastrophic insurance or large-expense cover."""
        return self._paid_by("second")

    @property
    def supplement(self) -> Ints:
        """What the supplements pay: that of civil servants and enterprises, the one for the poor, and the fourth reimbursement."""
        return self._paid_by("supplement")

    @property
    def aid(self) -> Ints:
        """What medical assistance pays, tilt aid included."""
        return self._paid_by("aid")

    @property
    def total(self) -> Ints:
        """Sum of the parts that pay."""
        whole: Ints = self.basic + self.layers.sum(axis=0) + self.account + self.patient
        return whole


def covered_share(paid: ArrayLike, in_scope: ArrayLike) -> NDArray[np.float64]:
    """What all layers together pay of in-scope cost, as a share: 政策范围内费用实际报销比例 (rules B6); nothing of nothing."""
    base = np.asarray(in_scope, dtype=np.float64)
    share: NDArray[np.float64] = np.divide(paid, base, out=np.zeros(base.shape), where=base > 0)
    return share


def split_claims(
    rules: BenefitRules,
    *,
    person_row: NDArray[Any],
    scheme: NDArray[Any],
    standing: NDArray[Any],
    benefit_class: NDArray[Any],
    kind: NDArray[Any],
    in_scope: NDArray[Any],
    own_pay: NDArray[Any],
    ytd: YearToDate,
    retired: NDArray[Any] | None = None,
    referral: NDArray[Any] | None = None,
    conditions: NDArray[Any] | None = None,
    day_surgery: NDArray[Any] | None = None,
    parallel: bool = False,
) -> ClaimParts:
    """Splits claims between the layers, one person's claims in their order, and moves the year on in place.

    Args:
        rules: benefits of the month.
        person_row: row of the person in ``ytd``; claims of one person stand together, rows never fall.
        scheme: code in ``SCHEMES``.
        standing: code in ``STANDINGS``, which says what layers a person is entitled to.
        benefit_class: code in ``BENEFIT_CLASSES`` of the place of care.
        kind: code in ``BENEFIT_KINDS``.
        in_scope: fen inside the catalogue after first-self-pay.
        own_pay: fen outside the catalogue, first-self-pay included; the patient's, whatever the rules.
        ytd: state of the year, updated.
        retired: 1 for retired employees; nobody by default.
        referral: code in ``REFERRALS`` (rules B5); local by default.
        conditions: mask of the person's chronic conditions, which says how chronic care is paid (rules B7); none by default.
        day_surgery: 1 for a stay that is a day surgery; none by default.
        parallel: whether to use all Numba threads; the result is the same to the byte.

    Returns:
        The parts of each claim, in the order given.
    """
    n = len(person_row)
    none = np.zeros(n, dtype=np.uint8)
    claims = (
        _column("person_row", person_row, np.int32, n),
        _column("scheme", scheme, np.uint8, n),
        _column("retired", none if retired is None else retired, np.uint8, n),
        _column("standing", standing, np.uint8, n),
        _column("benefit_class", benefit_class, np.uint8, n),
        _column("kind", kind, np.uint8, n),
        _column("referral", none if referral is None else referral, np.uint8, n),
        _column("conditions", none if conditions is None else conditions, np.uint8, n),
        _column("day_surgery", none if day_surgery is None else day_surgery, np.uint8, n),
        _column("in_scope", in_scope, np.int64, n),
        _column("own_pay", own_pay, np.int64, n),
    )
    bad = _first_bad(len(ytd), ytd.entitled.rows, claims)
    if bad >= 0:
        raise ValueError(_complaint(bad, len(ytd), claims))
    names = tuple(layer.name for layer in rules.layers)
    deductible, basic, account, patient = np.empty((4, n), dtype=np.int64)
    parts = ClaimParts(deductible, basic, account, patient, np.zeros((len(names), n), dtype=np.int64), names)
    out = (deductible, basic, parts.layers, account, patient)
    if parallel:
        split_parallel(_person_bounds(claims[0]), rules.tables(), claims, ytd.state(), out)
    else:
        split_range(0, n, rules.tables(), claims, ytd.state(), out)
    return parts


def expected_price(
    rules: BenefitRules,
    scheme: ArrayLike,
    benefit_class: ArrayLike,
    kind: ArrayLike,
    in_scope: ArrayLike,
    own_pay: ArrayLike,
    *,
    standing: ArrayLike = 0,
    retired: ArrayLike = 0,
    referral: ArrayLike = 0,
    conditions: ArrayLike = 0,
    day_surgery: ArrayLike = 0,
) -> Ints:
    """What a patient expects to pay of a bill at the start of a year, from pocket or account: int64 fen in the arguments' joint shape.

    It is ``split_claims`` on one untouched person a bill, so the price a choice is made on cannot drift from the rule that is applied.
    """
    given = [np.asarray(a) for a in (scheme, standing, benefit_class, kind, in_scope, own_pay, retired, referral, conditions, day_surgery)]
    spread = np.broadcast_arrays(*given)
    flat = [np.ascontiguousarray(a).reshape(-1) for a in spread]
    parts = split_claims(
        rules,
        person_row=np.arange(flat[0].size, dtype=np.int32),
        scheme=flat[0],
        standing=flat[1],
        benefit_class=flat[2],
        kind=flat[3],
        in_scope=flat[4],
        own_pay=flat[5],
        ytd=YearToDate.zeros(flat[0].size),
        retired=flat[6],
        referral=flat[7],
        conditions=flat[8],
        day_surgery=flat[9],
    )
    return (parts.patient + parts.account).reshape(spread[0].shape)


# Checks


def _last_axis(array: NDArray[Any]) -> int:
    return int(array.shape[-1]) if array.ndim else 0


def _shapes(bands: int) -> dict[str, tuple[int, ...]]:
    by_member, by_class, by_kind = (N_MEMBERS,), (N_MEMBERS, N_CLASSES), (N_KINDS,)
    special: dict[str, tuple[int, ...]] = dict.fromkeys(("inpatient_deductible", "inpatient_later", "outpatient_ppm"), by_class)
    special |= dict.fromkeys(("upper_layers", "account_pays"), by_kind)
    special |= {f"inpatient_{end}": (*by_class, bands) for end in ("from", "to", "ppm")}
    special |= {f"referral_{what}_ppm": (N_SCHEMES, N_REFERRALS) for what in ("first", "cut", "factor")}
    special |= {"chronic_ppm": (N_MEMBERS, N_STANDINGS), "drug_diseases": (N_SCHEMES, N_MASKS), "registered_ppm": (N_SCHEMES,)}
    special |= dict.fromkeys(("day_surgery_factor_ppm", "day_surgery_days"), (N_SCHEMES,))
    return {f.name: special.get(f.name, by_member) for f in fields(BenefitRules) if f.name != "layers"}


def _by_member(value: ArrayLike, shape: tuple[int, ...]) -> NDArray[Any]:
    """A table by member, where one by scheme is given."""
    table = np.asarray(value)
    if shape[0] == N_MEMBERS and table.ndim == len(shape) and table.shape[0] == N_SCHEMES:
        return np.concatenate([table, table[:1]])
    return table


def _dtype(table: str) -> type[np.generic]:
    return np.bool_ if table in ("upper_layers", "account_pays") else np.int64


def _checked_table(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """A copy of a rule table, if its type, shape and range are right."""
    if array.dtype != _dtype(name) or array.shape != shape or 0 in shape:
        raise ValueError(f"{name} is {array.dtype} {array.shape}; {np.dtype(_dtype(name))} {shape} is needed")
    if name == "referral_factor_ppm":
        top = MAX_FACTOR
    elif name.endswith("_ppm"):
        top = PPM
    elif name == "drug_diseases":
        top = 2
    else:
        top = MAX_DEDUCTIBLE if name.endswith(("_deductible", "_later")) else NO_LIMIT
    if array.dtype != np.bool_ and (array.min() < 0 or array.max() > top):
        raise ValueError(f"{name} must lie between 0 and {top}, not {array.min()} to {array.max()}")
    return np.array(array, order="C")


def _column(name: str, array: NDArray[Any], dtype: type[np.generic], n: int) -> NDArray[Any]:
    """One column of claims in the kernel's type; floats and other lengths are refused."""
    column = np.asarray(array)
    if column.dtype.kind not in "iub" or column.shape != (n,):
        raise ValueError(f"{name} is {column.dtype} {column.shape}; integers of shape {(n,)} are needed")
    return np.ascontiguousarray(column, dtype=dtype)


@nb.njit(cache=True)
def _first_bad(people: int, entitled: NDArray[np.int32], claims: Any) -> int:
    """First claim that cannot be split, or -1."""
    person, scheme, retired, standing, benefit_class, kind, referral, conditions, day_surgery, in_scope, own_pay = claims
    before = np.int32(0)
    for i in range(len(person)):
        fine = before <= person[i] < people and scheme[i] < N_SCHEMES and retired[i] <= 1 and standing[i] < N_STANDINGS
        fine = fine and (standing[i] == 0 or find_row(entitled, person[i]) >= 0)
        fine = fine and benefit_class[i] < N_CLASSES and kind[i] < N_KINDS and referral[i] < N_REFERRALS and conditions[i] < N_MASKS
        fine = fine and day_surgery[i] <= 1
        if not (fine and 0 <= in_scope[i] <= MAX_AMOUNT and 0 <= own_pay[i] <= MAX_AMOUNT):
            return i
        before = person[i]
    return -1


def _complaint(i: int, people: int, claims: tuple[NDArray[Any], ...]) -> str:
    found = ", ".join(f"{name}={int(column[i])}" for name, column in zip(CLAIM_COLUMNS, claims, strict=True))
    before = int(claims[0][i - 1]) if i else 0
    return (
        f"claim {i} cannot be split: {found}; person_row must lie in {before}..{people - 1} and never fall, codes in their lists, "
        f"whoever has a standing among the entitled, amounts in 0..{MAX_AMOUNT}"
    )


def _person_bounds(person: NDArray[np.int32]) -> Ints:
    """Bounds of at most ``CHUNKS`` pieces of the claims, none of which divides a person."""
    n = len(person)
    cuts = np.linspace(0, n, CHUNKS + 1).astype(np.int64)
    inner = np.searchsorted(person, person[cuts[(cuts > 0) & (cuts < n)]], side="left")
    return np.unique(np.concatenate([np.array([0, n]), inner])).astype(np.int64)
