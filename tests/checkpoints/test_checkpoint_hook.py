"""When checkpoints are saved, and what is said where they cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List

import pytest
import tensorflow as tf

from easy_esmm.checkpoints.checkpoint_hook import CheckpointHook, MonotonicTimer
from easy_esmm.compat import v1
from easy_esmm.errors import UserError
from easy_esmm.protos.train_pb2 import TrainConfig


def train(folder: Path, steps: int, seconds: int = 0) -> List[int]:
    """Trains so many steps in a new session, and returns the steps at which it saved.

    Every two steps, or after so many `seconds`: a step takes 30.
    """
    now = [0.0]
    saved: List[int] = []

    class Note(v1.train.CheckpointSaverListener):  # type: ignore[misc]
        def after_save(self, session: Any, global_step_value: int) -> None:
            saved.append(int(global_step_value))

    config = TrainConfig(save_checkpoints_steps=2, save_checkpoints_secs=seconds)
    with tf.Graph().as_default():
        step = v1.train.get_or_create_global_step()
        one_more = step.assign_add(1)
        v1.add_to_collection(v1.GraphKeys.SAVERS, v1.train.Saver())
        hook = CheckpointHook(str(folder), config)
        if seconds:
            hook._timer._clock = lambda: now[0]
        hook._listeners = [Note()]
        creator = v1.train.ChiefSessionCreator(checkpoint_dir=str(folder))
        with v1.train.MonitoredSession(creator, [hook]) as session:
            for _ in range(steps):
                now[0] += 30
                session.run(one_more)
    return saved


def test_nothing_is_saved_before_the_first_step_of_a_training_or_of_one_that_goes_on(
    tmp_path: Path,
) -> None:
    assert train(tmp_path, 3) == [2, 3]
    assert train(tmp_path, 3) == [5, 6]


def test_seconds_between_checkpoints_are_those_of_the_clock(tmp_path: Path) -> None:
    assert train(tmp_path, 7, seconds=90) == [3, 6, 7]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            tf.errors.OutOfRangeError(None, None, "model.ckpt-2_temp; File too large\ntrace"),
            "File too large",
        ),
        (OSError(28, "No space left on device"), "No space left on device"),
    ],
)
def test_a_file_that_is_too_large_does_not_pass_for_the_end_of_the_input(
    error: Exception, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(v1.train.Saver, "save", save)
    expected = rf"model.ckpt-2 cannot be written: {expected}; [\d,.]+ MB are free there\.\nWhat "
    with pytest.raises(UserError, match=expected):
        train(tmp_path, 2)


def test_a_clock_that_is_set_back_does_not_delay_a_checkpoint() -> None:
    now = [100.0]
    timer = MonotonicTimer(60, lambda: now[0])
    assert timer.should_trigger_for_step(1)
    assert timer.update_last_triggered_step(1) == (None, None)
    now[0] = 159.9
    assert not timer.should_trigger_for_step(50)
    now[0] = 160.0
    assert not timer.should_trigger_for_step(1)
    assert timer.should_trigger_for_step(51)
    assert timer.update_last_triggered_step(51) == (60.0, 50)
    assert timer.last_triggered_step() == 51
    assert MonotonicTimer(60)._clock.__name__ == "monotonic"
