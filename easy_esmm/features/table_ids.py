"""Which rows of which table a batch reads, and for how many of its rows: for counting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Mapping, Tuple

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.features.embed import encode
from easy_esmm.features.encoded import Bag, Encoded, Numbers
from easy_esmm.features.tables import Tables
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


@dataclass(frozen=True, eq=False)
class TableIds:
    """The look-ups of one table in a batch."""

    ids: Tensor
    """int64 [look-ups], in [0, vocabulary), or `MISSING`."""
    times: Tensor
    """int64 [look-ups]: rows of the batch that each stands for."""
    vocabulary: int
    """Rows of the table."""


def table_ids(config: PipelineConfig, columns: Mapping[str, Tensor]) -> Dict[str, TableIds]:
    """By table name. Encodes again, and reads no table; learned vectors of numbers are left out.

    `columns` are those that `embed` takes.
    """
    features = {feature.feature_name: feature for feature in config.feature_config.features}
    encoded = encode(config, columns)
    tables = Tables()
    for group in config.model_config.feature_groups:
        for name in group.feature_names:
            tables.slot(group.group_name, features[name], encoded[name])
    found = {}
    for table, slots in tables.readers():
        # A feature that stands twice in a table's groups is looked up once a row.
        readers = {slot.feature.feature_name: slot.encoded for slot in slots}
        parts = [_look_ups(e) for e in readers.values() if not isinstance(e, Numbers)]
        if parts:
            found[table] = _together(parts)
    return found


def _together(parts: List[Tuple[Tensor, Tensor, int]]) -> TableIds:
    ids, times, vocabularies = zip(*parts)
    return TableIds(tf.concat(ids, axis=0), tf.concat(times, axis=0), vocabularies[0])


def _look_ups(encoded: Encoded) -> Tuple[Tensor, Tensor, int]:
    if isinstance(encoded, Numbers):
        raise TypeError("numbers have no ids")
    if encoded.index is None:
        return encoded.ids, tf.ones_like(encoded.ids), encoded.vocabulary
    users = encoded.batch if isinstance(encoded, Bag) else tf.size(encoded.ids)
    rows = tf.math.bincount(encoded.index, minlength=tf.cast(users, tf.int32), dtype=tf.int64)
    times = tf.gather(rows, encoded.row) if isinstance(encoded, Bag) else rows
    return encoded.ids, times, encoded.vocabulary
