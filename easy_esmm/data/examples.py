"""Infers the columns of TFRecord files, and their kinds, from the first tf.Examples.

A TFRecord file has no schema; its first rows stand for one, as a CSV file's header does for it. No
TensorFlow.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass, replace
from typing import IO, Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, cast

from google.protobuf.message import DecodeError

from easy_esmm.data import storage
from easy_esmm.data.fields import BOOL, FLOATS, INTEGERS, STRING, Column, Fields, missing_mark
from easy_esmm.data.files import is_compressed
from easy_esmm.data.records import read_chunk
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.tf_example_pb2 import Example

HEAD_ROWS = 100
"""Rows of a file that are looked at."""
BYTES, NUMBERS, WHOLE = "text", "floats", "whole numbers"
"""The kinds of values in a tf.Example, in the words of messages."""
_KIND_NAMES = {"bytes_list": BYTES, "float_list": NUMBERS, "int64_list": WHOLE}
_ADVICE = {BYTES: "declare STRING", NUMBERS: "declare FLOAT", WHOLE: "declare INT64"}


@dataclass(frozen=True)
class Head:
    """The first rows of a file."""

    rows: int
    kinds: Mapping[str, str]
    """Kind of each column's first value, by name, in the order in which they are met."""
    lists: Tuple[str, ...]
    """Columns of which a row holds several values."""


@dataclass(frozen=True)
class ExamplePlan:
    """How the files are parsed."""

    fields: Fields
    """With the types that the rows show for columns that the config does not declare."""
    kinds: Dict[str, str]
    """Kind of each needed column."""
    lists: Tuple[str, ...]
    """Names of the columns whose cells hold several values."""


def plan_examples(files: Sequence[str], data: DatasetConfig, fields: Fields) -> ExamplePlan:
    """Reads the first rows of the first file. Raises UserError where they cannot be read."""
    head = read_head(files[0], data)
    for _, fault in head_faults(head, fields):
        raise UserError(f"{files[0]}: {fault}")
    columns = tuple(_typed(column, fields, head) for column in fields.columns)
    fields = replace(fields, columns=columns)
    kinds = {c.name: head.kinds.get(c.name, _usual_kind(c)) for c in fields.needed}
    lists = tuple(
        c.name
        for c in fields.columns
        if c.name in head.lists or (c.name in fields.several and kinds[c.name] != BYTES)
    )
    return ExamplePlan(fields, kinds, lists)


def read_head(path: str, data: DatasetConfig) -> Head:
    """The first rows of a file. Raises UserError where they cannot be read."""
    kinds: Dict[str, str] = {}
    lists: Dict[str, None] = {}
    rows = 0
    for number, record in _first_records(path, data):
        rows += 1
        for name, feature in sorted(parse_example(record, f"{path}: record {number}").items()):
            kind = feature.WhichOneof("kind")
            size = value_count(feature)
            if size:
                kinds.setdefault(name, _KIND_NAMES[kind])
            if size > 1:
                lists[name] = None
    return Head(rows, kinds, tuple(lists))


def head_faults(head: Head, fields: Fields) -> List[Tuple[Column, str]]:
    """(column, why it cannot be read) for the first rows of a file; none for a file without rows.

    A column that none of them holds is missing, unless a `default_val` says what that means.
    """
    faults: List[Tuple[Column, str]] = []
    one_value = fields.one_value
    for column in fields.needed if head.rows else ():
        found = head.kinds.get(column.name)
        if found is None:
            if not column.has_default and column.name not in fields.undeclared:
                faults.append((column, _missing(column, head)))
        elif column.name in one_value and column.name in head.lists:
            why = one_value[column.name]
            text = f"column '{column.name}' must hold one value in a row{why and f' ({why})'}"
            faults.append((column, text))
        elif column.name not in fields.undeclared and found not in _readable_kinds(column):
            declared = f"column '{column.name}' is declared {column.type_name}"
            text = f"{declared}, found {found} ({_ADVICE[found]})"
            faults.append((column, text))
    return faults


