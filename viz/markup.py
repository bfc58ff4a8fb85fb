"""Pieces of HTML from the templates, for report and page alike."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from viz.labels import Language, text
from viz.sentences import Finding
from viz.tables import Table

TEMPLATES = Path(__file__).with_name("templates")


@cache
def environment() -> jinja2.Environment:
    """Return where templates are found; everything filled in is escaped, and nothing may be missing."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def table_html(table: Table, lang: Language, *, compared: bool) -> str:
    """Return a table of written cells; where it compares, the first column is marked as the baseline."""
    made = _module("table.html.j2").grouped_table(table, text("words.indicator", lang), text("words.baseline", lang) if compared else "")
    return str(made)


def findings_html(findings: Sequence[Finding], lang: Language) -> str:
    """Return findings, a section a question."""
    marks = {key: text(f"words.{key}", lang) for key in ("colon", "semicolon", "stop")}
    return "".join(str(_module("findings.html.j2").finding_section(finding, marks)) for finding in findings)


def keys_html(names: Sequence[tuple[str, str]]) -> str:
    """Return names with their colours in dots: the key of several charts at once."""
    return str(_module("keys.html.j2").keys(names))


def _module(template: str) -> Any:
    return environment().get_template(template).module
