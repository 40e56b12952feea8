"""The grammar of cells: what text is a number or a boolean, and what marks a missing value.

Readers of tensors apply the same patterns, see `cell_tensors`. No TensorFlow.
"""

from __future__ import annotations

import math
import re
import struct
from typing import Dict, Optional, Union

from easy_esmm.protos.data_pb2 import DatasetConfig

Value = Union[bytes, int, float, bool]

STRING = DatasetConfig.STRING
INTEGERS: Dict[int, int] = {DatasetConfig.INT32: 32, DatasetConfig.INT64: 64}
FLOATS = (DatasetConfig.FLOAT, DatasetConfig.DOUBLE)
BOOL = DatasetConfig.BOOL
TRUE_WORDS = (b"true", b"1")
FALSE_WORDS = (b"false", b"0")

BLANKS = b" \t\n\v\f\r"
"""What may stand around a number or a boolean."""
WHOLE = r"-?[0-9]+"
"""A whole number, without blanks; a regular expression of both `re` and RE2, as is the next."""
DECIMAL = r"-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?"
"""A number with or without a fraction and an exponent, without blanks."""
LONGEST_DECIMAL = 31
"""Characters of such a number: more of them TensorFlow 2.15 does not take."""

_WHOLE, _DECIMAL = (re.compile(pattern.encode()) for pattern in (WHOLE, DECIMAL))
_NOT_FINITE = re.compile(rb"[-+]?(nan|inf|infinity)")
_FLOAT_NAMES: Dict[int, str] = {
    DatasetConfig.FLOAT: "32-bit float",
    DatasetConfig.DOUBLE: "64-bit float",
}
_MOST_DIGITS = len(str(1 << 63))


def parse_cell(column_type: int, cell: bytes) -> Optional[Value]:
    """`cell` as the declared type, None where it is not one; blanks around it are ignored.

    A number must fit its type, and be finite as rounded to it. An empty cell, and one of blanks, is
    no number and no boolean: it is a missing value, see `missing_mark`.
    """
    if column_type == STRING:
        return cell
    word = cell.strip(BLANKS)
    if column_type == BOOL:
        word = word.lower()
        return True if word in TRUE_WORDS else False if word in FALSE_WORDS else None
    if column_type in INTEGERS:
        return _parse_integer(word, INTEGERS[column_type])
    if not _DECIMAL.fullmatch(word) or len(word) > LONGEST_DECIMAL:
        return None
    value = float(word)
    rounded = _as_float32(value) if column_type == DatasetConfig.FLOAT else value
    return value if math.isfinite(rounded) else None


def cell_fault(column_type: int, cell: bytes) -> str:
    """The rule that a cell of the type breaks, as `must be ...`; empty if it breaks none."""
    if is_empty(column_type, cell) or parse_cell(column_type, cell) is not None:
        return ""
    word = cell.strip(BLANKS)
    if column_type in INTEGERS:
        fits = f"must fit {INTEGERS[column_type]} bits"
        return fits if _WHOLE.fullmatch(word) else "must be a whole number"
    if column_type == BOOL:
        return "must be true, false, 1 or 0"
    if _DECIMAL.fullmatch(word) and len(word) > LONGEST_DECIMAL:
        return f"must have at most {LONGEST_DECIMAL} characters"
    if _DECIMAL.fullmatch(word):
        return f"must fit a {_FLOAT_NAMES[column_type]}"
    return "must be finite" if _NOT_FINITE.fullmatch(word.lower()) else "must be a number"


def missing_mark(column_type: int) -> Value:
    """What stands for a missing value in a column of the type.

    NaN, the lowest integer of the type (which is therefore no value itself), or empty text. A
    boolean has no mark: False.
    """
    if column_type in INTEGERS:
        return -(1 << (INTEGERS[column_type] - 1))
    if column_type in FLOATS:
        return float("nan")
    return False if column_type == BOOL else b""


def is_empty(column_type: int, cell: bytes) -> bool:
    """Whether a cell holds no value: blanks are one only to text."""
    return not (cell if column_type == STRING else cell.strip(BLANKS))


def _parse_integer(word: bytes, bits: int) -> Optional[int]:
    digits = word.lstrip(b"-").lstrip(b"0")
    # (Python refuses to convert thousands of digits.)
    if not _WHOLE.fullmatch(word) or len(digits) > _MOST_DIGITS:
        return None
    number = int(digits or b"0") * (-1 if word.startswith(b"-") else 1)
    limit = 1 << (bits - 1)
    return number if -limit <= number < limit else None


def _as_float32(value: float) -> float:
    """The nearest float32; infinity where it is too large."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return math.inf
