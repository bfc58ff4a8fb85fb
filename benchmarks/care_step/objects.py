"""The care-seeking step as plain Mesa: one agent a person, attributes on the object, each agent doing its own month in Python."""

from __future__ import annotations

import bisect
import math
from typing import Any

import mesa
import numpy as np

from benchmarks.care_step.workload import BOOKS, CARE_CODES, Events, Workload
from model.calendar import EPOCH
from model.codes import CHRONIC, INPATIENT, TIERS
from model.illness import MOST_IN_A_MONTH
from model.people import BAND_MONTHS, People
from model.population import STATES
from model.seeking import N_VISIT_CLASSES
from model.units import PPM
from model.visits import SPREAD

TRAITS = ("birth_month", "sex", "area", "scheme", "poor", "chronic", "controlled", "frailty", "alive")


class Rules:
    """The workload's tables as nested lists, which plain Python reads several times faster than arrays."""

    def __init__(self, work: Workload) -> None:
        illness, benefits, upper = work.illness, work.benefits, work.upper
        self.need = illness.need.tolist()
        self.visit_cut = (illness.visit_cut / 1024.0).tolist()
        self.severity_cut = illness.severity_cut.tolist()
        self.severity_frailty = float(illness.severity_frailty)
        self.severity_age = illness.severity_age.tolist()
        self.family = illness.groups.cumulative.tolist()
        self.member = illness.groups.member.tolist()
        self.family_severity = illness.groups.severity.tolist()
        self.cumulative = work.cumulative.tolist()
        self.sought = work.sought.tolist()
        self.slots = work.slots.tolist()
        self.last_open = ((work.slots >= 0).sum(axis=1) - 1).tolist()
        self.tier = work.tier.tolist()
        self.benefit_class = work.benefit_class.tolist()
        self.least_tier = work.least_tier.tolist()
        self.weight = work.weight.tolist()
        self.need_sd = float(work.care.need_sd)
        self.visit_mean = work.visit_mean.tolist()
        self.visit_in_scope = work.visit_in_scope.tolist()
        self.stay_mean = work.stay_mean.tolist()
        self.stay_in_scope = work.stay_in_scope.tolist()
        self.stay_deductible = benefits.inpatient_deductible.tolist()
        self.stay_bands = np.stack([benefits.inpatient_from, benefits.inpatient_to, benefits.inpatient_ppm], axis=-1).tolist()
        self.stay_ceiling = benefits.inpatient_ceiling.tolist()
        self.visit_deductible = benefits.outpatient_deductible.tolist()
        self.visit_ppm = benefits.outpatient_ppm.tolist()
        self.visit_cap = benefits.outpatient_cap.tolist()
        self.chronic_ppm, self.chronic_cap = benefits.chronic_ppm[:, 0].tolist(), benefits.chronic_cap.tolist()
        self.above_ceiling = upper.above_ceiling.tolist()
        self.second_deductible = upper.deductible.tolist()
        self.second_bands = np.stack([upper.low, upper.high, upper.ppm], axis=-1).tolist()
        self.second_cap = upper.cap.tolist()
        self.aid_ppm, self.aid_cap = upper.aid_ppm.tolist(), upper.aid_cap.tolist()
        self.upper_layers, self.account_pays = benefits.upper_layers.tolist(), benefits.account_pays.tolist()


class ObjectCity(mesa.Model):
    """A model whose every person is an agent."""

    def __init__(self, work: Workload, people: People, seed: int) -> None:
        super().__init__(rng=seed)
        self.rules = Rules(work)
        self.month = work.month
        self.happened: list[tuple[int, int, int, int]] = []
        columns = [getattr(people, name).tolist() for name in (*TRAITS, *BOOKS)]
        for values in zip(*columns, strict=True):
            Person(self, values)

    def step(self) -> None:
        """One month of care of everybody."""
        self.happened = []
        self.agents.do("seek_care")
        self.month += 1

    def events(self) -> Events:
        """What happened in the last month."""
        kind, severity, provider, charge = zip(*self.happened, strict=True)
        return Events(
            np.array(kind, dtype=np.uint8), np.array(severity, dtype=np.uint8), np.array(provider, dtype=np.int16), np.array(charge)
        )

    def books(self) -> Any:
        """The books ``[book, person]``."""
        return np.array([self.agents.get(name) for name in BOOKS], dtype=np.float64)


