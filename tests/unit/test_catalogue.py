"""The catalogue of disease groups is what its inputs give, is plausible, and bad files are refused with the cell named."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import data
from model.catalogue import COLUMNS, ITEMS, NO_GROUP, PARTITIONS, SPLITS, Catalogue, load_catalogue
from model.codes import CONDITIONS, INPATIENT, PRIMARY, PSYCHIATRIC, SECONDARY, TERTIARY
from model.errors import InputError

SCRIPT = data.folder("build_catalogue.py")
FILE = data.folder("tables", "disease_groups.csv")
MEDICAL = PARTITIONS.index("medical")
Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    """The people whose case mix the judgements describe."""
    text = data.folder("tables", "disease_group_judgements.toml").read_text(encoding="utf-8")
    found: dict[str, Any] = tomllib.loads(text)["reference"]
    return found


@pytest.fixture(scope="module")
def by_age(catalogue: Catalogue, reference: dict[str, Any]) -> NDArray[np.float64]:
    """Incidence among everybody, ``[group, band]``: chronic conditions of the reference people included."""
    prevalence = np.array([reference["prevalence"][condition] for condition in CONDITIONS])
    risk = np.prod(1 + prevalence[None] * (catalogue.rr[:, :, None] - 1), axis=1)
    return np.asarray(catalogue.incidence * risk)


@pytest.fixture(scope="module")
def mix(by_age: NDArray[np.float64], reference: dict[str, Any]) -> NDArray[np.float64]:
    """Share of each group in all cases."""
    cases = by_age @ np.array(reference["age_share"])
    return np.asarray(cases / cases.sum())


def derived(*arguments: str, script: Path = SCRIPT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(script), *arguments], capture_output=True, text=True, check=False, timeout=120)


def copied_inputs(folder: Path) -> Path:
    """Script and inputs in a folder of their own; the script's path there."""
    tables = folder / "tables"
    tables.mkdir()
    for name in (SCRIPT, *FILE.parent.iterdir()):
        target = folder if name == SCRIPT else tables
        (target / name.name).write_bytes(name.read_bytes())
    return folder / SCRIPT.name


def test_committed_table_is_what_the_script_makes() -> None:
    assert derived("--check").returncode == 0


def test_stale_table_is_found_and_mended(tmp_path: Path) -> None:
    script = copied_inputs(tmp_path)
    table = tmp_path / "tables" / FILE.name
    table.write_bytes(table.read_bytes().replace(b"Caesarean", b"Cesarean"))
    stale = derived("--check", script=script)
    assert (stale.returncode, "run python data/build_catalogue.py" in stale.stderr) == (1, True)
    assert b"Cesarean" in table.read_bytes()
    assert derived(script=script).returncode == 0
    assert table.read_bytes() == FILE.read_bytes()


def test_national_list_is_kept_in_order(catalogue: Catalogue) -> None:
    with data.folder("tables", "chs_drg_groups.csv").open(encoding="utf-8", newline="") as stream:
        national = list(csv.DictReader(stream))
    assert [row["code"] for row in national] == list(catalogue.codes)
    assert [row["name_zh"] for row in national] == list(catalogue.names_zh)
    assert [row["mdc_letter"] for row in national] == [catalogue.mdcs[at] for at in catalogue.mdc]
    assert [row["adrg"] for row in national] == [catalogue.adrgs[at] for at in catalogue.adrg]
    assert len(catalogue) == 628


def test_every_group_has_an_english_name_of_its_own(catalogue: Catalogue) -> None:
    assert len(set(catalogue.names_en)) == len(catalogue)
    assert all(name.isascii() and name[0].isupper() for name in catalogue.names_en)
    for name, split in zip(catalogue.names_en, catalogue.severity, strict=True):
        ending = {"none": "", "without": ", without CC or MCC", "cc": ", with CC", "mcc": ", with MCC"}[SPLITS[split]]
        assert name.endswith(ending)


