"""TagFeature: a set of ids a row, with or without weights."""

from __future__ import annotations

from typing import Mapping, Tuple

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import Tensor
from easy_esmm.errors import UserError
from easy_esmm.features.encoded import Bag
from easy_esmm.features.ids import to_ids
from easy_esmm.features.pieces import pieces_of, to_float
from easy_esmm.features.registry import register
from easy_esmm.protos.feature_pb2 import FeatureConfig


@register(FeatureConfig.TagFeature)
def encode_tag(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> Bag:
    """The ids in the first input column.

    Weights come from `id<kv_separator>weight` pieces, or from the second input column, split as the
    first. A piece without its weight stops the step with an error that names the feature.
    """
    pieces = pieces_of(columns[feature.input_names[0]], feature.separator)
    values, weights = pieces.values, None
    if feature.kv_separator:
        values, weights = _keys_and_weights(feature, values)
    elif len(feature.input_names) > 1:
        weights = _weight_column(feature, pieces, columns[feature.input_names[1]])
    ids = to_ids(feature, values)
    return Bag(
        ids=ids.ids,
        row=pieces.value_rowids(),
        weights=weights,
        batch=pieces.nrows(out_type=tf.int64),
        vocabulary=ids.vocabulary,
        out_of_range=ids.out_of_range,
    )


def _keys_and_weights(feature: FeatureConfig, values: Tensor) -> Tuple[Tensor, Tensor]:
    """Splits `id:weight` pieces into ids (text) and weights (float32)."""
    if values.dtype != tf.string:
        raise UserError(
            f"feature {feature.feature_name}: kv_separator splits text, but the column "
            f"{feature.input_names[0]} holds {values.dtype.name}; declare it as STRING"
        )
    parts = v1.string_split(values, sep=feature.kv_separator, skip_empty=False)
    message = (
        f"feature {feature.feature_name}: each value must be id{feature.kv_separator}weight "
        f"(column {feature.input_names[0]}, kv_separator {feature.kv_separator!r})"
    )
    # At most two parts a piece, and twice as many parts as pieces: exactly two each.
    widest = tf.equal(tf.maximum(parts.dense_shape[1], 2), 2)
    complete = tf.equal(tf.size(parts.values), 2 * tf.size(values))
    check = tf.debugging.Assert(widest & complete, [message, values], summarize=5)
    with tf.control_dependencies([check]):
        pairs = tf.reshape(parts.values, [-1, 2])
    return pairs[:, 0], tf.strings.to_number(pairs[:, 1], tf.float32)


def _weight_column(feature: FeatureConfig, pieces: Tensor, column: Tensor) -> Tensor:
    """float32 [values]: a weight for each of `pieces`."""
    weights = pieces_of(column, feature.separator)
    check = v1.debugging.assert_equal(
        pieces.row_lengths(),
        weights.row_lengths(),
        message=(
            f"feature {feature.feature_name}: the columns {feature.input_names[0]} (ids) and "
            f"{feature.input_names[1]} (weights) must hold equally many values in each row"
        ),
    )
    with tf.control_dependencies([check]):
        return to_float(tf.identity(weights.values), tf.float32)
