"""Splits cells of several values: text with separators, or list columns."""

from __future__ import annotations

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import Tensor


def pieces_of(column: Tensor, separator: str) -> Tensor:
    """RaggedTensor [batch, None] of the column's values.

    A text column is split at every character that is in `separator`; empty pieces are skipped. A
    list column is taken as it is, and a column of single numbers as lists of one.
    """
    if isinstance(column, tf.RaggedTensor):
        return column
    if column.dtype != tf.string:
        rows = tf.shape(column, out_type=tf.int64)[0]
        return _ragged(column, tf.range(rows), rows)
    parts = v1.string_split(column, sep=separator, skip_empty=True)
    return _ragged(parts.values, parts.indices[:, 0], parts.dense_shape[0])


def first_of(pieces: Tensor, count: int) -> Tensor:
    """The ragged values without those that stand behind the first `count` of their row."""
    # Not a slice, pieces[:, :count], which is built of three times as many operations.
    place = tf.ragged.range(pieces.row_lengths()).values
    return tf.ragged.boolean_mask(pieces, pieces.with_values(place < count))


def to_float(values: Tensor, dtype: tf.DType) -> Tensor:
    """Text or numbers as floats."""
    if values.dtype == tf.string:
        return tf.strings.to_number(values, dtype)
    return tf.cast(values, dtype)


def _ragged(values: Tensor, rows: Tensor, batch: Tensor) -> Tensor:
    return tf.RaggedTensor.from_value_rowids(values, rows, nrows=batch, validate=False)
