"""Maps raw ids to values: 1, 2, 3, ... by ascending id; 0 for every other id.

Only ids that the training part shows at least `min_count` times get a value, counted over kept
impressions: an id of a user row counts once for each of its impressions. As files:

* DIR/vocabulary/vocabulary.json: min_count, and the size of each field
* DIR/vocabulary/205.csv: value,id,count by ascending value
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from easy_esmm.aliccp.conversion.arrow_file import arrow_file
from easy_esmm.aliccp.conversion.columns import (
    MISSING,
    Columns,
    Lists,
    arrow_array,
    numpy_array,
)
from easy_esmm.aliccp.conversion.joining import Partitions, occurrences
from easy_esmm.aliccp.fields import BY_NAME, FIELDS, USER
from easy_esmm.atomic_file import atomic_write
from easy_esmm.errors import UserError

FOLDER, SUMMARY = "vocabulary", "vocabulary.json"
UNKNOWN = 0
_CSV = pa.csv.ConvertOptions(
    column_types={name: pa.int64() for name in ("value", "id", "count")}, null_values=[]
)
_CODES = {field.name: code for code, field in enumerate(FIELDS)}
_DENSE = 1 << 26
"""Ids of a field that lie in a range no longer than this are counted and looked up in an array."""


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The ids of each field that have a value."""

    min_count: int
    ids: Dict[str, NDArray[np.int64]]
    """By field, ascending: the id at place k has the value k + 1."""
    counts: Dict[str, NDArray[np.int64]]
    """By field: how often training shows the id."""
    distinct: Dict[str, int]
    """By field: number of ids that training shows at all."""

    def values(self) -> Dict[str, Lookup]:
        """A lookup for each field."""
        return {name: Lookup(ids) for name, ids in self.ids.items()}


class Lookup:
    """Ids -> values."""

    def __init__(self, ids: NDArray[np.int64]) -> None:
        self._ids = ids
        self._low = int(ids[0]) if len(ids) else 0
        span = int(ids[-1]) - self._low + 1 if len(ids) else 0
        self._table = None
        if span <= _DENSE:
            self._table = np.zeros(span + 2, np.int32)  # one 0 at either end, for ids outside
            self._table[ids - self._low + 1] = np.arange(1, len(ids) + 1)

    def of(self, ids: NDArray[np.int32]) -> NDArray[np.int32]:
        """int32: the value of each id, UNKNOWN where it has none; MISSING stays."""
        if self._table is not None:
            place = np.clip(ids.astype(np.int64) - (self._low - 1), 0, len(self._table) - 1)
            found = self._table.take(place)
        else:
            at = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
            found = np.where(self._ids[at] == ids, at + 1, UNKNOWN).astype(np.int32)
        found[ids == MISSING] = MISSING
        return found


@dataclass(frozen=True)
class CountTask:
    """What a worker needs to count the ids of some shards."""

    partitions: Partitions
    shards: Tuple[int, ...]
    id_range: Dict[str, Tuple[int, int]]
    path: str


def count_ids(task: CountTask) -> int:
    """Writes how often the shards show each id, and returns how many impressions they have."""
    counts = {name: _Tally(*bounds) for name, bounds in task.id_range.items()}
    impressions = 0
    for shard in task.shards:
        users, rows, per_user = occurrences(task.partitions, shard)
        impressions += int(per_user.sum())
        for name, tally in counts.items():
            if BY_NAME[name].owner == USER:
                _count(tally, users, name, per_user)
            else:
                _count(tally, rows, name, None)
    tables = [tally.table(name) for name, tally in counts.items()]
    schema = pa.schema([("field", pa.int8()), ("id", pa.int64()), ("count", pa.int64())])
    with arrow_file(task.path, schema) as writer:
        for table in tables:
            writer.write_table(table)
    return impressions


def _count(tally: _Tally, columns: Columns, name: str, weights: NDArray[np.int64] | None) -> None:
    column = columns[name]
    if isinstance(column, Lists):
        tally.add(column.ids, None if weights is None else np.repeat(weights, column.lengths))
        return
    there = column != MISSING
    tally.add(column[there], None if weights is None else weights[there])


