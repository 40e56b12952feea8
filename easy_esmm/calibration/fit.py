"""Fits a curve to cells of logits: Platt's line, a monotone spline, or isotonic regression.

All of them maximise the likelihood of the labels, and predict as many positives as were observed.
"""

from __future__ import annotations

from typing import Callable, Dict, Tuple

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.optimize import lsq_linear
from sklearn.isotonic import IsotonicRegression

from easy_esmm.calibration.cells import Array, Cells
from easy_esmm.calibration.curve import SMALLEST_SLOPE, Curve
from easy_esmm.calibration.probability import sigmoid
from easy_esmm.errors import UserError

KNOTS = 7
"""Of the spline."""
SLOPE_DEVIATION = 0.5
"""Of the spline's slope from one knot to the next: standard deviation of a normal prior. Seven free
slopes would follow the noise of a few hundred positives."""
BLOCK = 20.0
"""Positives and negatives in a block of the isotonic curve, at least: its rate is then known to
about a fifth."""
_STEPS = 100
_SPREAD = 5.0
"""Standard deviation of the logits that the search begins with, at most."""


def platt(cells: Cells) -> Curve:
    """A straight line over the logit: intercept and slope (Platt, 1999), without smoothed targets.

    Raises:
      UserError: the logits do not rank the labels.
    """
    center = float(np.average(cells.logit, weights=cells.weight))
    curve = _penalised(cells, np.array([center]))
    if curve.slopes[0] < 2.0 * SMALLEST_SLOPE:
        deviation = _deviation(cells)
        if curve.slopes[0] * deviation > 5.0 * SMALLEST_SLOPE:
            raise UserError(
                f"the logits lie so far apart (standard deviation {deviation:.0f}) that a line of "
                f"the slope {2.0 * SMALLEST_SLOPE} is too steep for these labels; has the model "
                "diverged?"
            )
        raise UserError(
            "the logits rank the labels no better than chance, so no increasing curve fits them; "
            "are the labels those of these rows, and is the model trained?"
        )
    return curve


def spline(cells: Cells) -> Curve:
    """A curve whose slope is positive and piecewise linear, with knots among the positives.

    That is a quadratic I-spline with coefficients that are not negative (Ramsay, Statistical
    Science 1988), straight beyond its ends; `SLOPE_DEVIATION` keeps it smooth.
    """
    shares = (np.arange(KNOTS) + 0.5) / KNOTS
    # Half of the mass is that of the positives: at low rates few of the rows are where they are.
    negative = cells.weight - cells.positive
    mass = cells.positive / cells.positive.sum() + negative / negative.sum()
    order = np.argsort(cells.logit)
    reached = np.cumsum(mass[order]) / mass.sum()
    knots = np.unique(np.interp(shares, reached, cells.logit[order]))
    return _penalised(cells, knots)


def isotonic(cells: Cells) -> Curve:
    """The increasing curve of the largest likelihood (pool adjacent violators), without its steps.

    Steps would tie rows. Blocks are pooled until each holds `BLOCK` positives and negatives, and a
    monotone cubic (Fritsch and Carlson's) goes through the middle of each; a share of
    `SMALLEST_SLOPE` is the logit itself.
    """
    is_used = cells.weight > 0
    logit, weight, positive = (
        part[is_used] for part in (cells.logit, cells.weight, cells.positive)
    )
    order = np.argsort(logit)
    logit, weight, positive = logit[order], weight[order], positive[order]
    rate = IsotonicRegression().fit_transform(logit, positive / weight, sample_weight=weight)
    starts = np.flatnonzero(np.append(True, np.diff(rate) > 0))
    blocks = [np.add.reduceat(part, starts) for part in (weight, positive, weight * logit)]
    weight, positive, moment = _pooled(*blocks)
    if len(weight) == 1:
        return platt(cells)
    knots = moment / weight
    values = np.log(positive) - np.log(weight - positive)
    values = (1.0 - SMALLEST_SLOPE) * values + SMALLEST_SLOPE * knots
    slopes = PchipInterpolator(knots, values).derivative()(knots)
    chord = (np.diff(values) / np.diff(knots))[[0, -1]]
    # At the ends its slope may be 0, and would be that of the line beyond.
    slopes[[0, -1]] = np.maximum(slopes[[0, -1]], SMALLEST_SLOPE * np.minimum(chord, 1.0))
    curve = Curve(*(tuple(part.tolist()) for part in (knots, values, slopes)))
    return curve.shifted(_intercept(curve(cells.logit), cells))


METHODS: Dict[str, Callable[[Cells], Curve]] = {
    "platt": platt,
    "spline": spline,
    "isotonic": isotonic,
}
"""By name, from the stiffest on."""


