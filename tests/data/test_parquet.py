"""Parquet input: the same promises as CSV, and lists; equal tensors for equal rows."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any, Dict, Iterable, List

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from easy_esmm.data import input_fn
from easy_esmm.data.fields import needed_fields
from easy_esmm.data.parquet_plan import read_schema, schema_faults
from easy_esmm.data.row_groups import RowGroup
from easy_esmm.errors import UserError
from tests.data.messages import message_of

SIZES = (2500, 1, 0, 1024, 3001)
TOTAL = sum(SIZES)
COLUMNS = {"buy": "INT32", "click": "STRING", "id": "INT64", "text": "STRING", "list": "INT32"}


def text_of(number: int) -> Any:
    """Few words, many words, nulls."""
    return None if number % 5 == 0 else f"t{number if number % 2 else number % 20}"


def list_of(number: int) -> Any:
    """Lists of 0 - 3 values, nulls."""
    return None if number % 7 == 0 else [number] * (number % 4)


@pytest.fixture
def pattern(tmp_path: Path) -> str:
    """Files of SIZES rows in row groups of 400."""
    number = 0
    for part, size in enumerate(SIZES):
        ids = range(number, number + size)
        number += size
        table = pa.table(
            {
                "buy": pa.array([i % 2 for i in ids], pa.int8()),
                "click": pa.array([str(i % 3 % 2) for i in ids], pa.string()),
                "id": pa.array(ids, pa.int64()),
                "unused": pa.array([1.0] * size, pa.float64()),
                "text": pa.array([text_of(i) for i in ids], pa.string()),
                "list": pa.array([list_of(i) for i in ids], pa.list_(pa.int64())),
            }
        )
        pq.write_table(table, tmp_path / f"part{part}.parquet", row_group_size=400)
    return str(tmp_path / "*.parquet")


@pytest.fixture
def config(make_config: Any) -> Any:
    """Makes a config over COLUMNS."""
    return lambda data="": make_config(COLUMNS, data=f"input_type: ParquetInput {data}")


def test_skipped_rows_leave_full_batches(make_config: Any, read: Any, tmp_path: Path) -> None:
    path, cells = str(tmp_path / "a.parquet"), np.arange(40000.0)
    cells[[3, 20000, 39999]] = np.nan
    pq.write_table(pa.table({"x": cells}), path, row_group_size=9000)
    data = "input_type: ParquetInput ignore_error: true batch_size: 1000"
    rows = read(input_fn(make_config({"x": "DOUBLE"}, labels=(), data=data), "predict", path)())
    assert rows.columns["x"] == cells[np.isfinite(cells)].tolist()
    assert rows.sizes == [1000] * 39 + [997]


def assert_rows_are_whole(rows: Any) -> None:
    """All cells of a row belong to its id."""
    ids = rows.columns["id"]
    assert rows.columns["text"] == [(text_of(i) or "").encode() for i in ids]
    assert rows.columns["list"] == [list_of(i) or [] for i in ids]
    assert rows.labels["buy"] == [i % 2 for i in ids]
    assert rows.labels["click"] == [i % 3 % 2 for i in ids]


@pytest.mark.parametrize("batch", [100, 1500])
def test_evaluation_reads_every_row_once_in_the_order_of_the_files(
    config: Any, read: Any, pattern: str, batch: int
) -> None:
    rows = read(input_fn(config(), "eval", pattern, batch_size=batch)())
    assert rows.columns["id"] == list(range(TOTAL))
    assert rows.sizes == [batch] * (TOTAL // batch) + [TOTAL % batch]
    assert_rows_are_whole(rows)


@pytest.mark.parametrize("batch", [100, 1500])
def test_training_reads_every_row_once_in_each_epoch(
    config: Any, read: Any, pattern: str, batch: int
) -> None:
    rows = read(input_fn(config("num_epochs: 3"), "train", pattern, batch_size=batch)())
    ids = rows.columns["id"]
    epochs = [ids[start : start + TOTAL] for start in range(0, 3 * TOTAL, TOTAL)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(TOTAL))] * 3
    assert epochs[0] != epochs[1] != epochs[2]
    assert rows.sizes[:-1] == [batch] * (3 * TOTAL // batch)
    assert_rows_are_whole(rows)


def test_training_order_is_made_by_the_seed(config: Any, read: Any, pattern: str) -> None:
    def order(seed: int) -> Any:
        return read(input_fn(config(), "train", pattern, seed=seed)(), batches=40).columns["id"]

    assert order(3) == order(3)
    assert order(3) != order(4)


@pytest.mark.parametrize("split", ["train", "eval"])
def test_shards_share_the_rows_out_exactly(
    make_config: Any, read: Any, tmp_path: Path, split: str
) -> None:
    total = 70000  # five windows
    table = pa.table({"buy": np.zeros(total, int), "id": np.arange(total)})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=9000)
    config = make_config(
        {"buy": "INT32", "id": "INT64"},
        labels=("buy",),
        data="input_type: ParquetInput num_epochs: 1 batch_size: 512",
    )
    parts = [
        read(input_fn(config, split, str(tmp_path / "a.parquet"), shard=(i, 3))()).columns["id"]
        for i in range(3)
    ]
    assert sorted(number for part in parts for number in part) == list(range(total))
    assert min(map(len, parts)) > 0


def test_unshuffled_training_repeats_the_order_of_the_files(
    config: Any, read: Any, pattern: str
) -> None:
    rows = read(input_fn(config("num_epochs: 2 shuffle: false"), "train", pattern)())
    assert rows.columns["id"] == [*range(TOTAL), *range(TOTAL)]


VALUES: Dict[str, Any] = {
    "i": ("INT32 default_val:'3'", [1, -2147483647, None], pa.int64()),
    "u": ("INT64", [1, 255, None], pa.uint8()),
    "f": ("FLOAT default_val:'2.5'", [0.1, 16777216.0, None], pa.float64()),
    "d": ("DOUBLE", [0.1, -3.0, None], pa.float64()),
    "n": ("FLOAT", [3, 4, None], pa.int32()),
    "b": ("BOOL default_val:'true'", [True, False, None], pa.bool_()),
    "s": ("STRING default_val:'none'", ["a", "b,\u00e9", None], pa.string()),
    "y": ("STRING", [b"a", b"b", None], pa.binary()),
    "k": ("STRING", ["w", "w", None], pa.dictionary(pa.int8(), pa.string())),
    "z": ("INT64 default_val:'8'", [None, None, None], pa.null()),
}


def test_equal_rows_give_equal_tensors_from_csv_and_parquet(
    make_config: Any, tmp_path: Path
) -> None:
    labels: Dict[str, Any] = {"buy": ("STRING", ["1", "0", None], pa.string())}
    labels["click"] = ("BOOL", [True, False, None], pa.bool_())
    labels["weight"] = ("DOUBLE default_val:'1'", [0.1, 2.0, None], pa.float32())
    all_values = {**labels, **VALUES}
    arrays = {name: pa.array(cells, kind) for name, (_, cells, kind) in all_values.items()}
    pq.write_table(pa.table(arrays), tmp_path / "a.parquet")
    lines = []
    for row in range(3):
        cells = [cells[row] for _, cells, _ in all_values.values()]
        lines.append(",".join(csv_cell(cell) for cell in cells))
    (tmp_path / "a.csv").write_bytes("\n".join(lines).encode())
    types = {name: kind for name, (kind, _, _) in all_values.items()}
    elements = [
        next(iter(input_fn(make_config(types, data=data), "eval", str(tmp_path / file))()))
        for file, data in (
            ("a.csv", 'sample_weight: "weight"'),
            ("a.parquet", 'sample_weight: "weight" input_type: ParquetInput'),
        )
    ]
    tf.nest.assert_same_structure(*elements)
    for csv_tensor, parquet_tensor in zip(*map(tf.nest.flatten, elements)):
        assert csv_tensor.dtype == parquet_tensor.dtype
        np.testing.assert_array_equal(csv_tensor, parquet_tensor)
    columns, label_values = elements[1]
    assert columns["i"].numpy().tolist() == [1, -2147483647, 3]
    assert columns["u"].numpy().tolist() == [1, 255, -(2**63)]
    np.testing.assert_array_equal(columns["d"], [0.1, -3.0, np.nan])
    assert columns["f"].numpy().tolist() == [np.float32(0.1), 16777216.0, 2.5]
    assert columns["s"].numpy().tolist() == [b"a", "b,\u00e9".encode(), b"none"]
    assert columns["z"].numpy().tolist() == [8, 8, 8]
    assert label_values["buy"].value.numpy().tolist() == [1.0, 0.0, 0.0]
    assert label_values["weight"].value.numpy().tolist() == [np.float32(0.1), 2.0, 1.0]


def csv_cell(cell: Any) -> str:
    """A cell as a CSV file writes it."""
    if cell is None:
        return ""
    text = cell.decode() if isinstance(cell, bytes) else str(cell)
    return f'"{text}"' if "," in text else text


@pytest.mark.parametrize(
    ("kind", "arrow", "cells", "expected"),
    [
        ("STRING", pa.list_(pa.string()), [["a", None], [], None], [[b"a", b""], [], []]),
        ("FLOAT default_val:'9'", pa.large_list(pa.float64()), [[1.5, None], [], None],
         [[1.5, 9.0], [], []]),
        ("INT64", pa.list_(pa.int32(), 2), [[1, 2], [3, 4], [5, 6]], [[1, 2], [3, 4], [5, 6]]),
        ("STRING", pa.list_(pa.dictionary(pa.int8(), pa.string())), [["a", "b"], ["a"], None],
         [[b"a", b"b"], [b"a"], []]),
    ],
)  # fmt: skip
def test_list_columns_become_ragged_tensors(
    make_config: Any, tmp_path: Path, kind: str, arrow: Any, cells: Any, expected: Any
) -> None:
    pq.write_table(pa.table({"x": pa.array(cells, arrow)}), tmp_path / "a.parquet")
    config = make_config({"x": kind}, labels=(), data="input_type: ParquetInput batch_size: 2")
    first, second = input_fn(config, "predict", str(tmp_path / "a.parquet"))()
    assert isinstance(first["x"], tf.RaggedTensor)
    assert first["x"].to_list() + second["x"].to_list() == expected


@pytest.mark.parametrize(
    ("kind", "cells", "expected"),
    [
        ("INT32", pa.array([1, 2, 2147483648]),
         "column 'x' (INT32): does not fit, got 2147483648 (declare INT64)"),
        ("INT64", pa.array([1, 2, 2**63], pa.uint64()),
         "column 'x' (INT64): does not fit, got 9223372036854775808 (declare STRING, its digits)"),
        ("FLOAT", pa.array([1.0, 2.0, np.nan]),
         "column 'x' (FLOAT): must be finite, got nan (a missing value is a null)"),
        ("FLOAT", pa.array([[1.0], [], [2.0, np.inf]]),
         "column 'x' (FLOAT): must be finite, got inf"),
    ],
)  # fmt: skip
def test_a_bad_value_is_named_or_its_row_skipped(
    make_config: Any, read: Any, tmp_path: Path, kind: str, cells: Any, expected: str
) -> None:
    path = str(tmp_path / "a.parquet")
    pq.write_table(pa.table({"id": [10, 11, 12], "x": cells}), path, row_group_size=2)
    columns = {"id": "INT32", "x": kind}
    config = make_config(columns, labels=(), data="input_type: ParquetInput")
    message = message_of(input_fn(config, "predict", path))
    assert message.startswith(f"{path}: row 3: {expected}; fix the row")
    config = make_config(columns, labels=(), data="input_type: ParquetInput ignore_error: true")
    make_dataset = input_fn(config, "predict", path)
    assert read(make_dataset()).columns["id"] == [10, 11]
    assert make_dataset.skipped.by_file == {path: 1}


@pytest.mark.parametrize(
    ("column", "cells", "expected"),
    [
        ("buy", ["1", "x"], "column 'buy' (STRING): must be a finite number, got 'x'"),
        ("buy", ["1", "2"], "column 'buy' (STRING): must be in [0, 1], got 2"),
        ("weight", [1.0, -0.5], "column 'weight' (FLOAT): must not be negative, got -0.5"),
        ("weight", [1.0, np.inf], "column 'weight' (FLOAT): must be finite, got inf"),
    ],
)
def test_labels_and_weights_have_the_rules_of_csv(
    make_config: Any, read: Any, tmp_path: Path, column: str, cells: Any, expected: str
) -> None:
    path = str(tmp_path / "a.parquet")
    pq.write_table(
        pa.table({"buy": ["1", "0"], "id": [1, 2], "weight": [1.0, 1.0], column: cells}), path
    )
    types = {"buy": "STRING", "id": "INT64", "weight": "FLOAT"}
    data = 'input_type: ParquetInput sample_weight: "weight"'
    config = make_config(types, labels=("buy",), data=data)
    assert f"{path}: row 2: {expected}" in message_of(input_fn(config, "eval", path))


@pytest.mark.parametrize(
    ("kind", "cells", "expected"),
    [
        ("INT64", ["1", "2"], "column 'x' is declared INT64, found string (it holds text: declare "
         "STRING)"),
        ("INT64", [1.0, 2.0], "column 'x' is declared INT64, found double (declare DOUBLE)"),
        ("BOOL", [1, 0], "column 'x' is declared BOOL, found int64 (declare INT64)"),
        ("FLOAT", [["a"], []], "column 'x' is declared FLOAT, found list<element: string> (it "
         "holds text: declare STRING)"),
    ],
)  # fmt: skip
def test_other_types_than_declared_are_an_error(
    make_config: Any, tmp_path: Path, kind: str, cells: Iterable[Any], expected: str
) -> None:
    path = str(tmp_path / "a.parquet")
    pq.write_table(pa.table({"x": pa.array(list(cells))}), path)
    config = make_config({"x": kind}, labels=(), data="input_type: ParquetInput")
    with pytest.raises(UserError) as caught:
        input_fn(config, "predict", path)()
    assert str(caught.value) == f"{path}: {expected}"


def test_undeclared_columns_are_passed_through_with_the_types_of_the_schema(
    make_config: Any, tmp_path: Path
) -> None:
    path = str(tmp_path / "a.parquet")
    table = pa.table(
        {"x": [1], "s": ["a"], "i": pa.array([2], pa.int16()), "f": [0.5], "b": [True]}
    )
    pq.write_table(table, path)
    config = make_config({"x": "INT64"}, labels=(), data="input_type: ParquetInput")
    extra = ["s", "i", "f", "b", "x"]
    (columns,) = input_fn(config, "predict", path, extra_columns=extra)()
    assert {name: (t.dtype, t.numpy().tolist()) for name, t in columns.items()} == {
        "x": (tf.int64, [1]),
        "s": (tf.string, [b"a"]),
        "i": (tf.int32, [2]),
        "f": (tf.float64, [0.5]),
        "b": (tf.bool, [True]),
    }


def test_missing_values_of_undeclared_columns_are_marked(make_config: Any, tmp_path: Path) -> None:
    path = str(tmp_path / "a.parquet")
    user, wide = pa.array([None, 0]), pa.array([None, 2**64 - 1], pa.uint64())
    pq.write_table(pa.table({"x": [1, 2], "user": user, "wide": wide}), path)
    config = make_config({"x": "INT64"}, labels=(), data="input_type: ParquetInput")
    (columns,) = input_fn(config, "predict", path, extra_columns=["user", "wide"])()
    assert columns["user"].numpy().tolist() == [-(2**63), 0]
    assert columns["wide"].numpy().tolist() == [b"", b"18446744073709551615"]


def test_an_undeclared_column_of_a_type_that_is_not_read_is_not_called_declared(
    make_config: Any, tmp_path: Path
) -> None:
    pq.write_table(pa.table({"x": [1], "at": pa.array([0], pa.timestamp("us"))}), tmp_path / "a")
    config = make_config({"x": "INT64"}, labels=(), data="input_type: ParquetInput")
    fields = needed_fields(config, with_labels=False, extra_columns=["at"])
    schema = read_schema(str(tmp_path / "a"))
    ((column, fault),) = schema_faults(schema, schema, fields)
    assert (column.name, fault) == (
        "at",
        "column 'at' holds timestamp[us], which is not read; leave it out",
    )


@pytest.mark.parametrize(
    ("kind", "default", "cells", "expected"),
    [
        ("FLOAT", "0.5", pa.array([1, None], pa.int64()), [1, 0.5]),
        ("DOUBLE", "0.1", pa.array([1, None], pa.float32()), [1, 0.1]),
        ("INT32", "-1", pa.array([255, None], pa.uint8()), [255, -1]),
        ("INT64", "1000", pa.array([-128, None], pa.int8()), [-128, 1000]),
        ("BOOL", "true", pa.array([False, None]), [False, True]),
        ("INT32", "7", pa.array([[3, None], []], pa.list_(pa.int64())), [[3, 7], []]),
    ],
)
def test_a_null_has_the_default_also_where_the_type_of_the_file_does_not_hold_it(
    make_config: Any, read: Any, tmp_path: Path, kind: str, default: str, cells: Any, expected: Any
) -> None:
    path = str(tmp_path / "rows.parquet")
    pq.write_table(pa.table({"buy": [0, 1], "click": [1, 1], "x": cells}), path)
    columns = {"buy": "INT32", "click": "INT32", "x": f'{kind} default_val: "{default}"'}
    config = make_config(columns, data="input_type: ParquetInput")
    assert read(input_fn(config, "eval", path)()).columns["x"] == expected


def test_files_without_rows_or_cut_short_are_errors(make_config: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    config = make_config({"x": "INT64"}, labels=(), data="input_type: ParquetInput")
    pq.write_table(pa.table({"x": pa.array([], pa.int64())}), path)
    with pytest.raises(UserError, match="no row in 1 Parquet file"):
        input_fn(config, "predict", str(path))()
    pq.write_table(pa.table({"x": list(range(1000))}), path)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(UserError, match=r"a\.parquet: not a whole Parquet file"):
        input_fn(config, "predict", str(path))()


def row_groups_in_memory() -> List[int]:
    gc.collect()
    return [id(found) for found in gc.get_objects() if isinstance(found, RowGroup)]


@pytest.mark.parametrize("split", ["train", "eval"])
def test_a_pass_that_has_ended_keeps_no_row_group_in_memory(
    config: Any, pattern: str, split: str
) -> None:
    before = row_groups_in_memory()
    dataset = input_fn(config("num_epochs: 2"), split, pattern)()
    assert sum(len(labels["buy"].value) for _, labels in dataset) >= TOTAL
    assert set(row_groups_in_memory()) <= set(before)
