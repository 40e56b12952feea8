"""Reads windows of shuffled rows from Parquet files, each from its number alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Callable, List, Optional, Sequence

import numpy as np
from numpy.typing import NDArray

from easy_esmm.data.group_cache import GroupCache
from easy_esmm.data.order import RowNumbers, RowOrder
from easy_esmm.data.parquet_plan import Plan, Source
from easy_esmm.data.parquet_validation import validated
from easy_esmm.data.row_errors import RowError, SkippedRows
from easy_esmm.data.row_groups import (
    DamagedRows,
    RowGroup,
    gather,
    load_group,
    placeholder,
    select,
)
from easy_esmm.data.settings import Reading
from easy_esmm.data.validated import RowValidator

# Row groups mixed with each other: at least this many rows, at most this much memory.
_BAND_ROWS = 1 << 17
_BAND_BYTES = 1 << 28
_BYTES_OF_A_VALUE = 8
# With users files a row group is a sample of users, so that several are always mixed.
_USER_BAND = 4
_ENDLESS = int(np.iinfo(np.int64).max)


@dataclass(frozen=True, eq=False)
class Chosen:
    """Rows by their row groups, in the order in which they are wanted."""

    numbers: RowNumbers
    """Number of each row group among the plan's sources."""
    groups: Sequence[RowGroup]
    group_of: RowNumbers
    """For each row the place of its group in `groups`."""
    row_of: RowNumbers
    """For each row its number in its group."""

    def keep(self, is_kept: NDArray[np.bool_]) -> Chosen:
        """Some of the rows."""
        return self if is_kept.all() else self.take(np.flatnonzero(is_kept))

    def take(self, places: RowNumbers) -> Chosen:
        """The rows at these places."""
        group_of, row_of = self.group_of.take(places), self.row_of.take(places)
        return Chosen(self.numbers, self.groups, group_of, row_of)


