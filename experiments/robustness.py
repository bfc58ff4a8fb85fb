"""Which findings survive another conduct rule: sign and significance of every difference, rule by rule, on plain tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from experiments.comparison import ROUNDING, excludes_zero

KEYS = ["indicator", "unit_type", "unit", "period", "policy"]
COLUMNS = [*KEYS, "baseline", "conduct", "difference", "ci_low", "ci_high", "relative_pct", "n_seeds", "verdict"]
VERDICTS = ("clear", "unclear", "holds", "same_sign", "lost", "reversed", "appears")
"""Under the comparison's own rule a difference is clear or not. Under another a clear one holds (clear again, same sign), keeps its sign
without being clear, is lost, or is reversed (clear the other way); one that was not clear may appear, or stay unclear."""


def survival(comparisons: Mapping[str, pd.DataFrame], places: Collection[tuple[str, str, str]], period: str) -> pd.DataFrame:
    """Return one row a place, policy and rule: the difference under that rule, and what it makes of the finding.

    Args:
        comparisons: conduct rule → its comparison; the first is the comparison's own, by which findings are made.
        places: indicator, unit type and unit of the rows wanted; the one city is called ``city``.
        period: the one that counts.
    """
    own, *others = comparisons
    first = _wanted(comparisons[own], places, period).assign(conduct=own)
    first["verdict"] = np.where(excludes_zero(first), "clear", "unclear")
    parts = [first]
    for rule in others:
        found = _wanted(comparisons[rule], places, period).assign(conduct=rule)
        pair = found.merge(first[[*KEYS, "difference", "verdict"]], on=KEYS, suffixes=("", "_own"))
        parts.append(pair.assign(verdict=_verdicts(pair)))
    together = pd.concat([part[COLUMNS] for part in parts], ignore_index=True)
    order = {rule: number for number, rule in enumerate(comparisons)}
    place = {key: number for number, key in enumerate(dict.fromkeys(map(tuple, first[KEYS].to_numpy())))}
    together["_place"] = [place[tuple(key)] for key in together[KEYS].to_numpy()]
    together["_rule"] = together["conduct"].map(order)
    sorted_rows: pd.DataFrame = together.sort_values(["_place", "_rule"], ignore_index=True)[COLUMNS]
    return sorted_rows


def counts(table: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Return for each rule but the comparison's own how many differences it makes what of."""
    rules = list(dict.fromkeys(table["conduct"]))
    found: dict[str, dict[str, int]] = {rule: dict.fromkeys(VERDICTS[1:], 0) for rule in rules[1:]}
    for rule, verdict in zip(table["conduct"], table["verdict"], strict=True):
        if rule in found:
            found[rule][verdict] += 1
    return found


def _wanted(comparison: pd.DataFrame, places: Collection[tuple[str, str, str]], period: str) -> pd.DataFrame:
    """Return the rows of the places in one period, in the order of the places."""
    rank = {place: number for number, place in enumerate(places)}
    rows = comparison[comparison["period"].astype(str) == period]
    named = np.where(rows["unit_type"] == "city", "city", rows["unit"].astype(str))
    found = [rank.get(key, -1) for key in zip(rows["indicator"], rows["unit_type"], named, strict=True)]
    ranked = rows.assign(_rank=found)
    kept: pd.DataFrame = ranked[ranked["_rank"] >= 0].sort_values("_rank", kind="stable").drop(columns="_rank")
    return kept


def _verdicts(pair: pd.DataFrame) -> np.ndarray:
    sign, own = (np.where(pair[name].abs() > ROUNDING, np.sign(pair[name]), 0) for name in ("difference", "difference_own"))
    clear, was_clear = excludes_zero(pair).to_numpy() & (sign != 0), (pair["verdict"] == "clear").to_numpy()
    same = sign == own
    return np.select(
        [was_clear & clear & same, was_clear & clear, was_clear & same, was_clear, clear],
        ["holds", "reversed", "same_sign", "lost", "appears"],
        "unclear",
    )
