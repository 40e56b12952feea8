"""Reads impressions whose users stand in files of their own, each user once."""

from __future__ import annotations

from functools import partial
from typing import Any, List, Optional

import numpy as np
from numpy.typing import NDArray

from easy_esmm.data.group_cache import GroupCache
from easy_esmm.data.order import RowNumbers, runs
from easy_esmm.data.parquet_plan import Plan, UserPlan
from easy_esmm.data.parquet_reader import Chosen, ParquetReader
from easy_esmm.data.row_errors import SkippedRows
from easy_esmm.data.row_groups import gather, select
from easy_esmm.data.settings import Reading
from easy_esmm.data.validated import RowValidator

# A user is one number: his users file in the upper half, his row there in the lower.
_FILE_BITS = 32
_ROW_MASK = (1 << _FILE_BITS) - 1


class UserReader(ParquetReader):
    """As `ParquetReader`; while shuffling, pieces of users' adjacent rows are permuted, not rows.

    The rows of each batch are then sorted by user, so that a batch holds each of its users once.
    """

    def __init__(
        self,
        plan: Plan,
        users: UserPlan,
        reading: Reading,
        skipped: Optional[SkippedRows],
        validator: Optional[RowValidator] = None,
    ) -> None:
        """See `ParquetReader`; the row column is the last of the plan's columns."""
        super().__init__(
            plan, reading, skipped, self._users_of_rows, users.rows_together, validator
        )
        self._is_shuffled, self._batch_size = reading.is_shuffled, reading.batch_size
        self._row_column = len(plan.fields.columns) - 1
        self._outputs = [output for output in self._outputs if output != self._row_column]
        self._users = users
        self._source_of = np.asarray(users.source_of, np.int64)
        self._user_cache = GroupCache(partial(self._load, users.plan), self._capacity)

    def read(self, window: int) -> List[NDArray[Any]]:
        """Columns, labels and weight of the impressions, columns of the users, and the index.

        Laid out flat as `row_groups.gather` says. Users stand in the order of their first
        impression, once in each batch that is cut from the window; in files that are not shuffled,
        one whose impressions are not side by side stands once for each piece. The index, int32
        [rows], is the user of each impression. Columns of the users files that are not `per_user`
        come for each impression.
        """
        chosen = self._choose(window)
        users = self._users_of(chosen)
        files = np.unique(self._source_of.take(chosen.numbers))
        groups = [self._user_cache.get(int(number)) for number in files]
        is_good = np.ones(len(users), bool)
        for number, group in zip(files.tolist(), groups):
            source = self._users.plan.sources[number]
            if group.damage:
                is_bad = users >> _FILE_BITS == number
                is_good &= ~is_bad
                self._skip_damaged(source, group, users[is_bad] & _ROW_MASK)
            for row, message in group.faults.items():
                is_bad = users == (number << _FILE_BITS | row)
                is_good &= ~is_bad
                self._report(source, row, message, int(is_bad.sum()))
        chosen, users = chosen.keep(is_good), users[is_good]
        batches = np.arange(len(users)) // self._batch_size
        if self._is_shuffled:
            order = np.lexsort((users, batches))
            chosen, users = chosen.take(order), users[order]
        starts = np.union1d(runs(users), runs(batches))
        index = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(users))))
        group_of = np.searchsorted(files, users[starts] >> _FILE_BITS)
        row_of = users[starts] & _ROW_MASK
        once = select(groups, group_of, row_of)
        spread = select(groups, group_of.take(index), row_of.take(index))
        arrays = self._gather(chosen)
        for output, column in enumerate(self._users.plan.fields.columns):
            is_once = column.name in self._users.per_user
            arrays += gather(once if is_once else spread, output)
        self._end(window, self._cache, self._user_cache)
        return [*arrays, index.astype(np.int32)]

    def _users_of_rows(self, rows: RowNumbers) -> RowNumbers:
        """int64: the user of each table row, also where the row points to none."""
        return self._users_of(self._locate(rows))

    def _users_of(self, chosen: Chosen) -> RowNumbers:
        users = np.empty(len(chosen.row_of), np.int64)
        for place, (number, group) in enumerate(zip(chosen.numbers, chosen.groups)):
            at = np.flatnonzero(chosen.group_of == place)
            file = int(self._source_of[number])
            row = group.values[self._row_column].array.take(chosen.row_of[at]).astype(np.int64)
            users[at] = (file << _FILE_BITS) + row
        return users
