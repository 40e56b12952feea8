"""Area under the ROC curve over all rows of a task, with its standard error."""

from __future__ import annotations

from typing import Dict

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import ScoredTask, keyed
from easy_esmm.metrics.registry import Columns, register
from easy_esmm.metrics.score_sums import kept_sums
from easy_esmm.metrics.streaming import Metric, sums
from easy_esmm.protos.eval_pb2 import AUC
from easy_esmm.rank_statistics import auc_from_sums

CELLS = 2**16
"""Beyond `score_sums.EXACT_ROWS`, rows are counted in this many cells (2 MB): within 1e-5."""
_TENSORFLOW_THRESHOLDS = 200


@register("auc")
def auc(config: AUC, task: ScoredTask, columns: Columns) -> Dict[str, Metric]:
    """`auc_<task>` and, unless `exact: false`, `auc_<task>_se`; float64.

    Rows count by `task.weight`; a row is positive where its label is above 0; ties count one half.
    NaN without a weighted row of either class, or if a row that counts has the score NaN. The
    standard error is DeLong's (Biometrics, 1988), NaN with fewer than two rows of either class.
    """
    if not config.exact:
        return {keyed("auc", task.name): _tensorflow_auc(config, task)}
    return _rank_auc(task, max(CELLS, config.num_thresholds))


def _rank_auc(task: ScoredTask, cells: int) -> Dict[str, Metric]:
    key = keyed("auc", task.name)
    with v1.name_scope(key):
        rows = kept_sums(task, cells)
        area, error = rows.read(auc_from_sums, [tf.float64, tf.float64])
    return {key: (area, rows.update), key + "_se": (error, rows.update)}


def _tensorflow_auc(config: AUC, task: ScoredTask) -> Metric:
    """TensorFlow's own estimate over equally spaced probabilities, for comparison with EasyRec."""
    key = keyed("auc", task.name)
    thresholds = config.num_thresholds or _TENSORFLOW_THRESHOLDS
    is_positive = task.label > 0
    inside = tf.cast(is_positive, tf.float32) * task.weight
    seen, count = sums({"positive": inside, "all": task.weight}, key + "_classes")
    area, update = v1.metrics.auc(
        is_positive, task.prediction, weights=task.weight, num_thresholds=thresholds, name=key
    )
    # Without one of the classes TensorFlow returns 0.
    has_both = (seen["positive"] > 0) & (seen["positive"] < seen["all"])
    nan = tf.constant(float("nan"), tf.float64)
    return tf.where(has_both, tf.cast(area, tf.float64), nan), tf.group(update, count)
