"""The format ParquetInput: scalar and list columns, and users in files of their own."""

from __future__ import annotations

from typing import Any, Dict, Iterator, Optional, Sequence, Tuple

import pyarrow as pa
import pyarrow.parquet as pq

from easy_esmm import page_sums
from easy_esmm.data.arrow_sample import values_of
from easy_esmm.data.fields import Fields, UserRows
from easy_esmm.data.file_problems import FileProblems
from easy_esmm.data.input_format import InputFormat
from easy_esmm.data.negatives import NegativeRows
from easy_esmm.data.parquet_plan import (
    UNREADABLE,
    common_schema,
    count_rows,
    is_all_null,
    read_schema,
    row_groups,
    schema_faults,
    unread,
)
from easy_esmm.data.passed import ParquetPassed, PassedColumns
from easy_esmm.data.sample import Sample
from easy_esmm.data.sampled_plan import sampled_sources
from easy_esmm.data.storage import parquet_source
from easy_esmm.data.user_files import MissingUsers, SplitFields, plan_with_users, users_file
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig


class ParquetFormat(InputFormat):
    """Types, lists and the number of rows are in the files."""

    def check(self, files: Sequence[str], problems: FileProblems) -> int:
        fields = problems.fields
        if fields.user_rows is not None:
            return _check_with_users(files, fields.user_rows, problems)
        schemas = {}
        for path in files:
            try:
                schemas[path] = read_schema(path)
            except UserError as error:
                problems.add(problems.path_field, str(error))
        common = common_schema(schemas.values()) if schemas else None
        for path, schema in schemas.items():
            for column, fault in schema_faults(schema, common, fields):
                problems.add_column(column, fault, schema.names, path)
        rows = count_rows(list(schemas))
        _check_weight(files, rows, problems)
        return rows

    def read(self, *arguments: Any) -> Any:
        from easy_esmm.data.parquet import parquet_dataset  # noqa: PLC0415 - TensorFlow, late

        return parquet_dataset(*arguments)

    def passed(self, files: Sequence[str], data: DatasetConfig, fields: Fields) -> PassedColumns:
        return ParquetPassed(plan_with_users(files, fields))

    def count_rows(self, files: Sequence[str], negatives: Optional[NegativeRows] = None) -> int:
        if negatives is None:
            return count_rows(files)
        sources = [source for path in files for source in row_groups(path)]
        return sum(source.rows for source in sampled_sources(sources, negatives))

    def recognizes(self, start: bytes) -> bool:
        return start.startswith(b"PAR1")

    def sample(
        self,
        files: Sequence[str],
        rows: int,
        labels: Sequence[str],
        encoding: Optional[str] = None,
    ) -> Sample:
        if encoding:
            raise UserError(f"--encoding: is of CSV files, and {files[0]} is a Parquet file")
        try:
            file = pq.ParquetFile(parquet_source(files[0]), **page_sums.READ)
            table = pa.Table.from_batches(_first(file, rows), file.schema_arrow)
            total = count_rows(files)
        except UNREADABLE as error:
            why = unread(error) or f"not a whole Parquet file ({error})"
            raise UserError(f"{files[0]}: {why}") from error
        if not table.num_rows:
            raise UserError(f"{files[0]}: holds no row")
        names = table.column_names
        doubled = next((name for name in names if name and names.count(name) > 1), None)
        if doubled is not None:
            raise UserError(
                f"{files[0]}: the file has column '{doubled}' twice; name the columns apart"
            )
        types = {field.name: field.type for field in file.schema_arrow}
        columns = {name: values_of(cells) for name, cells in zip(names, table.columns)}
        return Sample(
            tuple(files), "Parquet", "ParquetInput", {}, columns, table.num_rows, total, types
        )


def _check_with_users(files: Sequence[str], users: UserRows, problems: FileProblems) -> int:
    """As `check`, with the users files."""
    schemas: Dict[str, Tuple[str, pa.Schema, pa.Schema]] = {}
    for path in files:
        try:
            at = users_file(path, users)
            schemas[path] = at, read_schema(path), read_schema(at)
        except MissingUsers as error:
            problems.add(error.field, error.rule, path=path)
        except UserError as error:
            problems.add(problems.path_field, str(error))
    if schemas:
        _, of_rows, of_users = zip(*schemas.values())
        split = SplitFields(problems.fields, common_schema(of_rows), common_schema(of_users))
    for path, (users_path, *found) in schemas.items():
        names = {path: found[0].names, users_path: found[1].names}
        for at, column, fault in split.faults(path, users_path):
            problems.add_column(column, fault, names[at], at)
    rows = count_rows(list(schemas))
    _check_weight(files, rows, problems)
    return rows


def _check_weight(files: Sequence[str], rows: int, problems: FileProblems) -> None:
    """One row at least has a sample weight, as far as can be told without reading them."""
    weight = problems.fields.weight
    if weight is None or not rows or problems.found:
        return
    if all(is_all_null(path, weight.name) for path in files):
        problems.add_empty_weight(f"the {rows} row(s)")


def _first(file: pq.ParquetFile, rows: int) -> Iterator[pa.RecordBatch]:
    """The first rows, a row group after the other."""
    for batch in file.iter_batches(batch_size=rows):
        yield batch[:rows]
        rows -= min(rows, batch.num_rows)
        if not rows:
            return
