"""Reads code blocks out of the documentation and runs them in order, as a reader would."""

from __future__ import annotations

import contextlib
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
FENCE = re.compile(r"^```(\w+)(?: ([^\n]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, what its first line says beside it, its text."""

    language: str
    note: str
    text: str


def blocks_of(page: str) -> list[Block]:
    """All fenced blocks of a page, in order."""
    found = FENCE.findall((DOCS / page).read_text(encoding="utf-8"))
    return [Block(language, note, text) for language, note, text in found]


def play(page: str, folder: Path, **given: Any) -> dict[str, Any]:
    """Save the files and run the blocks of a page in a folder that is the working one; return the names they leave.

    A block marked ``text output`` must be what the block before it printed. ``given`` are names that the page takes for granted.
    """
    names: dict[str, Any] = dict(given)
    printed = ""
    for number, block in enumerate(blocks_of(page)):
        if block.note.startswith("file="):
            (folder / block.note.removeprefix("file=")).write_text(block.text, encoding="utf-8")
        elif block.note == "run":
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(block.text, f"{page}, block {number}", "exec"), names)
            printed = out.getvalue()
        elif block.note == "output":
            assert printed == block.text, f"{page}: printed {printed!r}"
    return names
