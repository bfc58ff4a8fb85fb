"""Published effects as studies that can be repeated: which reform, which outcome of whom, which design, which expected answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from math import log
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pandas as pd

import data
from experiments.conduct_measures import TENTH, WIDER
from experiments.worlds import with_parameters, with_values
from model.catalogue import ITEMS
from model.errors import nearest

if TYPE_CHECKING:
    from model.city import City

Design = Literal["segmented", "controlled", "did", "level"]
Measure = Literal["percent", "points", "ln", "amount", "elasticity", "times"]
Sign = Literal["+", "-", "0", ""]
MONTHS_BEFORE = MONTHS_AFTER = 24
"""Common history and follow-up of every simulated reform; a study with shorter windows uses the months around the switch."""
THIRD_YEAR = 36
"""Follow-up of experiments and audits that tell no months: weights have then been made from claims of the reform (``conduct.md``)."""


@dataclass(frozen=True)
class History:
    """What comes before the switch: a policy of the project's, in a city that may differ in some settings."""

    policy: str
    change: Callable[[City], None] | None = None


@dataclass(frozen=True)
class Arm:
    """What happens at the switch: a policy begins (or goes on, if none is named), and a setting of the city changes.

    ``history`` is one of :data:`HISTORIES`. A policy is one of the project's by name, or a file of ``experiments/arms``.
    """

    history: str
    policy: str | Path | None = None
    change: Callable[[City], None] | None = None


@dataclass(frozen=True)
class Place:
    """Where a number stands in the tables; ``unit`` "" is the city."""

    indicator: str
    unit_type: str = "city"
    unit: str = ""


@dataclass(frozen=True)
class Part:
    """One number of a study.

    Attributes:
        label: who or what, in few words.
        arm, control: names of :data:`ARMS`; the effect is the arm's value over, or less, the control's. Without a control it is the
            value itself, or with ``other_unit`` the difference from that unit in the same arm.
        indicator, unit_type, unit: where it stands in the tables (``unit`` "" is the city).
        measure: per cent of the control, percentage points, log points, the ``amount`` in the indicator's unit; ``elasticity`` of the
            indicator to ``per``; or how many ``times`` what is spent more on ``per`` the indicator falls.
        sign: of the effect, "+", "-" or "0"; "" where no sign is published.
        low, high: published range in the measure, if there is one.
        per: what the last two measures divide by.
        told: part of the effect that is told, where the arm's reform is larger than the study's so that it stands out from chance.
    """

    label: str
    arm: str
    control: str
    indicator: str
    sign: Sign
    unit_type: str = "city"
    unit: str = ""
    measure: Measure = "percent"
    low: float | None = None
    high: float | None = None
    other_unit: str = ""
    per: Place | None = None
    told: float = 1.0

    @property
    def place(self) -> Place:
        """Where the indicator stands."""
        return Place(self.indicator, self.unit_type, self.unit)


@dataclass(frozen=True)
class Study:
    """One row of the targets: its parts, its design and its windows; without parts, ``reason`` says why it is not run.

    ``calibrated`` rows set parameters of conduct, ``given`` ones those of the choice of care: neither is validation.
    """

    parts: tuple[Part, ...] = ()
    design: Design = "did"
    before: int = MONTHS_BEFORE
    after: int = MONTHS_AFTER
    reason: str = ""
    calibrated: bool = False
    given: bool = False


@cache
def targets() -> pd.DataFrame:
    """The published effects, one row each, by id (``data/evidence/targets.csv``)."""
    return pd.read_csv(data.folder("evidence", "targets.csv"), dtype=str, keep_default_na=False).set_index("id")


def nearest_study(name: str) -> str | None:
    """The study that was probably meant: a number is read as one.

    >>> nearest_study("T7")
    'T07'
    """
    number = name.strip().upper().removeprefix("T")
    written = f"T{int(number):02}" if number.isdecimal() else name
    return written if written in STUDIES else nearest(name, STUDIES)


