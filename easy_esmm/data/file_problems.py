"""Collects what is wrong with input files, at the fields of the config that have to change."""

from __future__ import annotations

from typing import List, Optional, Sequence, Tuple

from easy_esmm.config import Pipeline, Problem
from easy_esmm.config.hints import did_you_mean
from easy_esmm.config.problems import Place
from easy_esmm.data.fields import Column, Fields

COLUMNS_FLAG = "--reserved_cols"
"""What names the columns that a prediction hands through."""


def problem_of(
    pipeline: Pipeline,
    field: str,
    rule: str,
    value: Optional[str] = None,
    hint: Optional[str] = None,
) -> Problem:
    """A problem of a field of the config, or of a flag (`--...`)."""
    if field.startswith("--"):
        return Problem(Place(field), field[2:], rule, value, hint)
    return pipeline.problem(field, rule, value, hint)


def no_weight_at_all(name: str, rows: str) -> str:
    """What is wrong with a sample weight that none of `rows` has."""
    return (
        f"column '{name}' has no value in any of {rows}, and a row without a sample weight weighs "
        "0: nothing would be learned or measured; fill it in, set its default_val, or leave "
        "data_config.sample_weight out"
    )


class FileProblems:
    """Problems of files, one for each field and rule: the first file that has it is named."""

    def __init__(
        self, pipeline: Pipeline, fields: Fields, path_field: str, flag_columns: Sequence[str]
    ) -> None:
        """`path_field` names the files; `flag_columns` are columns that a flag asks for."""
        self.found: List[Problem] = []
        self.fields, self.path_field = fields, path_field
        self.data = pipeline.config.data_config
        self._pipeline, self._flag_columns = pipeline, flag_columns
        self._reported: List[Tuple[str, str]] = []

    def add(
        self,
        field: str,
        rule: str,
        hint: Optional[str] = None,
        path: str = "",
        value: Optional[str] = None,
    ) -> None:
        """Adds a problem of a field, met in the file `path`."""
        if (field, rule) not in self._reported:
            self._reported.append((field, rule))
            where = f"{path}: " if path else ""
            self.found.append(problem_of(self._pipeline, field, where + rule, value, hint))

    def add_column(self, column: Column, rule: str, names: Sequence[str], path: str) -> None:
        """Adds a problem of a column of the file `path`, which has the columns `names`."""
        is_missing = column.name not in names
        hint = did_you_mean(column.name, names) if is_missing and "; the " not in rule else None
        self.add(self.field_of(column, "name" if is_missing else "type"), rule, hint, path)

    def add_empty_weight(self, rows: str, path: str = "") -> None:
        """Adds that not one of `rows` has a sample weight."""
        if self.fields.weight is not None and not self.fields.weight.has_default:
            text = no_weight_at_all(self.fields.weight.name, rows)
            self.add("data_config.sample_weight", text, path=path)

    def field_of(self, column: Column, part: str) -> str:
        """The field that declares a column's `name` or `type`."""
        users = self.fields.user_rows
        if users is not None and column.name == users.row_column:
            return "data_config.user_rows.row_column"
        if column.name in self._flag_columns:
            return COLUMNS_FLAG
        if column.name not in self.fields.declared:
            return "data_config.input_fields"
        place = self.fields.declared.index(column.name)
        return f"data_config.input_fields[{place}].input_{part}"
