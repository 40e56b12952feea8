"""TagFeature: a set of ids a row, with or without weights."""

from __future__ import annotations

from typing import Mapping, Optional, Tuple

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.contract import Tensor
from easy_esmm.features.encoded import Bag
from easy_esmm.features.ids import to_ids
from easy_esmm.features.numbers import finite, numbers_in, stop_unless
from easy_esmm.features.pieces import first_of, pairs_of, pieces_of
from easy_esmm.features.registry import register
from easy_esmm.protos.feature_pb2 import FeatureConfig


@register(FeatureConfig.TagFeature)
def encode_tag(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> Bag:
    """The ids in the first input column, at most `max_seq_len` a row if that is set.

    Weights come from `id<kv_separator>weight` pieces, or from the second input column, split as the
    first. A piece without its weight stops the step with an error that names the feature.
    """
    pieces, values, weights = _read(feature, columns)
    ids = to_ids(feature, values)
    return Bag(
        ids=ids.ids,
        row=pieces.value_rowids(),
        weights=weights,
        batch=pieces.nrows(out_type=tf.int64),
        vocabulary=ids.vocabulary,
        out_of_range=ids.out_of_range,
    )


def tags(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> Tensor:
    """What is looked up, of any type [values]."""
    return _read(feature, columns)[1]


def _read(
    feature: FeatureConfig, columns: Mapping[str, Tensor]
) -> Tuple[Tensor, Tensor, Optional[Tensor]]:
    """Ragged pieces of the rows, and by piece the id and its weight."""
    all_pieces = pieces_of(columns[feature.input_names[0]], feature.separator)
    pieces = _cut(feature, all_pieces)
    values, weights = pieces.values, None
    if feature.kv_separator:
        column = feature.input_names[0]
        values, weights = pairs_of(feature, values, column, ("id", "weight"))
        weights = _weights(feature, column, weights)
    elif len(feature.input_names) > 1:
        weights = _weight_column(feature, all_pieces, columns[feature.input_names[1]])
    return pieces, values, weights


def _cut(feature: FeatureConfig, pieces: Tensor) -> Tensor:
    return first_of(pieces, feature.max_seq_len) if feature.max_seq_len else pieces


def _weight_column(feature: FeatureConfig, pieces: Tensor, column: Tensor) -> Tensor:
    """float32 [values]: a weight for each of `pieces`, without those beyond `max_seq_len`."""
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
        kept = weights.with_values(tf.identity(weights.values))
        return _weights(feature, feature.input_names[1], _cut(feature, kept).values)


def _weights(feature: FeatureConfig, column: str, values: Tensor) -> Tensor:
    """float32 [values], none of them missing."""
    weights, is_there = numbers_in(feature, column, values, tf.float32)
    message = f"feature {feature.feature_name}: column {column} must hold a weight for each id, got"
    with tf.control_dependencies([stop_unless(is_there, message, values)]):
        return finite(feature, weights)
