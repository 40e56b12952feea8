"""The training input goes on where the checkpoint left it, or it is said that it does not."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import numpy as np
import pytest
import tensorflow as tf
from absl import logging

from easy_esmm import data, training
from easy_esmm.checkpoints.input_position import InputPosition
from easy_esmm.compat import v1
from easy_esmm.config import Pipeline
from easy_esmm.hooks.progress import TrainProgress
from tests.conformance import table

NO_POSITION = "input: begins at its first row: step 100 has no position, as after a whole pass"


class Killed(BaseException):
    """Ends a training between two steps, without a word to its hooks."""


def numbers() -> tf.data.Dataset:
    return tf.data.Dataset.range(100).shuffle(10, seed=3)


class _Initialize(v1.train.SessionRunHook):  # type: ignore[misc]
    def __init__(self, iterator: Any) -> None:
        self._iterator = iterator

    def after_create_session(self, session: Any, coord: Any) -> None:
        session.run(self._iterator.initializer)


def read(
    folder: Path,
    last_step: Optional[int],
    *,
    killed_after: Optional[int] = None,
    identity: str = "a",
    dataset: Callable[[], tf.data.Dataset] = numbers,
) -> List[int]:
    """Elements that a session reads, one a step, with a checkpoint at every other step."""
    seen: List[int] = []
    with tf.Graph().as_default():
        step = v1.train.get_or_create_global_step()
        iterator = v1.data.make_initializable_iterator(dataset())
        element = iterator.get_next()
        with tf.control_dependencies([element]):
            fetches = [element, step.assign_add(1)]
        position = InputPosition(str(folder), identity)
        saver = v1.train.CheckpointSaverHook(
            str(folder),
            save_steps=2,
            saver=v1.train.Saver(max_to_keep=2),
            listeners=[position.listener],
        )
        hooks = [saver, position, _Initialize(iterator)]
        hooks += [v1.train.StopAtStepHook(last_step=last_step)] if last_step else []
        creator = v1.train.ChiefSessionCreator(checkpoint_dir=str(folder))
        with v1.train.MonitoredSession(creator, hooks) as session:
            while not session.should_stop():
                seen.append(int(session.run(fetches)[0]))
                if len(seen) == killed_after:
                    raise Killed
    return seen


def positions(folder: Path) -> List[str]:
    return sorted(path.name for path in folder.glob("input.ckpt-*.index"))


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> List[str]:
    lines: List[str] = []
    for level in ("info", "warning"):
        monkeypatch.setattr(logging, level, lambda text, *args: lines.append(text % args))
    return lines


def test_a_killed_session_goes_on_with_the_element_after_its_checkpoint(tmp_path: Path) -> None:
    expected = read(tmp_path / "whole", 12)
    with pytest.raises(Killed):
        read(tmp_path / "killed", 12, killed_after=9)
    # The last checkpoint is that of step 8: the ninth element is read again.
    assert read(tmp_path / "killed", 12) == expected[8:]


def test_a_position_is_kept_as_long_as_its_model(tmp_path: Path) -> None:
    read(tmp_path, 12)
    models = sorted(path.name for path in tmp_path.glob("model.ckpt-*.index"))
    assert positions(tmp_path) == [name.replace("model", "input") for name in models]
    assert len(models) == 2


def test_an_input_that_ended_starts_over(tmp_path: Path, said: List[str]) -> None:
    first = read(tmp_path, None)
    assert sorted(first) == list(range(100))
    assert "input.ckpt-100.index" not in positions(tmp_path)
    assert sorted(read(tmp_path, None)) == list(range(100))
    assert NO_POSITION in said


def test_an_input_that_ended_with_the_last_step_starts_over(
    tmp_path: Path, said: List[str]
) -> None:
    first = read(tmp_path, 100)
    assert sorted(first) == list(range(100))
    assert sorted(read(tmp_path, 200)) == list(range(100))
    assert NO_POSITION in said


def test_another_input_starts_over(tmp_path: Path, said: List[str]) -> None:
    first = read(tmp_path, 6)
    assert read(tmp_path, 12, identity="b") == first
    text = "the files, columns or settings of the input, or the version of easy_esmm, are not those"
    assert f"input: starts over: {text} of the checkpoint" in said


def test_an_input_whose_position_is_damaged_starts_over(tmp_path: Path, said: List[str]) -> None:
    first = read(tmp_path, 6)
    (saved,) = tmp_path.glob("input.ckpt-6.data*")
    saved.write_bytes(saved.read_bytes()[:20])
    assert read(tmp_path, 12) == first
    (line,) = (line for line in said if "cannot be read" in line)
    assert line.startswith(f"input: starts over: {tmp_path}/input.ckpt-6 cannot be read: ")


def test_an_input_that_cannot_be_saved_is_trained_on_with_one_warning(
    tmp_path: Path, said: List[str]
) -> None:

    def generated() -> tf.data.Dataset:
        return tf.data.Dataset.from_generator(lambda: iter(range(9)), tf.int64, [])

    assert read(tmp_path, 8, dataset=generated) == list(range(8))
    (line,) = (line for line in said if "cannot be saved" in line)
    assert "so that --continue_train starts it over: " in line
    assert positions(tmp_path) == []


def prepared(sample: str, folder: Path, **train: Any) -> Pipeline:
    """The sample without evaluation and export, with a checkpoint at every fourth step."""
    pipeline = table.small(sample, folder, save_checkpoints_steps=4, **train)
    config = pipeline.config
    config.eval_input_path = ""
    config.train_config.save_checkpoints_secs = 0
    config.export_config.Clear()
    config.export_config.exporter_type = "none"
    return dataclasses.replace(pipeline, config=config, written=config)


def variables(pipeline: Pipeline, step: int) -> Dict[str, np.ndarray]:
    reader = v1.train.load_checkpoint(f"{pipeline.config.model_dir}/model.ckpt-{step}")
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


# CSV, and Parquet in two files; an epoch is 12 steps.
@pytest.mark.parametrize("sample", ["esmm_training", "esmm_user_rows"])
def test_a_killed_training_that_goes_on_equals_one_that_was_not_to_the_last_bit(
    sample: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = prepared(sample, tmp_path, num_steps=20)
    training.train(whole)
    killed = prepared(sample, tmp_path, num_steps=20)
    killed.config.model_dir = str(tmp_path / "killed")
    step_done = TrainProgress.step_done

    def killing(self: TrainProgress, step: int, *arguments: Any) -> Any:
        if step == 15:
            raise Killed
        return step_done(self, step, *arguments)

    monkeypatch.setattr(TrainProgress, "step_done", killing)
    with pytest.raises(Killed):
        training.train(killed)
    monkeypatch.setattr(TrainProgress, "step_done", step_done)
    trained = training.train(killed, continue_train=True)
    step = 20 - trained.examples // table.BATCH
    assert 0 < step < 15
    expected, found = variables(whole, 20), variables(killed, 20)
    assert sorted(expected) == sorted(found)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def test_identity_of_an_input_is_of_files_columns_order_and_settings(tmp_path: Path) -> None:
    config = prepared("esmm_training", tmp_path).config
    first = data.input_fn(config, "train", seed=1).identity()
    assert data.input_fn(config, "train", seed=1).identity() == first
    others = [data.input_fn(config, "train", seed=2).identity()]
    config.data_config.batch_size += 1
    others.append(data.input_fn(config, "train", seed=1).identity())
    config.data_config.batch_size -= 1
    with open(config.train_input_path, "a", encoding="utf-8") as file:
        file.write("\n")
    others.append(data.input_fn(config, "train", seed=1).identity())
    assert len({first, *others}) == 4


def test_a_worker_that_is_away_keeps_its_position_for_a_later_checkpoint(tmp_path: Path) -> None:
    parts = ("data-00000-of-00001", "index")
    for part in parts:
        (tmp_path / f"input-1.ckpt-100.{part}").write_text(part)
    position = InputPosition(str(tmp_path), "a")
    position.carry_over(1, 100, 150)
    position.carry_over(2, 100, 150)  # was never there
    position.carry_over(1, 0, 200)  # nor was this, at the start
    for part in parts:
        assert (tmp_path / f"input-1.ckpt-150.{part}").read_text() == part
    assert len(list(tmp_path.iterdir())) == 4
