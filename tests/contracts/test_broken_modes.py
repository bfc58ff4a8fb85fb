"""A mode that is broken in one way fails the one check that is about it, and the checks that rest on it are not asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, make_dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from experiments.cli import BAD_INPUT, DONE, FAILED
from experiments.contract import Result
from experiments.mode_contract import CONTRACT, Subject
from experiments.texts import LANGUAGES
from model.payment import CASES, CHARGE, OUTFLOW, RECORDED, RESIDUAL, UNITS, CaseTable, History, Traits
from model.payment.explanation import Step
from model.policy.leaf import LeafSpec, leaf
from tests.contracts.broken import assert_can_be_told, assert_fails_only, checked


@dataclass(frozen=True)
class Share:
    """A sound mode to break: a share of last year's mean bill of the scheme for each case, less what patients paid of it."""

    share: float = 0.5
    name: ClassVar[str] = "share"
    label_zh: ClassVar[str] = "按比例付费"
    label_en: ClassVar[str] = "Share of the mean"
    summary: ClassVar[str] = "a share of last year's mean bill"
    color: ClassVar[str] = "#123456"
    PARAMETERS: ClassVar[Mapping[str, LeafSpec]] = {"share": leaf("share", 0, 1, "part that is paid")}
    traits: ClassVar[Traits] = Traits()

    def post(self, history: History) -> Any:
        """Mean bill by scheme, fen."""
        number = np.bincount(history.cases.scheme, minlength=2)
        money = np.bincount(history.cases.scheme, weights=history.cases.charge, minlength=2)
        return {"rate": self.share * np.divide(money, number, out=np.zeros(2), where=number > 0)}

    def tariff(self, cases: CaseTable, terms: Any) -> Any:
        """Every case is one."""
        return np.ones(len(cases))

    def entitlement(self, own: Any, pool: Any, holder: Any, terms: Any, fraction: float) -> Any:
        """Cases at the rate, less what patients paid."""
        return own[..., UNITS] * terms["rate"] - own[..., RESIDUAL]


def broken(**changes: Any) -> type[Any]:
    """The sound mode with other attributes or methods."""
    return make_dataclass("Broken", [], bases=(Share,), namespace=changes, frozen=True)


def always(answer: Callable[..., Any]) -> Callable[..., Any]:
    """A method that answers from its arguments but the mode itself."""
    return lambda self, *given: answer(*given)


def paid(more: Callable[..., Any]) -> Callable[..., Any]:
    """An entitlement with something on top of the sound one."""

    def entitlement(self: Any, own: Any, pool: Any, holder: Any, terms: Any, fraction: float) -> Any:
        return Share.entitlement(self, own, pool, holder, terms, fraction) + more(own, pool, holder, terms)

    return entitlement


def posted(more: Callable[[History], Mapping[str, Any]]) -> Callable[..., Any]:
    """Terms with something more in them."""
    return lambda self, history: Share.post(self, history) | more(history)


def writes_into_history(self: Any, history: History) -> Any:
    history.base[..., CHARGE] = 0.0
    return Share.post(self, history)


def writes_into_cases(cases: CaseTable, terms: Any) -> Any:
    cases.charge[:] = 0.0
    return np.ones(len(cases))


def writes_into_totals(own: Any, pool: Any, holder: Any, terms: Any, fraction: float) -> Any:
    own[..., UNITS] = 0.0
    return own[..., UNITS] * terms["rate"]


def revises_in_place(terms: Any, own: Any, fraction: float) -> Any:
    terms["rate"] *= 2.0
    return terms


def goes_down(self: Any, cases: CaseTable, terms: Any) -> Any:
    return np.log(np.zeros(len(cases)))


def only_with_history(self: Any, history: History) -> Any:
    return Share.post(self, history) | {"best": history.cases.charge.max() if len(history.cases) else np.nan}


def needs_a_case(cases: CaseTable, terms: Any) -> Any:
    return np.ones(len(cases)) if cases.charge.max() >= 0 else np.zeros(len(cases))


def paid_over_share(self: Any, own: Any, pool: Any, holder: Any, terms: Any, fraction: float) -> Any:
    return Share.entitlement(self, own, pool, holder, terms, fraction) / self.share


@dataclass(frozen=True)
class Unready(Share):
    """It cannot be made without a word."""

    name_of_fund: str = field(kw_only=True)


