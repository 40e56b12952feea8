"""Reads files of vectors by id, for first values of embedding tables. No TensorFlow.

* `.npy`: a matrix, whose row is the row of the table.
* `.parquet`: a column `id` of texts or integers, and a column `vector` of lists of numbers.
* any other name: text in UTF-8, a line for each id, with the numbers behind it and blanks or tabs
  between, as word2vec, GloVe and fastText write it. A first line of two numbers is skipped.
"""

from __future__ import annotations

import csv
import math
import os
from dataclasses import dataclass
from typing import Any, List, Optional

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from easy_esmm.errors import UserError

BY_ROW = ".npy"
"""What the name of a file without ids ends in."""
_PARQUET = ".parquet"
_ID, _VECTOR = "id", "vector"
_HEADER_WORDS = 2


@dataclass(frozen=True, eq=False)
class Vectors:
    """The content of a file."""

    ids: Optional[NDArray[Any]]
    """bytes [vectors], each once; None: vectors are of the rows 0, 1, ..."""
    values: NDArray[np.float32]
    """[vectors, dimension], finite."""


def is_by_row(path: str) -> bool:
    """Whether the file holds vectors of rows, and no ids."""
    return path.endswith(BY_ROW)


def find_fault(path: str, dimension: int) -> str:
    """What is wrong with the file by its first bytes, as `must ...`; empty: nothing yet.

    Costs milliseconds whatever the size.
    """
    if not os.path.isfile(path):
        return "must be an existing file"
    try:
        found = _first_width(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        return f"must be a file that can be read ({_in_a_line(error)})"
    if isinstance(found, str):
        return found
    if found != dimension:
        return f"must hold vectors of embedding_dim = {dimension} numbers, and has {found}"
    return ""


def read_vectors(path: str, dimension: int) -> Vectors:
    """The whole file.

    Raises UserError where it cannot be read, a vector has another length or a number that is not
    finite, or an id stands there twice or is empty.
    """
    fault = find_fault(path, dimension)
    if fault:
        raise UserError(f"{path}: {fault}")
    try:
        vectors = _read(path, dimension)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise UserError(f"{path}: must be a file that can be read ({_in_a_line(error)})") from error
    is_finite = np.isfinite(vectors.values).all(axis=1)
    if not is_finite.all():
        where = _named(vectors, int(np.argmin(is_finite)))
        raise UserError(f"{path}: must hold finite numbers (of float32), and does not for {where}")
    if vectors.ids is not None:
        _require_each_once(path, vectors.ids)
    return vectors


def _first_width(path: str) -> Any:
    """Numbers of the first vector; or what is wrong, in words."""
    if is_by_row(path):
        shape = np.load(path, mmap_mode="r", allow_pickle=False).shape
        return shape[1] if len(shape) == 2 else f"must hold a matrix, and has the shape {shape}"
    if path.endswith(_PARQUET):
        return _parquet_width(path)
    with open(path, encoding="utf-8") as file:
        words = file.readline().split()
        if len(words) == _HEADER_WORDS:
            words = file.readline().split() or words
    return len(words) - 1 if words else "must hold a line for each id, and is empty"


def _parquet_width(path: str) -> Any:
    file = pq.ParquetFile(path)
    schema = file.schema_arrow
    for name in (_ID, _VECTOR):
        if name not in schema.names:
            columns = ", ".join(schema.names)
            return f"must have the columns {_ID} and {_VECTOR}, and has {columns}"
    kind = schema.field(_VECTOR).type
    is_fixed = pa.types.is_fixed_size_list(kind)
    if not is_fixed and not pa.types.is_list(kind) and not pa.types.is_large_list(kind):
        return f"must have lists in the column {_VECTOR}, and has {kind}"
    if is_fixed:
        return kind.list_size
    first = next(file.iter_batches(batch_size=1, columns=[_VECTOR]), None)
    if first is None or not len(first):
        return "must hold a row for each id, and has none"
    value = first.column(0)[0].as_py()
    return 0 if value is None else len(value)


def _read(path: str, dimension: int) -> Vectors:
    if is_by_row(path):
        return Vectors(None, _as_float32(np.load(path, allow_pickle=False)))
    if path.endswith(_PARQUET):
        return _read_parquet(path, dimension)
    return _read_text(path, dimension)


def _read_parquet(path: str, dimension: int) -> Vectors:
    table = pq.read_table(path, columns=[_ID, _VECTOR])
    ids = _as_bytes(table.column(_ID))
    lists = table.column(_VECTOR).combine_chunks()
    if isinstance(lists, pa.ChunkedArray):
        lists = pa.concat_arrays(lists.chunks)
    lengths = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    other = np.flatnonzero(lengths != dimension)
    if len(other):
        number, length = other[0], lengths[other[0]]
        raise ValueError(f'the vector of id "{ids[number].decode()}" has {length} numbers')
    values = _as_float32(lists.flatten().to_numpy(zero_copy_only=False))
    return Vectors(ids, values.reshape(len(ids), dimension))


def _as_bytes(column: pa.ChunkedArray) -> NDArray[Any]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_integer(kind):
        column = column.cast(pa.string())
    elif not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        raise ValueError(f"the column {_ID} must be of texts or integers, and is of {kind}")
    if column.null_count:
        raise ValueError(f"the column {_ID} has {column.null_count} empty cells")
    ids: List[str] = column.to_pylist()
    return _objects([text.encode() for text in ids])


def _read_text(path: str, dimension: int) -> Vectors:
    with open(path, encoding="utf-8") as file:
        has_header = len(file.readline().split()) == _HEADER_WORDS and dimension > 1
    numbers = range(1, dimension + 1)
    try:
        frame = pd.read_csv(
            path,
            sep=r"\s+",
            header=None,
            skiprows=int(has_header),
            # Not as numbers: `007` and `7` are two ids.
            dtype={0: str, **dict.fromkeys(numbers, np.float64)},
            quoting=csv.QUOTE_NONE,
            keep_default_na=False,
            encoding="utf-8",
        )
    except UnicodeDecodeError:
        raise
    except ValueError as error:
        raise ValueError(_faulty_line(path, dimension, has_header) or str(error)) from error
    ids = _objects([text.encode() for text in frame[0]])
    return Vectors(ids, _as_float32(frame[list(numbers)].to_numpy()))


def _faulty_line(path: str, dimension: int, has_header: bool) -> str:
    """The first line that is not an id and `dimension` numbers, in words."""
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            words = line.split()
            if not words or (has_header and number == 1):
                continue
            if len(words) != dimension + 1:
                return f"line {number} has {len(words) - 1} numbers"
            for word in words[1:]:
                if not _is_number(word):
                    return f"line {number} has {word!r} for a number"
    return ""


def _is_number(word: str) -> bool:
    try:
        return math.isfinite(float(word))
    except ValueError:
        return False


def _as_float32(values: NDArray[Any]) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):  # infinite, which is refused
        return values.astype(np.float32)


def _objects(values: List[bytes]) -> NDArray[Any]:
    found = np.empty(len(values), object)
    found[:] = values
    return found


def _require_each_once(path: str, ids: NDArray[Any]) -> None:
    _, first, counts = np.unique(ids, return_index=True, return_counts=True)
    if (counts > 1).any():
        text = ids[first[np.argmax(counts > 1)]].decode()
        raise UserError(f'{path}: must hold each id once, and holds "{text}" more often')
    if len(ids) and not ids[first[0]]:
        raise UserError(f"{path}: must hold no empty id")


def _named(vectors: Vectors, number: int) -> str:
    if vectors.ids is None:
        return f"row {number}"
    return f'id "{vectors.ids[number].decode()}"'


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split())
