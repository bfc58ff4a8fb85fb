"""Rules of payment that a case may name, each an address in the model; nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping

from experiments.case_rule import Rule

RULES: Mapping[str, Rule] = {}
