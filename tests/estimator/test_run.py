"""What the Estimator is asked to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from google.protobuf import text_format

from easy_esmm.errors import UserError
from easy_esmm.estimator import run
from easy_esmm.estimator.evaluate import evaluation_steps
from easy_esmm.estimator.factory import make_estimator
from easy_esmm.folder_lock import locked
from easy_esmm.protos.pipeline_pb2 import PipelineConfig
from tests.conformance import table


@pytest.mark.parametrize(("rows", "steps"), [(0, None), (1, 1), (100, 1), (101, 2), (250, 3)])
def test_evaluation_covers_at_least_the_rows_asked_for(rows: int, steps: Any) -> None:
    text = f"data_config {{ batch_size: 100 }} eval_config {{ num_examples: {rows} }}"
    assert evaluation_steps(text_format.Parse(text, PipelineConfig())) == steps


@pytest.mark.parametrize("value", ['{"cluster": {"ps": ["a:1"]}}', '{"task": {}, "cluster": 1}'])
def test_a_cluster_that_cannot_train_is_refused_before_anything_is_written(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = table.small("esmm", tmp_path)
    monkeypatch.setenv("TF_CONFIG", value)
    with pytest.raises(UserError, match=r"^TF_CONFIG: must have"):
        run.train(pipeline)
    assert not Path(pipeline.config.model_dir).exists()


def test_a_cluster_without_servers_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = table.small("esmm", tmp_path)
    task = '{"type": "chief", "index": 0}'
    monkeypatch.setenv("TF_CONFIG", f'{{"cluster": {{"chief": ["a:1"]}}, "task": {task}}}')
    with pytest.raises(UserError, match=r"^TF_CONFIG: cluster.ps: must list parameter servers"):
        run.train(pipeline)


def test_what_is_no_training_runs_on_one_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    task = '{"type": "chief", "index": 0}'
    monkeypatch.setenv("TF_CONFIG", f'{{"cluster": {{"chief": ["a:1"]}}, "task": {task}}}')
    with pytest.raises(UserError, match=r"^TF_CONFIG: must name no cluster.*task chief; unset it$"):
        make_estimator(PipelineConfig(), model_dir="x")


def test_two_trainings_in_one_folder_are_refused(tmp_path: Path) -> None:
    pipeline = table.small("esmm", tmp_path)
    folder = pipeline.config.model_dir
    with locked(folder), pytest.raises(UserError, match="is being trained in by another"):
        run.train(pipeline, continue_train=True)
    assert list(Path(folder).iterdir()) == []
    with locked(folder):  # it was let go of
        pass


def test_a_model_dir_that_cannot_be_made_is_named_with_its_field(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = str(tmp_path / "file" / "model")
    match = f"^model_dir: {folder} cannot be made or opened: Not a directory"
    with pytest.raises(UserError, match=match), locked(folder):
        pass


def test_a_tf_config_that_says_nothing_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TF_CONFIG", "{}")
    assert make_estimator(PipelineConfig(), model_dir="x").model_dir == "x"


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
    monkeypatch.setattr(run.checkpoint_fit, "newest", lambda _: "model.ckpt-1")
    config = text_format.Parse('model_dir: "m"', PipelineConfig())
    with pytest.raises(UserError, match=r"^no space or memory left: no space left$"):
        run._export(config, None, None)
