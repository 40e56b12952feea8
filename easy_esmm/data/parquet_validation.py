"""Finds the rows of a Parquet row group that decode but that a feature cannot read."""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping
from dataclasses import replace
from typing import Any, Dict, Iterator, Tuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from easy_esmm.contract import Tensor
from easy_esmm.data.fields import Column
from easy_esmm.data.row_groups import RowGroup, gather, select
from easy_esmm.data.validated import RowValidator

_ROWS_AT_ONCE = 1 << 13


def validated(
    group: RowGroup, columns: Tuple[Column, ...], rows: int, validator: RowValidator
) -> RowGroup:
    """The group, with those of its `rows` among the faults that the validator refuses.

    `columns` are those of `group.values`. Each row is judged once, when its group is loaded.
    """
    good = np.setdiff1d(np.arange(rows), np.fromiter(group.faults, np.int64, len(group.faults)))
    faults = dict(group.faults)
    for start in range(0, len(good), _ROWS_AT_ONCE):
        faults.update(_faults(group, columns, good[start : start + _ROWS_AT_ONCE], validator))
    return replace(group, faults=faults)


def _faults(
    group: RowGroup,
    columns: Tuple[Column, ...],
    rows: NDArray[np.int64],
    validator: RowValidator,
) -> Iterator[Tuple[int, str]]:
    """(row, what is wrong with it), found by halving."""
    tensors = _Columns(group, columns, rows)
    if not len(rows) or _are_good(tensors, validator):
        return
    if len(rows) == 1:
        yield int(rows[0]), validator.fault(tensors)
        return
    middle = len(rows) // 2
    yield from _faults(group, columns, rows[:middle], validator)
    yield from _faults(group, columns, rows[middle:], validator)


def _are_good(columns: _Columns, validator: RowValidator) -> bool:
    try:
        return all(bool(check) for check in validator.checks(columns))
    except tf.errors.InvalidArgumentError:
        return False


class _Columns(AbstractMapping):  # type: ignore[type-arg]
    """Rows of a group as tensors by column, each made when it is first read."""

    def __init__(
        self, group: RowGroup, columns: Tuple[Column, ...], rows: NDArray[np.int64]
    ) -> None:
        self._group, self._rows = group, rows
        self._places = {column.name: place for place, column in enumerate(columns)}
        self._tensors: Dict[str, Any] = {}

    def __getitem__(self, name: str) -> Tensor:
        if name not in self._tensors:
            self._tensors[name] = self._tensor(self._places[name])
        return self._tensors[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def _tensor(self, place: int) -> Tensor:
        values = self._group.values[place]
        of_group = np.zeros(len(self._rows), np.int64)
        arrays = gather(select([self._group], of_group, self._rows), place)
        tensor = tf.constant(arrays[0])
        if values.words is not None:
            tensor = tf.gather(tf.constant(arrays[1], tf.string), tensor)
        if values.offsets is None:
            return tensor
        return tf.RaggedTensor.from_row_splits(tensor, arrays[-1], validate=False)
