"""A penalty where a later question's probability exceeds an earlier one's (Xi et al., KDD 2021)."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.losses.reduction import reduce_rows
from easy_esmm.losses.registry import LossInput, register
from easy_esmm.protos.loss_pb2 import ORDER_CALIBRATE_LOSS


@register(ORDER_CALIBRATE_LOSS)
def order_calibrate_loss(_: Any, rows: LossInput) -> Tensor:
    """Scalar: weighted mean over rows of max(0, p - p of the earlier task), summed over these.

    The gradient reaches the earlier tasks too, which the penalty raises.
    """
    probability = tf.sigmoid(rows.output)
    excess = tf.add_n([tf.nn.relu(probability - earlier) for earlier in rows.earlier])
    return reduce_rows(excess, rows.weight, rows.reduction)
