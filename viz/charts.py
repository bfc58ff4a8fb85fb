"""Charts for the page: result tables in, ECharts option dictionaries out; the interactive twins of `viz.figures`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from viz import formats, labels
from viz.colors import colors_of
from viz.figures import SHADES
from viz.labels import Language, text
from viz.summaries import TIERS

Option = dict[str, Any]
Files = Mapping[str, str] | None
BAND = 0.16
INK = {False: "#333333", True: "#e6e6e6"}
FAINT = {False: "#e3e3e3", True: "#3a3f45"}
HISTORY = {False: "#8a8a8a", True: "#9a9a9a"}
FONT = '"Noto Sans CJK SC","Microsoft YaHei","PingFang SC","Source Han Sans SC",sans-serif'
YEAR_TICKS = 12


def paths(
    table: pd.DataFrame,
    name: str,
    months: Sequence[str],
    lang: Language,
    *,
    switch: str | None = None,
    band: bool = False,
    dark: bool = False,
    files: Files = None,
) -> Option:
    """Return an indicator by month: a line a policy, the shared history in grey, the month of the switch marked.

    `months` are all that will come, so that the axis stands still while they arrive. With `band`, the interval of each.
    """
    policies = list(dict.fromkeys(table["policy"]))
    colors = colors_of(policies, files, dark)
    before = [month for month in months if switch is not None and month < switch]
    series: list[Option] = []
    if before and policies:
        own = table[table["policy"] == policies[0]]
        series.append(_line(text("figure.history", lang), _values(own, "mean", before, months, name), HISTORY[dark]))
    for policy in policies:
        own = table[table["policy"] == policy]
        shown = [month for month in months if not before or month >= before[-1]]
        title = labels.policy_short(policy, lang, files)
        if band:
            series += _band(own, shown, months, name, colors[policy], title)
        series.append(_line(title, _values(own, "mean", shown, months, name), colors[policy]))
    if series and before:
        series[0]["markLine"] = _switch_line(before[-1], lang, dark)
    option = _base(labels.titled(name, lang), lang, dark, [line["name"] for line in series if not line.get("silent")])
    option["tooltip"] = {"trigger": "axis", "confine": True}
    option["xAxis"] = {"type": "category", "boundaryGap": False, "data": list(months), **_axis(dark), **_year_ticks(months)}
    option["yAxis"] = {"type": "value", "scale": True, "splitNumber": 4, **_axis(dark), **_numbers(name)}
    option["series"] = series
    return option


def forest(rows: pd.DataFrame, policies: Sequence[str], lang: Language, *, dark: bool = False, files: Files = None) -> Option:
    """Return differences from the baseline in per cent with their intervals: a box from end to end, its line the mean."""
    names = list(dict.fromkeys(rows.loc[rows["relative_pct"].notna(), "indicator"]))
    colors = colors_of(list(policies), files, dark)
    series: list[dict[str, Any]] = []
    for policy in policies:
        own = rows[rows["policy"] == policy].set_index("indicator")
        data: list[Any] = []
        for name in names:
            low, mean, high = (round(float(own[key].get(name, math.nan)), 2) for key in ("relative_low", "relative_pct", "relative_high"))
            if not math.isfinite(low):
                data.append([])
                continue
            data.append([low, low, mean, high, high])
        style = {"color": colors[policy], "borderColor": colors[policy], "opacity": 0.8}
        name = labels.policy_short(policy, lang, files)
        series.append({"type": "boxplot", "name": name, "data": data, "itemStyle": style, "boxWidth": [3, 9]})
    if series:
        series[0]["markLine"] = {
            "symbol": "none",
            "silent": True,
            "label": {"show": False},
            "lineStyle": {"color": INK[dark], "type": "solid"},
            "data": [{"xAxis": 0}],
        }
    option = _base(text("figure.forest_axis", lang), lang, dark, [line["name"] for line in series])
    option["legend"] = _legend(dark)
    option["grid"] |= {"top": 60}
    option["xAxis"] = {"type": "value", **_axis(dark), "axisLabel": {"formatter": "{value}%", "color": INK[dark]}}
    option["yAxis"] = {
        "type": "category",
        "inverse": True,
        "data": [labels.indicator(name, lang) for name in names],
        **_axis(dark),
        "axisLabel": {"color": INK[dark], "width": 110, "overflow": "break"},
    }
    option["series"] = series
    return option


def treated_where(shares: pd.DataFrame, lang: Language, *, dark: bool = False, files: Files = None) -> Option:
    """Return inpatients by tier as stacked bars, one a policy."""
    policies = list(dict.fromkeys(shares["policy"]))
    series: list[dict[str, Any]] = []
    for name, shade in zip(TIERS, SHADES, strict=True):
        own = shares[shares["indicator"] == name].set_index("policy")["mean"].reindex(policies)
        series.append(
            {
                "type": "bar",
                "stack": "tiers",
                "name": labels.place(name.split("_")[0], lang),
                "data": [_rounded(value, name) for value in own],
                "itemStyle": {"color": shade},
                "label": {"show": True, "formatter": "{c}", "color": "#ffffff" if shade == SHADES[-1] else "#111111", "fontSize": 11},
            }
        )
    option = _base(text("figure.places_axis", lang), lang, dark, [line["name"] for line in series])
    option["legend"] = _legend(dark)
    option["grid"] |= {"top": 60}
    option["tooltip"] = {"trigger": "axis", "axisPointer": {"type": "shadow"}, "confine": True}
    option["xAxis"] = {"type": "value", "max": 100, **_axis(dark), "axisLabel": {"formatter": "{value}%", "color": INK[dark]}}
    option["yAxis"] = {
        "type": "category",
        "inverse": True,
        "data": [labels.policy_short(policy, lang, files) for policy in policies],
        **_axis(dark),
        "axisLabel": {"color": INK[dark], "width": 110, "overflow": "break"},
    }
    option["series"] = series
    return option


def gaming_vector(table: pd.DataFrame, name: str, lang: Language, *, dark: bool = False, files: Files = None) -> Option:
    """Return one gaming channel's level by policy as bars; all channels are to be shown together, one chart each."""
    own = table[table["indicator"] == name]
    policies = list(dict.fromkeys(own["policy"]))
    colors = colors_of(policies, files, dark)
    data = [
        {"value": _rounded(value, name), "itemStyle": {"color": colors[policy]}}
        for policy, value in zip(own["policy"], own["mean"], strict=True)
    ]
    option = _base(labels.titled(name, lang), lang, dark, [labels.policy_short(policy, lang, files) for policy in policies])
    option["tooltip"] = {"trigger": "axis", "axisPointer": {"type": "shadow"}, "confine": True}
    option["xAxis"] = {"type": "value", **_axis(dark), **_numbers(name)}
    option["yAxis"] = {
        "type": "category",
        "inverse": True,
        "data": [labels.policy_short(policy, lang, files) for policy in policies],
        **_axis(dark),
        "axisLabel": {"color": INK[dark], "width": 96, "overflow": "truncate"},
    }
    option["series"] = [{"type": "bar", "data": data, "barMaxWidth": 14}]
    return option


