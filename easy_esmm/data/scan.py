"""Finds the corrupt rows of a block that failed to decode.

Bad rows are found by halving the block and decoding the halves with the very op of the fast way, so
that both ways agree on every row, and the cost is a few blocks' decoding for each bad row.
"""

from __future__ import annotations

from typing import Any, List, Optional

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.contract import Tensor
from easy_esmm.data.row_errors import RowError, SkippedRows
from easy_esmm.data.row_format import RowFormat

ADVICE = "fix the row or set data_config.ignore_error"


class Scan:
    """Decodes the valid rows of failed blocks. Holds no state but the counter of skipped rows."""

    def __init__(self, rows: RowFormat, skipped: Optional[SkippedRows], limit: int) -> None:
        """`skipped` is None where a bad row is an error.

        A block of at least `limit` rows without a valid one is an error even then: with a wrong
        separator, an endless training would look for a valid row for ever.
        """
        self._format, self._skipped, self._limit = rows, skipped, limit

    def __call__(
        self, rows: NDArray[Any], numbers: NDArray[np.int64], files: NDArray[np.int64]
    ) -> List[NDArray[Any]]:
        """Decodes the good rows of a block into the flat list of an element's arrays.

        `rows` [n] of bytes, with their numbers from 1 and the indices of their files. Raises
        RowError at the first bad row unless bad rows are skipped.
        """
        parts: List[Any] = []
        self._decode(rows, numbers, files, parts)
        if not parts and len(rows) >= self._limit:
            place = self._format.place(int(files[-1]), int(numbers[-1]))
            message = self._format.fault(rows[-1], int(files[-1]))
            raise RowError(f"{place}: none of {len(rows)} rows can be read, the last: {message}")
        if not parts:
            parts = [tf.nest.map_structure(_empty, self._format.spec)]
        whole = tf.nest.map_structure(lambda *tensors: tf.concat(tensors, axis=0), *parts)
        return [tensor.numpy() for tensor in tf.nest.flatten(whole, expand_composites=True)]

    def _decode(self, rows: NDArray[Any], numbers: Any, files: Any, parts: List[Any]) -> None:
        if not len(rows):
            return
        decoded = self._try(rows, files)
        if decoded is not None:
            parts.append(decoded)
        elif len(rows) == 1:
            self._report(rows[0], int(numbers[0]), int(files[0]))
        else:
            for half in (slice(None, len(rows) // 2), slice(len(rows) // 2, None)):
                self._decode(rows[half], numbers[half], files[half], parts)

    def _try(self, rows: NDArray[Any], files: Any) -> Optional[Any]:
        try:
            is_legal, element = self._format.decode(tf.constant(rows), tf.constant(files))
        except (tf.errors.InvalidArgumentError, UnicodeDecodeError):
            # (TensorFlow fails to quote bytes that are no text in the message of its error.)
            return None
        return element if is_legal else None

    def _report(self, row: bytes, number: int, file: int) -> None:
        rows = self._format

        def describe() -> str:
            return f"{rows.place(file, number)}: {rows.fault(row, file)}"

        if self._skipped is not None:
            self._skipped.add(rows.path(file), [number], describe)
            return
        rows.check_file(file)
        raise RowError(f"{describe()}; {ADVICE}")


def row_count(element: Any) -> Tensor:
    """Rows of an element, int64 scalar."""
    first = tf.nest.flatten(element)[0]
    if isinstance(first, tf.RaggedTensor):
        return first.nrows(out_type=tf.int64)
    return tf.shape(first, out_type=tf.int64)[0]


def _empty(spec: Any) -> Any:
    values = tf.zeros([0], spec.dtype)
    if isinstance(spec, tf.RaggedTensorSpec):
        return tf.RaggedTensor.from_row_splits(values, tf.zeros([1], tf.int64))
    return values
