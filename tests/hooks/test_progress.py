"""What is shown of a training, and where its end is known."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Optional

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.protobuf import text_format

from easy_esmm.estimator.length import expected_steps
from easy_esmm.hooks.progress import TrainProgress
from easy_esmm.progress import ProgressLine
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


def line_at(step: int, last_step: Optional[int]) -> str:
    """What is shown after a step of 100 rows that took a quarter of a second."""
    stream = io.StringIO()
    config = text_format.Parse(
        "data_config { batch_size: 100 } train_config { log_step_count_steps: 1 }",
        PipelineConfig(),
    )
    TrainProgress(config, ProgressLine(stream), last_step).step_done(step, 0.5, 100, 0.25)
    return stream.getvalue().strip()


def test_time_left_is_shown_where_the_end_is_known() -> None:
    shown = "loss 0.500000   400 examples/s"
    # (1000 - 40) steps x 100 rows / 400 a second = 240 s.
    assert line_at(40, 1000) == f"step 40 / 1,000   {shown}   04:00 left"
    assert line_at(40, None) == f"step 40   {shown}"
    assert line_at(41, 40) == f"step 41   {shown}"


@pytest.mark.parametrize(
    ("settings", "num_steps", "expected"),
    [
        ("input_type: ParquetInput num_epochs: 2", 0, 3),  # 2 x (7 + 5) rows in batches of 10
        ("input_type: ParquetInput num_epochs: 2", 2, 2),
        ("input_type: ParquetInput num_epochs: 2", 9, 3),
        ("input_type: ParquetInput", 9, 9),
        ("input_type: CSVInput num_epochs: 2", 0, None),
        ("input_type: CSVInput num_epochs: 2", 9, 9),
    ],
)
def test_end_is_known_from_num_steps_or_the_metadata_of_parquet_files(
    settings: str, num_steps: int, expected: Optional[int], tmp_path: Path
) -> None:
    for number, rows in enumerate((7, 5)):
        pq.write_table(pa.table({"a": [0] * rows}), tmp_path / f"{number}.parquet")
    config = text_format.Parse(f"data_config {{ batch_size: 10 {settings} }}", PipelineConfig())
    config.train_input_path = str(tmp_path / "*.parquet")
    config.train_config.num_steps = num_steps
    assert expected_steps(config) == expected


def test_end_of_a_dataframe_is_known_whatever_the_config_reads() -> None:
    config = text_format.Parse(
        "data_config { batch_size: 10 input_type: ParquetInput num_epochs: 2 }", PipelineConfig()
    )
    config.train_input_path = "nowhere/*.parquet"
    for config.data_config.input_type in (DatasetConfig.ParquetInput, DatasetConfig.CSVInput):
        assert expected_steps(config, pd.DataFrame({"a": range(12)})) == 3  # 2 x 12 rows
