r"""Parses a block of raw lines to arrays of rows and features; malformed lines are left out.

The grammar, for the skeleton (6 columns) and for the common file (the last three of them):

    sample_id,click,conversion,common_feature_index,feature_num,feature_list
    feature_list: field \x02 id \x03 value, separated by \x01
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Tuple

import numpy as np
from numpy.typing import NDArray

from easy_esmm.aliccp.conversion.tokens import (
    MAX_ID,
    Bools,
    Places,
    ShortWords,
    Text,
    decimals,
    hex_keys,
    integers,
    separators,
    slow_decimal,
)
from easy_esmm.aliccp.fields import FIELDS, USER

_COMMA, _NEXT, _ID, _VALUE, _END = ord(","), 1, 2, 3, ord("\n")
_NAMES = ShortWords([field.name for field in FIELDS])
OTHER = len(FIELDS)
"""Code of a feature whose field is not expected in the file."""


@dataclass(frozen=True)
class RawFile:
    """One of the two kinds of raw files."""

    name: str
    columns: int
    codes: Tuple[int, ...]
    """The fields that it holds, as places in FIELDS."""

    @property
    def has_labels(self) -> bool:
        """Whether its lines begin with sample_id, click and conversion."""
        return self.columns == 6

    @property
    def key_column(self) -> int:
        """Which column is the common_feature_index, from 0."""
        return self.columns - 3


_OF_USER = tuple(code for code, field in enumerate(FIELDS) if field.owner == USER)
_OF_ROW = tuple(code for code, field in enumerate(FIELDS) if field.owner != USER)
SKELETON = RawFile("skeleton", 6, _OF_ROW)
COMMON = RawFile("common", 3, _OF_USER)


@dataclass(frozen=True, eq=False)
class Block:
    """What a block of lines holds; rows are its well-formed lines."""

    lines: int
    line: NDArray[np.int64]
    """[rows]: number of the row's line in the block, from 0."""
    sample_id: NDArray[np.int64]
    """[rows]; empty for the common file, as the labels are."""
    click: NDArray[np.int8]
    conversion: NDArray[np.int8]
    key: NDArray[np.uint64]
    """[rows]: the common_feature_index."""
    code: NDArray[np.int8]
    """[features], ascending: place in FIELDS, or OTHER; inside a field in the order of the file."""
    row: NDArray[np.int64]
    id: NDArray[np.int32]
    value: NDArray[np.float32]
    malformed: Dict[int, str]
    """Line number in the block to what is wrong with it."""


def parse(data: bytes, kind: RawFile) -> Block:
    r"""Parses whole lines, which may end with `\r\n`; the last one may have no end."""
    if b"\r" in data:
        data = _with_plain_ends(data)
    text = Text(data if data.endswith(b"\n") else data + b"\n")
    places, found = separators(text)
    ends = np.flatnonzero(found == _END)
    lines = _Lines(text, places, found, ends, kind)
    features = lines.features()
    rows = lines.rows(features)
    kept = np.flatnonzero(rows.is_good)
    malformed = {}
    if len(kept) < len(ends):
        malformed = {int(r): lines.reason(int(r)) for r in np.flatnonzero(~rows.is_good)}
        features = features.of_rows(rows.is_good)
    order = np.argsort(features.code, kind="stable")  # radix sort: 3 ns a feature
    return Block(
        lines=len(ends),
        line=kept,
        sample_id=rows.sample_id[kept] if kind.has_labels else rows.sample_id,
        click=rows.click[kept] if kind.has_labels else rows.click,
        conversion=rows.conversion[kept] if kind.has_labels else rows.conversion,
        key=rows.key[kept],
        code=features.code.take(order),
        row=features.row.take(order),
        id=features.id.take(order),
        value=features.value.take(order),
        malformed=malformed,
    )


def _with_plain_ends(data: bytes) -> bytes:
    r"""`\r\n` as `\n`; any other `\r` stays, and makes its line malformed."""
    plain = data.translate(None, b"\r")  # 6 x as fast as replacing
    if len(plain) + data.count(b"\r\n") == len(data):
        return plain
    return data.replace(b"\r\n", b"\n")


@dataclass(frozen=True, eq=False)
class _Features:
    code: NDArray[np.int8]
    row: Places
    id: NDArray[np.int32]
    value: NDArray[np.float32]
    is_good: Bools

    def of_rows(self, is_good: Bools) -> _Features:
        """Those of the good rows, with the rows counted anew."""
        kept = is_good[self.row]
        row = (np.cumsum(is_good) - 1)[self.row[kept]]
        return _Features(self.code[kept], row, self.id[kept], self.value[kept], self.is_good[kept])


@dataclass(frozen=True, eq=False)
class _Rows:
    sample_id: Places
    click: NDArray[np.int8]
    conversion: NDArray[np.int8]
    key: NDArray[np.uint64]
    is_good: Bools


