"""Weights by the inverse propensity of a click, and the CVR risk with them (ESCM2-IPS).

Wang et al., SIGIR 2022. No weight passes a gradient on: the click tower must not learn to make the
rows that the other tower fits well look rare.
"""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.losses.reduction import Reduction, scaled_mean


@dataclass(frozen=True)
class Clip:
    """The range that propensities are clipped to, 1e-30 <= floor <= cap <= 1.

    From that floor on, sums of a million weights are finite in float32 for every logit.
    """

    floor: float = 0.03
    cap: float = 1.0


def inverse(logit: Tensor, clip: Clip) -> Tensor:
    """float32 [batch] in [1 / cap, 1 / floor]: 1 / clip(sigmoid(logit)), without gradient.

    As 1 + e^-logit: the quotient would have lost everything where the sigmoid underflows. An
    infinite exponential is clipped like any other.
    """
    unclipped = 1.0 + tf.exp(-logit)
    return tf.stop_gradient(tf.clip_by_value(unclipped, 1.0 / clip.cap, 1.0 / clip.floor))


def is_clipped(logit: Tensor, clip: Clip) -> Tensor:
    """float32 [batch]: 1 where sigmoid(logit) is below the floor or above the cap, else 0."""
    unclipped = 1.0 + tf.exp(-logit)
    is_out = (unclipped > 1.0 / clip.floor) | (unclipped < 1.0 / clip.cap)
    return tf.cast(is_out, tf.float32)


def mean_weights(mask: Tensor, weight: Tensor) -> Tensor:
    """float32 [batch]: mask x weight / rows, without gradient.

    Their sum with a loss is the inverse propensity estimate of its mean over all rows; they add up
    to 1 in expectation where the propensities are right.
    """
    rows = tf.cast(tf.size(mask), tf.float32)
    return tf.stop_gradient(tf.math.divide_no_nan(mask * weight, rows))


def self_normalized(mask: Tensor, weight: Tensor) -> Tensor:
    """float32 [batch]: mask x weight / sum(mask x weight), without gradient.

    They add up to 1 whatever the batch (Swaminathan and Joachims, NeurIPS 2015): a little bias for
    much less variance. All are 0 where no row is inside the mask.
    """
    inside = mask * weight
    return tf.stop_gradient(tf.math.divide_no_nan(inside, tf.reduce_sum(inside)))


def weighted_risk(
    row_loss: Tensor,
    row_weight: Tensor,
    sample_weight: Tensor,
    reduction: Reduction = Reduction.MEAN,
) -> Tensor:
    """Scalar >= 0: sum of sample_weight x row_weight x row_loss; under SUM times the rows.

    With `row_loss` the cross entropy of the conversion and `row_weight` = y / (P rows)
    (`mean_weights`) this is the inverse propensity risk: the mean over impressions of
    y l(z, r) / P. The gradient by the CVR logit is sample_weight x row_weight x (r - z).

    As everywhere, divisors count rows and no sample weights: those of `self_normalized` too.

    Args:
      row_loss: [batch].
      row_weight: [batch], of the functions above: 0 for unclicked rows, without gradient.
      sample_weight: [batch].
      reduction: of the batch.
    """
    return scaled_mean(tf.reduce_sum(sample_weight * row_weight * row_loss), row_loss, reduction)
