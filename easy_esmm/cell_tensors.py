"""The grammar of cells for tensors: numbers from text, and which values are missing.

The same rules as `config.cells`, which is their only source.
"""

from __future__ import annotations

from typing import Any, Tuple

import numpy as np
import tensorflow as tf

from easy_esmm.config.cells import (
    DECIMAL,
    FALSE_WORDS,
    LONGEST_DECIMAL,
    TRUE_WORDS,
    WHOLE,
    missing_mark,
)
from easy_esmm.contract import Tensor
from easy_esmm.protos.data_pb2 import DatasetConfig

_TYPES = {
    tf.int32: DatasetConfig.INT32,
    tf.int64: DatasetConfig.INT64,
    tf.float32: DatasetConfig.FLOAT,
    tf.float64: DatasetConfig.DOUBLE,
    tf.bool: DatasetConfig.BOOL,
    tf.string: DatasetConfig.STRING,
}

_INT64_DIGITS = 19
"""Of the largest number of the type."""


def mark_of(dtype: tf.DType) -> Any:
    """The mark of a missing value as a numpy scalar of the dtype, bytes for text.

    See `config.cells.missing_mark`; booleans have none and give False.
    """
    mark = missing_mark(_TYPES[tf.as_dtype(dtype)])
    return mark if dtype == tf.string else np.array(mark, dtype.as_numpy_dtype)[()]


def is_missing(values: Tensor) -> Tensor:
    """Bool, of the shape of `values` of any dtype: where the mark of a missing value stands."""
    if values.dtype == tf.bool:
        return tf.zeros_like(values)
    if values.dtype.is_floating:
        return tf.math.is_nan(values)
    return tf.equal(values, tf.constant(mark_of(values.dtype), values.dtype))


def numbers_of(text: Tensor, dtype: tf.DType) -> Tuple[Tensor, Tensor]:
    """(numbers, bool: is a number or empty) of text of any shape.

    Blanks around a number are ignored. Empty text gives the mark of a missing value and True, text
    that is no number of the dtype (int32, int64, float32 or float64) the mark and False.

    Raises:
      InvalidArgumentError: when it runs, for an integer that does not fit the dtype.
    """
    words = tf.strings.strip(text)
    is_word = tf.strings.regex_full_match(words, DECIMAL if dtype.is_floating else WHOLE)
    if dtype.is_floating:
        is_word &= tf.strings.length(words) <= LONGEST_DECIMAL
    # (The kernel's own grammar is wider, and differs from one TensorFlow to the other.)
    numbers = tf.strings.to_number(tf.where(is_word, words, "0"), dtype)
    if dtype.is_floating:
        is_word &= tf.math.is_finite(numbers)
    numbers = tf.where(is_word, numbers, tf.constant(mark_of(dtype), dtype))
    return numbers, is_word | tf.equal(words, "")


def fits_int64(text: Tensor) -> Tensor:
    """Bool, of the shape of the text: a whole number in [-2^63, 2^63); blanks around are ignored.

    With other text that stands for it, such a number cannot stop `numbers_of`.
    """
    words = tf.strings.strip(text)
    is_whole = tf.strings.regex_full_match(words, WHOLE)
    digits = tf.strings.regex_replace(tf.where(is_whole, words, "0"), r"^-?0*", "")
    length = tf.strings.length(digits)
    is_long = tf.equal(length, _INT64_DIGITS)
    padded = tf.where(is_long, digits, "0" * _INT64_DIGITS)
    head = tf.strings.to_number(tf.strings.substr(padded, 0, _INT64_DIGITS - 1), tf.int64)
    last = tf.strings.to_number(tf.strings.substr(padded, _INT64_DIGITS - 1, 1), tf.int64)
    most = tf.int64.max
    lasts = most % 10 + tf.cast(tf.strings.regex_full_match(words, "-.*"), tf.int64)
    is_small = (head < most // 10) | tf.equal(head, most // 10) & (last <= lasts)
    return is_whole & (length <= _INT64_DIGITS) & is_small


def booleans_of(text: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
    """Bools of text of any shape: (is true, is a boolean or empty, is empty), in any case."""
    words = tf.strings.lower(tf.strings.strip(text))
    is_true, is_empty = _any_of(words, TRUE_WORDS), tf.equal(words, "")
    return is_true, is_true | _any_of(words, FALSE_WORDS) | is_empty, is_empty


def _any_of(words: Tensor, accepted: Tuple[bytes, ...]) -> Tensor:
    return tf.reduce_any([tf.equal(words, word) for word in accepted], axis=0)
