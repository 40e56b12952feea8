"""Times of clicks and conversions: what is made of them, and the rows that cannot be right."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, Optional

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm import data
from easy_esmm.cell_tensors import mark_of
from easy_esmm.config.tasks import task_specs
from easy_esmm.contract import LabelColumn
from easy_esmm.data.fields import needed_fields
from easy_esmm.estimator.bad_cells import validator_of
from easy_esmm.estimator.conversion_times import TimeValidator, training_validator
from easy_esmm.estimator.labels import labels_from_columns
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

CONFIG = """
data_config {
  batch_size: 8 num_epochs: 1 shuffle: false
  input_fields { input_name: "buy" input_type: INT32 }
  input_fields { input_name: "click" input_type: INT32 }
  input_fields { input_name: "at" input_type: INT64 }
  input_fields { input_name: "bought_at" input_type: INT64 }
  input_fields { input_name: "until" input_type: INT64 }
  input_fields { input_name: "user" }
  label_fields: "buy"
  label_fields: "click"
  conversion_delay { click_time: "at" conversion_time: "bought_at" observed_until: "until" }
}
feature_config { features { feature_name: "user" input_names: "user" embedding_dim: 2 hash_bucket_size: 9 } }
model_config {
  feature_groups { group_name: "all" feature_names: "user" }
  esmm { cvr_tower { label_name: "buy" tower_name: "cvr" } ctr_tower { label_name: "click" tower_name: "ctr" } }
  delayed_feedback { delay_model {} }
}
"""  # noqa: E501
DAY, CUT = 86_400, 1_769_817_600


def config_with(**delay: Any) -> PipelineConfig:
    config = text_format.Parse(CONFIG, PipelineConfig())
    for name, value in delay.items():
        setattr(config.data_config.conversion_delay, name, value)
    return config


def times_of(config: PipelineConfig, rows: Dict[str, Any], training: bool = True) -> Any:
    """`Labels.times` of rows by column, None where a cell is empty."""
    columns: Dict[str, Any] = {
        name: tf.constant([np.iinfo(np.int64).min if x is None else x for x in cells], tf.int64)
        for name, cells in rows.items()
    }
    labels = {
        name: LabelColumn(tf.cast(columns[name], tf.float32), tf.zeros_like(columns[name], tf.bool))
        for name in ("buy", "click")
    }
    tasks = task_specs(config.model_config)
    return labels_from_columns(config, tasks, labels, columns, training).times


ROWS = {
    "click": [1, 1, 1, 0, 1, 0],
    "buy": [1, 1, 0, 0, 1, 1],
    "at": [CUT - 3 * DAY, CUT - DAY, CUT - 7, CUT - 9 * DAY, CUT - DAY, CUT - DAY],
    "bought_at": [CUT - DAY, CUT - DAY, None, None, CUT + 1, CUT - DAY // 2],
    "until": [CUT] * 6,
}
"""The second converted in the second of its click, the fifth after the cut, the last unclicked."""


def test_times_are_days_between_whole_seconds_of_today() -> None:
    times = times_of(config_with(), ROWS)
    np.testing.assert_array_equal(times.conversion, [1, 1, 0, 0, 0, 0])
    np.testing.assert_allclose(times.delay, [2, 0.5 / DAY, 0, 0, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(times.elapsed, [3, 1, 7 / DAY, 9, 1, 1], rtol=1e-6)
    assert np.all(np.isinf(times.since_start))


def test_a_start_and_an_end_may_be_constants_in_the_unit_of_the_columns() -> None:
    rows = {**ROWS, "at": [2 * 24, 24, 24, 0, 24, 0], "bought_at": [60, None, None, None, 49, None]}
    config = config_with(
        observed_until="",
        observed_until_time=48.0,
        observed_from_time=30.0,
        seconds_per_unit=3600.0,
    )
    rows["at"][0], rows["bought_at"][0] = 24, 36
    times = times_of(config, rows)
    np.testing.assert_array_equal(times.conversion, [1, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(times.elapsed, [1, 1, 1, 2, 1, 2])
    np.testing.assert_allclose(times.since_start, np.array([-6, -6, -6, -30, -6, -30]) / 24)


def test_evaluations_have_no_times() -> None:
    assert times_of(config_with(), ROWS, training=False) is None
    names = [column.name for column in needed_fields(config_with(), with_labels=True).columns]
    assert names == ["user"]


def test_a_log_taken_as_it_is_reads_no_times() -> None:
    config = config_with()
    config.model_config.ClearField("delayed_feedback")
    assert times_of(config, ROWS) is None
    fields = needed_fields(config, with_labels=True, training=True)
    assert [column.name for column in fields.columns] == ["user"]


GOOD: Dict[str, Optional[int]] = {
    "buy": 1,
    "click": 1,
    "at": 100,
    "bought_at": 200,
    "until": 300,
}
ADVICE = "; fix the row or set data_config.ignore_error"
BAD = [
    ({"until": None}, "column 'until' must be set in each row, got nothing; it says until when"),
    ({"at": None}, "column 'at' must be set in each row, got nothing; on rows without a click"),
    ({"at": 301}, "column 'at' must not be after the cut, 'until', got 301; leave out rows"),
    ({"bought_at": None}, "column 'bought_at' must be set where 'buy' is positive, got nothing"),
    ({"bought_at": 99}, "column 'bought_at' must not be before 'at', got 99; leave it empty"),
    ({"bought_at": 0}, "column 'bought_at' must not be before 'at', got 0; leave it empty"),
    ({"bought_at": -1, "buy": 0}, "column 'bought_at' must not be before 'at', got -1; leave it"),
    (
        {"buy": 0},
        "column 'buy' must be positive where 'bought_at' is not after the cut, 'until', got 0",
    ),
]
FINE: List[Dict[str, Optional[int]]] = [
    {},
    {"bought_at": 100},
    {"bought_at": 301},
    {"bought_at": 301, "buy": 0},
    {"bought_at": None, "buy": 0},
    {"at": 300, "bought_at": 300},
    {"click": 0, "bought_at": 7},
    {"click": 0, "buy": 0, "bought_at": None, "at": 300},
]


def read(config: PipelineConfig, path: Path, rows: List[Dict[str, Optional[int]]]) -> Any:
    """The input of a training on rows, in a CSV or a Parquet file."""
    names = [field.input_name for field in config.data_config.input_fields]
    table = {name: [row.get(name, 7) for row in rows] for name in names}
    if path.suffix == ".parquet":
        config.data_config.input_type = DatasetConfig.ParquetInput
        types = {"user": pa.string(), "buy": pa.int32(), "click": pa.int32()}
        table["user"] = [str(x) for x in table["user"]]
        columns = {n: pa.array(cells, types.get(n, pa.int64())) for n, cells in table.items()}
        pq.write_table(pa.table(columns), path)
    else:
        cells = zip(*(["" if x is None else str(x) for x in table[name]] for name in names))
        path.write_text("".join(f"{','.join(row)}\n" for row in cells))
    validator = training_validator(config, validator_of(config))
    return data.input_fn(config, "train", str(path), validator=validator)


@pytest.mark.parametrize(("change", "fault"), BAD)
def test_each_contradiction_of_a_row_is_told(change: Dict[str, Optional[int]], fault: str) -> None:
    row = {**GOOD, **change}
    types = {"buy": tf.int32, "click": tf.int32}
    columns = {
        name: tf.constant(
            [mark_of(types.get(name, tf.int64)) if x is None else x], types.get(name, tf.int64)
        )
        for name, x in row.items()
    }
    validator = TimeValidator(config_with())
    assert not all(bool(check) for check in validator.checks(columns))
    assert validator.fault(columns).startswith(fault)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_row_whose_times_cannot_be_right_is_named(form: str, tmp_path: Path) -> None:
    change, fault = BAD[4]
    rows = read(config_with(), tmp_path / f"rows.{form}", [GOOD, {**GOOD, **change}])
    with pytest.raises(tf.errors.OpError) as caught:
        list(rows())
    message = str(data.row_error(caught.value))
    place = f"rows.{form}:2: " if form == "csv" else f"rows.{form}: row 2: "
    assert f"{place}{fault}" in message
    assert message.endswith(ADVICE)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_what_can_be_right_is_read(form: str, tmp_path: Path) -> None:
    rows = read(config_with(), tmp_path / f"rows.{form}", [{**GOOD, **change} for change in FINE])
    ((columns, labels),) = list(rows())
    config = config_with()
    times = labels_from_columns(
        config, task_specs(config.model_config), labels, columns, training=True
    ).times
    np.testing.assert_array_equal(times.conversion, [1, 1, 0, 0, 0, 1, 0, 0])


def test_rows_whose_times_cannot_be_right_are_skipped_and_counted(tmp_path: Path) -> None:
    config = config_with()
    config.data_config.ignore_error = True
    rows = read(config, tmp_path / "rows.csv", [GOOD, {**GOOD, "at": None}, GOOD])
    ((columns, _),) = list(rows())
    assert columns["at"].numpy().tolist() == [100, 100]
    assert rows.skipped.total == 1


def test_a_constant_cut_is_named_with_its_value(tmp_path: Path) -> None:
    config = config_with(observed_until="", observed_until_time=99.0)
    with pytest.raises(tf.errors.OpError) as caught:
        list(read(config, tmp_path / "rows.csv", [{**GOOD, "bought_at": 101}])())
    fault = "column 'at' must not be after the cut, 99, got 100; leave out rows after it"
    assert fault in str(data.row_error(caught.value))
