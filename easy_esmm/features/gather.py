"""Embedding look-up: gathers each table's distinct ids once, for many features at a time.

The ids that a batch reads from a table are made unique first. The gathered rows are what the loss
is differentiated by, and what the optimizer writes back. Features then pick from the gathered rows,
with a row of zeros in front of each table's, which stands for missing values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Sequence, Tuple

import tensorflow as tf

from easy_esmm.contract import TableRows, Tensor
from easy_esmm.features.encoded import MISSING
from easy_esmm.features.pick import pick
from easy_esmm.features.tables import Slot, create


@dataclass(frozen=True, eq=False)
class Gathered:
    """One table's rows in this batch."""

    table_rows: TableRows
    positions: Dict[str, Tensor]
    """By feature name, int32, shape of the feature's ids: 1 + the index into the gathered rows, or
    0 where the id is missing."""

    def padded(self) -> List[Tensor]:
        """The zero row, and the gathered rows: what `positions` count in when concatenated."""
        rows = self.table_rows.rows
        return [tf.zeros([1, rows.shape[1]]), rows]


def gather(readers: Sequence[Tuple[str, Sequence[Slot]]]) -> Dict[str, Gathered]:
    """Creates each table and reads from it what its slots need; by table name."""
    gathered = {}
    # A feature that reads two tables (it stands in two groups) has its ids made unique once.
    unique: Dict[Tuple[str, ...], Tuple[Tensor, Dict[str, Tensor]]] = {}
    for name, slots in readers:
        ids_of = {slot.feature.feature_name: slot.encoded.ids_to_read() for slot in slots}
        key = tuple(ids_of)
        if key not in unique:
            unique[key] = _unique(ids_of)
        ids, positions = unique[key]
        table = create(name, slots[0])
        gathered[name] = Gathered(TableRows(table, ids, tf.gather(table, ids)), positions)
    return gathered


class Pool:
    """The rows of all tables of one dimension in one matrix, for one look-up of many features."""

    def __init__(self, tables: Dict[str, Gathered]) -> None:
        self._tables = tables
        self._number = {name: i for i, name in enumerate(tables)}
        lengths = tf.stack([1 + tf.size(g.table_rows.ids) for g in tables.values()])
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
