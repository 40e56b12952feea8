"""Columns of numbers as Arrow arrays, and back."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from easy_esmm.aliccp.conversion.columns import MISSING, Lists, arrow_array, numpy_array, to_arrow


@pytest.mark.parametrize("name", ["int8", "int32", "int64", "uint64", "float32", "float64"])
def test_numbers_go_to_arrow_and_back(name):
    values = np.array([3, 0, 7, 120], name)
    array = arrow_array(values)
    assert array.equals(pa.array(values))
    for part in (array, array[1:3], array[:0]):
        back = numpy_array(part)
        assert (back.dtype, back.tolist()) == (values.dtype, part.to_pylist())


def test_every_other_number_of_a_column_is_taken():
    assert arrow_array(np.arange(6)[::2]).to_pylist() == [0, 2, 4]


def test_a_missing_number_is_null_and_a_missing_list_is_empty():
    rows = 11  # more than one byte of bits
    numbers = np.arange(rows, dtype=np.int32)
    numbers[[0, 8]] = MISSING
    lists = Lists(np.array([0, 2, *[2] * (rows - 1)]), np.array([5, 6], np.int32))
    table = to_arrow({"205": numbers, "210": lists})
    table.validate(full=True)
    assert table["205"].to_pylist() == [None, 1, 2, 3, 4, 5, 6, 7, None, 9, 10]
    assert table["205"].null_count == 2
    assert table["210"].to_pylist() == [[5, 6], *[[]] * (rows - 1)]
