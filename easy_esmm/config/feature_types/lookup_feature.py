"""LookupFeature: the values that a map of the row holds under the row's key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from easy_esmm.config.feature_types.record import (
    NOTHING_TO_FREEZE,
    PRETRAINED,
    SOURCES,
    TABLE,
    FeatureType,
)
from easy_esmm.config.feature_types.separators import check_kv_separator, check_pairs
from easy_esmm.protos.feature_pb2 import FeatureConfig

if TYPE_CHECKING:
    from easy_esmm.config.rules.report import Report


class _LookupFeature(FeatureType):
    number = FeatureConfig.LookupFeature
    encoder = "lookup_feature"
    columns = (2, 2)
    columns_in_words = "two columns (key, map)"
    values_in_words = "one key, any number in the map"
    sources = SOURCES
    fields = (
        *TABLE,
        *PRETRAINED,
        *SOURCES,
        "precision",
        "combiner",
        "separator",
        "kv_separator",
        "lookup_max_sel_elem_num",
    )

    unused = (NOTHING_TO_FREEZE,)

    def separators(self, feature: FeatureConfig) -> Tuple[str, ...]:
        return ("", feature.separator)[: len(feature.input_names)]

    def check(self, report: Report, feature: FeatureConfig, path: str) -> None:
        if feature.kv_separator:
            check_kv_separator(report, feature, path)
        else:
            rule = "must be set for feature_type LookupFeature"
            hint = "it stands between a key and its value"
            report.refuse(f"{path}.kv_separator", rule, None, hint)
        check_pairs(report, feature, path, 1, "key:value")


LOOKUP_FEATURE = _LookupFeature()
