"""Results: the folder the page was opened with, as findings, differences and charts that can be pointed at."""

# mypy: disable-error-code="attr-defined, no-untyped-call, no-any-return, type-arg"

from __future__ import annotations

from pathlib import Path

import solara
import solara.lab
from markupsafe import escape
from reacton.core import Element

from model.errors import InputError
from viz import charts, formats, labels
from viz import summaries as small
from viz.colors import colors_of
from viz.contents import Contents, read_contents
from viz.labels import Language, text
from viz.markup import findings_html, keys_html, table_html
from viz.pages.shell import Groups, city_shown, folder, show_html, use_language
from viz.pages.simulate import VIEWS
from viz.robustness import told_robustness
from viz.sentences import findings
from viz.tables import difference_table, level_table


@solara.component
def Page() -> Element:  # noqa: N802 - a component
    """What the folder holds; without one, how to open one."""
    lang = use_language()
    place = folder()
    found = solara.use_memo(lambda: _read(place), [place])
    if isinstance(found, Contents):
        city_shown.value = str(found.manifest["city"])
    with solara.Div(classes=["yb-main", "yb-one"]) as main:
        if place is None or found is None:
            show_html(f"<p>{text('app.no_results', lang)}</p>", "yb-card")
        elif isinstance(found, str):
            solara.Error(text("app.failed", lang, message=found))
        else:
            Shown(contents=found, place=place, lang=lang)
    return main


@solara.component
def Shown(contents: Contents, place: Path, lang: Language) -> Element:  # noqa: N802 - a component
    """Findings, charts by group, and the table of all differences."""
    view, set_view = solara.use_state("cost")
    dark = solara.lab.use_dark_effective()
    colors = colors_of(contents.policies, contents.files, dark)
    interval = formats.interval_note(contents.seeds, lang)
    with solara.Div() as main:
        with solara.Div(classes=["yb-card"]):
            solara.v.Html(tag="h1", children=[text("app.results_title", lang, name=place.name)])
            if contents.baseline is not None:
                baseline = labels.policy_short(contents.baseline, lang, contents.files)
                note = text("report.findings_note", lang, years=contents.span, baseline=baseline, interval=interval)
                show_html(f"<p class='yb-note'>{note}</p>")
                told = findings(contents.comparison, contents.period, contents.baseline, lang, contents.files)
                show_html(findings_html(told, lang), "yb-findings")
        with solara.Div(classes=["yb-card"]):
            Groups(value=view, names=list(VIEWS), on_value=set_view, lang=lang)
            show_html(
                keys_html([(labels.policy_short(policy, lang, contents.files), color) for policy, color in colors.items()]), "yb-keys"
            )
            Charts(contents=contents, view=view, lang=lang, dark=dark).key(view)
        with solara.Div(classes=["yb-card"]):
            solara.v.Html(tag="h2", children=[text("report.differences" if contents.baseline else "report.levels", lang)])
            if contents.baseline is not None:
                show_html(f"<p class='yb-note'>{text('report.differences_note', lang, years=contents.span, interval=interval)}</p>")
            table = difference_table(contents, lang) if contents.baseline is not None else level_table(contents, lang)
            show_html(table_html(table, lang, compared=contents.baseline is not None), "yb-wide")
        told_of_rules = told_robustness(contents, lang)
        if told_of_rules is not None:
            with solara.Div(classes=["yb-card"]):
                solara.v.Html(tag="h2", children=[text("report.robustness", lang)])
                show_html("".join(f"<p class='yb-note'>{escape(line)}</p>" for line in (told_of_rules.note, *told_of_rules.lines)))
                show_html(table_html(told_of_rules.table, lang, compared=False), "yb-wide")
    return main


@solara.component
def Charts(contents: Contents, view: str, lang: Language, dark: bool) -> Element:  # noqa: N802 - a component
    """A group's charts: months with their bands, and what belongs to the group besides."""
    options = solara.use_memo(lambda: _options(contents, view, lang, dark), [id(contents), view, lang, dark])
    with solara.Div(classes=["yb-charts"]) as main:
        for i, (height, option) in enumerate(options):
            wide = option["series"] and option["series"][0]["type"] == "boxplot"
            with solara.Div(classes=["yb-chart", *(["yb-full"] if wide else [])]).key(f"{view}-{i}"):
                attributes = {"style": f"height: {height}px; width: 100%", "role": "img", "aria-label": option["title"]["text"]}
                solara.FigureEcharts(option=option, responsive=True, attributes=attributes)
    return main


def _options(contents: Contents, view: str, lang: Language, dark: bool) -> list[tuple[int, charts.Option]]:
    """Return heights and options of a group's charts."""
    files, policies = contents.files, contents.policies
    made: list[tuple[int, charts.Option]] = []
    if contents.baseline is not None and view != "gaming":
        rows = small.differences(contents.comparison, small.GROUPS[view], contents.period)
        height = 110 + rows["indicator"].nunique() * (14 + 10 * len(contents.others))
        made.append((height, charts.forest(rows, contents.others, lang, dark=dark, files=files)))
    if view == "gaming":
        table = small.levels(contents.indicators, small.CHANNELS, policies, contents.years)
        height = 70 + 24 * len(policies)
        made += [(height, charts.gaming_vector(table, name, lang, dark=dark, files=files)) for name in small.CHANNELS]
        points = small.points_and_value(contents.indicators, policies, contents.years)
        if len(points):
            made.append((280, charts.points_against_value(points, lang, dark=dark, files=files)))
        return made
    if view == "hierarchy":
        shares = small.levels(contents.indicators, small.TIERS, policies, contents.years)
        made.append((110 + 34 * len(policies), charts.treated_where(shares, lang, dark=dark, files=files)))
    for name in small.present(contents.indicators, VIEWS[view]):
        table = small.paths(contents.indicators, name, policies)
        months = sorted(table["period"].unique())
        band = len(policies) <= 2
        made.append((260, charts.paths(table, name, months, lang, switch=contents.switch, band=band, dark=dark, files=files)))
    return made


def _read(place: Path | None) -> Contents | str | None:
    """Return a folder's contents, or what is wrong with it."""
    if place is None:
        return None
    try:
        return read_contents(place)
    except InputError as wrong:
        return str(wrong)
