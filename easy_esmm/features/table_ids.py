"""Counts look-ups: the rows of each table that a batch reads, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.features.embed import Embedded


@dataclass(frozen=True, eq=False)
class TableIds:
    """The look-ups of one table in a batch."""

    ids: Tensor
    """int64 [look-ups], in [0, vocabulary), or `MISSING`."""
    times: Tensor
    """int64 [look-ups]: rows of the batch that each stands for."""
    vocabulary: int
    """Rows of the table."""


def table_ids(embedded: Embedded) -> Dict[str, TableIds]:
    """By table name; learned vectors of numbers are left out.

    A feature that stands twice in a table's groups is looked up once a row.
    """
    found = {}
    for table, readers in embedded.readers.items():
        parts = [part for part in (reader.look_ups() for reader in readers) if part is not None]
        if parts:
            ids, times = (tf.concat(tensors, axis=0) for tensors in zip(*parts))
            found[table] = TableIds(ids, times, readers[0].table_rows)
    return found
