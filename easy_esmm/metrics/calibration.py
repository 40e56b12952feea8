"""Expected calibration error over bins of equal mass."""

from __future__ import annotations

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import ScoredTask, Tensor, keyed
from easy_esmm.metrics.cells import cell_counts
from easy_esmm.metrics.streaming import Metric, ratio, weighed

_CELLS = 2**14
BINS = 15


def expected_calibration_error(task: ScoredTask) -> Metric:
    """Weighted mean over bins of |mean prediction - mean label|; float64, NaN without a valid row.

    Fine cells over the logit are merged at read-out into at most 15 bins of about equal weight
    (equal widths would put nearly all impressions of a low rate into one bin). The means inside a
    bin are exact; only its edges are rounded to cells, and equal logits are never parted.
    """
    with v1.name_scope(keyed("ece", task.name)):
        weight = tf.cast(task.weight, tf.float64)
        counts = tf.stack(
            [weight, weighed(weight, task.label), weighed(weight, task.prediction)], axis=1
        )
        table, update = cell_counts(task.logit, weight > 0, counts, _CELLS, "ece")
        return _error(*tf.unstack(table, num=3, axis=1)), update


def _error(weight: Tensor, label: Tensor, prediction: Tensor) -> Tensor:
    total = tf.reduce_sum(weight)
    # The bin of a cell is that of the middle of its mass.
    middle = tf.math.divide_no_nan(tf.cumsum(weight) - weight / 2, total)
    number = tf.clip_by_value(tf.cast(middle * BINS, tf.int32), 0, BINS - 1)
    gap = tf.math.unsorted_segment_sum(prediction - label, number, BINS)
    return ratio(tf.reduce_sum(tf.abs(gap)), total)
