"""Keeps each trainer of a cluster at the place of its input that belongs to the weights.

See `chief_saver` for how checkpoints are taken. When training goes back to one (a server or the
chief was started again), or goes on from it, every trainer goes back to its position: no row is
lost and none read twice, except that a step which runs while the chief restores belongs to either
side.
"""

from __future__ import annotations

import time
from typing import Any, Callable

from absl import logging

from easy_esmm.checkpoints.input_position import InputPosition
from easy_esmm.compat import v1
from easy_esmm.errors import LostPeer
from easy_esmm.hooks.marks import Marks, Peers
from easy_esmm.hooks.shared_state import (
    ABSENT,
    AT_END,
    ENDED,
    INTERRUPTED,
    OVER,
    PATIENCE_SECONDS,
    POLL_SECONDS,
    RUN,
    SAVE,
    SHORT_PATIENCE_SECONDS,
    TRAINING,
    SharedState,
    State,
)


class TrainerHook(v1.train.SessionRunHook):  # type: ignore[misc]
    """Of every trainer: sets its input to the position of the checkpoint that training is at."""

    def __init__(
        self, shared: SharedState, position: InputPosition, marks: Marks, num_steps: int
    ) -> None:
        """`num_steps`: at which training ends; 0: at the end of the input."""
        self._shared, self._position, self._num_steps = shared, position, num_steps
        self._peers = Peers(marks, is_chief=shared.trainer == 0)
        self._generation = 0
        self._last_step = 0
        self._is_new = True
        self._was_told = False
        self.was_interrupted = False
        """Whether the chief was ended by a signal."""
        self._context: Any = None

    def begin(self) -> None:
        self._position.begin()

    def after_create_session(self, session: Any, coord: Any) -> None:
        self._is_new = True

    def before_run(self, run_context: Any) -> Any:
        if self._is_new:
            self._is_new = False
            self._obey(run_context.session, self._shared.read(run_context.session), is_new=True)
        return v1.train.SessionRunArgs(self._shared.reads)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._context = run_context
        self._peers.check()
        state = self._shared.state(run_values.results)
        state = self._obey(run_context.session, state)
        if state.stop or (self._num_steps and state.global_step >= self._num_steps):
            self._was_told = True
            run_context.request_stop()

    def end(self, session: Any) -> None:
        if self._shared.trainer:
            self._wait_for_last_checkpoint(session)

    def _obey(self, session: Any, state: State, is_new: bool = False) -> State:
        """Goes back to a checkpoint where training has, and follows the chief's commands."""
        if is_new or state.generation != self._generation:
            state = self._go_back(session, state, is_new)
        self._last_step = max(self._last_step, state.global_step)
        if self._shared.trainer:
            state = self._follow(session, state, lambda now: now.kind == RUN, TRAINING)
        return state

    def _go_back(self, session: Any, state: State, is_new: bool = False) -> State:
        if self._last_step > state.saved:
            text = (
                f"the global step fell from about {self._last_step:,} to {state.saved:,}: a "
                "parameter server or the chief was started again, and training goes on from the "
                "checkpoint of that step"
            )
            logging.warning("%s", text)
        self._generation, self._last_step = state.generation, state.saved
        if is_new:
            self._position.start(session, state.saved)
        else:
            self._position.go_back(session, state.saved)
        before = state.command if state.kind == RUN else state.command - 1
        self._shared.answer(session, state.generation, before)
        return self._shared.read(session)

    def _follow(
        self,
        session: Any,
        state: State,
        until: Callable[[State], bool],
        progress: int,
        patience: float = PATIENCE_SECONDS,
    ) -> State:
        """Answers commands until the state is such."""
        quiet_since = time.monotonic()
        before = state
        while not until(state):
            if state.generation != self._generation:
                state = self._go_back(session, state)
                continue
            if state.command != state.answers[self._shared.trainer] and state.kind != RUN:
                if state.kind == SAVE:
                    self._position.save(session, state.step)
                self._shared.answer(session, self._generation, state.command, progress)
            if state.has_moved_since(before):
                before, quiet_since = state, time.monotonic()
            self._peers.check()
            if time.monotonic() - quiet_since > patience:
                raise LostPeer(f"the chief has given no sign for {patience:.0f} s")
            time.sleep(POLL_SECONDS)
            state = self._shared.read(session)
        return state

    def _wait_for_last_checkpoint(self, session: Any) -> None:
        """A worker that has ended: stays until the chief has saved its last steps."""

        def is_over(now: State) -> bool:
            return now.stop >= OVER or now.generation != self._generation

        was_stopped = self._context is not None and self._context.stop_requested
        progress = ENDED if was_stopped else AT_END
        state = self._shared.read(session)
        if state.generation == self._generation:
            answered = int(state.answers[self._shared.trainer])
            self._shared.answer(session, self._generation, answered, progress)
            # Where this process alone is to end, the others train on.
            is_alone = was_stopped and not self._was_told
            patience = SHORT_PATIENCE_SECONDS if is_alone else PATIENCE_SECONDS
            state = self._follow(session, state, is_over, progress, patience)
            self._shared.answer(session, self._generation, ABSENT, progress)
            self.was_interrupted = state.stop == INTERRUPTED
        if state.generation != self._generation:
            raise LostPeer(
                "training fell back to an earlier checkpoint after this worker had ended; start "
                "the worker again"
            )