BREAKS: Mapping[str, tuple[str, type[Any]]] = {
    "cannot be made": ("made", Unready),
    "lacks a colour": ("made", type("Bare", (), {k: v for k, v in vars(Share).items() if k not in ("color", "__dict__", "__weakref__")})),
    "has no Chinese label": ("introduces", broken(label_zh="Share")),
    "has the colour of another": ("distinct", broken(color="#c04f00")),
    "does not declare a parameter": ("parameters", broken(PARAMETERS={})),
    "declares one too many": ("parameters", broken(PARAMETERS={**Share.PARAMETERS, "other": leaf("share", 0, 1)})),
    "has a standard value out of bounds": ("parameters", broken(PARAMETERS={"share": leaf("share", 0.6, 1)})),
    "is held by nobody known": ("traits", broken(traits=Traits(held_by="county"))),  # type: ignore[arg-type]
    "raises": ("answers", broken(post=always(lambda history: history.cases.cost))),
    "warns": ("answers", broken(tariff=goes_down)),
    "writes into history": ("untouched", broken(post=writes_into_history)),
    "writes into cases": ("untouched", broken(tariff=always(writes_into_cases))),
    "writes into totals": ("untouched", broken(entitlement=always(writes_into_totals))),
    "draws lots": ("repeatable", broken(tariff=always(lambda cases, terms: np.random.default_rng().random(len(cases))))),
    "has units that are not finite": ("units", broken(tariff=always(lambda cases, terms: np.where(cases.emergency, np.nan, 1.0)))),
    "has negative units": ("units", broken(tariff=always(lambda cases, terms: 10.0 - cases.stay.astype(float)))),
    "counts in whole numbers": ("units", broken(tariff=always(lambda cases, terms: np.ones(len(cases), dtype=int)))),
    "counts one unit for all": ("units", broken(tariff=always(lambda cases, terms: np.ones(1)))),
    "owes what is no number": (
        "owed",
        broken(entitlement=paid(lambda own, pool, holder, terms: np.where(own[..., CASES] == 0, np.nan, 0))),
    ),
    "forgets the schemes": ("owed", broken(entitlement=always(lambda own, pool, holder, terms, fraction: own[..., UNITS].sum(axis=-1)))),
    "pays the first in the file": ("order", broken(tariff=always(lambda cases, terms: 1.0 + np.arange(len(cases))))),
    "pays the first holder": ("order", broken(entitlement=paid(lambda own, *_: np.cumsum(own[..., CHARGE], axis=-2)))),
    "shares out within a batch": ("alone", broken(tariff=always(lambda cases, terms: cases.charge / cases.charge.sum()))),
    "pays for the rows beside": (
        "rows",
        broken(entitlement=paid(lambda own, *_: own[..., CHARGE].sum(axis=-2, keepdims=True) * 0.01 * (own[..., CASES] > 0))),
    ),
    "remembers the last line": ("memory", broken(post=posted(lambda history: {"rate": np.full(2, history.cases.charge[-1:].sum())}))),
    "pays too much to count": ("fen", broken(entitlement=paid(lambda own, *_: 1e12 * own[..., CHARGE]))),
    "has a sum of money in its code": ("currency", broken(entitlement=paid(lambda own, *_: 50_000.0 * own[..., CASES]))),
    "pays what patients paid": ("residual", broken(entitlement=paid(lambda own, *_: 1.5 * own[..., RESIDUAL]))),
    "breaks at a bound": ("bounds", broken(entitlement=paid_over_share)),
    "needs a case": ("empty_month", broken(tariff=always(needs_a_case))),
    "needs a history": (
        "first_year",
        broken(post=only_with_history, entitlement=paid(lambda own, pool, holder, terms: 0.0 * terms["best"])),
    ),
    "pays for nothing": ("nobody", broken(entitlement=paid(lambda own, pool, holder, terms: terms["rate"]))),
    "does not exhaust its budget": ("budget", broken(traits=Traits(exhausts_budget=True))),
    "does not bear the outflow it declares": ("outflow", broken(traits=Traits(held_by="group", heads="group", outflow=True))),
    "bears outflow in silence": ("outflow", broken(entitlement=paid(lambda own, *_: -own[..., OUTFLOW]))),
    "counts heads in silence": (
        "heads",
        broken(
            post=posted(lambda history: {"money": history.base[..., RECORDED].sum() * history.heads / max(history.heads.sum(), 1)}),
            entitlement=paid(lambda own, pool, holder, terms: terms["money"][holder]),
        ),
    ),
    "holds on to this process": ("travels", broken(post=posted(lambda history: {"lock": threading.Lock()}))),
    "reviews cases away": ("reviews", broken(reviews=True, review=always(lambda cases, terms, before: -np.ones(len(cases))))),
    "counts cases away until they are reviewed": (
        "reviews",
        broken(
            reviews=True,
            review=always(lambda cases, terms, before: np.ones(len(cases))),
            review_months=3,
            unreviewed=always(lambda cases, terms: np.full(len(cases), np.nan)),
        ),
    ),
    "reviews some of the cases": ("reviews", broken(reviews=True, review=always(lambda cases, terms, before: np.ones(3)))),
    "revises what was posted": ("revises", broken(revise=always(revises_in_place))),
    "revises into nothing": ("revises", broken(revise=always(lambda terms, own, fraction: {"rate": np.full(2, np.nan)}))),
    "tells its steps in sentences": ("explains", broken(explain=always(lambda *given: ["first this, then that"]))),
    "tells a step without a number": ("explains", broken(explain=always(lambda *given: [Step("点数", "points", np.nan, "point", "E6")]))),
}


