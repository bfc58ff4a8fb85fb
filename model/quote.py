"""What a slightly different conduct would have been paid: per-case gains under the settlement code, for conduct and for the month alike.

Marginal entitlements come from the settlement by finite steps around everybody's posted totals; what an act does to a case's units comes
from the mode's own tariff. There is no second incentive formula.
"""

from __future__ import annotations

from dataclasses import dataclass
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
        charge = truth.standard_charge * q
        # days move with what is given, as in the claim that will be written
        days = self._days(truth, q)
        base = self._money(truth, charge, truth.group, shift, days)
        n, p = len(truth), truth.provider
        acts = {name: np.zeros(n) for name in ("more", "less", "code", "code_raw", "treat", "split", "select", "threshold", "shift")}
        if "intensity" in only:
            acts["more"] = self._money(truth, charge * (1 + step / q), truth.group, shift, self._days(truth, q + step)) - base
            acts["less"] = self._money(truth, charge * (1 - step / q), truth.group, shift, self._days(truth, q - step)) - base
        if "code" in only:
            at = np.flatnonzero(able.code)
            raw = self._coded(truth.take(at), charge[at], shift[at], days[at]) - base[at]
            acts["code_raw"][at] = raw
            # what audit takes back is a gain; a loss it leaves alone
            acts["code"][at] = raw - self._sanction(CODING, p[at]) * np.maximum(raw, 0.0)
        if "treat" in only:
            at = np.flatnonzero(able.treat)
            treated = truth.take(at)
            dearer = charge[at] * (1 + self.rules.treat_uplift)
            acts["treat"][at] = self._money(treated, dearer, self.catalogue.treat_up[treated.group], shift[at], days[at]) - base[at]
        if "split" in only:
            at = np.flatnonzero(able.split)
            found = self._sanction(SPLITTING, p[at]) * self.prices.split_gain * charge[at]
            acts["split"][at] = self._split(truth.take(at), charge[at], shift[at], days[at]) - base[at] - found
        if "threshold" in only:
            at = np.flatnonzero(truth.severity == 0)
            small = charge[at] * self.rules.threshold_charge
            found = self._sanction(THRESHOLD, p[at]) * small
            acts["threshold"][at] = self._money(truth.take(at), small, truth.group[at], shift[at], days[at]) - found
        if "select" in only:
            acts["select"] = np.where(able.select, -base + self._refused(truth, charge), 0.0)
        if "shift" in only:
            acts["shift"] = self._shifted(truth, charge, shift, days, step, base)
        finish = self._finish(truth, charge, q, shift, base, able) if "finish" in only else []
        return Gains(step=step, finish=finish, **acts)

    def _finish(self, truth: CaseTruth, charge: Floats, q: Floats, shift: Floats, base: Floats, able: Eligible) -> list[Floats]:
        at = np.flatnonzero(able.finish)
        mine, finish = truth.take(at), []
        for level in self.rules.finish_levels:
            gain = np.zeros(len(truth))
            gain[at] = self._money(mine, charge[at] * level, mine.group, shift[at], self._days(mine, q[at] * level)) - base[at]
            finish.append(gain)
        return finish

    def _marginal(self, truth: CaseTruth) -> Floats:
        rows: Floats = self.prices.marginal[truth.instance, truth.provider, truth.scheme]
        return rows

    def _money(
        self, truth: CaseTruth, charge: Floats, group: NDArray[np.int16], shift: Floats, days: Floats, readmission: bool = False
    ) -> Floats:
        """Revenue of a case from all payers less its variable cost, fen."""
        in_scope = charge * truth.in_scope_share * (1 - shift)
        return value_of(
            self.settlement,
            self.prices,
            truth.instance,
            provider=truth.provider,
            scheme=truth.scheme,
            group=group,
            charge=charge,
            in_scope=in_scope,
            recorded=in_scope * truth.recorded_share,
            stay=days,
            kind=self.kind[group],
            severity=truth.severity,
            age=truth.age,
            emergency=truth.emergency,
            readmission=np.full(len(truth), readmission),
        )

    def _days(self, truth: CaseTruth, intensity: Floats) -> Floats:
        return stay_days(truth.standard_stay, intensity, self.rules.stay_response)

    def _coded(self, truth: CaseTruth, charge: Floats, shift: Floats, days: Floats) -> Floats:
        return self._money(truth, charge, self.catalogue.code_up[truth.group], shift, days)

    def _split(self, truth: CaseTruth, charge: Floats, shift: Floats, days: Floats) -> Floats:
        first, second = self.rules.split_first, 1 + self.rules.split_overhead - self.rules.split_first
        before = self._money(truth, charge * first, truth.group, shift, 0.5 * days)
        return before + self._money(truth, charge * second, truth.group, shift, 0.5 * days, readmission=True)

    def _refused(self, truth: CaseTruth, charge: Floats) -> Floats:
        """What refusing an own head costs the holder: the same care bought elsewhere counts as outflow."""
        recorded = charge * truth.in_scope_share * truth.recorded_share * self.prices.refused_ratio
        return np.where(truth.head_group >= 0, self._marginal(truth)[:, OUTFLOW] * recorded, 0.0)

    def _shifted(self, truth: CaseTruth, charge: Floats, shift: Floats, days: Floats, step: float, base: Floats) -> Floats:
        """Gain per unit of share moved outside the catalogue, less expected sanctions on the moved money."""
        moved = self._money(truth, charge, truth.group, shift + step, days) - base
        gain: Floats = moved / step - self._sanction(SHIFT, truth.provider) * charge * truth.in_scope_share
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
    m = prices.marginal[instance, columns["provider"], columns["scheme"]]
    fund = m[:, UNITS] * units + m[:, CASES] + m[:, CHARGE] * charge + m[:, IN_SCOPE] * in_scope + m[:, DAYS] * columns["stay"]
    fund += m[:, RECORDED] * recorded + m[:, RESIDUAL] * (in_scope - recorded) + m[:, OWN_PAY] * own
    total: Floats = fund + (in_scope - recorded) + own - prices.kappa * charge
    return total
