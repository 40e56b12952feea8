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
from typing import Callable, Dict, List, Mapping, Optional, Sequence, Set, Tuple

from easy_esmm.errors import UserError

_BEGIN, _END = "<easy_esmm row error>", "</easy_esmm row error>"
_MARKED = re.compile(f"{re.escape(_BEGIN)}(.*?){re.escape(_END)}", re.DOTALL)
_NAMED_PLACES, _NAMED_FILES = 5, 20
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

    A row that is met again in a later epoch counts again, but not against the limit.
    """

    def __init__(self, limit: int = 0) -> None:
        """`limit`: different rows of the files that may be skipped; 0: all."""
        self._lock = threading.Lock()
        self._limit = limit
        self._by_file: Counter[str] = Counter()
        self._rows: Dict[str, Set[int]] = {}
        """Numbers of the skipped rows, kept for the limit only."""
        self._places: List[str] = []

    def add(self, path: str, rows: Sequence[int], describe: Callable[[], str]) -> None:
        """Counts skipped rows of a file, of these numbers; the first are described and logged.

        Raises RowError where that makes more rows than the limit.
        """
        with self._lock:
            self._by_file[path] += len(rows)
            if len(self._places) < _NAMED_PLACES:
                self._places.append(describe())
                _log.warning("row skipped: %s", self._places[-1])
            if self._limit:
                self._rows.setdefault(path, set()).update(rows)
                self._require_few(describe)

    def _require_few(self, describe: Callable[[], str]) -> None:
        by_file = {path: len(rows) for path, rows in self._rows.items()}
        found = sum(by_file.values())
        if found > self._limit:
            raise RowError(
                f"{describe()}\n{found:,} rows could not be read ({_counts(by_file)}), more than "
                f"data_config.max_errors ({self._limit:,}): mend the files, or allow more"
            )

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
            _log.warning("%d rows skipped (%s)", sum(by_file.values()), _counts(by_file))


def _counts(by_file: Mapping[str, int]) -> str:
    """The files with the most, and how many others there are."""
    ordered = sorted(by_file.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{path}: {count:,}" for path, count in ordered[:_NAMED_FILES]]
    others = ordered[_NAMED_FILES:]
    if others:
        named.append(f"{len(others):,} other files: {sum(count for _, count in others):,}")
    return ", ".join(named)
