"""Phase adapt: once a period providers and groups revise their conduct on the quote; opinions of facilities spread every month."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from agents.conduct import Situation, decide
from agents.medical_group import HIGHEST_REFERRAL, ReferralCases, referral_outlook
from agents.prospect import OTHERWISE, UP, Outlook, Outpatients, appeal, as_written, mild_sample, outlook, sample_cases, thresholds
from model.capacity import bed_cost, crowding, scarcity
from model.care import HIGHEST, LOWEST, MIX, NEUTRAL, Q_MILD, Q_OUT, Q_SEVERE, SHIFT, Eligible, eligible
from model.cases import CaseTruth, Claims, Columns
from model.decisions import Decision
from model.payment import OUTFLOW
from model.phases.treatment import referable
from model.quote import ACTS, Expected, Quote, read_prices, value_of
from model.routing import HEADS_BOTH
from model.sanctions import chance, cost_of_finding, visited
from model.streams import normals, uniforms
from model.visits import visit_columns

if TYPE_CHECKING:
    from model.city import City

Floats = NDArray[np.float64]


def adapt(city: City) -> None:
    """Conduct of the next month from what can be seen now; decisions act next month, so the order between agents never matters."""
    city.remember(city.now)
    _spread_opinions(city)
    if city.policy_open and city.months_run % city.learning.period == city.learning.period - 1:
        revise(city)


def look_ahead(city: City) -> None:
    """What acts would bring under terms that have just been fixed; conduct itself stays as it is."""
    if any(map(len, city.claims_by_month)):
        truth, _ = _look(city)
        able = eligible(truth, city.care, city.catalogue)
        _order_acts(city, truth, able)


def revise(city: City) -> None:
    """One decision of every provider and group under the conduct rule in force."""
    city.post_aggregates()
    if not any(map(len, city.claims_by_month)):
        return
    truth, weight = _look(city)
    assert city.quote is not None
    staff = city.staff
    city.pay_staff()
    able = eligible(truth, city.care, city.catalogue)
    gains = city.quote.gains(truth, staff.conduct, able, city.learning.step, ACTS | {"intensity", "shift", "stay"})
    left, gains = as_written(truth, able, gains, staff.act_from)
    look = outlook(
        truth,
        weight,
        left,
        gains,
        appeal(truth, gains),
        _outpatients(city),
        staff.conduct,
        staff.profit,
        staff.altruism,
        city.utility,
        city.care,
        city.quote.prices.items,
        city.learning.step,
    )
    staff.conduct = _revised(city, look)
    _order_acts(city, truth, able)
    _revise_referral(city)


def _look(city: City) -> tuple[CaseTruth, Floats]:
    """Takes the sample of cases and the prices of the time; returns the cases and their yearly weights."""
    truth, weight = _sample(city)
    city.quote = _quote(city)
    city.mild_sample = mild_sample(truth, len(city.staff.conduct))
    return truth, weight


def _order_acts(city: City, truth: CaseTruth, able: Eligible) -> None:
    """From which appeal each provider acts, ordered as cases will be met: under the conduct of the next month."""
    assert city.quote is not None
    staff = city.staff
    gains = city.quote.gains(truth, staff.conduct, able, city.learning.step, ACTS)
    written = thresholds(truth, able, appeal(truth, gains), staff.conduct, len(staff.conduct), UP)
    left, gains = as_written(truth, able, gains, written)
    staff.act_from = np.minimum(written, thresholds(truth, left, appeal(truth, gains), staff.conduct, len(staff.conduct), OTHERWISE))


def _revised(city: City, look: Outlook) -> Floats:
    staff = city.staff
    local = city.geography.providers.local
    # hospitals outside the city follow no local rule, learn nothing from it and are nobody's example
    peers = np.where(local, staff.peers, -1)
    seen = _Seen(staff.conduct, look.level, look.utility, look.payoff, peers, staff.rule, staff.memory)
    revised, staff.memory = _decide(city, seen, (LOWEST, HIGHEST), block=0)
    return np.where(local[:, None], revised, NEUTRAL)


@dataclass(frozen=True)
class _Seen:
    """What deciders of one kind see and remember, as in ``Situation``."""

    conduct: Floats
    level: Floats
    utility: Floats
    payoff: Floats
    peers: NDArray[np.int64]
    rule: NDArray[np.int64]
    memory: Floats


def _decide(city: City, seen: _Seen, bounds: tuple[Floats, Floats], block: int) -> tuple[Floats, Floats]:
    """Puts deciders' situation to the conduct rules in force; their answer, within the bounds, and what they remember."""
    learning = city.learning
    situation = Situation(
        conduct=seen.conduct.copy(),
        level=seen.level,
        utility=seen.utility,
        lowest=bounds[0],
        highest=bounds[1],
        peer_group=seen.peers,
        inertia=learning.inertia,
        reach=learning.reach,
        error=_normal(city, len(seen.conduct), len(seen.level), block),
        noise=learning.noise,
        payoff=seen.payoff,
        memory=seen.memory,
    )
    return decide(city.rules, seen.rule, situation)


