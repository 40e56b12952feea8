"""Fits what each value of a field adds to a curve, shrunk to nothing where its rows are few.

Logistic regression with a random intercept: the logit of a row with value v is

    curve + common + shift_v,        shift_v ~ N(0, deviation^2)

A value with many positives gets the shift at which its own predicted and observed positives agree,
one with few stays near 0, and a value that was never seen has 0: the curve and the common
intercept. The deviation is estimated from the values themselves, by the largest marginal likelihood
in Laplace's approximation (empirical Bayes; Breslow and Clayton, J. Am. Stat. Assoc. 1993). Only
the intercept is a value's own: predicted over observed is a matter of the rate, and a slope of its
own would take many times the positives.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Tuple

import numpy as np
from scipy.optimize import minimize_scalar

from easy_esmm.calibration.cells import Array, Cells
from easy_esmm.calibration.probability import sigmoid

SMALLEST_DEVIATION, LARGEST_DEVIATION = 1e-3, 3.0
_STEPS = 100


@dataclass(frozen=True, eq=False)
class Shifts:
    """Fitted intercepts."""

    common: float
    """Of every row."""
    of_values: Array
    """float64 [values], beside `common`."""
    deviation: float
    """Standard deviation of the values' shifts among each other."""


def fit_shifts(logit: Array, cells: Cells, values: int) -> Shifts:
    """The intercepts on top of the calibrated logits of `cells`, of `values` values.

    A value without a row has the shift 0.
    """

    def cost(log_deviation: float) -> float:
        return _penalised(logit, cells, values, math.exp(log_deviation))[1]

    bounds = (math.log(SMALLEST_DEVIATION), math.log(LARGEST_DEVIATION))
    found = minimize_scalar(cost, bounds=bounds, method="bounded", options={"xatol": 0.01})
    deviation = math.exp(float(found.x))
    return shifts_at(logit, cells, values, deviation)


def shifts_at(logit: Array, cells: Cells, values: int, deviation: float) -> Shifts:
    """The intercepts for a given deviation: the largest joint posterior."""
    return _penalised(logit, cells, values, deviation)[0]


def _penalised(logit: Array, cells: Cells, values: int, deviation: float) -> Tuple[Shifts, float]:
    """The intercepts, and minus the logarithm of the marginal likelihood of `deviation`.

    Newton's method on all intercepts at once: the values meet only in the common one, which Schur's
    complement solves for. The objective is convex, and steps are halved until it falls.
    """
    precision = 1.0 / deviation**2
    common, shifts = 0.0, np.zeros(values)
    cost = _cost(logit, cells, common, shifts, precision)
    for _ in range(_STEPS):
        gap, curvature = _by_value(logit + common + shifts[cells.value], cells, values)
        own = curvature + precision
        pull = gap + precision * shifts
        of_common = (gap.sum() - (curvature / own) @ pull) / (curvature @ (precision / own))
        of_values = (pull - curvature * of_common) / own
        step = 1.0
        while True:
            moved = common - step * of_common, shifts - step * of_values
            new = _cost(logit, cells, *moved, precision)
            if new <= cost or step < 1e-6:
                break
            step /= 2.0
        common, shifts, cost = *moved, new
        if step * max(abs(of_common), np.abs(of_values).max()) < 1e-8:
            break
    _, curvature = _by_value(logit + common + shifts[cells.value], cells, values)
    marginal = cost + 0.5 * float(np.log1p(curvature / precision).sum())
    return Shifts(common, shifts, deviation), marginal


def _by_value(logit: Array, cells: Cells, values: int) -> Tuple[Array, Array]:
    """By value, predicted minus observed positives, and how fast the former rise with the logit."""
    rate = sigmoid(logit)
    gap = np.bincount(cells.value, cells.weight * rate - cells.positive, values)
    return gap, np.bincount(cells.value, cells.weight * rate * sigmoid(-logit), values)


def _cost(logit: Array, cells: Cells, common: float, shifts: Array, precision: float) -> float:
    moved = logit + common + shifts[cells.value]
    loss = cells.weight @ np.logaddexp(0.0, moved) - cells.positive @ moved
    return float(loss + precision * (shifts @ shifts) / 2.0)
