"""Maps values of any type to rows of a table: by hash, by vocabulary, or as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Optional, Tuple

import numpy as np
import tensorflow as tf

from easy_esmm.cell_tensors import is_missing, numbers_of
from easy_esmm.config.feature_types.record import SOURCES
from easy_esmm.contract import Tensor
from easy_esmm.features.encoded import MISSING
from easy_esmm.features.numbers import stop_unless
from easy_esmm.features.vocabulary import Vocabulary, from_file, from_list
from easy_esmm.protos.feature_pb2 import FeatureConfig

_NO_ID = np.int64(MISSING)


@dataclass(frozen=True, eq=False)
class Ids:
    """Rows of a table."""

    ids: Tensor
    """int64, shape of the values, in [0, vocabulary), or `MISSING`."""
    vocabulary: int
    out_of_range: Optional[Tensor]
    """int64 scalar: values without a row of their own, which were given row 0; None if hashed."""


def to_ids(feature: FeatureConfig, values: Tensor, empty_is_missing: bool = True) -> Ids:
    """Maps values to rows by the first of the feature's settings; a missing number is as ''.

    The order is `hash_bucket_size`, `vocab_list`, `vocab_file`, `num_buckets`; one of them is set.
    Without `empty_is_missing` the text '' is hashed, or looked up, as any other; it is no number,
    so that with `num_buckets` it is missing all the same.
    """
    return _MAPPINGS[source_of(feature)](feature, values, empty_is_missing)


def source_of(feature: FeatureConfig) -> str:
    """Name of the setting by which the feature's values become rows."""
    return next(source for source in SOURCES if getattr(feature, source))


def inside(ids: Tensor, buckets: Any) -> Tuple[Tensor, Tensor]:
    """(The ids with 0 for those outside [0, buckets), bool: which were outside).

    -1, a missing value, stays. `buckets`: a number, or an array that broadcasts with the ids.
    """
    is_outside = (ids < MISSING) | (ids >= buckets)
    return tf.where(is_outside, tf.zeros([], tf.int64), ids), is_outside


def without_missing(values: Tensor, ids: Tensor) -> Tensor:
    """The ids, `MISSING` where the value is."""
    return ids if values.dtype == tf.bool else tf.where(is_missing(values), _NO_ID, ids)


def as_text(feature: FeatureConfig, values: Tensor) -> Tensor:
    """Strings as they are, integers and booleans as text, floats with `precision` digits.

    A missing number is the text ''.
    """
    text = _as_text(feature, values)
    is_number = values.dtype not in (tf.string, tf.bool)
    return tf.where(is_missing(values), "", text) if is_number else text


def _as_text(feature: FeatureConfig, values: Tensor) -> Tensor:
    """As `as_text`, but for missing numbers, which are the text of their mark."""
    if values.dtype == tf.string:
        return values
    return tf.as_string(values, precision=feature.precision if values.dtype.is_floating else -1)


def _by_hash(feature: FeatureConfig, values: Tensor, empty_is_missing: bool) -> Ids:
    """FarmHash Fingerprint64 of the text modulo the buckets; '' is missing, but -1 is not."""
    buckets = feature.hash_bucket_size
    if not empty_is_missing:
        return Ids(tf.strings.to_hash_bucket_fast(as_text(feature, values), buckets), buckets, None)
    # (The missing ones are found among the numbers: texts take twice as long to choose from.)
    ids = tf.strings.to_hash_bucket_fast(_as_text(feature, values), buckets)
    return Ids(without_missing(values, ids), buckets, None)


def _by_list(feature: FeatureConfig, values: Tensor, empty_is_missing: bool) -> Ids:
    return _by_vocabulary(feature, from_list(feature), values, empty_is_missing)


def _by_file(feature: FeatureConfig, values: Tensor, empty_is_missing: bool) -> Ids:
    return _by_vocabulary(feature, from_file(feature), values, empty_is_missing)


def _by_vocabulary(
    feature: FeatureConfig, vocabulary: Vocabulary, values: Tensor, empty_is_missing: bool
) -> Ids:
    found = vocabulary.find(as_text(feature, values))
    is_unknown = found < 0
    if empty_is_missing:
        is_unknown &= ~is_missing(values)
    ids = tf.maximum(found, 0)
    return Ids(
        without_missing(values, ids) if empty_is_missing else ids,
        vocabulary.size,
        _count(is_unknown),
    )


def _by_number(feature: FeatureConfig, values: Tensor, empty_is_missing: bool) -> Ids:
    ids, is_outside = inside(_as_integer(feature, values), feature.num_buckets)
    return Ids(ids, feature.num_buckets, _count(is_outside))


def _as_integer(feature: FeatureConfig, values: Tensor) -> Tensor:
    """int64, `MISSING` where there is none."""
    if values.dtype == tf.bool:
        return tf.cast(values, tf.int64)
    if values.dtype != tf.string:
        return without_missing(values, tf.cast(values, tf.int64))
    numbers, is_number = numbers_of(values, tf.int64)
    message = f"feature {feature.feature_name}: an id must be a whole number (num_buckets), got"
    with tf.control_dependencies([stop_unless(is_number, message, values)]):
        return without_missing(numbers, numbers)


def _count(condition: Tensor) -> Tensor:
    return tf.math.count_nonzero(condition, dtype=tf.int64)


_MAPPINGS: Dict[str, Callable[[FeatureConfig, Tensor, bool], Ids]] = {
    "hash_bucket_size": _by_hash,
    "vocab_list": _by_list,
    "vocab_file": _by_file,
    "num_buckets": _by_number,
}
