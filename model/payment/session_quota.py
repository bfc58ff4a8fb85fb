"""Session quota (按次定额, 血液透析): so much of the fund's money a session by scheme, up to a limit of sessions (rules F2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from model.payment.explanation import Step
from model.payment.parameters import parameters
from model.payment.protocol import CASES, DAYS, RECORDED, UNITS, CaseTable, Floats, History, Ints, Traits
from model.policy.leaf import LeafSpec
from model.units import FEN


@dataclass(frozen=True)
class SessionTerms:
    """``price[scheme]``: fen of the fund a session."""

    price: Floats


@dataclass(frozen=True)
class SessionQuota:
    """The fund pays its price of each session whatever the session cost; the patient pays the rest of the agreed package.

    A visit is a session; so is each of the sessions of dialysis on an outpatient's bill. A bill over several days is one session a day (a
    stay in a dialysis group, say), of which ``session_limit`` are paid at most: outpatients have no more sessions than their
    city says. Without ``session_prices`` a session's price is the recorded money of a session in the budget base.
    """

    session_prices: tuple[float, ...] = ()
    session_limit: float | None = None
    name: ClassVar[str] = "session_quota"
    label_zh: ClassVar[str] = "按次定额付费（透析等）"
    label_en: ClassVar[str] = "Session quota"
    summary: ClassVar[str] = "so much of the fund's money a session by scheme"
    color: ClassVar[str] = "#3E7D3A"
    PARAMETERS: ClassVar[Mapping[str, LeafSpec]] = parameters("session_prices", "session_limit")
    traits: ClassVar[Traits] = Traits()

    def post(self, history: History) -> SessionTerms:
        """The prices given, or the fund's recorded money over the sessions of the budget base, grown."""
        if self.session_prices:
            return SessionTerms(np.array(self.session_prices) * FEN)
        base = history.base.sum(axis=0)
        sessions = np.maximum(base[:, CASES], base[:, DAYS])
        mean = np.divide(base[:, RECORDED], sessions, out=np.zeros_like(sessions), where=sessions > 0)
        return SessionTerms(mean * history.factor)

    def tariff(self, cases: CaseTable, terms: SessionTerms) -> Floats:
        """Units are the fund's money for the sessions of each case, in fen."""
        return self.due(terms.price[cases.scheme], cases.stay)

    def due(self, price: Floats, days: NDArray[np.floating]) -> Floats:
        """Money for the sessions of bills that cover so many days, in the unit of the price."""
        sessions = np.maximum(days, 1.0).astype("float64")
        paid: Floats = price * (sessions if self.session_limit is None else np.minimum(sessions, self.session_limit))
        return paid

    def entitlement(self, own: Floats, pool: Floats, holder: Ints, terms: SessionTerms, fraction: float) -> Floats:
        """The units; what patients paid is the rest of the package and none of the fund's."""
        return own[..., UNITS]

    def explain(self, case: CaseTable, pool: Floats, terms: SessionTerms, fraction: float) -> list[Step]:
        """From the price of a session to the fund's money."""
        due = float(self.tariff(case, terms)[0])
        steps = [
            Step("每次基金定额", "fund's price of a session", float(terms.price[case.scheme[0]]), "fen", "F2"),
            Step("次数", "sessions of the bill", float(max(case.stay[0], 1.0)), "case", "F2"),
        ]
        if self.session_limit is not None:
            steps.append(Step("每张账单次数上限", "most sessions of a bill", self.session_limit, "case", "F2"))
        return [*steps, Step("统筹基金应付", "due from the pooled fund", due, "fen", "F2")]


MODE = SessionQuota
