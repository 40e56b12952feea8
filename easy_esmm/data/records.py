"""TFRecord files, read by Python: the first records, and what is left of a damaged file.

A record is its length (uint64), the masked CRC-32C of the length, the data, and the masked CRC-32C
of the data, all little-endian. TensorFlow's reader is quicker, but stops at the first damage and
does not say in which file. No TensorFlow.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import IO, Any, List, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

from easy_esmm.data.files import DAMAGED_GZIP

FRAME_BYTES = 16
"""Bytes of a record around its data."""
_HEAD = struct.Struct("<QI")
_POLYNOMIAL = 0x82F63B78  # Castagnoli's, reflected
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
    stated: List[int] = []
    offsets: List[int] = []
    try:
        file.seek(offset)
        while len(stated) < limit and not chunk.is_end:
            _read_record(file, chunk, stated, offsets)
    except DAMAGED_GZIP as error:
        _end(chunk, f"the file cannot be read on ({error})")
    _check_sums(chunk, stated, offsets)
    return chunk


def masked_crc(records: Sequence[bytes]) -> NDArray[np.uint32]:
    """uint32 [records]: the sums that stand behind them; all records are gone through at once."""
    lengths = np.array([len(record) for record in records], np.int64)
    sums = np.full(len(records), 0xFFFFFFFF, np.uint32)
    order = np.argsort(-lengths, kind="stable")
    data = np.frombuffer(b"".join(records[i] for i in order), np.uint8)
    lengths = lengths[order]
    starts = np.cumsum(lengths) - lengths
    for place in range(int(lengths[0]) if len(records) else 0):
        # Longest first: those that have a byte at this place stand side by side.
        met = int(np.searchsorted(-lengths, -place, side="left"))
        low = (sums[:met] ^ data[starts[:met] + place]) & np.uint32(0xFF)
        sums[:met] = _TABLE[low] ^ (sums[:met] >> np.uint32(8))
    crc = np.empty(len(records), np.uint32)
    crc[order] = sums ^ np.uint32(0xFFFFFFFF)
    return (crc >> np.uint32(15) | crc << np.uint32(17)) + np.uint32(_MASK_DELTA)


def _read_record(file: IO[bytes], chunk: Chunk, stated: List[int], offsets: List[int]) -> None:
    head = file.read(_HEAD.size)
    if not head:
        chunk.is_end = True
        return
    if len(head) < _HEAD.size:
        _end(chunk, "the file ends inside the record")
        return
    length, length_crc = _HEAD.unpack(head)
    if _masked_crc_of_length(head[:8]) != length_crc:
        _end(chunk, "its length is damaged, so that nothing behind it can be read")
        return
    data = file.read(length + 4)
    if len(data) < length + 4:
        _end(chunk, "the file ends inside the record")
        return
    chunk.number += 1
    chunk.records.append(data[:length])
    chunk.numbers.append(chunk.number)
    stated.append(int.from_bytes(data[length:], "little"))
    offsets.append(chunk.offset)
    chunk.offset += length + FRAME_BYTES


def _masked_crc_of_length(data: bytes) -> int:
    """As `masked_crc`, quicker for 8 bytes."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _ROWS[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return (crc >> 15 | crc << 17) + _MASK_DELTA & 0xFFFFFFFF


def _end(chunk: Chunk, fault: str) -> None:
    chunk.is_end = True
    chunk.faults.append((chunk.number + 1, chunk.offset, fault))


def _check_sums(chunk: Chunk, stated: List[int], offsets: List[int]) -> None:
    """Takes the records out whose data are not those that were written."""
    is_good = masked_crc(chunk.records) == np.array(stated, np.uint32)
    bad = np.flatnonzero(~is_good)
    text = "its data are damaged (check sum)"
    damaged = [(chunk.numbers[i], offsets[i], text) for i in bad]
    chunk.faults[:0] = damaged
    if damaged:
        kept = np.flatnonzero(is_good)
        chunk.records = [chunk.records[i] for i in kept]
        chunk.numbers = [chunk.numbers[i] for i in kept]


def _table() -> NDArray[np.uint32]:
    table: Any = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        odd = table & np.uint32(1)
        table = table >> np.uint32(1) ^ odd * np.uint32(_POLYNOMIAL)
    result: NDArray[np.uint32] = table
    return result


_TABLE = _table()
_ROWS: List[int] = _TABLE.tolist()
