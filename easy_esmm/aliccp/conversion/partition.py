"""Partitions a piece of a raw file: its rows as columns, sorted by the shard they belong to.

There is one Arrow file per piece with one record batch per shard, and what was counted on the way
in the metadata of its schema. It is renamed when it is complete, so that a killed run leaves no
partial one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Dict, Iterable, List, Optional, Sequence, Tuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from easy_esmm.aliccp.conversion import columns as cols
from easy_esmm.aliccp.conversion.arrow_file import arrow_file
from easy_esmm.aliccp.conversion.columns import MISSING, Columns, Lists
from easy_esmm.aliccp.conversion.raw_block import COMMON, OTHER, SKELETON, Block, RawFile, parse
from easy_esmm.aliccp.conversion.sources import Piece, Source, text_of
from easy_esmm.aliccp.fields import FIELDS, SAMPLE_ID
from easy_esmm.splitmix import splitmix64

BLOCK_BYTES = 1 << 19
"""Text parsed at a time. Of .125 to 2 MB, .5 and 1 are the fastest: 1.2 x the smallest."""
FIRST_LINES = 5
"""Line numbers that are kept of each kind of line that is counted."""
KEY, LINE, LABELS = "key", "line", "labels"
KINDS = {kind.name: kind for kind in (SKELETON, COMMON)}
IMPOSSIBLE = "impossible"
_COUNTS = b"easy_esmm_counts"


@dataclass
class Lines:
    """A count of lines, and the numbers of the first of them."""

    count: int = 0
    first: List[int] = field(default_factory=list)

    def add(self, lines: Iterable[int], count: int) -> None:
        """Counts more lines, whose first numbers are given; from 1 as editors do."""
        self.count += count
        self.first = sorted([*self.first, *lines])[:FIRST_LINES]


@dataclass
class Counts:
    """Counts of a piece, or of a whole raw file."""

    lines: int = 0
    rows: int = 0
    """Rows that were kept."""
    malformed: Dict[str, Lines] = field(default_factory=dict)
    impossible: Lines = field(default_factory=Lines)
    """Conversions without a click: dropped."""
    unknown_field: Lines = field(default_factory=Lines)
    """Features (not lines) of fields that this file should not have: left out."""
    repeated_field: Lines = field(default_factory=Lines)
    """Values beyond the first of a single-valued field in a row: left out."""
    other_weight: Lines = field(default_factory=Lines)
    """Values other than 1.0 in a field without weights: the weight is left out."""
    id_range: Dict[str, Tuple[int, int]] = field(default_factory=dict)
    """Lowest and highest id by field."""

    def add(self, other: Counts) -> None:
        """Adds what a later piece has counted."""
        for kind, lines in other.malformed.items():
            self.malformed.setdefault(kind, Lines()).add(self._here(lines), lines.count)
        for name in ("impossible", "unknown_field", "repeated_field", "other_weight"):
            lines = getattr(other, name)
            getattr(self, name).add(self._here(lines), lines.count)
        for name, (low, high) in other.id_range.items():
            before = self.id_range.get(name, (low, high))
            self.id_range[name] = (min(low, before[0]), max(high, before[1]))
        self.lines += other.lines
        self.rows += other.rows

    def _here(self, lines: Lines) -> List[int]:
        return [self.lines + number for number in lines.first]

    @property
    def bad(self) -> int:
        """Malformed lines."""
        return sum(lines.count for lines in self.malformed.values())

    @staticmethod
    def from_json(text: str) -> Counts:
        """The inverse of `json.dumps(asdict(counts))`."""
        found = json.loads(text)
        named = {
            name: Lines(**value)
            for name, value in found.items()
            if isinstance(value, dict) and "count" in value
        }
        malformed = {kind: Lines(**lines) for kind, lines in found["malformed"].items()}
        ranges = {name: (low, high) for name, (low, high) in found["id_range"].items()}
        return Counts(found["lines"], found["rows"], malformed, **named, id_range=ranges)


@dataclass(frozen=True)
class PieceTask:
    """What a worker needs to partition a piece."""

    kind: str
    """`skeleton` or `common`."""
    source: Source
    piece: Piece
    path: str
    shards: int
    seed: int


def partition_piece(task: PieceTask) -> Counts:
    """Writes the partition file of a piece, and returns what was counted."""
    kind = KINDS[task.kind]
    counts = Counts()
    parts = []
    for text in text_of(task.source, task.piece, BLOCK_BYTES):
        block = parse(text, kind)
        parts.append(_kept(block, kind, counts))
    parts = parts or [_kept(parse(b"", kind), kind, Counts())]
    rows = cols.concatenate(parts)
    parts.clear()
    shard = shard_of(cols.numbers(rows, KEY), task.shards, task.seed)
    order = np.argsort(shard, kind="stable")
    starts = np.searchsorted(shard[order], np.arange(task.shards + 1))
    table = cols.to_arrow(cols.take(rows, order), is_null=False)
    write_partitions(Path(task.path), table, starts.tolist(), counts)
    return counts


def write_partitions(path: Path, table: pa.Table, starts: List[int], counts: Counts) -> None:
    """Writes a batch of the rows between each start and the next; all of them or no file."""
    metadata = {_COUNTS: json.dumps(asdict(counts)).encode()}
    table = table.replace_schema_metadata(metadata)
    batches = table.combine_chunks().to_batches()
    whole = batches[0] if batches else pa.RecordBatch.from_pylist([], table.schema)
    with arrow_file(path, table.schema) as writer:
        for start, stop in zip(starts[:-1], starts[1:]):
            writer.write_batch(whole.slice(start, stop - start))


def read_counts(path: Path) -> Counts:
    """What was counted when the file was written."""
    with pa.OSFile(str(path)) as file:
        return Counts.from_json(pa.ipc.open_file(file).schema.metadata[_COUNTS].decode())


def read_shard(paths: Sequence[str], first_lines: Sequence[int], shard: int) -> Columns:
    """The rows of one shard in the order of the raw file; `line` counted over the whole file."""
    parts = []
    for path, first_line in zip(paths, first_lines):
        with pa.OSFile(path) as file:
            part = cols.from_arrow(pa.ipc.open_file(file).get_batch(shard))
        part[LINE] = cols.numbers(part, LINE) + first_line
        parts.append(part)
    return cols.concatenate(parts)


def shard_of(key: NDArray[np.uint64], shards: int, seed: int) -> NDArray[np.int16]:
    """int16 [rows]: the shard of each common_feature_index."""
    return (splitmix64(key, seed) % np.uint64(shards)).astype(np.int16)


def _kept(block: Block, kind: RawFile, counts: Counts) -> Columns:
    """The rows of a block as columns; counts what is left out."""
    rows = len(block.key)
    for line, reason in block.malformed.items():
        counts.malformed.setdefault(reason, Lines()).add([counts.lines + line + 1], 1)
    columns: Columns = {LINE: block.line + (counts.lines + 1), KEY: block.key}
    if kind.has_labels:
        columns[SAMPLE_ID] = block.sample_id
        columns[LABELS] = block.click + 2 * block.conversion
    edges = np.searchsorted(block.code, np.arange(OTHER + 2))
    for code in kind.codes:
        part = slice(edges[code], edges[code + 1])
        columns[FIELDS[code].name] = _column(code, block, part, rows, counts)
    _note(counts.unknown_field, block, slice(edges[OTHER], edges[OTHER + 1]), counts)
    if kind.has_labels:
        impossible = np.flatnonzero(columns[LABELS] == 2)
        if len(impossible):
            lines = (block.line[impossible] + counts.lines + 1).tolist()
            counts.impossible.add(lines[:FIRST_LINES], len(lines))
            columns = cols.take(columns, np.flatnonzero(columns[LABELS] != 2))
    counts.lines += block.lines
    counts.rows += len(columns[KEY])
    return columns


def _column(code: int, block: Block, part: slice, rows: int, counts: Counts) -> cols.Column:
    """One field of a block."""
    of_row, ids, value = block.row[part], block.id[part], block.value[part]
    own = FIELDS[code]
    if len(ids):
        low, high = counts.id_range.get(own.name, (int(ids[0]), int(ids[0])))
        counts.id_range[own.name] = (min(low, int(ids.min())), max(high, int(ids.max())))
    if not own.weighted:
        is_other = value != 1
        if is_other.any():
            _note(counts.other_weight, block, part, counts, np.flatnonzero(is_other))
    if own.is_list:
        lengths = np.bincount(of_row, minlength=rows)
        return Lists(cols.offsets_of(lengths), ids, value if own.weighted else None)
    single = np.full(rows, MISSING, np.int32)
    single[of_row[::-1]] = ids[::-1]  # of several values the first one stays
    if len(ids) and (of_row[1:] == of_row[:-1]).any():
        again = np.flatnonzero(of_row[1:] == of_row[:-1]) + 1
        _note(counts.repeated_field, block, part, counts, again)
    return single


def _note(
    lines: Lines,
    block: Block,
    part: slice,
    counts: Counts,
    chosen: Optional[NDArray[np.int64]] = None,
) -> None:
    """Counts features of a part: the chosen ones, or all."""
    rows = block.row[part]
    rows = rows if chosen is None else rows[chosen]
    if len(rows):
        first = (block.line[rows[:FIRST_LINES]] + counts.lines + 1).tolist()
        lines.add(first, len(rows))
