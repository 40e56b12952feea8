"""ComboFeature: the combination of several columns' values as one id."""

from __future__ import annotations

from typing import List, Mapping, Sequence, Tuple, Union

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.features.encoded import Bag, OneId
from easy_esmm.features.ids import as_text
from easy_esmm.features.pieces import pieces_of
from easy_esmm.features.registry import register
from easy_esmm.protos.feature_pb2 import FeatureConfig


@register(FeatureConfig.ComboFeature)
def encode_combo(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> Union[OneId, Bag]:
    """The hashed combination of the input columns' values, all read as text.

    Without `combo_join_sep` the fingerprints are chained, in the order of `input_names`, as in
    TensorFlow's crossed_column: h = FingerprintCat64(h, Fingerprint64(value)) from h = 0xDECAFCAFFE
    on, modulo `hash_bucket_size`. With it the values are joined to one text, whose Fingerprint64
    counts. An empty text is a value as any other, as it is to crossed_column.

    A column with a separator in `combo_input_seps` has several values a row, none of them empty. A
    row then has the ids of all combinations: none, if that column has no value.
    """
    if not any(feature.combo_input_seps):
        return _one_id(feature, [as_text(feature, columns[name]) for name in feature.input_names])
    parts = [
        _several(feature, columns[name], separator)
        for name, separator in zip(feature.input_names, feature.combo_input_seps)
    ]
    ids, row = _joined(feature, parts) if feature.combo_join_sep else _crossed(feature, parts)
    batch = parts[0].nrows(out_type=tf.int64)
    return Bag(ids, row, None, batch, feature.hash_bucket_size)


def _several(feature: FeatureConfig, column: Tensor, separator: str) -> Tensor:
    """string [batch, None], ragged; without a separator one value a row, which may be empty."""
    if not separator:
        return tf.RaggedTensor.from_uniform_row_length(as_text(feature, column), 1)
    pieces = pieces_of(column, separator)
    if column.dtype != tf.string:
        return pieces.with_values(as_text(feature, pieces.values))
    return tf.ragged.boolean_mask(pieces, tf.not_equal(pieces, ""))


def _one_id(feature: FeatureConfig, texts: Sequence[Tensor]) -> OneId:
    buckets = feature.hash_bucket_size
    if feature.combo_join_sep:
        joined = tf.strings.join(list(texts), feature.combo_join_sep)
        return OneId(tf.strings.to_hash_bucket_fast(joined, buckets), buckets)
    # Dense inputs of one value a row: one combination a row, in the order of the rows.
    crossed = tf.sparse.cross_hashed([text[:, tf.newaxis] for text in texts], buckets)
    return OneId(crossed.values, buckets)


def _crossed(feature: FeatureConfig, parts: List[Tensor]) -> Tuple[Tensor, Tensor]:
    """(ids, the row of each): int64 [combinations]."""
    crossed = tf.ragged.cross_hashed(parts, feature.hash_bucket_size)
    return crossed.values, crossed.value_rowids()


def _joined(feature: FeatureConfig, parts: List[Tensor]) -> Tuple[Tensor, Tensor]:
    """As `_crossed`."""
    texts = tf.sparse.cross([part.to_sparse() for part in parts], separator=feature.combo_join_sep)
    return (
        tf.strings.to_hash_bucket_fast(texts.values, feature.hash_bucket_size),
        texts.indices[:, 0],
    )
