"""RawFeature: a number a row, or several; as it is, scaled, or put into buckets."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, List, Mapping, Tuple

from easy_esmm.config.feature_types.record import TABLE, FeatureType, UnusedField, ValueKind
from easy_esmm.config.scalars import quoted
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.feature_pb2 import FeatureConfig

if TYPE_CHECKING:
    from easy_esmm.config.rules.report import Report

_NO_IDS = "a RawFeature has no ids"
_NO_TABLE = "without embedding_dim there is no table"


def buckets(feature: FeatureConfig) -> int:
    """Buckets of each of its numbers, without that of missing ones; 0: it has none."""
    return len(feature.boundaries) + 1 if feature.boundaries else feature.num_buckets


def _numbers(feature: FeatureConfig) -> int:
    return int(feature.raw_input_dim + feature.missing_indicator)


def _has_no_table(feature: FeatureConfig) -> bool:
    return feature.embedding_dim == 0


class _RawFeature(FeatureType):
    number = FeatureConfig.RawFeature
    encoder = "raw_feature"
    columns = (1, 1)
    columns_in_words = "one column"
    values_in_words = "one, or `raw_input_dim`"
    fields = (
        *TABLE,
        "num_buckets",
        "boundaries",
        "min_val",
        "max_val",
        "normalizer_fn",
        "raw_input_dim",
        "separator",
        "combiner",
        "missing_indicator",
    )
    unread: ClassVar[Mapping[str, str]] = {
        "hash_bucket_size": _NO_IDS,
        "vocab_list": _NO_IDS,
        "vocab_file": _NO_IDS,
        "precision": "a RawFeature is not read as text",
    }
    unused = (
        UnusedField(
            "separator",
            lambda feature: feature.raw_input_dim == 1,
            "a RawFeature of raw_input_dim 1 is one value",
        ),
        UnusedField(
            "combiner",
            lambda feature: feature.raw_input_dim == 1 or not buckets(feature),
            _NO_IDS,
        ),
        UnusedField("embedding_name", _has_no_table, _NO_TABLE),
        UnusedField("initializer", _has_no_table, _NO_TABLE),
    )

    def separators(self, feature: FeatureConfig) -> Tuple[str, ...]:
        is_one = feature.raw_input_dim == 1
        return ("" if is_one else feature.separator,) * len(feature.input_names)

    def one_value_columns(self, feature: FeatureConfig) -> Tuple[str, ...]:
        return ()  # a list may hold one number

    def needs_lists(self, feature: FeatureConfig) -> str:
        return f"raw_input_dim: {feature.raw_input_dim}" if feature.raw_input_dim > 1 else ""

    def value_kind(self, feature: FeatureConfig, column: int) -> ValueKind:
        return ValueKind.NUMBER

    def table_rows(self, feature: FeatureConfig) -> int:
        if not feature.embedding_dim:
            return 0
        own = buckets(feature)
        return (
            feature.raw_input_dim * (own + feature.missing_indicator) if own else _numbers(feature)
        )

    def width(self, feature: FeatureConfig) -> int:
        return feature.embedding_dim or _numbers(feature)

    def check(self, report: Report, feature: FeatureConfig, path: str) -> None:
        check_buckets(report, feature, path)
        _check_several(report, feature, path)

    def check_in_group(self, report: Report, feature: FeatureConfig, path: str) -> None:
        if buckets(feature) and feature.embedding_dim < 1:
            rule = "must be at least 1 for a RawFeature with buckets"
            report.refuse(f"{path}.embedding_dim", rule, str(feature.embedding_dim))


def check_buckets(report: Report, feature: FeatureConfig, path: str) -> None:
    """Boundaries ascend, and buckets of equal width have a range to lie in."""
    boundaries: List[float] = list(feature.boundaries)
    for index in range(1, len(boundaries)):
        if boundaries[index] <= boundaries[index - 1]:
            rule = f"must be greater than the boundary before it, {boundaries[index - 1]:g}"
            report.refuse(f"{path}.boundaries[{index}]", rule, f"{boundaries[index]:g}")
    if feature.max_val < feature.min_val:
        rule = f"must not be smaller than min_val, {feature.min_val:g}"
        report.refuse(f"{path}.max_val", rule, f"{feature.max_val:g}")
    if feature.num_buckets and boundaries:
        rule = "must not stand beside boundaries in a RawFeature"
        report.refuse(f"{path}.num_buckets", rule, str(feature.num_buckets))
    elif feature.num_buckets and feature.max_val == feature.min_val:
        rule = "needs min_val and max_val, between which the buckets of a RawFeature lie"
        report.refuse(f"{path}.num_buckets", rule)


def _check_several(report: Report, feature: FeatureConfig, path: str) -> None:
    """A cell of a CSV file is a list only as text."""
    data = report.config.data_config
    if feature.raw_input_dim <= 1 or data.input_type != DatasetConfig.CSVInput:
        return
    for name in feature.input_names[:1]:
        kind = report.column_types().get(name, DatasetConfig.STRING)
        if kind != DatasetConfig.STRING:
            rule = "must be a STRING column, which holds several numbers in a row"
            found = f"{quoted(name)} of type {DatasetConfig.FieldType.Name(kind)}"
            hint = "declare it as STRING, or set raw_input_dim: 1"
            report.refuse(f"{path}.input_names[0]", rule, found, hint)


RAW_FEATURE = _RawFeature()
