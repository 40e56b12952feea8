"""Initial values of embedding tables, by the name of the config's oneof."""

from __future__ import annotations

import math
import zlib
from typing import Any, Callable, Dict

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.features.truncated_normal import DEVIATION, truncated_normal
from easy_esmm.protos.initializer_pb2 import Initializer

_BUILDERS: Dict[str, Callable[[Any, int], Any]] = {
    "truncated_normal_initializer": lambda config, seed: _truncated_normal(
        lambda rows, dimension: config.stddev, seed, config.mean
    ),
    "random_normal_initializer": lambda config, seed: v1.random_normal_initializer(
        config.mean, config.stddev, seed=seed
    ),
    "glorot_normal_initializer": lambda config, seed: _truncated_normal(
        lambda rows, dimension: math.sqrt(2 / (rows + dimension)) / DEVIATION, seed
    ),
    "constant_initializer": lambda config, seed: _constant(config),
}


def initializer(config: Initializer, table: str) -> Any:
    """What `get_variable` calls for the first values of the table of that name.

    The seed comes from the graph's seed and the table's name, so that a table starts with the same
    values whatever else is in the graph.
    """
    seed = zlib.crc32(table.encode())
    kind = config.WhichOneof("initializer_oneof")
    if kind is None:
        return _truncated_normal(lambda rows, dimension: 0.01 / math.sqrt(dimension), seed)
    return _BUILDERS[kind](getattr(config, kind), seed)


def _truncated_normal(
    stddev: Callable[[int, int], float], seed: int, mean: float = 0.0
) -> Callable[..., Any]:
    """`stddev`: before the cut, by the rows and the dimension of the whole table."""

    def fill(shape: Any, dtype: Any = tf.float32, partition_info: Any = None) -> Any:
        part = tf.TensorShape(shape).as_list()
        whole = part if partition_info is None else list(partition_info.full_shape)
        return truncated_normal(part, mean, stddev(*whole), v1.get_seed(seed))

    return fill


def _constant(config: Any) -> Any:
    values = list(config.consts)

    def fill(shape: Any, dtype: Any = tf.float32, partition_info: Any = None) -> Any:
        return tf.broadcast_to(tf.constant(values, dtype), shape)

    return fill
