"""Reads row groups of Parquet files into numpy arrays, and takes rows of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from easy_esmm import page_sums
from easy_esmm.config.cells import (
    FLOATS,
    INTEGERS,
    STRING,
    is_empty,
    missing_mark,
    parse_cell,
)
from easy_esmm.data.arrow_values import (
    Array,
    Typed,
    list_parts,
    typed_values,
    value_rule,
    whole_array,
)
from easy_esmm.data.fields import Column, Fields
from easy_esmm.data.parquet_plan import UNREADABLE, Plan, Source, read_schema, unread
from easy_esmm.data.row_errors import RowError
from easy_esmm.data.stamps import UNCHANGED
from easy_esmm.data.storage import parquet_source


class DamagedRows(RowError):
    """Rows that stand together cannot be read; `ignore_error` skips them all."""

    def __init__(self, message: str, damage: str) -> None:
        """`damage` is the message without the file's path."""
        super().__init__(f"{message}; write the file anew or set data_config.ignore_error")
        self.damage = damage


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
    damage: str = ""
    """Why none of its rows can be used; empty where they can. `values` are then placeholders."""


def load_group(source: Source, plan: Plan) -> RowGroup:
    """Reads the needed columns of one row group. Raises RowError if the file is damaged."""
    fields = plan.fields
    table = source.table if source.table is not None else _plan_table(source, plan)
    if source.kept is not None:
        table = take_rows(table, source.kept.places)
    faults: Dict[int, str] = {}
    columns = [
        _values(c, table.column(c.name), fields, c.name in plan.list_columns, faults)
        for c in fields.columns
    ]
    labels: List[Values] = []
    for column in fields.labels_and_weight:
        labels += label_values(column, table.column(column.name), faults, column == fields.weight)
    if source.users is not None:
        name = fields.columns[-1].name
        _note_missing_users(name, columns[-1].array, table.column(name), source.users, faults)
    return RowGroup((*columns, *labels), faults)


def placeholder(source: Source, plan: Plan, damage: str) -> RowGroup:
    """A group in place of one that cannot be read: its rows hold no values."""
    schema = read_schema(source.path)
    names = [column.name for column in plan.fields.needed]
    nulls = {name: pa.nulls(source.rows, schema.field(name).type) for name in names}
    whole = replace(source, table=pa.table(nulls), users=None, kept=None)
    group = load_group(whole, plan)
    return replace(group, faults={}, damage=damage)


def take_rows(table: pa.Table, rows: Array) -> pa.Table:
    """These rows of a table."""
    try:
        return table.take(rows)
    except pa.ArrowNotImplementedError:  # of views, in some versions
        return pa.concat_tables([table.slice(row, 1) for row in rows.tolist()])


def _plan_table(source: Source, plan: Plan) -> pa.Table:
    names = [column.name for column in plan.fields.needed]
    # Words come as the file's own dictionaries; inside lists Parquet has other names for them.
    words = [
        c.name for c in plan.fields.needed if c.type == STRING and c.name not in plan.list_columns
    ]
    return read_table(source, names, words)


def read_table(source: Source, names: Sequence[str], dictionaries: Sequence[str] = ()) -> pa.Table:
    """Some columns of a source that stands in a file; text of `dictionaries` comes as dictionary.

    Raises DamagedRows where the pages of the file are damaged, and RowError where it cannot be
    read at all, or is not the file any more that was there at first.
    """
    try:
        opened = pq.ParquetFile(
            parquet_source(source.path), read_dictionary=dictionaries, **page_sums.READ
        )
    except UNREADABLE as error:
        raise RowError(f"{source.path}: cannot be read any more ({error}); {UNCHANGED}") from error
    with opened as file:
        if _rows_in(file.metadata, source) != source.rows_there:
            raise RowError(f"{source.path}: is another file than at the start; {UNCHANGED}")
        try:
            return _read(file, source.group, names)
        except UNREADABLE as error:
            part = "the file" if source.group is None else f"row group {source.group}"
            # (pyarrow calls damage an OSError too; the system's own have a number.)
            why = unread(error) or (getattr(error, "errno", None) and f"cannot be read ({error})")
            if why:
                raise RowError(f"{source.path}: {part} {why}") from error
            damage = part + _damage(file, source.group, names, error)
            raise DamagedRows(f"{source.path}: {damage}", damage) from error


def _read(file: pq.ParquetFile, group: Optional[int], names: Sequence[str]) -> pa.Table:
    # The pipeline's own threads read several groups at once.
    if group is None:
        return file.read(columns=list(names), use_threads=False)
    return file.read_row_group(group, columns=list(names), use_threads=False)


def _rows_in(metadata: Any, source: Source) -> int:
    """Rows that the file has now where the source's stand."""
    if source.group is None:
        return int(metadata.num_rows)
    if source.group >= metadata.num_row_groups:
        return -1
    return int(metadata.row_group(source.group).num_rows)


