"""The inputs of a model: feature groups as matrices, looked up in embedding tables."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Dict, List, Mapping, Sequence, Tuple

import tensorflow as tf

from easy_esmm.contract import TableRows, Tensor
from easy_esmm.features.encoded import MISSING, Bag, Encoded, Numbers, OneId
from easy_esmm.features.gather import Gathered, Pool, gather, pick
from easy_esmm.features.pooling import pool
from easy_esmm.features.registry import encoder_of
from easy_esmm.features.tables import Slot, Tables, escaped
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


@dataclass(frozen=True, eq=False)
class Embedded:
    """A batch, ready for the network."""

    groups: Dict[str, Tensor]
    """By group name, in the order of the config: float32 [batch, width], the group's features side
    by side in the order of the config."""
    tables: Tuple[TableRows, ...]
    """What was read from each table; the optimizer needs it."""
    squared_norm: Tensor
    """float32 scalar: sum of squares of all embedding vectors that the groups hold."""
    out_of_range: Dict[str, Tensor]
    """By name of each feature with `num_buckets` or a vocabulary, int64 scalar: ids of this batch
    that have no row and were given row 0."""
    ids_seen: Dict[str, Tensor]
    """By the same names, int64 scalar: ids of this batch, without missing values."""


def embed(config: PipelineConfig, columns: Mapping[str, Tensor]) -> Embedded:
    """Reads the features of all groups; features in no group are left out.

    Args:
      config: resolved.
      columns: by input name; [batch], or a RaggedTensor [batch, None] for a list column.

    Builds variables: call once in a graph. Raises UserError for a feature that does not fit its
    columns or its table.
    """
    encoded = encode(config, columns)
    features = {feature.feature_name: feature for feature in config.feature_config.features}
    tables = Tables()
    slots = {
        group.group_name: [
            tables.slot(group.group_name, features[name], encoded[name])
            for name in group.feature_names
        ]
        for group in config.model_config.feature_groups
    }
    lookup = _Lookup(gather(tables.readers()), slots)
    groups = {name: lookup.group(of_group) for name, of_group in slots.items()}
    counted = {
        name: e
        for name, e in encoded.items()
        if not isinstance(e, Numbers) and e.out_of_range is not None
    }
    return Embedded(
        groups=groups,
        tables=lookup.table_rows(),
        squared_norm=lookup.squared_norm(),
        out_of_range={name: e.out_of_range for name, e in counted.items()},
        ids_seen={name: _ids_seen(e.ids) for name, e in counted.items()},
    )


def encode(config: PipelineConfig, columns: Mapping[str, Tensor]) -> Dict[str, Encoded]:
    """By name, each feature that stands in a group, without reading a table."""
    used = {name for group in config.model_config.feature_groups for name in group.feature_names}
    encoded = {}
    for feature in config.feature_config.features:
        if feature.feature_name in used:
            # A failing op is reported by its name, which then says the feature.
            with tf.name_scope(f"encode/{escaped(feature.feature_name)}"):
                encoded[feature.feature_name] = encoder_of(feature)(feature, columns)
    return encoded


class _Lookup:
    """Vectors of slots from the gathered rows of all tables."""

    def __init__(self, gathered: Dict[str, Gathered], slots: Mapping[str, Sequence[Slot]]) -> None:
        self._gathered = gathered
        self._pools = _pools(gathered, slots)
        self._padded: Dict[str, Tensor] = {}
        self._vectors: List[Tensor] = []

    def group(self, slots: Sequence[Slot]) -> Tensor:
        """float32 [batch, width]: the slots side by side."""
        parts: List[Tensor] = []
        for (kind, dimension), same in groupby(slots, key=_kind_and_dimension):
            run = list(same)
            if kind is OneId:  # one look-up for the whole run
                parts.append(self._remember(self._pools[dimension].look_up(run)))
            else:
                parts.extend(self._alone(slot) for slot in run)
        return parts[0] if len(parts) == 1 else tf.concat(parts, axis=1)

    def table_rows(self) -> Tuple[TableRows, ...]:
        """What was read from each table."""
        return tuple(gathered.table_rows for gathered in self._gathered.values())

    def squared_norm(self) -> Tensor:
        """Sum of squares of the vectors of all groups so far."""
        if not self._vectors:
            return tf.zeros([])
        return 2 * tf.add_n([tf.nn.l2_loss(vectors) for vectors in self._vectors])

    def _alone(self, slot: Slot) -> Tensor:
        """float32 [batch, width] of a bag, or of numbers."""
        encoded = slot.encoded
        if isinstance(encoded, Numbers) and slot.table is None:
            return encoded.values
        matrix, positions = self._rows(slot)
        if isinstance(encoded, Bag):
            return self._remember(pool(matrix, positions, encoded, slot.feature.combiner))
        if isinstance(encoded, Numbers):
            return self._remember(tf.linalg.matmul(encoded.values, pick(matrix, positions)))
        raise TypeError(f"{type(encoded).__name__} is looked up in runs")

    def _rows(self, slot: Slot) -> Tuple[Tensor, Tensor]:
        """The table's gathered rows behind a zero row, and the slot's positions among them."""
        name = slot.table or ""
        if name not in self._padded:
            self._padded[name] = tf.concat(self._gathered[name].padded(), axis=0)
        return self._padded[name], self._gathered[name].positions[slot.feature.feature_name]

    def _remember(self, vectors: Tensor) -> Tensor:
        self._vectors.append(vectors)
        return vectors


def _kind_and_dimension(slot: Slot) -> Tuple[type, int]:
    return type(slot.encoded), slot.feature.embedding_dim


def _pools(gathered: Dict[str, Gathered], slots: Mapping[str, Sequence[Slot]]) -> Dict[int, Pool]:
    """By dimension, the tables that features with one id a row read."""
    tables: Dict[int, Dict[str, Gathered]] = {}
    for of_group in slots.values():
        for slot in of_group:
            if slot.table is not None and isinstance(slot.encoded, OneId):
                same = tables.setdefault(slot.feature.embedding_dim, {})
                same[slot.table] = gathered[slot.table]
    return {dimension: Pool(of_dimension) for dimension, of_dimension in tables.items()}


def _ids_seen(ids: Tensor) -> Tensor:
    return tf.math.count_nonzero(tf.not_equal(ids, MISSING), dtype=tf.int64)
