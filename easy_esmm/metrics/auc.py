"""Area under the ROC curve over all rows of a task, with its standard error."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.compat import v1
from easy_esmm.contract import Task
from easy_esmm.errors import UserError
from easy_esmm.metrics.cells import cell_counts
from easy_esmm.metrics.kept_rows import KeptRows
from easy_esmm.metrics.registry import Columns, register
from easy_esmm.metrics.streaming import Metric, sums
from easy_esmm.protos.eval_pb2 import AUC

Array = NDArray[Any]

EXACT_ROWS = 2**20
"""Up to so many valid rows the AUC is the rank statistic itself (9 bytes a row)."""
CELLS = 2**16
"""Beyond, rows are counted in this many cells by score (2 MB): within 1e-5, as measured."""
_TENSORFLOW_THRESHOLDS = 200


@register("auc")
def auc(config: AUC, task: Task, columns: Columns) -> Dict[str, Metric]:
    """`auc_<task>` and, unless `exact: false`, `auc_<task>_se`; float64.

    Rows count by `task.weight`; a row is positive where its label is above 0; ties count one half.
    NaN without a weighted row of either class, or if a row that counts has the score NaN. The
    standard error is DeLong's (Biometrics, 1988), NaN with fewer than two rows of either class.
    """
    if not config.exact:
        return {f"auc_{task.name}": _tensorflow_auc(config, task)}
    return _rank_auc(task, max(CELLS, config.num_thresholds))


def area_and_error(counts: Array) -> Tuple[float, float]:
    """AUC and its standard error from float64 [scores, 4], by ascending score.

    Columns: sum of the weights of the negatives, of the positives, sum of the squared weights of
    the negatives, of the positives.

    A positive's placement is the share of negatives below it, a negative's the share of positives
    above it. The AUC is the mean placement, its variance (DeLong) the sum over both classes of
    (variance of the placements) / n. With weights w the mean is weighted, and the variance of a
    weighted mean is sum w^2 (x - mean)^2 / (sum w)^2, corrected by n / (n - 1) with the effective
    number n = (sum w)^2 / sum w^2: DeLong's own with equal weights, whatever their size.
    """
    negative, positive, negative_square, positive_square = counts.T
    negatives, positives = negative.sum(), positive.sum()
    if not (negatives > 0 and positives > 0):
        return np.nan, np.nan
    below = (np.cumsum(negative) - negative / 2) / negatives
    above = 1.0 - (np.cumsum(positive) - positive / 2) / positives
    area = float(positive @ below / positives)
    variance = _variance_of_mean(below, area, positives, positive_square) + _variance_of_mean(
        above, area, negatives, negative_square
    )
    return area, float(np.sqrt(variance))


def _variance_of_mean(placement: Array, area: float, weight: float, square: Array) -> float:
    # sum w^2 (x - mean)^2 / W^2 x n / (n - 1) with n = W^2 / S has the divisor W^2 - S.
    freedom = weight**2 - square.sum()
    if not freedom > 1e-9 * weight**2:
        return np.nan
    return float(square @ (placement - area) ** 2 / freedom)


def _rank_auc(task: Task, cells: int) -> Dict[str, Metric]:
    key = f"auc_{task.name}"
    with v1.name_scope(key):
        score = task.score
        is_valid, is_positive = task.weight > 0, task.label > 0
        weight = tf.cast(task.weight, tf.float64)
        positive = tf.where(is_positive, weight, tf.zeros_like(weight))
        negative = weight - positive
        counts = tf.stack([negative, positive, negative * negative, positive * positive], axis=1)
        table, count = cell_counts(score, is_valid, counts, cells, "auc")
        rows = KeptRows([score, is_positive, task.weight], is_valid, EXACT_ROWS)
        area, error = rows.read(_result, [table], [tf.float64, tf.float64])
        update = tf.group(count, rows.update)
    return {key: (area, update), key + "_se": (error, update)}


def _result(rows: Optional[Tuple[Array, ...]], table: Array) -> Tuple[float, float]:
    return area_and_error(counts_by_score(*rows) if rows else table)


def counts_by_score(score: Array, is_positive: Array, weight: Array) -> Array:
    """Float64 [scores, 4] as `area_and_error` wants it, a row for each distinct score."""
    if not len(score) or np.isnan(score).any():
        return np.full((1, 4), np.nan)
    order = np.argsort(score)
    score, is_positive = score[order], is_positive[order]
    weight = weight[order].astype(np.float64)
    starts = np.flatnonzero(np.append(True, score[1:] != score[:-1]))
    parts = (weight * ~is_positive, weight * is_positive)
    columns = [*parts, *(part**2 for part in parts)]
    return np.stack([np.add.reduceat(column, starts) for column in columns], axis=1)


def _tensorflow_auc(config: AUC, task: Task) -> Metric:
    """TensorFlow's own estimate over equally spaced probabilities, for comparison with EasyRec."""
    key = f"auc_{task.name}"
    if task.logit is None:
        raise UserError(
            f"metrics_set.auc.exact: false needs probabilities, but {key} ranks values of a "
            "regression tower; remove `exact: false`"
        )
    thresholds = config.num_thresholds or _TENSORFLOW_THRESHOLDS
    is_positive = task.label > 0
    inside = tf.cast(is_positive, tf.float32) * task.weight
    seen, count = sums({"positive": inside, "all": task.weight}, key + "_classes")
    area, update = v1.metrics.auc(
        is_positive, task.prediction, weights=task.weight, num_thresholds=thresholds, name=key
    )
    # Without one of the classes TensorFlow says 0.
    has_both = (seen["positive"] > 0) & (seen["positive"] < seen["all"])
    nan = tf.constant(float("nan"), tf.float64)
    return tf.where(has_both, tf.cast(area, tf.float64), nan), tf.group(update, count)
