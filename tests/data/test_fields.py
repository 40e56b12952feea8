"""Which columns a config reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from google.protobuf import text_format

from easy_esmm.data.fields import default_value, needed_fields, parse_cell
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

TEXT = """
data_config {
  input_fields { input_name: "buy" } input_fields { input_name: "click" input_type: INT32 }
  input_fields { input_name: "inside" input_type: INT32 }
  input_fields { input_name: "w" input_type: FLOAT }
  input_fields { input_name: "a" } input_fields { input_name: "b" }
  input_fields { input_name: "user" } input_fields { input_name: "idle" }
  label_fields: ["buy", "click", "inside"] sample_weight: "w"
}
feature_config { features { input_names: ["a", "b"] } features { input_names: "a" } }
model_config { esmm {
  ctr_tower { label_name: "click" }
  cvr_tower { label_name: "buy" task_space_indicator_label: "inside"
              metrics_set { gauc { uid_field: "user" } } }
} }
"""


def names(columns: Any) -> list[str]:
    """Names of columns."""
    return [column.name for column in columns]


def test_features_metrics_labels_and_weight_are_read_and_nothing_else() -> None:
    fields = needed_fields(text_format.Parse(TEXT, PipelineConfig()), with_labels=True)
    assert names(fields.columns) == ["a", "b", "user"]
    assert names(fields.labels) == ["buy", "click", "inside"]
    assert fields.weight is not None
    assert names(fields.needed) == ["a", "b", "user", "buy", "click", "inside", "w"]
    assert fields.declared[-1] == "idle"


def test_the_column_of_a_task_space_is_read_with_the_labels_only() -> None:
    config = text_format.Parse(TEXT, PipelineConfig())
    tower = config.model_config.esmm.cvr_tower
    tower.ClearField("task_space_indicator_label")
    tower.task_space_indicator_name, tower.task_space_indicator_value = "idle", "1"
    assert names(needed_fields(config, with_labels=True).columns) == ["a", "b", "user", "idle"]
    assert names(needed_fields(config, with_labels=False).columns) == ["a", "b"]


@pytest.mark.parametrize(
    ("tower", "is_probability"),
    [
        ("", True),
        ("loss_type: L2_LOSS", False),
        ("loss_type: SIGMOID_L2_LOSS", True),
        ("losses { loss_type: L2_LOSS }", False),
        ("loss_type: L2_LOSS losses { loss_type: CLASSIFICATION }", True),
    ],
)
def test_a_label_is_a_probability_unless_the_losses_of_its_tower_are_of_values(
    tower: str, is_probability: bool
) -> None:
    config = text_format.Parse(TEXT, PipelineConfig())
    text_format.Merge(f"model_config {{ esmm {{ cvr_tower {{ {tower} }} }} }}", config)
    labels = {label.name: label for label in needed_fields(config, with_labels=True).labels}
    assert labels["buy"].is_probability is is_probability
    assert labels["click"].is_probability


def test_prediction_reads_neither_labels_nor_weight() -> None:
    config = text_format.Parse(TEXT, PipelineConfig())
    fields = needed_fields(config, with_labels=False, extra_columns=["idle", "session", "a"])
    assert names(fields.needed) == ["a", "b", "idle", "session"]  # no metric, so no user
    assert fields.undeclared == ("session",)


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (DatasetConfig.INT32, "2147483647", 2147483647),
        (DatasetConfig.INT32, "2147483648", None),
        (DatasetConfig.INT64, "-9223372036854775808", -(2**63)),
        (DatasetConfig.INT64, "1.0", None),
        (DatasetConfig.INT64, "1_000", None),
        (DatasetConfig.FLOAT, "1e-3", 0.001),
        (DatasetConfig.FLOAT, "nan", None),
        (DatasetConfig.FLOAT, "3.4e38", 3.4e38),
        (DatasetConfig.FLOAT, "1e39", None),
        (DatasetConfig.DOUBLE, "1e39", 1e39),
        (DatasetConfig.DOUBLE, "-1e309", None),
        (DatasetConfig.BOOL, "True", True),
        (DatasetConfig.BOOL, "0", False),
        (DatasetConfig.BOOL, "no", None),
        (DatasetConfig.STRING, "", b""),
    ],
)
def test_cells_are_parsed_as_their_type(kind: Any, text: str, expected: Any) -> None:
    assert parse_cell(kind, text.encode()) == expected


def test_defaults_are_of_the_declared_type() -> None:
    field = DatasetConfig.Field(input_name="x", input_type=DatasetConfig.INT64, default_val="7")
    assert default_value(field) == 7
    assert default_value(DatasetConfig.Field(input_name="x")) == b""
    assert np.isnan(default_value(DatasetConfig.Field(input_type=DatasetConfig.FLOAT)))  # type: ignore[arg-type]
    whole = DatasetConfig.Field(input_type=DatasetConfig.INT32, default_val="")
    assert default_value(whole) == -(2**31)
