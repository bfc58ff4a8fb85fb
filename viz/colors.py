"""Which colour stands for which policy: that of its payment mode, the same in figures, report and page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from model.errors import InputError
from viz.labels import policy_file

SPARE = ("#0072B2", "#5B6C8F", "#6B8E23", "#B5651D", "#7A5195", "#2F7F7F", "#8C564B", "#444466")
"""For policies whose mode has no colour, or shares it with another policy shown: distinct for the colour-blind, dark on white."""
DARK = {
    "#4D4D4D": "#BDBDBD",
    "#0072B2": "#56B4E9",
    "#C04F00": "#FF9E4A",
    "#007A5A": "#4FD1A5",
    "#9E4F83": "#E3A0CC",
    "#8A6A00": "#E5C74A",
    "#A3173F": "#FF8FA3",
    "#5B3FB5": "#BBA6FF",
    "#3B4CC0": "#9DA8FF",
    "#B03A8C": "#F29AD6",
    "#3E7D3A": "#8FD08A",
    "#1B7FA8": "#6CC4E8",
    "#5B6C8F": "#A9B8DA",
    "#6B8E23": "#B5D56A",
    "#B5651D": "#E8B07A",
    "#7A5195": "#C4A3E0",
    "#2F7F7F": "#7FD0D0",
    "#8C564B": "#D9A69B",
    "#444466": "#B9B9DD",
}
"""The same hues on a dark ground."""


def colors_of(policies: Sequence[str], files: Mapping[str, str] | None = None, dark: bool = False) -> dict[str, str]:
    """Return one colour a policy, all different while the palette lasts.

    A policy takes the colour of its first mode; where that mode's colour is taken, or the policy mixes three modes
    or more, a spare one.
    """
    chosen: dict[str, str] = {}
    waiting = []
    for name in policies:
        color = _of_mode((files or {}).get(name, name))
        if color is None or color in chosen.values():
            waiting.append(name)
        else:
            chosen[name] = color
    spare = [color for color in SPARE if color not in chosen.values()] or list(SPARE)
    chosen |= {name: spare[i % len(spare)] for i, name in enumerate(waiting)}
    return {name: DARK.get(chosen[name], chosen[name]) if dark else chosen[name] for name in policies}


@cache
def _of_mode(name_or_path: str) -> str | None:
    """Return the colour of the mode a policy rests on."""
    from model.payment import get_mode

    found = policy_file(name_or_path)
    if found is None or len(found.modes) > 2:
        return None
    mode = found.modes[0]
    path = found.kind_path(mode)
    try:
        color = getattr(get_mode(mode.kind if path is None else str(path)), "color", None)
    except InputError:
        return None
    return str(color) if color else None
