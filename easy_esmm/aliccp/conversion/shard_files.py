"""A joined shard as files: grouped (two Parquet files) or flat (Parquet, CSV or TFRecord).

Files are written under a temporary name and renamed when they are complete.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Tuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from easy_esmm import page_sums
from easy_esmm.aliccp.conversion import columns as cols
from easy_esmm.aliccp.conversion.columns import Columns
from easy_esmm.aliccp.conversion.joining import Joined
from easy_esmm.aliccp.conversion.partition import KEY, LABELS
from easy_esmm.aliccp.fields import (
    BY_NAME,
    CLICK,
    CONVERSION,
    FIELDS,
    SAMPLE_ID,
    USER,
    WEIGHT_SUFFIX,
)
from easy_esmm.atomic_file import atomic_write

LAYOUTS = ("grouped", "flat")
FORMATS = ("parquet", "csv", "tfrecord")
USER_ROW, USER_KEY = "user_row", "common_feature_index"
FIRST_IMPRESSION, IMPRESSIONS = "first_impression", "impressions"
FLAT_ROWS = 8192
"""Rows of the flat layout that are in memory at a time, and in a row group: 8,192 rows of 629
values take 40 MB."""
_ALL_DISTINCT = (SAMPLE_ID, USER_ROW, USER_KEY, FIRST_IMPRESSION)
"""Columns whose values (nearly) all differ: without a dictionary they take 10 % less time and room
of the file of impressions."""
_USER_FIELDS = tuple(field.name for field in FIELDS if field.owner == USER)
_ROW_FIELDS = tuple(field.name for field in FIELDS if field.owner != USER)


def names(layout: str, file_format: str, shard: int, shards: int) -> List[str]:
    """The files of a shard."""
    ending = f"{shard:05d}-of-{shards:05d}.{file_format}"
    stems = ("impressions", "users") if layout == "grouped" else ("part",)
    return [f"{stem}-{ending}" for stem in stems]


def write(
    joined: Joined, folder: Path, layout: str, file_format: str, shard: int, shards: int
) -> None:
    """Writes the files of a shard whose ids are values of the vocabulary already."""
    paths = [folder / name for name in names(layout, file_format, shard, shards)]
    if layout == "grouped":
        rows, users = _grouped(joined)
        _whole(paths[0], lambda path: _write_parquet(path, iter([rows]), rows.schema))
        _whole(paths[1], lambda path: _write_parquet(path, iter([users]), users.schema))
        return
    schema = next(_flat(joined, 0)).schema
    writer = _FLAT_WRITERS[file_format]
    _whole(paths[0], lambda path: writer(path, _flat(joined, len(joined.user_row)), schema))


def _whole(path: Path, write_to: Callable[[Path], None]) -> None:
    with atomic_write(path) as unfinished:
        write_to(Path(unfinished))


def _grouped(joined: Joined) -> Tuple[pa.Table, pa.Table]:
    """(impressions, users)."""
    counts = np.bincount(joined.user_row).astype(np.int32)
    rows = _labelled(joined.impressions)
    rows[USER_ROW] = joined.user_row.astype(np.int32)
    rows.update({name: joined.impressions[name] for name in _ROW_FIELDS})
    users: Columns = {
        FIRST_IMPRESSION: (np.cumsum(counts) - counts).astype(np.int32),
        IMPRESSIONS: counts,
        **{name: joined.users[name] for name in _USER_FIELDS},
    }
    table = cols.to_arrow(users)
    return cols.to_arrow(rows), table.add_column(0, USER_KEY, _hexadecimal(joined.users))


def _hexadecimal(users: Columns) -> pa.Array:
    """The keys as 16 hexadecimal digits."""
    keys = cols.numbers(users, KEY)
    digits = "".join(f"{key:016x}" for key in keys.tolist()).encode()
    offsets = 16 * np.arange(len(keys) + 1, dtype=np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(digits)]
    return pa.Array.from_buffers(pa.string(), len(keys), buffers)


def _labelled(rows: Columns) -> Columns:
    labels = cols.numbers(rows, LABELS)
    return {
        SAMPLE_ID: rows[SAMPLE_ID],
        CLICK: (labels & 1).astype(np.int8),
        CONVERSION: (labels >> 1).astype(np.int8),
    }


def _flat(joined: Joined, rows: int) -> Iterator[pa.Table]:
    """The first `rows` impressions with their users' columns, FLAT_ROWS at a time."""
    for start in range(0, max(rows, 1), FLAT_ROWS):
        chosen = np.arange(start, min(start + FLAT_ROWS, rows))
        impressions = cols.take(joined.impressions, chosen)
        users = cols.take(joined.users, joined.user_row[chosen])
        columns = _labelled(impressions)
        for field in FIELDS:
            columns[field.name] = (users if field.owner == USER else impressions)[field.name]
        yield cols.to_arrow(columns)


