"""What every page stands in: name, ways to the other pages, language, light or dark, and the line on the data that stays."""

# mypy: disable-error-code="attr-defined, no-untyped-call, no-any-return, type-arg"

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import parse_qs

import solara
import solara.lab
from reacton.core import Element

from viz.labels import LANGUAGES, Language, data_status, text
from viz.launch import FOLDER_VARIABLE, LANGUAGE_VARIABLE

HERE = Path(__file__).parent
CSS = (HERE / "style.css").read_text(encoding="utf-8")

chosen_language: solara.Reactive[Language | None] = solara.reactive(None)
"""What the visitor has turned to; until then the address and the launcher decide. One a visitor, as all of Solara's."""
city_shown: solara.Reactive[str] = solara.reactive("")
"""The city whose data the status line speaks of."""


@solara.component_vue("document.vue")
def Document(lang: str, title: str) -> None:  # noqa: N802 - a component
    """Tell the browser the page's language and title, and let it zoom."""


def folder() -> Path | None:
    """Return the folder of results that the page was opened with."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else None


def use_language() -> Language:
    """Return the language to show: the visitor's, else the address's `?lang=`, else the launcher's."""
    router = solara.use_router()
    if chosen_language.value is not None:
        return chosen_language.value
    asked = parse_qs((router.search or "").lstrip("?")).get("lang", [os.environ.get(LANGUAGE_VARIABLE, "")])[0]
    return next((language for language in LANGUAGES if language == asked), LANGUAGES[0])


@solara.component
def Layout(children: Sequence[Element] = ()) -> Element:  # noqa: N802 - a component
    """Lay out a page: what is always there, then the page's own content."""
    lang = use_language()
    dark = solara.lab.use_dark_effective()
    route, routes = solara.use_route()
    with solara.Div(classes=["yb", "yb-dark" if dark else "yb-light"]) as main:
        solara.Style(CSS)
        Document(lang="zh-CN" if lang == "zh" else "en", title=text("app.title", lang))
        _status(lang)
        with solara.Div(classes=["yb-top"]):
            solara.HTML(tag="span", unsafe_innerHTML=text("app.title", lang), classes=["yb-name"])
            _ways(lang, route, routes)
            _tools(lang, dark)
        solara.Div(children=list(children))
    return main


def _status(lang: Language) -> None:
    between = " " if lang == "en" else ""
    said = [data_status(city_shown.value, lang)] if city_shown.value else []
    line = between.join([*said, text("status.simulation", lang)])
    solara.HTML(tag="div", unsafe_innerHTML=_escaped(line), classes=["yb-status"], attributes={"role": "note"})


def _ways(lang: Language, route: solara.Route | None, routes: Sequence[solara.Route]) -> None:
    with solara.v.Html(tag="nav"):
        for way in routes:
            here = route is not None and way.path == route.path
            with solara.v.Html(tag="span", class_="yb-here" if here else ""), solara.Link(way):
                solara.HTML(tag="span", unsafe_innerHTML=text(f"app.{way.label}", lang))


def _tools(lang: Language, dark: bool) -> None:
    def turn_language() -> None:
        chosen_language.value = next(language for language in LANGUAGES if language != lang)

    def turn_light() -> None:
        solara.lab.theme.dark = not dark

    with solara.Div(classes=["yb-tools"]):
        solara.Button(text("app.light" if dark else "app.dark", lang), on_click=turn_light, outlined=True, small=True)
        solara.Button(text("app.other_language", lang), on_click=turn_language, outlined=True, small=True)


@solara.component
def Groups(value: str, names: Sequence[str], on_value: Callable[[str], None], lang: Language) -> Element:  # noqa: N802 - a component
    """Let one of several groups of charts be chosen by buttons."""
    with solara.Div(classes=["yb-groups"]) as main:
        for name in names:
            solara.Button(
                text(f"group.{name}", lang),
                on_click=lambda name=name: on_value(name),
                small=True,
                outlined=name != value,
                color="primary" if name == value else None,
                attributes={"aria-pressed": "true" if name == value else "false"},
            )
    return main


def show_html(html: str, *classes: str) -> None:
    """Show a piece of our own HTML."""
    solara.HTML(tag="div", unsafe_innerHTML=html, classes=list(classes))


def _escaped(written: str) -> str:
    return written.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
