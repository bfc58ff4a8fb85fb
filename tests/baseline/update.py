"""Writes the baseline numbers anew: run it when a change of results is meant, and read the difference before committing it."""

from __future__ import annotations

import json
from pathlib import Path

from model.city import City

FILE = Path(__file__).with_name("numbers.json")
COMMAND = "python tests/baseline/update.py"
INDICATORS = (
    "total_cost_per_head",
    "fund_cost_per_head",
    "fund_spending",
    "fund_balance",
    "oop_per_head",
    "cost_per_admission",
    "cost_per_visit",
    "admissions_per_100",
    "visits_per_head",
    "los_days",
    "intensity",
    "point_value",
    "coding_gap",
    "split_share",
    "low_threshold_share",
    "refusal_share",
    "shifted_share",
    "county_in_share",
    "primary_visit_share",
    "chronic_control_share",
    "deaths_per_1000",
    "unmet_need_share",
    "provider_margin",
    "group_surplus",
    "oop_concentration_index",
)
Numbers = dict[str, dict[str, float]]


def numbers() -> Numbers:
    """Key indicators of a tiny city by year: a year under its own policy, then half a year under points."""
    city = City.load("yuncheng", scale=0.001, seed=1, burn_in=3)
    city.run_for(12)
    city.switch_policy("dip")
    city.run_for(6)
    yearly = city.tables.yearly
    whole = yearly[yearly["unit_type"] == "city"]
    found: Numbers = {}
    for period in sorted(set(whole["period"])):
        values = whole[whole["period"] == period].set_index("indicator")["value"]
        found[period] = {name: float(values[name]) for name in INDICATORS if name in values.index}
    return found


def write(found: Numbers) -> None:
    """Puts numbers into the file, a line each."""
    FILE.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(numbers())
    print(f"wrote {FILE.name}")
