"""Saves a training's checkpoints, in the place of the hook that the Estimator would make."""

from __future__ import annotations

import os
import time
from typing import Any, Callable, Optional, Tuple

import tensorflow as tf

from easy_esmm.compat import v1
from easy_esmm.disk import disk_error
from easy_esmm.errors import UserError
from easy_esmm.protos.train_pb2 import TrainConfig


class CheckpointHook(v1.train.CheckpointSaverHook):  # type: ignore[misc]
    """The Estimator's own hook, with three differences.

    * Nothing is saved before the first step: first values are drawn again from the same seed, and
      a training that goes on has its checkpoint. (16 million rows with moments are 3.5 GB.)
    * Seconds between checkpoints are of a clock that nobody sets back.
    * A checkpoint that cannot be written is a UserError, whatever TensorFlow says: "File too large"
      comes as OutOfRangeError, which the Estimator takes for the end of the input.
    """

    def __init__(self, model_dir: str, config: TrainConfig) -> None:
        by_time = config.save_checkpoints_secs > 0
        super().__init__(
            model_dir,
            save_secs=config.save_checkpoints_secs if by_time else None,
            save_steps=None if by_time else config.save_checkpoints_steps,
            save_graph_def=config.write_graph,
        )
        if by_time:
            self._timer = MonotonicTimer(config.save_checkpoints_secs)
        self._folder = model_dir
        self._is_starting = False

    def after_create_session(self, session: Any, coord: Any) -> None:
        self._is_starting = True
        super().after_create_session(session, coord)
        self._is_starting = False

    def _save(self, session: Any, step: Any) -> Any:
        return False if self._is_starting else self._write(session, step)

    def _write(self, session: Any, step: Any) -> Any:
        """Saves; returns whether a listener asks the training to stop."""
        try:
            return super()._save(session, step)
        except (tf.errors.OpError, OSError) as error:
            raise cannot_be_saved(self._folder, int(step), error) from error


class MonotonicTimer(v1.train.SecondOrStepTimer):  # type: ignore[misc]
    """Triggers at the first step, and then at the first that ends so many seconds later."""

    def __init__(self, seconds: int, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(every_secs=seconds)
        self._seconds = seconds
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        self._step: Optional[int] = None
        self._at = 0.0

    def should_trigger_for_step(self, step: int) -> bool:
        if self._step is None:
            return True
        return bool(step != self._step and self._clock() >= self._at + self._seconds)

    def update_last_triggered_step(self, step: int) -> Tuple[Optional[float], Optional[int]]:
        now, before = self._clock(), self._step
        since = (None, None) if before is None else (now - self._at, step - before)
        self._step, self._at = step, now
        return since

    def last_triggered_step(self) -> Optional[int]:
        return self._step


def cannot_be_saved(folder: str, step: int, error: BaseException) -> UserError:
    """The error of a checkpoint that could not be written into `folder`."""
    path = os.path.join(folder, f"model.ckpt-{step}")
    message = str(error)
    text = message.splitlines()[-1] if message else type(error).__name__
    return disk_error(message, path) or UserError(f"{path} cannot be written: {text}")
