"""Parses a cell of text as the type of its column: for defaults in a config and rows of files."""

from __future__ import annotations

import sys
from typing import Dict, Optional, Union

from easy_esmm.protos.data_pb2 import DatasetConfig

Value = Union[bytes, int, float, bool]

STRING = DatasetConfig.STRING
INTEGERS: Dict[int, int] = {DatasetConfig.INT32: 32, DatasetConfig.INT64: 64}
FLOATS = (DatasetConfig.FLOAT, DatasetConfig.DOUBLE)
BOOL = DatasetConfig.BOOL
TRUE_WORDS = (b"true", b"1")
FALSE_WORDS = (b"false", b"0")
_LARGEST: Dict[int, float] = {
    DatasetConfig.FLOAT: (2 - 2**-23) * 2.0**127,
    DatasetConfig.DOUBLE: sys.float_info.max,
}


def parse_cell(column_type: int, cell: bytes) -> Optional[Value]:
    """`cell` as the declared type, None where it is not one (text must be UTF-8 for numbers).

    A number must fit its type; floats must be finite. Python's rules are a little wider than those
    of the decoding op (underscores, a leading plus sign): those two are refused here as well.
    """
    if column_type == STRING:
        return cell
    word = cell.strip().lower()
    if column_type == BOOL:
        return True if word in TRUE_WORDS else False if word in FALSE_WORDS else None
    if b"_" in word or word.startswith(b"+"):
        return None
    try:
        if column_type in INTEGERS:
            number = int(word)
            limit = 1 << (INTEGERS[column_type] - 1)
            return number if -limit <= number < limit else None
        value = float(word)
    except ValueError:
        return None
    return value if abs(value) <= _LARGEST[column_type] else None
