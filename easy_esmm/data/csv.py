"""CSV files -> batches of typed tensors.

Lines are read, mixed and cut into batches as they are; only then a whole batch is decoded in one
op. Every step is an op of tf.data, or a Python function without state, so that the position of the
iterator can be saved with a checkpoint.
"""

from __future__ import annotations

from typing import Any, List, Sequence, Tuple

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.data.csv_head import Layout, file_layout
from easy_esmm.data.decode import Element, decode_lines, element_spec
from easy_esmm.data.fields import Fields
from easy_esmm.data.files import is_compressed
from easy_esmm.data.row_errors import SkippedRows
from easy_esmm.data.scan import Scan
from easy_esmm.data.settings import BLOCK_LINES, Reading
from easy_esmm.data.whole_files import WholeFiles
from easy_esmm.protos.data_pb2 import DatasetConfig

# Files read by turns while training, so that neighbouring batches hold rows of several files.
_OPEN_FILES = 8
_SHUFFLED_BLOCKS = 16
_READ_BYTES = 1 << 20

Block = Tuple[Tensor, Tensor, Tensor]
"""Lines [n] of bytes, their numbers [n] int64 from 1, the indices [n] int64 of their files."""


def csv_dataset(
    files: Sequence[str],
    data: DatasetConfig,
    fields: Fields,
    reading: Reading,
    skipped: SkippedRows,
) -> tf.data.Dataset:
    """Batches of the files' rows; elements as `decode.decode_lines` describes them.

    Without shuffling the rows come in the order of the files. All batches but the last of the whole
    dataset have `reading.batch_size` rows: a batch may hold rows of two epochs.
    """
    layouts = [file_layout(path, data, fields) for path in files]
    whole = WholeFiles(files)
    # Without the filter an endless pass over blank lines would look for a row for ever.
    blocks = _blocks(files, data, reading, whole).filter(lambda lines, *_: tf.size(lines) > 0)
    if reading.is_shuffled:
        blocks = _mixed(blocks, reading)
    else:
        blocks = blocks.repeat(reading.epochs).rebatch(reading.decoded)
    counter = skipped if reading.skip_errors else None
    scan = Scan(files, layouts, fields, counter, reading.decoded, whole)
    batches = _decoded(blocks, layouts, fields, scan, reading)
    if reading.skip_errors:
        batches = batches.filter(lambda *element: tf.shape(tf.nest.flatten(element)[0])[0] > 0)
    if reading.skip_errors or reading.decoded != reading.batch_size:
        batches = batches.rebatch(reading.batch_size)
    return batches


def _blocks(
    files: Sequence[str], data: DatasetConfig, reading: Reading, whole: WholeFiles
) -> tf.data.Dataset:
    """Blocks of this shard's lines of one epoch, file after file or by turns."""
    indices = tf.data.Dataset.range(len(files))
    if reading.is_shuffled:
        indices = indices.shuffle(len(files), reading.seed, reshuffle_each_iteration=True)
    paths = tf.constant(list(files))
    compressions = tf.constant(["GZIP" if is_compressed(path) else "" for path in files])

    def rows(index: Tensor) -> tf.data.Dataset:
        lines = tf.data.TextLineDataset(paths[index], compressions[index], _READ_BYTES)
        return (
            lines.skip(1 if data.with_header else 0)
            .batch(BLOCK_LINES)
            .enumerate()
            .map(lambda block, lines: _numbered(block, lines, index, data, reading))
        )

    def checked(index: Tensor) -> Block:
        length = tf.numpy_function(whole.check, [index], tf.int64, stateful=False)
        empty = tf.zeros([tf.ensure_shape(length, [])], tf.int64)
        return tf.as_string(empty), empty, empty

    def read(index: Tensor) -> tf.data.Dataset:
        # Cut short, a compressed file ends for TensorFlow as if it were whole.
        end = tf.data.Dataset.from_tensors(index).map(checked)
        return rows(index).concatenate(end)

    read = read if any(map(is_compressed, files)) else rows
    if not reading.is_shuffled:
        return indices.flat_map(read)
    by_turns = min(len(files), _OPEN_FILES)
    return indices.interleave(
        read, cycle_length=by_turns, num_parallel_calls=min(by_turns, reading.parallel)
    )


def _numbered(
    block: Tensor, lines: Tensor, file: Tensor, data: DatasetConfig, reading: Reading
) -> Block:
    """The shard's lines of a block that are not blank."""
    first = block * BLOCK_LINES
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


def _mixed(blocks: tf.data.Dataset, reading: Reading) -> tf.data.Dataset:
    """The blocks' lines over all epochs: blocks shuffled, lines permuted inside windows."""
    buffer = max(_SHUFFLED_BLOCKS, -(-reading.window // BLOCK_LINES))
    windows = blocks.shuffle(buffer, reading.seed, reshuffle_each_iteration=True).rebatch(
        reading.window
    )
    seeds = tf.data.Dataset.random(reading.seed, rerandomize_each_iteration=True).batch(2)
    return (
        tf.data.Dataset.zip((windows, seeds))
        .map(_permuted)
        .repeat(reading.epochs)
        .rebatch(reading.decoded)
    )


def _permuted(block: Block, seed: Tensor) -> Block:
    lines, numbers, files = block
    order = tf.random.experimental.stateless_shuffle(tf.range(tf.size(lines)), seed)
    return tf.gather(lines, order), tf.gather(numbers, order), tf.gather(files, order)


def _decoded(
    blocks: tf.data.Dataset,
    layouts: Sequence[Layout],
    fields: Fields,
    scan: Scan,
    reading: Reading,
) -> tf.data.Dataset:
    """Decodes each block; one that fails, and only that one, goes through the slow scan."""
    distinct = tuple(dict.fromkeys(layouts))
    layout_of_file = tf.constant([distinct.index(layout) for layout in layouts])
    spec = element_spec(fields)

    def decode(lines: Tensor, numbers: Tensor, files: Tensor) -> Tuple[Tensor, Element]:
        if len(distinct) == 1:
            return decode_lines(lines, distinct[0], fields)
        return _decode_mixed(lines, tf.gather(layout_of_file, files), distinct, fields)

    def judge(lines: Tensor, numbers: Tensor, files: Tensor) -> Element:
        flat = [tensor.dtype for tensor in tf.nest.flatten(spec)]
        arrays = tf.numpy_function(scan, [lines, numbers, files], flat, stateful=False)
        element = tf.nest.pack_sequence_as(spec, arrays)
        return tf.nest.map_structure(
            lambda array, s: tf.ensure_shape(array, s.shape), element, spec
        )

    def read(*block: Any) -> tf.data.Dataset:
        one = tf.data.Dataset.from_tensors(block)
        fast = one.map(decode).ignore_errors().filter(lambda is_legal, element: is_legal)
        quick = fast.map(lambda is_legal, element: element)
        return quick.concatenate(one.map(judge)).take(1)

    # Each inner dataset has one element, so taking turns keeps the order of the blocks.
    return blocks.interleave(
        read, cycle_length=reading.parallel, num_parallel_calls=reading.parallel, deterministic=True
    )


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
