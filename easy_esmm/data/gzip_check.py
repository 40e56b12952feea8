"""Finds truncated gzip files."""

from __future__ import annotations

from typing import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from easy_esmm.data import storage
from easy_esmm.data.files import DAMAGED_GZIP, is_compressed, open_bytes
from easy_esmm.data.row_errors import RowError

_READ_BYTES = 1 << 20
_SMALLEST = 18
"""Bytes of a gzip file around its data: shorter ones are cut."""


class GzipCheck:
    """Compares what was read of each compressed file with the length that its last bytes state.

    TensorFlow 2.15 takes the end of a cut gzip file for the end of its rows, and returns the half
    line before it as a row. (A check sum that does not fit, at the end of the data, it does find.)
    """

    def __init__(self, files: Sequence[str], with_header: bool) -> None:
        """`with_header`: the first line of each file is not among the lines that are counted."""
        self._files, self._with_header = files, with_header

    def check(self, index: np.int64, read: NDArray[np.int64]) -> np.int64:
        r"""Zero; raises RowError if the file of this index is compressed and truncated.

        `read` holds the number of its lines and of the bytes in them, without line ends. Only a
        file whose length that does not explain (members one behind the other, stray `\r`) is read
        a second time, by Python, which checks all of it.
        """
        path = self._files[int(index)]
        if is_compressed(path) and stated_size(path) not in self._sizes(path, *read.tolist()):
            self.verify(int(index))
        return np.int64(0)

    def verify(self, index: int) -> None:
        """Raises RowError if the file of this index is compressed and truncated."""
        path = self._files[index]
        if not is_compressed(path):
            return
        try:
            with open_bytes(path) as file:
                while file.read(_READ_BYTES):
                    pass
        except DAMAGED_GZIP as error:
            raise RowError(f"{path}: the compressed file is not whole ({error})") from error

    def _sizes(self, path: str, lines: int, content: int) -> Iterator[int]:
        """What a file of these lines may hold, modulo 2^32: line ends of one or two bytes."""
        header = self._header(path) if self._with_header else 0
        for end in (1, 2):
            for last in (end, 0):
                yield (header + content + lines * end - (end - last) * (lines > 0)) % 2**32

    def _header(self, path: str) -> int:
        with open_bytes(path) as file:
            return len(file.readline())


def stated_size(path: str) -> int:
    """Bytes that a gzip file says to hold, modulo 2^32; -1 if it is too short to say.

    Of a file of several members it is the last one's length.
    """
    length = storage.size(path)
    if length < _SMALLEST:
        return -1
    with storage.open_file(path) as file:
        file.seek(length - 4)
        return int.from_bytes(file.read(4), "little")
