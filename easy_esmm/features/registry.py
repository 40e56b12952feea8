"""Encoders by the enum value of their feature type.

The record of the type, in `config.feature_types`, names the module that registers its encoder.
"""

from __future__ import annotations

from typing import Callable, Dict, Mapping

from easy_esmm.contract import Tensor
from easy_esmm.features.encoded import Encoded
from easy_esmm.protos.feature_pb2 import FeatureConfig

Encoder = Callable[[FeatureConfig, Mapping[str, Tensor]], Encoded]

_ENCODERS: Dict[int, Encoder] = {}


def register(feature_type: int) -> Callable[[Encoder], Encoder]:
    """Decorator: the function encodes features of `feature_type` from the columns by input name."""

    def add(encoder: Encoder) -> Encoder:
        if feature_type in _ENCODERS:
            raise ValueError(f"two encoders for feature type {feature_type}")
        _ENCODERS[feature_type] = encoder
        return encoder

    return add


def encoder_of(feature: FeatureConfig) -> Encoder:
    """The encoder of the feature's type."""
    return _ENCODERS[feature.feature_type]
