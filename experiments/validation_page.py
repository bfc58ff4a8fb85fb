"""Writes docs/validation.md: every published effect, what the simulation answers, and how far its study designs can be trusted."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import get_args

import pandas as pd

from experiments.replication import Answer, Verdict, design_of, of_row
from experiments.studies import MONTHS_AFTER, MONTHS_BEFORE, STUDIES, Part, targets

DESIGNS = {
    "did": "difference in differences over counties",
    "segmented": "segmented regression, no control",
    "controlled": "controlled interrupted time series",
    "level": "levels side by side",
}
GATES = ("must", "should", "report")
COLUMNS = (
    *("study", "gate", "published effect", "who", "indicator", "expected", "simulated (95 %)", "verdict", "calibrated to"),
    *("study's own design", "design run", "months before / after", "the design finds", "found in"),
)
UNITS = {"percent": " %", "points": " points", "ln": " log points", "amount": "", "elasticity": "", "times": " times"}
SIGN_AGREES: tuple[Verdict, ...] = ("agrees", "sign agrees, size differs")
NOTES = Path(__file__).with_name("validation_notes.toml")


def notes() -> dict[str, str]:
    """What was found out about studies whose answer asks for it, by id."""
    found: dict[str, str] = tomllib.loads(NOTES.read_text(encoding="utf-8"))
    return found


def page(answers: Sequence[Answer], placebo: pd.DataFrame, *, city: str, scale: float, seeds: int) -> str:
    """The whole page as Markdown."""
    rows = verdicts(answers)
    of_study = {name: [answer for answer in answers if answer.study == name] for name in STUDIES}
    whole = [
        _HEAD.format(city=city, scale=f"{100 * scale:g}", seeds=seeds, before=MONTHS_BEFORE, after=MONTHS_AFTER),
        *table(("rows", "in all", "run", *get_args(Verdict)), counts(rows)),
        "",
        *in_words(rows),
        "",
        "## What does not come out",
        "",
        *(_failure(answer) for answer in answers if answer.verdict in ("contradicts", "cannot be told")),
        "",
        "## Row by row",
        "",
        *table(COLUMNS, (line for name in STUDIES for line in lines(name, of_study[name]))),
        "",
        "## Placebo: the same designs where nothing was done",
        "",
        *table(
            ("design", "tests", "effects found (p < 0.05)", "share"),
            ((DESIGNS[row["design"]], row["tests"], row["positive"], f"{100 * row['share']:.0f} %") for row in placebo.to_dict("records")),
        ),
        "",
        "## Notes",
        "",
        *(f"- `{name}`: {text}" for name, text in notes().items()),
        "",
    ]
    return "\n".join(whole)


_HEAD = """# Validation: published effects repeated (验证)

Written by `yibao replicate --page docs/validation.md`; do not edit. City {city}, {scale} % of the people, {seeds} seeds, {before} months
before the switch and {after} after. Expected signs and ranges, and the studies' own designs and months, come from
`data/evidence/targets.csv`.

- *Simulated* is the effect on the very same people: the same seed with and without the reform, last twelve months of the study's
  follow-up, with a 95 % interval over seeds. It holds the model's parameters fixed.
- *The design finds* is what the design that was run reports of the simulated city, as a study would see it: difference in differences and
  controlled series have other people (another seed) as control. Mean over seeds; *found in* is the share of seeds in which p < 0.05.
  Read it beside the placebo below: a design that finds effects where nothing was done proves little.
- *Verdict* is about the simulated effect: `agrees` (sign, and range where one is published), `sign agrees, size differs`,
  `cannot be told` (the interval holds zero), `contradicts`, `reported` (no sign is published). Where a study
  found no effect, an interval that holds zero `agrees`, and so does an effect that the same design finds in less than half of the seeds. A
  row with several parts has the verdict of its worst part.
- *Calibrated to* says whether parameters were set to this very number; *given* are elasticities that the choice of care is set from: a
  check of the arithmetic, not a validation.

