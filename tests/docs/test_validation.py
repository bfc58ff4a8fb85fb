"""The page of validation has every published effect, says of each what the program would run, and counts what its table says."""

from __future__ import annotations

import pytest

from experiments.replication import Answer, Verdict, of_row
from experiments.studies import STUDIES, targets
from experiments.validation_page import COLUMNS, counts, in_words, lines, notes, table
from tests.docs.recipes import DOCS

FOUND = ("simulated (95 %)", "verdict", "the design finds", "found in")
"""Columns that hold what came out; the others follow from the studies."""


@pytest.fixture(scope="module")
def page() -> str:
    return (DOCS / "validation.md").read_text(encoding="utf-8")


def rows_of(page: str, heading: str) -> list[tuple[str, ...]]:
    """Cells of the table below a heading."""
    below = page.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in below.splitlines() if line.startswith("| ")]
    return cells[1:]


def without_numbers(row: tuple[object, ...]) -> tuple[str, ...]:
    """A row less what came out, but for the reason why a study is not run."""
    return tuple(
        str(cell).strip()
        for name, cell in zip(COLUMNS, row, strict=True)
        if name not in FOUND or (name == "verdict" and "not run" in str(cell))
    )


def test_every_published_effect_is_there(page: str) -> None:
    assert list(dict.fromkeys(row[0].strip("`") for row in rows_of(page, "Row by row"))) == list(targets().index)


def test_rows_are_what_the_program_would_run(page: str) -> None:
    def unknown(name: str) -> list[Answer]:
        return [Answer(name, part, 0.0, 0.0, 0.0, None, None, "reported") for part in STUDIES[name].parts]

    wanted = [without_numbers(row) for name in STUDIES for row in lines(name, unknown(name))]
    assert [without_numbers(row) for row in rows_of(page, "Row by row")] == wanted, "run: yibao replicate --page docs/validation.md"


def test_counts_and_sentences_follow_from_the_table(page: str) -> None:
    verdict = COLUMNS.index("verdict")
    found: dict[str, list[Verdict]] = {}
    for row in rows_of(page, "Row by row"):
        if "not run" not in row[verdict]:
            found.setdefault(row[0].strip("`"), []).append(row[verdict])  # type: ignore[arg-type]
    of_rows = {name: of_row(verdicts) for name, verdicts in found.items()}
    assert all(line in page for line in in_words(of_rows))
    assert all(line in page for line in list(table((), counts(of_rows)))[2:])


def test_notes_are_those_on_file(page: str) -> None:
    written = [line for line in page.split("\n## Notes\n")[1].splitlines() if line]
    assert written == [f"- `{name}`: {text}" for name, text in notes().items()]
