"""Scales the numbers of a feature, and puts them into buckets."""

from __future__ import annotations

from typing import List, Tuple

import tensorflow as tf

from easy_esmm.config.functions import bare_name
from easy_esmm.contract import Tensor
from easy_esmm.features.functions import FUNCTIONS
from easy_esmm.protos.feature_pb2 import FeatureConfig


def scaled(feature: FeatureConfig, values: Tensor, is_present: Tensor) -> Tuple[Tensor, Tensor]:
    """The values by `min_val` and `max_val`, then by `normalizer_fn`, and which there are.

    What `normalizer_fn` makes nothing finite of is missing.
    """
    if feature.max_val > feature.min_val:
        values = (values - feature.min_val) / (feature.max_val - feature.min_val)
    if feature.normalizer_fn:
        values = FUNCTIONS[bare_name(feature.normalizer_fn)](values)
        is_present &= tf.math.is_finite(tf.cast(values, tf.float32))
    return values, is_present


def boundaries_of(feature: FeatureConfig) -> List[float]:
    """Borders of its buckets, ascending; empty if it has none."""
    if feature.boundaries:
        return list(feature.boundaries)
    return [i / feature.num_buckets for i in range(1, feature.num_buckets)]


def bucket_of(values: Tensor, boundaries: List[float]) -> Tensor:
    """int64, of the shape of `values`, float [values]: the number of boundaries <= each."""
    # Not tf.raw_ops.Bucketize: its boundaries are float32, so that 0.1 falls below 0.1 in float64.
    return tf.searchsorted(
        tf.constant(boundaries, values.dtype), values, side="right", out_type=tf.int64
    )
