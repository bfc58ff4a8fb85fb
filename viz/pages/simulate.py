"""Simulate: choose city and policies, run, watch the months arrive as charts, in Chinese or English."""

# mypy: disable-error-code="attr-defined, no-untyped-call, no-any-return, type-arg"

from __future__ import annotations

import threading
from collections.abc import Callable

import pandas as pd
import solara
import solara.lab
from reacton.core import Element

from model.errors import InputError
from viz import charts, formats, labels
from viz.colors import colors_of
from viz.labels import Language, text
from viz.markup import keys_html, table_html
from viz.pages.recording import HISTORY_MONTHS, LEAST_PEOPLE, SCALES, Choice, Recorded, record
from viz.pages.shell import Groups, city_shown, show_html, use_language
from viz.summaries import CHANNELS, paths
from viz.tables import recent_table

MOST_POLICIES = 6
FIRST_POLICIES = ("ffs", "dip")
FIRST_SCALE = 0.005
MOST_YEARS = 5
SHOWN_MONTHS = 12
NOTHING_YET = Recorded()
SEEDS_ADVISED = 8
VIEWS: dict[str, tuple[str, ...]] = {
    "cost": ("total_cost_per_head", "fund_cost_per_head", "cost_per_admission", "admissions_per_100"),
    "gaming": CHANNELS,
    "hierarchy": ("county_in_share", "tertiary_admission_share", "primary_admission_share", "primary_visit_share"),
    "access": ("oop_per_head", "unmet_need_share", "refusal_share", "complications_per_1000"),
    "fund": ("fund_spending", "reserve_months", "provider_margin", "point_value"),
}
TABLE = tuple(dict.fromkeys(name for names in VIEWS.values() for name in names))


@solara.component
def Page() -> Element:  # noqa: N802 - a component
    """Settings at the left (above, on a narrow screen), what is recorded at the right."""
    lang = use_language()
    recorded, set_recorded = solara.use_state(NOTHING_YET)
    stop = solara.use_ref(threading.Event())
    choice, set_choice = solara.use_state(solara.use_memo(_first_choice, []))
    city_shown.value = choice.city

    def leave() -> Callable[[], None]:
        return lambda: stop.current.set()

    solara.use_effect(leave, [])

    def run() -> None:
        stop.current.set()
        stopped = threading.Event()
        stop.current = stopped

        def tell(news: Recorded) -> None:
            if stop.current is stopped:  # a run that was replaced has nothing more to say
                set_recorded(news)

        threading.Thread(target=record, args=(choice, tell, stopped.is_set), daemon=True).start()

    with solara.Div(classes=["yb-main"]) as main:
        with solara.Div():
            Settings(choice=choice, on_choice=set_choice, busy=recorded.busy, on_run=run, on_stop=lambda: stop.current.set(), lang=lang)
        with solara.Div():
            Results(recorded=recorded, changed=recorded.choice not in (None, choice), lang=lang)
    return main


