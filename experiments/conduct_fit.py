"""Fits conduct to published effects on common random numbers; every trial is kept at once, so that an interrupted fit goes on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import data
from experiments.conduct_measures import MEASURES, Measuring
from experiments.conduct_search import Problem, State, Trial, known_to, next_point, state_of
from experiments.conduct_study import ConductStudy, checked_variant, read_conduct_study
from experiments.failures import RunError
from experiments.manifest import code_fingerprint, fingerprint
from experiments.running import in_parallel, warm_up, workers_ended
from experiments.setting import check_people, check_seeds
from experiments.terminal import plain_table
from experiments.texts import Language, say
from experiments.toml_values import changed_text
from model.errors import InputError

if TYPE_CHECKING:
    import optuna
    from rich.console import Console

Floats = NDArray[np.float64]
Found = dict[str, float]
"""Every measure by name, its mean over the seeds."""
Measure = Callable[[Path, int], Found]
"""Simulates the worlds of a seed under a behaviour file, and measures them."""

BOOK = Path("out/calibration/conduct.journal")
"""Where trials are kept unless told otherwise."""

_GIVEN, _LEARNT = "slope given", "slope learnt"
"""Where slopes stand among what a fit keeps."""


@dataclass(frozen=True)
class Fit:
    """A study, the file it starts from, and that file's numbers by path."""

    study: ConductStudy
    behaviour: Path
    numbers: Mapping[str, float]

    @property
    def start(self) -> tuple[float, ...]:
        """Where the parameters start."""
        return tuple(self.numbers[parameter.paths[0]] for parameter in self.study.parameters)

    def problem(self, slope: Floats | None) -> Problem:
        """What is searched, given what an earlier fit learnt of slopes."""
        parameters, targets = self.study.parameters, self.study.targets
        return Problem(
            expected=np.array([math.log(p.expected / start) for p, start in zip(parameters, self.start, strict=True)]),
            low=np.array([math.log(p.low / start) for p, start in zip(parameters, self.start, strict=True)]),
            high=np.array([math.log(p.high / start) for p, start in zip(parameters, self.start, strict=True)]),
            aim=np.array([target.value for target in targets]),
            tolerance=np.array([target.tolerance for target in targets]),
            first_step=self.study.first_step,
            longest_step=self.study.longest_step,
            prior=self.study.prior,
            slope=slope,
        )

    @property
    def about(self) -> str:
        """What fits share that may learn from each other: parameters and measures."""
        return fingerprint([parameter.paths for parameter in self.study.parameters], [target.measure for target in self.study.targets])

    @property
    def key(self) -> str:
        """What all trials of one fit share: equal for the same code, study and starting file."""
        return fingerprint(code_fingerprint(), repr(replace(self.study, trials=0)), self.behaviour.read_text(encoding="utf-8"))

    def values(self, point: Floats) -> dict[str, float]:
        """Values of the behaviour file at a point, by path, to four digits."""
        moved = zip(self.study.parameters, point, strict=True)
        return {path: float(f"{self.numbers[path] * math.exp(by):.4g}") for parameter, by in moved for path in parameter.paths}

    def seen(self, trial: Mapping[str, float], found: Found) -> Trial:
        """A trial as the search sees it."""
        point = [math.log(trial[p.name] / start) for p, start in zip(self.study.parameters, self.start, strict=True)]
        return Trial(np.array(point), np.array([found[target.measure] for target in self.study.targets]))


def calibrate_conduct(
    study: Path,
    *,
    city: str | None,
    variant: str | None,
    trials: int | None,
    out: Path | None,
    jobs: int,
    console: Console,
    lang: Language,
    book: Path = BOOK,
    measure: Callable[[ConductStudy], Measure] | None = None,
) -> int:
    """Fit the parameters of a study of conduct, write them into a behaviour file, and return 0 when all targets are met, 1 otherwise.

    Raises:
        InputError: anything that cannot be run; numbers of another variant or city belong into a file of their own (``out``).
    """
    plan = _asked(read_conduct_study(study), city, variant, trials)
    target_file = _checked_out(out, plan, read_conduct_study(study))
    fit = fit_of(plan, data.folder("behaviour.toml"))
    seeds = check_seeds(plan.seeds)
    measuring = measure(plan) if measure is not None else Measuring(plan.city, plan.variant, plan.scale, plan.burn_in, plan.months)
    with workers_ended(), TemporaryDirectory(prefix="yibao-") as folder:
        if measure is None:
            warm_up()
        simulate = _Simulating(fit, measuring, Path(folder) / "behaviour.toml", jobs)
        opened = open_book(book, fit)
        problem = fit.problem(_slope_of(opened))
        kept = _searched(fit, problem, opened, lambda point: simulate(point, seeds), console, lang)
        done = [fit.seen(point, found) for point, found in kept]
        state = state_of(problem, done)
        best = state.best if state is not None else min(done, key=lambda trial: problem.loss(trial.point, trial.found))
        number = next(i for i, trial in enumerate(done) if trial is best)
        others = simulate(best.point, tuple(seed + plan.seeds for seed in seeds))
    _show(fit, problem, state, best.point, (kept[0][1], kept[number][1], others), console, lang)
    _write(fit, best.point, target_file, console, lang)
    return 0 if all(target.met(kept[number][1][target.measure]) for target in plan.targets) else 1


