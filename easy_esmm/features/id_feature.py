"""IdFeature: one id a row."""

from __future__ import annotations

from typing import Mapping

from easy_esmm.contract import Tensor
from easy_esmm.features.encoded import OneId
from easy_esmm.features.ids import to_ids
from easy_esmm.features.registry import register
from easy_esmm.protos.feature_pb2 import FeatureConfig


@register(FeatureConfig.IdFeature)
def encode_id(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> OneId:
    """The id of the first input column."""
    ids = to_ids(feature, columns[feature.input_names[0]])
    return OneId(ids.ids, ids.vocabulary, ids.out_of_range)
