"""Finds input files by a comma list of globs, and opens them."""

from __future__ import annotations

import gzip
import os
import zlib
from typing import IO, List, Tuple, cast

from easy_esmm.data import storage
from easy_esmm.errors import UserError
from easy_esmm.simulation.truth import is_truth_file

DAMAGED_GZIP = (EOFError, OSError, zlib.error)
"""What reading a compressed file raises that is cut short or damaged, or cannot be read at all."""

_READ_BYTES = 1 << 20
_SMALLEST = 18
"""Bytes of a gzip file around its data: shorter ones are cut."""
_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"
_UTF_32 = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")

_MARKS = ("_SUCCESS", "_metadata", "_common_metadata")


def find_files(paths: str) -> Tuple[str, ...]:
    """The files that a comma list of globs names, in the order of the list, sorted inside a glob.

    Marks of other programs (`_SUCCESS`, `_metadata`) are left out, and a file that two globs match
    is read once. A path with a scheme (`gs://`) is TensorFlow's to open. Raises UserError if a
    pattern matches nothing, names a folder or a place that cannot be looked at, or if a file holds
    planted truth: its columns are the answers.
    """
    patterns = [pattern.strip() for pattern in paths.split(",") if pattern.strip()]
    if not patterns:
        raise UserError("no input files are named")
    found: List[str] = []
    for pattern in patterns:
        found += _match(pattern)
    for path in found:
        if is_truth_file(storage.parquet_source(path)):
            raise UserError(f"{path}: a file of planted truth, whose columns are the answers")
    return tuple(dict.fromkeys(found))


def _match(pattern: str) -> List[str]:
    try:
        if storage.is_folder(pattern):
            raise UserError(f"{pattern}: a folder; name the files, as in '{pattern.rstrip('/')}/*'")
        # A path that exists is taken as it stands, so that names with brackets can be read.
        found = [pattern] if storage.exists(pattern) else storage.matches(pattern)
        files = [
            path
            for path in found
            if path.rpartition("/")[2] not in _MARKS and storage.is_file(path)
        ]
    except OSError as error:
        raise UserError(f"{pattern}: cannot be looked at ({error})") from error
    for path in files:
        kind = storage.special_kind(path)
        if kind:
            raise UserError(f"{path}: is a {kind}, and rows are read from files only")
    if not files:
        here = "" if storage.is_remote(pattern) else f" (seen from {os.getcwd()})"
        raise UserError(f"{pattern}: matches no file{here}")
    return files


def is_compressed(path: str) -> bool:
    """Whether the file is read through gzip; its suffix says so."""
    return path.endswith(".gz")


def damage_of(path: str, error: BaseException) -> str:
    """What to say of a gzip file that is read up to its damage; empty if it is no gzip file.

    `error` is one of `DAMAGED_GZIP`. The check sum stands behind the rows.
    """
    if not isinstance(error, (EOFError, zlib.error, gzip.BadGzipFile)) or not _begins_as_gzip(path):
        return ""
    if isinstance(error, EOFError):
        return "the compressed file is cut short here, and what followed is lost"
    return f"the compressed file is damaged ({error}): rows before may be wrong, others are lost"


def unreadable(path: str, error: BaseException) -> str:
    """What to say of a file that one of `DAMAGED_GZIP` kept from being read."""
    if isinstance(error, (EOFError, zlib.error, gzip.BadGzipFile)):
        if not _begins_as_gzip(path):
            return (
                f"{path}: its content is not gzip, though its name ends with .gz; name it without"
            )
        return f"{path}: the compressed file is not whole ({error})"
    return f"{path}: cannot be read ({error})"


def _begins_as_gzip(path: str) -> bool:
    with storage.open_file(path) as file:
        return file.read(len(_GZIP)) == _GZIP


def require_whole(path: str) -> None:
    """Reads a compressed file to its end; raises UserError if it is cut short or damaged."""
    if not is_compressed(path):
        return
    try:
        with open_bytes(path) as file:
            while file.read(_READ_BYTES):
                pass
    except DAMAGED_GZIP as error:
        raise UserError(unreadable(path, error)) from error


def stated_size(path: str) -> int:
    """Bytes that a gzip file says to hold, modulo 2^32; -1 if it is too short to say.

    Of a file of several members it is the last one's length.
    """
    length = storage.size(path)
    if length < _SMALLEST:
        return -1
    with storage.open_file(path) as file:
        file.seek(length - 4)
        return int.from_bytes(file.read(4), "little")


def require_text(path: str, start: bytes) -> None:
    """Raises UserError if a CSV file's first bytes, uncompressed, are those of something else."""
    if start.startswith(_GZIP) and not is_compressed(path):
        raise UserError(f"{path}: its content is gzip; name it {path}.gz")
    if start.startswith(_PARQUET):
        raise UserError(f"{path}: a Parquet file; set data_config.input_type: ParquetInput")
    # Without a byte order mark, every other byte of plain letters is zero.
    if start.startswith(_UTF_32) or b"\0\0\0" in (start[:3], start[1:4]):
        raise UserError(f"{path}: its text is UTF-32; save it as UTF-8")
    if start.startswith(_UTF_16) or b"\0\0\0" in (start[0:6:2], start[1:6:2]):
        raise UserError(f"{path}: its text is UTF-16; save it as UTF-8")


def open_bytes(path: str) -> IO[bytes]:
    """Opens a file for reading, uncompressing it if its name ends with `.gz`."""
    if not is_compressed(path):
        return storage.open_file(path)
    local_or_open = storage.open_file(path) if storage.is_remote(path) else path
    return cast(IO[bytes], gzip.open(local_or_open, "rb"))
