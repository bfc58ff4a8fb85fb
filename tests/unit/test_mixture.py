"""Mixed conduct rules: how a mixture is written, who gets which rule, and what a rule sees of deciders with another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from agents.conduct import Mixture, Remembering, decide, get_conduct, get_conducts, memory_size, read_mixture
from agents.hospital import Hospital
from model.city import City
from model.codes import TIERS
from model.errors import InputError
from tests.unit.test_conduct import imitators

N = 6000
TIER = np.arange(N, dtype=np.int8) % 3
PRIVATE = (np.arange(N) // 3) % 2 == 1
UNIFORM = (np.random.default_rng(1).permutation(N) + 0.5) / N
TABLE = """
[[rule]]
tier = "primary"
conduct = "steady"

[[rule]]
tier = ["secondary", "tertiary"]
ownership = "private"
conduct = "imitation=0.25,reinforcement=0.75"

[[rule]]
conduct = "best_response"
"""


def share(mixture: Mixture, name: str, where: object = slice(None)) -> float:
    """Share of providers that follow a rule."""
    found = mixture.assign(TIER, PRIVATE, UNIFORM) == mixture.names.index(name)
    return float(found[where].mean())


def test_one_name_is_everybody_s_rule() -> None:
    mixture = read_mixture("imitation")
    assert mixture.names == ("imitation",)
    assert mixture.files == ()
    assert share(mixture, "imitation") == 1.0


def test_shares_are_met() -> None:
    mixture = read_mixture("best_response=0.6, imitation=0.3, steady=0.1")
    assert [share(mixture, name) for name in mixture.names] == pytest.approx([0.6, 0.3, 0.1], abs=1e-3)


def test_the_order_of_names_changes_nobody_s_rule() -> None:
    one, other = read_mixture("imitation=0.4,best_response=0.6"), read_mixture("best_response=0.6,imitation=0.4")
    assert np.array_equal(one.assign(TIER, PRIVATE, UNIFORM), other.assign(TIER, PRIVATE, UNIFORM))


def test_a_larger_share_changes_the_rule_of_as_few_as_need_be() -> None:
    small, large = (read_mixture(f"best_response={share},imitation={1 - share}") for share in (0.5, 0.6))
    before, after = (mixture.assign(TIER, PRIVATE, UNIFORM) for mixture in (small, large))
    assert (before != after).mean() == pytest.approx(0.1, abs=1e-3)
    assert not after[before == 0].any()


def test_a_table_goes_by_tier_and_ownership_and_the_first_row_that_holds_decides(tmp_path: Path) -> None:
    path = tmp_path / "who.toml"
    path.write_text(TABLE, encoding="utf-8")
    mixture = read_mixture(str(path))
    assert mixture.names == ("best_response", "imitation", "reinforcement", "steady")
    assert mixture.files == (path,)
    upper = TIERS.index("primary") != TIER
    assert share(mixture, "steady", ~upper) == 1.0
    assert share(mixture, "best_response", upper & ~PRIVATE) == 1.0
    assert share(mixture, "imitation", upper & PRIVATE) == pytest.approx(0.25, abs=0.02)
    assert share(mixture, "reinforcement", upper & PRIVATE) == pytest.approx(0.75, abs=0.02)


def test_a_rule_in_a_table_may_be_a_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "half.py").write_text('"""Half."""\n\nclass Half:\n    name = "half"\n\nRULE = Half\n', encoding="utf-8")
    (tmp_path / "who.toml").write_text('[[rule]]\nconduct = "half.py=0.5,steady=0.5"\n', encoding="utf-8")
    mixture, rules = get_conducts(str(tmp_path / "who.toml"))
    assert mixture.files == (tmp_path / "who.toml", tmp_path / "half.py")
    assert sorted(rule.name for rule in rules) == ["half", "steady"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("best_respons", "did you mean 'best_response'"),
        ("best_response=0.6,imitatio=0.4", "did you mean 'imitation'"),
        ("best_response=0.6,imitation=0.5", "a sum of 1, not 1.1"),
        ("best_response=0.6,imitation", "names each rule with its share"),
        ("best_response=much,imitation=0.4", "not a share: found 'much'"),
        ("best_response=1.5,imitation=-0.5", "not a share"),
        ("steady=0.5,steady=0.5", "the same rule twice"),
        ("", "names each rule"),
        ("nowhere.toml", "no such file"),
    ],
)
def test_a_mixture_that_cannot_be_is_refused_with_what_could(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        get_conducts(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rule = 1", "[[rule]]"),
        ("[[rule]]\nconduct = 'steady'\n[other]\n", "nothing else"),
        ("[[rule]]\ntier = 'primary'\nconduct = 'steady'\n", "must hold for everybody else"),
        ("[[rule]]\ntire = 'primary'\nconduct = 'steady'\n", "did you mean 'tier'"),
        ("[[rule]]\ntier = 'tertiery'\nconduct = 'steady'\n", "did you mean 'tertiary'"),
        ("[[rule]]\nownership = 'public'\n", "rule[0].conduct"),
        ("[[rule]]\nconduct = 'steady=2'\n", "rule[0].conduct"),
        ("not toml", "not a TOML table"),
    ],
)
def test_a_table_is_read_strictly(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "who.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        get_conducts(str(path))
    assert words in str(refused.value)
    assert "who.toml" in str(refused.value)


# Deciding


def test_everybody_does_what_its_own_rule_says_and_sees_all_the_others() -> None:
    """The imitator follows the best peer, who learns otherwise; the steady one stays."""
    given = imitators([0.1, 0.9, 0.4], [0.0, 1.0, 0.5])
    rules = [get_conduct(name) for name in ("best_response", "imitation", "steady")]
    revised, memory = decide(rules, np.array([1, 2, 0]), given)
    alone = [rule.revise(given) for rule in rules]
    assert revised[0] == alone[1][0] > 0.1
    assert revised[1] == 0.9
    assert revised[2] == alone[0][2]
    assert memory.shape == (3, 1, 0)


def test_memories_lie_side_by_side_and_hold_what_was_done() -> None:
    given = imitators([0.5, 0.5], [0.0, 1.0], error=np.array([[2.0], [2.0]]), memory=np.zeros((2, 1, 10)))
    learner = get_conduct("reinforcement")
    assert isinstance(learner, Remembering)
    size = memory_size(learner)
    revised, memory = decide([learner, learner], np.array([0, 1]), given)
    alone = replace(given, memory=np.zeros((2, 1, size)))
    assert np.array_equal(revised, learner.revise(alone))
    for known in (memory[..., :size], memory[..., size:]):
        assert np.array_equal(known, learner.remember(alone, revised))


# In the city


def test_a_city_of_two_rules_is_alike_under_every_policy() -> None:
    mix = "best_response=0.5,steady=0.5"
    cities = [City("yuncheng", policy, scale=0.0005, seed=2, conduct=mix) for policy in ("ffs", "dip")]
    assert np.array_equal(cities[0].staff.rule, cities[1].staff.rule)
    assert 0.3 < cities[0].staff.rule.mean() < 0.7
    assert np.array_equal(cities[0].staff.group_rule, cities[0].staff.rule[cities[0].lead_hospital])
    assert not np.array_equal(cities[0].staff.rule, City("yuncheng", "ffs", scale=0.0005, seed=3, conduct=mix).staff.rule)
    hospital = next(iter(cities[0].agents_by_type[Hospital]))
    assert hospital.rule == ("best_response", "steady")[cities[0].staff.rule[hospital.index]]


def test_only_those_who_learn_move() -> None:
    city = City.load("yuncheng", "dip", scale=0.0005, seed=2, burn_in=3, conduct="best_response=0.5,steady=0.5")
    local = city.geography.providers.local
    moved = (city.staff.conduct != city.staff.conduct[~local][0]).any(axis=1)
    assert moved[local & (city.staff.rule == 0)].all()
    assert not moved[city.staff.rule == 1].any()
