"""Turns Arrow arrays into numpy arrays of declared types, and says which values are not legal.

No TensorFlow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Optional, Tuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from easy_esmm.config.cells import BOOL, FLOATS, INTEGERS, STRING, missing_mark
from easy_esmm.data.fields import Column
from easy_esmm.data.parquet_types import BOOL8, is_list, is_text, is_time, is_utf8
from easy_esmm.protos.data_pb2 import DatasetConfig

Array = NDArray[Any]

NUMPY_TYPES: Dict[int, Any] = {
    DatasetConfig.INT32: np.int32,
    DatasetConfig.INT64: np.int64,
    DatasetConfig.FLOAT: np.float32,
    DatasetConfig.DOUBLE: np.float64,
    DatasetConfig.BOOL: np.bool_,
}

_UNITS_OF_A_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_SECONDS_OF_A_DAY = 86400


@dataclass(frozen=True, eq=False)
class Typed:
    """Values of a declared type, without lists."""

    array: Array
    """[values] of the declared type; for text the int32 index of the value's word."""
    words: Optional[Array]
    """For text: the distinct values, an object array of bytes."""
    is_null: Optional[Array]
    """bool [values]: where the column's default stands; None: nowhere."""
    bad: Dict[int, Any] = field(default_factory=dict)
    """Places of values that are not legal -> the values; see `value_rule`."""


def whole_array(cells: pa.ChunkedArray) -> pa.Array:
    """The chunks as one array."""
    if cells.num_chunks == 1:
        return cells.chunk(0)
    if pa.types.is_dictionary(cells.type):
        try:
            cells = cells.unify_dictionaries()
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid):  # some types, nulls as entries
            cells = pa.chunked_array([_decoded(c) for c in cells.chunks], cells.type.value_type)
    array = cells.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], array.type)
    return array


def list_parts(array: pa.Array) -> Tuple[pa.Array, Array]:
    """(the values of all lists end to end, int64 [rows + 1]: where each list begins).

    A null is an empty list.
    """
    if not is_list(array.type):  # a column of nulls
        return array[:0], np.zeros([len(array) + 1], np.int64)
    try:
        counts = pc.list_value_length(array)
    except pa.ArrowNotImplementedError:  # of list views, before pyarrow 18
        array = pa.array(array.to_pylist(), pa.large_list(array.type.value_type))
        counts = pc.list_value_length(array)
    lengths = pc.fill_null(counts, 0).to_numpy().astype(np.int64)
    offsets = np.concatenate([np.zeros([1], np.int64), np.cumsum(lengths)])
    return array.flatten(), offsets


def typed_values(column: Column, array: pa.Array) -> Typed:
    """The values of an array without lists, of a type that `parquet_types.is_readable` takes."""
    if column.type == STRING:
        return _text(column, array)
    array = plain(array)
    size = len(array)
    if pa.types.is_null(array.type):
        filled = np.full([size], column.default, NUMPY_TYPES[column.type])
        return Typed(filled, None, np.ones([size], bool))
    typed, bad = _cast(column, _numbers(column, array))
    values = {place: array[place].as_py() for place in bad.tolist()}
    if column.has_default and column.type in INTEGERS:
        is_mark = typed == missing_mark(column.type)
        if is_mark.any():
            typed = np.where(is_mark, NUMPY_TYPES[column.type](column.default), typed)
    if not array.null_count:
        return Typed(typed, None, None, values)
    is_null = _nulls(array)
    typed = typed if typed.flags.writeable else typed.copy()
    # Last: the type of the file may not hold the default, such as -1 in uint8.
    typed[is_null] = column.default
    return Typed(typed, None, is_null, values)


def value_rule(declared: int, value: Any) -> str:
    """Why a value of a file is not legal in a column of the declared type, and what would help."""
    if declared == STRING:
        return f"is no UTF-8 text, got {value!r} (write it as UTF-8 or as bytes)"
    if declared in INTEGERS:
        widest = max(INTEGERS, key=lambda kind: INTEGERS[kind])
        limit = 1 << (INTEGERS[widest] - 1)
        other = "INT64" if -limit <= value < limit else "STRING, its digits"
        return f"does not fit, got {value} (declare {other})"
    if value != value:
        return f"must be finite, got {value} (a missing value is a null)"
    if abs(value) == float("inf"):
        return f"must be finite, got {value}"
    return f"does not fit, got {value} (declare DOUBLE)"


def _decoded(array: pa.Array) -> pa.Array:
    """The entries of a dictionary's indices."""
    values = _as_large(array.dictionary)
    return values.take(array.indices)


def plain(array: pa.Array) -> pa.Array:
    """The values that others stand for: indices of a dictionary, runs, known extensions."""
    while True:
        if pa.types.is_dictionary(array.type):
            array = _decoded(array)
        elif isinstance(array, pa.ExtensionArray):
            is_bool = array.type.extension_name == BOOL8
            array = pc.not_equal(array.storage, 0) if is_bool else array.storage
        elif getattr(pa.types, "is_run_end_encoded", lambda _: False)(array.type):
            array = pc.run_end_decode(array)
        else:
            return array


