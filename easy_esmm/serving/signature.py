"""How requests enter the graph of an exported model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import tensorflow as tf

from easy_esmm.cell_tensors import fits_int64, is_missing, numbers_of
from easy_esmm.compat import v1
from easy_esmm.config.several_values import value_separators
from easy_esmm.contract import Tensor
from easy_esmm.data.decode import DTYPES, decode_cells, with_default
from easy_esmm.data.fields import INTEGERS, Column
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.columns import column_of, serving_columns
from easy_esmm.serving.examples import parse_examples
from easy_esmm.serving.matrices import matrix_types, without_padding

JOINED_INPUT = "features"
"""Key of the only input under `multi_placeholder: false`."""
LONGEST_TEXT = 1 << 20
"""Bytes of a text in a request."""
LONGEST_LIST = 1 << 16
"""Values of a row of a matrix in a request."""


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
    unreadable: Sequence[Tensor] = ()
    """int32 [batch] each, whose sum says how many values of a row are not of their type, and were
    taken as missing."""


def receive_requests(config: PipelineConfig) -> Requests:
    """Placeholders for a batch of rows.

    The inputs are a rank-1 tensor per column that a feature reads, its key the column's name, its
    dtype as declared (text where the column holds several values; under `auto_multi_value` a
    matrix, see `matrices`); under `multi_placeholder: false` one string tensor `features` with
    these columns in config order, joined by the data separator.
    """
    if not config.export_config.multi_placeholder:
        joined = v1.placeholder(tf.string, [_rows(config)], name=JOINED_INPUT)
        columns, unreadable = _split(config, _limited({JOINED_INPUT: joined})[JOINED_INPUT])
        return Requests({JOINED_INPUT: joined}, None, columns, unreadable)
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
    """The columns as features read them, from inputs by column.

    Raises InvalidArgumentError when it runs, for a text or a list that is too long.
    """
    matrices, inputs = matrix_types(config), _limited(inputs)
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


def _split(config: PipelineConfig, joined: Tensor) -> Tuple[Dict[str, Tensor], List[Tensor]]:
    """The columns of `joined`, as a CSV file of these cells gives them; an illegal one is missing.

    And int32 [batch] for each column: 1 where it is illegal.
    """
    served = serving_columns(config)
    cells = tf.io.decode_csv(
        joined,
        [""] * len(served),
        field_delim=config.data_config.separator,
        use_quote_delim=False,
    )
    if config.data_config.strip_text:
        cells = [tf.strings.strip(column) for column in cells]
    columns, wrong = {}, []
    for column, text in zip(served, cells):
        is_wrong = _are_illegal(column, text)
        columns[column.name] = decode_cells(column, tf.where(is_wrong, "", text)).values
        wrong.append(tf.cast(is_wrong, tf.int32))
    return columns, wrong


def _are_illegal(column: Column, cells: Tensor) -> Tensor:
    """Bool [batch]: cells that are not of the column's type."""
    if column.type not in INTEGERS:
        return ~decode_cells(column, cells).is_legal & tf.not_equal(cells, "")
    fits, dtype = fits_int64(cells), DTYPES[column.type]
    numbers, _ = numbers_of(tf.where(fits, cells, "0"), tf.int64)
    fits &= (numbers >= dtype.min) & (numbers <= dtype.max)
    return ~fits & tf.not_equal(tf.strings.strip(cells), "")


def _limited(inputs: Mapping[str, Tensor]) -> Dict[str, Tensor]:
    """The inputs, of which no text is longer than `LONGEST_TEXT`, and no list than `LONGEST_LIST`.

    A request of one list of 50 MB would keep a server busy for 15 s.
    """
    limited = {}
    for name, values in inputs.items():
        checks = []
        if values.dtype == tf.string:
            longest = tf.reduce_max(tf.strings.length(values))
            message = f"input {name}: a text must have at most {LONGEST_TEXT} bytes"
            checks.append(v1.debugging.assert_less_equal(longest, LONGEST_TEXT, message=message))
        if values.shape.rank > 1:
            message = f"input {name}: a row must have at most {LONGEST_LIST} values"
            count = tf.shape(values)[1]
            checks.append(v1.debugging.assert_less_equal(count, LONGEST_LIST, message=message))
        with tf.control_dependencies(checks):
            limited[name] = tf.identity(values) if checks else values
    return limited
