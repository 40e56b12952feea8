"""The records of feature types fit the schema and each other."""

from __future__ import annotations

from typing import Any, Dict

import pytest

from easy_esmm.config.feature_types import FEATURE_TYPES, FeatureType, ValueKind, type_of
from easy_esmm.config.feature_types.record import EVERY_TYPE, SOURCES
from easy_esmm.config.rules.unused_of_features import only_readers
from easy_esmm.config.support import field_mark, value_mark
from easy_esmm.protos.feature_pb2 import FeatureConfig

TYPES: Any = FeatureConfig.FeatureType.DESCRIPTOR.values
SUPPORTED = [f.name for f in FeatureConfig.DESCRIPTOR.fields if field_mark(f) is None]

every_type = pytest.mark.parametrize("record", FEATURE_TYPES, ids=lambda record: record.name)


def test_each_type_that_the_schema_supports_has_a_record() -> None:
    supported = [value.number for value in TYPES if value_mark(value) is None]
    # A sequence has two: of ids and of numbers.
    assert sorted({record.number for record in FEATURE_TYPES}) == supported


def test_each_field_is_read_by_some_type() -> None:
    read = {name for record in FEATURE_TYPES for name in record.fields}
    assert sorted({*read, *EVERY_TYPE}) == sorted({*SUPPORTED, *EVERY_TYPE})
    assert not read.intersection(EVERY_TYPE)


@every_type
def test_record_is_whole(record: FeatureType) -> None:
    assert {*record.sources} <= {*SOURCES} & {*record.fields}
    assert {unused.name for unused in record.unused} <= {*record.fields}
    assert not {*record.unread} & {*record.fields}
    assert {*record.unread} <= {*SUPPORTED}
    assert record.encoder
    assert record.columns_in_words
    feature = FeatureConfig(input_names=["a", "b"])
    assert len(record.separators(feature)) == 2
    assert {*record.id_columns(feature)} <= {"a", "b"}


def test_type_that_the_schema_refuses_reads_nothing() -> None:
    record = type_of(FeatureConfig(feature_type=FeatureConfig.PassThroughFeature))
    assert (record.fields, record.columns) == ((), (0, None))


def test_readers_of_a_field_are_said_with_their_articles() -> None:
    assert only_readers("expression") == "only an ExprFeature reads it"
    assert only_readers("kv_separator") == "only a TagFeature and a LookupFeature read it"
    assert only_readers("feature_name") == ""


KINDS: Dict[str, Any] = {
    "num_buckets: 3": ValueKind.ROW_NUMBER,
    "num_buckets: 3 hash_bucket_size: 4": ValueKind.TEXT,
    "num_buckets: 3 kv_separator: ':'": ValueKind.TEXT,
    "vocab_list: 'a'": ValueKind.TEXT,
}


@pytest.mark.parametrize("text", KINDS)
def test_tags_are_row_numbers_where_nothing_else_is_set(text: str) -> None:
    from google.protobuf import text_format

    feature = text_format.Parse(f"feature_type: TagFeature {text}", FeatureConfig())
    assert type_of(feature).value_kind(feature, 0) is KINDS[text]
    assert type_of(feature).value_kind(feature, 1) is ValueKind.NUMBER  # a weight


def rows(**settings: Any) -> int:
    feature = FeatureConfig(embedding_dim=2, **settings)
    return type_of(feature).table_rows(feature)


def test_rows_of_a_table_are_known_without_tensorflow() -> None:
    assert rows(hash_bucket_size=7, num_buckets=3) == 7
    assert rows(vocab_list=["a", "b"], num_buckets=3) == 2
    raw = FeatureConfig.RawFeature
    assert rows(feature_type=raw) == 1
    assert rows(feature_type=raw, raw_input_dim=4, hash_bucket_size=9) == 4
    assert rows(feature_type=raw, raw_input_dim=4, boundaries=[1, 2]) == 4 * 3
    assert rows(feature_type=raw, raw_input_dim=4, num_buckets=5) == 4 * 5
    assert rows(feature_type=FeatureConfig.ExprFeature, num_buckets=5) == 0
    sequence = FeatureConfig.SequenceFeature
    assert rows(feature_type=sequence, hash_bucket_size=7, num_buckets=3) == 7
    assert rows(feature_type=sequence, sub_feature_type=raw, raw_input_dim=4) == 4
    assert rows(feature_type=sequence, sub_feature_type=raw, boundaries=[1, 2]) == 3


def test_an_indicator_of_missing_numbers_is_one_more_column_and_row() -> None:
    def of(**settings: Any) -> Any:
        feature = FeatureConfig(missing_indicator=True, **settings)
        return type_of(feature).width(feature), type_of(feature).table_rows(feature)

    raw, expr = FeatureConfig.RawFeature, FeatureConfig.ExprFeature
    assert of(feature_type=raw) == (2, 0)
    assert of(feature_type=raw, raw_input_dim=3) == (4, 0)
    assert of(feature_type=raw, raw_input_dim=3, embedding_dim=5) == (5, 4)
    assert of(feature_type=raw, boundaries=[1, 2], embedding_dim=5) == (5, 4)
    assert of(feature_type=raw, raw_input_dim=2, num_buckets=3, embedding_dim=5) == (5, 8)
    assert of(feature_type=expr, expression="a") == (2, 0)
