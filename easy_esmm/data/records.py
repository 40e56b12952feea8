"""Reads TFRecord files in Python: their first records, and the rest of a corrupt file.

A record is its length (uint64), the masked CRC-32C of the length, the data, and the masked CRC-32C
of the data, all little-endian. TensorFlow's reader is quicker, but stops at the first damage and
does not say in which file. No TensorFlow.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import IO, List, Tuple

import google_crc32c

from easy_esmm.data.files import DAMAGED_GZIP

FRAME_BYTES = 16
"""Bytes of a record around its data."""
LONGEST = 64 << 20
"""Bytes of a record; a megabyte of gzip may hold one of a gigabyte."""
_HEAD = struct.Struct("<QI")
_MASK_DELTA = 0xA282EAD8


@dataclass
class Chunk:
    """Some records that stand one behind the other."""

    offset: int
    """Where the next record begins, in (uncompressed) bytes."""
    number: int
    """Number of the last record that was met, from 1."""
    is_end: bool = False
    """Whether there is nothing more to read: the file's end, or damage that hides what follows."""
    records: List[bytes] = field(default_factory=list)
    numbers: List[int] = field(default_factory=list)
    faults: List[Tuple[int, int, str]] = field(default_factory=list)
    """(number, offset, what is wrong) of each record that cannot be used."""


def read_chunk(file: IO[bytes], offset: int, number: int, limit: int) -> Chunk:
    """The records from byte `offset` on, at most `limit`, after the first `number` ones."""
    chunk = Chunk(offset, number)
    try:
        file.seek(offset)
        while chunk.number < number + limit and not chunk.is_end:
            _read_record(file, chunk)
    except DAMAGED_GZIP as error:
        _end(chunk, f"the file cannot be read on ({error})")
    return chunk


def masked_crc(data: bytes) -> int:
    """The sum that stands behind data in a file."""
    crc = google_crc32c.value(data)
    return int((crc >> 15 | crc << 17) + _MASK_DELTA & 0xFFFFFFFF)


def _read_record(file: IO[bytes], chunk: Chunk) -> None:
    head = file.read(_HEAD.size)
    if not head:
        chunk.is_end = True
        return
    if len(head) < _HEAD.size:
        _end(chunk, "the file ends inside the record")
        return
    length, length_crc = _HEAD.unpack(head)
    if masked_crc(head[:8]) != length_crc:
        _end(chunk, "its length is damaged, so that nothing behind it can be read")
        return
    if length > LONGEST:
        _end(chunk, f"it is longer than {LONGEST} bytes, and so is none that is meant")
        return
    data = file.read(length + 4)
    if len(data) < length + 4:
        _end(chunk, "the file ends inside the record")
        return
    chunk.number += 1
    if masked_crc(data[:length]) == int.from_bytes(data[length:], "little"):
        chunk.records.append(data[:length])
        chunk.numbers.append(chunk.number)
    else:
        chunk.faults.append((chunk.number, chunk.offset, "its data are damaged (check sum)"))
    chunk.offset += length + FRAME_BYTES


def _end(chunk: Chunk, fault: str) -> None:
    chunk.is_end = True
    chunk.faults.append((chunk.number + 1, chunk.offset, fault))
