"""Finds compressed files that were cut short."""

from __future__ import annotations

import threading
import zlib
from typing import Sequence, Set

import numpy as np

from easy_esmm.data.files import is_compressed, open_bytes
from easy_esmm.data.row_errors import RowError

_READ_BYTES = 1 << 20


class WholeFiles:
    """Reads each compressed file to its end, once.

    TensorFlow 2.15 takes the end of a cut gzip file for the end of its rows, and returns the half
    line before it as a row. Python's reader checks length and check sum (0.2 us a row).
    """

    def __init__(self, files: Sequence[str]) -> None:
        self._files = files
        self._lock = threading.Lock()
        self._checked: Set[int] = set()

    def check(self, index: np.int64) -> np.int64:
        """Zero; raises RowError if the file of this index is compressed and not whole."""
        path = self._files[int(index)]
        with self._lock:
            is_known = int(index) in self._checked
        if is_compressed(path) and not is_known:
            try:
                with open_bytes(path) as file:
                    while file.read(_READ_BYTES):
                        pass
            except (EOFError, OSError, zlib.error) as error:
                raise RowError(f"{path}: the compressed file is not whole ({error})") from error
            with self._lock:
                self._checked.add(int(index))
        return np.int64(0)
