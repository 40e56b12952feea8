"""What a feature's columns become before any table is read: ids, bags of ids, or numbers.

Encoding is a pure function of the input columns and holds no variables, so that it may run wherever
the columns are: beside the model, or in the threads that read the input. Where a batch holds its
users once, features of users are encoded once a user ("batch" is then the number of users), and
their ids, numbers and pooled vectors are given to the batch's rows by `index`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Union

from easy_esmm.contract import Tensor

# The id of a value that is not there; its embedding is the zero vector.
MISSING = -1


@dataclass(frozen=True, eq=False)
class OneId:
    """One id a row."""

    ids: Tensor
    """int64 [batch], in [0, vocabulary), or `MISSING`."""
    vocabulary: int
    """Rows of the table."""
    out_of_range: Optional[Tensor] = None
    """int64 scalar: values of the batch without a row of their own, which were given row 0; None
    where there cannot be any."""
    index: Optional[Tensor] = None
    """int32 [batch], where the rows here are users: the user of each row of the batch. None: the
    rows here are those of the batch."""


@dataclass(frozen=True, eq=False)
class Bag:
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
    """As in `OneId`."""
    index: Optional[Tensor] = None
    """As in `OneId`."""


@dataclass(frozen=True, eq=False)
class Numbers:
    """Numbers that enter the model as they are, or as factors of one learned vector each."""

    values: Tensor
    """float32 [batch, count]; 0 where the value is missing."""
    count: int
    index: Optional[Tensor] = None
    """As in `OneId`."""


Encoded = Union[OneId, Bag, Numbers]
