"""Supervision of claims: smart rules on all of them, audits of a sample under a budget, and what both find.

``AuditRules`` are the terms, ``RULES`` the smart rules by name, ``REGIMES`` the ways to spend the budget, ``Watch`` the insurer's memory
(from it providers read how likely they are found out) and ``Findings`` the result of one month, which whatever follows from it reads.
"""

from model.supervision.findings import Findings
from model.supervision.regimes import REGIMES, Regime, Tally, Watch
from model.supervision.smart_rules import RULES, Norms, RuleLimits, Shown, SmartRule, flag_claims, flagged_by_channel
from model.supervision.terms import AUDITED_CHANNELS, AuditRules

__all__ = [
    "AUDITED_CHANNELS",
    "REGIMES",
    "RULES",
    "AuditRules",
    "Findings",
    "Norms",
    "Regime",
    "RuleLimits",
    "Shown",
    "SmartRule",
    "Tally",
    "Watch",
    "flag_claims",
    "flagged_by_channel",
]
