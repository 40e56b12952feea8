"""The inputs of a model: feature groups as matrices and sequences, read from embedding tables."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple
from typing import Sequence as SequenceOf

import tensorflow as tf

from easy_esmm.config import groups
from easy_esmm.config.escaped_names import escaped
from easy_esmm.config.wide import feature_in_group
from easy_esmm.contract import Group, Sequence, TableRows, Tensor
from easy_esmm.data.row_columns import row_columns
from easy_esmm.features.encoded import Encoded
from easy_esmm.features.gather import Gathered, Pool, gather
from easy_esmm.features.histories import checked
from easy_esmm.features.registry import encoder_of
from easy_esmm.features.stacked_ids import encode_stacked
from easy_esmm.features.tables import Slot, Tables
from easy_esmm.features.unreadable import UnreadableValues
from easy_esmm.protos.feature_pb2 import FeatureConfig, FeatureGroupConfig, SeqAttGroupConfig
from easy_esmm.protos.model_pb2 import ModelConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


@dataclass(frozen=True, eq=False)
class Embedded:
    """A batch, ready for the network."""

    groups: Dict[str, Group]
    """By group name, in the order of the config."""
    columns: Mapping[str, Tensor]
    """The input columns, [batch] each: for labels, metrics and what is handed through."""
    tables: Tuple[TableRows, ...]
    """What was read from each table, or from each partition of it; the optimizer needs it."""
    readers: Dict[str, Tuple[Encoded, ...]]
    """By table name, the features that read it, each once."""
    squared_norm: Tensor
    """float32 scalar: sum of squares of all embedding vectors that the groups hold."""
    out_of_range: Dict[str, Tensor]
    """By name of each feature with `num_buckets` or a vocabulary, int64 scalar: ids of this batch
    that have no row and were given row 0; for a feature of users, each user's are counted once."""
    ids_seen: Dict[str, Tensor]
    """By the same names, int64 scalar: ids of this batch, without missing values."""


def embed(
    config: PipelineConfig,
    columns: Mapping[str, Tensor],
    unreadable: Optional[UnreadableValues] = None,
    servers: int = 0,
) -> Embedded:
    """Reads the features of all groups; features in no group are left out.

    Args:
      config: resolved.
      columns: by input name; [batch], or a RaggedTensor [batch, None] for a list column. Where
        `data_config.user_rows.row_column` is among them, as the index int32 [batch], its `columns`
        are [users]. The result is the same as if they stood in every row.
      unreadable: takes the values that features cannot read, which then are missing; None: such a
        value stops the step.
      servers: parameter servers over which tables may be spread; 0: in this process.

    Builds the tables; a second call in a graph, as for another signature, reads those of the first.
    """
    encoded = encode(config, columns, unreadable)
    features = {feature.feature_name: feature for feature in config.feature_config.features}
    tables = Tables()

    def slot(group: str, name: str) -> Slot:
        feature = feature_in_group(config.model_config, group, features[name])
        return tables.slot(group, feature, encoded[name])

    slots = {
        group.group_name: _GroupSlots.of(config.model_config, group, slot)
        for group in config.model_config.feature_groups
    }
    lookup = _Lookup(gather(tables.readers(), servers), slots, unreadable)
    looked_up = {name: lookup.group(of_group) for name, of_group in slots.items()}
    counted = {name: e for name, e in encoded.items() if e.out_of_range is not None}
    return Embedded(
        groups=looked_up,
        columns=row_columns(config, columns),
        tables=lookup.table_rows(),
        readers={
            table: tuple({s.feature.feature_name: s.encoded for s in of_table}.values())
            for table, of_table in tables.readers()
        },
        squared_norm=lookup.squared_norm(),
        out_of_range={name: e.out_of_range for name, e in counted.items()},
        ids_seen={name: e.ids_seen() for name, e in counted.items()},
    )


