"""Reads TFRecord files of tf.Examples into batches of tensors, by the steps of `blocks`."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np
import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.data.blocks import Block, batches_of, read_files
from easy_esmm.data.decode import DTYPES, Element, assemble, element_spec
from easy_esmm.data.empty_cells import fill_empty, sentinel
from easy_esmm.data.example_fault import fault
from easy_esmm.data.examples import BYTES, WHOLE, is_gzip, plan_examples
from easy_esmm.data.fields import BOOL, FLOATS, STRING, Column, Fields
from easy_esmm.data.record_recovery import RecordRecovery
from easy_esmm.data.records import FRAME_BYTES
from easy_esmm.data.row_errors import SkippedRows
from easy_esmm.data.settings import BLOCK_ROWS, Reading
from easy_esmm.data.validated import RowValidator, Validated
from easy_esmm.protos.data_pb2 import DatasetConfig

_READ_BYTES = 1 << 20
_ENDLESS = int(np.iinfo(np.int64).max)
_PARSED = {BYTES: tf.string, WHOLE: tf.int64}


def tfrecord_dataset(
    files: Sequence[str],
    data: DatasetConfig,
    fields: Fields,
    reading: Reading,
    skipped: SkippedRows,
    validator: Optional[RowValidator] = None,
) -> tf.data.Dataset:
    """Batches of the files' rows; elements as `csv_dataset`'s, list columns as RaggedTensors."""
    recovery = RecordRecovery(files, data, skipped if reading.skip_errors else None)
    blocks = _blocks(files, data, reading, recovery)
    examples = _Examples(files, data, fields)
    return batches_of(
        blocks, Validated(examples, validator) if validator else examples, reading, skipped
    )


class _Examples:
    """The `RowFormat` of tf.Examples."""

    def __init__(self, files: Sequence[str], data: DatasetConfig, fields: Fields) -> None:
        self._plan = plan_examples(files, data, fields)
        self.spec = element_spec(self._plan.fields, self._plan.lists)
        self._parsing = {c.name: self._parse_spec(c) for c in self._plan.fields.needed}
        self._files = files

    def decode(self, rows: Tensor, files: Tensor) -> Tuple[Tensor, Element]:
        parsed = tf.io.parse_example(rows, self._parsing)
        checks: List[Tensor] = []
        missing: Dict[str, Tensor] = {}
        values: Dict[str, Tensor] = {}
        for column in self._plan.fields.needed:
            cells = parsed[column.name]
            if not isinstance(cells, tf.RaggedTensor):
                cells = _one_value(cells, self._parsing[column.name], checks)
                if column.name in self._plan.fields.nullable:
                    cells, missing[column.name] = fill_empty(cells, _default(column, cells.dtype))
                values[column.name] = _typed(column, cells, checks)
            else:
                values[column.name] = cells.with_values(_typed(column, cells.values, checks))
        return assemble(self._plan.fields, values, checks, missing)

    def fault(self, row: bytes, file: int) -> str:
        return fault(row, self._plan)

    def path(self, file: int) -> str:
        return self._files[file]

    def place(self, file: int, number: int) -> str:
        return f"{self._files[file]}: record {number}"

    def check_file(self, file: int) -> None:
        """A corrupt record does not get this far: its check sum is wrong."""

    def _parse_spec(self, column: Column) -> Any:
        dtype = _PARSED.get(self._plan.kinds[column.name], tf.float32)
        if column.name in self._plan.lists:
            return tf.io.RaggedFeature(dtype, row_splits_dtype=tf.int64)
        # Not FixedLenFeature, which refuses an empty list (22 % quicker: 2.16 against 2.65 us a
        # row of 20 columns).
        is_nullable = column.name in self._plan.fields.nullable
        default = sentinel(dtype) if is_nullable else _default(column, dtype)
        return tf.io.FixedLenSequenceFeature([], dtype, allow_missing=True, default_value=default)


def _default(column: Column, dtype: Any) -> Any:
    """The column's default as the type in which a tf.Example holds it."""
    return np.array(column.default, object if dtype == tf.string else dtype.as_numpy_dtype)


