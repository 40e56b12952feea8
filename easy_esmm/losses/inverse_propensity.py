"""CVR risk over all impressions from the clicked ones (ESCM2-IPS: Wang et al., SIGIR 2022)."""

from __future__ import annotations

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.losses.reduction import Reduction, of_mean


def weighted_risk(
    row_loss: Tensor,
    row_weight: Tensor,
    sample_weight: Tensor,
    reduction: Reduction = Reduction.MEAN,
) -> Tensor:
    """Scalar >= 0: sum of sample_weight x row_weight x row_loss; under SUM times the rows.

    With `row_loss` the cross entropy of the conversion and `row_weight` = y / (P rows)
    (`propensity.mean_weights`) this is the inverse propensity risk: the mean over impressions of
    y l(z, r) / P. The gradient by the CVR logit is sample_weight x row_weight x (r - z).

    As everywhere, divisors count rows and no sample weights: those of `self_normalized` too.

    Args:
      row_loss: [batch].
      row_weight: [batch], of `propensity`: 0 for unclicked rows, without gradient.
      sample_weight: [batch].
      reduction: of the batch.
    """
    return of_mean(tf.reduce_sum(sample_weight * row_weight * row_loss), row_loss, reduction)
