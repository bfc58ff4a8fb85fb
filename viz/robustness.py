"""Which findings survive other conduct rules, as report and page tell it: a note, a line a rule, and a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from experiments.robustness import counts
from viz import labels
from viz import summaries as small
from viz.labels import Language, text
from viz.tables import DOWN, UP, Cell, Row, Table, columns_of

if TYPE_CHECKING:
    from viz.contents import Contents

SURVIVAL = ("holds", "same_sign", "lost", "reversed")
"""What may become of a clear difference under another conduct rule."""


@dataclass(frozen=True)
class Told:
    """What was done, how many findings survive each rule, and what becomes of each."""

    note: str
    lines: tuple[str, ...]
    table: Table


def told_robustness(contents: Contents, lang: Language) -> Told | None:
    """Return what other conduct rules make of the findings, or None where none was asked for."""
    if contents.baseline is None or contents.robustness.empty:
        return None
    own, *others = dict.fromkeys(contents.robustness["conduct"])
    lines = (
        text(
            "robustness.line",
            lang,
            rule=labels.conduct(rule, lang),
            own=labels.conduct(own, lang),
            clear=sum(found[key] for key in SURVIVAL),
            **found,
        )
        for rule, found in counts(contents.robustness).items()
    )
    named = labels.joined([labels.conduct(rule, lang) for rule in others], lang)
    return Told(text("robustness.note", lang, own=labels.conduct(own, lang), others=named), tuple(lines), _table(contents, lang))


def _table(contents: Contents, lang: Language) -> Table:
    """Return for every difference that is clear its direction, under how many other rules it holds, and what the rest make of it."""
    found: dict[tuple[str, str, str], list[Any]] = {}
    listed: Any = contents.robustness.itertuples()
    for row in listed:
        found.setdefault((row.indicator, "" if row.unit_type == "city" else row.unit, row.policy), []).append(row)
    groups = []
    for group, names in small.GROUPS.items():
        places = [(name, "") for name in names]
        places += [("intensity", severity) for severity in small.SEVERITIES] if group == "gaming" else []
        rows = [_row(place, [found.get((*place, policy), []) for policy in contents.others], lang) for place in places]
        if any(rows):
            groups.append((text(f"group.{group}", lang), tuple(row for row in rows if row is not None)))
    return Table(columns_of(contents, contents.others, lang), tuple(groups))


def _row(place: tuple[str, str], found: list[list[Any]], lang: Language) -> Row | None:
    """Return the row of a place where some policy's difference is clear."""
    if not any(rows and rows[0].verdict == "clear" for rows in found):
        return None
    name, severity = place
    label = labels.titled(name, lang)
    if severity:
        label = text("words.bracket", lang, a=labels.indicator(name, lang), b=labels.place(severity, lang))
    return Row(label, labels.formula(name, lang), tuple(_cell(rows, lang) for rows in found))


def _cell(rows: list[Any], lang: Language) -> Cell:
    if not rows or rows[0].verdict != "clear":
        return Cell("—", kind="unsure")
    own, *others = rows
    held = [row for row in others if row.verdict == "holds"]
    below = text("words.semicolon", lang).join(
        text("words.named", lang, a=labels.conduct(row.conduct, lang), b=text(f"robustness.{row.verdict}", lang))
        for row in others
        if row.verdict != "holds"
    )
    kind = "plain" if len(held) == len(others) else "worse" if any(row.verdict == "reversed" for row in others) else "unsure"
    main = text("robustness.held", lang, held=len(held), rules=len(others))
    return Cell(main, below, UP if own.difference > 0 else DOWN, kind=kind)
