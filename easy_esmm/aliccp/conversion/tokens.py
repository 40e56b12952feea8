"""Numbers in a block of text, parsed many at a time: eight bytes of a token are one integer.

A token is given by its end (the place of the separator after it) and its length. Its last eight
bytes are loaded as one little-endian word, what lies before the token is shifted out, and the
digits are folded together pairwise: about 20 ns a number, where a slice and int() take 200.
"""

from __future__ import annotations

import math
import re
from typing import Any, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Places = NDArray[np.int64]
Words = NDArray[np.uint64]

MAX_ID = 2**31 - 1

_PADDING = 8  # so that a word can end at any place
_ZEROS = np.uint64(0x3030303030303030)
_DOTS = np.uint64(0x2E2E2E2E2E2E2E2E)
_ONES = np.uint64(0x0101010101010101)
_ABOVE_NINE = np.uint64(0x7676767676767676)
_HIGH_BITS = np.uint64(0x8080808080808080)
_SIGNS = np.uint64(0x8000800080008000)
"""Of four int16 in a word."""
_ONE_POINT_ZERO = np.uint64(int.from_bytes(b"\x031.0", "little"))
# Word shifts: the product with 2^(8k) has 7 - k in its highest byte.
_SEVEN_MINUS = np.uint64(0x0706050403020100)
_POWERS = 10.0 ** np.arange(9)
_NUMBER = re.compile(rb"-?[0-9]+(\.[0-9]*)?([eE]-?[0-9]+)?")


class Text:
    """A block of text; places count from its first byte."""

    def __init__(self, data: bytes) -> None:
        self._padded = b"\n" * _PADDING + data
        self.bytes = np.frombuffer(self._padded, np.uint8)[_PADDING:]
        # Overlapping words, one ending before every byte: a gather costs 4.2 ns an element.
        self._words: Words = np.ndarray((len(data) + 1,), "<u8", self._padded, strides=(1,))

    def words_before(self, ends: Places) -> Words:
        """The eight bytes before each place, the first of them lowest."""
        return self._words[ends]

    def part(self, start: int, end: int) -> bytes:
        """The bytes of one token or line."""
        return self._padded[_PADDING + start : _PADDING + max(start, end)]


def integers(text: Text, ends: Places, lengths: Places) -> Tuple[Places, Bools]:
    """(values int64, is_number): tokens of 1 to 16 decimal digits."""
    values, is_number = _short_integers(text, ends, lengths)
    is_long = lengths > 8
    if is_long.any():
        long = np.flatnonzero(is_long & (lengths <= 16))
        low, is_low = _short_integers(text, ends[long], np.full(len(long), 8))
        high, is_high = _short_integers(text, ends[long] - 8, lengths[long] - 8)
        values[long] = 100_000_000 * high + low
        is_number[long] = is_low & is_high
        is_number[lengths > 16] = False
    return values, is_number


def _short_integers(text: Text, ends: Places, lengths: Places) -> Tuple[Places, Bools]:
    """Tokens of 1 to 8 digits; a longer one is as good as absent."""
    shift = _shift(lengths)
    digits = ((text.words_before(ends) ^ _ZEROS) >> shift) << shift
    is_number = (((digits + _ABOVE_NINE) | digits) & _HIGH_BITS) == 0
    is_number &= lengths > 0
    return _folded(digits).view(np.int64), is_number


def decimals(text: Text, ends: Places, lengths: Places) -> Tuple[NDArray[np.float32], Bools]:
    """(values float32, is_number): the finite numbers as Python's float() reads them.

    Equal to `numpy.float32(float(token))`: up to eight characters the digits are an exact float64,
    and so is the power of ten that divides them.
    """
    word = text.words_before(ends)
    values = np.ones(len(ends), np.float32)
    is_number = np.ones(len(ends), bool)
    # most values are "1.0", and with the separator before it that takes one comparison to see
    rest = np.flatnonzero(word >> np.uint64(32) != _ONE_POINT_ZERO)
    if not len(rest):
        return values, is_number
    number, is_plain = _with_point(word.take(rest), lengths.take(rest))
    values[rest] = number
    for place in rest[~is_plain].tolist():
        parsed = slow_decimal(text.part(int(ends[place] - lengths[place]), int(ends[place])))
        is_number[place] = parsed is not None
        values[place] = 0.0 if parsed is None else parsed
    return values, is_number


