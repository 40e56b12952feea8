"""Reports rows that cannot be read with their place, or skips and counts them.

A reader inside a tf.data pipeline cannot raise a UserError through TensorFlow: whatever it raises
arrives at the caller as some TensorFlow error with the text buried in traces. So the text travels
between two marks, and `row_error` finds it again.
"""

from __future__ import annotations

import logging
import re
import threading
from collections import Counter
from typing import Callable, Dict, List, Optional, Tuple

from easy_esmm.errors import UserError

_BEGIN, _END = "<easy_esmm row error>", "</easy_esmm row error>"
_MARKED = re.compile(f"{re.escape(_BEGIN)}(.*?){re.escape(_END)}", re.DOTALL)
_NAMED_PLACES = 5
_log = logging.getLogger(__name__)


class RowError(ValueError):
    """Raised inside a pipeline for a row, or a file, that cannot be read."""

    def __init__(self, message: str) -> None:
        super().__init__(f"{_BEGIN}{message}{_END}")


def row_error(error: BaseException) -> Optional[UserError]:
    """The reader's own message, if `error` (of TensorFlow, from a session's run) carries one.

    For the rims: `except tf.errors.OpError as error: raise row_error(error) or error`.
    """
    match = _MARKED.search(str(error))
    return UserError(match.group(1)) if match else None


class SkippedRows:
    """Counts the rows that `ignore_error` skips, by file. Safe to share among reading threads.

    A row that is met again in a later epoch counts again.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_file: Counter[str] = Counter()
        self._places: List[str] = []

    def add(self, path: str, describe: Callable[[], str]) -> None:
        """Counts one skipped row of a file; the first few are described and logged."""
        with self._lock:
            self._by_file[path] += 1
            if len(self._places) < _NAMED_PLACES:
                self._places.append(describe())
                _log.warning("row skipped: %s", self._places[-1])

    @property
    def total(self) -> int:
        """Rows skipped so far."""
        with self._lock:
            return sum(self._by_file.values())

    @property
    def by_file(self) -> Dict[str, int]:
        """Rows skipped so far in each file that has any."""
        with self._lock:
            return dict(self._by_file)

    @property
    def places(self) -> Tuple[str, ...]:
        """The first few skipped rows: file, line, column, value."""
        with self._lock:
            return tuple(self._places)

    def log_summary(self) -> None:
        """Logs one warning with the counts by file, if any row was skipped."""
        by_file = self.by_file
        if by_file:
            counts = ", ".join(f"{path}: {count}" for path, count in sorted(by_file.items()))
            _log.warning("%d rows skipped (%s)", sum(by_file.values()), counts)