def test_heavier_splits_are_dearer_and_longer_in_each_adrg(catalogue: Catalogue) -> None:
    for adrg in range(len(catalogue.adrgs)):
        rows = np.flatnonzero(catalogue.adrg == adrg)
        rows = rows[np.argsort(catalogue.severity[rows])]
        assert len(set(catalogue.severity[rows].tolist())) == len(rows)
        assert (np.diff(catalogue.weight[rows]) > 0).all()
        assert (np.diff(catalogue.stay[rows]) > 0).all()
        assert catalogue.code_up[rows[:-1]].tolist() == rows[1:].tolist()


def test_the_dearest_of_a_family_is_written_into_the_adjacent_family(catalogue: Catalogue) -> None:
    """Of its MDC and partition, 1.1 to 2 times as dear: one of its own split where there is one, the nearest to 1.4527 times."""
    crossed = 0
    for row in range(len(catalogue)):
        if ((catalogue.adrg == catalogue.adrg[row]) & (catalogue.weight > catalogue.weight[row])).any():
            continue
        ratio = catalogue.weight / catalogue.weight[row]
        alike = (catalogue.mdc == catalogue.mdc[row]) & (catalogue.partition == catalogue.partition[row])
        near = alike & (catalogue.adrg != catalogue.adrg[row]) & (ratio >= 1.1) & (ratio <= 2)
        same = near & (catalogue.severity == catalogue.severity[row])
        choice = np.flatnonzero(same if same.any() else near)
        up = catalogue.code_up[row]
        assert (up != NO_GROUP) == bool(len(choice)), catalogue.codes[row]
        if len(choice):
            assert up in choice
            assert abs(ratio[up] - 1.4527) == pytest.approx(np.abs(ratio[choice] - 1.4527).min())
            crossed += 1
    assert crossed > 200


def test_a_record_is_never_written_into_another_chapter_or_partition(catalogue: Catalogue) -> None:
    able = np.flatnonzero(catalogue.code_up != NO_GROUP)
    up = catalogue.code_up[able]
    assert (catalogue.mdc[up] == catalogue.mdc[able]).all()
    assert (catalogue.partition[up] == catalogue.partition[able]).all()
    assert (catalogue.weight[up] > catalogue.weight[able]).all()


def test_most_severe_cases_can_be_written_up(catalogue: Catalogue, mix: NDArray[np.float64]) -> None:
    """Severe cases stand in the dearest split of their family: without another family none of them could be."""
    severe = catalogue.severity == SPLITS.index("mcc")
    able = catalogue.code_up != NO_GROUP
    assert mix[severe & able].sum() > 0.75 * mix[severe].sum()
    assert 0.9 < mix[able].sum() < 1


def test_operations_a_medical_case_can_be_moved_into(catalogue: Catalogue) -> None:
    movable = np.flatnonzero(catalogue.treat_up != NO_GROUP)
    to = catalogue.treat_up[movable]
    assert (catalogue.partition[movable] == MEDICAL).all()
    assert (catalogue.partition[to] != MEDICAL).all()
    assert (catalogue.mdc[to] == catalogue.mdc[movable]).all()
    assert (catalogue.least_tier[to] < TERTIARY).all()
    ratio = catalogue.weight[to] / catalogue.weight[movable]
    assert ratio.min() > 1
    assert ratio.max() < 4
    vaginal, caesarean = catalogue.row_of("OR19"), catalogue.row_of("OB19")
    assert catalogue.treat_up[vaginal] == caesarean


def test_shares_add_up_to_one(catalogue: Catalogue) -> None:
    np.testing.assert_allclose(catalogue.shares.sum(axis=1), 1, atol=1e-12)


def test_simple_groups_are_mild_medical_and_for_primary_care(catalogue: Catalogue) -> None:
    simple = catalogue.simple
    assert (catalogue.least_tier[simple] == PRIMARY).all()
    assert (catalogue.partition[simple] == MEDICAL).all()
    assert set(catalogue.severity[simple].tolist()) <= {SPLITS.index("none"), SPLITS.index("without")}


@pytest.mark.parametrize("code", ["ET25", "EX15", "FV25", "KS15", "FR25", "ES35", "LU15", "GW19", "KZ15"])
def test_sensitive_to_ambulatory_care(catalogue: Catalogue, code: str) -> None:
    assert catalogue.acsc[catalogue.row_of(code)]


