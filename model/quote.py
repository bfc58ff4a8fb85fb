"""What a slightly different conduct would have been paid: per-case gains under the settlement code, for conduct and for the month alike.

Marginal entitlements come from the settlement by finite steps around everybody's posted totals; what an act does to a case's units comes
from the mode's own tariff. There is no second incentive formula.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.care import CODING, MIX, SHIFT, SPLITTING, STAY, THRESHOLD, CareRules, Eligible, intensity_of, stay_charge, stay_days
from model.cases import CaseTruth
from model.catalogue import Catalogue
from model.items import Items
from model.payment import CASES, CHARGE, DAYS, IN_SCOPE, MEASURES, OUTFLOW, OWN_PAY, RECORDED, RESIDUAL, UNITS, CaseTable
from model.settlement import Settlement, in_order

Floats = NDArray[np.float64]

BLOCK = 16_000
"""Cases quoted at a time: their columns then stay below the size from which memory is fetched from the system anew for each, which takes
more than half of the time."""
ALL_GAINS = frozenset({"intensity", "code", "treat", "split", "threshold", "select", "shift", "finish", "stay"})
"""Everything that can be asked of :meth:`Quote.gains`."""
PARTIAL = ("code", "code_raw", "treat", "split", "threshold")
"""Gains of acts that can be done on some cases only."""
ACTS = frozenset({"code", "treat", "split", "threshold", "select"})
"""Acts on single cases, which are done most gainful first."""


@dataclass(frozen=True)
class Expected:
    """What supervision is expected to cost a distorted claim.

    ``detection[channel]`` probability of being found, by provider; ``fine[channel]`` multiple on top of recovery, by provider;
    ``finding`` fen that a finding costs beyond both (credit, suspension), by provider; ``bonus`` for an audited claim in which nothing is
    found, of its charge; ``forgone[channel]`` probability that an audit finds it and the bonus is lost, by provider; ``aversion`` weight
    of a fen of sanctions over a fen earned.
    """

    detection: dict[int, Floats]
    fine: dict[int, Floats]
    finding: Floats | float = 0.0
    bonus: float = 0.0
    forgone: dict[int, Floats] = field(default_factory=dict)
    aversion: float = 1.0

    def cost(self, channel: int, provider: NDArray[np.int16], gain: Floats, charge: Floats, size: Floats | float = 1.0) -> Floats:
        """Fen expected of distorted claims that gain ``gain``, as felt; ``size`` is the part of a claim that each of them is.

        What does not gain is neither taken back nor fined.
        """
        finding = np.broadcast_to(self.finding, self.detection[channel].shape)[provider]
        taken = (1 + self.fine[channel][provider]) * np.maximum(gain, 0.0) + np.where(gain > 0, finding * size, 0.0)
        felt: Floats = self.detection[channel][provider] * self.aversion * taken
        if self.bonus:
            felt += self.forgone[channel][provider] * self.bonus * charge * size
        return felt


@dataclass(frozen=True)
class Prices:
    """What providers can know of money at one time.

    ``marginal[instance, provider, scheme, measure]`` fen of entitlement per unit more; ``sanctions``; ``items`` what a bill consists of
    and which part of each item is variable cost; ``crowding[provider]`` factor on it, and ``bed[provider]`` what all usual days of a stay
    cost beyond that, over the variable cost of a usual case, for want of beds (less where they stand empty); ``refused_ratio`` recorded
    money elsewhere over recorded money here of a refused own head; ``split_gain`` part of a divided stay's charge that is recovered.
    """

    marginal: Floats
    sanctions: Expected
    items: Items
    crowding: Floats
    bed: Floats
    refused_ratio: float
    split_gain: float

    @cached_property
    def by_measure(self) -> Floats:
        """The marginals ``[measure, cell]``, a cell being what :meth:`cell` says."""
        return np.ascontiguousarray(self.marginal.reshape(-1, self.marginal.shape[-1]).T)

    def cell(self, instance: NDArray[Any], provider: NDArray[Any], scheme: NDArray[Any]) -> NDArray[np.int32]:
        """Position in :attr:`by_measure` of each case."""
        _, providers, schemes, _ = self.marginal.shape
        found: NDArray[np.int32] = (instance.astype(np.int32) * providers + provider) * schemes + scheme
        return found


@dataclass(frozen=True)
class _Case:
    """Cases under the conduct in force: what stays the same in all alternatives, and what they bring.

    ``table`` as the modes see them, the patient's ``relation`` to the provider, and the mode ``instance`` of each; linear prices of a
    ``unit``, of being a ``case``, of a ``day`` and of a fen of charge, from all payers and less variable cost; ``slope``, what a fen
    brings more inside the catalogue than outside; shares of the charge ``inside`` and, of that, ``recorded``; variable cost ``kappa``
    per fen of the bill and ``kappa_more`` per fen of what is given more, and of a day beyond them, ``bed``; the money they bring as
    planned (``base``).
    """

    instance: NDArray[np.int8]
    relation: NDArray[np.int8]
    table: CaseTable
    unit: Floats
    case: Floats
    day: Floats
    fen: Floats
    slope: Floats
    inside: Floats
    recorded: Floats
    kappa: Floats
    kappa_more: Floats
    bed: Floats
    base: Floats

    def take(self, at: NDArray[Any]) -> _Case:
        """The cases at positions ``at``."""
        return _Case(**{f.name: getattr(self, f.name).take(at) for f in fields(self)})


def read_prices(
    settlement: Settlement, sanctions: Expected, items: Items, crowding: Floats, bed: Floats, refused_ratio: float, split_gain: float
) -> Prices:
    """Marginal entitlements of every provider under every mode, from the settlement's posted aggregates."""
    marginal = np.zeros((len(settlement.instances), settlement.n_providers, 2, len(MEASURES)))
    for i, instance in enumerate(settlement.instances):
        holder = instance.holder_of(settlement.provider_group)
        held = np.flatnonzero(holder >= 0)
        marginal[i, held] = settlement.marginal(i, holder[held])
    return Prices(marginal, sanctions, items, crowding, bed, refused_ratio, split_gain)


