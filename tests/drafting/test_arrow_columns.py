"""`init` on Parquet columns of any Arrow type: declared so that training reads each value whole."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, List

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from easy_esmm.data.formats import read_sample
from easy_esmm.drafting import draft
from easy_esmm.drafting.profile import UNREAD, Profile, profiles
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig


def profile_of(folder: Path, array: pa.Array) -> Profile:
    path = folder / "log.parquet"
    pq.write_table(pa.table({"a": array}), path)
    (profile,) = profiles(read_sample(str(path), 100, []))
    return profile


@pytest.mark.parametrize(
    ("array", "declared", "values"),
    [
        (pa.array([1, None], pa.uint8()), "INT32", [1, None]),
        (pa.array([2**32 - 1], pa.uint32()), "INT64", [2**32 - 1]),
        (pa.array([2**63 - 1, 0], pa.uint64()), "INT64", [2**63 - 1, 0]),
        (pa.array([2**63, None, 5], pa.uint64()), "STRING", [str(2**63), None, "5"]),
        (pa.array([[2**64 - 1], [], None], pa.list_(pa.uint64())), "STRING",
         [[str(2**64 - 1)], [], []]),
        (pa.array([Decimal(7), None], pa.decimal128(38, 0)), "INT64", [7, None]),
        (pa.array([Decimal(10**30)], pa.decimal128(38, 0)), "STRING", [str(10**30)]),
        (pa.array([Decimal("1.25")], pa.decimal128(9, 2)), "DOUBLE", [1.25]),
        (pa.array([np.float16(0.5), None], pa.float16()), "FLOAT", [0.5, None]),
        (pa.array([1.5], pa.float64()), "DOUBLE", [1.5]),
        (pa.array(["red", None], pa.large_string()), "STRING", ["red", None]),
        (pa.array([b"ab"], pa.binary(2)), "STRING", ["ab"]),
        (pa.array(["red"]).dictionary_encode(), "STRING", ["red"]),
        (pa.array([True, None]), "BOOL", [True, None]),
    ],
)  # fmt: skip
def test_values_are_declared_so_that_each_is_read_whole(
    tmp_path: Path, array: pa.Array, declared: str, values: List[Any]
) -> None:
    profile = profile_of(tmp_path, array)
    assert (DatasetConfig.FieldType.Name(profile.declared), profile.values) == (declared, values)


@pytest.mark.skipif(not hasattr(pa, "string_view"), reason="pyarrow has no views of text yet")
def test_views_of_text_are_text(tmp_path: Path) -> None:
    profile = profile_of(tmp_path, pa.array(["red", None], pa.string_view()))
    assert (profile.declared, profile.values) == (DatasetConfig.STRING, ["red", None])


@pytest.mark.parametrize(
    ("array", "remark"),
    [
        (pa.array([10**12], pa.timestamp("s")), "looks like a time, which later rows do not share"),
        (pa.array([9], pa.date32()), "looks like a time, which later rows do not share"),
        (pa.array([9], pa.time32("s")), "type time32"),
        (pa.array([{"a": 1}]), "type struct<a: int64> is not read"),
        (pa.array([[[1]]]), "type list<"),
        (pa.array([None], pa.null()), "type null is not read"),
    ],
)
def test_types_that_are_no_number_and_no_text_are_left_out(
    tmp_path: Path, array: pa.Array, remark: str
) -> None:
    profile = profile_of(tmp_path, array)
    assert profile.kind == UNREAD
    assert profile.remark.startswith(remark)


def test_rows_that_training_refuses_are_known(tmp_path: Path) -> None:
    nulls = pa.array([[0.5], [None], [float("nan")], None], pa.list_(pa.float64()))
    profile = profile_of(tmp_path, nulls)
    assert (profile.misfits, profile.missing) == ({1, 2}, 1)
    ids = pa.array([[5], [None, 6]], pa.list_(pa.int64()))  # a null among ids is skipped
    assert profile_of(tmp_path, ids).misfits == frozenset()
    torn = pa.array([b"red", b"\xff"]).cast(pa.binary())
    assert profile_of(tmp_path, torn).misfits == frozenset()  # bytes stand for themselves
    raw = pa.Array.from_buffers(pa.string(), 2, [None, *torn.buffers()[1:]])
    profile = profile_of(tmp_path, raw)
    assert (profile.misfits, profile.missing) == ({1}, 0)


def test_a_doubled_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table([pa.array([1])] * 2, ["twice", "twice"]), path)
    with pytest.raises(UserError) as caught:
        draft(str(path))
    expected = f"{path}: the file has column 'twice' twice; name the columns apart"
    assert str(caught.value) == expected
