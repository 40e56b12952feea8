"""The columns that a config reads, with their types and defaults."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from easy_esmm.config.cells import (
    BOOL,
    FALSE_WORDS,
    FLOATS,
    INTEGERS,
    STRING,
    TRUE_WORDS,
    Value,
    is_empty,
    missing_mark,
    parse_cell,
)
from easy_esmm.config.conversion_delay import corrects_delay, time_columns
from easy_esmm.config.feature_types import ValueKind, type_of
from easy_esmm.config.groups import features_read
from easy_esmm.config.metric_columns import group_column
from easy_esmm.config.several_values import value_separators
from easy_esmm.config.tasks import task_specs
from easy_esmm.config.tower_losses import session_field
from easy_esmm.contract import Kind, Tasks
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.feature_pb2 import FeatureConfig
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
    "is_empty",
    "missing_mark",
    "needed_fields",
    "parse_cell",
]


@dataclass(frozen=True)
class Column:
    """One column that is read."""

    name: str
    type: int
    """A value of `DatasetConfig.FieldType`."""
    default: Value
    """What a missing value becomes: `default_val`, or the mark of the type (`missing_mark`)."""
    is_probability: bool = False
    """A label that must lie in [0, 1]: the cross entropy of any other has no lower bound."""
    has_default: bool = False
    """Whether the config has a `default_val`, so that no value is missing."""

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
    # Not in `repr`, which tells one input from another: positions that were saved stay good.
    single: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Names in `columns` that must not be lists -> why."""
    lists: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Names in `columns` that must be lists where they are no text -> why."""
    full_lists: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Names in `columns` whose lists must hold no null, for want of a number -> why."""
    passed: Tuple[str, ...] = field(default=(), repr=False)
    """Columns that are passed through as they stand, each once, whether or not they are read."""

    @property
    def labels_and_weight(self) -> Tuple[Column, ...]:
        """The labels, then the weight if there is one."""
        return (*self.labels, self.weight) if self.weight is not None else self.labels

    @property
    def one_value(self) -> Dict[str, str]:
        """Columns that must hold one value in a row -> why; '' for labels and the weight."""
        return {**self.single, **{column.name: "" for column in self.labels_and_weight}}

    @property
    def needed(self) -> Tuple[Column, ...]:
        """All columns whose values are read, each name once."""
        by_name = {column.name: column for column in (*self.columns, *self.labels_and_weight)}
        return tuple(by_name.values())

    @property
    def present(self) -> Tuple[Column, ...]:
        """All columns that the files must hold, each name once: those needed, and those passed."""
        names = {column.name for column in self.needed}
        others = (name for name in self.passed if name not in names)
        return (*self.needed, *(Column(name, STRING, b"") for name in others))


