"""Expands the columns of users to one value for each row of the batch."""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping
from typing import Dict, Iterator, Mapping

import tensorflow as tf

from easy_esmm.contract import Tensor
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def row_columns(config: PipelineConfig, columns: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """The columns of a batch as the flat layout has them: each [batch], without the index.

    Columns that are flat already come back as they are. A column of users is expanded when it is
    first read, once.
    """
    users = config.data_config.user_rows
    if not config.data_config.HasField("user_rows") or users.row_column not in columns:
        return columns
    return _Expanded(columns, users.row_column, frozenset(users.columns))


def by_row(
    config: PipelineConfig, columns: Mapping[str, Tensor], name: str, values: Tensor
) -> Tensor:
    """What was computed of the column `name`, a value a row of it, for each row of the batch."""
    users = config.data_config.user_rows
    is_flat = not config.data_config.HasField("user_rows") or users.row_column not in columns
    if is_flat or name not in users.columns:
        return values
    return tf.gather(values, columns[users.row_column])


class _Expanded(AbstractMapping):  # type: ignore[type-arg]
    def __init__(
        self, columns: Mapping[str, Tensor], row_column: str, of_users: frozenset[str]
    ) -> None:
        self._columns, self._row_column, self._of_users = columns, row_column, of_users
        self._expanded: Dict[str, Tensor] = {}

    def __getitem__(self, name: str) -> Tensor:
        if name == self._row_column:
            raise KeyError(name)
        if name not in self._of_users:
            return self._columns[name]
        if name not in self._expanded:
            index = self._columns[self._row_column]
            self._expanded[name] = tf.gather(self._columns[name], index)
        return self._expanded[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._columns if name != self._row_column)

    def __len__(self) -> int:
        return len(self._columns) - 1
