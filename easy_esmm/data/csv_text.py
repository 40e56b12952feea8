"""Reads the first lines of a CSV file whose encoding is not known. No TensorFlow."""

from __future__ import annotations

from typing import List, Optional, Sequence, Tuple

from easy_esmm.config.text_encoding import UTF_8, codec_name, why_unusable
from easy_esmm.data.csv_check import is_utf_8
from easy_esmm.data.likely_encoding import likely_encodings
from easy_esmm.data.lines import Line, first_lines
from easy_esmm.data.undecodable import undecodable
from easy_esmm.errors import UserError

_LINES_TO_GUESS = 1000
_TELLING_LINES, _TELLING_CHARACTERS = 4, 4
"""Different lines, and characters beyond ASCII: fewer are usual text of several encodings."""


def read_text(path: str, count: int, encoding: Optional[str]) -> Tuple[List[Line], str]:
    """(first lines, their encoding): the given one, UTF-8, or what text that is no UTF-8 must be.

    Raises UserError if the file cannot be read, if it may be of several encodings, or if the first
    line is no text.
    """
    if encoding:
        lines = _lines_of(path, count, encoding)
    else:
        lines, encoding = first_lines(path, count), UTF_8
        broken = _undecoded(lines)
        # In UTF-8 that is damaged somewhere, most of the lines with other characters are whole.
        if len(broken) > sum(line.undecoded is None and not line.text.isascii() for line in lines):
            lines, encoding = _guessed(path, count, lines)
    if lines and lines[0].undecoded is not None:
        raise UserError(no_text(path, lines[0], [lines[0].undecoded], encoding))
    return lines, encoding


def no_text(path: str, line: Line, broken: Sequence[bytes], encoding: str) -> str:
    """Says that a line is no text of the encoding; all `broken` lines help to guess which it is."""
    rule, value, hint = undecodable(broken, encoding)
    hint = hint.replace("set data_config.encoding", "name it by --encoding").replace(
        "data_config.encoding is another", "they are of another encoding: name it by --encoding"
    )
    return f"{path}:{line.number}: {rule}, got {value}; {hint}"


def _lines_of(path: str, count: int, encoding: str) -> List[Line]:
    why = why_unusable(encoding)
    if why:
        raise UserError(
            "--encoding: must be the name of a Python codec in which bytes below 128 are ASCII, "
            f"got '{encoding}'; {why}"
        )
    lines = first_lines(path, count, encoding)
    if is_utf_8(lines, encoding):
        raise UserError(f"{path}: the text is UTF-8, and not {encoding}; leave --encoding out")
    return lines


def _guessed(path: str, count: int, lines: Sequence[Line]) -> Tuple[List[Line], str]:
    broken = _undecoded(lines)[:_LINES_TO_GUESS]
    likely = likely_encodings(b"\n".join(broken))
    is_telling = len(set(broken)) >= _TELLING_LINES
    if is_telling and len(likely) == 1 and codec_name(likely[0]) != UTF_8:
        again = first_lines(path, count, likely[0])
        others = {character for line in again for character in line.text if character > "\x7f"}
        if not _undecoded(again) and len(others) >= _TELLING_CHARACTERS:
            return again, likely[0]
    first = next(line for line in lines if line.undecoded is not None)
    raise UserError(no_text(path, first, broken, UTF_8))


def _undecoded(lines: Sequence[Line]) -> List[bytes]:
    return [line.undecoded for line in lines if line.undecoded is not None]
