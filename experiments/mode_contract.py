"""What every payment mode must keep to, whoever wrote it: checks that say what they found wrong (see docs/extending.md)."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import PydanticCustomError

from experiments.contract import Contract, Finding
from experiments.mode_market import (
    N_HOLDERS,
    books_of,
    cases_in_other_money,
    draw_cases,
    draw_history,
    in_other_money,
    in_other_order,
    no_totals,
    nothing_remembered,
    sum_cases,
)
from model.errors import InputError
from model.payment import OUTFLOW, RESIDUAL, CaseTable, PaymentMode, get_mode, list_modes
from model.payment.explanation import Explaining, Step
from model.payment.protocol import Reviewing, ReviewingLater, Revising
from model.plugins import dumps
from model.policy.leaf import LeafSpec

Floats = NDArray[np.float64]

CASES_DRAWN = 40
"""Bills of a year in one of them."""
MONEY_UNITS = ("yuan", "fen")
"""Units of parameters, up to a stroke, that change with the currency."""


@dataclass(frozen=True)
class Subject:
    """A mode under check: its class, and the name it is registered under, if it is."""

    kind: type[Any]
    known_as: str | None = None

    @cached_property
    def mode(self) -> Any:
        """The mode with its standard parameters."""
        return self.kind()

    @property
    def declared(self) -> Mapping[str, LeafSpec]:
        """The parameters that the mode declares."""
        found: Mapping[str, LeafSpec] = self.kind.PARAMETERS
        return found

    def year(self, seed: int, n: int = CASES_DRAWN) -> Year:
        """The mode's terms after a random year, and the next year's cases."""
        rng = np.random.default_rng(seed)
        terms = self.mode.post(draw_history(rng, self.mode))
        cases = draw_cases(rng, n, self.mode)
        return Year(self.mode, terms, cases, sum_cases(cases, self.mode.tariff(cases, terms)))


@dataclass(frozen=True)
class Year:
    """A mode at work: its terms, a year of cases and their totals ``[holder, scheme, measure]``."""

    mode: Any
    terms: Any
    cases: CaseTable
    totals: Floats

    def owed(self, totals: Floats | None = None) -> Floats:
        """What all holders are owed for the year's totals, or for other ones."""
        return owed_for(self.mode, self.totals if totals is None else totals, self.terms)


CONTRACT: Contract[Subject] = Contract("contract")
"""All clauses of the contract of modes."""
check = CONTRACT.check


def owed_for(mode: Any, totals: Floats, terms: Any, fraction: float = 1.0) -> Floats:
    """What all holders are owed for totals that make up the pool."""
    owed: Floats = mode.entitlement(totals, totals.sum(axis=0, keepdims=True), np.arange(N_HOLDERS), terms, fraction)
    return owed


def _wrong(key: str, **values: object) -> Finding:
    return Finding(f"contract_{key}", values)


def _apart(found: Any, wanted: Any, rtol: float = 0.0, atol: float = 0.0) -> tuple[float, float] | None:
    """The first two numbers that differ by more than is tolerated."""
    found, wanted = np.broadcast_arrays(np.asarray(found, dtype=float), np.asarray(wanted, dtype=float))
    off = np.flatnonzero(~(np.abs(found - wanted) <= atol + rtol * np.abs(wanted)))
    return (float(found.flat[off[0]]), float(wanted.flat[off[0]])) if len(off) else None


def _differs(key: str, found: Any, wanted: Any, rtol: float = 0.0, atol: float = 0.0) -> Finding | None:
    """A finding whose text names the two numbers, where there are such."""
    pair = _apart(found, wanted, rtol, atol)
    return None if pair is None else _wrong(key, found=f"{pair[0]:,.4f}", wanted=f"{pair[1]:,.4f}")


def _arrays(thing: Any) -> Iterator[NDArray[Any]]:
    """All arrays that a table, a history or terms hold."""
    if isinstance(thing, np.ndarray):
        yield thing
    elif is_dataclass(thing) and not isinstance(thing, type):
        for field in fields(thing):
            yield from _arrays(getattr(thing, field.name))
    elif isinstance(thing, Mapping):
        yield from _arrays(tuple(thing.values()))
    elif isinstance(thing, list | tuple):
        for part in thing:
            yield from _arrays(part)


def _same(one: Any, other: Any) -> bool:
    """Whether two things hold the same arrays, bit for bit (what is not a number is itself)."""
    found, wanted = list(_arrays(one)), list(_arrays(other))
    return len(found) == len(wanted) and all(
        a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in zip(found, wanted, strict=True)
    )


