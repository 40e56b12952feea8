"""RawFeature: a number a row, or several; as it is, scaled, or put into buckets."""

from __future__ import annotations

from typing import List, Mapping, Tuple, Union

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.features.encoded import MISSING, Bag, Numbers, OneId
from easy_esmm.features.pieces import pieces_of, to_float
from easy_esmm.features.registry import register
from easy_esmm.features.scaling import boundaries_of, bucket_of, scaled
from easy_esmm.protos.feature_pb2 import FeatureConfig


@register(FeatureConfig.RawFeature)
def encode_raw(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> Union[OneId, Bag, Numbers]:
    """The numbers of the first input column.

    With `max_val` > `min_val` they become (x - min_val) / (max_val - min_val) first, then what
    `normalizer_fn` makes of them. `boundaries` then turns each into a bucket, the number of
    boundaries <= x; so does `num_buckets`, with boundaries at i / num_buckets for 0 < i <
    num_buckets. An empty text or list, or a number that `normalizer_fn` makes nothing finite of, is
    missing: zero, or no bucket. So is, without buckets, a DOUBLE that is no finite float32.
    """
    values, is_present = scaled(feature, *_values(feature, columns[feature.input_names[0]]))
    boundaries = boundaries_of(feature)
    if boundaries:
        return _buckets(feature, values, is_present, boundaries)
    numbers = tf.cast(values, tf.float32)
    if columns[feature.input_names[0]].dtype == tf.float64:
        # Text is checked where it is read, and no integer is that large.
        is_present &= tf.math.is_finite(numbers)
    return Numbers(tf.where(is_present, numbers, tf.zeros([])), feature.raw_input_dim)


def _values(feature: FeatureConfig, column: Tensor) -> Tuple[Tensor, Tensor]:
    """float [batch, raw_input_dim], and bool [batch, 1]: whether there is a value.

    Only float columns are computed with as float32: a time in seconds, which needs 31 bits, would
    lose its last 7.
    """
    dtype = tf.float32 if column.dtype == tf.float32 else tf.float64
    if feature.raw_input_dim > 1 or isinstance(column, tf.RaggedTensor):
        return _several_values(feature, column, dtype)
    if column.dtype == tf.string:
        is_present = tf.not_equal(column, "")
        column = tf.where(is_present, column, "0")
    else:
        is_present = tf.ones_like(column, tf.bool)
    return to_float(column, dtype)[:, tf.newaxis], is_present[:, tf.newaxis]


def _several_values(
    feature: FeatureConfig, column: Tensor, dtype: tf.DType
) -> Tuple[Tensor, Tensor]:
    count = feature.raw_input_dim
    pieces = pieces_of(column, feature.separator)
    lengths = pieces.row_lengths()
    message = (
        f"feature {feature.feature_name}: raw_input_dim: {count}, but a row of the column "
        f"{feature.input_names[0]} holds another number of values; values by row:"
    )
    is_right = tf.reduce_all(tf.equal(lengths, count) | tf.equal(lengths, 0))
    with tf.control_dependencies([tf.debugging.Assert(is_right, [message, lengths], 20)]):
        numbers = pieces.with_values(to_float(pieces.values, dtype))
        values = numbers.to_tensor(shape=[None, count])
    return values, tf.greater(lengths, 0)[:, tf.newaxis]


def _buckets(
    feature: FeatureConfig, values: Tensor, is_present: Tensor, boundaries: List[float]
) -> Union[OneId, Bag]:
    """Each of several numbers has buckets of its own; a row then holds one id for each number."""
    count, buckets = feature.raw_input_dim, len(boundaries) + 1
    bucket = bucket_of(tf.reshape(values, [-1]), boundaries)
    ids = tf.reshape(bucket, [-1, count]) + buckets * tf.range(count, dtype=tf.int64)
    ids = tf.reshape(tf.where(is_present, ids, tf.constant(MISSING, tf.int64)), [-1])
    if count == 1:
        return OneId(ids, buckets)
    batch = tf.shape(values, out_type=tf.int64)[0]
    row = tf.repeat(tf.range(batch), count)
    return Bag(ids, row, None, batch, count * buckets)
