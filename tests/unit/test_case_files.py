"""Case files: what is read how, what is refused with which line and key, and what the two commands print and return."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import data
from experiments.case_fields import CaseError, Field, difference, read_expected, read_value, shown
from experiments.cases import load_cases, run_case
from experiments.cli import BAD_INPUT, DONE, FAILED, run_command
from experiments.toml_lines import lines_of
from model.errors import InputError

BILL = """\
[[case]]
id = "county stay"
kind = "bill"
title = "a stay in a county hospital"
source = "own: worked out by hand"
person = { scheme = "resident" }
bill = { place = "county", total = 20000 }
rules.stay = { deductible = 400, ratio = "75 %", ceiling = "7 万元" }
expect = { basic = 14700, patient = "5,300.00 元" }
"""

YEAR = """\
[[case]]
id = "two hospitals"
kind = "year"
title = "two hospitals paid by points"
source = "own: worked out by hand"
mode = "dip"
months = 12
parameters = { prior_cases = 0 }
cycle = { monthly_share = "95 %" }
budget = { resident = 12000 }
hospitals = [
  { name = "A", tier = "secondary" },
  { name = "B", tier = "secondary" },
]
last_year = [
  { hospital = "A", count = 10, charge = 1000, recorded = 600 },
  { hospital = "B", count = 10, charge = 1000, recorded = 600 },
]
this_year = [
  { hospital = "A", count = 6, charge = 1000, recorded = 600, month = 3 },
  { hospital = "B", count = 12, charge = 900, recorded = 540, month = 4 },
]
[case.expect]
units = { A = 6000, B = 12000 }
value.resident = 1.0400
owed = { A = 3840.00, B = 8160 }
fund = 12000
"""


def written(folder: Path, text: str, name: str = "mine.toml") -> Path:
    """A case file of a user's own."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def refused(folder: Path, text: str) -> InputError:
    """The error that a file is refused with."""
    with pytest.raises(InputError) as caught:
        load_cases(written(folder, text))
    return caught.value


# Lines