def _as_large(array: pa.Array) -> pa.Array:
    """Views, for which few functions exist, as large text or bytes; others as they are."""
    kind = str(array.type)
    if kind not in ("string_view", "binary_view"):
        return array
    large = pa.large_string() if kind == "string_view" else pa.large_binary()
    try:
        return array.cast(large)
    except pa.ArrowNotImplementedError:  # before pyarrow 18
        return pa.array(array.to_pylist(), large)


def _numbers(column: Column, array: pa.Array) -> Array:
    """The numbers as the file has them, 0 in place of nulls: any type of numbers, or objects."""
    if pa.types.is_decimal(array.type):
        return _of_decimals(column, array)
    if is_time(array.type):
        return _seconds(column, array)
    if pa.types.is_float16(array.type):  # which old versions of pyarrow do not fill
        halves: Array = array.to_numpy(zero_copy_only=False)
        if not array.null_count:
            return halves
        return np.where(_nulls(array), np.float16(0), halves)
    return _filled(array)


def _of_decimals(column: Column, array: pa.Array) -> Array:
    """Decimals as integers or floats: Python's where int64 does not hold them."""
    if column.type in INTEGERS:
        try:
            return _filled(array.cast(pa.int64()))
        except pa.ArrowInvalid:
            values = [0 if value is None else int(value) for value in array.to_pylist()]
            return np.array(values, object)
    # By way of text: the kernel's products of powers of 10 are not always the nearest float.
    target = pa.float32() if column.type == FLOATS[0] else pa.float64()
    return _filled(array.cast(pa.string()).cast(target))


def _filled(array: pa.Array) -> Array:
    if array.null_count:
        array = pc.fill_null(array, pa.scalar(False).cast(array.type))
    numbers: Array = array.to_numpy(zero_copy_only=False)
    return numbers


def _seconds(column: Column, array: pa.Array) -> Array:
    """Seconds since 1970-01-01 UTC: whole, rounded down, or with their fraction."""
    if pa.types.is_date32(array.type):
        return _filled(array.cast(pa.int32())).astype(np.int64) * _SECONDS_OF_A_DAY
    units = _UNITS_OF_A_SECOND["ms" if pa.types.is_date(array.type) else array.type.unit]
    counts = _filled(array.cast(pa.int64()))
    seconds = counts // units
    return seconds if column.type in INTEGERS else seconds + (counts - seconds * units) / units


def _cast(column: Column, numbers: Array) -> Tuple[Array, Array]:
    """(values of the declared type, places of those that do not fit it or are not finite)."""
    kind = NUMPY_TYPES[column.type]
    if numbers.dtype == object:
        limit = 1 << (INTEGERS[column.type] - 1)
        is_bad = np.array([not -limit <= number < limit for number in numbers], bool)
        return np.where(is_bad, 0, numbers).astype(kind), np.flatnonzero(is_bad)
    with np.errstate(over="ignore"):
        typed = numbers.astype(kind, copy=False)
    if column.type == BOOL:
        return typed, np.zeros([0], np.int64)
    if column.type in FLOATS:
        return typed, np.flatnonzero(~np.isfinite(typed))
    if numbers.dtype == typed.dtype or np.can_cast(numbers.dtype, typed.dtype):
        return typed, np.zeros([0], np.int64)
    return typed, np.flatnonzero(typed != numbers)


def _text(column: Column, array: pa.Array) -> Typed:
    """Text as indices of words; integers and decimals as their digits."""
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if not pa.types.is_dictionary(array.type):
        array = plain(array)
        if pa.types.is_null(array.type):
            array = array.cast(pa.binary())
        elif pa.types.is_decimal(array.type):
            array = array.cast(pa.string())
        array = _as_large(array).dictionary_encode()
    entries = _as_large(plain(array.dictionary))
    if not is_text(entries.type):
        entries = entries.cast(pa.string())
    bad = _not_utf8(entries)
    words = entries.cast(pa.large_binary()).to_numpy(zero_copy_only=False)
    words = np.append(words, np.array([column.default], object))
    indices, is_null = array.indices.cast(pa.int32()), None
    if indices.null_count:
        is_null = _nulls(indices)
        indices = pc.fill_null(indices, len(words) - 1)
    places: Array = indices.to_numpy()
    found = {at: words[word] for word in bad for at in np.flatnonzero(places == word).tolist()}
    if entries.null_count:
        is_empty = np.append(_nulls(entries), True)
        words[is_empty] = column.default
        is_null = is_empty.take(places)
    return Typed(places, words, is_null, found)


def _nulls(array: pa.Array) -> Array:
    nulls: Array = array.is_null().to_numpy(zero_copy_only=False)
    return nulls


def _not_utf8(entries: pa.Array) -> Tuple[int, ...]:
    """Places of text that is not UTF-8, which Parquet does not look at when it is read."""
    if not is_utf8(entries.type):
        return ()
    try:
        entries.validate(full=True)
    except pa.ArrowInvalid:
        raw = entries.cast(pa.large_binary()).to_pylist()
        return tuple(place for place, word in enumerate(raw) if not _is_utf8(word or b""))
    return ()


def _is_utf8(word: bytes) -> bool:
    try:
        word.decode()
    except UnicodeDecodeError:
        return False
    return True
