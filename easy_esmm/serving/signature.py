"""The inputs of a SavedModel's signature `serving_default`."""

from __future__ import annotations

from typing import Any, Callable, Container, Dict, Mapping, Tuple

import tensorflow as tf

from easy_esmm.cell_tensors import is_missing
from easy_esmm.compat import estimator, v1
from easy_esmm.config.serving_columns import serving_names
from easy_esmm.config.several_values import value_separators
from easy_esmm.contract import Tensor
from easy_esmm.data.decode import decode_cells, with_default
from easy_esmm.data.fields import STRING, Column, default_value
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.matrices import matrix_types, without_padding

DTYPES: Dict[int, Any] = {
    DatasetConfig.INT32: tf.int32,
    DatasetConfig.INT64: tf.int64,
    DatasetConfig.STRING: tf.string,
    DatasetConfig.FLOAT: tf.float32,
    DatasetConfig.DOUBLE: tf.float64,
    DatasetConfig.BOOL: tf.bool,
}
"""Declared type of a column -> its dtype."""

JOINED_INPUT = "features"
"""Key of the only input under `multi_placeholder: false`."""


def serving_input_receiver_fn(config: PipelineConfig, pipeline_file: str) -> Callable[[], Any]:
    """The Estimator's `serving_input_receiver_fn`.

    One rank-1 tensor per column that a feature reads, its key the column's name, its dtype as
    declared (text where the column holds several values; under `auto_multi_value` a matrix, see
    `matrices`); under `multi_placeholder: false` one string tensor `features` with these columns in
    config order, joined by the data separator.
    `pipeline_file` is exported as `assets/pipeline.config`, beside `asset_files`.
    """

    def receive() -> Any:
        # The only way into a SavedModel's `assets` that the Estimator leaves open.
        for path in (pipeline_file, *config.export_config.asset_files):
            v1.add_to_collection(v1.GraphKeys.ASSET_FILEPATHS, tf.constant(path))
        if config.export_config.multi_placeholder:
            matrices = _receive_matrices(config)
            singles = receive_columns(config, except_for=matrices)
            inputs = {**singles, **matrices}
            columns = without_padding(config, {**with_defaults(config, singles), **matrices})
            return estimator.export.ServingInputReceiver(columns, inputs)
        joined = v1.placeholder(tf.string, [_rows(config)], name=JOINED_INPUT)
        return estimator.export.ServingInputReceiver(_split(config, joined), {JOINED_INPUT: joined})

    return receive


def serving_columns(config: PipelineConfig) -> Tuple[Column, ...]:
    """The columns of a request (`serving_names`), with the types that they have there.

    A column of several values is text in a request, whatever a Parquet file holds.
    """
    names = serving_names(config)
    lists = value_separators(config)
    fields = [f for f in config.data_config.input_fields if f.input_name in names]
    return tuple(_text_column(f) if f.input_name in lists else _column(f) for f in fields)


def _column(field: DatasetConfig.Field) -> Column:
    return Column(field.input_name, field.input_type, default_value(field))


def _text_column(field: DatasetConfig.Field) -> Column:
    return Column(field.input_name, STRING, field.default_val.encode())


def _rows(config: PipelineConfig) -> Any:
    size = config.export_config.batch_size
    return size if size > 0 else None


def receive_columns(config: PipelineConfig, except_for: Container[str] = ()) -> Dict[str, Tensor]:
    """A placeholder [batch] for each serving column, by its name."""
    return {
        column.name: v1.placeholder(DTYPES[column.type], [_rows(config)], name=f"input_{index}")
        for index, column in enumerate(serving_columns(config))
        if column.name not in except_for
    }


def with_defaults(config: PipelineConfig, inputs: Mapping[str, Tensor]) -> Dict[str, Tensor]:
    """The inputs, a missing value as the `default_val` of its column, as files have it.

    Not in a column of several values, where an empty text may be an empty list, which has none.
    """
    lists = value_separators(config)
    filled = dict(inputs)
    for field in config.data_config.input_fields:
        if field.input_name in inputs and field.input_name not in lists and field.default_val:
            values = inputs[field.input_name]
            filled[field.input_name] = with_default(_column(field), values, is_missing(values))
    return filled


def _receive_matrices(config: PipelineConfig) -> Dict[str, Tensor]:
    """A placeholder [batch, values] for each column that is a matrix, by its name."""
    return {
        name: v1.placeholder(dtype, [_rows(config), None], name=f"matrix_{index}")
        for index, (name, dtype) in enumerate(matrix_types(config).items())
    }


def _split(config: PipelineConfig, joined: Tensor) -> Dict[str, Tensor]:
    """The columns of `joined`, as a CSV file of these cells gives them."""
    columns = serving_columns(config)
    cells = tf.io.decode_csv(
        joined,
        [""] * len(columns),
        field_delim=config.data_config.separator,
        use_quote_delim=False,
    )
    if config.data_config.strip_text:
        cells = [tf.strings.strip(column) for column in cells]
    return {column.name: _legal(column, text) for column, text in zip(columns, cells)}


def _legal(column: Column, cells: Tensor) -> Tensor:
    """The values of a column; an illegal one fails the request."""
    decoded = decode_cells(column, cells)
    message = f"column {column.name}: each value must be of type {column.type_name}; the cells:"
    check = tf.debugging.Assert(tf.reduce_all(decoded.is_legal), [message, cells], summarize=20)
    with tf.control_dependencies([check]):
        return tf.identity(decoded.values)
