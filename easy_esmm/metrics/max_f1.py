"""The best F1 over all thresholds on the score."""

from __future__ import annotations

from typing import Any, Dict, Tuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.compat import v1
from easy_esmm.contract import ScoredTask, keyed
from easy_esmm.metrics.auc import CELLS
from easy_esmm.metrics.registry import Columns, register
from easy_esmm.metrics.score_sums import kept_sums
from easy_esmm.metrics.streaming import Metric

Array = NDArray[Any]


@register("max_f1")
def max_f1(_: Any, task: ScoredTask, columns: Columns) -> Dict[str, Metric]:
    """`max_f1_<task>`, float64: exact up to `EXACT_ROWS` rows, beyond over `CELLS` thresholds.

    Rows count by `task.weight`; a row is positive where its label is above 0; rows of one score are
    on one side of a threshold. NaN without a positive, or if a row that counts has the score NaN.
    """
    key = keyed("max_f1", task.name)
    with v1.name_scope(key):
        rows = kept_sums(task, CELLS)
        (best,) = rows.read(_result, [tf.float64])
        return {key: (best, rows.update)}


def best_f1(positive: Array, negative: Array) -> float:
    """Largest 2 TP / (2 TP + FP + FN), from weights of the classes by ascending score."""
    if not positive.sum() > 0:
        return float("nan")
    hits = np.cumsum(positive[::-1])
    predicted = np.cumsum((negative + positive)[::-1])
    # 2 TP + FP + FN = predicted positives + positives, which is never 0 here.
    return float(np.max(2.0 * hits / (predicted + positive.sum())))


def _result(sums: Array) -> Tuple[float]:
    return (best_f1(sums[:, 0], sums[:, 1]),)