def points_against_value(table: pd.DataFrame, lang: Language, *, dark: bool = False, files: Files = None) -> Option:
    """Return coded weight per 100 persons against the point value: a line over the years a policy, a dot a simulation."""
    policies = list(dict.fromkeys(table["policy"]))
    colors = colors_of(policies, files, dark)
    series: list[Option] = []
    for policy in policies:
        own = table[table["policy"] == policy]
        title = labels.policy_short(policy, lang, files)
        dots = [[round(x, 3), round(y, 4)] for x, y in zip(own["weight"], own["point_value"], strict=True)]
        means = own.groupby("period")[["weight", "point_value"]].mean()
        line = [{"value": [round(row["weight"], 3), round(row["point_value"], 4)], "name": str(year)} for year, row in means.iterrows()]
        named = {"show": True, "formatter": "{b}", "position": "top", "color": INK[dark]}
        faint = {"color": colors[policy], "opacity": 0.35}
        series.append({"type": "scatter", "name": title, "data": dots, "symbolSize": 6, "itemStyle": faint})
        series.append({"type": "line", "name": title, "data": line, "symbolSize": 9, "color": colors[policy], "label": named})
    option = _base(labels.titled("point_value", lang), lang, dark, [labels.policy_short(policy, lang, files) for policy in policies])
    option["tooltip"] = {"trigger": "item", "confine": True}
    middle = {"name": text("figure.points_axis", lang), "nameLocation": "middle", "nameGap": 26}
    option["grid"] |= {"bottom": 44}
    option["xAxis"] = {"type": "value", "scale": True, **_axis(dark), **middle}
    option["yAxis"] = {"type": "value", "scale": True, **_axis(dark)}
    option["series"] = series
    return option