@pytest.mark.parametrize("code", ["AA19", "AE19", "FB21", "FC19", "BB21", "HB15", "PS11"])
def test_great_operations_need_a_tertiary_hospital(catalogue: Catalogue, code: str) -> None:
    assert catalogue.least_tier[catalogue.row_of(code)] == TERTIARY


def test_operations_and_major_complications_are_beyond_primary_care(catalogue: Catalogue) -> None:
    hard = (catalogue.partition != MEDICAL) | (catalogue.severity == SPLITS.index("mcc"))
    assert (catalogue.least_tier[hard] >= SECONDARY).all()


def test_stays_for_mental_disorders_are_psychiatric_and_long(catalogue: Catalogue) -> None:
    mental = np.array([code.startswith("T") for code in catalogue.codes])
    assert (catalogue.kind == np.where(mental, PSYCHIATRIC, INPATIENT)).all()
    assert np.median(catalogue.stay[mental]) > 1.5 * np.median(catalogue.stay[~mental])


def test_births_and_newborns_and_sexes(catalogue: Catalogue) -> None:
    mdc = np.array(catalogue.mdcs)[catalogue.mdc]
    assert (catalogue.incidence[mdc == "O"][:, [0, 1, 4, 5]] == 0).all()
    assert (catalogue.incidence[mdc == "P"][:, 1:] == 0).all()
    assert (catalogue.incidence[mdc == "P"][:, 0] > 0).all()
    assert set(catalogue.female_share[np.isin(mdc, ["N", "O"])]) == {1.0}
    assert set(catalogue.female_share[mdc == "M"]) == {0.0}


def test_case_mix_has_mean_weight_one(catalogue: Catalogue, mix: NDArray[np.float64]) -> None:
    assert mix @ catalogue.weight == pytest.approx(1, abs=1e-3)


def test_admissions_by_age_are_those_of_the_judgements(by_age: NDArray[np.float64], reference: dict[str, Any]) -> None:
    np.testing.assert_allclose(by_age.sum(axis=0), reference["admissions_by_age"], rtol=1e-4)


def test_case_mix_is_plausible(catalogue: Catalogue, mix: NDArray[np.float64]) -> None:
    assert 0.70 < mix[catalogue.partition == MEDICAL].sum() < 0.75
    assert 0.12 < mix[catalogue.simple].sum() < 0.20
    assert 0.10 < mix[catalogue.acsc].sum() < 0.25
    assert mix[catalogue.least_tier == TERTIARY].sum() < 0.1
    without, cc, mcc = (mix[catalogue.severity == SPLITS.index(split)].sum() for split in ("without", "cc", "mcc"))
    assert without > cc > mcc > 0
    charge = mix * catalogue.weight
    assert charge @ catalogue.shares[:, ITEMS.index("drug")] / charge.sum() == pytest.approx(0.25, abs=0.02)
    mdc = np.array(catalogue.mdcs)[catalogue.mdc]
    largest = sorted(catalogue.mdcs, key=lambda letter: -float(mix[mdc == letter].sum()))[:5]
    assert set(largest) == {"E", "F", "G", "B", "I"}


@pytest.mark.parametrize(
    ("condition", "code"),
    [("hypertension", "FV25"), ("diabetes", "KS15"), ("copd", "ET25"), ("heart_disease", "FR25"), ("stroke", "BR25"), ("cancer", "RE15")],
)
def test_a_condition_raises_its_own_admissions_most(catalogue: Catalogue, condition: str, code: str) -> None:
    risks = catalogue.rr[catalogue.row_of(code)]
    assert np.argmax(risks) == CONDITIONS.index(condition)
    assert risks.max() >= 4


def test_loaded_once_and_read_only(catalogue: Catalogue) -> None:
    assert load_catalogue() is catalogue
    with pytest.raises(ValueError, match="read-only"):
        catalogue.weight[0] = 1


def test_unknown_code_names_the_nearest(catalogue: Catalogue) -> None:
    with pytest.raises(InputError, match=r"unknown disease group: found 'FM-19'; did you mean 'FM19'"):
        catalogue.row_of("FM-19")


# ------------------------------------------------------------------------------------------------ bad files


