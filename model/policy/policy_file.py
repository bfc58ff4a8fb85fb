"""What a policy file may hold: payment modes with parameters, and routes from care to mode."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from model.errors import InputError, nearest
from model.financing import METHODS, BudgetRule
from model.policy.behaviour_file import Supervision
from model.policy.cycle_file import CYCLE
from model.policy.leaf import Leaf, LeafSpec, leaf, problem
from model.policy.route import ALL, Route
from model.policy.section import ByScheme, Label, Rows, Section

__all__ = ["Budget", "PolicyFile", "PolicyMode", "Route"]

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
YesNo = Annotated[Leaf, leaf("name", form="text", choices=("yes", "no"))]
Codes = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]


class PolicyMode(Section):
    """One payment mode as this policy uses it; `kind` is a mode's name or a path to a Python file."""

    id: Name
    kind: str = Field(min_length=1)
    sub_budget: Literal["other"] | None = Field(
        None, description="the sub-budget all of its care draws on; by kind and place of care unless given"
    )
    parameters: dict[str, Annotated[Leaf, leaf(None, form="any")]] = Field(default_factory=dict)
    cycle: dict[str, Annotated[Leaf, leaf(None, form="any")]] = Field(
        default_factory=dict, description="how what is owed is paid: months, deposit, clearing; a rule that is absent is not in force"
    )

    @property
    def leaves(self) -> dict[str, Leaf]:
        """Everything that is set about the mode: its parameters, then its cycle."""
        return {**self.parameters, **self.cycle}

    @property
    def starts(self) -> list[int]:
        """Months (index) from which anything that is set about the mode holds; 0 for what holds from the beginning."""
        return sorted({0} | {entry.start or 0 for value in self.leaves.values() for entry in value.history})

    def made(self, kind: type[Any], month: int) -> Any:
        """The mode of a class, with the parameters that are in force in a month (index)."""
        return kind(**{name: kind.PARAMETERS[name].read(leaf.at(month)) for name, leaf in self.parameters.items()})

    @property
    def kind_is_file(self) -> bool:
        """Whether `kind` points to a Python file instead of naming a mode."""
        return self.kind.endswith(".py")


PartShare = Annotated[Leaf, leaf("share", 0, 1, "of the usable money; absent: it draws on the rest")]


class Parts(Section):
    """Sub-budgets of one scheme by name; inpatient care in the city gets what they leave (rules A1)."""

    outpatient: PartShare | None = None
    chronic: PartShare | None = None
    offsite: PartShare | None = None
    other: PartShare | None = None

    @model_validator(mode="after")
    def _within_the_whole(self) -> "Parts":
        most = sum(max(entry.value for entry in part.history) for _, part in self.items() if part is not None)
        if most > 1:
            raise problem("the sub-budgets are more than there is", found=round(most, 9), allowed="at most 1 together")
        return self


class Revision(Section):
    """When, why and how far a year's budget may be raised while the year runs; one reason at least must be named (rules A1)."""

    month: Annotated[Leaf, leaf("month", 1, 11, "settlement month at whose end it may be revised", form="integer")]
    trigger: Annotated[Leaf, leaf("share", 0, 1, "recorded money above the elapsed part of the budget from which it is revised")]
    most: Annotated[Leaf, leaf("share", 0, 1, "largest rise of the year's money")]
    visits: Annotated[Leaf, leaf("share", 0, 1, "a reason: cases above those of the budget base by at least this")] | None = None
    benefits: YesNo | None = Field(None, description="a reason: benefit rules have changed since the year began")
    event: YesNo | None = Field(None, description="a reason: a public-health event in that month")

    @model_validator(mode="after")
    def _for_a_reason(self) -> "Revision":
        if self.visits is None and self.benefits is None and self.event is None:
            raise problem("a budget is revised for a reason", found=[*self.model_fields_set], allowed="one of visits, benefits, event")
        return self

    def allowed(self, month: int, more_cases: float, benefits_changed: bool) -> bool:
        """Whether one of the named reasons holds: cases above the base's by a share, changed benefits, an event in the month."""
        return (
            (self.visits is not None and more_cases >= self.visits.at(month))
            or (self.benefits is not None and self.benefits.at(month) == "yes" and benefits_changed)
            or (self.event is not None and self.event.at(month) == "yes")
        )


