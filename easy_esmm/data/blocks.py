"""Decodes blocks of text lines or records into batches of typed tensors.

Rows are mixed and cut into batches undecoded; only then a whole batch is decoded in one op. Every
step is an op of tf.data, or a Python function without state, so that the position of the iterator
can be saved with a checkpoint.
"""

from __future__ import annotations

from typing import Any, Tuple

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.data.decode import Element
from easy_esmm.data.kept_rows import KeptRows
from easy_esmm.data.row_errors import SkippedRows
from easy_esmm.data.row_format import RowFormat
from easy_esmm.data.scan import Scan, row_count
from easy_esmm.data.settings import BLOCK_ROWS, Reading

_SHUFFLED_BLOCKS = 16
# Files read by turns while training, so that neighbouring batches hold rows of several files.
_OPEN_FILES = 8

Block = Tuple[Tensor, Tensor, Tensor]
"""Rows [n] of bytes, their numbers [n] int64 from 1, the indices [n] int64 of their files."""


def read_files(files: int, reading: Reading, read: Any) -> tf.data.Dataset:
    """The blocks of one epoch, file after file or by turns; `read` makes those of a file's index.

    Empty blocks are dropped: an endless pass over empty files would look for a row for ever.
    """
    indices = tf.data.Dataset.range(files)
    if reading.is_shuffled:
        indices = indices.shuffle(files, reading.seed, reshuffle_each_iteration=True)
        by_turns = min(files, _OPEN_FILES)
        blocks = indices.interleave(
            read, cycle_length=by_turns, num_parallel_calls=min(by_turns, reading.parallel)
        )
    else:
        blocks = indices.flat_map(read)
    return blocks.filter(lambda rows, *_: tf.size(rows) > 0)


def batches_of(
    blocks: tf.data.Dataset, rows: RowFormat, reading: Reading, skipped: SkippedRows
) -> tf.data.Dataset:
    """Batches of the rows of one epoch's blocks, over all epochs, shuffled if configured.

    Without shuffling the rows keep their order. All batches but the last of the whole dataset have
    `reading.batch_size` rows (where rows are skipped and columns hold lists, others may be shorter
    too): a batch may hold rows of two epochs.
    """
    if reading.is_shuffled:
        blocks = _mixed(blocks, reading)
    else:
        blocks = blocks.repeat(reading.epochs).rebatch(reading.decoded)
    if reading.keeps_rows:
        rows = KeptRows(rows)
    scan = Scan(rows, skipped if reading.skip_errors else None, reading.decoded)
    batches = _decoded(blocks, rows, scan, reading)
    if reading.skip_errors:
        batches = batches.filter(lambda *element: row_count(element) > 0)
    if not reading.skip_errors and reading.decoded == reading.batch_size:
        return batches
    if _has_lists(rows.spec):  # which `rebatch` does not know
        return batches.flat_map(lambda *element: _cut(element, reading.batch_size))
    return batches.rebatch(reading.batch_size)


def _mixed(blocks: tf.data.Dataset, reading: Reading) -> tf.data.Dataset:
    """The blocks' rows over all epochs: blocks shuffled, rows permuted inside windows."""
    buffer = max(_SHUFFLED_BLOCKS, -(-reading.window // BLOCK_ROWS))
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
    rows, numbers, files = block
    order = tf.random.experimental.stateless_shuffle(tf.range(tf.size(rows)), seed)
    return tf.gather(rows, order), tf.gather(numbers, order), tf.gather(files, order)


def _decoded(
    blocks: tf.data.Dataset, rows: RowFormat, scan: Scan, reading: Reading
) -> tf.data.Dataset:
    """Decodes each block; one that fails, and only that one, goes through the slow scan."""
    flat = tf.nest.flatten(rows.spec, expand_composites=True)

    def scanned(*block: Tensor) -> Element:
        dtypes = [tensor.dtype for tensor in flat]
        arrays = tf.numpy_function(scan, list(block), dtypes, stateful=False)
        shaped = [tf.ensure_shape(array, spec.shape) for array, spec in zip(arrays, flat)]
        return tf.nest.pack_sequence_as(rows.spec, shaped, expand_composites=True)

    def read(*block: Tensor) -> tf.data.Dataset:
        one = tf.data.Dataset.from_tensors(block)
        decoded = one.map(lambda raw, numbers, files: rows.decode(raw, files))
        fast = decoded.ignore_errors().filter(lambda is_legal, element: is_legal)
        quick = fast.map(lambda is_legal, element: element)
        return quick.concatenate(one.map(scanned)).take(1)

    # Each inner dataset has one element, so taking turns keeps the order of the blocks.
    return blocks.interleave(
        read, cycle_length=reading.parallel, num_parallel_calls=reading.parallel, deterministic=True
    )


def _has_lists(spec: Element) -> bool:
    return any(isinstance(one, tf.RaggedTensorSpec) for one in tf.nest.flatten(spec))


def _cut(parts: Tuple[Any, ...], batch_size: int) -> tf.data.Dataset:
    """Cuts one element into batches."""
    element = parts[0] if len(parts) == 1 else parts
    starts = tf.data.Dataset.range(0, tf.cast(row_count(parts), tf.int64), batch_size)
    return starts.map(
        lambda start: tf.nest.map_structure(lambda t: t[start : start + batch_size], element)
    )
