"""Reads the records of a TFRecord file that follow a corrupt one."""

from __future__ import annotations

import threading
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

from easy_esmm.data import storage
from easy_esmm.data.examples import is_gzip, open_records
from easy_esmm.data.files import DAMAGED_GZIP, stated_size
from easy_esmm.data.records import Chunk, read_chunk
from easy_esmm.data.row_errors import RowError, SkippedRows
from easy_esmm.data.settings import BLOCK_ROWS
from easy_esmm.data.stamps import Stamps
from easy_esmm.protos.data_pb2 import DatasetConfig

_ADVICE = "write the file anew or set data_config.ignore_error"


class RecordRecovery:
    """Reads on where TensorFlow has stopped, names the damage, or skips it and counts it.

    What comes back depends on the arguments only; places are kept so as not to look for them again.
    """

    def __init__(
        self, files: Sequence[str], data: DatasetConfig, skipped: Optional[SkippedRows]
    ) -> None:
        """`skipped` is None where a damaged record is an error."""
        self._files, self._data, self._skipped = files, data, skipped
        self._stamps = Stamps()
        for path in files:
            self._stamps.note(path)
        self._lock = threading.Lock()
        self._next: Dict[Tuple[int, int, int], Chunk] = {}

    def __call__(
        self, index: np.int64, read: NDArray[np.int64], part: np.int64
    ) -> List[NDArray[Any]]:
        """(records, their numbers, is there nothing more) of a part, from 0, of the rest.

        `read` holds how many records of the file of this index, and how many (uncompressed) bytes
        with them, have been read. Raises RowError for damage that is not skipped.
        """
        file, (number, offset) = int(index), read.tolist()
        if self._is_whole(file, offset):
            return _arrays(Chunk(offset, number), is_over=True)
        before = self._chunk_before(file, offset, number, int(part))
        if before.is_end:
            return _arrays(Chunk(before.offset, before.number), is_over=True)
        chunk = self._read(file, before)
        with self._lock:
            self._next[file, offset, int(part) + 1] = _without_records(chunk)
        for damaged, at, fault in chunk.faults:
            self._report(file, damaged, at, fault)
        return _arrays(chunk, is_over=False)

    def _is_whole(self, file: int, offset: int) -> bool:
        path = self._files[file]
        self._stamps.require_same(path)
        try:
            if is_gzip(path, self._data):
                return stated_size(path) == offset % 2**32
            return storage.size(path) == offset
        except OSError as error:
            raise RowError(f"{path}: cannot be read ({error})") from error

    def _chunk_before(self, file: int, offset: int, number: int, part: int) -> Chunk:
        if part == 0:
            return Chunk(offset, number)
        with self._lock:
            known = self._next.get((file, offset, part))
        if known is not None:
            return known
        before = self._chunk_before(file, offset, number, part - 1)
        return before if before.is_end else self._read(file, before)

    def _read(self, file: int, before: Chunk) -> Chunk:
        path = self._files[file]
        try:
            with open_records(path, self._data) as opened:
                return read_chunk(opened, before.offset, before.number, BLOCK_ROWS)
        except DAMAGED_GZIP as error:
            raise RowError(f"{path}: cannot be read ({error})") from error

    def _report(self, file: int, number: int, offset: int, fault: str) -> None:
        path = self._files[file]
        place = f"{path}: record {number} (byte {offset}): {fault}"
        if self._skipped is None:
            raise RowError(f"{place}; {_ADVICE}")
        self._skipped.add(path, [number], lambda: place)


def _without_records(chunk: Chunk) -> Chunk:
    return Chunk(chunk.offset, chunk.number, chunk.is_end)


def _arrays(chunk: Chunk, is_over: bool) -> List[NDArray[Any]]:
    records = np.array(chunk.records, object)
    return [records, np.array(chunk.numbers, np.int64), np.array(is_over)]
