"""Lists where one value a row is read, and single numbers where several are."""

from __future__ import annotations

from typing import Any, List

import pyarrow as pa
import pytest
from google.protobuf import text_format

from easy_esmm.data.examples import Head, head_faults
from easy_esmm.data.fields import Fields, needed_fields
from easy_esmm.data.parquet_plan import schema_faults
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

LISTS = pa.schema([("x", pa.list_(pa.int64())), ("y", pa.int64())])
SINGLE = pa.schema([("x", pa.int64()), ("y", pa.int64())])


def fields_of(feature: str, in_group: bool = True, more: str = "") -> Fields:
    text = f"""
    data_config {{
      input_fields {{ input_name: 'x' input_type: INT64 }}
      input_fields {{ input_name: 'y' input_type: INT64 }}
    }}
    feature_config {{ features {{ feature_name: 'f' {feature} }} }}
    {more}"""
    config = text_format.Parse(text, PipelineConfig())
    if in_group:
        config.model_config.feature_groups.add(group_name="all", feature_names=["f"])
    return needed_fields(config, with_labels=True)


def faults(schema: pa.Schema, fields: Fields) -> List[str]:
    return [fault for _, fault in schema_faults(schema, schema, fields)]


ONE = "column 'x' must hold one value in a row"


@pytest.mark.parametrize(
    ("feature", "why"),
    [
        ("input_names: 'x'", "feature 'f' is of type IdFeature; use feature_type: TagFeature"),
        (
            "input_names: ['y', 'x'] feature_type: ComboFeature combo_input_seps: ['|', '']",
            "feature 'f' is of type ComboFeature; give its separator in combo_input_seps",
        ),
        (
            "input_names: ['x', 'y'] feature_type: LookupFeature kv_separator: ':'",
            "feature 'f' is of type LookupFeature",
        ),
        (
            "input_names: 'x' feature_type: ExprFeature expression: 'x + 1'",
            "feature 'f' is of type ExprFeature",
        ),
    ],
)
def test_list_is_refused_where_a_feature_reads_one_value(feature: str, why: str) -> None:
    assert faults(LISTS, fields_of(feature)) == [f"{ONE} ({why}), found list<item: int64>"]
    head = Head(rows=1, kinds={"x": "whole numbers", "y": "whole numbers"}, lists=("x",))
    assert f"{ONE} ({why})" in [fault for _, fault in head_faults(head, fields_of(feature))]
    assert faults(SINGLE, fields_of(feature)) == []


@pytest.mark.parametrize(
    "feature",
    [
        "input_names: 'x' feature_type: TagFeature",
        "input_names: 'x' feature_type: RawFeature",  # of one number
        "input_names: 'x' feature_type: RawFeature raw_input_dim: 3",
        "input_names: 'x' feature_type: SequenceFeature",
        "input_names: 'x' feature_type: SequenceFeature sub_feature_type: RawFeature",
        "input_names: ['x', 'y'] feature_type: ComboFeature combo_input_seps: ['|', '']",
    ],
)
def test_list_is_read_where_a_feature_reads_several_values(feature: str) -> None:
    assert faults(LISTS, fields_of(feature)) == []


def test_feature_in_no_group_may_have_lists() -> None:
    assert faults(LISTS, fields_of("input_names: 'x'", in_group=False)) == []


def test_list_is_refused_where_a_metric_groups_rows_by_it() -> None:
    metric = "eval_config { metrics_set { gauc { uid_field: 'x' } } }"
    fields = fields_of("input_names: 'y'", more=metric)
    assert faults(LISTS, fields) == [f"{ONE} (a metric groups rows by it), found list<item: int64>"]


def test_single_numbers_are_refused_where_a_feature_reads_several() -> None:
    fields = fields_of("input_names: 'x' feature_type: RawFeature raw_input_dim: 3")
    assert faults(SINGLE, fields) == [
        "column 'x' must be a list or STRING (feature 'f' has raw_input_dim: 3), found int64"
    ]


def test_what_may_be_a_list_does_not_tell_one_input_from_another() -> None:
    """The saved position of an input holds its digest, which is made of this text."""
    text: Any = repr(fields_of("input_names: 'x'"))
    assert "single" not in text
    assert "lists" not in text
