"""Feature types by their enum value. A feature type is one file and one registration."""

from __future__ import annotations

from typing import Callable, Dict, Mapping

from easy_esmm.contract import Tensor
from easy_esmm.errors import UserError
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
    """The encoder of the feature's type; UserError where nobody registered one."""
    try:
        return _ENCODERS[feature.feature_type]
    except KeyError:
        name = FeatureConfig.FeatureType.Name(feature.feature_type)
        known = ", ".join(FeatureConfig.FeatureType.Name(key) for key in sorted(_ENCODERS))
        raise UserError(
            f"feature {feature.feature_name}: feature_type must be one of {known}, got {name}"
        ) from None
