"""IdFeature: one id a row."""

from __future__ import annotations

from typing import ClassVar, Mapping

from easy_esmm.config.feature_types.record import (
    NOTHING_TO_FREEZE,
    PRETRAINED,
    SOURCES,
    TABLE,
    FeatureType,
)
from easy_esmm.protos.feature_pb2 import FeatureConfig


class _IdFeature(FeatureType):
    number = FeatureConfig.IdFeature
    encoder = "id_feature"
    columns = (1, 1)
    columns_in_words = "one column"
    sources = SOURCES
    fields = (*TABLE, *PRETRAINED, *SOURCES, "precision")
    unread: ClassVar[Mapping[str, str]] = {
        "separator": "an IdFeature is one value",
        "combiner": "an IdFeature has one value",
    }
    unused = (NOTHING_TO_FREEZE,)
    one_value_hint = "use feature_type: TagFeature"


ID_FEATURE = _IdFeature()
