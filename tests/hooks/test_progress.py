"""The progress line, on a terminal and elsewhere."""

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
from easy_esmm.hooks import progress
from easy_esmm.hooks.progress import ProgressLine, TrainProgress
from easy_esmm.protos.data_pb2 import DatasetConfig
from easy_esmm.protos.pipeline_pb2 import PipelineConfig


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_elsewhere_only_events_are_written_one_a_line() -> None:
    stream = io.StringIO()
    line = ProgressLine(stream)
    line.live("step 1")
    line.event("step 2")
    line.event("step 4")
    assert stream.getvalue() == "step 2\nstep 4\n"


def test_a_terminal_line_is_overwritten_and_erased_to_its_end() -> None:
    stream = Terminal()
    line = ProgressLine(stream)
    line.live("step 1   a long loss")
    line.event("step 2")
    erase = "\x1b[K"
    assert stream.getvalue() == f"\rstep 1   a long loss{erase}\rstep 2{erase}\n"


def test_a_terminal_is_not_flooded() -> None:
    stream = Terminal()
    line = ProgressLine(stream)
    for step in range(100):
        line.live(f"step {step}")
    assert stream.getvalue().count("\r") < 5


def test_durations_are_rounded_to_seconds() -> None:
    assert progress.duration(0.4) == "00:00"
    assert progress.duration(59.6) == "01:00"
    assert progress.duration(3723) == "1:02:03"


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
