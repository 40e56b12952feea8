"""Mean errors of predictions: values, or probabilities against labels of 0 and 1."""

from __future__ import annotations

from typing import Any, Callable, Dict

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import ScoredTask, Tensor, keyed
from easy_esmm.metrics.registry import Columns, register
from easy_esmm.metrics.streaming import Metric, ratio, sums, weighed

_DECISION = 0.5


@register("mean_absolute_error")
def mean_absolute_error(_: Any, task: ScoredTask, columns: Columns) -> Dict[str, Metric]:
    """`mean_absolute_error_<task>`: weighted mean of |prediction - label|."""
    return _mean("mean_absolute_error", task, tf.abs)


@register("mean_squared_error")
def mean_squared_error(_: Any, task: ScoredTask, columns: Columns) -> Dict[str, Metric]:
    """`mean_squared_error_<task>`: weighted mean of squares; of probabilities the Brier score."""
    return _mean("mean_squared_error", task, tf.math.square)


@register("root_mean_squared_error")
def root_mean_squared_error(_: Any, task: ScoredTask, columns: Columns) -> Dict[str, Metric]:
    """`root_mean_squared_error_<task>`: the root of the weighted mean of squares."""
    return _mean("root_mean_squared_error", task, tf.math.square, tf.sqrt)


@register("accuracy")
def accuracy(_: Any, task: ScoredTask, columns: Columns) -> Dict[str, Metric]:
    """`accuracy_<task>`: weighted share of rows where p > .5 is the label; NaN where a p is."""
    is_positive = tf.cast(task.prediction > _DECISION, tf.float64)
    right = 1.0 - tf.abs(is_positive - tf.cast(task.label > 0, tf.float64))
    right = tf.where(tf.math.is_nan(task.prediction), float("nan") * right, right)
    return _mean_of_rows(keyed("accuracy", task.name), right, task.weight)


@register("recall")
def recall(_: Any, task: ScoredTask, columns: Columns) -> Dict[str, Metric]:
    """`recall_<task>`: weighted share of positives with p > .5; NaN without a positive."""
    return _share_of("recall", task, task.label > 0, task.prediction > _DECISION)


@register("precision")
def precision(_: Any, task: ScoredTask, columns: Columns) -> Dict[str, Metric]:
    """`precision_<task>`: weighted share of positives where p > .5; NaN without such a row."""
    return _share_of("precision", task, task.prediction > _DECISION, task.label > 0)


def _share_of(name: str, task: ScoredTask, of: Tensor, which: Tensor) -> Dict[str, Metric]:
    """Of the rows `of`, the weighted share that is `which`; NaN where a p is."""
    is_nan = tf.math.is_nan(task.prediction)
    share = tf.where(is_nan, tf.constant(float("nan"), tf.float64), tf.cast(which, tf.float64))
    inside = task.weight * tf.cast(of | is_nan, tf.float32)
    return _mean_of_rows(keyed(name, task.name), share, inside)


def _mean(
    name: str,
    task: ScoredTask,
    row_error: Callable[[Tensor], Tensor],
    result: Callable[[Tensor], Tensor] = tf.identity,
) -> Dict[str, Metric]:
    error = tf.cast(task.prediction, tf.float64) - tf.cast(task.label, tf.float64)
    return _mean_of_rows(keyed(name, task.name), row_error(error), task.weight, result)


def _mean_of_rows(
    key: str,
    rows: Tensor,
    weight: Tensor,
    result: Callable[[Tensor], Tensor] = tf.identity,
) -> Dict[str, Metric]:
    """Float64 over all rows of the evaluation, exact; NaN without a weighted row."""
    with v1.name_scope(key):
        total, update = sums({"value": weighed(weight, rows), "weight": weight}, "sums")
        return {key: (result(ratio(total["value"], total["weight"])), update)}
