"""Maps values of any type to rows of a table: by hash, by vocabulary, or as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, Optional

import tensorflow as tf

from easy_esmm.cell_tensors import is_missing
from easy_esmm.config.feature_types.record import SOURCES
from easy_esmm.contract import Tensor
from easy_esmm.features.encoded import MISSING
from easy_esmm.features.vocabulary import Vocabulary, from_file, from_list
from easy_esmm.protos.feature_pb2 import FeatureConfig


@dataclass(frozen=True, eq=False)
class Ids:
    """Rows of a table."""

    ids: Tensor
    """int64, shape of the values, in [0, vocabulary), or `MISSING`."""
    vocabulary: int
    out_of_range: Optional[Tensor]
    """int64 scalar: values without a row of their own, which were given row 0; None if hashed."""


def to_ids(feature: FeatureConfig, values: Tensor, empty_is_missing: bool = True) -> Ids:
    """Maps values to rows by the first of the feature's settings.

    The order is `hash_bucket_size`, `vocab_list`, `vocab_file`, `num_buckets`; one of them is set.
    Without `empty_is_missing` the text '' is hashed, or looked up, as any other; it is no number,
    so that with `num_buckets` it is missing all the same.
    """
    source = next(source for source in SOURCES if getattr(feature, source))
    return _MAPPINGS[source](feature, values, empty_is_missing)


def as_text(feature: FeatureConfig, values: Tensor) -> Tensor:
    """Strings as they are, integers and booleans as text, floats with `precision` digits.

    A missing value is '' whatever the type.
    """
    if values.dtype == tf.string:
        return values
    precision = feature.precision if values.dtype.is_floating else -1
    text = tf.as_string(values, precision=precision)
    return text if values.dtype == tf.bool else tf.where(is_missing(values), "", text)


def _by_hash(feature: FeatureConfig, values: Tensor, empty_is_missing: bool) -> Ids:
    """FarmHash Fingerprint64 of the text modulo the buckets; '' is missing, but -1 is not."""
    text = as_text(feature, values)
    ids = tf.strings.to_hash_bucket_fast(text, feature.hash_bucket_size)
    if values.dtype != tf.bool and empty_is_missing:
        ids = tf.where(tf.equal(text, ""), tf.constant(MISSING, tf.int64), ids)
    return Ids(ids, feature.hash_bucket_size, None)


def _by_list(feature: FeatureConfig, values: Tensor, empty_is_missing: bool) -> Ids:
    return _by_vocabulary(from_list(feature), as_text(feature, values), empty_is_missing)


def _by_file(feature: FeatureConfig, values: Tensor, empty_is_missing: bool) -> Ids:
    return _by_vocabulary(from_file(feature), as_text(feature, values), empty_is_missing)


def _by_vocabulary(vocabulary: Vocabulary, text: Tensor, empty_is_missing: bool) -> Ids:
    found = vocabulary.find(text)
    is_empty = tf.equal(text, "") if empty_is_missing else tf.zeros_like(text, tf.bool)
    is_unknown = (found < 0) & ~is_empty
    ids = tf.where(is_empty, tf.constant(MISSING, tf.int64), tf.maximum(found, 0))
    return Ids(ids, vocabulary.size, _count(is_unknown))


def _by_number(feature: FeatureConfig, values: Tensor, empty_is_missing: bool) -> Ids:
    ids = _as_integer(values)
    # -1 is a missing value; everything else outside [0, num_buckets) shares row 0.
    is_outside = (ids < MISSING) | (ids >= feature.num_buckets)
    ids = tf.where(is_outside, tf.zeros([], tf.int64), ids)
    return Ids(ids, feature.num_buckets, _count(is_outside))


def _as_integer(values: Tensor) -> Tensor:
    if values.dtype == tf.bool:
        return tf.cast(values, tf.int64)
    if values.dtype != tf.string:
        return tf.where(
            is_missing(values), tf.constant(MISSING, tf.int64), tf.cast(values, tf.int64)
        )
    return tf.strings.to_number(tf.where(tf.equal(values, ""), str(MISSING), values), tf.int64)


def _count(condition: Tensor) -> Tensor:
    return tf.math.count_nonzero(condition, dtype=tf.int64)


_MAPPINGS: Dict[str, Callable[[FeatureConfig, Tensor, bool], Ids]] = {
    "hash_bucket_size": _by_hash,
    "vocab_list": _by_list,
    "vocab_file": _by_file,
    "num_buckets": _by_number,
}
