"""The input function: makes a dataset of (columns, labels) from files or a DataFrame."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any, Iterator, List, Optional, Sequence, Tuple

import tensorflow as tf

from easy_esmm.data import storage
from easy_esmm.data.fields import needed_fields
from easy_esmm.data.files import find_files
from easy_esmm.data.formats import input_format
from easy_esmm.data.frames import FilesOrFrame, is_frame, plan_frame
from easy_esmm.data.negatives import negative_rows
from easy_esmm.data.parquet import frame_dataset
from easy_esmm.data.passed import ParquetPassed, PassedColumns
from easy_esmm.data.row_columns import row_columns
from easy_esmm.data.row_errors import SkippedRows
from easy_esmm.data.settings import plan_reading
from easy_esmm.data.stamps import stamp
from easy_esmm.data.validated import RowValidator
from easy_esmm.errors import UserError
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

SPLITS = ("train", "eval", "predict")
_ELEMENTS = 4
"""Changes with elements and with the steps that make them: a position that is saved is of these."""


class InputFn:
    """Makes the dataset of one split; called by the Estimator inside its graph."""

    def __init__(
        self,
        config: PipelineConfig,
        split: str,
        rows: Optional[FilesOrFrame],
        seed: int,
        shard: Tuple[int, int],
        batch_size: Optional[int],
        extra_columns: Sequence[str],
        passed_columns: Sequence[str],
        validator: Optional[RowValidator],
    ) -> None:
        """See `input_fn`."""
        data = config.data_config
        self._frame: Any = rows if is_frame(rows) else None
        self.files: Tuple[str, ...] = ()
        """Paths of the files; none where the rows are a DataFrame."""
        if self._frame is None:
            self.files = find_files(str(rows) if rows is not None else split_paths(config, split))
        self.skipped = SkippedRows(data.max_errors)
        """Rows that `ignore_error` skipped so far."""
        self._config, self._data, self._validator = config, data, validator
        self._fields = needed_fields(
            config,
            with_labels=split != "predict",
            training=split == "train",
            extra_columns=extra_columns,
            passed_columns=passed_columns,
        )
        reading = plan_reading(
            data, training=split == "train", seed=seed, shard=shard, batch_size=batch_size
        )
        self.negatives = negative_rows(config, self._fields) if split == "train" else None
        """What is dropped of the negatives; None where nothing is."""
        self._reading = replace(reading, keeps_rows=bool(passed_columns), negatives=self.negatives)
        self.passed = self._passed() if passed_columns else None
        """The columns that are passed through; None where there are none."""

    def identity(self) -> str:
        """A digest: the same for the same files (by name and size), columns, order and settings.

        Of a DataFrame the columns and the number of rows count.
        """
        files: List[Any] = [(path, storage.size(path)) for path in self.files]
        if self._frame is not None:
            files = [len(self._frame), *map(str, self._frame.columns)]
        settings = DatasetConfig()
        settings.CopyFrom(self._data)
        settings.ClearField("max_errors")  # raised, training goes on where it ended
        data = settings.SerializeToString(deterministic=True)
        text = repr((_ELEMENTS, files, self._fields, self._reading, data))
        if self.negatives is not None:
            text += self.negatives.label.name
        return hashlib.sha256(text.encode()).hexdigest()

    def log_summary(self) -> None:
        """Logs how many rows were skipped, and dropped where that was not known before."""
        self.skipped.log_summary()
        if self.negatives is not None:
            self.negatives.log_summary()

    def stamp(self) -> Tuple[Any, ...]:
        """Size and time of each file, of a remote one its size: others once a file has changed."""
        return tuple(_stamp(path) for path in self.files)

    def __call__(self) -> tf.data.Dataset:
        """The dataset."""
        if self._frame is not None:
            batches = frame_dataset(
                self._frame, self._fields, self._reading, self.skipped, self._validator
            )
        else:
            batches = input_format(self._data).read(
                self.files, self._data, self._fields, self._reading, self.skipped, self._validator
            )
        options = tf.data.Options()
        options.deterministic = True
        # Rows are shared out by `shard`, exactly; a strategy must not do it again.
        options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
        return batches.prefetch(self._reading.prefetch).with_options(options)

    def _passed(self) -> PassedColumns:
        if self._frame is not None:
            return ParquetPassed(plan_frame(self._frame, self._fields))
        return input_format(self._data).passed(self.files, self._data, self._fields)

    def batches(self) -> Iterator[Any]:
        """The elements, read eagerly, with the columns of users in each row."""
        for element in self():
            if isinstance(element, tuple):
                yield (row_columns(self._config, element[0]), *element[1:])
            else:
                yield row_columns(self._config, element)


def _stamp(path: str) -> Tuple[int, int]:
    try:
        return stamp(path)
    except OSError:
        return -1, 0  # which the reader tells


def input_fn(
    config: PipelineConfig,
    split: str,
    rows: Optional[FilesOrFrame] = None,
    *,
    seed: int = 1,
    shard: Tuple[int, int] = (0, 1),
    batch_size: Optional[int] = None,
    extra_columns: Sequence[str] = (),
    passed_columns: Sequence[str] = (),
    validator: Optional[RowValidator] = None,
) -> InputFn:
    """A function without arguments that makes the dataset of `split`: train, eval or predict.

    Elements are `(columns, labels)`, for `predict` only `columns` (no label need be in the files).
    `columns`: input name -> tensor [batch] of the declared type, or a RaggedTensor [batch, None]
    for a list column of Parquet or TFRecord; `labels`: name -> `LabelColumn`, of the label
    columns and the sample weight. `rows`, files or a pandas DataFrame,
    replaces the config's path; `extra_columns` are read besides what features and metrics read.
    Of a prediction, `passed_columns` are not read: elements tell their rows instead, so that
    `InputFn.passed` can take these columns from the files.

    Training repeats `num_epochs` times (0: without end) in an order that depends on `seed`; all
    workers of a job pass the same seed and their own `shard` = (index, count). The other splits are
    one pass in the order of the files; their last batch may be short.

    A row that `validator` refuses is a bad row, too: it costs a second reading of each text.

    Raises UserError if no file is there, a column is missing, or a default is of the wrong type.
    """
    return InputFn(
        config, split, rows, seed, shard, batch_size, extra_columns, passed_columns, validator
    )


def split_paths(config: PipelineConfig, split: str) -> str:
    """The config's comma list of globs for a split; prediction has none of its own."""
    if split not in SPLITS:
        raise ValueError(f"unknown split '{split}'")
    field = {"train": "train_input_path", "eval": "eval_input_path"}.get(split)
    paths = str(getattr(config, field)) if field else ""
    if not paths:
        raise UserError(f"{field}: must be set" if field else "--input_path: must be set")
    return paths
