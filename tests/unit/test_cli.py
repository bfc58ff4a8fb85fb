"""The command line: what it lists, what it refuses and how, without simulating anything."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

import data
from experiments.cli import BAD_INPUT, DONE, run_command
from experiments.texts import LANGUAGES, checked_language, say, table, usual_language
from model.errors import InputError
from model.indicators import INDICATORS
from model.payment import list_modes
from model.policy.loader import list_cities, list_policies


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """Carry out a command that must succeed and return its lines."""
    assert run_command(arguments) == DONE
    caught = capsys.readouterr()
    assert caught.err == ""
    return caught.out.splitlines()


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Carry out a command that must be refused and return its one message."""
    assert run_command(arguments) == BAD_INPUT
    caught = capsys.readouterr()
    assert caught.out == ""
    assert len(caught.err.strip().splitlines()) == 1
    return caught.err.strip()


@pytest.mark.parametrize(
    ("kind", "names"), [("cities", list_cities()), ("policies", list_policies()), ("modes", list_modes()), ("indicators", list(INDICATORS))]
)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_list_has_one_line_each(capsys: pytest.CaptureFixture[str], kind: str, names: list[str], lang: str) -> None:
    lines = printed(capsys, kind, "--lang", lang)
    assert [line.split()[0] for line in lines] == list(names)
    assert all(len(line.split()) > 1 for line in lines)


@pytest.mark.parametrize(
    ("kind", "name", "shown"),
    [
        ("cities", "yuncheng", "4,610,319"),
        ("policies", "dip", "monthly_share"),
        ("modes", "dip", "prior_cases"),
        ("conducts", "best_response", "best_response"),
        ("indicators", "coding_gap", "true groups"),
    ],
)
def test_one_of_a_kind_is_shown(capsys: pytest.CaptureFixture[str], kind: str, name: str, shown: str) -> None:
    assert shown in "\n".join(printed(capsys, kind, name, "--lang", "en"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cities", "yunchen"], "did you mean 'yuncheng'"),
        (["policies", "dipp"], "did you mean 'dip'"),
        (["modes", "capitaton"], "did you mean 'capitation'"),
        (["conducts", "best_respons"], "did you mean 'best_response'"),
        (["indicators", "intensty"], "did you mean 'intensity'"),
        (["compar"], "did you mean 'compare'"),
        (["cities", "--lang", "fr"], "--lang: unknown language"),
        (["explain", "city", "yuncheng", "--on", "2021-13"], "not a month"),
        (["check", "policy", "nowhere.toml"], "no such file"),
        (["check", "city", "yuncheng", "--scale", "0"], "scale"),
        (["calibrate", "level"], "did you mean 'levels'"),
        (["replicate", "T071"], "did you mean 'T07'"),
        (["report", "nowhere"], "no manifest.json"),
        (["app", "--port", "70000"], "--port"),
        (["report", "nowhere", "--format", "pptx"], "--format"),
        (["compare", "--city", "yuncheng", "--policies", "ffs,dip"], "--out"),
        (["compare", "--city", "yuncheng", "--policies", "ffs,dip", "--out", "x", "--scale", "wide"], "--scale"),
    ],
)
def test_bad_input_is_one_message_and_exit_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message.lower() in refused(capsys, *arguments).lower()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--city", "yunchen"),
        ("--policies", "ffs,dpi"),
        ("--policies", "ffs"),
        ("--policies", ","),
        ("--baseline", "quota"),
        ("--from", "yuncheng_2020"),
        ("--burn-in", "-1"),
        ("--switch", "-1"),
        ("--scale", "0"),
        ("--scale", "-1"),
        ("--scale", "nan"),
        ("--scale", "2"),
        ("--scale", "0.0001"),
        ("--years", "0"),
        ("--years", "1000"),
        ("--seeds", "0"),
        ("--conduct", "greedy"),
        ("--conduct", "nowhere.py"),
        ("--also-conduct", "imitation,greedy"),
        ("--also-conduct", "steady=0.5,imitation=0.6"),
        ("--also-conduct", "best_response"),
        ("--jobs", "0"),
        ("--lang", "xx"),
    ],
)
def test_a_comparison_that_cannot_be_leaves_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path, option: str, value: str) -> None:
    options = {"--city": "yuncheng", "--policies": "ffs,dip", "--out": str(tmp_path / "out")} | {option: value}
    message = refused(capsys, "compare", *[part for pair in options.items() for part in pair])
    assert value.rpartition(",")[2].strip("-") in message or option in message or "policy" in message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name = ", "not TOML"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"", "missing key"),
    ],
)
def test_a_file_that_is_none_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes, message: str) -> None:
    city = tmp_path / "mine.toml"
    city.write_bytes(content)
    said = refused(capsys, "run", "--city", str(city), "--out", str(tmp_path / "out"))
    assert message in said
    assert str(city) in said
    assert not (tmp_path / "out").exists()


def test_a_policy_is_checked_with_its_modes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = data.folder("policies", "dip.toml").read_text(encoding="utf-8")
    mine = tmp_path / "mine.toml"
    mine.write_text(text, encoding="utf-8")
    assert "valid" in printed(capsys, "check", "policy", str(mine), "--lang", "en")[0]
    mine.write_text(text.replace('kind = "dip"', 'kind = "dipp"'), encoding="utf-8")
    assert "did you mean 'dip'" in refused(capsys, "check", "policy", str(mine))
    mine.write_text(text.replace("prior_cases =", "prior_case ="), encoding="utf-8")
    assert "prior_cases" in refused(capsys, "check", "policy", str(mine))


def test_explain_says_value_unit_date_and_source(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, "explain", "city", "yuncheng", "--policy", "dip", "--on", "2023-05", "--lang", "en")
    premium = next(line for line in lines if line.startswith("financing.resident.premium = "))
    assert "350 yuan/person/year (since 2023-01)  # premium_2022" in premium
    assert any(line.startswith("policy.mode[dip].parameters.outlier = national_1") for line in lines)
    assert any(line.startswith("behaviour.") for line in lines)
    assert any(line.startswith("# plan_2021: ") for line in lines)


def test_quiet_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "cities", "--quiet") == []


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "--version")[0].startswith("yibao ")


def test_help_starts_at_once_and_lists_only_commands_that_work() -> None:
    command = [sys.executable, "-c", "from experiments.cli import main; main()", "--help"]
    times = []
    for _ in range(3):
        began = time.perf_counter()
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        times.append(time.perf_counter() - began)
    assert "compare" in ended.stdout
    assert not any(later in ended.stdout for later in ("sweep", "optimise"))
    bare = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import typer"], check=True)
    assert min(times) < 3 * (time.perf_counter() - bare) + 0.2


def test_every_text_is_there_in_both_languages_with_the_same_blanks() -> None:
    import string

    for key, texts in table().items():
        assert set(texts) == set(LANGUAGES), key
        blanks = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts.values()]
        assert blanks[0] == blanks[1], key


def test_every_key_that_is_said_is_there() -> None:
    import re

    source = "\n".join(path.read_text(encoding="utf-8") for path in Path(__file__).parents[2].joinpath("experiments").glob("*.py"))
    said = set(re.findall(r'say\(\s*"(\w+)"', source))
    assert said <= set(table())


def test_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    assert say("yes", "zh") == "是"
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert usual_language() == "zh"
    monkeypatch.setenv("LANG", "C")
    assert usual_language() == "en"
    with pytest.raises(InputError, match="--lang"):
        checked_language("de")
