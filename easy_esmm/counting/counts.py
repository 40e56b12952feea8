"""Counts texts in bounded memory: what does not fit goes to files, a part of the texts in each."""

from __future__ import annotations

import os
from typing import Any, Iterator, List, Tuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import tensorflow as tf

_PARTS = 64
_SCHEMA = pa.schema([("text", pa.large_binary()), ("count", pa.int64())])


class Counts:
    """How often each of many texts occurred."""

    def __init__(self, folder: str, in_memory: int = 4_000_000) -> None:
        """`folder`: empty, for what does not fit; `in_memory`: distinct texts kept outside it."""
        self._folder = folder
        self._in_memory = in_memory
        self._chunks: List[Any] = []
        self._rows = 0
        self._files = 0
        self.total = 0
        """Occurrences so far."""

    def add(self, texts: Any) -> None:
        """Counts an array of bytes objects."""
        if not len(texts):
            return
        self.total += len(texts)
        found = pc.value_counts(pa.array(texts, pa.large_binary()))
        table = pa.table([found.field(0), found.field(1)], schema=_SCHEMA)
        self._chunks.append(table)
        self._rows += table.num_rows
        if self._rows > 2 * self._in_memory:
            self._make_room()

    def parts(self) -> Iterator[Any]:
        """Tables of `text` and `count`, together each text once."""
        if not self._files:
            yield _summed(self._chunks)
            return
        self._spill(_summed(self._chunks))
        self._chunks, self._rows = [], 0
        for part in range(_PARTS):
            paths = (self._path(part, number) for number in range(self._files))
            yield _summed([pq.read_table(p, memory_map=True) for p in paths if os.path.exists(p)])

    def _make_room(self) -> None:
        table = _summed(self._chunks)
        self._chunks, self._rows = [table], table.num_rows
        if self._rows > self._in_memory:
            self._spill(table)
            self._chunks, self._rows = [], 0

    def _spill(self, table: Any) -> None:
        """Writes each text to the file of its part."""
        texts = table["text"].to_numpy()
        part_of = tf.strings.to_hash_bucket_fast(texts, _PARTS).numpy() if len(texts) else texts
        for part in range(_PARTS):
            rows = np.flatnonzero(part_of == part)
            if len(rows):
                pq.write_table(table.take(rows), self._path(part, self._files))
        self._files += 1

    def _path(self, part: int, number: int) -> str:
        return os.path.join(self._folder, f"{part}-{number}.parquet")


def _summed(tables: List[Any]) -> Any:
    if not tables:
        return _SCHEMA.empty_table()
    found = pa.concat_tables(tables).group_by("text").aggregate([("count", "sum")])
    return pa.table([found["text"], found["count_sum"]], schema=_SCHEMA)


def most_frequent_first(table: Any) -> Any:
    """The rows by descending count, those of equal counts by their text's bytes."""
    order: List[Tuple[str, str]] = [("count", "descending"), ("text", "ascending")]
    return table.take(pc.sort_indices(table, sort_keys=order))
