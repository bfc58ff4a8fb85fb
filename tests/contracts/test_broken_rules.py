"""A conduct rule that is broken in one way fails the one check that is about it, and the checks that rest on it are not asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.cli import BAD_INPUT, DONE, FAILED
from experiments.conduct_contract import CONTRACT, Subject
from experiments.contract import Result
from experiments.texts import LANGUAGES
from tests.contracts.broken import assert_can_be_told, assert_fails_only, checked


class Halfway:
    """A sound rule to break: half of the way to the best of three levels; remembers how often it has decided."""

    name = "halfway"
    label_zh = "走一半"
    label_en = "Halfway"
    summary = "half of the way to the best of three levels"
    memory = 1

    def revise(self, situation: Any) -> Any:
        """Half of the way."""
        best = situation.utility.argmax(axis=1)
        target = np.take_along_axis(situation.level, best[:, None], axis=1)[:, 0].T
        worth_it = np.ptp(situation.utility, axis=1).T > 1e-12
        moved = np.where(worth_it, (situation.conduct + target) / 2, situation.conduct)
        return np.clip(moved + situation.noise * situation.error, situation.lowest, situation.highest)

    def remember(self, situation: Any, revised: Any) -> Any:
        """One more."""
        return situation.memory + 1.0


def broken(**changes: Any) -> type[Any]:
    """The sound rule with other attributes or methods."""
    return type("Broken", (Halfway,), changes)


def moving(more: Callable[[Any, Any], Any]) -> type[Any]:
    """The sound rule with something done to its answer, given the situation and the answer."""
    return broken(revise=lambda self, situation: more(situation, Halfway.revise(self, situation)))


def writes_into_what_it_sees(self: Any, situation: Any) -> Any:
    situation.utility[:] = 0.0
    return situation.conduct + 0.0


def writes_when_it_remembers(self: Any, situation: Any, revised: Any) -> Any:
    situation.memory[:] += 1.0
    return situation.memory


class Counting(Halfway):
    """Goes a little further each time it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def revise(self, situation: Any) -> Any:
        self.asked += 1
        return np.clip(situation.conduct + 0.001 * self.asked, situation.lowest, situation.highest)


class Alternating(Halfway):
    """Every second rule made is another."""

    made = 0

    def __init__(self) -> None:
        Alternating.made += 1
        self.odd = Alternating.made % 2

    def revise(self, situation: Any) -> Any:
        return np.clip(situation.conduct + 0.01 * self.odd * (situation.noise > 0), situation.lowest, situation.highest)


class Forgetful(Halfway):
    """Every second rule made remembers otherwise."""

    made = 0

    def __init__(self) -> None:
        Forgetful.made += 1
        self.odd = Forgetful.made % 2

    def remember(self, situation: Any, revised: Any) -> Any:
        return situation.memory + self.odd


@dataclass
class Unready(Halfway):
    """It cannot be made without a word."""

    speed: float = field(kw_only=True)


class Locked(Halfway):
    """It holds on to this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


class Homesick(Halfway):
    """It decides otherwise once it has been sent."""

    def __init__(self) -> None:
        self.away = 0.0

    def __getstate__(self) -> dict[str, float]:
        return {"away": 0.05}

    def revise(self, situation: Any) -> Any:
        return np.clip(situation.conduct + self.away, situation.lowest, situation.highest)


def steps_by_place(situation: Any, moved: Any) -> Any:
    return np.clip(moved + 0.01 * (np.arange(len(moved)) == 0)[:, None] * (situation.noise > 0), situation.lowest, situation.highest)


def bare(*names: str) -> type[Any]:
    """Nothing but some of the sound rule's attributes and methods."""
    return type("Bare", (), {name: vars(Halfway)[name] for name in names})


