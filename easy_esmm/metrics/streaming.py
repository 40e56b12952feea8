"""Metrics that see one batch at a time: state in local variables, (value, update) out.

Every metric of this package is graph-mode only and is started anew by the local initializer, as
tf.estimator runs it. A value reads nothing but its variables: it is computed after the input ends.
Sums are float64: at 10 million rows a float32 sum of small losses is off in the third digit.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping, Sequence, Tuple

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import Tensor

Metric = Tuple[Tensor, Tensor]
"""(value scalar, update op), as `eval_metric_ops` of an EstimatorSpec takes it."""


def variable(shape: Sequence[int], dtype: tf.DType, name: str) -> Any:
    """Zeros of `shape`, not trained, not saved, zeroed by the local initializer."""
    return v1.Variable(
        initial_value=lambda: tf.zeros(shape, dtype),
        trainable=False,
        collections=[v1.GraphKeys.LOCAL_VARIABLES, v1.GraphKeys.METRIC_VARIABLES],
        use_resource=True,
        name=name,
    )


def weighed(weight: Tensor, value: Tensor) -> Tensor:
    """Float64 weight * value of each row; 0 where the weight is 0, whatever the value is.

    A row outside may hold any number, and 0 times infinity is NaN.
    """
    weight = tf.cast(weight, tf.float64)
    product = weight * tf.cast(value, tf.float64)
    return tf.where(weight > 0, product, tf.zeros_like(product))


def sums(rows: Mapping[str, Tensor], name: str) -> Tuple[Dict[str, Tensor], Tensor]:
    """Running float64 sums of `rows`: (scalar by key, the one update op of all of them).

    Values may be of any numeric dtype and any shape. One variable holds all sums: a metric of
    twenty sums then costs one assignment per batch.
    """
    total = variable([len(rows)], tf.float64, name)
    batch = [tf.reduce_sum(tf.cast(value, tf.float64)) for value in rows.values()]
    update = total.assign_add(tf.stack(batch), read_value=False)
    return dict(zip(rows, tf.unstack(total.read_value(), num=len(rows)))), update


def ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    """Float64 scalar, NaN where the denominator is 0: nothing was measured."""
    missing = tf.constant(float("nan"), tf.float64)
    return tf.where(
        tf.equal(denominator, 0), missing, tf.math.divide_no_nan(numerator, denominator)
    )


def exact_mean(value_sum: Tensor, count: Tensor, name: str = "mean") -> Metric:
    """Mean over all rows of an evaluation from each batch's `value_sum` and row `count` (scalars).

    A mean of batch means gives a row of a short last batch more weight than the others; this does
    not. NaN without rows.
    """
    total, update = sums({"value": value_sum, "count": count}, name)
    return ratio(total["value"], total["count"]), update


def row_counts(flags: Mapping[str, Tensor]) -> Dict[str, Metric]:
    """int64 by key: rows of the evaluation with that flag, which is 0 or 1."""
    with v1.name_scope("count"):
        total, update = sums(flags, "rows")
        return {key: (tf.cast(value, tf.int64), update) for key, value in total.items()}


def row_means(parts: Mapping[str, Tuple[Tensor, Tensor]]) -> Dict[str, Metric]:
    """float64 by key: means of (value, weight) over the rows; NaN where nothing weighs."""
    rows = {key: weighed(weight, value) for key, (value, weight) in parts.items()}
    weights = {f"{key}/weight": weight for key, (_, weight) in parts.items()}
    with v1.name_scope("mean"):
        total, update = sums({**rows, **weights}, "sums")
        return {key: (ratio(total[key], total[f"{key}/weight"]), update) for key in parts}
