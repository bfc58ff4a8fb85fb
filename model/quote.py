"""What a slightly different conduct would have been paid: per-case gains under the settlement code, for conduct and for the month alike.

Marginal entitlements come from the settlement by finite steps around everybody's posted totals; what an act does to a case's units comes
from the mode's own tariff. There is no second incentive formula.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.care import CODING, SHIFT, SPLITTING, THRESHOLD, CareRules, Eligible, intensity_of, stay_days
from model.cases import CaseTruth
from model.catalogue import Catalogue
from model.payment import CASES, CHARGE, DAYS, IN_SCOPE, MEASURES, OUTFLOW, OWN_PAY, RECORDED, RESIDUAL, UNITS
from model.settlement import Settlement

Floats = NDArray[np.float64]

ALL_GAINS = frozenset({"intensity", "code", "treat", "split", "threshold", "select", "shift", "finish"})
"""Everything that can be asked of :meth:`Quote.gains`."""
ACTS = frozenset({"code", "treat", "split", "threshold", "select"})
"""Acts on single cases, which are done most gainful first."""


@dataclass(frozen=True)
class Prices:
    """What providers can know of money at one time.

    ``marginal[instance, provider, scheme, measure]`` fen of entitlement per unit more; ``detection[channel]`` by provider;
    ``fine[channel]``; ``kappa`` variable cost per fen of charge; ``refused_ratio`` recorded money elsewhere over recorded money here of
    a refused own head; ``split_gain`` part of a divided stay's charge that is recovered.
    """

    marginal: Floats
    detection: dict[int, Floats]
    fine: dict[int, float]
    kappa: float
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
class _Worth:
    """What each case brings its provider, from all payers and less variable cost, for a unit, for being a case, for a day and for a fen of
    charge; ``in_scope`` is the share of the charge inside the catalogue."""

    in_scope: Floats
    unit: Floats
    case: Floats
    day: Floats
    fen: Floats

    def take(self, at: NDArray[Any]) -> _Worth:
        return _Worth(**{f.name: getattr(self, f.name)[at] for f in fields(self)})


@dataclass(frozen=True)
class _Case:
    """Cases under the conduct in force: truth, linear prices, charge in fen, days, and the money they bring (``base``)."""

    truth: CaseTruth
    worth: _Worth
    charge: Floats
    days: Floats
    base: Floats

    def take(self, at: NDArray[Any]) -> _Case:
        return _Case(self.truth.take(at), self.worth.take(at), self.charge[at], self.days[at], self.base[at])


def read_prices(
    settlement: Settlement, detection: dict[int, Floats], fine: dict[int, float], kappa: float, refused_ratio: float, split_gain: float
) -> Prices:
    """Marginal entitlements of every provider under every mode, from the settlement's posted aggregates."""
    marginal = np.zeros((len(settlement.instances), settlement.n_providers, 2, len(MEASURES)))
    for i, instance in enumerate(settlement.instances):
        holder = instance.holder_of(settlement.provider_group)
        held = np.flatnonzero(holder >= 0)
        marginal[i, held] = settlement.marginal(i, holder[held])
    return Prices(marginal, detection, fine, kappa, refused_ratio, split_gain)


