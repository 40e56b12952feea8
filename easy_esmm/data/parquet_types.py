"""Validates the types of Parquet columns against the declared ones. No TensorFlow."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Tuple

import pyarrow as pa

from easy_esmm.config.cells import BOOL, FLOATS, INTEGERS, STRING
from easy_esmm.data.fields import Column, Fields
from easy_esmm.protos.data_pb2 import DatasetConfig


def element_type(found: pa.DataType) -> pa.DataType:
    """The type of one value: of a list's elements, of a dictionary's entries."""
    if is_list(found):
        found = found.value_type
    while _is_encoded(found):
        found = _encoded_type(found)
    return found


def is_list(found: pa.DataType) -> bool:
    """Whether a cell holds several values."""
    return _is_one_of(
        found, "list", "large_list", "fixed_size_list", "list_view", "large_list_view"
    )


def is_text(found: pa.DataType) -> bool:
    """Whether values are text or bytes."""
    return is_utf8(found) or _is_one_of(
        found, "binary", "large_binary", "binary_view", "fixed_size_binary"
    )


def is_utf8(found: pa.DataType) -> bool:
    """Whether values are text, whose bytes must be UTF-8."""
    return _is_one_of(found, "string", "large_string", "string_view")


def is_time(found: pa.DataType) -> bool:
    """Whether values are points in time, which have a number of seconds since 1970."""
    return _is_one_of(found, "timestamp", "date")


def type_fault(column: Column, found: pa.DataType, fields: Fields) -> Optional[str]:
    """Why a Parquet column cannot be read as declared, None if it can.

    Integers of any width and decimals without a fraction are read as INT32, INT64 (a value that
    does not fit is a row error) and STRING (their digits), integers, floats and decimals as FLOAT
    and DOUBLE, text and bytes as STRING, booleans as BOOL, timestamps and dates as INT64 and DOUBLE
    (seconds). Nothing else is turned into text or back: the hash of '7.0' is not the hash of '7'.
    A column of nulls only is anything.
    """
    name = column.name
    if name in fields.one_value and is_list(found):
        why = fields.one_value[name]
        return f"column '{name}' must hold one value in a row{why and f' ({why})'}, found {found}"
    value = element_type(found)
    if not is_readable(column.type, value):
        return (
            f"column '{name}' is declared {column.type_name}, found {found} "
            f"({_advice(column.type, value)})"
        )
    if name in fields.lists and column.type != STRING and not is_list(found):
        if pa.types.is_null(found):
            return None
        return f"column '{name}' must be a list or STRING ({fields.lists[name]}), found {found}"
    return None


def is_readable(declared: int, value: pa.DataType) -> bool:
    """Whether values of the type are read as the declared type; see `type_fault`."""
    return bool(pa.types.is_null(value) or any(fits(value) for fits in _READABLE[declared]))


def declared_type(found: pa.DataType) -> int:
    """The declared type that fits a Parquet column best; text where nothing does."""
    types = pa.types
    value = element_type(found)
    if types.is_boolean(value):
        return BOOL
    if types.is_integer(value):
        return _INT64 if value.bit_width > 32 or types.is_uint32(value) else _INT32
    if types.is_floating(value):
        return _DOUBLE if value.bit_width > 32 else _FLOAT
    if types.is_decimal(value):
        return _INT64 if _is_whole(value) else _DOUBLE
    return _INT64 if is_time(value) else STRING


def _is_encoded(found: pa.DataType) -> bool:
    """Whether values stand for others: indices of a dictionary, runs, or a known extension."""
    if isinstance(found, pa.BaseExtensionType):
        return found.extension_name in _EXTENSIONS
    return _is_one_of(found, "dictionary", "run_end_encoded")


def _encoded_type(found: pa.DataType) -> pa.DataType:
    if not isinstance(found, pa.BaseExtensionType):
        return found.value_type
    return pa.bool_() if found.extension_name == BOOL8 else found.storage_type


BOOL8 = "arrow.bool8"
"""The extension of booleans that are stored as bytes."""
_EXTENSIONS = ("arrow.json", "arrow.uuid", BOOL8)
"""Those that are read: what they store means the same (not so in pandas' periods, for example)."""


def _is_one_of(found: pa.DataType, *kinds: str) -> bool:
    # (Which kinds there are depends on pyarrow's version.)
    tests = (getattr(pa.types, f"is_{kind}", None) for kind in kinds)
    return any(test(found) for test in tests if test is not None)


def _is_whole(found: pa.DataType) -> bool:
    """Whether the type has whole numbers only."""
    types: Any = pa.types
    return bool(types.is_integer(found) or (types.is_decimal(found) and found.scale == 0))


def _is_number(found: pa.DataType) -> bool:
    types: Any = pa.types
    return bool(types.is_integer(found) or types.is_floating(found) or types.is_decimal(found))


_READABLE: Dict[int, Tuple[Callable[[pa.DataType], bool], ...]] = {
    STRING: (is_text, _is_whole),
    BOOL: (pa.types.is_boolean,),
    DatasetConfig.INT32: (_is_whole,),
    DatasetConfig.INT64: (_is_whole, is_time),
    DatasetConfig.FLOAT: (_is_number,),
    DatasetConfig.DOUBLE: (_is_number, is_time),
}


def _advice(declared: int, value: pa.DataType) -> str:
    """What to do about values that are not read as the declared type."""
    if is_text(value):
        return "it holds text: declare STRING"
    if is_time(value):
        return "a time: declare INT64, its whole seconds since 1970, or DOUBLE"
    best = declared_type(value)
    if declared != best and is_readable(best, value):
        return f"declare {DatasetConfig.FieldType.Name(best)}"
    return "such values are not read"


_INT32, _INT64 = sorted(INTEGERS, key=lambda declared: INTEGERS[declared])
_FLOAT, _DOUBLE = FLOATS