def encode(
    config: PipelineConfig,
    columns: Mapping[str, Tensor],
    unreadable: Optional[UnreadableValues] = None,
) -> Dict[str, Encoded]:
    """By name, each feature that a group reads, without reading a table; arguments as `embed`'s."""
    index, by_row = _index(config, columns), row_columns(config, columns)
    used = groups.features_read(config.model_config)
    features = [f for f in config.feature_config.features if f.feature_name in used]
    of_users: List[FeatureConfig] = []
    of_rows: List[FeatureConfig] = []
    for feature in features:
        is_of_users = index is not None and _is_of_users(config, feature)
        (of_users if is_of_users else of_rows).append(feature)
    encoded = _encoded(of_rows, by_row, unreadable)
    for name, of_user in _encoded(of_users, columns, unreadable).items():
        encoded[name] = of_user.of_users(index)
    return {feature.feature_name: encoded[feature.feature_name] for feature in features}


def _encoded(
    features: SequenceOf[FeatureConfig],
    columns: Mapping[str, Tensor],
    unreadable: Optional[UnreadableValues],
) -> Dict[str, Encoded]:
    # (In a request, columns that are given once are to be encoded apart from the others.)
    encoded: Dict[str, Encoded] = {}
    if unreadable is None:
        encoded.update(encode_stacked(features, columns))
    for feature in features:
        if feature.feature_name in encoded:
            continue
        # A failing op is reported by its name, which then holds the feature's.
        with tf.name_scope(f"encode/{escaped(feature.feature_name)}"):
            given = feature, columns
            if unreadable is not None:
                given = unreadable.taken_from(*given)
            encoded[feature.feature_name] = encoder_of(feature)(*given)
    return encoded


def _index(config: PipelineConfig, columns: Mapping[str, Tensor]) -> Optional[Tensor]:
    """int32 [batch]: the user of each row; None where all columns are [batch]."""
    data = config.data_config
    return columns.get(data.user_rows.row_column) if data.HasField("user_rows") else None


def _is_of_users(config: PipelineConfig, feature: FeatureConfig) -> bool:
    """Whether all columns of the feature are users'; with one of each kind it is of the rows."""
    return set(feature.input_names) <= set(config.data_config.user_rows.columns)


@dataclass(frozen=True, eq=False)
class _GroupSlots:
    """The places of a group's features, by what they are to it."""

    plain: Tuple[Slot, ...]
    """Those side by side in its matrix."""
    sequences: Tuple[Slot, ...]
    keys: Tuple[Slot, ...]
    """Those that only its attentions look up."""
    keys_found: Tuple[Slot, ...]
    """Keys that some group's matrix holds anyway: `allow_key_search`."""
    attentions: Tuple[SeqAttGroupConfig, ...]

    @classmethod
    def of(
        cls,
        model: ModelConfig,
        group: FeatureGroupConfig,
        slot: Callable[[str, str], Slot],
    ) -> _GroupSlots:
        """`slot` makes a place from the names of the group whose table it reads and the feature."""
        listed = [slot(group.group_name, name) for name in group.feature_names]
        sequences = {s.feature.feature_name: s for s in listed if s.encoded.is_sequence}
        keys: Dict[str, Slot] = {}
        keys_found: Dict[str, Slot] = {}
        for attention in group.sequence_features:
            for name in groups.keys(attention):
                home = groups.found_in(model.feature_groups, group, name)
                of_kind = keys if home is None else keys_found
                of_kind[name] = slot(home or group.group_name, name)
            for name in (*groups.histories(attention), *groups.further_histories(attention)):
                if name not in sequences:
                    sequences[name] = slot(group.group_name, name)
        return cls(
            plain=tuple(s for s in listed if not s.encoded.is_sequence),
            sequences=tuple(sequences.values()),
            keys=tuple(keys.values()),
            keys_found=tuple(keys_found.values()),
            attentions=tuple(group.sequence_features),
        )

    def __iter__(self) -> Iterator[Slot]:
        yield from (*self.plain, *self.sequences, *self.keys, *self.keys_found)


