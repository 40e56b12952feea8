"""Saves the checkpoints of a cluster, in step with its trainers.

For a checkpoint the chief holds the workers between two steps. Each saves the position of its
input, then the chief saves the model: the checkpoint holds the updates of exactly the rows before
these positions. At the end the chief waits for the workers' last steps before it saves.
"""

from __future__ import annotations

import time
from typing import Any, Callable

import numpy as np
from absl import logging

from easy_esmm.checkpoints.checkpoint_hook import CheckpointHook
from easy_esmm.checkpoints.input_position import InputPosition
from easy_esmm.hooks.marks import Marks, Peers
from easy_esmm.hooks.shared_state import (
    ABSENT,
    AT_END,
    INTERRUPTED,
    OVER,
    PATIENCE_SECONDS,
    POLL_SECONDS,
    RUN,
    SHORT_PATIENCE_SECONDS,
    STOP_NOW,
    TRAINING,
    SharedState,
    State,
)

_ANSWER_SECONDS = 60.0
"""After this time without an answer a worker counts as gone, until it answers again."""


class ChiefSaver(CheckpointHook):
    """Saves checkpoints while the workers are held, and the last after their last steps."""

    def __init__(
        self,
        shared: SharedState,
        position: InputPosition,
        marks: Marks,
        is_interrupted: Callable[[], bool],
        **saver: Any,
    ) -> None:
        """`is_interrupted`: whether a signal ends the chief; `saver`: of the base class."""
        super().__init__(**saver)
        self._is_interrupted = is_interrupted
        self._shared, self._position, self._marks = shared, position, marks
        self._peers = Peers(marks, is_chief=shared.trainer == 0)
        self._context: Any = None

    def after_create_session(self, session: Any, coord: Any) -> None:
        super().after_create_session(session, coord)
        self._shared.command(session, 3 + RUN)
        self._marks.ready()

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._context = run_context
        super().after_run(run_context, run_values)

    def end(self, session: Any) -> None:
        was_stopped = self._context is not None and self._context.stop_requested
        if was_stopped:
            self._shared.stop(session, STOP_NOW)
        state = self._wait_for_workers(session, was_stopped)
        super().end(session)
        if not was_stopped and np.all(state.progress[1:] == AT_END):
            # Going on means another pass.
            self._position.mark_end(self._shared.read(session).saved)
        self._shared.stop(session, INTERRUPTED if self._is_interrupted() else OVER)
        self._wait_for_leave(session)

    def _save(self, session: Any, step: int) -> Any:
        if self._is_starting:  # the workers are held
            if self._shared.read(session).saved:
                return False  # it was restored from this very checkpoint
            return self._write(session, 0)
        held = self._shared.read(session).command + 1
        try:
            self._shared.command(session, held)
            self._wait_for_answers(session, held)
            step = self._shared.read(session).global_step
            self._shared.saving(session, step)
            self._shared.command(session, held + 1)
            self._wait_for_answers(session, held + 1)
            self._carry_over(self._shared.read(session))
            should_stop = self._write(session, step)
            self._shared.saved(session, step)
            self._timer.update_last_triggered_step(step)
        finally:
            self._shared.command(session, held + 2)
        return should_stop

    def _carry_over(self, state: State) -> None:
        """Keeps the positions of workers that are not there: killed, or not yet started."""
        for trainer in np.flatnonzero(state.answers == ABSENT):
            if trainer:
                self._position.carry_over(int(trainer), state.saved, state.step)

    def _wait_for_leave(self, session: Any) -> None:
        """Gives the workers time to read that training is over, before the servers end."""
        begun = time.monotonic()
        while np.any(self._shared.read(session).answers[1:] != ABSENT):
            if time.monotonic() - begun > SHORT_PATIENCE_SECONDS:
                return
            time.sleep(POLL_SECONDS)

    def _wait_for_answers(self, session: Any, command: int) -> None:
        """Waits until every worker that is there has answered."""
        begun = time.monotonic()
        while True:
            state = self._shared.read(session)
            missing = [
                number
                for number in range(1, self._shared.trainers)
                if state.answers[number] not in (ABSENT, command)
            ]
            if not missing:
                return
            if time.monotonic() - begun > _ANSWER_SECONDS:
                break
            time.sleep(POLL_SECONDS)
        for number in missing:
            logging.warning(
                "worker %d has not answered for %.0f s: checkpoints are saved without its position",
                number - 1,
                _ANSWER_SECONDS,
            )
            self._shared.answer(session, state.generation, ABSENT, trainer=number)

    def _wait_for_workers(self, session: Any, only_present: bool) -> State:
        """Waits for the last steps of the workers; of those that are there if `only_present`."""
        quiet_since = time.monotonic()
        before = self._shared.read(session)
        while True:
            if self._is_interrupted() and not only_present:
                only_present = True
                self._shared.stop(session, STOP_NOW)
            state = self._shared.read(session)
            is_waited_for = state.progress == TRAINING
            if only_present:
                is_waited_for &= state.answers != ABSENT
            missing = [number for number in np.flatnonzero(is_waited_for) if number]
            if not missing:
                return state
            if state.has_moved_since(before):
                before, quiet_since = state, time.monotonic()
            self._peers.check()
            if self._timer.should_trigger_for_step(state.global_step):
                self._save(session, state.global_step)
            if time.monotonic() - quiet_since > PATIENCE_SECONDS:
                logging.warning(
                    "the last checkpoint may lack rows: worker(s) %s did not come to their end, "
                    "and nothing has happened for %.0f s",
                    ", ".join(str(number - 1) for number in missing),
                    PATIENCE_SECONDS,
                )
                return state
            time.sleep(POLL_SECONDS)
