"""What every conduct rule must keep to, whoever wrote it: checks that say what they found wrong (see docs/extending.md)."""

from __future__ import annotations

import copy
import pickle
import re
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.conduct import Remembering, Situation, memory_size
from agents.medical_group import HIGHEST_REFERRAL
from experiments.contract import Contract, Finding
from model.care import HIGHEST, LOWEST
from model.plugins import dumps

Floats = NDArray[np.float64]

STEP, REACH = 0.05, 0.12
"""How far the quote looks and how far a period goes, as in the city."""
MOST_DECIDERS = 9
LIVED = 3
"""Decisions that lie behind a decider when it is asked: what they left in memory is real."""
BOUNDS = ((LOWEST, HIGHEST), (np.zeros(len(HIGHEST_REFERRAL)), HIGHEST_REFERRAL))
"""Channels of hospitals and of groups: one rule serves both."""


@dataclass(frozen=True)
class Subject:
    """A rule under check: its class, and the name it is registered under, if it is."""

    kind: type[Any]
    known_as: str | None = None

    @cached_property
    def rule(self) -> Any:
        """The rule."""
        return self.kind()

    def situation(self, seed: int, n: int | None = None, noise: float = 0.01) -> Situation:
        """Deciders anywhere within the bounds with a few decisions behind them; hospitals and groups by turns.

        How many they are is drawn unless given.
        """
        rng = np.random.default_rng(seed)
        n = int(rng.integers(1, MOST_DECIDERS + 1)) if n is None else n
        bounds = BOUNDS[seed % 2]
        memory = np.zeros((n, len(bounds[0]), memory_size(self.rule)))
        for _ in range(LIVED):
            situation = draw_situation(rng, n, bounds, memory, noise)
            memory = self.remembered(situation)
        return draw_situation(rng, n, bounds, memory, noise)

    def remembered(self, situation: Situation) -> Floats:
        """What the rule remembers after it has decided; nothing if it never does."""
        if not isinstance(self.rule, Remembering):
            return situation.memory
        return self.rule.remember(copy.deepcopy(situation), _number(self, situation))


def draw_situation(rng: np.random.Generator, n: int, bounds: tuple[Floats, Floats], memory: Floats, noise: float) -> Situation:
    """Deciders at random, a third of them at a corner in a channel, on parabolas with tops anywhere."""
    lowest, highest = bounds
    channels = len(lowest)
    conduct = lowest + (highest - lowest) * np.clip(rng.uniform(-0.3, 1.3, (n, channels)), 0, 1)
    top = (lowest + (highest - lowest) * rng.uniform(-0.5, 1.5, (n, channels))).T
    bend = 10 ** rng.uniform(-3, 1, (channels, 1, n))
    centre = np.clip(conduct, lowest + STEP, highest - STEP).T
    level = np.stack([centre - STEP, centre, centre + STEP], axis=1)
    return Situation(
        conduct=conduct,
        level=level,
        utility=-bend * (level - top[:, None]) ** 2,
        lowest=lowest.copy(),
        highest=highest.copy(),
        peer_group=rng.integers(0, 3, n),
        inertia=0.4,
        reach=REACH,
        error=rng.standard_normal((n, channels)),
        noise=noise,
        payoff=rng.standard_normal(n),
        memory=memory,
    )


CONTRACT: Contract[Subject] = Contract("conduct")
"""All clauses of the contract of conduct rules."""
check = CONTRACT.check


def _wrong(key: str, **values: object) -> Finding:
    return Finding(f"conduct_{key}", values)


def _number(subject: Subject, situation: Situation) -> Floats:
    """The rule's answer as numbers; the situation itself is not lent."""
    return np.asarray(subject.rule.revise(copy.deepcopy(situation)), dtype=float)


def _same(one: Floats, other: Floats) -> bool:
    return one.shape == other.shape and one.tobytes() == other.tobytes()


def _place(wrong: NDArray[np.bool_]) -> dict[str, object]:
    """The first decider and channel where something is wrong, counted from one."""
    decider, channel = np.argwhere(wrong)[0][:2]
    return {"decider": int(decider) + 1, "channel": int(channel) + 1}


# What it says of itself


@check(draws=1)
def made(subject: Subject, seed: int) -> Finding | None:
    """It can be made without a word, and has all that the protocol asks for."""
    absent = [name for name in ("name", "label_zh", "label_en", "summary", "revise") if not hasattr(subject.rule, name)]
    if hasattr(subject.rule, "remember") != hasattr(subject.rule, "memory"):
        absent.append("memory" if hasattr(subject.rule, "remember") else "remember")
    return _wrong("made_lacks", names=", ".join(absent)) if absent else None


@check("made", draws=1)
def introduces(subject: Subject, seed: int) -> Finding | None:
    """Name, labels in both languages and a summary."""
    patterns = {
        "name": r"[a-z][a-z0-9_]*" if subject.known_as is None else re.escape(subject.known_as),
        "label_zh": r".*[\u4e00-\u9fff].*",
        "label_en": r"[\x20-\x7e]+",
        "summary": r"(?s).+",
    }
    for key, pattern in patterns.items():
        value = getattr(subject.rule, key)
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            return _wrong("introduces_wrong", field=key, value=repr(value), pattern=pattern)
    return None


# Its answer


@check("made")
def answers(subject: Subject, seed: int) -> Finding | None:
    """It answers without an exception or a warning, with a number for each decider and channel, be they hospitals or groups."""
    situation = subject.situation(seed)
    found = subject.rule.revise(situation)
    wanted = situation.conduct.shape
    if not isinstance(found, np.ndarray) or found.dtype != np.float64 or found.shape != wanted:
        form = f"{found.dtype}{list(found.shape)}" if isinstance(found, np.ndarray) else type(found).__name__
        return _wrong("answers_form", found=form, wanted=f"float64{list(wanted)}")
    return None


