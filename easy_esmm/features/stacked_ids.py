"""Encodes features of one whole number a row all at once: the same as each by itself.

Of 23 features, one by one, it was 300 operations a step.
"""

from __future__ import annotations

from typing import Dict, List, Mapping, Sequence

import numpy as np
import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.features.encoded import MISSING, OneId
from easy_esmm.features.ids import inside, source_of, without_missing
from easy_esmm.protos.feature_pb2 import FeatureConfig

_WHOLE = (tf.int32, tf.int64)


def encode_stacked(
    features: Sequence[FeatureConfig], columns: Mapping[str, Tensor]
) -> Dict[str, OneId]:
    """By feature name, of those IdFeatures with `num_buckets` whose columns are whole numbers.

    Where there are several of a type, that is; others are left out.

    `columns`: all of one length.
    """
    by_type: Dict[tf.DType, List[FeatureConfig]] = {}
    for feature in features:
        values = columns.get(feature.input_names[0])
        if _is_number(feature) and isinstance(values, tf.Tensor) and values.dtype in _WHOLE:
            by_type.setdefault(values.dtype, []).append(feature)
    encoded: Dict[str, OneId] = {}
    for of_type in by_type.values():
        if len(of_type) > 1:
            encoded.update(_encoded(of_type, [columns[f.input_names[0]] for f in of_type]))
    return encoded


def _is_number(feature: FeatureConfig) -> bool:
    is_id = feature.feature_type == FeatureConfig.IdFeature
    return is_id and source_of(feature) == "num_buckets"


def _encoded(features: Sequence[FeatureConfig], columns: Sequence[Tensor]) -> Dict[str, OneId]:
    values = tf.stack(columns)
    buckets = np.array([[feature.num_buckets] for feature in features], np.int64)
    ids, is_outside = inside(without_missing(values, tf.cast(values, tf.int64)), buckets)
    outside = tf.unstack(tf.math.count_nonzero(is_outside, axis=1, dtype=tf.int64))
    seen = tf.unstack(tf.math.count_nonzero(tf.not_equal(ids, MISSING), axis=1, dtype=tf.int64))
    found = zip(features, tf.unstack(ids, num=len(features)), outside, seen)
    return {
        feature.feature_name: OneId(of_feature, feature.num_buckets, not_there, seen=there)
        for feature, of_feature, not_there, there in found
    }
