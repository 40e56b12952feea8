"""Lists of values as an input takes them: as text, joined by a separator, or as a matrix.

The meaning is that of `serving.requests`, which makes requests of data files.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, FrozenSet, List, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from easy_esmm.config.feature_types import ValueKind, type_of
from easy_esmm.config.several_values import sequence_separators, value_separators
from easy_esmm.errors import UserError
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.serving.client.cells import (
    Array,
    Unfit,
    Values,
    as_array,
    is_missing,
    refuse,
    value_of,
)

_LISTS = (list, tuple, np.ndarray, pd.Series)
_PADDING: Dict[str, Any] = {"O": b"", "i": -1, "f": float("nan")}
_HINT = "give Client the pipeline_config that lies in the export's assets"


@dataclass(frozen=True)
class ListColumns:
    """What is known about columns of several values. A signature does not tell it."""

    separators: Mapping[str, str] = field(default_factory=dict)
    """Column -> characters that part its values in text, the first of which joins them."""
    sequences: Mapping[str, str] = field(default_factory=dict)
    """Those of `separators` whose elements count by their places -> the text that joins them."""
    numbers: FrozenSet[str] = frozenset()
    """Columns of numbers, such as weights; the others hold ids."""
    ids_of: Mapping[str, str] = field(default_factory=dict)
    """Column of weights -> column of the ids that they belong to."""
    is_complete: bool = False
    """Whether all is known that a config says; else only `separators` are."""


def list_columns(config: PipelineConfig) -> ListColumns:
    """What a resolved config says."""
    numbers, ids_of = set(), {}
    for feature in config.feature_config.features:
        record = type_of(feature)
        for index, name in enumerate(feature.input_names):
            if record.value_kind(feature, index) == ValueKind.NUMBER:
                numbers.add(name)
            if record.counted_by(index) != index:
                ids_of[name] = feature.input_names[record.counted_by(index)]
    return ListColumns(
        value_separators(config), sequence_separators(config), frozenset(numbers), ids_of, True
    )


def is_list(value: Any) -> bool:
    """Whether it is several values."""
    return isinstance(value, _LISTS)


def holds_lists(values: Values) -> bool:
    """Whether any of a column's values is a list."""
    if isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype != object:
        return False
    return any(issubclass(kind, _LISTS) for kind in {type(value) for value in values})


def without_missing_ids(lists: ListColumns, columns: Mapping[str, Values]) -> Dict[str, Values]:
    """The columns without ids that are missing in a list, and without their weights.

    A list whose weights are no list of its length stays as it is. (Ids without weights may stay: a
    feature skips those that are empty.)
    """
    kept = dict(columns)
    for weights, ids in lists.ids_of.items():
        if ids not in kept or weights not in kept or ids in lists.sequences:
            continue
        rows = [row for row, cell in enumerate(kept[ids]) if is_list(cell) and _misses_any(cell)]
        of_ids, of_weights = list(kept[ids]), list(kept[weights])
        for row in rows:
            is_there = [not _is_empty(value) for value in of_ids[row]]
            if is_list(of_weights[row]) and len(of_weights[row]) == len(is_there):
                of_ids[row] = _chosen(of_ids[row], is_there)
                of_weights[row] = _chosen(of_weights[row], is_there)
        if rows:
            kept[ids], kept[weights] = of_ids, of_weights
    return kept


def require_equally_many(lists: ListColumns, columns: Mapping[str, Values]) -> None:
    """Raises UserError for the first list of weights that is not as long as that of its ids."""
    for weights, ids in lists.ids_of.items():
        if weights not in columns or ids not in columns:
            continue
        for row, (of_ids, of_weights) in enumerate(zip(columns[ids], columns[weights])):
            if is_list(of_ids) and is_list(of_weights) and len(of_ids) != len(of_weights):
                rule = f"must hold as many values as column '{ids}' ({len(of_ids)})"
                raise refuse(weights, row, rule, of_weights)


