"""The strict loader: every shipped file loads, every mistake in a file gets one message that says where and what."""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import data
from model.calendar import parse_month
from model.errors import InputError
from model.policy import (
    CityFile,
    Leaf,
    list_cities,
    list_policies,
    load_behaviour,
    load_city,
    load_policy,
    walk,
    write_fitted,
)
from model.policy.loader import validated

CITY = data.folder("cities", "yuncheng.toml").read_text(encoding="utf-8").split("\n[fitted", 1)[0] + "\n"
"""A city file before any calibration."""
POLICY = data.folder("policies", "dip.toml").read_text(encoding="utf-8")
MONTH = parse_month("2021-07")


def test_every_shipped_file_loads() -> None:
    assert list_cities() == ["xuchang", "yuncheng"]
    for name in list_cities():
        city = load_city(name)
        assert city.name == name
        assert city.own_policy in list_policies()
        assert load_city(data.folder("cities", f"{name}.toml")) == city
        assert len(city.targets) >= 20
    for name in list_policies():
        assert load_policy(name).name == name
    load_behaviour()


@pytest.mark.parametrize("load", [lambda: load_city("yuncheng"), lambda: load_policy("dip"), load_behaviour])
def test_every_leaf_has_unit_and_source(load: Callable[[], Any]) -> None:
    leaves = list(walk(load()))
    assert len({path for path, _ in leaves}) == len(leaves) > 5
    assert all(value.unit and entry.source for _, value in leaves for entry in value.history)


def test_walk_names_leaves_and_rows_as_the_file_does() -> None:
    leaves = dict(walk(load_city("yuncheng")))
    assert leaves["enrolment.resident.persons"].at(MONTH) == 4_103_798
    assert leaves["counties[yanhu].share"].at(MONTH) == 0.1945
    assert leaves["counties[yanhu].share"].source_at(MONTH).startswith("census_2020")
    assert leaves["targets[admissions_resident].value"].at(MONTH) == 15.2
    assert "utility.lambda.public.primary" in dict(walk(load_behaviour()))


def edited(tmp_path: Path, text: str, old: str, new: str) -> Path:
    assert old in text, "the row of the table is out of date"
    file = tmp_path / "edited.toml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


