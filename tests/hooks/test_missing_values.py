"""Missing values of input columns: counted by row, told once with their share."""

from __future__ import annotations

from typing import Any, List, Mapping, Set

import numpy as np
import pytest
import tensorflow as tf
from absl import logging as absl_logging
from google.protobuf import text_format

from easy_esmm.compat import v1
from easy_esmm.hooks.missing_values import MissingValues, MissingValuesHook
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

# ruff: noqa: E501  (a field a line)
CONFIG = """
data_config {
  input_fields { input_name: "price" input_type: FLOAT }
  input_fields { input_name: "item" input_type: INT64 }
  input_fields { input_name: "city" }
  input_fields { input_name: "tags" input_type: INT64 }
  input_fields { input_name: "declared" input_type: INT64 default_val: "0" }
  input_fields { input_name: "unused" }
}
feature_config {
  features { feature_name: "price" input_names: "price" feature_type: RawFeature }
  features { feature_name: "pair" input_names: ["item", "city"] feature_type: ComboFeature hash_bucket_size: 5 }
  features { feature_name: "tags" input_names: "tags" feature_type: TagFeature hash_bucket_size: 5 }
  features { feature_name: "declared" input_names: "declared" hash_bucket_size: 5 }
  features { feature_name: "unused" input_names: "unused" hash_bucket_size: 5 }
}
model_config { feature_groups { group_name: "all" feature_names: ["price", "pair", "tags", "declared"] } }
"""
LOWEST = np.iinfo(np.int64).min
COLUMNS = {
    "price": tf.constant([np.nan, 0.0, 1.0, np.nan]),
    "item": tf.constant([LOWEST, 0, -1, 3]),
    "city": tf.constant(["a", "b", "", " "]),
    "tags": tf.ragged.constant([[1], [], [2, 3], [4]], dtype=tf.int64),
    "declared": tf.constant([0, 1, 2, LOWEST]),
    "unused": tf.constant([""] * 4),
}


@pytest.fixture
def config() -> PipelineConfig:
    return text_format.Parse(CONFIG, PipelineConfig())


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Any:
    """(level, text) of what was logged."""
    found: List[Any] = []
    for level in ("info", "warning"):
        monkeypatch.setattr(
            absl_logging, level, lambda text, *values, at=level: found.append((at, text % values))
        )
    return found


def test_shares_are_told_of_the_columns_that_features_in_groups_read(
    config: PipelineConfig, told: Any
) -> None:
    missing = MissingValues(config)
    for _ in range(2):
        missing.add(missing.of_batch(COLUMNS).numpy())
    missing.tell("the training input")
    shares = "price 50.0%, item 25.0%, city 25.0%, tags 25.0%"
    assert told == [("info", f"missing values in the 8 rows of the training input: {shares}")]


def test_a_small_share_is_not_told_as_none(config: PipelineConfig, told: Any) -> None:
    missing = MissingValues(config)
    missing.add(np.array([10_000, 4, 6, 20, 0]))
    missing.tell("the training input")
    shares = "city 0.2%, item 0.1%, price < 0.1%"
    assert told == [("info", f"missing values in the 10,000 rows of the training input: {shares}")]


def test_a_column_without_any_value_is_a_warning(config: PipelineConfig, told: Any) -> None:
    missing = MissingValues(config)
    whole = {"price": tf.zeros([3]), "city": tf.constant(["a"] * 3), "tags": tf.ones([3, 1])}
    nothing = {**whole, "item": tf.constant([LOWEST] * 3), "tags": tf.ragged.constant([[1]] * 3)}
    missing.add(missing.of_batch(nothing).numpy())
    missing.tell("the training input")
    ((level, text),) = told
    assert level == "warning"
    assert text.startswith("no value in any of the 3 rows of the training input: column 'item'; ")


def test_nothing_is_told_where_nothing_is_missing(config: PipelineConfig, told: Any) -> None:
    missing = MissingValues(config)
    missing.tell("the training input")
    assert told == []


def test_a_users_value_counts_for_each_of_his_rows(config: PipelineConfig, told: Any) -> None:
    config.data_config.user_rows.columns.extend(["item", "tags"])
    columns: Mapping[str, Any] = {
        "user_row": tf.constant([0, 0, 0, 1]),
        "price": tf.zeros([4]),
        "city": tf.constant(["a"] * 4),
        "item": tf.constant([LOWEST, 5]),
        "tags": tf.ragged.constant([[1], []], dtype=tf.int64),
    }
    missing = MissingValues(config)
    np.testing.assert_array_equal(missing.of_batch(columns), [4, 0, 3, 0, 1])


def test_hooks_that_share_what_was_told_tell_once(config: PipelineConfig, told: Any) -> None:
    shared: Set[str] = set()
    for _ in range(2):
        with tf.Graph().as_default(), v1.Session() as session:
            columns = {
                "price": v1.placeholder(tf.float32, [None]),
                "item": tf.constant([1, 2]),
                "city": tf.constant(["a", "b"]),
                "tags": tf.ragged.constant([[1], [2]]),
            }
            hook = MissingValuesHook(config, columns, "the evaluation input", shared)
            for price in ([np.nan, 1], [2, 3]):
                fetched = session.run(hook.before_run(None).fetches, {columns["price"]: price})

                class Values:
                    results = fetched

                hook.after_run(None, Values)
            hook.end(session)
    assert told == [("info", "missing values in the 4 rows of the evaluation input: price 25.0%")]
