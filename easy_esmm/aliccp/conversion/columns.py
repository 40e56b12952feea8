"""Columns of numbers and of lists of numbers: take, concatenate, convert to Arrow and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Union

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from easy_esmm.aliccp.fields import WEIGHT_SUFFIX

Array = NDArray[Any]
_NUMPY_NAMES = {"float": "float32", "double": "float64"}
"""Of Arrow's types that numpy calls otherwise."""
MISSING = -1
"""What a single-valued column holds where the raw row has no such field; null in Parquet."""


@dataclass(frozen=True, eq=False)
class Lists:
    """Row i holds `ids[offsets[i]:offsets[i + 1]]`, and as many weights if there are weights."""

    offsets: NDArray[np.int64]
    """[rows + 1], from 0."""
    ids: NDArray[np.int32]
    weights: Optional[NDArray[np.float32]] = None

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """[rows]."""
        return np.diff(self.offsets)

    def take(self, rows: NDArray[np.int64]) -> Lists:
        """The lists of the rows, in their order; rows may repeat."""
        lengths = self.offsets[rows + 1] - self.offsets[rows]
        offsets = offsets_of(lengths)
        places = np.repeat(self.offsets[rows] - offsets[:-1], lengths)
        places += np.arange(len(places))
        weights = None if self.weights is None else self.weights.take(places)
        return Lists(offsets, self.ids.take(places), weights)


Column = Union[Array, Lists]
Columns = Dict[str, Column]


def numbers(columns: Columns, name: str) -> Array:
    """A column of numbers."""
    column = columns[name]
    if isinstance(column, Lists):
        raise TypeError(f"column {name} holds lists")
    return column


def offsets_of(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """[rows + 1]: where the lists of these lengths begin and end."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def take(columns: Columns, rows: NDArray[np.int64]) -> Columns:
    """Some rows of all columns."""
    return {name: column.take(rows) for name, column in columns.items()}


def concatenate(parts: Sequence[Columns]) -> Columns:
    """The rows of all parts, in their order; there is at least one part."""
    return {name: _end_to_end([part[name] for part in parts]) for name in parts[0]}


def _end_to_end(parts: Sequence[Column]) -> Column:
    lists = [part for part in parts if isinstance(part, Lists)]
    if not lists:
        return np.concatenate(parts)  # type: ignore[arg-type]
    weights = [part.weights for part in lists if part.weights is not None]
    return Lists(
        offsets_of(np.concatenate([part.lengths for part in lists])),
        np.concatenate([part.ids for part in lists]),
        np.concatenate(weights) if weights else None,
    )


def to_arrow(columns: Columns, is_null: bool = True) -> pa.Table:
    """A table: numbers, and lists in one column or, with weights, in two.

    With `is_null`, MISSING becomes null in int32 columns named after a field (a digit first).
    """
    arrays: Dict[str, pa.Array] = {}
    for name, column in columns.items():
        if isinstance(column, Lists):
            offsets = arrow_array(column.offsets.astype(np.int32))
            arrays[name] = pa.ListArray.from_arrays(offsets, arrow_array(column.ids))
            if column.weights is not None:
                weights = pa.ListArray.from_arrays(offsets, arrow_array(column.weights))
                arrays[name + WEIGHT_SUFFIX] = weights
        elif is_null and name[:1].isdigit():
            arrays[name] = arrow_array(column, column != MISSING)
        else:
            arrays[name] = arrow_array(column)
    return pa.table(arrays)


def arrow_array(values: Array, is_valid: Optional[NDArray[np.bool_]] = None) -> pa.Array:
    """The numbers as an Arrow array that shares their memory; null where they are not valid.

    `pa.array` imports pandas where it is installed: .2 s and 30 MB in every process.
    """
    values = np.ascontiguousarray(values)
    bits = None
    if is_valid is not None and not is_valid.all():
        bits = pa.py_buffer(np.packbits(is_valid, bitorder="little"))
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, len(values), [bits, pa.py_buffer(values)])


def numpy_array(array: pa.Array) -> Array:
    """The numbers of an Arrow array without nulls, in its own memory; `to_numpy` imports pandas."""
    kind = np.dtype(_NUMPY_NAMES.get(str(array.type), str(array.type)))
    if not len(array):
        return np.zeros(0, kind)
    return np.frombuffer(array.buffers()[1], kind, len(array), array.offset * kind.itemsize)


def from_arrow(batch: pa.RecordBatch) -> Columns:
    """The columns of what `to_arrow` made without nulls; shares its memory."""
    columns: Columns = {}
    names: List[str] = batch.schema.names
    for name in names:
        if name.endswith(WEIGHT_SUFFIX):
            continue
        array = batch.column(name)
        if not pa.types.is_list(array.type):
            columns[name] = numpy_array(array)
            continue
        offsets = numpy_array(array.offsets).astype(np.int64)
        inside = slice(offsets[0], offsets[-1])
        weights = None
        if name + WEIGHT_SUFFIX in names:
            weights = numpy_array(batch.column(name + WEIGHT_SUFFIX).values)[inside]
        columns[name] = Lists(offsets - offsets[0], numpy_array(array.values)[inside], weights)
    return columns
