"""Policy files: which mode covers which care, and parameters held against what a mode declares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import data
from experiments.setting import check_modes
from model.codes import KINDS, OWNERSHIPS, PROVIDER_KINDS, SCHEMES, TIERS
from model.errors import InputError
from model.policy import PolicyFile, leaf, list_policies, load_policy


def mode_of(policy: PolicyFile, **case: Any) -> str:
    """Id of the mode that covers one case; a public county hospital's own resident inpatient unless told otherwise."""
    case = {"care": "inpatient", "tiers": "secondary", "ownership": "public", "schemes": "resident", "specialty": "general"} | case
    codes = {"care": KINDS, "tiers": TIERS, "ownership": OWNERSHIPS, "schemes": SCHEMES, "specialty": PROVIDER_KINDS}
    given = {name: np.array([names.index(case[name])]) for name, names in codes.items()}
    local, member, own = (np.array([case.get(name, True)]) for name in ("local", "member", "own"))
    position = int(policy.match(given, local, member, own)[0])
    return policy.modes[position].id


OUTSIDE = {"local": False, "member": False, "own": False, "tiers": "tertiary"}
CITY_HOSPITAL = {"member": False, "own": False, "tiers": "tertiary"}
PRIVATE = {"ownership": "private", "member": False, "own": False}
COVERED = [
    # policy, the case, the mode
    ("ffs", {}, "ffs"),
    ("quota", {}, "quota"),
    ("quota", OUTSIDE, "ffs"),
    ("dip", PRIVATE, "dip"),
    ("dip", OUTSIDE, "ffs"),
    ("dip", {"care": "chronic"}, "ffs"),
    ("global", CITY_HOSPITAL, "global"),
    ("global", {"care": "common"}, "ffs"),
    ("capitation", {"care": "common", "tiers": "primary"}, "capitation"),
    ("capitation", {}, "capitation"),
    ("capitation", {"own": False}, "ffs"),
    ("capitation", CITY_HOSPITAL, "ffs"),
    ("capitation", PRIVATE, "ffs"),
    ("package", {"care": "emergency"}, "package"),
    ("package", {"own": False}, "ffs"),
    ("package", CITY_HOSPITAL, "ffs"),
    ("package", OUTSIDE, "ffs"),
]


@pytest.mark.parametrize(("name", "case", "mode"), COVERED)
def test_who_is_covered_by_what(name: str, case: dict[str, Any], mode: str) -> None:
    assert mode_of(load_policy(name), **case) == mode


@pytest.mark.parametrize("name", list_policies())
def test_no_case_is_left_out(name: str) -> None:
    lists = {"care": KINDS, "tiers": TIERS, "ownership": OWNERSHIPS, "schemes": SCHEMES, "specialty": PROVIDER_KINDS}
    axes = [axis.ravel() for axis in np.indices((*(len(names) for names in lists.values()), 2, 2, 2))]
    local, member, own = (axis == 1 for axis in axes[-3:])
    policy = load_policy(name)
    # conditions on names, groups and dates: met by nothing, or on one route after the other
    special = [route.dated or any((route.providers, route.counties, route.groups)) for route in policy.routes]
    codes, n = dict(zip(lists, axes[:-3], strict=True)), len(special)
    met = [[not special[i] or i == alone for i in range(n)] for alone in range(-1, n)]
    found = [policy.match(codes, local, member, own, also) for also in met]
    assert min(each.min() for each in found) >= 0
    assert set(np.concatenate(found).tolist()) == set(range(len(policy.modes)))


def test_the_policies_differ_in_the_mode_alone() -> None:
    """But for the city that plans its budget by income and by part."""
    budgets = [load_policy(name).budget for name in list_policies() if name != "zibo_2025"]
    assert len({budget.rule(scheme, 0, 0.05) for budget in budgets for scheme in SCHEMES}) == 1
    assert load_policy("zibo_2025").budget.methods == {"income"}


DECLARED = {
    "outlier": leaf("name", form="text", choices=("national_1", "hubei")),
    "tier_coefficient": leaf("name", form="text"),
    "prior_cases": leaf("case", 0, 1e6),
}
DIP = data.folder("policies", "dip.toml").read_text(encoding="utf-8")


def test_parameters_that_are_declared_pass() -> None:
    policy = load_policy("dip")
    policy.check_parameters(policy.mode("dip"), DECLARED)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("outlier =", "outleir =", "mode[dip].parameters.outleir: unknown parameter: found 'outleir'"),
        ("outlier =", "outleir =", "did you mean 'outlier'?"),
        ("monthly_share =", "montly_share =", "mode[dip].cycle.montly_share: unknown parameter: found 'montly_share'"),
        ('"national_1"', '"national_2"', "mode[dip].parameters.outlier.value: unknown name: found 'national_2'"),
        ("value = 15", "value = -1", "mode[dip].parameters.prior_cases.value: out of range: found -1"),
        ('unit = "case"', 'unit = "cases"', "mode[dip].parameters.prior_cases.unit: wrong unit: found 'cases'; allowed: case"),
        ("prior_cases =", "# prior_cases =", "mode[dip].parameters.prior_cases: missing key: prior_cases"),
    ],
)
def test_parameters_that_are_not(tmp_path: Path, old: str, new: str, message: str) -> None:
    file = tmp_path / "edited.toml"
    file.write_text(DIP.replace(old, new, 1), encoding="utf-8")
    policy = load_policy(file)
    with pytest.raises(InputError) as caught:
        policy.check_parameters(policy.mode("dip"), DECLARED)
    assert str(caught.value).startswith(f"{file}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(("member", "found"), [("", "no condition"), ("member = false\n", "False")])
def test_a_mode_that_pays_groups_covers_their_members_only(tmp_path: Path, member: str, found: str) -> None:
    file = tmp_path / "open.toml"
    package = data.folder("policies", "package.toml").read_text(encoding="utf-8")
    file.write_text(package.replace("member = true\n", member), encoding="utf-8")
    with pytest.raises(InputError, match=rf"route\[0\]\.member: the mode 'package' pays medical groups.*found.*{found}.*member = true"):
        check_modes(load_policy(file))


def test_a_mode_may_be_a_file_beside_the_policy(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(DIP.replace('kind = "dip"', 'kind = "my_mode.py"'), encoding="utf-8")
    policy = load_policy(file)
    assert policy.file == file
    assert policy.kind_path(policy.mode("dip")) == tmp_path / "my_mode.py"
    assert policy.kind_path(policy.mode("ffs")) is None
