"""Repeats published studies on simulated reforms: worlds, true effects on common random numbers, what each design finds, a verdict."""

from __future__ import annotations

import copy
import gc
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.comparison import t_interval
from experiments.manifest import code_fingerprint, fingerprint
from experiments.running import Progress, in_parallel, warm_up, workers_ended
from experiments.studies import ARMS, HISTORIES, MONTHS_BEFORE, PLACEBO, STUDIES, Design, Part, Place, Study, nearest_study, targets
from experiments.study_designs import Estimate, controlled, difference_in_differences, segmented
from model.errors import InputError

Floats = NDArray[np.float64]
Verdict = Literal["agrees", "sign agrees, size differs", "cannot be told", "contradicts", "reported"]
LAST = 12
"""Months at the end of a follow-up over which the simulated effect is taken: by then conduct has moved."""
SIGNIFICANT = 0.05
UNSEEN = 0.5
"""Share of seeds in which a design may find an effect that is taken for not found."""


@dataclass(frozen=True)
class Answer:
    """What became of one part of a study.

    Attributes:
        effect, low, high: simulated effect and its 95 % interval over seeds, in the part's measure.
        found: what the study's design reports, mean over seeds; None for a plain level.
        detected: share of seeds in which the design finds an effect (p < 0.05).
        verdict: of the simulated effect against the published sign and range; ``reported`` where none is published.
    """

    study: str
    part: Part
    effect: float
    low: float
    high: float
    found: float | None
    detected: float | None
    verdict: Verdict


class Worlds:
    """Monthly series of all arms and seeds: ``series(arm, seed, unit_type, unit, indicator)``, a number a month from the first."""

    def __init__(self, tables: pd.DataFrame, city: str) -> None:
        keys = ["arm", "seed", "unit_type", "unit", "indicator"]
        self._value = tables.set_index([*keys, "month"])["value"].sort_index()
        self.city = city
        self.seeds = sorted(tables["seed"].unique())
        self._months = range(int(tables["month"].max()) + 1)

    def series(self, arm: str, seed: int, place: Place) -> Floats:
        """One indicator month by month, NaN where it does not exist: in most months, if it is of a year."""
        found = self._value.loc[arm, seed, place.unit_type, place.unit or self.city, place.indicator]
        values: Floats = found.reindex(self._months).to_numpy(dtype=np.float64)
        return values

    def counties(self, arm: str, seed: int, part: Part) -> pd.DataFrame:
        """The indicator by county and month: columns ``place``, ``month``, ``value``."""
        found = self._value.loc[arm, seed, "county", slice(None), part.indicator].reset_index()
        return found.rename(columns={"unit": "place"})[["place", "month", "value"]]


def replicate(
    ids: Sequence[str] = (),
    *,
    city: str = "yuncheng",
    scale: float = 0.02,
    seeds: int = 4,
    jobs: int = -1,
    keep: Path | None = None,
    progress: Progress | None = None,
) -> tuple[list[Answer], pd.DataFrame]:
    """Runs the studies named (all unless given) and the placebo; simulated series already in the folder ``keep`` are not made again.

    Returns:
        The answers part by part, and the placebo: one row a design with ``tests``, ``positive`` and ``share``.

    Raises:
        InputError: an unknown study, or fewer than three seeds, which give no interval.
    """
    names = checked_ids(ids)
    if seeds < 3:
        raise InputError("too few seeds for an interval", path="--seeds", found=seeds, allowed="3 or more")
    studies = {name: STUDIES[name] for name in names if STUDIES[name].parts}
    worlds = simulate(studies.values(), city=city, scale=scale, seeds=range(1, seeds + 1), jobs=jobs, keep=keep, progress=progress)
    answers = [answered(name, study, part, worlds) for name, study in studies.items() for part in study.parts]
    return answers, placebo(studies.values(), worlds)


def checked_ids(ids: Sequence[str]) -> list[str]:
    """The studies to run, in the order of the targets.

    Raises:
        InputError: one that does not exist.
    """
    for name in ids:
        if name not in STUDIES:
            raise InputError("unknown study", found=name, allowed=list(STUDIES), nearest=nearest_study(name))
    return [name for name in targets().index if not ids or name in ids]


