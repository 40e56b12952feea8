"""Samples of rows for a conversion model on clicks (the baselines of Ma et al., SIGIR 2018).

How often a row is in the sample is a number: 0 or 1 where it is drawn, its expectation where
nothing is (evaluations have no randomness), k where it is copied. All tensors are float32 [batch],
and none passes a gradient on.
"""

from __future__ import annotations

from typing import Optional

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.losses import propensity
from easy_esmm.losses.reduction import Reduction, scaled_mean


def with_unclicked(click: Tensor, rate: float) -> Tensor:
    """AMAN: 1 for clicked rows, `rate` for others: the probability to be in the sample."""
    return click + rate * (1.0 - click)


def with_copies(click: Tensor, conversion: Tensor, copies: int) -> Tensor:
    """OVERSAMPLING: `copies` for conversions, 1 for other clicked rows, 0 for unclicked ones."""
    return click * (1.0 + (copies - 1.0) * conversion)


def after_rejection(click: Tensor, ctr_logit: Tensor, floor: float) -> Tensor:
    """UNBIAS: click x floor / max(pCTR, floor), the probability that a clicked row is kept.

    Clicked rows come in proportion to pCTR, kept ones evenly over all impressions, up to the floor.
    """
    clip = propensity.Clip(floor=floor)
    return tf.stop_gradient(click * floor * propensity.inverse(ctr_logit, clip))


def drawn(probability: Tensor, noise: Optional[Tensor]) -> Tensor:
    """1 where `noise`, uniform in [0, 1), is below the probability, else 0.

    The probability itself without noise.
    """
    if noise is None:
        return probability
    return tf.cast(noise < probability, tf.float32)


def sampled_mean(
    row_loss: Tensor, times: Tensor, weight: Tensor, reduction: Reduction = Reduction.MEAN
) -> Tensor:
    """Scalar: sum of times x weight x row_loss over the sum of `times`; 0 where nothing is sampled.

    `times` is how often a row is in the sample: k copies and a weight of k in this mean are one
    thing. As everywhere, the divisor counts rows and no sample weights; under SUM the mean is
    multiplied by the rows of the batch, sampled or not.
    """
    times = tf.stop_gradient(times)
    mean = tf.math.divide_no_nan(tf.reduce_sum(times * weight * row_loss), tf.reduce_sum(times))
    return scaled_mean(mean, row_loss, reduction)
