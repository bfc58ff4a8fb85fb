"""Payment modes: how a provider, or a group of providers, is paid for the care a mode covers.

One file a mode. A mode is found by being in this folder (or as a path to a Python file); nothing else in the project knows its name.
"""

from model.payment.protocol import (
    CASES,
    CHARGE,
    DAYS,
    IN_SCOPE,
    MEASURES,
    OUTFLOW,
    OWN_PAY,
    RECORDED,
    RESIDUAL,
    UNITS,
    YEARS_KEPT,
    CaseTable,
    GroupFacts,
    GroupYear,
    History,
    HolderFacts,
    OnAccount,
    PaymentMode,
    Pointed,
    Reviewing,
    ReviewingLater,
    Revising,
    Traits,
)
from model.payment.registry import get_mode, list_modes

__all__ = [
    "CASES",
    "CHARGE",
    "DAYS",
    "IN_SCOPE",
    "MEASURES",
    "OUTFLOW",
    "OWN_PAY",
    "RECORDED",
    "RESIDUAL",
    "UNITS",
    "YEARS_KEPT",
    "CaseTable",
    "GroupFacts",
    "GroupYear",
    "History",
    "HolderFacts",
    "OnAccount",
    "PaymentMode",
    "Pointed",
    "Reviewing",
    "ReviewingLater",
    "Revising",
    "Traits",
    "get_mode",
    "list_modes",
]
