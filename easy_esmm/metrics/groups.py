"""Identifies the groups of rows that grouped metrics average over: users, sessions."""

from __future__ import annotations

import tensorflow as tf

from easy_esmm.cell_tensors import is_missing
from easy_esmm.contract import Tensor


def fingerprint(column: Tensor) -> Tensor:
    """Int64 [batch]: a number as it is, a float by its bits, a string by 63 bits of its FarmHash.

    Two of 10 million users share a fingerprint of their names with a probability of 5e-6.
    """
    if column.dtype == tf.string:
        return tf.strings.to_hash_bucket_fast(column, 2**63 - 1)
    if column.dtype.is_floating:
        return tf.bitcast(tf.cast(column, tf.float64) + 0.0, tf.int64)  # -0.0 + 0.0 is 0.0
    return tf.cast(column, tf.int64)


def is_named(column: Tensor) -> Tensor:
    """Bool [batch]: false where the column has no value, which names no user."""
    return ~is_missing(column)


def group_numbers(column: Tensor) -> Tensor:
    """Int64 [batch], equal where rows share a group; a row without a value is alone.

    From 0 on, in the order of the groups' first rows; rows without a value have the last numbers.
    """
    values, number = tf.unique(fingerprint(column), tf.int64)
    rows = tf.range(tf.size(number, out_type=tf.int64))
    return tf.where(is_named(column), number, tf.size(values, out_type=tf.int64) + rows)
