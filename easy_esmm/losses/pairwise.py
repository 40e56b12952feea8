"""Losses of pairs of rows, a positive and a negative one (RankNet: Burges et al., ICML 2005)."""

from __future__ import annotations

from typing import Callable, Union

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.losses.pointwise import softplus
from easy_esmm.losses.reduction import at_least_one, mean_of_largest, scaled_mean
from easy_esmm.losses.registry import LossInput, register
from easy_esmm.protos.loss_pb2 import (
    PAIR_WISE_LOSS,
    PAIRWISE_FOCAL_LOSS,
    PAIRWISE_HINGE_LOSS,
    PAIRWISE_LOGISTIC_LOSS,
    PairwiseFocalLoss,
    PairwiseHingeLoss,
    PairwiseLogisticLoss,
    PairwiseLoss,
)

AnyPairwiseLoss = Union[PairwiseLoss, PairwiseLogisticLoss, PairwiseFocalLoss, PairwiseHingeLoss]
PairLoss = Callable[[Tensor], Tensor]
"""Loss of pairs by their difference d, of the same shape: (score of the positive - score of the
negative) / temperature."""


@register(PAIR_WISE_LOSS)
def pair_wise_loss(config: PairwiseLoss, rows: LossInput) -> Tensor:
    """Scalar: mean over pairs of log(1 + e^(margin - d))."""
    return mean_over_pairs(config, rows, lambda d: softplus(config.margin - d))


@register(PAIRWISE_LOGISTIC_LOSS)
def pairwise_logistic_loss(config: PairwiseLogisticLoss, rows: LossInput) -> Tensor:
    """Scalar: mean over the hardest pairs of log(1 + e^-d)."""
    return mean_over_pairs(config, rows, lambda d: softplus(-d), config.ohem_ratio)


@register(PAIRWISE_FOCAL_LOSS)
def pairwise_focal_loss(config: PairwiseFocalLoss, rows: LossInput) -> Tensor:
    """Scalar: mean over the hardest pairs of (1 - p)^gamma log(1 + e^-d), p = sigmoid(d)."""

    def focal(d: Tensor) -> Tensor:
        # 1 - p = sigmoid(-d), from d: a power of 1 - p would lose its digits.
        return tf.exp(-config.gamma * softplus(d)) * softplus(-d)

    return mean_over_pairs(config, rows, focal, config.ohem_ratio)


@register(PAIRWISE_HINGE_LOSS)
def pairwise_hinge_loss(config: PairwiseHingeLoss, rows: LossInput) -> Tensor:
    """Scalar: mean over the hardest pairs of max(0, margin - d)."""
    return mean_over_pairs(config, rows, lambda d: tf.nn.relu(config.margin - d), config.ohem_ratio)


def mean_over_pairs(
    config: AnyPairwiseLoss, rows: LossInput, pair_loss: PairLoss, share: float = 1.0
) -> Tensor:
    """Scalar >= 0: weighted sum of the losses of pairs over the number of pairs.

    A row is positive where its label is above 0. The weight of a pair is the product of its rows',
    so that a weight of 2 is the row met twice (up to the number of pairs); rows of weight 0 are in
    no pair. Pairs are of one session of `session_name`, or of the whole batch where there is none.
    Of them the `share` with the largest weight x loss counts. Without a pair 0, with a gradient of
    0. Takes 4 bytes x positives x negatives of the batch, a few times over.
    """
    side = tf.cast(rows.weight > 0, tf.int32) * (1 + tf.cast(rows.label > 0, tf.int32))
    # Not tf.gather, whose gradient is a list of rows and becomes dense with a warning.
    _, negative, positive = tf.dynamic_partition(rows.output, side, 3)
    _, negative_weight, positive_weight = tf.dynamic_partition(rows.weight, side, 3)
    losses = pair_loss((positive[:, tf.newaxis] - negative) / config.temperature)
    pair_weight = positive_weight[:, tf.newaxis] * negative_weight
    is_pair = tf.ones_like(pair_weight)
    if config.session_name:
        session = rows.sessions[config.session_name]
        _, of_negative, of_positive = tf.dynamic_partition(session, side, 3)
        is_pair = tf.cast(tf.equal(of_positive[:, tf.newaxis], of_negative), tf.float32)
    weighted, pairs = is_pair * pair_weight * losses, tf.reduce_sum(is_pair)
    if share == 1.0:
        mean = tf.reduce_sum(weighted) / at_least_one(pairs)
    else:
        mean = mean_of_largest(tf.reshape(weighted, [-1]), share, tf.cast(pairs, tf.int32))
    return scaled_mean(mean, rows.label, rows.reduction)
