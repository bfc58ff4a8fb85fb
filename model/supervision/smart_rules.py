"""Smart rules (智能审核规则) on all claims: functions of what an insurer sees, which flag honest claims too.

A rule never sees a truth column. It gets the claims as :class:`Shown`, what is usual as :class:`Norms`, and its limits; it returns a mask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from model.care import CODING, SHIFT, SPLITTING, THRESHOLD
from model.cases import Claims
from model.catalogue import PARTITIONS, Catalogue
from model.codes import age_band

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
LEAN = 10.0
"""Cases that what is expected of a group by its catalogue weight counts for, beside those seen (assumption)."""
PEERS = 20.0
"""Claims that peers' share counts for, where a provider's own share is taken (assumption: a month of a small hospital)."""
MEMORY = 12
"""Months that what is usual goes by."""


@dataclass(frozen=True)
class RuleLimits:
    """From where the smart rules flag; shares of what is usual unless said otherwise (sources: the behaviour file).

    ``cheap_for_group`` charge of a dearer split; ``dear_share`` a provider's share of dearer splits over its peers'; ``cheap_stay`` and
    ``short_stay`` charge and days of a mild stay; ``own_share`` part outside the catalogue; ``long_stay`` days, and ``thin_operation``
    charge of an operative group, that cannot be.
    """

    cheap_for_group: float
    dear_share: float
    cheap_stay: float
    short_stay: float
    own_share: float
    long_stay: float
    thin_operation: float


@dataclass(frozen=True)
class Shown:
    """What an insurer sees of claims, one row a claim; money in fen. ``returned`` marks stays of a person who had another one in a group of
    the same family in this month or the month before."""

    provider: NDArray[np.int16]
    tier: NDArray[np.int8]
    scheme: NDArray[np.int8]
    group: NDArray[np.int16]
    severity: NDArray[np.int8]
    emergency: Mask
    age: NDArray[np.int16]
    stay: NDArray[np.int16]
    charge: Floats
    own_pay: Floats
    returned: Mask

    @classmethod
    def of(cls, claims: Claims, before: Claims | None, catalogue: Catalogue) -> Shown:
        """The month's claims, held against those of the month before."""
        return cls(
            provider=claims.provider,
            tier=claims.tier,
            scheme=claims.scheme,
            group=claims.group_coded,
            severity=claims.severity,
            emergency=claims.emergency,
            age=claims.age,
            stay=claims.stay,
            charge=claims.charge.astype(np.float64),
            own_pay=claims.own_pay.astype(np.float64),
            returned=_returned(claims, before, catalogue),
        )

    def __len__(self) -> int:
        return len(self.provider)


def _returned(claims: Claims, before: Claims | None, catalogue: Catalogue) -> Mask:
    """Stays of one person in one family of groups: those that follow in the month after, and all of the same month."""
    key = _family_key(claims, catalogue)
    order = np.argsort(key)
    ordered = key[order]
    again = np.zeros(len(key), dtype=bool)
    same = ordered[1:] == ordered[:-1]
    again[1:] |= same
    again[:-1] |= same
    if before is not None and len(before):
        earlier = np.sort(_family_key(before, catalogue))
        again |= earlier[np.minimum(np.searchsorted(earlier, ordered), len(earlier) - 1)] == ordered
    back = np.zeros(len(key), dtype=bool)
    back[order] = again
    return back


def _family_key(claims: Claims, catalogue: Catalogue) -> NDArray[np.uint64]:
    """Person and family of groups in one number, as unlikely to clash as a 64-bit hash."""
    return claims.uid * np.uint64(0x9E3779B97F4A7C15) + catalogue.adrg[claims.group_coded].astype(np.uint64)


class Norms:
    """What is usual, by the claims of the last months with less weight the older: by scheme, tier and group, and of dearer splits.

    Args:
        catalogue: disease groups, whose weights fill in where a group is seldom seen.
        provider_tier: tier of each provider.
    """

    def __init__(self, catalogue: Catalogue, provider_tier: NDArray[np.int8]) -> None:
        self._groups, self._tier = len(catalogue), provider_tier
        self._weight, self._stay = catalogue.weight, catalogue.stay
        same = catalogue.adrg[:, None] == catalogue.adrg[None, :]
        self.is_dear = (same & (catalogue.weight[:, None] > catalogue.weight[None, :])).any(axis=1)
        self.has_splits = same.sum(axis=1) > 1
        self.is_operative = catalogue.partition != PARTITIONS.index("medical")
        self.comes_at_age = catalogue.incidence > 0
        self._sums = np.zeros((4, 6 * self._groups))
        self._splits = np.zeros((2, len(provider_tier)))
        self._usual = np.zeros((3, 6 * self._groups))

    def _cell(self, shown: Shown) -> NDArray[np.int64]:
        return (shown.scheme.astype(np.int64) * 3 + shown.tier) * self._groups + shown.group

    def see(self, shown: Shown) -> None:
        """Adds a month of claims to what is usual."""
        cell, size = self._cell(shown), self._sums.shape[1]
        values = (None, shown.charge, shown.stay.astype(np.float64), shown.own_pay)
        fade = 1 - 1 / MEMORY
        self._sums *= fade
        self._splits *= fade
        for total, value in zip(self._sums, values, strict=True):
            total += np.bincount(cell, weights=value, minlength=size)
        for total, mask in zip(self._splits, (self.has_splits, self.is_dear), strict=True):
            total += np.bincount(shown.provider[mask[shown.group]], minlength=len(total))
        self._usual = self._usual_now()

    def _usual_now(self) -> Floats:
        """Charge, days and own share usual in each cell: the mean seen, leaning on the scheme's and tier's by the group's weight."""
        count, charge, stay, own = self._sums.reshape(4, 6, self._groups)
        whole = np.maximum(count.sum(axis=1, keepdims=True), 1.0)
        by_weight = charge.sum(axis=1, keepdims=True) / np.maximum((count * self._weight).sum(axis=1, keepdims=True), 1e-9)
        by_stay = stay.sum(axis=1, keepdims=True) / np.maximum((count * self._stay).sum(axis=1, keepdims=True), 1e-9)
        mean_own = own.sum(axis=1, keepdims=True) / np.maximum(charge.sum(axis=1, keepdims=True), 1.0)
        lean_charge = LEAN * charge.sum(axis=1, keepdims=True) / whole
        usual = (
            (charge + LEAN * by_weight * self._weight) / (count + LEAN),
            (stay + LEAN * by_stay * self._stay) / (count + LEAN),
            (own + lean_charge * mean_own) / np.maximum(charge + lean_charge, 1.0),
        )
        return np.stack(usual).reshape(3, -1)

    def usual(self, shown: Shown) -> tuple[Floats, Floats, Floats]:
        """Usual charge (fen), days and own share of each claim's scheme, tier and group."""
        charge, stay, own = self._usual.take(self._cell(shown), axis=1)
        return charge, stay, own

    def dear_share(self) -> tuple[Floats, Floats]:
        """Dearer splits in each provider's claims of groups with splits, and in its peers': ``(own, peers)``, own leaning on peers."""
        whole, dear = self._splits
        by_tier = [np.bincount(self._tier, weights=one, minlength=3) for one in (whole, dear)]
        peers = (by_tier[1] / np.maximum(by_tier[0], 1.0))[self._tier]
        return (dear + PEERS * peers) / (whole + PEERS), peers