class _Lookup:
    """Vectors of slots from the gathered rows of all tables."""

    def __init__(
        self,
        gathered: Dict[str, Gathered],
        slots: Mapping[str, Iterable[Slot]],
        unreadable: Optional[UnreadableValues],
    ) -> None:
        self._gathered = gathered
        self._unreadable = unreadable
        self._pools = _pools(gathered, slots)
        self._padded: Dict[str, Tensor] = {}
        self._of_groups: List[Tensor] = []

    def group(self, slots: _GroupSlots) -> Group:
        """The slots as the network reads them."""
        sequences = {slot.feature.feature_name: self._sequence(slot) for slot in slots.sequences}
        if self._unreadable is not None:
            sequences = self._unreadable.taken_from_sequences(slots.attentions, sequences)
        for attention in slots.attentions:
            sequences = checked(attention, sequences)
        keys = {slot.feature.feature_name: self._matrix([slot]) for slot in slots.keys}
        for slot in slots.keys_found:  # which count where they were found
            keys[slot.feature.feature_name] = self._matrix([slot], is_counted=False)
        return Group(
            matrix=self._matrix(slots.plain) if slots.plain else _no_columns(sequences),
            widths={
                slot.feature.feature_name: slot.encoded.width(slot.feature.embedding_dim)
                for slot in slots.plain
            },
            sequences=sequences,
            keys=keys,
        )

    def table_rows(self) -> Tuple[TableRows, ...]:
        """What was read from each table, or from each partition of it."""
        return tuple(rows for gathered in self._gathered.values() for rows in gathered.table_rows)

    def squared_norm(self) -> Tensor:
        """Sum of squares of the vectors of all groups so far."""
        if not self._of_groups:
            return tf.zeros([])
        return 2 * tf.add_n([tf.nn.l2_loss(vectors) for vectors in self._of_groups])

    def _matrix(self, slots: SequenceOf[Slot], is_counted: bool = True) -> Tensor:
        """float32 [batch, width]: the slots side by side; `is_counted` by `squared_norm`."""
        parts: List[Tensor] = []
        for (has_table, is_of_users), same in groupby(slots, key=_lookup_kind):
            run = list(same)
            if not has_table:
                parts.extend(slot.encoded.numbers() for slot in run)
                continue
            vectors = self._vectors(run)
            if is_of_users:
                vectors = [run[0].encoded.by_row(_side_by_side(vectors))]
            if is_counted:
                self._of_groups.extend(vectors)
            parts.extend(vectors)
        return _side_by_side(parts)

    def _sequence(self, slot: Slot) -> Sequence:
        if slot.table is None:
            return slot.encoded.number_sequence()
        sequence = slot.encoded.sequence(*self._rows(slot), slot.feature.combiner)
        self._of_groups.append(sequence.values)
        return sequence

    def _vectors(self, slots: SequenceOf[Slot]) -> List[Tensor]:
        """float32 [batch or users, width] each; side by side they are the slots."""
        vectors: List[Tensor] = []
        for (one_id, dimension), same in groupby(slots, key=_pool_key):
            run = list(same)
            if one_id:
                vectors.append(self._pools[dimension].look_up(run))
            else:
                vectors.extend(
                    slot.encoded.pooled(*self._rows(slot), slot.feature.combiner) for slot in run
                )
        return vectors

    def _rows(self, slot: Slot) -> Tuple[Tensor, Tensor]:
        """The table's gathered rows behind a zero row, and the slot's positions among them."""
        name = slot.table or ""
        if name not in self._padded:
            self._padded[name] = tf.concat(self._gathered[name].padded(), axis=0)
        return self._padded[name], self._gathered[name].positions[slot.feature.feature_name]


def _lookup_kind(slot: Slot) -> Tuple[bool, bool]:
    """(whether the slot has a table, whether its rows are users)."""
    return slot.table is not None, slot.encoded.index is not None


def _pool_key(slot: Slot) -> Tuple[bool, int]:
    """Neighbours that are equal in this may be looked up together."""
    return slot.encoded.one_id, slot.feature.embedding_dim


def _side_by_side(parts: SequenceOf[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else tf.concat(parts, axis=1)


def _no_columns(sequences: Mapping[str, Sequence]) -> Tensor:
    """float32 [batch, 0]: the matrix of a group that holds nothing but sequences."""
    first = next(iter(sequences.values()))
    return tf.zeros([tf.shape(first.mask)[0], 0])


def _pools(gathered: Dict[str, Gathered], slots: Mapping[str, Iterable[Slot]]) -> Dict[int, Pool]:
    """By dimension, the tables that features with one id a row read."""
    tables: Dict[int, Dict[str, Gathered]] = {}
    for of_group in slots.values():
        for slot in of_group:
            if slot.table is not None and slot.encoded.one_id:
                same = tables.setdefault(slot.feature.embedding_dim, {})
                same[slot.table] = gathered[slot.table]
    return {dimension: Pool(of_dimension) for dimension, of_dimension in tables.items()}
