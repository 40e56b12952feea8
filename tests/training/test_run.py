"""What the Estimator is asked to do."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm import data
from easy_esmm.errors import UserError
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from easy_esmm.training import run
from easy_esmm.training.evaluate import evaluation_steps


@pytest.mark.parametrize(("rows", "steps"), [(0, None), (1, 1), (100, 1), (101, 2), (250, 3)])
def test_evaluation_covers_at_least_the_rows_asked_for(rows: int, steps: Any) -> None:
    text = f"data_config {{ batch_size: 100 }} eval_config {{ num_examples: {rows} }}"
    assert evaluation_steps(text_format.Parse(text, PipelineConfig())) == steps


@pytest.mark.parametrize(("shard", "expected"), [("true", (2, 4)), ("false", (0, 1))])
def test_each_worker_reads_its_part_only_where_rows_are_shared_out(
    shard: str, expected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {}

    def input_fn(*_: Any, **settings: Any) -> Any:
        seen.update(settings)
        made = lambda: 0  # noqa: E731 - the Estimator wants a function
        made.identity = lambda: "these files"
        return made

    monkeypatch.setattr(data, "input_fn", input_fn)
    config = text_format.Parse(f"data_config {{ shard: {shard} }}", PipelineConfig())
    worker = SimpleNamespace(global_id_in_cluster=2, num_worker_replicas=4)
    run.specs(config, worker)
    assert seen["shard"] == expected


def test_what_a_killed_export_left_is_no_saved_model(tmp_path: Path) -> None:
    assert run._newest_version(str(tmp_path / "none")) is None
    (tmp_path / "temp-1700000009").mkdir()
    assert run._newest_version(str(tmp_path)) is None
    for version in ("1700000000", "900000000"):
        (tmp_path / version).mkdir()
    assert run._newest_version(str(tmp_path)) == str(tmp_path / "1700000000")


def test_a_disk_that_is_full_at_the_export_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def export_model(*_: Any, **__: Any) -> str:
        raise tf.errors.ResourceExhaustedError(None, None, "no space left\ntrace")

    monkeypatch.setattr(run, "export_model", export_model)
    config = text_format.Parse('model_dir: "m"', PipelineConfig())
    with pytest.raises(UserError, match=r"^no space or memory left: no space left$"):
        run._export(None, config, is_evaluated=True)
