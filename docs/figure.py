"""Draws the README's figure from the demo's results: ``make demo``, then ``python docs/figure.py``."""

from __future__ import annotations

from pathlib import Path

from viz.contents import read_contents
from viz.fontbook import drawing
from viz.report import forest_of

HERE = Path(__file__).parent


def main() -> None:
    """Write ``docs/demo.png``."""
    figure = forest_of(read_contents(HERE.parent / "out" / "demo"), "en")
    if figure is None:
        raise SystemExit("out/demo has one policy only: nothing to compare")
    with drawing():
        figure.savefig(HERE / "demo.png", dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
