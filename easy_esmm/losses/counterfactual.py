"""Agreement of the factual and the counterfactual CVR (DCMT: Zhu et al., ICDE 2023).

DCMT has a second CVR head: r* = sigmoid(d), the probability that a row does not convert, learned on
the unclicked rows with the inverted label 1 - z = 1. Both risks are `propensity.weighted_risk`,
over clicked rows with weights of P and over unclicked rows with weights of Q = 1 - P.
"""

from __future__ import annotations

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.losses.reduction import Reduction, reduce_rows


def disagreement(
    factual_logit: Tensor,
    counterfactual_logit: Tensor,
    sample_weight: Tensor,
    reduction: Reduction = Reduction.MEAN,
) -> Tensor:
    """Scalar >= 0: mean of |r + r* - 1|, which trains both heads.

    The gradient by a logit x of either is sign(r + r* - 1) sigmoid(x) sigmoid(-x), and 0 where the
    two agree to the last bit.
    """
    excess = _above_half(factual_logit) + _above_half(counterfactual_logit) - 1.0
    excess += _tail(factual_logit) + _tail(counterfactual_logit)
    return reduce_rows(tf.abs(excess), sample_weight, reduction)


def _above_half(logit: Tensor) -> Tensor:
    """sigmoid(logit), rounded to 0 or 1."""
    return tf.cast(logit > 0, logit.dtype)


def _tail(logit: Tensor) -> Tensor:
    """sigmoid(logit) less `_above_half`, in [-1/2, 1/2], with all digits.

    The heads nearly agree when r is small and r* near 1, where the sum of float32 sigmoids has lost
    r, and the gradient of a sigmoid that rounds to 1 is 0.
    """
    is_above = logit > 0
    small = tf.sigmoid(tf.where(is_above, -logit, logit))
    return tf.where(is_above, -small, small)