@cache
def results_of(how: str) -> list[Result]:
    """How a broken mode stands."""
    return CONTRACT.examine(Subject(BREAKS[how][1]))


def test_the_sound_mode_keeps_the_contract() -> None:
    assert {result.verdict for result in CONTRACT.examine(Subject(Share))} == {"passed"}


@pytest.mark.parametrize("how", BREAKS)
def test_a_mode_broken_in_one_way_fails_the_check_that_is_about_it(how: str) -> None:
    assert_fails_only(CONTRACT, BREAKS[how][0], results_of(how))


def test_every_check_has_a_mode_that_fails_it() -> None:
    assert {check for check, _ in BREAKS.values()} == set(CONTRACT.checks)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_finding_can_be_told(lang: Any) -> None:
    for how in BREAKS:
        assert_can_be_told(CONTRACT, results_of(how), lang)


FILE = '''"""A flat price."""

from tests.contracts.test_broken_modes import Share


class Flat(Share):
    color = "{color}"

    def tariff(self, cases, terms):
        return {units}


MODE = Flat
'''


def test_a_file_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound, negative = tmp_path / "flat.py", tmp_path / "negative.py"
    sound.write_text(FILE.format(color="#654321", units="1.0 * cases.stay"), encoding="utf-8")
    negative.write_text(FILE.format(color="#654321", units="0.0 * cases.stay - 1"), encoding="utf-8")
    code, told = checked(capsys, "mode", str(sound), "--lang", "en")
    assert code == FAILED
    assert "float32" in told
    sound.write_text(FILE.format(color="#654321", units="cases.stay.astype(float)"), encoding="utf-8")
    assert checked(capsys, "mode", str(sound), "--quiet") == (DONE, "")
    code, told = checked(capsys, "mode", str(negative), "--lang", "zh")
    assert code == FAILED
    assert "不通过" in told
    assert "未查" in told


def test_the_line_of_an_exception_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "raising.py"
    file.write_text(FILE.format(color="#654321", units="cases.stay.sorted()"), encoding="utf-8")
    code, told = checked(capsys, "mode", str(file), "--lang", "en")
    assert code == FAILED
    assert "raising.py" in told
    assert "line 10" in " ".join(told.split())


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("MODE = ", "SyntaxError"),
        ("KIND = 1\n", "defines no MODE"),
        ("import nothing_like_this\n", "ModuleNotFoundError"),
        ("MODE = 3\n", "not a class"),
    ],
)
def test_a_file_that_is_no_mode_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, what: str) -> None:
    file = tmp_path / "mode.py"
    file.write_text(text, encoding="utf-8")
    code, told = checked(capsys, "mode", str(file))
    assert code == BAD_INPUT
    assert what in told
    assert len(told.strip().splitlines()) == 1
    assert checked(capsys, "mode", str(tmp_path / "nowhere.py"))[0] == BAD_INPUT
    assert "did you mean 'dip'" in checked(capsys, "mode", "dpi")[1]


def test_a_shipped_mode_is_checked_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    code, told = checked(capsys, "mode", "dip", "--lang", "en")
    assert code == DONE
    assert "dip: all" in told
