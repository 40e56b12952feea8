"""Losses of pairs of rows, a positive and a negative one (RankNet: Burges et al., ICML 2005)."""

from __future__ import annotations

from typing import Optional

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.losses.pointwise import softplus
from easy_esmm.losses.reduction import at_least_one, scaled_mean
from easy_esmm.losses.registry import LossInput, register
from easy_esmm.protos.loss_pb2 import PAIR_WISE_LOSS, PairwiseLoss


@register(PAIR_WISE_LOSS)
def pair_wise_loss(config: PairwiseLoss, rows: LossInput) -> Tensor:
    """Scalar: `mean_logistic_loss` inside the sessions of `session_name`, or of the whole batch."""
    session = rows.sessions[config.session_name] if config.session_name else None
    mean = mean_logistic_loss(
        rows.label, rows.output, rows.weight, session, config.margin, config.temperature
    )
    return scaled_mean(mean, rows.label, rows.reduction)


def mean_logistic_loss(
    label: Tensor,
    score: Tensor,
    weight: Tensor,
    session: Optional[Tensor] = None,
    margin: float = 0.0,
    temperature: float = 1.0,
) -> Tensor:
    """Scalar >= 0: weighted sum over pairs of log(1 + e^(margin - d)) over the number of pairs.

    d is (score of the positive - score of the negative) / temperature; a row is positive where its
    label is above 0. The weight of a pair is the product of its rows', so that a weight of 2 is the
    row met twice (up to the number of pairs); rows of weight 0 are in no pair. `session`: int64
    [batch], pairs of one value only. Without a pair 0, with a gradient of 0.

    Takes 4 bytes x positives x negatives of the batch, a few times over.
    """
    side = tf.cast(weight > 0, tf.int32) * (1 + tf.cast(label > 0, tf.int32))
    # Not tf.gather, whose gradient is a list of rows and becomes dense with a warning.
    _, negative, positive = tf.dynamic_partition(score, side, 3)
    _, negative_weight, positive_weight = tf.dynamic_partition(weight, side, 3)
    difference = (positive[:, tf.newaxis] - negative) / temperature
    pair_loss = softplus(margin - difference)
    pair_weight = positive_weight[:, tf.newaxis] * negative_weight
    is_pair = tf.ones_like(pair_weight)
    if session is not None:
        _, of_negative, of_positive = tf.dynamic_partition(session, side, 3)
        is_pair = tf.cast(tf.equal(of_positive[:, tf.newaxis], of_negative), tf.float32)
    return tf.reduce_sum(is_pair * pair_weight * pair_loss) / at_least_one(tf.reduce_sum(is_pair))
