"""Publication figures: result tables in, matplotlib figures out; nothing is read, written or remembered."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from viz import formats, labels
from viz.colors import colors_of
from viz.fontbook import drawing
from viz.labels import Language, text
from viz.summaries import CHANNELS, NEUTRAL, SEVERITIES, TIERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 9.0
"""Width of a figure in inches."""
BAND = 0.15
SHADES = ("#9ecae1", "#4292c6", "#084594")
"""Primary, secondary, tertiary: light to dark, told apart without hue."""
HISTORY = "#888888"
MOST_BANDS = 2
"""Bands of more policies than this would only hide each other."""
Files = Mapping[str, str] | None


def time_paths(
    tables: Mapping[str, pd.DataFrame], changes: Mapping[str, pd.DataFrame], switch: str | None, lang: Language, files: Files = None
) -> Figure:
    """Draw indicators by month, a row each: levels at the left, differences from the baseline with their bands at the right.

    `tables` maps an indicator to its paths, `changes` to its differences (see `viz.summaries`); where there are no
    differences, levels alone, two a row.
    """
    policies = _policies(tables.values())
    colors = colors_of(policies, files)
    with drawing():
        rows = len(tables) if changes else -(-len(tables) // 2)
        figure = _figure(1.9 * rows + 0.6)
        axes = list(figure.subplots(rows, 2, squeeze=False).ravel())
        for name, table in tables.items():
            axis = axes.pop(0)
            _draw_levels(axis, table, policies, colors, switch)
            axis.set_title(labels.titled(name, lang))
            _mark_switch(axis, table, switch, lang)
            _number_axis(axis.yaxis, labels.unit_of(name))
            if changes:
                _draw_changes(axes.pop(0), changes[name], name, colors, lang)
        for axis in axes:
            axis.remove()
        _legend(figure, policies, colors, lang, files)
    return figure


def forest(rows: pd.DataFrame, policies: Sequence[str], lang: Language, files: Files = None) -> Figure:
    """Draw differences from the baseline in per cent, with their intervals: one block an indicator, one line a policy."""
    rows = rows[np.isfinite(rows["relative_pct"])]
    names = list(dict.fromkeys(rows["indicator"]))
    colors = colors_of(list(policies), files)
    shown = [policy for policy in policies if policy in set(rows["policy"])]
    step = 0.8 / max(len(shown), 1)
    with drawing():
        figure = _figure(0.55 + max(len(names), 1) * (0.17 * len(shown) + 0.16))
        axis = figure.subplots()
        for i, policy in enumerate(shown):
            own = rows[rows["policy"] == policy]
            place = np.array([names.index(name) for name in own["indicator"]]) + (i - (len(shown) - 1) / 2) * step
            _interval_lines(axis, place, own["relative_pct"], own["relative_low"], own["relative_high"], own["certain"], colors[policy])
        axis.axvline(0, color="#444444", linewidth=0.8)
        axis.set_yticks(range(len(names)), [labels.indicator(name, lang) for name in names])
        axis.set_ylim(max(len(names), 1) - 0.45, -0.55)
        for edge in range(1, len(names)):
            axis.axhline(edge - 0.5, color="#e8e8e8", linewidth=0.8)
        axis.tick_params(axis="y", length=0)
        axis.grid(axis="x")
        axis.set_axisbelow(True)
        axis.set_xlabel(text("figure.forest_axis", lang))
        _number_axis(axis.xaxis, "index", digits=0)
        _legend(figure, shown, colors, lang, files)
    return figure


def treated_where(shares: pd.DataFrame, county: pd.DataFrame, lang: Language, files: Files = None) -> Figure:
    """Draw inpatients by tier as stacked bars, and beside them the share treated in their own county with its interval.

    Both tables as `viz.summaries.levels` gives them.
    """
    policies = _policies([shares])
    colors = colors_of(policies, files)
    place = np.arange(len(policies))
    with drawing():
        figure = _figure(0.42 * len(policies) + 1.3)
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=(2, 1))
        start = np.zeros(len(policies))
        for name, shade in zip(TIERS, SHADES, strict=True):
            share = 100 * _column(shares, name, policies)
            left.barh(place, share, 0.66, left=start, color=shade, label=labels.place(name.split("_")[0], lang))
            _inside(left, place, start, share, "white" if shade == SHADES[2] else "#111111")
            start = start + np.nan_to_num(share)
        left.set_yticks(place, [labels.policy_short(policy, lang, files) for policy in policies])
        left.set_ylim(len(policies) - 0.45, -0.55)
        left.set_xlim(0, 100)
        left.set_xlabel(text("figure.places_axis", lang))
        left.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, borderaxespad=0.2)
        for i, policy in enumerate(policies):
            own = county[county["policy"] == policy]
            _interval_lines(right, np.full(len(own), i), 100 * own["mean"], 100 * own["low"], 100 * own["high"], None, colors[policy])
        right.set_title(labels.indicator("county_in_share", lang))
        right.set_xlabel("%")
        right.grid(axis="x")
        right.locator_params(axis="x", nbins=4)
        for axis in (left, right):
            axis.tick_params(axis="y", length=0)
    return figure


def gaming_vector(table: pd.DataFrame, lang: Language, files: Files = None) -> Figure:
    """Draw the level of every gaming channel, a panel each, a dot and interval a policy, beside the neutral value."""
    policies = _policies([table])
    colors = colors_of(policies, files)
    with drawing():
        rows = -(-len(CHANNELS) // 3)
        figure = _figure(rows * (0.2 * len(policies) + 0.62) + 0.4)
        panels = figure.subplots(rows, 3, sharey=True).ravel()
        for spare in panels[len(CHANNELS) :]:
            spare.remove()
        for axis, name in zip(panels, CHANNELS, strict=False):
            own = table[table["indicator"] == name]
            scale = 100 if labels.unit_of(name) == formats.PER_CENT else 1
            for i, policy in enumerate(policies):
                row = own[own["policy"] == policy]
                mean, low, high = scale * row["mean"], scale * row["low"], scale * row["high"]
                _interval_lines(axis, np.full(len(row), i), mean, low, high, None, colors[policy])
            axis.axvline(NEUTRAL.get(name, 0.0) * scale, color="#777777", linewidth=0.9, linestyle=(0, (4, 3)))
            axis.set_title(labels.titled(name, lang))
            axis.set_yticks(range(len(policies)), [labels.policy_short(policy, lang, files) for policy in policies])
            axis.set_ylim(len(policies) - 0.45, -0.55)
            axis.tick_params(axis="y", length=0)
            axis.grid(axis="x")
            axis.locator_params(axis="x", nbins=4)
            _widen(axis)
    return figure


def intensity_by_severity(table: pd.DataFrame, lang: Language, files: Files = None) -> Figure:
    """Draw services given over the clinical standard, by severity and policy, with intervals."""
    policies = _policies([table])
    colors = colors_of(policies, files)
    step = 0.75 / max(len(policies), 1)
    with drawing():
        figure = _figure(2.7)
        axis = figure.subplots()
        axis.axhline(1, color="#777777", linewidth=0.9, linestyle=(0, (4, 3)))
        for i, policy in enumerate(policies):
            own = table[table["policy"] == policy].set_index("unit").reindex(SEVERITIES)
            place = np.arange(len(SEVERITIES)) + (i - (len(policies) - 1) / 2) * step
            axis.vlines(place, own["low"], own["high"], color=colors[policy], linewidth=2)
            axis.plot(place, own["mean"], "o", color=colors[policy], markersize=5)
        axis.set_xticks(range(len(SEVERITIES)), [labels.place(code, lang) for code in SEVERITIES])
        axis.set_title(text("figure.intensity_axis", lang))
        axis.grid(axis="y")
        _legend(figure, policies, colors, lang, files)
    return figure


def points_against_value(table: pd.DataFrame, lang: Language, files: Files = None) -> Figure:
    """Draw coded weight per 100 persons against the point value, year after year, for policies that have points."""
    policies = _policies([table])
    colors = colors_of(policies, files)
    with drawing():
        figure = _figure(3.0)
        axis = figure.subplots()
        for policy in policies:
            own = table[table["policy"] == policy]
            axis.plot(own["weight"], own["point_value"], "o", color=colors[policy], alpha=0.25, markersize=4, markeredgewidth=0)
            mean = own.groupby("period")[["weight", "point_value"]].mean()
            axis.plot(mean["weight"], mean["point_value"], "-o", color=colors[policy], markersize=6, linewidth=1.5)
            for year, row in mean.iterrows():
                axis.annotate(str(year), (row["weight"], row["point_value"]), xytext=(6, 5), textcoords="offset points", color="#333333")
        axis.set_xlabel(text("figure.points_axis", lang))
        axis.set_ylabel(labels.titled("point_value", lang))
        axis.grid()
        axis.margins(0.12)
        _legend(figure, policies, colors, lang, files)
    return figure


def fund_balance(table: pd.DataFrame, lang: Language, files: Files = None) -> Figure:
    """Draw income less spending of the fund by year: a bar a policy, with its interval, from zero."""
    policies = _policies([table])
    colors = colors_of(policies, files)
    years = sorted(table["period"].unique())
    step = 0.8 / max(len(policies), 1)
    with drawing():
        figure = _figure(2.7)
        axis = figure.subplots()
        for i, policy in enumerate(policies):
            own = table[table["policy"] == policy].set_index("period").reindex(years)
            place = np.arange(len(years)) + (i - (len(policies) - 1) / 2) * step
            axis.bar(place, own["mean"], step * 0.86, color=colors[policy], alpha=0.85)
            axis.vlines(place, own["low"], own["high"], color="#222222", linewidth=1)
        axis.axhline(0, color="#444444", linewidth=0.8)
        axis.set_xticks(range(len(years)), years)
        axis.set_title(text("figure.fund_axis", lang))
        axis.grid(axis="y")
        axis.set_axisbelow(True)
        _number_axis(axis.yaxis, "index", digits=0)
        _legend(figure, policies, colors, lang, files)
    return figure


def to_svg(figure: Figure, prefix: str, title: str) -> str:
    """Return a figure as SVG to stand inside a page: its own names for its parts, a title for those who cannot see it."""
    written = StringIO()
    with drawing():
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    svg = written.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{prefix}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<svg\b[^>]*?) width="[^"]+"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg\b[^>]*?) height="[^"]+"', r"\1", svg, count=1)
    named = f'<svg role="img" aria-labelledby="{prefix}-title"'
    svg = svg.replace("<svg", named, 1)
    close = svg.index(">") + 1
    return f'{svg[:close]}<title id="{prefix}-title">{_escaped(title)}</title>{svg[close:]}'


def _figure(height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH, height), layout="constrained")


def _policies(tables: Any) -> list[str]:
    return list(dict.fromkeys(policy for table in tables for policy in table["policy"]))


def _draw_levels(axis: Axes, table: pd.DataFrame, policies: Sequence[str], colors: Mapping[str, str], switch: str | None) -> None:
    """Draw the shared history once, in grey, and from its last month on a line a policy; bands where they do not hide each other."""
    months = sorted(table["period"].unique())
    at = {month: i for i, month in enumerate(months)}
    before = [month for month in months if switch is not None and month < switch]
    parts = [(policies[0], set(before), HISTORY)] if before else []
    parts += [(policy, {*months} - {*before[:-1]}, colors[policy]) for policy in policies]
    for policy, shown, color in parts:
        own = table[(table["policy"] == policy) & table["period"].isin(shown)]
        place = own["period"].map(at).to_numpy(dtype=float)
        if len(policies) <= MOST_BANDS:
            axis.fill_between(place, own["low"], own["high"], color=color, alpha=BAND, linewidth=0)
        axis.plot(place, own["mean"], color=color, linewidth=1.4)
    _month_ticks(axis, months)


def _draw_changes(axis: Axes, table: pd.DataFrame, name: str, colors: Mapping[str, str], lang: Language) -> None:
    scale = 100 if labels.unit_of(name) == formats.PER_CENT else 1
    months = sorted(table["period"].unique())
    at = {month: i for i, month in enumerate(months)}
    axis.axhline(0, color="#444444", linewidth=0.8)
    for policy in _policies([table]):
        own = table[table["policy"] == policy]
        place = own["period"].map(at).to_numpy(dtype=float)
        axis.fill_between(place, scale * own["low"], scale * own["high"], color=colors[policy], alpha=BAND, linewidth=0)
        axis.plot(place, scale * own["mean"], color=colors[policy], linewidth=1.4)
    _month_ticks(axis, months)
    unit = text("money.points", lang, x="").strip() if scale == 100 else labels.unit(labels.unit_of(name), lang)
    axis.set_title(text("figure.change_title", lang, unit=unit))
    _number_axis(axis.yaxis, "index")


def _month_ticks(axis: Axes, months: Sequence[str]) -> None:
    ticks = [i for i, month in enumerate(months) if month.endswith("-01")] or [0]
    axis.set_xticks(ticks, [months[i][:4] for i in ticks] if months else [""])
    axis.grid(axis="y")


def _mark_switch(axis: Axes, table: pd.DataFrame, switch: str | None, lang: Language) -> None:
    months = sorted(table["period"].unique())
    if switch not in months or months.index(switch) == 0:
        return
    place = months.index(switch)
    axis.axvline(place, color="#555555", linewidth=0.9, linestyle=(0, (4, 3)))
    axis.annotate(
        text("figure.switch", lang),
        (place, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-3, -2),
        textcoords="offset points",
        va="top",
        ha="right",
        fontsize=7.5,
        color="#555555",
    )


def _interval_lines(axis: Axes, place: Any, mean: Any, low: Any, high: Any, certain: Any, color: str) -> None:
    """Draw intervals as level lines with a dot; the dot is hollow where the difference is not certain."""
    axis.hlines(place, low, high, color=color, linewidth=1.8)
    axis.plot(mean, place, "o", color=color, markersize=5)
    if certain is not None:
        unsure = ~np.asarray(certain, dtype=bool)
        axis.plot(np.asarray(mean)[unsure], np.asarray(place)[unsure], "o", color=color, markersize=5, markerfacecolor="white")


def _inside(axis: Axes, place: Any, start: Any, size: Any, color: str) -> None:
    """Write shares into bars wide enough to hold them."""
    for y, left, width in zip(place, start, size, strict=True):
        if width >= 6:
            axis.text(left + width / 2, y, f"{width:.1f}", ha="center", va="center", color=color, fontsize=8)


def _column(table: pd.DataFrame, name: str, policies: Sequence[str]) -> np.ndarray:
    found = table[table["indicator"] == name].set_index("policy")["mean"]
    return found.reindex(list(policies)).to_numpy(dtype=float)


def _legend(figure: Figure, policies: Sequence[str], colors: Mapping[str, str], lang: Language, files: Files) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=colors[policy], linewidth=2.2, label=labels.policy_short(policy, lang, files)) for policy in policies]
    if handles:
        columns = min(len(handles), 7 if lang == "zh" else 6)
        # a legend fills column by column; read row by row it shall have the policies' order
        handles = [handle for first in range(columns) for handle in handles[first::columns]]
        figure.legend(handles=handles, loc="outside upper left", ncols=columns, columnspacing=1.4, handlelength=1.6)


def _number_axis(axis: Any, unit: str, digits: int | None = None) -> None:
    """Write an axis's numbers as everywhere else; shares in per cent."""
    from matplotlib.ticker import FuncFormatter

    if unit == formats.PER_CENT:
        axis.set_major_formatter(FuncFormatter(lambda x, _: formats.percent(x, _digits_for(axis, 100))))
    else:
        axis.set_major_formatter(FuncFormatter(lambda x, _: formats.number(x, _digits_for(axis, 1) if digits is None else digits)))


def _digits_for(axis: Any, scale: float) -> int:
    """Return the decimals that tell an axis's neighbouring ticks apart."""
    ticks = axis.get_majorticklocs()
    gap = scale * abs(ticks[1] - ticks[0]) if len(ticks) > 1 else 1.0
    return next((digits for digits in range(6) if abs(gap * 10**digits - round(gap * 10**digits)) < 1e-6), 6)


def _widen(axis: Axes) -> None:
    """Leave room at both sides, so that a dot at zero is not cut."""
    low, high = axis.get_xlim()
    room = 0.06 * (high - low)
    axis.set_xlim(low - room, high + room)


def _escaped(written: str) -> str:
    return written.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
