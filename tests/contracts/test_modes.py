"""What every payment mode must keep to, whoever wrote it: each clause of the contract, for every mode that is listed."""

from __future__ import annotations

import pytest

from experiments.contract import Check
from experiments.mode_contract import CONTRACT, Subject
from experiments.texts import say
from model.payment import get_mode, list_modes
from tests.small_market import A_NIGHT


@pytest.mark.parametrize("check", CONTRACT.checks.values(), ids=list(CONTRACT.checks))
@pytest.mark.parametrize("name", list_modes())
def test_the_contract_is_kept(name: str, check: Check[Subject]) -> None:
    """In as many random markets as the profile asks for, each with some forty bills of two years."""
    subject = Subject(get_mode(name), name)
    for seed in range(A_NIGHT.max_examples if check.draws > 1 else 1):
        found = check.find(subject, seed)
        assert found is None, f"market {seed}: {say(found.key, 'en', **found.values)}"
