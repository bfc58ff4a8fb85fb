"""Fitting a city's levels: levers moved round by round, on common random numbers, until the targets are met."""

from __future__ import annotations

import gc
import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import data
from experiments.checking import FITTED_LIMIT, Levels, levels_of, place_of
from experiments.failures import RunError
from experiments.running import in_parallel, warm_up, workers_ended
from experiments.setting import check_people, check_seeds
from experiments.texts import Language, say
from model.codes import NEED_KINDS, SCHEMES, TIERS
from model.errors import InputError, nearest

if TYPE_CHECKING:
    from rich.console import Console

    from model.policy.city_file import CityFile

LONGEST_STEP = 0.7
"""Farthest a lever moves in one round, in logs or in utility."""
SOFTEST, STEEPEST = 0.25, 2.0
"""Bounds of what a lever is believed to do to the log of its level, when that is learned from the rounds before."""
LEAST_MOVE = 0.04
"""Smallest move of a lever from which something is learned."""
OUTSIDE = "out_of_city"
LEVELS, CONDUCT = STUDY_KINDS = ("levels", "conduct")
"""What a study can fit: the levels of a city, or the conduct of providers."""

Path_ = tuple[str, ...]
Levers = dict[Path_, float]
"""Values of the [fitted] section by path: multipliers, and constants in utility."""
Measure = Callable[[Path, int], Levels]
"""Simulates a city file's base year with a seed and returns its levels."""


@dataclass(frozen=True)
class Study:
    """How to fit: city, sample, and when to stop (see studies/levels.toml)."""

    kind: str
    city: str
    scale: float
    seeds: int
    burn_in: int
    rounds: int
    damping: float
    tolerance: float


@dataclass(frozen=True)
class Aim:
    """One level to be met and the levers that move it, all by the same step.

    Attributes:
        name: the target's id, or the path of the city's own parameter.
        key: where the simulated level is found.
        levers: paths in [fitted].
        additive: whether the levers are constants in utility; else multipliers.
        rival: key and level of the alternative whose constant stays as it is; None for multipliers.
        held: paths in [fitted] that stay as they are: that alternative's constant.
    """

    name: str
    key: tuple[str, str, str]
    value: float
    levers: tuple[Path_, ...]
    additive: bool = False
    rival: tuple[tuple[str, str, str], float] | None = None
    held: tuple[Path_, ...] = ()

    def gap(self, levels: Levels) -> float:
        """Relative gap of the simulated level."""
        return levels.get(self.key, math.nan) / self.value - 1

    def miss(self, levels: Levels) -> float:
        """Log by which the levers' effect falls short; of a constant, against its rival."""
        own = math.log(self.value / levels[self.key])
        if self.rival is None:
            return own
        key, value = self.rival
        return own - math.log(value / levels[key])


def calibrate(
    study: str, *, city: str | None, jobs: int, console: Console, lang: Language, measure: Callable[[Study], Measure] | None = None
) -> int:
    """Fit the levels of a study's city, write them into its file, and return 0 when all are met, 1 otherwise."""
    plan = read_study(study)
    if city is not None:
        plan = Study(**{**vars(plan), "city": city})
    target_file = _city_path(plan.city)
    settings = checked_city(plan)
    aims = aims_of(settings)
    seeds = check_seeds(plan.seeds)
    measuring = measure(plan) if measure is not None else Measuring(plan)
    levers = neutral(aims) | fitted_values(settings)
    best: tuple[float, str, Levers] | None = None
    learned: dict[str, float] = {}
    before: tuple[Levers, Levels] | None = None
    number = 0
    with workers_ended(), TemporaryDirectory(prefix="yibao-") as folder:
        if measure is None:
            warm_up()
        for number in range(1, plan.rounds + 1):
            levels = mean_levels(_trial(target_file, folder, levers), seeds, measuring, jobs)
            worst = max(aims, key=lambda aim: abs(aim.gap(levels)))
            gap = abs(worst.gap(levels))
            console.print(say("round", lang, number=number, gap=f"{gap:.1%}", target=worst.name))
            if best is None or gap < best[0]:
                best = (gap, worst.name, levers)
            if gap <= plan.tolerance:
                break
            if before is not None:
                for name, slope in learn(aims, before, (levers, levels)).items():
                    learned[name] = math.sqrt(slope * learned.get(name, 1.0))  # the mean of what was believed and what was seen
            before = (levers, levels)
            levers = moved(levers, aims, levels, plan.damping, learned)
    assert best is not None  # there is at least one round
    gap, name, levers = best
    write(target_file, levers, plan)
    done = gap <= plan.tolerance
    told: dict[str, Any] = {"file": target_file, "count": len(levers), "rounds": number, "gap": f"{gap:.1%}", "target": name}
    console.print(say("calibrated" if done else "not_converged", lang, **told))
    return 0 if gap <= FITTED_LIMIT else 1


