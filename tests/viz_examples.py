"""An output folder with numbers of the real size, made without the model: what figures, report and page are tested on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.comparison import compare_paired
from experiments.store import Store
from model.calendar import format_month

BASE_MONTH = 2021 * 12
SWITCH = 12
POLICIES = ("ffs", "quota", "dip", "capitation", "package", "global")
LEVELS = {
    "total_cost_per_head": 3900.0,
    "fund_cost_per_head": 1720.0,
    "oop_per_head": 1350.0,
    "oop_share": 0.35,
    "cost_per_admission": 7300.0,
    "admissions_per_100": 17.8,
    "cost_per_visit": 210.0,
    "visits_per_head": 5.4,
    "los_days": 8.6,
    "drug_share": 0.31,
    "intensity": 1.09,
    "cmi": 1.02,
    "coding_gap": 0.002,
    "upcoded_share": 0.0,
    "treatment_weight": 0.008,
    "split_share": 0.003,
    "readmission_30d": 0.04,
    "low_threshold_share": 0.015,
    "refusal_share": 0.02,
    "shifted_share": 0.01,
    "recovered_share": 0.001,
    "county_in_share": 0.71,
    "primary_admission_share": 0.22,
    "secondary_admission_share": 0.49,
    "tertiary_admission_share": 0.24,
    "primary_visit_share": 0.55,
    "unmet_need_share": 0.06,
    "deaths_per_1000": 7.1,
    "che_share": 0.031,
    "fund_income": 1650.0,
    "fund_spending": 1700.0,
    "reserve_months": 9.0,
    "provider_margin": 0.03,
}
EFFECTS: dict[str, dict[str, float]] = {
    "ffs": {},
    "quota": {
        "cost_per_admission": -0.16,
        "admissions_per_100": 0.09,
        "split_share": 18.0,
        "intensity": -0.13,
        "total_cost_per_head": -0.03,
    },
    "dip": {"cost_per_admission": -0.08, "intensity": -0.09, "coding_gap": 20.0, "total_cost_per_head": -0.05, "fund_cost_per_head": -0.07},
    "capitation": {"county_in_share": 0.02, "refusal_share": 1.5, "total_cost_per_head": -0.02},
    "package": {"county_in_share": 0.15, "tertiary_admission_share": -0.25, "primary_admission_share": 0.2, "total_cost_per_head": -0.06},
    "global": {"cost_per_admission": -0.03, "total_cost_per_head": -0.015},
}
POINT_VALUE = 6.9
UPCODED_UNDER_DIP = 0.11
OF_SEVERITY = {"mild": 0.06, "moderate": 0.0, "severe": -0.05}


def indicators(policies: Sequence[str] = POLICIES, seeds: int = 4, years: int = 3) -> pd.DataFrame:
    """Monthly and yearly rows of every policy and seed; months before the switch are common to all policies."""
    months = SWITCH + 12 * years
    frames = [_run(policy, seed, months) for seed in range(1, seeds + 1) for policy in policies]
    monthly = pd.concat(frames, ignore_index=True)
    keys = ["run_id", "policy", "seed", "period", "unit_type", "unit", "indicator"]
    yearly = monthly.assign(period=monthly["period"].str[:4]).groupby(keys, sort=False)["value"].mean().reset_index()
    return pd.concat([monthly, pd.DataFrame(yearly)], ignore_index=True)


def manifest(policies: Sequence[str] = POLICIES, seeds: int = 4, years: int = 3) -> dict[str, Any]:
    """The record of a finished comparison."""
    return {
        "kind": "compare" if len(policies) > 1 else "run",
        "command": f"yibao compare --city yuncheng --policies {','.join(policies)} --years {years} --seeds {seeds} --out out/demo",
        "versions": {"python": "3.12.1", "yibao": "0.1.0", "numpy": "2.5.5", "mesa": "3.5.1"},
        "seeds": list(range(1, seeds + 1)),
        "city": "yuncheng",
        "policies": list(policies),
        "baseline": policies[0] if len(policies) > 1 else None,
        "from": "yuncheng_2021",
        "burn_in": 12,
        "switch": SWITCH,
        "conduct": "best_response",
        "fingerprints": {"code": "0123456789abcdef"},
        "scale": 0.02,
        "years": years,
        "claims": False,
        "started": "2026-11-25T04:00:00Z",
        "finished": "2026-11-25T04:01:12Z",
        "wall_seconds": 72.4,
        "peak_mib": 1210.0,
    }


def write_folder(folder: Path, policies: Sequence[str] = POLICIES, seeds: int = 4, years: int = 3) -> Path:
    """Write such a folder as a comparison leaves it."""
    store = Store(folder)
    folder.mkdir(parents=True, exist_ok=True)
    table = indicators(policies, seeds, years)
    run_ids = list(dict.fromkeys(table["run_id"]))
    for run_id in run_ids:
        store.save_run(run_id, table[table["run_id"] == run_id], "example")
    store.collect(run_ids)
    store.save_manifest(manifest(policies, seeds, years))
    if len(policies) > 1:
        store.save_comparison(compare_paired(table, policies[0], years=[str(2022 + i) for i in range(years)]))
    return folder


def _run(policy: str, seed: int, months: int) -> pd.DataFrame:
    chance = np.random.default_rng(seed)
    own_chance = np.random.default_rng([seed, len(policy)])
    when = np.arange(months)
    growing = np.clip((when - SWITCH + 1) / 6, 0, 1)
    season = 1 + 0.05 * np.cos(2 * np.pi * when / 12)
    frames = []
    for name, level in LEVELS.items():
        noise = 1 + 0.008 * chance.standard_normal(months)
        own = EFFECTS[policy].get(name, 0.0) * (1 + 0.05 * np.sin(seed))
        values = level * noise * (season if "per_head" in name or "per_100" in name else 1) * (1 + own * growing)
        values = values * (1 + (own != 0) * 0.01 * own_chance.standard_normal(months) * (when >= SWITCH))
        if name == "upcoded_share":
            values = values + (policy == "dip") * growing * UPCODED_UNDER_DIP * noise
        frames.append(_rows(policy, seed, "city", "city", name, values))
        if name == "intensity":
            for severity, more in OF_SEVERITY.items():
                frames.append(_rows(policy, seed, "severity", severity, name, values * (1 + more)))
    if policy == "dip":
        value = np.where(when >= SWITCH, POINT_VALUE * (1 - 0.03 * growing) * noise, np.nan)
        frames.append(_rows(policy, seed, "city", "city", "point_value", value))
    return pd.concat(frames, ignore_index=True)


def _rows(policy: str, seed: int, unit_type: str, unit: str, name: str, values: np.ndarray) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "run_id": f"{policy}-s{seed:03d}",
            "policy": policy,
            "seed": seed,
            "period": [format_month(BASE_MONTH + i) for i in range(len(values))],
            "unit_type": unit_type,
            "unit": unit,
            "indicator": name,
            "value": values,
        }
    )
    finite: pd.DataFrame = frame[np.isfinite(frame["value"])]
    return finite
