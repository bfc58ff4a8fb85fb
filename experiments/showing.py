"""Tables for people: what each policy does, and what was simulated, on the terminal in Chinese or English."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.terminal import plain_table
from experiments.texts import Language, say
from model.indicators import INDICATORS

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

    from experiments.store import Results

GROUPS: dict[str, tuple[str, ...]] = {
    "group_cost": (
        "total_cost_per_head",
        "fund_cost_per_head",
        "oop_per_head",
        "cost_per_admission",
        "admissions_per_100",
        "los_days",
        "drug_share",
    ),
    "group_gaming": (
        "intensity",
        "intensity/mild",
        "intensity/severe",
        "stay_ratio",
        "coding_gap",
        "upcoded_share",
        "treatment_weight",
        "split_share",
        "readmission_30d",
        "low_threshold_share",
        "refusal_share",
        "shifted_share",
        "recovered_share",
    ),
    "group_where": (
        "tertiary_admission_share",
        "secondary_admission_share",
        "primary_admission_share",
        "primary_visit_share",
        "county_in_share",
        "simple_at_tertiary_share",
        "referrals_up",
        "referrals_down",
    ),
    "group_health": (
        "avoidable_admissions_per_1000",
        "complications_per_1000",
        "hospital_deaths_per_1000",
        "deaths_per_1000",
        "qaly_per_head",
        "qaly_lost_per_1000",
        "unmet_need_share",
        "che_share",
    ),
    "group_money": ("point_value", "reserve_months", "provider_margin", "group_surplus"),
}
"""What the tables show, by question; `indicator/unit` is the indicator of one severity."""
Rows = dict[tuple[str, str, str, str], Any]
"""Comparison rows by indicator, unit type, unit and policy."""


@dataclass(frozen=True)
class Words:
    """What things are called, in a language: functions of a name and a language.

    Attributes:
        titled, indicator: an indicator with its unit, or without.
        place: a tier, scheme or severity.
        level, change: a value, or a signed difference, of a unit of the registry.
        policy: a policy, and where its file lies if it is not ours.
    """

    titled: Callable[[str, Language], str]
    indicator: Callable[[str, Language], str]
    place: Callable[[str, Language], str]
    level: Callable[[float, str], str]
    change: Callable[[float, str], str]
    policy: Callable[[str, Language, Mapping[str, str] | None], str]


def show_comparison(results: Results, console: Console, lang: Language, words: Words) -> None:
    """Print what each policy does against the baseline, the mean over the years since the switch."""
    manifest, table = results.manifest, results.comparison
    if table.empty:
        return
    period = longest_period(table["period"])
    shown: Iterable[Any] = table[table["period"] == period].itertuples()
    rows: Rows = {(row.indicator, *_known_as(row.unit_type, row.unit), row.policy): row for row in shown}
    others = [policy for policy in manifest["policies"] if policy != manifest["baseline"]]
    title = say(
        "compared",
        lang,
        city=manifest["city"],
        baseline=manifest["baseline"],
        others=", ".join(others),
        period=period,
        seeds=len(manifest["seeds"]),
        scale=f"{manifest['scale']:.3g}",
    )
    _print_titled(console, title, _comparison_table(rows, manifest, console.width, lang, words))
    names = ", ".join(f"{policy} {words.policy(policy, lang, manifest.get('files'))}" for policy in manifest["policies"])
    console.print(say("policies", lang, names=names), style="dim")
    one_seed = len(manifest["seeds"]) == 1
    console.print(say("legend_one_seed" if one_seed else "legend", lang), style="dim")
    if not results.robustness.empty:
        _show_robustness(results.robustness, manifest, console, lang, words)


MARKS = {"holds": "✓", "same_sign": "~", "lost": "○", "reversed": "✗", "appears": "!", "unclear": "·"}
"""What another conduct rule makes of a finding, in one letter."""


def _show_robustness(table: pd.DataFrame, manifest: Mapping[str, Any], console: Console, lang: Language, words: Words) -> None:
    """Print for every clear difference its sign and, rule by rule, whether it survives; and how many do."""
    from experiments.robustness import counts

    rules = list(dict.fromkeys(table["conduct"]))
    others = [policy for policy in manifest["policies"] if policy != manifest["baseline"]]
    listed: Iterable[Any] = table.itertuples()
    marks: dict[tuple[str, str, str, str], str] = {}
    for row in listed:
        key = (row.indicator, *_known_as(row.unit_type, row.unit), row.policy)
        sign = ("+" if row.difference > 0 else "−") if row.verdict == "clear" else "·"
        marks[key] = f"{sign} " if row.conduct == rules[0] else marks.get(key, "") + MARKS[row.verdict]
    view = _table([say("indicator", lang), *others])
    for group, names in GROUPS.items():
        cells = {name: [marks.get((*_place(name), policy), "–") for policy in others] for name in names}
        known = {name: row for name, row in cells.items() if any(cell[0] in "+−" for cell in row)}
        _add_group(view, say(group, lang), [[_label(name, lang, words), *row] for name, row in known.items()])
    _print_titled(console, say("survives_title", lang, own=rules[0], others=", ".join(rules[1:])), view)
    for rule, found in counts(table).items():
        clear = sum(found[verdict] for verdict in ("holds", "same_sign", "lost", "reversed"))
        console.print(say("survives", lang, rule=rule, own=rules[0], clear=clear, **found))
    console.print(say("survives_legend", lang, rules=", ".join(rules[1:])), style="dim")


def show_run(results: Results, console: Console, lang: Language, words: Words) -> None:
    """Print one run's city-wide levels by year."""
    manifest, table = results.manifest, results.indicators
    yearly = table[table["period"].astype(str).str.fullmatch(r"\d{4}")]
    years = sorted(yearly["period"].astype(str).unique())
    rows: Iterable[Any] = yearly.itertuples()
    values = {(row.indicator, *_known_as(row.unit_type, row.unit), row.period): row.value for row in rows}
    view = _table([say("indicator", lang), *years])
    for group, names in GROUPS.items():
        shown = []
        for name in names:
            indicator, unit_type, unit = _place(name)
            found = [values.get((indicator, unit_type, unit, year), np.nan) for year in years]
            if np.isfinite(found).any():
                cells = [words.level(value, INDICATORS[indicator].unit) for value in found]
                shown.append([_label(name, lang, words), *cells])
        _add_group(view, say(group, lang), shown)
    title = say(
        "one_run",
        lang,
        city=manifest["city"],
        policy=manifest["policies"][0],
        seed=manifest["seeds"][0],
        scale=f"{manifest['scale']:.3g}",
    )
    _print_titled(console, title, view)


