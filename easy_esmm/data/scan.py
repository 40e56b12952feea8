"""The slow way through a block of CSV lines that did not decode: find and name the bad rows.

Bad rows are found by halving the block and decoding the halves with the very op of the fast way, so
that both ways agree on every row, and the cost is a few blocks' decoding for each bad row.
"""

from __future__ import annotations

import re
from typing import Any, List, Optional, Sequence

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.data.csv_head import Layout
from easy_esmm.data.decode import DTYPES, decode_lines, element_spec
from easy_esmm.data.fields import BOOL, FALSE_WORDS, FLOATS, STRING, TRUE_WORDS, Column, Fields
from easy_esmm.data.row_errors import RowError, SkippedRows
from easy_esmm.data.whole_files import WholeFiles

_LONGEST_VALUE = 60
_COUNTS = re.compile(r"Expect (\d+) fields but have (\d+)")
_ADVICE = "fix the row or set data_config.ignore_error"


class Scan:
    """Judges the lines of failed blocks. Holds no state but the counter of skipped rows."""

    def __init__(
        self,
        files: Sequence[str],
        layouts: Sequence[Layout],
        fields: Fields,
        skipped: Optional[SkippedRows],
        hopeless: int,
        whole: WholeFiles,
    ) -> None:
        """`layouts[i]` is of `files[i]`; `skipped` is None where a bad row is an error.

        So many lines without a good one among them are an error even so: a wrong separator in an
        endless training would be searched for a good row for ever.
        """
        self._hopeless, self._whole = hopeless, whole
        self._files, self._layouts = files, layouts
        self._fields, self._skipped = fields, skipped

    def __call__(
        self, lines: NDArray[Any], numbers: NDArray[np.int64], files: NDArray[np.int32]
    ) -> List[NDArray[Any]]:
        """Decodes the good lines of a block into the flat list of an element's arrays [rows].

        `lines` [n] of bytes, with their line numbers from 1 and the indices of their files. Raises
        RowError at the first bad row unless bad rows are skipped.
        """
        parts: List[List[NDArray[Any]]] = []
        self._decode(lines, numbers, files, parts)
        if not parts and len(lines) >= self._hopeless:
            place = f"{self._files[int(files[-1])]}:{numbers[-1]}"
            message = self._fault(lines[-1], int(files[-1]))
            raise RowError(f"{place}: none of {len(lines)} rows can be read, the last: {message}")
        if not parts:
            return [
                np.zeros([0], spec.dtype.as_numpy_dtype)
                for spec in tf.nest.flatten(element_spec(self._fields))
            ]
        return [np.concatenate(arrays) for arrays in zip(*parts)]

    def _decode(
        self, lines: NDArray[Any], numbers: Any, files: Any, parts: List[List[NDArray[Any]]]
    ) -> None:
        if not len(lines):
            return
        decoded = self._try(lines, files)
        if decoded is not None:
            parts.append(decoded)
        elif len(lines) == 1:
            self._report(lines[0], int(numbers[0]), int(files[0]))
        else:
            for half in (slice(None, len(lines) // 2), slice(len(lines) // 2, None)):
                self._decode(lines[half], numbers[half], files[half], parts)

    def _try(self, lines: NDArray[Any], files: Any) -> Optional[List[NDArray[Any]]]:
        layout = self._layouts[int(files[0])]
        if any(self._layouts[int(file)] != layout for file in np.unique(files)):
            return None  # halved until each part is of one layout
        try:
            is_legal, element = decode_lines(tf.constant(lines), layout, self._fields)
        except tf.errors.InvalidArgumentError:
            return None
        return [tensor.numpy() for tensor in tf.nest.flatten(element)] if is_legal else None

    def _report(self, line: bytes, number: int, file: int) -> None:
        path = self._files[file]
        if self._skipped is not None:
            self._skipped.add(path, lambda: f"{path}:{number}: {self._fault(line, file)}")
            return
        self._whole.check(np.int64(file))  # what comes of a cut file is no fault of its row
        raise RowError(f"{path}:{number}: {self._fault(line, file)}; {_ADVICE}")

    def _fault(self, line: bytes, file: int) -> str:
        return fault(line, self._layouts[file], self._fields)


def fault(line: bytes, layout: Layout, fields: Fields) -> str:
    """What is wrong with a line that does not decode: its column, type and value."""
    try:
        cells = tf.io.decode_csv([line], [""] * len(layout.names), field_delim=layout.separator)
    except tf.errors.InvalidArgumentError as error:
        return _broken_line(str(error), layout)
    by_name = {name: cell.numpy()[0] for name, cell in zip(layout.names, cells)}
    labels = {column.name for column in fields.labels}
    for column in fields.needed:
        is_weight = column == fields.weight
        rule = _rule(column, by_name[column.name], column.name in labels or is_weight, is_weight)
        if rule:
            return (
                f"column '{column.name}' ({column.type_name}): {rule}{_shown(by_name[column.name])}"
            )
    return "the row cannot be decoded"


def _broken_line(error: str, layout: Layout) -> str:
    counts = _COUNTS.search(error)
    if counts is None:
        return 'the quotes are not balanced (a cell with quotes is quoted as a whole, "" inside)'
    expected, found = counts.groups()
    return f"{found} columns where {expected} are expected (separator {layout.separator!r})"


def _rule(column: Column, cell: bytes, is_label: bool, is_weight: bool) -> str:
    """The rule that the cell breaks, as the start of a message; empty if it breaks none."""
    if cell == b"":
        return ""
    if column.type == BOOL:
        is_word = cell.strip().lower() in (*TRUE_WORDS, *FALSE_WORDS)
        return "" if is_word else "must be true, false, 1 or 0, got "
    if column.type == STRING and not is_label:
        return ""
    dtype = tf.float32 if column.type == STRING else DTYPES[column.type]
    try:
        number = tf.strings.to_number(cell, dtype).numpy()
    except tf.errors.InvalidArgumentError:
        return "must be a number, got " if column.type == STRING else "got "
    if column.type in (STRING, *FLOATS) and not np.isfinite(
        np.float32(number) if is_label else number
    ):
        return "must be finite, got "
    if column.is_probability and not 0 <= number <= 1:
        return "must be in [0, 1], got "
    return "must not be negative, got " if is_weight and number < 0 else ""


def _shown(cell: bytes) -> str:
    text = cell.decode("utf-8", "replace")
    return repr(text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "...")
