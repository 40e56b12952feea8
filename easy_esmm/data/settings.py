"""Batch size, shuffling and sharding of one pass over the files."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Optional, Tuple

from easy_esmm.data.negatives import NegativeRows
from easy_esmm.protos.data_pb2 import DatasetConfig

# Rows read together: from 256 on the cost of a CSV line hardly falls (benchmarks/input_speed.py).
BLOCK_ROWS = 1024
_WINDOW_ROWS = 16384
_WINDOW_BATCHES = 4
_PREFETCHED_ROWS = 32768
_DECODED_ROWS = 1024


@dataclass(frozen=True)
class Reading:
    """Batches, order and share of one pass over the files."""

    batch_size: int
    is_shuffled: bool
    epochs: Optional[int]
    """Passes over the files; None: without end."""
    seed: int
    shard: Tuple[int, int]
    """(index, count): this reader takes its part of `count` equal parts of the rows."""
    window: int
    """Rows that are permuted together: a multiple of the batch size."""
    decoded: int
    """Rows that are decoded together: a multiple of the batch size and a divisor of `window`."""
    parallel: int
    """Blocks, or windows, decoded at once."""
    prefetch: int
    """Batches kept ready."""
    skip_errors: bool
    """Rows that cannot be read are skipped and counted instead of reported."""
    # Not in `repr`: a position that is saved stays good.
    keeps_rows: bool = field(default=False, repr=False)
    """Whether elements tell which rows they hold; see `passed`. Without labels and shuffling."""
    negatives: Optional[NegativeRows] = field(default=None, repr=False)
    """Drops negatives of a training; None where all rows are read."""


def plan_reading(
    data: DatasetConfig,
    *,
    training: bool,
    seed: int,
    shard: Tuple[int, int],
    batch_size: Optional[int] = None,
) -> Reading:
    """The reading of a `data_config`; outside training one pass in the files' order."""
    batch = batch_size or data.batch_size
    decoded = batch * _ceil(_DECODED_ROWS, batch)
    rows = max(_WINDOW_ROWS, _WINDOW_BATCHES * batch, data.shuffle_buffer_size)
    return Reading(
        batch_size=batch,
        is_shuffled=training and data.shuffle,
        epochs=(data.num_epochs or None) if training else 1,
        seed=seed,
        shard=shard,
        window=decoded * _ceil(rows, decoded),
        decoded=decoded,
        parallel=max(1, min(data.num_parallel_calls, os.cpu_count() or 1)),
        # More gains nothing, and what is kept ready is saved with each checkpoint.
        prefetch=max(1, min(data.prefetch_size, _ceil(_PREFETCHED_ROWS, batch))),
        skip_errors=data.ignore_error,
    )


def _ceil(rows: int, part: int) -> int:
    return -(-rows // part)