@pytest.fixture
def spoiled(tmp_path: Path) -> Callable[[Callable[[Rows], object]], Path]:
    """A copy of the catalogue after somebody changed its rows."""

    def spoil(change: Callable[[Rows], object]) -> Path:
        rows = list(csv.DictReader(io.StringIO(FILE.read_text(encoding="utf-8"))))
        change(rows)
        path = tmp_path / "groups.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return path

    return spoil


@pytest.mark.parametrize(
    ("column", "cell", "complaint"),
    [
        ("weight", "nan", "out of range: found 'nan'; allowed: a number above 0 to 1000"),
        ("weight", "-1", "out of range"),
        ("weight", "0", "out of range"),
        ("stay_days", "three", "not a number: found 'three'"),
        ("inc_15_44", "inf", "out of range"),
        ("emergency_share", "1.2", "out of range: found '1.2'; allowed: a number from 0 to 1"),
        ("female_share", "", "not a number"),
        ("rr_copd", "0", "out of range"),
        ("least_tier", "tertary", "unknown name: found 'tertary'; allowed: primary, secondary, tertiary; did you mean 'tertiary'?"),
        ("severity", "severe", "unknown name"),
        ("partition", "operative", "unknown name"),
        ("simple", "yes", "unknown name: found 'yes'; allowed: 0, 1"),
        ("name_en", " ", "empty cell"),
        ("code_up", "BR26", "unknown name: found 'BR26'"),
        ("code_up", "ES31", "not of the same MDC"),
        ("code_up", "BD11", "not of the same partition"),
        ("code_up", "BR25", "not dearer than the group itself"),
        ("treat_up", "BR21", "not an operative group"),
        ("treat_up", "FM19", "not of the same MDC"),
        ("drug_share", "0.9", "shares of the charge do not add up to 1"),
    ],
)
def test_bad_cell_is_named(spoiled: Callable[[Callable[[Rows], object]], Path], column: str, cell: str, complaint: str) -> None:
    def change(rows: Rows) -> None:
        next(row for row in rows if row["code"] == "BR25")[column] = cell

    path = spoiled(change)
    with pytest.raises(InputError) as error:
        load_catalogue(path)
    message = str(error.value)
    assert message.startswith(f"{path}: row 35 (BR25), column ")
    assert complaint in message
    assert column in message or column == "drug_share"


def test_neighbours_must_be_dearer(spoiled: Callable[[Callable[[Rows], object]], Path]) -> None:
    def change(rows: Rows) -> None:
        next(row for row in rows if row["code"] == "BR23")["weight"] = "0.1"

    with pytest.raises(InputError, match=r"row 35 \(BR25\), column code_up: not dearer"):
        load_catalogue(spoiled(change))


def test_code_twice(spoiled: Callable[[Callable[[Rows], object]], Path]) -> None:
    with pytest.raises(InputError, match=r"row 630 \(AA19\), column code: code stands twice"):
        load_catalogue(spoiled(lambda rows: rows.append(dict(rows[0]))))


def test_group_that_nobody_gets(spoiled: Callable[[Callable[[Rows], object]], Path]) -> None:
    def change(rows: Rows) -> None:
        rows[0].update({column: "0" for column in COLUMNS if column.startswith("inc_")})

    with pytest.raises(InputError, match=r"row 2 \(AA19\), column inc_0_4: nobody falls ill"):
        load_catalogue(spoiled(change))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "header: column is missing: allowed: code"),
        (",".join(COLUMNS) + "\n", "no disease groups"),
        (",".join(COLUMNS).replace("least_tier", "last_tier") + "\n", "unknown column: found 'last_tier'; did you mean 'least_tier'?"),
        (",".join(COLUMNS) + ",code\n", "columns twice or out of order"),
        (",".join(COLUMNS) + "\nAA19,心脏移植\n", "row 2: wrong number of cells: found 2; allowed: 32 cells"),
    ],
)
def test_bad_shape_of_file(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "groups.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        load_catalogue(path)
    assert str(error.value).startswith(str(path))
    assert complaint in str(error.value)


def test_missing_file_and_wrong_encoding(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_catalogue(tmp_path / "none.csv")
    path = tmp_path / "gbk.csv"
    path.write_bytes("心脏移植".encode("gbk"))
    with pytest.raises(InputError, match="not a UTF-8 file"):
        load_catalogue(path)