def _normal(city: City, n: int, channels: int, block: int) -> Floats:
    """Addressed standard normal numbers ``[decider, channel]``."""
    who = np.arange(n * channels, dtype=np.uint64)
    u = uniforms(city.seed, int(Decision.CONDUCT_ERROR), city.now.index, who, block=block)
    return normals(u)[0].reshape(n, channels)


def _sample(city: City) -> tuple[CaseTruth, Floats]:
    """The weighted cases every provider looks at, as if they were its own; weights are yearly."""
    providers, learning, months = city.geography.providers, city.learning, city.claims_by_month

    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(claims, name) for claims in months])

    def uniform(keys: NDArray[np.int64]) -> Floats:
        drawn: Floats = uniforms(city.seed, int(Decision.CONDUCT_SAMPLE), city.now.index, keys.astype(np.uint64))[:, 0]
        return drawn

    treated_by = joined("provider")
    rows = np.flatnonzero(np.concatenate([claims.stays for claims in months]) & providers.local[treated_by])
    chosen, who, weight = sample_cases(
        treated_by[rows], joined("tier")[rows], providers.tier, uniform, learning.sample_minimum, learning.sample_maximum
    )
    keep = providers.local[who]
    rows, who, weight = rows[chosen[keep]], who[keep], weight[keep]

    def seen(name: str) -> NDArray[Any]:
        return joined(name).take(rows)

    tier, scheme, group, head = providers.tier[who], seen("scheme"), seen("group_true"), seen("head_group")
    treated_by = treated_by[rows]
    own = who == treated_by
    # a topped-up case is its tier's: charged at the looker's own level, its patient one of the looker's usual heads
    county = np.where(own, head, np.maximum(providers.county[who], 0)).astype(np.int16)
    relation = np.where(own, city.related(seen("head_institution"), head, treated_by), city.usual_relation[who]).astype(np.int8)
    truth = CaseTruth(
        uid=seen("uid"),
        provider=who,
        tier=tier,
        scheme=scheme,
        group=group,
        severity=seen("severity"),
        emergency=seen("emergency"),
        age=seen("age"),
        need=seen("need"),
        noisy_need=seen("noisy_need"),
        standard_charge=seen("standard_charge") * _dearer(city, seen("month"), group),
        standard_stay=seen("standard_stay"),
        in_scope_share=city.levels.in_scope[scheme, tier].astype(np.float32),
        recorded_share=city.recorded_share[who, scheme].astype(np.float32),
        relation=relation,
        instance=city.settlement.routing.of_stay(group, who, scheme, relation),
        head_group=county,
        u_code=seen("u_code"),
        u_treat=seen("u_treat"),
        u_split=seen("u_split"),
        u_tie=seen("u_tie"),
    )
    return truth, weight * 12.0 / city.months_remembered


def _dearer(city: City, month: NDArray[Any], group: NDArray[Any]) -> Floats:
    """What remembered stays would be charged now over what they were charged, for the same care."""
    months, at = np.unique(month, return_inverse=True)
    then = np.stack([city.stay_price[int(m)] for m in months])
    dearer: Floats = city.items.price[group] / then[at, group] * city.now.price_index / city.price_index_of(month)
    return dearer


