"""Which mode covers which care: a policy's routes met with a city's institutions, the disease groups and the date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.codes import PRIVATE, SCHEMES, VISIT_KINDS
from model.errors import InputError, nearest
from model.geography import Geography
from model.payment import GroupFacts, PaymentMode
from model.policy import PolicyFile

HEADS_NONE, HEADS_INSTITUTION, HEADS_GROUP, HEADS_BOTH = range(4)
"""Relation of a patient to a provider: nobody's, assigned to the institution, member of its group, or both."""
N_RELATIONS = 4


@dataclass(frozen=True)
class Routing:
    """The modes' numbers ``table[care class, provider, scheme, relation]`` (rules section 0, step 4).

    A class of care is a kind of visit (the first classes, in the order of their codes) or the disease groups that no route tells apart;
    ``class_of_group`` says which a stay belongs to by the group it is written as.
    """

    table: NDArray[np.int8]
    class_of_group: NDArray[np.int16]

    @classmethod
    def alone(cls, n_providers: int, n_groups: int) -> Routing:
        """The routing under which the only mode covers everything."""
        classes = len(VISIT_KINDS) + 1
        table = np.zeros((classes, n_providers, len(SCHEMES), N_RELATIONS), dtype=np.int8)
        return cls(table, np.full(n_groups, classes - 1, dtype=np.int16))

    @property
    def by_group(self) -> bool:
        """Whether it can matter for the mode which disease group a stay is written as."""
        stays = self.table[len(VISIT_KINDS) :]
        return bool((stays != stays[:1]).any())

    def of_visit(self, kind: NDArray[Any], provider: NDArray[Any], scheme: NDArray[Any], relation: NDArray[Any]) -> NDArray[np.int8]:
        """The mode that covers each visit."""
        found: NDArray[np.int8] = self.table[kind, provider, scheme, relation]
        return found

    def of_stay(self, group: NDArray[Any], provider: NDArray[Any], scheme: NDArray[Any], relation: NDArray[Any]) -> NDArray[np.int8]:
        """The mode that covers each stay, written as ``group``."""
        found: NDArray[np.int8] = self.table[self.class_of_group[group], provider, scheme, relation]
        return found


def routing_of(policy: PolicyFile, modes: list[PaymentMode], geography: Geography, groups: GroupFacts, start: int, month: int) -> Routing:
    """The routes in force in a settlement year that begins in ``month``, of a policy that starts in month ``start``.

    "Own heads" means what the routed mode means by heads, so the policy is asked twice and the mode of the answer decides.

    Raises:
        InputError: a route names an institution, a county or a disease group that there is not.
    """
    kind, covered = _care_classes(policy, groups)
    providers = geography.providers
    shape = (len(kind), len(providers), len(SCHEMES), N_RELATIONS)
    care, provider, scheme, relation = (axis.ravel() for axis in np.indices(shape))
    codes = {
        "care": kind[care],
        "tiers": providers.tier[provider],
        "ownership": np.where(providers.private[provider], PRIVATE, 0),
        "schemes": scheme,
        "specialty": providers.kind[provider],
    }
    place = _places(policy, geography)
    now = [route.in_force(start, month) for route in policy.routes]
    also = [covered[i, care] & place[i, provider] & now[i] for i in range(len(policy.routes))]
    local, member, everybody = providers.local[provider], providers.group[provider] >= 0, np.ones(len(care), dtype=bool)
    own = policy.match(codes, local, member, everybody, also)
    other = policy.match(codes, local, member, ~everybody, also)
    meaning = np.array([{"none": 0, "institution": 1, "group": 2}[mode.traits.heads] for mode in modes])[own]
    institution = np.isin(relation, (HEADS_INSTITUTION, HEADS_BOTH))
    group = np.isin(relation, (HEADS_GROUP, HEADS_BOTH))
    is_own = np.where(meaning == 1, institution, np.where(meaning == 2, group, relation != HEADS_NONE))
    table = np.where(is_own, own, other).astype(np.int8).reshape(shape)
    return Routing(table, _class_of_group(policy, groups)[1])


def _care_classes(policy: PolicyFile, groups: GroupFacts) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Kind of each class of care, and which classes each route's disease groups cover ``[route, class]``."""
    known, of_group = _class_of_group(policy, groups)
    visits = len(VISIT_KINDS)
    kind = np.concatenate([np.arange(visits), known[:, 0]])
    covered = np.ones((len(policy.routes), len(kind)), dtype=bool)
    covered[:, visits:] = known[:, 1:].T == 1
    assert of_group.max() == len(kind) - 1
    return kind, covered


def _class_of_group(policy: PolicyFile, groups: GroupFacts) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
    """Groups told apart by kind or by the routes that cover them: kind and coverage by route of each class, and the class of each group."""
    rows = [groups.kind.astype(np.int64)]
    for i, route in enumerate(policy.routes):
        try:
            rows.append(route.of_groups(groups.code, groups.basic, groups.operative).astype(np.int64))
        except InputError as error:
            raise InputError(
                error.what, file=policy.file, path=f"route[{i}].groups", found=error.found, allowed=error.allowed, nearest=error.nearest
            ) from None
    known, of_group = np.unique(np.array(rows).T, axis=0, return_inverse=True)
    return known, (of_group.ravel() + len(VISIT_KINDS)).astype(np.int16)


def _places(policy: PolicyFile, geography: Geography) -> NDArray[np.bool_]:
    """Institutions that each route's names cover ``[route, provider]``."""
    providers = geography.providers
    county = np.array(geography.counties, dtype=object)[providers.county]
    of = {"providers": np.array(providers.name, dtype=object), "counties": np.where(providers.county >= 0, county, "")}
    out = np.ones((len(policy.routes), len(providers)), dtype=bool)
    for i, route in enumerate(policy.routes):
        for key, names in of.items():
            wanted = route[key]
            if wanted is not None:
                _check_names(policy, f"route[{i}].{key}", wanted, geography.counties if key == "counties" else providers.name)
                out[i] &= np.isin(names, wanted)
    return out


def _check_names(policy: PolicyFile, where: str, wanted: tuple[str, ...], there: list[str]) -> None:
    for j, name in enumerate(wanted):
        if name not in there:
            raise InputError(
                "the city has nothing of this name", file=policy.file, path=f"{where}[{j}]", found=name, nearest=nearest(name, there)
            )
