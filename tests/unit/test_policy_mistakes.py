"""Whatever a policy may set, a wrong unit, name or value of it is told in one message: file, place, found, allowed, nearest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from experiments.setting import check_modes
from model.calendar import parse_month
from model.errors import InputError
from model.payment import get_mode, list_modes
from model.policy import load_behaviour, load_policy
from model.policy.cycle_file import CYCLE
from model.policy.leaf import LeafSpec
from model.setup import audit_rules_of

TOP = """
name = "mine"
label = { zh = "示例", en = "Example" }
description = { zh = "示例。", en = "An example." }
"""
BUDGET = '[budget]\ngrowth = { value = 0.0, unit = "share/year", source = "assumption: an example" }\n'
MODE = '[[mode]]\nid = "own"\nkind = "{kind}"\n'
OTHER = '[[mode]]\nid = "rest"\nkind = "ffs"\n'
ROUTES = '[[route]]\ncare = ["inpatient"]\nlocal = true\nmember = true\nmode = "own"\n[[route]]\ncare = ["all"]\nmode = "rest"\n'

DECLARED = [("ffs", "cycle", key, spec) for key, spec in CYCLE.items()]
DECLARED += [(name, "parameters", key, spec) for name in list_modes() for key, spec in get_mode(name).PARAMETERS.items()]


def told(folder: Path, text: str) -> InputError | None:
    """What ``yibao check policy`` says of a file."""
    file = folder / "mine.toml"
    file.write_text(text, encoding="utf-8")
    try:
        check_modes(load_policy(file))
    except InputError as error:
        found = error
    else:
        return None
    assert "\n" not in str(found)
    assert str(found).startswith(f"{file}: ")
    return found


def value_of(value: object, unit: str | None) -> str:
    """A leaf as a policy writes it."""
    written = json.dumps(list(value) if isinstance(value, tuple) else value).replace("NaN", "nan").replace("Infinity", "inf")
    return f'{{ value = {written}, unit = "{unit or "name"}", source = "assumption: an example" }}'


SUPERVISION = "[supervision]\n"
COPY = 'weight.{} = {{ value = {}, unit = "factor", source = "assumption: an example" }}\n'


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('regime = {{ value = "risks", unit = "name", {} }}\n', "risk"),
        ('rate = {{ value = 4, unit = "share", {} }}\n', "supervision.rate"),
        ('rates = {{ value = 0.04, unit = "share", {} }}\n', "rate"),
        ("".join(COPY.format(name, 0) for name in ("coding", "splitting", "threshold", "shift")), "no channel has a weight"),
    ],
)
def test_a_mistake_about_supervision_is_told(tmp_path: Path, line: str, said: str) -> None:
    written = SUPERVISION + (line if line.startswith("weight") else line.format('source = "assumption: an example"'))
    found = told(tmp_path, policy("drg", "parameters").replace(BUDGET, BUDGET + written))
    assert found is not None
    assert said in str(found)


def test_a_policy_may_say_how_it_is_watched_from_when(tmp_path: Path) -> None:
    rate = "rate = [{}, {}]\n".format(*(f'{{ value = {x}, unit = "share", {more}source = "assumption: an example" }}' for x, more in RATES))
    file = tmp_path / "mine.toml"
    file.write_text(policy("drg", "parameters").replace(BUDGET, BUDGET + SUPERVISION + rate), encoding="utf-8")
    made, behaviour = load_policy(file), load_behaviour()
    before, after = (audit_rules_of(behaviour, made, parse_month(month)) for month in ("2021-12", "2022-01"))
    assert (before.rate, after.rate) == (0.1, 0.2)
    assert before.regime == behaviour.audit.regime.at(0)
    assert before.review == audit_rules_of(behaviour, load_policy("drg"), 0).review


RATES = ((0.1, ""), (0.2, 'from = "2022-01", '))


def policy(kind: str, table: str, **set_here: str) -> str:
    """A sound policy but for what is set, with everything that the mode cannot do without."""
    mode = get_mode(kind)()
    needed = {key: value_of(getattr(mode, key), spec.unit) for key, spec in mode.PARAMETERS.items() if not spec.optional}
    tables = {"parameters": needed, "cycle": {}}
    tables[table] = tables[table] | set_here
    lines = [f"[mode.{name}]\n" + "".join(f"{key} = {leaf}\n" for key, leaf in keys.items()) for name, keys in tables.items()]
    return TOP + BUDGET + MODE.format(kind=kind) + "".join(lines) + OTHER + ROUTES


def sample(kind: str, table: str, key: str, spec: LeafSpec) -> Any:
    """A value of the declared form."""
    standard = getattr(get_mode(kind)(), key) if table == "parameters" else None
    if isinstance(standard, int | float | str) and not isinstance(standard, bool):
        return standard
    return spec.choices[0] if spec.choices else {"text": "name", "names": ["name"], "vector": [1.0], "bands": [[0, 1, 1]]}.get(spec.form, 1)


@pytest.mark.parametrize("kind", list_modes())
def test_the_sound_policy_is_sound(kind: str, tmp_path: Path) -> None:
    assert told(tmp_path, policy(kind, "cycle")) is None


@pytest.mark.parametrize(("kind", "table", "key", "spec"), DECLARED, ids=[f"{kind}-{key}" for kind, _, key, _ in DECLARED])
def test_a_wrong_unit_and_a_wrong_name_are_told(kind: str, table: str, key: str, spec: LeafSpec, tmp_path: Path) -> None:
    value, place = sample(kind, table, key, spec), f"mode[own].{table}.{key}"
    if spec.unit is not None:
        error = told(tmp_path, policy(kind, table, **{key: value_of(value, "furlong")}))
        assert error is not None
        assert (error.what, error.path, error.found, error.allowed) == ("wrong unit", f"{place}.unit", "furlong", spec.unit)
    error = told(tmp_path, policy(kind, table, **{f"{key}x": value_of(value, spec.unit)}))
    assert error is not None
    assert error.what == "unknown parameter"
    assert error.path == f"{place}x"
    assert error.nearest is not None
    assert isinstance(error.allowed, tuple)
    assert key in error.allowed


@pytest.mark.parametrize(("kind", "table", "key", "spec"), DECLARED, ids=[f"{kind}-{key}" for kind, _, key, _ in DECLARED])
def test_an_impossible_value_is_told_with_what_is_allowed(kind: str, table: str, key: str, spec: LeafSpec, tmp_path: Path) -> None:
    wrong: list[Any] = [float("nan"), float("inf"), True]
    if spec.form in ("number", "integer"):
        wrong += ["many", [1.0]]
        wrong += [
            bound for bound in (spec.low - 1 if spec.low is not None else None, spec.high + 1 if spec.high is not None else None) if bound
        ]
    elif spec.form == "text":
        wrong += ["nonsense_like_no_other"] if spec.choices else []
    else:
        wrong += [["nonsense", 2], "nonsense"]
    for value in wrong:
        error = told(tmp_path, policy(kind, table, **{key: value_of(value, spec.unit)}))
        assert error is not None, value
        assert f"mode[own].{table}.{key}" in str(error) or "mode[0]" in str(error), str(error)


@pytest.mark.parametrize(
    "key", ["care", "local", "member", "heads", "schemes", "tiers", "groups", "providers", "counties", "from", "until"]
)
def test_a_routes_misspelt_key_is_told_with_the_nearest(key: str, tmp_path: Path) -> None:
    text = policy("ffs", "cycle").replace("local = true", f"{key}x = true")
    error = told(tmp_path, text)
    assert error is not None
    assert error.path is not None
    assert error.path.endswith(f"{key}x")
    assert error.nearest == key


@pytest.mark.parametrize(
    ("old", "new", "path", "allowed"),
    [
        ('unit = "share/year"', 'unit = "share"', "budget.growth.unit", "share/year"),
        ("value = 0.0, unit", "value = 0.9, unit", "budget.growth.value", "-0.5 to 0.5"),
        ("value = 0.0, unit", "value = nan, unit", "budget.growth.value", "-0.5 to 0.5"),
        ('care = ["inpatient"]', 'care = ["inpatients"]', "route[0].care[0]", None),
        ('care = ["inpatient"]', "care = []", "route[0].care", None),
        ("member = true", "member = 3", "route[0].member", None),
        ('kind = "dip"', 'kind = "dipp"', "", None),
    ],
)
def test_budget_and_routes_are_told(old: str, new: str, path: str, allowed: str | None, tmp_path: Path) -> None:
    text = policy("dip", "cycle")
    assert old in text
    file = tmp_path / "mine.toml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        check_modes(load_policy(file))
    assert path in str(caught.value)
    assert allowed is None or allowed in str(caught.value)


def test_values_that_do_not_go_together_are_told_with_file_and_place(tmp_path: Path) -> None:
    error = told(tmp_path, policy("ffs", "cycle", monthly_share=value_of(0.9, "share"), deposit_share=value_of(0.2, "share")))
    assert error is not None
    assert error.path == "mode[own].cycle.deposit_share"
    first, then = value_of(0.9, "share"), value_of(1.0, "share").replace("source", 'from = "2023-01", source')
    later = f"[{first}, {then}]"
    error = told(tmp_path, policy("ffs", "cycle", monthly_share=later, deposit_share=value_of(0.1, "share")))
    assert error is not None
    assert error.path == "mode[own].cycle.deposit_share"
