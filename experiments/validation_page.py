"""Writes docs/validation.md: every published effect, what the simulation answers, and how far its study designs can be trusted."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from experiments.replication import Answer
from experiments.studies import MONTHS_AFTER, MONTHS_BEFORE, STUDIES, Part, targets

DESIGNS = {
    "did": "difference in differences over counties",
    "segmented": "segmented regression, no control",
    "controlled": "controlled interrupted time series",
    "level": "levels side by side",
}
COLUMNS = (
    *("study", "what", "who", "indicator", "design", "published", "simulated (95 %)", "the design finds", "found in", "verdict"),
    *("calibrated to", "gate"),
)
UNITS = {"percent": " %", "points": " points", "ln": " log points"}


def page(answers: Sequence[Answer], placebo: pd.DataFrame, *, city: str, scale: float, seeds: int) -> str:
    """The whole page as Markdown."""
    return "\n".join(
        [
            _HEAD.format(city=city, scale=f"{100 * scale:g}", seeds=seeds, before=MONTHS_BEFORE, after=MONTHS_AFTER),
            *_counts(answers),
            "",
            "## Study by study",
            "",
            "| " + " | ".join(COLUMNS) + " |",
            "|---" * len(COLUMNS) + "|",
            *(_row(answer) for answer in answers),
            "",
            "## Not run",
            "",
            "| study | what | gate | why |",
            "|---|---|---|---|",
            *(
                f"| `{name}` | {target.mechanism} | {target.gate} | {STUDIES[str(name)].reason} |"
                for name, target in targets().iterrows()
                if not STUDIES[str(name)].parts
            ),
            "",
            "## Placebo: the same designs where nothing was done",
            "",
            "| design | tests | effects found (p < 0.05) | share |",
            "|---|---|---|---|",
            *(
                f"| {DESIGNS[row['design']]} | {row['tests']} | {row['positive']} | {100 * row['share']:.0f} % |"
                for row in placebo.to_dict("records")
            ),
            "",
        ]
    )


_HEAD = """# Validation: published effects repeated (验证)

Written by `yibao replicate`; do not edit. City {city}, {scale} % of the people, {seeds} seeds, {before} months before the switch and
{after} after. Signs and ranges come from `data/evidence/targets.csv`.

- *Simulated* is the effect on the very same people: the same seed with and without the reform, last twelve months of the study's
  follow-up, with a 95 % interval over seeds. It holds the model's parameters fixed.
- *The design finds* is what the study's own design reports of the simulated city, with other people (another seed) as control: mean over
  seeds; *found in* is the share of seeds in which p < 0.05.
- *Verdict* is about the simulated effect: `agrees` (sign, and range where one is published), `sign agrees, size differs`,
  `cannot be told` (the interval holds zero), `contradicts`.
- *Calibrated to* says whether parameters were set to this very number; a row that was calibrated to is no validation.
"""


def _counts(answers: Sequence[Answer]) -> list[str]:
    lines = ["| gate | parts run | agrees | sign agrees, size differs | cannot be told | contradicts |", "|---|---|---|---|---|---|"]
    for gate in ("must", "should", "report"):
        mine = [answer.verdict for answer in answers if targets().loc[answer.study, "gate"] == gate]
        numbers = [mine.count(verdict) for verdict in ("agrees", "sign agrees, size differs", "cannot be told", "contradicts")]
        lines.append(f"| {gate} | {len(mine)} | " + " | ".join(str(number) for number in numbers) + " |")
    return lines


def _row(answer: Answer) -> str:
    study, target, part = STUDIES[answer.study], targets().loc[answer.study], answer.part
    found = "" if answer.found is None else _written(answer.found, part)
    detected = "" if answer.detected is None else f"{100 * answer.detected:.0f} %"
    return (
        f"| `{answer.study}` | {target['mechanism']} | {part.label} | `{part.indicator}` | {DESIGNS[study.design]} | {_published(part)} "
        f"| {_written(answer.effect, part)} ({_written(answer.low, part)} to {_written(answer.high, part)}) | {found} | {detected} "
        f"| {answer.verdict} | {'yes' if study.calibrated else 'no'} | {target['gate']} |"
    )


def _published(part: Part) -> str:
    if part.low is None or part.high is None:
        return part.sign
    return f"{part.sign}, {part.low:g} to {part.high:g}{UNITS[part.measure]}"


def _written(value: float, part: Part) -> str:
    digits = 3 if part.measure == "ln" else 1
    return f"{value:+.{digits}f}{UNITS[part.measure]}"
