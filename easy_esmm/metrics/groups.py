"""Identifies the groups of rows that grouped metrics average over: users, sessions."""

from __future__ import annotations

import tensorflow as tf

from easy_esmm.cell_tensors import is_missing
from easy_esmm.contract import Tensor


def fingerprint(column: Tensor) -> Tensor:
    """Int64 [batch]: an integer as it is, a string by 63 bits of its FarmHash fingerprint.

    Two of 10 million users share a fingerprint with a probability of 5e-6.
    """
    if column.dtype.is_integer:
        return tf.cast(column, tf.int64)
    text = column if column.dtype == tf.string else tf.strings.as_string(column)
    return tf.strings.to_hash_bucket_fast(text, 2**63 - 1)


def is_named(column: Tensor) -> Tensor:
    """Bool [batch]: false where the column has no value, which names no user."""
    return tf.logical_not(is_missing(column))


def group_numbers(column: Tensor) -> Tensor:
    """Int64 [batch], equal where rows share a group; a row without a value is alone."""
    number = fingerprint(column)
    # Numbers from the lowest on: no fingerprint of text, and no user's number.
    alone = tf.int64.min + tf.range(tf.size(number, out_type=tf.int64))
    return tf.where(is_named(column), number, alone)
