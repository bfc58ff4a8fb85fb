"""Where nothing changes and money does not grow, every mode that takes its prices from the books pays what the books recorded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from experiments.mode_contract import owed_for
from experiments.mode_market import N_HOLDERS, draw_history, sum_cases
from model.payment import OUTFLOW, RECORDED, get_mode

MODES: dict[str, dict[str, Any]] = {
    "ffs": {},
    "per_diem": {},
    "per_diem of the years on the books": {"day_basis": "three_years"},
    "session_quota": {},
    "single_disease": {"prior_cases": 0},
    "per_admission_quota": {},
    "global_budget": {},
    "global_budget in three years' parts": {
        "year_weights": (0.5, 0.3, 0.2),
        "surplus_share": 1.0,
        "overrun_share": 1.0,
        "overrun_band": 5.0,
    },
    "capitation": {},
    "county_package": {},
    "dip": {},
    "drg": {"prior_cases": 0, "low_line": 0.0, "high_line": 20.0, "high_share": 0.0},
    "drg_points": {},
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", MODES)
def test_the_same_year_again_brings_the_same_money(name: str, seed: int) -> None:
    mode = get_mode(name.partition(" ")[0])(**MODES[name])
    past = replace(draw_history(np.random.default_rng(seed), mode), earlier=(), factor=np.ones(2), years=0)
    year = sum_cases(past.cases, mode.tariff(past.cases, mode.post(past)))
    year[..., OUTFLOW] = past.base[..., OUTFLOW]
    assert owed_for(mode, year, mode.post(past)).shape == (N_HOLDERS, 2)
    assert owed_for(mode, year, mode.post(past)).sum() == pytest.approx(past.base[..., RECORDED].sum(), rel=1e-9)
