"""Reads CSV files into batches of typed tensors, by the steps of `blocks`."""

from __future__ import annotations

from typing import Any, Optional, Sequence, Tuple

import numpy as np
import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.data.blocks import batches_of, read_files
from easy_esmm.data.csv_cells import UNBALANCED
from easy_esmm.data.csv_fault import fault
from easy_esmm.data.csv_head import Layout, file_layout
from easy_esmm.data.decode import Element, decode_lines, element_spec
from easy_esmm.data.fields import Fields
from easy_esmm.data.files import require_whole
from easy_esmm.data.line_blocks import START, LineBlocks
from easy_esmm.data.lines import UNDECODED, first_lines
from easy_esmm.data.row_errors import RowError, SkippedRows
from easy_esmm.data.sampled_lines import SampledLines
from easy_esmm.data.settings import Reading
from easy_esmm.data.undecodable import undecodable
from easy_esmm.data.validated import RowValidator, Validated
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig

_ENDLESS = int(np.iinfo(np.int64).max)
_LINES_TO_GUESS = 200
"""Lines of a file that are looked at for others that are no text, to guess its encoding."""


def csv_dataset(
    files: Sequence[str],
    data: DatasetConfig,
    fields: Fields,
    reading: Reading,
    skipped: SkippedRows,
    validator: Optional[RowValidator] = None,
) -> tf.data.Dataset:
    """Batches of the files' rows; elements as `decode.decode_lines` describes them."""
    lines = _Lines(files, data, fields)
    counter = skipped if reading.skip_errors else None
    blocks = _blocks(files, data, reading, counter, lines.layouts)
    return batches_of(blocks, Validated(lines, validator) if validator else lines, reading, skipped)


class _Lines:
    """CSV's `RowFormat`."""

    def __init__(self, files: Sequence[str], data: DatasetConfig, fields: Fields) -> None:
        self.spec = element_spec(fields)
        self.layouts = [file_layout(path, data, fields) for path in files]
        self._distinct = tuple(dict.fromkeys(self.layouts))
        self._layout_of_file = [self._distinct.index(layout) for layout in self.layouts]
        self._files, self._data, self._fields = files, data, fields

    def decode(self, rows: Tensor, files: Tensor) -> Tuple[Tensor, Element]:
        if len(self._distinct) == 1:
            return decode_lines(rows, self._distinct[0], self._fields)
        layout = tf.gather(tf.constant(self._layout_of_file), files)
        return _decode_mixed(rows, layout, self._distinct, self._fields)

    def fault(self, row: bytes, file: int) -> str:
        if row.startswith(UNDECODED):
            return self._refused(row[len(UNDECODED) :], file)
        return fault(row, self.layouts[file], self._fields)

    def path(self, file: int) -> str:
        return self._files[file]

    def place(self, file: int, number: int) -> str:
        return f"{self._files[file]}:{number}"

    def check_file(self, file: int) -> None:
        """A damaged gzip file may show it by its rows first: its check sum stands at its end."""
        try:
            require_whole(self._files[file])
        except UserError as error:
            raise RowError(str(error)) from error

    def _refused(self, line: bytes, file: int) -> str:
        """What is wrong with a line that the reader of lines has marked."""
        encoding = self._data.encoding
        try:
            line.decode(encoding)
            return UNBALANCED
        except UnicodeError:
            layout = self.layouts[file]
            skips_damage = self._data.ignore_error
            others = first_lines(self._files[file], _LINES_TO_GUESS, encoding, skips_damage)
            raw = [line, *(other.undecoded for other in others if other.undecoded is not None)]
            rule, value, hint = undecodable(raw, encoding, layout.names, layout.separator)
            return f"{rule}, got {value}; {hint}"


def _blocks(
    files: Sequence[str],
    data: DatasetConfig,
    reading: Reading,
    skipped: Optional[SkippedRows],
    layouts: Sequence[Layout],
) -> tf.data.Dataset:
    """Blocks of this shard's lines of one epoch."""
    sampled = None
    if reading.negatives is not None:
        sampled = SampledLines(reading.negatives, files, layouts, data)
    line_blocks = LineBlocks(data, reading.shard, skipped, sampled)
    paths, start = tf.constant(list(files)), tf.constant(START, tf.int64)
    types = [tf.string, tf.int64, tf.int64, tf.bool]
    shapes: Sequence[Any] = ([None], [None], [2], [])

    def next_block(path: Tensor, place: Tensor) -> Tuple[Tensor, Tuple[Tensor, Tensor, Tensor]]:
        arrays = tf.numpy_function(line_blocks, [path, place], types, stateful=False)
        rows, numbers, behind, is_over = map(tf.ensure_shape, arrays, shapes)
        return behind, (rows, numbers, is_over)

    def read(file: Tensor) -> tf.data.Dataset:
        # The place is part of the input's position, so that a resumed one need not look for it.
        blocks = tf.data.Dataset.range(_ENDLESS).scan(
            start, lambda place, _: next_block(paths[file], place)
        )
        found = blocks.take_while(lambda rows, numbers, is_over: tf.logical_not(is_over))
        return found.map(lambda rows, numbers, _: (rows, numbers, tf.fill([tf.size(rows)], file)))

    return read_files(len(files), reading, read)


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
