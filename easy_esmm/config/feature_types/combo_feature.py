"""ComboFeature: the combination of several columns' values as one id."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Mapping, Tuple

from easy_esmm.config.feature_types.record import TABLE, FeatureType, UnusedField
from easy_esmm.protos.feature_pb2 import FeatureConfig

if TYPE_CHECKING:
    from easy_esmm.config.rules.report import Report

_HASHED = "a ComboFeature is hashed"


class _ComboFeature(FeatureType):
    number = FeatureConfig.ComboFeature
    encoder = "combo_feature"
    columns = (2, None)
    columns_in_words = "two or more columns"
    values_in_words = "one, or any number in columns with a separator"
    sources = ("hash_bucket_size",)
    fields = (
        *TABLE,
        "hash_bucket_size",
        "precision",
        "combiner",
        "combo_join_sep",
        "combo_input_seps",
    )
    unread: ClassVar[Mapping[str, str]] = {
        "separator": "combo_input_seps split the columns of a ComboFeature",
        "vocab_list": _HASHED,
        "vocab_file": _HASHED,
        "num_buckets": _HASHED,
    }
    unused = (
        UnusedField(
            "combiner",
            lambda feature: not any(feature.combo_input_seps),
            "without combo_input_seps there is one combination",
        ),
    )
    one_value_hint = "give its separator in combo_input_seps"

    def separators(self, feature: FeatureConfig) -> Tuple[str, ...]:
        return tuple(feature.combo_input_seps) or super().separators(feature)

    def id_columns(self, feature: FeatureConfig) -> Tuple[str, ...]:
        return tuple(feature.input_names)

    def check(self, report: Report, feature: FeatureConfig, path: str) -> None:
        if not feature.hash_bucket_size:
            rule = "must be set for feature_type ComboFeature"
            report.refuse(f"{path}.hash_bucket_size", rule)
        separators, columns = len(feature.combo_input_seps), len(feature.input_names)
        if separators not in (0, columns):
            rule = f"must have one value per input column ({columns}), or none"
            hint = 'write "" for a column of one value'
            report.refuse(f"{path}.combo_input_seps", rule, str(separators), hint)


COMBO_FEATURE = _ComboFeature()