def simulate(
    studies: Iterable[Study], *, city: str, scale: float, seeds: Iterable[int], jobs: int, keep: Path | None, progress: Progress | None
) -> Worlds:
    """All arms that the studies need, as long as they need them; those of one history and seed in one task, kept at once."""
    asked = [(study, part) for study in studies for part in study.parts]
    parts = [part for _, part in asked]
    arms: dict[str, int] = {}
    for study, part in asked:
        for name in filter(None, (part.arm, part.control)):
            arms[name] = max(arms.get(name, 0), study.after)
    places = [place for part in parts for place in (part.place, part.per) if place is not None]
    wanted = sorted({(place.unit_type, place.indicator) for place in places} | {("county", place.indicator) for place in places})
    tasks = {}
    for history in sorted({ARMS[name].history for name in arms}):
        names = sorted((name, months) for name, months in arms.items() if ARMS[name].history == history)
        for seed in seeds:
            task = (city, history, names, wanted, scale, seed)
            tasks[fingerprint(code_fingerprint(), *task)] = task
    tables = {} if keep is None else {key: pd.read_parquet(_file(keep, key)) for key in tasks if _file(keep, key).exists()}
    missing = [key for key in tasks if key not in tables]
    if missing:
        warm_up()
    with workers_ended(), closing(in_parallel(_history, [(key, *tasks[key]) for key in missing], jobs)) as work:
        for key, table in work:
            tables[key] = table
            if keep is not None:
                table.to_parquet(_file(keep, key))
            if progress is not None:
                progress(len(tables), len(tasks))
    joined = pd.concat([tables[key] for key in tasks])
    return Worlds(joined, str(joined.loc[joined["unit_type"] == "city", "unit"].iloc[0]))


def _file(folder: Path, key: str) -> Path:
    return folder / f"series-{key}.parquet"


def _history(
    key: str, city: str, history: str, arms: list[tuple[str, int]], wanted: list[tuple[str, str]], scale: float, seed: int
) -> tuple[str, pd.DataFrame]:
    """The arms of one common history, each so many months, their monthly tables cut to what is wanted, with the task's key."""
    from model.city import City

    past = HISTORIES[history]
    common = City.load(city, past.policy, scale=scale, seed=seed)
    if past.change is not None:
        past.change(common)
    common.run_for(MONTHS_BEFORE)
    tables = []
    for name, months in arms:
        world = copy.deepcopy(common)
        arm = ARMS[name]
        if arm.policy is not None:
            world.switch_policy(arm.policy)
        if arm.change is not None:
            arm.change(world)
        world.run_for(months)
        monthly = world.tables.monthly
        keep = pd.MultiIndex.from_frame(monthly[["unit_type", "indicator"]]).isin(wanted)
        table = monthly[keep].copy()
        table["month"] = pd.factorize(table["period"], sort=True)[0]
        tables.append(table.drop(columns="period").assign(arm=name, seed=seed))
        del world
        gc.collect()  # a model is a reference cycle
    return key, pd.concat(tables)


# Answers


def answered(name: str, study: Study, part: Part, worlds: Worlds) -> Answer:
    """Simulated effect, what the design finds, and the verdict."""
    end = MONTHS_BEFORE + study.after
    window = slice(max(MONTHS_BEFORE, end - LAST), end)
    effects = part.told * np.array([_effect(part, worlds, seed, window) for seed in worlds.seeds])
    mean = float(effects.mean())
    low, high = (float(end) for end in t_interval(np.asarray(effects.mean()), np.asarray(effects.std(ddof=1)), np.asarray(len(effects))))
    found = [estimate for seed in worlds.seeds if (estimate := designed(study, part, worlds, seed)) is not None]
    detected = float(np.mean([e.p < SIGNIFICANT for e in found])) if found else None
    return Answer(
        study=name,
        part=part,
        effect=mean,
        low=low,
        high=high,
        found=part.told * float(np.mean([e.effect for e in found])) if found else None,
        detected=detected,
        verdict=judged(part, mean, low, high, detected),
    )


def _effect(part: Part, worlds: Worlds, seed: int, window: slice) -> float:
    """Effect of one seed on the very same people, in the part's measure."""

    def mean(arm: str, place: Place) -> float:
        values = worlds.series(arm, seed, place)[window]
        return float(values[np.isfinite(values)].mean())

    value = mean(part.arm, part.place)
    if part.other_unit:
        return 100 * (value - mean(part.arm, replace(part.place, unit=part.other_unit)))
    if not part.control:
        return 100 * value
    other = mean(part.control, part.place)
    if part.per is not None:
        above, below = mean(part.arm, part.per), mean(part.control, part.per)
        return float(np.log(value / other) / np.log(above / below)) if part.measure == "elasticity" else (other - value) / (above - below)
    if part.measure == "points":
        return 100 * (value - other)
    if part.measure == "amount":
        return value - other
    return float(np.log(value / other)) if part.measure == "ln" else 100 * (value / other - 1)


def judged(part: Part, mean: float, low: float, high: float, detected: float | None = None) -> Verdict:
    """The simulated effect and its interval against the published sign and range.

    A study that tells of no effect tells that its design found none: that is repeated where the same design finds none here either, in most
    seeds, as well as where there is none to be found.
    """
    if not part.sign:
        return "reported"
    if part.sign == "0":
        unseen = detected is not None and detected < UNSEEN
        return "agrees" if unseen or low <= 0 <= high else "contradicts"
    if not np.isfinite((low, high)).all():
        return "cannot be told"
    away = (low, high) if part.sign == "+" else (-high, -low)
    if away[1] < 0:
        return "contradicts"
    if away[0] <= 0:
        return "cannot be told"
    within = (part.low is None or mean >= part.low) and (part.high is None or mean <= part.high)
    return "agrees" if within else "sign agrees, size differs"