# What it says of itself


@check(draws=1)
def made(subject: Subject, seed: int) -> Finding | None:
    """It can be made without a word, and has all that the protocol asks for."""
    mode = subject.mode
    wanted = (*PaymentMode.__annotations__, "post", "tariff", "entitlement", "PARAMETERS")
    absent = [name for name in wanted if not hasattr(mode, name)]
    return _wrong("made_lacks", names=", ".join(absent)) if absent else None


@check("made", draws=1)
def introduces(subject: Subject, seed: int) -> Finding | None:
    """Name, labels in both languages, a summary and a colour."""
    mode = subject.mode
    patterns = {
        "name": r"[a-z][a-z0-9_]*" if subject.known_as is None else re.escape(subject.known_as),
        "label_zh": r".*[\u4e00-\u9fff].*",
        "label_en": r"[\x20-\x7e]+",
        "summary": r"(?s).+",
        "color": r"#[0-9A-Fa-f]{6}",
    }
    for key, pattern in patterns.items():
        value = getattr(mode, key)
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            return _wrong("introduces_wrong", field=key, value=repr(value), pattern=pattern)
    return None


@check("introduces", draws=1)
def distinct(subject: Subject, seed: int) -> Finding | None:
    """No other listed mode has its colour or a label of its."""
    mode = subject.mode
    for other in (get_mode(name) for name in list_modes() if name != mode.name):
        for key in ("color", "label_zh", "label_en"):
            if getattr(other, key).lower() == getattr(mode, key).lower():
                return _wrong("distinct_not", field=key, value=getattr(mode, key), other=other.name)
    return None


@check("made", draws=1)
def parameters(subject: Subject, seed: int) -> Finding | None:
    """A policy file can set every parameter and no other, and the standard values are ones it could have set."""
    taken, declared = inspect.signature(subject.kind).parameters, subject.declared
    for name in (*taken, *declared):
        if name not in taken or name not in declared:
            return _wrong("parameters_undeclared" if name in taken else "parameters_unknown", name=name)
    for name, spec in declared.items():
        value = taken[name].default
        if not spec.optional:
            try:
                spec.check_value(list(value) if isinstance(value, tuple) else value)
            except PydanticCustomError as error:
                return _wrong("parameters_default", name=name, value=repr(value), what=error.message())
    return None


@check("made", draws=1)
def traits(subject: Subject, seed: int) -> Finding | None:
    """Declared traits are among the known."""
    declared = subject.mode.traits
    for key, allowed in (("held_by", ("provider", "group")), ("heads", ("none", "institution", "group"))):
        if getattr(declared, key) not in allowed:
            return _wrong("traits_unknown", field=key, value=repr(getattr(declared, key)), allowed=", ".join(allowed))
    return None


# Pure functions over columns


@check("made", "traits")
def answers(subject: Subject, seed: int) -> Finding | None:
    """The three questions are answered without an exception or a warning."""
    year = subject.year(seed)
    year.owed()
    return None


@check("answers")
def untouched(subject: Subject, seed: int) -> Finding | None:
    """What it is asked about is left as it was."""
    rng, mode = np.random.default_rng(seed), subject.mode
    past, cases = draw_history(rng, mode), draw_cases(rng, 20, mode)
    terms = mode.post(copy.deepcopy(past))
    totals = sum_cases(cases, np.ones(len(cases)))
    pool, holder = totals.sum(axis=0, keepdims=True), np.arange(N_HOLDERS)
    asked: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
        "post": (mode.post, (past,)),
        "tariff": (mode.tariff, (cases, terms)),
        "entitlement": (mode.entitlement, (totals, pool, holder, terms, 0.5)),
    }
    for method, (ask, given) in asked.items():
        before = [array.copy() for array in _arrays(given)]
        ask(*given)
        if not _same(given, before):
            return _wrong("untouched_not", method=method)
    return None


@check("untouched")
def repeatable(subject: Subject, seed: int) -> Finding | None:
    """The same question has the same answer."""
    one, other = subject.year(seed), subject.year(seed)
    same = {
        "post": _same(one.terms, other.terms),
        "tariff": _same(one.totals, other.totals),
        "entitlement": _same(one.owed(), other.owed()),
    }
    method = next((name for name, holds in same.items() if not holds), None)
    return None if method is None else _wrong("repeatable_not", method=method)