def _penalised(cells: Cells, knots: Array) -> Curve:
    """The curve with these knots whose slope is piecewise linear, at its largest likelihood."""
    basis = np.column_stack([np.ones(len(cells.logit)), _rises(cells.logit, knots)])
    penalty = np.zeros([basis.shape[1]] * 2)
    step = np.diff(np.eye(len(knots)), axis=0)
    penalty[1:, 1:] = step.T @ step / SLOPE_DEVIATION**2
    rate = cells.positive.sum() / cells.weight.sum()
    # Of a model that is far too sure no slope of 1: all rates would be 0 and 1, without curvature.
    slope = max(SMALLEST_SLOPE, min(1.0, _SPREAD / _deviation(cells)))
    start = np.append(np.log(rate / (1.0 - rate)), np.full(len(knots), slope))
    start[0] -= np.average(basis[:, 1:] @ start[1:], weights=cells.weight)
    parameters = _maximum(cells, basis, penalty, start)
    slopes = parameters[1:]
    rises = np.diff(knots) * (slopes[:-1] + slopes[1:]) / 2.0
    values = parameters[0] + np.append(0.0, np.cumsum(rises))
    curve = Curve(*(tuple(part.tolist()) for part in (knots, values, slopes)))
    return curve.shifted(_intercept(curve(cells.logit), cells))


def _deviation(cells: Cells) -> float:
    center = np.average(cells.logit, weights=cells.weight)
    variance = np.average((cells.logit - center) ** 2, weights=cells.weight)
    return float(np.sqrt(variance)) or 1.0


def _rises(logit: Array, knots: Array) -> Array:
    """float64 [cells, knots]: integral from the first knot to the logit of each knot's hat."""
    columns = []
    for number in range(len(knots)):
        height = np.eye(len(knots))[number]
        rise = np.diff(knots) * (height[:-1] + height[1:]) / 2.0
        values = np.append(0.0, np.cumsum(rise))
        columns.append(Curve(tuple(knots), tuple(values), tuple(height))(logit))
    return np.column_stack(columns)


def _maximum(cells: Cells, basis: Array, penalty: Array, start: Array) -> Array:
    """Newton's method; each step is a least-squares problem with bounds on the slopes."""
    lower = np.append(-np.inf, np.full(len(start) - 1, SMALLEST_SLOPE))

    def objective(parameters: Array) -> float:
        loss = _loss(basis @ parameters, cells)
        return loss + float(parameters @ penalty @ parameters) / 2.0

    current, value = start, objective(start)
    for _ in range(_STEPS):
        gradient, curvature = _derivatives(basis @ current, cells)
        slope = basis.T @ gradient + penalty @ current
        hessian = (basis * curvature[:, np.newaxis]).T @ basis + penalty
        hessian += 1e-9 * np.trace(hessian) * np.eye(len(start))
        root = np.linalg.cholesky(hessian).T
        target = root @ current - np.linalg.solve(root.T, slope)
        wanted = lsq_linear(root, target, (lower, np.inf)).x
        step = 1.0
        while (found := objective(current + step * (wanted - current))) > value and step > 1e-6:
            step /= 2.0
        moved = np.abs(step * (wanted - current)).max()
        current, value = current + step * (wanted - current), found
        if moved < 1e-9:
            break
    return current


def _intercept(logit: Array, cells: Cells) -> float:
    """What to add to the logits so that as many positives are predicted as were observed."""
    shift = 0.0
    for _ in range(_STEPS):
        gradient, curvature = _derivatives(logit + shift, cells)
        step = float(-gradient.sum() / curvature.sum())
        shift += max(-1.0, min(1.0, step))
        if abs(step) < 1e-12:
            break
    return shift


def _loss(logit: Array, cells: Cells) -> float:
    return float(cells.weight @ np.logaddexp(0.0, logit) - cells.positive @ logit)


def _derivatives(logit: Array, cells: Cells) -> Tuple[Array, Array]:
    """Of the cells' losses by their logits: first and second."""
    rate = sigmoid(logit)
    return cells.weight * rate - cells.positive, cells.weight * rate * sigmoid(-logit)


def _pooled(weight: Array, positive: Array, moment: Array) -> Tuple[Array, Array, Array]:
    """Neighbouring blocks together, until each holds `BLOCK` positives and negatives."""
    pooled = [np.zeros(3)]
    for block in np.column_stack([weight, positive, moment]):
        if min(pooled[-1][1], pooled[-1][0] - pooled[-1][1]) >= BLOCK:
            pooled.append(np.zeros(3))
        pooled[-1] = pooled[-1] + block
    if len(pooled) > 1 and min(pooled[-1][1], pooled[-1][0] - pooled[-1][1]) < BLOCK:
        last = pooled.pop()
        pooled[-1] = pooled[-1] + last
    columns = np.array(pooled).T
    return columns[0], columns[1], columns[2]
