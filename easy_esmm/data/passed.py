"""Columns that a prediction passes through, as they stand in the files. No TensorFlow.

They do not go through tensors, which know neither nulls nor most types. A batch tells which rows it
holds, and the values are taken from these.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Dict, Mapping, Optional, Sequence, Tuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from easy_esmm.data.parquet_plan import Plan, Source, read_schema
from easy_esmm.data.parquet_types import element_type
from easy_esmm.data.row_errors import RowError, row_error
from easy_esmm.data.row_groups import read_table, take_rows
from easy_esmm.errors import UserError

ROW, FILE = "easy_esmm/row", "easy_esmm/file"
"""Names under which an element tells its rows: the number (of Parquet) or the bytes of each row,
and the number of its file."""


class PassedColumns(ABC):
    """The columns `Fields.passed` of one pass over the rows, in the order of the files."""

    row_names: ClassVar[Tuple[str, ...]] = (ROW, FILE)
    """Those of `ROW` and `FILE` that an element holds."""

    @abstractmethod
    def read(self, batch: Mapping[str, NDArray[Any]]) -> Dict[str, pa.ChunkedArray]:
        """Column -> the values of the rows that a batch tells; of one type in all batches."""


class ParquetPassed(PassedColumns):
    """Columns of Parquet files and DataFrames: values, nulls and types are the file's.

    The row groups are read a second time, one at a time.
    """

    row_names = (ROW,)

    def __init__(self, plan: Plan) -> None:
        """Raises UserError if a column has types that differ between the files."""
        users = plan.users
        self._users = users
        row_column = users.row_column if users is not None else ""
        self._rows = _Tables(plan.sources, plan.fields.passed, row_column)
        self._rows_of_users: Optional[_Tables] = None
        if users is not None:
            self._rows_of_users = _Tables(users.plan.sources, users.plan.fields.passed)
        self._starts = np.cumsum([0, *(source.rows for source in plan.sources)])

    def read(self, batch: Mapping[str, NDArray[Any]]) -> Dict[str, pa.ChunkedArray]:
        numbers = batch[ROW]
        source_of = np.searchsorted(self._starts, numbers, side="right") - 1
        parts = []
        for source in np.unique(source_of).tolist() or [0]:
            rows = numbers[source_of == source] - self._starts[source]
            parts.append(self._with_users(source, self._rows.take(source, rows)))
        whole = pa.concat_tables(parts)
        return {name: whole.column(name) for name in whole.column_names}

    def _with_users(self, source: int, rows: pa.Table) -> pa.Table:
        """The rows of a source with the columns of their users, without the row column."""
        if self._users is None or self._rows_of_users is None:
            return rows
        numbers = rows.column(self._users.row_column).to_numpy()
        users = self._rows_of_users.take(self._users.source_of[source], numbers)
        for name in users.column_names:
            rows = rows.append_column(name, users.column(name))
        return rows.drop([self._users.row_column])


class _Tables:
    """Some columns of sources, the last of which is kept."""

    def __init__(
        self, sources: Sequence[Source], names: Sequence[str], whole_numbers: str = ""
    ) -> None:
        """`whole_numbers` is one more column, if it is not empty."""
        schemas = {
            source.path: source.table.schema if source.table is not None else None
            for source in sources
        }
        found = {path: schema or read_schema(path) for path, schema in schemas.items()}
        self._sources = sources
        self._types = {name: _common_type(name, found) for name in names}
        if whole_numbers:
            self._types[whole_numbers] = pa.int64()
        self._loaded = -1
        self._table: Any = None

    def take(self, source: int, rows: NDArray[Any]) -> pa.Table:
        """These rows of a source."""
        if not self._types:
            return pa.table({})
        if source != self._loaded:
            self._loaded, self._table = source, self._load(self._sources[source])
        table = self._table
        if len(rows) and rows[-1] - rows[0] == len(rows) - 1 and (np.diff(rows) == 1).all():
            return table.slice(int(rows[0]), len(rows))
        return take_rows(table, rows)

    def _load(self, source: Source) -> pa.Table:
        try:
            table = source.table if source.table is not None else read_table(source, [*self._types])
        except RowError as error:
            raise row_error(error) or error from error
        columns = {}
        for name, kind in self._types.items():
            column = table.column(name)
            columns[name] = column if column.type == kind else column.cast(kind)
        return pa.table(columns)


def _common_type(name: str, schemas: Mapping[str, pa.Schema]) -> pa.DataType:
    """The type of a column in all files. Raises UserError where there is none."""
    found: Dict[pa.DataType, str] = {}
    for path, schema in schemas.items():
        found.setdefault(schema.field(name).type, path)
    kinds = [kind for kind in found if not pa.types.is_null(element_type(kind))]
    if len(kinds) <= 1:
        return next(iter(kinds or found))
    types: Any = pa.types
    # The width of a dictionary's indices is that of its size.
    values = {kind.value_type if types.is_dictionary(kind) else kind for kind in kinds}
    if len(values) == 1:
        return values.pop()
    for test, widest in (
        (types.is_unsigned_integer, pa.uint64()),
        (lambda kind: types.is_integer(kind) and kind != pa.uint64(), pa.int64()),
        (types.is_floating, pa.float64()),
        (lambda kind: types.is_string(kind) or types.is_large_string(kind), pa.large_string()),
    ):
        if all(test(kind) for kind in values):
            return widest
    first, second = kinds[:2]
    raise UserError(
        f"--reserved_cols: column '{name}' is {first} in {found[first]} and {second} in "
        f"{found[second]}; score these files one by one"
    )


def no_utf8(name: str) -> UserError:
    """The error of a column of bytes that are not UTF-8, where text is written."""
    return UserError(
        f"--reserved_cols: column {name} holds text that is not UTF-8; leave it out, or "
        "convert the input"
    )
