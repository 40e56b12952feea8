"""Second-order products of fields' vectors: a factorization machine (Rendle, ICDM 2010)."""

from __future__ import annotations

import tensorflow as tf

from easy_esmm.contract import Group, Tensor


def fields(group: Group) -> Tensor:
    """float32 [batch, features, dimension]: the group's vectors, which have one dimension."""
    (dimension,) = set(group.widths.values())
    return tf.reshape(group.matrix, [-1, len(group.widths), dimension])


def products(vectors: Tensor) -> Tensor:
    """float32 [batch, dimension]: sum over pairs i < j of fields of v_i * v_j, by column.

    `vectors` are float32 [batch, fields, dimension]; the sum is half of
    (sum_i v_i)^2 - sum_i v_i^2.
    """
    squared_sum = tf.square(tf.reduce_sum(vectors, axis=1))
    return 0.5 * (squared_sum - tf.reduce_sum(tf.square(vectors), axis=1))
