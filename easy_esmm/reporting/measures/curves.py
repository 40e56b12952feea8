"""ROC and precision-recall curves from all rows, drawn from a bounded number of points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

from easy_esmm.rank_statistics import auc_with_error
from easy_esmm.reporting.measures.task_rows import TaskRows

Array = NDArray[Any]

POINTS = 200
"""At most so many points a curve are drawn; areas are those of all rows."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Points of a curve, and its area."""

    x: Array
    y: Array
    area: float
    error: float
    """Standard error of the area; NaN where it is not known."""


def roc(task: TaskRows) -> Optional[Curve]:
    """True positive rate over false positive rate; None without rows of both classes.

    The area is the AUC of the evaluation: rows count by weight, a tie one half.
    """
    positive, negative = _cumulated(task)
    if not (len(positive) and positive[-1] > 0 and negative[-1] > 0):
        return None
    x = np.append(0.0, negative / negative[-1])
    y = np.append(0.0, positive / positive[-1])
    # Evenly along the way: where the curve is steep its points differ in y, elsewhere in x.
    kept = _thinned(x + y, 2.0)
    return Curve(x[kept], y[kept], *auc(task))


def auc(task: TaskRows) -> Tuple[float, float]:
    """The task's AUC and its standard error; NaN without both classes."""
    return auc_with_error(task.score, task.label, task.weight)


def precision_recall(task: TaskRows) -> Optional[Curve]:
    """Precision over recall; None without rows of both classes.

    The area is the average precision: sum over scores of (gain in recall) x precision.
    """
    positive, negative = _cumulated(task)
    if not (len(positive) and positive[-1] > 0 and negative[-1] > 0):
        return None
    recall = positive / positive[-1]
    precision = positive / (positive + negative)
    gain = np.diff(recall, prepend=0.0)
    reached = np.flatnonzero(gain > 0)
    kept = reached[_thinned(recall[reached], 1.0)]
    return Curve(recall[kept], precision[kept], float(gain @ precision), np.nan)


def _cumulated(task: TaskRows) -> Tuple[Array, Array]:
    """Weight of the positives, and of the negatives, at or above each distinct score, falling."""
    order = np.argsort(-task.score, kind="stable")
    score, is_positive, weight = task.score[order], task.label[order] > 0, task.weight[order]
    last = np.flatnonzero(np.append(score[1:] != score[:-1], True)) if len(score) else order
    return np.cumsum(weight * is_positive)[last], np.cumsum(weight * ~is_positive)[last]


def _thinned(progress: Array, end: float) -> Array:
    """Indices of at most `POINTS` points, evenly over a rising progress, both ends included."""
    wanted = np.searchsorted(progress, np.linspace(0.0, end, POINTS - 1) * (1 - 1e-12))
    inside = np.minimum(wanted, len(progress) - 1)
    kept: Array = np.unique(np.append(inside, [0, len(progress) - 1]))
    return kept
