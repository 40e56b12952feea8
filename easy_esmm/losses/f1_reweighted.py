"""Cross entropy with negatives weighted for F1 (Lin et al., ACL 2018, "Adaptive Scaling")."""

from __future__ import annotations

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.losses.pointwise import cross_entropy, smoothed
from easy_esmm.losses.reduction import reduce_rows
from easy_esmm.losses.registry import LossInput, register
from easy_esmm.protos.loss_pb2 import F1_REWEIGHTED_LOSS, F1ReweighedLoss


@register(F1_REWEIGHTED_LOSS)
def f1_reweighted_loss(config: F1ReweighedLoss, rows: LossInput) -> Tensor:
    """Scalar: weighted mean of cross entropies, those of negatives times `negative_weight`.

    A batch without a positive teaches nothing: its negatives weigh 0.
    """
    scale = negative_weight(rows.label, rows.output, rows.weight, config.f1_beta_square)
    row_loss = cross_entropy(smoothed(rows.label, config.label_smoothing), rows.output)
    class_weight = rows.label + (1.0 - rows.label) * scale
    return reduce_rows(class_weight * row_loss, rows.weight, rows.reduction)


def negative_weight(label: Tensor, logit: Tensor, weight: Tensor, beta_square: float) -> Tensor:
    """Scalar >= 0 without gradient: TP / (beta^2 P + N - TN).

    TP and TN are the expected true positives and negatives of the batch, sums of p and of 1 - p
    over the positives and the negatives, P the number of positives, N - TN the expected false
    positives; all in weights of rows. With the negatives so scaled, the gradient of the cross
    entropy points where that of F_beta does. 0 without a positive.
    """
    positive, negative = weight * label, weight * (1.0 - label)
    true_positives = tf.reduce_sum(positive * tf.sigmoid(logit))
    false_positives = tf.reduce_sum(negative * tf.sigmoid(logit))
    divisor = beta_square * tf.reduce_sum(positive) + false_positives
    return tf.stop_gradient(tf.math.divide_no_nan(true_positives, divisor))