class Budget(Section):
    """How the coming year's money follows from the budget base, the same for every mode of the policy (rules A1)."""

    method: Annotated[Leaf, leaf("name", doc="how it follows; growth unless given", form="text", choices=METHODS)] | None = None
    growth: Annotated[Leaf, leaf("share/year", -0.5, 0.5, "growth of the budget base a year (method growth)")] | None = None
    reserve_share: Annotated[Leaf, leaf("share", 0, 0.9, "expected income kept back; the city file's unless given")] | None = None
    inpatient_ratio: (
        ByScheme[Annotated[Leaf, leaf("share", 0, 1, "inpatient care in the city, of expected income (method ratio)")]] | None
    ) = None
    parts: ByScheme[Parts] | None = None
    revision: Revision | None = None

    @model_validator(mode="after")
    def _method_has_what_it_needs(self) -> "Budget":
        methods = self.methods
        for method, key in (("growth", "growth"), ("ratio", "inpatient_ratio")):
            if method in methods and self[key] is None:
                raise problem(f"missing key: {key}", at=f".{key}", allowed=f"a value, as the method is {method}")
            if method not in methods and self[key] is not None:
                raise problem(f"only the method {method} has this", at=f".{key}", found=key, allowed=f"method {method}, or no {key}")
        for key in ("reserve_share", "parts"):
            if methods == {"growth"} and self[key] is not None:
                raise problem("last year's budget, grown, has no such thing", at=f".{key}", found=key, allowed="method income or ratio")
        return self

    @property
    def methods(self) -> set[str]:
        """Every method that is in force at some time."""
        return {"growth"} if self.method is None else {entry.value for entry in self.method.history}

    def rule(self, scheme: str, month: int, reserve: float) -> BudgetRule:
        """How a scheme's money of the year from a month on is found; ``reserve`` is kept back where the policy says nothing of it."""
        parts = () if self.parts is None else self.parts[scheme].items()
        return BudgetRule(
            method="growth" if self.method is None else self.method.at(month),
            growth=0.0 if self.growth is None else float(self.growth.at(month)),
            reserve=reserve if self.reserve_share is None else float(self.reserve_share.at(month)),
            ratio=0.0 if self.inpatient_ratio is None else float(self.inpatient_ratio[scheme].at(month)),
            shares=tuple((name, float(part.at(month))) for name, part in parts if part is not None),
        )


