"""The manifest of a training that fails, and of one whose users have files of their own."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Dict

import pandas as pd
import pytest
from google.protobuf import text_format

from easy_esmm.errors import UserError
from easy_esmm.estimator.watching import Watch
from easy_esmm.hooks.progress import TrainProgress
from easy_esmm.observing import Observers
from easy_esmm.protos.pipeline_pb2 import PipelineConfig

CONFIG = """
data_config {
  label_fields: ["click"]
  input_fields { input_name: "click" input_type: INT32 }
  user_rows { row_column: "row" columns: ["age"] }
}
train_config { random_seed: 7 }
"""


def manifest_of_failure(config: PipelineConfig, rows: Any) -> Dict[str, Any]:
    """Of a training that counts 30 rows and then fails."""
    progress = TrainProgress(config)
    watch = Watch(config, rows, Observers())
    progress.examples, progress.seconds, progress.rows_skipped = 30, 1.23456, lambda: 2
    with pytest.raises(UserError), watch.told(12, progress):
        raise UserError("loss is NaN\nlower the rate")
    (path,) = Path(config.model_dir, "manifests").iterdir()
    found: Dict[str, Any] = json.loads(path.read_text())
    return found


def test_failure_is_kept_with_its_message_and_counts(tmp_path: Path) -> None:
    config = text_format.Parse(CONFIG, PipelineConfig(model_dir=str(tmp_path)))
    frame = pd.DataFrame({"click": [0] * 1200})
    found = manifest_of_failure(config, (frame, None))
    assert (found["status"], found["error"]) == ("failed", "loss is NaN\nlower the rate")
    assert (found["first_step"], found["examples"], found["rows_skipped"]) == (12, 30, 2)
    assert (found["seconds"], found["seed"]) == (1.235, 7)
    assert found["files"] == {"train": [{"data_frame_rows": 1200}], "eval": []}


def test_users_files_are_described_behind_those_of_impressions(tmp_path: Path) -> None:
    for name in ("impressions-0", "impressions-1", "users-0", "users-1"):
        (tmp_path / f"{name}.parquet").write_text(name)
    config = text_format.Parse(CONFIG, PipelineConfig(model_dir=str(tmp_path / "model")))
    config.train_input_path = str(tmp_path / "impressions-*.parquet")
    files = manifest_of_failure(config, (None, None))["files"]["train"]
    assert [Path(file["path"]).stem for file in files] == [
        "impressions-0", "impressions-1", "users-0", "users-1",
    ]  # fmt: skip
    assert [file["sha256"] for file in files] == [
        hashlib.sha256(Path(file["path"]).stem.encode()).hexdigest() for file in files
    ]