@solara.component
def Settings(  # noqa: N802 - a component
    choice: Choice,
    on_choice: Callable[[Choice], None],
    busy: bool,
    on_run: Callable[[], None],
    on_stop: Callable[[], None],
    lang: Language,
) -> Element:
    """What is to be run, and the buttons that start and stop it."""
    cities = _cities(lang)
    policies = _policies(lang)
    people = _people(choice.city)
    scales = {_scale_text(scale, people, lang): scale for scale in SCALES if scale * people >= LEAST_PEOPLE}

    def change(**changes: object) -> None:
        on_choice(Choice(**{**vars(choice), **changes}))

    def tick(policy: str, ticked: bool) -> None:
        kept = [name for name in choice.policies if name != policy]
        change(policies=tuple([*kept, policy] if ticked else kept))

    with solara.Div(classes=["yb-card"]) as main:
        show_html(f"<h2>{text('app.settings', lang)}</h2>")
        solara.Select(
            text("app.city", lang),
            values=list(cities),
            value=_name_of(choice.city, cities),
            on_value=lambda name: change(city=cities[name]),
        )
        show_html(text("app.policies", lang), "yb-label")
        for policy, label in policies.items():
            ticked = policy in choice.policies
            full = not ticked and len(choice.policies) >= MOST_POLICIES
            first = bool(choice.policies) and policy == choice.policies[0]
            named = text("words.bracket", lang, a=label, b=text("words.baseline", lang)) if first else label
            solara.Checkbox(label=named, value=ticked, on_value=lambda on, policy=policy: tick(policy, on), disabled=full)
        solara.Select(
            text("app.scale", lang),
            values=list(scales),
            value=_scale_text(choice.scale, people, lang),
            on_value=lambda name: change(scale=scales[name]),
        )
        solara.SliderInt(
            text("app.years", lang, n=choice.years),
            value=choice.years,
            min=1,
            max=MOST_YEARS,
            on_value=lambda n: change(years=n),
            thumb_label=False,
        )
        solara.InputInt(text("app.seed", lang), value=choice.seed, on_value=lambda n: change(seed=max(0, n or 0)))
        if not choice.policies:
            show_html(text("app.choose", lang), "yb-note")
        with solara.Div(classes=["yb-buttons"]):
            solara.Button(text("app.run", lang), on_click=on_run, color="primary", disabled=busy or not choice.policies)
            solara.Button(text("app.stop", lang), on_click=on_stop, outlined=True, disabled=not busy)
    return main


@solara.component
def Results(recorded: Recorded, changed: bool, lang: Language) -> Element:  # noqa: N802 - a component
    """How far the run is, its charts, and the last twelve months in numbers."""
    view, set_view = solara.use_state("cost")
    dark = solara.lab.use_dark_effective()
    with solara.Div() as main:
        with solara.Div(classes=["yb-card"]):
            if recorded.stage == "ready":
                show_html(f"<h1>{text('app.question', lang)}</h1><p class='yb-lead'>{text('app.lead', lang)}</p>")
            Progress(recorded=recorded, lang=lang)
            if changed and not recorded.busy:
                show_html(text("app.changed", lang), "yb-note")
            Groups(value=view, names=list(VIEWS), on_value=set_view, lang=lang)
            if recorded.choice is not None and len(recorded.monthly):
                policies = recorded.choice.policies
                colors = colors_of(policies, None, dark)
                show_html(keys_html([(labels.policy_short(policy, lang), colors[policy]) for policy in policies]), "yb-keys")
                with solara.Div(classes=["yb-charts", *(["yb-small"] if len(VIEWS[view]) > 4 else [])]):
                    for name in VIEWS[view]:
                        Chart(recorded=recorded, name=name, lang=lang, dark=dark).key(f"{view}-{name}")
        if recorded.choice is not None and recorded.done > HISTORY_MONTHS:
            Recent(recorded=recorded, lang=lang, dark=dark)
    return main


@solara.component
def Progress(recorded: Recorded, lang: Language) -> Element:  # noqa: N802 - a component
    """One line that says how far the run is, and a bar while it goes."""
    total = recorded.choice.total if recorded.choice is not None else 0
    said = {
        "ready": lambda: text("app.ready", lang),
        "preparing": lambda: text("app.preparing", lang),
        "history": lambda: text("app.history", lang, month=recorded.month, done=recorded.done, total=HISTORY_MONTHS),
        "running": lambda: text(
            "app.running", lang, month=recorded.month, done=recorded.done - HISTORY_MONTHS, total=total - HISTORY_MONTHS
        ),
        "done": lambda: text("app.done", lang, total=total, seconds=formats.number(recorded.seconds, 1)),
        "stopped": lambda: text("app.stopped", lang),
        "failed": lambda: text("app.failed", lang, message=recorded.message),
    }[recorded.stage]()
    with solara.Div(classes=["yb-progress"]) as main:
        solara.Text(said)
        if recorded.busy:
            share = 100 * recorded.done / total if total else 0
            solara.v.ProgressLinear(value=share, indeterminate=recorded.stage == "preparing", attributes={"aria-label": said})
    return main


