"""Validates the types of Parquet columns against the declared ones. No TensorFlow."""

from __future__ import annotations

from typing import Optional

import pyarrow as pa

from easy_esmm.data.fields import BOOL, FLOATS, INTEGERS, STRING, Column, Fields


def element_type(found: pa.DataType) -> pa.DataType:
    """The type of one value: of a list's elements, of a dictionary's entries."""
    if is_list(found):
        found = found.value_type
    return found.value_type if pa.types.is_dictionary(found) else found


def is_list(found: pa.DataType) -> bool:
    """Whether a cell holds several values."""
    types = pa.types
    return bool(
        types.is_list(found) or types.is_large_list(found) or types.is_fixed_size_list(found)
    )


def type_fault(column: Column, found: pa.DataType, fields: Fields) -> Optional[str]:
    """Why a Parquet column cannot be read as declared, None if it can.

    Integers of any width are read as INT32 and INT64 (a value that does not fit is a row error),
    integers and floats as FLOAT and DOUBLE, text as STRING, booleans as BOOL. Nothing is turned
    into text or back: the hash of '7.0' is not the hash of '7'. A column of nulls only is anything.
    """
    name = column.name
    if name in fields.one_value and is_list(found):
        why = fields.one_value[name]
        return f"column '{name}' must hold one value in a row{why and f' ({why})'}, found {found}"
    if not _is_readable(column.type, element_type(found)):
        return f"column '{name}' is declared {column.type_name}, found {found}"
    if name in fields.lists and column.type != STRING and not is_list(found):
        return f"column '{name}' must be a list or STRING ({fields.lists[name]}), found {found}"
    return None


def _is_readable(declared: int, found: pa.DataType) -> bool:
    types = pa.types
    if types.is_null(found):
        return True
    if declared == STRING:
        return is_text(found)
    if declared == BOOL:
        return bool(types.is_boolean(found))
    if declared in INTEGERS:
        return bool(types.is_integer(found))
    return declared in FLOATS and bool(types.is_integer(found) or types.is_floating(found))


def is_text(found: pa.DataType) -> bool:
    """Whether values are text or bytes."""
    types = pa.types
    return bool(
        types.is_string(found)
        or types.is_large_string(found)
        or types.is_binary(found)
        or types.is_large_binary(found)
    )


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
    return STRING


_INT32, _INT64 = sorted(INTEGERS, key=lambda declared: INTEGERS[declared])
_FLOAT, _DOUBLE = FLOATS
