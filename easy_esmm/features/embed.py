"""The inputs of a model: feature groups as matrices, looked up in embedding tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

import tensorflow as tf

from easy_esmm.contract import TableRows, Tensor
from easy_esmm.features.encoded import MISSING, Bag, Encoded, Numbers, OneId
from easy_esmm.features.gather import Gathered, Pool, gather, pick
from easy_esmm.features.pooling import pool
from easy_esmm.features.registry import encoder_of
from easy_esmm.features.tables import Slot, Tables, escaped, width_of
from easy_esmm.protos.feature_pb2 import FeatureConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


@dataclass(frozen=True, eq=False)
class Embedded:
    """A batch, ready for the network."""

    groups: Dict[str, Tensor]
    """By group name, in the order of the config: float32 [batch, width], the group's features side
    by side in the order of the config."""
    widths: Dict[str, Tuple[int, ...]]
    """By group name, the columns of each of its features."""
    tables: Tuple[TableRows, ...]
    """What was read from each table; the optimizer needs it."""
    squared_norm: Tensor
    """float32 scalar: sum of squares of all embedding vectors that the groups hold."""
    out_of_range: Dict[str, Tensor]
    """By name of each feature with `num_buckets` or a vocabulary, int64 scalar: ids of this batch
    that have no row and were given row 0; for a feature of users, each user's are counted once."""
    ids_seen: Dict[str, Tensor]
    """By the same names, int64 scalar: ids of this batch, without missing values."""


def embed(config: PipelineConfig, columns: Mapping[str, Tensor]) -> Embedded:
    """Reads the features of all groups; features in no group are left out.

    Args:
      config: resolved.
      columns: by input name; [batch], or a RaggedTensor [batch, None] for a list column. Where
        `data_config.user_rows.row_column` is among them, as the index int32 [batch], its `columns`
        are [users]. The result is the same as if they stood in every row.

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
        widths={
            name: tuple(width_of(slot) for slot in of_group) for name, of_group in slots.items()
        },
        tables=lookup.table_rows(),
        squared_norm=lookup.squared_norm(),
        out_of_range={name: e.out_of_range for name, e in counted.items()},
        ids_seen={name: _ids_seen(e.ids) for name, e in counted.items()},
    )


def encode(config: PipelineConfig, columns: Mapping[str, Tensor]) -> Dict[str, Encoded]:
    """By name, each feature that stands in a group, without reading a table."""
    index = _index(config, columns)
    used = {name for group in config.model_config.feature_groups for name in group.feature_names}
    encoded = {}
    for feature in config.feature_config.features:
        if feature.feature_name in used:
            # A failing op is reported by its name, which then says the feature.
            with tf.name_scope(f"encode/{escaped(feature.feature_name)}"):
                found = encoder_of(feature)(feature, columns)
            of_users = index is not None and _is_of_users(config, feature)
            encoded[feature.feature_name] = replace(found, index=index) if of_users else found
    return encoded


def _index(config: PipelineConfig, columns: Mapping[str, Tensor]) -> Optional[Tensor]:
    """int32 [batch]: the user of each row; None where all columns are [batch]."""
    data = config.data_config
    return columns.get(data.user_rows.row_column) if data.HasField("user_rows") else None


def _is_of_users(config: PipelineConfig, feature: FeatureConfig) -> bool:
    # The config's rules have it that its columns are all of users, or none.
    return feature.input_names[0] in config.data_config.user_rows.columns


class _Lookup:
    """Vectors of slots from the gathered rows of all tables."""

    def __init__(self, gathered: Dict[str, Gathered], slots: Mapping[str, Sequence[Slot]]) -> None:
        self._gathered = gathered
        self._pools = _pools(gathered, slots)
        self._padded: Dict[str, Tensor] = {}
        self._of_groups: List[Tensor] = []

    def group(self, slots: Sequence[Slot]) -> Tensor:
        """float32 [batch, width]: the slots side by side."""
        parts: List[Tensor] = []
        for (is_plain, is_of_users), same in groupby(slots, key=_way):
            run = list(same)
            if is_plain:
                parts.extend(_numbers(slot) for slot in run)
                continue
            vectors = self._vectors(run)
            if is_of_users:
                vectors = [_spread(_side_by_side(vectors), run[0])]
            self._of_groups.extend(vectors)
            parts.extend(vectors)
        return _side_by_side(parts)

    def table_rows(self) -> Tuple[TableRows, ...]:
        """What was read from each table."""
        return tuple(gathered.table_rows for gathered in self._gathered.values())

    def squared_norm(self) -> Tensor:
        """Sum of squares of the vectors of all groups so far."""
        if not self._of_groups:
            return tf.zeros([])
        return 2 * tf.add_n([tf.nn.l2_loss(vectors) for vectors in self._of_groups])

    def _vectors(self, slots: Sequence[Slot]) -> List[Tensor]:
        """float32 [batch or users, width] each; side by side they are the slots."""
        vectors: List[Tensor] = []
        for (kind, dimension), same in groupby(slots, key=_kind_and_dimension):
            run = list(same)
            if kind is OneId:  # one look-up for the whole run
                vectors.append(self._pools[dimension].look_up(run))
            else:
                vectors.extend(self._pooled(slot) for slot in run)
        return vectors

    def _pooled(self, slot: Slot) -> Tensor:
        """float32 [batch or users, dimension] of a bag, or of numbers with a table."""
        encoded = slot.encoded
        matrix, positions = self._rows(slot)
        if isinstance(encoded, Bag):
            return pool(matrix, positions, encoded, slot.feature.combiner)
        if isinstance(encoded, Numbers):
            return tf.linalg.matmul(encoded.values, pick(matrix, positions))
        raise TypeError(f"{type(encoded).__name__} is looked up in runs")

    def _rows(self, slot: Slot) -> Tuple[Tensor, Tensor]:
        """The table's gathered rows behind a zero row, and the slot's positions among them."""
        name = slot.table or ""
        if name not in self._padded:
            self._padded[name] = tf.concat(self._gathered[name].padded(), axis=0)
        return self._padded[name], self._gathered[name].positions[slot.feature.feature_name]


def _way(slot: Slot) -> Tuple[bool, bool]:
    """(whether the slot is numbers as they are, whether its rows are users)."""
    return slot.table is None, slot.encoded.index is not None


def _numbers(slot: Slot) -> Tensor:
    """float32 [batch, count] of a slot without a table."""
    if not isinstance(slot.encoded, Numbers):
        raise TypeError(f"{type(slot.encoded).__name__} needs a table")
    return _spread(slot.encoded.values, slot)


def _spread(of_users: Tensor, slot: Slot) -> Tensor:
    """From a row a user to a row an impression; as it is where the slot's rows are not users."""
    index = slot.encoded.index
    return of_users if index is None else pick(of_users, index)


def _side_by_side(parts: Sequence[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else tf.concat(parts, axis=1)


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