def kind_of(name_or_path: str) -> str:
    """What a study fits: one of ``STUDY_KINDS``."""
    path = study_path(name_or_path)
    found = _read(path).get("kind")
    if found not in STUDY_KINDS:
        raise InputError("unknown kind of study", file=path, path="kind", found=found, allowed=STUDY_KINDS)
    return str(found)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"the study cannot be read: {error}", file=path) from None


def read_study(name_or_path: str) -> Study:
    """Read a study of levels by name or from a TOML file, strictly."""
    path = study_path(name_or_path)
    raw = _read(path)
    bounds = {"scale": (0, 1), "seeds": (1, 100), "burn_in": (0, 240), "rounds": (1, 100), "damping": (0.05, 1.5), "tolerance": (1e-4, 0.5)}
    keys = ("kind", "city", *bounds)
    for key in raw:
        if key not in keys:
            raise InputError("unknown key", file=path, path=key, found=key, allowed=keys, nearest=nearest(key, keys))
    for key in keys:
        if key not in raw:
            raise InputError(f"missing key: {key}", file=path, allowed=keys)
    if raw["kind"] != LEVELS:
        raise InputError("not a study of levels", file=path, path="kind", found=raw["kind"], allowed=[LEVELS])
    for key, (low, high) in bounds.items():
        value, whole = raw[key], key in ("seeds", "burn_in", "rounds")
        right = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not right or not low <= value <= high:
            kind = "whole number" if whole else "number"
            raise InputError("out of range", file=path, path=key, found=value, allowed=f"a {kind} from {low} to {high}")
    return Study(**raw)


def checked_city(plan: Study) -> CityFile:
    """Read a study's city; refuse a scale it is too small for."""
    from model.policy.loader import load_city

    settings = load_city(plan.city)
    check_people(plan.scale, settings)
    return settings


def aims_of(city: CityFile) -> list[Aim]:
    """Return what is to be met: the targets with fit = true, and shares that the city file states as its own parameters."""
    aims = []
    for target in city.targets:
        if not target.fit:
            continue
        levers = _levers_of(target.indicator, target.unit)
        if levers:
            aims.append(Aim(target.id, place_of(target), target.value, levers))
        elif target.indicator not in _SHARES or target.unit_type != "scheme":
            raise InputError(
                "no lever moves this target: it cannot be fitted",
                path=f"targets[{target.id}]",
                found=target.indicator,
                allowed="fit = false",
            )
    for scheme in SCHEMES:
        aims += [*_stay_aims(city, scheme), *_visit_aims(city, scheme)]
    return aims


def neutral(aims: Sequence[Aim]) -> Levers:
    """Return every lever at its neutral value: multipliers 1, constants 0."""
    return {path: 0.0 if aim.additive else 1.0 for aim in aims for path in (*aim.levers, *aim.held)}


def fitted_values(city: CityFile) -> Levers:
    """Return the values that a city file's [fitted] section holds already: a fit goes on from there."""
    from model.policy.loader import walk

    if city.fitted is None:
        return {}
    month = city.base_year * 12
    return {tuple(path.split(".")): float(leaf.at(month)) for path, leaf in walk(city.fitted)}


def moved(levers: Levers, aims: Sequence[Aim], levels: Levels, damping: float, learned: Mapping[str, float]) -> Levers:
    """Return the levers after one round: each moves by its aim's log miss over what it is known to do, damped and bounded."""
    after = dict(levers)
    for aim in aims:
        step = damping * aim.miss(levels) / learned.get(aim.name, 1.0)
        step = max(-LONGEST_STEP, min(LONGEST_STEP, step))
        for path in aim.levers:
            after[path] = levers[path] + step if aim.additive else levers[path] * math.exp(step)
    return after