def fit_of(study: ConductStudy, behaviour: Path) -> Fit:
    """A fit that starts from a behaviour file.

    Raises:
        InputError: a path that is no number of the file, one that two parameters move, or a start outside a parameter's bounds.
    """
    from model.policy.loader import load_behaviour, walk

    numbers = {path: float(leaf.history[0].value) for path, leaf in walk(load_behaviour(behaviour)) if _is_number(leaf)}
    taken: set[str] = set()
    for i, parameter in enumerate(study.parameters):
        for path in parameter.paths:
            if path not in numbers or path in taken:
                what = "two parameters move the same value" if path in taken else "no number of the behaviour file"
                raise InputError(what, path=f"parameter[{i}].paths", found=path, allowed=None if path in taken else sorted(numbers))
            taken.add(path)
        start = numbers[parameter.paths[0]]
        if not parameter.low <= start <= parameter.high:
            allowed = f"{parameter.low:g} to {parameter.high:g}"
            raise InputError("the start is out of bounds", path=f"parameter[{i}]", found=start, allowed=allowed)
    return Fit(study, behaviour, numbers)


def open_book(file: Path, fit: Fit) -> optuna.Study:
    """The trials of a fit kept in a file; a new list where there are none yet, with the slopes that the last fit of its kind learnt."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    file.parent.mkdir(parents=True, exist_ok=True)
    storage = JournalStorage(JournalFileBackend(str(file)))
    earlier = [summary for summary in optuna.get_all_study_summaries(storage) if summary.user_attrs.get("about") == fit.about]
    book = optuna.create_study(study_name=fit.key, storage=storage, load_if_exists=True)
    if "about" not in book.user_attrs:
        known = [summary.user_attrs[_LEARNT] for summary in earlier if _LEARNT in summary.user_attrs]
        book.set_user_attr(_GIVEN, known[-1] if known else None)
        book.set_user_attr("about", fit.about)
    return book


def _slope_of(book: optuna.Study) -> Floats | None:
    """What an earlier fit had learnt when this one began."""
    given = book.user_attrs[_GIVEN]
    return None if given is None else np.array(given)


def _searched(
    fit: Fit, problem: Problem, book: optuna.Study, simulate: Callable[[Floats], Found], console: Console, lang: Language
) -> list[tuple[dict[str, float], Found]]:
    """All trials, kept ones first, until the search ends or the study's number is reached: parameters by name and what was found."""
    from optuna.trial import TrialState

    while True:
        kept = [(trial.params, dict(trial.user_attrs["found"])) for trial in book.get_trials(states=(TrialState.COMPLETE,))]
        done = [fit.seen(point, found) for point, found in kept]
        state = state_of(problem, done)
        if state is not None:
            book.set_user_attr(_LEARNT, state.slope.tolist())
        point = next_point(problem, done) if len(done) < fit.study.trials else None
        if point is None and kept:
            return kept
        assert point is not None  # without trials the start is next
        given = {p.name: float(f"{s * math.exp(by):.6g}") for p, s, by in zip(fit.study.parameters, fit.start, point, strict=True)}
        book.enqueue_trial(given)
        trial = book.ask()
        for parameter in fit.study.parameters:
            trial.suggest_float(parameter.name, parameter.low, parameter.high, log=True)
        found = simulate(fit.seen(given, dict.fromkeys(MEASURES, 0.0)).point)
        seen = fit.seen(given, found)
        loss = problem.loss(seen.point, seen.found)
        trial.set_user_attr("found", found)
        book.tell(trial, loss)
        misses = {target.measure: abs(found[target.measure] - target.value) / target.tolerance for target in fit.study.targets}
        worst = max(misses, key=lambda name: misses[name])
        console.print(say("trial", lang, number=len(kept) + 1, loss=f"{loss:.2f}", target=_named(worst, lang), found=f"{found[worst]:.2f}"))


@dataclass(frozen=True)
class _Simulating:
    """Simulates a point: writes its behaviour file, and takes the mean over seeds."""

    fit: Fit
    measure: Measure
    file: Path
    jobs: int

    def __call__(self, point: Floats, seeds: Sequence[int]) -> Found:
        text = changed_text(self.fit.behaviour, self.fit.values(point), "fitted: a trial")
        self.file.write_text(text, encoding="utf-8")
        found: dict[int, Found] = {}
        with closing(in_parallel(_measured, [(self.measure, self.file, seed) for seed in seeds], self.jobs)) as work:
            for seed, values, error in work:
                if values is None:
                    raise RunError(error)
                found[seed] = values
        return {name: math.fsum(found[seed][name] for seed in seeds) / len(seeds) for name in MEASURES}


