"""Columns of several values as matrices [batch, values]: `export_config.auto_multi_value`.

Shorter rows are padded at their end: text with '', integers with -1, numbers with NaN,
and weights with anything, since their ids tell the number of values.
"""

from __future__ import annotations

import math
from typing import Any, Dict, Mapping

import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.config.feature_types import ValueKind, type_of
from easy_esmm.config.several_values import matrix_columns, sequence_separators
from easy_esmm.contract import Tensor
from easy_esmm.errors import UserError
from easy_esmm.features.pieces import elements_of, pieces_of
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

_PADDING: Dict[Any, Any] = {tf.string: "", tf.int64: -1, tf.float32: math.nan}


def matrix_types(config: PipelineConfig) -> Dict[str, Any]:
    """Input column -> dtype of its matrix.

    float32 of numbers and weights, int64 of ids that are row numbers (`num_buckets`), else string.
    """
    return {name: _dtype(config, name) for name in matrix_columns(config)}


def without_padding(config: PipelineConfig, matrices: Mapping[str, Tensor]) -> Dict[str, Tensor]:
    """The columns as features read them: those that are matrices become ragged."""
    columns = dict(matrices)
    counted_by, sequences = _counted_by(config), sequence_separators(config)
    for name in matrix_columns(config):
        is_value = _is_value(matrices[counted_by.get(name, name)])
        if name in sequences:
            # What looks like padding in front of a value is an empty element.
            is_value = tf.cumsum(tf.cast(is_value, tf.int32), axis=1, reverse=True) > 0
        columns[name] = tf.ragged.boolean_mask(matrices[name], is_value)
    return columns


def to_matrix(config: PipelineConfig, name: str, column: Tensor) -> NDArray[Any]:
    """The matrix of a column of an eager batch, as text or as a list.

    Raises UserError for a sequence that ends with what padding looks like.
    """
    dtype = matrix_types(config)[name]
    sequences = sequence_separators(config)
    if name in sequences:
        pieces = elements_of(column, sequences[name])
    else:
        pieces = pieces_of(column, matrix_columns(config)[name])
    if dtype == tf.string and pieces.dtype != tf.string:
        pieces = pieces.with_values(tf.as_string(pieces.values))
    elif dtype != tf.string and pieces.dtype == tf.string:
        texts = tf.where(tf.equal(pieces.values, ""), str(_PADDING[dtype]), pieces.values)
        pieces = pieces.with_values(tf.strings.to_number(texts, dtype))
    if name in sequences:
        _require_end(name, pieces.with_values(_is_value(tf.cast(pieces.values, dtype))))
    values: NDArray[Any] = tf.cast(pieces, dtype).to_tensor(_PADDING[dtype]).numpy()
    return values


def _require_end(name: str, is_value: Tensor) -> None:
    last = tf.reduce_max(is_value.row_lengths())
    ends = is_value[:, -1:].values if last > 0 else tf.ones([0], tf.bool)
    if not bool(tf.reduce_all(ends)):
        raise UserError(
            f"column {name} must not end with an empty element, which a matrix cannot tell from "
            "its padding; export with auto_multi_value: false"
        )


def _is_value(matrix: Tensor) -> Tensor:
    if matrix.dtype == tf.float32:
        return ~tf.math.is_nan(matrix)
    return tf.not_equal(matrix, tf.constant(_PADDING[matrix.dtype], matrix.dtype))


def _counted_by(config: PipelineConfig) -> Dict[str, str]:
    """Column -> the column that has as many values a row, such as the ids of weights."""
    return {
        name: feature.input_names[type_of(feature).counted_by(index)]
        for feature in config.feature_config.features
        for index, name in enumerate(feature.input_names)
        if type_of(feature).counted_by(index) != index
    }


def _dtype(config: PipelineConfig, name: str) -> Any:
    """The dtype that all readers of the column take; text, which each can read, if they differ."""
    wanted = {
        _DTYPES[type_of(feature).value_kind(feature, index)]
        for feature in config.feature_config.features
        for index, column in enumerate(feature.input_names)
        if column == name
    }
    return wanted.pop() if len(wanted) == 1 else tf.string


_DTYPES: Dict[ValueKind, Any] = {
    ValueKind.TEXT: tf.string,
    ValueKind.ROW_NUMBER: tf.int64,
    ValueKind.NUMBER: tf.float32,
}