def common_head(heads: Sequence[Head]) -> Head:
    """The first rows of several files."""
    kinds: Dict[str, str] = {}
    for head in reversed(heads):
        kinds.update(head.kinds)
    lists = dict.fromkeys(name for head in heads for name in head.lists)
    return Head(sum(head.rows for head in heads), kinds, tuple(lists))


def passed_faults(head: Head, fields: Fields) -> List[Tuple[Column, str]]:
    """(column, fault) of each column that is passed through and that none of the rows holds."""
    absent = [c for c in fields.present if c.name in fields.passed and c.name not in head.kinds]
    return [(column, _absent(column, head)) for column in absent if head.rows]


def parse_example(record: bytes, place: str) -> Any:
    """The features of a record by name. Raises UserError if it is no tf.Example."""
    example = Example()
    try:
        example.ParseFromString(record)
    except DecodeError as error:
        raise UserError(f"{place}: not a tf.Example") from error
    return example.features.feature


def value_count(feature: Any) -> int:
    """Values of a feature; 0 where it has none or no kind."""
    kind = feature.WhichOneof("kind")
    return len(getattr(feature, kind).value) if kind else 0


def is_gzip(path: str, data: DatasetConfig) -> bool:
    """Whether a TFRecord file is compressed: the config or the file's suffix says so."""
    return data.data_compression_type == "GZIP" or is_compressed(path)


def open_records(path: str, data: DatasetConfig) -> IO[bytes]:
    """Opens a TFRecord file for reading, uncompressed."""
    file = storage.open_file(path)
    return cast(IO[bytes], gzip.open(file, "rb")) if is_gzip(path, data) else file


def _first_records(path: str, data: DatasetConfig) -> Iterator[Tuple[int, bytes]]:
    try:
        with open_records(path, data) as file:
            chunk = read_chunk(file, 0, 0, HEAD_ROWS)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error})") from error
    if chunk.faults and not data.ignore_error:
        number, offset, fault = chunk.faults[0]
        advice = "" if chunk.records else "; is it a TFRecord file, compressed as declared?"
        raise UserError(f"{path}: record {number} (byte {offset}): {fault}{advice}")
    yield from zip(chunk.numbers, chunk.records)


def _missing(column: Column, head: Head) -> str:
    return f"{_absent(column, head)}; a column that few rows have needs a default_val"


def _absent(column: Column, head: Head) -> str:
    names = ", ".join(head.kinds)
    return f"no column '{column.name}' in the first {head.rows} row(s) (there are {names})"


def _typed(column: Column, fields: Fields, head: Head) -> Column:
    if column.name not in fields.undeclared:
        return column
    kind = head.kinds.get(column.name, BYTES)
    if kind == BYTES:
        return column
    known = DatasetConfig.INT64 if kind == WHOLE else DatasetConfig.FLOAT
    return Column(column.name, known, missing_mark(known))


def _readable_kinds(column: Column) -> Tuple[str, ...]:
    if column.type == STRING:
        return (BYTES,)
    return (NUMBERS, WHOLE) if column.type in FLOATS else (WHOLE,)


def _usual_kind(column: Column) -> str:
    if column.type in INTEGERS or column.type == BOOL:
        return WHOLE
    return BYTES if column.type == STRING else NUMBERS


def find_value_fault(feature: Optional[Any], kind: str, is_list: bool) -> str:
    """Why a row's values are not of the kind, or the number, that the first rows show."""
    if feature is None or feature.WhichOneof("kind") is None:
        return ""
    found = _KIND_NAMES[feature.WhichOneof("kind")]
    if found != kind:
        return f"holds {found}, the first rows hold {kind}"
    if not is_list and value_count(feature) > 1:
        return f"holds {value_count(feature)} values, the first rows hold one"
    return ""
