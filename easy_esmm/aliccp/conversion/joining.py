"""The impressions of one shard joined with their user rows, in the order in which they are written.

All rows with one common_feature_index are in one shard, so the join needs nothing but the shard:
about 200,000 impressions and 3,500 user rows, whatever the size of the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import List, Tuple

import numpy as np
from numpy.typing import NDArray

from easy_esmm.aliccp.conversion import columns as cols
from easy_esmm.aliccp.conversion.columns import Columns, Lists
from easy_esmm.aliccp.conversion.partition import FIRST_LINES, KEY, LABELS, LINE, Lines, read_shard
from easy_esmm.aliccp.fields import FIELDS, USER
from easy_esmm.aliccp.splitmix import splitmix64


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
    users = read_shard(_paths(partitions.common), list(partitions.common_first_lines), shard)
    rows = read_shard(_paths(partitions.skeleton), list(partitions.skeleton_first_lines), shard)
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
    unknown = cols.numbers(rows, LINE)[~is_known]
    known = np.flatnonzero(is_known)
    row_order = known[np.argsort(user[known], kind="stable")]
    user = user[row_order]

    is_used = np.bincount(user, minlength=len(place)) > 0
    user = (np.cumsum(is_used) - 1)[user]
    return Joined(
        users=cols.take(users, order[is_used]),
        impressions=cols.take(rows, row_order),
        user_row=user,
        unknown_key=_lines(unknown),
        repeated_key=_lines(repeated),
        unused_users=int(np.count_nonzero(~is_used)),
    )


def _paths(names: Tuple[str, ...]) -> List[Path]:
    return [Path(name) for name in names]


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
