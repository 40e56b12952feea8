"""Changes inputs at random: bytes, words of the format, and pieces of other inputs."""

from __future__ import annotations

import random
from typing import Callable, Sequence

LONGEST = 1 << 16
_BYTES = (b"\0", b"\xff", b"\n", b"\r", b'"', b",", b"\\", b"{", b"}", b"[", b"]", b"\xed\xa0\x80")
_NUMBERS = (b"-1", b"1e400", b"nan", b"-0", b"9" * 40, b"1" * 5000, b"0x1p3", b"1_0")

Change = Callable[[bytearray, random.Random], None]


def mutated(seeds: Sequence[bytes], words: Sequence[bytes], source: random.Random) -> bytes:
    """One of the seeds, changed one to eight times."""
    data = bytearray(source.choice(seeds))
    for _ in range(source.choice((1, 1, 2, 4, 8))):
        kind = source.randrange(7)
        at = source.randrange(len(data) + 1)
        end = min(len(data), at + int(2 ** source.uniform(0, 10)))
        if kind == 0 and data:
            data[at % len(data)] ^= 1 << source.randrange(8)
        elif kind == 1:
            del data[at:end]
        elif kind == 2:
            data[at:at] = data[at:end] * source.choice((1, 2, 30))
        elif kind == 3:
            data[at:at] = source.choice((*_BYTES, *_NUMBERS, *words))
        elif kind == 4:
            data[at:end] = source.choice((*_BYTES, *_NUMBERS, *words))
        elif kind == 5:
            other = source.choice(seeds)
            begin = source.randrange(len(other) + 1)
            data[at:at] = other[begin : begin + int(2 ** source.uniform(0, 10))]
        else:
            del data[at:]
        del data[LONGEST:]
    return bytes(data)
