"""Writes one shard of the output: joins it, encodes its ids, counts and writes it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
from numpy.typing import NDArray

from easy_esmm.aliccp.conversion import columns as cols
from easy_esmm.aliccp.conversion.columns import MISSING, Column, Columns, Lists
from easy_esmm.aliccp.conversion.joining import Joined, Partitions, join
from easy_esmm.aliccp.conversion.partition import FIRST_LINES, LABELS, LINE
from easy_esmm.aliccp.conversion.shard_files import write
from easy_esmm.aliccp.conversion.vocabulary import UNKNOWN, Lookup, read_vocabulary
from easy_esmm.aliccp.fields import FIELDS, HISTORIES, USER
from easy_esmm.atomic_file import atomic_write

ORDER_PARTS = 100
"""Into so many parts of equal length the raw file is cut to show how its rates drift."""
POSITION = "301"
Counted = Dict[str, Any]
"""Nested dicts and lists of numbers that are added up over shards."""


@dataclass(frozen=True)
class ShardTask:
    """What a worker needs to write a shard."""

    partitions: Partitions
    shard: int
    vocabulary: str
    """The folder."""
    vocabulary_state: str
    """Another text for other contents."""
    folder: str
    done: str
    """The file that marks the shard as complete, and holds what was counted."""
    layout: str
    format: str
    lines: int
    """Lines of the skeleton."""


def write_shard(task: ShardTask) -> Counted:
    """Writes the files of a shard, then its mark, and returns what was counted."""
    raw = join(task.partitions, task.shard)
    lookups = _lookups(task.vocabulary, task.vocabulary_state)
    joined = replace(
        raw, users=_mapped(raw.users, lookups), impressions=_mapped(raw.impressions, lookups)
    )
    write(joined, Path(task.folder), task.layout, task.format, task.shard, task.partitions.shards)
    counted = _counted(raw, joined, task.lines)
    with atomic_write(task.done) as unfinished:
        Path(unfinished).write_text(json.dumps(counted), encoding="utf-8")
    return counted


def added(one: Any, other: Any) -> Any:
    """The sum of what two shards counted; `first` keeps the lowest numbers."""
    if isinstance(one, dict):
        keys = [*one, *(key for key in other if key not in one)]
        return {
            key: sorted(one.get(key, []) + other.get(key, []))[:FIRST_LINES]
            if key == "first"
            else added(one[key], other[key])
            if key in one and key in other
            else one.get(key, other.get(key))
            for key in keys
        }
    if isinstance(one, list):
        return [added(a, b) for a, b in zip(one, other)]
    return one + other


@lru_cache(maxsize=1)
def _lookups(folder: str, _: str) -> Dict[str, Lookup]:
    """The tables of a vocabulary in a certain state; a worker reads them once."""
    return read_vocabulary(Path(folder)).values()


def _mapped(columns: Columns, lookups: Dict[str, Lookup]) -> Columns:
    mapped: Columns = {}
    for name, column in columns.items():
        lookup = lookups.get(name)
        if lookup is None:
            mapped[name] = column
        elif isinstance(column, Lists):
            mapped[name] = Lists(column.offsets, lookup.of(column.ids), column.weights)
        else:
            mapped[name] = lookup.of(column)
    return mapped


def _counted(raw: Joined, joined: Joined, lines: int) -> Counted:
    labels = cols.numbers(joined.impressions, LABELS)
    per_user = np.bincount(joined.user_row)
    fields = {}
    for field in FIELDS:
        if field.owner == USER:
            fields[field.name] = _of_field(joined.users[field.name], per_user)
        else:
            fields[field.name] = _of_field(joined.impressions[field.name], None)
    order = (cols.numbers(raw.impressions, LINE) - 1) * ORDER_PARTS // max(1, lines)
    position = cols.numbers(raw.impressions, POSITION)
    shown = np.unique(position)
    by_position = _rates(np.searchsorted(shown, position), labels, len(shown))
    return {
        **_totals(labels),
        "user_rows": len(per_user),
        "unused_common_rows": raw.unused_users,
        "duplicate_impressions": raw.duplicates(),
        "unknown_key": asdict(raw.unknown_key),
        "repeated_key": asdict(raw.repeated_key),
        "fields": fields,
        "by_order": _rates(order, labels, ORDER_PARTS),
        "by_position": {
            "missing" if at == MISSING else str(at): by_position[k]
            for k, at in enumerate(shown.tolist())
        },
        "impressions_per_user_row": _histogram(per_user),
        "history_lengths": {
            name: _histogram(column.lengths)
            for name, column in joined.users.items()
            if name in HISTORIES and isinstance(column, Lists)
        },
    }


def _totals(labels: NDArray[np.int8]) -> Dict[str, int]:
    return {
        "impressions": len(labels),
        "clicks": int(np.count_nonzero(labels & 1)),
        "conversions": int(np.count_nonzero(labels & 2)),
    }


def _of_field(column: Column, per_row: NDArray[np.int64] | None) -> Dict[str, int]:
    """Impressions that have the field, its values there and those outside the vocabulary.

    `per_row` is how many impressions each row of the column has; None: it is one itself.
    """
    if isinstance(column, Lists):
        lengths = column.lengths
        is_unknown = np.concatenate([[0], np.cumsum(column.ids == UNKNOWN)])
        unknown = is_unknown[column.offsets[1:]] - is_unknown[column.offsets[:-1]]
    else:
        lengths, unknown = (column != MISSING).astype(np.int64), column == UNKNOWN
    weights = np.ones(len(lengths), np.int64) if per_row is None else per_row
    return {
        "impressions": int(weights[lengths > 0].sum()),
        "values": int((weights * lengths).sum()),
        "unknown_values": int((weights * unknown).sum()),
        "stored_rows": int(np.count_nonzero(lengths)),
        "stored_values": int(lengths.sum()),
    }


def _rates(part: Any, labels: NDArray[np.int8], parts: int) -> List[List[int]]:
    """[impressions, clicks, conversions] of each part."""
    columns = (
        np.bincount(part, minlength=parts),
        np.bincount(part[(labels & 1) > 0], minlength=parts),
        np.bincount(part[(labels & 2) > 0], minlength=parts),
    )
    return np.stack(columns, axis=1).astype(int).tolist()  # type: ignore[no-any-return]


LENGTH_BINS = 16


def _histogram(lengths: NDArray[np.int64]) -> List[int]:
    """Rows with 0, 1, 2, 3 - 4, 5 - 8, ..., and more than 8,192 values."""
    bins = np.where(lengths > 0, np.ceil(np.log2(np.maximum(lengths, 1))) + 1, 0).astype(int)
    counts = np.bincount(np.minimum(bins, LENGTH_BINS - 1), minlength=LENGTH_BINS)
    return [int(count) for count in counts]