RATIO = 'inpatient.county.ratio = { value = 0.75, unit = "share", source = "plan_2021" }'
PERSONS = 'persons = { value = 4103798, unit = "person", source = "plan_2021" }'
CITY_MISTAKES = [
    # what a person did, what stood there, what stands there now, what the message must say
    (
        "typed a key wrong",
        RATIO,
        RATIO.replace("ratio", "ration"),
        [
            "benefits.resident.inpatient.county.ration",
            "unknown key",
            "allowed: deductible, deductible_later, ratio, bands",
            "did you mean 'ratio'?",
        ],
    ),
    ("typed a section wrong", "[utilisation]", "[utilization]", ["utilization", "unknown key", "did you mean 'utilisation'?"]),
    ("left a value out", PERSONS, "", ["enrolment.resident.persons", "missing key: persons"]),
    (
        "wrote only the number",
        PERSONS,
        "persons = 4103798",
        ["enrolment.resident.persons", "a bare value", "found 4103798", "allowed: {value"],
    ),
    ("gave no source", RATIO, RATIO.replace(', source = "plan_2021"', ""), ["inpatient.county.ratio.source", "missing key: source"]),
    (
        "cited an unknown source",
        RATIO,
        RATIO.replace("plan_2021", "plan_2012"),
        ["inpatient.county.ratio.source", "unknown source", "found 'plan_2012'", "did you mean 'plan_2021'?"],
    ),
    (
        "assumed without saying why",
        RATIO,
        RATIO.replace("plan_2021", "assumption"),
        ["inpatient.county.ratio.source", "assumption without a reason"],
    ),
    ("wrote percent", RATIO, RATIO.replace("0.75", "75"), ["inpatient.county.ratio.value", "out of range", "found 75", "allowed: 0 to 1"]),
    (
        "used another unit",
        RATIO,
        RATIO.replace('"share"', '"percent"'),
        ["inpatient.county.ratio.unit", "wrong unit", "found 'percent'", "allowed: share"],
    ),
    (
        "wrote a negative amount",
        "inpatient.county.deductible = { value = 400",
        "inpatient.county.deductible = { value = -400",
        ["inpatient.county.deductible.value", "out of range", "found -400"],
    ),
    ("wrote nan", RATIO, RATIO.replace("0.75", "nan"), ["inpatient.county.ratio.value", "not a finite number", "found nan"]),
    ("dated it badly", 'from = "2021-01"', 'from = "2021-1"', [".from", "wrong date", "found '2021-1'", "YYYY-MM"]),
    (
        "gave both ratio and bands",
        RATIO,
        RATIO + '\ninpatient.county.bands = { value = [[0, "inf", 0.7]], unit = "yuan, yuan, share", source = "plan_2021" }',
        ["inpatient.county", "either ratio or bands is needed"],
    ),
    ("gave neither", RATIO, "", ["benefits.resident.inpatient.county", "either ratio or bands is needed"]),
    (
        "misspelt a tier",
        'tier = "tertiary", ownership = "public"',
        'tier = "tertiery", ownership = "public"',
        ["institutions[0].tier", "found 'tertiery'", "did you mean 'tertiary'?"],
    ),
    (
        "put a hospital nowhere",
        'county = "yanhu", beds = 2000',
        'county = "yanhoo", beds = 2000',
        ["institutions[0].county", "unknown county", "found 'yanhoo'"],
    ),
    (
        "named a missing holder",
        'holder = "hejin_people"',
        'holder = "hejin_peeple"',
        ["counties[2].holder", "no such holder", "hejin_people"],
    ),
    ("broke the county shares", "share = 0.1945", "share = 0.2945", ["counties.share", "the shares must sum to 1", "found 1.1"]),
    (
        "broke the tier shares",
        "tier_share.resident.primary = { value = 0.27",
        "tier_share.resident.primary = { value = 0.37",
        ["utilisation.tier_share.resident", "the shares must sum to 1", "found 1.1"],
    ),
    ("listed a hospital twice", 'name = "city_first"', 'name = "city_central"', ["institutions[1].name", "the same name twice"]),
    ("wrote a text for a row's number", "townships = 21", 'townships = "21"', ["counties[0].townships", "found '21'"]),
    (
        "turned a section into a number",
        "data_status = {",
        "data_status = 3  # {",
        ["data_status", "a table is expected", "found 3", "allowed: zh, en"],
    ),
    ("wrote thousands of digits", "townships = 21", "townships = 0x" + "f" * 5000, ["counties[0].townships", "thousands of digits"]),
    ("broke the TOML", "[prices]", "[prices", ["not TOML", "line"]),
]