## Verdicts
"""


def verdicts(answers: Sequence[Answer]) -> dict[str, Verdict]:
    """The verdict on each row that was run."""
    found: dict[str, list[Verdict]] = {}
    for answer in answers:
        found.setdefault(answer.study, []).append(answer.verdict)
    return {name: of_row(of_parts) for name, of_parts in found.items()}


def counts(rows: Mapping[str, Verdict]) -> Iterator[tuple[object, ...]]:
    """Rows by gate: all, those run, and how many have each verdict."""
    for gate in GATES:
        all_rows = [str(name) for name in targets().index[targets()["gate"] == gate]]
        mine = [rows[name] for name in all_rows if name in rows]
        yield gate, len(all_rows), len(mine), *(mine.count(verdict) for verdict in get_args(Verdict))


def in_words(rows: Mapping[str, Verdict]) -> Iterator[str]:
    """How many rows of the first two gates have the published sign, with and without those that parameters were set to."""
    for gate in GATES[:2]:
        mine = [name for name in rows if targets().loc[name, "gate"] == gate]
        apart = [name for name in mine if STUDIES[name].calibrated or STUDIES[name].given]
        held = [name for name in mine if name not in apart]
        said = f"- `{gate}`: {_agreeing(rows, mine)} of {len(mine)} rows that can be run have the published sign"
        if apart:
            names = ", ".join(f"`{name}`" for name in apart)
            said += f"; without those calibrated to or given ({names}): {_agreeing(rows, held)} of {len(held)}"
        yield said + "."


def _agreeing(rows: Mapping[str, Verdict], names: Sequence[str]) -> int:
    return sum(rows[name] in SIGN_AGREES for name in names)


def _failure(answer: Answer) -> str:
    target, part = targets().loc[answer.study], answer.part
    return (
        f"- `{answer.study}` ({target['gate']}) {target['mechanism']}, {part.label}: expected {_published(part)}, "
        f"simulated {_simulated(answer)}: {answer.verdict}."
    )


def lines(name: str, answers: Sequence[Answer]) -> Iterator[tuple[object, ...]]:
    """Lines of one row: one a part, or one that says why there is none."""
    study, target = STUDIES[name], targets().loc[name]
    own = f"{target['design']}, {target['months_pre'] or '–'} / {target['months_post'] or '–'} months"
    first = f"`{name}`", target["gate"], f"{target['mechanism']}: {target['outcome']}"
    if not answers:
        wanted = _as_in_table(*(str(target[key]) for key in ("expected_sign", "low", "high", "unit")))
        said = "not run" if study.parts else f"not run: {study.reason}"
        yield *first, target["tier_or_group"], "", wanted, "", said, "no", own, "", "", "", ""
    for answer in answers:
        part = answer.part
        yield (
            *first,
            part.label,
            f"`{part.indicator}`",
            _published(part),
            _simulated(answer),
            answer.verdict,
            "yes" if study.calibrated else "given" if study.given else "no",
            own,
            DESIGNS[design_of(study, part)],
            f"{study.before} / {study.after}",
            "" if answer.found is None else _written(answer.found, part),
            "" if answer.detected is None else f"{100 * answer.detected:.0f} %",
        )


def _as_in_table(sign: str, low: str, high: str, unit: str) -> str:
    ends = " to ".join(end for end in (low, high) if end)
    return " ".join(text for text in (sign, ends, unit) if text)


def _published(part: Part) -> str:
    if not part.sign:
        return "no sign"
    if part.low is None or part.high is None:
        return part.sign
    return f"{part.sign}, {part.low:g} to {part.high:g}{UNITS[part.measure]}"


def _simulated(answer: Answer) -> str:
    effect, low, high = (_written(value, answer.part) for value in (answer.effect, answer.low, answer.high))
    return f"{effect} ({low} to {high})"


def _written(value: float, part: Part) -> str:
    digits = {"ln": 3, "amount": 4, "elasticity": 2, "points": 2}.get(part.measure, 1)
    return f"{value:+.{digits}f}{UNITS[part.measure]}"


def table(head: Sequence[object], rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    """Lines of a Markdown table."""
    yield "| " + " | ".join(map(str, head)) + " |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |"