class _Lines:
    """The separators of a block, line by line."""

    def __init__(
        self, text: Text, places: Places, found: NDArray[np.uint8], ends: Places, kind: RawFile
    ) -> None:
        self._text, self._places, self._found, self._ends = text, places, found, ends
        self._kind = kind
        self._first = np.concatenate([[0], ends[:-1] + 1]).astype(np.int64)
        self._starts = np.concatenate([[0], places[ends[:-1]] + 1]).astype(np.int64)
        ids = np.flatnonzero(found == _ID)
        self._counts = np.diff(np.searchsorted(ids, ends), prepend=0)
        self._ids = ids

    def features(self) -> _Features:
        """All features of all lines, good or not."""
        at, places, found = self._ids, self._places, self._found
        second, third = at + 1, at + 2
        # "clip": the faster of numpy's ways to take, and right at the ends of a damaged block
        name_end, id_end = places.take(at), places.take(second, mode="clip")
        value_end, ending = places.take(third, mode="clip"), found.take(third, mode="clip")
        name_length = name_end - places.take(at - 1, mode="clip") - 1
        code = _NAMES.places(self._text, name_end, name_length)
        identity, is_good = integers(self._text, id_end, id_end - name_end - 1)
        value, is_number = decimals(self._text, value_end, value_end - id_end - 1)
        is_good &= is_number
        is_good &= identity <= MAX_ID
        is_good &= found.take(second, mode="clip") == _VALUE
        is_good &= (ending == _NEXT) | (ending == _END)
        is_other = ~_EXPECTED[self._kind.name].take(code)
        if is_other.any():
            is_good &= name_length > 0
            code[is_other] = OTHER
        row = np.repeat(np.arange(len(self._ends)), self._counts)
        return _Features(code, row, identity.astype(np.int32), value, is_good)

    def rows(self, features: _Features) -> _Rows:
        """The columns before the features, and which lines are good altogether."""
        columns = self._kind.columns
        commas = columns - 1
        separators_of = np.diff(self._ends, prepend=-1)
        # well-formed: the commas, then (\x02 \x03 \x01) for each feature, the last \x01 a line end
        is_good = separators_of == commas + np.maximum(3 * self._counts, 1)
        if not features.is_good.all():
            is_good[features.row[~features.is_good]] = False
        last = len(self._places) - 1
        ends, lengths = [], []
        start = self._starts
        for column in range(commas):
            at = np.minimum(self._first + column, last)
            end = self._places.take(at)
            is_good &= self._found.take(at) == _COMMA
            ends.append(end)
            lengths.append(np.maximum(end - start, 0))
            start = end + 1
        text, key = self._text, self._kind.key_column
        count, is_count = integers(text, ends[key + 1], lengths[key + 1])
        is_good &= is_count & (count == self._counts)
        keys, is_key = hex_keys(text, ends[key])
        is_good &= is_key & (lengths[key] == 16)
        if not self._kind.has_labels:
            none = np.zeros(0, np.int8)
            return _Rows(np.zeros(0, np.int64), none, none, keys, is_good)
        sample, is_sample = integers(text, ends[0], lengths[0])
        is_good &= is_sample
        labels = []
        for column in (1, 2):
            label = text.bytes.take(ends[column] - 1) - np.uint8(ord("0"))
            is_good &= (lengths[column] == 1) & (label <= 1)
            labels.append(label.view(np.int8))
        return _Rows(sample, labels[0], labels[1], keys, is_good)

    def reason(self, number: int) -> str:
        """What is wrong with a line."""
        end = int(self._places[self._ends[number]])
        return why_malformed(self._text.part(int(self._starts[number]), end), self._kind)


_EXPECTED = {
    kind.name: np.isin(np.arange(-1, len(FIELDS)), kind.codes)[
        np.r_[1 : len(FIELDS) + 1, 0]  # take(-1) finds the last entry: an unknown field
    ]
    for kind in (SKELETON, COMMON)
}

MALFORMED: Dict[str, str] = {
    "columns": "not the columns of its file, separated by commas",
    "features": "a feature that is not field \\x02 id \\x03 value",
    "sample_id": "sample_id is not a number of at most 16 digits",
    "labels": "click or conversion is not 0 or 1",
    "key": "common_feature_index is not 16 hexadecimal digits",
    "feature_num": "feature_num is not the number of features in the list",
    "id": "a feature's id is not a whole number below 2^31",
    "value": "a feature's value is not a finite number",
    "bytes": "a byte that no column may hold",
}
"""Kinds of malformed lines; a line with several faults is counted under the first."""


def why_malformed(line: bytes, kind: RawFile) -> str:
    """The first kind of MALFORMED that a line is. Slow and plain, for a few lines."""
    cells = line.split(b",")
    if len(cells) != kind.columns:
        return "columns"
    features = [_feature(part) for part in cells[-1].split(b"\x01")] if cells[-1] else []
    if not all(features):
        return "features"
    key, count = cells[kind.key_column], cells[kind.key_column + 1]
    checks: List[Tuple[str, bool]] = []
    if kind.has_labels:
        checks += [
            ("sample_id", _is_number(cells[0])),
            ("labels", cells[1] in (b"0", b"1") and cells[2] in (b"0", b"1")),
        ]
    checks += [
        ("key", len(key) == 16 and all(c in b"0123456789abcdefABCDEF" for c in key)),
        ("feature_num", _is_number(count) and int(count) == len(features)),
        ("id", all(_is_number(f[1]) and int(f[1]) <= MAX_ID for f in features)),
        ("value", all(slow_decimal(f[2]) is not None for f in features)),
    ]
    return next((name for name, holds in checks if not holds), "bytes")


def _feature(part: bytes) -> Tuple[bytes, ...]:
    """(field, id, value), or nothing."""
    name, *rest = part.split(b"\x02")
    values = rest[0].split(b"\x03") if len(rest) == 1 else []
    return (name, *values) if name and len(values) == 2 else ()


def _is_number(cell: bytes) -> bool:
    return cell.isdigit() and len(cell) <= 16
