"""Computes the order of rows in a Parquet pass: pure arithmetic on row numbers.

All row groups of all files form one long table, group after group. An epoch is a permutation of its
rows, and the epochs follow one another in one endless sequence of positions, so that any part of
the sequence can be read by itself: from its position alone, without what came before.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Callable, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

RowNumbers = NDArray[np.int64]

CHUNK_ROWS = 1024


@dataclass(frozen=True)
class RowOrder:
    """Which row of the long table stands at each position."""

    group_rows: Tuple[int, ...]
    """Rows of each row group."""
    window: int
    """Rows permuted together."""
    band: int
    """Row groups whose chunks are mixed with each other (and have to be in memory together)."""
    seed: Optional[int]
    """None: the table's own order in every epoch."""
    block_of: Optional[Callable[[RowNumbers], RowNumbers]] = None
    """Gives the block of each table row. With it, pieces of blocks are permuted in a window, not
    rows. None: each row is a block."""
    piece_rows: int = 1
    """Rows of a block that stay side by side; the last piece of a block may be shorter."""

    @property
    def epoch_rows(self) -> int:
        """Rows of one epoch."""
        return sum(self.group_rows)

    def rows_at(self, start: int, stop: int) -> RowNumbers:
        """Table row numbers at the positions start .. stop - 1 of the endless sequence."""
        parts = []
        while start < stop:
            epoch, first = divmod(start, self.epoch_rows)
            last = min(first + stop - start, self.epoch_rows)
            parts.append(self._epoch_part(epoch, first, last))
            start += last - first
        return np.concatenate(parts) if parts else np.zeros([0], np.int64)

    def _epoch_part(self, epoch: int, first: int, last: int) -> RowNumbers:
        if self.seed is None:
            return np.arange(first, last, dtype=np.int64)
        window = first // self.window
        parts = []
        while window * self.window < last:
            base = window * self.window
            rows = self._window_rows(epoch, base)
            parts.append(rows[max(first - base, 0) : last - base])
            window += 1
        return np.concatenate(parts)

    def _window_rows(self, epoch: int, base: int) -> RowNumbers:
        """The permuted rows of the window that starts at `base` of an epoch."""
        seed = self.seed or 0
        starts, table_rows = _chunk_order(self.group_rows, self.band, seed, epoch)
        places = np.arange(base, min(base + self.window, self.epoch_rows), dtype=np.int64)
        chunks = np.searchsorted(starts, places, side="right") - 1
        rows = table_rows[chunks] + places - starts[chunks]
        random = np.random.default_rng([seed, epoch, base])
        if self.block_of is None:
            return random.permutation(rows)
        return _permuted_pieces(rows, self.block_of(rows), self.piece_rows, random)


def runs(values: RowNumbers) -> RowNumbers:
    """Where the runs of equal neighbours start, ascending; empty for no values."""
    is_start = np.ones(len(values), bool)
    is_start[1:] = values[1:] != values[:-1]
    return np.flatnonzero(is_start)


def _permuted_pieces(
    rows: RowNumbers, blocks: RowNumbers, piece_rows: int, random: np.random.Generator
) -> RowNumbers:
    block_starts = runs(blocks)
    block_rows = np.diff(np.append(block_starts, len(rows)))
    place_in_block = np.arange(len(rows)) - np.repeat(block_starts, block_rows)
    starts = np.flatnonzero(place_in_block % piece_rows == 0)
    lengths = np.diff(np.append(starts, len(rows)))
    order = random.permutation(len(starts))
    starts, lengths = starts[order], lengths[order]
    places = np.repeat(starts - (np.cumsum(lengths) - lengths), lengths) + np.arange(len(rows))
    permuted: RowNumbers = rows[places]
    return permuted


@lru_cache(maxsize=4)
def _chunk_order(
    group_rows: Sequence[int], band: int, seed: int, epoch: int
) -> Tuple[RowNumbers, RowNumbers]:
    """Chunks of an epoch in their order: where each starts in the epoch, and its first table row.

    Row groups are permuted and taken `band` at a time; the chunks of a band are permuted.
    """
    random = np.random.default_rng([seed, epoch])
    sizes = np.asarray(group_rows, np.int64)
    bases = np.cumsum(sizes) - sizes
    groups = random.permutation(len(sizes))
    firsts, lengths = [], []
    for start in range(0, len(groups), band):
        members = groups[start : start + band]
        cuts = [np.arange(0, sizes[g], CHUNK_ROWS, dtype=np.int64) for g in members]
        first = np.concatenate([bases[g] + cut for g, cut in zip(members, cuts)])
        length = np.concatenate(
            [np.minimum(CHUNK_ROWS, sizes[g] - c) for g, c in zip(members, cuts)]
        )
        chunks = random.permutation(len(first))
        firsts.append(first[chunks])
        lengths.append(length[chunks])
    all_lengths = np.concatenate(lengths)
    return np.cumsum(all_lengths) - all_lengths, np.concatenate(firsts)
