"""Infers the type of each column, and what its values look like.

The types of a CSV file's cells are inferred here: pyarrow's reader takes 0x1F for the number 31,
2024-01-01 for a date and 12:30 for a time, and has no option to infer numbers only.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, FrozenSet, List, Optional, Sequence, Tuple

import pyarrow as pa

from easy_esmm.config.cells import BLANKS, FLOATS, INTEGERS, STRING, WHOLE, parse_cell
from easy_esmm.config.cells import BOOL as BOOLEAN
from easy_esmm.data.arrow_sample import is_sampled
from easy_esmm.data.csv_shape import is_number
from easy_esmm.data.parquet_types import declared_type, element_type, is_list, is_time, is_utf8
from easy_esmm.data.sample import Sample
from easy_esmm.drafting.spelling import decimal_ids, short, why_no_numbers
from easy_esmm.protos.data_pb2 import DatasetConfig

INTEGER, FLOAT, TEXT, BOOL, UNREAD = "whole numbers", "numbers", "text", "true or false", "unread"
_WHOLE = re.compile(WHOLE)
_PADDED = re.compile(r"-?0[0-9]+")
_BLANKS = BLANKS.decode()
_LARGEST_WHOLE_FLOAT = 2.0**24
_SMALLEST_FLOAT = 2.0**-126
_LONG = DatasetConfig.INT64
_KINDS: Dict[int, str] = {
    **dict.fromkeys(INTEGERS, INTEGER),
    **dict.fromkeys(FLOATS, FLOAT),
    BOOLEAN: BOOL,
    STRING: TEXT,
}
A_TIME = "looks like a time, which later rows do not share; derive the hour or the weekday"
_PIECE_SEPARATORS = ("|", ";", ",", " ", "\002", "\003", "\x1d")
_KV_SEPARATORS = (":", "=")
_SEVERAL = 0.2
"""Share of the cells that must hold several pieces before a column is a set of them."""


ID_NAME = re.compile(
    r"(^|_)(id|ids|code|cate|category|cat|brand|user|item|goods|sku|shop|seller|ad|adgroup|campaign|"
    r"city|zip|zipcode|region|device|model|os|slot|position|pid|uid|gender|sex|type|hour|weekday|"
    r"day)($|_)|(id|_no)$",
    re.IGNORECASE,
)
"""Names of columns whose whole numbers are ids."""


@dataclass(frozen=True, eq=False)
class Profile:
    """A column of the sample."""

    name: str
    kind: str
    declared: int
    """A value of `DatasetConfig.FieldType`."""
    values: List[Any]
    """A value a row, as numbers where the kind is one; None where there is none; lists as such."""
    is_list: bool = False
    separator: str = ""
    """Of a text column: what stands between the values of a cell."""
    kv_separator: str = ""
    """Of such a column: what stands between a value and its weight."""
    remark: str = ""
    blanks: int = 0
    """Cells of text with blanks around them, which `values` are without."""
    misfits: FrozenSet[int] = frozenset()
    """Rows whose value is None in `values` because training refuses the number that is there."""

    @property
    def present(self) -> List[Any]:
        """The values that are there."""
        return [value for value in self.values if value is not None]

    @property
    def missing(self) -> int:
        """Rows without a value: null, empty, or an empty list."""
        empty = [value for value in self.values if value is None or value == []]
        return len(empty) - len(self.misfits)

    @property
    def counts(self) -> Dict[Any, int]:
        """How often each single value, or piece of a cell, occurs."""
        if self.is_list:
            return Counter(p for cell in self.present for p in cell if p is not None)
        if self.separator:
            return Counter(
                piece.split(self.kv_separator)[0] if self.kv_separator else piece
                for cell in self.present
                for piece in cell.split(self.separator)
                if piece
            )
        return Counter(self.present)


def missing_share(column: Profile) -> str:
    """How many rows have no value, in words."""
    return _share(column.missing, column)


def misfits_share(column: Profile) -> str:
    """How many rows hold what training refuses, in words."""
    rows = _share(len(column.misfits), column)
    if column.kind == TEXT:
        return f"{rows} hold text that is not UTF-8"
    return f"{rows} hold NaN, an infinity, or a null in a list"


def _share(count: int, column: Profile) -> str:
    rows = len(column.values)
    return f"{count:,} of {rows:,} sampled rows ({count / rows:.2%})"


def profiles(sample: Sample) -> Tuple[Profile, ...]:
    """A profile of each column, in the order of the file."""
    return tuple(_profile(sample, name, values) for name, values in sample.columns.items())


def _profile(sample: Sample, name: str, values: List[Any]) -> Profile:
    if not name:
        return Profile(
            name, UNREAD, DatasetConfig.STRING, values, remark="it has no name to read it by"
        )
    if sample.types:
        return _of_parquet(name, values, sample.types[name])
    return _of_cells(name, values)


def _of_parquet(name: str, values: List[Any], found: pa.DataType) -> Profile:
    value, declared = element_type(found), declared_type(found)
    column = Profile(name, _KINDS[declared], declared, values, is_list(found))
    if not is_sampled(found):
        remark = f"type {found} is not read; derive a number or a text from it"
        return replace(column, kind=UNREAD, remark=A_TIME if is_time(value) else remark)
    if column.kind == INTEGER and any(map(_is_wide, values)):
        return replace(
            column,
            kind=TEXT,
            declared=STRING,
            values=[_each(value, str) for value in values],
            remark="holds whole numbers that INT64 does not, so it is read as text",
        )
    if column.kind != TEXT:
        return _of_numbers(column)
    is_judged = is_utf8(value)
    bad = frozenset(row for row, text in enumerate(values) if is_judged and _is_torn(text))
    texts = [None if row in bad else _each(text, _as_text) for row, text in enumerate(values)]
    if column.is_list:
        return replace(column, values=texts, misfits=bad)
    return replace(_of_text(name, texts), misfits=bad)


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    """A value, or each of a list, changed; None stays."""
    if isinstance(value, list):
        return [_each(one, change) for one in value]
    return None if value is None else change(value)


def _is_wide(value: Any) -> bool:
    """Whether INT64 does not hold a whole number, or one of a list."""
    if isinstance(value, list):
        return any(map(_is_wide, value))
    return value is not None and not -(2**63) <= value < 2**63


def _as_text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _is_torn(value: Any) -> bool:
    """Whether bytes of text, or one of a list, are not UTF-8."""
    if isinstance(value, list):
        return any(map(_is_torn, value))
    return value is not None and value.decode("utf-8", "ignore").encode() != value


def _of_numbers(column: Profile) -> Profile:
    """The column without the values that training refuses."""
    misfits = {row for row, value in enumerate(column.values) if not _is_taken(value, column)}
    taken = [None if row in misfits else value for row, value in enumerate(column.values)]
    return replace(column, values=taken, misfits=frozenset(misfits))


def _is_taken(value: Any, column: Profile) -> bool:
    """Whether a number is finite; None, no value, is taken too.

    Not so in a list of numbers, which would have another length without it.
    """
    if isinstance(value, list):
        is_whole = None not in value or column.kind != FLOAT
        return is_whole and all(_is_taken(one, column) for one in value)
    return value is None or math.isfinite(value)


def _of_cells(name: str, cells: List[Any]) -> Profile:
    """The column by its cells without the blanks around them."""
    stripped = [(cell or "").strip(_BLANKS) or None for cell in cells]
    column = _of_stripped(name, stripped)
    if column.kind != TEXT:
        return column
    blanks = sum(cell != without for cell, without in zip(cells, stripped))
    return replace(column, blanks=blanks)


def _of_stripped(name: str, stripped: List[Optional[str]]) -> Profile:
    present = [cell for cell in stripped if cell is not None]
    if not present:
        return _of_text(name, stripped)
    if all(_WHOLE.fullmatch(cell) for cell in present):
        return _of_whole_numbers(name, stripped)
    numbers = [cell for cell in present if is_number(cell)]
    if len(numbers) == len(present):
        why_text = decimal_ids(present) if ID_NAME.search(name) else ""
        if why_text:
            return _of_text(name, stripped, why_text)
        values = [None if cell is None else float(cell) for cell in stripped]
        return Profile(name, FLOAT, _float_type(values), values)
    if all(parse_cell(BOOLEAN, cell.encode()) is not None for cell in present):
        words = [None if cell is None else parse_cell(BOOLEAN, cell.encode()) for cell in stripped]
        return Profile(name, BOOL, DatasetConfig.BOOL, words)
    return _of_text(name, stripped, why_no_numbers(present, numbers))


def _of_whole_numbers(name: str, stripped: List[Optional[str]]) -> Profile:
    """INT64, so that an id below the sample that needs more than 32 bits is no bad row.

    Text, which hashes alike, where a number would not be what stands there: ids of uint64 and of
    more digits, and codes with zeros in front.
    """
    present = [cell for cell in stripped if cell is not None]
    padded = next((cell for cell in present if _PADDED.fullmatch(cell)), None)
    if padded is not None:
        remark = f"holds {padded!r}, whose first zeros a number would lose, so it is read as text"
        return _of_text(name, stripped, remark)
    wide = next((c for c in present if parse_cell(_LONG, c.encode()) is None), None)
    if wide is not None:
        remark = f"holds {short(wide)}, which INT64 does not, so it is read as text"
        return _of_text(name, stripped, remark)
    numbers = [None if cell is None else int(cell) for cell in stripped]
    return Profile(name, INTEGER, DatasetConfig.INT64, numbers)


def _float_type(values: Sequence[Optional[float]]) -> int:
    """FLOAT; DOUBLE where float32 cannot tell whole numbers apart any more, or has no such number.

    Times in seconds and amounts in cents are such numbers.
    """
    sizes = [abs(value) for value in values if value]
    is_wide = any(not _SMALLEST_FLOAT <= size < _LARGEST_WHOLE_FLOAT for size in sizes)
    return FLOATS[-1] if is_wide else FLOATS[0]


def _of_text(name: str, values: List[Any], remark: str = "") -> Profile:
    present = [value for value in values if value]
    separator, kv_separator = _pieces(present)
    return Profile(
        name,
        TEXT,
        DatasetConfig.STRING,
        [value or None for value in values],
        separator=separator,
        kv_separator=kv_separator,
        remark=remark,
    )


def _pieces(cells: Sequence[str]) -> Tuple[str, str]:
    """(separator, separator of weights) of cells that hold several values, else empty."""
    for separator in _PIECE_SEPARATORS:
        split = [[p for p in cell.split(separator) if p] for cell in cells]
        several = sum(len(pieces) > 1 for pieces in split)
        if not several or several < _SEVERAL * len(cells):
            continue
        pieces = [piece for cell in split for piece in cell]
        # Values of sets recur; sentences, times and addresses do not.
        if len(set(pieces)) * 2 > len(pieces) and _kv_separator(pieces) is None:
            continue
        return separator, _kv_separator(pieces) or ""
    kv_separator = _kv_separator(cells)
    # (A time of day, 12:30, is no key with a weight.)
    if kv_separator and any("." in cell.split(kv_separator)[1] for cell in cells):
        return _PIECE_SEPARATORS[0], kv_separator
    return "", ""


def _kv_separator(pieces: Sequence[str]) -> Optional[str]:
    for separator in _KV_SEPARATORS:
        parts = [piece.split(separator) for piece in pieces]
        if all(len(part) == 2 and part[0] and is_number(part[1]) for part in parts):
            return separator
    return None
