"""The impressions of one shard joined with their user rows, in the order in which they are written.

All rows with one common_feature_index are in one shard, so the join needs nothing but the shard:
about 200,000 impressions and 3,500 user rows, whatever the size of the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

import numpy as np
from numpy.typing import NDArray

from easy_esmm.aliccp.conversion import columns as cols
from easy_esmm.aliccp.conversion.columns import Columns, Lists
from easy_esmm.aliccp.conversion.partition import FIRST_LINES, KEY, LABELS, LINE, Lines, read_shard
from easy_esmm.aliccp.fields import FIELDS, USER
from easy_esmm.splitmix import splitmix64


@dataclass(frozen=True)
class Partitions:
    """The partition files of a conversion."""

    common: Tuple[str, ...]
    common_first_lines: Tuple[int, ...]
    """For each piece, the lines of the raw file before it."""
    skeleton: Tuple[str, ...]
    skeleton_first_lines: Tuple[int, ...]
    shards: int
    seed: int


@dataclass(frozen=True, eq=False)
class Joined:
    """One shard."""

    users: Columns
    """User rows that some impression points to."""
    impressions: Columns
    """Sorted by user row; those of one user row in the order of the raw file."""
    user_row: NDArray[np.int64]
    """[impressions]: into `users`; 0, 0, ..., 1, 1, ... without gaps."""
    unknown_key: Lines
    """Lines of the skeleton whose key the common file does not have: dropped."""
    repeated_key: Lines
    """Lines of the common file whose key an earlier line has: dropped."""
    unused_users: int
    """User rows that no impression points to: dropped."""

    def duplicates(self) -> int:
        """How many impressions equal an earlier one in all but the sample id; they are kept.

        Compares a 64-bit sum over the user, labels, ids and weights, so that the order of the
        values of a list does not count.
        """
        return _duplicates(self.impressions, self.user_row)


def join(partitions: Partitions, shard: int) -> Joined:
    """Reads a shard of the partitions and joins it."""
    shared = _match(partitions, shard)
    # a place in `order` takes 16 bits, and of 16 bits numpy's stable sort is a radix sort
    user = shared.user.astype(np.uint16) if len(shared.order) < 2**16 else shared.user
    row_order = np.flatnonzero(shared.is_known)
    row_order = row_order[np.argsort(user[row_order], kind="stable")]
    user_row = shared.user[row_order]

    is_used = np.bincount(user_row, minlength=len(shared.order)) > 0
    user_row = (np.cumsum(is_used) - 1)[user_row]
    return Joined(
        users=cols.take(shared.users, shared.order[is_used]),
        impressions=cols.take(shared.rows, row_order),
        user_row=user_row,
        unknown_key=_lines(cols.numbers(shared.rows, LINE)[~shared.is_known]),
        repeated_key=_lines(shared.repeated),
        unused_users=int(np.count_nonzero(~is_used)),
    )


def occurrences(partitions: Partitions, shard: int) -> Tuple[Columns, Columns, NDArray[np.int64]]:
    """(users, impressions, impressions of each user) of a shard, in the order of the raw files.

    User rows that no impression points to, and those with a repeated key, have 0 impressions.
    """
    shared = _match(partitions, shard)
    per_user = np.zeros(len(_keys(shared.users)), np.int64)
    user = shared.user[shared.is_known]
    per_user[shared.order] = np.bincount(user, minlength=len(shared.order))
    if shared.is_known.all():
        return shared.users, shared.rows, per_user
    return shared.users, cols.take(shared.rows, np.flatnonzero(shared.is_known)), per_user


@dataclass(frozen=True, eq=False)
class _Match:
    """The rows of both files in a shard, and which belong together."""

    users: Columns
    rows: Columns
    order: NDArray[np.int64]
    """Rows of `users` with distinct keys, in the order in which they are written."""
    repeated: NDArray[np.int64]
    """Lines of the other rows of `users`."""
    user: NDArray[np.int64]
    """[rows]: place in `order`."""
    is_known: NDArray[np.bool_]
    """[rows]: whether there is such a user; otherwise `user` means nothing."""


def _match(partitions: Partitions, shard: int) -> _Match:
    users = read_shard(partitions.common, partitions.common_first_lines, shard)
    rows = read_shard(partitions.skeleton, partitions.skeleton_first_lines, shard)
    # equal places are equal keys; sorted by place, the users are in a random order
    place = splitmix64(_keys(users), partitions.seed + 1)
    order = np.argsort(place, kind="stable")
    place = place[order]
    is_first = np.append([True], place[1:] != place[:-1])[: len(place)]
    repeated = cols.numbers(users, LINE)[order[~is_first]]
    order, place = order[is_first], place[is_first]

    wanted = splitmix64(_keys(rows), partitions.seed + 1)
    user = np.searchsorted(place, wanted)
    is_known = user < len(place)
    is_known[is_known] = place[user[is_known]] == wanted[is_known]
    return _Match(users, rows, order, repeated, user, is_known)


def _keys(columns: Columns) -> NDArray[np.uint64]:
    return cols.numbers(columns, KEY)


def _lines(numbers: NDArray[np.int64]) -> Lines:
    found = np.sort(numbers)
    return Lines(len(found), [int(number) for number in found[:FIRST_LINES]])


def _duplicates(impressions: Columns, user: NDArray[np.int64]) -> int:
    total = _mixed(user.astype(np.uint64), 1) + _mixed(
        _unsigned(cols.numbers(impressions, LABELS)), 2
    )
    for code, field in enumerate(FIELDS):
        if field.owner == USER:
            continue
        column = impressions[field.name]
        if not isinstance(column, Lists):
            total += _mixed(_unsigned(column), 3 + code)
            continue
        values = _unsigned(column.ids)
        if column.weights is not None:
            values = values + (column.weights.view(np.uint32).astype(np.uint64) << np.uint64(32))
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(_mixed(values, 3 + code))])
        total += sums[column.offsets[1:]] - sums[column.offsets[:-1]]
    return len(total) - len(np.unique(total))


def _unsigned(column: cols.Array) -> NDArray[np.uint64]:
    return column.astype(np.int64).view(np.uint64)


def _mixed(values: NDArray[np.uint64], salt: int) -> NDArray[np.uint64]:
    # A factor for each column. A summand would not do: the sum over columns would be the same when
    # two columns that differ by the difference of their summands change places.
    factor = splitmix64(np.array([salt], np.uint64), 0) | np.uint64(1)
    return splitmix64(values * factor, 0)
