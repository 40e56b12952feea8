"""SequenceFeature: the elements of a row in their order, ids or numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Mapping, Tuple

from easy_esmm.config.feature_types.raw_feature import buckets, check_buckets
from easy_esmm.config.feature_types.record import (
    NOTHING_TO_FREEZE,
    PRETRAINED,
    SOURCES,
    TABLE,
    FeatureType,
    UnusedField,
    ValueKind,
)
from easy_esmm.config.scalars import quoted
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.feature_pb2 import FeatureConfig

if TYPE_CHECKING:
    from easy_esmm.config.rules.report import Report

_OF_SEQUENCES = ("sub_feature_type", "separator", "seq_multi_sep", "max_seq_len", "sequence_length")
_OF_NUMBERS = "only a sequence of numbers reads it (sub_feature_type: RawFeature)"
_NO_IDS = "a sequence of numbers has no ids"
_NO_TABLE = "without embedding_dim there is no table"


class _Sequence(FeatureType):
    number = FeatureConfig.SequenceFeature
    encoder = "sequence_feature"
    columns = (1, 1)
    columns_in_words = "one column"
    values_in_words = "any number, in their order"
    is_sequence = True

    def separators(self, feature: FeatureConfig) -> Tuple[str, ...]:
        return (feature.separator,) * len(feature.input_names)

    def check(self, report: Report, feature: FeatureConfig, path: str) -> None:
        if not feature.seq_multi_sep:
            return
        if feature.seq_multi_sep == feature.separator:
            rule = "must not be as separator, which stands between the elements"
            report.refuse(f"{path}.seq_multi_sep", rule, quoted(feature.seq_multi_sep))
        for name in feature.input_names[:1]:
            kind = report.column_types().get(name, DatasetConfig.STRING)
            if kind != DatasetConfig.STRING:
                rule = "must be a STRING column, whose elements are split at seq_multi_sep"
                found = f"{quoted(name)} of type {DatasetConfig.FieldType.Name(kind)}"
                report.refuse(f"{path}.input_names[0]", rule, found)


class _IdSequence(_Sequence):
    sources = SOURCES
    fields = (*TABLE, *PRETRAINED, *SOURCES, *_OF_SEQUENCES, "precision", "combiner")
    unread: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("boundaries", "min_val", "max_val", "normalizer_fn", "raw_input_dim"), _OF_NUMBERS
    )
    unused = (
        NOTHING_TO_FREEZE,
        UnusedField(
            "combiner",
            lambda feature: not feature.seq_multi_sep,
            "without seq_multi_sep an element is one id",
        ),
    )

    def value_kind(self, feature: FeatureConfig, column: int) -> ValueKind:
        is_number = self.reads_row_numbers(feature) and not feature.seq_multi_sep
        return ValueKind.ROW_NUMBER if is_number else ValueKind.TEXT


class _NumberSequence(_Sequence):
    fields = (
        *TABLE,
        *_OF_SEQUENCES,
        "num_buckets",
        "boundaries",
        "min_val",
        "max_val",
        "normalizer_fn",
        "raw_input_dim",
        "combiner",
    )
    unread: ClassVar[Mapping[str, str]] = {
        "hash_bucket_size": _NO_IDS,
        "vocab_list": _NO_IDS,
        "vocab_file": _NO_IDS,
        "precision": "numbers are not read as text",
    }
    unused = (
        UnusedField(
            "combiner",
            lambda feature: (
                not feature.seq_multi_sep and (feature.raw_input_dim == 1 or not buckets(feature))
            ),
            "an element is one number",
        ),
        UnusedField("embedding_name", lambda feature: feature.embedding_dim == 0, _NO_TABLE),
        UnusedField("initializer", lambda feature: feature.embedding_dim == 0, _NO_TABLE),
    )

    def value_kind(self, feature: FeatureConfig, column: int) -> ValueKind:
        return ValueKind.TEXT if feature.seq_multi_sep else ValueKind.NUMBER

    def table_rows(self, feature: FeatureConfig) -> int:
        return feature.raw_input_dim * (buckets(feature) or 1) if feature.embedding_dim else 0

    def width(self, feature: FeatureConfig) -> int:
        return feature.embedding_dim or feature.raw_input_dim

    def check(self, report: Report, feature: FeatureConfig, path: str) -> None:
        super().check(report, feature, path)
        check_buckets(report, feature, path)

    def check_in_group(self, report: Report, feature: FeatureConfig, path: str) -> None:
        if buckets(feature) and feature.embedding_dim < 1:
            rule = "must be at least 1 for a sequence of numbers with buckets"
            report.refuse(f"{path}.embedding_dim", rule, str(feature.embedding_dim))


ID_SEQUENCE = _IdSequence()
NUMBER_SEQUENCE = _NumberSequence()
