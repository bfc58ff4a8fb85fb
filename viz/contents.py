"""An output folder as report and page ask for it: read once, only what is shown, with the years and policies worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.comparison import compare_paired
from experiments.store import COMPARISON, INDICATORS, RUNS, read_manifest, read_robustness
from model.errors import InputError
from viz import summaries as small

SHOWN = ("city", "severity")
"""Unit types that are shown; institutions alone would be a hundred times as many rows."""


@dataclass(frozen=True)
class Contents:
    """An output folder's results with what every part of the report asks of them.

    Attributes:
        policies: in the order named; for a comparison the first shown is the baseline.
        years, period: the calendar years results are given for, and the period that stands for them.
        switch: month in which the policies started; None for a single run.
        files: where policies lie that are not ours.
        robustness: what other conduct rules make of the differences; empty where none was asked for.
    """

    manifest: Mapping[str, Any]
    indicators: pd.DataFrame
    comparison: pd.DataFrame
    policies: list[str]
    baseline: str | None
    years: list[str]
    period: str
    switch: str | None
    files: Mapping[str, str] = field(default_factory=dict)
    robustness: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def others(self) -> list[str]:
        """Policies that are compared with the baseline."""
        return [policy for policy in self.policies if policy != self.baseline]

    @property
    def span(self) -> str:
        """The period as it is written for readers."""
        return self.period.replace("-", "–")

    @property
    def seeds(self) -> int:
        """Simulations behind each mean."""
        return small.seed_count(self.manifest)


def read_contents(folder: Path) -> Contents:
    """Read an output folder; while its command has not finished, from the runs that have.

    Raises:
        InputError: not an output folder, or no run in it has finished.
    """
    manifest = read_manifest(folder)
    indicators = _read_indicators(folder)
    table = folder / COMPARISON
    comparison = pd.read_csv(table, dtype={"unit": str, "period": str}) if table.exists() else pd.DataFrame()
    return contents_of(manifest, indicators, comparison, read_robustness(folder))


def contents_of(
    manifest: Mapping[str, Any], indicators: pd.DataFrame, comparison: pd.DataFrame, robustness: pd.DataFrame | None = None
) -> Contents:
    """Return results with their years and policies worked out; an empty comparison is made anew where it can be."""
    indicators = indicators[indicators["unit_type"].isin(SHOWN)]
    found = set(indicators["policy"].astype(str).unique())
    policies = [policy for policy in manifest["policies"] if policy in found]
    baseline = manifest.get("baseline")
    if baseline in policies:
        policies.sort(key=lambda policy: policy != baseline)
    years = small.main_years(indicators, manifest["years"])
    compared = baseline in policies and len(policies) > 1
    if comparison.empty and compared:
        comparison = compare_paired(indicators, str(baseline), years=years)
    return Contents(
        manifest=manifest,
        indicators=indicators,
        comparison=comparison,
        policies=policies,
        baseline=baseline if compared else None,
        years=years,
        period=small.span_of(years),
        switch=small.switch_month(indicators, manifest["years"]) if manifest.get("kind", "compare") == "compare" else None,
        files=manifest.get("files") or {},
        robustness=pd.DataFrame() if robustness is None else robustness,
    )


def _read_indicators(folder: Path) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    joined = folder / INDICATORS
    parts = [joined] if joined.exists() else sorted((folder / RUNS).glob("*.parquet"))
    if not parts:
        raise InputError("no run has finished in this folder", file=str(folder))
    wanted = pc.field("unit_type").isin(list(SHOWN))
    try:
        tables = [pq.read_table(part, filters=wanted).replace_schema_metadata() for part in parts]
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"the results cannot be read: {error}", file=str(folder)) from None
    found: pd.DataFrame = pa.concat_tables(tables).to_pandas()
    return found
