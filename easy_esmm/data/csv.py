"""Reads CSV files into batches of typed tensors, by the steps of `blocks`."""

from __future__ import annotations

from typing import List, Optional, Sequence, Tuple

import numpy as np
import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.data.blocks import Block, batches_of, read_files
from easy_esmm.data.csv_fault import fault
from easy_esmm.data.csv_head import Layout, file_layout
from easy_esmm.data.decode import Element, decode_lines, element_spec
from easy_esmm.data.fields import Fields
from easy_esmm.data.files import is_compressed
from easy_esmm.data.gzip_check import GzipCheck
from easy_esmm.data.row_errors import SkippedRows
from easy_esmm.data.settings import BLOCK_ROWS, Reading
from easy_esmm.data.validated import RowValidator, Validated
from easy_esmm.protos.data_pb2 import DatasetConfig

_READ_BYTES = 1 << 20


def csv_dataset(
    files: Sequence[str],
    data: DatasetConfig,
    fields: Fields,
    reading: Reading,
    skipped: SkippedRows,
    validator: Optional[RowValidator] = None,
) -> tf.data.Dataset:
    """Batches of the files' rows; elements as `decode.decode_lines` describes them."""
    gzip_check = GzipCheck(files, data.with_header)
    blocks = _blocks(files, data, reading, gzip_check)
    lines = _Lines(files, data, fields, gzip_check)
    return batches_of(blocks, Validated(lines, validator) if validator else lines, reading, skipped)


class _Lines:
    """CSV's `RowFormat`."""

    def __init__(
        self, files: Sequence[str], data: DatasetConfig, fields: Fields, gzip_check: GzipCheck
    ) -> None:
        self.spec = element_spec(fields)
        self._layouts = [file_layout(path, data, fields) for path in files]
        self._distinct = tuple(dict.fromkeys(self._layouts))
        self._layout_of_file = [self._distinct.index(layout) for layout in self._layouts]
        self._files, self._fields, self._gzip_check = files, fields, gzip_check

    def decode(self, rows: Tensor, files: Tensor) -> Tuple[Tensor, Element]:
        if len(self._distinct) == 1:
            return decode_lines(rows, self._distinct[0], self._fields)
        layout = tf.gather(tf.constant(self._layout_of_file), files)
        return _decode_mixed(rows, layout, self._distinct, self._fields)

    def fault(self, row: bytes, file: int) -> str:
        return fault(row, self._layouts[file], self._fields)

    def path(self, file: int) -> str:
        return self._files[file]

    def place(self, file: int, number: int) -> str:
        return f"{self._files[file]}:{number}"

    def check_file(self, file: int) -> None:
        self._gzip_check.verify(file)  # a truncated file is reported as such, not as a bad row


def _blocks(
    files: Sequence[str], data: DatasetConfig, reading: Reading, gzip_check: GzipCheck
) -> tf.data.Dataset:
    """Blocks of this shard's lines of one epoch."""
    paths = tf.constant(list(files))
    compressions = tf.constant(["GZIP" if is_compressed(path) else "" for path in files])
    is_any_compressed = any(map(is_compressed, files))

    def read(index: Tensor) -> tf.data.Dataset:
        lines = tf.data.TextLineDataset(paths[index], compressions[index], _READ_BYTES)
        blocks = lines.skip(1 if data.with_header else 0).batch(BLOCK_ROWS)
        if is_any_compressed:
            blocks = _checked(blocks, index, gzip_check)
        return blocks.enumerate().map(
            lambda block, lines: _numbered(block, lines, index, data, reading)
        )

    return read_files(len(files), reading, read)


def _checked(blocks: tf.data.Dataset, index: Tensor, gzip_check: GzipCheck) -> tf.data.Dataset:
    """The blocks of a file and an empty one, before which the file is checked for truncation.

    TensorFlow takes the end of a truncated compressed file for the end of its rows.
    """
    end = tf.data.Dataset.from_tensors(tf.zeros([0], tf.string))

    def count(read: Tensor, lines: Tensor) -> Tuple[Tensor, Tensor]:
        lengths = tf.strings.length(lines)
        read += tf.stack([tf.size(lines, tf.int64), tf.reduce_sum(tf.cast(lengths, tf.int64))])
        is_end = tf.equal(tf.size(lines), 0)
        checked = tf.cond(
            is_end,
            lambda: tf.numpy_function(gzip_check.check, [index, read], tf.int64, stateful=False),
            lambda: tf.zeros([], tf.int64),
        )
        with tf.control_dependencies([checked]):
            return read, tf.identity(lines)

    return blocks.concatenate(end).scan(np.zeros(2, np.int64), count)


def _numbered(
    block: Tensor, lines: Tensor, file: Tensor, data: DatasetConfig, reading: Reading
) -> Block:
    """The shard's lines of a block that are not blank."""
    first = block * BLOCK_ROWS
    if not data.with_header:
        lines = tf.cond(tf.equal(block, 0), lambda: _without_mark(lines), lambda: lines)
    index, count = reading.shard
    if count > 1:
        lines = lines[(index - first) % count :: count]
        first += (index - first) % count
    size = tf.size(lines, tf.int64)
    numbers = first + tf.range(size) * count + (2 if data.with_header else 1)
    is_row = tf.strings.length(lines) > 0

    def without_blank() -> List[Tensor]:
        return [tf.boolean_mask(lines, is_row), tf.boolean_mask(numbers, is_row)]

    # A mask copies every line; blank lines are rare.
    kept, kept_numbers = tf.cond(tf.reduce_all(is_row), lambda: [lines, numbers], without_blank)
    return kept, kept_numbers, tf.fill([tf.size(kept)], file)


def _without_mark(lines: Tensor) -> Tensor:
    """The lines that a file begins with, without the byte order mark that some programs write."""
    return tf.concat([tf.strings.regex_replace(lines[:1], "^\ufeff", ""), lines[1:]], axis=0)


def _decode_mixed(
    lines: Tensor, layout: Tensor, distinct: Sequence[Layout], fields: Fields
) -> Tuple[Tensor, Element]:
    """Decodes lines [rows] of several layouts; `layout` [rows] indexes `distinct`."""
    rows = [tf.where(tf.equal(layout, i))[:, 0] for i in range(len(distinct))]
    decoded = [decode_lines(tf.gather(lines, r), d, fields) for r, d in zip(rows, distinct)]
    indices = [tf.cast(r, tf.int32) for r in rows]
    element = tf.nest.map_structure(
        lambda *parts: tf.dynamic_stitch(indices, list(parts)), *[part for _, part in decoded]
    )
    return tf.reduce_all([is_legal for is_legal, _ in decoded]), element
