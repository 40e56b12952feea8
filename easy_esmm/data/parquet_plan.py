"""Plans a pass over Parquet files from their metadata. No TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Iterable, Iterator, List, Optional, Sequence, Tuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from easy_esmm.data.fields import STRING, Column, Fields, missing_mark
from easy_esmm.data.parquet_types import (
    declared_type,
    element_type,
    is_list,
    is_time,
    type_fault,
)
from easy_esmm.data.storage import parquet_source
from easy_esmm.errors import UserError

UNREADABLE = (OSError, UnicodeDecodeError, pa.ArrowException)
"""What pyarrow raises for a file that it cannot read, or whose names are no text."""


@dataclass(frozen=True)
class Source:
    """Where rows stand that are read together."""

    path: str
    group: Optional[int]
    """Number of the row group; None for a whole file."""
    rows: int
    """Rows that are read."""
    first_row: int
    """Number of its first row in the file, from 0."""
    users: Optional[int] = None
    """Rows of the users file beside the file; None where there is none."""
    table: Optional[pa.Table] = None
    """The rows themselves, where they are in memory already."""
    kept: Optional[Kept] = field(default=None, compare=False)
    """None where all rows are read."""

    @property
    def rows_there(self) -> int:
        """Rows that stand there, whether or not they are read."""
        return self.rows if self.kept is None else self.kept.of

    def number(self, row: int) -> int:
        """The number in its file, from 1, of the row that is read as this one, from 0."""
        place = row if self.kept is None else int(self.kept.places[row])
        return self.first_row + place + 1


@dataclass(frozen=True, eq=False)
class Kept:
    """Which rows of a source are read."""

    places: NDArray[np.int32]
    """Ascending, from 0."""
    of: int
    """Rows that stand there."""


@dataclass(frozen=True)
class Plan:
    """What there is to read."""

    fields: Fields
    """With the schema's types for columns that the config does not declare."""
    list_columns: Tuple[str, ...]
    """Names of the columns whose cells hold several values."""
    sources: Tuple[Source, ...]
    """The row groups that hold rows, in the order of the files."""
    values: int
    """Values in the needed columns of all row groups: a measure of the memory they take."""
    users: Optional[UserPlan] = None
    """None where every column stands in every row."""

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(source.rows for source in self.sources)


@dataclass(frozen=True)
class UserPlan:
    """The users files beside the files of a plan, whose last column is the row column."""

    plan: Plan
    """A source for each users file."""
    per_user: Tuple[str, ...]
    """Names of the columns that stay one value a user row; others are given to each impression."""
    row_column: str
    source_of: Tuple[int, ...]
    """For each source of the impressions, the number of its users source."""
    rows_together: int
    """See `UserRows`."""


def plan_files(files: Sequence[str], fields: Fields) -> Plan:
    """Reads the files' metadata. Raises UserError for a file that cannot be read as declared."""
    sources: List[Source] = []
    values = 0
    schemas = [read_schema(path) for path in files]
    common = common_schema(schemas)
    for path, schema in zip(files, schemas):
        faults = schema_faults(schema, common, fields)
        if faults:
            raise UserError(f"{path}: {faults[0][1]}")
        sources += row_groups(path)
        values += count_values(pq.read_metadata(parquet_source(path)), fields)
    return Plan(with_types(fields, common), list_columns(fields, common), tuple(sources), values)


def common_schema(schemas: Iterable[pa.Schema]) -> pa.Schema:
    """The first schema, with another's type for a column of which it holds nothing but nulls."""
    first, *others = schemas
    for place, found in enumerate(first):
        if pa.types.is_null(found.type):
            named = (s.field(found.name) for s in others if s.get_field_index(found.name) >= 0)
            known = (other for other in named if not pa.types.is_null(other.type))
            first = first.set(place, next(known, found))
    return first


def count_rows(files: Sequence[str]) -> int:
    """Rows of all files, by their metadata."""
    return sum(pq.read_metadata(parquet_source(path)).num_rows for path in files)


def is_all_null(path: str, name: str) -> bool:
    """Whether, as far as the file's statistics tell, no row has a value of the column."""
    metadata = pq.read_metadata(parquet_source(path))
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    chunks = [group.column(i) for group in groups for i in range(group.num_columns)]
    found = [chunk for chunk in chunks if _path(chunk) == name]
    return bool(found) and all(
        chunk.statistics is not None
        and chunk.statistics.has_null_count
        and chunk.statistics.null_count == chunk.num_values
        for chunk in found
    )


