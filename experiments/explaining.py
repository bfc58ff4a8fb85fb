"""Lists of what there is, and what one of it says: lines of plain text for the terminal."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from experiments.texts import Language, say
from model.errors import InputError, nearest

if TYPE_CHECKING:
    from model.policy.leaf import Leaf
    from model.policy.section import Section

_COLUMN = 22


def list_all(kind: str, lang: Language) -> Iterator[str]:
    """Give one line for each city, policy, mode, conduct rule or indicator: its name and what it is."""
    names, _, line = _KINDS[kind]
    for name in names():
        yield f"{name:<{_COLUMN}} {line(name, lang)}".rstrip()


def describe(kind: str, name: str, lang: Language) -> Iterator[str]:
    """Give the lines that show one of a kind; an unknown name is refused with the nearest known one."""
    _, show, _ = _KINDS[kind]
    return show(name, lang)


def explain(city: str, policy: str | None, on: str | None, lang: Language) -> Iterator[str]:
    """Give every parameter in force in a month, one a line: path = value unit, since when, source; then the sources named."""
    from model.calendar import format_month, parse_month
    from model.policy.loader import load_behaviour, load_city, load_policy

    city_file = load_city(city)
    month = parse_month(f"{city_file.base_year}-01" if on is None else on)
    parts = (("", city_file), ("policy.", load_policy(policy or city_file.own_policy)), ("behaviour.", load_behaviour()))
    named = {key: text for _, section in parts for key, text in section["sources"].items()}
    used: set[str] = set()
    yield f"# {say('in_force', lang, city=getattr(city_file.label, lang), month=format_month(month))}"
    for prefix, section in parts:
        for path, leaf, source in _in_force(section, month):
            key = source.partition(":")[0]
            used |= {key} & named.keys()
            yield f"{prefix}{path} = {_shown(leaf, month, lang)}  # {source}"
    yield f"# {say('sources', lang)}"
    for key in sorted(used):
        yield f"# {key}: {named[key]}"


def _in_force(section: Section, month: int) -> Iterator[tuple[str, Leaf, str]]:
    from model.policy.loader import walk

    for path, leaf in walk(section):
        yield path, leaf, leaf.source_at(month)


def _shown(leaf: Leaf, month: int, lang: Language) -> str:
    """Return a leaf's value in force, its unit, and since when where it is dated."""
    from model.calendar import format_month

    entry = leaf.entry_at(month)
    since = "" if entry.start is None else f" ({say('since', lang, month=format_month(entry.start))})"
    return f"{plain(entry.value)} {leaf.unit}{since}"


def plain(value: Any) -> str:
    """Write a value of a settings file as it stands there."""
    if isinstance(value, tuple):
        return "[" + ", ".join(plain(part) for part in value) + "]"
    return f"{value:,}" if isinstance(value, int) else f"{value:.10g}" if isinstance(value, float) else str(value)


def _cities() -> list[str]:
    from model.policy.loader import list_cities

    return list_cities()


def _city_line(name: str, lang: Language) -> str:
    from model.policy.loader import load_city

    city = load_city(name)
    return f"{getattr(city.label, lang)} · {city.persons:,} · {city.base_year} · {city.own_policy}"


def _show_city(name: str, lang: Language) -> Iterator[str]:
    from model.policy.loader import load_city

    city = load_city(name)
    yield f"{city.name}  {getattr(city.label, lang)}"
    yield getattr(city.data_status, lang)
    yield say("city_facts", lang, year=city.base_year, policy=city.own_policy, people=f"{city.persons:,}")
    townships = sum(county.townships for county in city.counties)
    yield say("city_places", lang, counties=len(city.counties), hospitals=len(city.institutions), townships=townships)
    for county in city.counties:
        yield f"  {county.name:<{_COLUMN}} {getattr(county.label, lang)} · {county.share:.1%}"
    yield say("city_targets", lang, count=len(city.targets), fitted=sum(target.fit for target in city.targets))


def _policies() -> list[str]:
    from model.policy.loader import list_policies

    return list_policies()


def _policy_line(name: str, lang: Language) -> str:
    from model.policy.loader import load_policy

    policy = load_policy(name)
    return f"{getattr(policy.label, lang)} · {getattr(policy.description, lang)}"


