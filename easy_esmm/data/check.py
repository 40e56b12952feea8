"""The third gate: do the files hold what the config declares? No TensorFlow.

Looks at names, first rows and schemas only, so that it costs milliseconds however large the files
are.
"""

from __future__ import annotations

from typing import Any, List, Optional, Sequence, Tuple

import pyarrow.parquet as pq

from easy_esmm.config import Pipeline, Problem
from easy_esmm.config.hints import did_you_mean
from easy_esmm.data.csv_check import CHECKED_ROWS, csv_faults
from easy_esmm.data.csv_head import first_lines
from easy_esmm.data.examples import head_faults, read_head
from easy_esmm.data.fields import Column, Fields, UserRows, needed_fields
from easy_esmm.data.files import find_files
from easy_esmm.data.frames import NAME as FRAME
from easy_esmm.data.frames import Rows, frame_faults, is_frame, table_of
from easy_esmm.data.parquet_plan import read_schema, schema_faults
from easy_esmm.data.storage import parquet_source
from easy_esmm.data.user_files import MissingUsers, SplitFields, users_file
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig

_PATH_FIELDS = {"train": "train_input_path", "eval": "eval_input_path"}
_PATH_FLAG, _COLUMNS_FLAG = "--input_path", "--reserved_cols"
"""What names the files of a prediction, and the columns that it hands through."""


def check_files(
    pipeline: Pipeline, split: str, rows: Optional[Rows] = None, extra_columns: Sequence[str] = ()
) -> List[Problem]:
    """What in the files of `split` (train, eval or predict) cannot be read as the config says.

    Arguments as of `input_fn`. Each problem stands at the field that has to change: the path, the
    declared column, `with_header`, `separator` or `input_fields`; of a prediction's files, and of
    the columns that only `extra_columns` names, at the flag of `predict`. All files are looked at,
    and what is wrong with several of them alike is told of the first.
    """
    path_field = _PATH_FIELDS.get(split, _PATH_FLAG)
    try:
        files = () if is_frame(rows) else find_files(_paths(pipeline, rows, path_field))
    except UserError as error:
        return [_problem(pipeline, path_field, str(error))]
    of_config = needed_fields(pipeline.config, with_labels=split != "predict")
    asked_for: Tuple[str, ...] = ()
    if split == "predict":
        read = [column.name for column in of_config.needed]
        asked_for = tuple(name for name in extra_columns if name not in read)
    try:
        fields = needed_fields(
            pipeline.config, with_labels=split != "predict", extra_columns=extra_columns
        )
    except UserError as error:
        return [_problem(pipeline, _COLUMNS_FLAG, str(error))]
    check = _Check(pipeline, fields, path_field, asked_for)
    if is_frame(rows):
        check.frame(rows)
        return check.problems
    of_format = {
        DatasetConfig.ParquetInput: check.parquet,
        DatasetConfig.TFRecordInput: check.tfrecord,
    }
    found = of_format.get(pipeline.config.data_config.input_type, check.csv)(files)
    if not found and not check.problems:
        check.add(path_field, f"no row in {len(files)} file(s), the first being {files[0]}")
    return check.problems


def _paths(pipeline: Pipeline, rows: Optional[Rows], path_field: str) -> str:
    return str(rows) if rows is not None else str(getattr(pipeline.config, path_field, ""))


def _problem(
    pipeline: Pipeline,
    field: str,
    rule: str,
    value: Optional[str] = None,
    hint: Optional[str] = None,
) -> Problem:
    """A problem of a field of the config, or of a flag."""
    if field.startswith("--"):
        return Problem(field, 0, 0, field[2:], rule, value, hint)
    return pipeline.problem(field, rule, value, hint)


