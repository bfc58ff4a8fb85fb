"""The documentation is up to date: made pages, names, links, paths, commands and citations are held against the program."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from docs import generate
from experiments.cli import app
from model.care import CHANNELS
from model.indicators import INDICATORS
from model.payment import MEASURES, list_modes
from model.phases import PHASES
from tests.docs.recipes import DOCS, blocks_of

ROOT = DOCS.parent
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "data" / "README.md"])
LINK = re.compile(r"\]\(([^)\s]+)\)")
PLACE = re.compile(r"`((?:model|agents|experiments|viz|data|tests|docs)/[\w./]*)`")
CITED = re.compile(r"rules(?:\.md`*)? ([A-K][0-9]?)|\b(T[0-9]{2})\b|\b(conduct|model|rules)\.md\b")


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def anchors(page: Path) -> set[str]:
    """Anchors that a page's headings make on the usual hosts."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_made_pages_are_up_to_date() -> None:
    assert not list(generate.stale()), "run: python docs/generate.py"


@pytest.mark.parametrize("name", [*INDICATORS, *CHANNELS, *list_modes()])
def test_the_glossary_has_every_name(name: str) -> None:
    assert f"`{name}`" in (DOCS / "glossary.md").read_text(encoding="utf-8")


def test_the_protocol_has_every_phase_mode_and_channel() -> None:
    page = (DOCS / "odd.md").read_text(encoding="utf-8")
    missing = [name for name in [*(name for name, _ in PHASES), *list_modes()] if f"`{name}`" not in page]
    assert not missing
    assert not [name for name in CHANNELS if name.split("_")[0] not in page]
    order = [page.index(f"\n| `{name}` |") for name, _ in PHASES]
    assert order == sorted(order)


def test_the_recipe_explains_every_measure() -> None:
    page = (DOCS / "extending.md").read_text(encoding="utf-8")
    assert not [name for name in MEASURES if f"| `{name.upper()}` |" not in page]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        target, _, anchor = link.partition("#")
        file = (page.parent / target).resolve() if target else page
        assert file.is_file(), link
        assert not anchor or anchor in anchors(file), link


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_paths_exist(page: Path) -> None:
    assert not [place for place in PLACE.findall(page.read_text(encoding="utf-8")) if not (ROOT / place).exists()]


def commands() -> list[str]:
    """Every command line of the pages, in blocks and in sentences."""
    lines = [line for page in PAGES if page.is_relative_to(DOCS) for line in shell_lines(page)]
    inline = [found for page in PAGES for found in re.findall(r"`(yibao [^`]+)`", page.read_text(encoding="utf-8"))]
    return sorted({*lines, *inline})


def shell_lines(page: Path) -> list[str]:
    found = [block.text for block in blocks_of(page.relative_to(DOCS).as_posix()) if block.language == "sh"]
    return [line for text in found for line in text.splitlines()]


@pytest.mark.parametrize("line", [line for line in commands() if line.startswith("yibao ")])
def test_commands_are_there_with_their_options(line: str) -> None:
    """The command and its options are the program's; nothing is run."""
    command: Any = typer.main.get_command(app)
    words = shlex.split(line)[1:]
    while hasattr(command, "commands") and words:
        assert words[0] in command.commands, line
        command = command.commands[words.pop(0)]
    options = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options, line


@pytest.mark.parametrize("line", [line for line in commands() if line.startswith("make ")])
def test_targets_are_there(line: str) -> None:
    targets = re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert line.split()[1] in targets


def test_no_other_command_is_shown() -> None:
    assert {line.split()[0] for line in commands()} <= {"yibao", "make", "."}


def test_every_citation_in_the_code_is_explained() -> None:
    page = (DOCS / "odd.md").read_text(encoding="utf-8")
    table = page[page.index("## Rule codes") :]
    for first, last in re.findall(r"([A-K])[0-9] to [A-K]([0-9])", table):
        table += "".join(f" {first}{number}" for number in range(1, int(last) + 1))
    explained = set(re.findall(r"\b[A-K][0-9]?\b|\bT[0-9]{2}\b", table)) | set(re.findall(r"\w+(?=\.md)", table))
    cited = {
        word
        for folder in ("model", "agents", "experiments", "viz")
        for path in (ROOT / folder).rglob("*.py")
        for found in CITED.findall(path.read_text(encoding="utf-8"))
        for word in found
        if word
    }
    assert cited <= explained
