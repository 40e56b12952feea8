"""Encoded sequences: the elements of each row in their order, before any table is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Optional, Tuple

import tensorflow as tf

from easy_esmm.contract import Sequence, Tensor
from easy_esmm.features.encoded import MISSING, Encoded
from easy_esmm.features.pick import pick
from easy_esmm.features.pooling import pool


@dataclass(frozen=True, eq=False)
class Places:
    """Where the elements of each row stand; "rows" may be users, as in `Encoded`."""

    lengths: Tensor
    """int64 [rows]: elements of each row, at most `time`."""
    time: Tensor
    """int32 scalar, at least 1: places in each row."""

    @property
    def rows(self) -> Tensor:
        """int64 scalar."""
        return tf.shape(self.lengths, out_type=tf.int64)[0]

    def mask(self, index: Optional[Tensor]) -> Tensor:
        """bool [batch, time]: whether the row has an element there."""
        mask = tf.sequence_mask(self.lengths, self.time)
        return mask if index is None else tf.gather(mask, index)

    def sequence(self, vectors: Tensor, index: Optional[Tensor]) -> Sequence:
        """From a vector for each place, [rows x time, width], zeros behind the end of a row."""
        width = vectors.shape[1]
        if index is None:
            values = tf.reshape(vectors, [-1, self.time, width])
        else:
            first = tf.cast(index, tf.int32) * self.time
            values = pick(vectors, first[:, tf.newaxis] + tf.range(self.time))
        return Sequence(values, self.mask(index))


@dataclass(frozen=True, eq=False)
class IdSequence(Encoded):
    """An id for each element."""

    ids: Tensor
    """int64 [rows, time], in [0, vocabulary), or `MISSING`, as behind the end of a row."""
    places: Places
    vocabulary: int
    """Rows of the table."""
    out_of_range: Optional[Tensor] = None
    index: Optional[Tensor] = None

    is_sequence = True

    @property
    def table_rows(self) -> int:
        return self.vocabulary

    def ids_to_read(self) -> Tensor:
        return tf.reshape(self.ids, [-1])

    def checks(self) -> List[Tensor]:
        return [tf.reduce_all(self.ids >= MISSING)]

    def sequence(self, matrix: Tensor, positions: Tensor, combiner: str) -> Sequence:
        positions = tf.reshape(positions, tf.shape(self.ids))
        if self.index is not None:
            # Numbers of rows are expanded rather than vectors, of which there are `width` as many.
            positions = tf.gather(positions, self.index)
        return Sequence(pick(matrix, positions), self.places.mask(self.index))

    def look_ups(self) -> Optional[Tuple[Tensor, Tensor]]:
        ids = self.ids_to_read()
        if self.index is None:
            return ids, tf.ones_like(ids)
        return ids, tf.repeat(self._rows_per_user(self.places.rows), self.places.time)


@dataclass(frozen=True, eq=False)
class BagSequence(Encoded):
    """Any number of ids for each element, pooled into one vector."""

    ids: Tensor
    """int64 [values], in [0, vocabulary), or `MISSING`."""
    place: Tensor
    """int64 [values], ascending: row x time + place of the element that each id belongs to."""
    places: Places
    vocabulary: int
    """Rows of the table."""
    out_of_range: Optional[Tensor] = None
    index: Optional[Tensor] = None

    is_sequence = True

    @property
    def table_rows(self) -> int:
        return self.vocabulary

    def ids_to_read(self) -> Tensor:
        return self.ids

    def checks(self) -> List[Tensor]:
        return [tf.reduce_all(self.ids >= MISSING)]

    def sequence(self, matrix: Tensor, positions: Tensor, combiner: str) -> Sequence:
        elements = self.places.rows * tf.cast(self.places.time, tf.int64)
        vectors = pool(matrix, positions, self.place, elements, None, combiner)
        return self.places.sequence(vectors, self.index)

    def look_ups(self) -> Optional[Tuple[Tensor, Tensor]]:
        if self.index is None:
            return self.ids, tf.ones_like(self.ids)
        row = self.place // tf.cast(self.places.time, tf.int64)
        return self.ids, tf.gather(self._rows_per_user(self.places.rows), row)


@dataclass(frozen=True, eq=False)
class NumberSequence(Encoded):
    """Numbers for each element, as they are, or as factors of one learned vector each."""

    values: Tensor
    """float32 [rows x time, count]; 0 where the value is missing."""
    places: Places
    count: int
    index: Optional[Tensor] = None

    is_sequence = True

    @property
    def table_rows(self) -> int:
        return self.count

    def ids_to_read(self) -> Tensor:
        return tf.range(self.count, dtype=tf.int64)

    def checks(self) -> List[Tensor]:
        return [tf.reduce_all(tf.math.is_finite(self.values))]

    def width(self, dimension: int) -> int:
        return dimension or self.count

    def number_sequence(self) -> Sequence:
        return self.places.sequence(self.values, self.index)

    def sequence(self, matrix: Tensor, positions: Tensor, combiner: str) -> Sequence:
        vectors = tf.linalg.matmul(self.values, pick(matrix, positions))
        return self.places.sequence(vectors, self.index)
