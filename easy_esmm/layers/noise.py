"""Random numbers that depend on the seed and the training step alone."""

from __future__ import annotations

import zlib
from typing import Any

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import Tensor


def uniform(shape: Any, minval: float = 0.0) -> Tensor:
    """Numbers in [minval, 1), float32 of the shape.

    They are a function of the graph's seed (`train_config.random_seed`), of the name scope and of
    the global step: a training that goes on from a checkpoint draws what the one before it would
    have drawn. Where there is no global step the numbers are those of step 0.
    """
    graph, step = v1.get_default_graph(), v1.train.get_global_step()
    with tf.name_scope("uniform") as place:
        of_graph = zlib.crc32(f"{graph.seed}:{place}".encode())
        seed = [tf.constant(of_graph, tf.int64), tf.cast(0 if step is None else step, tf.int64)]
        return tf.random.stateless_uniform(shape, tf.stack(seed), minval=minval)
