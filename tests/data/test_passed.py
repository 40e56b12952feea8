"""Values of rows that are passed through, in the order in which a batch tells them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from easy_esmm.data.fields import Fields
from easy_esmm.data.parquet_plan import Plan, Source, UserPlan
from easy_esmm.data.passed import FILE, ROW, ParquetPassed
from easy_esmm.data.passed_text import ExamplePassed
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig


@pytest.mark.parametrize("rows", [[0, 1, 2], [0, 0, 2], [1, 4], [3, 4, 5], [2, 2, 2], [5], []])
def test_each_row_of_a_batch_has_its_own_value(rows: List[int]) -> None:
    tables = [pa.table({"x": [10, 11, None, 13]}), pa.table({"x": [14, 15]})]
    sources = (Source("a", 0, 4, 0, table=tables[0]), Source("a", 1, 2, 4, table=tables[1]))
    fields = Fields((), (), None, ("x",), passed=("x",))
    passed = ParquetPassed(Plan(fields, (), sources, 0))
    found = passed.read({ROW: np.array(rows, np.int64)})["x"]
    assert found.to_pylist() == [None if row == 2 else 10 + row for row in rows]
    assert found.type == pa.int64()


def test_a_users_value_is_that_of_the_users_file_beside_the_rows_own() -> None:
    rows = [{"x": [1, 2], "user": [0, 0]}, {"x": [3, 4], "user": [2, 0]}, {"x": [5], "user": [1]}]
    users = [{"age": [30, 31, 32]}, {"age": [40, 41]}]
    sources = tuple(
        Source(path, None, len(part["x"]), first, users=3, table=pa.table(part))
        for path, first, part in zip(("a", "a", "b"), (0, 2, 0), rows)
    )
    of_users = tuple(
        Source(path, None, len(part["age"]), 0, table=pa.table(part))
        for path, part in zip(("ua", "ub"), users)
    )
    names = ("x", "age")
    plan = UserPlan(
        Plan(Fields((), (), None, names, passed=("age",)), (), of_users, 0),
        per_user=("age",),
        row_column="user",
        source_of=(0, 0, 1),
        rows_together=8,
    )
    passed = ParquetPassed(Plan(Fields((), (), None, names, passed=("x",)), (), sources, 0, plan))
    found = passed.read({ROW: np.arange(5)})
    assert {name: column.to_pylist() for name, column in found.items()} == {
        "x": [1, 2, 3, 4, 5],
        "age": [30, 30, 32, 30, 41],
    }


@pytest.mark.parametrize(
    ("first", "second", "common"),
    [
        (pa.int8(), pa.uint32(), pa.int64()),
        (pa.uint8(), pa.uint64(), pa.uint64()),
        (pa.float32(), pa.float64(), pa.float64()),
        (pa.null(), pa.uint64(), pa.uint64()),
        (pa.int64(), pa.uint64(), None),
        (pa.int64(), pa.float64(), None),
    ],
)
def test_files_of_several_widths_have_one_that_holds_all_or_none(
    first: Any, second: Any, common: Any
) -> None:
    tables = [pa.table({"x": pa.array([None, None], kind)}) for kind in (first, second)]
    sources = tuple(
        Source(path, None, 2, 0, table=table) for path, table in zip(("a", "b"), tables)
    )
    plan = Plan(Fields((), (), None, ("x",), passed=("x",)), (), sources, 0)
    if common is None:
        with pytest.raises(UserError, match=f"column 'x' is {first} in a and {second} in b"):
            ParquetPassed(plan)
    else:
        assert ParquetPassed(plan).read({ROW: np.arange(4)})["x"].type == common


def test_an_empty_list_of_a_tf_example_is_one_and_an_absent_one_is_null(tmp_path: Path) -> None:
    path = str(tmp_path / "a.tfrecord")
    rows = []
    with tf.io.TFRecordWriter(path) as writer:
        for numbers in ([1, 2], [], None):
            example = tf.train.Example()
            if numbers is not None:
                example.features.feature["x"].int64_list.value.extend(numbers)
                example.features.feature["x"].int64_list.SetInParent()
            rows.append(example.SerializeToString())
            writer.write(rows[-1])
    fields = Fields((), (), None, ("x",), passed=("x",))
    passed = ExamplePassed([path], DatasetConfig(), fields)
    found = passed.read({ROW: np.array(rows, object), FILE: np.zeros(3, np.int64)})
    assert found["x"].to_pylist() == [[1, 2], [], None]
