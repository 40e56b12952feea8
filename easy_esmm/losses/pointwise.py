"""Losses of single rows: cross entropy and squared error.

All tensors are float32 of shape [batch], results are scalars unless said otherwise. Every function
is finite, with finite gradients, for logits up to 1e30 and errors of a value up to 1e15 in size
(beyond, the sum over a batch may not fit into float32), and for batches of one row, without a click
or with clicks only.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.losses.reduction import Reduction, at_least_one, reduce_rows
from easy_esmm.losses.registry import LossInput, register
from easy_esmm.protos.loss_pb2 import (
    BINARY_CROSS_ENTROPY_LOSS,
    CLASSIFICATION,
    CROSS_ENTROPY_LOSS,
    L2_LOSS,
    SIGMOID_L2_LOSS,
)


@register(BINARY_CROSS_ENTROPY_LOSS)
@register(CROSS_ENTROPY_LOSS)
@register(CLASSIFICATION)
def classification(_: Any, rows: LossInput) -> Tensor:
    """Scalar: weighted mean of the cross entropies of the rows."""
    return mean_cross_entropy(rows.label, rows.output, rows.weight, rows.reduction)


@register(SIGMOID_L2_LOSS)
@register(L2_LOSS)
def regression(_: Any, rows: LossInput) -> Tensor:
    """Scalar: weighted mean of the squared errors of the rows' values."""
    return mean_squared_error(rows.label, rows.output, rows.weight, rows.reduction)


def cross_entropy(label: Tensor, logit: Tensor) -> Tensor:
    """Float32 [batch], >= 0: -label log(p) - (1 - label) log(1 - p) for p = sigmoid(logit).

    `label` may be any number in [0, 1].
    """
    return label * softplus(-logit) + (1.0 - label) * softplus(logit)


def soft_cross_entropy(label_logit: Tensor, logit: Tensor) -> Tensor:
    """Float32 [batch], > 0: `cross_entropy` of the label sigmoid(label_logit), a constant.

    From the label's log odds, since 1 - label has lost its digits where the label is near 1. The
    gradient by `logit` is sigmoid(logit) - label.
    """
    odds = tf.stop_gradient(label_logit)
    return tf.sigmoid(odds) * softplus(-logit) + tf.sigmoid(-odds) * softplus(logit)


def entropy(logit: Tensor) -> Tensor:
    """Float32 [batch] in [0, log 2]: -p log(p) - (1 - p) log(1 - p) for p = sigmoid(logit)."""
    return tf.custom_gradient(_entropy_and_gradient)(logit)


def _entropy_and_gradient(logit: Tensor) -> Any:
    size = tf.abs(logit)
    rarer = tf.sigmoid(-size)

    def gradient(upstream: Tensor) -> Tensor:
        # Automatic differentiation takes sigmoid(-|x|) from itself, and has no digit left near 0.
        return -upstream * logit * rarer * tf.sigmoid(size)

    return softplus(-size) + size * rarer, gradient


def squared_error(label: Tensor, value: Tensor) -> Tensor:
    """Float32 [batch], >= 0: (value - label) squared."""
    return tf.math.square(value - label)


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
    return tf.reduce_sum(mask * weight * row_loss) / at_least_one(tf.reduce_sum(mask))


def smoothed(label: Tensor, share: float) -> Tensor:
    """Float32 [batch]: label (1 - share) + share / 2."""
    return label * (1.0 - share) + share / 2


def softplus(x: Tensor) -> Tensor:
    """log(1 + e^x), to 5e-7 in value and gradient wherever float32 holds the number."""
    # Not tf.nn.sigmoid_cross_entropy_with_logits: in graph mode its gradient for a positive with
    # logit c > 0 is summed up as 1 - 1 - 1/(1 + e^c): off by 3 % at c = 15 and 0 from c = 18 on.
    # Not tf.math.softplus: below -13.9 it returns e^x, off by 4.6e-7.
    # `where` instead of -|x|, whose gradient at 0 would be 0 instead of 1/2.
    return tf.nn.relu(x) + tf.math.log1p(tf.exp(tf.where(x > 0, -x, x)))
