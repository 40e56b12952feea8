"""Features of a wide group: each has a table of its own, of the model's `wide_output_dim`."""

from __future__ import annotations

from easy_esmm.config import models
from easy_esmm.config.groups import is_wide
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.protos.model_pb2 import ModelConfig

_SUFFIX = "_wide"


def feature_in_group(model: ModelConfig, group: str, feature: FeatureConfig) -> FeatureConfig:
    """The feature as the group of that name has it.

    In a wide group its table has `wide_output_dim` columns. A RawFeature then has a table too, and
    is multiplied by it. Features that share a table share another one in the wide group.
    """
    if not any(one.group_name == group and is_wide(one) for one in model.feature_groups):
        return feature
    own = FeatureConfig()
    own.CopyFrom(feature)
    own.embedding_dim = models.parameters(model).wide_output_dim
    own.ClearField("embedding_init_file")  # of vectors of the other width
    own.ClearField("embedding_frozen")
    if feature.embedding_name:
        own.embedding_name = feature.embedding_name + _SUFFIX
    return own
