"""Which columns of the data a config reads, with their types and the values of empty cells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Dict, Iterable, List, Optional, Sequence, Tuple

from easy_esmm.config.cells import (
    BOOL,
    FALSE_WORDS,
    FLOATS,
    INTEGERS,
    STRING,
    TRUE_WORDS,
    Value,
    parse_cell,
)
from easy_esmm.config.metric_columns import group_column
from easy_esmm.config.several_values import value_separators
from easy_esmm.config.tasks import task_specs
from easy_esmm.config.tower_losses import session_field
from easy_esmm.contract import Kind, Tasks
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

__all__ = [
    "BOOL",
    "FALSE_WORDS",
    "FLOATS",
    "INTEGERS",
    "STRING",
    "TRUE_WORDS",
    "Column",
    "Fields",
    "UserRows",
    "Value",
    "default_value",
    "needed_fields",
    "parse_cell",
]

_TYPE_DEFAULTS: Dict[int, Value] = {STRING: b"", BOOL: False}


@dataclass(frozen=True)
class Column:
    """One column that is read."""

    name: str
    type: int
    """A value of `DatasetConfig.FieldType`."""
    default: Value
    """What an empty cell, a Parquet null or an absent value means; of the declared type."""
    is_probability: bool = False
    """A label that must lie in [0, 1]: the cross entropy of any other has no lower bound."""
    has_default: bool = False
    """Whether the config says what an absent value means."""

    @property
    def type_name(self) -> str:
        """`INT32`, `STRING`, ..."""
        return DatasetConfig.FieldType.Name(self.type)


@dataclass(frozen=True)
class UserRows:
    """Columns that stand once a user row, in files of their own; see `data_config.user_rows`."""

    row_column: str
    """Column of the impressions files: the row of the users file, from 0."""
    file_prefix: str
    impression_file_prefix: str
    columns: Tuple[str, ...]
    """Names of the declared columns that the users files hold, whether or not they are read."""
    rows_together: int
    """Adjacent impressions of a user that stay together when training shuffles, at least 1."""


@dataclass(frozen=True)
class Fields:
    """The columns that one pass over the data reads."""

    columns: Tuple[Column, ...]
    """Inputs of features and metrics, and columns that are passed through, each name once."""
    labels: Tuple[Column, ...]
    """Label columns; empty for a prediction."""
    weight: Optional[Column]
    """The sample weight, if one is configured; None for a prediction."""
    declared: Tuple[str, ...]
    """`input_fields` in the order of the config: the layout of CSV files without a header."""
    undeclared: Tuple[str, ...] = ()
    """Names in `columns` that `input_fields` does not hold; files must say their types."""
    user_rows: Optional[UserRows] = None
    """None where every column stands in every row."""
    several: Tuple[str, ...] = ()
    """Names in `columns` that features of several values read: they may be lists."""

    @property
    def markable(self) -> Tuple[str, ...]:
        """Labels of which the config does not say what an absent value means: it is noted."""
        return tuple(column.name for column in self.labels if not column.has_default)

    @property
    def needed(self) -> Tuple[Column, ...]:
        """All columns that the files must hold, each name once."""
        weight = (self.weight,) if self.weight is not None else ()
        by_name = {column.name: column for column in (*self.columns, *self.labels, *weight)}
        return tuple(by_name.values())


def needed_fields(
    config: PipelineConfig, *, with_labels: bool, extra_columns: Sequence[str] = ()
) -> Fields:
    """The columns that features and metrics (and labels and the weight) of `config` read.

    `extra_columns` are read too, whether declared or not; an undeclared one is text in a CSV file
    with a header and what the schema says in a Parquet file. Raises UserError for an undeclared
    column that something else reads, for a `default_val` that is not of its column's type, and if
    `extra_columns` hold the row column of users.
    """
    declared = {field.input_name: field for field in config.data_config.input_fields}
    undeclared = tuple(name for name in dict.fromkeys(extra_columns) if name not in declared)
    users = _user_rows(config.data_config)
    if users is not None and users.row_column in undeclared:
        raise UserError(f"column '{users.row_column}' (user_rows.row_column) is not passed through")

    def columns(names: Iterable[str], reader: str) -> Tuple[Column, ...]:
        return tuple(_column(declared, name, reader) for name in dict.fromkeys(names))

    tasks = task_specs(config.model_config)
    read = _inputs(config, tasks, with_labels=with_labels)
    inputs = columns([*read, *(n for n in extra_columns if n in declared)], "a feature")
    names = config.data_config.label_fields if with_labels else ()
    probabilities = [task.label for task in tasks if task.kind is Kind.BINARY]
    labels = tuple(
        replace(_column(declared, name, "label_fields"), is_probability=name in probabilities)
        for name in names
    )
    weight_name = config.data_config.sample_weight if with_labels else ""
    return Fields(
        columns=inputs + tuple(Column(name, STRING, b"") for name in undeclared),
        labels=labels,
        weight=_column(declared, weight_name, "sample_weight") if weight_name else None,
        declared=tuple(declared),
        undeclared=undeclared,
        user_rows=users,
        several=tuple(value_separators(config)),
    )


def _user_rows(data: DatasetConfig) -> Optional[UserRows]:
    if not data.HasField("user_rows"):
        return None
    users = data.user_rows
    return UserRows(
        users.row_column,
        users.file_prefix,
        users.impression_file_prefix,
        tuple(users.columns),
        users.rows_together,
    )


def loss_sessions(tasks: Tasks) -> Tuple[str, ...]:
    """Columns that losses read sessions from, each name once."""
    names = [session_field(loss) for task in tasks for loss in task.losses]
    return tuple(name for name in dict.fromkeys(names) if name)


def _inputs(config: PipelineConfig, tasks: Tasks, with_labels: bool) -> List[str]:
    names = [name for f in config.feature_config.features for name in f.input_names]
    if with_labels:
        metrics = [metric for task in tasks for metric in task.metrics]
        names += [group_column(m) for m in (*config.eval_config.metrics_set, *metrics)]
        names += loss_sessions(tasks)
    return [name for name in names if name]


def _column(declared: Dict[str, DatasetConfig.Field], name: str, reader: str) -> Column:
    if name not in declared:
        raise UserError(
            f"data_config.input_fields: {reader} reads column '{name}', which is not declared"
        )
    field = declared[name]
    has_default = field.HasField("default_val")
    return Column(name, field.input_type, default_value(field), has_default=has_default)


def default_value(field: DatasetConfig.Field) -> Value:
    """The value of an empty cell of `field`: `default_val`, else b"", 0, 0.0 or False."""
    if not field.HasField("default_val") or (
        field.default_val == "" and field.input_type != STRING
    ):
        return _TYPE_DEFAULTS.get(field.input_type, 0.0 if field.input_type in FLOATS else 0)
    value = parse_cell(field.input_type, field.default_val.encode())
    if value is None:
        type_name = DatasetConfig.FieldType.Name(field.input_type)
        raise UserError(
            f"data_config.input_fields[input_name={field.input_name}].default_val: "
            f"must be {type_name}, got '{field.default_val}'"
        )
    return value
