"""Reads the numbers of a column, whatever its type, and tells which are missing."""

from __future__ import annotations

from typing import Any, Tuple

import tensorflow as tf

from easy_esmm.cell_tensors import is_missing, numbers_of
from easy_esmm.config.cells import DECIMAL, LONGEST_DECIMAL
from easy_esmm.contract import Tensor
from easy_esmm.protos.feature_pb2 import FeatureConfig

_SHOWN = 5


def numbers_in(
    feature: FeatureConfig, column: str, values: Tensor, dtype: tf.DType
) -> Tuple[Tensor, Tensor]:
    """(floats, bool: whether it is there) of numbers or texts of any shape; 0 where it is missing.

    Text that is no number stops the step with an error that names feature, column and text.
    """
    if values.dtype != tf.string:
        is_there = ~is_missing(values)
        numbers = tf.cast(values, dtype)
        return tf.where(is_there, numbers, tf.zeros([], dtype)), is_there
    numbers, is_number = tf.cond(
        _are_plain(values), lambda: _of_plain(values, dtype), lambda: numbers_of(values, dtype)
    )
    message = (
        f"feature {feature.feature_name}: column {column} must hold finite numbers of at most "
        f"{LONGEST_DECIMAL} characters, got"
    )
    with tf.control_dependencies([stop_unless(is_number, message, values)]):
        is_there = ~is_missing(numbers)
        return tf.where(is_there, numbers, tf.zeros([], dtype)), is_there


def stop_unless(is_right: Tensor, message: str, values: Tensor) -> Any:
    """An operation that fails with the message and the first values that are not right."""
    wrong = tf.reshape(values, [-1])  # of a placeholder not even the rank is known
    wrong = tf.boolean_mask(wrong, tf.reshape(~is_right, [-1]))[:_SHOWN]
    if wrong.dtype.is_floating:  # numbers would cost an assertion more operations
        wrong = tf.as_string(wrong, shortest=True)
    return tf.debugging.Assert(tf.reduce_all(is_right), [message, wrong], _SHOWN)


def finite(feature: FeatureConfig, numbers: Tensor) -> Tensor:
    """The numbers, floats; the step stops with an error where one is not finite."""
    message = (
        f"feature {feature.feature_name}: column {', '.join(feature.input_names)} must hold "
        f"numbers that are finite also as scaled, and as {numbers.dtype.name}, got"
    )
    # (CheckNumerics has state, as TensorFlow sees it, so that no position of an input that runs it
    # can be saved.)
    with tf.control_dependencies([stop_unless(tf.math.is_finite(numbers), message, numbers)]):
        return tf.identity(numbers)


def _are_plain(texts: Tensor) -> Tensor:
    """Bool scalar: whether each text is a number and nothing else, seen at once.

    245,000 texts as one take 7 ms; each by itself, without blanks, 19. (No cell of a CSV
    file holds a line break, so that `1;2` is judged by itself.)
    """
    joined = tf.strings.reduce_join(tf.reshape(texts, [-1]), separator="\n")
    are_short = tf.reduce_max(tf.strings.length(texts)) <= LONGEST_DECIMAL
    return are_short & tf.strings.regex_full_match(joined, f"(?:{DECIMAL}\n)*{DECIMAL}")


def _of_plain(texts: Tensor, dtype: tf.DType) -> Tuple[Tensor, Tensor]:
    numbers = tf.strings.to_number(texts, dtype)
    return numbers, tf.math.is_finite(numbers)
