"""Encoded features: ids, bags of ids or numbers, before any table is read.

Encoding is a pure function of the input columns and holds no variables, so that it may run wherever
the columns are: beside the model, or in the threads that read the input. Where a batch holds its
users once, features of users are encoded once a user ("batch" is then the number of users), and
what they become is given to the batch's rows by `index`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar, List, Optional, Tuple

import tensorflow as tf

from easy_esmm.contract import Sequence, Tensor
from easy_esmm.features.pick import pick
from easy_esmm.features.pooling import pool

# The id of a value that is not there; its embedding is the zero vector.
MISSING = -1


class Encoded(ABC):
    """A feature of a batch; each kind knows what it reads from its table and what it becomes.

    `matrix` are rows of the table behind a row of zeros, and `positions`, int32 in the order of
    `ids_to_read`, says which of them the feature reads: 0 for a missing id.
    """

    one_id: ClassVar[bool] = False
    """Whether each row has one id: neighbours of this kind are looked up together."""
    is_sequence: ClassVar[bool] = False
    """Whether it is a sequence of its group, not a part of the group's matrix."""

    index: Optional[Tensor] = None
    """int32 [batch], where the rows here are users: the user of each row of the batch. None: the
    rows here are those of the batch."""
    out_of_range: Optional[Tensor] = None
    """int64 scalar: values of the batch without a row of their own, which were given row 0; None
    where there cannot be any."""

    @property
    @abstractmethod
    def table_rows(self) -> int:
        """Rows of the feature's table."""

    @abstractmethod
    def ids_to_read(self) -> Tensor:
        """int64 [ids]: the rows to read from the table, or `MISSING`; repeated where they are."""

    @abstractmethod
    def checks(self) -> List[Tensor]:
        """Bool scalars that hold where every value of the columns could be read."""

    def width(self, dimension: int) -> int:
        """Columns in the group's matrix, for a table of that dimension."""
        return dimension

    def numbers(self) -> Tensor:
        """float32 [batch, width] of a feature without a table."""
        raise TypeError(f"{type(self).__name__} needs a table")

    def pooled(self, matrix: Tensor, positions: Tensor, combiner: str) -> Tensor:
        """float32 [batch, dimension]: one vector a row. Not of a kind with one id."""
        raise TypeError(f"{type(self).__name__} is not pooled")

    def sequence(self, matrix: Tensor, positions: Tensor, combiner: str) -> Sequence:
        """The vectors of a sequence, a sequence for each row of the batch."""
        raise TypeError(f"{type(self).__name__} is no sequence")

    def number_sequence(self) -> Sequence:
        """As `sequence`, of a feature without a table."""
        raise TypeError(f"{type(self).__name__} is no sequence of numbers")

    def look_ups(self) -> Optional[Tuple[Tensor, Tensor]]:
        """int64 [look-ups]: (ids, rows of the batch that each stands for); None without ids."""
        return None

    def ids_seen(self) -> Tensor:
        """int64 scalar: ids that are not missing; a user's are counted once."""
        return tf.math.count_nonzero(tf.not_equal(self.ids_to_read(), MISSING), dtype=tf.int64)

    def of_users(self, index: Tensor) -> Encoded:
        """The same, of rows that are users."""
        return replace(self, index=index)  # type: ignore[type-var]  # every kind is a dataclass

    def by_row(self, of_users: Tensor) -> Tensor:
        """[batch, width] from a tensor of the rows here: expanded where they are users."""
        return of_users if self.index is None else pick(of_users, self.index)

    def _rows_per_user(self, users: Tensor) -> Tensor:
        """int64 [users]: rows of the batch; for kinds of users only."""
        return tf.math.bincount(self.index, minlength=tf.cast(users, tf.int32), dtype=tf.int64)


@dataclass(frozen=True, eq=False)
class OneId(Encoded):
    """One id a row."""

    ids: Tensor
    """int64 [batch], in [0, vocabulary), or `MISSING`."""
    vocabulary: int
    """Rows of the table."""
    out_of_range: Optional[Tensor] = None
    index: Optional[Tensor] = None
    seen: Optional[Tensor] = None
    """What `ids_seen` gives, where it is known."""

    one_id = True

    @property
    def table_rows(self) -> int:
        return self.vocabulary

    def ids_to_read(self) -> Tensor:
        return self.ids

    def ids_seen(self) -> Tensor:
        return super().ids_seen() if self.seen is None else self.seen

    def checks(self) -> List[Tensor]:
        return [tf.reduce_all(self.ids >= MISSING)]

    def look_ups(self) -> Optional[Tuple[Tensor, Tensor]]:
        if self.index is None:
            return self.ids, tf.ones_like(self.ids)
        return self.ids, self._rows_per_user(tf.size(self.ids))


@dataclass(frozen=True, eq=False)
class Bag(Encoded):
    """Any number of ids a row, pooled into one vector."""

    ids: Tensor
    """int64 [values], in [0, vocabulary), or `MISSING`."""
    row: Tensor
    """int64 [values], ascending: the row of the batch that each id belongs to."""
    weights: Optional[Tensor]
    """float32 [values]; None: each weighs 1."""
    batch: Tensor
    """int64 scalar: rows of the batch."""
    vocabulary: int
    """Rows of the table."""
    out_of_range: Optional[Tensor] = None
    index: Optional[Tensor] = None

    @property
    def table_rows(self) -> int:
        return self.vocabulary

    def ids_to_read(self) -> Tensor:
        return self.ids

    def checks(self) -> List[Tensor]:
        checks = [tf.reduce_all(self.ids >= MISSING)]
        if self.weights is not None:
            checks.append(tf.reduce_all(tf.math.is_finite(self.weights)))
        return checks

    def pooled(self, matrix: Tensor, positions: Tensor, combiner: str) -> Tensor:
        return pool(matrix, positions, self.row, self.batch, self.weights, combiner)

    def look_ups(self) -> Optional[Tuple[Tensor, Tensor]]:
        if self.index is None:
            return self.ids, tf.ones_like(self.ids)
        return self.ids, tf.gather(self._rows_per_user(self.batch), self.row)


@dataclass(frozen=True, eq=False)
class Numbers(Encoded):
    """Numbers that enter the model as they are, or as factors of one learned vector each."""

    values: Tensor
    """float32 [batch, count]; 0 where the value is missing."""
    count: int
    index: Optional[Tensor] = None

    @property
    def table_rows(self) -> int:
        return self.count

    def ids_to_read(self) -> Tensor:
        return tf.range(self.count, dtype=tf.int64)

    def checks(self) -> List[Tensor]:
        return [tf.reduce_all(tf.math.is_finite(self.values))]

    def width(self, dimension: int) -> int:
        return dimension or self.count

    def numbers(self) -> Tensor:
        return self.by_row(self.values)

    def pooled(self, matrix: Tensor, positions: Tensor, combiner: str) -> Tensor:
        return tf.linalg.matmul(self.values, pick(matrix, positions))
