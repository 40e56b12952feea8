"""Python's values of Arrow columns of any type, for a look at a Parquet file. No TensorFlow."""

from __future__ import annotations

from typing import Any, List

import pyarrow as pa

from easy_esmm.data.arrow_values import list_parts, plain, whole_array
from easy_esmm.data.parquet_types import (
    declared_type,
    element_type,
    is_list,
    is_readable,
    is_text,
    is_time,
)


def is_sampled(found: pa.DataType) -> bool:
    """Whether training can read the type, as what it is: a time is a number of seconds only."""
    value = element_type(found)
    is_known = is_readable(declared_type(value), value) and not pa.types.is_null(value)
    return is_known and not is_time(value)


def values_of(cells: pa.ChunkedArray) -> List[Any]:
    """A value a row: a number, a bool, bytes for text, a list of these; None for null.

    None in every row where the type is not sampled.
    """
    if not is_sampled(cells.type):
        return [None] * len(cells)
    array = whole_array(cells)
    if not is_list(array.type):
        return _single(array)
    parts, offsets = list_parts(array)
    values, ends = _single(parts), offsets.tolist()
    return [values[begin:end] for begin, end in zip(ends, ends[1:])]


def _single(array: pa.Array) -> List[Any]:
    array = plain(array)
    if is_text(array.type):
        # Not as text: Parquet does not look whether it is UTF-8.
        array = array.cast(pa.large_binary())
    values: List[Any] = array.to_pylist()
    if pa.types.is_decimal(array.type):
        make = int if array.type.scale == 0 else float
        return [None if value is None else make(value) for value in values]
    if pa.types.is_float16(array.type):
        return [None if value is None else float(value) for value in values]
    return values
