"""Initial values of embedding tables, by the name of the config's oneof."""

from __future__ import annotations

import math
import zlib
from typing import Any, Callable, Dict

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.protos.initializer_pb2 import Initializer

_BUILDERS: Dict[str, Callable[[Any, int, int], Any]] = {
    "truncated_normal_initializer": lambda config, dimension, seed: v1.truncated_normal_initializer(
        config.mean, config.stddev, seed=seed
    ),
    "random_normal_initializer": lambda config, dimension, seed: v1.random_normal_initializer(
        config.mean, config.stddev, seed=seed
    ),
    "glorot_normal_initializer": lambda config, dimension, seed: v1.glorot_normal_initializer(
        seed=seed
    ),
    "constant_initializer": lambda config, dimension, seed: _constant(config),
}


def initializer(config: Initializer, dimension: int, table: str) -> Any:
    """What `get_variable` calls for the first values of the table of that name.

    The seed comes from the graph's seed and the table's name, so that a table starts with the same
    values whatever else is in the graph.
    """
    seed = zlib.crc32(table.encode())
    kind = config.WhichOneof("initializer_oneof")
    if kind is None:
        return v1.truncated_normal_initializer(0.0, 0.01 / math.sqrt(dimension), seed=seed)
    return _BUILDERS[kind](getattr(config, kind), dimension, seed)


def _constant(config: Any) -> Any:
    values = list(config.consts)

    def fill(shape: Any, dtype: Any = tf.float32, partition_info: Any = None) -> Any:
        return tf.broadcast_to(tf.constant(values, dtype), shape)

    return fill