def _damage(
    file: pq.ParquetFile, group: Optional[int], names: Sequence[str], error: Exception
) -> str:
    """Which column cannot be read, and why."""
    for name in names:
        try:
            _read(file, group, [name])
        except UNREADABLE as of_column:
            return f", column '{name}' is damaged ({str(of_column).strip()})"
    return f" is damaged ({str(error).strip()})"


def _values(
    column: Column, cells: pa.ChunkedArray, fields: Fields, is_list: bool, faults: Dict[int, str]
) -> Values:
    array = whole_array(cells)
    if not is_list:
        typed = typed_values(column, array)
        if typed.words is not None and column.has_default:
            typed.words[typed.words == b""] = column.default  # as an empty cell is
        _note(faults, column, _rules(column, typed))
        return Values(typed.array, typed.words, None)
    elements, offsets = list_parts(array)
    typed = typed_values(column, elements)
    rules = _rules(column, typed)
    if typed.is_null is not None and column.name in fields.full_lists and not column.has_default:
        rule = f"null in a list ({fields.full_lists[column.name]})"
        rules.update(dict.fromkeys(np.flatnonzero(typed.is_null).tolist(), rule))
    rows = np.searchsorted(offsets, list(rules), side="right") - 1
    _note(faults, column, dict(zip(rows.tolist(), rules.values())))
    return Values(typed.array, typed.words, offsets)


def _rules(column: Column, typed: Typed) -> Dict[int, str]:
    return {place: value_rule(column.type, value) for place, value in sorted(typed.bad.items())}


def _note(faults: Dict[int, str], column: Column, rules: Mapping[int, str]) -> None:
    """Adds the rules that values of rows break; the first of a row stays."""
    for row, rule in rules.items():
        faults.setdefault(row, f"column '{column.name}' ({column.type_name}): {rule}")


def label_values(
    column: Column, cells: pa.ChunkedArray, faults: Dict[int, str], is_weight: bool
) -> Tuple[Values, Values]:
    """(float32 value, whether it is missing) of a label's cells, or of the weight's."""
    typed = typed_values(column, whole_array(cells))
    is_missing = np.zeros(len(typed.array), bool) if typed.is_null is None else typed.is_null
    if typed.words is None:
        if column.type in INTEGERS:
            is_missing = is_missing | (typed.array == missing_mark(column.type))
        with np.errstate(over="ignore"):
            numbers = typed.array.astype(np.float32)
    else:
        numbers = np.array([_number(word) for word in typed.words], np.float32)[typed.array]
        is_empty_word = np.array([is_empty(FLOATS[0], word) for word in typed.words])
        is_missing = is_missing | is_empty_word[typed.array]
    default = _number(column.default or 0) if column.has_default else 0.0
    numbers = np.where(is_missing, np.float32(default), numbers)
    wrong = ~np.isfinite(numbers)
    if is_weight:
        wrong |= numbers < 0
    if column.is_probability:
        wrong |= (numbers < 0) | (numbers > 1)
    wrong[list(typed.bad)] = True
    places = np.flatnonzero(wrong).tolist()
    _note(faults, column, {place: _label_rule(column, _found(typed, place)) for place in places})
    is_missing = is_missing & (not column.has_default)
    return Values(numbers, None, None), Values(is_missing, None, None)


def _number(value: Any) -> float:
    """The number that a value is; NaN for text that is none."""
    if not isinstance(value, bytes):
        return float(value)
    number = parse_cell(FLOATS[0], value)
    return np.nan if number is None else float(number)


def _found(typed: Typed, place: int) -> Any:
    """A value as the file has it."""
    if place in typed.bad:
        return typed.bad[place]
    value = typed.array[place]
    return value.item() if typed.words is None else typed.words[value]


def _label_rule(column: Column, value: Any) -> str:
    """Why a label or a weight is not legal."""
    number = _number(value)
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
        if np.isnan(number):
            return f"must be a finite number, got {value!r}"
    elif column.type in INTEGERS and not isinstance(value, bool):
        limit = 1 << (INTEGERS[column.type] - 1)
        if not -limit <= value < limit:
            return value_rule(column.type, value)
    if not np.isfinite(number):
        return value_rule(FLOATS[0], number)
    with np.errstate(over="ignore"):
        if np.isinf(np.float32(number)):
            return f"does not fit FLOAT, got {value}"
    return (
        f"{'must be in [0, 1]' if column.is_probability else 'must not be negative'}, got {value}"
    )


def _note_missing_users(
    name: str, rows: Array, cells: pa.ChunkedArray, users: int, faults: Dict[int, str]
) -> None:
    """Faults of rows that point to no row of the users file."""
    for place in np.flatnonzero((rows < 0) | (rows >= users)).tolist():
        value = cells[place].as_py()
        found = "null" if value is None else value
        rule = f"must be a row of the users file, 0 to {users - 1}, got {found}"
        faults[place] = f"column '{name}': {rule}"


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
