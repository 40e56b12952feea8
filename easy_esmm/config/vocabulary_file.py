"""Reads vocabulary files: one entry a line."""

from __future__ import annotations

from typing import List


def read_entries(path: str) -> List[bytes]:
    """The lines of the file, as TensorFlow's own reader sees them. Raises OSError."""
    with open(path, "rb") as file:
        # It ends a line at \n and drops every \r.
        content = file.read().replace(b"\r", b"")
    lines = content.split(b"\n")
    return lines if lines[-1] else lines[:-1]
