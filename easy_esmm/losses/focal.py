"""Focal loss: rows that are predicted well count less (Lin et al., ICCV 2017)."""

from __future__ import annotations

from typing import Optional

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.losses.pointwise import cross_entropy, smoothed, softplus
from easy_esmm.losses.reduction import Reduction, mean_of_largest, reduce_rows, scaled_mean
from easy_esmm.losses.registry import LossInput, register
from easy_esmm.protos.loss_pb2 import BINARY_FOCAL_LOSS, BinaryFocalLoss


@register(BINARY_FOCAL_LOSS)
def binary_focal_loss(config: BinaryFocalLoss, rows: LossInput) -> Tensor:
    """Scalar: weighted mean of `focal` over the rows, or over the hardest `ohem_ratio` of them."""
    alpha = config.alpha if config.HasField("alpha") else None
    row_loss = focal(rows.label, rows.output, config.gamma, alpha, config.label_smoothing)
    if config.ohem_ratio == 1.0:
        return reduce_rows(row_loss, rows.weight, rows.reduction)
    return hardest_mean(row_loss, rows.weight, config.ohem_ratio, rows.reduction)


def focal(
    label: Tensor,
    logit: Tensor,
    gamma: float,
    alpha: Optional[float] = None,
    label_smoothing: float = 0.0,
) -> Tensor:
    """Float32 [batch], >= 0: class weight x e^gamma x cross entropy.

    e is the error of the probability: 1 - p for label 1, p for label 0; the gradient goes through
    it too. The class weight is alpha for label 1 and 1 - alpha for label 0, or 1 for both.
    Smoothing moves the label of the cross entropy only.
    """
    # From the logit: a power of 1 - p would lose its digits, and below gamma 1 its gradient.
    error_to_gamma = tf.exp(-gamma * softplus((2.0 * label - 1.0) * logit))
    row_loss = error_to_gamma * cross_entropy(smoothed(label, label_smoothing), logit)
    if alpha is None:
        return row_loss
    return (label * alpha + (1.0 - label) * (1.0 - alpha)) * row_loss


def hardest_mean(row_loss: Tensor, weight: Tensor, share: float, reduction: Reduction) -> Tensor:
    """Scalar: mean over the `share` of rows (at least one) with the largest weight x loss."""
    mean = mean_of_largest(weight * row_loss, share, tf.size(row_loss))
    return scaled_mean(mean, row_loss, reduction)
