"""RawFeature: a number a row, or several; as it is, scaled, or put into buckets."""

from __future__ import annotations

from typing import List, Mapping, Tuple, Union

import numpy as np
import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.features.encoded import MISSING, Bag, Numbers, OneId
from easy_esmm.features.numbers import finite, numbers_in, stop_unless
from easy_esmm.features.pieces import pieces_of
from easy_esmm.features.registry import register
from easy_esmm.features.scaling import boundaries_of, bucket_of, scaled
from easy_esmm.protos.feature_pb2 import FeatureConfig


@register(FeatureConfig.RawFeature)
def encode_raw(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> Union[OneId, Bag, Numbers]:
    """The numbers of the first input column.

    With `max_val` > `min_val` they become (x - min_val) / (max_val - min_val) first, then what
    `normalizer_fn` makes of them. `boundaries` then turns each into a bucket, the number of
    boundaries <= x; so does `num_buckets`, with boundaries at i / num_buckets for 0 < i <
    num_buckets.

    An empty text or list, or a number that `normalizer_fn` makes nothing finite of, is missing:
    zero, or no bucket. A missing number of a column of numbers is 0, to which all this is done.
    With `missing_indicator` all of these are zero, and a further number is 1 in their rows; or they
    have a bucket of their own. A number that is not finite, also as scaled, stops the step.
    """
    values, is_there = scaled(feature, *_values(feature, columns[feature.input_names[0]]))
    boundaries = boundaries_of(feature)
    if boundaries:
        return _buckets(feature, values, is_there, boundaries)
    numbers = tf.where(is_there, tf.cast(values, tf.float32), tf.zeros([]))
    numbers = finite(feature, numbers)
    if not feature.missing_indicator:
        return Numbers(numbers, feature.raw_input_dim)
    is_missing = tf.reduce_any(~is_there, axis=1, keepdims=True)
    numbers = tf.concat([numbers, tf.cast(is_missing, tf.float32)], axis=1)
    return Numbers(numbers, feature.raw_input_dim + 1)


def _values(feature: FeatureConfig, column: Tensor) -> Tuple[Tensor, Tensor]:
    """float [batch, raw_input_dim], and bool [batch, 1]: whether there is a value.

    Only float columns are computed with as float32: a time in seconds, which needs 31 bits, would
    lose its last 7.
    """
    dtype = tf.float32 if column.dtype == tf.float32 else tf.float64
    if feature.raw_input_dim > 1 or isinstance(column, tf.RaggedTensor):
        return _several_values(feature, column, dtype)
    numbers, is_there = numbers_in(feature, feature.input_names[0], column, dtype)
    if column.dtype != tf.string and not feature.missing_indicator:
        is_there = tf.ones_like(is_there)  # the number 0, which is scaled as any other
    return numbers[:, tf.newaxis], is_there[:, tf.newaxis]


def _several_values(
    feature: FeatureConfig, column: Tensor, dtype: tf.DType
) -> Tuple[Tensor, Tensor]:
    count, name = feature.raw_input_dim, feature.input_names[0]
    pieces = pieces_of(column, feature.separator)
    lengths = pieces.row_lengths()
    message = (
        f"feature {feature.feature_name}: raw_input_dim: {count}, but a row of the column "
        f"{name} holds another number of values; values by row:"
    )
    is_right = tf.reduce_all(tf.equal(lengths, count) | tf.equal(lengths, 0))
    with tf.control_dependencies([tf.debugging.Assert(is_right, [message, lengths], 20)]):
        numbers, is_there = numbers_in(feature, name, pieces.values, dtype)
    message = f"feature {feature.feature_name}: a list of column {name} must hold numbers only, got"
    with tf.control_dependencies([stop_unless(is_there, message, pieces.values)]):
        values = pieces.with_values(tf.identity(numbers)).to_tensor(shape=[None, count])
    return values, tf.greater(lengths, 0)[:, tf.newaxis]


def _buckets(
    feature: FeatureConfig, values: Tensor, is_there: Tensor, boundaries: List[float]
) -> Union[OneId, Bag]:
    """Each of several numbers has buckets of its own; a row then holds one id for each number.

    With `missing_indicator` the last bucket of each is that of missing numbers.
    """
    count, buckets = feature.raw_input_dim, len(boundaries) + 1 + feature.missing_indicator
    values = finite(feature, tf.where(is_there, values, tf.zeros([], values.dtype)))
    bucket = tf.reshape(bucket_of(tf.reshape(values, [-1]), boundaries), [-1, count])
    first = buckets * tf.range(count, dtype=tf.int64)
    of_missing = first + (buckets - 1) if feature.missing_indicator else np.int64(MISSING)
    ids = tf.reshape(tf.where(is_there, first + bucket, of_missing), [-1])
    if count == 1:
        return OneId(ids, buckets)
    batch = tf.shape(values, out_type=tf.int64)[0]
    row = tf.repeat(tf.range(batch), count)
    return Bag(ids, row, None, batch, count * buckets)
