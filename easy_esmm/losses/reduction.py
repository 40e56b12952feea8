"""Reduces the losses of a batch's rows to one number."""

from __future__ import annotations

import enum

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.protos.model_pb2 import ModelConfig


class Reduction(enum.Enum):
    """Under SUM each loss is what it is under MEAN times the number of rows in the batch."""

    MEAN = "mean"
    """Weighted sum over the number of rows in the batch."""
    SUM = "sum"
    """Weighted sum."""


def reduction_of(config: ModelConfig) -> Reduction:
    """The configured `loss_reduction`."""
    return Reduction[ModelConfig.LossReduction.Name(config.loss_reduction)]


def reduce_rows(row_loss: Tensor, weight: Tensor, reduction: Reduction = Reduction.MEAN) -> Tensor:
    """Scalar: sum of weight x row_loss, under MEAN divided by the number of rows in the batch.

    The divisor counts rows, not weights. A weight of 2 is then the same as the row met twice
    (up to the batch's size), the terms of one objective stay in proportion whatever each one's
    weights are, and a batch of lightly weighted rows takes a small step instead of a full one.
    A batch without rows gives 0.
    """
    total = tf.reduce_sum(weight * row_loss)
    if reduction is Reduction.SUM:
        return total
    return total / at_least_one(rows_in(row_loss))


def scaled_mean(mean: Tensor, batch: Tensor, reduction: Reduction) -> Tensor:
    """Scalar from the mean of a loss that is not one of rows, such as of pairs.

    Under SUM times the number of rows in `batch`, any tensor [batch]: so that the terms of an
    objective stay in proportion whatever the reduction.
    """
    return mean * rows_in(batch) if reduction is Reduction.SUM else mean


def mean_of_largest(values: Tensor, share: float, count: Tensor) -> Tensor:
    """Scalar: mean of the largest of `values`, `share` of `count` of them, but at least one.

    0 where there is none; `count` is at most the number of values.
    """
    largest = tf.cast(tf.math.floor(share * tf.cast(count, tf.float32)), tf.int32)
    largest = tf.minimum(tf.maximum(largest, 1), count)
    # By place, for the gradient of top_k's values fails on a batch without rows.
    places = tf.math.top_k(tf.stop_gradient(values), largest, sorted=False).indices
    ones = tf.ones_like(places, tf.float32)
    is_largest = tf.scatter_nd(places[:, tf.newaxis], ones, [tf.size(values)])
    return tf.reduce_sum(is_largest * values) / at_least_one(tf.cast(largest, tf.float32))


def rows_in(batch: Tensor) -> Tensor:
    """Float32 scalar: length of a tensor [batch]."""
    return tf.cast(tf.size(batch), tf.float32)


def at_least_one(count: Tensor) -> Tensor:
    """The count, or 1 where it is 0, to divide by."""
    return tf.maximum(count, 1.0)