@dataclass(frozen=True)
class Gains:
    """Money a provider gains by each act on each case, fen: λ is not applied, expected sanctions are already off.

    ``more`` and ``less``: the case at intensity ± ``step``; ``code``, ``treat``, ``split``, ``select``: the act done in full;
    ``code_raw``: writing up before sanctions; ``threshold``: one more such mild case admitted; ``shift``: per unit of shifted share;
    ``finish[level]``: the case finished at each level.
    """

    step: float
    more: Floats
    less: Floats
    code: Floats
    code_raw: Floats
    treat: Floats
    split: Floats
    select: Floats
    threshold: Floats
    shift: Floats
    finish: list[Floats]


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
        q = intensity_of(conduct, truth.provider, truth.severity)
        shift = conduct[truth.provider, SHIFT]
        case = self._planned(truth, q, shift)
        n, p = len(truth), truth.provider
        acts = {name: np.zeros(n) for name in ("more", "less", "code", "code_raw", "treat", "split", "select", "threshold", "shift")}
        if "intensity" in only:
            for name, by in (("more", step), ("less", -step)):
                acts[name] = self._money(case, case.charge * (1 + by / q), truth.group, self._days(truth, q + by)) - case.base
        if "code" in only:
            at = np.flatnonzero(able.code)
            mine = case.take(at)
            raw = self._coded(mine) - mine.base
            acts["code_raw"][at] = raw
            # what audit takes back is a gain; a loss it leaves alone
            acts["code"][at] = raw - self._sanction(CODING, p[at]) * np.maximum(raw, 0.0)
        if "treat" in only:
            at = np.flatnonzero(able.treat)
            mine = case.take(at)
            acts["treat"][at] = self._treated(mine) - mine.base
        if "split" in only:
            at = np.flatnonzero(able.split)
            mine = case.take(at)
            found = self._sanction(SPLITTING, p[at]) * self.prices.split_gain * mine.charge
            acts["split"][at] = self._split(mine) - mine.base - found
        if "threshold" in only:
            at = np.flatnonzero(truth.severity == 0)
            mine = case.take(at)
            small = mine.charge * self.rules.threshold_charge
            acts["threshold"][at] = self._money(mine, small, mine.truth.group, mine.days) - self._sanction(THRESHOLD, p[at]) * small
        if "select" in only:
            acts["select"] = np.where(able.select, self._refused(case) - case.base, 0.0)
        if "shift" in only:
            acts["shift"] = self._shifted(case, shift, step)
        finish = self._finish(case, q, able) if "finish" in only else []
        return Gains(step=step, finish=finish, **acts)

    def _planned(self, truth: CaseTruth, q: Floats, shift: Floats) -> _Case:
        """Cases as the providers' present conduct would have them."""
        # days move with what is given, as in the claim that will be written
        case = _Case(truth, self._worth(truth, shift), truth.standard_charge * q, self._days(truth, q), np.zeros(len(truth)))
        return replace(case, base=self._money(case, case.charge, truth.group, case.days))

    def _finish(self, case: _Case, q: Floats, able: Eligible) -> list[Floats]:
        at = np.flatnonzero(able.finish)
        mine, finish = case.take(at), []
        for level in self.rules.finish_levels:
            gain = np.zeros(len(q))
            gain[at] = self._money(mine, mine.charge * level, mine.truth.group, self._days(mine.truth, q[at] * level)) - mine.base
            finish.append(gain)
        return finish

    def _money(
        self,
        case: _Case,
        charge: Floats,
        group: NDArray[np.int16],
        days: Floats,
        worth: _Worth | None = None,
        readmission: bool = False,
    ) -> Floats:
        """Revenue of a case from all payers less its variable cost, fen."""
        truth, price = case.truth, worth or case.worth
        in_scope = charge * price.in_scope
        units = self.settlement.tariff(
            truth.instance,
            provider=truth.provider,
            scheme=truth.scheme,
            group=group,
            charge=charge,
            in_scope=in_scope,
            recorded=in_scope * truth.recorded_share,
            own_pay=charge - in_scope,
            stay=days,
            kind=self.kind[group],
            severity=truth.severity,
            age=truth.age,
            emergency=truth.emergency,
            readmission=np.full(len(truth), readmission),
        )
        money: Floats = price.case + price.unit * units + price.fen * charge + price.day * days
        return money

    def _worth(self, truth: CaseTruth, shift: Floats) -> _Worth:
        """Linear prices of each case, its charge divided as it is between fund, other payers and the patient."""
        m, at = self.prices.by_measure, self.prices.cell(truth.instance, truth.provider, truth.scheme)
        inside, recorded = truth.in_scope_share * (1 - shift), truth.recorded_share
        own = m[OWN_PAY][at] + 1.0
        # what the fund does not record in scope, patients and the layers above it pay
        within = m[IN_SCOPE][at] + recorded * m[RECORDED][at] + (1 - recorded) * (m[RESIDUAL][at] + 1.0)
        fen = m[CHARGE][at] + own + inside * (within - own) - self.prices.kappa
        return _Worth(in_scope=inside, unit=m[UNITS][at], case=m[CASES][at], day=m[DAYS][at], fen=fen)

    def _days(self, truth: CaseTruth, intensity: Floats) -> Floats:
        return stay_days(truth.standard_stay, intensity, self.rules.stay_response)

    def _coded(self, case: _Case) -> Floats:
        return self._money(case, case.charge, self.catalogue.code_up[case.truth.group], case.days)

    def _treated(self, case: _Case) -> Floats:
        dearer = case.charge * (1 + self.rules.treat_uplift)
        return self._money(case, dearer, self.catalogue.treat_up[case.truth.group], case.days)

    def _split(self, case: _Case) -> Floats:
        first, second = self.rules.split_first, 1 + self.rules.split_overhead - self.rules.split_first
        before = self._money(case, case.charge * first, case.truth.group, 0.5 * case.days)
        return before + self._money(case, case.charge * second, case.truth.group, 0.5 * case.days, readmission=True)

    def _refused(self, case: _Case) -> Floats:
        """What refusing an own head costs the holder: the same care bought elsewhere counts as outflow."""
        truth = case.truth
        at = self.prices.cell(truth.instance, truth.provider, truth.scheme)
        recorded = case.charge * truth.in_scope_share * truth.recorded_share * self.prices.refused_ratio
        return np.where(truth.head_group >= 0, self.prices.by_measure[OUTFLOW][at] * recorded, 0.0)

    def _shifted(self, case: _Case, shift: Floats, step: float) -> Floats:
        """Gain per unit of share moved outside the catalogue, less expected sanctions on the moved money."""
        truth = case.truth
        moved = self._money(case, case.charge, truth.group, case.days, worth=self._worth(truth, shift + step)) - case.base
        gain: Floats = moved / step - self._sanction(SHIFT, truth.provider) * case.charge * truth.in_scope_share
        return gain

    def _sanction(self, channel: int, provider: NDArray[np.int16]) -> Floats:
        """Expected recovery and fine per fen gained: p · (1 + f)."""
        expected: Floats = self.prices.detection[channel][provider] * (1 + self.prices.fine[channel])
        return expected


def value_of(settlement: Settlement, prices: Prices, instance: NDArray[np.int8], **columns: NDArray[Any]) -> Floats:
    """Money one more such case brings its provider from all payers, less variable cost, fen; columns as of :class:`CaseTable`."""
    charge, in_scope, recorded = columns["charge"], columns["in_scope"], columns["recorded"]
    own = charge - in_scope
    units = settlement.tariff(instance, **columns, own_pay=own)
    m = prices.by_measure[:, prices.cell(instance, columns["provider"], columns["scheme"])]
    fund = m[UNITS] * units + m[CASES] + m[CHARGE] * charge + m[IN_SCOPE] * in_scope + m[DAYS] * columns["stay"]
    fund += m[RECORDED] * recorded + m[RESIDUAL] * (in_scope - recorded) + m[OWN_PAY] * own
    total: Floats = fund + (in_scope - recorded) + own - prices.kappa * charge
    return total
