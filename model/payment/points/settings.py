"""Parameters of payment by points: unit, bounds and meaning, and the complaint about a name that is none of the allowed."""

from __future__ import annotations

from collections.abc import Mapping

from model.errors import InputError, nearest
from model.payment.parameters import parameters
from model.payment.points.case_points import VARIANTS
from model.payment.points.group_points import POINTS_OF, TRIMS
from model.payment.points.institutions import SOURCES
from model.payment.points.review import PERIODS
from model.payment.points.values import VALUES
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
    "auxiliary_cases": _number("case", 1, 1e6, "fewest cases of a subtype in the city for a coefficient; 15 unless given"),
    "auxiliary_gate": _number("share", 0, 1, "least fall of the coefficient of variation; 0.2 unless given"),
    "bed_days": _names("points of psychiatric stays: by case like the others, or by their days", ("by_case", "by_day")),
    "day_surgery_factor": _number("share", 0, 1, "factor on the points of short stays in operative groups; 1 unless given"),
    "day_surgery_days": _number("day", 0, 30, "days up to which a stay is short; 2 unless given"),
    "without_points": _names(
        "what a group has that had no case: the catalogue’s points, a factor on cost, or payment per item", WITHOUT_POINTS
    ),
    "ungrouped_factor": _number("share", 0.01, 1, "factor on the cost of cases without points; 0.7 unless given"),
}
"""How points of a case are found, by name."""


GROUPS: Mapping[str, LeafSpec] = {
    "points_method": _names(
        "what base points are measured by: the city’s mean cost, a reference disease, a standard quota", tuple(POINTS_OF)
    ),
    "reference_group": leaf("name", form="text", doc="code of the group that has 1,000 points by the reference method", optional=True),
    "points_quota": _number("yuan", 0.01, 1e9, "standard quota of one point by the quota method; 100 unless given"),
    "trim": _names("cases that means leave out: none, outside 2.5 to 97.5 % of the group, beyond its quartiles by 1.5 ranges", TRIMS),
    "core_cases": _number(
        "case", 0, 1e6, "cases a year in the city from which a group stands for itself; the others share their family’s mean"
    ),
    "split_gate": _number("share", 0, 10, "least rise of the mean over the family’s base group that makes a group of its own"),
    "year_weights": leaf(
        "share",
        0,
        1,
        "weights of the last three years, latest first; last year alone unless given",
        form="vector",
        length=3,
        total=1,
        optional=True,
    ),
    "rescale": _names("whether points are scaled so that last year’s cases have as many as unadjusted", ("none", "keep_sum")),
    **parameters("prior_cases"),
}
"""How base points of groups are found, by name."""


def _by_tier(doc: str) -> LeafSpec:
    return leaf("factor", 0, 10, f"{doc}, by level: primary, secondary, tertiary", form="vector", length=3, optional=True)


INSTITUTIONS: Mapping[str, LeafSpec] = {
    "tier_coefficient": _names(
        "how institution coefficients are set: from costs, from costs within each scheme, by a list", SOURCES, optional=False
    ),
    "tier_values": _by_tier("coefficients of the list"),
    "tier_values_employee": _by_tier("coefficients of the list for employees’ cases, where they differ"),
    "cmi_caps": _by_tier("most that is added to a hospital’s coefficient for a case mix above its level’s"),
    "children_caps": _by_tier("the same for a share of children up to six"),
    "elderly_caps": _by_tier("the same for a share of people from seventy"),
    "bonus_steps": leaf(
        "share",
        0.001,
        10,
        "excess over the level that earns a hundredth: case mix, children, old people; 5, 10 and 20 % unless given",
        form="vector",
        length=3,
        optional=True,
    ),
    "tcm_share": _number("share", 0, 1, "what a hospital of Chinese medicine has more than its level’s coefficient, as a share of it"),
    "group_coefficients": _names("whether operative groups have coefficients of their own, level by level", ("none", "operative")),
    "group_cases": _number("case", 1, 1e6, "fewest cases of a group at a level in the city for a coefficient of its own; 15 unless given"),
    "basic_groups": _names("price of basic groups: by level like the others, or one at every level", ("by_level", "one_price")),
    "basic_cv": _number("ratio", 0, 100, "largest coefficient of variation of a basic group; 0.7 unless given"),
}
"""How institution coefficients are set, by name."""


def known(path: str, found: str, allowed: tuple[str, ...]) -> None:
    """Complains about a name that is not among the allowed.

    Raises:
        InputError: naming the parameter, what was found, what is allowed and the nearest.
    """
    if found not in allowed:
        raise InputError(f"unknown {path}", path=f"parameters.{path}", found=found, allowed=allowed, nearest=nearest(found, allowed))


REVIEW: Mapping[str, LeafSpec] = {
    "review_share": _number(
        "share", 0, 1, "part of its loss that a case accepted in special-case review is granted; 1 pays it per item, 0 unless given"
    ),
    "review_quota": _number("share", 0, 1, "part of all discharges that may be accepted; 5 per mille unless given"),
    "review_from": _number("ratio", 0, 100, "in-scope cost over payment standard from which a case may be reviewed; 2 unless given"),
    "review_period": _names(
        "whose cases are reviewed together, at its end: a month’s, unless given, or a settlement quarter’s", tuple(PERIODS)
    ),
    "review_days": _number("day", 0, 3650, "stay from which a case may be reviewed whatever it cost; none unless given"),
}
"""Special-case review, by name."""

MONEY: Mapping[str, LeafSpec] = {
    "point_value": _names("how points become money; floating unless given", tuple(VALUES)),
    "given_value": _number("yuan", 0.0001, 1e6, "value of a point where it is given: that of the place of care"),
    "elastic_base": _number(
        "share", 0, 1, "part of last year’s points that an elastic value pays at the value of the year’s start; 0.8 unless given"
    ),
}
"""How points become money, by name."""

POINTS: Mapping[str, LeafSpec] = {
    **GROUPS,
    **CASES,
    **INSTITUTIONS,
    **REVIEW,
    **MONEY,
}
"""All parameters of payment by points."""
