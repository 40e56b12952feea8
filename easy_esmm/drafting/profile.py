"""Infers the type of each column, and what its values look like.

The types of a CSV file's cells are inferred here: pyarrow's reader takes 0x1F for the number 31,
2024-01-01 for a date and 12:30 for a time, and has no option to infer numbers only.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, Dict, List, Optional, Sequence, Tuple

import pyarrow as pa

from easy_esmm.data.csv_sample import is_null, is_number
from easy_esmm.data.parquet_types import declared_type, element_type, is_list, is_text
from easy_esmm.data.sample import Sample
from easy_esmm.protos.data_pb2 import DatasetConfig

INTEGER, FLOAT, TEXT, BOOL, UNREAD = "whole numbers", "numbers", "text", "true or false", "unread"
_WHOLE = re.compile(r"-?\d{1,18}")
_TOO_LARGE = {INTEGER: 2**63, FLOAT: math.inf}
_WORDS = {"true": True, "false": False}
_PIECE_SEPARATORS = ("|", ";", ",", " ", "\002", "\003", "\x1d")
_KV_SEPARATORS = (":", "=")
_SEVERAL = 0.2
"""Share of the cells that must hold several pieces before a column is a set of them."""


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
    misfits: int = 0
    """Values among those of `values` that are None: numbers that training does not take."""

    @property
    def present(self) -> List[Any]:
        """The values that are there."""
        return [value for value in self.values if value is not None]

    @property
    def counts(self) -> Dict[Any, int]:
        """How often each single value, or piece of a cell, occurs."""
        if self.is_list:
            return Counter(piece for cell in self.present for piece in cell)
        if self.separator:
            return Counter(
                piece.split(self.kv_separator)[0] if self.kv_separator else piece
                for cell in self.present
                for piece in cell.split(self.separator)
                if piece
            )
        return Counter(self.present)


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
    value, types = element_type(found), pa.types
    declared = declared_type(found)
    if types.is_boolean(value):
        return Profile(name, BOOL, declared, values, is_list(found))
    if types.is_integer(value):
        return _of_numbers(Profile(name, INTEGER, declared, values, is_list(found)))
    if types.is_floating(value):
        return _of_numbers(Profile(name, FLOAT, declared, values, is_list(found)))
    if types.is_null(value) or not is_text(value):
        return Profile(
            name,
            UNREAD,
            declared,
            values,
            remark=f"type {found} is not read; derive a number or a text from it",
        )
    texts = [_as_text(value) for value in values]
    if is_list(found):
        return Profile(name, TEXT, declared, texts, is_list=True)
    return _of_text(name, texts)


def _of_numbers(column: Profile) -> Profile:
    """The column without the rows that hold what training refuses."""
    taken = [value if _is_taken(value, column.kind) else None for value in column.values]
    misfits = sum(value is None for value in taken) - sum(value is None for value in column.values)
    return replace(column, values=taken, misfits=misfits)


def _is_taken(value: Any, kind: str) -> bool:
    """Whether a number is finite, and an integer one of 64 bits; None, no value, is taken too."""
    if isinstance(value, list):
        return all(_is_taken(one, kind) for one in value)
    return value is None or abs(value) < _TOO_LARGE[kind]


def _of_cells(name: str, cells: List[Any]) -> Profile:
    present = [cell for cell in cells if cell is not None]
    numbers = [cell for cell in present if is_number(cell)]
    if present and len(numbers) == len(present):
        if all(_WHOLE.fullmatch(cell) for cell in present):
            whole = [None if cell is None else int(cell) for cell in cells]
            is_wide = any(abs(value) >= 2**31 for value in whole if value is not None)
            declared = DatasetConfig.INT64 if is_wide else DatasetConfig.INT32
            return Profile(name, INTEGER, declared, whole)
        numbers_or_none = [None if cell is None else float(cell) for cell in cells]
        return Profile(name, FLOAT, DatasetConfig.FLOAT, numbers_or_none)
    if present and all(cell.lower() in _WORDS for cell in present):
        words = [None if cell is None else _WORDS[cell.lower()] for cell in cells]
        return Profile(name, BOOL, DatasetConfig.BOOL, words)
    nulls = sorted({cell for cell in present if is_null(cell)})
    remark = ""
    if nulls and len(numbers) + sum(is_null(cell) for cell in present) == len(present):
        remark = f"holds {nulls[0]!r} besides numbers, so it is read as text"
    return _of_text(name, cells, remark)


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


def _as_text(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return [_as_text(one) for one in value] if isinstance(value, list) else value
