"""LookupFeature: the values that a map of the row holds under the row's key."""

from __future__ import annotations

from typing import Mapping

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.features.encoded import Bag
from easy_esmm.features.ids import as_text, to_ids
from easy_esmm.features.pieces import first_of, pairs_of, pieces_of
from easy_esmm.features.registry import register
from easy_esmm.protos.feature_pb2 import FeatureConfig


@register(FeatureConfig.LookupFeature)
def encode_lookup(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> Bag:
    """The ids of the values whose key, in the map of the second column, is that of the first.

    The map is `key:value` pieces with `kv_separator` between the two; both keys are compared as
    text. Of several values the first `lookup_max_sel_elem_num` count. An empty key finds nothing.
    """
    found = values_found(feature, columns)
    ids = to_ids(feature, found.values)
    return Bag(
        ids=ids.ids,
        row=found.value_rowids(),
        weights=None,
        batch=found.nrows(out_type=tf.int64),
        vocabulary=ids.vocabulary,
        out_of_range=ids.out_of_range,
    )


def values_found(feature: FeatureConfig, columns: Mapping[str, Tensor]) -> Tensor:
    """The values under each row's key, text, ragged [batch, None]."""
    key_column, map_column = feature.input_names
    pieces = pieces_of(columns[map_column], feature.separator)
    entries, values = pairs_of(feature, pieces.values, map_column, ("key", "value"))
    key = tf.gather(as_text(feature, columns[key_column]), pieces.value_rowids())
    is_found = tf.equal(entries, key) & tf.not_equal(key, "")
    found = tf.ragged.boolean_mask(pieces.with_values(values), pieces.with_values(is_found))
    return first_of(found, feature.lookup_max_sel_elem_num)
