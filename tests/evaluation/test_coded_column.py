"""Columns in two bytes a row."""

from __future__ import annotations

import numpy as np

from easy_esmm.evaluation.coded_column import OTHER, CodedColumn


def test_values_keep_their_codes_over_batches() -> None:
    column = CodedColumn()
    column.add(np.array([b"a", b"\xe2\x98\x83", b"a", b""], object))
    column.add(np.array([b"b", b"\xe2\x98\x83", b"\xff"], object))
    codes, values = column.coded()
    assert codes.dtype == np.uint16
    texts = [values[code] for code in codes]
    assert texts == ["a", "\N{SNOWMAN}", "a", "", "b", "\N{SNOWMAN}", "\N{REPLACEMENT CHARACTER}"]


def test_numbers_and_booleans_are_shown_as_text() -> None:
    column = CodedColumn()
    column.add(np.array([7, -1, 7], np.int32))
    codes, values = column.coded()
    assert [values[code] for code in codes] == ["7", "-1", "7"]


def test_values_that_come_when_no_code_is_left_are_the_rest() -> None:
    column = CodedColumn(codes=3)
    column.add(np.array([1, 2, 3, 1], np.int64))
    column.add(np.array([3, 2], np.int64))
    codes, values = column.coded()
    assert codes.tolist() == [1, 2, OTHER, 1, OTHER, 2]
    assert values == ["other values", "1", "2"]


def test_without_a_batch_there_is_no_row() -> None:
    codes, values = CodedColumn().coded()
    assert (codes.tolist(), values) == ([], ["other values"])


def test_a_missing_integer_is_empty_as_a_missing_text_is() -> None:
    column = CodedColumn()
    column.add(np.array([7, -(2**31), -1, -(2**31)], np.int32))
    codes, values = column.coded()
    assert [values[code] for code in codes] == ["7", "", "-1", ""]