def learn(aims: Sequence[Aim], before: tuple[Levers, Levels], now: tuple[Levers, Levels]) -> dict[str, float]:
    """Return what each lever did to the log of its level between two rounds, within bounds; too small moves teach nothing."""
    slopes = {}
    for aim in (aim for aim in aims if aim.levers):
        path = aim.levers[0]
        move = now[0][path] - before[0][path] if aim.additive else math.log(now[0][path] / before[0][path])
        if abs(move) >= LEAST_MOVE:
            slope = (aim.miss(before[1]) - aim.miss(now[1])) / move
            slopes[aim.name] = max(SOFTEST, min(STEEPEST, slope))
    return slopes


def mean_levels(city: Path, seeds: Sequence[int], measure: Measure, jobs: int) -> Levels:
    """Return the levels of a city file, their mean over the seeds."""
    found: list[Levels] = []
    for levels, error in in_parallel(_measured, [(measure, city, seed) for seed in seeds], jobs):
        if levels is None:
            raise RunError(error)
        found.append(levels)
    keys = set.intersection(*(set(levels) for levels in found))
    return {key: math.fsum(levels[key] for levels in found) / len(found) for key in keys}


@dataclass(frozen=True)
class Measuring:
    """Simulates a city's base year and measures what the tables show, and where people went."""

    study: Study

    def __call__(self, city: Path, seed: int) -> Levels:
        """Return the levels of one seed."""
        from model.city import City

        made = City.load(city, scale=self.study.scale, seed=seed, burn_in=self.study.burn_in)
        made.run_for(12)
        return levels_of(made.tables.yearly) | _went_outside(made) | _visited(made)


def write(path: Path, levers: Levers, plan: Study) -> None:
    """Write the levers into the [fitted] section of a city file; nothing else in it changes."""
    from model.policy.loader import write_fitted

    source = f"fitted: yibao calibrate {plan.kind}, {plan.seeds} seeds, {plan.scale:g} of the people"
    write_fitted(path, _nested(levers), source)


_SHARES = tuple(f"{tier}_admission_share" for tier in TIERS)


def _levers_of(indicator: str, unit: str) -> tuple[Path_, ...]:
    """Return the multipliers that move an indicator of a unit; none if only choice does, or nothing."""
    parts = tuple(unit.split("/"))
    simple = {
        "admissions_per_100": "admission_scale",
        "cost_per_admission": "cost_level",
        "los_days": "stay_scale",
        "in_scope_payment_ratio": "in_scope_scale",
        "cost_per_visit": "visit_cost_level",
    }
    if indicator == "visits_per_head":
        return tuple(("visit_scale", *parts, kind) for kind in NEED_KINDS)
    if indicator == "cost_per_admission" and len(parts) == 1:
        return tuple(("cost_level", *parts, tier) for tier in TIERS)
    return ((simple[indicator], *parts),) if indicator in simple else ()


def _stay_aims(city: CityFile, scheme: str) -> list[Aim]:
    """Where a scheme's people are admitted: shares of the tiers that are to be fitted, and the share outside the city."""
    shares = {target.indicator: target for target in city.targets if target.fit and target.unit == scheme and target.indicator in _SHARES}
    if not shares:
        return []
    if len(shares) < len(TIERS):
        raise InputError("shares are fitted together or not at all", path="targets", found=sorted(shares), allowed=_SHARES)
    outside = float(city.utilisation.out_of_city_share[scheme].at(city.base_year * 12))
    values = {tier: shares[f"{tier}_admission_share"].value for tier in TIERS}
    names = {tier: shares[f"{tier}_admission_share"].id for tier in TIERS}
    values["tertiary"] -= outside
    if values["tertiary"] <= 0:
        raise InputError("more leave the city than are treated at the third level", path="utilisation.out_of_city_share", found=outside)
    keys = {tier: (f"{tier}_admission_share", "scheme", scheme) for tier in TIERS[:2]}
    keys |= {"tertiary": ("tertiary_in_city_share", "scheme", scheme), OUTSIDE: ("out_of_city_share", "scheme", scheme)}
    values[OUTSIDE], names[OUTSIDE] = outside, f"utilisation.out_of_city_share.{scheme}"
    return _choice_aims("choice_constant", scheme, values, keys, names)


