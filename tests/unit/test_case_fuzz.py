"""Whatever a case file holds, it is computed or refused: with 2, and one message that says where and what."""

from __future__ import annotations

import json
import math
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.cases import explain_case, load_cases, run_case
from experiments.cli import BAD_INPUT, run_command
from model.errors import InputError
from tests.unit.test_case_files import BILL, YEAR, places

FILES = sorted((Path(__file__).parents[1] / "cases").glob("*.toml"))


def one_of_each_rule() -> dict[str, Any]:
    """One shipped case of every rule that has one."""
    files = [tomllib.loads(file.read_text(encoding="utf-8")) for file in FILES]
    rules = {case["rule"]: case for file in files for case in file["case"] if case["kind"] == "rule"}
    return {"case": list(rules.values()), "sources": {key: told for file in files for key, told in file.get("sources", {}).items()}}


SOUND = [tomllib.loads(BILL), tomllib.loads(YEAR), one_of_each_rule()]
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["0", "-1 元", "1e9 元", "63 %", "101 %", "2021-13", "400-: 60 %", "inpatient", "A", "分", "0001-01", "dip"])
    | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6) | st.sampled_from(["A", "total"]), inner, max_size=3),
    max_leaves=4,
)


def toml(value: Any) -> str:
    """A value as TOML writes it in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{text(key)} = {toml(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(part) for part in value) + "]"
    if isinstance(value, bool) or value is None:
        return "true" if value else "false"
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return repr(value) if isinstance(value, float) else str(value)


def text(value: str) -> str:
    """A text as TOML writes it; what no TOML can hold is left out."""
    plain = value.encode("utf-8", "ignore").decode("utf-8")
    return (
        json.dumps(plain).replace("\x7f", "\\u007f")
        if plain.isascii()
        else json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")
    )


def changed(data: dict[str, Any], place: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """The same data with another value at a place."""
    made: dict[str, Any] = json.loads(json.dumps(data))
    inside: Any = made
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    return made


def told(content: bytes) -> InputError | None:
    """Reads, computes and explains a file; the error it is refused with."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "mine.toml")
        file.write_bytes(content)
        try:
            for case in load_cases(file):
                run_case(case)
                explain_case(case)
        except InputError as error:
            return error
    return None


def written(data: dict[str, Any]) -> bytes:
    """A file that holds the data."""
    return "\n".join(f"{text(key)} = {toml(value)}" for key, value in data.items()).encode("utf-8")


@pytest.mark.parametrize("data", SOUND, ids=["bill", "year", "rule"])
def test_the_sound_files_are_sound(data: dict[str, Any]) -> None:
    assert tomllib.loads(written(data).decode()) == data
    assert told(written(data)) is None


@pytest.mark.parametrize("data", SOUND, ids=["bill", "year", "rule"])
@given(draw=st.data(), anything=ANYTHING)
def test_whatever_stands_anywhere_only_an_input_error_comes(data: dict[str, Any], draw: st.DataObject, anything: Any) -> None:
    place = draw.draw(st.sampled_from([found for found in places(data) if found]))
    made = changed(data, place, None)
    inside: Any = made
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = anything
    error = told(written(made))
    if error is not None:
        assert Path(str(error.file).split(":")[0]).name == "mine.toml"
        assert error.what
        assert "\n" not in str(error)


@given(st.text() | st.text(alphabet='[]{}="ab1.\n-case', max_size=60) | st.binary(max_size=60))
def test_whatever_bytes_a_file_holds_only_an_input_error_comes(content: str | bytes) -> None:
    made = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    assert told(made) is not None


HOSTILE = {
    "not TOML": (b"this is no toml", "mine.toml:1: not TOML"),
    "wrong unit": (BILL.replace("total = 20000", 'total = "20000 jiao"').encode(), "mine.toml:7: case[county stay].bill.total: wrong unit"),
    "unknown key": (BILL.replace("total", "totl").encode(), "mine.toml:7: case[county stay].bill.totl: unknown key"),
    "no number": (BILL.replace("20000", "nan").encode(), "mine.toml:7: case[county stay].bill.total: not a number"),
    "infinite": (BILL.replace("20000", "inf").encode(), "mine.toml:7: case[county stay].bill.total: not a number"),
    "negative money": (BILL.replace("20000", "-1").encode(), "mine.toml:7: case[county stay].bill.total: out of range"),
    "impossible month": (
        BILL.replace("person =", 'date = "2021-13"\nperson =').encode(),
        "mine.toml:6: case[county stay].date: wrong date",
    ),
    "impossible day": (BILL.replace("person =", "date = 2021-02-30\nperson =").encode(), "mine.toml:6: not TOML"),
    "the same cases over and over": (BILL.encode() * 5000, "mine.toml:11: case[county stay].id: the same id twice"),
    "huge": (b"a = 1\n" * (3 << 20), "mine.toml: too large"),
    "another encoding": (BILL.replace("a stay", "住院").encode("gbk"), "mine.toml: not UTF-8 text"),
    "two bytes a letter": (BILL.encode("utf-16"), "mine.toml: not UTF-8 text"),
    "empty": (b"", "mine.toml: missing key: case"),
    "zeros": (b"\0\0\0", "mine.toml:1: not TOML"),
    "nested deeply": (b"a = " + b"[" * 100_000, "mine.toml: not TOML"),
    "thousands of digits": (BILL.replace("20000", "9" * 5000).encode(), "mine.toml: not TOML"),
    "a key of two lines": (BILL.replace("total", '"to\\ntal"').encode(), "mine.toml:7: case[county stay].bill.to\\ntal: unknown key"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_ends_with_2_and_one_message(what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, message = HOSTILE[what]
    file = tmp_path / "mine.toml"
    file.write_bytes(content)
    assert run_command(["check", "cases", str(file), "--lang", "en"]) == BAD_INPUT
    caught = capsys.readouterr()
    assert caught.out == ""
    assert len(caught.err.strip().splitlines()) == 1
    assert f"{tmp_path}/{message}" in caught.err


def test_places_without_cases_end_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "folder.toml").mkdir()
    for path, message in ((tmp_path, "no case file in this folder"), (tmp_path / "nowhere.toml", "no such file")):
        assert run_command(["check", "cases", str(path)]) == BAD_INPUT
        assert message in capsys.readouterr().err


def test_a_large_file_is_read_in_a_moment(tmp_path: Path) -> None:
    """Two thousand cases: the time grows with the file, not with its square."""
    file = tmp_path / "mine.toml"
    file.write_text("".join(BILL.replace("county stay", f"stay {i}") for i in range(2000)), encoding="utf-8")
    assert len(load_cases(file)) == 2000