@pytest.mark.parametrize(("old", "new", "parts"), [row[1:] for row in CITY_MISTAKES], ids=[row[0] for row in CITY_MISTAKES])
def test_a_mistake_in_a_city_file(tmp_path: Path, old: str, new: str, parts: list[str]) -> None:
    file = edited(tmp_path, CITY, old, new)
    with pytest.raises(InputError) as caught:
        load_city(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert "\n" not in message
    for part in parts:
        assert part in message


POLICY_MISTAKES = [
    (
        "misspelt a kind of care",
        'care = ["inpatient", "psychiatric"]',
        'care = ["in-patient"]',
        ["route[0].care[0]", "unknown name", "did you mean 'inpatient'?"],
    ),
    ("misspelt the mode's id", 'mode = "ffs"', 'mode = "fss"', ["route[1].mode", "unknown mode", "found 'fss'", "did you mean 'ffs'?"]),
    (
        "left some care uncovered",
        'care = ["all"]',
        'care = ["common", "chronic", "inpatient"]',
        ["route[1]", "the last route must match everything"],
    ),
    ("put a condition on the rest", 'mode = "ffs"', 'local = true\nmode = "ffs"', ["route[1]", "the last route must match everything"]),
    (
        "covered everything first",
        'care = ["inpatient", "psychiatric"]\nlocal = true',
        'care = ["all"]',
        ["route[0]", "can never be reached"],
    ),
    (
        "left a mode unused",
        '[[mode]]\nid = "ffs"',
        '[[mode]]\nid = "spare"\nkind = "ffs"\n\n[[mode]]\nid = "ffs"',
        ["mode[1].id", "no route leads to this mode", "found 'spare'"],
    ),
    ("used an id twice", 'id = "ffs"', 'id = "dip"', ["mode[1].id", "the same id twice"]),
    (
        "emptied a condition",
        'care = ["inpatient", "psychiatric"]',
        'care = ["inpatient"]\ntiers = []',
        ["route[0].tiers", "an empty list matches nothing"],
    ),
    (
        "misspelt the heads",
        'care = ["inpatient", "psychiatric"]',
        'care = ["inpatient"]\nheads = "owned"',
        ["route[0].heads", "found 'owned'", "did you mean 'own'?"],
    ),
    ("misspelt a condition", "local = true", "locale = true", ["route[0].locale", "unknown key", "did you mean 'local'?"]),
    ("cited nothing", "dip_1: a group", "dip_9: a group", ["mode[dip].parameters.prior_cases.source", "unknown source"]),
]


@pytest.mark.parametrize(("old", "new", "parts"), [row[1:] for row in POLICY_MISTAKES], ids=[row[0] for row in POLICY_MISTAKES])
def test_a_mistake_in_a_policy_file(tmp_path: Path, old: str, new: str, parts: list[str]) -> None:
    file = edited(tmp_path, POLICY, old, new)
    with pytest.raises(InputError) as caught:
        load_policy(file)
    for part in [f"{file}: ", *parts]:
        assert part in str(caught.value)


def test_a_mistake_in_the_behaviour_file(tmp_path: Path) -> None:
    text = data.folder("behaviour.toml").read_text(encoding="utf-8")
    file = edited(tmp_path, text, "minimum = { value = 300", "minimum = { value = 900")
    with pytest.raises(InputError, match=r"sample\.minimum: the minimum exceeds the maximum: found 900; allowed: at most 600"):
        load_behaviour(file)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a folder, not a file"):
        load_city(tmp_path)
    (tmp_path / "yuncheng.toml").write_text(CITY, encoding="utf-8")
    with pytest.raises(InputError, match=r"no such file: did you mean 'yuncheng\.toml'\?"):
        load_city(tmp_path / "yunchen.toml")
    with pytest.raises(InputError, match="no such file"):
        load_city(tmp_path / "nowhere" / "city.toml")
    latin = tmp_path / "latin.toml"
    latin.write_bytes('name = "运城"'.encode("gb18030"))
    with pytest.raises(InputError, match="not UTF-8 text: found 'byte 8'; allowed: UTF-8"):
        load_city(latin)
    empty = tmp_path / "empty.toml"
    empty.touch()
    with pytest.raises(InputError, match="name: missing key: name"):
        load_policy(empty)
    marked = tmp_path / "marked.toml"
    marked.write_bytes(b"\xef\xbb\xbf" + CITY.encode())
    assert load_city(marked).name == "yuncheng"


@pytest.mark.parametrize(
    ("load", "name", "message"),
    [
        (
            load_city,
            "yunchen",
            "unknown city: found 'yunchen'; allowed: xuchang, yuncheng, or a path to a .toml file; did you mean 'yuncheng'?",
        ),
        (load_policy, "dpi", "did you mean 'dip'?"),
        (load_policy, "", "unknown policy: found ''"),
    ],
)
def test_unknown_names(load: Callable[[str], Any], name: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load(name)
    assert message in str(caught.value)


FITTED = {
    "admission_scale": {"employee": 1.02, "resident": 0.98},
    "choice_constant": {
        scheme: {"primary": 0.1, "secondary": -0.2, "tertiary": 1e-7, "out_of_city": -1.5} for scheme in ("employee", "resident")
    },
}


def test_fitted_values_are_written_and_read_back(tmp_path: Path) -> None:
    file = tmp_path / "city.toml"
    file.write_text(CITY, encoding="utf-8")
    write_fitted(file, FITTED)
    fitted = load_city(file).fitted
    assert fitted is not None
    assert fitted.admission_scale is not None
    assert fitted.choice_constant is not None
    assert fitted.admission_scale.resident == Leaf.constant(0.98, "factor", "fitted: experiments calibration")
    assert fitted.choice_constant["resident"]["tertiary"].at(MONTH) == 1e-7
    assert fitted.visit_scale is None
    assert file.read_text(encoding="utf-8").startswith(CITY)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_only_the_fitted_section_changes(tmp_path: Path, newline: str) -> None:
    file = tmp_path / "city.toml"
    before, after = CITY.split("[prices]", 1)
    middle = before + "[fitted.admission_scale]\n" + 'employee = { value = 2, unit = "factor", source = "fitted: x" }\n'
    middle += 'resident = { value = 2, unit = "factor", source = "fitted: x" }\n' + "[prices]" + after
    file.write_bytes(middle.replace("\n", newline).encode())
    write_fitted(file, FITTED)
    text = file.read_bytes().decode()
    assert text.startswith(before.replace("\n", newline))
    assert text.endswith(("[prices]" + after).replace("\n", newline))
    once = file.read_bytes()
    write_fitted(file, FITTED)
    assert file.read_bytes() == once
    assert not list(tmp_path.glob("*.new"))


@pytest.mark.parametrize(
    ("fitted", "message"),
    [
        ({"admision_scale": {"employee": 1.0}}, "did you mean 'admission_scale'?"),
        ({"admission_scale": {"employee": 1.0}}, "fitted.admission_scale.resident: missing key: resident"),
        ({"admission_scale": {"employee": -1.0, "resident": 1.0}}, "out of range"),
        ({"admission_scale": {"employee": float("nan"), "resident": 1.0}}, "not a finite number"),
    ],
)
def test_bad_fits_change_nothing(tmp_path: Path, fitted: dict[str, Any], message: str) -> None:
    file = tmp_path / "city.toml"
    file.write_text(CITY, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        write_fitted(file, fitted)
    assert message in str(caught.value)
    assert file.read_text(encoding="utf-8") == CITY


def test_sections_are_read_by_name_too() -> None:
    city: CityFile = load_city("yuncheng")
    assert city["benefits"]["resident"].inpatient["county"].deductible.at(MONTH) == 400
    assert "catastrophic" in city.benefits.resident
    assert "catastrophic" not in city.benefits.employee
    assert load_behaviour().utility["lambda"]["private"]["primary"].at(MONTH) == 1.25
    with pytest.raises(KeyError):
        city["prices"]["inflation"]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates() | st.integers(10**400, 10**401),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "unit", "source", "from", "zh", "x"]), inner, max_size=4)
    ),
    max_leaves=6,
)


def places(raw: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a nest of tables and lists."""
    pairs = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    return [at, *(place for key, part in pairs for place in places(part, (*at, key)))]


PLACES = places(tomllib.loads(CITY))[1:]


@given(st.sampled_from(PLACES), ANYTHING)
def test_whatever_stands_anywhere_only_an_input_error_comes(place: tuple[Any, ...], anything: Any) -> None:
    raw = tomllib.loads(CITY)
    inside = raw
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = anything
    try:
        validated(CityFile, raw, Path("city.toml"))
    except InputError as error:
        message = str(error)
        assert message.startswith("city.toml: ")


@given(st.text() | st.text(alphabet='[]{}="ab1.\n', max_size=60))
def test_whatever_text_a_file_holds_only_an_input_error_comes(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "policy.toml")
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        with pytest.raises(InputError):
            load_policy(file)


@pytest.mark.parametrize("text", ["a = " + "9" * 5000, "a = " + "[" * 100_000, 'name = "\\uD800"'])
def test_texts_that_python_chokes_on(tmp_path: Path, text: str) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="not TOML"):
        load_policy(file)
    with pytest.raises(InputError, match="cannot be read"):
        load_policy(tmp_path / f"{'x' * 300}.toml")