@dataclass(frozen=True)
class Gains:
    """Money a provider gains by each act on each case, fen: λ is not applied, expected sanctions are already off.

    ``more`` and ``less``: the case at intensity ± ``step``; ``longer`` and ``shorter``: with a stay ± ``step`` of its usual days;
    ``code``, ``treat``, ``split``, ``select``: the act done in full; ``code_raw``: writing up before sanctions; ``threshold``: one more
    such mild case admitted; ``shift``: per unit of shifted share; ``finish[level]``: the case finished at each level.
    """

    step: float
    more: Floats
    less: Floats
    longer: Floats
    shorter: Floats
    code: Floats
    code_raw: Floats
    treat: Floats
    split: Floats
    select: Floats
    threshold: Floats
    shift: Floats
    finish: list[Floats]

    @classmethod
    def none(cls, n: int, step: float, levels: int) -> Gains:
        """Of ``n`` cases on which no act brings anything."""
        columns = {f.name: np.zeros(n) for f in fields(cls) if f.name not in ("step", "finish")}
        return cls(step=step, finish=[np.zeros(n) for _ in range(levels)], **columns)

    def put(self, at: NDArray[np.int64] | slice, acts: dict[str, Floats], finish: list[Floats]) -> None:
        """Writes what acts bring on the cases ``at``, in place."""
        for name, money in acts.items():
            getattr(self, name)[at] = money
        for column, money in zip(self.finish, finish, strict=True):
            column[at] = money


