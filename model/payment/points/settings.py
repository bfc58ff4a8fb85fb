"""Parameters of payment by points: unit, bounds and meaning, and the complaint about a name that is none of the allowed."""

from __future__ import annotations

from collections.abc import Mapping

from model.errors import InputError, nearest
from model.payment.parameters import parameters
from model.payment.points.case_points import VARIANTS
from model.policy.leaf import LeafSpec, leaf

OUTLIER_MEANS = ("level", "group")
TESTS = ("own", "<", "<=", ">", ">=")
AUXILIARIES = ("none", "severity", "age", "severity_and_age")
WITHOUT_POINTS = ("catalogue", "factor", "per_item")


def _names(doc: str, choices: tuple[str, ...], optional: bool = True) -> LeafSpec:
    return leaf("name", form="text", choices=choices, doc=doc, optional=optional)


def _number(unit: str, low: float, high: float, doc: str) -> LeafSpec:
    return leaf(unit, low, high, doc, optional=True)


CASES: Mapping[str, LeafSpec] = {
    "outlier": _names("rule for cases far from their group’s mean", VARIANTS, optional=False),
    "outlier_mean": _names("mean that a case’s cost is held against: of its group and level, or of its group in the city", OUTLIER_MEANS),
    "low_line": _number("ratio", 0, 1, "part of the mean below which a case is cheap; 0.5 unless given"),
    "high_line": _number("ratio", 1, 100, "multiple of the mean above which a case is dear; 2 unless given"),
    "very_high_line": _number("ratio", 1, 1000, "multiple of the mean above which Jining’s rule gives normal points; 5 unless given"),
    "low_test": _names("how the lower line is drawn; the variant’s own way unless given", ("own", "<", "<=")),
    "high_test": _names("how the upper line is drawn; the variant’s own way unless given", ("own", ">", ">=")),
    "auxiliary": _names("lists that auxiliary coefficients are made from; none unless given", AUXILIARIES),
    "auxiliary_cases": _number("case", 1, 1e6, "fewest cases of a subtype with a coefficient; 15 unless given"),
    "auxiliary_gate": _number("share", 0, 1, "least fall of the coefficient of variation; 0.2 unless given"),
    "without_points": _names(
        "what a group has that had no case: the catalogue’s points, a factor on cost, or payment per item", WITHOUT_POINTS
    ),
    "ungrouped_factor": _number("share", 0.01, 1, "factor on the cost of cases without points; 0.7 unless given"),
}
"""How points of a case are found, by name."""


def known(path: str, found: str, allowed: tuple[str, ...]) -> None:
    """Complains about a name that is not among the allowed.

    Raises:
        InputError: naming the parameter, what was found, what is allowed and the nearest.
    """
    if found not in allowed:
        raise InputError(f"unknown {path}", path=f"parameters.{path}", found=found, allowed=allowed, nearest=nearest(found, allowed))


POINTS: Mapping[str, LeafSpec] = {
    **CASES,
    "tier_coefficient": _names("how institution coefficients are set", ("estimated",), optional=False),
    **parameters("prior_cases"),
}
"""All parameters of payment by points."""
