"""Which columns of the data a config reads, with their types and the values of empty cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterable, List, Optional, Sequence, Tuple, Union

from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

Value = Union[bytes, int, float, bool]

STRING = DatasetConfig.STRING
INTEGERS = {DatasetConfig.INT32: 32, DatasetConfig.INT64: 64}
FLOATS = (DatasetConfig.FLOAT, DatasetConfig.DOUBLE)
BOOL = DatasetConfig.BOOL
TRUE_WORDS = (b"true", b"1")
FALSE_WORDS = (b"false", b"0")
_TYPE_DEFAULTS: Dict[int, Value] = {STRING: b"", BOOL: False}


@dataclass(frozen=True)
class Column:
    """One column that is read."""

    name: str
    type: int
    """A value of `DatasetConfig.FieldType`."""
    default: Value
    """What an empty cell, a Parquet null or an absent value means; of the declared type."""

    @property
    def type_name(self) -> str:
        """`INT32`, `STRING`, ..."""
        return DatasetConfig.FieldType.Name(self.type)


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
    column that something else reads, and for a `default_val` that is not of its column's type.
    """
    declared = {field.input_name: field for field in config.data_config.input_fields}
    undeclared = tuple(name for name in dict.fromkeys(extra_columns) if name not in declared)

    def columns(names: Iterable[str], reader: str) -> Tuple[Column, ...]:
        return tuple(_column(declared, name, reader) for name in dict.fromkeys(names))

    inputs = columns([*_inputs(config), *(n for n in extra_columns if n in declared)], "a feature")
    labels = columns(_labels(config), "label_fields") if with_labels else ()
    weight_name = config.data_config.sample_weight if with_labels else ""
    return Fields(
        columns=inputs + tuple(Column(name, STRING, b"") for name in undeclared),
        labels=labels,
        weight=_column(declared, weight_name, "sample_weight") if weight_name else None,
        declared=tuple(declared),
        undeclared=undeclared,
    )


def _inputs(config: PipelineConfig) -> List[str]:
    names = [name for f in config.feature_config.features for name in f.input_names]
    for metric in _metrics(config):
        if metric.HasField("gauc"):
            names.append(metric.gauc.uid_field)
    return [name for name in names if name]


def _metrics(config: PipelineConfig) -> Iterable:  # type: ignore[type-arg]
    esmm = config.model_config.esmm
    yield from config.eval_config.metrics_set
    yield from esmm.ctr_tower.metrics_set
    yield from esmm.cvr_tower.metrics_set


def _labels(config: PipelineConfig) -> List[str]:
    names = list(config.data_config.label_fields)
    for tower in (config.model_config.esmm.ctr_tower, config.model_config.esmm.cvr_tower):
        names += [tower.label_name, tower.task_space_indicator_label]
    return [name for name in names if name]


def _column(declared: Dict[str, DatasetConfig.Field], name: str, reader: str) -> Column:
    if name not in declared:
        raise UserError(
            f"data_config.input_fields: {reader} reads column '{name}', which is not declared"
        )
    field = declared[name]
    return Column(name, field.input_type, default_value(field))


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


def parse_cell(column_type: int, cell: bytes) -> Optional[Value]:
    """`cell` as the declared type, None where it is not one (text must be UTF-8 for numbers).

    A number must fit its type; floats must be finite. Python's rules are a little wider than those
    of the decoding op (underscores, a leading plus sign): those two are refused here as well.
    """
    if column_type == STRING:
        return cell
    word = cell.strip().lower()
    if column_type == BOOL:
        return True if word in TRUE_WORDS else False if word in FALSE_WORDS else None
    if b"_" in word or word.startswith(b"+"):
        return None
    try:
        if column_type in INTEGERS:
            number = int(word)
            limit = 1 << (INTEGERS[column_type] - 1)  # type: ignore[index]
            return number if -limit <= number < limit else None
        value = float(word)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None
