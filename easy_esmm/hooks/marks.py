"""Files by which the processes of a cluster tell each other how far a training is.

They stand in `model_dir/cluster`, which all processes share. Each attempt at a training has an id,
which the chief makes; marks of an earlier attempt have another.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from typing import Any, Callable, Dict, Optional

import tensorflow as tf
from absl import logging

from easy_esmm.errors import LostPeer, UserError

FOLDER = "cluster"
"""Below model_dir."""
_ATTEMPT, _EVALUATOR, _FAILURE = "attempt.json", "evaluator.json", "failure.json"
_POLL_SECONDS = 0.2
_TELL_SECONDS = 60.0
_PATIENCE_SECONDS = 600.0
_CHECK_SECONDS = 2.0


class Marks:
    """The marks below a model_dir, as one process reads and writes them."""

    def __init__(self, model_dir: str) -> None:
        self._folder = os.path.join(model_dir, FOLDER)
        self._id = ""
        self._at_start = self._read(_ATTEMPT)

    def begin(self) -> None:
        """The chief: begins an attempt, whose variables are not there yet."""
        tf.io.gfile.makedirs(self._folder)
        self._id = uuid.uuid4().hex
        self._write(_ATTEMPT, self._id, is_ready=False)

    def ready(self) -> None:
        """The chief: the variables hold their first values."""
        self._write(_ATTEMPT, self._id, is_ready=True)

    def finish(self, error: str = "") -> None:
        """The chief: the attempt is over; `error`: why it failed, empty if it did not."""
        self._write(_ATTEMPT, self._id, is_ready=True, is_over=True, error=error)

    def evaluator_is_there(self) -> bool:
        """The chief: whether an evaluator of this attempt has begun."""
        return self._read(_EVALUATOR).get("id") == self._id

    def evaluator_begins(self) -> None:
        """The evaluator: it will evaluate this attempt's last checkpoint."""
        self._write(_EVALUATOR, str(self._read(_ATTEMPT).get("id")))

    def fail(self, error: str) -> None:
        """A worker: it cannot go on, and the training must not end as if it had."""
        self._write(_FAILURE, str(self._read(_ATTEMPT).get("id")), error=error)

    def failure(self) -> str:
        """The chief: why a worker cannot go on; empty if none failed."""
        found = self._read(_FAILURE)
        return str(found.get("error", "")) if found.get("id") == self._id else ""

    def wait_for_chief(self, is_asked: Callable[[], bool], is_ready: bool = False) -> bool:
        """Others: wait until the chief has begun, with variables that are there if `is_ready`.

        False where it ended meanwhile, or where this process `is_asked` to end.
        """

        def has_begun() -> bool:
            found = self._read(_ATTEMPT)
            is_running = bool(found) and not found.get("is_over")
            return is_running and (not is_ready or bool(found.get("is_ready")))

        begun = time.monotonic()

        def is_in_vain() -> bool:
            # This process may have been started again when training was over.
            is_over = self._id_over_at_start() is not None
            return is_over and time.monotonic() - begun > _PATIENCE_SECONDS

        self._wait(
            lambda: is_asked() or self.end() is not None or has_begun() or is_in_vain(),
            "the chief to begin",
        )
        if is_in_vain():
            raise LostPeer(
                f"the training that {self._folder} tells of is over, and no chief has begun "
                f"another in {_PATIENCE_SECONDS:.0f} s"
            )
        return not is_asked() and self.end() is None

    def wait_for_end(self) -> str:
        """A server: waits until the attempt is over; why it failed, empty if it did not."""
        self._wait(lambda: self.end() is not None, "")
        return self.end() or ""

    def end(self) -> Optional[str]:
        """Others: None while the attempt is not over; then why it failed, empty if it did not.

        An attempt that was over when this process started is another one.
        """
        found = self._read(_ATTEMPT)
        if not found.get("is_over") or found["id"] == self._id_over_at_start():
            return None
        return str(found.get("error", ""))

    def _id_over_at_start(self) -> Optional[str]:
        return self._at_start.get("id") if self._at_start.get("is_over") else None

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        told = time.monotonic()
        while not condition():
            time.sleep(_POLL_SECONDS)
            if what and time.monotonic() - told > _TELL_SECONDS:
                told = time.monotonic()
                logging.info("waits for %s (%s)", what, self._folder)

    def _read(self, name: str) -> Dict[str, Any]:
        try:
            with tf.io.gfile.GFile(os.path.join(self._folder, name)) as file:
                found = json.loads(file.read())
        except (tf.errors.OpError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, name: str, attempt: str, **values: Any) -> None:
        path = os.path.join(self._folder, name)
        unfinished = f"{path}.unfinished-{os.getpid()}"
        with tf.io.gfile.GFile(unfinished, "w") as file:
            file.write(json.dumps({"id": attempt, **values}))
        tf.io.gfile.rename(unfinished, path, overwrite=True)


class Peers:
    """Looks now and then whether a process has failed without which training is incomplete."""

    def __init__(self, marks: Marks, is_chief: bool) -> None:
        self._is_chief, self._marks = is_chief, marks
        self._checked = time.monotonic()

    def check(self) -> None:
        """Raises UserError if one has; the file system is asked every few seconds only."""
        if time.monotonic() - self._checked < _CHECK_SECONDS:
            return
        self._checked = time.monotonic()
        error = self._marks.failure() if self._is_chief else self._marks.end()
        if error:
            raise UserError(f"{'a worker' if self._is_chief else 'the chief'} failed: {error}")
