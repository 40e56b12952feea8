"""Splits cells of several values (text with separators, or lists), and values that are pairs."""

from __future__ import annotations

from typing import Tuple

import tensorflow as tf

from easy_esmm.cell_tensors import is_missing
from easy_esmm.compat import v1
from easy_esmm.contract import Tensor
from easy_esmm.protos.feature_pb2 import FeatureConfig


def pieces_of(column: Tensor, separator: str) -> Tensor:
    """RaggedTensor [batch, None] of the column's values.

    A text column is split at every character that is in `separator`; empty pieces are skipped. A
    list column is taken as it is, and a column of single numbers as lists of one, or of none where
    the number is missing.
    """
    if isinstance(column, tf.RaggedTensor):
        return column
    if column.dtype != tf.string:
        return _lists_of_one(column)
    if separator.isascii():
        parts = v1.string_split(column, sep=separator, skip_empty=True)
        return _ragged(parts.values, parts.indices[:, 0], parts.dense_shape[0])
    # TensorFlow's set is one of bytes, of which a character beyond ASCII has several.
    first, others = separator[0], separator[1:]
    if others:
        any_other = "".join(f"\\x{{{ord(character):x}}}" for character in others)
        column = tf.strings.regex_replace(column, f"[{any_other}]", _literal(first))
    pieces = tf.strings.split(column, first)
    return tf.ragged.boolean_mask(pieces, tf.not_equal(pieces, ""))


def elements_of(column: Tensor, separator: str) -> Tensor:
    """RaggedTensor [batch, None] of a sequence's elements, empty ones among them.

    A text column is split wherever the whole `separator` stands; an empty text has no element. A
    list column is taken as it is, and a column of single numbers as lists of one, or of none where
    the number is missing.
    """
    if isinstance(column, tf.RaggedTensor):
        column.values.set_shape([None])  # of a placeholder not even the rank is known
        return column
    if column.dtype != tf.string:
        return _lists_of_one(column)
    elements = tf.strings.split(column, separator)
    return tf.ragged.boolean_mask(elements, tf.not_equal(elements, "") | _has_several(elements))


def _has_several(pieces: Tensor) -> Tensor:
    """bool, ragged as `pieces`: whether the row of each has others."""
    lengths = pieces.row_lengths()
    return pieces.with_values(tf.repeat(lengths > 1, lengths))


def first_of(pieces: Tensor, count: int) -> Tensor:
    """The ragged values without those that stand behind the first `count` of their row."""
    # Not a slice, pieces[:, :count], which is built of three times as many operations.
    place = tf.ragged.range(pieces.row_lengths()).values
    return tf.ragged.boolean_mask(pieces, pieces.with_values(place < count))


def pairs_of(
    feature: FeatureConfig, values: Tensor, column: str, halves: Tuple[str, str]
) -> Tuple[Tensor, Tensor]:
    """Splits each of `values`, text of the column, at `kv_separator` into two texts.

    A value of any other number of parts stops the step with an error that names the feature and
    what the `halves` are.
    """
    parts = tf.strings.split(values, feature.kv_separator)
    message = (
        f"feature {feature.feature_name}: each value must be "
        f"{halves[0]}{feature.kv_separator}{halves[1]} "
        f"(column {column}, kv_separator {feature.kv_separator!r})"
    )
    are_pairs = tf.reduce_all(tf.equal(parts.row_lengths(), 2))
    check = tf.debugging.Assert(are_pairs, [message, values], summarize=5)
    with tf.control_dependencies([check]):
        pairs = tf.reshape(parts.values, [-1, 2])
    return pairs[:, 0], pairs[:, 1]


def _lists_of_one(column: Tensor) -> Tensor:
    rows = tf.where(~is_missing(column))[:, 0]
    return _ragged(tf.gather(column, rows), rows, tf.shape(column, out_type=tf.int64)[0])


def _literal(character: str) -> str:
    """As it stands for itself in what a regular expression is replaced by."""
    return "\\\\" if character == "\\" else character


def _ragged(values: Tensor, rows: Tensor, batch: Tensor) -> Tensor:
    return tf.RaggedTensor.from_value_rowids(values, rows, nrows=batch, validate=False)
