"""Chooses and fits the calibration of a holdout, and judges it on rows that it was not fitted on.

Cross-validation over five folds: of each fold, the calibration of the other four. Rows of one user
stay in one fold. The method of each task is the stiffest one (a line before a spline before
isotonic regression) whose log loss on held-out rows is within one standard error of the least (the
rule of one standard error: Breiman et al., Classification and Regression Trees, 1984).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

from easy_esmm.calibration.calibration import TaskCalibration
from easy_esmm.calibration.cells import Cells, cells_by_fold
from easy_esmm.calibration.curve import Curve
from easy_esmm.calibration.fit import METHODS
from easy_esmm.calibration.holdout import Holdout, Observations, require_evidence
from easy_esmm.calibration.probability import (
    LARGEST_LOGIT,
    log_loss,
    product_logit,
    quotient_logit,
)
from easy_esmm.calibration.scores import Measured, Scores, mean, scores
from easy_esmm.calibration.shifts import fit_shifts
from easy_esmm.errors import UserError

Array = NDArray[Any]

FOLDS = 5
AUTO = "auto"


@dataclass(frozen=True, eq=False)
class Judged:
    """A task before and after, on rows that its calibration was not fitted on."""

    rows: Observations
    before: Scores
    after: Scores
    gain: Measured
    """Log loss before minus after, of the same rows."""

    @property
    def count(self) -> int:
        """Rows on which the task is observed."""
        return int(np.count_nonzero(self.rows.weight))

    @property
    def positives(self) -> int:
        """Of them, those with a positive label."""
        return int(np.count_nonzero(self.rows.label[self.rows.weight > 0]))


@dataclass(frozen=True, eq=False)
class Fitted:
    """The calibration of all rows of a holdout, and how its like does on rows held out."""

    tasks: Dict[str, TaskCalibration]
    judged: Sequence[Judged]
    log_losses: Mapping[str, Mapping[str, Measured]]
    """By task and method, the log loss on held-out rows minus that of the method chosen."""
    gain_of_field: Mapping[str, Measured]
    """By task, log loss of the whole's curve minus that with the field's shifts."""
    deviations: Mapping[str, float]
    """By task, standard deviation of the field's shifts."""


def fit(holdout: Holdout, method: str = AUTO, seed: int = 0) -> Fitted:
    """The calibration of a holdout.

    Args:
      holdout: uncalibrated logits and labels.
      method: one of `METHODS` for all tasks, or `AUTO`.
      seed: of the folds.

    Raises:
      UserError: too few positives or negatives, or logits that do not rank the labels.
    """
    require_evidence(holdout.tasks)
    fold = _folds(holdout, seed)
    methods = tuple(METHODS) if method == AUTO else (method,)
    found = [_of_task(task, holdout, fold, methods) for task in holdout.tasks]
    return Fitted(
        tasks={one.rows.name: one.calibration for one in found},
        judged=_judged(holdout, found),
        log_losses={one.rows.name: one.excess for one in found},
        gain_of_field={
            one.rows.name: one.gain_of_field for one in found if one.gain_of_field is not None
        },
        deviations={one.rows.name: one.deviation for one in found if holdout.values},
    )


def joint(ctr: Array, ctcvr: Array) -> Tuple[Array, Array]:
    """(CVR logit, CTCVR logit) from calibrated CTR and CTCVR logits.

    pCVR is their quotient, kept below `LARGEST`; where that applies, pCTCVR becomes the product.
    """
    limit = product_logit(ctr, np.full_like(ctr, LARGEST_LOGIT))
    return quotient_logit(ctcvr, ctr), np.minimum(ctcvr, limit)


@dataclass(frozen=True, eq=False)
class _TaskFit:
    rows: Observations
    calibration: TaskCalibration
    out_of_fold: Array
    excess: Mapping[str, Measured]
    deviation: float
    gain_of_field: Optional[Measured]


def _folds(holdout: Holdout, seed: int) -> Array:
    """int64 [rows]: fold of each row; equal in number of rows, or of users."""
    rows = np.arange(len(holdout.value)) if holdout.cluster is None else holdout.cluster
    order = np.random.default_rng(seed).permutation(int(rows.max()) + 1)
    return np.asarray(order[rows] % FOLDS)