def _visit_aims(city: CityFile, scheme: str) -> list[Aim]:
    """Where a scheme's people go for visits: the tier shares that the city file states; outside the city moves with the third level."""
    month = city.base_year * 12
    values = {tier: float(city.utilisation.visit_tier_share[tier].at(month)) for tier in TIERS}
    keys = {tier: (f"{tier}_visit_tier_share", "scheme", scheme) for tier in TIERS}
    names = {tier: f"utilisation.visit_tier_share.{tier} ({scheme})" for tier in TIERS}
    return _choice_aims("visit_choice_constant", scheme, values, keys, names)


def _choice_aims(
    section: str, scheme: str, values: Mapping[str, float], keys: Mapping[str, tuple[str, str, str]], names: Mapping[str, str]
) -> list[Aim]:
    """Return an aim for each alternative; the first one's constant stays, the others move against it."""
    first, *others = values
    aims = [Aim(names[first], keys[first], values[first], (), additive=True, held=((section, scheme, first),))]
    for level in others:
        levels = (level, OUTSIDE) if level == TIERS[-1] and OUTSIDE not in values else (level,)
        levers = tuple((section, scheme, name) for name in levels)
        aims.append(Aim(names[level], keys[level], values[level], levers, additive=True, rival=(keys[first], values[first])))
    return aims


def _went_outside(city: Any) -> Levels:
    """Return the shares of a year's stays at hospitals outside the city, and at its own of the third level, by scheme."""
    claims = city.recent_claims()
    providers = city.geography.providers
    outside = ~providers.local[claims.provider]
    third = providers.tier[claims.provider] == len(TIERS) - 1
    levels: Levels = {}
    for code, scheme in enumerate(SCHEMES):
        mine = claims.scheme == code
        levels["out_of_city_share", "scheme", scheme] = float(outside[mine].mean())
        levels["tertiary_in_city_share", "scheme", scheme] = float((third & ~outside)[mine].mean())
    return levels


def _visited(city: Any) -> Levels:
    """Return the shares of a year's visits by tier and scheme."""
    cells = city.recent_cells()
    tier = city.geography.providers.tier[cells.provider]
    levels: Levels = {}
    for code, scheme in enumerate(SCHEMES):
        mine = cells.scheme == code
        total = float(cells.visits[mine].sum())
        for level, name in enumerate(TIERS):
            levels[f"{name}_visit_tier_share", "scheme", scheme] = float(cells.visits[mine & (tier == level)].sum()) / total
    return levels


def _measured(measure: Measure, city: Path, seed: int) -> tuple[Levels | None, str]:
    """Measure in a worker; an error is told instead of raised."""
    try:
        return measure(city, seed), ""
    except Exception as error:  # whatever a model or a plug-in raises ends the fit with its message
        return None, f"seed {seed}: {type(error).__name__}: {error}"
    finally:
        gc.collect()  # a city is a cycle of references


def _trial(city: Path, folder: str, levers: Levers) -> Path:
    """Return a copy of a city file with these levers."""
    from model.policy.loader import write_fitted

    trial = Path(folder) / city.name
    trial.write_bytes(city.read_bytes())
    write_fitted(trial, _nested(levers), "fitted: a trial")
    return trial


def _nested(levers: Levers) -> dict[str, Any]:
    """Return the levers as [fitted] nests them, to six digits."""
    nested: dict[str, Any] = {}
    for path, value in sorted(levers.items()):
        place = nested
        for part in path[:-1]:
            place = place.setdefault(part, {})
        place[path[-1]] = float(f"{value:.6g}")
    return nested


def _city_path(name: str) -> Path:
    return Path(name) if name.endswith(".toml") else data.folder("cities", f"{name}.toml")


def study_path(name: str) -> Path:
    """File of a study by name, or a path to one."""
    if name.endswith(".toml"):
        return Path(name)
    folder = Path(__file__).with_name("studies")
    names = sorted(path.stem for path in folder.glob("*.toml"))
    if name not in names:
        raise InputError("unknown study", found=name, allowed=[*names, "or a path to a .toml file"], nearest=nearest(name, names))
    return folder / f"{name}.toml"