def _audit(times: float) -> Callable[[City], None]:
    """Claims are sampled that many times as often."""

    def change(city: City) -> None:
        city.insurer.audit = replace(city.insurer.audit, rate=city.insurer.audit.rate * times)

    return change


def _beds(times: float) -> Callable[[City], None]:
    """Hospitals of the city have so many times their beds."""

    def change(city: City) -> None:
        city.bed_days_available = city.bed_days_available * times

    return change


def _settings(values: Mapping[str, float | Callable[[float], float]]) -> Callable[[City], None]:
    """Settings of the city, by dotted paths that may hold ``*``, have another value from the switch on."""

    def change(city: City) -> None:
        city.settings = with_values(city.settings, values)

    return change


def _terms(values: Mapping[str, float | str]) -> Callable[[City], None]:
    """The policy that begins has other parameters in its modes from its first day on."""

    def change(city: City) -> None:
        city.switch_policy(with_parameters(city.policy, values))

    return change


_NO_POOLING = {"benefits.employee.outpatient.ordinary_ratio.*": 0.0, "benefits.employee.outpatient.ordinary_cap_year": 0.0}
# Dangyang 2016 (10.1136/bmjopen-2018-025254): patients with hypertension had 10 yuan a day, 300 a year; then 150 and 600
_LITTLE_COVER = {"benefits.resident.outpatient.chronic_ratio": 0.1, "benefits.resident.outpatient.chronic_cap_year": 300.0}
_BETTER_COVER = {"benefits.resident.outpatient.chronic_ratio": 0.65, "benefits.resident.outpatient.chronic_cap_year": 600.0}


def _cheaper(ratio: float) -> float:
    """The ratio that the fund pays where patients pay a tenth less."""
    return 0.1 + 0.9 * ratio


_CHEAPER_VISITS = {"benefits.*.outpatient.ordinary_ratio.*": _cheaper, "benefits.*.outpatient.chronic_ratio": _cheaper}
_CHEAPER_STAYS = {"benefits.*.inpatient.*.ratio": _cheaper}
_TODAYS_PRICES = {"prices.item.*": 1.0}
MADE_GOOD = 0.8
"""Part of the lost mark-up that higher fees of services made up for (assumption: a usual part in the notices of the reform; re-verify)."""


def _before_the_reform(city: City) -> None:
    """Drugs with the mark-up of 15 %, and services as much cheaper as the reform made up for: fees went up when the mark-up went."""
    groups = city.catalogue
    charged = dict(zip(ITEMS, (groups.weight * groups.incidence.sum(axis=1)) @ groups.shares, strict=True))
    fees = 1.0 - MADE_GOOD * 0.15 * float(charged["drug"] / charged["service"])
    prices = {"prices.item.drug": 1.15, "prices.item.service": fees}
    _settings(prices)(city)


_NO_CATASTROPHIC = {"benefits.resident.catastrophic.deductible": 1e7}

_FILES = Path(__file__).with_name("arms")

HISTORIES: Mapping[str, History] = {
    **{name: History(name) for name in ("ffs", "quota", "global", "drg", "dip")},
    "ffs, drug mark-up": History("ffs", _before_the_reform),
    "ffs, little chronic cover": History("ffs", _settings(_LITTLE_COVER)),
}
"""What the arms have in common with each other before the switch, by name."""

