"""Parses the tf.Examples of the signature `examples` into the columns of `serving_default`."""

from __future__ import annotations

from typing import Any, Dict, Mapping

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.cell_tensors import mark_of
from easy_esmm.compat import v1
from easy_esmm.config.several_values import sequence_separators, value_separators
from easy_esmm.contract import Tensor
from easy_esmm.data.decode import DTYPES
from easy_esmm.data.fields import FLOATS, STRING, Column
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.protos.tf_example_pb2 import Example, Feature
from easy_esmm.serving.columns import serving_columns
from easy_esmm.serving.matrices import PADDING, matrix_types


def parse_examples(config: PipelineConfig, examples: Tensor) -> Dict[str, Tensor]:
    """The inputs of `serving_default`, by column.

    Text is in a `bytes_list`, integers and booleans are in an `int64_list`, floats of both widths
    in a `float_list`. A column that an example lacks, or has no value for, is missing there. A
    column of several values takes as many as there are: the matrix, or the text of all of them
    joined by the column's separator.

    Args:
      config: resolved.
      examples: string [batch], each a serialised `tf.train.Example`.

    Raises:
      InvalidArgumentError: when it runs, for a column of another kind, several values of a column
        of one, or an integer outside the declared type.
    """
    matrices, lists = matrix_types(config), value_separators(config)
    specs: Dict[str, Any] = {}
    for column in serving_columns(config):
        name = column.name
        if name in matrices:
            specs[name] = tf.io.RaggedFeature(matrices[name])
        elif name in lists:
            specs[name] = tf.io.RaggedFeature(tf.string)
        else:
            dtype = _parsed_dtype(column)
            specs[name] = tf.io.FixedLenSequenceFeature(
                [], dtype, allow_missing=True, default_value=mark_of(dtype)
            )
    parsed = tf.io.parse_example(examples, specs)
    joined_by = {name: separators[0] for name, separators in lists.items()}
    joined_by.update(sequence_separators(config))
    inputs = {}
    for column in serving_columns(config):
        values = parsed[column.name]
        if column.name in matrices:
            inputs[column.name] = values.to_tensor(PADDING[values.dtype])
        elif column.name in lists:
            separator = joined_by[column.name]
            inputs[column.name] = tf.strings.reduce_join(values, axis=1, separator=separator)
        else:
            inputs[column.name] = _typed(column, _one_value(column, values, tf.shape(examples)[0]))
    return inputs


def to_examples(inputs: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """A request to `serving_default`, by column, as serialised tf.Examples: bytes [batch].

    Numbers of a DOUBLE column are rounded to float32, which is all that an example holds.
    """
    examples = [Example() for _ in range(len(next(iter(inputs.values()))))]
    for name, values in inputs.items():
        cells = values if values.ndim > 1 else values[:, np.newaxis]
        for example, row in zip(examples, cells):
            given = row[: _length(row)] if values.ndim > 1 else row
            _add(example.features.feature[name], given)
    return np.array([example.SerializeToString(deterministic=True) for example in examples], object)


def _add(feature: Feature, values: NDArray[Any]) -> None:
    if values.dtype == object:
        feature.bytes_list.value.extend(v.encode() if isinstance(v, str) else v for v in values)
    elif values.dtype.kind == "f":
        feature.float_list.value.extend(values.tolist())
    else:
        feature.int64_list.value.extend(int(value) for value in values)


def _length(row: NDArray[Any]) -> int:
    """Values of a matrix's row without the padding at its end."""
    if row.dtype.kind == "f":
        is_value = ~np.isnan(row)
    else:
        is_value = row != PADDING[tf.string if row.dtype == object else tf.int64]
        is_value &= row != b""
    places = np.flatnonzero(is_value)
    return int(places[-1]) + 1 if len(places) else 0


def _parsed_dtype(column: Column) -> tf.DType:
    if column.type == STRING:
        return tf.string
    return tf.float32 if column.type in FLOATS else tf.int64


def _one_value(column: Column, values: Tensor, rows: Tensor) -> Tensor:
    """[batch] of [batch, most values of a row], which is [batch, 0] where no row has one."""
    message = f"column {column.name}: an example must hold one value at most"
    check = v1.debugging.assert_less_equal(tf.shape(values)[1], 1, message=message)
    with tf.control_dependencies([check]):
        mark = tf.fill([rows, 1], tf.constant(mark_of(values.dtype), values.dtype))
        return tf.concat([values, mark], axis=1)[:, 0]


def _typed(column: Column, values: Tensor) -> Tensor:
    """The values in the declared type, a missing one as its mark."""
    dtype = DTYPES[column.type]
    if dtype in (values.dtype, tf.float64):
        return tf.cast(values, dtype)
    is_there = tf.not_equal(values, tf.constant(mark_of(values.dtype), values.dtype))
    is_bool = column.type == DatasetConfig.BOOL
    lowest, highest = (0, 1) if is_bool else (dtype.min, dtype.max)
    is_legal = ~is_there | (values >= lowest) & (values <= highest)
    message = f"column {column.name}: each value must be of type {column.type_name}, got"
    check = tf.debugging.Assert(tf.reduce_all(is_legal), [message, values], summarize=20)
    with tf.control_dependencies([check]):
        mark = tf.constant(mark_of(dtype), dtype)
        return tf.where(is_there, tf.cast(values, dtype), mark)
