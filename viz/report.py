"""The report: one web page from an output folder, in both languages, that opens anywhere without a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from experiments.store import REPORT, write_text
from model.calendar import parse_month
from viz import figures, formats, labels
from viz import summaries as small
from viz.contents import Contents, read_contents
from viz.fontbook import PAGE_FAMILY, page_font
from viz.labels import LANGUAGES, Language, checked_language, text
from viz.markup import environment
from viz.robustness import told_robustness
from viz.sentences import findings
from viz.tables import difference_table, level_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FONT_HERE = "data:font/woff;base64,"
PATHS = ("total_cost_per_head", "cost_per_admission", "admissions_per_100", "intensity", "coding_gap", "county_in_share")
FOREST = (
    "total_cost_per_head",
    "fund_cost_per_head",
    "oop_per_head",
    "cost_per_admission",
    "admissions_per_100",
    "los_days",
    "intensity",
    "county_in_share",
    "tertiary_admission_share",
    "primary_visit_share",
)
IN_GLOSSARY = tuple(name for names in small.GROUPS.values() for name in names)


@dataclass(frozen=True)
class Picture:
    """A figure on the page: its section, what it is called, what it says below, and the drawing."""

    section: str
    title: str
    caption: str
    svg: Markup


def write_report(out_dir: str | Path, lang: str = "zh") -> Path:
    """Write `report.html` into an output folder and return where it is; it opens in `lang` and can be turned to the other.

    Works on what is finished where the folder's command is still running or has failed in part.
    """
    folder = Path(out_dir)
    first = checked_language(lang)
    page = render(read_contents(folder), first)
    write_text(folder / REPORT, page)
    return folder / REPORT


def render(contents: Contents, lang: Language) -> str:
    """Return the page as HTML."""
    pages = [_page(contents, language) for language in sorted(LANGUAGES, key=lambda language: language != lang)]
    page = environment().get_template("report.html.j2").render(pages=pages, first=lang, family=PAGE_FAMILY, font=FONT_HERE)
    return page.replace(FONT_HERE, page_font(page))


def pictures(contents: Contents, lang: Language) -> list[Picture]:
    """Return every figure the results allow, in the order they stand in."""
    made = []
    for key, section, caption, draw in _drawings(contents, lang):
        figure = draw()
        if figure is not None:
            title = text(f"figure.{key}", lang)
            svg = Markup(figures.to_svg(figure, f"{lang}-{key}", title))
            made.append(Picture(section, title, caption, svg))
    return made


def _drawings(contents: Contents, lang: Language) -> list[tuple[str, str, str, Callable[[], Figure | None]]]:
    """Return key, section, caption and maker of each figure."""
    interval = formats.interval_note(contents.seeds, lang)
    years = contents.span
    drawings: list[tuple[str, str, str, Callable[[], Figure | None]]] = []
    if contents.baseline is not None:
        baseline = labels.policy_short(contents.baseline, lang, contents.files)
        caption = text("figure.forest_caption", lang, years=years, baseline=baseline, interval=interval)
        drawings.append(("forest", "differences", caption, partial(forest_of, contents, lang)))
    if contents.switch is None:
        drawings.append(("paths", "paths", text("figure.paths_caption_run", lang), partial(_paths, contents, lang)))
    else:
        caption = text("figure.paths_caption", lang, interval=interval, switch=contents.switch)
        drawings.append(("paths", "paths", caption, partial(_paths, contents, lang)))
    for key, section, draw in (
        ("places", "places", _places),
        ("gaming", "gaming", _gaming),
        ("severity", "gaming", _severity),
        ("points", "gaming", _points),
        ("fund", "fund", _fund),
    ):
        caption = text(f"figure.{key}_caption", lang, years=years, interval=interval)
        drawings.append((key, section, caption, partial(draw, contents, lang)))
    return drawings


def forest_of(contents: Contents, lang: Language) -> Figure | None:
    """Differences from the baseline with their intervals, or None where there is but one policy."""
    rows = small.differences(contents.comparison, FOREST, contents.period)
    return None if rows.empty else figures.forest(rows, contents.others, lang, contents.files)


def _paths(contents: Contents, lang: Language) -> Figure | None:
    names = small.present(contents.indicators, PATHS)
    tables = {name: small.paths(contents.indicators, name, contents.policies) for name in names}
    changes = {}
    if contents.baseline is not None and contents.switch is not None:
        changes = {name: small.changes(contents.indicators, name, contents.policies, contents.baseline, contents.switch) for name in names}
    return figures.time_paths(tables, changes, contents.switch, lang, contents.files) if tables else None


def _places(contents: Contents, lang: Language) -> Figure | None:
    shares = _levels(contents, small.TIERS)
    county = _levels(contents, ["county_in_share"])
    return None if shares.empty else figures.treated_where(shares, county, lang, contents.files)


def _gaming(contents: Contents, lang: Language) -> Figure | None:
    table = _levels(contents, small.CHANNELS)
    return None if table.empty else figures.gaming_vector(table, lang, contents.files)


def _severity(contents: Contents, lang: Language) -> Figure | None:
    table = _levels(contents, ["intensity"], "severity")
    return None if table.empty else figures.intensity_by_severity(table, lang, contents.files)


def _points(contents: Contents, lang: Language) -> Figure | None:
    table = small.points_and_value(contents.indicators, contents.policies, contents.years)
    return None if table.empty else figures.points_against_value(table, lang, contents.files)


def _fund(contents: Contents, lang: Language) -> Figure | None:
    table = small.fund_result(contents.indicators, contents.policies, contents.years)
    return None if table.empty else figures.fund_balance(table, lang, contents.files)


def _levels(contents: Contents, names: Sequence[str], unit_type: str = "city") -> pd.DataFrame:
    return small.levels(contents.indicators, names, contents.policies, contents.years, unit_type=unit_type)


def _page(contents: Contents, lang: Language) -> dict[str, Any]:
    """Return everything the template shows in one language."""
    manifest = contents.manifest
    named = {policy: labels.policy(policy, lang, contents.files) for policy in contents.policies}
    short = {policy: labels.policy_short(policy, lang, contents.files) for policy in contents.policies}
    compared = contents.baseline is not None
    kind = "" if compared else "_run"
    return {
        "lang": lang,
        "t": lambda key, **values: text(key, lang, **values),
        "title": text(f"report.title{kind}", lang, city=labels.city(manifest["city"], lang)),
        "subtitle": text(
            f"report.subtitle{kind}",
            lang,
            baseline=named.get(contents.baseline or "", ""),
            policies=labels.joined([named[policy] for policy in (contents.others if compared else contents.policies)], lang),
        ),
        "status": _status(contents, lang),
        "data_detail": _data_detail(contents, lang),
        "unfinished": manifest.get("finished") is None,
        "findings": findings(contents.comparison, contents.period, contents.baseline, lang, contents.files) if contents.baseline else [],
        "findings_note": text(
            "report.findings_note",
            lang,
            years=contents.span,
            baseline=short.get(contents.baseline or "", ""),
            interval=formats.interval_note(contents.seeds, lang),
        ),
        "table": difference_table(contents, lang) if compared else level_table(contents, lang),
        "table_note": text("report.differences_note", lang, years=contents.span, interval=formats.interval_note(contents.seeds, lang)),
        "compared": compared,
        "robustness": told_robustness(contents, lang),
        "pictures": pictures(contents, lang),
        "method": _method(contents, lang),
        "settings": _settings(contents, lang),
        "parameters": _parameters(contents, lang),
        "command": manifest["command"],
        "glossary": [(labels.titled(name, lang), labels.formula(name, lang)) for name in small.present(contents.indicators, IN_GLOSSARY)],
    }


def _status(contents: Contents, lang: Language) -> str:
    between = " " if lang == "en" else ""
    return between.join([labels.data_status(contents.manifest["city"], lang), text("status.simulation", lang)])


def _data_detail(contents: Contents, lang: Language) -> str:
    found = labels.city_file(contents.manifest["city"])
    return "" if found is None else str(getattr(found.data_status, lang))


def _method(contents: Contents, lang: Language) -> str:
    manifest = contents.manifest
    key = "report.method_text" if contents.baseline is not None else "report.method_text_run"
    return text(
        key,
        lang,
        start=labels.policy(manifest["from"], lang, contents.files),
        burn_in=manifest["burn_in"],
        switch=manifest["switch"],
        years=manifest["years"],
    )


def _settings(contents: Contents, lang: Language) -> list[tuple[str, str]]:
    """Return the conditions of the computation, as label and value."""
    manifest = contents.manifest
    seeds = manifest["seeds"]
    rows = [
        ("city", labels.city(manifest["city"], lang)),
        ("policies", labels.joined([labels.policy(policy, lang, contents.files) for policy in contents.policies], lang)),
        ("seeds", f"{seeds[0]}–{seeds[-1]}" if len(seeds) > 1 and seeds[-1] - seeds[0] == len(seeds) - 1 else ", ".join(map(str, seeds))),
        ("scale", text("report.scale_value", lang, share=f"{100 * manifest['scale']:g}%")),
        ("years", str(manifest["years"])),
        ("conduct", labels.conduct(str(manifest["conduct"]), lang)),
        ("versions", ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())),
        ("fingerprint", str(manifest["fingerprints"].get("code", "—"))),
        ("finished", _when(manifest.get("finished"))),
        ("took", text("report.took_value", lang, seconds=formats.number(float(manifest.get("wall_seconds") or "nan"), 1))),
    ]
    return [(text(f"report.{key}", lang), value) for key, value in rows]


def _when(stamp: str | None) -> str:
    return "—" if stamp is None else datetime.fromisoformat(stamp).strftime("%Y-%m-%d %H:%M UTC")


def _parameters(contents: Contents, lang: Language) -> list[dict[str, Any]]:
    """Return for each policy its description and its modes' parameters in force at the switch, with sources."""
    months = contents.indicators["period"].astype(str)
    month = parse_month(contents.switch or min(months[months.str.len() == 7]))
    told = []
    for policy in contents.policies:
        found = labels.policy_file(policy, contents.files)
        if found is None:
            continue
        rows = [
            (mode.id, name, _written(leaf.at(month)), leaf.unit, _source(leaf.source_at(month), found.sources))
            for mode in found.modes
            for name, leaf in mode.leaves.items()
        ]
        told.append({"label": getattr(found.label, lang), "description": getattr(found.description, lang), "rows": rows})
    return told


def _written(value: Any) -> str:
    if isinstance(value, tuple):
        return "; ".join(_written(part) for part in value)
    return f"{value:g}" if isinstance(value, int | float) and abs(value) < 1e6 else str(value)


def _source(source: str, known: Mapping[str, str]) -> str:
    """Return a source in full: a key of the file's own list is written out."""
    key, _, rest = source.partition(":")
    return f"{known[key]}{' —' if rest else ''}{rest}" if key in known else source