def places(value: Any, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [inner for key, part in entries for inner in ((*place, key), *places(part, (*place, key)))]


@pytest.mark.parametrize(
    "file", [data.folder("behaviour.toml"), data.folder("policies", "dip.toml"), data.folder("cities", "xuchang.toml")]
)
def test_every_place_of_a_file_has_a_line(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert set(places(tomllib.loads(text))) <= set(lines_of(text))


def test_lines_of_every_way_to_write() -> None:
    text = (
        '# first\na.b = 1\n[[case]]\n\'id 1\' = """x\n[y]\n"""\nz = [ # {\n  1,\n  { q = \'[\', r = 2 }, ]\n[case.given]\n[[case]]\nk = 3'
    )
    found = lines_of(text)
    assert found["a", "b"] == 2
    assert (found["case", 0, "id 1"], found["case", 0, "z"]) == (4, 7)
    assert (found["case", 0, "z", 0], found["case", 0, "z", 1, "r"]) == (8, 9)
    assert (found["case", 0, "given"], found["case", 1, "k"]) == (10, 12)


# Quantities


@pytest.mark.parametrize(
    ("form", "raw", "value"),
    [
        ("yuan", Decimal("404.20"), 40420),
        ("yuan", "1,234.56 yuan", 123456),
        ("yuan", "21465.05 万元", 21_465_050_000),
        ("yuan", "0.5 亿元", 5_000_000_000),
        ("price", Decimal("1.00005"), 100.005),
        ("share", "63 %", 0.63),
        ("share", "5‰", 0.005),
        ("share", Decimal("0.63"), 0.63),
        ("day", "45 天", 45),
        ("count", 12, 12),
        ("flag", True, True),
        ("month", "2021-07", 24258),
        ("bands", ["400-1500: 63 %", "1500-: 83%"], ((40000, 150000, 0.63), (150000, float("inf"), 0.83))),
        ("steps", ["0-5 %: 60 %", "5–10 %：50 %"], ((0, 0.05, 0.6), (0.05, 0.1, 0.5))),
    ],
)
def test_quantities_are_read_as_a_clerk_writes_them(form: Any, raw: object, value: object) -> None:
    assert read_value(raw, Field(form, ""), ()) == value


@pytest.mark.parametrize(
    ("form", "raw", "what"),
    [
        ("yuan", "12 fen", "wrong unit"),
        ("yuan", Decimal("0.005"), "whole fen"),
        ("yuan", -1, "out of range"),
        ("yuan", True, "a quantity"),
        ("yuan", Decimal("Infinity"), "not a number"),
        ("share", 63, "out of range"),
        ("share", "63", "wrong unit"),
        ("share", "63 yuan", "wrong unit"),
        ("count", Decimal("1.5"), "whole number"),
        ("flag", "yes", "true or false"),
        ("name", 3, "a text"),
        ("month", "2021-13", "wrong date"),
        ("bands", ["400-1500: 63"], "not a band"),
        ("bands", ["0-5 %: 60 %"], "not a band"),
        ("bands", ["0-5: 60 %", "6-: 50 %"], "without gap"),
        ("bands", "0-5: 60 %", "a list of bands"),
    ],
)
def test_what_is_no_quantity_is_refused(form: Any, raw: object, what: str) -> None:
    with pytest.raises(CaseError, match=what):
        read_value(raw, Field(form, ""), ())


@pytest.mark.parametrize(
    ("form", "expected", "computed", "agrees"),
    [
        ("yuan", 1938, 193800, True),
        ("yuan", 1938, 193801, False),
        ("yuan", Decimal("0.5"), 51, False),
        ("yuan", "1.23 万元", 1_234_999, True),
        ("yuan", "1.23 万元", 1_235_001, False),
        ("price", Decimal("9.2593"), 925.925926, True),
        ("point", Decimal("458.5583"), 458.55827, True),
        ("point", 400, 400.4, True),
        ("point", Decimal("400.0"), 400.4, False),
        ("share", "93.31 %", 0.933129, True),
        ("share", Decimal("0.6453"), 0.64535, True),
        ("share", Decimal("0.6453"), 0.64536, False),
        ("flag", True, False, False),
        ("name", "open", "open", True),
    ],
)
def test_expectations_hold_to_their_printed_digit(form: Any, expected: object, computed: object, agrees: bool) -> None:
    assert (difference(read_expected(expected, Field(form, ""), ()), computed) is None) == agrees


def test_what_was_computed_is_shown_in_the_unit_of_the_form() -> None:
    assert shown(123456, Field("yuan", "")) == "1,234.56"
    assert shown(0.6453, Field("share", "")) == "64.53 %"
    assert shown(True, Field("flag", "")) == "true"


# Files


@pytest.mark.parametrize(
    ("old", "new", "line", "path", "words"),
    [
        (
            'scheme = "resident"',
            'scheme = "residents"',
            6,
            "case[county stay].person.scheme",
            ["did you mean 'resident'", "allowed: employee"],
        ),
        ("person = {", "persons = {", 6, "case[county stay].persons", ["unknown key", "did you mean 'person'"]),
        ('kind = "bill"', 'kind = "bil"', 3, "case[county stay].kind", ["did you mean 'bill'"]),
        ('kind = "bill"\n', "", 1, "case[county stay]", ["missing key: kind"]),
        (", total = 20000", "", 7, "case[county stay].bill", ["missing key: total"]),
        ("total = 20000", "total = 20000, in_scope = 20001", 7, "case[county stay].bill.in_scope", ["more in scope"]),
        ("7 万元", "7 wan", 8, "case[county stay].rules.stay.ceiling", ["wrong unit", "万元"]),
        ('ratio = "75 %"', "ratio = 75", 8, "case[county stay].rules.stay.ratio", ["out of range", "found 75", "0 to 1"]),
        ("basic = 14700", "basik = 14700", 9, "case[county stay].expect.basik", ["did you mean 'basic'"]),
        ("expect = {", "expects = {", 9, "case[county stay].expects", ["did you mean 'expect'"]),
        ("own: worked", "seed: worked", 5, "case[county stay].source", ["unknown source", "own: how"]),
        ("[[case]]", "[case]", 1, "case", ["[[case]]"]),
    ],
)
def test_a_mistake_is_told_with_line_and_key(tmp_path: Path, old: str, new: str, line: int, path: str, words: list[str]) -> None:
    error = refused(tmp_path, BILL.replace(old, new))
    assert (error.line, error.path) == (line, path)
    assert str(error).startswith(f"{tmp_path / 'mine.toml'}:{line}: {path}: ")
    assert not [word for word in words if word not in str(error)]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('mode = "dip"', 'mode = "dipp"', 6, "did you mean 'dip'"),
        ("prior_cases = 0", "prior_case = 0", 8, "did you mean 'prior_cases'"),
        ("prior_cases = 0", "prior_cases = -1", 8, "out of range"),
        ("95 %", "95 yuan", 9, "wrong unit"),
        ("resident = 12000 }", "employee = 12000 }", 10, "needs recorded money"),
        ('name = "B"', 'name = "A"', 13, "the same name twice"),
        ('hospital = "B", count = 10', 'hospital = "C", count = 10', 17, "unknown name"),
        ("recorded = 540", "recorded = 940", 21, "recorded ≤ in_scope"),
        ("B = 12000", "C = 12000", 24, "allowed: A, B"),
    ],
)
def test_a_mistake_in_a_year_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    error = refused(tmp_path, YEAR.replace(old, new))
    assert error.line == line
    assert words in str(error)


