"""The raw files as pieces of whole lines: plain, .gz, or a member of a .tar or .tar.gz archive."""

from __future__ import annotations

import gzip
import os
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Iterator, Optional, Tuple, Union, cast

from easy_esmm.errors import UserError

PIECE_BYTES = 64 << 20
"""Bytes of text that a worker gets at a time."""
_GUESSED_RATIO = 6
"""Uncompressed bytes per compressed byte, where nothing better is known: for planning only."""
_ARCHIVES = (".tar", ".tar.gz", ".tgz")


@dataclass(frozen=True)
class Source:
    """A raw file."""

    path: str
    member: Optional[str]
    """How the file's name inside an archive begins; None if this is no archive."""
    bytes: int
    """Size of the file, or of the archive that holds it."""
    modified: int
    """Nanoseconds since 1970: with the size, what shows that a file was replaced."""

    @property
    def is_plain(self) -> bool:
        """Whether any part of it can be read without what comes before."""
        return self.member is None and not self.path.endswith(".gz")

    @property
    def likely_text_bytes(self) -> int:
        """Size of the text: exact if plain, else a guess."""
        is_packed = self.path.endswith((".gz", ".tgz"))
        return self.bytes * (_GUESSED_RATIO if is_packed else 1)

    def __str__(self) -> str:
        return self.path if self.member is None else f"{self.path}:{self.member}"


Piece = Union[Tuple[int, int], bytes]
"""First and last byte + 1 of a range of a plain file, or the text itself."""


def find(flag: str, path: str, name: str) -> Source:
    """The raw file that a flag names; of an archive, the one file whose name begins with `name`.

    Raises UserError if there is no such path; what an archive holds shows when it is read.
    """
    if not Path(path).is_file():
        raise UserError(f"--{flag} {path}: no such file")
    state = os.stat(path)
    member = name if path.endswith(_ARCHIVES) else None
    return Source(os.path.abspath(path), member, state.st_size, state.st_mtime_ns)


def pieces(source: Source, size: int = PIECE_BYTES) -> Iterator[Piece]:
    """The whole file in pieces of about `size` bytes of text, lines whole.

    Of a plain file, ranges of bytes for `text_of` to read elsewhere; else the text.
    """
    if source.is_plain:
        for start in range(0, source.bytes, size):
            yield start, min(start + size, source.bytes)
        return
    try:
        if source.member is None:
            with gzip.open(source.path) as file:
                yield from _cut(cast(IO[bytes], file), size)
        else:
            yield from _of_archive(source, source.member, size)
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise UserError(f"{source}: cannot be read to its end ({error}); is it whole?") from error


def _of_archive(source: Source, prefix: str, size: int) -> Iterator[bytes]:
    """Reads the archive as a stream: once, from its start to its end."""
    names, found = [], []
    with tarfile.open(source.path, "r|*") as archive:
        for member in archive:
            names.append(member.name)
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None and PurePosixPath(member.name).name.startswith(prefix):
                found.append(member.name)
                if len(found) == 1:
                    yield from _cut(file, size)
    if len(found) != 1:
        held = ", ".join(found if found else names) or "nothing"
        raise UserError(f"{source.path}: must hold one file named {prefix}*, holds {held}")


def _cut(file: IO[bytes], size: int) -> Iterator[bytes]:
    rest = b""
    while text := file.read(size):
        cut = text.rfind(b"\n") + 1
        if cut:
            yield rest + text[:cut]
            rest = text[cut:]
        else:
            rest += text
    if rest:
        yield rest


def text_of(source: Source, piece: Piece, block: int) -> Iterator[bytes]:
    """Blocks of about `block` bytes of whole lines.

    A line belongs to the range in which it begins.
    """
    if isinstance(piece, bytes):
        start = 0
        while start < len(piece):
            cut = piece.rfind(b"\n", start, start + block) + 1
            stop = cut or piece.find(b"\n", start + block) + 1 or len(piece)
            yield piece[start:stop]
            start = stop
        return
    start, stop = piece
    with open(source.path, "rb") as file:
        if start:
            file.seek(start - 1)
            file.readline()
        while file.tell() < stop:
            text = file.read(min(block, stop - file.tell()))
            if not text:
                return  # the file has become shorter, which the next run sees by its size and mtime
            if not text.endswith(b"\n"):
                text += file.readline()
            yield text
