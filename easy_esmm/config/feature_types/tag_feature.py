"""TagFeature: a set of ids a row, with or without weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from easy_esmm.config.feature_types.record import (
    NOTHING_TO_FREEZE,
    PRETRAINED,
    SOURCES,
    TABLE,
    FeatureType,
    ValueKind,
)
from easy_esmm.config.feature_types.separators import check_kv_separator, check_pairs
from easy_esmm.config.scalars import quoted
from easy_esmm.protos.feature_pb2 import FeatureConfig

if TYPE_CHECKING:
    from easy_esmm.config.rules.report import Report


class _TagFeature(FeatureType):
    number = FeatureConfig.TagFeature
    encoder = "tag_feature"
    columns = (1, 2)
    columns_in_words = "one or two columns (ids, weights)"
    values_in_words = "any number"
    sources = SOURCES
    fields = (
        *TABLE,
        *PRETRAINED,
        *SOURCES,
        "precision",
        "combiner",
        "separator",
        "kv_separator",
        "max_seq_len",
    )

    unused = (NOTHING_TO_FREEZE,)

    def separators(self, feature: FeatureConfig) -> Tuple[str, ...]:
        return (feature.separator,) * len(feature.input_names)

    def value_kind(self, feature: FeatureConfig, column: int) -> ValueKind:
        if column > 0:
            return ValueKind.NUMBER
        is_number = self.reads_row_numbers(feature) and not feature.kv_separator
        return ValueKind.ROW_NUMBER if is_number else ValueKind.TEXT

    def counted_by(self, column: int) -> int:
        return 0

    def check(self, report: Report, feature: FeatureConfig, path: str) -> None:
        if not feature.kv_separator:
            return
        check_kv_separator(report, feature, path)
        if len(feature.input_names) > 1:
            rule = "must not stand beside a second input column: both give the weights"
            report.refuse(f"{path}.kv_separator", rule, quoted(feature.kv_separator))
        check_pairs(report, feature, path, 0, "id:weight")


TAG_FEATURE = _TagFeature()