class Quote:
    """Asks the settlement what cases would bring under alternatives.

    Args:
        settlement: the books, with terms and posted aggregates.
        prices: marginal entitlements and expected sanctions.
        rules: what each act does to a case.
        catalogue: disease groups.
    """

    def __init__(self, settlement: Settlement, prices: Prices, rules: CareRules, catalogue: Catalogue) -> None:
        self.settlement, self.prices, self.rules, self.catalogue = settlement, prices, rules, catalogue
        self.kind = catalogue.kind

    def gains(self, truth: CaseTruth, conduct: Floats, able: Eligible, step: float, only: frozenset[str] = ALL_GAINS) -> Gains:
        """Gains of all cases around the providers' present intensity and shift; those not asked for by ``only`` stay zero."""
        found = Gains.none(len(truth), step, len(self.rules.finish_levels) if "finish" in only else 0)
        order = None if in_order(truth.instance) else np.argsort(truth.instance, kind="stable")
        for first in range(0, max(len(truth), 1), BLOCK):
            # a mode's cases stand together, so that it is asked once and sees its part of the columns without a copy
            piece = slice(first, first + BLOCK) if order is None else order[first : first + BLOCK]
            found.put(piece, *self._gains(truth.take(piece), conduct, able.take(piece), step, only))
        return found

    def _gains(
        self, truth: CaseTruth, conduct: Floats, able: Eligible, step: float, only: frozenset[str]
    ) -> tuple[dict[str, Floats], list[Floats]]:
        """What the acts asked for bring, by the names of :class:`Gains`, and what the levels of finishing do."""
        q = intensity_of(conduct, truth.provider, truth.severity)
        s = conduct[truth.provider, STAY]
        case = self._planned(truth, q, conduct)
        charge, n, p, sanctions = case.table.charge, len(truth), truth.provider, self.prices.sanctions
        acts = {name: np.zeros(n) for name in PARTIAL if name.removesuffix("_raw") in only}
        if "intensity" in only:
            for name, by in (("more", step), ("less", -step)):
                acts[name] = self._served(case, charge * (1 + by / q), self._days(truth.standard_stay, q + by, s)) - case.base
        if "stay" in only:
            at_usual = charge / stay_charge(s, self.rules)
            for name, by in (("longer", step), ("shorter", -step)):
                days = self._days(truth.standard_stay, q, s + by)
                acts[name] = self._money(case, at_usual * stay_charge(s + by, self.rules), days) - case.base
        if "code" in only:
            at = np.flatnonzero(able.code)
            mine = case.take(at)
            raw = self._money(self._as_group(mine, self.catalogue.code_up), mine.table.charge, mine.table.stay) - mine.base
            acts["code_raw"][at] = raw
            acts["code"][at] = raw - sanctions.cost(CODING, p[at], raw, mine.table.charge)
        if "treat" in only:
            at = np.flatnonzero(able.treat)
            acts["treat"][at] = self._treated(case.take(at))
        if "split" in only:
            at = np.flatnonzero(able.split)
            mine = case.take(at)
            parted = mine.table.charge
            found = sanctions.cost(SPLITTING, p[at], self.prices.split_gain * parted, parted)
            acts["split"][at] = self._split(mine) - mine.base - found
        if "threshold" in only:
            at = np.flatnonzero(truth.severity == 0)
            mine = case.take(at)
            small = mine.table.charge * self.rules.threshold_charge
            acts["threshold"][at] = self._money(mine, small, mine.table.stay)
            # the claim would not be there otherwise, so no bonus is lost with it
            acts["threshold"][at] -= sanctions.cost(THRESHOLD, p[at], small, np.zeros(len(at)))
        if "select" in only:
            acts["select"] = np.where(able.select, self._refused(truth, charge) - case.base, 0.0)
        if "shift" in only:
            acts["shift"] = self._shifted(case, truth.in_scope_share, step)
        finish = self._finish(case, truth, q, s, able) if "finish" in only else []
        return acts, finish

    def _planned(self, truth: CaseTruth, q: Floats, conduct: Floats) -> _Case:
        """Cases as the present ``conduct[provider, channel]`` would have them, and what a unit and a fen of each are worth."""
        p = truth.provider
        s, shift, mix = conduct[p, STAY], conduct[p, SHIFT], conduct[:, MIX]
        charge = truth.standard_charge * q * stay_charge(s, self.rules)
        inside, recorded = truth.in_scope_share.astype(np.float64) * (1 - shift), truth.recorded_share.astype(np.float64)
        table = self.settlement.case_table(
            truth.instance,
            provider=truth.provider,
            scheme=truth.scheme,
            group=truth.group,
            charge=charge,
            in_scope=charge * inside,
            recorded=charge * inside * recorded,
            own_pay=charge * (1 - inside),
            # days move with what is given, as in the claim that will be written
            stay=self._days(truth.standard_stay, q, s),
            kind=self.kind[truth.group],
            severity=truth.severity,
            age=truth.age,
            emergency=truth.emergency,
            readmission=np.zeros(len(truth), dtype=bool),
        )
        items = self.prices.items
        kappa, more = items.unit_cost(truth.group, p, mix, q), items.marginal_cost(truth.group, p, mix)
        crowded = self.prices.crowding.take(truth.provider)
        bed = self.prices.bed.take(truth.provider) * kappa * truth.standard_charge / truth.standard_stay
        planned = self._priced(truth.instance, truth.relation, table, inside, recorded, kappa * crowded, more * crowded, bed)
        return replace(planned, base=self._brings(planned, table))

    def _priced(
        self,
        instance: NDArray[np.int8],
        relation: NDArray[np.int8],
        table: CaseTable,
        inside: Floats,
        recorded: Floats,
        kappa: Floats,
        kappa_more: Floats,
        bed: Floats,
    ) -> _Case:
        """Cases with what a unit, a case, a day and a fen are worth under the modes that cover them; what they bring is left open."""
        m, at = self.prices.by_measure, self.prices.cell(instance, table.provider, table.scheme)
        own = m[OWN_PAY].take(at) + 1.0
        # what the fund does not record in scope, patients and the layers above it pay
        slope = m[IN_SCOPE].take(at) + recorded * m[RECORDED].take(at) + (1 - recorded) * (m[RESIDUAL].take(at) + 1.0) - own
        fen = m[CHARGE].take(at) + own + inside * slope - kappa
        unit, case, day = m[UNITS].take(at), m[CASES].take(at), m[DAYS].take(at) - bed
        return _Case(instance, relation, table, unit, case, day, fen, slope, inside, recorded, kappa, kappa_more, bed, base=np.zeros(0))

    def _as_group(self, case: _Case, other: NDArray[np.int16]) -> _Case:
        """The cases written as another group, ``other[group]``: another mode may then cover them."""
        group = other[case.table.group]
        table, settlement = replace(case.table, group=group, kind=self.kind[group]), self.settlement
        if not settlement.routing.by_group:
            return replace(case, table=table)
        instance = settlement.routing.of_stay(group, table.provider, table.scheme, case.relation)
        table = replace(table, holder=settlement.holder(instance, table.provider))
        return self._priced(instance, case.relation, table, case.inside, case.recorded, case.kappa, case.kappa_more, case.bed)

    def _brings(self, case: _Case, table: CaseTable) -> Floats:
        """Revenue from all payers less variable cost, fen, of cases as a table has them."""
        units = self.settlement.units_of(case.instance, table)
        money: Floats = case.case + case.unit * units + case.fen * table.charge + case.day * table.stay
        return money

    def _money(self, case: _Case, charge: Floats, days: Floats, readmission: bool = False) -> Floats:
        """Revenue of a case from all payers less its variable cost, fen, if charge, days or history were other than planned."""
        in_scope = charge * case.inside
        recorded = in_scope * case.recorded
        changed: dict[str, NDArray[Any]] = {"readmission": np.ones(len(charge), dtype=bool)} if readmission else {}
        table = replace(
            case.table,
            charge=charge,
            in_scope=in_scope,
            recorded=recorded,
            residual=in_scope - recorded,
            own_pay=charge - in_scope,
            stay=days,
            **changed,
        )
        return self._brings(case, table)

    def _served(self, case: _Case, charge: Floats, days: Floats) -> Floats:
        """Money of a case if services were more or fewer than planned, which are not of the mix of the whole bill."""
        money: Floats = self._money(case, charge, days) - (case.kappa_more - case.kappa) * (charge - case.table.charge)
        return money

    def _finish(self, case: _Case, truth: CaseTruth, q: Floats, s: Floats, able: Eligible) -> list[Floats]:
        at = np.flatnonzero(able.finish)
        mine, standard, finish = case.take(at), truth.standard_stay[at], []
        for level in self.rules.finish_levels:
            gain = np.zeros(len(q))
            gain[at] = self._served(mine, mine.table.charge * level, self._days(standard, q[at] * level, s[at])) - mine.base
            finish.append(gain)
        return finish

    def _days(self, standard: NDArray[np.float32], intensity: Floats, stay: Floats) -> Floats:
        return stay_days(standard, intensity, self.rules.stay_response, stay)

    def _treated(self, case: _Case) -> Floats:
        dearer = case.table.charge * (1 + self.rules.treat_uplift)
        return self._money(self._as_group(case, self.catalogue.treat_up), dearer, case.table.stay) - case.base

    def _split(self, case: _Case) -> Floats:
        charge, days = case.table.charge, 0.5 * case.table.stay
        first, second = self.rules.split_first, 1 + self.rules.split_overhead - self.rules.split_first
        return self._money(case, charge * first, days) + self._money(case, charge * second, days, readmission=True)

    def _refused(self, truth: CaseTruth, charge: Floats) -> Floats:
        """What refusing an own head costs the holder: the same care bought elsewhere counts as outflow."""
        at = self.prices.cell(truth.instance, truth.provider, truth.scheme)
        recorded = charge * truth.in_scope_share * truth.recorded_share * self.prices.refused_ratio
        return np.where(truth.head_group >= 0, self.prices.by_measure[OUTFLOW].take(at) * recorded, 0.0)

    def _shifted(self, case: _Case, share: NDArray[np.float32], step: float) -> Floats:
        """Gain per unit of share moved outside the catalogue, less expected sanctions on the moved money."""
        charge, part = case.table.charge, share.astype(np.float64)
        moved = replace(case, inside=case.inside - part * step, fen=case.fen - part * step * case.slope)
        gain = (self._money(moved, charge, case.table.stay) - case.base) / step
        found: Floats = gain - self.prices.sanctions.cost(SHIFT, case.table.provider, charge * part, charge, part)
        return found


def value_of(settlement: Settlement, prices: Prices, instance: NDArray[np.int8], kappa: Floats | float, **columns: NDArray[Any]) -> Floats:
    """Money one more such case brings its provider from all payers, less ``kappa`` per fen times its crowding, fen.

    Columns as of :class:`CaseTable`.
    """
    charge, in_scope, recorded = columns["charge"], columns["in_scope"], columns["recorded"]
    own = charge - in_scope
    units = settlement.tariff(instance, **columns, own_pay=own)
    m = prices.by_measure[:, prices.cell(instance, columns["provider"], columns["scheme"])]
    fund = m[UNITS] * units + m[CASES] + m[CHARGE] * charge + m[IN_SCOPE] * in_scope + m[DAYS] * columns["stay"]
    fund += m[RECORDED] * recorded + m[RESIDUAL] * (in_scope - recorded) + m[OWN_PAY] * own
    total: Floats = fund + (in_scope - recorded) + own - kappa * prices.crowding[columns["provider"]] * charge
    return total
