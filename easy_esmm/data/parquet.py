"""Reads Parquet files into batches of typed tensors.

A plan is made from the files' metadata; windows of rows are then read by a function of the window's
number alone, so that any window can be read at any time, by any thread or worker, and the position
of the iterator is one number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import tensorflow as tf

from easy_esmm.contract import LabelColumn, Tensor
from easy_esmm.data.decode import DTYPES, Element
from easy_esmm.data.fields import Fields
from easy_esmm.data.frames import plan_frame
from easy_esmm.data.parquet_plan import Plan, UserPlan
from easy_esmm.data.parquet_reader import ParquetReader
from easy_esmm.data.passed import ROW
from easy_esmm.data.row_errors import SkippedRows
from easy_esmm.data.sampled_plan import sampled_plan
from easy_esmm.data.settings import Reading
from easy_esmm.data.user_files import plan_with_users
from easy_esmm.data.user_reader import UserReader
from easy_esmm.data.validated import RowValidator
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig

Part = Tuple[Tensor, Tensor]
"""First row and the row after the last."""


class _Parts(NamedTuple):
    """What a batch takes of a window."""

    rows: Part
    users: Optional[Part]


def parquet_dataset(
    files: Sequence[str],
    data: DatasetConfig,
    fields: Fields,
    reading: Reading,
    skipped: SkippedRows,
    validator: Optional[RowValidator] = None,
) -> tf.data.Dataset:
    """Batches of the files' rows; elements as `csv_dataset`'s, list columns as RaggedTensors.

    Without shuffling the rows come in the order of the files. All batches but the last of the whole
    dataset have `reading.batch_size` rows (where rows are skipped and columns hold lists, the last
    of a window may be shorter too): a batch may hold rows of two epochs. Raises UserError if a file
    cannot be read as declared, or if there is no row.

    With `fields.user_rows`, users' columns are [users of the batch], in the order of their first
    impression, and the row column is the index, int32 [batch]: which of them each row belongs to.
    """
    plan = plan_with_users(files, fields)
    if not plan.rows:
        raise UserError(f"{files[0]}: no row in {len(files)} Parquet file(s)")
    return planned_dataset(plan, reading, skipped, validator)


def frame_dataset(
    frame: Any,
    fields: Fields,
    reading: Reading,
    skipped: SkippedRows,
    validator: Optional[RowValidator] = None,
) -> tf.data.Dataset:
    """As `parquet_dataset`, of a DataFrame."""
    plan = plan_frame(frame, fields)
    if not plan.rows:
        raise UserError("the DataFrame holds no row")
    return planned_dataset(plan, reading, skipped, validator)


def planned_dataset(
    plan: Plan, reading: Reading, skipped: SkippedRows, validator: Optional[RowValidator] = None
) -> tf.data.Dataset:
    """Batches of the rows of a plan, which are some."""
    if reading.negatives is not None:
        plan = sampled_plan(plan, reading.negatives)
    counter = skipped if reading.skip_errors else None
    windows = (
        ParquetReader(plan, reading, counter, validator=validator)
        if plan.users is None
        else UserReader(plan, plan.users, reading, counter, validator)
    )
    outputs = _outputs(plan, reading.keeps_rows)
    index, count = reading.shard

    def read(window: Tensor) -> Tuple[Tensor, ...]:
        dtypes = [dtype for output in outputs for dtype in output.raw_dtypes]
        arrays = tf.numpy_function(windows.read, [window], dtypes, stateful=False)
        raw = iter(tf.ensure_shape(array, [None]) for array in arrays)
        return tuple(tensor for output in outputs for tensor in output.flat(raw))

    numbers = tf.data.Dataset.range(index, windows.count, count)
    flat = numbers.map(read, num_parallel_calls=reading.parallel, deterministic=True)
    if plan.users is not None or plan.list_columns:
        return flat.flat_map(lambda *arrays: _batches(arrays, outputs, reading.batch_size))
    # `rebatch` knows no RaggedTensors, but is cheaper (1.3 against 1.6 us a row at batches of 256).
    return flat.map(lambda *arrays: _element(arrays, outputs, None)).rebatch(reading.batch_size)


@dataclass(frozen=True)
class _Output:
    """One tensor of an element, and the arrays that `gather` makes for it."""

    name: str
    dtype: Any
    is_label: bool = False
    """Whether it is a label or the weight."""
    is_mask: bool = False
    """Whether it tells where the label of this name is missing."""
    is_list: bool = False
    is_of_users: bool = False
    """Whether it holds one value a user, not one a row."""
    is_index: bool = False
    """Whether it is the number of each row's user."""

    @property
    def raw_dtypes(self) -> List[Any]:
        values = [tf.int32, tf.string] if self.dtype == tf.string else [self.dtype]
        return [*values, tf.int64] if self.is_list else values

    def flat(self, raw: Iterator[Tensor]) -> List[Tensor]:
        """[values], or [values, row splits] for a list."""
        values = next(raw)
        if self.dtype == tf.string:
            values = tf.gather(next(raw), values)
        return [values, next(raw)] if self.is_list else [values]

    def rows(self, flat: Iterator[Tensor], parts: Optional[_Parts]) -> Tensor:
        """The rows of what `flat` made: all, or a part."""
        values = next(flat)
        part = None if parts is None else parts.users if self.is_of_users else parts.rows
        if not self.is_list:
            taken = values if part is None else values[part[0] : part[1]]
            return taken - taken[0] if self.is_index else taken
        splits = next(flat)
        if part is not None:
            splits = splits[part[0] : part[1] + 1]
            values = values[splits[0] : splits[-1]]
        return tf.RaggedTensor.from_row_splits(values, splits - splits[0], validate=False)