ARMS: Mapping[str, Arm] = {
    "ffs": Arm("ffs"),
    "ffs to dip": Arm("ffs", "dip"),
    "ffs to drg": Arm("ffs", "drg"),
    "ffs to drg, wider ratios": Arm("ffs", "drg", change=_terms({"split_ratio": WIDER})),
    "ffs to hard global": Arm("ffs", "global", change=_terms({"overrun_share": 0.0})),
    "ffs to capitation": Arm("ffs", "capitation"),
    "quota": Arm("quota"),
    "quota to dip": Arm("quota", "dip"),
    "global": Arm("global"),
    "global to dip": Arm("global", "dip"),
    "global to package": Arm("global", "package"),
    "drg": Arm("drg"),
    "drg, audited": Arm("drg", change=_audit(5.0)),
    "drg, not audited": Arm("drg", change=_audit(0.0)),
    "dip, begun anew": Arm("dip", "dip"),
    "dip, one price": Arm("dip", "dip", change=_terms({"basic_groups": "one_price"})),
    "ffs to psychiatric days": Arm("ffs", _FILES / "psychiatric_by_day.toml"),
    "ffs to primary heads": Arm("ffs", _FILES / "primary_capitation.toml"),
    "ffs to primary budgets": Arm("ffs", _FILES / "primary_budget.toml"),
    "ffs, slack beds": Arm("ffs", change=_beds(1.25)),
    "ffs, cheaper visits": Arm("ffs", change=_settings(_CHEAPER_VISITS)),
    "ffs, cheaper stays": Arm("ffs", change=_settings(_CHEAPER_STAYS)),
    "ffs, little chronic cover": Arm("ffs, little chronic cover"),
    "ffs, better chronic cover": Arm("ffs, little chronic cover", change=_settings(_BETTER_COVER)),
    "ffs, no pooling": Arm("ffs", change=_settings(_NO_POOLING)),
    "ffs, drug mark-up": Arm("ffs, drug mark-up"),
    "ffs, mark-up removed": Arm("ffs, drug mark-up", change=_settings(_TODAYS_PRICES)),
    "ffs, no catastrophic layer": Arm("ffs", change=_settings(_NO_CATASTROPHIC)),
}
"""Every simulated reform by name; those of one history share it, person by person."""

PLACEBO = tuple(name for name, arm in ARMS.items() if arm.policy is None and arm.change is None)
"""Arms in which nothing happens at the switch: a design that finds an effect there finds one that is not."""

_DRIFT: Mapping[str, Sign] = {"tertiary": "+", "secondary": "-", "primary": "-"}
_LATER = "after Part 4: the system is not in the model yet"

