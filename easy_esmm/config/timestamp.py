"""Parses a point in time of a config."""

from __future__ import annotations

from datetime import datetime

FORMAT = "%Y%m%d %H:%M:%S"


def parse_time(text: str) -> float:
    """Seconds since 1970: `text` is `YYYYmmdd HH:MM:SS`, in this machine's time zone, or seconds.

    Raises:
      ValueError: it is neither.
    """
    if text.isascii() and text.isdigit():
        return float(text)
    return datetime.strptime(text, FORMAT).timestamp()
