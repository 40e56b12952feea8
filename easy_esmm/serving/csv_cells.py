"""Turns Arrow's values into what a CSV file can hold."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from easy_esmm.data.arrow_values import plain, whole_array
from easy_esmm.data.parquet_types import is_list, is_text
from easy_esmm.data.passed import no_utf8

_LIST_SEPARATOR = "|"


def csv_cells(name: str, values: pa.ChunkedArray) -> pa.Array:
    """Numbers and booleans as they are; all else as text, of lists joined by `|`.

    Raises UserError for bytes that are not UTF-8.
    """
    array = plain(whole_array(values))
    kind = array.type
    types: Any = pa.types
    is_number = types.is_integer(kind) or (types.is_floating(kind) and not types.is_float16(kind))
    if is_number or types.is_boolean(kind) or types.is_null(kind):
        return array
    if is_list(kind):
        return pa.array([_joined(name, cell) for cell in array], pa.string())
    return _as_text(name, array)


def _joined(name: str, cell: Any) -> Any:
    """The text of a list; None of a null."""
    if not cell.is_valid:
        return None
    texts = _as_text(name, plain(cell.values)).to_pylist()
    return _LIST_SEPARATOR.join(text or "" for text in texts)


def _as_text(name: str, array: pa.Array) -> pa.Array:
    if is_text(array.type):
        try:
            # (Text of a damaged file is not validated when it is read.)
            return array.cast(pa.large_binary()).cast(pa.large_string())
        except pa.ArrowInvalid as error:
            raise no_utf8(name) from error
    try:
        return array.cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        cells = (None if cell is None else _json(cell) for cell in array.to_pylist())
        return pa.array(cells, pa.string())


def _json(cell: Any) -> str:
    return json.dumps(cell, default=str, ensure_ascii=False)