BREAKS: Mapping[str, tuple[str, type[Any]]] = {
    "cannot be made": ("made", Unready),
    "lacks a summary": ("made", bare("name", "label_zh", "label_en", "revise")),
    "remembers without saying how much": ("made", bare("name", "label_zh", "label_en", "summary", "revise", "remember")),
    "has no Chinese label": ("introduces", broken(label_zh="Halfway")),
    "raises": ("answers", broken(revise=lambda self, situation: situation.profit)),
    "warns": ("answers", moving(lambda situation, moved: moved + 0 * np.log(-1 - moved))),
    "answers for one channel": ("answers", moving(lambda situation, moved: moved[:, 0])),
    "answers in single precision": ("answers", moving(lambda situation, moved: moved.astype(np.float32))),
    "knows hospitals only": ("answers", moving(lambda situation, moved: moved + 0 * np.arange(10.0))),
    "needs a decider": ("nobody", moving(lambda situation, moved: moved if len(moved) else np.zeros((1, moved.shape[1])))),
    "writes into what it sees": ("untouched", broken(revise=writes_into_what_it_sees)),
    "writes into its old memory": ("untouched", broken(remember=writes_when_it_remembers)),
    "gives back what it was given": ("untouched", broken(revise=lambda self, situation: situation.conduct)),
    "draws lots": ("repeatable", moving(lambda situation, moved: np.clip(moved, 0.1, 0.1 + 0.01 * np.random.default_rng().random()))),
    "counts in itself": ("repeatable", Counting),
    "is made otherwise each time": ("repeatable", Alternating),
    "divides by nothing": ("finite", moving(lambda situation, moved: np.where(situation.error > 1, np.nan, moved))),
    "leaves the bounds": ("bounds", moving(lambda situation, moved: moved + situation.noise * situation.error)),
    "goes by the place in the list": ("order", moving(steps_by_place)),
    "begins what brings nothing": (
        "corner",
        moving(lambda situation, moved: np.where(moved <= situation.lowest, situation.lowest + 0.01, moved)),
    ),
    "remembers more than it says": ("memory", broken(remember=lambda self, situation, revised: np.zeros((*revised.shape, 2)))),
    "remembers what is no number": ("memory", broken(remember=lambda self, situation, revised: situation.memory + np.inf)),
    "remembers otherwise each time": ("memory", Forgetful),
    "holds on to this process": ("travels", Locked),
    "is another elsewhere": ("travels", Homesick),
}


@cache
def results_of(how: str) -> list[Result]:
    """How a broken rule stands."""
    return CONTRACT.examine(Subject(BREAKS[how][1]))


def test_the_sound_rule_keeps_the_contract() -> None:
    assert {result.verdict for result in CONTRACT.examine(Subject(Halfway))} == {"passed"}


@pytest.mark.parametrize("how", BREAKS)
def test_a_rule_broken_in_one_way_fails_the_check_that_is_about_it(how: str) -> None:
    assert_fails_only(CONTRACT, BREAKS[how][0], results_of(how))


def test_every_check_has_a_rule_that_fails_it() -> None:
    assert {check for check, _ in BREAKS.values()} == set(CONTRACT.checks)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_finding_can_be_told(lang: Any) -> None:
    for how in BREAKS:
        assert_can_be_told(CONTRACT, results_of(how), lang)


FILE = '''"""Stays, or not quite."""


class Stay:
    name = "stay"
    label_zh = "不动"
    label_en = "Stay"
    summary = "stays"

    def revise(self, situation):
        return {answer}


RULE = Stay
'''


def test_a_file_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound, lending = tmp_path / "stay.py", tmp_path / "lending.py"
    sound.write_text(FILE.format(answer="situation.conduct.copy()"), encoding="utf-8")
    lending.write_text(FILE.format(answer="situation.conduct"), encoding="utf-8")
    assert checked(capsys, "conduct", str(sound), "--quiet") == (DONE, "")
    code, told = checked(capsys, "conduct", str(sound), "--lang", "en")
    assert code == DONE
    assert "stay.py: all" in told
    code, told = checked(capsys, "conduct", str(lending), "--lang", "zh")
    assert code == FAILED
    assert "不通过" in told
    assert "未查" in told


@pytest.mark.parametrize(("text", "what"), [("RULE = ", "SyntaxError"), ("MODE = 1\n", "defines no RULE"), ("RULE = 3\n", "not a class")])
def test_a_file_that_is_no_rule_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, what: str) -> None:
    file = tmp_path / "rule.py"
    file.write_text(text, encoding="utf-8")
    code, told = checked(capsys, "conduct", str(file))
    assert code == BAD_INPUT
    assert what in told
    assert len(told.strip().splitlines()) == 1
    assert "did you mean 'imitation'" in checked(capsys, "conduct", "imitatio")[1]
