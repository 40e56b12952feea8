"""How many steps a training takes, where that is known before it."""

from __future__ import annotations

from typing import Optional

from easy_esmm.data.files import find_files
from easy_esmm.data.parquet_plan import count_rows
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def expected_steps(config: PipelineConfig) -> Optional[int]:
    """The step at which a training that starts now ends, if nothing stops it; None: not known.

    `num_steps`, or the end of the input where its rows are in the metadata of its files (Parquet).
    Rows that `ignore_error` skips, and those of other workers, are counted as read.
    """
    data, num_steps = config.data_config, config.train_config.num_steps
    if data.input_type != DatasetConfig.ParquetInput or not data.num_epochs:
        return num_steps or None
    rows = count_rows(find_files(config.train_input_path)) * data.num_epochs
    of_input = -(-rows // data.batch_size)
    return min(of_input, num_steps) if num_steps else of_input
