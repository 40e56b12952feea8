"""Reads a pandas DataFrame as the Parquet file that pandas would write of it.

No TensorFlow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Optional, Tuple, Union

import pyarrow as pa

from easy_esmm.data.fields import Column, Fields
from easy_esmm.data.parquet_plan import Plan, Source, list_columns, schema_faults, with_types
from easy_esmm.data.parquet_types import is_list
from easy_esmm.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

NAME = "DataFrame"
"""What stands for a path in messages."""
_GROUP_ROWS = 1 << 16

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
    doubled = next((c.name for c in fields.needed if names.count(c.name) > 1), None)
    if doubled is not None:
        raise UserError(f"{NAME}: column '{doubled}' is there twice")
    columns = {}
    for column in fields.needed:
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
            fault += " (pandas makes floats of whole numbers beside NaN: .astype('Int64'))"
        faults.append((column, fault))
    return faults


def _is_float_beside_null(values: pa.ChunkedArray) -> bool:
    return bool(pa.types.is_floating(values.type) and values.null_count)


def _array(column: Column, values: Any) -> Any:
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise UserError(f"{NAME}: column '{column.name}' mixes types: {error}") from error
    except (pa.ArrowException, OverflowError, UnicodeError) as error:
        raise UserError(f"{NAME}: column '{column.name}' cannot be read: {error}") from error


def _count_values(table: pa.Table) -> int:
    chunks = [chunk for column in table.columns for chunk in column.chunks]
    return sum(len(chunk.flatten() if is_list(chunk.type) else chunk) for chunk in chunks)
