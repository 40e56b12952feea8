"""Labels that a row lacks: their value is 0, and the mask tells them from a written 0."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from easy_esmm.data import input_fn

TYPES = {
    "INT32": [0, 1, None],
    "INT64": [0, 1, None],
    "FLOAT": [-0.0, 1.0, None],
    "DOUBLE": [0.0, 1.0, None],
    "BOOL": [False, True, None],
    "STRING": ["0", "1", None],
}
FORMATS = ("csv", "parquet", "tfrecord", "frame")


def write(tmp_path: Path, kind: str, cells: List[Any]) -> Any:
    """Rows of the label `buy` and the other columns, in a file of the format or a frame."""
    rows = len(cells)
    if kind == "csv":
        texts = ["" if cell is None else str(cell) for cell in cells]
        (tmp_path / "a.csv").write_text("".join(f"{text},1,5\n" for text in texts))
        return str(tmp_path / "a.csv")
    if kind == "tfrecord":
        with tf.io.TFRecordWriter(str(tmp_path / "a.tfrecord")) as writer:
            for cell in cells:
                example = tf.train.Example()
                for name, value in (("buy", cell), ("click", 1), ("id", 5)):
                    feature = example.features.feature[name]
                    if isinstance(value, str):
                        feature.bytes_list.value.append(value.encode())
                    elif isinstance(value, float):
                        feature.float_list.value.append(value)
                    elif value is not None:
                        feature.int64_list.value.append(int(value))
                writer.write(example.SerializeToString())
        return str(tmp_path / "a.tfrecord")
    table = pa.table({"buy": cells, "click": [1] * rows, "id": [5] * rows})
    if kind == "frame":
        return pd.DataFrame(
            {"buy": pd.array(cells) if isinstance(cells[0], int) else cells, "click": 1, "id": 5}
        )
    pq.write_table(table, tmp_path / "a.parquet")
    return str(tmp_path / "a.parquet")


def label_of(make_config: Any, kind: str, rows: Any, declared: str) -> Any:
    """The label of all rows, a `LabelColumn`."""
    formats = {"csv": "CSVInput", "tfrecord": "TFRecordInput"}
    columns = {"buy": declared, "click": "INT32", "id": "INT64"}
    data = f"batch_size: 8 input_type: {formats.get(kind, 'ParquetInput')}"
    config = make_config(columns, data=data)
    ((_, labels),) = list(input_fn(config, "eval", rows)())
    return labels["buy"]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("declared", TYPES)
def test_a_missing_label_is_zero_and_known(
    make_config: Any, tmp_path: Path, kind: str, declared: str
) -> None:
    label = label_of(make_config, kind, write(tmp_path, kind, TYPES[declared]), declared)
    np.testing.assert_array_equal(label.value, [0, 1, 0])
    np.testing.assert_array_equal(label.is_missing, [False, False, True])


@pytest.mark.parametrize("kind", FORMATS)
def test_a_default_value_says_that_it_is_meant(make_config: Any, tmp_path: Path, kind: str) -> None:
    rows = write(tmp_path, kind, [0, 1, None])
    label = label_of(make_config, kind, rows, "INT64 default_val: '1'")
    np.testing.assert_array_equal(label.value, [0, 1, 1])
    assert not np.any(label.is_missing)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_label_of_blanks_is_missing(make_config: Any, tmp_path: Path, kind: str) -> None:
    rows = write(tmp_path, kind, [" ", " 1 ", "\t", None, "0"])
    label = label_of(make_config, kind, rows, "STRING")
    np.testing.assert_array_equal(label.value, [0, 1, 0, 0, 0])
    np.testing.assert_array_equal(label.is_missing, [True, False, True, True, False])
    label = label_of(make_config, kind, rows, "STRING default_val: '1'")
    np.testing.assert_array_equal(label.value, [1, 1, 1, 1, 0])
    assert not np.any(label.is_missing)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_lowest_integer_is_a_missing_label(make_config: Any, tmp_path: Path, kind: str) -> None:
    rows = write(tmp_path, kind, [0, 1, -(2**31)])
    label = label_of(make_config, kind, rows, "INT32")
    np.testing.assert_array_equal(label.value, [0, 1, 0])
    np.testing.assert_array_equal(label.is_missing, [False, False, True])