STUDIES: Mapping[str, Study] = {
    "T01": Study((Part("coded weight", "ffs to dip", "ffs", "cmi", "+", low=3, high=12),)),
    "T02": Study(
        tuple(Part(tier, "quota to dip", "quota", "treatment_weight", "+", "tier", tier, "amount") for tier in ("secondary", "tertiary")),
        design="controlled",
    ),
    "T03": Study(
        tuple(Part(tier, "quota to dip", "quota", "diagnostic_weight", "0", "tier", tier) for tier in ("secondary", "tertiary")),
        design="controlled",
    ),
    "T04": Study((Part("admissions", "quota to dip", "quota", "admissions_per_100", "-"),), design="controlled"),
    "T05": Study(
        (Part("all", "quota to dip", "quota", "cost_per_admission", "+", measure="ln", low=0.025, high=0.093),), design="segmented"
    ),
    "T06": Study(
        (Part("tertiary", "quota to dip", "quota", "cost_per_admission", "+", "tier", "tertiary", "ln", 0.036, 0.113),),
        design="segmented",
    ),
    "T07": Study(
        tuple(Part(name, f"ffs to {name}", "ffs", "cost_per_admission", "-", low=-13, high=-3) for name in ("dip", "drg")),
        before=6,
        after=6,
    ),
    "T08": Study(
        (
            Part("all", "ffs to dip", "ffs", "relative_cost", "-", low=-9.3, high=-5.5),
            Part("tertiary", "ffs to dip", "ffs", "relative_cost", "-", "tier", "tertiary", low=-9.3, high=-5.5),
        ),
        before=6,
        after=6,
    ),
    "T09": Study(tuple(Part(name, f"ffs to {name}", "ffs", "within_group_cost_sd", "-") for name in ("dip", "drg")), before=18, after=18),
    "T10": Study((Part("days", "ffs to drg", "ffs", "los_days", "-", low=-13.05, high=-3.10),)),
    "T11": Study(tuple(Part(name, f"ffs to {name}", "ffs", "drug_share", "-", measure="points") for name in ("dip", "drg"))),
    "T12": Study(
        tuple(
            Part(tier, "ffs to dip", "ffs", "shifted_share", "+", "tier", tier, "points") for tier in ("primary", "secondary", "tertiary")
        ),
        design="segmented",
    ),
    "T13": Study(
        tuple(
            Part(f"{tier}, from {before}", f"{before} to dip", before, f"{tier}_admission_share", sign, measure="points")
            for before in ("quota", "global")
            for tier, sign in _DRIFT.items()
        ),
        design="segmented",
    ),
    "T14": Study(
        tuple(Part(at, "dip, one price", "dip, begun anew", "simple_share", "-", "tier", at, "points") for at in ("tertiary", "secondary")),
        design="segmented",
    ),
    "T15": Study(
        tuple(Part(tier, "global to dip", "global", "cmi", "+", "tier", tier) for tier in ("tertiary", "secondary")), design="segmented"
    ),
    "T16": Study(
        tuple(
            Part(f"{health} health", "ffs", "ffs to dip", "intensity", "+", "severity", band, low=low, high=high)
            for health, band, low, high in (
                ("good", "mild", 16.3, 32.7),
                ("moderate", "moderate", 9.5, 19.1),
                ("bad", "severe", 3.8, 7.6),
            )
        ),
        design="level",
        after=THIRD_YEAR,
        calibrated=True,
    ),
    "T17": Study(
        tuple(
            Part(f"{health} health", "ffs to dip", "ffs", "benefit_lost_share", "+", "severity", band, "points")
            for health, band in (("good", "mild"), ("moderate", "moderate"), ("bad", "severe"))
        ),
        design="level",
        after=THIRD_YEAR,
    ),
    "T18": Study(
        (Part("upcoded records", "ffs to drg", "", "upcoded_share", "+", measure="points", low=8, high=18),),
        design="level",
        after=THIRD_YEAR,
        calibrated=True,
    ),
    "T19": Study(
        (
            Part(
                "price ratio a tenth larger",
                "ffs to drg, wider ratios",
                "ffs to drg",
                "upcoded_share",
                "+",
                measure="points",
                low=0.3,
                high=0.4,
                told=log(TENTH) / log(WIDER),
            ),
        ),
        after=THIRD_YEAR,
        calibrated=True,
    ),
    "T20": Study(
        (Part("private over public", "drg", "", "upcoded_share", "+", "ownership", "private", "points", other_unit="public"),),
        "level",
    ),
    "T21": Study((Part("upcoded share", "drg, audited", "drg", "upcoded_share", "-", measure="points"),)),
    "T22": Study(
        (
            Part(
                "fund money, recoveries apart",
                "drg",
                "drg, not audited",
                "fund_cost_per_head",
                "+",
                measure="times",
                low=24,
                high=29,
                per=Place("audit_cost"),
            ),
        ),
        design="level",
    ),
    "T23": Study(
        (
            Part("fund spending", "ffs to hard global", "ffs", "fund_cost_per_head", "-"),
            Part("out of pocket of a stay", "ffs to hard global", "ffs", "oop_per_admission", "+"),
        ),
        before=12,
        after=12,
    ),
    "T24": Study(
        (
            Part("cost of a visit", "ffs to primary budgets", "ffs", "cost_per_visit", "-", "tier", "primary"),
            Part("visits", "ffs to primary budgets", "ffs", "primary_visits_per_head", "-"),
        ),
        design="level",
    ),
    "T25": Study(
        (
            Part("all visits", "global to package", "global", "visits_per_head", "+"),
            Part("primary visits", "global to package", "global", "primary_visits_per_head", "+"),
        )
    ),
    "T26": Study(
        (Part("township share", "global to package", "global", "primary_admission_share", "+", measure="points"),), "segmented", after=16
    ),
    "T27": Study(
        (
            Part("out of pocket", "ffs to capitation", "ffs", "oop_per_head", "-"),
            Part("days", "ffs to capitation", "ffs", "los_days", "-"),
        )
    ),
    "T28": Study((Part("primary visits", "ffs to primary heads", "ffs", "primary_visits_per_head", "0"),)),
    "T29": Study(
        (
            Part("drugs", "ffs, mark-up removed", "ffs, drug mark-up", "drug_per_admission", "-", "tier", "secondary"),
            Part("services", "ffs, mark-up removed", "ffs, drug mark-up", "service_per_admission", "+", "tier", "secondary"),
            Part("all", "ffs, mark-up removed", "ffs, drug mark-up", "cost_per_admission", "0", "tier", "secondary"),
        ),
    ),
    "T30": Study(
        (
            Part("visits", "ffs, better chronic cover", "ffs, little chronic cover", "visits_per_head", "+"),
            Part("admissions", "ffs, better chronic cover", "ffs, little chronic cover", "admissions_per_100", "-"),
        ),
        before=12,
    ),
    "T31": Study(
        (
            Part("visits", "ffs", "ffs, no pooling", "visits_per_head", "+"),
            Part("admissions", "ffs", "ffs, no pooling", "admissions_per_100", "0"),
        ),
        "segmented",
        before=12,
        after=12,
    ),
    "T32": Study(reason=_LATER),
    "T33": Study(
        (
            Part(
                "visits",
                "ffs, cheaper visits",
                "ffs",
                "visits_per_head",
                "-",
                measure="elasticity",
                low=-0.75,
                high=-0.34,
                per=Place("oop_share", "kind", "common"),
            ),
        ),
        "level",
        after=12,
        given=True,
    ),
    "T34": Study(
        (
            Part(
                "admissions",
                "ffs, cheaper stays",
                "ffs",
                "admissions_per_100",
                "-",
                measure="elasticity",
                low=-0.63,
                high=-0.23,
                per=Place("oop_share", "scheme_tier", "resident/secondary"),
            ),
        ),
        "level",
        after=12,
        given=True,
    ),
    "T35": Study(reason=_LATER),
    "T36": Study(reason=_LATER),
    "T37": Study(
        (
            Part("out of pocket", "ffs", "ffs, no catastrophic layer", "oop_per_head", "-"),
            Part("catastrophic expenditure", "ffs", "ffs, no catastrophic layer", "che_share", "-", measure="points"),
        ),
        "level",
    ),
    "T38": Study(
        (
            Part("days", "ffs to psychiatric days", "ffs", "los_days", "", "kind", "psychiatric"),
            Part("cost of a day", "ffs to psychiatric days", "ffs", "cost_per_day", "", "kind", "psychiatric"),
        ),
        "segmented",
        before=12,
        after=12,
    ),
    "T39": Study((Part("a quarter more beds", "ffs, slack beds", "ffs", "cost_per_admission", "+", low=5.3, high=7.9),), "level"),
    "T40": Study(
        (
            Part("handled of those inspected", "ffs to drg", "", "handled_share", "+", measure="points", low=50, high=58),
            Part("recovered of spending", "ffs to drg", "", "recovered_share", "+", measure="points", low=0.66, high=0.97),
        ),
        design="level",
    ),
    "T41": Study(
        (
            Part("tertiary over secondary", "ffs to drg", "", "upcoded_share", "+", "tier", "tertiary", "points", other_unit="secondary"),
            Part("private over public", "ffs to drg", "", "upcoded_share", "+", "ownership", "private", "points", other_unit="public"),
            Part("moderate over mild", "ffs to drg", "", "upcoded_share", "+", "severity", "moderate", "points", other_unit="mild"),
        ),
        "level",
        after=THIRD_YEAR,
    ),
}
"""What is done about every published effect. ``T16``: ranges are a third around the published 24.5, 14.3 and 5.7 per cent.
``T29``: the reform whose figures are published lowered the prices of drugs and raised the fees of services (10.1186/s12913-020-05849-4).
``T19``: the world's ratio is three tenths larger and told per tenth, as in the fit; people are the same in both worlds, so that what more
is written into dearer splits is the change of the upcoded share."""