def joined(lists: ListColumns, name: str, values: Values) -> Values:
    """A column in which lists have become text; raises UserError for what text cannot say."""
    if not holds_lists(values):
        return values
    if name not in lists.separators:
        raise UserError(
            f"column '{name}': the model takes text, got lists; join the values by the separator "
            f"of its feature, or {_HINT}, or separators={{{name!r}: '|'}}"
        )
    return [
        _joined(lists, name, row, cell) if is_list(cell) else cell
        for row, cell in enumerate(values)
    ]


def matrix(lists: ListColumns, name: str, values: Values, dtype: Any) -> Array:
    """[rows, values] of a column; shorter lists are filled up, a missing list is empty."""
    padding = _PADDING[dtype.kind]
    cells = [_elements(lists, name, row, cell, dtype) for row, cell in enumerate(values)]
    width = max([1, *map(len, cells)])
    filled: NDArray[Any] = np.full([len(cells), width], padding, dtype)
    for row, cell in enumerate(cells):
        if cell:
            filled[row, : len(cell)] = as_array(cell, dtype)
    return filled


def _joined(lists: ListColumns, name: str, row: int, cell: Sequence[Any]) -> bytes:
    separators, sequence = lists.separators[name], lists.sequences.get(name)
    parting = "".join(dict.fromkeys(separators + (sequence or "")))
    pieces = []
    for value in cell:
        piece = _piece(lists, name, row, value)
        if any(one.encode() in piece for one in parting):
            rule = f"a value of a list must hold none of {parting!r}, which part it in a request"
            raise refuse(name, row, rule, value)
        pieces.append(piece)
    if sequence is not None and pieces == [b""]:
        rule = "must not be a list of one empty text, which as text is an empty list"
        raise refuse(name, row, rule, cell)
    return (sequence or separators[0]).encode().join(pieces)


def _piece(lists: ListColumns, name: str, row: int, value: Any) -> bytes:
    """One value of a list as it would stand in a file: numbers to the last bit."""
    if _is_empty(value):
        has_weights = not lists.is_complete or name in lists.ids_of.values()
        if name in lists.sequences or not (has_weights or name in lists.numbers):
            return b""
        rule = "a list of numbers must not miss any"
        if name not in lists.numbers:
            rule = f"a list must not miss a value: leave it out, with its weight, or {_HINT}"
        raise refuse(name, row, rule, value)
    if isinstance(value, (float, np.floating)):
        if name not in lists.numbers:
            rule = f"a float would be an id of another text than an integer: {_HINT}"
            raise refuse(name, row, rule, value)
        if not np.isfinite(value):
            raise refuse(name, row, "must be finite", value)
        return str(value.item() if isinstance(value, np.float64) else value).encode()
    try:
        text: bytes = value_of(value, np.dtype(object))
    except Unfit as rule:
        raise refuse(name, row, rule, value) from None
    return text


def _elements(lists: ListColumns, name: str, row: int, cell: Any, dtype: Any) -> List[Any]:
    """The values of a row of a matrix; what a matrix cannot say is refused."""
    if not is_list(cell):
        if is_missing(cell):
            return []
        raise refuse(name, row, "must be a list, as the model takes several values", cell)
    if len(cell) and _is_empty(cell[-1]) and (name in lists.sequences or not lists.is_complete):
        rule = "a list must not end with a missing value, which in a matrix is its padding"
        raise refuse(name, row, rule, cell)
    values = []
    for value in cell:
        if _is_empty(value):
            if dtype.kind == "f":
                raise refuse(name, row, "a list of numbers must not miss any", cell)
            values.append(_PADDING[dtype.kind])
            continue
        try:
            values.append(value_of(value, dtype))
        except Unfit as rule:
            raise refuse(name, row, f"in a list: {rule}", value) from None
    return values


def _chosen(cell: Sequence[Any], is_there: Sequence[bool]) -> List[Any]:
    return [value for value, there in zip(cell, is_there) if there]


def _misses_any(cell: Sequence[Any]) -> bool:
    return any(_is_empty(value) for value in cell)


def _is_empty(value: Any) -> bool:
    """Missing, or text without a character."""
    return is_missing(value) or (isinstance(value, (str, bytes)) and len(value) == 0)