class PolicyFile(Section):
    """A policy: who is paid how for what."""

    name: Name
    label: Label
    description: Label
    sources: dict[str, str] = Field(default_factory=dict)
    budget: Budget
    supervision: Supervision | None = Field(None, description="audits in place of the behaviour file's")
    modes: Rows[PolicyMode] = Field(alias="mode", min_length=1)
    routes: Rows[Route] = Field(alias="route", min_length=1)
    _file: Path | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _routes_and_modes_agree(self) -> "PolicyFile":
        ids = [mode.id for mode in self.modes]
        for i, name in enumerate(ids):
            if name in ids[:i]:
                raise problem("the same id twice", at=f".mode[{i}].id", found=name)
        for i, route in enumerate(self.routes):
            if route.mode not in ids:
                near = nearest(route.mode, ids)
                raise problem("unknown mode", at=f".route[{i}].mode", found=route.mode, allowed=ids, near=near)
        for i, name in enumerate(ids):
            if name not in [route.mode for route in self.routes]:
                raise problem("no route leads to this mode", at=f".mode[{i}].id", found=name)
        return self._last_catches_all()

    def _last_catches_all(self) -> "PolicyFile":
        last = len(self.routes) - 1
        for i, route in enumerate(self.routes):
            if i == last and not route.matches_everything:
                raise problem(
                    "the last route must match everything",
                    at=f".route[{i}]",
                    found=route.model_dump(exclude_none=True, exclude={"mode"}),
                    allowed=f'care = ["{ALL}"] and no other condition',
                )
            if i < last and route.matches_everything:
                raise problem("the routes after this one can never be reached", at=f".route[{i}]", found=route.mode)
        return self

    @property
    def file(self) -> Path | None:
        """The file the policy was read from."""
        return self._file

    def mode(self, mode_id: str) -> PolicyMode:
        """The mode of that id."""
        return next(mode for mode in self.modes if mode.id == mode_id)

    def kind_path(self, mode: PolicyMode) -> Path | None:
        """The Python file a mode's `kind` points to, relative to the policy file; `None` for a name."""
        if not mode.kind_is_file:
            return None
        base = self._file.parent if self._file is not None else Path()
        return base / mode.kind

    def check_parameters(self, mode: PolicyMode, declared: Mapping[str, LeafSpec]) -> None:
        """Hold a mode's parameters against those the mode declares: names, units, bounds.

        Raises `InputError` naming the file, the place, and the nearest name.
        """
        self._check_leaves(mode.parameters, declared, f"mode[{mode.id}].parameters")
        self._check_leaves(mode.cycle, CYCLE, f"mode[{mode.id}].cycle")

    def check_holders(self, paying_groups: Collection[str]) -> None:
        """Refuse routes that lead cases of other providers to a mode that pays medical groups: nobody would be paid for them.

        Args:
            paying_groups: ids of the modes that do.

        Raises:
            InputError: naming the file and the route.
        """
        for i, route in enumerate(self.routes):
            if route.mode in paying_groups and route.member is not True:
                raise InputError(
                    f"the mode '{route.mode}' pays medical groups, so nobody would be paid for cases of other providers",
                    file=self._file,
                    path=f"route[{i}].member",
                    found="no condition" if route.member is None else route.member,
                    allowed="member = true",
                )

    def _check_leaves(self, given: Mapping[str, Leaf], declared: Mapping[str, LeafSpec], where: str) -> None:
        for key, value in given.items():
            if key not in declared:
                raise InputError(
                    "unknown parameter",
                    file=self._file,
                    path=f"{where}.{key}",
                    found=key,
                    allowed=tuple(declared),
                    nearest=nearest(key, tuple(declared)),
                )
            self._check_leaf(value, declared[key], f"{where}.{key}")
        for key, spec in declared.items():
            if key not in given and not spec.optional:
                raise InputError(f"missing key: {key}", file=self._file, path=f"{where}.{key}", allowed=tuple(declared))

    def _check_leaf(self, value: Leaf, spec: LeafSpec, where: str) -> None:
        if spec.unit is not None and value.unit != spec.unit:
            raise InputError("wrong unit", file=self._file, path=f"{where}.unit", found=value.unit, allowed=spec.unit)
        for entry in value.history:
            try:
                spec.read(entry.value)
            except PydanticCustomError as error:
                context = error.context or {}
                raise InputError(
                    context["what"],
                    file=self._file,
                    path=where + context["at"],
                    found=context["found"],
                    allowed=context["allowed"],
                    nearest=context["nearest"],
                ) from None

    @property
    def dated(self) -> bool:
        """Whether what covers a case changes with time."""
        return any(route.dated for route in self.routes)

    def match(
        self, codes: Mapping[str, Codes], local: Flags, member: Flags, own: Flags, also: Sequence[Flags | bool] | None = None
    ) -> npt.NDArray[np.int16]:
        """Position in `modes` of the mode that covers each case.

        All arrays are of one length: `codes` as :meth:`Route.among` takes them, the truth of `local`, `member` and of "one of the
        holder's own heads"; `also` says for each route which cases meet its conditions on names and dates (all, if it is not given).
        """
        ids = [mode.id for mode in self.modes]
        result = np.full(len(local), -1, dtype=np.int16)
        for i, route in enumerate(self.routes):
            hit = (result < 0) & route.among(codes)
            for flag, wanted in ((local, route.local), (member, route.member)):
                if wanted is not None:
                    hit &= flag == wanted
            if route.heads is not None:
                hit &= own == (route.heads == "own")
            if also is not None:
                hit &= also[i]
            result[hit] = ids.index(route.mode)
        return result