def _quote(city: City) -> Quote:
    found = city.insurer.detection()
    scarce = scarcity(city.capacity, city.occupancy, city.geography.providers.tier, city.geography.providers.local)
    prices = read_prices(
        city.settlement,
        _expected(city, found),
        city.items,
        crowding(city.capacity, scarce),
        bed_cost(city.care.daily_share, scarce),
        city.refused_ratio,
        city.insurer.audit.split_gain,
    )
    return Quote(city.settlement, prices, city.care, city.catalogue)


def _expected(city: City, audited: dict[int, Floats]) -> Expected:
    """What each provider expects of supervision: of audits, complaints and visits, of its credit and of a suspension."""
    insurer, local = city.insurer, city.geography.providers.local
    rules, n = insurer.sanctions, len(local)
    visit = visited(rules, insurer.standing, local, min(rules.inspected + rules.recheck, 1.0))
    scale = 12.0 / city.months_remembered
    margin = scale / 12.0 * city.contribution(city.recent_visit_charge)
    lent, held = np.zeros((2, n))
    for instance in city.settlement.instances:
        money = np.maximum(instance.last_year, 0).sum(axis=1)
        lent += instance.cycle.advance_months * money / 12.0
        held += instance.cycle.deposit_share * money
    return Expected(
        detection={c: np.where(local, chance(rules, c, audited[c], visit), 0.0) for c in audited},
        fine={c: insurer.fine(c) for c in audited},
        finding=cost_of_finding(rules, insurer.standing, margin, lent, held),
        bonus=rules.bonus,
        forgone=insurer.forgone() if rules.bonus else {},
        aversion=city.loss_aversion,
    )


def _outpatients(city: City) -> Outpatients:
    """Yearly outpatient money of each provider and what one unit more of intensity would bring, from the remembered months.

    The mean visit of each cell is put to the quote with a little more of everything on its bill: the visit itself is there anyway, and so
    is what is paid for it whatever it costs.
    """
    assert city.quote is not None
    cells = city.recent_cells()
    standard = cells.charge / np.maximum(city.staff.conduct[cells.provider, Q_OUT], 1e-9)
    scale = 12.0 / city.months_remembered
    ratio = standard / np.maximum(cells.charge, 1.0)
    step, count = city.learning.step, np.maximum(cells.visits, 1.0)

    def worth(factor: float) -> Floats:
        assert city.quote is not None
        return value_of(
            city.settlement,
            city.quote.prices,
            cells.instance,
            city.quote.prices.items.variable(city.quote.prices.items.visit_shares),
            provider=cells.provider.astype(np.int16),
            scheme=cells.scheme.astype(np.int8),
            group=np.zeros(len(cells.provider), dtype=np.int16),
            charge=factor * cells.charge / count,
            in_scope=factor * cells.in_scope / count,
            recorded=factor * cells.basic / count,
            **visit_columns(cells.kind),
        )

    more = (worth(1.0 + step) - worth(1.0)) / step * count
    n = len(city.staff.conduct)
    return Outpatients(
        standard=scale * np.bincount(cells.provider, weights=standard, minlength=n),
        gain=scale * np.bincount(cells.provider, weights=more * ratio, minlength=n),
    )


def _revise_referral(city: City) -> None:
    """Groups look at the cases they could have kept or sent down, and revise how strongly they steer."""
    staff, kept, sent = city.staff, [], []
    for claims in city.claims_by_month:
        county = claims.head_group.astype(np.int64)
        keepable, sendable = referable(city, claims.provider, claims.group_true, claims.severity, claims.emergency, county)
        kept.append(_Steerable.of(claims, np.flatnonzero(keepable)))
        sent.append(_Steerable.of(claims, np.flatnonzero(sendable)))
    keep, down = _steered(city, _Steerable.join(kept), city.lead_hospital), _steered(city, _Steerable.join(sent), city.lead_primary)
    level, utility, payoff = referral_outlook(
        keep, down, staff.referral, staff.group_profit, staff.group_altruism, city.utility, city.learning.step
    )
    # a county that no group leads does not steer: nobody's example
    bounds, everybody = (np.zeros(2), HIGHEST_REFERRAL), np.where(city.group_leads, 0, -1)
    seen = _Seen(staff.referral, level, utility, payoff, everybody, staff.group_rule, staff.referral_memory)
    revised, staff.referral_memory = _decide(city, seen, bounds, block=1)
    staff.referral = np.where(city.group_leads[:, None], revised, 0.0)


