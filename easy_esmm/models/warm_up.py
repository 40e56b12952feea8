"""A weight that rises at the beginning of a training."""

from __future__ import annotations

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import Tensor


def warm_up_factor(steps: int, training: bool) -> Tensor:
    """Scalar float32 in [0, 1]: global step / `steps`, and 1 from then on.

    Always 1 outside training, so that evaluations of different checkpoints judge one objective.
    """
    if not training or not steps:
        return tf.constant(1.0)
    step = tf.cast(v1.train.get_or_create_global_step(), tf.float32)
    return tf.minimum(step / float(steps), 1.0)