def _of_task(rows: Observations, holdout: Holdout, fold: Array, methods: Sequence[str]) -> _TaskFit:
    every, *others = cells_by_fold(rows.logit, rows.label, rows.weight, holdout.value, fold, FOLDS)
    for cells in others:
        _require_both(rows.title, cells)
    curves = {method: [METHODS[method](cells) for cells in others] for method in methods}
    out_of_fold = {
        method: _held_out(rows.logit, fold, of_folds) for method, of_folds in curves.items()
    }
    losses = {method: log_loss(logit, rows.label) for method, logit in out_of_fold.items()}
    chosen = _stiffest(losses, rows.weight, holdout.cluster)
    excess = {
        method: mean(loss - losses[chosen], rows.weight, holdout.cluster)
        for method, loss in losses.items()
    }
    curve = METHODS[chosen](every)
    if not holdout.values:
        calibration = TaskCalibration(chosen, curve)
        return _TaskFit(rows, calibration, out_of_fold[chosen], excess, 0.0, None)
    count = len(holdout.values)
    shifted = out_of_fold[chosen].copy()
    for number, (of_fold, cells) in enumerate(zip(curves[chosen], others)):
        shifts = fit_shifts(of_fold(cells.logit), cells, count)
        is_held_out = fold == number
        values = holdout.value[is_held_out]
        shifted[is_held_out] += shifts.common + shifts.of_values[values]
    gain = mean(losses[chosen] - log_loss(shifted, rows.label), rows.weight, holdout.cluster)
    calibration, deviation = _by_value(chosen, curve, every, holdout.values)
    return _TaskFit(rows, calibration, shifted, excess, deviation, gain)


def _require_both(title: str, cells: Cells) -> None:
    """Raises UserError where no rate can be fitted without a fold, which some users fill alone."""
    positive, weight = float(cells.positive.sum()), float(cells.weight.sum())
    if not 0.0 < positive < weight:
        raise UserError(
            f"{title}: the rows of few users hold all its positives or all its negatives, and one "
            f"of {FOLDS} parts holds all of these users; give rows of more users, or check that "
            "--user_column names the user"
        )


def _by_value(
    method: str, curve: Curve, cells: Cells, values: Sequence[str]
) -> Tuple[TaskCalibration, float]:
    shifts = fit_shifts(curve(cells.logit), cells, len(values))
    seen = np.bincount(cells.value, cells.weight, len(values)) > 0
    by_text = {
        text: float(shift)
        for text, shift, is_seen in zip(values, shifts.of_values, seen)
        if is_seen
    }
    return TaskCalibration(method, curve.shifted(shifts.common), by_text), shifts.deviation


def _held_out(logit: Array, fold: Array, curves: Sequence[Curve]) -> Array:
    """Each row's logit by the curve that was fitted without its fold."""
    found = np.empty(len(logit), np.float64)
    for number, curve in enumerate(curves):
        is_held_out = fold == number
        found[is_held_out] = curve(logit[is_held_out])
    return found


def _stiffest(losses: Mapping[str, Array], weight: Array, cluster: Optional[Array]) -> str:
    """The first method whose mean loss is within one standard error of the least."""
    best = min(losses.values(), key=lambda loss: float(weight @ loss))
    for method, loss in losses.items():
        excess = mean(loss - best, weight, cluster)
        if excess.value <= excess.error:
            return method
    raise AssertionError("the least is within its own error")


def _judged(holdout: Holdout, found: Sequence[_TaskFit]) -> Sequence[Judged]:
    after = {one.rows.name: one.out_of_fold for one in found}
    shown = list(holdout.tasks)
    family = holdout.family
    if family is not None:
        conversion = family.conversion
        after[conversion.name], after[family.product] = joint(
            after[family.click], after[family.product]
        )
        shown.insert(1, conversion)
    return [_judge(rows, after[rows.name], holdout.cluster) for rows in shown]


def _judge(rows: Observations, after: Array, cluster: Optional[Array]) -> Judged:
    is_used = rows.weight > 0
    logit, label, weight = rows.logit[is_used], rows.label[is_used], rows.weight[is_used]
    after = after[is_used]
    cluster = None if cluster is None else cluster[is_used]
    before = logit.astype(np.float64)
    return Judged(
        rows,
        scores(before, label, weight, cluster),
        scores(after, label, weight, cluster),
        mean(log_loss(before, label) - log_loss(after, label), weight, cluster),
    )
