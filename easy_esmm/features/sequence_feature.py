"""SequenceFeature: the elements of a row in their order, ids or numbers."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Tuple, Union

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.features.encoded import MISSING
from easy_esmm.features.ids import to_ids
from easy_esmm.features.numbers import finite, numbers_in
from easy_esmm.features.pieces import elements_of, first_of
from easy_esmm.features.registry import register
from easy_esmm.features.scaling import boundaries_of, bucket_of, scaled
from easy_esmm.features.sequences import BagSequence, IdSequence, NumberSequence, Places
from easy_esmm.protos.feature_pb2 import FeatureConfig

_Encoded = Union[IdSequence, BagSequence, NumberSequence]


@register(FeatureConfig.SequenceFeature)
def encode_sequence(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> _Encoded:
    """The elements of the input column, the first `max_seq_len` or `sequence_length` of a row.

    An element is an id, or a number (`sub_feature_type`), or with `seq_multi_sep` several; of
    numbers it is `raw_input_dim` that stand side by side.
    """
    if feature.sub_feature_type == FeatureConfig.RawFeature:
        return _of_numbers(feature, _elements(feature, columns))
    return _of_ids(feature, _cut(feature, _elements(feature, columns)))


def ids_of_elements(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> Tensor:
    """What a sequence of ids looks up, of any type [values]."""
    elements = _cut(feature, _elements(feature, columns))
    if feature.seq_multi_sep:
        elements = elements_of(elements.values, feature.seq_multi_sep)
    return elements.values


def _elements(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> Tensor:
    return elements_of(columns[feature.input_names[0]], feature.separator)


def _of_ids(feature: FeatureConfig, elements: Tensor) -> Union[IdSequence, BagSequence]:
    places = _places(elements)
    if feature.seq_multi_sep:
        inner = elements_of(elements.values, feature.seq_multi_sep)
        place = tf.gather(_place_of_elements(elements, places), inner.value_rowids())
        ids = to_ids(feature, inner.values, empty_is_missing=False)
        return BagSequence(ids.ids, place, places, ids.vocabulary, ids.out_of_range)
    ids = to_ids(feature, elements.values, empty_is_missing=False)
    dense = _dense(elements.with_values(ids.ids), places, MISSING)
    return IdSequence(dense, places, ids.vocabulary, ids.out_of_range)


def _of_numbers(feature: FeatureConfig, elements: Tensor) -> _Encoded:
    boundaries, count = boundaries_of(feature), feature.raw_input_dim
    if feature.seq_multi_sep and count == 1:
        return _of_lists(feature, _cut(feature, elements), boundaries)
    rows, is_present = _tuples(feature, elements)
    values, is_present = scaled(feature, rows.values, is_present)
    values = finite(feature, tf.where(is_present, values, tf.zeros([], values.dtype)))
    places = _places(rows)
    if boundaries:
        ids = _bucket_ids(values, is_present, boundaries)
        if count == 1:
            dense = _dense(rows.with_values(ids[:, 0]), places, MISSING)
            return IdSequence(dense, places, len(boundaries) + 1)
        place = tf.repeat(_place_of_elements(rows, places), count)
        return BagSequence(tf.reshape(ids, [-1]), place, places, count * (len(boundaries) + 1))
    numbers = finite(feature, tf.cast(values, tf.float32))
    dense = _dense(rows.with_values(numbers), places, 0.0)
    return NumberSequence(tf.reshape(dense, [-1, count]), places, count)


def _of_lists(
    feature: FeatureConfig, elements: Tensor, boundaries: List[float]
) -> Union[BagSequence, NumberSequence]:
    """Elements that are lists of numbers, pooled by `combiner`: the numbers, or their buckets."""
    places = _places(elements)
    inner = elements_of(elements.values, feature.seq_multi_sep)
    place = tf.gather(_place_of_elements(elements, places), inner.value_rowids())
    values, is_present = scaled(feature, *_numbers(feature, inner.values))
    values = finite(feature, tf.where(is_present, values, tf.zeros([], values.dtype)))
    if boundaries:
        ids = _bucket_ids(values[:, tf.newaxis], is_present[:, tf.newaxis], boundaries)
        return BagSequence(ids[:, 0], place, places, len(boundaries) + 1)
    numbers = finite(feature, tf.cast(values, tf.float32))
    # The numbers as the weights of one vector of one column, the number 1; a missing one is 0.
    amount = places.rows * tf.cast(places.time, tf.int64)
    total = tf.math.unsorted_segment_sum(numbers, place, amount)
    present = tf.math.unsorted_segment_sum(tf.cast(is_present, tf.float32), place, amount)
    pooled = tf.math.divide_no_nan(total, _DIVISORS[feature.combiner](present))
    return NumberSequence(pooled[:, tf.newaxis], places, 1)


_DIVISORS: Dict[str, Callable[[Tensor], Tensor]] = {
    "sum": tf.ones_like,
    "mean": tf.identity,
    "sqrtn": tf.sqrt,
}
"""By combiner, what a sum of that many numbers is divided by."""


def _tuples(feature: FeatureConfig, elements: Tensor) -> Tuple[Tensor, Tensor]:
    """Elements of `raw_input_dim` numbers each, cut: ragged [batch, None, count], float.

    And bool [elements, count]: which of the numbers are there.
    """
    count = feature.raw_input_dim
    if feature.seq_multi_sep:
        elements = _cut(feature, elements)
        inner = elements_of(elements.values, feature.seq_multi_sep)
        lengths = inner.row_lengths()
        is_right = tf.equal(lengths, count) | tf.equal(lengths, 0)
        with tf.control_dependencies([_assert_count(feature, is_right, lengths)]):
            texts = inner.to_tensor("", shape=[None, count])
        values, is_present = _numbers(feature, texts)
        return elements.with_values(values), is_present
    lengths = elements.row_lengths()
    if count > 1:
        is_right = tf.equal(lengths % count, 0)
        with tf.control_dependencies([_assert_count(feature, is_right, lengths)]):
            elements = elements.with_values(tf.identity(elements.values))
    elements = _cut(feature, elements, count)
    values, is_present = _numbers(feature, tf.reshape(elements.values, [-1, count]))
    rows = tf.RaggedTensor.from_row_lengths(values, elements.row_lengths() // count, validate=False)
    return rows, is_present


def _assert_count(feature: FeatureConfig, is_right: Tensor, lengths: Tensor) -> Any:
    where = "an element" if feature.seq_multi_sep else "the elements of a row"
    message = (
        f"feature {feature.feature_name}: raw_input_dim: {feature.raw_input_dim}, but {where} of "
        f"the column {feature.input_names[0]} cannot be parted into as many numbers; numbers:"
    )
    return tf.debugging.Assert(tf.reduce_all(is_right), [message, lengths], 20)


def _numbers(feature: FeatureConfig, values: Tensor) -> Tuple[Tensor, Tensor]:
    """The values as floats, and which there are: not an empty text."""
    dtype = tf.float32 if values.dtype == tf.float32 else tf.float64
    return numbers_in(feature, feature.input_names[0], values, dtype)


def _bucket_ids(values: Tensor, is_present: Tensor, boundaries: List[float]) -> Tensor:
    """int64 [elements, count]: each of several numbers has buckets of its own."""
    count = values.shape[1]
    bucket = tf.reshape(bucket_of(tf.reshape(values, [-1]), boundaries), [-1, count])
    ids = bucket + (len(boundaries) + 1) * tf.range(count, dtype=tf.int64)
    return tf.where(is_present, ids, tf.constant(MISSING, tf.int64))


def _cut(feature: FeatureConfig, elements: Tensor, values_each: int = 1) -> Tensor:
    """The elements without those behind the first `max_seq_len` or `sequence_length` of a row."""
    limits = [feature.max_seq_len] if feature.max_seq_len else []
    if feature.sequence_length > 1:
        limits.append(feature.sequence_length)
    return first_of(elements, values_each * min(limits)) if limits else elements


def _places(elements: Tensor) -> Places:
    lengths = elements.row_lengths()
    # At least one place: the mean over no element at all is not a number.
    return Places(lengths, tf.cast(tf.maximum(tf.reduce_max(lengths), 1), tf.int32))


def _place_of_elements(elements: Tensor, places: Places) -> Tensor:
    """int64 [elements]: row x time + place in the row."""
    row = elements.value_rowids()
    return row * tf.cast(places.time, tf.int64) + tf.ragged.range(elements.row_lengths()).values


def _dense(elements: Tensor, places: Places, default: Any) -> Tensor:
    """[rows, time, ...] of ragged elements."""
    inner = elements.values.shape[1:].as_list()
    return elements.to_tensor(default, shape=tf.stack([-1, places.time, *inner]))
