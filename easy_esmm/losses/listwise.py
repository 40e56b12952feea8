"""Ranking of the rows of a session (ListNet with top one: Cao et al., ICML 2007)."""

from __future__ import annotations

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.losses.reduction import at_least_one, scaled_mean
from easy_esmm.losses.registry import LossInput, register
from easy_esmm.losses.sessions import log_sum_by_session, of_rows
from easy_esmm.protos.loss_pb2 import LISTWISE_RANK_LOSS, ListwiseRankLoss


@register(LISTWISE_RANK_LOSS)
def listwise_rank_loss(config: ListwiseRankLoss, rows: LossInput) -> Tensor:
    """Scalar >= 0: mean over sessions with a positive row of their cross entropies.

    That of a session is the weighted mean, over its positive rows, of -log of the row's share of
    e^(logit / temperature) in the session. Rows of weight 0 are in no session. `session_name`
    unset: the batch is one session.
    """
    score = rows.output / config.temperature
    session = (
        rows.sessions[config.session_name]
        if config.session_name
        else tf.zeros_like(score, tf.int64)
    )
    is_inside = rows.weight > 0
    is_positive = is_inside & (rows.label > 0)
    total, _ = log_sum_by_session(score, session, is_inside)
    row_loss = tf.where(is_positive, total - score, 0.0)
    names, number = tf.unique(session)
    weight = tf.where(is_positive, rows.weight, 0.0)
    by_session = tf.math.unsorted_segment_sum(weight, number, tf.size(names))
    share = tf.math.divide_no_nan(weight, of_rows(by_session, number))
    sessions = tf.reduce_sum(tf.cast(by_session > 0, tf.float32))
    mean = tf.reduce_sum(share * row_loss) / at_least_one(sessions)
    return scaled_mean(mean, rows.label, rows.reduction)