@check("repeatable")
def units(subject: Subject, seed: int) -> Finding | None:
    """A finite count of units, not negative, for each case."""
    year = subject.year(seed)
    found = year.mode.tariff(year.cases, year.terms)
    if not isinstance(found, np.ndarray) or found.dtype != np.float64 or found.shape != (len(year.cases),):
        return _wrong("units_form", found=_form(found), wanted=f"float64{[len(year.cases)]}")
    bad = np.flatnonzero(~np.isfinite(found) | (found < 0))
    if not len(bad):
        return None
    charge = float(year.cases.charge[bad[0]]) / 100
    return _wrong("units_wrong", value=f"{found[bad[0]]:g}", count=len(bad), cases=len(found), charge=f"{charge:,.2f}")


@check("units")
def owed(subject: Subject, seed: int) -> Finding | None:
    """A finite sum for each holder and scheme."""
    year = subject.year(seed)
    found = year.owed()
    wanted = year.totals.shape[:-1]
    if not isinstance(found, np.ndarray) or found.shape != wanted:
        return _wrong("units_form", found=_form(found), wanted=f"float64{list(wanted)}")
    bad = ~np.isfinite(found)
    return _wrong("owed_wrong", value=f"{found[bad][0]:g}", count=int(bad.sum()), holders=found.size) if bad.any() else None


def _form(found: Any) -> str:
    return f"{found.dtype}{list(found.shape)}" if isinstance(found, np.ndarray) else type(found).__name__


@check("owed")
def order(subject: Subject, seed: int) -> Finding | None:
    """The order of cases and of holders means nothing."""
    year, rng = subject.year(seed), np.random.default_rng(seed)
    mode, terms, cases, totals = year.mode, year.terms, year.cases, year.totals
    turn = rng.permutation(len(cases))
    found = _differs("order_cases", mode.tariff(cases.take(turn), terms), mode.tariff(cases, terms)[turn])
    if found:
        return found
    turn = rng.permutation(N_HOLDERS)
    turned = mode.entitlement(totals[turn], totals.sum(axis=0, keepdims=True), turn, terms, 1.0)
    return _differs("order_holders", turned, year.owed()[turn], rtol=1e-12)


@check("order")
def alone(subject: Subject, seed: int) -> Finding | None:
    """A case counts for the same alone and in company."""
    year = subject.year(seed)
    single = [year.mode.tariff(year.cases.take(np.array([i])), year.terms)[0] for i in range(len(year.cases))]
    return _differs("alone_not", single, year.mode.tariff(year.cases, year.terms))


@check("order")
def rows(subject: Subject, seed: int) -> Finding | None:
    """Many rows that each have a pool of their own, as the quote asks for them, are many questions of one row."""
    year = subject.year(seed)
    pools = year.totals.sum(axis=0) + np.arange(N_HOLDERS)[:, None, None] * 1000.0
    ask = year.mode.entitlement
    whole = ask(year.totals, pools, np.arange(N_HOLDERS), year.terms, 1.0)
    single = [ask(year.totals[[i]], pools[[i]], np.array([i]), year.terms, 1.0)[0] for i in range(N_HOLDERS)]
    return _differs("rows_not", whole, single, rtol=1e-12)


@check("owed")
def memory(subject: Subject, seed: int) -> Finding | None:
    """The order in which last year's cases stand in the books means nothing."""
    rng, mode = np.random.default_rng(seed), subject.mode
    past = draw_history(rng, mode)
    turned = in_other_order(past, rng)
    terms = mode.post(past)
    totals = sum_cases(past.cases, mode.tariff(past.cases, terms))
    return _differs("memory_not", owed_for(mode, totals, mode.post(turned)), owed_for(mode, totals, terms), rtol=1e-9)


# Money


@check("owed")
def fen(subject: Subject, seed: int) -> Finding | None:
    """The books can round what is owed to whole fen that add up to the sum."""
    rng, mode = np.random.default_rng(seed), subject.mode
    books = books_of(mode, draw_history(rng, mode))
    instance = books.instances[0]
    cases = draw_cases(rng, CASES_DRAWN, mode)
    instance.year_totals = sum_cases(cases, mode.tariff(cases, instance.terms))
    books.elapsed = 12
    exact = owed_for(mode, instance.year_totals, instance.terms) * books.is_owed(instance)[:, None]
    whole = books.owed(instance)
    return _differs("fen_not", whole.sum(axis=0), np.rint(exact.sum(axis=0)), atol=0.5) or _differs("fen_not", whole, exact, atol=1.0)


