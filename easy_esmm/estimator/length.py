"""How many steps a training takes, where that is known before it."""

from __future__ import annotations

from typing import Optional

from easy_esmm.data.files import find_files
from easy_esmm.data.frames import Rows, is_frame
from easy_esmm.data.parquet_plan import count_rows
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def expected_steps(config: PipelineConfig, rows: Optional[Rows] = None) -> Optional[int]:
    """The step at which a training that starts now ends, if nothing stops it; None: not known.

    `num_steps`, or the end of the input where the number of its rows is known: that of a DataFrame,
    and of Parquet files by their metadata. Rows that `ignore_error` skips count as read.

    Args:
      config: resolved.
      rows: as for `train`.
    """
    data, num_steps = config.data_config, config.train_config.num_steps
    is_known = is_frame(rows) or data.input_type == DatasetConfig.ParquetInput
    if not is_known or not data.num_epochs:
        return num_steps or None
    of_input = -(-_count(config, rows) * data.num_epochs // data.batch_size)
    return min(of_input, num_steps) if num_steps else of_input


def _count(config: PipelineConfig, rows: Optional[Rows]) -> int:
    if rows is not None and not isinstance(rows, str):
        return len(rows)
    return count_rows(find_files(config.train_input_path if rows is None else rows))
