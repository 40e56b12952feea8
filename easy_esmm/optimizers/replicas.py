"""The copies of a model that `MirroredStrategy` trains side by side, seen from inside one."""

from __future__ import annotations

import tensorflow as tf

from easy_esmm.contract import Tensor


def count() -> int:
    """Number of copies; 1 where there is no strategy."""
    return int(tf.distribute.get_strategy().num_replicas_in_sync)


def total(number: Tensor) -> Tensor:
    """The sum of a number over the copies, which all must ask for it."""
    if count() == 1:
        return number
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, number)