@dataclass
class _Steerable(Columns):
    """What groups look at of claims they could have steered, by the names of :class:`Claims`."""

    provider: NDArray[np.int16]
    tier: NDArray[np.int8]
    scheme: NDArray[np.int8]
    group_true: NDArray[np.int16]
    severity: NDArray[np.int8]
    emergency: NDArray[np.bool_]
    age: NDArray[np.int16]
    standard_stay: NDArray[np.float32]
    intensity: NDArray[np.float32]
    charge: NDArray[np.int64]
    in_scope: NDArray[np.int64]
    basic: NDArray[np.int64]
    instance: NDArray[np.int8]
    head_group: NDArray[np.int16]
    readmission: NDArray[np.bool_]

    @classmethod
    def of(cls, claims: Claims, at: NDArray[np.int64]) -> _Steerable:
        """The claims at positions ``at``."""
        return cls(**{f.name: getattr(claims, f.name).take(at) for f in fields(cls)})


def _steered(city: City, seen: _Steerable, target: NDArray[np.int16]) -> ReferralCases:
    """What the members of a group gain by treating its cases at ``target[group]`` instead of where they went."""
    assert city.quote is not None
    settlement, prices, providers = city.settlement, city.quote.prices, city.geography.providers
    group = seen.head_group.astype(np.int64)
    to = target[group]
    scheme = seen.scheme
    there = seen.charge.astype(np.float64)
    levels = city.levels.admission
    here = there * levels[scheme, providers.tier[to]] / levels[scheme, seen.tier]
    in_scope = here * city.levels.in_scope[scheme, providers.tier[to]]
    recorded = in_scope * city.recorded_share[to, scheme]
    instance = settlement.routing.of_stay(seen.group_true, to, scheme, np.full(len(seen), HEADS_BOTH))
    stay: dict[str, NDArray[Any]]
    stay = {"group": seen.group_true, "kind": city.group_facts.kind[seen.group_true], "stay": seen.standard_stay, "scheme": scheme}
    stay |= {name: getattr(seen, name) for name in ("severity", "age", "emergency", "readmission")}
    items, q = prices.items, seen.intensity.astype(np.float64)
    kappa_here, kappa_there = (items.unit_cost(seen.group_true, who, city.staff.conduct[:, MIX], q) for who in (to, seen.provider))
    gain = value_of(settlement, prices, instance, kappa_here, provider=to, charge=here, in_scope=in_scope, recorded=recorded, **stay)
    was_inside = providers.group[seen.provider] == group
    paid = {"in_scope": seen.in_scope.astype(np.float64), "recorded": seen.basic.astype(np.float64)}
    now = value_of(settlement, prices, seen.instance, kappa_there, provider=seen.provider, charge=there, **paid, **stay)
    # care that goes elsewhere is money lost to a holder whose outflow is deducted, nothing to any other
    away = prices.by_measure[OUTFLOW].take(prices.cell(instance, to, scheme)) * seen.basic
    gain = gain - np.where(was_inside, now, away)
    return ReferralCases(group, np.full(len(seen), 12.0 / city.months_remembered), here, gain)


def _spread_opinions(city: City) -> None:
    """A neighbourhood's opinion of a facility follows its reputation: treatment near the standard lifts it, refusals lower it.

    Experience moves the opinion of the area by a twentieth a month; neighbours share a tenth of the difference (assumption).
    """
    providers, staff = city.geography.providers, city.staff
    tallies = city.now.tallies
    refused = np.divide(tallies["refused"], tallies["inpatient_needs"], out=np.zeros(len(providers)), where=tallies["inpatient_needs"] > 0)
    shortfall = np.maximum(1.0 - staff.conduct[:, Q_MILD : Q_SEVERE + 1].mean(axis=1), 0.0)
    experience = city.base_quality - refused - shortfall - staff.conduct[:, SHIFT]
    opinion = city.perceived + 0.05 * (experience[None, :] - city.perceived)
    around = city.neighbours @ opinion
    city.perceived = opinion + 0.1 * (around - opinion)