def _one_value(cells: Tensor, spec: Any, checks: List[Tensor]) -> Tensor:
    """[rows] of [rows, width], where the width is 0 if no row has a value."""
    width = tf.shape(cells)[1]
    checks.append(width < 2)
    absent = tf.fill([tf.shape(cells)[0]], tf.constant(spec.default_value, cells.dtype))
    return tf.cond(width > 0, lambda: cells[:, 0], lambda: absent)


def _typed(column: Column, values: Tensor, checks: List[Tensor]) -> Tensor:
    """Values of the declared type from text, floats or int64."""
    dtype = DTYPES[column.type]
    if column.type in FLOATS:
        checks.append(tf.math.is_finite(tf.cast(values, dtype)))
    elif column.type == BOOL:
        checks.append((values >= 0) & (values <= 1))
    elif column.type != STRING and dtype != values.dtype:
        checks.append((values >= dtype.min) & (values <= dtype.max))
    return tf.cast(values, dtype)


def _blocks(
    files: Sequence[str], data: DatasetConfig, reading: Reading, recovery: RecordRecovery
) -> tf.data.Dataset:
    """Blocks of this shard's records of one epoch."""
    paths = tf.constant(list(files))
    compressions = tf.constant(["GZIP" if is_gzip(path, data) else "" for path in files])

    def read(index: Tensor) -> tf.data.Dataset:
        records = tf.data.TFRecordDataset(paths[index], compressions[index], _READ_BYTES)
        # What fails is found again below, by its place; here it would have no file's name.
        blocks = records.batch(BLOCK_ROWS).ignore_errors()
        end = tf.data.Dataset.from_tensors(tf.zeros([0], tf.string))
        counted = blocks.concatenate(end).scan(np.zeros(2, np.int64), _count)
        return counted.flat_map(lambda *block: _with_rest(block, index, recovery)).map(
            lambda records, numbers: _share(records, numbers, index, reading)
        )

    return read_files(len(files), reading, read)


def _count(read: Tensor, records: Tensor) -> Tuple[Tensor, Tuple[Tensor, Tensor]]:
    """(records, bytes) read after a block; the block, and what was read before it."""
    size = tf.size(records, tf.int64)
    length = tf.reduce_sum(tf.cast(tf.strings.length(records), tf.int64))
    return read + tf.stack([size, length + FRAME_BYTES * size]), (records, read)


def _with_rest(
    block: Tuple[Tensor, Tensor], file: Tensor, recovery: RecordRecovery
) -> tf.data.Dataset:
    """(records, numbers) of a block; in place of the empty one at the end, of what was not read."""
    records, read = block
    size = tf.size(records, tf.int64)
    is_end = tf.equal(size, 0)

    def from_rest(part: Tensor) -> List[Tensor]:
        arrays = tf.numpy_function(
            recovery, [file, read, part], [tf.string, tf.int64, tf.bool], stateful=False
        )
        return [tf.ensure_shape(array, shape) for array, shape in zip(arrays, ([None], [None], []))]

    def as_read() -> List[Tensor]:
        return [records, read[0] + 1 + tf.range(size), tf.constant(False)]

    parts = tf.data.Dataset.range(tf.where(is_end, tf.constant(_ENDLESS, tf.int64), 1))
    pieces = parts.map(lambda part: tuple(tf.cond(is_end, lambda: from_rest(part), as_read)))
    more = pieces.take_while(lambda records, numbers, is_over: tf.logical_not(is_over))
    return more.map(lambda records, numbers, is_over: (records, numbers))


def _share(records: Tensor, numbers: Tensor, file: Tensor, reading: Reading) -> Block:
    """This shard's records."""
    index, count = reading.shard
    if count > 1:
        is_mine = tf.equal((numbers - 1) % count, index)
        records, numbers = tf.boolean_mask(records, is_mine), tf.boolean_mask(numbers, is_mine)
    return records, numbers, tf.fill([tf.size(records)], file)