def _write_parquet(path: Path, tables: Iterator[pa.Table], schema: pa.Schema) -> None:
    leaves = [
        name + ".list.element" if pa.types.is_list(kind) else name
        for name, kind in zip(schema.names, schema.types)
        if name not in _ALL_DISTINCT
    ]
    with pa.parquet.ParquetWriter(
        path, schema, compression="zstd", use_dictionary=leaves, **page_sums.WRITE
    ) as writer:
        for table in tables:
            writer.write_table(table, row_group_size=max(1, len(table)))


def _write_csv(path: Path, tables: Iterator[pa.Table], schema: pa.Schema) -> None:
    options = pa.csv.WriteOptions(include_header=False, quoting_style="none")
    plain = [name for name in schema.names if not name.endswith(WEIGHT_SUFFIX)]
    with path.open("wb") as file:
        file.write((",".join(plain) + "\n").encode())
        for table in tables:
            cells = pa.table({name: _csv_cells(table, name) for name in plain})
            pa.csv.write_csv(cells, file, options)


def _csv_cells(table: pa.Table, name: str) -> pa.Array:
    """A number; or `id|id`, with weights `id:weight|id:weight`."""
    column = table.column(name).combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0)
    if not pa.types.is_list(column.type):
        return column
    pieces = pc.cast(column.values, pa.string())
    if BY_NAME[name].weighted:
        weights = table.column(name + WEIGHT_SUFFIX).combine_chunks()
        if isinstance(weights, pa.ChunkedArray):
            weights = weights.chunk(0)
        # few distinct weights: each is formatted once, in the fewest digits that give it back
        coded = weights.values.dictionary_encode()
        texts = pc.cast(coded.dictionary, pa.string()).take(coded.indices)
        pieces = pc.binary_join_element_wise(pieces, texts, ":")
    return pc.binary_join(pa.ListArray.from_arrays(column.offsets, pieces), "|")


def _write_tfrecord(path: Path, tables: Iterator[pa.Table], schema: pa.Schema) -> None:
    """One tf.Example a row: int64 lists (empty for a missing value), float lists of weights."""
    # By name and late: importing TensorFlow takes 6 s, and this is its only use here.
    tensorflow: Any = importlib.import_module("tensorflow")
    train = tensorflow.train
    with tensorflow.io.TFRecordWriter(str(path)) as writer:
        for table in tables:
            for row in table.to_pylist():
                features: Dict[str, Any] = {}
                for name, value in row.items():
                    values = value if isinstance(value, list) else [] if value is None else [value]
                    if name.endswith(WEIGHT_SUFFIX):
                        features[name] = train.Feature(float_list=train.FloatList(value=values))
                    else:
                        features[name] = train.Feature(int64_list=train.Int64List(value=values))
                example = train.Example(features=train.Features(feature=features))
                writer.write(example.SerializeToString())


_FLAT_WRITERS: Dict[str, Callable[[Path, Iterator[pa.Table], pa.Schema], None]] = {
    "parquet": _write_parquet,
    "csv": _write_csv,
    "tfrecord": _write_tfrecord,
}
