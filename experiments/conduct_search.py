"""The search of a fit: from trials so far to the next one. Local linear models of what each parameter does, refined with every trial.

A trial is a point of log factors on the starting values. The first trials are the start and one step in each parameter; from then on each
is the regularised least-squares step (Levenberg 1944, Marquardt 1963) of a Jacobian that every trial updates (Broyden 1965), within bounds
and as far as recent steps have been worth it. It is a function of the trials alone, so that an interrupted fit goes on where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

Floats = NDArray[np.float64]

SMALLEST_STEP = 0.02
"""Log below which a step is not worth a trial."""


@dataclass(frozen=True)
class Problem:
    """What is searched: log factors that are expected, and their bounds ``[parameter]``; aims and tolerances ``[target]``; steps and the
    prior's width as in the study; ``slope``: what an earlier fit learnt that each parameter does ``[target, parameter]``, if any did."""

    expected: Floats
    low: Floats
    high: Floats
    aim: Floats
    tolerance: Floats
    first_step: float
    longest_step: float
    prior: float
    slope: Floats | None = None

    def loss(self, point: Floats, found: Floats) -> float:
        """Sum of squared misses in tolerances, and of distances from what was expected in priors."""
        return float((((found - self.aim) / self.tolerance) ** 2).sum() + (((point - self.expected) / self.prior) ** 2).sum())

    def first_points(self) -> list[Floats]:
        """The start, and unless slopes are known a step in each parameter: up, or down where the bound is near."""
        n = len(self.low)
        if self.slope is not None:
            return [np.zeros(n)]
        up = np.where(self.high >= self.first_step, self.first_step, -self.first_step)
        return [np.zeros(n), *(np.eye(n)[i] * up[i] for i in range(n))]


@dataclass(frozen=True)
class Trial:
    """A point ``[parameter]`` that was simulated, and what was found there ``[target]``."""

    point: Floats
    found: Floats


@dataclass(frozen=True)
class State:
    """What is known after some trials: the best trial, what a log unit of each parameter does there ``[target, parameter]``, and how far
    the next step may go."""

    best: Trial
    slope: Floats
    reach: float


def state_of(problem: Problem, trials: Sequence[Trial]) -> State | None:
    """What the trials tell; None before each parameter has been moved once."""
    first = problem.first_points()
    if len(trials) < len(first):
        return None
    slope = problem.slope
    if slope is None:
        moved = zip(trials[1 : len(first)], first[1:], strict=True)
        slope = np.stack([(trial.found - trials[0].found) / point.sum() for trial, point in moved], axis=1)
    best = min(trials[: len(first)], key=lambda trial: problem.loss(trial.point, trial.found))
    reach = problem.longest_step
    for trial in trials[len(first) :]:
        step = trial.point - best.point
        length = float(step @ step)
        if length > 0:
            slope = slope + np.outer(trial.found - best.found - slope @ step, step) / length
        if problem.loss(trial.point, trial.found) < problem.loss(best.point, best.found):
            best, reach = trial, min(1.5 * reach, problem.longest_step)
        else:
            reach *= 0.5
    return State(best, slope, reach)


def next_point(problem: Problem, trials: Sequence[Trial]) -> Floats | None:
    """The point to simulate next; None where no step is worth it any more."""
    state = state_of(problem, trials)
    if state is None:
        return problem.first_points()[len(trials)]
    at = state.best.point
    rows = np.vstack([state.slope / problem.tolerance[:, None], np.eye(len(at)) / problem.prior])
    miss = np.concatenate([(problem.aim - state.best.found) / problem.tolerance, (problem.expected - at) / problem.prior])
    low, high = np.maximum(problem.low - at, -state.reach), np.minimum(problem.high - at, state.reach)
    step = lsq_linear(rows, miss, (low - 1e-12, high + 1e-12)).x
    return None if np.abs(step).max() < SMALLEST_STEP else np.clip(at + step, problem.low, problem.high)


def known_to(problem: Problem, slope: Floats) -> Floats:
    """Log standard deviation of each parameter given the targets, to be held against the prior's ``[parameter]``."""
    rows = slope / problem.tolerance[:, None]
    known: Floats = np.sqrt(np.diag(np.linalg.inv(rows.T @ rows + np.eye(rows.shape[1]) / problem.prior**2)))
    return known
