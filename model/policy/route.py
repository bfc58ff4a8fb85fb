"""A route of a policy file: which care a mode covers, by kind, provider, scheme, disease group, place, head and date."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from model.calendar import parse_month
from model.codes import KINDS, OWNERSHIPS, PROVIDER_KINDS, SCHEMES, STAY_KINDS, TIERS
from model.errors import InputError, nearest
from model.policy.leaf import problem
from model.policy.section import Section, Texts

__all__ = ["ALL", "GROUP_LISTS", "Route", "month_of_date"]

ALL = "all"
"""Stands in ``care`` for every kind there is."""
GROUP_LISTS = ("basic", "operative")
"""Names in ``groups`` that stand for a list: groups every level can treat, groups that a procedure defines."""
_SINCE_SWITCH = re.compile(r"M\+([0-9]{1,4})")

Codes = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]
Date = Annotated[str, Field(min_length=1)]


def month_of_date(date: str, start: int) -> int:
    """The month index of a date in a route: ``M+12`` counts from the month the policy starts in, ``2021-11`` is a month.

    Raises:
        InputError: neither of the two.

    >>> month_of_date("M+12", parse_month("2021-01")) == parse_month("2022-01") == month_of_date("2022-01", 0)
    True
    """
    since = _SINCE_SWITCH.fullmatch(date)
    return start + int(since[1]) if since else parse_month(date)


class Route(Section):
    """Which care a mode covers (rules section 0, step 4). A condition that is absent holds for all; the first match wins."""

    care: Texts = Field(min_length=1, description='kinds of care; "all" stands for every kind')
    tiers: Texts | None = None
    ownership: Texts | None = None
    schemes: Texts | None = None
    specialty: Texts | None = Field(None, description="kinds of institution")
    providers: Texts | None = Field(None, description="names of institutions of the city")
    counties: Texts | None = Field(None, description="names of counties the institution lies in")
    groups: Texts | None = Field(
        None, description='disease groups a stay is written as: codes or how they begin, "basic" or "operative"; stays only'
    )
    local: bool | None = Field(None, description="true: the provider is in the city")
    member: bool | None = Field(None, description="true: a public county or township provider of a county group")
    heads: Literal["own", "other"] | None = Field(
        None, description="own: the patient is one of the assigned heads of the provider's holder"
    )
    begins: Date | None = Field(
        None,
        alias="from",
        description='in force in settlement years that begin then or later: "M+12" after the switch, or "2021-11"',
    )
    until: Date | None = Field(None, description="not in force in settlement years that begin then or later; written like from")
    mode: str

    @model_validator(mode="after")
    def _known_names(self) -> "Route":
        for key, names in _NAMES.items():
            found = self[key]
            if found is not None and not found:
                raise problem("an empty list matches nothing", at=f".{key}", found=[], allowed=names or "one name or more")
            for i, name in enumerate(found or ()):
                if names and name not in names:
                    near = nearest(name, names)
                    raise problem("unknown name", at=f".{key}[{i}]", found=name, allowed=names, near=near)
        if ALL in self.care and len(self.care) > 1:
            raise problem("all stands alone", at=".care", found=list(self.care), allowed=[ALL])
        visits = [kind for kind in self.kinds if kind not in STAY_KINDS]
        if self.groups is not None and visits:
            raise problem("only stays have a disease group", at=".care", found=visits, allowed=STAY_KINDS)
        return self._known_dates()

    def _known_dates(self) -> "Route":
        for key, date in (("from", self.begins), ("until", self.until)):
            try:
                month_of_date(date or "M+0", 0)
            except InputError:
                allowed = '"M+12": months after the switch, or "YYYY-MM"'
                raise problem("not a date of a route", at=f".{key}", found=date, allowed=allowed) from None
        return self

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of care it covers."""
        return KINDS if ALL in self.care else self.care

    @property
    def dated(self) -> bool:
        """Whether it is not in force at all times."""
        return self.begins is not None or self.until is not None

    @property
    def matches_everything(self) -> bool:
        """Whether no case at all escapes this route."""
        conditions = (self[key] for key in self.key_names() if key not in ("care", "mode"))
        return set(self.kinds) == set(KINDS) and all(condition is None for condition in conditions)

    def in_force(self, start: int, month: int) -> bool:
        """Whether the route holds in a settlement year that begins in ``month``, of a policy that starts in month ``start``."""
        begun = self.begins is None or month_of_date(self.begins, start) <= month
        return begun and (self.until is None or month < month_of_date(self.until, start))

    def among(self, codes: Mapping[str, Codes]) -> Flags:
        """Which cases meet the conditions on codes: ``care``, ``tiers``, ``ownership``, ``schemes`` and ``specialty``."""
        hit = np.ones(len(codes["care"]), dtype=np.bool_)
        for key, names in (("care", KINDS), *((key, _NAMES[key]) for key in ("tiers", "ownership", "schemes", "specialty"))):
            wanted = self.kinds if key == "care" else self[key]
            if wanted is not None:
                hit &= np.isin(codes[key], [names.index(name) for name in wanted])
        return hit

    def of_groups(self, code: Sequence[str], basic: Flags, operative: Flags) -> Flags:
        """Which disease groups the route covers, of those with these codes.

        Raises:
            InputError: a name in ``groups`` is neither a list nor how a code begins; without file and path.
        """
        if self.groups is None:
            return np.ones(len(code), dtype=np.bool_)
        hit = np.zeros(len(code), dtype=np.bool_)
        lists = dict(zip(GROUP_LISTS, (basic, operative), strict=True))
        for name in self.groups:
            found = lists.get(name, np.array([each.startswith(name) for each in code], dtype=np.bool_))
            if name not in lists and (not name or not found.any()):
                near = nearest(name, (*GROUP_LISTS, *code))
                raise InputError("unknown disease group", found=name, allowed=f"a code, how it begins, or {GROUP_LISTS}", nearest=near)
            hit |= found
        return hit


_NAMES: dict[str, tuple[str, ...]] = {
    "care": (ALL, *KINDS),
    "tiers": TIERS,
    "ownership": OWNERSHIPS,
    "schemes": SCHEMES,
    "specialty": PROVIDER_KINDS,
    "providers": (),
    "counties": (),
    "groups": (),
}
"""Conditions that list names, with the names that are known without a city and a catalogue."""
