"""A training on a small file system that gets full, and goes on when there is room."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path
from typing import Iterator

import pytest

from easy_esmm import training
from easy_esmm.config import Pipeline
from easy_esmm.errors import UserError
from easy_esmm.estimator import room
from tests.conformance import table


def mount(folder: Path, *options: str) -> bool:
    """Whether the file system could be mounted, for which one has to be root."""
    command = ["mount", "-t", "tmpfs", *options, "tmpfs", str(folder)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1.2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not mount(folder, "-o", "size=1200k"):
        pytest.skip("mounting a file system takes the rights of root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def prepared(folder: Path, model_dir: Path) -> Pipeline:
    pipeline = table.small("esmm", folder, num_steps=6, save_checkpoints_steps=2)
    config = pipeline.config
    config.model_dir = str(model_dir)
    config.eval_input_path = ""
    config.train_config.keep_checkpoint_max = 1
    config.export_config.Clear()
    config.export_config.exporter_type = "none"
    return dataclasses.replace(pipeline, config=config, written=config)


def test_a_disk_that_gets_full_is_told_and_training_goes_on_with_room(
    small_disk: Path, tmp_path: Path
) -> None:
    pipeline = prepared(tmp_path, small_disk / "model")
    with pytest.raises(UserError) as caught:
        training.train(pipeline)
    told, advice = str(caught.value).splitlines()
    assert told.startswith(f"{small_disk}/model/")
    assert " cannot be written: No space left on device; 0.0 MB are free there." in told
    assert advice.endswith("make room, and go on (train: with --continue_train)")
    assert mount(small_disk, "-o", "remount,size=50m")
    assert training.train(pipeline, continue_train=True).step == 6


def test_a_read_only_folder_is_told(small_disk: Path, tmp_path: Path) -> None:
    assert mount(small_disk, "-o", "remount,ro")
    with pytest.raises(UserError, match=r"^model_dir: .* cannot be made or opened: Read-only file"):
        training.train(prepared(tmp_path, small_disk / "model"))


def test_tables_larger_than_the_disk_are_refused_before_anything_is_built(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = prepared(tmp_path, small_disk / "model")
    pipeline.config.feature_config.features[0].hash_bucket_size = 1_000_000
    monkeypatch.setattr(room, "free_memory", lambda: None)
    with pytest.raises(UserError, match=r"a checkpoint takes .* MB, and 1\.2 MB are free there"):
        training.train(pipeline)
    assert list(small_disk.iterdir()) == []
