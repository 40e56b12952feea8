"""Blocks of lines of several CSV files, for tf.data. No TensorFlow."""

from __future__ import annotations

import threading
import weakref
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
from numpy.typing import NDArray

from easy_esmm.data.csv_cells import split_line
from easy_esmm.data.lines import UNDECODED, LineFile
from easy_esmm.data.row_errors import RowError, SkippedRows
from easy_esmm.data.sampled_lines import SampledLines
from easy_esmm.data.settings import BLOCK_ROWS
from easy_esmm.data.stamps import Stamps
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig

START = (0, 0)
"""The place at which a file begins: bytes and lines before it."""
_OPEN_FILES = 32
"""As many as may wait to be read on: those that are read by turns, of a few iterators."""

_Place = Tuple[str, int]
"""(path of a file, bytes before)."""


class LineBlocks:
    """Reads a block of a file's lines from a place on.

    What comes back depends on the arguments only; files are kept open so as not to look for a place
    anew. Safe to share among threads.
    """

    def __init__(
        self,
        data: DatasetConfig,
        shard: Tuple[int, int] = (0, 1),
        skipped: Optional[SkippedRows] = None,
        sampled: Optional[SampledLines] = None,
    ) -> None:
        """`shard` = (index, count): blocks hold the lines index, index + count, ... of a file.

        `skipped` is None where the damage of a gzip file is an error, `sampled` where all rows are
        read.
        """
        self._data, self._shard, self._skipped = data, shard, skipped
        self._sampled = sampled
        self._stamps = Stamps()
        self._lock = threading.Lock()
        self._open: Dict[_Place, LineFile] = {}
        weakref.finalize(self, _close, self._open)

    def __call__(self, path: bytes, place: NDArray[np.int64]) -> List[NDArray[Any]]:
        """(rows, their numbers, the place behind them, is there no line at `place`).

        The shard's lines of a file from `place` on, as UTF-8, without a header and blank lines.
        Raises RowError if the file cannot be read.
        """
        try:
            self._stamps.note(path.decode())
            file = self._opened(path.decode(), *place.tolist())
            first = file.number + 1
            header = int(self._data.with_header and file.number == 0)
            rows = file.read(BLOCK_ROWS + header)
        except UserError as error:
            raise RowError(str(error)) from error
        except OSError as error:
            raise RowError(f"{path.decode()}: cannot be read ({error})") from error
        behind = np.array([file.offset, file.number], np.int64)
        if rows:
            self._keep(path.decode(), file)
        else:
            self._end(path.decode(), file)
        numbers = np.arange(first, first + len(rows), dtype=np.int64)
        is_over = np.array(not rows)
        rows, numbers = self._of_shard(rows[header:], numbers[header:])
        if self._sampled is not None:
            rows, numbers = self._sampled(path.decode(), rows, numbers)
        array = np.array([self._row(row) for row in rows] if _has_return(rows) else rows, object)
        return [array, numbers, behind, is_over]

    def _opened(self, path: str, offset: int, number: int) -> LineFile:
        with self._lock:
            known = self._open.pop((path, offset), None)
        skips_damage = self._skipped is not None
        return known or LineFile(
            path, self._data.encoding, offset, number, skips_damage=skips_damage
        )

    def _end(self, path: str, file: LineFile) -> None:
        """The file must be over because it is, and not because it was cut while it was read."""
        self._stamps.require_same(path)
        if file.damage and self._skipped is not None:
            number, damage = file.number + 1, file.damage
            self._skipped.add(path, [number], lambda: f"{path}:{number}: {damage}")

    def _keep(self, path: str, file: LineFile) -> None:
        with self._lock:
            replaced = self._open.pop((path, file.offset), None)
            self._open[path, file.offset] = file
            if replaced is None and len(self._open) > _OPEN_FILES:
                replaced = self._open.pop(next(iter(self._open)))
        if replaced is not None:
            replaced.close()

    def _of_shard(
        self, rows: List[bytes], numbers: NDArray[np.int64]
    ) -> Tuple[List[bytes], NDArray[np.int64]]:
        header = int(self._data.with_header)
        index, count = self._shard
        if count > 1 and rows:
            first = int(index - (numbers[0] - 1 - header)) % count
            rows, numbers = rows[first::count], numbers[first::count]
        if b"" in rows:
            is_row = np.array([row != b"" for row in rows])
            rows, numbers = [row for row in rows if row], numbers[is_row]
        return rows, numbers

    def _row(self, row: bytes) -> bytes:
        r"""The row with its cells quoted that hold a "\r".

        TensorFlow's decoder refuses a cell without quotes that has one inside, and leaves out those
        that a cell begins with.
        """
        if b"\r" not in row or row.startswith(UNDECODED):
            return row
        cells = split_line(row.decode(), self._data.separator)
        if cells is None:
            return UNDECODED + row
        return self._data.separator.join(map(_quoted, cells)).encode()


def _has_return(rows: List[bytes]) -> bool:
    return b"\r" in b"".join(rows)


def _quoted(cell: str) -> str:
    return '"{}"'.format(cell.replace('"', '""'))


def _close(files: Dict[_Place, LineFile]) -> None:
    for file in files.values():
        file.close()
