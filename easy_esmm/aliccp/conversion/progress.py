"""How far a conversion is: one live line on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Optional, TextIO

_REFRESH_SECONDS = 0.2
_LINE_SECONDS = 30.0
_BAR = 24


class Progress:
    """The steps of a conversion, one after another."""

    def __init__(self, steps: int, stream: Optional[TextIO] = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._is_terminal = self._stream.isatty()
        self._steps, self._step = steps, 0
        self._width = 0

    def start(self, what: str, total: float) -> None:
        """Begins a step of `total` units of work (bytes, shards)."""
        self._step += 1
        self._what, self._total = what, total
        self._done, self._rows = 0.0, 0
        self._begin = self._last = time.monotonic()

    def advance(self, done: float, rows: int) -> None:
        """Notes that more work is done, and how many rows it brought."""
        self._done += done
        self._rows += rows
        now = time.monotonic()
        pause = _REFRESH_SECONDS if self._is_terminal else _LINE_SECONDS
        if now - self._last >= pause:
            self._last = now
            self._write(self._text(now), is_last=not self._is_terminal)

    def end(self) -> None:
        """Ends the step: a line that stays."""
        seconds = time.monotonic() - self._begin
        self._write(
            f"{self._head()}{self._rows:,} rows in {duration(seconds)}, "
            f"{self._rows / max(seconds, 1e-9):,.0f} rows/s",
            is_last=True,
        )

    def _head(self) -> str:
        return f"{self._step}/{self._steps} {self._what:<22} "

    def _text(self, now: float) -> str:
        seconds = now - self._begin
        share = min(1.0, self._done / self._total) if self._total else 0.0
        filled = int(share * _BAR)
        left = duration(seconds * (1 - share) / share) if share else "?"
        return (
            f"{self._head()}[{'#' * filled}{'.' * (_BAR - filled)}] {share:4.0%} "
            f"{self._rows:,} rows  {self._rows / max(seconds, 1e-9):,.0f} rows/s  {left} left"
        )

    def _write(self, text: str, is_last: bool) -> None:
        start = "\r" if self._is_terminal else ""
        self._stream.write(start + text.ljust(self._width) + ("\n" if is_last else ""))
        self._stream.flush()
        self._width = 0 if is_last else len(text)


def duration(seconds: float) -> str:
    """`1:02:03` or `02:03`."""
    minutes, second = divmod(int(seconds + 0.5), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02d}:{second:02d}" if hour else f"{minute:02d}:{second:02d}"
