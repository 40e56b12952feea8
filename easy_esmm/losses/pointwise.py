"""Losses that judge each row by itself, and the two ways of adding rows up.

All tensors are float32 of shape [batch], results are scalars unless said otherwise. Every function
is finite, with finite gradients, for any finite logits and for batches of one row, without a click
or with clicks only.
"""

from __future__ import annotations

import enum

import tensorflow as tf

from easy_esmm.contract import Tensor


class Reduction(enum.Enum):
    """How the losses of a batch's rows become one number."""

    MEAN = "mean"
    """Weighted sum over the number of rows in the batch."""
    SUM = "sum"
    """Weighted sum."""


def cross_entropy(label: Tensor, logit: Tensor) -> Tensor:
    """Float32 [batch], >= 0: -label log(p) - (1 - label) log(1 - p) for p = sigmoid(logit).

    `label` may be any number in [0, 1].
    """
    return label * _softplus(-logit) + (1.0 - label) * _softplus(logit)


def squared_error(label: Tensor, value: Tensor) -> Tensor:
    """Float32 [batch], >= 0: (value - label) squared."""
    return tf.math.square(value - label)


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
    return total / _at_least_one(tf.cast(tf.size(row_loss), tf.float32))


def mean_cross_entropy(
    label: Tensor, logit: Tensor, weight: Tensor, reduction: Reduction = Reduction.MEAN
) -> Tensor:
    """Scalar: `cross_entropy` reduced over the batch."""
    return reduce_rows(cross_entropy(label, logit), weight, reduction)


def mean_squared_error(
    label: Tensor, value: Tensor, weight: Tensor, reduction: Reduction = Reduction.MEAN
) -> Tensor:
    """Scalar: `squared_error` reduced over the batch."""
    return reduce_rows(squared_error(label, value), weight, reduction)


def masked_mean_cross_entropy(label: Tensor, logit: Tensor, mask: Tensor, weight: Tensor) -> Tensor:
    """Scalar: sum of mask x weight x `cross_entropy`, divided by max(1, sum of mask).

    `mask` is 1 inside the space (for instance: clicked) and 0 outside. A batch without a row inside
    gives 0 and a gradient of 0.
    """
    return _masked_mean(cross_entropy(label, logit), mask, weight)


def masked_mean_squared_error(label: Tensor, value: Tensor, mask: Tensor, weight: Tensor) -> Tensor:
    """As `masked_mean_cross_entropy`, for `squared_error`."""
    return _masked_mean(squared_error(label, value), mask, weight)


def _masked_mean(row_loss: Tensor, mask: Tensor, weight: Tensor) -> Tensor:
    return tf.reduce_sum(mask * weight * row_loss) / _at_least_one(tf.reduce_sum(mask))


def _at_least_one(count: Tensor) -> Tensor:
    return tf.maximum(count, 1.0)


def _softplus(x: Tensor) -> Tensor:
    """log(1 + e^x), to 5e-7 in value and gradient wherever float32 holds the number."""
    # Not tf.nn.sigmoid_cross_entropy_with_logits: in graph mode its gradient for a positive with
    # logit c > 0 is summed up as 1 - 1 - 1/(1 + e^c): off by 3 % at c = 15 and 0 from c = 18 on.
    # Not tf.math.softplus: below -13.9 it returns e^x, off by 4.6e-7.
    # `where` instead of -|x|, whose gradient at 0 would be 0 instead of 1/2.
    return tf.nn.relu(x) + tf.math.log1p(tf.exp(tf.where(x > 0, -x, x)))