def _base(title: str, lang: Language, dark: bool, series: Sequence[str]) -> Option:
    """Return what all charts share; the description is what a screen reader says in place of the drawing."""
    shown = text("app.chart_text", lang, title=title, series=labels.joined(list(dict.fromkeys(series)), lang))
    return {
        "animation": False,
        "backgroundColor": "transparent",
        "aria": {"enabled": True, "label": {"description": shown}},
        "textStyle": {"fontFamily": FONT, "color": INK[dark]},
        "title": {
            "text": title,
            "textStyle": {"fontSize": 13, "fontWeight": "normal", "color": INK[dark], "fontFamily": FONT},
            "left": 4,
            "top": 2,
        },
        "grid": {"left": 8, "right": 16, "top": 46, "bottom": 8, "containLabel": True},
    }


def _line(name: str, data: list[float | None], color: str) -> Option:
    return {"type": "line", "name": name, "data": data, "showSymbol": False, "color": color, "lineStyle": {"width": 2}}


def _band(own: pd.DataFrame, shown: Sequence[str], months: Sequence[str], name: str, color: str, title: str) -> list[Option]:
    """Return two stacked silent lines: the lower end without area, and above it the width with a pale one."""
    low = _values(own, "low", shown, months, name)
    high = _values(own, "high", shown, months, name)
    width = [None if a is None or b is None else b - a for a, b in zip(low, high, strict=True)]
    shared = {
        "type": "line",
        "name": f"{title} ",
        "stack": title,
        "stackStrategy": "all",
        "silent": True,
        "showSymbol": False,
        "lineStyle": {"opacity": 0},
    }
    hidden = {"tooltip": {"show": False}, "color": color}
    return [{**shared, **hidden, "data": low}, {**shared, **hidden, "data": width, "areaStyle": {"color": color, "opacity": BAND}}]


def _switch_line(month: str, lang: Language, dark: bool) -> Option:
    small = {"color": INK[dark], "fontSize": 10}
    return {
        "symbol": "none",
        "silent": True,
        "lineStyle": {"color": INK[dark], "type": "dashed", "width": 1},
        "label": {"formatter": text("figure.switch", lang), "position": "end", "rotate": 0, "distance": 3, **small},
        "data": [{"xAxis": month}],
    }


def _values(own: pd.DataFrame, column: str, shown: Sequence[str], months: Sequence[str], name: str) -> list[float | None]:
    """Return a column's values in the months shown, rounded as they are written, None elsewhere."""
    found = dict(zip(own["period"], own[column], strict=True))
    wanted = set(shown)
    return [_rounded(found[month], name) if month in found and month in wanted else None for month in months]


def _rounded(value: float, name: str) -> float | None:
    if not math.isfinite(value):
        return None
    unit = labels.unit_of(name)
    if unit == formats.PER_CENT:
        return round(100 * value, 2)
    return round(value, formats.DIGITS.get(unit, 2) + 1)


def _numbers(name: str) -> Option:
    return {"axisLabel": {"formatter": "{value}%"}} if labels.unit_of(name) == formats.PER_CENT else {}


def _axis(dark: bool) -> Option:
    return {
        "axisLine": {"lineStyle": {"color": FAINT[dark] if dark else "#999999"}},
        "splitLine": {"lineStyle": {"color": FAINT[dark]}},
        "nameTextStyle": {"color": INK[dark]},
        "axisTick": {"show": False},
    }


def _year_ticks(months: Sequence[str]) -> Option:
    first = next((i for i, month in enumerate(months) if month.endswith("-01")), 0)
    if first == 0:
        return {"axisLabel": {"interval": YEAR_TICKS - 1, "hideOverlap": True}, "offset": 0}
    return {"axisLabel": {"hideOverlap": True}}


def _legend(dark: bool) -> Option:
    return {"top": 26, "left": 0, "type": "scroll", "textStyle": {"color": INK[dark]}, "itemWidth": 16, "itemHeight": 10}