def list_columns(fields: Fields, schema: pa.Schema) -> Tuple[str, ...]:
    """Names of the needed columns whose cells hold several values."""
    return tuple(c.name for c in fields.needed if is_list(schema.field(c.name).type))


def read_schema(path: str) -> pa.Schema:
    """The schema of a file. Raises UserError if it is no whole Parquet file, or a too new one."""
    try:
        pq.read_metadata(parquet_source(path))
    except UNREADABLE as error:
        raise UserError(f"{path}: not a whole Parquet file ({error})") from error
    try:
        return pq.read_schema(parquet_source(path))
    except UNREADABLE as error:
        advice = "a newer pyarrow may, or write it with plainer types"
        raise UserError(
            f"{path}: pyarrow {pa.__version__} cannot read its types ({error}); {advice}"
        ) from error


def unread(error: BaseException) -> str:
    """Why pyarrow does not read rows of a whole file; empty where that is not the cause."""
    if "lists to be of size" not in str(error):
        return ""
    rule = "holds a null among lists of one length, which pyarrow does not read"
    return f"{rule} ({error}); write a column of lists"


def row_groups(path: str) -> Iterator[Source]:
    """The row groups of a file that hold rows."""
    metadata = pq.read_metadata(parquet_source(path))
    row = 0
    for group in range(metadata.num_row_groups):
        rows = metadata.row_group(group).num_rows
        if rows:
            yield Source(path, group, rows, row)
        row += rows


def schema_faults(schema: pa.Schema, common: pa.Schema, fields: Fields) -> List[Tuple[Column, str]]:
    """(column, why it cannot be read): missing, doubled, or of another type than it should be.

    That is another than declared, or in some of the files only (`common` is of all of them).
    """
    faults = []
    needed = fields.needed
    for column in fields.present:
        times = schema.names.count(column.name)
        if times != 1:
            names = ", ".join(schema.names)
            missing = f"no column '{column.name}' (there are {names})"
            doubled = f"column '{column.name}' stands there {times} times"
            faults.append((column, doubled if times else missing))
        if times != 1 or column not in needed:
            continue
        found = schema.field(column.name).type
        fault = type_fault(_typed(column, fields, schema), found, fields)
        is_other = is_time(element_type(found)) or pa.types.is_decimal(element_type(found))
        if (fault or is_other) and column.name in fields.undeclared:
            fault = f"column '{column.name}' holds {found}, which is not read; leave it out"
        if fault:
            faults.append((column, fault))
        elif not pa.types.is_null(found) and _is_list_in(common, column) != is_list(found):
            faults.append((column, f"column '{column.name}' is a list in some of the files only"))
    return faults


def _is_list_in(schema: pa.Schema, column: Column) -> bool:
    return schema.get_field_index(column.name) >= 0 and is_list(schema.field(column.name).type)


def with_types(fields: Fields, schema: pa.Schema) -> Fields:
    """The fields with the schema's types for columns that the config does not declare."""
    return replace(fields, columns=tuple(_typed(c, fields, schema) for c in fields.columns))


def _typed(column: Column, fields: Fields, schema: pa.Schema) -> Column:
    if column.name not in fields.undeclared:
        return column
    found = schema.field(column.name).type
    # The digits of what INT64 may not hold.
    kind = STRING if element_type(found) == pa.uint64() else declared_type(found)
    return Column(column.name, kind, missing_mark(kind))


def count_values(metadata: Any, fields: Fields) -> int:
    """Values in the needed columns of a file."""
    names = {column.name for column in fields.needed}
    total = 0
    for group in range(metadata.num_row_groups):
        chunks = (metadata.row_group(group).column(i) for i in range(metadata.num_columns))
        total += sum(c.num_values for c in chunks if _path(c).split(".")[0] in names)
    return total


def _path(chunk: Any) -> str:
    """Dotted name of a chunk's column; empty where its bytes are damaged, and are no text."""
    try:
        return str(chunk.path_in_schema)
    except UnicodeDecodeError:
        return ""
