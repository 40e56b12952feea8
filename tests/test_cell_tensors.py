"""Tests that text means the same number to the rules of the config and to tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from easy_esmm.cell_tensors import booleans_of, fits_int64, is_missing, mark_of, numbers_of
from easy_esmm.config.cells import cell_fault, is_empty, missing_mark, parse_cell
from easy_esmm.protos.data_pb2 import DatasetConfig

TYPES = {
    DatasetConfig.INT32: tf.int32,
    DatasetConfig.INT64: tf.int64,
    DatasetConfig.FLOAT: tf.float32,
    DatasetConfig.DOUBLE: tf.float64,
}
WORDS = (
    "0", "-0", "7", "-7", "007", "+7", "7.", ".5", "-.5", ".", "-", "", " ", "\t\r", " 7 ",
    "\x0b7\x0c", "7 7", "2.5", "+2.5", "2,5", "1e3", "1E-3", "1e+3", "1e", "e3", "1.5e3.0", "0x10",
    "0X1p3", "1_000", "nan", "NaN", "-nan", "inf", "-Infinity", "1e400", "-1e400", "1e-400",
    "3.4028235e38", "3.4028236e38", "3.5e38", "1e39", "-1e39", "1.7976931348623157e308", "1.8e308",
    "2147483647", "2147483648", "-2147483648", "-2147483649", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
    "1" * 50, "0" * 50 + "7", "9007199254740993", "0.1", "1d", "1f", "True", "1%", "$1", "\u0661",
    "\uff11", "\xa07", "7\u2003", "--7", "- 7", "1.0", "16777217", "NA", "null", "None", "\\N",
    "1e5", "12:30", "7\x00", "0." + "1" * 30, "0." + "1" * 29,
)  # fmt: skip


@pytest.mark.versions
@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("word", WORDS)
def test_text_means_the_same_number_in_a_tensor_as_in_a_config(kind: Any, word: str) -> None:
    dtype, cell = TYPES[kind], word.encode()
    expected, is_right = parse_cell(kind, cell), not cell_fault(kind, cell)
    assert is_right == (expected is not None or is_empty(kind, cell))
    try:
        number, is_number = numbers_of(tf.constant([word]), dtype)
    except tf.errors.InvalidArgumentError:  # an integer that does not fit
        assert not is_right
        assert dtype.is_integer
        return
    assert bool(is_number[0]) == is_right
    mark = missing_mark(kind) if expected is None else expected
    np.testing.assert_array_equal(number, np.array([mark], dtype.as_numpy_dtype))
    is_lowest = dtype.is_integer and expected == dtype.min
    assert bool(is_missing(number)[0]) == (expected is None or is_lowest)


@pytest.mark.parametrize(
    ("kind", "text", "fault"),
    [
        (DatasetConfig.INT32, "2147483648", "must fit 32 bits"),
        (DatasetConfig.INT64, "1e5", "must be a whole number"),
        (DatasetConfig.INT64, "0x10", "must be a whole number"),
        (DatasetConfig.FLOAT, "1e39", "must fit a 32-bit float"),
        (DatasetConfig.DOUBLE, "1e400", "must fit a 64-bit float"),
        (DatasetConfig.DOUBLE, "0." + "1" * 30, "must have at most 31 characters"),
        (DatasetConfig.DOUBLE, "0." + "1" * 29, ""),
        (DatasetConfig.FLOAT, "-Inf", "must be finite"),
        (DatasetConfig.FLOAT, " NaN ", "must be finite"),
        (DatasetConfig.FLOAT, "+2.5", "must be a number"),
        (DatasetConfig.BOOL, "yes", "must be true, false, 1 or 0"),
        (DatasetConfig.BOOL, " TRUE ", ""),
        (DatasetConfig.FLOAT, " ", ""),
        (DatasetConfig.STRING, "nan", ""),
    ],
)
def test_a_cell_that_is_not_of_its_type_has_a_reason(kind: Any, text: str, fault: str) -> None:
    assert cell_fault(kind, text.encode()) == fault


@pytest.mark.parametrize("kind", [*TYPES, DatasetConfig.BOOL])
def test_blanks_are_a_value_to_text_only(kind: Any) -> None:
    assert is_empty(kind, b" \t")
    assert is_empty(DatasetConfig.STRING, b"")
    assert not is_empty(DatasetConfig.STRING, b" \t")


def test_words_are_booleans_in_any_case_and_with_blanks_around() -> None:
    text = ["true", " FALSE", "1", "0\t", "", "  ", "yes", "1.0"]
    is_true, is_boolean, empty = booleans_of(tf.constant(text))
    np.testing.assert_array_equal(is_true, [1, 0, 1, 0, 0, 0, 0, 0])
    np.testing.assert_array_equal(is_boolean, [1, 1, 1, 1, 1, 1, 0, 0])
    np.testing.assert_array_equal(empty, [0, 0, 0, 0, 1, 1, 0, 0])


def test_each_type_but_booleans_has_a_mark_for_a_missing_value() -> None:
    assert mark_of(tf.int32) == -(2**31)
    assert mark_of(tf.int64) == -(2**63)
    assert np.isnan(mark_of(tf.float32))
    assert mark_of(tf.float32).dtype == np.float32
    assert mark_of(tf.string) == b""
    np.testing.assert_array_equal(is_missing(tf.constant(["", " ", "0"])), [True, False, False])
    np.testing.assert_array_equal(is_missing(tf.constant([0.0, np.nan, np.inf])), [0, 1, 0])
    np.testing.assert_array_equal(is_missing(tf.constant([False, True])), [0, 0])


def test_a_whole_number_fits_int64_as_far_as_python_says_so() -> None:
    numbers = [0, 7, -7, 10**18, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**19, -(10**25)]
    fits = fits_int64(tf.constant([str(number) for number in numbers]))
    assert fits.numpy().tolist() == [-(2**63) <= number < 2**63 for number in numbers]
    texts = [
        "",
        "x",
        "1.0",
        "+1",
        " 5 ",
        "-",
        "000000000000000000000007",
        "-0",
        "9223372036854775808 ",
    ]
    fits = fits_int64(tf.constant(texts)).numpy().tolist()
    assert fits == [False, False, False, False, True, False, True, True, False]
