"""What came out, in sentences made from the comparison: what is lower, what is higher, and where no difference can be told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from viz import formats, labels
from viz.labels import Language, text
from viz.summaries import differences, has_percentage

QUESTIONS: dict[str, tuple[str, ...]] = {
    "cost": ("total_cost_per_head", "fund_cost_per_head", "cost_per_admission"),
    "gaming": ("coding_gap", "split_share", "intensity"),
    "hierarchy": ("county_in_share", "tertiary_admission_share"),
    "access": ("oop_per_head", "unmet_need_share"),
}
"""What is asked, and the indicators that answer."""


SIGNS = {"lower": "▼", "higher": "▲", "neither": "≈", "untold": "?"}


@dataclass(frozen=True)
class Sentence:
    """What came out for one indicator: the opening (which indicator, its baseline), then each part with its sign."""

    opening: str
    parts: tuple[tuple[str, str], ...]
    lang: Language

    @property
    def text(self) -> str:
        """The whole sentence."""
        said = labels.joined([part for _, part in self.parts], self.lang, "semicolon")
        return self.opening + text("words.colon", self.lang) + said + text("words.stop", self.lang)


@dataclass(frozen=True)
class Finding:
    """The answer to one question: its text, and a sentence an indicator."""

    question: str
    sentences: tuple[Sentence, ...]


def findings(comparison: pd.DataFrame, period: str, baseline: str, lang: Language, files: Mapping[str, str] | None = None) -> list[Finding]:
    """Return for each question what the comparison says, with intervals."""
    told = []
    for key, names in QUESTIONS.items():
        rows = differences(comparison, names, period)
        sentences = [
            _sentence(rows[rows["indicator"] == name], name, baseline, lang, files) for name in names if (rows["indicator"] == name).any()
        ]
        if sentences:
            told.append(Finding(text(f"question.{key}", lang), tuple(sentences)))
    return told


def _sentence(rows: pd.DataFrame, name: str, baseline: str, lang: Language, files: Mapping[str, str] | None) -> Sentence:
    """Return one sentence on one indicator: policies below the baseline, above it, and those that cannot be told apart."""

    def listed(kept: pd.DataFrame, write: Callable[[Any], str]) -> str:
        return labels.joined([write(row) for row in kept.itertuples()], lang)

    def with_interval(row: Any) -> str:
        return text(
            "finding.interval",
            lang,
            policy=labels.policy_short(row.policy, lang, files),
            difference=_difference(row, lang),
            range=_interval(row, lang),
        )

    def without(row: Any) -> str:
        return f"{labels.policy_short(row.policy, lang, files)} {_difference(row, lang)}"

    opening = text(
        "finding.opening",
        lang,
        indicator=labels.indicator(name, lang),
        baseline=labels.policy_short(baseline, lang, files),
        level=formats.value(float(rows["mean_baseline"].iloc[0]), labels.unit_of(name), lang),
    )
    known = rows[np.isfinite(rows["ci_low"])]
    certain = known[known["certain"]].sort_values("difference")
    parts = [
        ("lower", certain[certain["difference"] < 0], with_interval),
        ("higher", certain[certain["difference"] > 0].iloc[::-1], with_interval),
        ("neither", known[~known["certain"]], lambda row: labels.policy_short(row.policy, lang, files)),
        ("untold", rows[~np.isfinite(rows["ci_low"])], without),
    ]
    told = tuple((SIGNS[key], text(f"finding.{key}", lang, list=listed(kept, write))) for key, kept, write in parts if len(kept))
    return Sentence(opening, told, lang)


def _difference(row: Any, lang: Language) -> str:
    if has_percentage(row.indicator, row.mean_baseline):
        return formats.relative(row.relative_pct)
    return formats.difference(row.difference, labels.unit_of(row.indicator), lang)


def _interval(row: Any, lang: Language) -> str:
    if has_percentage(row.indicator, row.mean_baseline):
        return formats.relative_interval(row.relative_low, row.relative_high, lang)
    return formats.interval(row.ci_low, row.ci_high, labels.unit_of(row.indicator), lang)
