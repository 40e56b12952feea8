"""Embedding look-up: gathers each table's distinct ids once, for many features at a time.

The ids that a batch reads from a table are made unique first. The gathered rows are what the loss
is differentiated by, and what the optimizer writes back. Features then pick from the gathered rows,
with a row of zeros in front of each table's, which stands for missing values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
import tensorflow as tf

from easy_esmm.contract import TableRows, Tensor
from easy_esmm.features.encoded import MISSING
from easy_esmm.features.pick import pick
from easy_esmm.features.tables import Slot, create


@dataclass(frozen=True, eq=False)
class Gathered:
    """One table's rows in this batch."""

    rows: Tensor
    """float32 [unique, dimension]: the gathered rows."""
    table_rows: Tuple[TableRows, ...]
    """The same by partition of the table; one for a table that is whole."""
    positions: Dict[str, Tensor]
    """By feature name, int32, shape of the feature's ids: 1 + the index into the gathered rows, or
    0 where the id is missing."""

    def padded(self) -> List[Tensor]:
        """The zero row, and the gathered rows: what `positions` count in when concatenated."""
        return [tf.zeros([1, self.rows.shape[1]]), self.rows]


def gather(readers: Sequence[Tuple[str, Sequence[Slot]]], servers: int = 0) -> Dict[str, Gathered]:
    """Creates each table and reads from it what its slots need; by table name.

    `servers`: as for `embed`.
    """
    gathered = {}
    # A feature that reads two tables (it stands in two groups) has its ids made unique once.
    unique: Dict[Tuple[str, ...], Tuple[Tensor, Dict[str, Tensor]]] = {}
    for name, slots in readers:
        ids_of = {slot.feature.feature_name: slot.encoded.ids_to_read() for slot in slots}
        key = tuple(ids_of)
        if key not in unique:
            unique[key] = _unique(ids_of)
        ids, positions = unique[key]
        partitions = create(name, slots[0], servers)
        gathered[name] = Gathered(*_read(partitions, ids), positions)
    return gathered


def _read(partitions: Sequence[Any], ids: Tensor) -> Tuple[Tensor, Tuple[TableRows, ...]]:
    """The rows, and the same by partition, each read where it stands."""
    if len(partitions) == 1:
        read = _read_one(partitions[0], ids)
        return read.rows, (read,)
    ends = np.cumsum([partition.shape[0] for partition in partitions])
    number = tf.searchsorted(tf.constant(ends), ids, side="right", out_type=tf.int32)
    parts = tf.dynamic_partition(ids, number, len(partitions))
    starts = [0, *ends[:-1]]
    by_partition = tuple(
        _read_one(partition, of_partition - start)
        for partition, of_partition, start in zip(partitions, parts, starts)
    )
    places = tf.dynamic_partition(tf.range(tf.size(ids)), number, len(partitions))
    return tf.dynamic_stitch(places, [read.rows for read in by_partition]), by_partition


def _read_one(partition: Any, ids: Tensor) -> TableRows:
    with tf.device(partition.device):
        rows = tf.gather(partition, ids)
    return TableRows(partition, ids, rows)


class Pool:
    """The rows of all tables of one dimension in one matrix, for one look-up of many features."""

    def __init__(self, tables: Dict[str, Gathered]) -> None:
        self._tables = tables
        self._number = {name: i for i, name in enumerate(tables)}
        # (Of ids, of which the size is one operation and not two.)
        sizes = ([tf.size(part.ids) for part in g.table_rows] for g in tables.values())
        lengths = tf.stack([sum(of_table, 1) for of_table in sizes])
        self._starts = tf.cumsum(lengths, exclusive=True)
        self._matrix = tf.concat([part for g in tables.values() for part in g.padded()], axis=0)

    def look_up(self, slots: Sequence[Slot]) -> Tensor:
        """float32 [batch, features x dimension]: the vectors of features with one id a row."""
        columns = [self._tables[_table(s)].positions[s.feature.feature_name] for s in slots]
        starts = tf.gather(self._starts, [self._number[_table(slot)] for slot in slots])
        # Stacked by rows and then transposed: 0.65 against 0.91 ms for 23 features of 4096 rows.
        index = tf.transpose(tf.stack(columns) + starts[:, tf.newaxis])
        vectors = pick(self._matrix, index)
        return tf.reshape(vectors, [-1, len(slots) * self._matrix.shape[1]])


def _table(slot: Slot) -> str:
    if slot.table is None:
        raise ValueError(f"feature {slot.feature.feature_name} reads no table")
    return slot.table


def _unique(ids_of: Dict[str, Tensor]) -> Tuple[Tensor, Dict[str, Tensor]]:
    """The distinct ids without `MISSING`, and each feature's positions (see `Gathered`)."""
    # tf.unique numbers ids in the order of their first occurrence: with MISSING in front, it is
    # number 0 whether or not a value is missing, and the others count from 1.
    missing = tf.constant([MISSING], tf.int64)
    unique = tf.unique(tf.concat([missing, *ids_of.values()], axis=0))
    positions = unique.idx[1:]
    if len(ids_of) == 1:
        return unique.y[1:], dict.fromkeys(ids_of, positions)
    parts = tf.split(positions, [tf.size(ids) for ids in ids_of.values()], num=len(ids_of))
    return unique.y[1:], dict(zip(ids_of, parts))
