"""Doubly robust CVR risk, and the loss of its imputation (ESCM2-DR: Wang et al., SIGIR 2022).

An imputation tower guesses the CVR loss of each row, e. The mean of e over all impressions is
corrected by what it misses on clicked rows: the risk is unbiased if either e or the propensities
are right. Each of the two losses trains one side only.
"""

from __future__ import annotations

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.losses.pointwise import softplus
from easy_esmm.losses.reduction import Reduction, reduce_rows, scaled_mean


def imputed_loss(logit: Tensor) -> Tensor:
    """float32 [batch], > 0: e, the guess of a cross entropy, as softplus of the tower's output.

    A cross entropy has no upper bound, so a sigmoid, as in several public codes, cannot reach it.
    """
    return softplus(logit)


def risk(
    row_loss: Tensor,
    imputed: Tensor,
    row_weight: Tensor,
    sample_weight: Tensor,
    reduction: Reduction = Reduction.MEAN,
) -> Tensor:
    """Scalar of either sign: mean of e + sum of row_weight x (row_loss - e); under SUM x rows.

    e is a constant here, so that the gradient by the CVR logit is that of
    `propensity.weighted_risk`; the two differ in value, and in what the imputation's tower
    teaches shared layers.

    Args:
      row_loss: cross entropy of the conversion, [batch].
      imputed: e, [batch].
      row_weight: [batch], of `propensity`: 0 for unclicked rows, without gradient.
      sample_weight: [batch].
      reduction: of the batch.
    """
    guess = tf.stop_gradient(imputed)
    correction = tf.reduce_sum(sample_weight * row_weight * (row_loss - guess))
    correction = scaled_mean(correction, row_loss, reduction)
    return reduce_rows(guess, sample_weight, reduction) + correction


def imputation_loss(
    row_loss: Tensor,
    imputed: Tensor,
    row_weight: Tensor,
    sample_weight: Tensor,
    reduction: Reduction = Reduction.MEAN,
) -> Tensor:
    """Scalar >= 0: sum of row_weight x (row_loss - e)^2; under SUM times the rows.

    `row_loss` is a constant here: the imputation follows the CVR tower, not the other way round.
    Arguments as those of `risk`.
    """
    error = tf.math.square(tf.stop_gradient(row_loss) - imputed)
    return scaled_mean(tf.reduce_sum(sample_weight * row_weight * error), row_loss, reduction)
