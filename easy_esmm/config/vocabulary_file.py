"""Reads vocabulary files: one entry a line."""

from __future__ import annotations

import codecs
from typing import List


def read_entries(path: str) -> List[bytes]:
    """The lines of the file, as TensorFlow's own reader sees them. Raises OSError."""
    with open(path, "rb") as file:
        # It ends a line at \n and drops every \r.
        content = file.read().replace(b"\r", b"")
    lines = content.split(b"\n")
    return lines if lines[-1] else lines[:-1]


def text_fault(path: str, is_utf_8: bool) -> str:
    """What in the file would be part of an id unnoticed, or be no text, as `must ...`; else empty.

    `is_utf_8`: the ids are text of CSV files, which features see in UTF-8. Raises OSError.
    """
    with open(path, "rb") as file:
        content = file.read()
    if content.startswith(codecs.BOM_UTF8):
        return "must not begin with a byte order mark, which would be a part of its first id"
    lines = content.replace(b"\r\n", b"\n")
    if b"\r" in lines:
        number = lines.count(b"\n", 0, lines.index(b"\r")) + 1
        return (
            f"must end its lines with '\\n' or '\\r\\n', and holds another '\\r' in line {number}"
        )
    try:
        lines.decode("utf-8" if is_utf_8 else "latin-1")
    except UnicodeDecodeError as error:
        number = lines.count(b"\n", 0, error.start) + 1
        return f"must be UTF-8, as features see the text of CSV files, and is not in line {number}"
    return ""