def _show_policy(name: str, lang: Language) -> Iterator[str]:
    from model.policy.loader import load_policy

    policy = load_policy(name)
    yield f"{policy.name}  {getattr(policy.label, lang)}"
    yield getattr(policy.description, lang)
    yield say("policy_routes", lang)
    for route in policy.routes:
        conditions = [f"{key}={_listed(value)}" for key, value in route.items() if key != "mode" and value is not None]
        yield f"  {' '.join(conditions)} → {route.mode}"
    yield say("policy_modes", lang)
    for mode in policy.modes:
        yield f"  {mode.id} ({mode.kind})"
        for key, leaf in mode.leaves.items():
            entry = leaf.history[0]
            yield f"    {key} = {plain(entry.value)} {leaf.unit}  # {entry.source}"


def _listed(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value).lower()


def _modes() -> tuple[str, ...]:
    from model.payment import list_modes

    return list_modes()


def _mode_line(name: str, lang: Language) -> str:
    from model.payment import get_mode

    mode = get_mode(name)
    return f"{_label(mode, lang)} · {mode.summary}"


def _show_mode(name: str, lang: Language) -> Iterator[str]:
    from model.payment import get_mode

    mode = get_mode(name)
    yield f"{mode.name}  {_label(mode, lang)}"
    yield mode.summary
    yield from (inspect.getdoc(mode) or "").splitlines()
    for key, spec in mode.PARAMETERS.items():
        yield f"  {key:<{_COLUMN}} {spec.unit}  {spec.doc}"


def _label(mode: Any, lang: Language) -> str:
    return str(mode.label_zh if lang == "zh" else mode.label_en)


def _conducts() -> tuple[str, ...]:
    from agents.conduct import list_conducts

    return list_conducts()


def _conduct_line(name: str, lang: Language) -> str:
    return next(_show_conduct(name, lang)).partition("  ")[2]


def _show_conduct(name: str, lang: Language) -> Iterator[str]:
    from agents.conduct import get_conduct

    rule = type(get_conduct(name))
    module = inspect.getmodule(rule)
    first = (inspect.getdoc(module) or "").splitlines() if module is not None else []
    yield f"{name}  {first[0] if first else ''}"
    yield from first[1:]
    yield from (inspect.getdoc(rule) or "").splitlines()


def _indicators() -> list[str]:
    from model.indicators import INDICATORS

    return list(INDICATORS)


def _indicator_line(name: str, lang: Language) -> str:
    from model.indicators import INDICATORS

    entry = INDICATORS[name]
    return f"{entry.label_zh if lang == 'zh' else entry.label_en} · {entry.unit} · {entry.formula}"


def _show_indicator(name: str, lang: Language) -> Iterator[str]:
    from model.indicators import INDICATORS

    if name not in INDICATORS:
        raise InputError("unknown indicator", found=name, nearest=nearest(name, INDICATORS))
    entry = INDICATORS[name]
    yield f"{entry.name}  {entry.label_zh}  {entry.label_en}"
    yield say("indicator_unit", lang, unit=entry.unit)
    yield say("indicator_formula", lang, formula=entry.formula)
    yield say("indicator_source", lang, source=entry.source)
    yield say({1: "more_is_better", -1: "less_is_better", 0: "it_depends"}[entry.better], lang)


def _studies() -> list[str]:
    from experiments.studies import STUDIES

    return list(STUDIES)


def _study_line(name: str, lang: Language) -> str:
    from experiments.studies import STUDIES, targets

    target = targets().loc[name]
    return f"{target['mechanism']} · {target['gate']}" + (f" · {STUDIES[name].reason}" if STUDIES[name].reason else "")


def _show_study(name: str, lang: Language) -> Iterator[str]:
    from experiments.studies import STUDIES, nearest_study, targets

    if name not in STUDIES:
        raise InputError("unknown study", found=name, nearest=nearest_study(name))
    yield f"{name}  {_study_line(name, lang)}"
    for key, value in targets().loc[name].items():
        if value:
            yield f"{key}: {value}"
    for part in STUDIES[name].parts:
        yield f"- {part.label}: {part.indicator}, {part.arm}" + (f" / {part.control}" if part.control else "")


_Kind = tuple[Callable[[], Any], Callable[[str, Language], Iterator[str]], Callable[[str, Language], str]]
_KINDS: dict[str, _Kind] = {
    "cities": (_cities, _show_city, _city_line),
    "policies": (_policies, _show_policy, _policy_line),
    "modes": (_modes, _show_mode, _mode_line),
    "conducts": (_conducts, _show_conduct, _conduct_line),
    "indicators": (_indicators, _show_indicator, _indicator_line),
    "studies": (_studies, _show_study, _study_line),
}
"""Of each kind: all names, the lines that show one, the line that lists one."""
