"""Columns of several values as matrices [batch, values]: `export_config.auto_multi_value`.

Rows of fewer values are filled up behind them: text with '', integers with -1, numbers with NaN,
and weights with anything, for their ids say how many there are.
"""

from __future__ import annotations

import math
from typing import Any, Dict, Mapping

import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.config.several_values import matrix_columns
from easy_esmm.contract import Tensor
from easy_esmm.features.pieces import pieces_of
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

_FILLERS: Dict[Any, Any] = {tf.string: "", tf.int64: -1, tf.float32: math.nan}


def matrix_types(config: PipelineConfig) -> Dict[str, Any]:
    """Input column -> dtype of its matrix.

    float32 of numbers and weights, int64 of ids that are row numbers (`num_buckets`), else string.
    """
    return {name: _dtype(config, name) for name in matrix_columns(config)}


def without_fillers(config: PipelineConfig, matrices: Mapping[str, Tensor]) -> Dict[str, Tensor]:
    """The columns as features read them: those that are matrices become ragged."""
    columns = dict(matrices)
    ids_of = _ids_of_weights(config)
    for name in matrix_columns(config):
        ids = matrices[ids_of.get(name, name)]
        columns[name] = tf.ragged.boolean_mask(matrices[name], _is_value(ids))
    return columns


def to_matrix(config: PipelineConfig, name: str, column: Tensor) -> NDArray[Any]:
    """The matrix of a column of an eager batch, as text or as a list."""
    dtype = matrix_types(config)[name]
    pieces = pieces_of(column, matrix_columns(config)[name])
    if dtype == tf.string and pieces.dtype != tf.string:
        pieces = pieces.with_values(tf.as_string(pieces.values))
    elif dtype != tf.string and pieces.dtype == tf.string:
        pieces = pieces.with_values(tf.strings.to_number(pieces.values, dtype))
    values: NDArray[Any] = tf.cast(pieces, dtype).to_tensor(_FILLERS[dtype]).numpy()
    return values


def _is_value(matrix: Tensor) -> Tensor:
    if matrix.dtype == tf.float32:
        return ~tf.math.is_nan(matrix)
    return tf.not_equal(matrix, tf.constant(_FILLERS[matrix.dtype], matrix.dtype))


def _ids_of_weights(config: PipelineConfig) -> Dict[str, str]:
    """Column of weights -> the column of their ids."""
    return {
        feature.input_names[1]: feature.input_names[0]
        for feature in config.feature_config.features
        if feature.feature_type == FeatureConfig.TagFeature and len(feature.input_names) > 1
    }


def _dtype(config: PipelineConfig, name: str) -> Any:
    """What all readers of the column want; text, which each of them can read, if they disagree."""
    readers = [f for f in config.feature_config.features if name in f.input_names]
    wanted = {_wanted(feature, name) for feature in readers}
    return wanted.pop() if len(wanted) == 1 else tf.string


def _wanted(feature: FeatureConfig, name: str) -> Any:
    is_tag = feature.feature_type == FeatureConfig.TagFeature
    is_weight = is_tag and name in feature.input_names[1:]
    if is_weight or feature.feature_type == FeatureConfig.RawFeature:
        return tf.float32
    is_text = feature.hash_bucket_size or feature.vocab_list or feature.vocab_file
    is_row_number = is_tag and not is_text and not feature.kv_separator
    return tf.int64 if is_row_number else tf.string
