"""Shows the progress of a conversion: one live line on a terminal, else a line now and then."""

from __future__ import annotations

import time
from typing import Optional, TextIO

from easy_esmm.progress import ProgressLine, duration

_LINE_SECONDS = 30.0


class Progress:
    """The steps of a conversion, one after another."""

    def __init__(self, steps: int, stream: Optional[TextIO] = None) -> None:
        self._line = ProgressLine(stream)
        self._steps, self._step = steps, 0

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
        share = min(1.0, self._done / self._total) if self._total else 0.0
        if self._line.is_terminal:
            self._line.live(self._text(now, share), share)
        elif now - self._last >= _LINE_SECONDS:
            self._last = now
            self._line.event(f"{self._text(now, share)}  {share:4.0%}")

    def end(self) -> None:
        """Ends the step: a line that stays."""
        seconds = time.monotonic() - self._begin
        self._line.event(
            f"{self._head()}{self._rows:,} rows in {duration(seconds)}, "
            f"{self._rows / max(seconds, 1e-9):,.0f} rows/s"
        )

    def _head(self) -> str:
        return f"{self._step}/{self._steps} {self._what:<22} "

    def _text(self, now: float, share: float) -> str:
        seconds = now - self._begin
        left = duration(seconds * (1 - share) / share) if share else "?"
        rate = self._rows / max(seconds, 1e-9)
        return f"{self._head()}{self._rows:,} rows  {rate:,.0f} rows/s  {left} left"
