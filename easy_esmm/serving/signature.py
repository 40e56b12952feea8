"""How requests enter the graph of an exported model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional

import tensorflow as tf

from easy_esmm.cell_tensors import is_missing
from easy_esmm.compat import v1
from easy_esmm.config.several_values import value_separators
from easy_esmm.contract import Tensor
from easy_esmm.data.decode import DTYPES, decode_cells, with_default
from easy_esmm.data.fields import Column
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.columns import column_of, serving_columns
from easy_esmm.serving.examples import parse_examples
from easy_esmm.serving.matrices import matrix_types, without_padding

JOINED_INPUT = "features"
"""Key of the only input under `multi_placeholder: false`."""


@dataclass(frozen=True, eq=False)
class Requests:
    """A batch of rows as it is asked for, and as features read it."""

    inputs: Mapping[str, Tensor]
    """Inputs of `serving_default`, by key."""
    examples: Optional[Tensor]
    """string [batch]: serialised tf.Examples in the place of the inputs; None under
    `multi_placeholder: false`."""
    columns: Mapping[str, Tensor]
    """By input column."""


def receive_requests(config: PipelineConfig) -> Requests:
    """Placeholders for a batch of rows.

    The inputs are a rank-1 tensor per column that a feature reads, its key the column's name, its
    dtype as declared (text where the column holds several values; under `auto_multi_value` a
    matrix, see `matrices`); under `multi_placeholder: false` one string tensor `features` with
    these columns in config order, joined by the data separator.
    """
    if not config.export_config.multi_placeholder:
        joined = v1.placeholder(tf.string, [_rows(config)], name=JOINED_INPUT)
        return Requests({JOINED_INPUT: joined}, None, _split(config, joined))
    examples = v1.placeholder(tf.string, [_rows(config)], name="examples")
    # What is fed in the place of a default is all that is computed of it.
    inputs = {
        name: v1.placeholder_with_default(
            values, [_rows(config), *values.shape[1:]], name=f"input_{index}"
        )
        for index, (name, values) in enumerate(parse_examples(config, examples).items())
    }
    return Requests(inputs, examples, columns_of(config, inputs))


def columns_of(config: PipelineConfig, inputs: Mapping[str, Tensor]) -> Dict[str, Tensor]:
    """The columns as features read them, from inputs by column."""
    matrices = matrix_types(config)
    singles = {name: values for name, values in inputs.items() if name not in matrices}
    lists = {name: inputs[name] for name in matrices}
    return without_padding(config, {**with_defaults(config, singles), **lists})


def _rows(config: PipelineConfig) -> Any:
    size = config.export_config.batch_size
    return size if size > 0 else None


def receive_columns(config: PipelineConfig) -> Dict[str, Tensor]:
    """A placeholder [batch] for each serving column, by its name."""
    return {
        column.name: v1.placeholder(DTYPES[column.type], [_rows(config)])
        for column in serving_columns(config)
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
            filled[field.input_name] = with_default(column_of(field), values, is_missing(values))
    return filled


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
