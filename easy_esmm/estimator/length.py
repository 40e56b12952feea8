"""Computes the number of training steps, where it is known in advance."""

from __future__ import annotations

from typing import Optional

from easy_esmm.data.fields import needed_fields
from easy_esmm.data.files import find_files
from easy_esmm.data.formats import input_format
from easy_esmm.data.frames import FilesOrFrame
from easy_esmm.data.negatives import negative_rows
from easy_esmm.data.sampled_plan import count_frame
from easy_esmm.estimator import mirrored
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def expected_steps(
    config: PipelineConfig, rows: Optional[FilesOrFrame] = None, trainers: int = 1
) -> Optional[int]:
    """The step at which a training that starts now ends, if nothing stops it; None: not known.

    `num_steps`, or the end of the input where the number of its rows is known: that of a DataFrame,
    and of Parquet files by their metadata, or by their labels where negatives are dropped. Rows
    that `ignore_error` skips count as read.

    Args:
      config: resolved.
      rows: as for `train`.
      trainers: that share the rows.
    """
    data, num_steps = config.data_config, config.train_config.num_steps
    of_epoch = _count(config, rows) if data.num_epochs else None
    if of_epoch is None:
        return num_steps or None
    rows_each = -(-of_epoch * data.num_epochs // trainers)
    of_input = trainers * -(-rows_each // (data.batch_size * mirrored.replicas(config)))
    return min(of_input, num_steps) if num_steps else of_input


def _count(config: PipelineConfig, rows: Optional[FilesOrFrame]) -> Optional[int]:
    negatives = negative_rows(config, needed_fields(config, with_labels=True))
    if rows is not None and not isinstance(rows, str):
        return len(rows) if negatives is None else count_frame(rows, negatives)
    files = find_files(config.train_input_path if rows is None else rows)
    return input_format(config.data_config).count_rows(files, negatives)