class ParquetReader:
    """Parts of the endless sequence of rows, `reading.window` rows each.

    A window depends on its number only; what is kept between calls is a cache of row groups.
    """

    def __init__(
        self,
        plan: Plan,
        reading: Reading,
        skipped: Optional[SkippedRows],
        block_of: Optional[Callable[[RowNumbers], RowNumbers]] = None,
        piece_rows: int = 1,
        validator: Optional[RowValidator] = None,
    ) -> None:
        """`skipped` is None where a row that must not be used is an error.

        `block_of` and `piece_rows` are those of `RowOrder`.
        """
        rows = tuple(source.rows for source in plan.sources)
        # In the files' own order a group is not needed again.
        band = _band(plan) if reading.is_shuffled else 1
        seed = reading.seed if reading.is_shuffled else None
        self.order = RowOrder(rows, reading.window, band, seed, block_of, piece_rows)
        labels = 2 * len(plan.fields.labels_and_weight)
        self._outputs = list(range(len(plan.fields.columns) + labels))
        self._sources, self._size = plan.sources, reading.window
        self._keeps_rows = reading.keeps_rows
        self._starts = np.cumsum(rows, dtype=np.int64) - np.asarray(rows, np.int64)
        self._total = None if reading.epochs is None else reading.epochs * self.order.epoch_rows
        # A window may lie on the border of two bands while the next one is read already.
        self._capacity = 2 * band + reading.parallel
        self._load = partial(load, skips_damage=skipped is not None, validator=validator)
        self._cache = GroupCache(partial(self._load, plan), self._capacity)
        self._skipped, self._has_good = skipped, False
        # Of the windows that are read side by side, any may be the last to be ready.
        self._last = self.count - reading.parallel * reading.shard[1]

    @property
    def count(self) -> int:
        """Number of windows of all shards; the largest int64 where there is no end."""
        return _ENDLESS if self._total is None else -(-self._total // self._size)

    def read(self, window: int) -> List[NDArray[Any]]:
        """Columns, labels and weight of a window, laid out flat as `row_groups.gather` says."""
        arrays = self._gather(self._choose(window))
        self._end(window, self._cache)
        return arrays

    def _end(self, window: int, *caches: GroupCache) -> None:
        """Empties the caches at the end of the pass.

        TensorFlow keeps a graph, and with it this object, for as long as the process lives.
        """
        if window >= self._last:
            for cache in caches:
                cache.clear()

    def _choose(self, window: int) -> Chosen:
        """The rows of a window, without those that must not be used."""
        start = int(window) * self._size
        stop = start + self._size
        rows = self.order.rows_at(start, stop if self._total is None else min(stop, self._total))
        chosen = self._locate(rows)
        is_good = np.ones(len(rows), bool)
        for place, group in enumerate(chosen.groups):
            source = self._sources[chosen.numbers[place]]
            if group.damage:
                is_of_group = chosen.group_of == place
                is_good &= ~is_of_group
                self._skip_damaged(source, group, chosen.row_of[is_of_group])
            for row, message in group.faults.items():
                met = np.flatnonzero((chosen.group_of == place) & (chosen.row_of == row))
                is_good[met] = False
                self._report(source, row, message, len(met))
        self._has_good |= bool(is_good.any())
        if self._skipped is not None and self._total is None and not self._has_good:
            self._require_some(self._skipped)
        return chosen.keep(is_good)

    def _require_some(self, skipped: SkippedRows) -> None:
        """An endless training would look for a row that can be read for ever."""
        if skipped.total >= self.order.epoch_rows:
            where = "; ".join(skipped.places[:1])
            raise RowError(f"none of {self.order.epoch_rows} rows can be read: {where}")

    def _locate(self, rows: RowNumbers) -> Chosen:
        source_of = np.searchsorted(self._starts, rows, side="right") - 1
        is_met = np.bincount(source_of, minlength=len(self._sources)) > 0
        numbers = np.flatnonzero(is_met)
        groups = [self._cache.get(int(number)) for number in numbers]
        group_of = (np.cumsum(is_met) - 1).take(source_of)
        return Chosen(numbers, groups, group_of, rows - self._starts.take(source_of))

    def _gather(self, chosen: Chosen) -> List[NDArray[Any]]:
        selection = select(chosen.groups, chosen.group_of, chosen.row_of)
        arrays = [array for output in self._outputs for array in gather(selection, output)]
        if not self._keeps_rows:
            return arrays
        return [*arrays, self._starts.take(chosen.numbers).take(chosen.group_of) + chosen.row_of]

    def _report(self, source: Source, row: int, message: str, times: int) -> None:
        if not times:
            return
        number = source.number(row)
        place = f"{source.path}: row {number}: {message}"
        if self._skipped is None:
            raise RowError(f"{place}; fix the row or set data_config.ignore_error")
        self._skipped.add(source.path, [number] * times, lambda: place)

    def _skip_damaged(self, source: Source, group: RowGroup, rows: RowNumbers) -> None:
        if self._skipped is not None and len(rows):
            place = f"{source.path}: {group.damage}: its {source.rows} rows"
            self._skipped.add(source.path, list(map(source.number, rows.tolist())), lambda: place)


def load(
    plan: Plan, number: int, *, skips_damage: bool, validator: Optional[RowValidator]
) -> RowGroup:
    """The row group of `plan.sources[number]`; rows that `validator` refuses are faults.

    Raises DamagedRows for a damaged one, unless `skips_damage`.
    """
    source = plan.sources[number]
    try:
        group = load_group(source, plan)
    except DamagedRows as error:
        if not skips_damage:
            raise
        return placeholder(source, plan, error.damage)
    if validator is None:
        return group
    return validated(group, plan.fields.columns, source.rows, validator)


def _band(plan: Plan) -> int:
    """How many row groups are mixed with each other."""
    groups, values = len(plan.sources), plan.values
    by_rows = -(-_BAND_ROWS * groups // plan.rows)
    if plan.users is not None:
        values += plan.users.plan.values
        by_rows = max(by_rows, _USER_BAND)
    by_bytes = _BAND_BYTES * groups // max(1, values * _BYTES_OF_A_VALUE)
    return int(max(1, min(by_rows, by_bytes, groups)))
