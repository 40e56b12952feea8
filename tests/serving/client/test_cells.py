"""Values become those of an input exactly, or are refused with row and column."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any, List

import numpy as np
import pandas as pd
import pytest

from easy_esmm.errors import UserError
from easy_esmm.serving.client.cells import converted, plain

LOW32, LOW64, ID = -(2**31), -(2**63), 4611686018427387905
"""ID is no float64."""


def of(values: Any, dtype: Any) -> List[Any]:
    array = converted("x", plain(values), np.dtype(dtype))
    assert array.dtype == dtype
    return list(array.tolist())


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([ID, None, np.int64(-3), Decimal(7), 4.0], np.int64, [ID, LOW64, -3, 7, 4]),
        ([1, float("nan"), pd.NA], np.int32, [1, LOW32, LOW32]),
        (np.array([1, 2], np.uint8), np.int32, [1, 2]),
        (np.array([2.0**53, np.nan]), np.int64, [2**53, LOW64]),
        (pd.Series([ID, None], dtype="Int64"), np.int64, [ID, LOW64]),
        (pd.Series(["7", None], dtype="category"), object, [b"7", b""]),
        (pd.Series([ID, 2]), object, [b"%d" % ID, b"2"]),
        (pd.Series([2**64 - 1], dtype="uint64"), object, [b"18446744073709551615"]),
        (["Zürich", b"\xff\x00", "", None, 12, Decimal(10**20)], object,
         ["Zürich".encode(), b"\xff\x00", b"", b"", b"12", b"1" + b"0" * 20]),
        ([1, 0.1, Decimal("0.1"), np.float32(2.5)], np.float64, [1.0, 0.1, 0.1, 2.5]),
        ([0.1, 2.0**127], np.float32, [float(np.float32(0.1)), 2.0**127]),
        ([True, None, 0, np.True_], np.bool_, [True, False, False, True]),
        (np.array([True, False]), np.bool_, [True, False]),
        (np.array([1, 0]), np.bool_, [True, False]),
        (pd.Series([datetime.datetime(1969, 12, 31, 23, 59, 59, 500000), None]), np.int64,
         [-1, LOW64]),
        (pd.Series([pd.Timestamp("2024-02-29 13:00:01.25", tz="Europe/Oslo")]), np.float64,
         [1709208001.25]),
        (np.array(["1969-12-31T23:59:59.750000000", "2024-02-29T12:00:01.953000000"],
                  "datetime64[ns]"), np.float64, [-0.25, 1709208001.953]),
        (np.array(["1970-01-02", "NaT"], "datetime64[D]"), np.int32, [86400, LOW32]),
    ],
)  # fmt: skip
def test_values_are_kept_to_the_last_digit_and_missing_ones_marked(
    values: Any, dtype: Any, expected: List[Any]
) -> None:
    assert of(values, dtype) == expected


def test_missing_floats_are_nan_and_others_are_rounded_to_the_nearest() -> None:
    found = converted("x", plain([None, pd.NaT, 16777217, 0.1]), np.dtype(np.float32))
    assert np.isnan(found[:2]).all()
    assert found[2:].tolist() == [16777216.0, float(np.float32(0.1))]


@pytest.mark.parametrize(
    ("values", "dtype", "rule"),
    [
        ([1, "7"], np.int64, "row 1, column 'x': must be a whole number, got '7'"),
        ([True], np.int64, "must be a whole number, got True"),
        ([1.5], np.int32, "must be a whole number, got 1.5"),
        ([float("inf")], np.int32, "must be a whole number, got inf"),
        ([2**31], np.int32, "must fit 32 bits, got 2147483648"),
        ([-(2**31) - 1], np.int32, "must fit 32 bits, got -2147483649"),
        (np.array([5, 2**63], np.uint64), np.int64, "row 1, column 'x': must fit 64 bits"),
        (pd.Series([ID, None], dtype=float), np.int64, r"row 0, .* within 2\^53 .*astype\(\"Int64"),
        ([np.float32(2**25)], np.int64, r"must be a whole number within 2\^53"),
        (["0.5"], np.float32, "must be a number, got '0.5'"),
        ([False], np.float32, "must be a number, got False"),
        ([1, -float("inf")], np.float64, "row 1, column 'x': must be finite, got -inf"),
        (np.array([1.0, 1e39]), np.float32, "row 1, column 'x': must fit a 32-bit float, got 1e"),
        ([2], np.bool_, "must be true, false, 1 or 0, got 2"),
        (["true"], np.bool_, "must be true, false, 1 or 0, got 'true'"),
        ([12.0], object, "must be text, bytes or a whole number, got 12.0"),
        ([True], object, "must be text, bytes or a whole number, got True"),
        ([{"a": 1}], object, "must be text, bytes or a whole number"),
        (["\ud800"], object, "must be text that UTF-8 can hold"),
        ([datetime.datetime(2024, 1, 1)], np.int64, "must be a whole number, got datetime"),
    ],
)
def test_what_would_be_another_value_is_refused(values: Any, dtype: Any, rule: str) -> None:
    with pytest.raises(UserError, match=rule):
        of(values, dtype)


def test_a_long_value_is_cut_in_the_message() -> None:
    with pytest.raises(UserError) as caught:
        of(["x" * 1000], np.int64)
    assert len(str(caught.value)) < 150