@solara.component
def Chart(recorded: Recorded, name: str, lang: Language, dark: bool) -> Element:  # noqa: N802 - a component
    """One indicator by month."""

    def make() -> charts.Option:
        assert recorded.choice is not None
        table = paths(recorded.monthly, name, recorded.choice.policies)
        return charts.paths(table, name, recorded.months, lang, switch=recorded.switch, dark=dark)

    option = solara.use_memo(make, [id(recorded.monthly), name, lang, dark])
    with solara.Div(classes=["yb-chart"]) as main:
        solara.FigureEcharts(
            option=option,
            responsive=True,
            attributes={"style": "height: 250px; width: 100%", "role": "img", "aria-label": option["title"]["text"]},
        )
    return main


@solara.component
def Recent(recorded: Recorded, lang: Language, dark: bool) -> Element:  # noqa: N802 - a component
    """The last twelve months since the switch: the baseline's levels and the others' differences, and how to get intervals."""
    assert recorded.choice is not None
    policies = recorded.choice.policies

    def make() -> tuple[str, str]:
        since, levels = _recent(recorded)
        months = sorted(since)
        key = "last_year_level" if len(policies) == 1 else "last_year" if len(months) == SHOWN_MONTHS else "last_some"
        title = text(f"app.{key}", lang, first=months[0], last=months[-1])
        table = recent_table(levels, policies, lang, None, dark, TABLE)
        return title, table_html(table, lang, compared=len(policies) > 1)

    title, html = solara.use_memo(make, [id(recorded.monthly), lang, dark])
    with solara.Div(classes=["yb-card"]) as main:
        show_html(f"<h2>{title}</h2>")
        show_html(html, "yb-wide")
        if recorded.stage == "done" and len(policies) > 1:
            show_html(f"<p class='yb-note'>{text('app.single', lang)}</p><pre><code>{_command(recorded.choice)}</code></pre>")
    return main


def _recent(recorded: Recorded) -> tuple[list[str], pd.DataFrame]:
    """Return the last months after the switch, and each indicator's mean over them by policy."""
    table = recorded.monthly
    after = table[table["period"] >= recorded.switch]
    months = sorted(after["period"].unique())[-SHOWN_MONTHS:]
    kept = after[after["period"].isin(months) & after["indicator"].isin(TABLE)]
    means = kept.astype({"policy": str, "indicator": str}).groupby(["policy", "indicator"])["value"].mean()
    return months, means.reset_index()


def _command(choice: Choice) -> str:
    named = ",".join(choice.policies)
    size = f"--scale {choice.scale:g} --years {choice.years} --seeds {SEEDS_ADVISED}"
    return f"yibao compare --city {choice.city} --policies {named} {size} --out out/{'-'.join(choice.policies)}"


def _first_choice() -> Choice:
    from model.policy.loader import list_cities, list_policies

    cities, policies = list_cities(), list_policies()
    city = "yuncheng" if "yuncheng" in cities else cities[0]
    chosen = tuple(name for name in FIRST_POLICIES if name in policies) or (policies[0],)
    return Choice(city, chosen, FIRST_SCALE, 2)


def _cities(lang: Language) -> dict[str, str]:
    from model.policy.loader import list_cities

    return {labels.city(name, lang): name for name in list_cities()}


def _policies(lang: Language) -> dict[str, str]:
    from model.policy.loader import list_policies

    return {name: labels.policy(name, lang) for name in list_policies()}


def _people(city: str) -> int:
    found = labels.city_file(city)
    if found is None:
        raise InputError("the city file cannot be read", found=city)
    return found.persons


def _scale_text(scale: float, people: int, lang: Language) -> str:
    return text("app.scale_option", lang, share=formats.percent(scale), people=formats.number(round(scale * people, -2)))


def _name_of(city: str, cities: dict[str, str]) -> str:
    return next(name for name, found in cities.items() if found == city)