class _Check:
    """Collects problems, one for each field and rule."""

    def __init__(
        self, pipeline: Pipeline, fields: Fields, path_field: str, asked_for: Sequence[str]
    ) -> None:
        """`asked_for` are columns that are read because a flag names them."""
        self.problems: List[Problem] = []
        self._pipeline, self._fields, self._path_field = pipeline, fields, path_field
        self._asked_for = asked_for
        self._data = pipeline.config.data_config
        self._told: List[Tuple[str, str]] = []

    def add(
        self,
        field: str,
        rule: str,
        hint: Optional[str] = None,
        path: str = "",
        value: Optional[str] = None,
    ) -> None:
        """Adds the problem of a file unless another file has told it of the same field."""
        if (field, rule) not in self._told:
            self._told.append((field, rule))
            where = f"{path}: " if path else ""
            self.problems.append(_problem(self._pipeline, field, where + rule, value, hint))

    def frame(self, frame: Any) -> None:
        """Checks a DataFrame's columns and that it has rows."""
        try:
            table = table_of(frame, self._fields)
        except UserError as error:
            self.add("data_config", str(error))
            return
        names = [str(name) for name in frame.columns]
        for column, fault in frame_faults(frame, table, self._fields):
            self._column(column, fault, names, FRAME)
        if not len(frame):
            self.add("data_config", f"the {FRAME} holds no row")

    def parquet(self, files: Sequence[str]) -> int:
        """Checks schemas; returns the number of rows."""
        if self._fields.user_rows is not None:
            return self._with_users(files, self._fields.user_rows)
        rows, first = 0, None
        for path in files:
            try:
                schema = read_schema(path)
            except UserError as error:
                self.add(self._path_field, str(error))
                continue
            first = first or schema
            rows += pq.read_metadata(parquet_source(path)).num_rows
            for column, fault in schema_faults(schema, first, self._fields):
                self._column(column, fault, schema.names, path)
        return rows

    def _with_users(self, files: Sequence[str], users: UserRows) -> int:
        """As `parquet`, with the users files."""
        rows, split = 0, None
        for path in files:
            try:
                users_path = users_file(path, users)
                schemas = {at: read_schema(at) for at in (path, users_path)}
            except MissingUsers as error:
                self.add(error.field, error.rule, path=path)
                continue
            except UserError as error:
                self.add(self._path_field, str(error))
                continue
            split = split or SplitFields(self._fields, schemas[path], schemas[users_path])
            rows += pq.read_metadata(parquet_source(path)).num_rows
            for at, column, fault in split.faults(path, users_path):
                self._column(column, fault, schemas[at].names, at)
        return rows

    def _column(self, column: Column, fault: str, names: Sequence[str], path: str) -> None:
        is_missing = column.name not in names
        hint = did_you_mean(column.name, names) if is_missing and "; the " not in fault else None
        self.add(self._field_of(column, "name" if is_missing else "type"), fault, hint, path)

    def tfrecord(self, files: Sequence[str]) -> int:
        """Checks first rows; returns a number greater than 0 if any file holds a row."""
        rows = 0
        for path in files:
            try:
                head = read_head(path, self._data)
            except UserError as error:
                self.add(self._path_field, str(error))
                continue
            rows += head.rows
            for column, fault in head_faults(head, self._fields):
                self._column(column, fault, list(head.kinds), path)
        return rows

    def csv(self, files: Sequence[str]) -> int:
        """Checks first lines; returns a number greater than 0 if any file holds a row."""
        rows = 0
        for path in files:
            try:
                lines = first_lines(path, CHECKED_ROWS + 1)
            except UserError as error:
                self.add(self._path_field, str(error))
                continue
            if not self._data.with_header:
                lines = [line for line in lines if line.text]
            rows += len(lines) > self._data.with_header
            for fault in csv_faults(lines, self._data, self._fields) if lines else ():
                place = f"{path}:{fault.line}" if fault.line else path
                field = fault.field or (fault.column and self._field_of(fault.column, fault.part))
                self.add(field or "data_config", fault.rule, fault.hint, place, fault.value)
        return rows

    def _field_of(self, column: Column, part: str) -> str:
        users = self._fields.user_rows
        if users is not None and column.name == users.row_column:
            return "data_config.user_rows.row_column"
        if part == "name" and column.name in self._asked_for:
            return _COLUMNS_FLAG
        if column.name not in self._fields.declared:
            return "data_config.input_fields"
        place = self._fields.declared.index(column.name)
        return f"data_config.input_fields[{place}].input_{part}"
