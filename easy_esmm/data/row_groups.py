"""Reads row groups of Parquet files into numpy arrays, and caches them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from easy_esmm.data.fields import (
    BOOL,
    FLOATS,
    INTEGERS,
    STRING,
    Column,
    is_empty,
    missing_mark,
    parse_cell,
)
from easy_esmm.data.parquet_plan import Plan, Source
from easy_esmm.data.parquet_types import is_list, is_text
from easy_esmm.data.row_errors import RowError
from easy_esmm.data.storage import parquet_source
from easy_esmm.protos.data_pb2 import DatasetConfig

Array = NDArray[Any]

NUMPY_TYPES: Dict[int, Any] = {
    DatasetConfig.INT32: np.int32,
    DatasetConfig.INT64: np.int64,
    DatasetConfig.FLOAT: np.float32,
    DatasetConfig.DOUBLE: np.float64,
    DatasetConfig.BOOL: np.bool_,
}


@dataclass(frozen=True, eq=False)
class Values:
    """The values of one column of a row group, lists laid end to end."""

    array: Array
    """[values] of the declared type; for text the int32 index of the value's word."""
    words: Optional[Array]
    """For text: the distinct values, an object array of bytes."""
    offsets: Optional[Array]
    """For lists, int64 [rows + 1]: row i holds the values offsets[i] .. offsets[i + 1] - 1."""


@dataclass(frozen=True, eq=False)
class RowGroup:
    """One row group: a `Values` for each needed input column, two for a label and the weight."""

    values: Tuple[Values, ...]
    """`Fields.columns`; of each of `Fields.labels_and_weight` the float32 value and whether it is
    missing."""
    faults: Dict[int, str]
    """Rows of the group, from 0, that must not be used, and why."""


def load_group(source: Source, plan: Plan) -> RowGroup:
    """Reads the needed columns of one row group. Raises RowError if the file is damaged."""
    fields = plan.fields
    table = source.table if source.table is not None else _read_table(source, plan)
    faults: Dict[int, str] = {}
    columns = [_values(c, table.column(c.name), faults) for c in fields.columns]
    labels: List[Values] = []
    for column in fields.labels_and_weight:
        labels += _label(column, table.column(column.name), faults, column == fields.weight)
    if source.users is not None:
        name = fields.columns[-1].name
        _note_missing_users(name, columns[-1].array, table.column(name), source.users, faults)
    return RowGroup((*columns, *labels), faults)


def _read_table(source: Source, plan: Plan) -> pa.Table:
    names = [column.name for column in plan.fields.needed]
    # Words come as the file's own dictionaries; inside lists Parquet has other names for them.
    words = [
        c.name for c in plan.fields.needed if c.type == STRING and c.name not in plan.list_columns
    ]
    try:
        with pq.ParquetFile(parquet_source(source.path), read_dictionary=words) as file:
            # The pipeline's own threads read several groups at once.
            if source.group is None:
                return file.read(columns=names, use_threads=False)
            return file.read_row_group(source.group, columns=names, use_threads=False)
    except (OSError, pa.ArrowException) as error:
        part = "the file" if source.group is None else f"row group {source.group}"
        raise RowError(
            f"{source.path}: {part} cannot be read ({error}); is the file whole?"
        ) from error


def _values(column: Column, cells: pa.ChunkedArray, faults: Dict[int, str]) -> Values:
    array = _one_array(cells)
    if not is_list(array.type):
        flat, words, bad = _flat(column, array)
        _note(faults, column, bad, array, lambda place: place)
        return Values(flat, words, None)
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy().astype(np.int64)
    offsets = np.concatenate([np.zeros([1], np.int64), np.cumsum(lengths)])
    elements = _one_array(pa.chunked_array([array.flatten()]))
    flat, words, bad = _flat(column, elements)
    row_of = lambda place: int(np.searchsorted(offsets, place, side="right")) - 1  # noqa: E731
    _note(faults, column, bad, elements, row_of)
    return Values(flat, words, offsets)


def _one_array(cells: pa.ChunkedArray) -> pa.Array:
    if pa.types.is_dictionary(cells.type):
        cells = cells.unify_dictionaries()
    array = cells.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], array.type)
    if pa.types.is_dictionary(array.type) and not is_text(array.type.value_type):
        array = array.dictionary_decode()
    return array


