"""Combines losses into one objective, with configured or learned weights."""

from __future__ import annotations

from typing import Sequence, Tuple

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import LossTerm, Tensor, WeighedLoss
from easy_esmm.losses.reduction import Reduction, reduction_of, scaled_mean
from easy_esmm.protos.model_pb2 import ModelConfig


def weigh(config: ModelConfig, terms: Sequence[LossTerm], batch: Tensor) -> Tuple[WeighedLoss, ...]:
    """The summands of the objective, in the order of `terms`.

    Args:
      config: sets whether all weights are learned.
      terms: the losses; builds a variable for each whose weight is learned.
      batch: any tensor [batch].
    """
    reduction = reduction_of(config)
    all_learned = config.loss_weight_strategy == ModelConfig.Uncertainty
    return tuple(
        _learned(term, batch, reduction) if all_learned or term.learns_weight else _written(term)
        for term in terms
    )


def _written(term: LossTerm) -> WeighedLoss:
    return WeighedLoss(term.name, term.weight * term.value)


def _learned(term: LossTerm, batch: Tensor, reduction: Reduction) -> WeighedLoss:
    """weight x (k e^-s L + s / 2), s the learned log variance (Kendall et al., CVPR 2018, eq. 7).

    k is 1/2 for a squared error and 1 for others, s starts at 0. With s at its optimum the gradient
    is weight x (gradient of L) / (2 L): each loss counts by its relative change, and the written
    weight still sets by how much. Under SUM s / 2 counts once a row, as in a likelihood.
    """
    log_variance = v1.get_variable(
        f"loss_weight/{term.name}/log_variance",
        shape=[],
        dtype=tf.float32,
        initializer=tf.zeros_initializer(),
        use_resource=True,
    )
    # read_value: a metric's value must not be computed from a copy of an earlier step.
    s = log_variance.read_value()
    weight = term.weight * (0.5 if term.is_squared_error else 1.0) * tf.exp(-s)
    cost = term.weight * scaled_mean(0.5 * s, batch, reduction)
    return WeighedLoss(term.name, weight * term.value + cost, weight)
