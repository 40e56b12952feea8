"""A record for each feature type, without TensorFlow: its columns, ids, fields and checks.

Checks, notes on fields without effect, columns, serving inputs and the reference are made from the
records. The encoders stand in `easy_esmm.features`.
"""

from __future__ import annotations

from typing import Dict, Tuple

from easy_esmm.config.feature_types.combo_feature import COMBO_FEATURE
from easy_esmm.config.feature_types.expr_feature import EXPR_FEATURE
from easy_esmm.config.feature_types.id_feature import ID_FEATURE
from easy_esmm.config.feature_types.lookup_feature import LOOKUP_FEATURE
from easy_esmm.config.feature_types.raw_feature import RAW_FEATURE
from easy_esmm.config.feature_types.record import FeatureType, UnusedField, ValueKind
from easy_esmm.config.feature_types.sequence_feature import ID_SEQUENCE, NUMBER_SEQUENCE
from easy_esmm.config.feature_types.tag_feature import TAG_FEATURE
from easy_esmm.protos.feature_pb2 import FeatureConfig

__all__ = ["FEATURE_TYPES", "FeatureType", "UnusedField", "ValueKind", "readers_of", "type_of"]

FEATURE_TYPES: Tuple[FeatureType, ...] = (
    ID_FEATURE,
    RAW_FEATURE,
    TAG_FEATURE,
    COMBO_FEATURE,
    LOOKUP_FEATURE,
    EXPR_FEATURE,
    ID_SEQUENCE,
    NUMBER_SEQUENCE,
)
_BY_NUMBER: Dict[int, FeatureType] = {record.number: record for record in FEATURE_TYPES}
_SEQUENCES: Dict[int, FeatureType] = {
    FeatureConfig.IdFeature: ID_SEQUENCE,
    FeatureConfig.RawFeature: NUMBER_SEQUENCE,
}
"""By the type of their elements."""
_REFUSED = FeatureType()


def type_of(feature: FeatureConfig) -> FeatureType:
    """The record of the feature's type; an empty one for those that the schema refuses."""
    if feature.feature_type == FeatureConfig.SequenceFeature:
        return _SEQUENCES.get(feature.sub_feature_type, _REFUSED)
    return _BY_NUMBER.get(feature.feature_type, _REFUSED)


def readers_of(field: str) -> Tuple[FeatureType, ...]:
    """The types that read a field of `FeatureConfig`, each once."""
    reading = (record for record in FEATURE_TYPES if field in record.fields)
    return tuple({record.number: record for record in reading}.values())