def _with_point(word: Words, lengths: Places) -> Tuple[NDArray[np.float64], Bools]:
    """Tokens of digits, one point and digits, at most eight characters."""
    shift = _shift(lengths)
    word = (word >> shift) << shift
    difference = word ^ _DOTS
    points = (difference - _ONES) & ~difference & _HIGH_BITS
    point = points & (~points + np.uint64(1))  # the lowest, if there are several
    at_point = point >> np.uint64(7)
    below = at_point - np.uint64(1)
    above = ~((point << np.uint64(1)) - np.uint64(1))
    digits = word ^ ((_ZEROS >> shift) << shift)
    digits = (digits & above) | ((digits & below) << np.uint64(8))
    is_plain = (((digits + _ABOVE_NINE) | digits) & _HIGH_BITS) == 0
    is_plain &= (point != 0) & (lengths > 1) & (lengths <= 8)
    # ".5" has no digit before its point: float() takes it, the slow way refuses it
    is_plain &= (word >> shift) & np.uint64(0xFF) != np.uint64(ord("."))
    scale = _POWERS.take(((at_point * _SEVEN_MINUS) >> np.uint64(56)).view(np.int64))
    return _folded(digits).view(np.int64) / scale, is_plain


def slow_decimal(token: bytes) -> Optional[float]:
    """A finite number, None for anything else."""
    if not _NUMBER.fullmatch(token):
        return None
    value = float(token)
    # a number that float32 cannot hold would become infinite
    return value if math.isfinite(value) and abs(value) < 3.4e38 else None


def hex_keys(text: Text, ends: Places) -> Tuple[Words, Bools]:
    """(values uint64, is_key) of the 16 hexadecimal digits before each place."""
    pairs = np.empty((len(ends), 2), np.uint64)
    pairs[:, 0], pairs[:, 1] = text.words_before(np.maximum(ends - 8, 0)), text.words_before(ends)
    octets = _OCTETS.take(pairs.view(np.uint16))
    # four signs at a time: a minimum over short rows costs twice as much as all the rest
    fours = octets.view(np.uint64)
    is_key: Bools = ((fours[:, 0] | fours[:, 1]) & _SIGNS) == 0
    return octets.astype(np.uint8).view(">u8").reshape(-1).astype(np.uint64), is_key


def _shift(lengths: Places) -> Words:
    """Bits by which a word is shifted to lose what lies before the token.

    Of no token, and of one with more than 8 bytes, nothing is left: numpy shifts by 64 bits and
    more (a negative number is as many) to 0.
    """
    return ((8 - lengths) << 3).view(np.uint64)


def _folded(digits: Words) -> Words:
    """Eight bytes 0..9, the first digit lowest, as one number."""
    pairs = (digits * np.uint64(2561)) >> np.uint64(8)
    fours = ((pairs & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(6553601)) >> np.uint64(16)
    return ((fours & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(42949672960001)) >> np.uint64(32)


def _octets() -> NDArray[np.int16]:
    """The value of two hexadecimal digits, by the two bytes as a number; -1 for anything else."""
    nibble = np.full(256, -1, np.int16)
    for value, letter in enumerate("0123456789abcdef"):
        nibble[ord(letter)] = nibble[ord(letter.upper())] = value
    low, high = np.meshgrid(nibble, nibble)  # the first digit is the low byte
    return np.where((low < 0) | (high < 0), -1, 16 * low + high).astype(np.int16).reshape(-1)


_OCTETS = _octets()


class ShortWords:
    """A few short words, each known by its place in the list."""

    def __init__(self, names: Sequence[str]) -> None:
        keys = np.array([int.from_bytes(name.encode(), "little") for name in names], np.uint64)
        random = np.random.default_rng(1)
        while True:  # a random odd factor separates 23 keys in 4,096 slots 19 times out of 20
            self._factor = random.integers(0, 2**63, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
            slots = (keys * self._factor) >> np.uint64(52)
            if len(np.unique(slots)) == len(keys):
                break
        self._slots = np.zeros(4096, np.int8)
        self._slots[slots.view(np.int64)] = np.arange(len(keys))
        self._keys = keys

    def places(self, text: Text, ends: Places, lengths: Places) -> NDArray[np.int8]:
        """int8: the place of each token in the list, -1 if it is none of it."""
        key = text.words_before(ends) >> _shift(lengths)
        place: NDArray[np.int8] = self._slots.take(
            ((key * self._factor) >> np.uint64(52)).view(np.int64)
        )
        is_other = self._keys.take(place) != key
        if is_other.any():
            place[is_other] = -1
        return place


def separators(text: Text) -> Tuple[Places, Any]:
    """Places of the separators, and the bytes there.

    Letters, digits, `.`, `-` and `_` lie above the comma in ASCII, all separators at or below it.
    """
    places = np.flatnonzero(text.bytes < 45)
    return places, text.bytes.take(places)