class _Tally:
    """Occurrences of each id of one field."""

    def __init__(self, low: int, high: int) -> None:
        self._low = low
        self._dense = np.zeros(high - low + 1, np.int32) if high - low < _DENSE else None
        self._pairs: List[Tuple[Any, Any]] = []

    def add(self, ids: NDArray[np.int32], weights: NDArray[np.int64] | None) -> None:
        """Counts ids, each `weights` times."""
        if self._dense is not None:
            # in place: 3 ns an id (numpy >= 1.25); bincount would make a table at each call
            times = np.int32(1) if weights is None else weights.astype(np.int32)
            np.add.at(self._dense, ids - np.int64(self._low), times)
        else:
            ones = np.ones(len(ids), np.int64) if weights is None else weights
            self._pairs.append(summed(ids.astype(np.int64), ones))

    def table(self, name: str) -> pa.Table:
        """Columns field, id, count; ids ascend."""
        if self._dense is not None:
            seen = np.flatnonzero(self._dense)
            ids, counts = seen + self._low, self._dense[seen].astype(np.int64)
        else:
            pairs = self._pairs or [summed(*[np.zeros(0, np.int64)] * 2)]
            ids, counts = summed(*(np.concatenate(part) for part in zip(*pairs)))
            ids, counts = ids[counts > 0], counts[counts > 0]
        field = np.full(len(ids), _CODES[name], np.int8)
        columns: Dict[str, NDArray[Any]] = {"field": field, "id": ids, "count": counts}
        return pa.table({column: arrow_array(values) for column, values in columns.items()})


def summed(
    ids: NDArray[np.int64], counts: NDArray[np.int64]
) -> Tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct ids, ascending, and the sum of the counts of each."""
    order = np.argsort(ids, kind="stable")
    ids = ids[order]
    starts = np.flatnonzero(np.append([True], ids[1:] != ids[:-1])[: len(ids)])
    if not len(starts):
        return ids, counts
    return ids[starts], np.add.reduceat(counts[order], starts)


def make_vocabulary(
    paths: List[Path], id_range: Dict[str, Tuple[int, int]], min_count: int
) -> Vocabulary:
    """The ids that the counted files show at least `min_count` times; one field at a time."""
    ids, counts, distinct = {}, {}, {}
    for field in FIELDS:
        tally = _Tally(*id_range.get(field.name, (0, 0)))
        for path in paths:
            tally.add(*_counted(path, field.name))
        table = tally.table(field.name)
        found, times = (numpy_array(table.column(name).chunk(0)) for name in ("id", "count"))
        is_kept = times >= min_count
        ids[field.name], counts[field.name] = found[is_kept], times[is_kept]
        distinct[field.name] = len(found)
    return Vocabulary(min_count, ids, counts, distinct)


def _counted(path: Path, name: str) -> Tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The ids of a field in a counted file, and how often they occur."""
    with pa.OSFile(str(path)) as file:
        reader = pa.ipc.open_file(file)
        for number in range(reader.num_record_batches):
            batch = reader.get_batch(number)
            if batch.num_rows and numpy_array(batch.column("field"))[0] == _CODES[name]:
                ids, counts = (numpy_array(batch.column(column)) for column in ("id", "count"))
                return ids.astype(np.int32), counts
    return np.zeros(0, np.int32), np.zeros(0, np.int64)


def write_vocabulary(vocabulary: Vocabulary, folder: Path) -> None:
    """Writes the files into `folder`, the summary last."""
    folder.mkdir(parents=True, exist_ok=True)
    fields = {}
    for name, ids in vocabulary.ids.items():
        columns = {"value": np.arange(1, len(ids) + 1), "id": ids, "count": vocabulary.counts[name]}
        table = pa.table({column: arrow_array(values) for column, values in columns.items()})
        pa.csv.write_csv(table, folder / f"{name}.csv")
        fields[name] = {
            "size": len(ids),
            "num_buckets": len(ids) + 1,
            "distinct_ids": vocabulary.distinct[name],
        }
    summary = {"min_count": vocabulary.min_count, "unknown_value": UNKNOWN, "fields": fields}
    with atomic_write(folder / SUMMARY) as unfinished:
        Path(unfinished).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")


def read_vocabulary(path: Path) -> Vocabulary:
    """Reads a vocabulary's folder, or the one in an output folder. Raises UserError without one."""
    folder = path / FOLDER if (path / FOLDER / SUMMARY).is_file() else path
    if not (folder / SUMMARY).is_file():
        raise UserError(
            f"--vocabulary {path}: no {FOLDER}/{SUMMARY} there; "
            "name the --output of a finished conversion of the training files"
        )
    try:
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
        ids, counts, distinct = {}, {}, {}
        for field in FIELDS:
            table = pa.csv.read_csv(folder / f"{field.name}.csv", convert_options=_CSV)
            ids[field.name], counts[field.name] = (
                np.concatenate([np.zeros(0, np.int64), *map(numpy_array, column.chunks)])
                for column in (table.column("id"), table.column("count"))
            )
            own = summary["fields"][field.name]
            distinct[field.name] = int(own["distinct_ids"])
            if own["size"] != len(ids[field.name]) or (np.diff(ids[field.name]) <= 0).any():
                raise UserError(
                    f"{folder}/{field.name}.csv: must hold {own['size']} ascending ids; "
                    "was it edited?"
                )
        return Vocabulary(int(summary["min_count"]), ids, counts, distinct)
    except (OSError, KeyError, ValueError, pa.ArrowException) as error:
        raise UserError(f"--vocabulary {folder}: cannot be read ({error})") from error