@check("owed")
def currency(subject: Subject, seed: int) -> Finding | None:
    """Where every amount of money is a hundred times as large, so is what is owed."""

    def owed_in(factor: float) -> Floats:
        mode = subject.kind(**_in_other_money(subject, factor))
        rng = np.random.default_rng(seed)
        terms = mode.post(in_other_money(draw_history(rng, mode), factor))
        cases = cases_in_other_money(draw_cases(rng, CASES_DRAWN, mode), factor)
        return owed_for(mode, sum_cases(cases, mode.tariff(cases, terms)), terms)

    return _differs("currency_not", owed_in(100.0), 100.0 * owed_in(1.0), rtol=1e-6, atol=1.0)


def _in_other_money(subject: Subject, factor: float) -> dict[str, Any]:
    """Standard parameters that are money, multiplied."""
    names = [name for name, spec in subject.declared.items() if (spec.unit or "").split("/")[0] in MONEY_UNITS]
    return {name: _multiplied(getattr(subject.mode, name), factor) for name in names}


def _multiplied(value: Any, factor: float) -> Any:
    if isinstance(value, tuple):
        return tuple(_multiplied(part, factor) for part in value)
    return value * factor if isinstance(value, int | float) else value


@check("owed")
def residual(subject: Subject, seed: int) -> Finding | None:
    """More in-scope money from patients, all else equal, never raises what all holders together are owed by the fund."""
    year = subject.year(seed)
    more = year.totals.copy()
    more[..., RESIDUAL] += 1000.0
    before, after = year.owed().sum(axis=0), year.owed(more).sum(axis=0)
    return _differs("residual_twice", np.maximum(after, before), before, atol=1e-3)


# Parameters, months and years at the edge


@check("parameters", "owed")
def bounds(subject: Subject, seed: int) -> Finding | None:
    """Whatever value a policy may give a parameter, the mode answers with finite numbers, or refuses it when it is made."""
    rng = np.random.default_rng(seed)
    past = draw_history(rng, subject.mode)
    cases = draw_cases(rng, CASES_DRAWN, subject.mode)
    for name, value in _edges(subject.declared):
        try:
            mode = subject.kind(**{name: value})
        except InputError:
            continue
        try:
            terms = mode.post(past)
            counted = mode.tariff(cases, terms)
            finite = np.isfinite(counted).all() and np.isfinite(owed_for(mode, sum_cases(cases, counted), terms)).all()
            told = "" if finite else "NaN / ∞"
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
        if told:
            return _wrong("bounds_break", name=name, value=value, told=told)
    return None


def _edges(declared: Mapping[str, LeafSpec]) -> Iterator[tuple[str, Any]]:
    """The lowest and highest value of each number that has one, and every choice of each text."""
    for name, spec in declared.items():
        if spec.form == "text":
            yield from ((name, choice) for choice in spec.choices)
        elif spec.form in ("number", "integer"):
            yield from ((name, edge) for edge in (spec.low, spec.high) if edge is not None)


@check("owed", draws=1)
def empty_month(subject: Subject, seed: int) -> Finding | None:
    """A month without cases has no units and a finite debt."""
    year = subject.year(seed)
    nothing = year.mode.tariff(year.cases.take(np.zeros(0, dtype=np.int64)), year.terms)
    if np.shape(nothing) != (0,):
        return _wrong("units_form", found=_form(nothing), wanted="float64[0]")
    return None if np.isfinite(year.owed(no_totals())).all() else _wrong("empty_month_wrong")


@check("owed", draws=1)
def first_year(subject: Subject, seed: int) -> Finding | None:
    """It can start where nothing is remembered."""
    mode = subject.mode
    terms = mode.post(nothing_remembered(mode))
    cases = draw_cases(np.random.default_rng(seed), 10, mode)
    counted = mode.tariff(cases, terms)
    fine = np.isfinite(counted).all() and np.isfinite(owed_for(mode, sum_cases(cases, counted), terms)).all()
    return None if fine else _wrong("first_year_wrong")


@check("owed")
def nobody(subject: Subject, seed: int) -> Finding | None:
    """A holder without heads, base and cases is owed nothing."""
    mode = subject.mode
    past = draw_history(np.random.default_rng(seed), mode)
    holder = seed % N_HOLDERS
    past.base[holder], past.heads[holder] = 0.0, 0.0
    return _differs("nobody_paid", owed_for(mode, no_totals(), mode.post(past))[holder], 0.0)


