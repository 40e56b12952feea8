"""Pairs users files with impressions files, and finds which columns each holds.

No TensorFlow.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, Iterator, List, Sequence, Tuple

import pyarrow as pa
import pyarrow.parquet as pq

from easy_esmm.data.fields import Column, Fields, UserRows
from easy_esmm.data.parquet_plan import (
    Plan,
    Source,
    UserPlan,
    common_schema,
    count_values,
    list_columns,
    plan_files,
    read_schema,
    schema_faults,
    with_types,
)
from easy_esmm.data.parquet_types import element_type, is_list
from easy_esmm.data.storage import is_file, parquet_source
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig

_HERE = "data_config.user_rows"


class MissingUsers(UserError):
    """An impressions file without its users file."""

    def __init__(self, path: str, field: str, rule: str) -> None:
        """`field` of `user_rows` is what `rule` is about."""
        super().__init__(f"{path}: {rule}")
        self.field, self.rule = f"{_HERE}.{field}", rule


def users_file(path: str, users: UserRows) -> str:
    """The users file beside an impressions file. Raises MissingUsers if there is none."""
    folder, name = os.path.split(path)
    prefix = users.impression_file_prefix
    if not name.startswith(prefix):
        rule = f"the name of an impressions file must begin with '{prefix}'"
        raise MissingUsers(path, "impression_file_prefix", rule)
    found = os.path.join(folder, users.file_prefix + name[len(prefix) :])
    if not is_file(found):
        rule = f"no users file stands beside it ('{users.file_prefix}' in place of '{prefix}')"
        raise MissingUsers(path, "file_prefix", rule)
    return found


def plan_with_users(files: Sequence[str], fields: Fields) -> Plan:
    """As `plan_files`, with the users files. Raises UserError for what does not fit the config."""
    if fields.user_rows is None:
        return plan_files(files, fields)
    pairs = [(path, users_file(path, fields.user_rows)) for path in files]
    split = SplitFields(fields, *(common_schema(map(read_schema, paths)) for paths in zip(*pairs)))
    for path, users_path in pairs:
        for at, _, fault in split.faults(path, users_path):
            raise UserError(f"{at}: {fault}")
    plan = plan_files(files, split.impressions)
    users = _user_plan(plan, pairs, split, fields.user_rows)
    sources = tuple(
        replace(source, users=users.plan.sources[number].rows)
        for source, number in zip(plan.sources, users.source_of)
    )
    return replace(plan, sources=sources, users=users)


class SplitFields:
    """The fields of a config, shared out between impressions files and users files."""

    def __init__(self, fields: Fields, rows_schema: pa.Schema, users_schema: pa.Schema) -> None:
        """`rows_schema` and `users_schema` are those of all files (`common_schema`).

        A column that the config does not declare is taken from the impressions file if it is there.
        """
        users = fields.user_rows
        if users is None:
            raise ValueError("these fields stand in every row")
        self._common = rows_schema, users_schema
        elsewhere = {
            name
            for name in (*fields.undeclared, *fields.passed)
            if name not in rows_schema.names and name in users_schema.names
        }
        of_users = {*users.columns, *elsewhere}
        row_column = Column(users.row_column, DatasetConfig.INT64, -1)
        self.impressions = replace(
            fields,
            columns=(*(c for c in fields.columns if c.name not in of_users), row_column),
            undeclared=tuple(n for n in fields.undeclared if n not in of_users),
            passed=tuple(n for n in fields.passed if n not in of_users),
        )
        """The row column is the last; a null in it becomes -1, which is no row."""
        self.users = replace(
            fields,
            columns=tuple(c for c in fields.columns if c.name in of_users),
            labels=(),
            weight=None,
            undeclared=tuple(n for n in fields.undeclared if n in elsewhere),
            passed=tuple(n for n in fields.passed if n in of_users),
        )

    def faults(self, path: str, users_path: str) -> Iterator[Tuple[str, Column, str]]:
        """(file, column, why it cannot be read) for a pair of files."""
        schemas = read_schema(path), read_schema(users_path)
        row_column = self.impressions.columns[-1]
        for column, fault in schema_faults(schemas[0], self._common[0], self.impressions):
            if column is not row_column or schemas[0].get_field_index(column.name) < 0:
                yield path, column, self._with_advice(column, fault, *schemas)
        if schemas[0].get_field_index(row_column.name) >= 0:
            found = schemas[0].field(row_column.name).type
            if is_list(found) or not pa.types.is_integer(element_type(found)):
                yield path, row_column, _no_row(row_column, found)
        for column, fault in schema_faults(schemas[1], self._common[1], self.users):
            yield users_path, column, self._with_advice(column, fault, *schemas)

    def _with_advice(self, column: Column, fault: str, rows: pa.Schema, users: pa.Schema) -> str:
        if column.name in rows.names and column.name not in users.names:
            return f"{fault}; the impressions file has it: take it out of {_HERE}.columns"
        if column.name in users.names and column.name not in rows.names:
            return f"{fault}; the users file has it: name it in {_HERE}.columns"
        return fault


def _no_row(column: Column, found: pa.DataType) -> str:
    return f"column '{column.name}' must hold one whole number in a row, found {found}"


def _user_plan(
    plan: Plan, pairs: Sequence[Tuple[str, str]], split: SplitFields, users: UserRows
) -> UserPlan:
    sources: List[Source] = []
    values = 0
    for _, path in pairs:
        metadata: Any = pq.read_metadata(parquet_source(path))
        sources.append(Source(path, None, metadata.num_rows, 0))
        values += count_values(metadata, split.users)
    schema = common_schema(read_schema(path) for _, path in pairs)
    number = {path: place for place, (path, _) in enumerate(pairs)}
    user_fields = with_types(split.users, schema)
    lists = list_columns(user_fields, schema)
    return UserPlan(
        Plan(user_fields, lists, tuple(sources), values),
        per_user=tuple(c.name for c in user_fields.columns if c.name in users.columns),
        row_column=users.row_column,
        source_of=tuple(number[source.path] for source in plan.sources),
        rows_together=users.rows_together,
    )
