"""The bundled Chinese font: for figures, and as a small piece inside a web page, so that no machine shows boxes."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

FONT = Path(__file__).with_name("fonts") / "NotoSansSC-subset.otf"
FAMILY = "Noto Sans CJK SC"
PAGE_FAMILY = "Yibao Sans"


@cache
def register() -> None:
    """Make the font known to matplotlib, once."""
    from matplotlib import font_manager

    font_manager.fontManager.addfont(FONT)


@contextmanager
def drawing() -> Iterator[None]:
    """Draw with the bundled font, text as outlines, the same bytes every time."""
    import matplotlib as mpl

    register()
    settings: dict[Any, Any] = {
        "font.family": [FAMILY, "DejaVu Sans"],
        "font.size": 9,
        "axes.unicode_minus": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": "#666666",
        "axes.labelcolor": "#333333",
        "axes.titlesize": 9,
        "axes.titlelocation": "left",
        "axes.titlecolor": "#222222",
        "xtick.color": "#444444",
        "ytick.color": "#444444",
        "grid.color": "#e3e3e3",
        "svg.fonttype": "path",
        "svg.hashsalt": "yibao",
        "legend.frameon": False,
    }
    with mpl.rc_context(settings):
        yield


def page_font(shown: str) -> str:
    """Return the font as a data address holding only the characters shown that a plain Latin font may lack."""
    from fontTools import subset  # type: ignore[import-untyped]

    options = subset.Options()
    options.flavor = "woff"
    options.layout_features = []
    options.hinting = False
    wanted = {ord(character) for character in shown if ord(character) > 0xFF}
    worker = subset.Subsetter(options)
    worker.populate(unicodes=wanted or {0x20})
    written = BytesIO()
    with subset.load_font(str(FONT), options) as font:
        worker.subset(font)
        subset.save_font(font, written, options)
    return "data:font/woff;base64," + base64.b64encode(written.getvalue()).decode("ascii")
