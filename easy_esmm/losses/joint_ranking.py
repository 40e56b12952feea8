"""Joint ranking and calibration: one model of both classes' logits (Sheng et al., KDD 2023).

The difference of a row's two logits is its log odds, which the cross entropy calibrates; the logits
by themselves rank the rows of a session: p(row | label, session) is a softmax over the session.
"""

from __future__ import annotations

from typing import Tuple

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.losses.pointwise import cross_entropy, softplus
from easy_esmm.losses.reduction import reduce_rows
from easy_esmm.losses.registry import LossInput, register
from easy_esmm.losses.sessions import log_sum_by_session
from easy_esmm.protos.loss_pb2 import JRC_LOSS, JRCLoss


@register(JRC_LOSS)
def jrc_loss(config: JRCLoss, rows: LossInput) -> Tensor:
    """Scalar: weighted mean over rows of alpha x cross entropy + (1 - alpha) x `session_loss`."""
    session = rows.sessions[config.session_name]
    rank = session_loss if config.same_label_loss else opposite_session_loss
    ranking = rank(rows.label, rows.class_logits, session, rows.weight)
    calibration = cross_entropy(rows.label, rows.output)
    row_loss = config.alpha * calibration + (1.0 - config.alpha) * ranking
    return reduce_rows(row_loss, rows.weight, rows.reduction)


def session_loss(label: Tensor, class_logits: Tensor, session: Tensor, weight: Tensor) -> Tensor:
    """Float32 [batch], >= 0: -log of the row's share of e^logit in its session.

    The logit is that of the row's label (1 where it is above 0), in the row and in all others.
    Rows of weight 0 are in no session. A row alone has a loss of 0.

    Args:
      label: [batch].
      class_logits: [batch, 2].
      session: int64 [batch].
      weight: [batch].
    """
    is_positive, own = _own_logit(label, class_logits)
    is_inside = weight > 0
    of_zero, of_one = (
        log_sum_by_session(class_logits[:, column], session, is_inside)[0] for column in (0, 1)
    )
    return tf.where(is_inside, tf.where(is_positive, of_one, of_zero) - own, 0.0)


def opposite_session_loss(
    label: Tensor, class_logits: Tensor, session: Tensor, weight: Tensor
) -> Tensor:
    """As `session_loss`, among the row itself and the rows of its session with the other label."""
    is_positive, own = _own_logit(label, class_logits)
    is_inside = weight > 0
    of_zero, has_one = log_sum_by_session(class_logits[:, 0], session, is_inside & is_positive)
    of_one, has_zero = log_sum_by_session(class_logits[:, 1], session, is_inside & ~is_positive)
    others = tf.where(is_positive, of_one, of_zero)
    has_others = tf.where(is_positive, has_zero, has_one) & is_inside
    # -log(e^own / (e^own + e^others)).
    return tf.where(has_others, softplus(others - own), 0.0)


def _own_logit(label: Tensor, class_logits: Tensor) -> Tuple[Tensor, Tensor]:
    is_positive = label > 0
    return is_positive, tf.where(is_positive, class_logits[:, 1], class_logits[:, 0])
