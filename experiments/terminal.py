"""The one form that tables of results have on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rich.table import Table


def plain_table(columns: Sequence[tuple[str, Literal["left", "right"]]]) -> Table:
    """An empty table with columns of these heads and sides; what is too long is folded."""
    from rich import box
    from rich.table import Table

    view = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for head, side in columns:
        view.add_column(head, justify=side, overflow="fold")
    return view
