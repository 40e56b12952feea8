"""The progress display of all programs: one live line on a terminal, lines that stay elsewhere."""

from __future__ import annotations

import os
import sys
from typing import Any, Dict, Optional, TextIO

from tqdm import tqdm

from easy_esmm import log_lines

_REFRESH_SECONDS = 0.2
_BAR = " |{bar:24}| {percentage:3.0f}%"


class _Line(tqdm):  # type: ignore[misc]
    monitor_interval = 0  # no thread: every caller calls often enough


class ProgressLine:
    """Writes progress to a stream: a live line of tqdm on a terminal, and lines that stay.

    A terminal is refreshed five times a second at most; elsewhere only `event`s are written.
    """

    def __init__(self, stream: Optional[TextIO] = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self.is_terminal = self._stream.isatty() and not log_lines.is_json()
        self._line: Any = None

    def live(self, text: str, share: Optional[float] = None) -> None:
        """Shows a passing state, on a terminal only; `share` of the work that is done as a bar."""
        if not self.is_terminal:
            return
        if self._line is None:
            self._line = _Line(
                desc=text,
                total=1.0,
                initial=share or 0,
                bar_format="{desc}" if share is None else "{desc}" + _BAR,
                file=self._stream,
                mininterval=_REFRESH_SECONDS,
                miniters=0,
                leave=False,
                **_size(self._stream),
            )
            return
        self._line.set_description_str(text, refresh=False)
        self._line.n = share or 0
        self._line.update(0)

    def event(self, text: str, **fields: Any) -> None:
        """Writes a line that stays, in place of what is live; with the fields where it is JSON."""
        if self._line is not None:
            self._line.close()
            self._line = None
        if log_lines.is_json():
            log_lines.write(text, stream=self._stream, **fields)
            return
        _Line.write(text, file=self._stream)
        self._stream.flush()


def _size(stream: TextIO) -> Dict[str, Any]:
    """tqdm's size of a terminal; a fixed one where it says 0 columns, which would hide the line."""
    try:
        has_size = os.get_terminal_size(stream.fileno()).columns > 0
    except OSError:
        has_size = False
    return {"dynamic_ncols": True} if has_size else {"ncols": 120, "nrows": 24}


def duration(seconds: float) -> str:
    """`1:02:03` or `02:03`."""
    minutes, second = divmod(int(seconds + 0.5), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02d}:{second:02d}" if hour else f"{minute:02d}:{second:02d}"