def needed_fields(
    config: PipelineConfig,
    *,
    with_labels: bool,
    training: bool = False,
    extra_columns: Sequence[str] = (),
    passed_columns: Sequence[str] = (),
) -> Fields:
    """The columns that features and metrics (and labels and the weight) of `config` read.

    In training those of `conversion_delay` too, beside which labels are inputs as well.
    `extra_columns` are read too, whether declared or not; an undeclared one is text in a CSV file
    with a header and what the schema says in a Parquet file. `passed_columns` are not read, but
    must be there. Raises UserError if either holds the row column of users.
    """
    declared = {column.input_name: column for column in config.data_config.input_fields}
    undeclared = tuple(name for name in dict.fromkeys(extra_columns) if name not in declared)
    users = _user_rows(config.data_config)
    if users is not None and users.row_column in (*undeclared, *passed_columns):
        raise UserError(f"column '{users.row_column}' (user_rows.row_column) is not passed through")

    tasks = task_specs(config.model_config)
    read = _inputs(config, tasks, with_labels=with_labels)
    if training and corrects_delay(config):
        read += [*time_columns(config.data_config), *tasks.columns()]
    read += [name for name in extra_columns if name in declared]
    inputs = tuple(_column(declared[name]) for name in dict.fromkeys(read))
    names = config.data_config.label_fields if with_labels else ()
    probabilities = [t.label for t in tasks if t.kind is Kind.BINARY or t.is_share]
    labels = tuple(
        replace(_column(declared[name]), is_probability=name in probabilities) for name in names
    )
    weight_name = config.data_config.sample_weight if with_labels else ""
    return Fields(
        columns=inputs + tuple(Column(name, STRING, b"") for name in undeclared),
        labels=labels,
        weight=_column(declared[weight_name]) if weight_name else None,
        declared=tuple(declared),
        undeclared=undeclared,
        user_rows=users,
        several=tuple(value_separators(config)),
        single=_single(config, tasks, with_labels=with_labels, training=training),
        lists=_lists(config),
        full_lists=_full_lists(config),
        passed=tuple(dict.fromkeys(passed_columns)),
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
        names += [*_grouped_by(config, tasks), *loss_sessions(tasks), *_task_spaces(tasks)]
    return [name for name in names if name]


def _task_spaces(tasks: Tasks) -> List[str]:
    """Input columns that say which rows lie inside a task's space."""
    spaces = [task.task_space for task in tasks if task.task_space is not None]
    return [space.indicator for space in spaces if space.value is not None]


def _grouped_by(config: PipelineConfig, tasks: Tasks) -> List[str]:
    """Columns that metrics group rows by; '' for a metric that does not."""
    metrics = [metric for task in tasks for metric in task.metrics]
    return [group_column(m) for m in (*config.eval_config.metrics_set, *metrics)]


def _single(
    config: PipelineConfig, tasks: Tasks, *, with_labels: bool, training: bool
) -> Dict[str, str]:
    """Columns that cannot be read where they hold lists -> why."""
    found = {}
    if training and corrects_delay(config):
        found.update(dict.fromkeys(time_columns(config.data_config), "it is a time"))
    if with_labels:
        found.update(dict.fromkeys(_grouped_by(config, tasks), "a metric groups rows by it"))
        found.update(dict.fromkeys(loss_sessions(tasks), "a loss groups rows by it"))
        found.update(dict.fromkeys(_task_spaces(tasks), "it says which rows a task is about"))
    for feature in _features_in_groups(config):
        record = type_of(feature)
        hint = f"; {record.one_value_hint}" if record.one_value_hint else ""
        why = f"feature '{feature.feature_name}' is of type {record.name}{hint}"
        found.update(dict.fromkeys(record.one_value_columns(feature), why))
    return found


def _lists(config: PipelineConfig) -> Dict[str, str]:
    """Columns that cannot be read where they are single numbers -> why."""
    return {
        name: f"feature '{feature.feature_name}' has {type_of(feature).needs_lists(feature)}"
        for feature in _features_in_groups(config)
        if type_of(feature).needs_lists(feature)
        for name in feature.input_names
    }


def _full_lists(config: PipelineConfig) -> Dict[str, str]:
    """Columns whose lists are read as numbers, or as weights of ids -> why.

    A sequence is not among their readers: a number that is missing is one of its elements.
    """
    return {
        name: f"feature '{feature.feature_name}' reads it as numbers"
        for feature in _features_in_groups(config)
        for place, name in enumerate(feature.input_names)
        if type_of(feature).value_kind(feature, place) is ValueKind.NUMBER
        and not type_of(feature).is_sequence
    }


def _features_in_groups(config: PipelineConfig) -> List[FeatureConfig]:
    used = features_read(config.model_config)
    return [f for f in config.feature_config.features if f.feature_name in used]


def _column(declared: DatasetConfig.Field) -> Column:
    default = default_value(declared)
    # An empty text says of a number what no `default_val` says.
    has_default = bool(declared.default_val) or (
        declared.HasField("default_val") and declared.input_type == STRING
    )
    return Column(declared.input_name, declared.input_type, default, has_default=has_default)


def default_value(declared: DatasetConfig.Field) -> Value:
    """What a missing value of the column becomes: `default_val`, else the mark of its type.

    See `missing_mark`.
    """
    if declared.HasField("default_val"):
        value = parse_cell(declared.input_type, declared.default_val.encode())
        if value is not None:  # the config's rules have it so, but for an empty text
            return value
    return missing_mark(declared.input_type)