@check("answers", draws=2)
def nobody(subject: Subject, seed: int) -> Finding | None:
    """Where nobody decides there is nothing to say, and that is no error."""
    found = subject.rule.revise(subject.situation(seed, n=0))
    wanted = (0, len(BOUNDS[seed % 2][0]))
    return None if found.shape == wanted else _wrong("answers_form", found=list(found.shape), wanted=list(wanted))


@check("answers")
def untouched(subject: Subject, seed: int) -> Finding | None:
    """What it is shown is left as it was, and its answer is its own."""
    situation = subject.situation(seed)
    before = copy.deepcopy(situation)
    moved = subject.rule.revise(situation)
    lent = np.shares_memory(moved, situation.conduct)
    if isinstance(subject.rule, Remembering):
        subject.rule.remember(situation, moved)
    for field in fields(Situation):
        if np.asarray(getattr(situation, field.name)).tobytes() != np.asarray(getattr(before, field.name)).tobytes():
            return _wrong("untouched_not", field=field.name)
    return _wrong("untouched_lent") if lent else None


@check("untouched")
def repeatable(subject: Subject, seed: int) -> Finding | None:
    """The same situation has the same answer, from this rule and from a new one: nothing is drawn, nothing is kept in the rule."""
    situation = subject.situation(seed)
    first = _number(subject, situation)
    if not _same(first, _number(subject, situation)):
        return _wrong("repeatable_not")
    return None if _same(first, _number(Subject(subject.kind), situation)) else _wrong("repeatable_kept")


@check("repeatable")
def finite(subject: Subject, seed: int) -> Finding | None:
    """Every level is a finite number."""
    bad = ~np.isfinite(_number(subject, subject.situation(seed)))
    return _wrong("finite_not", **_place(bad)) if bad.any() else None


@check("finite")
def bounds(subject: Subject, seed: int) -> Finding | None:
    """No level is below the lowest or above the highest of its channel, whatever the errors."""
    situation = subject.situation(seed, noise=5.0 * (seed % 3))
    moved = _number(subject, situation)
    outside = (moved < situation.lowest - 1e-12) | (moved > situation.highest + 1e-12)
    return _wrong("bounds_left", value=f"{moved[outside][0]:g}", **_place(outside)) if outside.any() else None


@check("finite")
def order(subject: Subject, seed: int) -> Finding | None:
    """The order in which deciders stand means nothing."""
    situation = subject.situation(seed, n=MOST_DECIDERS)
    turn = np.random.default_rng(seed).permutation(MOST_DECIDERS)
    turned = replace(
        situation,
        conduct=situation.conduct[turn],
        level=situation.level[:, :, turn],
        utility=situation.utility[:, :, turn],
        peer_group=situation.peer_group[turn],
        error=situation.error[turn],
        payoff=situation.payoff[turn],
        memory=situation.memory[turn],
    )
    off = np.abs(_number(subject, turned) - _number(subject, situation)[turn]) > 1e-9
    return _wrong("order_not", **_place(off)) if off.any() else None


@check("finite")
def corner(subject: Subject, seed: int) -> Finding | None:
    """An act that nobody does and that brings nothing is not begun: utility alike at every level, all equally well off, no errors."""
    situation = subject.situation(seed, noise=0.0)
    idle = replace(
        situation,
        conduct=np.broadcast_to(situation.lowest, situation.conduct.shape).copy(),
        level=situation.lowest[:, None, None] + STEP * np.arange(3.0)[:, None] + 0 * situation.level,
        utility=np.full_like(situation.utility, 0.25),
        payoff=np.zeros(len(situation.payoff)),
        memory=np.zeros_like(situation.memory),
    )
    begun = np.abs(_number(subject, idle) - idle.conduct) > 1e-9
    return _wrong("corner_left", **_place(begun)) if begun.any() else None


# Its memory, and its way to other processes


@check("repeatable")
def memory(subject: Subject, seed: int) -> Finding | None:
    """What it remembers has the size it says, is finite, and follows from what it was shown alone."""
    if not isinstance(subject.rule, Remembering):
        return None
    situation = subject.situation(seed)
    moved = _number(subject, situation)
    found: Any = subject.rule.remember(copy.deepcopy(situation), moved)
    wanted = (*situation.conduct.shape, subject.rule.memory)
    if not isinstance(found, np.ndarray) or found.dtype != np.float64 or found.shape != wanted:
        form = f"{found.dtype}{list(found.shape)}" if isinstance(found, np.ndarray) else type(found).__name__
        return _wrong("answers_form", found=form, wanted=f"float64{list(wanted)}")
    if not np.isfinite(found).all():
        return _wrong("memory_infinite", **_place(~np.isfinite(found).all(axis=2)))
    return None if _same(found, subject.kind().remember(copy.deepcopy(situation), moved)) else _wrong("memory_not")


@check("repeatable", draws=2)
def travels(subject: Subject, seed: int) -> Finding | None:
    """It can be sent to another process and goes on there as it would have here."""
    situation = subject.situation(seed)
    try:
        sent = pickle.loads(dumps(subject.rule))
    except (TypeError, AttributeError, pickle.PicklingError) as error:
        return _wrong("travels_not", error=str(error))
    return None if _same(_number(subject, situation), np.asarray(sent.revise(situation))) else _wrong("travels_other")
