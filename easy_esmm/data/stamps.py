"""Notices files that change while they are read."""

from __future__ import annotations

import os
import threading
from typing import Dict, Optional, Tuple

from easy_esmm.data.row_errors import RowError
from easy_esmm.data.storage import is_remote, size

UNCHANGED = "files must stay as they are while they are read"


class Stamps:
    """Size and time of the last writing of local files, when they were met first.

    A file that is cut or appended to while it is read would have another end than at the start, and
    the rows between them would be lost, or read in some of the epochs, without a word. Of remote
    files nothing is noted. Safe to share among threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._first: Dict[str, Tuple[int, int]] = {}

    def note(self, path: str) -> None:
        """Notes what a file is, if it was not met before. Raises OSError if it is not there."""
        if is_remote(path):
            return
        with self._lock:
            if path not in self._first:
                self._first[path] = stamp(path)

    def require_same(self, path: str) -> None:
        """Raises RowError if a file that was noted is not as it was."""
        with self._lock:
            first: Optional[Tuple[int, int]] = self._first.get(path)
        if first is None:
            return
        try:
            now = stamp(path)
        except OSError as error:
            raise RowError(f"{path}: is not there any more ({error}); {UNCHANGED}") from error
        if now != first:
            what = (
                "was written again"
                if now[0] == first[0]
                else f"had {first[0]:,} bytes and now has {now[0]:,}"
            )
            raise RowError(f"{path}: has changed since it was opened: it {what}; {UNCHANGED}")


def stamp(path: str) -> Tuple[int, int]:
    """Bytes of a file, and when it was written last in ns; 0 for a remote file."""
    if is_remote(path):
        return size(path), 0
    found = os.stat(path)
    return found.st_size, found.st_mtime_ns
