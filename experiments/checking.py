"""A city's base year beside its published levels, and those levels held against each other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from experiments.running import Load, Progress, execute
from experiments.setting import check_modes, checked_single
from experiments.store import open_store, read_yearly
from experiments.texts import Language, say
from model.codes import SCHEMES, TIERS

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from model.policy.city_file import CityFile, Target

FITTED_LIMIT = 0.05
"""Largest relative gap of a level that was fitted."""
HOLDS_WITHIN = 0.02
"""Relative gap up to which published levels are said to agree: they are rounded, and from different tables."""
USUAL_CLASS = {"primary": "primary", "secondary": "county", "tertiary": "tertiary"}
"""Benefit class that a tier's stays mostly fall into (assumption: second-level stays are at county hospitals)."""
Levels = dict[tuple[str, str, str], float]
"""Simulated level by indicator, unit type and unit; the one city is called `city`."""


@dataclass(frozen=True)
class Gap:
    """One published level beside the simulated one (NaN where nothing came out)."""

    target: Target
    simulated: float

    @property
    def relative(self) -> float:
        """Simulated over published, less one."""
        return self.simulated / self.target.value - 1

    @property
    def fails(self) -> bool:
        """Whether the level was fitted and is off all the same."""
        return self.target.fit and not abs(self.relative) <= FITTED_LIMIT


@dataclass(frozen=True)
class Arithmetic:
    """Two numbers that would have to be equal if all published levels held, and how the first comes about."""

    key: str
    values: dict[str, Any]
    computed: float
    published: float

    @property
    def relative(self) -> float:
        """Computed over published, less one."""
        return self.computed / self.published - 1

    @property
    def holds(self) -> bool:
        """Whether the two agree."""
        return abs(self.relative) <= HOLDS_WITHIN


def check_levels(name: str, levels: Levels, about: Mapping[str, Any], *, console: Console, lang: Language) -> int:
    """Print target, simulated level and gap of a city's base year; return 1 where a fitted level is off, else 0.

    `levels` come from `simulated_levels`; `about` says with how many `seeds` and at which `scale`.
    """
    from model.policy.loader import load_city, walk

    city = load_city(name)
    console.print(say("city_valid", lang, count=sum(1 for _ in walk(city))))
    gaps = [Gap(target, levels.get(place_of(target), math.nan)) for target in city.targets]
    title = say("check_title", lang, city=getattr(city.label, lang), year=city.base_year, policy=city.own_policy, **about)
    console.print(_fitted_by(city, lang))
    _print_gaps(gaps, title, console, lang)
    _print_arithmetic(arithmetic(city), console, lang)
    failed, limit = [gap for gap in gaps if gap.fails], f"{FITTED_LIMIT:.0%}"
    if failed:
        console.print(say("check_failed", lang, count=len(failed), limit=limit), style="bold")
        return 1
    console.print(say("check_passed", lang, count=sum(gap.target.fit for gap in gaps), limit=limit))
    return 0


def check_policy(name: str, *, console: Console, lang: Language) -> None:
    """Read a policy strictly, with its modes and their parameters, and say that it is valid."""
    from model.policy.loader import load_policy

    policy = load_policy(name)
    check_modes(policy)
    console.print(say("policy_valid", lang, policy=policy.name, modes=len(policy.modes), routes=len(policy.routes)))


def simulated_levels(
    city: str | Path,
    *,
    scale: float,
    seeds: int,
    burn_in: int,
    jobs: int = -1,
    progress: Progress | None = None,
    load: Load | None = None,
) -> Levels:
    """Simulate the base year under the city's own policy; return each level, its mean over seeds."""
    from model.policy.loader import load_city

    policy = load_city(city).own_policy
    setting = checked_single(city, policy, burn_in=burn_in, scale=scale, years=1, seeds=seeds)
    with TemporaryDirectory(prefix="yibao-") as folder:
        store = open_store(Path(folder), setting.asked())
        execute(setting, store, jobs=jobs, progress=progress, load=load)
        table = read_yearly([store.run_path(run_id) for run_id, _, _ in setting.runs()])
    return levels_of(table)


def levels_of(yearly: pd.DataFrame) -> Levels:
    """Return the mean over runs of each level in a table of one year."""
    means = yearly.groupby(["indicator", "unit_type", "unit"], observed=True)["value"].mean().reset_index()
    rows: Iterable[Any] = means.itertuples()
    return {(row.indicator, row.unit_type, _unit(row.unit_type, row.unit)): float(row.value) for row in rows}


