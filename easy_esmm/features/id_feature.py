"""IdFeature: one id a row."""

from __future__ import annotations

from typing import Mapping

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.errors import UserError
from easy_esmm.features.encoded import OneId
from easy_esmm.features.ids import to_ids
from easy_esmm.features.registry import register
from easy_esmm.protos.feature_pb2 import FeatureConfig


@register(FeatureConfig.IdFeature)
def encode_id(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> OneId:
    """The id of the first input column; UserError for a list column."""
    column = columns[feature.input_names[0]]
    if isinstance(column, tf.RaggedTensor):
        raise UserError(
            f"feature {feature.feature_name}: an IdFeature has one value a row, got the list "
            f"column {feature.input_names[0]}; use feature_type: TagFeature"
        )
    ids = to_ids(feature, column)
    return OneId(ids.ids, ids.vocabulary, ids.out_of_range)