def test_toml_that_is_none_is_told_with_its_line(tmp_path: Path) -> None:
    assert refused(tmp_path, '[[case]]\nid = "x"\nkind = \n').line == 3


def test_an_id_stands_once_in_a_file(tmp_path: Path) -> None:
    error = refused(tmp_path, BILL + BILL)
    assert "the same id twice" in str(error)
    assert error.line == len(BILL.splitlines()) + 2


@pytest.mark.parametrize("text", [BILL, YEAR])
def test_right_cases_are_right(tmp_path: Path, text: str) -> None:
    (case,) = load_cases(written(tmp_path, text))
    assert not run_case(case).fails


# Commands


def told(capsys: pytest.CaptureFixture[str], code: int, *arguments: object) -> str:
    """What a command prints that must end with a code."""
    assert run_command([str(argument) for argument in arguments]) == code
    caught = capsys.readouterr()
    return caught.err if code == BAD_INPUT else caught.out


def test_right_cases_end_with_0_and_a_short_table(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    written(tmp_path, BILL, "a.toml")
    written(tmp_path, YEAR, "b.toml")
    out = told(capsys, DONE, "check", "cases", tmp_path, "--lang", "en")
    assert "all cases come out as expected: 2" in out
    assert "案例全部相符" in told(capsys, DONE, "check", "cases", tmp_path / "a.toml", tmp_path / "b.toml", "--lang", "zh")
    assert told(capsys, DONE, "check", "cases", tmp_path, "--quiet") == ""


def test_a_wrong_expectation_ends_with_1_and_the_differences(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = written(tmp_path, BILL.replace("basic = 14700", "basic = 14800"))
    out = told(capsys, FAILED, "check", "cases", file, "--lang", "en")
    row = next(line for line in out.splitlines() if line.split()[:2] == ["county", "stay"])
    assert row.split()[2:] == ["basic", "14800", "14,700.00", "-100.00"]
    assert f"{file}:1" in out
    assert "patient" not in out


@pytest.mark.parametrize(("name", "words"), [("mine.tml", "did you mean 'mine.toml'"), ("empty", "no case file")])
def test_nothing_to_check_ends_with_2(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, words: str) -> None:
    written(tmp_path, BILL)
    (tmp_path / "empty").mkdir()
    assert words in told(capsys, BAD_INPUT, "check", "cases", tmp_path / name)


def test_a_broken_file_ends_with_2_and_one_message(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = written(tmp_path, BILL.replace("total", "totl"))
    message = told(capsys, BAD_INPUT, "check", "cases", file)
    assert message.startswith(f"{file}:7: case[county stay].bill")
    assert len(message.splitlines()) == 1
    assert "--rules" in told(capsys, BAD_INPUT, "check", "cases")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_case_is_explained_step_by_step(capsys: pytest.CaptureFixture[str], tmp_path: Path, lang: str) -> None:
    file = written(tmp_path, BILL + YEAR)
    out = told(capsys, DONE, "explain", "case", file, "--id", "county stay", "--lang", lang)
    assert "¥14,700.00" in out
    assert "two hospitals" not in out
    both = told(capsys, DONE, "explain", "case", file, "--lang", lang)
    assert "¥14,700.00" in both
    assert "¥3,840.00" in both
    assert "did you mean" in told(capsys, BAD_INPUT, "explain", "case", file, "--id", "county sty")


def test_one_bill_is_followed_to_its_hospitals_clearing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    payment = YEAR[YEAR.index("mode =") : YEAR.index("this_year")]
    others = 'this_year = [{ hospital = "B", count = 12, charge = 900, recorded = 540, month = 4 }]\n'
    whole = f'{BILL}[case.payment]\n{payment}{others}hospital = "A"\nmonth = 3\n'
    file = written(tmp_path, whole.replace("patient =", "fund = 12000, patient ="))
    assert "all cases" in told(capsys, DONE, "check", "cases", file, "--lang", "en")
    out = told(capsys, DONE, "explain", "case", file, "--lang", "en")
    order = [out.index(text) for text in ("in scope", "basic insurance", "paid by the patient", "A: a case of", "A: owed", "A: clearing")]
    assert order == sorted(order)
    assert "B: owed" not in out


def test_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    from experiments.case_rule import all_rules

    out = told(capsys, DONE, "check", "cases", "--rules", "--lang", "en")
    assert not [name for name in all_rules() if name not in out]


POLICY = """\
name = "by_day"
label = { zh = "按床日付费", en = "By the day" }
description = { zh = "住院按床日付费。", en = "Stays are paid by the day." }
[budget]
growth = { value = 0, unit = "share/year", source = "assumption: none" }
[[mode]]
id = "beds"
kind = "per_diem"
[mode.parameters]
day_prices = { value = [100, 200, 300], unit = "yuan/day", source = "assumption: chosen" }
segments = { value = [[0, 30, 1], [30, "inf", 0.5]], unit = "day", source = "assumption: chosen" }
[[mode]]
id = "single"
kind = "single_disease"
[mode.parameters]
groups = { value = ["all"], unit = "code", source = "assumption: chosen" }
prices = { value = [5000], unit = "yuan", source = "assumption: chosen" }
[[route]]
care = ["inpatient"]
mode = "beds"
[[route]]
care = ["all"]
mode = "single"
"""


@pytest.mark.parametrize(("mode", "owed"), [("beds", (30 + 5) * 200 - 2000), ("single", 5000 - 2000)])
def test_bands_lists_and_names_of_a_policy_reach_its_mode(tmp_path: Path, mode: str, owed: int) -> None:
    written(tmp_path, POLICY, "policy.toml")
    case = f"""\
[[case]]
id = "one stay"
kind = "year"
title = "40 days in a county hospital"
source = "own: by hand"
policy = "policy.toml"
mode = "{mode}"
hospitals = [{{ name = "H", tier = "secondary" }}]
last_year = [{{ hospital = "H", charge = 8000, recorded = 6000 }}]
this_year = [{{ hospital = "H", charge = 8000, recorded = 6000, stay = 40 }}]
expect.owed.H = {owed}
"""
    (found,) = load_cases(written(tmp_path, case))
    assert not run_case(found).fails