def place_of(target: Target) -> tuple[str, str, str]:
    """Return the key of a target's simulated level."""
    return target.indicator, target.unit_type, _unit(target.unit_type, target.unit)


def arithmetic(city: CityFile) -> list[Arithmetic]:
    """Hold a city's published levels against each other, and against its own benefit rules."""
    known: dict[tuple[str, str], list[float]] = {}
    for target in city.targets:
        known.setdefault((target.indicator, _unit(target.unit_type, target.unit)), []).append(target.value)
    found = [*_published_twice(known)]
    for scheme in SCHEMES:
        found += [*_shares(known, scheme), *_costs(known, scheme), *_ratios(known, scheme)]
        found += [*_own_rules(known, scheme, city), *_fund(known, scheme, city)]
    return found


Known = dict[tuple[str, str], list[float]]
"""Published values by indicator and unit."""


def _published_twice(known: Known) -> Iterator[Arithmetic]:
    for (indicator, unit), values in known.items():
        for first, second in combinations(values, 2):
            said = {"indicator": indicator, "unit": unit, "first": f"{first:g}", "second": f"{second:g}"}
            yield Arithmetic("twice", said, first, second)


def _shares(known: Known, scheme: str) -> Iterator[Arithmetic]:
    shares = _by_tier(known, "{tier}_admission_share", scheme, "{scheme}")
    if shares:
        said = {"terms": " + ".join(f"{share:g}" for share in shares), "value": f"{sum(shares):g}"}
        yield Arithmetic("share_sum", {"scheme": scheme, **said}, sum(shares), 1.0)


def _costs(known: Known, scheme: str) -> Iterator[Arithmetic]:
    """Cost by tier, weighted by where people are admitted, against the cost of all."""
    costs = _by_tier(known, "cost_per_admission", scheme, "{scheme}/{tier}")
    shares = _by_tier(known, "{tier}_admission_share", scheme, "{scheme}")
    for published in known.get(("cost_per_admission", scheme), []):
        if costs and shares:
            computed = sum(cost * share for cost, share in zip(costs, shares, strict=True))
            terms = " + ".join(f"{cost:,g} × {share:g}" for cost, share in zip(costs, shares, strict=True))
            said = {"terms": terms, "value": f"{computed:,.0f}", "published": f"{published:,g}"}
            yield Arithmetic("cost_mix", {"scheme": scheme, **said}, computed, published)


def _ratios(known: Known, scheme: str) -> Iterator[Arithmetic]:
    """Payment ratios by tier, weighted by money, against the ratio of all."""
    ratios = _by_tier(known, "in_scope_payment_ratio", scheme, "{scheme}/{tier}")
    costs = _by_tier(known, "cost_per_admission", scheme, "{scheme}/{tier}")
    shares = _by_tier(known, "{tier}_admission_share", scheme, "{scheme}")
    if not (ratios and costs and shares):
        return
    money = [cost * share for cost, share in zip(costs, shares, strict=True)]
    computed = sum(ratio * part for ratio, part in zip(ratios, money, strict=True)) / sum(money)
    for published in known.get(("in_scope_payment_ratio", scheme), []):
        said = {"value": f"{computed:.3f}", "published": f"{published:g}"}
        yield Arithmetic("ratio_mix", {"scheme": scheme, **said}, computed, published)


def _own_rules(known: Known, scheme: str, city: CityFile) -> Iterator[Arithmetic]:
    """What the city's deductible and ratio give on the published mean cost, against the published ratio."""
    month = city.base_year * 12
    for tier in TIERS:
        costs = known.get(("cost_per_admission", f"{scheme}/{tier}"), [])
        ratios = known.get(("in_scope_payment_ratio", f"{scheme}/{tier}"), [])
        for cost, published in zip(costs, ratios, strict=False):
            scope = float(city.utilisation.in_scope_share[scheme][tier].at(month))
            fen = cost * scope * 100
            bands = city.benefits[scheme].inpatient_bands(USUAL_CLASS[tier], month)
            paid = sum(max(0.0, min(fen, end) - start) * ratio / 1e6 for start, end, ratio in bands)
            said = {
                "tier": tier,
                "cost": f"{cost:,g}",
                "scope": f"{scope:.2f}",
                "value": f"{paid / fen:.3f}",
                "published": f"{published:g}",
            }
            yield Arithmetic("own_rule", {"scheme": scheme, **said}, paid / fen, published)