class Person(mesa.Agent):
    """One insured person."""

    birth_month: int
    sex: int
    area: int
    scheme: int
    poor: int
    chronic: int
    controlled: int
    frailty: float
    alive: int
    ytd_basic_inpatient: int
    ytd_basic_outpatient: int
    ytd_basic_chronic: int
    ytd_outpatient_deductible: int
    ytd_residual: int
    ytd_cii: int
    ytd_aid: int
    ytd_oop: int
    ytd_stays: int
    account_balance: int

    def __init__(self, model: ObjectCity, values: tuple[Any, ...]) -> None:
        super().__init__(model)
        for name, value in zip((*TRAITS, *BOOKS), values, strict=True):
            setattr(self, name, value)

    def seek_care(self) -> None:
        """A month: each kind of need may arise, and is taken to a facility or not."""
        if not self.alive:
            return
        rules, random = self.model.rules, self.model.random.random
        band = bisect.bisect_right(BAND_MONTHS, self.model.month - EPOCH - self.birth_month)
        stratum = (self.sex * 6 + band) * STATES + self.chronic * 2 + self.controlled
        at = self.scheme * 12 * STATES + stratum
        for need, kind in enumerate(CARE_CODES):
            chance = rules.need[need][at]
            if kind != CHRONIC:
                chance *= self.frailty
            if random() < min(chance, MOST_IN_A_MONTH):
                if kind == INPATIENT:
                    self.stay(stratum, band)
                else:
                    self.visit(kind)

    def visit(self, kind: int) -> None:
        """An outpatient need."""
        rules, random = self.model.rules, self.model.random
        severity = bisect.bisect_right(rules.visit_cut[kind], random.random())
        provider = self.choose(kind)
        charge = 0
        if provider >= 0:
            factor = math.exp(SPREAD * random.gauss() - 0.5 * SPREAD * SPREAD)
            charge = max(round(rules.visit_mean[provider][self.scheme][kind] * factor), 1)
            self.pay(kind, provider, charge, round(charge * rules.visit_in_scope[self.scheme][kind]))
        self.model.happened.append((kind, severity, provider, charge))

    def stay(self, stratum: int, band: int) -> None:
        """A need for a stay."""
        rules, random = self.model.rules, self.model.random
        family = min(bisect.bisect_right(rules.family[stratum], random.random()), len(rules.member) - 1)
        shift = rules.severity_frailty * math.log(self.frailty) + rules.severity_age[band]
        worse = random.random()
        drawn = sum(worse < 1.0 / (1.0 + math.exp(-cut - shift)) for cut in rules.severity_cut)
        group, severity = rules.member[family][drawn], rules.family_severity[family][drawn]
        provider = self.choose(N_VISIT_CLASSES + len(TIERS) * severity + rules.least_tier[group])
        charge = 0
        if provider >= 0:
            tier = rules.tier[provider]
            need = math.exp(rules.need_sd * random.gauss() - 0.5 * rules.need_sd**2)
            charge = max(round(rules.stay_mean[self.scheme][tier] * rules.weight[group] * need), 1)
            self.pay(INPATIENT, provider, charge, round(charge * rules.stay_in_scope[self.scheme][tier]))
        self.model.happened.append((INPATIENT, severity, provider, charge))

    def choose(self, cls: int) -> int:
        """Provider for a class of need, -1 where none is sought."""
        rules, random = self.model.rules, self.model.random.random
        if random() >= rules.sought[self.area][self.scheme][cls]:
            return -1
        slot = bisect.bisect_right(rules.cumulative[self.area][self.scheme][cls], random())
        chosen: int = rules.slots[self.area][min(slot, rules.last_open[self.area])]
        return chosen

    def pay(self, kind: int, provider: int, charge: int, amount: int) -> None:
        """Splits a bill between the layers in legal order and moves the year on."""
        rules, s = self.model.rules, self.scheme
        c = rules.benefit_class[provider]
        above = 0
        if kind == INPATIENT:
            basic, above = self.basic_of_stay(c, amount)
        elif kind == CHRONIC:
            basic = min(max(rules.chronic_cap[s] - self.ytd_basic_chronic, 0), half_up(amount * rules.chronic_ppm[s]))
            self.ytd_basic_chronic += basic
        else:
            basic = self.basic_of_visit(c, amount)
        own = amount - basic
        if rules.upper_layers[kind]:
            own -= self.second_layer(above if rules.above_ceiling[s] else own)
            if self.poor:
                aid = min(max(rules.aid_cap[s] - self.ytd_aid, 0), half_up(own * rules.aid_ppm[s]))
                self.ytd_aid += aid
                own -= aid
        if rules.account_pays[kind]:
            account = min(own, self.account_balance)
            self.account_balance -= account
            own -= account
        self.ytd_oop += own + charge - amount

    def basic_of_stay(self, c: int, amount: int) -> tuple[int, int]:
        """Basic payment of a stay, and its in-scope cost that the ceiling cuts off."""
        rules, s = self.model.rules, self.scheme
        start, bands = rules.stay_deductible[s][c], rules.stay_bands[s][c]
        room = max(rules.stay_ceiling[s] - self.ytd_basic_inpatient, 0)
        due = half_up(banded(bands, start, amount))
        basic = min(room, due)
        above = beyond(bands, start, amount, room) if rules.above_ceiling[s] and due >= room else 0
        self.ytd_basic_inpatient += basic
        self.ytd_stays += 1
        return basic, above

    def basic_of_visit(self, c: int, amount: int) -> int:
        """Basic payment of an ordinary outpatient visit."""
        rules, s = self.model.rules, self.scheme
        borne = min(amount, max(rules.visit_deductible[s] - self.ytd_outpatient_deductible, 0))
        basic: int = min(max(rules.visit_cap[s] - self.ytd_basic_outpatient, 0), half_up((amount - borne) * rules.visit_ppm[s][c]))
        self.ytd_outpatient_deductible += borne
        self.ytd_basic_outpatient += basic
        return basic

    def second_layer(self, base: int) -> int:
        """What the second layer owes more now that its cumulated base has grown."""
        rules, s = self.model.rules, self.scheme
        bands, start, before = rules.second_bands[s], rules.second_deductible[s], self.ytd_residual
        self.ytd_residual = before + base
        if self.ytd_residual <= start:
            return 0
        increase = half_up(banded(bands, start, self.ytd_residual)) - half_up(banded(bands, start, before))
        paid: int = min(increase, max(rules.second_cap[s] - self.ytd_cii, 0))
        self.ytd_cii += paid
        return paid


def banded(bands: list[list[int]], start: int, amount: int) -> int:
    """Benefit by bands of ``amount`` from ``start`` on, in millionths of a fen."""
    total = 0
    for low, high, ppm in bands:
        width = min(amount, high) - max(start, low)
        if width > 0:
            total += width * ppm
    return total


def beyond(bands: list[list[int]], start: int, amount: int, limit: int) -> int:
    """Part of ``amount`` inside the bands that comes after ``limit`` fen have been paid."""
    left, over = limit * PPM, 0
    for low, high, ppm in bands:
        width = min(amount, high) - max(start, low)
        if width <= 0:
            continue
        if left == 0:
            over += width
        elif width * ppm > left:
            over += width - (left + ppm - 1) // ppm
            left = 0
        else:
            left -= width * ppm
    return over


def half_up(fen_ppm: int) -> int:
    """Fen of an amount in millionths of a fen, half up."""
    return (fen_ppm + PPM // 2) // PPM