def of_row(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict on a whole row: the least favourable of its parts'."""
    order: tuple[Verdict, ...] = ("contradicts", "cannot be told", "sign agrees, size differs", "agrees", "reported")
    return min(verdicts, key=order.index)


def design_of(study: Study, part: Part) -> Design:
    """The design that is run on a part: only what is known by county has counties to compare; of a tier there is one series a city."""
    return "controlled" if study.design == "did" and part.unit_type != "city" else study.design


def designed(study: Study, part: Part, worlds: Worlds, seed: int) -> Estimate | None:
    """What the study's design reports of one seed's reform; the control is another seed's unreformed city, other people altogether."""
    if study.design == "level":
        return None
    return _estimated(study, part, worlds, (part.arm, seed), (part.control, _other(worlds, seed)))


def _other(worlds: Worlds, seed: int) -> int:
    """Another seed, for controls that are other people."""
    return int(worlds.seeds[(worlds.seeds.index(seed) + 1) % len(worlds.seeds)])


def _estimated(study: Study, part: Part, worlds: Worlds, treated: tuple[str, int], control: tuple[str, int]) -> Estimate:
    start, before = MONTHS_BEFORE - study.before, study.before
    months = slice(start, MONTHS_BEFORE + study.after)
    design = design_of(study, part)
    if design == "did":
        places = []
        for is_treated, (arm, seed) in ((1, treated), (0, control)):
            panel = worlds.counties(arm, seed, part)
            panel = panel[panel["month"].between(months.start, months.stop - 1)]
            places.append(panel.assign(place=panel["place"] + f"/{is_treated}", treated=is_treated, month=panel["month"] - start))
        whole = pd.concat(places)
        return _told(part, difference_in_differences(whole.assign(value=_scaled(part, whole["value"].to_numpy())), before))
    series = _scaled(part, _filled(worlds.series(*treated, part.place))[months])
    if design == "segmented":
        return _told(part, segmented(series, before))
    return _told(part, controlled(series, _scaled(part, _filled(worlds.series(*control, part.place))[months]), before))


def _filled(values: Floats) -> Floats:
    """A series in which a month without a value has the one before, or the first."""
    return np.asarray(pd.Series(values).ffill().bfill(), dtype=np.float64)


def _scaled(part: Part, values: Floats) -> Floats:
    """Values as a study would regress them: logs of money and rates, shares in points, amounts as they are."""
    if part.measure == "points":
        return 100 * values
    if part.measure == "amount":
        return values
    logs: Floats = np.log(np.maximum(values, 1e-9))
    return logs


def _told(part: Part, estimate: Estimate) -> Estimate:
    """An estimate in the part's measure."""
    if part.measure != "percent":
        return estimate
    low, mean, high = (100 * np.expm1(value) for value in (estimate.low, estimate.effect, estimate.high))
    return Estimate(float(mean), float(low), float(high), estimate.p)


def placebo(studies: Iterable[Study], worlds: Worlds) -> pd.DataFrame:
    """How often each design finds an effect (p < 0.05) where nothing was done: every part's design on its unreformed arm."""
    found: dict[str, list[bool]] = {}
    for study in studies:
        for part in study.parts:
            if study.design == "level" or part.control not in PLACEBO:
                continue
            for seed in worlds.seeds:
                nothing = _estimated(study, part, worlds, (part.control, seed), (part.control, _other(worlds, seed)))
                found.setdefault(design_of(study, part), []).append(nothing.p < SIGNIFICANT)
    return pd.DataFrame(
        [(design, len(hits), sum(hits), sum(hits) / len(hits)) for design, hits in sorted(found.items())],
        columns=["design", "tests", "positive", "share"],
    )


# Files


def write_validation(
    ids: Sequence[str],
    *,
    city: str,
    scale: float,
    seeds: int,
    out: Path,
    file: Path | None = None,
    jobs: int = -1,
    progress: Progress | None = None,
) -> None:
    """Runs the studies and writes ``validation.md`` and ``answers.csv`` into a folder, which also keeps the simulated series.

    The page is written to ``file`` too, if one is given.

    Raises:
        InputError: as :func:`replicate`; or a file for a page that would leave out studies.
    """
    from experiments.validation_page import page

    checked_ids(ids)
    if ids and file is not None:
        raise InputError("the page has all studies", path="--page", found=" ".join(ids), allowed="no studies named")
    out.mkdir(parents=True, exist_ok=True)
    answers, nothing = replicate(ids, city=city, scale=scale, seeds=seeds, jobs=jobs, keep=out, progress=progress)
    text = page(answers, nothing, city=city, scale=scale, seeds=seeds)
    for target in (out / "validation.md", file):
        if target is not None:
            target.write_text(text, encoding="utf-8")
    rows = [{**asdict(answer.part), **{key: value for key, value in asdict(answer).items() if key != "part"}} for answer in answers]
    pd.DataFrame(rows).to_csv(out / "answers.csv", index=False)