def _fund(known: Known, scheme: str, city: CityFile) -> Iterator[Arithmetic]:
    """What the fund would pay for stays alone, against what it is said to have paid for everything."""
    month = city.base_year * 12
    rates, costs = known.get(("admissions_per_100", scheme)), known.get(("cost_per_admission", scheme))
    ratios = known.get(("in_scope_payment_ratio", scheme))
    funds = known.get(("fund_spending", scheme)) or known.get(("fund_cost_per_head", scheme))
    shares = _by_tier(known, "{tier}_admission_share", scheme, "{scheme}")
    if not (rates and costs and ratios and funds and shares):
        return
    scopes = [float(city.utilisation.in_scope_share[scheme][tier].at(month)) for tier in TIERS]
    scope = sum(share * part for share, part in zip(shares, scopes, strict=True))
    computed = rates[0] / 100 * costs[0] * scope * ratios[0]
    terms = f"{rates[0] / 100:g} × {costs[0]:,g} × {scope:.2f} × {ratios[0]:g}"
    said = {"terms": terms, "value": f"{computed:,.0f}", "published": f"{funds[0]:,g}"}
    yield Arithmetic("fund_sum", {"scheme": scheme, **said}, computed, funds[0])


def _by_tier(known: Known, indicator: str, scheme: str, unit: str) -> list[float]:
    """Return the first published value of each tier, or nothing where one is missing."""
    keys = [(indicator.format(tier=tier), unit.format(scheme=scheme, tier=tier)) for tier in TIERS]
    return [known[key][0] for key in keys] if all(key in known for key in keys) else []


def _unit(unit_type: str, unit: str) -> str:
    return "city" if unit_type == "city" else unit


def _print_gaps(gaps: list[Gap], title: str, console: Console, lang: Language) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    view = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for key in ("target", "indicator", "unit"):
        view.add_column(say(key, lang), overflow="fold")
    for key in ("published", "simulated", "gap"):
        view.add_column(say(key, lang), justify="right")
    view.add_column(say("fitted", lang))
    view.add_column(say("verdict", lang))
    for gap in gaps:
        target = gap.target
        known = math.isfinite(gap.simulated)
        numbers = [f"{target.value:,g}", _written(gap.simulated) if known else "–", _signed(gap.relative) if known else "–"]
        verdict = Text(_verdict(gap, lang), style="bold red" if gap.fails else "")
        view.add_row(
            target.id, _indicator(target.indicator, lang), target.unit, *numbers, say("yes" if target.fit else "no", lang), verdict
        )
    console.print(Text(title, style="bold"))
    console.print(view)


def _fitted_by(city: CityFile, lang: Language) -> str:
    """Say how many values of the city were fitted, and by what their sources say."""
    from model.policy.loader import walk

    leaves = [] if city.fitted is None else [leaf for _, leaf in walk(city.fitted)]
    sources = sorted({leaf.source_at(city.base_year * 12) for leaf in leaves})
    return say("fitted_by", lang, count=len(leaves), sources="; ".join(sources)) if leaves else say("fitted_never", lang)


def _indicator(name: str, lang: Language) -> str:
    from model.indicators import INDICATORS

    found = INDICATORS.get(name)
    return name if found is None else found.label_zh if lang == "zh" else found.label_en


def _written(level: float) -> str:
    return f"{level:,.0f}" if abs(level) >= 1000 else f"{level:.4g}"


def _verdict(gap: Gap, lang: Language) -> str:
    if not math.isfinite(gap.simulated):
        return say("absent", lang)
    key = ("outside" if gap.fails else "within") if gap.target.fit else "reported"
    return say(key, lang, limit=f"{FITTED_LIMIT:.0%}")


def _print_arithmetic(found: list[Arithmetic], console: Console, lang: Language) -> None:
    if not found:
        return
    console.print(say("arithmetic", lang), style="bold")
    for one in found:
        names: dict[str, Any] = {key: say(f"{key}_{one.values[key]}", lang) for key in ("scheme", "tier") if key in one.values}
        if "indicator" in one.values:
            names["indicator"] = _indicator(one.values["indicator"], lang)
        line = say(one.key, lang, **(one.values | names), gap=_signed(one.relative))
        console.print(f"  [{say('holds' if one.holds else 'cannot_hold', lang)}] {line}", style="" if one.holds else "bold")


def _signed(relative: float) -> str:
    return f"{relative:+.1%}".replace("-", "−")