def difference(row: Any, unit: str, words: Words) -> str:
    """Return a difference as text: signed, with half its interval, `*` where that excludes zero, `=` where it has no width.

    A difference that is zero to the digits shown has no mark.
    """
    if row is None or not np.isfinite(row.difference):
        return "–"
    text = words.change(row.difference, unit)
    if not np.isfinite(row.ci_low):
        return text
    half = (row.ci_high - row.ci_low) / 2
    spread = "=" if half == 0 else f"±{words.change(half, unit).lstrip('+')}"
    clear = (row.ci_low > 0 or row.ci_high < 0) and any(digit in text for digit in "123456789")
    mark = "*" if clear else ""
    return f"{text} {spread}{mark}"


def longest_period(periods: pd.Series) -> str:
    """Return the span over several years where there is one, else the last year."""
    return max((str(period) for period in periods.unique()), key=lambda period: (len(period), period))


def _comparison_table(rows: Rows, manifest: Mapping[str, Any], width: int, lang: Language, words: Words) -> Table:
    """Make the table: a row an indicator, a column a policy; where the terminal is narrow, interval under difference."""
    baseline = manifest["baseline"]
    others = [policy for policy in manifest["policies"] if policy != baseline]
    separator = " " if width >= 34 + 15 * len(others) + 12 else "\n"
    view = _table([say("indicator", lang), say("baseline_column", lang, policy=baseline), *others])
    for group, names in GROUPS.items():
        shown = []
        for name in names:
            cells = _comparison_cells(rows, name, others, words)
            if cells is not None:
                shown.append([_label(name, lang, words), *[cell.replace(" ", separator, 1) for cell in cells]])
        _add_group(view, say(group, lang), shown)
    return view


def _comparison_cells(rows: Rows, name: str, others: list[str], words: Words) -> list[str] | None:
    """Return one indicator's baseline level and its differences as text, or None where nobody has it."""
    indicator, unit_type, unit = _place(name)
    found = [rows.get((indicator, unit_type, unit, policy)) for policy in others]
    known = [row for row in found if row is not None]
    if not known:
        return None
    entry = INDICATORS[indicator].unit
    return [words.level(known[0].mean_baseline, entry), *[difference(row, entry, words) for row in found]]


def _known_as(unit_type: str, unit: str) -> tuple[str, str]:
    """Return unit type and unit, the one city under a name that does not depend on which it is."""
    return unit_type, "city" if unit_type == "city" else unit


def _place(name: str) -> tuple[str, str, str]:
    """Return indicator, unit type and unit of a name in `GROUPS`."""
    indicator, _, severity = name.partition("/")
    return (indicator, "severity", severity) if severity else (indicator, "city", "city")


def _label(name: str, lang: Language, words: Words) -> str:
    indicator, unit_type, unit = _place(name)
    text = words.titled(indicator, lang)
    return text if unit_type == "city" else f"{text} · {words.place(unit, lang)}"


def _table(columns: Sequence[str]) -> Table:
    return plain_table([(columns[0], "left"), *((column, "right") for column in columns[1:])])


def _add_group(view: Table, title: str, rows: list[list[str]]) -> None:
    from rich.text import Text

    if not rows:
        return
    view.add_row(Text(title, style="bold cyan"), *[""] * (len(view.columns) - 1))
    for name, *cells in rows:
        view.add_row(f"  {name}", *[Text(cell, style="bold" if cell.endswith("*") else "") for cell in cells])


def _print_titled(console: Console, title: str, view: RenderableType) -> None:
    from rich.text import Text

    console.print(Text(title, style="bold"))
    console.print(view)


HEADLINES = tuple(_place(name) for names in GROUPS.values() for name in names)
"""What the tables show, as indicator, unit type and unit."""
