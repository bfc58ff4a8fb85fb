"""What is measured of conduct: one history a seed, forked into payment worlds, and published quantities read off their last year."""

from __future__ import annotations

import copy
import gc
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from experiments.worlds import with_parameters
from model.codes import SEVERITIES
from model.policy import PolicyFile, load_policy

TENTH, WIDER = 1.1, 1.3
"""Price of a split over the next cheaper one's, against today's: what a response is told of, and that of the world it is read off. So many
records hardly move by a tenth that chance would show more than the response; the larger step is told in proportion to its log."""

Shares = Callable[[str, str, str, str], float]
"""Value by world, indicator, kind of unit and unit."""


def _gap(band: str) -> Callable[[Shares], float]:
    return lambda value: 100 * (value("fees", "intensity", "severity", band) / value("points", "intensity", "severity", band) - 1)


def _mean_services(world: str) -> Callable[[Shares], float]:
    return lambda value: sum(value(world, "intensity", "severity", band) for band in SEVERITIES) / len(SEVERITIES)


def _upcoded(value: Shares, world: str) -> float:
    return 100 * value(world, "upcoded_share", "city", "")


def _response(value: Shares) -> float:
    return (_upcoded(value, "wider") - _upcoded(value, "weights")) * math.log(TENTH) / math.log(WIDER)


MEASURES: Mapping[str, Callable[[Shares], float]] = {
    **{f"gap_{band}": _gap(band) for band in SEVERITIES},
    "optimum": _mean_services("points"),
    "upcoded_drg": lambda value: _upcoded(value, "weights"),
    "upcoded_dip": lambda value: _upcoded(value, "points"),
    "response": _response,
    "services_ffs": _mean_services("fees"),
    "cost_gap": lambda value: (
        100 * (value("points", "cost_per_admission", "city", "") / value("fees", "cost_per_admission", "city", "") - 1)
    ),
}
"""What can be aimed at or watched, by name: services under fees over those under points by severity, per cent; mean of services over the
clinical standard under points; upcoded records under weights and under points, per cent of records; points of upcoded records more where
price ratios of adjacent splits are a tenth larger; services under fees; cost per admission under points over that under fees, per cent."""


def worlds_of(variant: str) -> dict[str, PolicyFile]:
    """The payment worlds that a history is forked into: fees for service, points under an outlier variant, weights, weights set wider."""
    weights = load_policy("drg")
    return {
        "fees": load_policy("ffs"),
        "points": with_parameters(load_policy("dip"), {"outlier": variant}),
        "weights": weights,
        "wider": with_parameters(weights, {"split_ratio": WIDER}),
    }


@dataclass(frozen=True)
class Measuring:
    """Simulates the worlds of a seed under a behaviour file, and measures all there is."""

    city: str
    variant: str
    scale: float
    burn_in: int
    months: int

    def __call__(self, behaviour: Path, seed: int) -> dict[str, float]:
        """Every measure of one seed in the last year of each world."""
        from model.city import City

        history = City.load(self.city, scale=self.scale, seed=seed, burn_in=self.burn_in, behaviour=behaviour)
        tables = []
        for name, policy in worlds_of(self.variant).items():
            world = copy.deepcopy(history)
            world.switch_policy(policy)
            world.run_for(self.months)
            yearly = world.tables.yearly
            last = yearly[yearly["period"] == sorted(yearly["period"].unique())[self.months // 12 - 1]]
            tables.append(last.assign(world=name, unit=last["unit"].where(last["unit_type"] != "city", "")))
            del world
            gc.collect()  # a model is a reference cycle
        del history
        gc.collect()
        found = pd.concat(tables).set_index(["world", "indicator", "unit_type", "unit"])["value"]
        return {name: float(measure(lambda *key: float(found[key]))) for name, measure in MEASURES.items()}