Check = Callable[[Shown, Norms, RuleLimits], Mask]
Time = Literal["before", "during", "after"]


@dataclass(frozen=True)
class SmartRule:
    """One rule: the channel it points to, when it is applied (before, during or after payment), its labels, and the test itself."""

    name: str
    channel: int
    time: Time
    label_zh: str
    label_en: str
    meaning: str
    check: Check


def _cheap_for_group(shown: Shown, norms: Norms, limits: RuleLimits) -> Mask:
    charge, _, _ = norms.usual(shown)
    out: Mask = norms.is_dear[shown.group] & (shown.charge < limits.cheap_for_group * charge)
    return out


def _dear_share(shown: Shown, norms: Norms, limits: RuleLimits) -> Mask:
    own, peers = norms.dear_share()
    out: Mask = norms.is_dear[shown.group] & (own > limits.dear_share * peers)[shown.provider]
    return out


def _returns(shown: Shown, norms: Norms, limits: RuleLimits) -> Mask:
    return shown.returned


def _low_threshold(shown: Shown, norms: Norms, limits: RuleLimits) -> Mask:
    charge, stay, _ = norms.usual(shown)
    small = (shown.charge < limits.cheap_stay * charge) & (shown.stay < limits.short_stay * stay)
    out: Mask = small & (shown.severity == 0) & ~shown.emergency
    return out


def _outside(shown: Shown, norms: Norms, limits: RuleLimits) -> Mask:
    _, _, own = norms.usual(shown)
    out: Mask = shown.own_pay > limits.own_share * own * shown.charge
    return out


def _impossible(shown: Shown, norms: Norms, limits: RuleLimits) -> Mask:
    charge, stay, _ = norms.usual(shown)
    strange = ~norms.comes_at_age[shown.group, age_band(shown.age)] | (shown.stay > limits.long_stay * stay)
    out: Mask = strange | (norms.is_operative[shown.group] & (shown.charge < limits.thin_operation * charge))
    return out


RULES: dict[str, SmartRule] = {
    rule.name: rule
    for rule in (
        SmartRule(
            "low_threshold",
            THRESHOLD,
            "before",
            "低标准入院",
            "Low-threshold admission",
            "mild, no emergency, cheaper and shorter than is usual in its group",
            _low_threshold,
        ),
        SmartRule(
            "impossible",
            CODING,
            "before",
            "不合理组合",
            "Impossible combination",
            "an age the group does not come at, days far beyond the usual, an operative group at a charge without an operation",
            _impossible,
        ),
        SmartRule(
            "upcoding",
            CODING,
            "during",
            "高套分值",
            "Upcoding",
            "written into a dearer split at a charge below what is usual there",
            _cheap_for_group,
        ),
        SmartRule(
            "splitting",
            SPLITTING,
            "during",
            "分解住院",
            "Splitting",
            "the same person in the same family of groups in this month or the month before",
            _returns,
        ),
        SmartRule(
            "dear_share",
            CODING,
            "after",
            "高分值组占比偏高",
            "Many dearer splits",
            "a dearer split at a provider whose share of dearer splits is above its peers'",
            _dear_share,
        ),
        SmartRule(
            "outside_catalogue",
            SHIFT,
            "after",
            "目录外费用占比偏高",
            "High share outside the catalogue",
            "the part outside the catalogue is above what is usual in scheme, tier and group",
            _outside,
        ),
    )
}
"""Smart rules by name (rules I2: before, during and after payment; low-standard admission, upcoding, splitting)."""


def flag_claims(shown: Shown, norms: Norms, limits: RuleLimits) -> dict[str, Mask]:
    """Every rule's mask over the claims, by the rule's name."""
    return {name: rule.check(shown, norms, limits) for name, rule in RULES.items()}


def flagged_by_channel(flags: dict[str, Mask], channels: tuple[int, ...]) -> NDArray[Any]:
    """Claims that any rule flags, ``[channel, claim]``."""
    length = len(next(iter(flags.values())))
    out = np.zeros((len(channels), length), dtype=bool)
    for name, mask in flags.items():
        out[channels.index(RULES[name].channel)] |= mask
    return out