def _measured(measure: Measure, behaviour: Path, seed: int) -> tuple[int, Found | None, str]:
    """Measure in a worker; an error is told instead of raised."""
    try:
        return seed, measure(behaviour, seed), ""
    except Exception as error:  # whatever a model raises ends the fit with its message
        return seed, None, f"seed {seed}: {type(error).__name__}: {error}"


def _asked(study: ConductStudy, city: str | None, variant: str | None, trials: int | None) -> ConductStudy:
    """The study with what the command line says instead."""
    from model.policy.loader import load_city

    if trials is not None and not 1 <= trials <= 1000:
        raise InputError("out of range", path="--trials", found=trials, allowed="1 to 1000")
    plan = replace(
        study,
        city=study.city if city is None else city,
        variant=study.variant if variant is None else checked_variant(variant),
        trials=study.trials if trials is None else trials,
    )
    check_people(plan.scale, load_city(plan.city))
    return plan


def _checked_out(out: Path | None, plan: ConductStudy, standard: ConductStudy) -> Path:
    """The file to write; the project's own holds the study's city and variant only."""
    if out is None:
        if (plan.city, plan.variant) != (standard.city, standard.variant):
            what = "numbers of another city or variant belong into a file of their own"
            raise InputError(what, path="--out", found=f"{plan.city}, {plan.variant}", allowed="a path to a .toml file")
        return data.folder("behaviour.toml")
    if out.suffix != ".toml" or not out.parent.is_dir():
        raise InputError("not a behaviour file in a folder that exists", path="--out", found=str(out), allowed="a path to a .toml file")
    return out


def _write(fit: Fit, point: Floats, file: Path, console: Console, lang: Language) -> None:
    """Write the values of a point into a copy of the starting file, or into that file itself."""
    study = fit.study
    ids = ", ".join(dict.fromkeys(target.id for target in study.targets))
    source = f"fitted: to {ids} (yibao calibrate conduct), {study.variant}, {study.seeds} seeds, {study.scale:g} of the people"
    text = changed_text(fit.behaviour, fit.values(point), source) if np.any(point) else fit.behaviour.read_text(encoding="utf-8")
    beside = file.with_name(file.name + ".new")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=file) from None
    console.print(say("conduct_written", lang, file=file, count=len(fit.values(point))))


def _show(
    fit: Fit, problem: Problem, state: State | None, best: Floats, found: tuple[Found, Found, Found], console: Console, lang: Language
) -> None:
    """Print what each target was and is, where the parameters went, and what each of them does."""
    study, yes, no = fit.study, say("met", lang), say("not_met", lang)
    heads = [say(key, lang) for key in ("fit_target", "fit_measure", "fit_aim", "fit_range", "fit_was", "fit_is", "fit_others", "fit_met")]
    table = plain_table([(head, "left" if i < 2 else "right") for i, head in enumerate(heads)])
    for target in study.targets:
        was, now, others = (f"{values[target.measure]:.2f}" for values in found)
        met = yes if target.met(found[1][target.measure]) else no
        table.add_row(
            target.id, _named(target.measure, lang), f"{target.value:g}", f"{target.low:g}–{target.high:g}", was, now, others, met
        )
    aimed = {target.measure for target in study.targets}
    for name in (name for name in MEASURES if name not in aimed):
        table.add_row(name, _named(name, lang), "", "", *(f"{values[name]:.2f}" for values in found), "")
    console.print(table)
    columns: list[tuple[str, Any]] = [
        (say(key, lang), "right" if i else "left") for i, key in enumerate(("fit_parameter", "fit_was", "fit_is"))
    ]
    known = known_to(problem, state.slope) if state is not None else None
    if known is not None:
        columns += [(say("fit_known", lang), "right"), *((target.measure, "right") for target in study.targets)]
    table = plain_table(columns)
    for i, (parameter, start) in enumerate(zip(study.parameters, fit.start, strict=True)):
        cells = [parameter.name, f"{start:.4g}", f"{start * math.exp(best[i]):.4g}"]
        if known is not None and state is not None:
            cells += [f"±{100 * known[i]:.0f} %", *(f"{0.1 * slope:+.2f}" for slope in state.slope[:, i])]
        table.add_row(*cells)
    console.print(table)
    if known is not None:
        console.print(say("fit_slopes", lang, prior=f"{100 * study.prior:.0f}"))


def _named(measure: str, lang: Language) -> str:
    return say(f"measure_{measure}", lang)


def _is_number(leaf: Any) -> bool:
    value = leaf.history[0].value
    return isinstance(value, int | float) and not isinstance(value, bool)