def _outputs(plan: Plan, keeps_rows: bool) -> List[_Output]:
    fields, users = plan.fields, plan.users
    labels: List[_Output] = []
    for label in fields.labels_and_weight:
        labels.append(_Output(label.name, tf.float32, is_label=True))
        labels.append(_Output(label.name, tf.bool, is_mask=True))
    inputs = [
        _Output(c.name, DTYPES[c.type], is_list=c.name in plan.list_columns)
        for c in fields.columns
        if users is None or c.name != users.row_column
    ]
    rows = [_Output(ROW, tf.int64)] if keeps_rows else []
    outputs = [*inputs, *labels, *rows]
    return outputs if users is None else [*outputs, *_outputs_of_users(users)]


def _outputs_of_users(users: UserPlan) -> List[_Output]:
    """As `UserReader.read` lays them out: the index is the last."""
    outputs = [
        _Output(
            c.name,
            DTYPES[c.type],
            is_list=c.name in users.plan.list_columns,
            is_of_users=c.name in users.per_user,
        )
        for c in users.plan.fields.columns
    ]
    return [*outputs, _Output(users.row_column, tf.int32, is_index=True)]


def _batches(
    flat: Sequence[Tensor], outputs: Sequence[_Output], batch_size: int
) -> tf.data.Dataset:
    """Cuts one window into batches."""
    index = flat[-1] if outputs[-1].is_index else None
    if index is not None:
        rows = tf.size(index, tf.int64)
    else:
        rows = tf.size(flat[1], tf.int64) - 1 if outputs[0].is_list else tf.size(flat[0], tf.int64)

    def cut(start: Tensor) -> Element:
        stop = tf.minimum(start + batch_size, rows)
        # Users stand in the order of their rows, so that those of a batch are side by side.
        users = None if index is None else (index[start], index[stop - 1] + 1)
        return _element(flat, outputs, _Parts((start, stop), users))

    return tf.data.Dataset.range(0, rows, batch_size).map(cut)


def _element(
    flat: Sequence[Tensor], outputs: Sequence[_Output], parts: Optional[_Parts]
) -> Element:
    tensors = iter(flat)
    columns: Dict[str, Tensor] = {}
    labels: Dict[str, Any] = {}
    for output in outputs:
        rows = output.rows(tensors, parts)
        if output.is_mask:
            labels[output.name] = LabelColumn(labels[output.name], rows)
        else:
            (labels if output.is_label else columns)[output.name] = rows
    return (columns, labels) if labels else columns
