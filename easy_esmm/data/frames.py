"""Reads a pandas DataFrame as the Parquet file that pandas would write of it.

No TensorFlow.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple, Union

import numpy as np
import pyarrow as pa

from easy_esmm.data.arrow_values import list_parts, plain, whole_array
from easy_esmm.data.fields import Column, Fields
from easy_esmm.data.parquet_plan import Plan, Source, list_columns, schema_faults, with_types
from easy_esmm.data.parquet_types import element_type, is_list
from easy_esmm.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

NAME = "DataFrame"
"""What stands for a path in messages."""
_GROUP_ROWS = 1 << 16
_FLOAT_ADVICE = " (pandas makes floats of whole numbers beside NaN: .astype('Int64'))"
_WIDE_INTEGERS = (pa.uint64(), pa.decimal128(38, 0), pa.decimal256(76, 0))
"""For Python's integers that int64 does not hold."""

FilesOrFrame = Union[str, "pd.DataFrame"]
"""Where rows come from: a comma list of globs, or a DataFrame."""


def is_frame(rows: Optional[FilesOrFrame]) -> bool:
    """Whether the rows are a DataFrame."""
    return rows is not None and not isinstance(rows, str)


def plan_frame(frame: Any, fields: Fields) -> Plan:
    """The frame as groups of rows. Raises UserError for what cannot be read as declared."""
    table = table_of(frame, fields)
    for _, fault in frame_faults(frame, table, fields):
        raise UserError(f"{NAME}: {fault}")
    starts = range(0, table.num_rows, _GROUP_ROWS)
    pieces = [table.slice(start, _GROUP_ROWS) for start in starts]
    sources = tuple(
        Source(NAME, group, piece.num_rows, start, table=piece)
        for group, (start, piece) in enumerate(zip(starts, pieces))
    )
    lists = list_columns(fields, table.schema)
    return Plan(with_types(fields, table.schema), lists, sources, _count_values(table))


def table_of(frame: Any, fields: Fields) -> pa.Table:
    """The needed columns that the frame has, as pandas writes them to Parquet: NaN is a null.

    Raises UserError for user rows, columns of one name, and columns that Parquet cannot hold.
    """
    if fields.user_rows is not None:
        raise UserError(f"data_config.user_rows: a {NAME} holds whole rows; write Parquet files")
    names = [str(name) for name in frame.columns]
    doubled = next((c.name for c in fields.present if names.count(c.name) > 1), None)
    if doubled is not None:
        raise UserError(f"{NAME}: column '{doubled}' is there twice")
    columns = {}
    for column in fields.present:
        if column.name in names:
            columns[column.name] = _array(column, frame.iloc[:, names.index(column.name)])
    # A table without columns forgets its rows.
    return pa.table(columns) if columns else pa.table({"": pa.nulls(len(frame))})


def frame_faults(frame: Any, table: pa.Table, fields: Fields) -> List[Tuple[Column, str]]:
    """(column, why it cannot be read): missing, or of another type than declared.

    `table` is what `table_of` makes of the frame.
    """
    faults = []
    for column, fault in schema_faults(table.schema, table.schema, fields):
        if column.name not in table.column_names:
            names = ", ".join(str(name) for name in frame.columns)
            fault = f"no column '{column.name}' (there are {names})"
        elif _is_float_beside_null(table[column.name]):
            # (Instead of what to do about a file's floats.)
            fault = fault.rpartition(" (")[0] + _FLOAT_ADVICE
        faults.append((column, fault))
    return faults


def _is_float_beside_null(values: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_floating(values.type) and values.null_count)


def _array(column: Column, values: Any) -> Any:
    if type(values.dtype).__name__ == "SparseDtype":
        values = values.sparse.to_dense()
    try:
        array = _converted(values)
        if pa.types.is_date(array.type) and _mixed_types(values):
            raise pa.ArrowTypeError("times are cut off behind a date")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        rule = _mixed_types(values) or f"cannot be read: {error}"
        raise UserError(f"{NAME}: column '{column.name}' {rule}") from error
    except (pa.ArrowException, OverflowError, UnicodeError) as error:
        raise UserError(f"{NAME}: column '{column.name}' cannot be read: {error}") from error
    # pandas makes nulls of numpy's NaN, but not of those in arrays of its own and of Arrow.
    return array if isinstance(values.dtype, np.dtype) else _nan_as_null(array)


def _converted(values: Any) -> Any:
    try:
        return pa.array(values, from_pandas=True)
    except OverflowError:
        for kind in _WIDE_INTEGERS:
            for target in (kind, pa.list_(kind)):
                with contextlib.suppress(OverflowError, pa.ArrowInvalid, pa.ArrowTypeError):
                    return pa.array(values, target, from_pandas=True)
        raise


def _mixed_types(values: Any) -> str:
    """Which types of values a column mixes, each with its first row; empty if it has one only."""
    rows: Dict[str, int] = {}
    for row, value in enumerate(values, 1):
        if isinstance(value, (list, tuple, np.ndarray)):
            for one in value:
                rows.setdefault(f"list of {type(one).__name__}", row)
        elif not _is_missing(value):
            rows.setdefault(type(value).__name__, row)
    if len(rows) < 2:
        return ""
    found = ", ".join(f"{kind} (row {row})" for kind, row in rows.items())
    return f"mixes types: {found}; make them one, as .astype(str) does"


def _is_missing(value: Any) -> bool:
    is_nan = isinstance(value, (float, np.floating)) and bool(np.isnan(value))
    return value is None or is_nan or type(value).__name__ in ("NAType", "NaTType")


def _nan_as_null(cells: Any) -> Any:
    """The values with nulls in place of NaNs, in lists too."""
    array = whole_array(cells) if isinstance(cells, pa.ChunkedArray) else cells
    value = element_type(array.type)
    if not pa.types.is_floating(value):
        return cells
    elements = plain(list_parts(array)[0] if is_list(array.type) else array)
    if np.isnan(elements.to_numpy(zero_copy_only=False)).sum() == elements.null_count:
        return cells
    return pa.array(
        array.to_pylist(), array.type if is_list(array.type) else value, from_pandas=True
    )


def _count_values(table: pa.Table) -> int:
    chunks = [chunk for column in table.columns for chunk in column.chunks]
    return sum(len(chunk.flatten() if is_list(chunk.type) else chunk) for chunk in chunks)
