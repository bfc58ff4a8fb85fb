"""Tables as rows of written cells: differences from the baseline, and levels, for report and page alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from experiments.comparison import ROUNDING
from viz import formats, labels
from viz import summaries as small
from viz.colors import colors_of
from viz.labels import Language, text

if TYPE_CHECKING:
    from viz.contents import Contents

UP, DOWN = "▲", "▼"


@dataclass(frozen=True)
class Cell:
    """One written number: the number, what stands below it, an arrow, a judgement in words, and its kind for the eye."""

    main: str
    below: str = ""
    arrow: str = ""
    word: str = ""
    kind: str = "plain"


@dataclass(frozen=True)
class Row:
    """One indicator: its label, its definition, and a cell a column."""

    label: str
    explained: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """Columns with their colours ("" for none), and groups of rows under headings."""

    columns: tuple[tuple[str, str], ...]
    groups: tuple[tuple[str, tuple[Row, ...]], ...]


def difference_table(contents: Contents, lang: Language) -> Table:
    """Return baseline levels and every policy's difference from them, with intervals."""
    assert contents.baseline is not None
    groups = []
    for group, names in small.GROUPS.items():
        rows = small.differences(contents.comparison, names, contents.period)
        made = [_difference_row(part, str(name), contents.others, lang) for name, part in rows.groupby("indicator", sort=False)]
        if group == "gaming":
            made += _severity_rows(contents, lang)
        if made:
            groups.append((text(f"group.{group}", lang), tuple(made)))
    return Table(columns_of(contents, [contents.baseline, *contents.others], lang), tuple(groups))


def level_table(contents: Contents, lang: Language) -> Table:
    """Return levels by policy where there is nothing to compare with."""
    names = [name for group in small.GROUPS.values() for name in group]
    table = small.levels(contents.indicators, names, contents.policies, contents.years)
    return _levels_by_policy(table, contents.policies, columns_of(contents, contents.policies, lang), lang)


def recent_table(
    levels: pd.DataFrame, policies: Sequence[str], lang: Language, files: Mapping[str, str] | None, dark: bool, names: Sequence[str]
) -> Table:
    """Return what a live run shows: the first policy's recent levels and the others' differences from them.

    `levels` has the columns policy, indicator and value, one run a policy, so no interval.
    """
    colors = colors_of(policies, files, dark)
    columns = tuple((labels.policy_short(policy, lang, files), colors[policy]) for policy in policies)
    found: dict[Any, float] = levels.set_index(["indicator", "policy"])["value"].to_dict()
    rows = []
    for name in names:
        if (name, policies[0]) not in found:
            continue
        unit, base = labels.unit_of(name), found[name, policies[0]]
        cells = [Cell(formats.plain(base, unit))]
        for policy in policies[1:]:
            gap = found.get((name, policy), float("nan")) - base
            gap = 0.0 if abs(gap) < ROUNDING else gap
            arrow = UP if gap > 0 else DOWN if gap < 0 else ""
            share = formats.relative(100 * gap / abs(base)) if small.has_percentage(name, base) else ""
            cells.append(Cell(formats.bare_difference(gap, unit), share, arrow))
        rows.append(Row(labels.titled(name, lang), labels.formula(name, lang), tuple(cells)))
    return Table(columns, (("", tuple(rows)),))


def _levels_by_policy(table: pd.DataFrame, policies: Sequence[str], columns: tuple[tuple[str, str], ...], lang: Language) -> Table:
    groups = []
    for group, names in small.GROUPS.items():
        rows = []
        for name in names:
            own: dict[Any, float] = table[table["indicator"] == name].set_index("policy")["mean"].to_dict()
            if own:
                cells = [Cell(formats.plain(own.get(policy, float("nan")), labels.unit_of(name))) for policy in policies]
                rows.append(Row(labels.titled(name, lang), labels.formula(name, lang), tuple(cells)))
        if rows:
            groups.append((text(f"group.{group}", lang), tuple(rows)))
    return Table(columns, tuple(groups))


def columns_of(contents: Contents, policies: Sequence[str], lang: Language) -> tuple[tuple[str, str], ...]:
    """Return the policies' short labels and colours, as a table's columns."""
    colors = colors_of(contents.policies, contents.files)
    return tuple((labels.policy_short(policy, lang, contents.files), colors[policy]) for policy in policies)


def _severity_rows(contents: Contents, lang: Language) -> list[Row]:
    rows = small.differences(contents.comparison, ["intensity"], contents.period, "severity")
    made = []
    for severity in small.SEVERITIES:
        own = rows[rows["unit"] == severity]
        if len(own):
            label = text("words.bracket", lang, a=labels.indicator("intensity", lang), b=labels.place(severity, lang))
            made.append(_difference_row(own, "intensity", contents.others, lang, label))
    return made


def _difference_row(rows: pd.DataFrame, name: str, others: Sequence[str], lang: Language, label: str | None = None) -> Row:
    found = {row.policy: row for row in rows.itertuples()}
    base = float(rows["mean_baseline"].iloc[0])
    cells = [Cell(formats.plain(base, labels.unit_of(name)))]
    cells += [_difference_cell(found[policy], name, lang) if policy in found else Cell("—") for policy in others]
    return Row(label or labels.titled(name, lang), labels.formula(name, lang), tuple(cells))


def _difference_cell(row: Any, name: str, lang: Language) -> Cell:
    unit = labels.unit_of(name)
    main = formats.bare_difference(row.difference, unit)
    below = formats.bare_interval(row.ci_low, row.ci_high, unit, lang)
    if not row.certain:
        return Cell(main, below, kind="unsure")
    good = labels.better(name) * (1 if row.difference > 0 else -1)
    kind = {1: "better", -1: "worse", 0: "plain"}[good]
    return Cell(main, below, UP if row.difference > 0 else DOWN, text(f"words.{kind}", lang) if good else "", kind)