# Declared traits


@check("owed")
def budget(subject: Subject, seed: int) -> Finding | None:
    """A mode that declares to exhaust its budget pays the same sum whatever is done."""
    if not subject.mode.traits.exhausts_budget:
        return None
    year, rng, sums = subject.year(seed), np.random.default_rng(seed + 1), []
    for n in (30, 300):
        cases = draw_cases(rng, n, year.mode)
        cases.scheme[:2] = 0, 1
        sums.append(year.owed(sum_cases(cases, year.mode.tariff(cases, year.terms))).sum(axis=0))
    return next((found for one, other in pairwise(sums) if (found := _differs("budget_moves", other, one, rtol=1e-9))), None)


@check("owed")
def outflow(subject: Subject, seed: int) -> Finding | None:
    """Care of own heads elsewhere is borne by who declares so, fen for fen, and by nobody else."""
    year = subject.year(seed)
    more = year.totals.copy()
    more[..., OUTFLOW] += 12_345.0
    borne = -12_345.0 if year.mode.traits.outflow else 0.0
    return _differs("outflow_wrong", year.owed(more) - year.owed(), borne, atol=1e-3)


@check("owed")
def heads(subject: Subject, seed: int) -> Finding | None:
    """Heads move the money of modes that declare to count them, and of no other."""
    mode = subject.mode
    if mode.traits.heads != "none":
        return None
    past = draw_history(np.random.default_rng(seed), mode)
    moved = replace(past, heads=past.heads[::-1] + 7.0)
    terms = mode.post(past)
    totals = sum_cases(past.cases, mode.tariff(past.cases, terms))
    return _differs("heads_move", owed_for(mode, totals, mode.post(moved)), owed_for(mode, totals, terms))


# In a run, and to a clerk


@check("owed", draws=1)
def travels(subject: Subject, seed: int) -> Finding | None:
    """Mode and terms can be sent to another process, and answer there as here."""
    year = subject.year(seed)
    mode, terms = pickle.loads(dumps((year.mode, year.terms)))
    return _differs("travels_not", owed_for(mode, year.totals, terms), year.owed())


@check("owed")
def reviews(subject: Subject, seed: int) -> Finding | None:
    """Where it reviews cases, each counts for a finite number of units before and after, in a month without cases too."""
    year = subject.year(seed)
    if not isinstance(year.mode, Reviewing) or not year.mode.reviews:
        return None
    for cases in (year.cases, year.cases.take(np.zeros(0, dtype=np.int64))):
        counts = [year.mode.review(cases, year.terms, 100.0)]
        if isinstance(year.mode, ReviewingLater):
            counts.append(year.mode.unreviewed(cases, year.terms))
        for found in counts:
            if np.shape(found) != (len(cases),):
                return _wrong("units_form", found=_form(found), wanted=f"float64{[len(cases)]}")
            if not (np.isfinite(found) & (found >= 0)).all():
                return _wrong("reviews_wrong", value=f"{found[~(np.isfinite(found) & (found >= 0))][0]:g}")
    return None


@check("owed")
def revises(subject: Subject, seed: int) -> Finding | None:
    """Where it looks at its terms again at half year, it leaves those posted as they are, and what is owed stays finite."""
    year = subject.year(seed)
    if not isinstance(year.mode, Revising):
        return None
    before = [array.copy() for array in _arrays((year.terms, year.totals))]
    terms = year.mode.revise(year.terms, year.totals, 0.5)
    if not _same((year.terms, year.totals), before):
        return _wrong("untouched_not", method="revise")
    return None if np.isfinite(owed_for(year.mode, year.totals, terms)).all() else _wrong("revises_wrong")


@check("owed")
def explains(subject: Subject, seed: int) -> Finding | None:
    """Where it tells the steps of a case, they are steps in both languages, with finite values."""
    year = subject.year(seed)
    if not isinstance(year.mode, Explaining):
        return None
    case = year.cases.take(np.array([seed % len(year.cases)]))
    steps: list[Any] = year.mode.explain(case, year.totals.sum(axis=0, keepdims=True), year.terms, 1.0)
    for step in steps:
        if not isinstance(step, Step):
            return _wrong("explains_form", found=type(step).__name__)
        told = isinstance(step.value, str) if step.unit == "name" else np.isfinite(step.value)
        if not (told and step.label_zh and step.label_en and step.rule):
            return _wrong("explains_wrong", step=step)
    return None