def _flat(column: Column, array: pa.Array) -> Tuple[Array, Optional[Array], Array]:
    """(values or word indices, words, places of the values that are not legal)."""
    none = np.zeros([0], np.int64)
    if column.type == STRING:
        indices, words = _words(column, array)
        return indices, words, none
    if pa.types.is_null(array.type):
        return np.full([len(array)], column.default, NUMPY_TYPES[column.type]), None, none
    is_null = array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
    if is_null is not None:
        # By a zero of the array's type first, which may not hold the default: -1 in uint8.
        array = pc.fill_null(array, pa.scalar(type(column.default)()).cast(array.type))
    numbers = array.to_numpy(zero_copy_only=False)
    with np.errstate(over="ignore"):
        typed = numbers.astype(NUMPY_TYPES[column.type], copy=is_null is not None)
    if column.type == BOOL:
        bad = none
    elif column.type in INTEGERS:
        # Equal numbers of the same sign fit; a narrower source always does.
        fits = numbers.dtype == typed.dtype or np.can_cast(numbers.dtype, typed.dtype)
        bad = none if fits else np.flatnonzero((typed != numbers) | ((typed < 0) != (numbers < 0)))
    else:
        bad = np.flatnonzero(~np.isfinite(typed))
    if is_null is not None:
        typed[is_null] = column.default
    if column.has_default and column.type in INTEGERS:
        is_mark = typed == missing_mark(column.type)
        if is_mark.any():
            typed = np.where(is_mark, NUMPY_TYPES[column.type](column.default), typed)
    return typed, None, bad


def _words(column: Column, array: pa.Array) -> Tuple[Array, Array]:
    if pa.types.is_null(array.type):
        array = array.cast(pa.binary())
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    words = array.dictionary.cast(pa.large_binary()).to_numpy(zero_copy_only=False)
    words = np.append(words, np.array([column.default], object))
    indices = array.indices
    if indices.null_count:
        indices = pc.fill_null(indices, pa.scalar(len(words) - 1, indices.type))
    return indices.to_numpy().astype(np.int32), words


def _label(
    column: Column, cells: pa.ChunkedArray, faults: Dict[int, str], is_weight: bool
) -> Tuple[Values, Values]:
    """(value, whether it is missing)."""
    array = _one_array(cells)
    flat, words, bad = _flat(column, array)
    is_missing = array.is_null().to_numpy(zero_copy_only=False)
    if words is not None:
        is_missing = is_missing | np.array([is_empty(_FLOAT, word) for word in words])[flat]
        parsed = [parse_cell(_FLOAT, word) for word in words]
        flat = np.array([np.nan if n is None else n for n in parsed], np.float32)[flat]
    elif column.type in INTEGERS:
        is_missing = is_missing | (flat == missing_mark(column.type))
    with np.errstate(over="ignore"):
        flat = flat.astype(np.float32)
    default = column.default
    if isinstance(default, bytes):
        default = parse_cell(_FLOAT, default) or 0
    flat[is_missing] = default if column.has_default else 0
    wrong = ~np.isfinite(flat)
    wrong[bad] = True
    if is_weight:
        wrong |= flat < 0
    if column.is_probability:
        wrong |= (flat < 0) | (flat > 1)
    _note(faults, column, np.flatnonzero(wrong), array, lambda place: place)
    is_missing &= not column.has_default
    return Values(flat, None, None), Values(is_missing, None, None)


def _note(
    faults: Dict[int, str],
    column: Column,
    bad: Array,
    cells: pa.Array,
    row_of: Callable[[int], int],
) -> None:
    for place in bad.tolist():
        value = cells[place].as_py()
        faults.setdefault(
            row_of(place), f"column '{column.name}' ({column.type_name}): {_rule(column, value)}"
        )


def _note_missing_users(
    name: str, rows: Array, cells: pa.ChunkedArray, users: int, faults: Dict[int, str]
) -> None:
    """Faults of rows that point to no row of the users file."""
    for place in np.flatnonzero((rows < 0) | (rows >= users)).tolist():
        value = cells[place].as_py()
        found = "null" if value is None else value
        rule = f"must be a row of the users file, 0 to {users - 1}, got {found}"
        faults.setdefault(place, f"column '{name}': {rule}")


