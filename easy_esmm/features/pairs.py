"""Splits values that are pairs: `id:weight`, `key:value`."""

from __future__ import annotations

from typing import Tuple

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import Tensor
from easy_esmm.protos.feature_pb2 import FeatureConfig


def pairs_of(
    feature: FeatureConfig, values: Tensor, column: str, halves: Tuple[str, str]
) -> Tuple[Tensor, Tensor]:
    """Splits each of `values`, text of the column, at `kv_separator` into two texts.

    A value of any other number of parts stops the step with an error that names the feature and
    what the `halves` are.
    """
    parts = v1.string_split(values, sep=feature.kv_separator, skip_empty=False)
    message = (
        f"feature {feature.feature_name}: each value must be "
        f"{halves[0]}{feature.kv_separator}{halves[1]} "
        f"(column {column}, kv_separator {feature.kv_separator!r})"
    )
    # At most two parts a piece, and twice as many parts as pieces: exactly two each.
    widest = tf.equal(tf.maximum(parts.dense_shape[1], 2), 2)
    complete = tf.equal(tf.size(parts.values), 2 * tf.size(values))
    check = tf.debugging.Assert(widest & complete, [message, values], summarize=5)
    with tf.control_dependencies([check]):
        pairs = tf.reshape(parts.values, [-1, 2])
    return pairs[:, 0], pairs[:, 1]
