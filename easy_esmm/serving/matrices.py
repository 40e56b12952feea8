"""Columns of several values as matrices [batch, values]: `export_config.auto_multi_value`.

Shorter rows are padded at their end: text with '', integers with -1, numbers with NaN,
and weights with anything, since their ids tell the number of values.
"""

from __future__ import annotations

import math
from typing import Any, Dict, Mapping

import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.cell_tensors import is_missing, numbers_of
from easy_esmm.config.feature_types import ValueKind, type_of
from easy_esmm.config.several_values import matrix_columns, sequence_separators
from easy_esmm.contract import Tensor
from easy_esmm.errors import UserError
from easy_esmm.features.pieces import elements_of, pieces_of
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

PADDING: Dict[Any, Any] = {tf.string: "", tf.int64: -1, tf.float32: math.nan}
"""What fills up shorter rows, by dtype of the matrix."""


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
        is_value, matrix = _is_value(matrices[counted_by.get(name, name)]), matrices[name]
        if name in counted_by:
            matrix = _as_wide_as(is_value, matrix)
        if name in sequences:
            # What looks like padding in front of a value is an empty element.
            is_value = tf.cumsum(tf.cast(is_value, tf.int32), axis=1, reverse=True) > 0
        columns[name] = tf.ragged.boolean_mask(matrix, is_value)
    return columns


def _as_wide_as(is_value: Tensor, weights: Tensor) -> Tensor:
    """Weights [batch, values] for the places of ids; those that are not there are missing.

    A mask of another width would be read across the rows, and give a row the weights of another.
    """
    width = tf.shape(is_value)[1]
    absent = tf.maximum(width - tf.shape(weights)[1], 0)
    padding = PADDING[weights.dtype]
    return tf.pad(weights[:, :width], [[0, 0], [0, absent]], constant_values=padding)


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
    pieces = pieces.with_values(_converted(name, pieces.values, dtype))
    if name in sequences:
        _require_end(name, pieces.with_values(_is_value(tf.cast(pieces.values, dtype))))
    values: NDArray[Any] = tf.cast(pieces, dtype).to_tensor(PADDING[dtype]).numpy()
    return values


class UnreadableCell(UserError):
    """A cell that no feature can read; the text tells neither file nor line."""


def without_missing_ids(
    config: PipelineConfig, columns: Mapping[str, Tensor]
) -> Mapping[str, Tensor]:
    """The columns of an eager batch without ids that are missing in a list, and their weights.

    A feature skips them with their weights, which text cannot say: of ids it skips empty pieces,
    of weights none.
    """
    kept = dict(columns)
    for weights, ids in _counted_by(config).items():
        if ids in sequence_separators(config):  # in which an element without an id counts
            continue
        of_ids, of_weights = kept.get(ids), kept.get(weights)
        if not isinstance(of_ids, tf.RaggedTensor) or not isinstance(of_weights, tf.RaggedTensor):
            continue
        is_there = ~is_missing(of_ids.values)
        if bool(tf.reduce_all(is_there)) or not _are_alike(of_ids, of_weights):
            continue
        kept[ids], kept[weights] = (
            tf.ragged.boolean_mask(column, column.with_values(is_there))
            for column in (of_ids, of_weights)
        )
    return kept


def _are_alike(first: Tensor, second: Tensor) -> bool:
    """Whether two lists are equally long in each row."""
    return bool(tf.reduce_all(tf.equal(first.row_splits, second.row_splits)))


def _converted(name: str, values: Tensor, dtype: Any) -> Tensor:
    """The values as a matrix holds them, a missing one as padding. Raises UnreadableCell."""
    padding = tf.constant(PADDING[dtype], dtype)
    if dtype == tf.string and values.dtype != tf.string:
        return tf.where(is_missing(values), padding, tf.as_string(values))
    if dtype != tf.string and values.dtype == tf.string:
        numbers, is_number = numbers_of(values, dtype)
        if not bool(tf.reduce_all(is_number)):
            text = tf.boolean_mask(values, ~is_number)[0].numpy().decode(errors="replace")
            raise UnreadableCell(f"column {name}: each value must be a number, got {text!r}")
        values = numbers
    is_none = is_missing(values)
    return tf.where(is_none, padding, tf.cast(values, dtype))


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
    return tf.not_equal(matrix, tf.constant(PADDING[matrix.dtype], matrix.dtype))


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
