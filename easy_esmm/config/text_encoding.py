"""The text encodings that CSV files may have."""

from __future__ import annotations

import codecs

UTF_8 = "utf-8"
_ASCII = bytes(range(128))
_OTHERWISE_READ = (b"+AGE-", b"~{1~}", b"\\u0041", b"xn--p1ai", b"\x1b$B0l\x1b(B")
"""ASCII text that some codecs (utf-7, hz, unicode_escape, idna, iso2022_jp) take for other text."""


def codec_name(name: str) -> str:
    """Python's name of a codec that `why_unusable` accepts.

    utf-8-sig is utf-8: a mark at the start of a file is dropped anyway, and the codec would drop
    one at the start of each piece that is decoded.
    """
    found = codecs.lookup(name).name
    return UTF_8 if found == "utf-8-sig" else found


def why_unusable(name: str) -> str:
    """Why the encoding of this name cannot be that of a CSV file; empty if it can."""
    try:
        codecs.lookup(name)
    except (LookupError, ValueError):
        return "Python has no codec of this name"
    try:
        is_ascii = all(
            text.decode(name) == text.decode("ascii") for text in (*_OTHERWISE_READ, _ASCII)
        )
    except LookupError:
        return "the codec is none of text"
    except ValueError:
        is_ascii = False
    return "" if is_ascii else "in this one they are not, or not always; convert the files to UTF-8"