def _rule(column: Column, value: Any) -> str:
    if column.type in INTEGERS and not isinstance(value, bool):
        limit = 1 << (INTEGERS[column.type] - 1)
        if not -limit <= value < limit:
            return f"does not fit, got {value}"
    if isinstance(value, (str, bytes)) and parse_cell(_FLOAT, _bytes(value)) is None:
        return f"must be a finite number, got {value!r}"
    if isinstance(value, float) and not abs(value) < float("inf"):
        return f"must be finite, got {value}"
    if column.is_probability:
        return f"must be in [0, 1], got {value}"
    return f"must not be negative, got {value}"


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else value


_FLOAT = FLOATS[0]


class GroupCache:
    """The row groups used last. Threads that ask for one group wait for a single load."""

    def __init__(self, plan: Plan, capacity: int) -> None:
        self._plan, self._capacity = plan, capacity
        self._lock = threading.Lock()
        self._slots: OrderedDict[int, _Slot] = OrderedDict()

    def get(self, group: int) -> RowGroup:
        """The row group of `plan.sources[group]`."""
        with self._lock:
            slot = self._slots.setdefault(group, _Slot())
            self._slots.move_to_end(group)
            while len(self._slots) > self._capacity:
                self._slots.popitem(last=False)
        with slot.lock:
            if slot.content is None:
                slot.content = load_group(self._plan.sources[group], self._plan)
            return slot.content

    def clear(self) -> None:
        """Forgets all row groups; what is in use elsewhere stays there."""
        with self._lock:
            self._slots.clear()


class _Slot:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.content: Optional[RowGroup] = None


@dataclass(frozen=True, eq=False)
class Selection:
    """Rows of some row groups, in the order in which they are wanted."""

    groups: Tuple[RowGroup, ...]
    rows_of: Tuple[Array, ...]
    """For each group the chosen rows inside it."""
    places: Tuple[Array, ...]
    """For each group the places of these rows among all chosen rows."""

    @property
    def rows(self) -> int:
        """Number of chosen rows."""
        return sum(len(rows) for rows in self.rows_of)


def select(groups: Sequence[RowGroup], group_of: Array, row_of: Array) -> Selection:
    """The rows `row_of` [rows] of the groups that `group_of` [rows] numbers."""
    places = tuple(np.flatnonzero(group_of == g) for g in range(len(groups)))
    return Selection(tuple(groups), tuple(row_of.take(place) for place in places), places)


def gather(selection: Selection, output: int) -> List[Array]:
    """One output column of the selected rows.

    Numbers come as [values]; text as [indices int32 into words, words]; a list column, its values
    laid end to end, has its row splits (int64 [rows + 1]) besides.
    """
    parts = [group.values[output] for group in selection.groups]
    rows_of = selection.rows_of
    if parts[0].offsets is None:
        return _take(parts, rows_of, selection.places, selection.rows)
    lengths = np.zeros(selection.rows, np.int64)
    for part, rows, places in zip(parts, rows_of, selection.places):
        lengths[places] = part.offsets[rows + 1] - part.offsets[rows]  # type: ignore[index]
    splits = np.concatenate([np.zeros([1], np.int64), np.cumsum(lengths)])
    sources, targets = [], []
    for part, rows, places in zip(parts, rows_of, selection.places):
        size = lengths[places]
        inside = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        sources.append(np.repeat(part.offsets[rows], size) + inside)  # type: ignore[index]
        targets.append(np.repeat(splits[places], size) + inside)
    return [*_take(parts, sources, targets, int(splits[-1])), splits]


def _take(
    parts: Sequence[Values], sources: Sequence[Array], targets: Sequence[Array], size: int
) -> List[Array]:
    """Values of several groups, each at its `sources`, put to its `targets` among `size` places."""
    values = np.empty(size, parts[0].array.dtype)
    if parts[0].words is None:
        for part, source, target in zip(parts, sources, targets):
            values[target] = part.array.take(source)  # 2.4 ns a value; array[source]: 5.8
        return [values]
    # A word becomes a Python object, then a TensorFlow string: 60 ns. With fewer words than values
    # (most columns, by far) only the words do, and TensorFlow multiplies them.
    base = 0
    for part, source, target in zip(parts, sources, targets):
        values[target] = part.array.take(source) + np.int32(base)
        base += len(part.words)  # type: ignore[arg-type]
    words = np.concatenate([part.words for part in parts])
    if base <= size:
        return [values, words]
    return [np.arange(size, dtype=np.int32), words.take(values)]
