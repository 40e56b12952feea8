r"""Reads the lines of CSV files and judges their text. No TensorFlow.

"\n" and "\r\n" end lines; any other "\r" is a character of its cell. (TensorFlow's reader of lines
drops every "\r", cannot decode, does not say which file is damaged, and takes 1.2 us for a row of
170 bytes where this one takes 0.3.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import List, Optional

from easy_esmm.config.text_encoding import UTF_8, codec_name
from easy_esmm.data.files import DAMAGED_GZIP, damage_of, open_bytes, require_text, unreadable
from easy_esmm.errors import UserError

LONGEST_LINE = 16 << 20
"""Bytes; a file without line ends would be read into memory as a whole."""
UNDECODED = b'\0"'
"""Stands before the bytes of a line that is no text: the decoder of rows refuses such a line."""
_BLOCK_BYTES = 16 << 20
_READ_BYTES = 1 << 18
_MARK = "\ufeff".encode()
_QUOTED = re.compile(rb'"[^"]*"')
_ONLY_RETURNS = (
    r"its lines end with a carriage return ('\r') alone; save it with line ends '\n' or '\r\n'"
)
_DOUBLE_RETURNS = (
    r"its lines end with '\r\r\n', as where line ends were converted twice; save it with '\n' or "
    r"'\r\n'"
)


@dataclass(frozen=True)
class Line:
    """A line of a file without its end."""

    number: int
    """From 1."""
    text: str
    """What is no text of the encoding is replaced by U+FFFD."""
    undecoded: Optional[bytes] = None
    """The bytes of a line that is no text of the encoding."""


def first_lines(
    path: str, count: int, encoding: str = UTF_8, skips_damage: bool = False
) -> List[Line]:
    """The first line of a file and the first ones after it that are not blank, `count` in all.

    Shorter where there are fewer; a byte order mark is dropped. Raises UserError if the file cannot
    be read, or is no text with lines. `skips_damage` is as of `LineFile`.
    """
    lines: List[Line] = []
    file = LineFile(path, encoding, skips_damage=skips_damage)
    try:
        while len(lines) < count:
            number, rows = file.number, file.read(count)
            if not rows:
                break
            numbered = enumerate(rows, number + 1)
            lines += [_line(n, row, encoding) for n, row in numbered if row or n == 1]
    finally:
        file.close()
    return lines[:count]


class LineFile:
    """An open file, read block by block.

    What comes back depends on the place alone, not on what was read before: positions are saved.
    """

    def __init__(
        self,
        path: str,
        encoding: str,
        offset: int = 0,
        number: int = 0,
        *,
        skips_damage: bool = False,
    ) -> None:
        """`offset`: (uncompressed) bytes before the first line to read, `number`: lines before.

        With `skips_damage` a gzip file ends where it is damaged, with the last whole line before.
        """
        self.damage = ""
        """Why the file ends before its end; empty where it does not."""
        self.offset, self.number = offset, number
        """Of the next line."""
        self._path, self._encoding = path, codec_name(encoding)
        self._skips_damage = skips_damage
        self._held = b""
        self._is_end = False
        try:
            self._file = open_bytes(path)
            if offset:
                self._file.seek(offset)
        except DAMAGED_GZIP as error:
            raise UserError(unreadable(path, error)) from error

    def read(self, count: int) -> List[bytes]:
        """The next `count` lines in UTF-8 without their ends; none at the end of the file.

        Fewer where they are long. A line that is no text is `UNDECODED` and its bytes. Raises
        UserError if the file cannot be read, or has too long a line.
        """
        try:
            return self._read(count)
        except UserError:
            self.close()
            raise

    def _read(self, count: int) -> List[bytes]:
        self._fill(count)
        held, is_first = self._held, self.number == 0
        cut = held.find(b"\n", _BLOCK_BYTES) + 1 or len(held)
        lines = held[:cut].split(b"\n", count)
        rest = lines.pop()
        ended = len(lines)
        if rest and self._is_end and cut == len(held) and ended < count:
            lines.append(rest)
            rest = b""
        self._require_short(lines, rest)
        if is_first and lines:
            self._require_lines(lines[0], ended)
        self._held = rest + held[cut:]
        self.offset += len(held) - len(self._held)
        self.number += len(lines)
        if b"\r" in held:
            lines[:ended] = [line[:-1] if line[-1:] == b"\r" else line for line in lines[:ended]]
            if is_first and ended > 1 and all(line[-1:] == b"\r" for line in lines[:ended]):
                raise UserError(f"{self._path}: {_DOUBLE_RETURNS}")
        rows = _decoded(lines, self._encoding)
        if is_first and rows and rows[0].startswith(_MARK):
            rows[0] = rows[0][len(_MARK) :]
        return rows

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _fill(self, count: int) -> None:
        """Reads on until `_held` holds a block, whose size depends on its lines alone."""
        parts, size, ends = [self._held], len(self._held), self._held.count(b"\n")
        while not self._is_end and ends < count:
            if size > _BLOCK_BYTES:
                parts = [b"".join(parts)]
                if b"\n" in parts[0][_BLOCK_BYTES:] or size > _BLOCK_BYTES + LONGEST_LINE:
                    break
            chunk = self._read_bytes()
            parts.append(chunk)
            size += len(chunk)
            ends += chunk.count(b"\n")
        self._held = b"".join(parts)
        if self.damage:
            self._held = self._held[: self._held.rfind(b"\n") + 1]

    def _read_bytes(self) -> bytes:
        # (Of a damaged file `read` would throw away what it has read before the damage.)
        read = getattr(self._file, "read1", self._file.read)
        try:
            chunk: bytes = read(_READ_BYTES)
        except DAMAGED_GZIP as error:
            self.damage = damage_of(self._path, error) if self._skips_damage else ""
            if not self.damage:
                raise UserError(unreadable(self._path, error)) from error
            chunk = b""
        if not chunk:
            self._is_end = True
            self._file.close()
        return chunk

    def _require_short(self, lines: List[bytes], rest: bytes) -> None:
        if len(self._held) <= LONGEST_LINE:
            return
        for number, line in enumerate(lines or [rest], self.number + 1):
            if len(line) > LONGEST_LINE:
                if number == 1 and b"\r" in line:
                    raise UserError(f"{self._path}: {_ONLY_RETURNS}")
                raise UserError(
                    f"{self._path}:{number}: the line is longer than {LONGEST_LINE} bytes; a row "
                    r"is a line, which '\n' or '\r\n' ends"
                )

    def _require_lines(self, first: bytes, ended: int) -> None:
        """Raises UserError if the file's first line shows that it is no text with lines."""
        require_text(self._path, first)
        if not ended and b"\r" in _QUOTED.sub(b"", first):
            raise UserError(f"{self._path}: {_ONLY_RETURNS}")
        if first.startswith(_MARK) and self._encoding != UTF_8:
            raise UserError(
                f"{self._path}: begins with the byte order mark of UTF-8, so that it is not "
                f"{self._encoding}; leave data_config.encoding out"
            )


def _decoded(lines: List[bytes], encoding: str) -> List[bytes]:
    try:
        text = b"\n".join(lines).decode(encoding)
        return lines if encoding == UTF_8 or not lines else text.encode().split(b"\n")
    except UnicodeError:
        return [_one_decoded(line, encoding) for line in lines]


def _one_decoded(line: bytes, encoding: str) -> bytes:
    try:
        return line.decode(encoding).encode()
    except UnicodeError:
        return UNDECODED + line


def _line(number: int, row: bytes, encoding: str) -> Line:
    if not row.startswith(UNDECODED):
        return Line(number, row.decode())
    line = row[len(UNDECODED) :]
    try:
        return Line(number, row.decode(encoding))  # the file's own bytes begin so
    except UnicodeError:
        return Line(number, line.decode(encoding, "replace"), line)
