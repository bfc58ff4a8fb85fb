"""Benefit cases that a clerk can read and check by hand, from two tables: ``stays.csv`` (one bill) and ``years.csv`` (visits of a year).

Amounts in yuan, bands as ``from-to:ratio`` on the in-scope cost; an empty cell means none. ``BEN-``, ``OUT-`` are published or derived
examples of the collected rules; ``hand`` ones were worked out by hand.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.benefits import NO_LIMIT, BenefitRules, YearToDate, split_claims
from model.codes import BENEFIT_CLASSES, INPATIENT, KINDS, SCHEMES
from model.units import PPM, ratio_to_ppm, yuan_to_fen

Row = dict[str, str]


def read(name: str) -> list[Row]:
    """Rows of one table."""
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def fen(cell: str, none: int = 0) -> int:
    """An amount in yuan, or what an empty cell means."""
    return yuan_to_fen(cell) if cell else none


def share(cell: str) -> int:
    """A percentage in ppm; empty is nothing."""
    return ratio_to_ppm(cell.rstrip("%")) // 100 if cell else 0


def bands(cell: str) -> dict[str, list[int]]:
    """Ends and ratios of the bands written in a cell."""
    found: dict[str, list[int]] = {"from": [], "to": [], "ppm": []}
    for text in cell.split() or ["0-:0%"]:
        ends, ratio = text.split(":")
        low, high = ends.split("-")
        found["from"].append(fen(low))
        found["to"].append(fen(high, NO_LIMIT))
        found["ppm"].append(share(ratio))
    return found


def rules_of_stay(row: Row) -> BenefitRules:
    """Rules that hold in one row of ``stays.csv``, the same for every scheme and class."""
    tables: dict[str, Any] = {f"inpatient_{end}": values for end, values in bands(row["bands"]).items()}
    tables |= {f"second_{end}": values for end, values in bands(row["second_bands"]).items()}
    return BenefitRules.none().changed(
        **tables,
        inpatient_deductible=fen(row["deductible"]),
        inpatient_ceiling=fen(row["ceiling"], NO_LIMIT),
        second_above_ceiling=[scheme == "employee" for scheme in SCHEMES],
        second_deductible=fen(row["second_deductible"]),
        second_cap=fen(row["second_cap"], NO_LIMIT),
        aid_ppm=share(row["aid_ratio"]),
        aid_cap=fen(row["aid_cap"], NO_LIMIT),
    )


@pytest.mark.parametrize("row", read("stays.csv"), ids=lambda row: row["id"])
def test_one_stay(row: Row) -> None:
    parts = split_claims(
        rules_of_stay(row),
        person_row=np.array([0]),
        scheme=np.array([SCHEMES.index(row["scheme"])]),
        poor=np.array([row["poor"] == "yes"]),
        benefit_class=np.array([BENEFIT_CLASSES.index(row["class"])]),
        kind=np.array([INPATIENT]),
        in_scope=np.array([fen(row["in_scope"])]),
        own_pay=np.array([fen(row["own_pay"])]),
        ytd=YearToDate.zeros(1),
        ratio_cut_ppm=np.array([share(row["ratio_cut"])]),
        deductible_factor_ppm=np.array([ratio_to_ppm(row["deductible_factor"] or "1")]),
    )
    found = {part: int(getattr(parts, part)[0]) for part in ("basic", "second", "aid", "patient")}
    assert found == {part: fen(row[part]) for part in found}
    assert parts.account[0] == 0


@pytest.mark.parametrize("row", read("years.csv"), ids=lambda row: row["id"])
def test_one_years_visits(row: Row) -> None:
    ratio = share(row["ratio"])
    rules = BenefitRules.none().changed(
        outpatient_deductible=fen(row["deductible_year"]),
        outpatient_ppm=ratio,
        outpatient_cap=fen(row["cap_year"], NO_LIMIT),
        chronic_ppm=ratio,
        chronic_cap=fen(row["cap_year"], NO_LIMIT),
    )
    bills = np.array([fen(cell) for cell in row["bills"].split()])
    same = np.zeros(len(bills), dtype=np.int64)
    ytd = YearToDate.zeros(1)
    ytd.account_balance[0] = fen(row["account"])
    parts = split_claims(
        rules,
        person_row=same,
        scheme=same + SCHEMES.index(row["scheme"]),
        poor=same,
        benefit_class=same,
        kind=same + KINDS.index(row["kind"]),
        in_scope=bills,
        own_pay=same,
        ytd=ytd,
    )
    for part, column in (("basic", parts.basic), ("from_account", parts.account), ("patient", parts.patient)):
        assert column.tolist() == [fen(cell) for cell in row[part].split()], part


def test_ratios_are_read_as_printed() -> None:
    """The reader of the tables itself: 63 % is 630000 ppm, an open band has no end."""
    assert bands("400-1500:63% 1500-:83%") == {"from": [40000, 150000], "to": [150000, NO_LIMIT], "ppm": [630000, 830000]}
    assert share("0.5%") == PPM // 200
